"""Workbooks (.xlsx, .ods): which sheet is read, and its rows as text."""

from __future__ import annotations

import itertools
import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from typing import BinaryIO
from xml.parsers import expat

from base.printing import printable
from ingest.cards import mask_text
from ingest.contract.feeds import Feed
from ingest.contract.file_errors import UnusableFileError
from ingest.formats.csv_dialect import holds_header
from ingest.formats.extracted import Flaw, Item, Remark, Row
from ingest.formats.ods import MIME_TYPE, OdsBook
from ingest.formats.workbook_parts import (
    BEGINNING,
    BROKEN,
    LOCKED,
    Book,
    Notes,
    Parts,
    Ranges,
    Sheet,
)
from ingest.formats.xlsx import XlsxBook

WIDEST_HEADER = 1_000
"""Rows are not filled beyond it: no feed declares nearly as many columns."""

_OLD = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_OLD_FORMAT = (
    "this is an old Excel file (.xls), or an old Word file; save it as .xlsx and send that"
)
_NO_WORKBOOK = "this is not a workbook (.xlsx, .ods), but another zip archive"
# zipfile raises NotImplementedError for a compression that it does not know.
_ERRORS = (
    *(zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError),
    *(expat.ExpatError, UnicodeError, NotImplementedError),
)


def read_workbook(stream: BinaryIO, feed: Feed) -> Iterator[Item]:
    """The rows of one sheet, numbered as in the sheet, then remarks.

    `stream`: can seek. The feed's layout names the sheet and the row of the header; otherwise the
    sheet is found, and all rows with a value are given. Raises UnusableFileError with the reason
    for which there are none.
    """
    try:
        yield from _items(stream, feed)
    except _ERRORS:
        raise UnusableFileError(BROKEN) from None


def _items(stream: BinaryIO, feed: Feed) -> Iterator[Item]:
    layout = getattr(feed, "layout", None)
    first_row = getattr(layout, "header_row", None) or 1
    book = _opened(stream, first_row)
    place, others = _choose(book, feed, getattr(layout, "sheet", None))
    sheet = book.sheets[place]
    notes = Notes()
    rows = (row for row in book.rows(place, notes) if row.number >= first_row)
    begun = list(itertools.islice(rows, BEGINNING))
    if not begun:
        where = f"has nothing in row {first_row:,} or below" if first_row > 1 else "is empty"
        raise UnusableFileError(
            f"the sheet {_named(sheet)} {where}; fill it, or check that the right file was sent"
        )
    yield from _aligned(begun, rows, len(feed.columns))
    yield from map(Remark, notes.remarks(_named(sheet)))
    if sheet.is_hidden:
        yield Remark(f"the sheet {_named(sheet)}, which was read, is hidden")
    if others:
        yield Remark(f"sheets that were not read: {_listed(others)}")


def _aligned(
    begun: Sequence[Row | Flaw], rows: Iterable[Row | Flaw], columns: int
) -> Iterator[Row | Flaw]:
    """The rows, filled with empty cells up to the widest of the first ones: the header is there."""
    widths = (len(row.cells) for row in begun if isinstance(row, Row))
    width = min(max(columns, *widths, 0), WIDEST_HEADER)
    last = 0
    for row in itertools.chain(begun, rows):
        if row.number <= last:
            raise UnusableFileError(BROKEN)
        last = row.number
        if isinstance(row, Row):
            row.cells.extend([""] * (width - len(row.cells)))
        yield row


def _opened(stream: BinaryIO, first_row: int) -> Book:
    """Open a workbook by its content."""
    stream.seek(0)
    if stream.read(len(_OLD)) == _OLD:
        raise UnusableFileError(LOCKED if _is_locked(stream) else _OLD_FORMAT)
    parts = Parts(stream)
    if "content.xml" in parts and MIME_TYPE in (parts.read("mimetype", 100) or MIME_TYPE):
        return OdsBook(parts, first_row)
    if "[Content_Types].xml" in parts:
        return XlsxBook(parts, first_row)
    raise UnusableFileError(_NO_WORKBOOK)


def _is_locked(stream: BinaryIO) -> bool:
    """Whether an old kind of file holds a workbook with a password."""
    name = "EncryptedPackage".encode("utf-16-le")
    kept = b""
    while chunk := stream.read(1 << 18):
        if name in kept + chunk:
            return True
        kept = chunk[-len(name) :]
    return False


def _choose(book: Book, feed: Feed, wanted: str | int | None) -> tuple[int, Sequence[Sheet]]:
    """The place of the sheet to read, and the others that have data, where it was not declared."""
    sheets = book.sheets
    if not sheets:
        raise UnusableFileError("the workbook has no sheets; check that the right file was sent")
    if wanted is not None:
        return _declared(sheets, wanted), ()
    if len(sheets) == 1:
        return 0, ()
    beginnings = book.beginnings()
    filled = [place for place, rows in enumerate(beginnings) if rows]
    if not filled:
        raise UnusableFileError(
            f"all sheets of the workbook are empty: {_listed(sheets)}; check that the right file"
            " was sent"
        )
    shown = [place for place in filled if not sheets[place].is_hidden] or filled
    found = shown
    if len(shown) > 1:
        found = [
            place
            for place in shown
            if any(
                isinstance(row, Row) and holds_header(feed, row.cells) for row in beginnings[place]
            )
        ]
    if not found:
        raise UnusableFileError(
            f"the workbook has {len(shown):,} sheets with data, and none of them the header of feed"
            f" {feed.name}: {_listed(sheets[place] for place in shown)}; name the right one in the"
            " feed (layout: sheet), or send it alone"
        )
    if len(found) > 1:
        raise UnusableFileError(
            f"{len(found):,} sheets of the workbook have the header of feed {feed.name}:"
            f" {_listed(sheets[place] for place in found)}; name the right one in the feed (layout:"
            " sheet), or send each in a workbook of its own"
        )
    return found[0], [sheets[place] for place in filled if place != found[0]]


def _has_header(feed: Feed, rows: Iterable[Item]) -> bool:
    return any(isinstance(row, Row) and holds_header(feed, row.cells) for row in rows)


def _declared(sheets: Sequence[Sheet], wanted: str | int) -> int:
    if isinstance(wanted, int):
        if 1 <= wanted <= len(sheets):
            return wanted - 1
        shown = str(wanted)
    else:
        for place, sheet in enumerate(sheets):
            if _name_key(sheet.name) == _name_key(wanted):
                return place
        shown = repr(wanted)
    raise UnusableFileError(
        f"the workbook has no sheet {shown}, but: {_listed(sheets)}; rename the sheet, or name it"
        " in the feed (layout: sheet)"
    )


def _name_key(name: str) -> str:
    """The form in which names are compared: no two sheets of a workbook differ in case only."""
    return unicodedata.normalize("NFC", name.strip()).casefold()


def _listed(sheets: Iterable[Sheet]) -> str:
    names = Ranges()
    for sheet in sheets:
        names.add(f"{_named(sheet)} (hidden)" if sheet.is_hidden else _named(sheet))
    return str(names)


def _named(sheet: Sheet) -> str:
    # Masked before it is cut, or half of a card number would remain.
    return f"'{printable(mask_text(sheet.name))[:80]}'"
