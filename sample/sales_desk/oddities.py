"""A week in which a sales person sells far more than usual, and a dormant customer who returns."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from sample.oddities import FEWEST_DAYS, Oddity
from sample.sales_desk.stores import FOLDER, Store, customer_id, employee_id, store_at

BUSY_PERSON = "busy sales person"
DORMANT = "dormant customer wakes up"

# More sales a day than the person would make.
BUSY_SALES = 12
# The dormant customer: once a week, then not again until four days before the end.
SLEEPER = 4
SLEEPER_DAYS = (1, 7, 13)
_WAKES_BEFORE_THE_END = 4


@dataclass(frozen=True)
class Plan:
    """Where and when, by position and number of the day."""

    busy: tuple[int, int, int] | None  # store, place in its team, first day of the week
    wakes: int | None  # the day when the sleeper of the first store comes back

    def sleeps(self, store: Store) -> bool:
        """Whether a store has the dormant customer."""
        return self.wakes is not None and store.position == 0


NOTHING_ODD = Plan(None, None)


def plan(stores: int, days: int, start: date) -> Plan:
    """Assign the oddities."""
    if days < FEWEST_DAYS:
        return NOTHING_ODD
    first_monday = -start.weekday() % 7
    last_whole_week = first_monday + 7 * ((days - first_monday) // 7 - 1)
    return Plan((stores - 1, 1, last_whole_week), days - _WAKES_BEFORE_THE_END)


def in_words(planned: Plan, start: date) -> tuple[Oddity, ...]:
    """The oddities, each with its sentence."""
    found: list[Oddity] = []
    if planned.busy is not None:
        position, place, number = planned.busy
        store, day = store_at(position), start + timedelta(days=number)
        person = employee_id(store, place)
        found.append(
            Oddity(
                BUSY_PERSON,
                FOLDER,
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
                FOLDER,
                store.number,
                customer,
                day,
                f"Store {store.number}, {day}: customer {customer} buys far more than ever, after "
                f"{planned.wakes - SLEEPER_DAYS[-1]} days without a purchase.",
            )
        )
    return tuple(found)
