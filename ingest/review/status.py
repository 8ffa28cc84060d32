"""How the feeds stand, per branch, as the ledger tells it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from psycopg2.extensions import connection as Link

from base.link import rows
from ingest.contract.feeds import FeedContract
from ingest.raw.ledger import IS_OPEN
from ingest.raw.migrations import is_ready
from ingest.raw.session import connect


@dataclass(frozen=True)
class BranchStatus:
    """One feed and branch. `branch` is None where file names say nothing of branches.

    `rows` and `rejected` are those of the current versions. `days_late` counts from the latest
    business date that any branch of the feed has; None where there are no business dates.
    """

    feed: str
    branch: str | None
    last_business_date: date | None
    files_loaded: int
    files_superseded: int
    files_duplicate: int
    files_quarantined: int
    rows: int
    rejected: int
    days_late: int | None


_PER_BRANCH = f"""
with branches as (
    select
        feed,
        branch,
        max(business_date) filter (where status = 'loaded') as last_business_date,
        count(*) filter (where status = 'loaded') as loaded,
        count(*) filter (where status = 'superseded') as superseded,
        count(*) filter (where status = 'duplicate') as duplicate,
        count(*) filter (where {IS_OPEN}) as quarantined,
        coalesce(sum(row_count) filter (where status = 'loaded'), 0)::bigint as row_count,
        coalesce(sum(rejected_count) filter (where status = 'loaded'), 0)::bigint as rejected_count
    from raw.ingest_files as files
    where feed <> all(%s)
    group by feed, branch
)
select
    *,
    max(last_business_date) over (partition by feed) - last_business_date as days_late
from branches
order by array_position(%s, feed), feed, branch nulls last
"""


def read_status(database_url: str, feeds: FeedContract) -> list[BranchStatus]:
    """One entry per feed and branch that the ledger knows, feeds that are no more declared last;
    empty before the first load. Those of sources that are not listed are left out.

    Raises BranchlineError when the database refuses.
    """
    names = [feed.name for feed in feeds]
    with connect(database_url) as connection:
        if not is_ready(connection):
            return []
        with connection.cursor() as cursor:
            cursor.execute(_PER_BRANCH, (list(feeds.switched_off), names))
            return [BranchStatus(*row) for row in cursor.fetchall()]


@dataclass(frozen=True)
class FileCounts:
    """The ledger in numbers."""

    loaded: int
    superseded: int
    duplicate: int
    quarantined: int
    rows: int
    rejected_lines: int


def read_file_counts(link: Link) -> FileCounts:
    """How many versions of files the ledger knows, by status, and the rows that count."""
    row = rows(
        link,
        """
        select
            count(*) filter (where status = 'loaded'),
            count(*) filter (where status = 'superseded'),
            count(*) filter (where status = 'duplicate'),
            count(*) filter (where status = 'quarantined'),
            coalesce(sum(row_count) filter (where status = 'loaded'), 0),
            coalesce(sum(rejected_count) filter (where status = 'loaded'), 0)
        from raw.ingest_files
        """,
    )[0]
    return FileCounts(*row)
