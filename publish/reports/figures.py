"""The arithmetic of the reports: rounded as in the marts, without a division by zero."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from publish.reports.page import Comparison, Value

ZERO = Decimal("0.00")


def rounded(number: Decimal, digits: int) -> Decimal:
    """Rounded half away from zero, as PostgreSQL rounds."""
    found = number.quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP)
    # A zero has no sign.
    return found or abs(found)


def ratio(number: Decimal | int, per: Decimal | int, digits: int = 2) -> Decimal | None:
    """One number divided by another; None where the divisor is zero."""
    return rounded(Decimal(number) / Decimal(per), digits) if per else None


def change_percent(
    now: Decimal | int | None, before: Decimal | int | None, digits: int = 1
) -> Decimal | None:
    """The change in percent; None where the former value is not above zero, or not known."""
    if now is None or before is None or before <= 0:
        return None
    return ratio(100 * (Decimal(now) - Decimal(before)), before, digits)


def share_percent(part: Decimal | int, whole: Decimal | int) -> Decimal | None:
    """A part in percent; None where the whole is not above zero."""
    return ratio(100 * Decimal(part), whole, 1) if whole > 0 else None


def compared(
    label: str, now: Decimal | int | None, before: Decimal | int | None
) -> tuple[Comparison, ...]:
    """A comparison, or none where there is nothing to compare with."""
    if before is None or not (now or before):
        return ()
    return (Comparison(label, change_percent(now, before), before),)


def largest(value: Value) -> Decimal:
    """A key to sort by: unknown values as the smallest."""
    return Decimal(value) if isinstance(value, (int, Decimal)) else Decimal("-Infinity")


@dataclass(frozen=True)
class Sales:
    """Additive figures of days of branches, in one currency."""

    net_sales: Decimal = ZERO
    transactions: int = 0
    returns: int = 0
    items_sold: int = 0
    returned_amount: Decimal = ZERO
    cash_sales: Decimal = ZERO
    card_sales: Decimal = ZERO
    other_sales: Decimal = ZERO

    @property
    def sold_amount(self) -> Decimal:
        """What was sold, before returns."""
        return self.net_sales + self.returned_amount

    @property
    def average_receipt(self) -> Decimal | None:
        """What was sold, per receipt that sold it; None where there are only returns."""
        return ratio(self.sold_amount, self.transactions - self.returns)


@dataclass(frozen=True)
class SalesInPennies(Sales):
    """Sums rounded to the penny. `exact_sold_amount`: before rounding, so that the average, as that
    of the marts, is rounded once.
    """

    exact_sold_amount: Decimal = ZERO

    @property
    def sold_amount(self) -> Decimal:
        """What was sold, before returns, not rounded."""
        return self.exact_sold_amount


def both(
    label: str,
    now: Sales | None,
    before: Sales | None,
    of: Callable[[Sales], Decimal | int | None],
) -> tuple[Comparison, ...]:
    """A comparison of one figure of two periods."""
    return compared(label, of(now) if now else None, of(before) if before else None)


def sum_up(days: Iterable[Sales]) -> Sales:
    """The sum of days; of none all figures are 0."""
    found = list(days)
    sums: dict[str, Any] = {}
    for one in fields(Sales):
        zero: Any = getattr(Sales, one.name)
        sums[one.name] = sum((getattr(day, one.name) for day in found), zero)
    return Sales(**sums)


def in_pennies(sales: Sales) -> SalesInPennies:
    """Sums of amounts with six decimals, rounded to the penny: once, after adding up."""
    figures = {one.name: getattr(sales, one.name) for one in fields(Sales)}
    figures["net_sales"] = rounded(sales.net_sales, 2)
    figures["returned_amount"] = rounded(sales.returned_amount, 2)
    return SalesInPennies(**figures, exact_sold_amount=sales.sold_amount)


def condition(**values: str | date | int) -> str:
    """A condition that selects rows by equal values, as an analyst would write it."""
    return " and ".join(f"{name} = {literal(value)}" for name, value in values.items())


def during(first: date, last: date, column: str = "business_date", **values: str) -> str:
    """A condition that selects rows by a range of dates, and by equal values."""
    dates = f"{column} between {literal(first)} and {literal(last)}"
    return f"{condition(**values)} and {dates}" if values else dates


def literal(value: str | date | int) -> str:
    """A value in SQL."""
    if isinstance(value, int):
        return str(value)
    if isinstance(value, date):
        return f"date '{value.isoformat()}'"
    return "'" + value.replace("'", "''") + "'"
