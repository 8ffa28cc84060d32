"""Withdraw or erase a file that should never have been loaded.

The rows of a withdrawn file do not count any more, but stay in raw. Erased rows are deleted from
raw for good, and with the next run from everything built from them.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timezone
from typing import TYPE_CHECKING, Literal

import psycopg2
from psycopg2 import sql

from base.errors import BranchlineError
from base.schemas import RAW
from ingest.cards import mask_text
from ingest.contract.connections import source_of
from ingest.raw.ledger import NewEntry, reserve_file_ids, write_entries
from ingest.raw.migrations import is_ready
from ingest.raw.session import Session, locked, transaction
from ingest.raw.tables import new_load_id
from ingest.raw.watermarks import compare_again

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection


@dataclass(frozen=True)
class Withdrawn:
    """A withdrawn file, and how many rows it had."""

    path: str
    feed: str
    rows: int


@dataclass(frozen=True)
class Erased:
    """A version of a file whose rows and rejected lines are erased, or could be."""

    file_id: int
    path: str
    feed: str
    rows: int
    rejects: int


@dataclass(frozen=True)
class _Version:
    """A version of a file in the ledger."""

    file_id: int
    path: str
    feed: str
    logical_file: str
    branch: str | None
    business_date: date | None
    status: str
    rows: int
    rejects: int

    @property
    def counts(self) -> bool:
        """Whether rows of it count; the current version of a withdrawn file is empty."""
        return self.status == "loaded" and self.rows > 0


# The longest number that the ledger can have. A path begins with the folder of its source.
_NUMBER = re.compile(r"[1-9][0-9]{0,17}")
_VERSIONS = """
select
    file_id, path, feed, logical_file, branch, business_date, status, row_count, rejected_count
from raw.ingest_files
where
    status in ('loaded', 'superseded')
    and (path = any(%s) or file_id = any(%s) or path ^@ any(%s::text[]))
order by file_id
"""

_SAME_CONTENT = """
with named as (
    select sha256, path = any(%s) or file_id = any(%s) as is_named, file_id, path, feed,
        row_count, rejected_count
    from raw.ingest_files
    where status in ('loaded', 'superseded')
)
select file_id, path, feed, row_count, rejected_count
from named
where not is_named and row_count + rejected_count > 0
    and sha256 in (select sha256 from named where is_named)
order by path, file_id
"""


def withdraw(
    database_url: str,
    paths: Sequence[str],
    because: str,
    tell_waiting: Callable[[str], None],
    lock_timeout: float = 60,
    is_read: Callable[[str], bool] = lambda _: True,
) -> list[Withdrawn]:
    """Supersede the current version of each path by an empty one, all of them or none.

    `paths` as in the ledger, relative to the inbox, or folders with a `/` at the end; `because` is
    kept with the empty version; `is_read`: whether a load reads the table or API at a path.
    The files themselves may stay in the inbox: they are known and not loaded again.
    Raises BranchlineError for a path without a current version, and for a table that is read.
    """
    wanted = list(dict.fromkeys(paths))
    with locked(database_url, lock_timeout, tell_waiting) as session:
        _refuse_connected(wanted, is_read)
        versions = _versions(session, wanted, [])
        found = [version for version in versions if version.counts]
        _refuse_connected([version.path for version in found], is_read)
        missing = _missing(wanted, found)
        if missing:
            raise BranchlineError(
                f"No current file was loaded from {', '.join(missing)}; nothing was withdrawn.",
                "Write paths as `branchline load` prints them, relative to the inbox:"
                " branchline sql \"select path from raw.ingest_files where status = 'loaded'\"",
            )
        entries = list(_empty_versions(session.connection, found, because))
        with transaction(session.connection), session.connection.cursor() as cursor:
            write_entries(cursor, entries, [])
            # A watermarked table still has the rows, behind its watermark.
            compare_again(cursor, {entry.feed for entry in entries})
    return [Withdrawn(version.path, version.feed, version.rows) for version in found]


def erase(
    database_url: str,
    names: Sequence[str],
    because: str,
    tell_waiting: Callable[[str], None],
    lock_timeout: float = 60,
    is_read: Callable[[str], bool] = lambda _: True,
) -> tuple[list[Withdrawn], list[Erased]]:
    """Withdraw current versions, and delete the rows and rejected lines of these versions from raw.

    `names`: paths or folders as in `withdraw`, for all versions that were loaded from there, or
    numbers of versions in the ledger; `is_read` as there. Everything is one transaction. Versions
    erased already are skipped. The ledger keeps each version, without rows, and records the
    erasure, which makes the next build a full refresh. Raises BranchlineError for an unknown name,
    and for the current version of a table that is read.
    """
    wanted = list(dict.fromkeys(names))
    numbers = [int(name) for name in wanted if _NUMBER.fullmatch(name)]
    with locked(database_url, lock_timeout, tell_waiting) as session:
        connection = session.connection
        versions = _versions(session, wanted, numbers)
        by_number = {str(version.file_id) for version in versions}
        missing = [name for name in _missing(wanted, versions) if name not in by_number]
        if missing:
            raise BranchlineError(
                f"Nothing was ever loaded from {', '.join(missing)}; nothing was erased.",
                "Write paths as `branchline load` prints them, or the number of a version:"
                ' branchline sql "select file_id, path, status, row_count from raw.ingest_files"',
            )
        counting = [version for version in versions if version.counts]
        _refuse_connected([version.path for version in counting], is_read)
        full = [version for version in versions if version.rows or version.rejects]
        if not full:
            return [], []
        emptied = list(_empty_versions(connection, counting, because))
        notes = list(_erasures(connection, full, because))
        tables = _tables_of_lines(connection)
        ids = [version.file_id for version in full]
        with transaction(connection), connection.cursor() as cursor:
            write_entries(cursor, emptied, [])
            write_entries(cursor, notes, [])
            compare_again(cursor, {entry.feed for entry in emptied})
            cursor.execute(
                "update raw.ingest_files as files"
                " set row_count = 0, rejected_count = 0, erased_by = notes.erased_by"
                " from unnest(%s::bigint[], %s::bigint[]) as notes (file_id, erased_by)"
                " where files.file_id = notes.file_id",
                (ids, [note.file_id for note in notes]),
            )
            for table in tables:
                cursor.execute(
                    sql.SQL("delete from {} where _file_id = any(%s)").format(table), (ids,)
                )
        _forget_deleted(connection, tables)
    return (
        [Withdrawn(version.path, version.feed, version.rows) for version in counting],
        [
            Erased(version.file_id, version.path, version.feed, version.rows, version.rejects)
            for version in full
        ],
    )


def same_content(connection: Connection, names: Sequence[str]) -> list[Erased]:
    """Other versions with stored rows or rejected lines and the same content as those that `erase`
    would erase by these names: a file that was sent twice must be erased twice."""
    numbers = [int(name) for name in names if _NUMBER.fullmatch(name)]
    with connection.cursor() as cursor:
        cursor.execute(_SAME_CONTENT, (list(names), numbers))
        return [Erased(*row) for row in cursor.fetchall()]


def _refuse_connected(paths: Sequence[str], is_read: Callable[[str], bool]) -> None:
    for path in paths:
        source = source_of(path)
        if source is not None and not path.endswith("/") and is_read(path):
            raise BranchlineError(
                f"{path} is read from {source}; nothing was withdrawn.",
                "Change the rows there; the next load reads its new content. Earlier versions can"
                " be erased by their numbers in the ledger.",
            )


def _missing(names: Sequence[str], versions: Sequence[_Version]) -> list[str]:
    """The paths and folders from which none of these versions was loaded."""
    paths = {version.path for version in versions}
    return [
        name
        for name in names
        if name not in paths
        and not (name.endswith("/") and any(path.startswith(name) for path in paths))
    ]


def _versions(session: Session, names: Sequence[str], numbers: Sequence[int]) -> list[_Version]:
    """The versions loaded from these paths and folders, or with these numbers in the ledger."""
    if not is_ready(session.connection):
        return []
    folders = [name for name in names if name.endswith("/")]
    with session.connection.cursor() as cursor:
        cursor.execute(_VERSIONS, (list(names), list(numbers), folders))
        return [_Version(*row) for row in cursor.fetchall()]


def _empty_versions(
    connection: Connection, versions: Sequence[_Version], because: str
) -> Iterator[NewEntry]:
    """The empty versions that supersede current ones."""
    reason = f"withdrawn: {mask_text(because)}"
    load_id = new_load_id()
    for file_id, version in zip(reserve_file_ids(connection, len(versions)), versions, strict=True):
        yield _entry(file_id, version, "loaded", reason, load_id)


def _erasures(
    connection: Connection, versions: Sequence[_Version], because: str
) -> Iterator[NewEntry]:
    """The ledger's records of the erasure, one per version."""
    load_id = new_load_id()
    for file_id, version in zip(reserve_file_ids(connection, len(versions)), versions, strict=True):
        reason = (
            f"erased: {version.rows} rows and {version.rejects} rejected lines of version"
            f" {version.file_id}: {mask_text(because)}"
        )
        yield _entry(file_id, version, "erasure", reason, load_id)


def _entry(
    file_id: int,
    version: _Version,
    status: Literal["loaded", "erasure"],
    reason: str,
    load_id: str,
) -> NewEntry:
    now = datetime.now(timezone.utc)
    return NewEntry(
        file_id=file_id,
        feed=version.feed,
        path=version.path,
        logical_file=version.logical_file,
        branch=version.branch,
        business_date=version.business_date,
        # The hash of no file and no other entry.
        sha256=hashlib.sha256(f"withdrawn {file_id}".encode()).hexdigest(),
        size=0,
        status=status,
        reason=reason,
        modified_at=now,
        seen_at=now,
        load_id=load_id,
    )


def _tables_of_lines(connection: Connection) -> list[sql.Composable]:
    """Every raw table that holds lines of files, also of undeclared feeds."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select relname from pg_class"
            " inner join pg_namespace on relnamespace = pg_namespace.oid"
            " inner join pg_attribute on attrelid = pg_class.oid"
            " where nspname = %s and relkind in ('r', 'p') and attname = '_file_id'"
            " order by relname",
            (RAW,),
        )
        return [sql.Identifier(RAW, name) for (name,) in cursor.fetchall()]


def _forget_deleted(connection: Connection, tables: Sequence[sql.Composable]) -> None:
    """Vacuum the tables, and remove statistics about the values of deleted rows.

    If this fails, autovacuum does it later.
    """
    with suppress(psycopg2.Error), connection.cursor() as cursor:
        for table in tables:
            cursor.execute(sql.SQL("vacuum (analyze) {}").format(table))
