"""Bytes to text: encodings, line ends and overlong lines, as a stream in bounded memory."""

from __future__ import annotations

import codecs
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

from ingest.contract.feeds import USUAL_ENCODING

BLOCK = 1 << 18
LONGEST_LINE = 1 << 20
"""In characters, with the line end; checked where lines are split into cells."""
LONGEST_CARRIED = 4 * LONGEST_LINE
"""In bytes: how much of an unfinished line is kept."""
KEPT_OF_A_LONG_LINE = 2000

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


def _keep_undefined(error: UnicodeError) -> tuple[str, int]:
    """Windows-1252 and its like leave bytes undefined; browsers read them as control characters."""
    assert isinstance(error, UnicodeDecodeError)
    return "".join(map(chr, error.object[error.start : error.end])), error.end


codecs.register_error("branchline_keep_undefined", _keep_undefined)


@dataclass(frozen=True)
class Block:
    """Some whole lines of a file.

    `overlong`: this is only the beginning of one line that is too long to be read. `encoded`: the
    text as UTF-8, where the file has it so.
    """

    text: str
    overlong: bool = False
    encoded: bytes | None = None

    @property
    def utf8(self) -> bytes:
        """The text as UTF-8."""
        return self.text.encode("utf-8") if self.encoded is None else self.encoded


def guess_encoding(head: bytes) -> tuple[str, int]:
    """(encoding, length of the byte order marks) from the first bytes of a file.

    `utf-8` stands for UTF-8 with a fallback to another encoding for each line that is not UTF-8.
    """
    for mark, encoding in _BOMS:
        length = 0
        # Programs that add a mark do not check whether there is one already.
        while head.startswith(mark, length):
            length += len(mark)
        if length:
            return encoding, length
    even, odd = head[0::2], head[1::2]
    # Text in a western language as UTF-16 without a mark: every other byte is zero.
    if len(head) >= 4:
        if odd.count(0) > 0.6 * len(odd) and even.count(0) < 0.2 * len(even):
            return "utf-16-le", 0
        if even.count(0) > 0.6 * len(even) and odd.count(0) < 0.2 * len(odd):
            return "utf-16-be", 0
    return "utf-8", 0


class TextReader:
    """Reads a binary stream once, as blocks of whole lines, in bounded memory.

    After the iteration `sha256`, `size` and `ends_with_line_end` describe what was read.
    """

    def __init__(
        self, stream: IO[bytes], sha256: str | None = None, encoding: str = USUAL_ENCODING
    ) -> None:
        """`sha256`: the hash of the whole stream, where it is known; `encoding`: of lines that are
        not UTF-8, with one byte per character."""
        self._stream = stream
        self._sha256 = sha256
        self._fallback = encoding
        self._hasher = hashlib.sha256()
        self.size = 0
        self.head = self._read()
        self.encoding, self._mark = guess_encoding(self.head[:4096])
        self.ends_with_line_end = False

    @property
    def sha256(self) -> str:
        """The hash of everything read so far."""
        return self._sha256 or self._hasher.hexdigest()

    def __iter__(self) -> Iterator[Block]:
        return self._bytewise() if self.encoding == "utf-8" else self._textwise()

    def lines_of_bytes(self) -> Iterator[bytes]:
        """The lines of a text whose lines end in \\n, not decoded and of any length."""
        begun: list[bytes] = []
        chunk = self.head
        while chunk:
            *whole, rest = chunk.split(b"\n")
            if whole:
                yield b"".join([*begun, whole[0]])
                yield from whole[1:]
                begun = []
            begun.append(rest)
            chunk = self._read()
        if any(begun):
            yield b"".join(begun)

    def drain(self) -> None:
        """Read to the end without decoding, for hash and size of the whole file."""
        while self._read():
            pass

    def _read(self) -> bytes:
        chunk = self._stream.read(BLOCK)
        if chunk.endswith((b"\r", b"\r\0")):
            # Never cut a \r\n in two.
            chunk += self._stream.read(2)
        if self._sha256 is None:
            self._hasher.update(chunk)
        self.size += len(chunk)
        return chunk

    def _bytewise(self) -> Iterator[Block]:
        """Encodings in which a line end is one byte: split first, then decode whole lines."""
        carry, chunk = b"", self.head[self._mark :]
        skipping = False
        while chunk:
            if skipping:
                end = _first_line_end(chunk)
                if end == 0:
                    self.ends_with_line_end = False
                    chunk = self._read()
                    continue
                skipping = False
                chunk = chunk[end:]
                self.ends_with_line_end = True
            carry += chunk
            cut = _last_line_end(carry)
            if cut:
                self.ends_with_line_end = True
                yield _block(carry[:cut], self._fallback)
                carry = carry[cut:]
            if len(carry) > LONGEST_CARRIED:
                yield _beginning(_block(carry[:KEPT_OF_A_LONG_LINE], self._fallback).text)
                carry, skipping = b"", True
                self.ends_with_line_end = False
            chunk = self._read()
        if carry:
            self.ends_with_line_end = carry.endswith(b"\r")
            yield _block(carry, self._fallback)

    def _textwise(self) -> Iterator[Block]:
        """Encodings with two bytes per unit: decode first, then split."""
        decoder = codecs.getincrementaldecoder(self.encoding)(errors="replace")
        carry, chunk = "", self.head[self._mark :]
        skipping = False
        last = False
        while not last:
            last = not chunk
            text = decoder.decode(chunk, final=last)
            if skipping and text:
                end = _first_line_end(text)
                skipping = end == 0
                text = text[end:] if end else ""
                self.ends_with_line_end = not skipping
            carry += text
            cut = len(carry) if last else _last_line_end(carry)
            if cut:
                self.ends_with_line_end = carry[cut - 1] in "\r\n"
                yield Block(carry[:cut])
                carry = carry[cut:]
            if len(carry) > LONGEST_CARRIED:
                yield _beginning(carry[:KEPT_OF_A_LONG_LINE])
                carry, skipping = "", True
                self.ends_with_line_end = False
            if not last:
                chunk = self._read()


def _beginning(text: str) -> Block:
    # A number cut in two would be too short to be masked as a card number later.
    return Block(text.rstrip("0123456789 -"), overlong=True)


def _block(data: bytes, fallback: str) -> Block:
    try:
        return Block(data.decode("utf-8"), encoded=data)
    except UnicodeDecodeError:
        pass
    # Line by line, so that one odd line (of a concatenated file, or cut inside a character)
    # does not garble the names in all others.
    decoded: list[str] = []
    for line in data.splitlines(keepends=True):
        try:
            decoded.append(line.decode("utf-8"))
        except UnicodeDecodeError:
            decoded.append(line.decode(fallback, "branchline_keep_undefined"))
    return Block("".join(decoded))


def _last_line_end(data: bytes | str) -> int:
    """Where the last whole line ends (0: nowhere); the newline after a final \\r may still come."""
    if isinstance(data, bytes):
        return max(data.rfind(b"\n"), data.rfind(b"\r", 0, -1)) + 1
    return max(data.rfind("\n"), data.rfind("\r", 0, -1)) + 1


def _first_line_end(data: bytes | str) -> int:
    """Where the first line ends (0: not in this text)."""
    newline, back = (
        (data.find(b"\n"), data.find(b"\r"))
        if isinstance(data, bytes)
        else (data.find("\n"), data.find("\r"))
    )
    if back >= 0 and (newline < 0 or back < newline):
        # \r\n is one line end; so is a lone \r.
        return newline + 1 if newline == back + 1 else back + 1
    return newline + 1
