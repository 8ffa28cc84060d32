"""CSV records with their physical line numbers, as a stream that loses no line.

Every physical record ends up in exactly one of: rows, rejects, blanks, headers. A header inside a
file defines how the lines below it are read.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from operator import itemgetter

from ingest.formats.csv_dialect import Dialect
from ingest.formats.records import (
    TAB,
    UNKNOWN_WORDS,
    Batch,
    FindHeader,
    Reject,
    TableReader,
)
from ingest.formats.text import LONGEST_LINE, Block

MOST_LINES_OF_A_RECORD = 100
TOO_LONG = f"the line is longer than {LONGEST_LINE:,} characters"
FEW_SUSPECTS = 10
"""Blocks of at most so many lines are checked line by line."""
_LINE_END = ord("\n")
_IN_CELLS = bytes(byte for byte in range(256) if byte not in b"\t\n")

# The csv module rejects fields above 128 KiB by default; our own limit is the line.
csv.field_size_limit(max(csv.field_size_limit(), 2 * MOST_LINES_OF_A_RECORD * LONGEST_LINE))


def plain_lines(text: bytes, delimiter: str, width: int) -> list[bytes] | None:
    """Lines with tabs between their cells, if each is plainly a record of `width` cells; else None.

    The same cells as the csv module's in a fraction of the time, because the whole text is split at
    once. A text is plain if quotes only enclose whole cells, no cell contains a quote, a tab or a
    line end, and no line is blank.
    """
    between = delimiter.encode("utf-8")
    if len(between) > 1 or b"\0" in text or (between != TAB and TAB in text):
        return None
    if b"\r" in text:
        text = text.replace(b"\r\n", b"\n")
        if b"\r" in text:
            return None
    if not text.endswith(b"\n"):
        text += b"\n"
    unquoted = _unquoted(text, between) if b'"' in text else text.replace(between, TAB)
    if unquoted is None:
        return None
    lines = unquoted.split(b"\n")[:-1]
    blank = TAB * (width - 1)
    if unquoted.translate(None, _IN_CELLS) != (blank + b"\n") * len(lines):
        return None
    if lines[0] == blank or b"\n%b\n" % blank in unquoted:
        return None
    return lines


def _unquoted(text: bytes, between: bytes) -> bytes | None:
    """The text with tabs between cells and without quotes; None if it is not plain."""
    # Each line has a line end before and behind it.
    pieces = (b"\n" + text).split(b'"')
    quoted, outside = pieces[1::2], pieces[::2]
    if len(pieces) % 2 == 0 or b"" in outside:
        return None
    ends = {between[0], _LINE_END}
    if not (
        ends.issuperset(map(itemgetter(0), outside[1:]))
        and ends.issuperset(map(itemgetter(-1), outside[:-1]))
    ):
        return None
    inside = b"".join(quoted)
    if b"\n" in inside or (between == TAB and TAB in inside):
        return None
    pieces[::2] = b'"'.join(outside).replace(between, TAB).split(b'"')
    return b"".join(pieces)[1:]


def _all_begin_with_a_digit(cells: Sequence[str]) -> bool:
    return min(cells) >= "0" and max(cells) < ":"


class RecordReader(TableReader):
    """Splits blocks of text into records of `dialect.width` columns.

    A record may span up to 100 lines inside quotes. If it does not end, or has the wrong number of
    columns, only its first line is rejected: an unclosed quote costs one line, not the rest of the
    file.
    """

    def __init__(
        self, blocks: Iterable[Block], dialect: Dialect, find_header: FindHeader | None = None
    ) -> None:
        super().__init__(dialect, find_header)
        self._blocks = iter(blocks)
        self._probe = 0
        """A column in which rows begin with a digit and header names do not."""
        self._lines: list[str] = []
        self._plain: Block | None = None
        """The current block, if nothing of the previous one is left."""
        self._flawed: dict[int, str] = {}
        """place in self._lines -> why that line cannot be part of any record"""
        self._next = 0
        self._before = 0
        """physical lines before self._lines[0]"""

    def __iter__(self) -> Iterator[Batch]:
        while self._turned or self._more():
            batch = self._split_plain() or self._split()
            if batch.line_numbers:
                self._last_row = batch.last_row
            tally = self.tally
            tally.rows += len(batch.line_numbers)
            tally.rejects += len(batch.rejects)
            yield batch

    def _more(self) -> bool:
        """Append the lines of the next block to the unused ones; False at the end."""
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
            self._plain = block
        return True

    def _add_lines(self, text: str) -> None:
        first = len(self._lines)
        # newline="": \n, \r\n and \r end a line and are kept.
        self._lines.extend(io.StringIO(text, newline=""))
        if "\0" in text or len(text) > LONGEST_LINE:
            for place in range(first, len(self._lines)):
                line = self._lines[place]
                if "\0" in line:
                    self._flawed[place] = "the line holds a NUL character"
                elif len(line) > LONGEST_LINE:
                    self._flawed[place] = TOO_LONG

    def _split_plain(self) -> Batch | None:
        """Split a block at once if each line is one good record; else None."""
        block, self._plain = self._plain, None
        if block is None:
            return None
        text, dialect = block.text, self._dialect
        lines = None
        if len(text) <= LONGEST_LINE and not self._set_aside:
            lines = plain_lines(block.utf8, dialect.delimiter, dialect.width)
        if lines is None:
            self._add_lines(text)
            return None
        count = len(lines)
        numbers = range(self._before + 1, self._before + count + 1)
        batch = Batch(dialect, numbers, lines=lines)
        if any(any(batch.columns[place]) for place in dialect.nameless):
            self._add_lines(text)
            return None
        headers = set()
        for number in self._suspects(batch, lines):
            row = [column[number] for column in batch.columns]
            found = self._header(row)
            if found is None and self._is_first_without_digits(row):
                above = (
                    [column[number - 1] for column in batch.columns] if number else self._last_row
                )
                found = self._unknown_header(row, above)
            if found is dialect:
                headers.add(number)
            elif found is not None:
                self._add_lines(text)
                return None
        if headers:
            self.tally.headers += len(headers)
            kept = [place for place in range(count) if place not in headers]
            batch = Batch(
                dialect,
                [numbers[place] for place in kept],
                lines=[lines[place] for place in kept],
            )
        self._before += count
        return batch

    def _suspects(self, batch: Batch, lines: list[bytes]) -> Sequence[int]:
        """Rows that may be a header: they do not begin with a digit where others do.

        Checks a whole column at once: there is hardly ever any.
        """
        header = self._dialect.header
        if header is None and self._find_header is None:
            return ()
        if self._probe == 0 and min(lines) >= b"0" and max(lines) < b":":
            return ()
        columns, probe = batch.columns, self._probe
        if probe < len(columns) and _all_begin_with_a_digit(columns[probe]):
            return ()
        fewest: Sequence[int] = range(len(columns[0]))
        for place in sorted(range(len(columns)), key=lambda place: place != self._probe):
            if header is not None and header[place][:1].isdigit():
                continue
            suspects = [
                number for number, cell in enumerate(columns[place]) if not "0" <= cell < ":"
            ]
            if len(suspects) < len(fewest):
                probe, fewest = place, suspects
            if len(fewest) <= FEW_SUSPECTS:
                self._probe = probe
                break
        return fewest

    def _split(self) -> Batch:
        """Split the current lines, up to a header that changes the dialect.

        A record that continues beyond them fetches the next block.
        """
        dialect, set_aside = self._dialect, self._set_aside
        batch = Batch(dialect)
        rows: list[list[str]] = []
        numbers: list[int] = []
        lines, flawed, tally = self._lines, self._flawed, self.tally
        delimiter, width = dialect.delimiter, dialect.width
        probe = self._probe if self._probe < width else 0
        no_header = dialect.header is None and self._find_header is None
        add_row, add_number = rows.append, numbers.append
        # One reader for all lines with quotes: it takes a line with box.pop, and where the line
        # does not finish the record, the empty box raises IndexError and resets the reader.
        box: list[str] = []
        put = box.append
        read = csv.reader(iter(box.pop, None), delimiter=delimiter, strict=True).__next__
        line_ends = "\r\n"
        place = self._next
        self._turned = False
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
                    # A block may have been fetched and used lines dropped.
                    place, flawed = self._next, self._flawed
                except csv.Error as error:
                    row, why = [], f"broken quotes: {error}"
            if len(row) != width:
                row = self._mended(row, line, taken)
            fits = len(row) == width
            if not (no_header or why or (fits and row[probe][:1].isdigit())):
                header = self._header(row, "" if fits else line.rstrip(line_ends))
                guessed = header is None and fits and taken == 1 and not set_aside
                if guessed and self._is_first_without_digits(row):
                    header = self._unknown_header(row, rows[-1] if rows else self._last_row)
                if header is not None:
                    if header is UNKNOWN_WORDS:
                        text = line.rstrip(line_ends)
                        number = self._before + place + 1
                        batch.rejects.append(Reject(number, self.taken_for_header, text))
                    else:
                        tally.headers += 1
                    place += taken
                    if header is dialect:
                        continue
                    self._turn(header, self._before + place - taken + 1)
                    break
            if fits and any(row) and not set_aside:
                unnamed = [place + 1 for place in dialect.nameless if row[place]]
                if unnamed:
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
                if not line.strip() or (fits and not any(row)):
                    tally.blanks += 1
                    place += taken
                    continue
                if place == 0 and self._before == 0 and dialect.separator_line:
                    tally.headers += 1
                    place += taken
                    continue
                tally.widths[len(row)] += 1
                why = set_aside or f"{len(row)} columns where {width} are expected"
                tally.set_aside = tally.set_aside or set_aside
            batch.rejects.append(Reject(self._before + place + 1, why, line.rstrip(line_ends)))
            place += 1
        self._next = place
        batch.columns, batch.line_numbers = list(zip(*rows, strict=True)), numbers
        return batch

    def _mended(self, row: list[str], line: str, taken: int) -> list[str]:
        """A record of another width that still holds the right columns."""
        width = self._dialect.width
        if taken == 1 and '"' in line and len(row) > 0:
            # A space after each delimiter hides the quotes that follow it.
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
        """Read a record of several lines from self._next: (row, lines used, rejection reason)."""
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
