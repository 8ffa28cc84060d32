"""What the branches were to sell in a month. No page mentions targets where none are set."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from publish.marts import MartReader
from publish.reports.figures import ZERO, condition, rounded
from publish.reports.page import Source

MART = "rpt_sales_against_targets"


@dataclass(frozen=True)
class Target:
    """A branch's target of a month, and how far it is; or that of branches of one currency.

    `amount`: of the whole month. `sold`, `expected`: up to the business date. `days_left`: trading
    days after it.
    """

    currency: str
    amount: Decimal
    sold: Decimal
    expected: Decimal
    days_left: int

    @property
    def short(self) -> Decimal:
        """What is missing on what was expected by now; 0 or less where the branch is on target."""
        return self.expected - self.sold

    @property
    def a_day(self) -> Decimal | None:
        """What has to be sold on each day that is left to reach the target; None without any."""
        return rounded((self.amount - self.sold) / self.days_left, 2) if self.days_left else None


@dataclass(frozen=True)
class Targets:
    """The targets of the month of a day, by branch key."""

    on: date
    of: Mapping[str, Target]

    def branch(self, branch_key: str, currency: str) -> Target | None:
        """The target of a branch in its currency."""
        target = self.of.get(branch_key)
        return target if target and target.currency == currency else None

    def currencies(self) -> list[str]:
        """The currencies in which targets are set."""
        return sorted({target.currency for target in self.of.values()})

    def company(self, currency: str) -> Target | None:
        """The targets of all branches with one in a currency, together. They are not converted: a
        rate that moves would move the target.
        """
        found = [target for target in self.of.values() if target.currency == currency]
        if not found:
            return None
        return Target(
            currency,
            sum((one.amount for one in found), ZERO),
            sum((one.sold for one in found), ZERO),
            sum((one.expected for one in found), ZERO),
            max(one.days_left for one in found),
        )

    def count(self, currency: str) -> int:
        """How many branches have a target in a currency."""
        return sum(target.currency == currency for target in self.of.values())

    def source(self, **values: str) -> Source:
        """Where the targets come from."""
        return Source(MART, condition(**values, business_date=self.on))


def read_targets(reader: MartReader, on: date) -> Targets:
    """The targets of the month of a day, as they stood on it.

    Of a branch whose sales of the day have not come: as they stood on its latest day.
    """
    if not reader.has(MART):
        return Targets(on, {})
    found = reader.rows(
        """
        select distinct on (branch_key)
            branch_key, currency_code, target_net_sales, net_sales_to_date, expected_to_date,
            trading_days - trading_days_gone as days_left
        from rpt_sales_against_targets
        where sales_month = %(month)s and business_date <= %(on)s and problem is null
        order by branch_key, business_date desc
        """,
        {"month": on.replace(day=1), "on": on},
    )
    return Targets(
        on,
        {
            row["branch_key"]: Target(
                row["currency_code"],
                row["target_net_sales"],
                row["net_sales_to_date"],
                row["expected_to_date"],
                row["days_left"],
            )
            for row in found
        },
    )
