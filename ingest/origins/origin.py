"""Origins: where files come from, whether folder, S3, SFTP, database or API."""

from __future__ import annotations

import io
from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import NamedTuple

from ingest.cards import mask_text

SETTLED_AFTER = 2.0
"""Seconds: the coarsest file system clock in use (FAT) has a resolution of two."""


class Entry(NamedTuple):
    """One file as an origin lists it."""

    key: str
    """The origin's own name of the file."""
    path: str
    """Relative to the inbox, with forward slashes."""
    size: int
    modified: float
    """Seconds since 1970."""
    fingerprint: str
    settled: bool


class Origin(ABC):
    """Where files come from: an inbox, or a database or an API that is read as files."""

    replaces_whole = False
    """Whether files are replaced atomically, so that nobody sees one half written."""
    without_rows: str | None = None
    """The reason for a file without rows, where it is not simply empty."""

    @abstractmethod
    def open(self, key: str) -> io.RawIOBase:
        """Open the stored bytes. Opening and reading raise UnreadableFileError."""

    @abstractmethod
    def fingerprint(self, key: str) -> str | None:
        """Get the file's fingerprint as it is now; None if the file is gone.

        Raises UnreadableFileError.
        """


class ListedOrigin(Origin):
    """The origin of one inbox. Its streams are seekable."""

    def __init__(self, address: str) -> None:
        self.address = mask_text(address)
        self.closed: list[str] = []
        """Folders below the inbox, each with a trailing slash, that this user may not read; filled
        while the entries are listed."""
        self.outside: list[str] = []
        """Links that lead out of the inbox and are not followed; filled in the same way."""

    @abstractmethod
    def entries(self) -> Iterator[Entry]:
        """Every file of the inbox. Raises BranchlineError when it cannot be listed."""


def is_settled(modified: float, now: float) -> bool:
    """Whether a file's time is so old that a later change would change it."""
    return modified <= now - SETTLED_AFTER
