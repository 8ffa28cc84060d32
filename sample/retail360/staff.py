"""Who works when, and what the time clock records of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random

from sample.chance import below, digest, generator
from sample.retail360.stores import Store

FORGOTTEN_OUT, FORGOTTEN_IN, DOUBLE_IN, ALL_NIGHT = "no out", "no in", "double in", "all night"
IN, OUT, IN_BY_HAND, OUT_BY_HAND, BREAK = 1, 2, 91, 92, 5

_FIRST_NAMES = (
    "נועה", "יוסף", "תמר", "דוד", "מיכל", "אבי", "שירה", "משה", "רונית", "עומר", "ליאת", "איתן",
)  # fmt: skip
_LAST_NAMES = (
    "כהן", "לוי", "מזרחי", "פרץ", "ביטון", "דהן", "אברהם", "פרידמן", "אזולאי", "מלכה", "גבאי",
)  # fmt: skip
_FAULTS_EVERY = 29
_FAULTS = {3: FORGOTTEN_OUT, 5: DOUBLE_IN, 8: FORGOTTEN_IN, 11: ALL_NIGHT}
"""What goes wrong on which day of every 29, with the first shift of that day."""
_ONE_BY_HAND_IN = 15
_ONE_BREAK_IN = 12
_DOUBLED_WITHIN = timedelta(minutes=1)


@dataclass(frozen=True)
class Employee:
    """A person with a number in the till and a name in the list."""

    number: int
    short_name: str
    long_name: str


@dataclass(frozen=True)
class Shift:
    """One shift as it was worked, in local time, without what the clock missed."""

    employee: int
    clocked_in: datetime
    clocked_out: datetime


@dataclass(frozen=True)
class Punch:
    """One record of the clock. `written`: when the row came into the table."""

    employee: int
    at: datetime
    movement: int
    written: datetime


@dataclass
class Recorded:
    """What can be known from the punches: paired shifts, and punches without a partner."""

    shifts: list[tuple[Shift, bool]]
    """Each with whether one of its punches was made by hand."""
    doubled_ins: int = 0
    ins_without_out: int = 0
    outs_without_in: int = 0


def employee_at(store: Store, place: int) -> Employee:
    """A person of a store."""
    marks = digest("retail360 employee", store.name, place)
    first = _FIRST_NAMES[marks[0] % len(_FIRST_NAMES)]
    last = _LAST_NAMES[marks[1] % len(_LAST_NAMES)]
    return Employee(100 * (store.position + 1) + 1 + place, first, f"{first} {last}")


def shifts_on(
    seed: int, store: Store, people: int, day: date, day_number: int
) -> Iterator[tuple[Shift, str | None]]:
    """The shifts that begin on a day, each with what goes wrong with its punches.

    The last person works at night and on long days, the others in turns, never twice at a time.
    """
    rng = generator(seed, "retail360 shifts", store.name, day)
    turns = max(1, people - 1)
    slots = max(1, min(turns, (people + 1) // 2))
    if not (store.rests_on_saturday and day.weekday() == 5):
        for slot in range(slots):
            number = employee_at(store, (day_number * slots + slot) % turns).number
            opens = 7 * 60 + 30 if slot % 2 == 0 else 13 * 60 + 15
            fault = _FAULTS.get(day_number % _FAULTS_EVERY) if slot == 0 else None
            yield _shift(rng, number, day, opens, 8 * 60), fault
    if people > 1:
        number = employee_at(store, people - 1).number
        if is_night(day):
            yield _shift(rng, number, day, 22 * 60, 8 * 60 - 15), None
        elif day.weekday() == 1:
            # Every fourth of the long days is longer than any pay tier.
            hours = 14 if day_number // 7 % 4 == 1 else 11
            yield _shift(rng, number, day, 7 * 60, hours * 60), None


def is_night(day: date) -> bool:
    """Whether the night after a day is worked.

    So are the nights to Sundays, to the first of a month, and to the Friday on which the summer
    time of Israel begins.
    """
    is_change = day.month == 3 and 22 <= day.day <= 28 and day.weekday() == 3
    return day.weekday() == 5 or (day + timedelta(days=1)).day == 1 or is_change


def _shift(rng: Random, employee: int, day: date, minute: int, minutes: int) -> Shift:
    start = datetime(day.year, day.month, day.day) + timedelta(
        minutes=minute - 10 + below(rng, 15), seconds=below(rng, 60)
    )
    length = timedelta(minutes=minutes - 12 + below(rng, 25), seconds=below(rng, 60))
    return Shift(employee, start, start + length)


class Clock:
    """Records shifts day by day, with the faults of the people and of the clock."""

    def __init__(self, seed: int, store: Store, mess: bool) -> None:
        self._seed, self._store, self._mess = seed, store, mess
        self._all_night: set[int] = set()
        self.punches: list[Punch] = []

    def record(self, shift: Shift, fault: str | None) -> None:
        """Add the punches of a shift. They are written when they are made, or the day after."""
        fault = fault if self._mess else None
        rng = generator(self._seed, "retail360 punches", shift.employee, shift.clocked_in)
        misses_in = fault == FORGOTTEN_IN or shift.employee in self._all_night
        self._all_night.discard(shift.employee)
        if not misses_in:
            if fault == DOUBLE_IN:
                self._punch(rng, shift.employee, shift.clocked_in - timedelta(seconds=40), IN, 0)
            self._punch(rng, shift.employee, shift.clocked_in, IN, IN_BY_HAND)
        if self._mess and below(rng, _ONE_BREAK_IN) == 0:
            at = shift.clocked_in + timedelta(hours=3)
            self._punch(rng, shift.employee, at, BREAK, 0)
        if fault == ALL_NIGHT:
            # The person leaves without a punch, and comes without one to the next shift.
            self._all_night.add(shift.employee)
        elif fault != FORGOTTEN_OUT:
            self._punch(rng, shift.employee, shift.clocked_out, OUT, OUT_BY_HAND)

    def _punch(self, rng: Random, employee: int, at: datetime, plain: int, by_hand: int) -> None:
        is_by_hand = self._mess and by_hand > 0 and below(rng, _ONE_BY_HAND_IN) == 0
        written = at
        if is_by_hand:
            written = datetime(at.year, at.month, at.day, 9, below(rng, 60)) + timedelta(days=1)
        self.punches.append(Punch(employee, at, by_hand if is_by_hand else plain, written))

    def written_by(self, end: datetime) -> list[Punch]:
        """The punches that are in the table at a time, in the order in which they came."""
        kept = [punch for punch in self.punches if punch.written < end]
        return sorted(kept, key=lambda punch: (punch.written, punch.employee))


def recorded(punches: list[Punch]) -> Recorded:
    """Pair an in with the out that directly follows it."""
    found = Recorded([])
    waiting: dict[int, Punch] = {}
    for punch in sorted(punches, key=lambda punch: (punch.employee, punch.at)):
        if punch.movement in (IN, IN_BY_HAND):
            if punch.employee in waiting:
                if punch.at - waiting[punch.employee].at <= _DOUBLED_WITHIN:
                    found.doubled_ins += 1
                else:
                    found.ins_without_out += 1
            waiting[punch.employee] = punch
        elif punch.movement in (OUT, OUT_BY_HAND):
            came = waiting.pop(punch.employee, None)
            if came is None:
                found.outs_without_in += 1
                continue
            is_by_hand = came.movement == IN_BY_HAND or punch.movement == OUT_BY_HAND
            found.shifts.append((Shift(punch.employee, came.at, punch.at), is_by_hand))
    found.ins_without_out += len(waiting)
    return found
