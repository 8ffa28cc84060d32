"""Extract the rows of files that are not CSV, so that all files are read in the same way."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Callable, Hashable
from typing import IO, BinaryIO, cast

from base.printing import printable
from ingest.contract.feeds import Feed
from ingest.contract.file_errors import UnreadableFileError, UnusableFileError
from ingest.formats.archives import ZIP, is_workbook
from ingest.formats.extracted import SIGNATURE, as_text
from ingest.formats.kinds import ENOUGH, HEAD, WORKBOOK, Kind, recognise
from ingest.masks import mask_text_of

IN_MEMORY = 8 << 20
"""Bytes; larger texts are in an unnamed temporary file."""
CHUNK = 1 << 18


class LastExtracted:
    """Keeps the last large text for one more reading: the loader reads large files twice."""

    def __init__(self) -> None:
        self._kept: tuple[Hashable, IO[bytes]] | None = None

    def keep(self, key: Hashable, text: IO[bytes]) -> None:
        """Keep a text in place of the one before."""
        if self._kept is not None:
            self._kept[1].close()
        self._kept = key, text

    def take(self, key: Hashable) -> IO[bytes] | None:
        """Hand the text over, if it is the one of this key."""
        if self._kept is None or self._kept[0] != key:
            return None
        (_, text), self._kept = self._kept, None
        return text


class Extraction:
    """Passes the files of a feed on as CSV or as extracted text, whichever format they have."""

    def __init__(
        self, feed: Feed, last: LastExtracted | None = None, kind: Kind | None = None
    ) -> None:
        """`last`: shared by the feeds of a load. `kind`: the format, where it is known."""
        self._feed = feed
        self._kind = kind
        self._last = LastExtracted() if last is None else last

    def opened(self, key: Hashable, unpacked: Callable[[], BinaryIO]) -> BinaryIO:
        """The stream of a file: as it is, or the text of its rows.

        `key`: what identifies its content; `unpacked` opens its bytes. Raises UnusableFileError,
        and what reading raises.
        """
        kept = self._last.take(key)
        if kept is not None:
            return _view(kept, closing=True)
        stream, head = _with_head(unpacked())
        try:
            if head.startswith(SIGNATURE):
                raise UnusableFileError(
                    "the file begins with the mark of extracted rows, which no file of an inbox"
                    " has; export it again in its own format"
                )
            kind = (self._kind if head else None) or recognise(head)
            if head.startswith(ZIP):
                stream = _seekable(stream)
                kind = WORKBOOK if is_workbook(stream) else None
                stream.seek(0)
            if kind is None:
                return stream
        except BaseException:
            stream.close()
            raise
        return self._extracted(key, kind, stream)

    def _extracted(self, key: Hashable, kind: Kind, stream: BinaryIO) -> BinaryIO:
        text = _new_file()
        size = 0
        try:
            with stream if kind.streams else _seekable(stream) as source:
                for line in as_text(kind.reader()(source, self._feed)):
                    size += len(line)
                    _write(text, line)
        except BaseException as error:
            text.close()
            if isinstance(error, UnusableFileError):
                reason = mask_text_of(self._feed, str(error))
                raise UnusableFileError(printable(reason)) from None
            raise
        if size <= IN_MEMORY:
            return _view(text, closing=True)
        self._last.keep(key, text)
        return _view(text, closing=False)


class _View(io.RawIOBase):
    """Reads a file from its beginning. `closing`: it is closed with the view."""

    def __init__(self, file: IO[bytes], *, closing: bool) -> None:
        self._file = file
        self._closing = closing
        file.seek(0)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        self._file.seek(offset, whence)
        return self._file.tell()

    # RawIOBase takes any buffer; BufferedReader gives a memoryview.
    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        data = self._file.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        if self._closing:
            self._file.close()
        super().close()


class _Rejoined(io.RawIOBase):
    """A stream, the first bytes of which were read already."""

    def __init__(self, head: bytes, stream: BinaryIO) -> None:
        self._head = head
        self._stream = stream

    def readable(self) -> bool:
        return True

    # RawIOBase takes any buffer; BufferedReader gives a memoryview.
    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        data = self._head[: len(buffer)] or self._stream.read(len(buffer))
        self._head = self._head[len(data) :]
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        self._stream.close()
        super().close()


def _view(file: IO[bytes], *, closing: bool) -> BinaryIO:
    return io.BufferedReader(_View(file, closing=closing), CHUNK)


def _with_head(stream: BinaryIO) -> tuple[BinaryIO, bytes]:
    """The stream, and its first bytes, which it still gives."""
    head: bytes = cast(io.BufferedReader, stream).peek(HEAD)[:HEAD]
    if len(head) >= ENOUGH:
        return stream, head
    try:
        # A file this small, or a server that sends a few bytes at a time.
        head = stream.read(HEAD)
        if not stream.seekable():
            return io.BufferedReader(_Rejoined(head, stream), CHUNK), head
        stream.seek(0)
    except BaseException:
        stream.close()
        raise
    return stream, head


def _seekable(stream: BinaryIO) -> BinaryIO:
    """The stream, or a copy of it if it cannot be read in any order."""
    if stream.seekable():
        return stream
    copy = _new_file()
    try:
        with stream:
            while chunk := stream.read(CHUNK):
                _write(copy, chunk)
    except BaseException:
        copy.close()
        raise
    return _view(copy, closing=True)


def _new_file() -> IO[bytes]:
    # Deleted with the process that created it, however that ends.
    return cast(IO[bytes], tempfile.SpooledTemporaryFile(IN_MEMORY))


def _write(file: IO[bytes], data: bytes) -> None:
    try:
        file.write(data)
    except OSError as error:
        raise UnreadableFileError(
            f"the file cannot be buffered in the folder for temporary files: {error.strerror}"
        ) from None
