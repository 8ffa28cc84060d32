"""What is odd in the company's trade on purpose, for those who look for what is odd.

Nothing is wrong with the files of an oddity: the sales are real, there are only far more or fewer
of them than that branch, person or customer is used to. All lie in the last weeks, so that there is
a past to hold them against; a company too young to have one has none.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from sample.branches import branch_at
from sample.sales_desk.stores import Store, customer_id, employee_id, store_at

COLLAPSE = "sales collapse"
SURGE = "sales surge"
BUSY_PERSON = "busy sales person"
DORMANT = "dormant customer wakes up"

FEWEST_DAYS = 56

COLLAPSE_PERCENT = 20
SURGE_PERCENT = 260
# More sales a day than the person would make.
BUSY_SALES = 12
# The customer who falls asleep: once a week, then not again until four days before the end.
SLEEPER = 4
SLEEPER_DAYS = (1, 7, 13)
_WAKES_BEFORE_THE_END = 4

_HOLIDAYS = {(1, 1), (12, 25), (12, 26)}


@dataclass(frozen=True)
class Oddity:
    """One thing that is odd: whose, when, and a sentence about it.

    `subject` is the number of the sales person or customer; empty where it is the branch itself.
    `day` is the day, or the Monday of the week.
    """

    kind: str
    source_system: str
    branch_name: str
    subject: str
    day: date
    sentence: str


@dataclass(frozen=True)
class Plan:
    """Where and when, by position and number of the day."""

    trade_percent: dict[tuple[int, int], int]
    busy: tuple[int, int, int] | None  # store, place in its team, first day of the week
    wakes: int | None  # the day when the sleeper of the first store comes back

    def sleeps(self, store: Store) -> bool:
        """Whether a store has the customer who falls asleep."""
        return self.wakes is not None and store.position == 0


NOTHING_ODD = Plan({}, None, None)


def plan(branches: int, stores: int, days: int, start: date, taken: set[tuple[int, int]]) -> Plan:
    """Deal the oddities; never to a day in `taken`, on which something is wrong with the file."""
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
    if not stores:
        return Plan(percents, None, None)
    first_monday = -start.weekday() % 7
    last_whole_week = first_monday + 7 * ((days - first_monday) // 7 - 1)
    return Plan(percents, (stores - 1, 1, last_whole_week), days - _WAKES_BEFORE_THE_END)


def _is_holiday(day: date) -> bool:
    return (day.month, day.day) in _HOLIDAYS


def told(planned: Plan, start: date) -> tuple[Oddity, ...]:
    """The oddities in words."""
    found: list[Oddity] = []
    for (position, number), percent in sorted(planned.trade_percent.items()):
        name, day = branch_at(position).name, start + timedelta(days=number)
        kind = COLLAPSE if percent < 100 else SURGE
        found.append(
            Oddity(
                kind,
                "branch_pos",
                name,
                "",
                day,
                f"{name}, {day}: the day has {percent} % of its ordinary sales.",
            )
        )
    if planned.busy is not None:
        position, place, number = planned.busy
        store, day = store_at(position), start + timedelta(days=number)
        person = employee_id(store, place)
        found.append(
            Oddity(
                BUSY_PERSON,
                "sales_desk",
                store.number,
                person,
                day,
                f"Store {store.number}, week from {day}: sales person {person} sells several times "
                "as much as ever.",
            )
        )
    if planned.wakes is not None:
        store, day = store_at(0), start + timedelta(days=planned.wakes)
        customer = customer_id(store, SLEEPER)
        found.append(
            Oddity(
                DORMANT,
                "sales_desk",
                store.number,
                customer,
                day,
                f"Store {store.number}, {day}: customer {customer} buys far more than ever, after "
                f"{planned.wakes - SLEEPER_DAYS[-1]} days without a purchase.",
            )
        )
    return tuple(found)
