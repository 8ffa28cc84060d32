"""The totals of the warehouse: each class is a row of one model in models/marts/digest/.

Fields have the names of the model's columns.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal
from typing import Any

from psycopg2.extensions import connection as Link

from publish.digest.answers import is_readable, read_answer


@dataclass(frozen=True)
class Totals:
    """All sales of the company in its currency (`level`: "company"), or those of one currency.

    `transactions` counts returns, `net_sales` is net of them. Amounts are in `currency_code`, but
    `net_sales_company` is in the company's. Receipts without a rate are in no amount of the
    company; those at an estimated rate are from before the first known one. An amount is None
    where no receipt has a rate.
    """

    level: str
    currency_code: str
    branches: int
    transactions: int
    returns: int
    transactions_without_rate: int
    transactions_at_estimated_rate: int
    items_sold: int
    net_sales: Decimal | None
    net_sales_company: Decimal | None
    returned_amount: Decimal | None
    first_business_date: date
    last_business_date: date


@dataclass(frozen=True)
class UnlistedBranch:
    """A branch without a currency and time zone in seeds/branches.csv."""

    branch_name: str
    currency_code: str
    time_zone: str


@dataclass(frozen=True)
class LastSale:
    """A branch's latest sale, as built. `days_late`: behind its source's latest date."""

    source_system: str
    branch_name: str
    last_business_date: date
    days_late: int


@dataclass(frozen=True)
class WeekOfSales:
    """The company's sales in one week, in its currency. `days`: how many days of it have sales.

    Each known customer is counted once, for any number of days and branches: as new in the week of
    the first purchase, in any branch, and as returning in every later week.
    `net_sales` is None where no receipt has an exchange rate. `net_sales_change_percent` is against
    the week before; None unless both weeks are complete.
    """

    sales_week: date
    currency_code: str
    days: int
    transactions: int
    net_sales: Decimal | None
    new_customers: int
    returning_customers: int
    net_sales_change_percent: Decimal | None


@dataclass(frozen=True)
class RefusedOfFile:
    """How many rows of one file were rejected, and the reasons, the most frequent first."""

    file_path: str
    file_rows: int
    refused_rows: int
    counted_reasons: str


@dataclass(frozen=True)
class DoubtfulOfFile:
    """How many receipts of a file may be counted twice, because another file has equal ones."""

    file_path: str
    doubtful_receipts: int


@dataclass(frozen=True)
class RejectedRows:
    """How many rows were rejected for one set of reasons."""

    reject_reasons: str
    refused_rows: int


def _names(kind: type[Any]) -> list[str]:
    return [field.name for field in fields(kind)]


def read_totals(link: Link) -> list[Totals]:
    """The company's totals, and then those of its currencies, where it sells in other ones."""
    return [Totals(*row) for row in read_answer(link, "sales_totals", _names(Totals))]


def read_unlisted_branches(link: Link) -> list[UnlistedBranch]:
    """Branches with sales that are not in the list of branches, by name."""
    found = read_answer(link, "unlisted_branches", _names(UnlistedBranch))
    return [UnlistedBranch(*row) for row in found]


def read_last_sales(link: Link, source_systems: Sequence[str]) -> list[LastSale]:
    """The latest sale of each branch of these sources, by source and branch.

    Empty before the first build, and for users who may not read the marts.
    """
    if not is_readable(link, "last_sales"):
        return []
    found = read_answer(
        link, "last_sales", _names(LastSale), "source_system = any(%s)", (list(source_systems),)
    )
    return [LastSale(*row) for row in found]


def read_weeks(link: Link) -> list[WeekOfSales]:
    """Sales of the company's last weeks, the oldest first."""
    return [WeekOfSales(*row) for row in read_answer(link, "weeks", _names(WeekOfSales))]


def read_rejected_rows(link: Link) -> list[RejectedRows]:
    """Rejected rows by reason, the most frequent first."""
    found = read_answer(link, "refused_reasons", _names(RejectedRows))
    return [RejectedRows(*row) for row in found]


def read_refused(link: Link, after: int) -> list[RefusedOfFile]:
    """Files with rows that were rejected because of files above a ledger id, the most first.

    Lines that could not be split are not among them: the load has reported them.
    """
    is_news = "newest_file_id > %s"
    found = read_answer(link, "refused_files", _names(RefusedOfFile), is_news, (after,))
    return [RefusedOfFile(*row) for row in found]


def read_doubtful(link: Link, after: int) -> list[DoubtfulOfFile]:
    """Files above a ledger id with receipts that may be counted twice."""
    found = read_answer(link, "doubtful_files", _names(DoubtfulOfFile), "file_id > %s", (after,))
    return [DoubtfulOfFile(*row) for row in found]
