"""The days on which a branch sells far less, or far more, than usual."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from sample.branch_pos.till_files import FOLDER
from sample.branches import branch_at
from sample.oddities import FEWEST_DAYS, Oddity

COLLAPSE = "sales collapse"
SURGE = "sales surge"

COLLAPSE_PERCENT = 20
SURGE_PERCENT = 260

_HOLIDAYS = {(1, 1), (12, 25), (12, 26)}


@dataclass(frozen=True)
class Plan:
    """Percent of its ordinary trade per (branch position, day number)."""

    trade_percent: dict[tuple[int, int], int]


NOTHING_ODD = Plan({})


def plan(branches: int, days: int, start: date, taken: set[tuple[int, int]]) -> Plan:
    """Assign the oddities; never to a day in `taken`, whose file has an error."""
    if days < FEWEST_DAYS:
        return NOTHING_ODD
    percents: dict[tuple[int, int], int] = {}
    for branch, latest, percent in (
        (0, days - 9, COLLAPSE_PERCENT),
        (1 % branches, days - 10, SURGE_PERCENT),
    ):
        free = [
            day
            for day in range(latest, days - 14, -1)
            if (branch, day) not in taken
            and (branch, day) not in percents
            and not _is_holiday(start + timedelta(days=day))
        ]
        if free:
            percents[branch, free[0]] = percent
    return Plan(percents)


def _is_holiday(day: date) -> bool:
    return (day.month, day.day) in _HOLIDAYS


def in_words(planned: Plan, start: date) -> tuple[Oddity, ...]:
    """The oddities, each with its sentence."""
    found: list[Oddity] = []
    for (position, number), percent in sorted(planned.trade_percent.items()):
        name, day = branch_at(position).name, start + timedelta(days=number)
        found.append(
            Oddity(
                COLLAPSE if percent < 100 else SURGE,
                FOLDER,
                name,
                "",
                day,
                f"{name}, {day}: the day has {percent} % of its ordinary sales.",
            )
        )
    return tuple(found)
