"""The status of the feeds per branch, from the ledger."""

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
    """One feed and branch. `branch` is None where file names have no branch.

    `rows` and `rejected` are those of the current versions. `days_late` counts from the latest
    business date that any branch of the feed has; None where there are no business dates. A file
    whose business date was in the future when it was loaded is ignored for both, unless the branch,
    or the feed, has no other.
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
        max(business_date) filter (where status = 'loaded') as latest_date,
        -- It is tomorrow somewhere.
        max(business_date) filter (
            where status = 'loaded' and business_date <= loaded_at::date + 1
        ) as latest_credible_date,
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
    feed,
    branch,
    coalesce(latest_credible_date, latest_date) as last_business_date,
    loaded,
    superseded,
    duplicate,
    quarantined,
    row_count,
    rejected_count,
    case
        when latest_date is not null then greatest(
            coalesce(max(latest_credible_date) over of_feed, max(latest_date) over of_feed)
            - coalesce(latest_credible_date, latest_date),
            0
        )
    end as days_late
from branches
window of_feed as (partition by feed)
order by array_position(%s, feed), feed, branch nulls last
"""


def read_status(database_url: str, feeds: FeedContract) -> list[BranchStatus]:
    """One entry per feed and branch in the ledger, undeclared feeds last; empty before the first
    load. Feeds of unlisted sources are left out.

    Raises BranchlineError on a database error.
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
    """The number of versions in the ledger by status, and the number of current rows."""
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
