"""A buffer for what an origin reads before it is a file: in memory, or in an unnamed file."""

from __future__ import annotations

import io
import tempfile
from typing import IO

HELD_BYTES = 8 << 20
"""Maximum bytes to buffer in memory; more goes to an unnamed temporary file."""


def new_buffer() -> IO[bytes]:
    """An empty buffer. Deleted with the process that created it, however that ends."""
    return tempfile.SpooledTemporaryFile(HELD_BYTES)


def not_buffered(what: str, error: Exception) -> str:
    """Why something cannot be read whose buffer cannot be written."""
    why = getattr(error, "strerror", None) or type(error).__name__
    return f"{what} cannot be buffered in the folder for temporary files: {why}"


class Kept(io.RawIOBase):
    """A reader of a buffer, or of a part of it between two places. Closing it keeps the buffer."""

    def __init__(self, kept: IO[bytes], begin: int = 0, end: int | None = None) -> None:
        self._kept = kept
        self._position = begin
        self._end = end

    def readable(self) -> bool:
        return True

    # RawIOBase takes any buffer; BufferedReader gives a memoryview.
    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        size = len(buffer)
        if self._end is not None:
            size = min(size, self._end - self._position)
        self._kept.seek(self._position)
        data = self._kept.read(size)
        buffer[: len(data)] = data
        self._position += len(data)
        return len(data)
