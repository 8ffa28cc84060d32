"""Origins: where the bytes of files come from, whether folder, S3, SFTP or database."""

from __future__ import annotations

import io
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from ingest.cards import mask_text

SETTLED_AFTER = 2.0
"""Seconds: the coarsest clock of a file system in use (FAT) counts in steps of two."""


class Entry(NamedTuple):
    """One file as an origin lists it."""

    key: str
    """What the origin itself calls the file."""
    path: str
    """Relative to the inbox, with forward slashes."""
    size: int
    modified: float
    """Seconds since 1970."""
    fingerprint: str
    settled: bool


@dataclass(frozen=True)
class Fault:
    """An error of an origin in plain words, without its full stop."""

    text: str
    hint: str = ""
    temporary: bool = False
    gone: bool = False


class Origin(ABC):
    """Where the bytes of files come from: an inbox, or a database whose tables are read."""

    replaces_whole = False
    """Whether a file is only ever replaced by another, so that nobody sees it half written."""
    without_rows: str | None = None
    """What to say of a file without a row, where it is not simply empty."""

    @abstractmethod
    def open(self, key: str) -> io.RawIOBase:
        """The stored bytes. It and its stream raise UnreadableFileError."""

    @abstractmethod
    def fingerprint(self, key: str) -> str | None:
        """Ask for the file's fingerprint as it is now; None when the file is gone.

        Raises UnreadableFileError.
        """


class ListedOrigin(Origin):
    """The place where the files of one inbox lie. Its streams are seekable."""

    def __init__(self, address: str) -> None:
        self.address = mask_text(address)
        self.closed: list[str] = []
        """Folders below the inbox, each with a slash at its end, that this user may not look into;
        filled while the entries are listed."""
        self.outside: list[str] = []
        """Links that lead out of the inbox and are not followed; filled likewise."""

    @abstractmethod
    def entries(self) -> Iterator[Entry]:
        """Every file of the inbox. Raises BranchlineError when it cannot be listed."""


def is_settled(modified: float, now: float) -> bool:
    """Tell whether a file's time lies so far back that a change after it would show."""
    return modified <= now - SETTLED_AFTER
