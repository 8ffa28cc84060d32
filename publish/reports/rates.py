"""Receipts that are in no sum of a company page, because their currency has no exchange rate, and
those that are in it at an estimated rate.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from publish.reports.figures import Sales, condition, during
from publish.reports.page import Advice, Figure, Kind, Source
from publish.reports.words import called, listed

MART = "rpt_daily_sales"
WITHOUT, ESTIMATED = "net_amount_company is null", "is_rate_estimated"


class Sold(Protocol):
    """Receipts of a branch, of a day or a month, in its money and (`company`) in the company's.

    `company`: None where no exchange rate is known. `estimated`: receipts at an estimated rate.
    """

    @property
    def branch_key(self) -> str: ...

    @property
    def currency(self) -> str: ...

    @property
    def sales(self) -> Sales: ...

    @property
    def company(self) -> Sales | None: ...

    @property
    def estimated(self) -> int: ...


@dataclass(frozen=True)
class Receipts:
    """The receipts of a branch, in its currency; `branch`: its name on the page."""

    branch: str
    currency: str
    count: int


@dataclass(frozen=True)
class Rates:
    """The receipts of a page without a rate to the company's currency, and those at an estimated
    one. `leaves_out_all`: no receipt of the page has a rate.
    """

    currency: str
    missing: tuple[Receipts, ...]
    estimated: tuple[Receipts, ...]
    leaves_out_all: bool

    @property
    def missing_words(self) -> str:
        """What the sums leave out; empty where they have everything."""
        codes = _currencies(self.missing)
        if not codes:
            return ""
        return (
            f"Receipts in {listed(codes)} are in no sum: their exchange rate to {self.currency} is"
            " not known."
        )

    @property
    def estimated_words(self) -> str:
        """What is estimated; empty where every rate is known."""
        names = [f"{called(one.branch)} ({one.currency})" for one in self.estimated]
        if not names:
            return ""
        return f"Converted at the first known rate, which is of a later day: {listed(names)}."

    def figures(self, first: date, last: date) -> list[Figure]:
        """How many receipts are left out, and how many are estimated, where there are any."""
        return [
            Figure(
                key,
                label,
                sum(one.count for one in receipts),
                Kind.NUMBER,
                _source(first, last, which),
                more_is_better=False,
            )
            for key, label, receipts, which in (
                (
                    "transactions_without_rate",
                    "Receipts without an exchange rate",
                    self.missing,
                    WITHOUT,
                ),
                (
                    "transactions_at_estimated_rate",
                    "Receipts at an estimated rate",
                    self.estimated,
                    ESTIMATED,
                ),
            )
            if receipts
        ]

    def advice(self, first: date, last: date) -> list[Advice]:
        """To add the rates that are missing."""
        if not self.missing:
            return []
        count = sum(one.count for one in self.missing)
        names = [called(one.branch) for one in self.missing]
        return [
            Advice(
                f"Add the exchange rate of {listed(_currencies(self.missing))} to {self.currency}",
                f"{count:,} receipt{'s' if count > 1 else ''} of {listed(names)} are in no sum of"
                " this page. The list of rates is seeds/exchange_rates.csv.",
                _source(first, last, WITHOUT),
            )
        ]


def rates_of(sold: Iterable[Sold], currency: str, labels: Mapping[str, str]) -> Rates:
    """The rates of all these receipts. `currency`: the company's."""
    found = list(sold)
    return Rates(
        currency,
        _receipts(((one, one.sales.transactions) for one in found if one.company is None), labels),
        _receipts(((one, one.estimated) for one in found if one.estimated), labels),
        bool(found) and all(one.company is None for one in found),
    )


def _receipts(
    counted: Iterable[tuple[Sold, int]], labels: Mapping[str, str]
) -> tuple[Receipts, ...]:
    receipts: Counter[tuple[str, str]] = Counter()
    for one, count in counted:
        receipts[labels.get(one.branch_key, one.branch_key), one.currency] += count
    return tuple(Receipts(*key, count) for key, count in sorted(receipts.items()))


def _currencies(receipts: Iterable[Receipts]) -> list[str]:
    return sorted({one.currency for one in receipts})


def _source(first: date, last: date, which: str) -> Source:
    dates = condition(business_date=first) if first == last else during(first, last)
    return Source(MART, f"{dates} and {which}")
