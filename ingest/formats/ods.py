"""Workbooks of LibreOffice and others (.ods): an OpenDocument package."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from typing import NamedTuple

from ingest.contract.file_errors import UnusableFileError
from ingest.formats.cell_text import iso_text, number_text, period_text
from ingest.formats.extracted import Flaw, Row
from ingest.formats.workbook_parts import (
    BEGINNING,
    BROKEN,
    LOCKED,
    LONGEST_TEXT,
    MOST_COLUMNS,
    NO_NUMBER,
    NO_VALUE,
    LocalNames,
    Notes,
    Parts,
    Pieces,
    as_item,
    letters,
    new_parser,
    whole,
)

MIME_TYPE = b"application/vnd.oasis.opendocument.spreadsheet"
MOST_REPEATED = 1 << 24
"""Cells with a value that are written by saying that a row or cell is repeated."""

_REPEATED = (
    f"the workbook repeats cells more than {MOST_REPEATED:,} times, which a table never does; save"
    " it again in a spreadsheet program, or send it as CSV"
)
_OASIS = "urn:oasis:names:tc:opendocument:xmlns:"
_TABLE, _OFFICE, _STYLE = (f"{_OASIS}{name}:1.0 " for name in ("table", "office", "style"))
_TEXT = f"{_OASIS}text:1.0 "
_COLUMNS_REPEATED = f"{_TABLE}number-columns-repeated"
_COLUMNS_SPANNED = f"{_TABLE}number-columns-spanned"
_ROWS_SPANNED = f"{_TABLE}number-rows-spanned"
_ROWS_REPEATED = f"{_TABLE}number-rows-repeated"
_VISIBILITY = f"{_TABLE}visibility"
_FORMULA = f"{_TABLE}formula"
_VALUE_TYPE = f"{_OFFICE}value-type"
_STRING_VALUE = f"{_OFFICE}string-value"
_VALUE = f"{_OFFICE}value"
_ERROR = "urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0 value-type"
_ERROR_SHOWN = re.compile(r"#[A-Z/0!?]+.*|(?:Err|Fehler|Erreur):[0-9]+")
_WHITE = re.compile(r"[ \t\r\n]+")
# In XML no text can hold these. They stand for what must not be taken for white space.
_SPACE, _TAB, _BREAK, _PARAGRAPH = "\x01", "\x02", "\x03", "\x04"
_KEPT = str.maketrans({_SPACE: " ", _TAB: "\t", _BREAK: "\n"})
_HIDDEN = ("collapse", "filter")
_NO_TEXT = ("annotation", "note", "ruby-text", "frame")
_VALUES = {kind: f"{_OFFICE}{kind}-value" for kind in ("date", "time", "boolean")}


class OdsSheet(NamedTuple):
    """A sheet. `table`: its place among the tables of the document."""

    name: str
    is_hidden: bool
    table: int


class OdsBook:
    """An open workbook.

    All sheets are in one part: it is read once for their names and how they begin.
    """

    def __init__(self, parts: Parts, first_row: int) -> None:
        if b"encryption-data" in parts.read("META-INF/manifest.xml", 1 << 20):
            raise UnusableFileError(LOCKED)
        self._parts = parts
        begun: dict[int, list[Row | Flaw]] = {}
        reader = _Reader(Notes())
        for _ in parts.parse("content.xml", reader.parser):
            for table, item, count in reader.found:
                rows = begun.setdefault(table, [])
                skipped = min(max(0, first_row - item.number), count)
                wanted = min(count, skipped + BEGINNING - len(rows))
                rows.extend(itertools.islice(_repeated(item, wanted), skipped, None))
                if len(rows) >= BEGINNING:
                    reader.skip(table)
            reader.found.clear()
        self.sheets = reader.sheets()
        self._begun = [begun.get(sheet.table, []) for sheet in self.sheets]

    def beginnings(self) -> list[list[Row | Flaw]]:
        """The first rows of each sheet that have a value."""
        return self._begun

    def rows(self, sheet: int, notes: Notes) -> Iterator[Row | Flaw]:
        """The rows of a sheet that have a value."""
        table = self.sheets[sheet].table
        reader = _Reader(notes, only=table)
        for _ in self._parts.parse("content.xml", reader.parser):
            for _, item, count in reader.found:
                yield from _repeated(item, count)
            reader.found.clear()
            if reader.is_past(table):
                return


def _repeated(item: Row | Flaw, count: int) -> Iterator[Row | Flaw]:
    for number in range(item.number, item.number + count):
        yield item._replace(number=number)


class _Reader:
    """Handlers of the parser of a document.

    They put (table, row, how often it stands there) into `found`. `only`: the one table to read.
    """

    def __init__(self, notes: Notes, only: int | None = None) -> None:
        self.found: list[tuple[int, Row | Flaw, int]] = []
        self._notes = notes
        self._only = only
        self._names = LocalNames()
        self._hidden_styles: set[str] = set()
        self._style = ""
        self._tables: list[tuple[str, str]] = []
        self._foreign: set[int] = set()
        self._is_over = False
        self._copies = 0
        # Of the table. Depths are counted from its own element, which has depth 1.
        self._depth = 0
        self._hidden_column = 1
        self._row = 1
        # Of the row
        self._in_row = False
        self._row_said: dict[str, str] = {}
        self._cells: list[str] = []
        self._blanks = 0
        self._unread = ""
        # Of the cell
        self._cell_depth = 0
        self._cell_said: dict[str, str] = {}
        self._paragraphs = 0
        self._paragraph_depth = 0
        self._skipped_depth = 0
        self._pieces = Pieces()
        self.parser = new_parser()
        self.parser.StartElementHandler = self._start_outside

    def sheets(self) -> list[OdsSheet]:
        """The sheets found so far."""
        return [
            OdsSheet(name, style in self._hidden_styles, place)
            for place, (name, style) in enumerate(self._tables)
            if place not in self._foreign
        ]

    def is_past(self, table: int) -> bool:
        """Whether the table has been read."""
        return self._depth == 0 and len(self._tables) > table

    def skip(self, table: int) -> None:
        """Leave out what is left of the table."""
        if len(self._tables) == table + 1:
            self._leave()

    def _start_outside(self, name: str, said: dict[str, str]) -> None:
        """Outside the tables that are read. Nothing follows their ends: this is fast."""
        local = self._names[name]
        if local == "style":
            self._style = said.get(f"{_STYLE}name", "")
        elif local == "table-properties":
            if said.get(f"{_TABLE}display") == "false":
                self._hidden_styles.add(self._style)
        elif local == "dde-links":
            # Copies of tables elsewhere
            self._is_over = True
        elif local == "table-source":
            self._foreign.add(len(self._tables) - 1)
        elif local == "table" and not self._is_over:
            table = len(self._tables)
            style = said.get(f"{_TABLE}style-name", "")
            self._tables.append((said.get(f"{_TABLE}name", ""), style))
            if self._only is None or self._only == table:
                self._depth, self._row, self._hidden_column = 1, 1, 1
                self._in_row, self._cell_depth = False, 0
                self.parser.StartElementHandler = self._start
                self.parser.EndElementHandler = self._end
                self.parser.CharacterDataHandler = self._text

    def _leave(self) -> None:
        self._depth = 0
        self.parser.StartElementHandler = self._start_outside
        self.parser.EndElementHandler = None
        self.parser.CharacterDataHandler = None

    def _start(self, name: str, said: dict[str, str]) -> None:
        self._depth += 1
        local = self._names[name]
        if self._cell_depth:
            self._start_in_cell(local, said)
        elif local in ("table-cell", "covered-table-cell"):
            if self._in_row:
                self._cell_depth, self._cell_said = self._depth, said
                self._paragraphs = self._paragraph_depth = self._skipped_depth = 0
        elif local == "table-row":
            self._in_row, self._row_said = True, said
            self._cells, self._blanks, self._unread = [], 0, ""
        elif local == "table-column":
            first = self._hidden_column
            self._hidden_column += whole(said, _COLUMNS_REPEATED, 1)
            if said.get(_VISIBILITY) in _HIDDEN:
                self._notes.hide_columns(first, self._hidden_column - 1)
        elif local == "table-source":
            self._foreign.add(len(self._tables) - 1)

    def _start_in_cell(self, local: str, said: dict[str, str]) -> None:
        if self._skipped_depth:
            return
        if not self._paragraph_depth:
            # Comments and drawings have paragraphs as well, but deeper.
            if local == "p" and self._depth == self._cell_depth + 1:
                self._paragraph_depth = self._depth
                if self._paragraphs:
                    self._pieces.add(_PARAGRAPH)
                self._paragraphs += 1
        elif local == "s":
            count = whole(said, f"{_TEXT}c", 1)
            if count > LONGEST_TEXT:
                raise UnusableFileError(BROKEN)
            self._pieces.add(_SPACE * count)
        elif local == "tab":
            self._pieces.add(_TAB)
        elif local == "line-break":
            self._pieces.add(_BREAK)
        elif local in _NO_TEXT:
            self._skipped_depth = self._depth

    def _text(self, data: str) -> None:
        if self._paragraph_depth and not self._skipped_depth:
            self._pieces.add(data)

    def _end(self, name: str) -> None:
        depth = self._depth
        self._depth -= 1
        if self._cell_depth:
            if depth == self._skipped_depth:
                self._skipped_depth = 0
            elif depth == self._paragraph_depth:
                self._paragraph_depth = 0
            elif depth == self._cell_depth:
                self._end_cell()
                self._cell_depth = 0
        elif depth == 1:
            self._leave()
        elif self._in_row and self._names[name] == "table-row":
            self._end_row()
            self._in_row = False

    def _end_cell(self) -> None:
        said = self._cell_said
        shown = self._pieces.take()
        if "\n" in shown or " " in shown or _PARAGRAPH in shown or "\t" in shown:
            shown = "\n".join(map(_plain, shown.split(_PARAGRAPH)))
        shown = shown.translate(_KEPT)
        repeated = whole(said, _COLUMNS_REPEATED, 1) if _COLUMNS_REPEATED in said else 1
        column = len(self._cells) + self._blanks + 1
        text = self._cell_text(said, shown, column) if said else shown
        if _COLUMNS_SPANNED in said or _ROWS_SPANNED in said:
            self._note_merged(said, column)
        if not text:
            self._blanks += repeated
            return
        if column + repeated - 1 > MOST_COLUMNS:
            raise UnusableFileError(BROKEN)
        self._cells.extend([""] * self._blanks)
        self._blanks = 0
        self._cells.extend([text] * repeated)
        self._count_copies(repeated - 1)

    def _cell_text(self, said: dict[str, str], shown: str, column: int) -> str:
        """The text of the cell. Where it cannot be read, the row says so."""
        kind = said.get(_VALUE_TYPE)
        formula = said.get(_FORMULA)
        if said.get(_ERROR) == "error" or (formula and _ERROR_SHOWN.fullmatch(shown)):
            return shown
        if kind == "string":
            return said.get(_STRING_VALUE, shown)
        if kind is not None:
            value = said.get(_VALUES.get(kind, _VALUE))
            if value is not None:
                text = _typed(kind, value)
                return self._broken(NO_NUMBER, column, value) if text is None else text
        if shown or formula is None:
            return shown
        return self._broken(NO_VALUE, column, formula)

    def _broken(self, why: str, column: int, text: str) -> str:
        self._unread = self._unread or why.format(f"{letters(column)}{self._row}")
        return text

    def _note_merged(self, said: dict[str, str], column: int) -> None:
        wide = whole(said, _COLUMNS_SPANNED, 1)
        high = whole(said, _ROWS_SPANNED, 1)
        if wide > 1 or high > 1:
            last = f"{letters(column + wide - 1)}{self._row + high - 1}"
            self._notes.merged.add(f"{letters(column)}{self._row}:{last}")

    def _end_row(self) -> None:
        repeated = whole(self._row_said, _ROWS_REPEATED, 1)
        first = self._row
        self._row += repeated
        if not self._cells:
            return
        self._count_copies((repeated - 1) * len(self._cells))
        self._notes.widest = max(self._notes.widest, len(self._cells))
        if self._row_said.get(_VISIBILITY) in _HIDDEN:
            self._notes.hide_rows(first, first + repeated - 1)
        item = as_item(first, self._cells, self._unread)
        self.found.append((len(self._tables) - 1, item, repeated))

    def _count_copies(self, count: int) -> None:
        self._copies += count
        if self._copies > MOST_REPEATED:
            raise UnusableFileError(_REPEATED)


def _typed(kind: str, value: str) -> str | None:
    """A typed value as text; None where it is not of that type."""
    if kind == "date":
        return iso_text(value)
    if kind == "time":
        return period_text(value)
    if kind == "boolean":
        return "t" if value == "true" else "f"
    return number_text(value)


def _plain(paragraph: str) -> str:
    """A paragraph as it is shown: white space counts as one space, and not at the beginning."""
    text = _WHITE.sub(_one_space, paragraph)
    return (text[:-1] if text.endswith("\n") else text).lstrip(" \n").replace("\n", " ")


def _one_space(white: re.Match[str]) -> str:
    # Only what breaks a line at the end is surely not part of the text.
    return "\n" if "\n" in white.group() else " "
