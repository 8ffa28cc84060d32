"""Rename the files in a ledger of an older version by the rules of this one."""

from __future__ import annotations

import hashlib
import time
from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, timezone
from typing import TYPE_CHECKING

from psycopg2.extras import execute_values

from ingest.contract.connections import source_of
from ingest.contract.feeds import FeedContract
from ingest.contract.file_names import FileIdentity, FileNameError
from ingest.formats.archives import name_in
from ingest.raw.ledger import PAGE, NewEntry, reserve_file_ids, write_entries

if TYPE_CHECKING:
    from psycopg2.extensions import cursor as Cursor

MASKED = "****"
"""The mask of a card number in a path; such a file keeps its name."""


@dataclass(frozen=True)
class _Known:
    """A row of the ledger, and what its file name means by today's rules."""

    file_id: int
    feed: str
    path: str
    branch: str | None
    business_date: date | None
    rows: int
    counts: bool
    identity: FileIdentity


def rename(cursor: Cursor, feeds: FeedContract) -> list[str]:
    """Set the logical file of every ledger row by the feeds as they are now.

    Where two current files turn out to be versions of one, an empty version supersedes the older,
    as when a person withdraws it. Returns a message for each. Versions are ordered by their names,
    then by their arrival.
    """
    found, renamed = _read(cursor, feeds)
    counting = defaultdict[tuple[str, str], list[_Known]](list)
    for known in found:
        if known.counts:
            counting[known.feed, known.identity.logical_file].append(known)
    messages = []
    for versions in counting.values():
        *older, newest = sorted(versions, key=lambda known: (known.identity.age, known.file_id))
        for known in older:
            _end(cursor, known, newest)
            if known.rows:
                messages.append(
                    f"{known.path} and {newest.path} were taken for two files; they are versions of"
                    f" one, and {newest.path} is current."
                )
    execute_values(
        cursor,
        "update raw.ingest_files as files set logical_file = new.logical_file, branch = new.branch"
        " from (values %s) as new (file_id, logical_file, branch)"
        " where files.file_id = new.file_id",
        [(known.file_id, known.identity.logical_file, known.identity.branch) for known in renamed],
        template="(%s::bigint, %s, %s)",
        page_size=PAGE,
    )
    return messages


def _read(cursor: Cursor, feeds: FeedContract) -> tuple[list[_Known], list[_Known]]:
    """The files of the ledger, and those of them whose names change."""
    declared = {**feeds.switched_off, **feeds.feeds}
    cursor.execute(
        "select file_id, feed, path, logical_file, branch, business_date, row_count,"
        " status = 'loaded' from raw.ingest_files where feed = any(%s) order by file_id",
        (list(declared),),
    )
    found, renamed = [], []
    for file_id, feed, path, logical_file, branch, day, rows, counts in cursor.fetchall():
        if source_of(path) is not None or MASKED in path:
            continue
        try:
            identity = declared[feed].identify(name_in(declared[feed], path))
        except FileNameError:
            continue
        known = _Known(file_id, feed, path, branch, day, rows, counts, identity)
        found.append(known)
        if (logical_file, branch) != (identity.logical_file, identity.branch):
            renamed.append(known)
    return found, renamed


def _end(cursor: Cursor, known: _Known, newest: _Known) -> None:
    """Supersede a current version by an empty one."""
    (file_id,) = reserve_file_ids(cursor.connection, 1)
    now = datetime.now(timezone.utc)
    entry = NewEntry(
        file_id=file_id,
        feed=known.feed,
        path=known.path,
        # A logical file has only one current version.
        logical_file=f"{known.identity.logical_file}#{known.file_id}",
        branch=known.identity.branch,
        business_date=known.business_date,
        sha256=hashlib.sha256(f"withdrawn {file_id}".encode()).hexdigest(),
        size=0,
        status="loaded",
        reason=f"withdrawn: an older version of {newest.path}, which is current",
        modified_at=now,
        seen_at=now,
        load_id=str(time.time()),
    )
    write_entries(cursor, [entry], [])
    cursor.execute(
        "update raw.ingest_files set status = 'superseded', superseded_by = %s,"
        " superseded_at = current_timestamp where file_id = %s",
        (file_id, known.file_id),
    )
