"""The parts of a workbook, which is a zip of XML files, read in bounded memory."""

from __future__ import annotations

import csv
import io
import posixpath
import re
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import BinaryIO, Protocol
from xml.parsers import expat

from ingest.contract.file_errors import UnusableFileError
from ingest.formats.archives import Allowance, check_directory
from ingest.formats.extracted import Flaw, Row

CHUNK = 1 << 16
LONGEST_TEXT = 1 << 20
"""In characters, of one cell. A spreadsheet program writes 32,767 at most."""
MOST_COLUMNS = 16_384
BEGINNING = 20
"""So many rows of a sheet are looked through for the feed's header."""
SHOWN = 10

BROKEN = (
    "the workbook is broken; open it in a spreadsheet program, save it again (.xlsx or .ods) and"
    " send that"
)
LOCKED = "the workbook is protected by a password; save it without one"
NO_VALUE = (
    "the formula in {} has no stored value; open the workbook in a spreadsheet program, save it"
    " and send it again"
)
NO_NUMBER = "{} should be a number and is not"
_UNUSUAL = "the workbook uses an unsupported compression; save it again in a spreadsheet program"
_DOCUMENT_TYPE = (
    "the workbook declares a document type, which spreadsheet programs never do; save it again in"
    " one"
)
_TOO_LONG = f"a cell of the workbook holds more than {LONGEST_TEXT:,} characters"
_BOMB = (
    "the workbook unpacks to more than {ratio} times its size, which a table never does; save it"
    " again in a spreadsheet program, or send it as CSV"
)
_ENCODINGS = ("utf-8", "utf-16", "us-ascii", "iso-8859-1")
"""Those that every XML parser knows."""
_WHOLE = re.compile(r"\s*([0-9]{1,9})\s*")


class Parts:
    """The files inside a workbook, by name; their names have no case."""

    def __init__(self, stream: BinaryIO) -> None:
        """Raises UnusableFileError, as all methods do, and zipfile's and expat's exceptions."""
        try:
            check_directory(stream)
        except UnusableFileError:
            raise UnusableFileError(BROKEN) from None
        self._archive = zipfile.ZipFile(stream)
        self._members = {
            member.filename.replace("\\", "/").lower(): member
            for member in self._archive.infolist()
        }

    def __contains__(self, name: str) -> bool:
        return name.lower() in self._members

    def read(self, name: str, size: int = -1) -> bytes:
        """The content of a part; empty where there is none."""
        return b"".join(self._chunks(name, size)) if name in self else b""

    def parse(self, name: str, parser: expat.XMLParserType) -> Iterator[None]:
        """Parse a part, with a pause after every chunk in which its handlers were called."""
        for chunk in self._chunks(name):
            parser.Parse(chunk, False)
            yield
        parser.Parse(b"", True)
        yield

    def parse_whole(self, name: str, parser: expat.XMLParserType) -> None:
        """Parse a part without a pause."""
        for _ in self.parse(name, parser):
            pass

    def _chunks(self, name: str, size: int = -1) -> Iterator[bytes]:
        member = self._members.get(name.lower())
        if member is None:
            raise UnusableFileError(BROKEN)
        if member.flag_bits & 0x41:
            raise UnusableFileError(LOCKED)
        if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise UnusableFileError(_UNUSUAL)
        allowance = Allowance(member.compress_size, _BOMB)
        left = size
        try:
            file = self._archive.open(member)
        except ValueError:
            # The directory names a place before the file's beginning.
            raise UnusableFileError(BROKEN) from None
        with file:
            while chunk := file.read(CHUNK if size < 0 else min(CHUNK, left)):
                left -= len(chunk)
                yield allowance.take(chunk)


def new_parser() -> expat.XMLParserType:
    """A parser without entities; it gives the name of an element as `namespace name`."""
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.buffer_size = CHUNK
    parser.StartDoctypeDeclHandler = _refuse_document_type
    parser.XmlDeclHandler = _check_encoding
    return parser


def _check_encoding(_: str, encoding: str | None, __: int) -> None:
    if encoding is not None and encoding.lower() not in _ENCODINGS:
        raise UnusableFileError(BROKEN)


def _refuse_document_type(*_: object) -> None:
    raise UnusableFileError(_DOCUMENT_TYPE)


class LocalNames(dict[str, str]):
    """Names without their namespace: those of an element differ between versions of a format."""

    def __missing__(self, name: str) -> str:
        local = self[name] = name.rpartition(" ")[2]
        return local


class Pieces:
    """The text of an element, as it is put together."""

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._size = 0

    def add(self, text: str) -> None:
        """Raises UnusableFileError where the text has become too long."""
        self._size += len(text)
        if self._size > LONGEST_TEXT:
            raise UnusableFileError(_TOO_LONG)
        self._pieces.append(text)

    def take(self) -> str:
        """The text; the next one begins."""
        text = "".join(self._pieces)
        self._pieces.clear()
        self._size = 0
        return text


def whole(attributes: dict[str, str], name: str, otherwise: int) -> int:
    """An attribute that is a whole number. Raises UnusableFileError where it is not."""
    written = attributes.get(name)
    if written is None:
        return otherwise
    found = _WHOLE.fullmatch(written)
    if found is None:
        raise UnusableFileError(BROKEN)
    return int(found.group(1))


def beside(part: str, target: str) -> str:
    """The name of the part that another part refers to."""
    if target.startswith("/"):
        return posixpath.normpath(target).lstrip("/")
    return posixpath.normpath(posixpath.join(posixpath.dirname(part), target))


def letters(column: int) -> str:
    """The name of a column, from 1: `A`, `AB`."""
    name = ""
    while column:
        column, rest = divmod(column - 1, 26)
        name = chr(65 + rest) + name
    return name


class Sheet(Protocol):
    """A sheet of a workbook."""

    @property
    def name(self) -> str: ...

    @property
    def is_hidden(self) -> bool: ...


@dataclass
class Ranges:
    """Ranges for a message, such as `2, 4-5`: the first ten, and how many more."""

    shown: list[str] = field(default_factory=list)
    more: int = 0

    def add(self, text: str) -> None:
        """Add a range."""
        if len(self.shown) < SHOWN:
            self.shown.append(text)
        else:
            self.more += 1

    def __str__(self) -> str:
        return ", ".join(self.shown) + (f" and {self.more:,} more" if self.more else "")


@dataclass
class Notes:
    """What is odd in a sheet, collected while it is read. Columns are counted from 1."""

    merged: Ranges = field(default_factory=Ranges)
    outdated: Ranges = field(default_factory=Ranges)
    """Cells whose formula may have another result than the stored one."""
    hidden_columns: list[tuple[int, int]] = field(default_factory=list)
    widest: int = 0
    _hidden_rows: Ranges = field(default_factory=Ranges)
    _run: tuple[int, int] | None = None

    def hide_rows(self, first: int, last: int) -> None:
        """Rows with values that are hidden, in ascending order."""
        if self._run is not None and self._run[1] + 1 == first:
            self._run = self._run[0], last
            return
        self._end_run()
        self._run = first, last

    def hide_columns(self, first: int, last: int) -> None:
        """Columns that are hidden, in ascending order."""
        if self.hidden_columns and self.hidden_columns[-1][1] + 1 == first:
            self.hidden_columns[-1] = self.hidden_columns[-1][0], last
        elif len(self.hidden_columns) < MOST_COLUMNS:
            self.hidden_columns.append((first, last))

    def remarks(self, sheet: str) -> Iterator[str]:
        """What there is to say about the sheet, whose name is shown as `sheet`."""
        self._end_run()
        if self._hidden_rows.shown:
            yield f"hidden rows of the sheet {sheet} are read like the others: {self._hidden_rows}"
        columns = Ranges()
        for first, last in self.hidden_columns:
            if first <= self.widest:
                columns.add(_range(letters(first), letters(min(last, self.widest))))
        if columns.shown:
            yield f"hidden columns of the sheet {sheet} are read like the others: {columns}"
        if self.merged.shown:
            yield (
                f"merged cells of the sheet {sheet} have their value in the first cell only:"
                f" {self.merged}"
            )
        if self.outdated.shown:
            yield (
                "the workbook asks to be calculated when it is opened, so the values of its"
                " formulas may be out of date (open it, save it and send it again):"
                f" {self.outdated}"
            )

    def _end_run(self) -> None:
        if self._run is not None:
            self._hidden_rows.add(_range(*map(str, self._run)))
            self._run = None


def _range(first: str, last: str) -> str:
    return first if first == last else f"{first}-{last}"


class Book(Protocol):
    """A workbook that is open."""

    @property
    def sheets(self) -> Sequence[Sheet]:
        """The sheets with cells, in the workbook's order."""

    def beginnings(self) -> list[list[Row | Flaw]]:
        """The first rows of each sheet that have a value, from the feed's first row on."""

    def rows(self, sheet: int, notes: Notes) -> Iterator[Row | Flaw]:
        """The rows of a sheet that have a value. `sheet`: its place in `sheets`."""


def as_item(number: int, cells: list[str], unread: str) -> Row | Flaw:
    """A row, or the reason for which it cannot be read."""
    if not unread:
        return Row(number, cells)
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(cells)
    return Flaw(number, unread, line.getvalue())
