"""Errors of the contract that know which key they are about."""

from __future__ import annotations


class PlacedError(ValueError):
    """A ValueError that knows which key it is about."""

    def __init__(self, key: str, message: str) -> None:
        super().__init__(message)
        self.key = key


def at(key: str, message: str) -> PlacedError:
    """The error about a key, to be raised by the contract's checks."""
    return PlacedError(key, message)
