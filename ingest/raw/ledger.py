"""The ledger of every version of every file: read as far as a load needs it, written per file."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Literal

import psycopg2
from psycopg2.extras import execute_values

from ingest.raw.session import open_connection
from ingest.raw.watermarks import LastReading, last_reading

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection
    from psycopg2.extensions import cursor as Cursor

    from ingest.contract.feeds import Feed

PAGE = 1000
_LOADED = ("loaded", "superseded")

LedgerStatus = Literal["loaded", "superseded", "duplicate", "quarantined", "erasure", "dismissed"]
"""The status of a version in the ledger. `erasure`: not a version, but the record that the rows of
one were erased; `dismissed`: quarantined, and removed from the list for good."""

EntryStatus = Literal["loaded", "superseded", "duplicate", "quarantined", "erasure"]
"""The status that is written for a version or an erasure."""

_Row = tuple[str, str, str, str, LedgerStatus, int, int]
"""Feed, path, sha256, logical file, status, id and row count."""
_Version = tuple[int, str, LedgerStatus, int]
"""The fields of a Version."""
_Twin = tuple[str, str]
"""Logical file and path of a current version."""

MOST_LOOKED_UP = 1000
"""From here on it is quicker to read all rows of the feeds."""
_AT_ONCE = 100_000
"""Rows that PostgreSQL joins to one value, which may have up to 1 GB."""
_UNANALYZED = 0.01
"""The share of new rows from which on the statistics are refreshed."""
_BEGINNING = 16
"""Letters of a hash that tell contents apart but for an accident, which does no harm."""

# Not resolved by the same content under another name, nor by a later file of the same path or the
# same branch and day.
IS_OPEN = """
files.status = 'quarantined'
and files.dismissed_at is null
and not exists (
    select
    from raw.ingest_files as later
    where
        later.feed = files.feed
        and later.status in ('loaded', 'superseded')
        and (
            later.sha256 = files.sha256
            or (
                later.file_id > files.file_id
                -- Not by an empty version, which takes the place of one that was withdrawn.
                and later.row_count > 0
                and (later.path = files.path or later.logical_file = files.logical_file)
            )
        )
)
"""


@dataclass(frozen=True)
class NewEntry:
    """A row to be written into raw.ingest_files."""

    file_id: int
    feed: str
    path: str
    logical_file: str
    branch: str | None
    business_date: date | None
    sha256: str
    size: int
    status: EntryStatus
    reason: str | None
    modified_at: datetime
    seen_at: datetime
    load_id: str
    row_count: int = 0
    rejected_count: int = 0
    cursor_after: str | None = None
    cursor_up_to: str | None = None
    covers: str | None = None
    """What a file of the feed covers, as the feed declares it."""
    superseded_by: int | None = None
    """Set if it is superseded at once, by a version that was loaded earlier."""


@dataclass(frozen=True)
class Place:
    """The content found at a path; by the fingerprint it is recognised without being read."""

    feed: str
    path: str
    fingerprint: str
    sha256: str

    def row(self) -> tuple[str, str, str, str]:
        """As a row of raw.ingest_paths."""
        return (self.feed, self.path, self.fingerprint, self.sha256)


@dataclass(frozen=True)
class Version:
    """One loaded or superseded version of a logical file."""

    file_id: int
    path: str
    status: LedgerStatus
    rows: int


@dataclass(frozen=True)
class Portion:
    """A part of a table between two values of its cursor column, as loaded before."""

    path: str
    after: str | None
    up_to: str
    status: LedgerStatus


@dataclass(frozen=True)
class Glance:
    """What a load knows of a long history before it looks anything up, by feed."""

    done: dict[str, dict[str, str]] = field(default_factory=dict)
    """Paths whose content is known and not in quarantine, and the fingerprints of that content."""
    contents: dict[str, set[str]] = field(default_factory=dict)
    """The beginnings of the hashes of all current versions."""


class Ledger:
    """The part of the ledger that a load needs.

    Of a long history that is little: a glance tells which files need no second look, and of the
    others the rows are looked up. All rows of a feed are read where a load asks for many.
    """

    def __init__(self) -> None:
        self._seen: dict[tuple[str, str, str], tuple[LedgerStatus, int]] = {}
        self._versions: dict[tuple[str, str], dict[str, _Version]] = {}
        self._places: dict[tuple[str, str], tuple[str, str]] = {}
        self._logical_files: dict[tuple[str, str], list[str]] = {}
        self._portions: dict[str, dict[str, Portion]] = {}
        self._erased: set[tuple[str, str]] = set()
        self._connection: Connection | None = None
        self._begin: Callable[[], None] = lambda: None
        self._in_part: set[str] = set()
        """Feeds of which not all rows are here, but all that were looked up."""
        self._glance = Glance()
        self._twins: dict[str, dict[str, list[_Twin]]] = {}

    @classmethod
    def read(
        cls,
        connection: Connection,
        feeds: Iterable[str],
        glance: Glance,
        begin: Callable[[], None] = lambda: None,
    ) -> Ledger:
        """A ledger that looks up the rows of these feeds; empty before the table exists.

        `begin` is called before the connection is used while files are being written.
        """
        ledger = cls()
        if not table_exists(connection):
            return ledger
        ledger._connection, ledger._begin, ledger._glance = connection, begin, glance
        names = list(feeds)
        if not _has_column(connection, "erased_by"):
            # A dry run finds a warehouse of an older version.
            ledger.read_all_of(names)
            return ledger
        ledger._in_part.update(names)
        with connection.cursor() as cursor:
            # The index of erasures tells whether there is any.
            cursor.execute(
                "select feed, sha256 from raw.ingest_files"
                " where feed = any(%s) and erased_by is not null"
                " and exists (select from raw.ingest_files where status = 'erasure')",
                (names,),
            )
            ledger._erased.update(cursor)
        return ledger

    def read_rest_of(self, feeds: Collection[str]) -> None:
        """Read all rows of those of these feeds of which only a part is here."""
        missing = self._in_part.intersection(feeds)
        if missing:
            self.read_all_of(missing)

    def read_all_of(self, feeds: Collection[str]) -> None:
        """Read all rows of these feeds, before anything is added to them."""
        connection = self._connection
        if connection is None:
            return
        self._in_part.difference_update(feeds)
        names = list(feeds)
        with connection.cursor() as cursor:
            # A dry run may find a warehouse of the first version, without paths and dismissals.
            has_paths = table_exists(connection, "ingest_paths")
            has_portions = _has_column(connection, "cursor_upto")
            bounds = "cursor_after, cursor_upto" if has_portions else "null, null"
            is_erased = "erased_by is not null" if _has_column(connection, "erased_by") else "false"
            cursor.execute(
                f"select {_columns(is_closed=has_paths)}, {bounds}, {is_erased}"
                " from raw.ingest_files as files where feed = any(%s) order by file_id",
                (names,),
            )
            found = cursor.fetchall()
            rows = [row[:7] for row in found]
            self._note_contents(rows)
            self._note_versions(rows)
            for feed, path, sha256, _, status, _, _, after, up_to, erased in found:
                if erased:
                    self._erased.add((feed, sha256))
                if up_to is not None:
                    portion = Portion(path, after, up_to, status)
                    self._portions.setdefault(feed, {})[path] = portion
            if has_paths:
                cursor.execute(
                    "select feed, path, fingerprint, sha256 from raw.ingest_paths"
                    " where feed = any(%s)",
                    (names,),
                )
                self._note_places(cursor)

    def look_up_paths(self, paths: Collection[tuple[str, str]]) -> None:
        """Read what was found at these paths, of (feed, path)."""
        for cursor, feeds, texts in self._to_look_up(paths):
            cursor.execute(_rows_of("path"), (feeds, texts))
            self._note_contents(cursor.fetchall())
            cursor.execute(
                "select feed, path, fingerprint, sha256 from raw.ingest_paths"
                " where feed = any(%s) and path = any(%s)",
                (feeds, texts),
            )
            self._note_places(cursor)

    def look_up_versions(self, logical_files: Collection[tuple[str, str]]) -> None:
        """Read the versions of these logical files, of (feed, logical file)."""
        for cursor, feeds, texts in self._to_look_up(logical_files):
            cursor.execute(_rows_of("logical_file"), (feeds, texts))
            self._note_versions(cursor.fetchall())

    def _to_look_up(
        self, asked: Collection[tuple[str, str]]
    ) -> Iterator[tuple[Cursor, list[str], list[str]]]:
        """A cursor, and feeds and texts of what is not here yet, if it is worth looking up."""
        missing = {(feed, text) for feed, text in asked if feed in self._in_part}
        if len(missing) > MOST_LOOKED_UP:
            self.read_all_of({feed for feed, _ in missing})
        elif missing and self._connection is not None:
            with self._connection.cursor() as cursor:
                yield cursor, list({feed for feed, _ in missing}), [text for _, text in missing]

    def _note_contents(self, rows: Iterable[_Row]) -> None:
        """Note rows in the order of their ids. A hundred thousand may be known: no object each."""
        seen = self._seen
        for feed, path, sha256, _, status, file_id, _ in rows:
            seen[feed, path, sha256] = (status, file_id)

    def _note_versions(self, rows: Iterable[_Row]) -> None:
        """The same: all rows of a logical file, or the newest one."""
        versions_of, logical_files = self._versions, self._logical_files
        for feed, path, sha256, logical_file, status, file_id, row_count in rows:
            if status in _LOADED:
                versions = versions_of.get((feed, logical_file))
                if versions is None:
                    versions_of[feed, logical_file] = versions = {}
                if sha256 not in versions:
                    logical_files.setdefault((feed, sha256), []).append(logical_file)
                versions[sha256] = (file_id, path, status, row_count)

    def _note_places(self, rows: Iterable[tuple[str, ...]]) -> None:
        for feed, path, fingerprint, sha256 in rows:
            self._places[feed, path] = (fingerprint, sha256)

    def done(self, feed: str) -> dict[str, str]:
        """Paths that need no look while the fingerprint is this one and the file is settled."""
        return self._glance.done.get(feed, {})

    def content_at(self, feed: str, path: str, fingerprint: str) -> str | None:
        """The sha256 of the content at a path, if its fingerprint is the recorded one."""
        noted, sha256 = self._places.get((feed, path), ("", ""))
        return sha256 if noted == fingerprint else None

    def fingerprint_at(self, feed: str, path: str) -> str | None:
        """The fingerprint of the content last found at a path, whatever its outcome."""
        return self._places.get((feed, path), (None, ""))[0]

    def last_content(self, feed: str, path: str) -> str | None:
        """The sha256 of the content last found at a path, whatever its outcome."""
        return self._places.get((feed, path), ("", None))[1]

    def last_reading(self, feed: str, folder: str) -> LastReading | None:
        """How far the watermarked table with this folder was read; None before its first load."""
        connection = self._connection
        if connection is None or not table_exists(connection, "ingest_comparisons"):
            return None
        return last_reading(connection, feed, folder)

    def has_current(self, feed: str, path: str) -> bool:
        """Whether there is a current version at a path of the ledger; an empty one, if what was
        loaded there was withdrawn."""
        if feed in self._in_part and self._connection is not None:
            with self._connection.cursor() as cursor:
                # By the index of contents, which does not have superseded ones.
                cursor.execute(
                    f"select {_columns()} from raw.ingest_files as files"
                    " where feed = %s and md5(path) = md5(%s) and path = %s"
                    " and status <> 'superseded' order by file_id",
                    (feed, path, path),
                )
                self._note_contents(cursor.fetchall())
        return any(
            (owner, where, status) == (feed, path, "loaded")
            for (owner, where, _), (status, _) in self._seen.items()
        )

    def portions(self, feed: str) -> list[Portion]:
        """The portions of the feed's table so far."""
        return list(self._portions.get(feed, {}).values())

    def current_paths(self, feed: str, *, with_rows: bool = False) -> list[str]:
        """The paths of all current versions of the feed, or of those with rows."""
        return [
            path
            for (owner, _), versions in self._versions.items()
            if owner == feed
            for _, path, status, rows in versions.values()
            if status == "loaded" and (rows or not with_rows)
        ]

    def has_any_of(self, feed: str, path: str, file_ids: Collection[int]) -> bool:
        """Whether one of these ids belongs to a quarantined file with this path."""
        return any(
            file_id in file_ids
            for (owner, where, _), (status, file_id) in self._seen.items()
            if (owner, where, status) == (feed, path, "quarantined")
        )

    def was_erased(self, feed: str, sha256: str) -> bool:
        """Whether rows of this content were erased, under any path."""
        return (feed, sha256) in self._erased

    def status_of(self, feed: str, path: str, sha256: str) -> LedgerStatus | None:
        """The status of this content under this path, if it has been seen."""
        return self._seen.get((feed, path, sha256), (None, 0))[0]

    def quarantined_as(self, feed: str, path: str, sha256: str) -> int | None:
        """The id under which this content is quarantined under this path, if it is."""
        status, file_id = self._seen.get((feed, path, sha256), (None, 0))
        return file_id if status == "quarantined" else None

    def version(self, feed: str, logical_file: str, sha256: str) -> Version | None:
        """The version of the logical file that has this content, if it was ever loaded."""
        found = self._versions.get((feed, logical_file), {}).get(sha256)
        return None if found is None else Version(*found)

    def twins(self, feed: str, logical_file: str, sha256: str) -> Iterator[str]:
        """The paths of the current versions of other logical files that have this content."""
        for other in self._logical_files.get((feed, sha256), ()):
            version = Version(*self._versions[feed, other][sha256])
            if other != logical_file and version.status == "loaded":
                yield version.path
        if feed in self._in_part and sha256[:_BEGINNING] in self._glance.contents.get(feed, ()):
            for other, path in self._twins_in(feed).get(sha256, ()):
                # What was looked up may be superseded by now.
                if other != logical_file and (feed, other) not in self._versions:
                    yield path

    def _twins_in(self, feed: str) -> dict[str, list[_Twin]]:
        """Logical files and paths of the feed's current versions by content; read once."""
        twins = self._twins.get(feed)
        if twins is None:
            assert self._connection is not None, "a part of a ledger was read from somewhere"
            twins = self._twins[feed] = {}
            self._begin()
            with self._connection.cursor() as cursor:
                cursor.execute(
                    "select sha256, logical_file, path from raw.ingest_files"
                    " where feed = %s and status = 'loaded' order by file_id",
                    (feed,),
                )
                for sha256, logical_file, path in cursor:
                    twins.setdefault(sha256, []).append((logical_file, path))
        return twins

    def current(self, feed: str, logical_file: str) -> Version | None:
        """The current version of the logical file."""
        for found in self._versions.get((feed, logical_file), {}).values():
            version = Version(*found)
            if version.status == "loaded":
                return version
        return None

    def add(self, entry: NewEntry) -> None:
        """Add what is being written (or, in a dry run, would be)."""
        if entry.status == "loaded":
            versions = self._versions.get((entry.feed, entry.logical_file), {})
            for sha256, (file_id, path, status, rows) in versions.items():
                if status == "loaded":
                    versions[sha256] = (file_id, path, "superseded", rows)
        row = (
            entry.feed,
            entry.path,
            entry.sha256,
            entry.logical_file,
            entry.status,
            entry.file_id,
            entry.row_count,
        )
        self._note_contents([row])
        self._note_versions([row])


def glance_at(database_url: str, feeds: Iterable[str]) -> Glance:
    """A glance at the rows of these feeds.

    Through a connection of its own, so that it can be taken while the inbox is listed, before other
    loads are locked out: files that they load meanwhile are not done yet, and are looked up. Raises
    psycopg2's errors.
    """
    glance, names = Glance(), list(feeds)
    with closing(open_connection(database_url)) as connection:
        if not table_exists(connection, "ingest_paths"):
            return glance
        with connection.cursor() as cursor:
            # Without statistics, after the first load, PostgreSQL would compare each with each.
            cursor.execute("set enable_nestloop = off")
            cursor.execute(
                f"""
                select files.feed, array_agg(paths.path), array_agg(paths.fingerprint)
                from raw.ingest_files as files
                inner join raw.ingest_paths as paths using (feed, path, sha256)
                where
                    files.feed = any(%s)
                    and files.status <> 'quarantined'
                    and not exists (
                        select
                        from raw.ingest_files as others
                        where
                            others.status = 'quarantined'
                            and others.feed = files.feed
                            and others.path = files.path
                            and others.sha256 = files.sha256
                    )
                group by files.feed, files.file_id / {_AT_ONCE}
                """,
                (names,),
            )
            for feed, paths, fingerprints in cursor.fetchall():
                glance.done.setdefault(feed, {}).update(zip(paths, fingerprints, strict=True))
            cursor.execute(
                f"""
                select feed, string_agg(left(sha256, {_BEGINNING}), ' ')
                from raw.ingest_files
                where feed = any(%s) and status = 'loaded'
                group by feed, file_id / {_AT_ONCE}
                """,
                (names,),
            )
            for feed, contents in cursor.fetchall():
                glance.contents.setdefault(feed, set()).update(contents.split())
    return glance


def _columns(*, is_closed: bool = True) -> str:
    """The columns of a _Row; `is_closed`: the ledger has dismissals."""
    # What is dismissed or resolved is not retried: its figures are older.
    condition = f"files.status = 'quarantined' and not ({IS_OPEN})" if is_closed else "false"
    return f"""
        files.feed, files.path, files.sha256, files.logical_file,
        case when {condition} then 'dismissed' else files.status end,
        files.file_id, files.row_count
    """


def _rows_of(column: str) -> str:
    """A query of the rows with one of these feeds, and one of these texts in a column."""
    return f"""
        select {_columns()}
        from raw.ingest_files as files
        where files.feed = any(%s) and files.{column} = any(%s)
        order by files.file_id
    """


def table_exists(connection: Connection, table: str = "ingest_files") -> bool:
    """Whether the database has the ledger (or another table of schema raw) yet."""
    with connection.cursor() as cursor:
        cursor.execute("select to_regclass(%s) is not null", (f"raw.{table}",))
        return bool((cursor.fetchone() or (False,))[0])


def is_empty(connection: Connection) -> bool:
    """Whether the ledger has no row yet."""
    with connection.cursor() as cursor:
        cursor.execute("select not exists (select from raw.ingest_files)")
        return bool((cursor.fetchone() or (False,))[0])


def _has_column(connection: Connection, column: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "select exists (select from pg_attribute where attname = %s"
            " and attrelid = to_regclass('raw.ingest_files'))",
            (column,),
        )
        return bool((cursor.fetchone() or (False,))[0])


def written(connection: Connection, file_ids: Collection[int]) -> set[int]:
    """Which of these ids the ledger has, after a connection broke during a commit."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select file_id from raw.ingest_files where file_id = any(%s)", (list(file_ids),)
        )
        return {int(file_id) for (file_id,) in cursor.fetchall()}


def reserve_file_ids(connection: Connection, count: int) -> Iterator[int]:
    """Reserve ids for ledger rows: a file's rows need the id before the ledger row is written."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select nextval(pg_get_serial_sequence('raw.ingest_files', 'file_id'))"
            " from generate_series(1, %s)",
            (count,),
        )
        return iter([int(file_id) for (file_id,) in cursor.fetchall()])


def write_entries(cursor: Cursor, entries: Sequence[NewEntry], places: Sequence[Place]) -> None:
    """Write ledger rows and the content found at paths, inside the caller's transaction.

    A quarantined row of the same path and content is deleted (it was retried), and a loaded one
    supersedes the current version of its logical file.
    """
    if entries:
        _make_room(cursor, entries)
        _insert(cursor, entries)
    if places:
        execute_values(
            cursor,
            """
            insert into raw.ingest_paths (feed, path, fingerprint, sha256) values %s
            on conflict (feed, md5(path)) do update set
                path = excluded.path,
                fingerprint = excluded.fingerprint,
                sha256 = excluded.sha256,
                seen_at = current_timestamp
            """,
            list({(place.feed, place.path): place.row() for place in places}.values()),
            page_size=PAGE,
        )


def _make_room(cursor: Cursor, entries: Sequence[NewEntry]) -> None:
    cursor.execute(
        """
        delete from raw.ingest_files as old
        using unnest(%s::text[], %s::text[], %s::text[]) as new (feed, path, sha256)
        where
            old.feed = new.feed
            and md5(old.path) = md5(new.path)
            and old.path = new.path
            and old.sha256 = new.sha256
            and old.status = 'quarantined'
        """,
        (
            [entry.feed for entry in entries],
            [entry.path for entry in entries],
            [entry.sha256 for entry in entries],
        ),
    )
    firsts: dict[tuple[str, str], int] = {}
    for entry in entries:
        if entry.status == "loaded":
            firsts.setdefault((entry.feed, entry.logical_file), entry.file_id)
    if firsts:
        cursor.execute(
            """
            update raw.ingest_files as old
            set
                status = 'superseded',
                superseded_by = new.file_id,
                superseded_at = current_timestamp
            from unnest(%s::text[], %s::text[], %s::bigint[])
                as new (feed, logical_file, file_id)
            where
                old.feed = new.feed
                and md5(old.logical_file) = md5(new.logical_file)
                and old.logical_file = new.logical_file
                and old.status = 'loaded'
            """,
            (
                [feed for feed, _ in firsts],
                [logical_file for _, logical_file in firsts],
                list(firsts.values()),
            ),
        )


def _insert(cursor: Cursor, entries: Sequence[NewEntry]) -> None:
    # If several versions of one logical file are written together, each is superseded by the next.
    next_one: dict[tuple[str, str], int] = {}
    rows = []
    for entry in reversed(entries):
        superseded_by = entry.superseded_by
        if entry.status == "loaded":
            key = (entry.feed, entry.logical_file)
            superseded_by = next_one.get(key)
            next_one[key] = entry.file_id
        rows.append(
            (
                entry.file_id,
                entry.feed,
                entry.path,
                entry.logical_file,
                entry.branch,
                entry.business_date,
                entry.sha256,
                entry.size,
                entry.row_count,
                entry.rejected_count,
                entry.status if superseded_by is None else "superseded",
                entry.reason,
                superseded_by,
                entry.modified_at,
                entry.seen_at,
                entry.status in ("loaded", "superseded"),
                superseded_by is not None,
                entry.load_id,
                entry.cursor_after,
                entry.cursor_up_to,
                entry.covers,
            )
        )
    # _loaded_at of the rows is the same current_timestamp.
    execute_values(
        cursor,
        """
        insert into raw.ingest_files (
            file_id, feed, path, logical_file, branch, business_date, sha256, bytes, row_count,
            rejected_count, status, reason, superseded_by, file_modified_at, seen_at, loaded_at,
            superseded_at, load_id, cursor_after, cursor_upto, covers
        )
        overriding system value
        values %s
        """,
        rows[::-1],
        template="("
        + "%s, " * 15
        + "case when %s then current_timestamp end, " * 2
        + "%s, %s, %s, %s)",
        page_size=PAGE,
    )


def update_reason(cursor: Cursor, entry: NewEntry) -> None:
    """Update the reason of a file that was quarantined before and still is."""
    cursor.execute(
        """
        update raw.ingest_files
        set reason = %s, seen_at = %s, load_id = %s
        where
            feed = %s and md5(path) = md5(%s) and path = %s and sha256 = %s
            and status = 'quarantined'
        """,
        (
            entry.reason,
            entry.seen_at,
            entry.load_id,
            entry.feed,
            entry.path,
            entry.path,
            entry.sha256,
        ),
    )


def note_what_files_cover(cursor: Cursor, feeds: Iterable[Feed]) -> set[str]:
    """Record what the files of each feed cover, as declared now; return the feeds with rows for
    which that changed."""
    declared = list(feeds)
    cursor.execute(
        """
        update raw.ingest_files as files
        set covers = declared.covers
        from unnest(%s::text[], %s::text[]) as declared (feed, covers)
        where files.feed = declared.feed and files.covers is distinct from declared.covers
        returning files.feed, files.row_count
        """,
        ([feed.name for feed in declared], [feed.covers for feed in declared]),
    )
    return {feed for feed, rows in cursor.fetchall() if rows}


def refresh_statistics(connection: Connection, written: int) -> None:
    """Analyze the ledger, which most queries of a build join, where it grew by `written` rows.

    Until autovacuum does, PostgreSQL plans for an empty one: the first build of a shop's year then
    took a minute longer. Of a long history the statistics are as good as before. An error here does
    no harm; autovacuum will do it.
    """
    with suppress(psycopg2.Error), connection.cursor() as cursor:
        cursor.execute(
            "select reltuples * %s < %s from pg_class where oid = to_regclass('raw.ingest_files')",
            (_UNANALYZED, written),
        )
        if cursor.fetchone() == (True,):
            cursor.execute("analyze raw.ingest_files")
