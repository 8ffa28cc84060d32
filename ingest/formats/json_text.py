"""JSON text: read piece by piece, parsed without changing a value, and written compactly."""

from __future__ import annotations

import codecs
import json
import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from json.encoder import encode_basestring as _quoted
from typing import Any, BinaryIO

from ingest.contract.feeds import USUAL_ENCODING
from ingest.contract.file_errors import UnusableFileError
from ingest.formats.text import guess_encoding

BLOCK = 1 << 18
LONGEST_RECORD = 1 << 20
"""In characters, as the longest line of a CSV."""
LARGEST_DOCUMENT = 128 << 20
"""In bytes: an object is parsed as a whole, which takes several times as much memory."""
MOST_LEVELS = 100

TOO_DEEP = "the record is nested too deeply"
CUT_SHORT = "the document ends in the middle; send it again, whole"
_UNFINISHED = (
    *("true", "false", "null", "NaN", "Infinity", "-Infinity"),
    *(".", "e+", "e-", "E+", "E-"),
)
"""What may begin where a text is cut: a word, or the rest of a number."""
_not_blank = re.compile(r"[^ \t\r\n]").search
_NUL = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")


class Number(str):
    """A number as it is written."""

    __slots__ = ()


class Constant(str):
    """NaN, Infinity or -Infinity, which JSON does not have."""

    __slots__ = ()


class Twice(dict[str, Any]):
    """An object in which a key occurs twice."""

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        super().__init__(pairs)
        self.pairs = pairs
        counts = Counter(key for key, _ in pairs)
        self.key = next(key for key, count in counts.items() if count > 1)


class FlawedRecordError(Exception):
    """A record that cannot be a row; the text is the reason."""


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    return made if len(made) == len(pairs) else Twice(pairs)


_DECODER = json.JSONDecoder(
    object_pairs_hook=_object,
    parse_int=Number,
    parse_float=Number,
    parse_constant=Constant,
    strict=False,
)


def parse(text: str) -> Any:
    """The only value in a text. Raises ValueError and RecursionError."""
    return _DECODER.decode(text)


def is_list(text: str) -> bool:
    """Whether the beginning of a document is a list, and nothing is behind it as far as it goes."""
    begin = _not_blank(text)
    try:
        _, end = _DECODER.raw_decode(text, begin.start() if begin else 0)
    except json.JSONDecodeError as error:
        return _is_cut(error, text)
    except RecursionError:
        return True
    return _not_blank(text, end) is None


def twice(key: str) -> str:
    """The reason for an object in which a key occurs twice."""
    return f"the key '{key}' occurs twice in an object"


def compact(value: Any, constants: list[str], levels: int = MOST_LEVELS) -> str:
    """A parsed value as compact JSON, which PostgreSQL can read.

    Numbers are as they were written. `constants` gets what is written as text because JSON does not
    have it. Raises FlawedRecordError.
    """
    kind = type(value)
    if kind is str:
        return _quoted(whole_characters(value))
    if kind is Number:
        return str(value)
    if value is None:
        return "null"
    if kind is bool:
        return "true" if value else "false"
    if kind is Constant:
        constants.append(value)
        return f'"{value}"'
    if levels == 0:
        raise FlawedRecordError(TOO_DEEP)
    if kind is list:
        return f"[{','.join([compact(item, constants, levels - 1) for item in value])}]"
    if kind is Twice:
        raise FlawedRecordError(twice(value.key))
    members = [
        f"{_quoted(whole_characters(key))}:{compact(item, constants, levels - 1)}"
        for key, item in value.items()
    ]
    return f"{{{','.join(members)}}}"


def cell(value: Any) -> str:
    """A parsed value as the text of a cell. Raises FlawedRecordError."""
    if type(value) is str:
        return whole_characters(value)
    if value is None:
        return ""
    return str(value) if isinstance(value, str) else compact(value, [])


def holds_nul(written: str) -> bool:
    """Whether a text of `compact` has a NUL character, which PostgreSQL cannot store."""
    return "\\u0000" in written and _NUL.search(written) is not None


def whole_characters(text: str) -> str:
    """The text with half a surrogate pair as its code, as in the JSON."""
    if text.isascii():
        return text
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return text.encode("utf-8", "backslashreplace").decode()
    return text


@cache
def _reading_others_as(encoding: str) -> str:
    """The name of an error handler that decodes in another encoding what is not UTF-8."""

    def decode(error: UnicodeError) -> tuple[str, int]:
        assert isinstance(error, UnicodeDecodeError)
        part = error.object[error.start : error.end]
        return part.decode(encoding, "branchline_keep_undefined"), error.end

    name = f"branchline_{encoding}"
    codecs.register_error(name, decode)
    return name


class JsonText:
    """A stream as text, of which no more is kept than is needed."""

    def __init__(self, stream: BinaryIO, fallback: str = USUAL_ENCODING) -> None:
        """`fallback`: the encoding of what is not UTF-8, with one byte per character."""
        self._stream = stream
        head = stream.read(4096)
        encoding, mark = guess_encoding(head)
        self._head = head[mark:]
        errors = _reading_others_as(fallback) if encoding == "utf-8" else "replace"
        self._decoder = codecs.getincrementaldecoder(encoding)(errors)
        self._text = ""
        self._place = 0
        """Where the part of the text begins that is not used."""
        self._size = 0
        self._ended = False
        self._line = 1
        self._column = 0
        """Of the beginning of the text."""

    def first(self) -> str:
        """The next character that is not blank, not used; empty at the end."""
        while True:
            found = _not_blank(self._text, self._place)
            if found is not None:
                self._place = found.start()
                return found.group()
            self._place = len(self._text)
            if not self._more():
                return ""

    def skip(self) -> None:
        """Use one character."""
        self._place += 1

    def begun_lines(self, most: int) -> list[str]:
        """The next two lines that are not blank, not used.

        The last of them may be cut, behind `most` characters.
        """
        self.first()
        found: list[str] = []
        at = 0
        while len(found) < 2:
            begin = self._place + at
            end = self._text.find("\n", begin)
            is_last = end < 0 and (len(self._text) - self._place > most or not self._more())
            if end < 0 and not is_last:
                continue
            line = self._text[self._place + at : end if end >= 0 else None].strip()
            if line:
                found.append(line)
            if is_last:
                break
            at = end + 1 - self._place
        return found

    def first_lines(self) -> tuple[str, str]:
        """The next two lines that are not blank, none of them used."""
        self.first()
        found: list[str] = []
        at = 0
        while len(found) < 2:
            self._reach_line_end(at)
            begin = self._place + at
            end = self._text.find("\n", begin)
            line = self._text[begin : len(self._text) if end < 0 else end].strip()
            if line or end < 0:
                found.append(line)
            at = (len(self._text) if end < 0 else end + 1) - self._place
            if end < 0:
                found = [*found, ""][:2]
        return found[0], found[1]

    def lines(self) -> Iterator[tuple[int, str, bool]]:
        """(number, line, whether it is whole) of the lines that are not blank, to the end.

        Of a line that is too long only the beginning is given.
        """
        number, _ = self._position(self._place)
        skipping = False
        while True:
            end = self._text.find("\n", self._place)
            last = end < 0 and self._ended
            if end < 0 and not last:
                if len(self._text) - self._place > LONGEST_RECORD:
                    if not skipping:
                        yield number, self._text[self._place :], False
                    skipping = True
                    self._place = len(self._text)
                self._more()
                continue
            line = self._text[self._place : len(self._text) if last else end]
            if not skipping and line.strip():
                yield number, line.strip(), len(line) <= LONGEST_RECORD
            if last:
                return
            skipping = False
            number += 1
            self._place = end + 1

    def values(self) -> Iterator[tuple[Any, str]]:
        """The values of the list that begins here, each with its text, to the end of the document.

        Raises UnusableFileError where the list is broken.
        """
        self.skip()
        sign = self.first()
        count = 0
        while sign != "]":
            count += 1
            yield self._value(count)
            sign = self.first()
            if sign == ",":
                self.skip()
                sign = self.first()
                if sign == "]":
                    raise self._broken("Expecting value", self._place)
            elif sign and sign != "]":
                raise self._broken("Expecting ',' delimiter", self._place)
            if not sign:
                raise UnusableFileError(CUT_SHORT)
        self.skip()
        self.end()

    def document(self) -> Any:
        """The only value of the document. Raises UnusableFileError."""
        parts = [self._text[self._place :]]
        while (piece := self._piece()) is not None:
            parts.append(piece)
            self._check_size()
        self._replace("".join(parts))
        try:
            value, end = _DECODER.raw_decode(self._text)
        except json.JSONDecodeError as error:
            if _is_cut(error, self._text):
                raise UnusableFileError(CUT_SHORT) from None
            raise self._broken(error.msg, error.pos) from None
        except RecursionError:
            raise UnusableFileError("the document is nested too deeply") from None
        self._place = end
        self.end()
        return value

    def end(self) -> None:
        """Raises UnusableFileError if there is more."""
        if self.first():
            line, column = self._position(self._place)
            raise UnusableFileError(
                f"the document has more after its end, in line {line:,}, column {column:,}; send"
                " one document, or one record per line"
            )

    def _value(self, count: int) -> tuple[Any, str]:
        while True:
            begin = self._place
            try:
                value, end = _DECODER.raw_decode(self._text, begin)
            except json.JSONDecodeError as error:
                if not _is_cut(error, self._text):
                    raise self._broken(error.msg, error.pos) from None
            except RecursionError:
                raise UnusableFileError(
                    f"record {count:,} of the document is nested too deeply"
                ) from None
            else:
                if end < len(self._text) or self._ended:
                    self._place = end
                    return value, self._text[begin:end]
            if len(self._text) - begin > LONGEST_RECORD:
                raise UnusableFileError(
                    f"record {count:,} is longer than {LONGEST_RECORD:,} characters; if the records"
                    " are inside of it, say where (layout.records of the feed)"
                )
            if not self._more() and not self._ended_whole(begin):
                raise UnusableFileError(CUT_SHORT)

    def _ended_whole(self, begin: int) -> bool:
        """Whether the text that is left, the last of the stream, is a value: a number may be."""
        try:
            return _DECODER.raw_decode(self._text, begin)[1] == len(self._text)
        except ValueError:
            return False

    def _broken(self, message: str, place: int) -> UnusableFileError:
        line, column = self._position(place)
        return UnusableFileError(
            f"the document is broken in line {line:,}, column {column:,} ({message}); export it"
            " again"
        )

    def _position(self, place: int) -> tuple[int, int]:
        """Line and column, from 1."""
        newlines = self._text.count("\n", 0, place)
        if newlines:
            return self._line + newlines, place - self._text.rfind("\n", 0, place)
        return self._line, self._column + place + 1

    def _reach_line_end(self, at: int) -> None:
        """Have the text up to the next line end behind a place, counted from the unused part."""
        if self._text.find("\n", self._place + at) >= 0:
            return
        parts = [self._text[self._place :]]
        while (piece := self._piece()) is not None:
            parts.append(piece)
            if "\n" in piece:
                break
            self._check_size()
        self._replace("".join(parts))

    def _more(self) -> bool:
        """Read more; False at the end."""
        piece = self._piece()
        if piece is not None:
            self._replace(self._text[self._place :] + piece)
        return piece is not None

    def _replace(self, text: str) -> None:
        """Drop what is used, and continue with a text that begins with the unused part."""
        self._line, self._column = self._position(self._place)
        self._column -= 1
        self._text, self._place = text, 0

    def _piece(self) -> str | None:
        while not self._ended:
            data = self._head[:BLOCK] or self._stream.read(BLOCK)
            self._head = self._head[len(data) :]
            self._size += len(data)
            self._ended = not data
            piece = self._decoder.decode(data, final=not data)
            if piece:
                return piece
        return None

    def _check_size(self) -> None:
        if self._size > LARGEST_DOCUMENT:
            raise UnusableFileError(
                f"the document is larger than {LARGEST_DOCUMENT:,} bytes; export a list of records,"
                " or one record per line (JSON lines): these are read piece by piece"
            )


def _is_cut(error: json.JSONDecodeError, text: str) -> bool:
    """Whether more text might make it right."""
    rest = text[error.pos : error.pos + 20].rstrip()
    if error.msg.startswith("Unterminated string"):
        return True
    if error.msg.startswith("Invalid \\u"):
        return len(rest) < len("\\u0000")
    return any(unfinished.startswith(rest) for unfinished in _UNFINISHED)
