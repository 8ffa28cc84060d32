"""The error that ends a benchmark."""

from __future__ import annotations


class BenchError(Exception):
    """A benchmark could not be run; the text says why."""
