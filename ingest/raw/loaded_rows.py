"""The rows of a watermarked table that were loaded last, to compare its rows with.

Rows are compared as COPY text, in which card numbers are tokens and other protected values are
masked: no value of the table is kept for a comparison that is not kept as a row.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from typing import TYPE_CHECKING

from psycopg2 import sql

from base.schemas import RAW
from ingest.contract.feeds import ADDRESS_COLUMNS, Feed
from ingest.contract.file_errors import UnreadableFileError
from ingest.persons import ERASED
from ingest.raw.copied_lines import CopiedLines
from ingest.raw.rows import OWN_COLUMNS
from ingest.raw.watermarks import Changes

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

_CURRENT = sql.SQL("files.feed = {feed} and files.status = 'loaded' and files.path ^@ {folder}")
# COPY writes these with a backslash; a load writes them as they are.
_WRITTEN = re.compile(rb"\\([bfv\\])")
_AS_THEY_ARE = {b"b": b"\b", b"f": b"\f", b"v": b"\v", b"\\": b"\\\\"}
_ESCAPED = re.compile(rb"\\(.)")
_SIGNS = {b"t": b"\t", b"n": b"\n", b"r": b"\r"}
_ADDRESS, _, _SHAPE = ADDRESS_COLUMNS


class LoadedRows:
    """For each record of a watermarked table, the row that was loaded last for it.

    It notes which of them a reading has, in a bit per line of their files.
    """

    def __init__(
        self,
        connection: Connection,
        feed: Feed,
        changes: Changes,
        is_erased: Callable[[str, str], bool],
    ) -> None:
        """`connection`: no other use may be made of it meanwhile. `is_erased`: whether a malformed
        line was erased, by its reason and text."""
        self._connection = connection
        self._feed = feed
        self.changes = changes
        self._is_erased = is_erased
        self._names = {
            "table": sql.Identifier(RAW, feed.table),
            "current": _CURRENT.format(
                feed=sql.Literal(feed.name), folder=sql.Literal(changes.folder)
            ),
        }
        self._seen: dict[int, bytearray] = {}
        self._rejects: set[bytes] | None = None
        with connection.cursor() as cursor:
            cursor.execute(
                "select attname from pg_attribute where attrelid = to_regclass(%s)"
                " and attnum > 0 and not attisdropped",
                (f'{RAW}."{feed.table}"',),
            )
            self._columns = {str(name) for (name,) in cursor.fetchall()}
            # By the index, whatever the statistics are: they may be those of an empty table.
            cursor.execute("set enable_seqscan = off; set jit = off")

    def changed(self, columns: Sequence[str], lines: Sequence[bytes]) -> list[bytes]:
        """Those of the lines, as COPY text of these columns, that are new or differ from the row
        that was loaded last.

        Raises UnreadableFileError if two lines of the reading are one record.
        """
        own = len(OWN_COLUMNS)
        assert tuple(columns[-own:]) == OWN_COLUMNS, "a row ends with the loader's own columns"
        names = columns[:-own]
        places = [n for n, name in enumerate(names) if name not in self.changes.lacks]
        compared = [names[place] for place in places]
        parts = [line.rsplit(b"\t", own)[:2] for line in lines]
        loaded = self._loaded(compared, {part[1] for part in parts})
        kept = []
        for line, (cells, record) in zip(lines, parts, strict=True):
            found = loaded.get(record)
            if found is not None:
                file_id, line_number, before = found
                self._note(file_id, line_number)
                now = cells
                if len(places) < len(names):
                    split = cells.split(b"\t")
                    now = b"\t".join([split[place] for place in places])
                if now == before or self._differs_by_erasure(compared, now, before):
                    continue
            kept.append(line)
        return kept

    def new_rejects(self, lines: Sequence[bytes]) -> list[bytes]:
        """Those of the rejected lines, as COPY text, that were not rejected before."""
        if self._rejects is None:
            self._rejects = set()
            # feed, reason and line.
            self._copy(
                "select rejects.feed, rejects.reason, rejects.line"
                " from raw.ingest_rejects as rejects"
                " inner join raw.ingest_files as files on rejects._file_id = files.file_id"
                " where {current}",
                self._rejects,
            )
        new = [line for line in lines if line.rsplit(b"\t", 3)[0] not in self._rejects]
        kept = []
        for line in new:
            _, reason, text = map(_unescaped, line.split(b"\t", 3)[:3])
            if not self._is_erased(reason, text):
                kept.append(line)
        return kept

    def gone(self) -> list[tuple[int, int]]:
        """File and line of the rows that were loaded last, and are not in the complete reading."""
        found: list[tuple[int, int]] = []
        with self._connection.cursor() as cursor:
            cursor.execute("reset enable_seqscan")

        def take(line: bytes) -> None:
            file_id, line_number = map(int, line.split(b"\t"))
            if not self._has(file_id, line_number):
                found.append((file_id, line_number))

        self._copy_lines(
            """
            select distinct on (rows._record_id collate "C") rows._file_id, rows._line_number
            from {table} as rows
            inner join raw.ingest_files as files on rows._file_id = files.file_id
            where {current}
            order by rows._record_id collate "C", rows._file_id desc, rows._line_number desc
            """,
            CopiedLines(take),
        )
        return found

    def latest_are_gone(self) -> bool:
        """Whether none of the latest rows is in the reading, although all of them should be."""
        latest = self.changes.latest
        if latest is None or latest.column not in self._columns:
            return False
        lines: set[bytes] = set()
        self._copy(
            """
            select rows._line_number
            from {table} as rows
            where
                rows._file_id = {file_id}
                and rows.{column} collate "C" >= {since}
                and not exists (
                    select
                    from raw.ingest_gone_rows as gone
                    where
                        gone._file_id = rows._file_id
                        and gone._line_number = rows._line_number
                )
            """,
            lines,
            file_id=sql.Literal(latest.file_id),
            column=sql.Identifier(latest.column),
            since=sql.Literal(latest.since),
        )
        return bool(lines) and not any(self._has(latest.file_id, int(line)) for line in lines)

    def _differs_by_erasure(self, names: Sequence[str], now: bytes, before: bytes) -> bool:
        """Whether cells differ only in what was erased of an IP address by its age."""
        if self._feed.address_place is None:
            return False
        return all(
            (name == _ADDRESS and was.startswith(ERASED.encode())) or (name == _SHAPE and not was)
            for name, one, was in zip(names, now.split(b"\t"), before.split(b"\t"), strict=True)
            if one != was
        )

    def _loaded(
        self, names: Sequence[str], records: Collection[bytes]
    ) -> dict[bytes, tuple[int, int, bytes]]:
        """By record, as COPY text: file, line and cells of the row that was loaded last for it."""
        wanted = [_unescaped(record) for record in records if record]
        made: dict[bytes, tuple[int, int, bytes]] = {}

        def take(line: bytes) -> None:
            if b"\\" in line:
                line = _WRITTEN.sub(lambda found: _AS_THEY_ARE[found[1]], line)
            record, file_id, line_number, cells = line.split(b"\t", 3)
            made[record] = (int(file_id), int(line_number), cells)

        cells = [
            sql.Identifier("found", name) if name in self._columns else sql.SQL("null")
            for name in names
        ]
        self._copy_lines(
            """
            with found as materialized (
                select * from {table} where _record_id = any({wanted}) {or_null}
            )
            select distinct on (found._record_id)
                found._record_id, found._file_id, found._line_number, {cells}
            from found
            inner join raw.ingest_files as files on found._file_id = files.file_id
            where {current}
            order by found._record_id, found._file_id desc, found._line_number desc
            """,
            CopiedLines(take),
            wanted=sql.SQL("{}::text[]").format(sql.Literal(wanted)),
            or_null=sql.SQL("or _record_id is null" if b"" in records else ""),
            cells=sql.SQL(", ").join(cells),
        )
        return made

    def _copy(self, query: str, into: set[bytes], **names: sql.Composable) -> None:
        """Add the lines of a query's rows to a set."""
        self._copy_lines(query, CopiedLines(into.add), **names)

    def _copy_lines(self, query: str, into: CopiedLines, **names: sql.Composable) -> None:
        rows = sql.SQL(query).format(**self._names, **names)
        copy = sql.SQL("copy ({}) to stdout with (format text, null '')").format(rows)
        with self._connection.cursor() as cursor:
            cursor.copy_expert(copy, into)

    def _note(self, file_id: int, line_number: int) -> None:
        """Note that the reading has this row."""
        if self._has(file_id, line_number):
            columns = ", ".join(self._feed.key)
            raise UnreadableFileError(
                f"two rows of the table are one record by the key of feed {self._feed.name}"
                f" ({columns}), so that it cannot be seen which of them has changed; choose a key"
                " that identifies a row. If its numbers are masked, give the column protect: none"
            )
        bits = self._seen.setdefault(file_id, bytearray())
        place, bit = divmod(line_number, 8)
        if place >= len(bits):
            bits.extend(bytes(max(place + 1 - len(bits), len(bits))))
        bits[place] |= 1 << bit

    def _has(self, file_id: int, line_number: int) -> bool:
        bits = self._seen.get(file_id, b"")
        place, bit = divmod(line_number, 8)
        return place < len(bits) and bool(bits[place] & 1 << bit)


def _unescaped(text: bytes) -> str:
    """The text of a cell of COPY text."""
    if b"\\" in text:
        text = _ESCAPED.sub(lambda found: _SIGNS.get(found[1], found[1]), text)
    return text.decode("utf-8")
