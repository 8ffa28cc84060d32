"""CSV as RFC 4180 has it: commas, quotes where they are needed, lines that end in \\r\\n."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from pathlib import Path

from base.spreadsheet import kept_as_text, without_formula
from publish.exports.export import Export
from publish.exports.rows import Column, Kind, Row

Cell = Callable[[str], str]

DIFFERENT_TEXTS = 1 << 14
"""How many texts are kept with what becomes of them: most columns repeat a few."""


def write(path: Path, columns: Sequence[Column], rows: Iterable[Row], export: Export) -> int:
    """Write a CSV file with a header; return the number of rows without it."""
    text_cell = lru_cache(DIFFERENT_TEXTS)(kept_as_text if export.spreadsheet else without_formula)
    cells: list[Cell | None] = []
    for column in columns:
        if column.kind is Kind.TEXT:
            cells.append(text_cell)
        elif column.kind is Kind.INSTANT and not export.spreadsheet:
            cells.append(_with_zone)
        else:
            cells.append(None)
    count = 0
    # The byte order mark lets Excel read the file as UTF-8.
    with path.open(
        "w", encoding="utf-8-sig" if export.spreadsheet else "utf-8", newline=""
    ) as file:
        writer = csv.writer(file, lineterminator="\r\n")
        writer.writerow(column.name for column in columns)
        for row in rows:
            count += 1
            writer.writerow(
                [
                    value if value is None or cell is None else cell(value)
                    for value, cell in zip(row, cells, strict=True)
                ]
            )
    return count


def _with_zone(instant: str) -> str:
    # Not after infinity.
    return f"{instant}+00:00" if instant[-1:].isdigit() else instant
