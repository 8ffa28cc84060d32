"""What the daily pages of all branches and of the company are made of, read at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from publish.marts import Branch, MartReader
from publish.reports.figures import ZERO
from publish.reports.missing import read_missing
from publish.reports.odd import Anomaly, read_anomalies
from publish.reports.targets import Targets, read_targets
from publish.reports.trading import (
    WEEK,
    YEAR,
    Holidays,
    Trading,
    labels,
    read_holidays,
    read_trading,
)

TREND_DAYS = 28
OPEN_DAYS = 91
"""A branch that sold nothing on so many days is not listed on the company's page any more."""
USUAL_WEEKS = 8
"""The usual hours of a weekday are the mean of so many weeks before."""
PRODUCT_WEEKS = 4
MOST_PRODUCTS = 10
MOST_TO_REORDER = 5
LOOKS_BACK = YEAR.days + TREND_DAYS - 1

Row = dict[str, Any]


@dataclass(frozen=True)
class HoursOf:
    """Sales and receipts by hour: of a day, and of all usual days together."""

    net_sales: dict[int, Decimal] = field(default_factory=dict)
    receipts: dict[int, Decimal] = field(default_factory=dict)
    usual_net_sales: dict[int, Decimal] = field(default_factory=dict)
    usual_receipts: dict[int, Decimal] = field(default_factory=dict)


@dataclass(frozen=True)
class Day:
    """Everything that the pages of one business date show, by branch key.

    `missing`: the branches whose sales have not come, each with the number of weeks in which it
    sold on this weekday. `products`: the best of each branch, and all with returns.
    `company_products`: the best first, in the company's currency. `reorder`: of each branch's
    latest list the first products that sell and are, or soon will be, out of stock; with the number
    of all.
    """

    on: date
    branches: Mapping[str, Branch]
    labels: Mapping[str, str]
    trading: Trading
    missing: Mapping[str, int]
    holidays: Holidays
    hours: Mapping[str, HoursOf]
    products: Mapping[str, Sequence[Row]]
    company_products: Sequence[Row]
    staff: Mapping[tuple[str, date], Row]
    reorder: Mapping[str, Sequence[Row]]
    anomalies: Sequence[Anomaly]
    targets: Targets

    @property
    def week_before(self) -> date:
        """The same weekday a week before."""
        return self.on - WEEK

    @property
    def year_before(self) -> date:
        """The same weekday 52 weeks before."""
        return self.on - YEAR

    @property
    def usual_days(self) -> list[date]:
        """The same weekday of the weeks before."""
        return [self.on - week * WEEK for week in range(1, USUAL_WEEKS + 1)]


def read_day(reader: MartReader, on: date) -> Day:
    """Read the marts for all pages of a business date; no row of a later day."""
    branches = reader.all_branches
    trading = read_trading(
        reader,
        [
            (on - timedelta(days=OPEN_DAYS - 1), on),
            (on - timedelta(days=LOOKS_BACK), on - YEAR),
        ],
    )
    return Day(
        on=on,
        branches={branch.key: branch for branch in branches},
        labels=labels(branches),
        trading=trading,
        missing=read_missing(reader, on, trading),
        holidays=read_holidays(reader, [on, on - WEEK, on - YEAR]),
        hours=_hours(reader, on),
        products=_products(reader, on),
        company_products=_company_products(reader, on),
        staff=_staff(reader, on),
        reorder=_reorder(reader, on),
        anomalies=[
            anomaly
            for anomaly in read_anomalies(reader, on, on)
            # Sales people are named on the pages that may show names.
            if anomaly.subject_kind != "employee"
        ],
        targets=read_targets(reader, on),
    )


def _hours(reader: MartReader, on: date) -> dict[str, HoursOf]:
    if not reader.has("rpt_hourly_sales"):
        return {}
    found = reader.rows(
        "select branch_key, hour_of_day, business_date = %(on)s as is_day,"
        " sum(transactions) as transactions, sum(net_sales) as net_sales"
        " from rpt_hourly_sales where business_date = any(%(days)s) group by 1, 2, 3",
        {"on": on, "days": [on - week * WEEK for week in range(USUAL_WEEKS + 1)]},
    )
    hours: dict[str, HoursOf] = {}
    for row in found:
        of = hours.setdefault(row["branch_key"], HoursOf())
        sales, receipts = (
            (of.net_sales, of.receipts)
            if row["is_day"]
            else (of.usual_net_sales, of.usual_receipts)
        )
        sales[row["hour_of_day"]] = row["net_sales"]
        receipts[row["hour_of_day"]] = Decimal(row["transactions"])
    return hours


def _products(reader: MartReader, on: date) -> dict[str, list[Row]]:
    """With `net_sales_before`: on the same weekday of the weeks before, all together."""
    if not reader.has("rpt_daily_products"):
        return {}
    found = reader.rows(
        """
        with day as (
            select
                branch_key, product_key, product_name, currency_code, sales_rank, quantity,
                net_sales, returned_quantity, returned_amount
            from rpt_daily_products
            where business_date = %(on)s and (sales_rank <= %(most)s or returned_quantity > 0)
        ),
        before as (
            select branch_key, product_key, sum(net_sales) as net_sales_before
            from rpt_daily_products
            where business_date = any(%(before)s)
            group by branch_key, product_key
        )
        select day.*, coalesce(before.net_sales_before, 0) as net_sales_before
        from day left join before using (branch_key, product_key)
        order by day.branch_key, day.sales_rank, day.product_name collate "C", day.product_key
        """,
        {
            "on": on,
            "most": MOST_PRODUCTS,
            "before": [on - week * WEEK for week in range(1, PRODUCT_WEEKS + 1)],
        },
    )
    return _by(found, "branch_key")


def _company_products(reader: MartReader, on: date) -> list[Row]:
    """In the company's currency, rounded after adding up; without those that have no rate."""
    if not reader.has("rpt_daily_products"):
        return []
    return reader.rows(
        """
        select
            product_key, max(product_name) as product_name, sum(quantity) as quantity,
            round(sum(net_amount_company), 2) as net_sales, count(*) as branches
        from rpt_daily_products
        where business_date = %(on)s and net_amount_company is not null
        group by product_key
        order by 4 desc, max(product_name) collate "C", product_key
        limit %(most)s
        """,
        {"on": on, "most": MOST_PRODUCTS},
    )


def _staff(reader: MartReader, on: date) -> dict[tuple[str, date], Row]:
    if not reader.has("fct_staffed_days"):
        return {}
    found = reader.rows(
        "select branch_key, business_date, staff, worked_hours, net_sales, unassigned_net_sales"
        " from fct_staffed_days where business_date = any(%(days)s)",
        {"days": [on, on - WEEK]},
    )
    return {(row["branch_key"], row["business_date"]): row for row in found}


def _reorder(reader: MartReader, on: date) -> dict[str, list[Row]]:
    """Only of lists and sales up to the business date: the mart has the latest state."""
    if not reader.has("rpt_inventory_status"):
        return {}
    found = reader.rows(
        """
        select * from (
            select
                branch_key, product_key, product_name, status, stock_quantity, units_per_day,
                days_of_cover, reason, business_date,
                count(*) over (partition by branch_key) as products,
                count(*) filter (where status = 'OUT_OF_STOCK')
                    over (partition by branch_key) as out_of_stock,
                row_number() over (
                    partition by branch_key
                    order by priority, units_per_day desc, product_name collate "C", product_key
                ) as place
            from rpt_inventory_status
            where
                priority <= 2 and units_per_day > 0 and business_date <= %(on)s
                and coalesce(window_end_date, business_date) <= %(on)s
        ) as placed
        where place <= %(most)s
        order by branch_key, place
        """,
        {"on": on, "most": MOST_TO_REORDER},
    )
    return _by(found, "branch_key")


def _by(rows: Sequence[Row], name: str) -> dict[str, list[Row]]:
    """Rows by a column, in their order."""
    found: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        found[row[name]].append(row)
    return dict(found)


def day_total(hours: Sequence[Mapping[int, Decimal]]) -> dict[int, Decimal]:
    """The hours of several branches together, each on its own clock."""
    total: dict[int, Decimal] = defaultdict(lambda: ZERO)
    for of in hours:
        for at, value in of.items():
            total[at] += value
    return dict(total)
