"""The status of the feeds per branch and per connection, from the ledger."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from psycopg2.extensions import connection as Link

from base.link import rows
from ingest.contract.apis import ApiResource
from ingest.contract.connections import DatabaseTable, branches_variable_of
from ingest.contract.feeds import FeedContract
from ingest.origins.addresses import database_places, unset_variable
from ingest.raw.ledger import IS_OPEN
from ingest.raw.migrations import is_ready
from ingest.raw.session import connect
from ingest.raw.watermarks import last_reading
from ingest.report import reading_of


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
class ConnectionStatus:
    """A database or an API, and what feeds read of it, by the names of their readings.

    `branch`: whose database it is, where each branch has its own. `not_read`: why it is not read,
    such as an environment variable that is not set. `delivered_at`: when content that was new or
    changed was last loaded from it.
    """

    connection: str
    branch: str | None
    kind: str
    readings: tuple[str, ...]
    not_read: str | None
    delivered_at: datetime | None


# Paths of tables and resources begin with the folder of their kind, and the connection's name. The
# rows of a branch that is not read any more may have been withdrawn.
_DELIVERED = """
select
    split_part(path, '/', 2), branch, max(loaded_at), bool_or(status = 'loaded' and row_count > 0)
from raw.ingest_files
where feed = any(%s) and (path like 'database/%%' or path like 'api/%%')
group by 1, 2
"""


def read_connections(link: Link, feeds: FeedContract) -> list[ConnectionStatus]:
    """Each database and API of the feeds, in the order of the feeds.

    A connection with databases of branches is one entry for each of them, also for a branch that
    was read before and is not any more.
    """
    readers: dict[str, list[str]] = {}
    specs = {}
    for feed in feeds:
        if feed.connected is not None:
            specs[feed.connected.connection] = feed.connected
            readers.setdefault(feed.connected.connection, []).append(feed.name)
    delivered: dict[tuple[str, str | None], datetime] = {}
    counting: list[tuple[str, str | None]] = []
    if specs and is_ready(link):
        names = [name for those in readers.values() for name in those]
        found = rows(link, _DELIVERED, (names,))
        delivered = {(connection, branch): at for connection, branch, at, _ in found}
        counting = [(connection, branch) for connection, branch, _, counts in found if counts]
    return [
        ConnectionStatus(
            connection=name,
            branch=branch,
            kind="database" if isinstance(spec, DatabaseTable) else "API",
            readings=tuple(reading_of(feed, branch) for feed in readers[name]),
            not_read=not_read,
            delivered_at=delivered.get((name, branch)),
        )
        for name, spec in specs.items()
        for branch, not_read in _branches(spec, [branch for of, branch in counting if of == name])
    ]


def _branches(
    spec: DatabaseTable | ApiResource, counting: Sequence[str | None]
) -> list[tuple[str | None, str | None]]:
    """The branches of a connection, None for the connection itself; and why one is not read.

    `counting`: the branches with rows that count.
    """
    unset = unset_variable(spec)
    if unset is not None or isinstance(spec, ApiResource):
        found: list[tuple[str | None, str | None]] = [
            (None, None if unset is None else f"{unset} is not set")
        ]
    else:
        found = [(place.branch, place.fault) for place in database_places(spec)]
    known = {branch for branch, _ in found}
    variable = branches_variable_of(spec.connection)
    left = sorted(branch for branch in counting if branch is not None and branch not in known)
    return [*found, *((branch, f"{variable} does not name it") for branch in left)]


@dataclass(frozen=True)
class WatermarkStatus:
    """How far a watermarked table was read, and when all of its rows were last compared.

    `gone`: how many loaded rows the table did not have then.
    """

    watermark: str
    compared_at: datetime | None
    gone: int


def read_watermarks(link: Link, feeds: FeedContract) -> dict[str, WatermarkStatus]:
    """The watermarked tables that were loaded, by the names of their readings."""
    found: dict[str, WatermarkStatus] = {}
    watermarked = [feed for feed in feeds if feed.database and feed.database.watermark]
    if not watermarked or not is_ready(link):
        return found
    for feed in watermarked:
        spec = feed.database
        assert spec is not None, "chosen by it"
        for branch in {None, *(place.branch for place in database_places(spec))}:
            last = last_reading(link, feed.name, spec.portions_of(branch))
            if last is not None:
                found[reading_of(feed.name, branch)] = WatermarkStatus(
                    last.watermark, last.compared_at, last.gone
                )
    return found


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
