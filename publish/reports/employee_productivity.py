"""Employee productivity: a page for each branch with a time clock or sales people.

Hours and sales are those of the seven days that end on the business date, so that it can appear
every day or every week.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import groupby

from publish.marts import MartReader
from publish.reports.figures import (
    ZERO,
    change_percent,
    compared,
    condition,
    during,
    largest,
    ratio,
    rounded,
)
from publish.reports.odd import odd
from publish.reports.page import (
    Advice,
    Chart,
    ChartKind,
    Column,
    Figure,
    Kind,
    Page,
    Section,
    Series,
    Source,
    Table,
    Value,
)
from publish.reports.report import Part, Report
from publish.reports.staff_reading import TREND_DAYS, Row, Staff, Staffed, read_staff
from publish.reports.trading import days
from publish.reports.words import (
    called,
    cleaned,
    days_of,
    hour,
    listed,
    money,
    more_or_less,
    number,
    of_month,
    on_day,
    short_day,
    up_or_down,
)

REASONS = {
    "in_without_out": "came, and did not punch out",
    "out_without_in": "left, and had not punched in",
    "in_doubled": "punched in twice",
    "out_doubled": "punched out twice",
    "shift_too_long": "shift too long to be true",
    "shift_overlaps": "at work in two branches at once",
    "hours_past_last_tier": "hours after the last pay tier",
    "pay_tiers_missing": "no pay tiers for the day",
    "wage_missing": "wage is missing",
    "wage_currency_differs": "wage in another currency",
}
VERDICTS = {"nobody": "nobody on duty", "too_few": "too few", "too_many": "too many"}
MOST_STRETCHES = 10
MOST_EXCEPTIONS = 30
MOST_ODD = 4
WEEK_BEFORE = timedelta(days=7)


def read(reader: MartReader, business_date: date, parts: Sequence[Part]) -> list[Page]:
    """A page for each branch with hours, or at the end of a month with sales people; and for the
    company one without names.
    """
    staff = read_staff(reader, business_date)
    found = (
        _branch_page(staff, part) if part.key else _company_page(staff, part) for part in parts
    )
    return [page for page in found if page]


EMPLOYEE_PRODUCTIVITY = Report(
    name="employee_productivity",
    title="Employee productivity",
    read=read,
    reads=("fct_staffed_days", "dim_branches", "rpt_daily_sales"),
    looks_back=31 + 30,
    may_read=(
        "fct_employee_days",
        "dim_employees",
        "fct_staffed_hours",
        "rpt_staffing_by_hour",
        "rpt_attendance_exceptions",
        "sales_team_data_mart",
        "fct_sales_anomalies",
        "dim_country_dates",
    ),
    # Its rows of past months change each night: they name the latest month of a person, and a mean
    # of all months. What a page reads of it are sums of the receipts in rpt_daily_sales.
    not_compared=("sales_team_data_mart",),
)


def _branch_page(staff: Staff, part: Part) -> Page | None:
    has_clock = part.key in staff.days
    ends_month = (staff.on + timedelta(days=1)).day == 1
    sales_people = staff.sales_people.get(part.key, [])
    if not has_clock and not (sales_people and ends_month):
        return None
    page = _BranchPage(staff, part)
    return page.page() if has_clock else page.page_of_sales_people()


@dataclass(frozen=True)
class Stretch:
    """Consecutive hours of a weekday with the same verdict, with means over them."""

    verdict: str
    weekday: str
    first: int
    last: int
    staff: Decimal
    needed: Decimal
    receipts: Decimal

    @property
    def difference(self) -> Decimal:
        """By how many people the staff differs from what the receipts take, over all its hours."""
        return abs(self.staff - self.needed) * (self.last - self.first)

    @property
    def hours(self) -> str:
        return f"{hour(self.first)} to {hour(self.last)}"


def stretches(rows: Sequence[Row]) -> list[Stretch]:
    """Consecutive hours as one, those with the largest difference first."""

    def together(placed: tuple[int, Row]) -> tuple[object, ...]:
        place, row = placed
        return row["weekday_number"], row["verdict"], row["hour_of_day"] - place

    found = []
    for _, group in groupby(enumerate(rows), key=together):
        hours = [row for _, row in group]
        found.append(
            Stretch(
                hours[0]["verdict"],
                hours[0]["weekday_name"],
                hours[0]["hour_of_day"],
                hours[-1]["hour_of_day"] + 1,
                _mean([row["average_staff"] for row in hours]),
                _mean([row["staff_at_branch_pace"] or ZERO for row in hours]),
                _mean([row["average_transactions"] for row in hours]),
            )
        )
    # The sort is stable: of equal ones the first of the week.
    return sorted(found, key=lambda stretch: -stretch.difference)


def _mean(values: Sequence[Decimal]) -> Decimal:
    return rounded(sum(values, ZERO) / len(values), 2)


class _BranchPage:
    def __init__(self, staff: Staff, part: Part) -> None:
        self.staff, self.part, self.on, self.key = staff, part, staff.on, part.key
        self.first = staff.first
        self.currency = staff.currency(self.key)
        self.name = called(part.name)
        self.now = staff.sums(self.key, self.first, self.on)
        self.before = staff.sums(self.key, self.first - WEEK_BEFORE, self.first - timedelta(1))
        self.people = [
            row
            for row in staff.people.get(self.key, [])
            if row["worked_hours_week"] or row["worked_hours_before"]
        ]
        self.stretches = stretches(staff.verdicts.get(self.key, []))

    def _source(self, mart: str) -> Source:
        return Source(mart, during(self.first, self.on, branch_key=self.key))

    @property
    def per_hour(self) -> Decimal | None:
        return _per_hour(self.now)

    def page(self) -> Page:
        sections = (
            self._people(),
            self._days(),
            self._hours(),
            self._staffing(),
            self._exceptions(),
            self._sales_people(),
        )
        return self._framed(
            days_of(self.first, self.on),
            self._headline(),
            self._figures(),
            [section for section in sections if section],
            self._advice(),
        )

    def page_of_sales_people(self) -> Page:
        """Of a branch without a time clock: the month of its sales people."""
        rows = self.staff.sales_people[self.key]
        month = of_month(self.staff.month)
        currency = rows[0]["currency_code"]
        total = sum((row["total_sales"] for row in rows if row["currency_code"] == currency), ZERO)
        section = self._sales_people()
        return self._framed(
            month,
            f"{self.name}: {len(rows)} sales {'people' if len(rows) > 1 else 'person'} sold"
            f" {money(total, currency)} in {month}.",
            [
                Figure(
                    "total_sales",
                    "Sales of the month",
                    total,
                    Kind.MONEY,
                    self._of_month(),
                    currency,
                ),
                Figure("sales_people", "Sales people", len(rows), Kind.NUMBER, self._of_month()),
            ],
            [section] if section else [],
            [],
        )

    def _framed(
        self,
        period: str,
        headline: str,
        figures: Sequence[Figure],
        sections: Sequence[Section],
        advice: Sequence[Advice],
    ) -> Page:
        is_missing = self.key in self.staff.missing
        return Page(
            report="employee_productivity",
            title="Employee productivity",
            part=self.key,
            part_name=cleaned(self.part.name),
            part_place=cleaned(self.part.place),
            business_date=self.on,
            period=period,
            headline=headline,
            figures=tuple(figures),
            sections=tuple(sections),
            odd=odd(
                [one for one in self.staff.anomalies if one.branch_key == self.key], most=MOST_ODD
            ),
            advice=tuple(advice),
            missing=(self.staff.labels.get(self.key, self.part.name),) if is_missing else (),
            shows_names=self.staff.shows_names,
        )

    def _headline(self) -> str:
        period = f"in the seven days to {on_day(self.on)}"
        if not self.now.worked_hours:
            return f"{self.name}: no hours of work are known {period}."
        who = f"{len(self._at_work()):,} people worked" if self.people else "People worked"
        said = (
            f"{self.name}: {who} {_tenths(self.now.worked_hours)} hours {period} and sold"
            f" {money(self.per_hour or ZERO, self.currency)} an hour"
        )
        change = change_percent(self.per_hour, _per_hour(self.before))
        if change is not None:
            said += f", {more_or_less(change)} in the seven days before"
        hours_change = change_percent(self.now.worked_hours, self.before.worked_hours)
        sales_change = change_percent(self.now.assigned_net_sales, self.before.assigned_net_sales)
        if hours_change is not None and sales_change is not None:
            said += f" (hours {up_or_down(hours_change)}, sales {up_or_down(sales_change)})"
        return said + "."

    def _at_work(self) -> list[Row]:
        return [row for row in self.people if row["worked_hours_week"]]

    def _figures(self) -> list[Figure]:
        source = self._source("fct_staffed_days")
        figures = [
            Figure(
                "worked_hours",
                "Hours worked",
                rounded(self.now.worked_hours, 2),
                Kind.HOURS,
                source,
                comparisons=compared(
                    "on the 7 days before",
                    rounded(self.now.worked_hours, 2),
                    rounded(self.before.worked_hours, 2) if self.before.days else None,
                ),
                more_is_better=None,
            ),
            Figure(
                "net_sales_per_hour",
                "Sales per hour worked",
                self.per_hour,
                Kind.MONEY,
                source,
                self.currency,
                compared("on the 7 days before", self.per_hour, _per_hour(self.before)),
            ),
            Figure(
                "net_sales",
                "Net sales",
                self.now.net_sales,
                Kind.MONEY,
                source,
                self.currency,
                compared(
                    "on the 7 days before",
                    self.now.net_sales,
                    self.before.net_sales if self.before.days else None,
                ),
            ),
        ]
        if self.people:
            figures.append(
                Figure(
                    "people",
                    "People at work",
                    len(self._at_work()),
                    Kind.NUMBER,
                    self._source("fct_employee_days"),
                    more_is_better=None,
                )
            )
        unassigned = self.now.net_sales - self.now.assigned_net_sales
        if unassigned:
            figures.append(
                Figure(
                    "unassigned_net_sales",
                    "Sales while nobody was on duty",
                    unassigned,
                    Kind.MONEY,
                    source,
                    self.currency,
                    more_is_better=False,
                )
            )
        return figures

    def _people(self) -> Section | None:
        if not self.people:
            return None
        rows = sorted(
            self.people,
            key=lambda row: (
                -largest(ratio(row["net_sales_week"], row["worked_hours_week"])),
                row["name"],
            ),
        )
        return Section(
            "people",
            "Person by person",
            self._source("fct_employee_days"),
            "A till does not say who sold: the sales of a day are shared by the hours worked on it."
            " So the figures say how the days went on which a person worked.",
            table=Table(
                (
                    Column("Name", Kind.TEXT),
                    Column(f"Hours on {short_day(self.on)}", Kind.HOURS),
                    Column("Hours in 7 days", Kind.HOURS),
                    Column("Shifts", Kind.NUMBER),
                    Column("Share of sales", Kind.MONEY, self.currency),
                    Column("Sales per hour", Kind.MONEY, self.currency),
                    Column("On the 7 days before", Kind.CHANGE),
                    Column("Hours without pay", Kind.HOURS),
                ),
                tuple(self._person(row) for row in rows),
            ),
        )

    def _person(self, row: Row) -> tuple[Value, ...]:
        per_hour = ratio(row["net_sales_week"], row["worked_hours_week"])
        before = ratio(row["net_sales_before"], row["worked_hours_before"])
        return (
            row["name"],
            rounded(row["worked_hours_day"], 2),
            rounded(row["worked_hours_week"], 2),
            int(row["shifts_week"]),
            row["net_sales_week"],
            per_hour,
            change_percent(per_hour, before),
            rounded(row["unpaid_hours_week"], 2),
        )

    def _days(self) -> Section | None:
        shown = days(self.on - timedelta(days=TREND_DAYS - 1), self.on)
        of = self.staff.days.get(self.key, {})
        values = [
            ratio(of[on].assigned_net_sales, of[on].worked_hours) if on in of else None
            for on in shown
        ]
        known = [(value, on) for value, on in zip(values, shown, strict=True) if value is not None]
        if not known:
            return None
        best, worst = max(known), min(known)
        text = (
            f"From {money(worst[0], self.currency)} on {short_day(worst[1])} to"
            f" {money(best[0], self.currency)} on {short_day(best[1])}."
        )
        return Section(
            "days",
            "Sales per hour worked, day by day",
            Source("fct_staffed_days", during(shown[0], self.on, branch_key=self.key)),
            text,
            Chart(
                ChartKind.LINE,
                tuple(short_day(on) for on in shown),
                (Series("Sales per hour worked", tuple(values)),),
                Kind.MONEY,
                f"Net sales per hour worked on {TREND_DAYS} days. {text}",
                self.currency,
            ),
        )

    def _hours(self) -> Section | None:
        rows = [row for row in self.staff.by_hour.get(self.key, []) if row["staff_hours"]]
        if not rows:
            return None
        rates = {
            row["hour_of_day"]: ratio(Decimal(row["transactions"]), row["staff_hours"], 1) or ZERO
            for row in rows
        }
        busiest = max(rates, key=lambda at: (rates[at], -at))
        quietest = min(rates, key=lambda at: (rates[at], at))
        text = (
            f"Receipts per hour of work: {number(rates[busiest])} from {hour(busiest)},"
            f" {number(rates[quietest])} from {hour(quietest)}."
        )
        shown = range(min(rates), max(rates) + 1)
        return Section(
            "hours",
            "Receipts per hour of work, by hour of the day",
            self._source("fct_staffed_hours"),
            text,
            Chart(
                ChartKind.COLUMNS,
                tuple(hour(at) for at in shown),
                (Series("Receipts per hour of work", tuple(rates.get(at) for at in shown)),),
                Kind.QUANTITY,
                f"The seven days together. {text}",
            ),
        )

    def _staffing(self) -> Section | None:
        if not self.stretches:
            return None
        shown = self.stretches[:MOST_STRETCHES]
        more = len(self.stretches) - len(shown)
        return Section(
            "staffing",
            "Too many or too few on duty",
            Source(
                "rpt_staffing_by_hour",
                condition(branch_key=self.key)
                + " and verdict in ('nobody', 'too_few', 'too_many')",
            ),
            "Hours of the week, measured by the branch's own pace in the last weeks."
            + (f" The {len(shown)} largest differences; {more} smaller ones." if more else ""),
            table=Table(
                (
                    Column("Weekday", Kind.TEXT),
                    Column("Hours", Kind.TEXT),
                    Column("Staff", Kind.TEXT),
                    Column("On duty", Kind.QUANTITY),
                    Column("Would do", Kind.QUANTITY),
                    Column("Receipts an hour", Kind.QUANTITY),
                ),
                tuple(
                    (
                        one.weekday,
                        one.hours,
                        VERDICTS[one.verdict],
                        one.staff,
                        one.needed,
                        one.receipts,
                    )
                    for one in shown
                ),
            ),
            is_latest=True,
        )

    def _exceptions(self) -> Section | None:
        rows = self.staff.exceptions.get(self.key)
        if not rows:
            return None
        more = len(rows) - MOST_EXCEPTIONS
        return Section(
            "exceptions",
            "To correct before people are paid",
            self._source("rpt_attendance_exceptions"),
            f"The first {MOST_EXCEPTIONS}; {more:,} more are in the mart." if more > 0 else "",
            table=Table(
                (
                    Column("Name", Kind.TEXT),
                    Column("Day", Kind.DATE),
                    Column("What is wrong", Kind.TEXT),
                    Column("Hours without pay", Kind.HOURS),
                ),
                tuple(
                    (
                        row["name"],
                        row["business_date"],
                        REASONS.get(row["reason"], str(row["reason"]))
                        + (" (may still be at work)" if row["is_open"] else ""),
                        None if row["unpaid_hours"] is None else rounded(row["unpaid_hours"], 2),
                    )
                    for row in rows[:MOST_EXCEPTIONS]
                ),
            ),
        )

    def _of_month(self) -> Source:
        return Source(
            "sales_team_data_mart",
            condition(branch_key=self.key, sales_month_start_date=self.staff.month),
        )

    def _sales_people(self) -> Section | None:
        rows = self.staff.sales_people.get(self.key)
        if not rows:
            return None
        currencies = {row["currency_code"] for row in rows}
        currency = next(iter(currencies)) if len(currencies) == 1 else ""
        return Section(
            "sales_people",
            f"Sales people in {of_month(self.staff.month)}",
            self._of_month(),
            chart=Chart(
                ChartKind.BARS,
                tuple(row["name"] for row in rows),
                (Series("Sales", tuple(row["total_sales"] for row in rows)),),
                Kind.MONEY,
                f"Sales of the month: {rows[0]['name']} sold most,"
                f" {money(rows[0]['total_sales'], rows[0]['currency_code'])}.",
                currency,
            )
            if currency
            else None,
            table=Table(
                (
                    Column("Name", Kind.TEXT),
                    *([] if currency else [Column("Currency", Kind.CODE)]),
                    Column("Sales", Kind.MONEY, currency),
                    Column("On the month before", Kind.CHANGE),
                    Column("Share of the store", Kind.PERCENT),
                    Column("Receipts", Kind.NUMBER),
                    Column("Returned", Kind.MONEY, currency),
                ),
                tuple(
                    (
                        row["name"],
                        *([] if currency else [row["currency_code"]]),
                        row["total_sales"],
                        row["sales_growth_rate"],
                        row["sales_contribution_percentage"],
                        row["total_transactions"],
                        row["returned_amount"],
                    )
                    for row in rows
                ),
            ),
        )

    def _advice(self) -> list[Advice]:
        found: list[Advice] = []
        rows = self.staff.exceptions.get(self.key, [])
        if wrong := [row for row in rows if not row["is_open"]]:
            unpaid = sum((row["unpaid_hours"] or ZERO for row in wrong), ZERO)
            found.append(
                Advice(
                    f"Correct {len(wrong):,} entr{'ies' if len(wrong) > 1 else 'y'} of the time"
                    " clock before people are paid",
                    f"{_tenths(unpaid)} hours have no pay; the table below lists them.",
                    self._source("rpt_attendance_exceptions"),
                )
            )
        unassigned = self.now.net_sales - self.now.assigned_net_sales
        if unassigned > 0:
            found.append(
                Advice(
                    "Check who was at work on the days without punches",
                    f"{money(unassigned, self.currency)} was sold while nobody was on duty"
                    f" ({number(self.now.unpaired_punches)} punches belong to no shift).",
                    self._source("fct_staffed_days"),
                )
            )
        return found + self._staffing_advice()

    def _staffing_advice(self) -> list[Advice]:
        source = Source("rpt_staffing_by_hour", condition(branch_key=self.key))
        found = []
        for verdict, what in (("too_few", "more"), ("nobody", "more"), ("too_many", "fewer")):
            chosen = [one for one in self.stretches if one.verdict == verdict]
            if not chosen:
                continue
            one = chosen[0]
            others = [f"{also.weekday}s {also.hours}" for also in chosen[1:3]]
            found.append(
                Advice(
                    f"Plan {what} people on {one.weekday}s from {one.hours}",
                    f"{_tenths(one.staff)} on duty on average, {_tenths(one.needed)} would do for"
                    f" {_tenths(one.receipts)} receipts an hour."
                    + (f" The same: {listed(others)}." if others else ""),
                    source,
                    is_latest=True,
                )
            )
        return found


def _company_page(staff: Staff, part: Part) -> Page | None:
    """Branches side by side, without names of people; all together in the company's currency."""
    if not staff.days:
        return None
    first, before = staff.first, staff.first - WEEK_BEFORE
    keys = sorted(staff.days, key=lambda key: staff.labels.get(key, key))
    currency = staff.company_currency
    several = {staff.currency(key) for key in keys} != {currency}
    now = _together([staff.sums(key, first, staff.on) for key in keys])
    past = _together([staff.sums(key, before, first - timedelta(1)) for key in keys])
    per_hour, past_per_hour = (
        ratio(sums.company_sales, sums.company_hours) for sums in (now, past)
    )
    source = Source("fct_staffed_days", during(first, staff.on))
    figures = (
        Figure(
            "worked_hours",
            "Hours worked",
            rounded(now.worked_hours, 2),
            Kind.HOURS,
            source,
            comparisons=compared(
                "on the 7 days before",
                rounded(now.worked_hours, 2),
                rounded(past.worked_hours, 2) if past.days else None,
            ),
            more_is_better=None,
        ),
        Figure(
            f"net_sales_per_hour_{currency}",
            "Sales per hour worked",
            per_hour,
            Kind.MONEY,
            source,
            currency,
            compared("on the 7 days before", per_hour, past_per_hour),
        ),
    )
    headline = (
        f"{_tenths(now.worked_hours)} hours were worked in {len(keys):,}"
        f" branch{'es' if len(keys) > 1 else ''} in the seven days to {on_day(staff.on)}."
    )
    if per_hour is not None:
        change = change_percent(per_hour, past_per_hour)
        headline += (
            f" An hour brought {money(per_hour, currency)}"
            + (f" ({up_or_down(change)} on the 7 days before)" if change is not None else "")
            + "."
        )
    # Some hours of the branches have sales that nobody can convert.
    unrated = sorted(
        {
            staff.currency(key)
            for key in keys
            if any(day.assigned_net_amount_company is None for day in staff.days[key].values())
        }
    )
    return Page(
        report="employee_productivity",
        title="Employee productivity",
        part=part.key,
        part_name=cleaned(part.name),
        part_place=cleaned(part.place),
        business_date=staff.on,
        period=days_of(first, staff.on),
        headline=headline,
        figures=figures,
        sections=(
            Section(
                "branches",
                "Branch by branch",
                source,
                f"Without an exchange rate to {currency}, and so not in the sales per hour of all:"
                f" branches in {listed(unrated)}."
                if unrated
                else "",
                table=Table(
                    (
                        Column("Branch", Kind.TEXT),
                        *([Column("Currency", Kind.CODE)] if several else []),
                        Column("Hours", Kind.HOURS),
                        Column("On the 7 days before", Kind.CHANGE),
                        Column("Sales per hour", Kind.MONEY, "" if several else currency),
                        Column("On the 7 days before", Kind.CHANGE),
                        Column("Sales, nobody on duty", Kind.MONEY, "" if several else currency),
                        Column("Punches without a shift", Kind.NUMBER),
                    ),
                    tuple(_branch_row(staff, key, staff.currency(key), several) for key in keys),
                ),
            ),
        ),
        missing=tuple(staff.labels.get(key, key) for key in staff.missing if key in staff.days),
    )


def _branch_row(staff: Staff, key: str, currency: str, several: bool) -> tuple[Value, ...]:
    now = staff.sums(key, staff.first, staff.on)
    past = staff.sums(key, staff.first - WEEK_BEFORE, staff.first - timedelta(1))
    name: list[Value] = [staff.labels.get(key, key), *([currency] if several else [])]
    return (
        *name,
        rounded(now.worked_hours, 2),
        change_percent(now.worked_hours, past.worked_hours),
        _per_hour(now),
        change_percent(_per_hour(now), _per_hour(past)),
        now.net_sales - now.assigned_net_sales,
        now.unpaired_punches,
    )


def _together(sums: Sequence[Staffed]) -> Staffed:
    return Staffed(
        sum((one.worked_hours for one in sums), ZERO),
        sum((one.net_sales for one in sums), ZERO),
        sum((one.assigned_net_sales for one in sums), ZERO),
        sum(one.unpaired_punches for one in sums),
        sum(one.days for one in sums),
        sum((one.company_sales for one in sums), ZERO),
        sum((one.company_hours for one in sums), ZERO),
    )


def _per_hour(sums: Staffed) -> Decimal | None:
    """What was sold by the people on duty, per hour of work."""
    return ratio(sums.assigned_net_sales, sums.worked_hours)


def _tenths(value: Decimal) -> str:
    return number(rounded(value, 1))
