"""Workbooks of Excel (.xlsx, .xlsm): an Office Open XML package."""

from __future__ import annotations

import itertools
import re
from array import array
from collections.abc import Iterator
from typing import NamedTuple

from ingest.cards import mask_text
from ingest.contract.file_errors import UnusableFileError
from ingest.formats.cell_text import Shape, iso_text, number_text, serial_text, shape_of
from ingest.formats.extracted import Flaw, Row
from ingest.formats.workbook_parts import (
    BEGINNING,
    BROKEN,
    MOST_COLUMNS,
    NO_NUMBER,
    NO_VALUE,
    LocalNames,
    Notes,
    Parts,
    Pieces,
    as_item,
    beside,
    letters,
    new_parser,
    whole,
)

MOST_TEXT = 1 << 29
"""In bytes: the workbook's texts are kept in memory."""

_TOO_MUCH_TEXT = (
    f"the texts of the workbook take more than {MOST_TEXT >> 20} MB; send it as CSV, or in parts"
)
_NO_TEXT = "{} refers to a text that the workbook lacks; save the workbook again"
_NO_ADDRESS = "a cell has the address {}, which no sheet has; save the workbook again"
_TRUE = ("1", "true")
_ADDRESS = re.compile(r"([A-Za-z]{1,3})[0-9]{1,7}")
_RANGE = re.compile(f"{_ADDRESS.pattern}:{_ADDRESS.pattern}")
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")


class XlsxSheet(NamedTuple):
    """A sheet and the part that holds its cells."""

    name: str
    is_hidden: bool
    part: str


class XlsxBook:
    """An open workbook."""

    def __init__(self, parts: Parts, first_row: int) -> None:
        self._parts = parts
        self._first_row = first_row
        self.names = LocalNames()
        targets = [part for kind, part in self._related("").values() if kind == "officeDocument"]
        main = targets[0] if targets else "xl/workbook.xml"
        if main.lower().endswith(".bin") or "xl/workbook.bin" in parts:
            raise UnusableFileError(
                "this is a binary workbook (.xlsb); save it as .xlsx and send that"
            )
        related = self._related(main)
        self.sheets: list[XlsxSheet] = []
        self.from_1904 = False
        self.is_outdated = False
        self._read_main(main, related)
        self.texts = _Texts()
        self.shapes: list[Shape | None] = []
        for kind, part in related.values():
            if kind == "sharedStrings" and part in parts:
                self._read_texts(part)
            elif kind == "styles" and part in parts:
                self._read_styles(part)

    def beginnings(self) -> list[list[Row | Flaw]]:
        """The first rows of each sheet that have a value."""
        return [self._beginning(place) for place in range(len(self.sheets))]

    def _beginning(self, sheet: int) -> list[Row | Flaw]:
        rows = (row for row in self.rows(sheet, Notes()) if row.number >= self._first_row)
        return list(itertools.islice(rows, BEGINNING))

    def rows(self, sheet: int, notes: Notes) -> Iterator[Row | Flaw]:
        """The rows of a sheet that have a value."""
        reader = _SheetReader(self, notes)
        for _ in self._parts.parse(self.sheets[sheet].part, reader.parser):
            yield from reader.found
            reader.found.clear()

    def _related(self, part: str) -> dict[str, tuple[str, str]]:
        """What a part refers to: identifier -> (kind, part)."""
        folder, _, name = part.rpartition("/")
        listing = f"{folder}/_rels/{name}.rels".lstrip("/")
        found: dict[str, tuple[str, str]] = {}

        def start(name: str, said: dict[str, str]) -> None:
            if self.names[name] == "Relationship" and said.get("TargetMode") != "External":
                kind = said.get("Type", "").rpartition("/")[2]
                found[said.get("Id", "")] = kind, beside(part, said.get("Target", ""))

        if listing in self._parts:
            parser = new_parser()
            parser.StartElementHandler = start
            self._parts.parse_whole(listing, parser)
        return found

    def _read_main(self, main: str, related: dict[str, tuple[str, str]]) -> None:
        def start(name: str, said: dict[str, str]) -> None:
            local = self.names[name]
            if local == "workbookPr":
                self.from_1904 = said.get("date1904") in _TRUE
            elif local == "calcPr":
                # Set by programs that cannot calculate: they store 0 for the result.
                self.is_outdated = said.get("fullCalcOnLoad") in _TRUE
            elif local == "sheet":
                identifier = next(
                    (said[key] for key in said if self.names[key] == "id" and " " in key), ""
                )
                kind, part = related.get(identifier, ("", ""))
                if not kind:
                    raise UnusableFileError(BROKEN)
                # Charts, dialogues and macros have sheets of their own.
                if kind == "worksheet":
                    is_hidden = said.get("state", "visible") != "visible"
                    self.sheets.append(XlsxSheet(said.get("name", ""), is_hidden, part))

        parser = new_parser()
        parser.StartElementHandler = start
        self._parts.parse_whole(main, parser)

    def _read_texts(self, part: str) -> None:
        pieces = Pieces()
        is_text = is_phonetic = False

        def start(name: str, _: dict[str, str]) -> None:
            nonlocal is_text, is_phonetic
            local = self.names[name]
            if local == "t":
                is_text = not is_phonetic
            elif local == "rPh":
                is_phonetic = True

        def end(name: str) -> None:
            nonlocal is_text, is_phonetic
            local = self.names[name]
            if local == "t":
                is_text = False
            elif local == "rPh":
                is_phonetic = False
            elif local == "si":
                self.texts.add(_unescaped(pieces.take()))

        def text(data: str) -> None:
            if is_text:
                pieces.add(data)

        parser = new_parser()
        parser.StartElementHandler = start
        parser.EndElementHandler = end
        parser.CharacterDataHandler = text
        self._parts.parse_whole(part, parser)

    def _read_styles(self, part: str) -> None:
        codes: dict[int, str] = {}
        numbers: list[int] = []
        within = ""

        def start(name: str, said: dict[str, str]) -> None:
            nonlocal within
            local = self.names[name]
            if local in ("numFmts", "cellXfs", "cellStyleXfs", "dxfs"):
                within = local
            elif local == "numFmt" and within == "numFmts":
                codes[whole(said, "numFmtId", 0)] = said.get("formatCode", "")
            elif local == "xf" and within == "cellXfs":
                numbers.append(whole(said, "numFmtId", 0))

        parser = new_parser()
        parser.StartElementHandler = start
        self._parts.parse_whole(part, parser)
        shapes = {number: shape_of(number, codes.get(number)) for number in set(numbers)}
        self.shapes = [shapes[number] for number in numbers]


class _Texts:
    """The texts that cells refer to by number, one after the other in few bytes."""

    def __init__(self) -> None:
        self._bytes = bytearray()
        self._ends = array("Q", [0])

    def add(self, text: str) -> None:
        self._bytes += text.encode("utf-8", "surrogatepass")
        self._ends.append(len(self._bytes))
        if len(self._bytes) + 8 * len(self._ends) > MOST_TEXT:
            raise UnusableFileError(_TOO_MUCH_TEXT)

    def get(self, number: str) -> str | None:
        number = number.strip()
        if not (number.isdecimal() and len(number) < 10):
            return None
        place = int(number)
        if place + 1 >= len(self._ends):
            return None
        begin, end = self._ends[place], self._ends[place + 1]
        return self._bytes[begin:end].decode("utf-8", "surrogatepass")


class _SheetReader:
    """Handlers of the parser of one sheet, which put its rows into `found`."""

    def __init__(self, book: XlsxBook, notes: Notes) -> None:
        self.found: list[Row | Flaw] = []
        self._book = book
        self._names = book.names
        self._notes = notes
        self._columns: dict[str, int] = {}
        self._styles: dict[str, Shape | None] = {}
        # Of the row
        self._row = 0
        self._is_hidden = False
        self._cells: list[str] = []
        self._unread = ""
        # Of the cell
        self._column = 0
        self._last = 0
        self._kind = ""
        self._style = ""
        self._value = ""
        self._has_value = False
        self._formula: str | None = None
        self._is_text = self._is_phonetic = False
        self._pieces = Pieces()
        self.parser = new_parser()
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text

    def _start(self, name: str, said: dict[str, str]) -> None:
        local = self._names[name]
        if local == "c":
            self._begin_cell(said)
        elif local in ("v", "t", "f"):
            self._is_text = not self._is_phonetic
        elif local == "row":
            self._row = whole(said, "r", self._row + 1)
            self._is_hidden = said.get("hidden") in _TRUE
            self._cells = []
            self._last = 0
            self._unread = ""
        elif local == "rPh":
            self._is_phonetic = True
        elif local == "col" and said.get("hidden") in _TRUE:
            self._notes.hide_columns(whole(said, "min", 1), whole(said, "max", MOST_COLUMNS))
        elif local == "mergeCell":
            ref = said.get("ref", "")
            if _RANGE.fullmatch(ref):
                self._notes.merged.add(ref)

    def _text(self, data: str) -> None:
        if self._is_text:
            self._pieces.add(data)

    def _end(self, name: str) -> None:
        local = self._names[name]
        if local == "v":
            self._has_value = True
            self._value = self._pieces.take()
            self._is_text = False
        elif local == "c":
            self._end_cell()
        elif local == "f":
            self._formula = self._pieces.take()
            self._is_text = False
        elif local == "t":
            if not self._is_phonetic:
                # One cell may have several, in a font each.
                self._value += self._pieces.take()
            self._is_text = False
        elif local == "rPh":
            self._is_phonetic = False
        elif local == "row":
            self._end_row()

    def _begin_cell(self, said: dict[str, str]) -> None:
        self._kind = said.get("t", "n")
        self._style = said.get("s", "")
        self._value = ""
        self._has_value = False
        self._formula = None
        address = said.get("r")
        if address is None:
            self._column = self._last + 1
        else:
            name = address.rstrip("0123456789")
            column = self._columns.get(name)
            self._column = self._find_column(address, name) if column is None else column
        self._last = self._column

    def _find_column(self, address: str, name: str) -> int:
        """The number of a column, from 1; 0 where there is none of that name."""
        column = 0
        if _ADDRESS.fullmatch(address):
            for letter in name.upper():
                column = column * 26 + ord(letter) - 64
        if not 0 < column <= MOST_COLUMNS:
            self._unread = self._unread or _NO_ADDRESS.format(mask_text(address)[:20])
            return 0
        self._columns[name] = column
        return column

    def _end_cell(self) -> None:
        text = self._cell_text()
        if not text:
            return
        place = self._column - 1
        cells = self._cells
        if place == len(cells) or place < 0:
            cells.append(text)
        elif place > len(cells):
            if place >= MOST_COLUMNS:
                raise UnusableFileError(BROKEN)
            cells.extend([""] * (place - len(cells)))
            cells.append(text)
        else:
            cells[place] = text

    def _cell_text(self) -> str:
        """The text of the cell. Where it cannot be read, the row says so."""
        kind, value = self._kind, self._value
        if kind == "s":
            text = self._book.texts.get(value) if value else ""
            return self._broken(_NO_TEXT) if text is None else text
        if self._formula is not None and self._book.is_outdated and value:
            self._notes.outdated.add(f"{letters(self._column)}{self._row}")
        if kind == "inlineStr" or (kind == "str" and self._has_value):
            return _unescaped(value)
        if not value:
            if self._formula is None:
                return ""
            self._broken(NO_VALUE)
            return f"={self._formula}"
        if kind == "e":
            return value
        if kind == "b":
            return "t" if value.strip() in _TRUE else "f"
        if kind == "d":
            return iso_text(value)
        style = self._style
        if style in self._styles:
            shape = self._styles[style]
        else:
            place = whole({"s": style or "0"}, "s", 0)
            shape = self._book.shapes[place] if place < len(self._book.shapes) else None
            self._styles[style] = shape
        if shape is None:
            text = number_text(value)
        else:
            text = serial_text(value, shape, from_1904=self._book.from_1904)
        return self._broken(NO_NUMBER) if text is None else text

    def _broken(self, why: str) -> str:
        self._unread = self._unread or why.format(f"{letters(self._column)}{self._row}")
        return self._value

    def _end_row(self) -> None:
        if not self._cells and not self._unread:
            return
        self._notes.widest = max(self._notes.widest, len(self._cells))
        if self._is_hidden:
            self._notes.hide_rows(self._row, self._row)
        self.found.append(as_item(self._row, self._cells, self._unread))


def _unescaped(text: str) -> str:
    """A text with the characters that XML cannot hold, which Excel writes as `_x000D_`."""
    if "_x" not in text:
        return text
    plain = _ESCAPED.sub(lambda found: chr(int(found.group(1), 16)), text)
    # Two halves of one character
    return plain.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")
