"""Records of an API, collected in any order and written in the order of their keys.

They may be more than fit into memory: SQLite keeps them in an unnamed temporary file.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from typing import Any

from ingest.formats.exact_json import written
from ingest.formats.json_text import Number

_INT64 = range(-(1 << 63), 1 << 63)


class RecordStore:
    """The records of one reading, each with a key of `width` values."""

    def __init__(self, width: int) -> None:
        # A database without a name is private, and deleted with the process.
        self._link = sqlite3.connect("", isolation_level=None)
        self._link.execute("pragma journal_mode = off")
        self._link.execute("pragma synchronous = off")
        self._link.execute("begin")
        columns = [f"part_{place}" for place in range(width)]
        self._order = ", ".join([*columns, "identity"])
        self._link.execute(
            f"create table records ({''.join(f'{name}, ' for name in columns)}"
            "identity text primary key, line blob) without rowid"
        )
        self._insert = f"insert or ignore into records values ({'?, ' * width}?, ?)"  # values only

    def add(self, key: Sequence[Any], record: Any) -> bool:
        """Keep a record; False if another one, with other content, has its key."""
        identity = written(list(key)).encode("utf-8", "backslashreplace")
        line = written(record).encode("utf-8", "backslashreplace")
        values = [*(_sortable(part) for part in key), identity, line]
        if self._link.execute(self._insert, values).rowcount:
            return True
        found = self._link.execute("select line from records where identity = ?", (identity,))
        return bool(found.fetchone()[0] == line)

    def count(self) -> int:
        """How many records there are."""
        count: int = self._link.execute("select count(*) from records").fetchone()[0]
        return count

    def are_all_equal(self) -> bool:
        """Whether all records have the same content."""
        found = self._link.execute("select distinct line from records limit 2").fetchall()
        return len(found) < 2

    def lines(self) -> Iterator[bytes]:
        """The records in the order of their keys, one JSON text per line."""
        for (line,) in self._link.execute(f"select line from records order by {self._order}"):
            yield line + b"\n"

    def marked_lines(self) -> Iterator[tuple[str, str, bytes]]:
        """The same, each after the first two parts of its key."""
        query = f"select part_0, part_1, line from records order by {self._order}"
        for mark, text, line in self._link.execute(query):
            yield mark, text, line + b"\n"

    def last(self, up_to: str) -> str:
        """The highest first part of a key that is not above a text; empty if there is none."""
        query = "select max(part_0) from records where part_0 <= ?"
        found: str | None = self._link.execute(query, (up_to,)).fetchone()[0]
        return found or ""

    def has_all_of(self, other: RecordStore, up_to: str) -> bool:
        """Whether each record of another store whose first part is not above a text is here."""
        wanted = "select identity from records where part_0 <= ?"
        known = "select 1 from records where identity = ?"
        return all(
            self._link.execute(known, identity).fetchone() is not None
            for identity in other._link.execute(wanted, (up_to,))
        )

    def close(self) -> None:
        """Delete them."""
        self._link.close()


def _sortable(value: Any) -> int | float | str:
    """A value of a key as SQLite orders it: numbers by size, then texts by their characters."""
    if isinstance(value, int) and value in _INT64:
        return int(value)
    if isinstance(value, Number):
        is_whole = len(value) < 20 and value.lstrip("-").isdecimal() and int(value) in _INT64
        return int(value) if is_whole else float(value)
    text = value if isinstance(value, str) else written(value)
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
