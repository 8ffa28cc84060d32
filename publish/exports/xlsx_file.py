"""Workbooks of one sheet. Texts stay texts; a number that Excel cannot hold exactly is a text."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Iterable, Sequence
from datetime import date, datetime, time
from functools import lru_cache
from pathlib import Path

from xlsxwriter import Workbook  # type: ignore[import-untyped]
from xlsxwriter.exceptions import XlsxFileError  # type: ignore[import-untyped]
from xlsxwriter.format import Format  # type: ignore[import-untyped]
from xlsxwriter.worksheet import Worksheet  # type: ignore[import-untyped]

from base.errors import BranchlineError
from base.spreadsheet import without_formula
from publish.exports.export import Export
from publish.exports.rows import Column, Kind, Row

MADE_ON = datetime(2000, 1, 1)
"""The date in every workbook's properties: equal data give equal bytes."""
MOST_ROWS = (1 << 20) - 1
"""What a sheet holds below its header."""
LONGEST_TEXT = 32_767
"""What a cell holds, in units of UTF-16."""
EXACT_DIGITS = 15
"""Digits that Excel keeps of a number."""
FIRST_DATE = date(1900, 3, 1)
"""Before it, Excel counts a day that never was."""
DIFFERENT_TEXTS = 1 << 14
WIDEST = 50
NARROWEST = 8

_FORMATS = {
    Kind.TEXT: "@",
    Kind.INTEGER: "0",
    Kind.DATE: "yyyy-mm-dd",
    Kind.TIME: "hh:mm:ss",
    Kind.TIMESTAMP: "yyyy-mm-dd hh:mm:ss",
    Kind.INSTANT: "yyyy-mm-dd hh:mm:ss",
}


def write(path: Path, columns: Sequence[Column], rows: Iterable[Row], export: Export) -> int:
    """Write a workbook with a header; return the number of rows without it.

    Raises BranchlineError if there are more rows, or longer texts, than a sheet can hold.
    """
    # Texts are in these files: they are private, and gone afterwards.
    with tempfile.TemporaryDirectory(prefix="branchline-") as folder:
        book = Workbook(str(path), {"constant_memory": True, "tmpdir": folder})
        book.set_properties({"created": MADE_ON})
        sheet = book.add_worksheet(export.mart[:31])
        count = _fill(book, sheet, columns, rows, export)
        try:
            book.close()
        except XlsxFileError as error:
            raise OSError(str(error)) from error
    return count


def _fill(
    book: Workbook,
    sheet: Worksheet,
    columns: Sequence[Column],
    rows: Iterable[Row],
    export: Export,
) -> int:
    header = book.add_format({"bold": True, "bottom": 1})
    text_format = book.add_format({"num_format": "@"})
    formats = [book.add_format({"num_format": _number_format(column)}) for column in columns]
    widths = [len(column.name) + 2 for column in columns]  # room for the filter's button
    safe = lru_cache(DIFFERENT_TEXTS)(without_formula)
    for place, column in enumerate(columns):
        sheet.write_string(0, place, column.name, header)
    count = 0
    for row in rows:
        count += 1
        if count > MOST_ROWS:
            raise BranchlineError(
                f"{export.mart} has more rows than a sheet of a workbook holds ({MOST_ROWS:,}), so"
                f" {export.file} was not written.",
                "Export fewer rows (days), or let the name of the file end in .csv or .parquet.",
            )
        for place, (column, text) in enumerate(zip(columns, row, strict=True)):
            if not text:  # null, or an empty text
                continue
            value = _value(column.kind, text)
            if value is None:
                text = safe(text) if column.kind is Kind.TEXT else text
                _put_text(sheet, count, place, text, text_format, column, export)
            elif isinstance(value, bool):
                sheet.write_boolean(count, place, value, formats[place])
            elif isinstance(value, float):
                sheet.write_number(count, place, value, formats[place])
            else:
                sheet.write_datetime(count, place, value, formats[place])
            widths[place] = max(widths[place], len(text))
    for place, width in enumerate(widths):
        sheet.set_column(place, place, min(max(width + 1, NARROWEST), WIDEST))
    sheet.freeze_panes(1, 0)
    sheet.autofilter(0, 0, count, len(columns) - 1)
    return count


def _number_format(column: Column) -> str:
    if column.kind is Kind.DECIMAL and column.scale is not None:
        return "0." + "0" * column.scale if column.scale > 0 else "0"
    return _FORMATS.get(column.kind, "General")


def _value(kind: Kind, text: str) -> float | bool | date | time | None:
    """What a cell holds for a value that is not a text; None if it cannot hold it exactly."""
    try:
        if kind in (Kind.INTEGER, Kind.DECIMAL):
            digits = text.lstrip("-").replace(".", "")
            is_exact = digits.isdigit() and len(digits.strip("0")) <= EXACT_DIGITS
            return float(text) if is_exact else None
        if kind is Kind.FLOAT:
            return float(text) if math.isfinite(float(text)) else None
        if kind is Kind.BOOLEAN:
            return text == "true"
        if kind is Kind.DATE:
            day = date.fromisoformat(text)
            return day if day >= FIRST_DATE else None
        if kind in (Kind.TIMESTAMP, Kind.INSTANT):
            moment = datetime.fromisoformat(_with_microseconds(text))
            return moment if moment.date() >= FIRST_DATE else None
        if kind is Kind.TIME:
            return time.fromisoformat(_with_microseconds(text))
    except ValueError:  # infinity, a year of five digits, 24:00:00
        return None
    return None


def _with_microseconds(value: str) -> str:
    """A time with six digits after its point, which Python 3.10 asks for."""
    whole, point, fraction = value.partition(".")
    return f"{whole}.{fraction:0<6}" if point else whole


def _put_text(
    sheet: Worksheet,
    row: int,
    place: int,
    text: str,
    form: Format,
    column: Column,
    export: Export,
) -> None:
    if len(text) > LONGEST_TEXT // 2 and len(text.encode("utf-16-le")) // 2 > LONGEST_TEXT:
        raise BranchlineError(
            f"{export.mart} has a text in {column.name} that is longer than a cell of a workbook"
            f" can hold ({LONGEST_TEXT:,} characters), so {export.file} was not written.",
            "Leave the column out (columns), or let the name of the file end in .csv or .parquet.",
        )
    if text.startswith("<r>") and text.endswith("</r>"):
        # XlsxWriter takes such a text for the XML of a formatted one and does not escape it.
        sheet.write_rich_string(row, place, text[:1], form, text[1:], form)
    else:
        sheet.write_string(row, place, text, form)
