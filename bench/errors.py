"""What ends a benchmark."""

from __future__ import annotations


class BenchError(Exception):
    """A benchmark could not be carried out; the text says why."""
