"""What the pages on employees are made of, read at once for all branches."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from publish.marts import Branch, MartReader
from publish.reports.figures import ZERO
from publish.reports.missing import read_missing
from publish.reports.odd import Anomaly, read_anomalies
from publish.reports.trading import labels
from publish.reports.words import cleaned

TREND_DAYS = 28

Row = dict[str, Any]


@dataclass(frozen=True)
class StaffedDay:
    """A branch's day with a punch or a sale."""

    staff: int
    worked_hours: Decimal
    net_sales: Decimal
    assigned_net_sales: Decimal
    assigned_net_amount_company: Decimal | None
    unpaired_punches: int


@dataclass(frozen=True)
class Staffed:
    """Additive figures of several days of a branch, or of branches with one currency.

    `company_sales`: what people on duty sold, in the company's currency with six decimals, and
    `company_hours` the hours in which they did: of days with a known exchange rate.
    """

    worked_hours: Decimal = ZERO
    net_sales: Decimal = ZERO
    assigned_net_sales: Decimal = ZERO
    unpaired_punches: int = 0
    days: int = 0
    company_sales: Decimal = ZERO
    company_hours: Decimal = ZERO


@dataclass(frozen=True)
class Staff:
    """Everything that the pages of one business date show, by branch key.

    `currencies`: those of the last days; `days` and `people` leave out days in another currency.
    `company_currency`: that in which all branches are added up.
    `people`: their sums of the seven days that end on the date, and of those before; empty where
    this reader must not see them. `by_hour`: of the seven days together. `verdicts`: hours of the
    week with too many or too few people, only where nobody's later hours are in them.
    `sales_people`: of the last month that has ended.
    """

    on: date
    branches: Mapping[str, Branch]
    labels: Mapping[str, str]
    shows_names: bool
    currencies: Mapping[str, str]
    company_currency: str
    days: Mapping[str, Mapping[date, StaffedDay]]
    people: Mapping[str, Sequence[Row]]
    by_hour: Mapping[str, Sequence[Row]]
    verdicts: Mapping[str, Sequence[Row]]
    exceptions: Mapping[str, Sequence[Row]]
    sales_people: Mapping[str, Sequence[Row]]
    anomalies: Sequence[Anomaly]
    missing: Mapping[str, int]

    @property
    def first(self) -> date:
        """The first of the seven days."""
        return self.on - timedelta(days=6)

    @property
    def month(self) -> date:
        """The first day of the last month that has ended."""
        return last_ended_month(self.on)

    def currency(self, branch_key: str) -> str:
        """The currency of a branch's last day, and so of all its amounts."""
        branch = self.branches.get(branch_key)
        return self.currencies.get(branch_key, branch.currency_code if branch else "")

    def sums(self, branch_key: str, first: date, last: date) -> Staffed:
        """The sums of a branch over days."""
        found = [day for on, day in self.days.get(branch_key, {}).items() if first <= on <= last]
        return Staffed(
            sum((day.worked_hours for day in found), ZERO),
            sum((day.net_sales for day in found), ZERO),
            sum((day.assigned_net_sales for day in found), ZERO),
            sum(day.unpaired_punches for day in found),
            sum(day.worked_hours > 0 for day in found),
            sum((day.assigned_net_amount_company or ZERO for day in found), ZERO),
            sum(
                (day.worked_hours for day in found if day.assigned_net_amount_company is not None),
                ZERO,
            ),
        )


def last_ended_month(on: date) -> date:
    """The first day of the last month that has ended on a day or before."""
    if (on + timedelta(days=1)).day == 1:
        return on.replace(day=1)
    return (on.replace(day=1) - timedelta(days=1)).replace(day=1)


def read_staff(reader: MartReader, on: date) -> Staff:
    """Read the marts for all pages of a business date; no row of a later day."""
    branches = reader.all_branches
    days, currencies = _days(reader, on)
    return Staff(
        on=on,
        branches={branch.key: branch for branch in branches},
        labels=labels(branches),
        shows_names=reader.shows_names,
        currencies=currencies,
        company_currency=_company_currency(reader),
        days=days,
        people=_people(reader, on) if reader.shows_names else {},
        by_hour=_by_hour(reader, on),
        verdicts=_verdicts(reader, on),
        exceptions=_exceptions(reader, on) if reader.shows_names else {},
        sales_people=_sales_people(reader, on) if reader.shows_names else {},
        anomalies=[
            anomaly
            for anomaly in read_anomalies(reader, on - timedelta(days=6), on)
            if anomaly.subject_kind == "employee"
        ]
        if reader.shows_names
        else [],
        missing=read_missing(reader, on),
    )


def _days(reader: MartReader, on: date) -> tuple[dict[str, dict[date, StaffedDay]], dict[str, str]]:
    """The days in the currency of each branch's last day, and these currencies."""
    found = reader.rows(
        "select branch_key, business_date, currency_code, staff, worked_hours, net_sales,"
        " assigned_net_sales, assigned_net_amount_company, unpaired_punches from fct_staffed_days"
        " where business_date between %(first)s and %(on)s order by business_date",
        {"first": on - timedelta(days=TREND_DAYS - 1), "on": on},
    )
    currencies = {row["branch_key"]: row["currency_code"] for row in found}
    days: dict[str, dict[date, StaffedDay]] = defaultdict(dict)
    for row in found:
        key, day = row.pop("branch_key"), row.pop("business_date")
        if row.pop("currency_code") == currencies[key]:
            days[key][day] = StaffedDay(**row)
    return dict(days), currencies


def _company_currency(reader: MartReader) -> str:
    found = reader.rows("select company_currency_code from rpt_daily_sales limit 1")
    return str(found[0]["company_currency_code"]) if found else ""


def _people(reader: MartReader, on: date) -> dict[str, list[Row]]:
    if not reader.has("fct_employee_days"):
        return {}
    sums = ", ".join(
        f"coalesce(sum({column}) filter (where {when}), 0) as {column}_{name}"
        for column in ("shifts", "worked_hours", "net_sales", "unpaid_hours")
        for name, when in (
            ("day", "business_date = %(on)s"),
            ("week", "business_date >= %(first)s"),
            ("before", "business_date < %(first)s"),
        )
    )
    found = reader.rows(
        f"""
        with currencies as (
            select distinct on (branch_key) branch_key, currency_code
            from fct_staffed_days
            where business_date between %(first_before)s and %(on)s
            order by branch_key, business_date desc
        )
        select days.*, employees.full_name
        from (
            select branch_key, employee_key, employee_id, {sums}
            from fct_employee_days
            where business_date between %(first_before)s and %(on)s
                and (branch_key, currency_code) in (
                    select branch_key, currency_code from currencies
                )
            group by branch_key, employee_key, employee_id
        ) as days
        left join dim_employees as employees using (employee_key)
        order by days.branch_key, employees.full_name collate "C", days.employee_id collate "C",
            days.employee_key
        """,
        {"on": on, "first": on - timedelta(days=6), "first_before": on - timedelta(days=13)},
    )
    return _with_names(found)


def _with_names(rows: Sequence[Row]) -> dict[str, list[Row]]:
    """People by branch, each with a `name` that no other of the branch has."""
    named = Counter((row["branch_key"], row["full_name"]) for row in rows)
    people: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        number, name = str(row["employee_id"]), row["full_name"]
        if not name:
            name = f"Number {number}"
        elif named[row["branch_key"], name] > 1:
            name = f"{name} ({number})"
        people[row["branch_key"]].append({**row, "name": cleaned(name)})
    return dict(people)


def _by_hour(reader: MartReader, on: date) -> dict[str, list[Row]]:
    if not reader.has("fct_staffed_hours"):
        return {}
    found = reader.rows(
        "select branch_key, hour_of_day, sum(staff_hours) as staff_hours,"
        " sum(transactions) as transactions, sum(net_sales) as net_sales"
        " from fct_staffed_hours where business_date between %(first)s and %(on)s"
        " group by branch_key, hour_of_day order by branch_key, hour_of_day",
        {"first": on - timedelta(days=6), "on": on},
    )
    return _by(found)


def _verdicts(reader: MartReader, on: date) -> dict[str, list[Row]]:
    """The mart has the latest state: a branch whose state is of a later day is left out."""
    if not (reader.has("rpt_staffing_by_hour") and reader.has("fct_staffed_hours")):
        return {}
    found = reader.rows(
        """
        select
            branch_key, weekday_name, weekday_number, hour_of_day, verdict, days, average_staff,
            staff_at_branch_pace, average_transactions
        from rpt_staffing_by_hour
        where
            verdict in ('nobody', 'too_few', 'too_many')
            and branch_key not in (
                select branch_key from fct_staffed_hours where business_date > %(on)s
            )
        order by branch_key, weekday_number, hour_of_day
        """,
        {"on": on},
    )
    return _by(found)


def _exceptions(reader: MartReader, on: date) -> dict[str, list[Row]]:
    if not reader.has("rpt_attendance_exceptions"):
        return {}
    found = reader.rows(
        """
        select
            branch_key, employee_id, full_name, reason, hours, unpaid_hours, is_open, business_date
        from rpt_attendance_exceptions
        where business_date between %(first)s and %(on)s
        order by branch_key, business_date, full_name collate "C", employee_id collate "C", reason,
            exception_key
        """,
        {"first": on - timedelta(days=6), "on": on},
    )
    for row in found:
        row["name"] = cleaned(row["full_name"] or f"Number {row['employee_id']}")
    return _by(found)


def _sales_people(reader: MartReader, on: date) -> dict[str, list[Row]]:
    if not reader.has("sales_team_data_mart"):
        return {}
    found = reader.rows(
        """
        select
            branch_key, employee_key, sales_person_id as employee_id, full_name, currency_code,
            top_performance_rank, total_transactions, total_sales, returned_amount,
            sales_growth_rate, sales_contribution_percentage
        from sales_team_data_mart
        where sales_month_start_date = %(month)s
        order by branch_key, currency_code, total_sales desc, sales_person_id collate "C",
            employee_key
        """,
        {"month": last_ended_month(on)},
    )
    return _with_names(found)


def _by(rows: Sequence[Row]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        found[row["branch_key"]].append(row)
    return dict(found)
