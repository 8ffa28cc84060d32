"""What the ledger knows of watermarked tables: how far they were read, when they were compared."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection
    from psycopg2.extensions import cursor as Cursor


@dataclass(frozen=True)
class LastReading:
    """How far a watermarked table was read.

    `watermark`: the highest time of a change that was read, "" if no row had one. `file_id` and
    `rows`: of the last file. `compared_ago`: how long ago all rows of the table were compared with
    those loaded; None if they never were, or have to be again. `is_compared`: nothing was loaded
    since. `gone`: how many loaded rows the table did not have then.
    """

    watermark: str
    file_id: int
    rows: int
    compared_ago: timedelta | None
    is_compared: bool
    compared_at: datetime | None
    gone: int


@dataclass(frozen=True)
class LatestRows:
    """The rows that were loaded last and are expected in a reading: those of a file whose time of
    change, in a column of the raw table, is not before `since`."""

    file_id: int
    column: str
    since: str


@dataclass(frozen=True)
class Changes:
    """A reading of a watermarked table, of which only new and changed rows are loaded.

    `folder`: of its files in the ledger. `lacks`: columns of the raw table that it does not have
    now, which are not compared. `is_first`: nothing was loaded before. `is_complete`: it has all
    rows of the table. `latest`: None if they are not looked for.
    """

    folder: str
    lacks: frozenset[str] = frozenset()
    is_first: bool = False
    is_complete: bool = False
    latest: LatestRows | None = None


@dataclass(frozen=True)
class FullComparison:
    """The result of comparing all rows of a table with those loaded.

    `rows`: how many the table has; `changed`: how many of them were loaded because they were new or
    had changed; `gone`: file and line of the loaded rows that the table does not have any more.
    """

    feed: str
    folder: str
    watermark: str
    rows: int
    changed: int
    gone: Sequence[tuple[int, int]]
    load_id: str


def last_reading(connection: Connection, feed: str, folder: str) -> LastReading | None:
    """How far the table with this folder was read; None before its first load, and after all of its
    files were withdrawn."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            select
                case
                    when comparisons.compared_at >= files.loaded_at then comparisons.watermark
                    else files.cursor_upto
                end,
                files.file_id,
                files.row_count,
                current_timestamp - comparisons.compared_at,
                coalesce(comparisons.compared_at >= files.loaded_at, false),
                comparisons.compared_at,
                coalesce(comparisons.gone_count, 0)
            from raw.ingest_files as files
            left join raw.ingest_comparisons as comparisons
                on files.feed = comparisons.feed and comparisons.folder = %(folder)s
            where
                files.feed = %(feed)s
                and files.cursor_upto is not null
                and files.status = 'loaded'
                and files.path ^@ %(folder)s
            order by files.file_id desc
            limit 1
            """,
            {"feed": feed, "folder": folder},
        )
        found = cursor.fetchone()
    return None if found is None else LastReading(*found)


def note_comparison(cursor: Cursor, done: FullComparison) -> None:
    """Record a full comparison, and which rows are gone, inside the caller's transaction."""
    named = {"feed": done.feed, "folder": done.folder}
    cursor.execute(
        """
        insert into raw.ingest_comparisons (
            feed, folder, compared_at, watermark, row_count, changed_count, gone_count, load_id
        )
        values (
            %(feed)s, %(folder)s, current_timestamp, %(watermark)s, %(rows)s, %(changed)s, %(gone)s,
            %(load_id)s
        )
        on conflict (feed, folder) do update set
            compared_at = excluded.compared_at,
            watermark = excluded.watermark,
            row_count = excluded.row_count,
            changed_count = excluded.changed_count,
            gone_count = excluded.gone_count,
            load_id = excluded.load_id
        """,
        {
            **named,
            "watermark": done.watermark,
            "rows": done.rows,
            "changed": done.changed,
            "gone": len(done.gone),
            "load_id": done.load_id,
        },
    )
    gone = {
        **named,
        "files": [file_id for file_id, _ in done.gone],
        "lines": [line for _, line in done.gone],
    }
    # What is not gone any more, or was superseded.
    cursor.execute(
        """
        delete from raw.ingest_gone_rows as known
        using raw.ingest_files as files
        where
            known._file_id = files.file_id
            and files.feed = %(feed)s
            and files.path ^@ %(folder)s
            and not exists (
                select
                from unnest(%(files)s::bigint[], %(lines)s::bigint[]) as gone (file_id, line_number)
                where gone.file_id = known._file_id and gone.line_number = known._line_number
            )
        """,
        gone,
    )
    cursor.execute(
        """
        insert into raw.ingest_gone_rows (feed, _file_id, _line_number)
        select %(feed)s, * from unnest(%(files)s::bigint[], %(lines)s::bigint[])
        on conflict do nothing
        """,
        gone,
    )


def compare_again(cursor: Cursor, feeds: Iterable[str]) -> None:
    """Have the next load compare all rows of the watermarked tables of these feeds."""
    cursor.execute("delete from raw.ingest_comparisons where feed = any(%s)", (list(feeds),))
