"""The business dates of publications: days, weeks and months that have ended."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from base.errors import BranchlineError
from publish.marts import MartReader

DAY = timedelta(days=1)
CATCH_UP_DAYS = 7
"""So many days back, a day on which nothing was published is still published."""


def last_ended_day(time_zones: Collection[str], now: datetime) -> date:
    """The last calendar day that has ended in all of these time zones.

    `now`: with its own time zone; the server's clock and zone do not matter.
    Raises BranchlineError for an unknown zone.
    """
    days = []
    for name in time_zones or ["UTC"]:
        try:
            zone = ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError):
            raise BranchlineError(
                f"'{name}' is not a time zone of this system's IANA database.",
                "Correct the branch in seeds/branches.csv, or install the tzdata package.",
            ) from None
        days.append(now.astimezone(zone).date() - DAY)
    return min(days)


class Calendar:
    """The company's weeks and months. `reader`: gives the weeks of the branches' countries."""

    def __init__(self, reader: MartReader) -> None:
        self._reader = reader

    def period_of(self, every: str, on: date) -> tuple[date, date]:
        """The first and the last day of the day, week or month that a day lies in."""
        if every == "week":
            start = self._week_start(on)
            return start, start + 6 * DAY
        if every == "month":
            following = (on.replace(day=28) + 4 * DAY).replace(day=1)
            return on.replace(day=1), following - DAY
        return on, on

    def last_end(self, every: str, on: date) -> date:
        """The last day of the latest day, week or month that has ended on a day or before."""
        start, end = self.period_of(every, on)
        return end if end <= on else start - DAY

    def _week_start(self, on: date) -> date:
        """Of the week that all branches' countries have; of the ISO week where they differ."""
        monday = on - on.weekday() * DAY
        if not self._reader.has("dim_country_dates"):
            return monday
        found = self._reader.rows(
            "select distinct week_start_date from dim_country_dates"
            " where date_day = %(on)s and country_code in ("
            "select coalesce(country_code, 'unknown') from dim_branches)",
            {"on": on},
        )
        return found[0]["week_start_date"] if len(found) == 1 else monday


def days_to_catch_up(
    on: date, first_published: date | None, finished: Collection[date]
) -> Iterator[date]:
    """The days before a day on which a daily publication should have appeared and did not.

    `first_published`: its first business date ever; `finished`: those published completely.
    """
    if first_published is None:
        return
    for back in range(CATCH_UP_DAYS, 0, -1):
        day = on - back * DAY
        if day >= first_published and day not in finished:
            yield day
