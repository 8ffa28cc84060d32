"""CSV records with the physical lines they begin on, as a stream that loses no line.

Every physical record ends up in exactly one of: rows, rejects, blanks, headers.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from ingest.formats.csv_dialect import Dialect
from ingest.formats.text import LONGEST_LINE, Block

MOST_LINES_OF_A_RECORD = 100
TOO_LONG = f"the line is longer than {LONGEST_LINE:,} characters"
SEPARATOR = "\x1f"
"""Stands between cells while a text is cut; a text that holds it is cut by the csv module."""

# The csv module refuses fields above 128 KiB by default; our own limit is the line.
csv.field_size_limit(max(csv.field_size_limit(), 2 * MOST_LINES_OF_A_RECORD * LONGEST_LINE))


@dataclass(frozen=True)
class Reject:
    """A line that is no record of the feed; `line` is as it came, cards and all."""

    line_number: int
    reason: str
    line: str


@dataclass
class Batch:
    """The records of some lines, column by column.

    `columns[i][n]` is the i-th cell of the record that begins on physical line `line_numbers[n]`.
    """

    columns: Sequence[Sequence[str]] = ()
    line_numbers: Sequence[int] = ()
    rejects: list[Reject] = field(default_factory=list)

    @property
    def rows(self) -> list[tuple[str, ...]]:
        """The same, record by record."""
        return list(zip(*self.columns, strict=True))


@dataclass
class Tally:
    """What a file held, in physical records."""

    rows: int = 0
    rejects: int = 0
    blanks: int = 0
    headers: int = 0
    widths: Counter[int] = field(default_factory=Counter)
    """How many rejected records had how many columns."""

    @property
    def physical(self) -> int:
        """All records of the file."""
        return self.rows + self.rejects + self.blanks + self.headers


def split_plain(text: str, delimiter: str, width: int) -> list[list[str]] | None:
    """The columns of some lines, where each is plainly one record of `width` cells; else None.

    What the csv module would give, in half the time: the whole text is cut at once. Plain is a text
    whose quotes each enclose a cell, none of whose cells holds a quote or a line end, and none of
    whose lines is blank.
    """
    if SEPARATOR in text or "\0" in text:
        return None
    if "\r" in text:
        text = text.replace("\r\n", "\n")
        if "\r" in text:
            return None
    # Each line has a line end before and behind it.
    text = "\n" + text if text.endswith("\n") else f"\n{text}\n"
    quoted: list[str] = []
    if '"' in text:
        pieces = text.split('"')
        quoted, outside = pieces[1::2], '"'.join(pieces[::2])
        inside = '"'.join(quoted)
        if len(pieces) % 2 == 0 or "\n" in inside or not _stand_alone(outside, delimiter):
            return None
        pieces[::2] = _separated(outside, delimiter).split('"')
        text = "".join(pieces)
    else:
        text = _separated(text, delimiter)
    # Behind the last separator is the end of the last line, before the first nothing.
    cells = text.split(SEPARATOR)[1:-1]
    firsts = cells[::width]
    if len(cells) % width or not all(cell[:1] == "\n" for cell in firsts):
        return None
    if text.count("\n") != len(firsts) + 1:
        return None
    columns = [cells[place::width] for place in range(width)]
    columns[0] = [cell[1:] for cell in firsts]
    if "" in columns[0] and not all(map(any, zip(*columns, strict=True))):
        return None
    return columns


def _separated(text: str, delimiter: str) -> str:
    return text.replace(delimiter, SEPARATOR).replace("\n", SEPARATOR + "\n")


def _stand_alone(outside: str, delimiter: str) -> bool:
    """Whether each quoted cell, of which only a quote is left, stands between two cells' ends."""
    count = outside.count('"')
    for text in (outside, outside.replace(delimiter, 2 * delimiter).replace("\n", "\n\n")):
        # The first look misses every second one of neighbours, which share a delimiter.
        ends = (delimiter, "\n")
        if count == sum(text.count(f'{before}"{behind}') for before in ends for behind in ends):
            return True
    return False


class RecordReader:
    """Splits blocks of text into records of `dialect.width` columns.

    A record may span lines inside quotes, up to 100 of them. Where it does not end, or does not
    have the right number of columns, only its first line is rejected: an unclosed quote costs one
    line and not the rest of the file.
    """

    def __init__(self, blocks: Iterable[Block], dialect: Dialect) -> None:
        self._blocks = iter(blocks)
        self._dialect = dialect
        self.tally = Tally()
        self._lines: list[str] = []
        self._plain: str | None = None
        """The block at hand, as long as nothing of the one before is left."""
        self._flawed: dict[int, str] = {}
        """place in self._lines -> why that line cannot be part of any record"""
        self._next = 0
        self._before = 0
        """physical lines before self._lines[0]"""

    def __iter__(self) -> Iterator[Batch]:
        while self._more():
            batch = self._split_plain() or self._split()
            tally = self.tally
            tally.rows += len(batch.line_numbers)
            tally.rejects += len(batch.rejects)
            yield batch

    def _more(self) -> bool:
        """Append the lines of the next block to those not yet used; False at the end."""
        block = next(self._blocks, None)
        if block is None:
            return False
        used, self._next = self._next, 0
        if used:
            del self._lines[:used]
            self._before += used
            self._flawed = {
                place - used: why for place, why in self._flawed.items() if place >= used
            }
        if block.overlong:
            self._flawed[len(self._lines)] = TOO_LONG
            self._lines.append(block.text)
        elif self._lines:
            self._add_lines(block.text)
        else:
            self._plain = block.text
        return True

    def _add_lines(self, text: str) -> None:
        first = len(self._lines)
        # newline="": \n, \r\n and \r end a line and stay on it.
        self._lines.extend(io.StringIO(text, newline=""))
        if "\0" in text or len(text) > LONGEST_LINE:
            for place in range(first, len(self._lines)):
                line = self._lines[place]
                if "\0" in line:
                    self._flawed[place] = "the line holds a NUL character"
                elif len(line) > LONGEST_LINE:
                    self._flawed[place] = TOO_LONG

    def _split_plain(self) -> Batch | None:
        """Split a block of which each line is one good record, a column at a time; else None."""
        text, self._plain = self._plain, None
        if text is None:
            return None
        dialect = self._dialect
        columns = None
        if len(text) <= LONGEST_LINE:
            columns = split_plain(text, dialect.delimiter, dialect.width)
        if columns is None or any(any(columns[place]) for place in dialect.nameless):
            self._add_lines(text)
            return None
        count = len(columns[0])
        numbers: Sequence[int] = range(self._before + 1, self._before + count + 1)
        if dialect.header is not None and dialect.header[0] in columns[0]:
            kept = [
                place
                for place, row in enumerate(zip(*columns, strict=True))
                if row != dialect.header
            ]
            self.tally.headers += count - len(kept)
            columns = [[column[place] for place in kept] for column in columns]
            numbers = [numbers[place] for place in kept]
        self._before += count
        return Batch(columns, numbers)

    def _split(self) -> Batch:
        """Split the lines at hand. A record that runs on beyond them fetches the next block."""
        batch = Batch()
        rows: list[list[str]] = []
        numbers: list[int] = []
        lines, flawed, tally = self._lines, self._flawed, self.tally
        delimiter, width = self._dialect.delimiter, self._dialect.width
        header = list(self._dialect.header) if self._dialect.header is not None else None
        add_row, add_number = rows.append, numbers.append
        # One reader for all lines with quotes: it takes a line with box.pop, and where the line
        # does not finish the record, the empty box raises IndexError and resets the reader.
        box: list[str] = []
        put = box.append
        read = csv.reader(iter(box.pop, None), delimiter=delimiter, strict=True).__next__
        line_ends = "\r\n"
        place = self._next
        while place < len(lines):
            line = lines[place]
            taken = 1
            why = ""
            if flawed and place in flawed:
                why, row = flawed[place], []
            elif '"' not in line:
                row = line.rstrip(line_ends).split(delimiter)
            else:
                put(line)
                try:
                    row = read()
                except IndexError:
                    self._next = place
                    row, taken, why = self._read_on()
                    # A block may have been fetched, and used lines dropped.
                    place, flawed = self._next, self._flawed
                except csv.Error as error:
                    row, why = [], f"broken quotes: {error}"
            if len(row) != width:
                row = self._mended(row, line, taken)
            if len(row) == width and any(row):
                unnamed = [place + 1 for place in self._dialect.nameless if row[place]]
                if row == header:
                    tally.headers += 1
                elif unnamed:
                    why = f"a value in column {unnamed[0]}, which the header does not name"
                    line = line.rstrip(line_ends)
                    batch.rejects.append(Reject(self._before + place + 1, why, line))
                    taken = 1
                else:
                    add_row(row)
                    add_number(self._before + place + 1)
                place += taken
                continue
            if not why:
                if not line.strip() or (len(row) == width and not any(row)):
                    tally.blanks += 1
                    place += taken
                    continue
                if place == 0 and self._before == 0 and self._dialect.separator_line:
                    tally.headers += 1
                    place += taken
                    continue
                tally.widths[len(row)] += 1
                why = f"{len(row)} columns where {width} are expected"
            batch.rejects.append(Reject(self._before + place + 1, why, line.rstrip(line_ends)))
            place += 1
        self._next = place
        batch.columns, batch.line_numbers = list(zip(*rows, strict=True)), numbers
        return batch

    def _mended(self, row: list[str], line: str, taken: int) -> list[str]:
        """A record of another width, where it holds the right columns all the same."""
        width = self._dialect.width
        if taken == 1 and '"' in line and len(row) > 0:
            # A blank behind each delimiter hides the quotes that follow it.
            try:
                reader = csv.reader(
                    (line,), delimiter=self._dialect.delimiter, strict=True, skipinitialspace=True
                )
                found = next(reader, [])
            except csv.Error:
                return row
            if len(found) == width:
                return found
        return row

    def _read_on(self) -> tuple[list[str], int, str]:
        """Read a record of several lines from self._next on: (row, lines taken, why it is none)."""
        pulled = 0
        size = 0
        too_long = ""

        def pull() -> Iterator[str]:
            nonlocal pulled, size, too_long
            while True:
                if pulled == MOST_LINES_OF_A_RECORD or size > LONGEST_LINE:
                    too_long = f"unclosed quote: no end within {pulled} lines"
                    return
                # self._next moves when a block is fetched and used lines are dropped.
                if self._next + pulled >= len(self._lines) and not self._more():
                    return
                where = self._next + pulled
                if where in self._flawed:
                    return
                pulled += 1
                size += len(self._lines[where])
                yield self._lines[where]

        reader = csv.reader(pull(), delimiter=self._dialect.delimiter, strict=True)
        try:
            row = next(reader)
        except csv.Error as error:
            unclosed = "unexpected end of data" in str(error)
            why = too_long or ("unclosed quote" if unclosed else f"broken quotes: {error}")
            return [], 1, why
        return row, pulled, ""
