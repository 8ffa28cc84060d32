"""The sales desk: what stores send of their sales, and the lists of the office."""

from __future__ import annotations
