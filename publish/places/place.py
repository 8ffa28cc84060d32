"""What all places have in common: files that are whole or absent, retries, plain errors."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Protocol

from base.errors import BranchlineError
from base.stores import faults
from base.stores.faults import Fault
from base.words import as_sentence

PATIENCE = faults.PATIENCE
CONNECT_TIMEOUT = faults.CONNECT_TIMEOUT
READ_TIMEOUT = faults.READ_TIMEOUT

GIVEN_UP_BEFORE_REST = 3
"""After so many failed files in a row, the place is not asked any more in this run."""
PART = 1 << 18
"""How much of a file is read at once."""


class PlaceError(BranchlineError):
    """A file could not be put into a place. The other places, and the next run, are unaffected."""


class Place(ABC):
    """A place for files. `name`: as in publications.yml; `address`: for messages."""

    def __init__(self, name: str, address: str) -> None:
        self.name = name
        self.address = address
        self._failed = 0
        self._is_down = False

    def put(self, local: Path, remote: str) -> bool:
        """Put a file under a path below the place; False if an equal file was there already.

        `remote`: with `/` between folders, which are created. A reader of the place sees the
        file as it was or the whole new one. Retried while that may help (PATIENCE).

        Raises PlaceError. When a place does not answer, or has refused three files, the rest fail
        at once: the next run tries again.
        """
        parts = _parts(remote)
        if self._is_down:
            raise PlaceError(
                f"The file {remote} was not put into {self}: the place failed before.",
                "The next run tries again.",
            )
        try:
            was_put = faults.retried(
                lambda: self._put_if_new(local, parts),
                may_pass=self._may_pass,
                before_retry=self.close,
                patience=PATIENCE,
            )
        except Exception as error:
            if isinstance(error, BranchlineError):
                raise
            raise self._refusal(error, remote) from None
        self._failed = 0
        return was_put

    def close(self) -> None:
        """Close the connection, if there is one; the next file opens it again. Never raises."""
        return

    def __enter__(self) -> Place:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __str__(self) -> str:
        return f"the place {self.name} ({self.address})"

    @abstractmethod
    def _holds(self, local: Path, parts: Sequence[str]) -> bool:
        """Whether an equal file is there."""

    @abstractmethod
    def _write(self, local: Path, parts: Sequence[str]) -> None:
        """Put the file atomically."""

    @abstractmethod
    def _fault(self, error: Exception) -> Fault:
        """Translate an error of this place's client."""

    def _put_if_new(self, local: Path, parts: Sequence[str]) -> bool:
        if self._holds(local, parts):
            return False
        self._write(local, parts)
        return True

    def _may_pass(self, error: BaseException) -> bool:
        if not isinstance(error, Exception) or isinstance(error, BranchlineError):
            return False
        return self._fault(error).temporary

    def _unusable(self, error: Exception) -> PlaceError:
        """The error to show for wrong settings, before any file."""
        fault = self._fault(error)
        return PlaceError(
            f"{as_sentence(str(self))} cannot be used: {fault.text}.",
            f"{as_sentence(fault.hint) or 'Check the place'}.",
        )

    def _refusal(self, error: Exception, remote: str) -> PlaceError:
        fault = self._fault(error)
        self._failed += 1
        if fault.temporary or self._failed >= GIVEN_UP_BEFORE_REST:
            self._is_down = True
        self.close()
        hint = as_sentence(fault.hint) or "Check the place"
        return PlaceError(
            f"The file {remote} was not put into {self}: {fault.text}.",
            f"{hint}. The next run tries again.",
        )


def _parts(remote: str) -> list[str]:
    parts = remote.split("/")
    if any(part in ("", ".", "..") or "\\" in part or "\0" in part for part in parts):
        raise ValueError(f"not a path below a place: {remote!r}")
    return parts


def new_name(name: str) -> str:
    """The name of a file until it is complete."""
    return f".{name}.new"


class Readable(Protocol):
    """An open file."""

    def read(self, size: int, /) -> bytes: ...


def is_equal(one: Readable, other: Readable) -> bool:
    """Whether two open files hold the same from here on."""
    while True:
        part = one.read(PART)
        if part != _read(other, len(part) or 1):
            return False
        if not part:
            return True


def _read(file: Readable, size: int) -> bytes:
    """So many bytes, or all that are left: a connection may return fewer at once."""
    parts = []
    while size and (part := file.read(size)):
        parts.append(part)
        size -= len(part)
    return b"".join(parts)
