"""Taking a file back that should never have been loaded: its rows stay in raw and count no more."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timezone

from base.errors import BranchlineError
from ingest.cards import mask_text
from ingest.contract.feeds import DATABASE_FOLDER
from ingest.raw.ledger import NewEntry, reserve_file_ids, write_entries
from ingest.raw.migrations import is_ready
from ingest.raw.session import Session, locked, transaction
from ingest.raw.tables import new_load_id


@dataclass(frozen=True)
class Withdrawn:
    """A file that counts no more, and how many rows it had."""

    path: str
    feed: str
    rows: int


def withdraw(
    database_url: str,
    paths: Sequence[str],
    because: str,
    tell_waiting: Callable[[str], None],
    lock_timeout: float = 60,
) -> list[Withdrawn]:
    """Let an empty version take the place of what counts of each path, all of them or none.

    `paths` as the ledger has them, relative to the inbox; `because` is kept with the empty version.
    The files themselves may stay where they lie: they are known, and load nothing.
    Raises BranchlineError for a path of which nothing counts, and for a table of a database.
    """
    wanted = list(dict.fromkeys(paths))
    with locked(database_url, lock_timeout, tell_waiting) as session:
        found = _what_counts(session, wanted)
        missing = [path for path in wanted if path not in {entry.path for entry, *_ in found}]
        if missing:
            raise BranchlineError(
                f"Nothing that counts was loaded from {', '.join(missing)}; nothing was withdrawn.",
                "Write paths as `branchline load` tells them, relative to the inbox:"
                " branchline sql \"select path from raw.ingest_files where status = 'loaded'\"",
            )
        ids = reserve_file_ids(session.connection, len(found))
        now = datetime.now(timezone.utc)
        load_id = new_load_id()
        entries = [
            NewEntry(
                file_id=file_id,
                feed=entry.feed,
                path=entry.path,
                logical_file=logical_file,
                branch=branch,
                business_date=business_date,
                # The content of no file, and of no other withdrawal.
                sha256=hashlib.sha256(f"withdrawn {file_id}".encode()).hexdigest(),
                size=0,
                status="loaded",
                reason=f"withdrawn: {mask_text(because)}",
                modified_at=now,
                seen_at=now,
                load_id=load_id,
            )
            for file_id, (entry, logical_file, branch, business_date) in zip(
                ids, found, strict=True
            )
        ]
        with transaction(session.connection), session.connection.cursor() as cursor:
            write_entries(cursor, entries, [])
    return [entry for entry, *_ in found]


def _what_counts(
    session: Session, paths: Sequence[str]
) -> list[tuple[Withdrawn, str, str | None, date | None]]:
    """The versions with rows that count of these paths, and what their names stand for."""
    tables = [path for path in paths if path.startswith(DATABASE_FOLDER)]
    if tables:
        raise BranchlineError(
            f"{', '.join(tables)} is read from a table of a database; nothing was withdrawn.",
            "Change the table there; the next load takes what it holds then.",
        )
    if not is_ready(session.connection):
        return []
    with session.connection.cursor() as cursor:
        cursor.execute(
            "select path, feed, row_count, logical_file, branch, business_date"
            " from raw.ingest_files"
            " where status = 'loaded' and row_count > 0 and path = any(%s) order by file_id",
            (list(paths),),
        )
        return [(Withdrawn(*row[:3]), *row[3:]) for row in cursor.fetchall()]
