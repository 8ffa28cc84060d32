"""Sentences and sections on sales that the pages of a branch and of the company share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from publish.reports.figures import ZERO, Sales, change_percent, rounded
from publish.reports.page import Chart, ChartKind, Kind, Section, Series, Source
from publish.reports.words import hour, money, more_or_less, number, short_day, up_or_down

WORTH_A_REASON = 2
"""A change of fewer percent is not explained."""
HOURS_LOOKED_AT = 3
"""The longest part of a day that is named as the one that made the difference."""


def main_reason(now: Sales, before: Sales, currency: str) -> str:
    """Which part of a change made most of it: customers, what they bought, or returns.

    Sales are receipts times their average, minus returns. Empty where no part made half of it.
    """
    change = now.net_sales - before.net_sales
    average, average_before = now.average_receipt, before.average_receipt
    if average is None or average_before is None or change == 0:
        return ""
    receipts = now.transactions - now.returns
    receipts_before = before.transactions - before.returns
    is_up = change > 0
    parts = [
        (
            (receipts - receipts_before) * average_before,
            f"{'more' if is_up else 'fewer'} customers bought,"
            f" {receipts:,} instead of {receipts_before:,}",
        ),
        (
            (average - average_before) * receipts,
            f"a customer bought for {'more' if is_up else 'less'},"
            f" {money(average, currency)} instead of {average_before:,.2f} on average",
        ),
        (
            before.returned_amount - now.returned_amount,
            f"{'less' if is_up else 'more'} was returned,"
            f" {money(now.returned_amount, currency)} instead of {before.returned_amount:,.2f}",
        ),
    ]
    effect, said = max(parts, key=lambda part: part[0] if is_up else -part[0])
    made_half = effect * 2 >= change if is_up else effect * 2 <= change
    return f"mainly because {said}" if made_half else ""


@dataclass(frozen=True)
class Stretch:
    """Hours of a day, `first` to before `last`, and how much more than usual they brought."""

    first: int
    last: int
    difference: Decimal

    @property
    def rank(self) -> tuple[Decimal, int]:
        """The largest difference in the fewest hours ranks highest."""
        return abs(self.difference), self.first - self.last


def decisive_hours(
    now: Mapping[int, Decimal], usual: Mapping[int, Decimal], *, is_up: bool
) -> Stretch | None:
    """The hours, three at most, that brought most more (or less) than usual; None if none did."""
    found: Stretch | None = None
    for first in range(24):
        for last in range(first + 1, min(first + HOURS_LOOKED_AT, 24) + 1):
            difference = sum(
                (now.get(at, ZERO) - usual.get(at, ZERO) for at in range(first, last)), ZERO
            )
            if difference == 0 or (difference > 0) != is_up:
                continue
            stretch = Stretch(first, last, difference)
            if found is None or stretch.rank > found.rank:
                found = stretch
    return found


def hours_section(
    now: Mapping[int, Decimal],
    usual: Mapping[int, Decimal],
    names: tuple[str, str],
    source: Source,
    kind: Kind,
    currency: str = "",
    text: str = "",
) -> Section | None:
    """The hours of a day beside the usual ones; None where no receipt has a time.

    `names`: of the day, and of the usual day.
    """
    opened = sorted({*now, *usual})
    if not now or not opened:
        return None
    hours = range(opened[0], opened[-1] + 1)

    def value(amount: Decimal) -> str:
        return money(amount, currency) if currency else f"{number(amount)} receipts"

    busiest = max(hours, key=lambda at: (now.get(at, ZERO), -at))
    said = f"The busiest hour began at {hour(busiest)}: {value(now.get(busiest, ZERO))}."
    series = [Series(names[0], tuple(now.get(at, ZERO) for at in hours))]
    if usual:
        series.append(Series(names[1], tuple(usual.get(at, ZERO) for at in hours)))
    return Section(
        "hours",
        "Hour by hour",
        source,
        f"{said} {text}".strip(),
        Chart(
            ChartKind.COLUMNS,
            tuple(hour(at) for at in hours),
            tuple(series),
            kind,
            f"{'Net sales' if currency else 'Receipts'} by hour, {hour(hours[0])} to"
            f" {hour(hours[-1] + 1)}. {said}"
            + (
                f" On a usual day that hour has {value(usual.get(busiest, ZERO))}." if usual else ""
            ),
            currency,
        ),
    )


def usual_hours(totals: Mapping[int, Decimal], days: int, digits: int) -> dict[int, Decimal]:
    """The mean of each hour over a number of days; empty without days."""
    return {at: rounded(total / days, digits) for at, total in totals.items()} if days else {}


@dataclass(frozen=True)
class Trend:
    """The sales of consecutive days, and those of the same weekdays a year before."""

    days: Sequence[date]
    values: Sequence[Decimal | None]
    year_before: Sequence[Decimal | None]
    total: Decimal
    total_before: Decimal | None
    total_year_before: Decimal | None


def trend_section(trend: Trend, currency: str, source: Source, key: str, title: str) -> Section:
    """The last weeks, day by day."""
    count = len(trend.days)
    said = [f"The {count} days to {short_day(trend.days[-1])} brought"]
    said.append(money(trend.total, currency))
    change = change_percent(trend.total, trend.total_before)
    if change is not None:
        said[-1] += ","
        said.append(f"{more_or_less(change)} the {count} days before")
    year = change_percent(trend.total, trend.total_year_before)
    if year is not None:
        said[-1] += ","
        said.append(f"and {more_or_less(year)} the same weekdays a year before")
    text = " ".join(said) + "."
    series = [Series("These days", tuple(trend.values))]
    if any(value is not None for value in trend.year_before):
        series.append(Series("A year before", tuple(trend.year_before)))
    known = [(value, day) for value, day in zip(trend.values, trend.days, strict=True) if value]
    highest = max(known) if known else None
    alt = f"Net sales by day. {text}"
    if highest:
        alt += f" The best day was {short_day(highest[1])} with {money(highest[0], currency)}."
    return Section(
        key,
        title,
        source,
        text,
        Chart(
            ChartKind.LINE,
            tuple(short_day(day) for day in trend.days),
            tuple(series),
            Kind.MONEY,
            alt,
            currency,
        ),
    )


def change_words(change: Decimal | None, against: str) -> str:
    """`up 3.1 % on the Monday before`; empty where nothing can be compared."""
    return "" if change is None else f"{up_or_down(change)} on {against}"
