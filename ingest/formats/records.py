"""What every reader of a table shares: batches of rows, counts, and headers inside a file."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from ingest.formats.csv_dialect import (
    DELIMITERS,
    Dialect,
    NotReadable,
    may_be_header,
    split_line,
)

LONGEST_HEADER = 1 << 16
"""In characters: longer lines are not tried with another delimiter."""
UNKNOWN_WORDS = NotReadable(
    "has names that the feed does not know (add them to the aliases of its columns)"
)
SEPARATOR = "\x1f"
"""Separates cells that are joined to one text."""
TAB = b"\t"


@dataclass(frozen=True)
class Reject:
    """A line that is not a record of the feed; `line` is unchanged, with card numbers."""

    line_number: int
    reason: str
    line: str


@dataclass
class Batch:
    """The records of some lines, and their dialect.

    The n-th record begins on physical line `line_numbers[n]`.
    """

    dialect: Dialect
    line_numbers: Sequence[int] = ()
    rejects: list[Reject] = field(default_factory=list)
    lines: list[bytes] | None = None
    """The records as UTF-8 with tabs between their cells, if all of them are plain lines."""

    @cached_property
    def columns(self) -> Sequence[Sequence[str]]:
        """The records column by column."""
        width = self.dialect.width
        cells = TAB.join(self.lines).decode("utf-8").split("\t") if self.lines else []
        return [cells[place::width] for place in range(width)]

    @property
    def last_row(self) -> Sequence[str]:
        """The last record."""
        if self.lines is not None:
            return self.lines[-1].decode("utf-8").split("\t")
        return [column[-1] for column in self.columns]

    @property
    def rows(self) -> list[tuple[str, ...]]:
        """The records, row by row."""
        return list(zip(*self.columns, strict=True))


@dataclass
class Tally:
    """Counts of a file's physical records."""

    rows: int = 0
    rejects: int = 0
    blanks: int = 0
    headers: int = 0
    widths: Counter[int] = field(default_factory=Counter)
    """Number of columns -> number of rejected records that had so many."""
    set_aside: str = ""
    """Why lines below a header inside the file were rejected, if any were."""

    @property
    def physical(self) -> int:
        """All records of the file."""
        return self.rows + self.rejects + self.blanks + self.headers


FindHeader = Callable[[Sequence[str], str], Dialect | NotReadable | None]
"""The dialect that a line inside a file, split at a delimiter, defines below it."""


_has_digit = re.compile(r"\d").search


class TableReader:
    """Keeps how the current lines are read, and counts them.

    `find_header` recognises a header inside the file. If the lines below it cannot be read by it,
    they are rejected until the next header. So are lines below a presumed header: the first line
    without a digit.
    """

    line = "line"
    """What people call a record of the file."""

    def __init__(self, dialect: Dialect, find_header: FindHeader | None) -> None:
        self._dialect = dialect
        self._find_header = find_header
        self.tally = Tally()
        self._set_aside = ""
        """Why the current lines cannot be read with the header above them."""
        self._all_hold_digits = True
        """Whether every record so far has a digit."""
        self._last_row: Sequence[str] = ()
        """The last row of the previous batch."""
        self._turned = False
        """Whether the last batch ended at a different header."""

    @property
    def taken_for_header(self) -> str:
        """Why the first record without a digit is rejected."""
        return (
            f"taken for a header with names that the feed does not know: every {self.line} above"
            " has digits, this one has none"
        )

    def _header(self, row: Sequence[str], line: str = "") -> Dialect | NotReadable | None:
        """The dialect that a header defines for the lines below it; the current one if unchanged.

        `line`: the text, if the row does not have the columns of the dialect and another delimiter
        may fit.
        """
        dialect = self._dialect
        if tuple(row) == dialect.header and not self._set_aside:
            return dialect
        if self._find_header is None or not any(row):
            return None
        if any(cell[:1].isdigit() for cell in row):
            return None
        found = self._find_header(row, dialect.delimiter)
        if found is None and 0 < len(line) <= LONGEST_HEADER:
            for other in DELIMITERS:
                if other != dialect.delimiter and other in line:
                    found = found or self._find_header(split_line(line, other), other)
        if isinstance(found, Dialect) and not self._set_aside and found.reads_like(dialect):
            return dialect
        return found

    def _is_first_without_digits(self, row: Sequence[str]) -> bool:
        return self._all_hold_digits and any(row) and not _has_digit(SEPARATOR.join(row))

    def _unknown_header(self, row: Sequence[str], above: Sequence[str]) -> NotReadable | None:
        """Whether the first row without a digit is a header with unknown names.

        It is if it names all columns that are read, each by a name of its own (NULL in every column
        names none), and the row above it consists of numbers.
        """
        self._all_hold_digits = False
        dialect = self._dialect
        places = range(len(row)) if dialect.places is None else dialect.places
        named = [row[place] for place in places if place >= 0]
        if self._find_header is None or not all(map(str.strip, named)) or not may_be_header(named):
            return None
        if len(set(named)) < len(named):
            return None
        if sum(_has_digit(cell) is not None for cell in above) < 2:
            return None
        self._all_hold_digits = True
        return UNKNOWN_WORDS

    def _turn(self, header: Dialect | NotReadable, number: int) -> None:
        """Continue with the header that was found in a line."""
        self._turned = True
        if isinstance(header, Dialect):
            self._dialect, self._set_aside = header, ""
        else:
            self._set_aside = f"below the header in {self.line} {number:,}, which {header.reason}"
