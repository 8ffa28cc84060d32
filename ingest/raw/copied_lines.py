"""The output of COPY, line by line."""

from __future__ import annotations

import io
from collections.abc import Callable


class CopiedLines(io.RawIOBase):
    """A file for COPY to write into; each line, without its end, goes to `take`."""

    def __init__(self, take: Callable[[bytes], None]) -> None:
        self._take = take
        self._begun = b""

    def writable(self) -> bool:
        return True

    # psycopg2 passes bytes, although RawIOBase allows any buffer.
    def write(self, data: bytes) -> int:  # type: ignore[override]
        *lines, self._begun = (self._begun + data).split(b"\n")
        for line in lines:
            self._take(line)
        return len(data)
