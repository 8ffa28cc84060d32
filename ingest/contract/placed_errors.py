"""Errors of the contract, each with the key it is about."""

from __future__ import annotations


class PlacedError(ValueError):
    """A ValueError with the key it is about."""

    def __init__(self, key: str, message: str) -> None:
        super().__init__(message)
        self.key = key


def at(key: str, message: str) -> PlacedError:
    """The error about a key, for the contract's checks to raise."""
    return PlacedError(key, message)
