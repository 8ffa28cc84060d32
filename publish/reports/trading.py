"""The days of the branches that a page compares: sums of rpt_daily_sales, and who is who."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from publish.marts import Branch, MartReader
from publish.reports.figures import Sales, in_pennies, sum_up
from publish.reports.words import cleaned

WEEK = timedelta(days=7)
YEAR = timedelta(days=364)
"""52 weeks: the same weekday a year before, as in rpt_sales_trends."""


@dataclass(frozen=True)
class BranchDay:
    """A branch's day with a sale, in its own money and (`company`) in the company's.

    `company`: with six decimals, to be added up; None where no exchange rate is known. It has no
    ways of paying. `net_of_vat`: None unless the rate of every receipt is known.
    """

    branch_key: str
    on: date
    currency: str
    sales: Sales
    new_customers: int
    returning_customers: int
    net_of_vat: Decimal | None
    company: Sales | None = None
    is_rate_estimated: bool = False

    @property
    def estimated(self) -> int:
        """Receipts that are converted at an estimated rate."""
        return self.sales.transactions if self.is_rate_estimated else 0


class Trading:
    """Days of branches, found by date and branch. `currency`: the company's."""

    def __init__(self, days: Iterable[BranchDay], currency: str = "") -> None:
        self.currency = currency
        self._days: dict[date, dict[str, BranchDay]] = defaultdict(dict)
        for day in days:
            self._days[day.on][day.branch_key] = day

    def day(self, branch_key: str, on: date) -> BranchDay | None:
        """The day of a branch; None where it sold nothing."""
        return self._days.get(on, {}).get(branch_key)

    def on(self, day: date) -> list[BranchDay]:
        """All branches that sold on a day."""
        return list(self._days.get(day, {}).values())

    def sales(self, branch_key: str, on: date, currency: str) -> Sales | None:
        """The sales of a branch's day in a currency; None where it has none."""
        day = self.day(branch_key, on)
        return day.sales if day and day.currency == currency else None

    def branch(self, branch_key: str, first: date, last: date, currency: str) -> Sales | None:
        """The sums of a branch over days; None where it sold nothing on any of them."""
        found = [self.sales(branch_key, day, currency) for day in days(first, last)]
        sold = [sales for sales in found if sales is not None]
        return sum_up(sold) if sold else None

    def company(self, first: date, last: date, without: Collection[str] = ()) -> Sales | None:
        """The sums of all branches over days, in the company's currency; None where no day has an
        exchange rate. `without`: not these branches.
        """
        return _added_up(
            branch.company
            for day in days(first, last)
            for branch in self.on(day)
            if branch.branch_key not in without
        )

    def converted(self, branch_key: str, first: date, last: date) -> Sales | None:
        """The sums of a branch over days in the company's currency; None where no rate is known."""
        found = [self.day(branch_key, day) for day in days(first, last)]
        return _added_up(day.company for day in found if day)

    def branches(self, first: date, last: date) -> set[str]:
        """The branches that sold anything on these days."""
        return {branch.branch_key for day in days(first, last) for branch in self.on(day)}

    def currencies(self, first: date, last: date) -> list[str]:
        """The currencies of these days, the one with the most receipts first."""
        receipts: Counter[str] = Counter()
        for day in days(first, last):
            for branch in self.on(day):
                receipts[branch.currency] += branch.sales.transactions
        return sorted(receipts, key=lambda currency: (-receipts[currency], currency))

    def is_covered(self, first: date, currency: str = "", branch_key: str = "") -> bool:
        """Whether a branch, or any, sold (in a currency) in the week from a day on: only then
        is a sum from that day on one that later ones can be compared with.
        """
        return any(
            currency in ("", branch.currency) and branch_key in ("", branch.branch_key)
            for day in days(first, first + WEEK - timedelta(days=1))
            for branch in self.on(day)
        )

    def trading_days(self, branch_key: str, first: date, last: date) -> int:
        """On how many of these days the branch sold anything."""
        return sum(self.day(branch_key, day) is not None for day in days(first, last))


def _added_up(found: Iterable[Sales | None]) -> Sales | None:
    sold = [sales for sales in found if sales is not None]
    return in_pennies(sum_up(sold)) if sold else None


def days(first: date, last: date) -> list[date]:
    """All days of a range, both ends included."""
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]


def read_trading(reader: MartReader, ranges: Sequence[tuple[date, date]]) -> Trading:
    """The days of all branches within the ranges. Ranges may overlap."""
    chosen = " or ".join(
        f"business_date between %(first_{place})s and %(last_{place})s"
        for place in range(len(ranges))
    )
    bounds = {
        f"{end}_{place}": day
        for place, both in enumerate(ranges)
        for end, day in zip(("first", "last"), both, strict=True)
    }
    summed = [one.name for one in fields(Sales)]
    found = reader.rows(
        f"select branch_key, business_date, currency_code, {', '.join(summed)},"
        " new_customers, returning_customers, net_of_vat_sales, company_currency_code,"
        " net_amount_company, returned_amount_company, is_rate_estimated"
        f" from rpt_daily_sales where {chosen} order by business_date, branch_key",
        bounds,
    )
    currency = found[-1]["company_currency_code"] if found else ""
    return Trading(
        (
            BranchDay(
                row["branch_key"],
                row["business_date"],
                row["currency_code"],
                Sales(*(row[name] for name in summed)),
                row["new_customers"],
                row["returning_customers"],
                row["net_of_vat_sales"],
                _converted(row),
                row["is_rate_estimated"],
            )
            for row in found
        ),
        currency,
    )


def _converted(row: Mapping[str, Any]) -> Sales | None:
    if row["net_amount_company"] is None:
        return None
    return Sales(
        net_sales=row["net_amount_company"],
        transactions=row["transactions"],
        returns=row["returns"],
        items_sold=row["items_sold"],
        returned_amount=row["returned_amount_company"],
    )


def labels(branches: Sequence[Branch]) -> dict[str, str]:
    """A name for each branch that no other has: with the place, or the source, where needed."""
    named = Counter(branch.name for branch in branches)
    placed = Counter((branch.name, branch.place) for branch in branches)
    found = {}
    for branch in branches:
        name = cleaned(branch.name)
        if named[branch.name] > 1:
            is_alone = placed[branch.name, branch.place] == 1
            place = branch.place if is_alone else f"{branch.place}, {branch.source_system}"
            name = f"{name} ({cleaned(place)})"
        found[branch.key] = name
    return found


@dataclass(frozen=True)
class Holidays:
    """Public holidays by country and day. A holiday without a name has an empty one."""

    names: Mapping[tuple[str, date], str]

    def of(self, branch: Branch | None, day: date) -> str | None:
        """The holiday of a day in a branch's country; None where it is none."""
        country = branch.country_code if branch else None
        return self.names.get((country, day)) if country else None


def read_holidays(reader: MartReader, on: Collection[date]) -> Holidays:
    """The public holidays among some days, in all countries of the company."""
    if not reader.has("dim_country_dates"):
        return Holidays({})
    found = reader.rows(
        "select country_code, date_day, holiday_name from dim_country_dates"
        " where is_holiday and date_day = any(%(days)s)",
        {"days": list(on)},
    )
    return Holidays(
        {(row["country_code"], row["date_day"]): row["holiday_name"] or "" for row in found}
    )
