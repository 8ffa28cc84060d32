"""When the databases and APIs of the feeds were last read, and what failed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from psycopg2.extensions import connection as Link

from base.link import rows

_MAY = (
    "select has_table_privilege(oid, %s) from pg_class"
    " where oid = to_regclass('operations.readings')"
)


@dataclass(frozen=True)
class Reading:
    """The last successful reading of a feed's table or API, and the failure after it, if any."""

    read_at: datetime | None
    failed_at: datetime | None
    reason: str | None


def note_readings(link: Link, readings: Mapping[str, str | None]) -> None:
    """Record which feeds were read, and why others (feed -> reason) were not."""
    if not readings or not _may(link, "insert"):
        return
    with link.cursor() as cursor:
        for feed, reason in readings.items():
            cursor.execute(
                "insert into operations.readings as known (feed, read_at, failed_at, reason)"
                " select feed, case when reason is null then now() end,"
                " case when reason is not null then now() end, reason"
                " from (values (%s, %s::text)) as new (feed, reason)"
                " on conflict (feed) do update set"
                " read_at = coalesce(excluded.read_at, known.read_at),"
                " failed_at = excluded.failed_at, reason = excluded.reason",
                (feed, reason),
            )


def last_readings(link: Link) -> dict[str, Reading]:
    """The last readings by feed; empty before the first one, and without the right to see them."""
    if not _may(link, "select"):
        return {}
    found = rows(link, "select feed, read_at, failed_at, reason from operations.readings")
    return {feed: Reading(*reading) for feed, *reading in found}


def _may(link: Link, right: str) -> bool:
    """Whether the table exists, and this user has a right on it: an older version lacks both."""
    return rows(link, _MAY, (right,)) == [(True,)]
