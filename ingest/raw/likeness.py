"""How much of an older version is in a newer one: compares rows as text, in bounded memory."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from base.schemas import RAW
from ingest.contract.feeds import Feed
from ingest.raw.copied_lines import CopiedLines
from ingest.raw.rows import CopyData

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

MOST_COMPARED = 200_000
"""Sample size in rows; of a longer version every second, third, ... row."""
MOST_LOOKED_INTO = 10_000
"""Sample size in rows for the comparison that allows corrected cells."""
MOST_ALIKE = 10
"""Of those, at most so many with the same value in the most selective column: each is compared with
each row of the newer version that has the value."""
_NOT_COMPARED = ("card_token", "ip_token", "ip_unreadable")
"""Tokens change with the token key, and what was read from a column of addresses expires."""
# COPY reads these as they are, and writes them with a backslash.
_UNESCAPED = bytes.maketrans(b"\b\f\v", b"   ")


@dataclass(frozen=True)
class Shared:
    """How many of the rows of an older version are in the newer one.

    `corrected`: how many are in it if corrected values are allowed: the most selective column of
    the older version is equal, and so are half of the other selective ones. None where there are
    no others: two tills have the same minutes.
    """

    rows: int
    of: int
    corrected: int = 0


class Likeness:
    """Compares the rows of a newer version, as they are converted, with an older one."""

    def __init__(self, feed: Feed, rows: int) -> None:
        """`rows`: how many the older version has."""
        columns = feed.raw_columns()
        self._places = [n for n, name in enumerate(columns) if name not in _NOT_COMPARED]
        self._feed = feed
        self._rows = rows
        self._every = 1 + rows // MOST_COMPARED
        self._left: Counter[int] = Counter()
        self._kept = 0
        self._found = 0
        self._sampled: list[list[bytes]] = []
        self._every_sampled = 1 + rows // MOST_LOOKED_INTO
        self._seen = 0
        self._columns: tuple[int, list[int]] | None = None
        """The most selective column, and the other selective ones."""
        self._by_value: defaultdict[bytes, list[list[bytes]]] = defaultdict(list)
        """Rows that may have been corrected, by their value in the most selective column."""
        self._looked_for = 0
        self._corrected = 0

    def read_older(self, connection: Connection, file_id: int) -> None:
        """Read the older version from its raw table."""
        columns = self._feed.raw_columns()
        names = ", ".join(f'"{columns[place]}"' for place in self._places)
        sink = CopiedLines(self._take_older)
        with connection.cursor() as cursor:
            cursor.copy_expert(
                f'copy (select {names} from {RAW}."{self._feed.table}"'
                f" where _file_id = {file_id:d}) to stdout with (format text, null '')",
                sink,
            )

    def take_older(self, copies: CopyData) -> None:
        """Add rows of the older version as they were converted."""
        for line in copies.rows_of(self._feed.table):
            self._take_older(self._compared(line))

    def add(self, copies: CopyData) -> None:
        """Add rows of the newer version."""
        left, every = self._left, self._every
        best, others = self._columns or self._look_into_sample()
        by_value = self._by_value
        for line in copies.rows_of(self._feed.table):
            compared = self._compared(line)
            cells = compared.split(b"\t")
            for older in by_value.get(cells[best], ()):
                if 2 * sum(cells[n] == older[n] for n in others) >= len(others):
                    by_value[cells[best]].remove(older)
                    self._corrected += 1
                    break
            key = _hash(compared)
            if key % every == 0 and left[key] > 0:
                left[key] -= 1
                self._found += 1

    def shared(self) -> Shared:
        """The result; for a long version, an estimate from the sample."""
        rows = round(self._rows * self._found / self._kept) if self._kept else 0
        looked_for = self._looked_for
        corrected = round(self._rows * self._corrected / looked_for) if looked_for else 0
        return Shared(max(rows, min(self._found, 1)), self._rows, corrected)

    def _look_into_sample(self) -> tuple[int, list[int]]:
        """The selective columns of the older version, and its rows by the most selective one."""
        distinct = [len(set(column)) for column in zip(*self._sampled, strict=True)] or [0]
        best = max(range(len(distinct)), key=distinct.__getitem__)
        # A payment method is equal in two rows by chance.
        least = max(2, distinct[best] / 2)
        others = [n for n, count in enumerate(distinct) if count >= least and n != best]
        for row in self._sampled if others else ():
            alike = self._by_value[row[best]]
            if len(alike) < MOST_ALIKE:
                alike.append(row)
                self._looked_for += 1
        self._columns = best, others
        return self._columns

    def _compared(self, line: bytes) -> bytes:
        cells = line.split(b"\t")
        return b"\t".join([cells[place] for place in self._places])

    def _take_older(self, line: bytes) -> None:
        key = _hash(line)
        if key % self._every == 0:
            self._left[key] += 1
            self._kept += 1
        if self._seen % self._every_sampled == 0:
            self._sampled.append(line.split(b"\t"))
        self._seen += 1


def _hash(line: bytes) -> int:
    if b"\\" in line:
        for escaped in (b"\\b", b"\\f", b"\\v"):
            line = line.replace(escaped, b" ")
    return hash(line.translate(_UNESCAPED))
