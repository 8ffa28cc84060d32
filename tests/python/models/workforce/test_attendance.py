"""Random attendance, paired and paid in plain Python, and by one build of the models.

The build's own tests check that hours in are hours paid and hours reported, and that the shares of
a day are the day (tests/data/workforce).
"""

from __future__ import annotations

import json
import math
import random
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from nightly import Project, new_project

from base.link import Connection

BRANCHES = {
    "haifa": ZoneInfo("Asia/Jerusalem"),
    "pune": ZoneInfo("Asia/Kolkata"),
    "leeds": ZoneInfo("Europe/London"),
}
# Shifts begin around midnight of a change of some branch's clock, of a new month, of nothing.
NIGHTS = [date(2024, 3, 28), date(2024, 3, 30), date(2024, 10, 26), date(2024, 2, 29)]
LENGTHS = [0, 1, 1_200, 14_400, 28_800, 28_801, 34_200, 39_600, 43_200, 50_000, 57_600, 57_601]
PAUSES = [0, 1, 30, 300, 301, 20_000, 50_000, 90_000]
TIERS = ((0, 8, 100), (8, 10, 125), (10, 12, 150))
WAGES = {0: Decimal("35.00"), 1: Decimal("33.3333"), 2: None}
MAX_SECONDS = 16 * 3600
DOUBLED_SECONDS = 5 * 60
PEOPLE = 120

TABLES = {
    "intermediate.int_punches__unioned": (
        "source_system text, file_id bigint, line_number bigint, is_current boolean,"
        " employee_key text, employee_id text, branch_key text, branch_name text, movement text,"
        " sequence_number bigint, is_manual boolean, business_date date,"
        " punched_at_local timestamp, punched_at timestamptz"
    ),
    "intermediate.int_branch_hours__sold": (
        "branch_key text, hour_of_day integer, transactions bigint, net_amount numeric(18, 2),"
        " net_amount_company numeric(38, 6), business_date date"
    ),
    "marts.rpt_daily_sales": (
        "branch_key text, transactions integer, net_sales numeric(18, 2),"
        " net_amount_company numeric(38, 6), business_date date"
    ),
    "marts.dim_branches": (
        "branch_key text, source_system text, branch_name text, currency_code text, time_zone text"
    ),
    "marts.dim_employees": "employee_key text, full_name text",
    "marts.dim_dates": "date_day date, weekday_number integer, weekday_name text",
    "reference.pay_tiers": (
        "source_system text, valid_from date, from_hours numeric(5, 2), to_hours numeric(5, 2),"
        " pay_percent numeric(7, 2)"
    ),
    "reference.hourly_wages": (
        "source_system text, branch_name text, employee_id text, valid_from date,"
        " hourly_wage numeric(18, 4), currency_code text"
    ),
}
"""What the models read, with the columns that they use."""

Row = dict[str, Any]


@dataclass(frozen=True)
class Punch:
    """A current punch; `number` is the order of writing."""

    person: int
    branch: str
    movement: str
    number: int
    is_manual: bool
    at: datetime

    def row(self, **changes: object) -> Row:
        local = self.at.astimezone(BRANCHES[self.branch]).replace(tzinfo=None)
        return {
            "source_system": "clock",
            "file_id": 1,
            # Lines of a file are in another order.
            "line_number": 1_000_000 - self.number,
            "is_current": True,
            "employee_key": key(self.person),
            "employee_id": str(self.person),
            "branch_key": self.branch,
            "branch_name": self.branch,
            "movement": self.movement,
            "sequence_number": self.number,
            "is_manual": self.is_manual,
            "business_date": local.date(),
            "punched_at_local": local,
            "punched_at": self.at,
            **changes,
        }


@dataclass(frozen=True)
class Shift:
    """A shift as it must come out; seconds are those of the whole shift and those that count."""

    begin: Punch
    end: Punch
    seconds: int
    worked: int
    pay: Decimal | None


def key(person: int) -> str:
    return f"person {person:03}"


def punches_of(person: int, chance: random.Random) -> list[tuple[str, str, bool, datetime]]:
    """A person's punches in one or two branches: mostly in and out in turn, with every fault."""
    found = []
    for branch in chance.sample(sorted(BRANCHES), chance.choice([1, 1, 2])):
        night = datetime.combine(chance.choice(NIGHTS), datetime.min.time(), BRANCHES[branch])
        at = night.astimezone(timezone.utc) + timedelta(seconds=chance.randrange(90_000))
        for _ in range(chance.randint(1, 8)):
            for movement, gap in (
                ("in", chance.choice(LENGTHS)),
                ("out", chance.choice(PAUSES)),
            ):
                times = chance.choices([0, 1, 2, 3], [2, 20, 2, 1])[0]
                for place in range(times):
                    moment = at + timedelta(seconds=place * chance.choice([0, 2, 300, 301]))
                    found.append((branch, movement, chance.random() < 0.2, moment))
                at += timedelta(seconds=gap)
    return found


def all_punches(chance: random.Random) -> list[Punch]:
    """Every person's punches. They were written in any order, which decides within a moment."""
    found = [(person, *punch) for person in range(PEOPLE) for punch in punches_of(person, chance)]
    numbers = chance.sample(range(10 * len(found)), len(found))
    return [
        Punch(person, branch, movement, number, is_manual, at)
        for number, (person, branch, movement, is_manual, at) in zip(numbers, found, strict=True)
    ]


def paired(punches: list[Punch]) -> tuple[list[tuple[Punch, Punch]], Counter[str]]:
    """The shifts of one person in one branch, and the reasons for which punches are in none."""
    shifts, reasons = [], Counter[str]()
    waiting: Punch | None = None
    before: Punch | None = None
    for punch in sorted(punches, key=lambda each: (each.at, each.number)):
        if punch.movement == "in":
            if waiting:
                reasons[f"in_{'doubled' if soon(waiting, punch) else 'without_out'}"] += 1
            waiting = punch
        elif waiting:
            shifts.append((waiting, punch))
            waiting = None
        elif before and before.movement == "out" and soon(before, punch):
            reasons["out_doubled"] += 1
        else:
            reasons["out_without_in"] += 1
        before = punch
    if waiting:
        reasons["in_without_out"] += 1
    return shifts, reasons


def soon(first: Punch, second: Punch) -> bool:
    return (second.at - first.at).total_seconds() <= DOUBLED_SECONDS


def counted(shifts: list[tuple[Punch, Punch]]) -> Iterator[tuple[Punch, Punch, int, int]]:
    """A person's shifts in all branches, with all their seconds and those that count."""
    covered: datetime | None = None
    for begin, end in sorted(shifts, key=lambda shift: (shift[0].at, shift[1].at)):
        seconds = int((end.at - begin.at).total_seconds())
        if seconds > MAX_SECONDS:
            yield begin, end, seconds, 0
            continue
        start = min(max(begin.at, covered or begin.at), end.at)
        covered = max(covered or end.at, end.at)
        yield begin, end, seconds, int((end.at - start).total_seconds())


def pay(person: int, seconds: int, worked: int) -> Decimal | None:
    """What a shift is paid; none where nobody knows."""
    if seconds > MAX_SECONDS or (seconds and not worked):
        return Decimal("0.00")
    wage = WAGES[person % 3]
    if wage is None:
        return None
    time = Fraction(worked, 3600)
    exact = Fraction(0)
    for start, end, percent in TIERS:
        in_tier = max(min(time, Fraction(end)) - start, Fraction(0))
        exact += Fraction(wage) * in_tier * percent / 100
    return Decimal(math.floor(exact * 100 + Fraction(1, 2))).scaleb(-2)


def expected(punches: list[Punch]) -> tuple[list[Shift], Counter[tuple[int, str]]]:
    """All shifts, and by person the reasons of all exceptions."""
    reasons: Counter[tuple[int, str]] = Counter()
    shifts: list[Shift] = []
    by_person = sorted(punches, key=lambda punch: (punch.person, punch.branch))
    for person, own in groupby(by_person, key=lambda punch: punch.person):
        pairs = []
        for _, here in groupby(own, key=lambda punch: punch.branch):
            found, unpaired = paired(list(here))
            pairs += found
            for reason, times in unpaired.items():
                reasons[person, reason] += times
        for begin, end, seconds, worked in counted(pairs):
            paid = pay(person, seconds, worked)
            shifts.append(Shift(begin, end, seconds, worked, paid))
            is_too_long = seconds > MAX_SECONDS
            for reason, holds in (
                ("shift_too_long", is_too_long),
                ("shift_overlaps", not is_too_long and worked < seconds),
                ("hours_past_last_tier", worked > 12 * 3600),
                ("wage_missing", paid is None),
            ):
                reasons[person, reason] += holds
    return shifts, +reasons


def hours(seconds: int) -> Decimal:
    return (Decimal(seconds) / 3600).quantize(Decimal("0.000001"), ROUND_HALF_UP)


def tables_of(punches: list[Punch], chance: random.Random) -> dict[str, list[Row]]:
    """The rows of everything that the models read."""
    late = [
        punch.row(is_current=False, line_number=0, punched_at=punch.at + timedelta(seconds=1))
        for punch in chance.sample(punches, 50)
    ]
    first, last = min(punch.at for punch in punches), max(punch.at for punch in punches)
    days = [first.date() + timedelta(days=n) for n in range(-1, (last - first).days + 3)]
    sold: list[Row] = [
        {
            "branch_key": branch,
            "transactions": chance.randint(1, 90),
            "net_sales": Decimal(chance.randint(-500, 999_999)) / 100,
            "business_date": day,
        }
        for branch in BRANCHES
        for day in days
        if chance.random() < 0.9
    ]
    for day_sold in sold:
        worth = None if chance.random() < 0.1 else day_sold["net_sales"] / 7
        day_sold["net_amount_company"] = worth
    return {
        "intermediate.int_punches__unioned": [*(punch.row() for punch in punches), *late],
        "intermediate.int_branch_hours__sold": [
            {
                "branch_key": day["branch_key"],
                "hour_of_day": chance.randrange(24),
                "transactions": day["transactions"],
                "net_amount": day["net_sales"],
                "net_amount_company": day["net_amount_company"],
                "business_date": day["business_date"],
            }
            for day in sold
        ],
        "marts.rpt_daily_sales": sold,
        "marts.dim_branches": [
            {
                "branch_key": branch,
                "source_system": "clock",
                "branch_name": branch,
                "currency_code": "ILS",
                "time_zone": zone.key,
            }
            for branch, zone in BRANCHES.items()
        ],
        "marts.dim_employees": [{"employee_key": key(person)} for person in range(PEOPLE)],
        "marts.dim_dates": [
            {"weekday_number": number, "weekday_name": str(number)} for number in range(1, 8)
        ],
        "reference.pay_tiers": [
            {
                "source_system": "clock",
                "valid_from": date(2000, 1, 1),
                "from_hours": start,
                "to_hours": end,
                "pay_percent": percent,
            }
            for start, end, percent in TIERS
        ],
        "reference.hourly_wages": [
            {
                "source_system": "clock",
                "employee_id": str(person),
                "valid_from": date(2000, 1, 1),
                "hourly_wage": wage,
                "currency_code": "ILS",
            }
            for person in range(PEOPLE)
            if (wage := WAGES[person % 3]) is not None
        ],
    }


@pytest.fixture(scope="module")
def punches() -> list[Punch]:
    return all_punches(random.Random(14))


@pytest.fixture(scope="module")
def built(
    postgres_server: Connection, tmp_path_factory: pytest.TempPathFactory, punches: list[Punch]
) -> Iterator[Project]:
    """The models of the workforce on these punches; their tests have passed."""
    with new_project(postgres_server, tmp_path_factory.mktemp("workforce")) as project:
        project.prepare()
        for name, rows in tables_of(punches, random.Random(15)).items():
            project.rows(
                f"create schema if not exists {name.partition('.')[0]};"
                f" create table {name} ({TABLES[name]});"
                f" insert into {name} select * from json_populate_recordset(null::{name}, %s)",
                json.dumps(rows, default=str),
            )
        project.dbt(
            "build",
            *("--select", "int_employee_shifts__paired", "path:models/marts/workforce"),
            *("--exclude-resource-type", "unit_test"),
        )
        yield project


def test_shifts_hours_and_pay_are_those_of_a_plain_count(
    built: Project, punches: list[Punch]
) -> None:
    shifts, _ = expected(punches)
    # All faults are there.
    assert sum(shift.seconds > MAX_SECONDS for shift in shifts) > 10
    assert sum(0 < shift.worked < shift.seconds for shift in shifts) > 5
    counted_as = [
        (
            key(shift.begin.person),
            shift.begin.branch,
            shift.begin.at,
            shift.end.at,
            shift.begin.at.astimezone(BRANCHES[shift.begin.branch]).date(),
            shift.begin.is_manual + shift.end.is_manual,
            hours(shift.seconds),
            hours(shift.worked),
            min(hours(shift.worked), Decimal(12)),
            shift.pay,
        )
        for shift in shifts
    ]
    found = built.rows(
        "select employee_key, branch_key, clocked_in_at, clocked_out_at, business_date,"
        " manual_punches, clocked_hours, worked_hours, paid_hours, pay_amount"
        " from marts.fct_employee_shifts"
    )
    assert Counter(found) == Counter(counted_as)


def test_every_exception_is_reported_for_its_reason(built: Project, punches: list[Punch]) -> None:
    _, reasons = expected(punches)
    assert len({reason for _, reason in reasons}) == 8
    assert {
        (int(person.split()[1]), reason): times
        for person, reason, times in built.rows(
            "select employee_key, reason, count(*) from marts.rpt_attendance_exceptions"
            " group by employee_key, reason"
        )
    } == dict(reasons)


def test_each_share_is_within_a_penny_of_its_exact_value(
    built: Project, punches: list[Punch]
) -> None:
    worked: dict[tuple[str, date], dict[str, Fraction]] = defaultdict(lambda: defaultdict(Fraction))
    for shift in expected(punches)[0]:
        begin = shift.begin
        day = begin.at.astimezone(BRANCHES[begin.branch]).date()
        worked[begin.branch, day][key(begin.person)] += Fraction(shift.worked)
    sold = built.rows(
        "select branch_key, business_date, net_sales, net_amount_company from marts.rpt_daily_sales"
    )
    sales = {(branch, day): Fraction(amount) for branch, day, amount, _ in sold}
    worth = {
        (branch, day): None if amount is None else Fraction(amount)
        for branch, day, _, amount in sold
    }
    shared = built.rows(
        "select branch_key, business_date, employee_key, net_sales, net_amount_company"
        " from marts.fct_employee_days"
    )
    assert len(shared) > 200
    for branch, day, person, amount, converted in shared:
        own, all_ = worked[branch, day][person], sum(worked[branch, day].values())
        exact = sales.get((branch, day), Fraction(0)) * own / all_ if all_ else Fraction(0)
        # Hours have six decimals.
        assert abs(Fraction(amount) - exact) < Fraction(101, 10_000)
        company = worth.get((branch, day), Fraction(0))
        assert (company is None) == (converted is None)
        if company is not None:
            exact = company * own / all_ if all_ else Fraction(0)
            assert abs(Fraction(converted) - exact) < Fraction(2, 10_000)
    of_nobody = [
        amount for day, amount in sales.items() if amount and not sum(worked[day].values())
    ]
    [(unassigned, days)] = built.rows(
        "select sum(unassigned_net_sales), count(*) from marts.fct_staffed_days"
        " where unassigned_net_sales <> 0"
    )
    assert (Fraction(unassigned), days) == (sum(of_nobody), len(of_nobody))
