"""Rows that were extracted from a file, read by the rules that hold for the lines of a CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence

from ingest.formats.csv_dialect import Dialect
from ingest.formats.extracted import Flaw, Item, Remark, Row
from ingest.formats.records import SEPARATOR, UNKNOWN_WORDS, Batch, FindHeader, Reject, TableReader
from ingest.formats.text import LONGEST_LINE

ROWS_OF_A_BATCH = 1000
ABOVE_THE_HEADER = "above the row with the names of the columns"


class RowReader(TableReader):
    """Sorts items into rows of `dialect.width` columns, rejects, blanks and headers.

    `header`: the number of the header's row, None where there is none. Empty cells behind the last
    column are dropped.
    """

    line = "row"

    def __init__(
        self,
        items: Iterable[Item],
        dialect: Dialect,
        header: int | None,
        find_header: FindHeader | None = None,
    ) -> None:
        super().__init__(dialect, find_header)
        self.remarks: list[str] = []
        self.first_reject = ""
        """The reason of the first reject."""
        self._items = iter(items)
        self._awaited = header
        """The header's row, until it was read."""
        self._ended = False

    def __iter__(self) -> Iterator[Batch]:
        while not self._ended:
            batch = self._next_batch()
            if batch.line_numbers:
                self._last_row = batch.last_row
            if batch.rejects:
                self.first_reject = self.first_reject or batch.rejects[0].reason
            self.tally.rows += len(batch.line_numbers)
            self.tally.rejects += len(batch.rejects)
            yield batch

    def _next_batch(self) -> Batch:
        """The next items, up to a header that changes the dialect."""
        batch = Batch(self._dialect)
        rows: list[list[str]] = []
        numbers: list[int] = []
        self._turned = False
        for item in self._items:
            if isinstance(item, Remark):
                self.remarks.append(item.text)
                continue
            if isinstance(item, Flaw):
                batch.rejects.append(Reject(item.number, item.reason, item.text))
            elif self._awaited is None:
                cells = self._fitted(item.cells)
                above = rows[-1] if rows else self._last_row
                why = self._why_not(Row(item.number, cells), above)
                if why is None:
                    rows.append(cells)
                    numbers.append(item.number)
                elif why:
                    batch.rejects.append(Reject(item.number, why, as_line(item.cells)))
            elif item.number == self._awaited:
                self.tally.headers += 1
                self._awaited = None
            elif any(item.cells):
                batch.rejects.append(Reject(item.number, ABOVE_THE_HEADER, as_line(item.cells)))
            else:
                self.tally.blanks += 1
            if self._turned or len(rows) + len(batch.rejects) >= ROWS_OF_A_BATCH:
                break
        else:
            self._ended = True
        batch.columns, batch.line_numbers = list(zip(*rows, strict=True)), numbers
        return batch

    def _fitted(self, cells: list[str]) -> list[str]:
        width = self._dialect.width
        return cells[:width] if len(cells) > width and not any(cells[width:]) else cells

    def _why_not(self, row: Row, above: Sequence[str]) -> str | None:
        """Why a row is rejected; empty for a header or a blank row, None for a row that counts."""
        cells, dialect, tally = row.cells, self._dialect, self.tally
        fits = len(cells) == dialect.width
        if self._find_header is not None and not (fits and cells[0][:1].isdigit()):
            header = self._header(cells)
            guessed = header is None and fits and not self._set_aside
            if guessed and self._is_first_without_digits(cells):
                header = self._unknown_header(cells, above)
            if header is not None:
                if header is not dialect:
                    self._turn(header, row.number)
                if header is UNKNOWN_WORDS:
                    return self.taken_for_header
                tally.headers += 1
                return ""
        if not any(cells):
            tally.blanks += 1
            return ""
        if not fits or self._set_aside:
            tally.widths[len(cells)] += 1
            tally.set_aside = tally.set_aside or self._set_aside
            return self._set_aside or f"{len(cells)} columns where {dialect.width} are expected"
        text = SEPARATOR.join(cells)
        if len(text) > LONGEST_LINE:
            return f"the row is longer than {LONGEST_LINE:,} characters"
        if "\0" in text:
            return "the row holds a NUL character"
        unnamed = [place + 1 for place in dialect.nameless if cells[place]]
        if unnamed:
            return f"a value in column {unnamed[0]}, which the header does not name"
        return None


def as_line(cells: Sequence[str]) -> str:
    """Cells as people read them: a line of CSV."""
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(cells)
    return line.getvalue()
