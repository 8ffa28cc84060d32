"""Business dates: the company's clock, its weeks and months, days to catch up."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from base.errors import BranchlineError
from publish.editions.periods import DAY, Calendar, days_to_catch_up, last_ended_day
from publish.marts import MartReader


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=timezone.utc)


@pytest.mark.parametrize(
    ("now", "zones", "wanted"),
    [
        # Midnight in London is not over in New York.
        ("2026-03-31T00:30", ["Europe/London", "America/New_York"], "2026-03-29"),
        ("2026-03-31T04:30", ["Europe/London", "America/New_York"], "2026-03-30"),
        # British summer: 00:30 on the clock is 23:30 of the day before in UTC.
        ("2026-07-01T23:30", ["Europe/London"], "2026-07-01"),
        ("2026-01-01T23:30", ["Europe/London"], "2025-12-31"),
        ("2026-03-31T13:00", ["Pacific/Auckland"], "2026-03-31"),
        ("2026-03-31T09:30", ["Pacific/Auckland", "Pacific/Honolulu"], "2026-03-29"),
        ("2026-03-31T10:30", ["Pacific/Auckland", "Pacific/Honolulu"], "2026-03-30"),
        ("2026-03-31T00:30", [], "2026-03-30"),
    ],
)
def test_the_last_day_that_has_ended_everywhere(now: str, zones: list[str], wanted: str) -> None:
    assert last_ended_day(zones, utc(now)) == date.fromisoformat(wanted)
    # The time zone of the server's clock does not matter.
    elsewhere = utc(now).astimezone(timezone(timedelta(hours=-11)))
    assert last_ended_day(zones, elsewhere) == date.fromisoformat(wanted)


def test_an_unknown_time_zone_is_reported() -> None:
    with pytest.raises(BranchlineError, match="'Europe/Lodnon' is not a time zone"):
        last_ended_day(["Europe/Lodnon"], utc("2026-03-31T00:30"))


class Weeks:
    """A reader whose countries have weeks that begin on these weekdays (0: Monday)."""

    def __init__(self, *first_weekdays: int) -> None:
        self.first_weekdays = first_weekdays

    def has(self, mart: str) -> bool:
        return bool(self.first_weekdays)

    def rows(self, query: str, parameters: dict[str, Any]) -> list[dict[str, Any]]:
        on = parameters["on"]
        starts = {on - (on.weekday() - first) % 7 * DAY for first in self.first_weekdays}
        return [{"week_start_date": start} for start in starts]


def calendar(*first_weekdays: int) -> Calendar:
    return Calendar(cast(MartReader, Weeks(*first_weekdays)))


@pytest.mark.parametrize(
    ("first_weekdays", "every", "on", "wanted"),
    [
        ([], "day", "2026-03-31", "2026-03-31"),
        ([], "week", "2026-03-28", "2026-03-22"),
        ([], "week", "2026-03-29", "2026-03-29"),
        # All countries begin the week on Sunday; two differ.
        ([6, 6], "week", "2026-03-28", "2026-03-28"),
        ([6, 6], "week", "2026-03-29", "2026-03-28"),
        ([6, 0], "week", "2026-03-29", "2026-03-29"),
        ([], "month", "2026-03-30", "2026-02-28"),
        ([], "month", "2026-03-31", "2026-03-31"),
        ([], "month", "2024-03-01", "2024-02-29"),
        ([], "month", "2026-01-30", "2025-12-31"),
    ],
)
def test_the_latest_period_that_has_ended(
    first_weekdays: list[int], every: str, on: str, wanted: str
) -> None:
    found = calendar(*first_weekdays).last_end(every, date.fromisoformat(on))
    assert found == date.fromisoformat(wanted)


@given(st.sampled_from(["day", "week", "month"]), st.dates(date(2000, 1, 1), date(2100, 1, 1)))
def test_periods_follow_one_another_without_gaps(every: str, on: date) -> None:
    first, last = calendar().period_of(every, on)
    assert first <= on <= last
    assert calendar().period_of(every, last) == (first, last)
    assert calendar().period_of(every, last + DAY)[0] == last + DAY
    assert calendar().last_end(every, first - DAY) == first - DAY


def test_days_without_a_publication_are_caught_up_for_a_week() -> None:
    on = date(2026, 3, 31)
    assert list(days_to_catch_up(on, None, [])) == []
    # Nothing before the first publication, and nothing twice.
    assert list(days_to_catch_up(on, on - 2 * DAY, [on - 2 * DAY])) == [on - DAY]
    assert list(days_to_catch_up(on, date(2026, 1, 1), [])) == [
        on - n * DAY for n in range(7, 0, -1)
    ]
