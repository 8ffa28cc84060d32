"""The seed of public holidays has the right days: movable ones are computed here, in another way.

Easter and the Jewish holidays come from the arithmetic of their calendars: the months between new
moons, and the days by which the Jewish new year is postponed.
"""

from __future__ import annotations

import csv
from datetime import date, timedelta
from pathlib import Path

import pytest

SEEDS = Path(__file__).resolve().parents[4] / "seeds"
YEARS = range(2018, 2031)
FRIDAY, SATURDAY, MONDAY = 4, 5, 0


def holidays_of(country: str, year: int) -> dict[date, str]:
    """Days and names of a country's holidays in one year."""
    with (SEEDS / "public_holidays.csv").open(encoding="utf-8", newline="") as lines:
        return {
            date.fromisoformat(row["holiday_date"]): row["holiday_name"]
            for row in csv.DictReader(lines)
            if row["country_code"] == country and row["holiday_date"].startswith(f"{year}-")
        }


def nth(year: int, month: int, weekday: int, number: int) -> date:
    """The nth such weekday of a month, 0 is Monday; -1: the last."""
    if number < 0:
        last = (date(year, month, 28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
        return last - timedelta(days=(last.weekday() - weekday) % 7)
    first = date(year, month, 1)
    return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (number - 1))


def easter(year: int) -> date:
    """Easter Sunday, by the method of Meeus, Jones and Butcher."""
    century, year_of_century = divmod(year, 100)
    leap_centuries, century_of_four = divmod(century, 4)
    leap_years, year_of_four = divmod(year_of_century, 4)
    lunar_year = year % 19
    lunar_correction = (century - (century + 8) // 25 + 1) // 3
    moon = (19 * lunar_year + century - leap_centuries - lunar_correction + 15) % 30
    sunday = (32 + 2 * century_of_four + 2 * leap_years - moon - year_of_four) % 7
    late = (lunar_year + 11 * moon + 22 * sunday) // 451
    month, day = divmod(moon + sunday - 7 * late + 114, 31)
    return date(year, month, day + 1)


def days_before_new_year(year: int) -> int:
    """Days from the first new year of the Jewish calendar to that of a year, by its new moon."""
    months = (235 * year - 234) // 19
    days = 29 * months + (12084 + 13753 * months) // 25920
    # The new year is never on a Sunday, Wednesday or Friday.
    return days + (1 if 3 * (days + 1) % 7 < 3 else 0)


def jewish_new_year(year: int) -> date:
    """The first day of a year of the Jewish calendar."""
    before, this, after = (days_before_new_year(year + step) for step in (-1, 0, 1))
    # Years of 356 and 382 days do not exist.
    moved = 2 if after - this == 356 else 1 if this - before == 382 else 0
    return date.fromordinal(-1373427 + this + moved)


def israel(year: int) -> set[date]:
    """The days of rest of Israel in a year, by the law of 1948 and that of Independence Day."""
    new_year = jewish_new_year(year + 3761)
    # From the 15th of Nisan to the next new year it is always as long.
    passover = new_year - timedelta(days=163)
    independence = passover + timedelta(days=20)
    moved = {FRIDAY: -1, SATURDAY: -2, MONDAY: 1}.get(independence.weekday(), 0)
    return {
        passover,
        passover + timedelta(days=6),
        independence + timedelta(days=moved),
        passover + timedelta(days=50),
        *(new_year + timedelta(days=days) for days in (0, 1, 9, 14, 21)),
    }


def germany(year: int) -> set[date]:
    """The holidays of all German states."""
    fixed = {(1, 1), (5, 1), (10, 3), (12, 25), (12, 26)}
    return {date(year, *day) for day in fixed} | {
        easter(year) + timedelta(days=days) for days in (-2, 1, 39, 50)
    }


def france(year: int) -> set[date]:
    """The holidays of France, without those of Alsace and Moselle."""
    fixed = {(1, 1), (5, 1), (5, 8), (7, 14), (8, 15), (11, 1), (11, 11), (12, 25)}
    return {date(year, *day) for day in fixed} | {
        easter(year) + timedelta(days=days) for days in (1, 39, 50)
    }


def united_states(year: int) -> set[date]:
    """The federal holidays, on the days that the law names."""
    return {
        date(year, 1, 1),
        nth(year, 1, MONDAY, 3),
        nth(year, 2, MONDAY, 3),
        nth(year, 5, MONDAY, -1),
        *([date(year, 6, 19)] if year >= 2021 else []),
        date(year, 7, 4),
        nth(year, 9, MONDAY, 1),
        nth(year, 10, MONDAY, 2),
        date(year, 11, 11),
        nth(year, 11, 3, 4),
        date(year, 12, 25),
    }


def ireland(year: int) -> set[date]:
    """The public holidays of Ireland."""
    first = date(year, 2, 1)
    brigid = first if first.weekday() == FRIDAY else nth(year, 2, MONDAY, 1)
    return {
        date(year, 1, 1),
        *([brigid] if year >= 2023 else []),
        date(year, 3, 17),
        *([date(2022, 3, 18)] if year == 2022 else []),
        easter(year) + timedelta(days=1),
        nth(year, 5, MONDAY, 1),
        nth(year, 6, MONDAY, 1),
        nth(year, 8, MONDAY, 1),
        nth(year, 10, MONDAY, -1),
        date(year, 12, 25),
        date(year, 12, 26),
    }


def england(year: int) -> set[date]:
    """The bank holidays of England and Wales, with the days that stand in for weekends."""
    moved = {2020: (date(2020, 5, 8), None), 2022: (None, date(2022, 6, 2))}
    early_may, spring = moved.get(year, (None, None))
    days = {
        easter(year) - timedelta(days=2),
        easter(year) + timedelta(days=1),
        early_may or nth(year, 5, MONDAY, 1),
        spring or nth(year, 5, MONDAY, -1),
        nth(year, 8, MONDAY, -1),
    }
    once = {date(2022, 6, 3), date(2022, 9, 19), date(2023, 5, 8)}
    days |= {day for day in once if day.year == year}
    for holiday in (date(year, 1, 1), date(year, 12, 26), date(year, 12, 25)):
        days.add(holiday)
        if holiday.weekday() >= SATURDAY:
            substitute = holiday
            while substitute.weekday() >= SATURDAY or substitute in days:
                substitute += timedelta(days=1)
            days.add(substitute)
    return days


RULES = {
    "DE": germany,
    "FR": france,
    "GB": england,
    "IE": ireland,
    "IL": israel,
    "US": united_states,
}


@pytest.mark.parametrize("country", RULES)
def test_a_country_has_exactly_its_holidays(country: str) -> None:
    for year in YEARS:
        assert set(holidays_of(country, year)) == RULES[country](year), year


def test_known_days_have_their_names() -> None:
    known = {
        ("IL", date(2024, 4, 23)): "Passover",
        ("IL", date(2023, 9, 25)): "Yom Kippur",
        ("IL", date(2021, 4, 15)): "Independence Day",
        ("GB", date(2023, 5, 8)): "Coronation of King Charles III",
        ("DE", date(2025, 5, 29)): "Ascension Day",
        ("US", date(2026, 11, 26)): "Thanksgiving Day",
        ("IE", date(2024, 2, 5)): "Saint Brigid's Day",
        ("FR", date(2027, 5, 17)): "Whit Monday",
    }
    found = {(country, day): holidays_of(country, day.year)[day] for country, day in known}
    assert found == known


def test_every_country_with_holidays_has_a_calendar() -> None:
    with (SEEDS / "country_calendars.csv").open(encoding="utf-8", newline="") as lines:
        calendars = {row["country_code"] for row in csv.DictReader(lines)}
    assert RULES.keys() <= calendars
