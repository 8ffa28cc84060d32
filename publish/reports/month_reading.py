"""What the monthly review is made of, read at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from publish.marts import Branch, MartReader
from publish.reports.figures import ZERO, Sales, in_pennies, sum_up
from publish.reports.missing import read_missing
from publish.reports.odd import Anomaly, read_anomalies
from publish.reports.staff_reading import last_ended_month
from publish.reports.targets import Targets, read_targets
from publish.reports.trading import labels

MONTHS_READ = 25
"""The month, and the two years before it."""
LOOKS_BACK = 31 * MONTHS_READ

Row = dict[str, Any]


def months_before(month: date, count: int) -> date:
    """The first day of the month so many months before; after it for a negative number."""
    number = month.year * 12 + month.month - 1 - count
    return date(number // 12, number % 12 + 1, 1)


def end_of(month: date) -> date:
    """The last day of a month."""
    return months_before(month, -1) - timedelta(days=1)


def months_of(first: date, last: date) -> list[date]:
    """All months from one to another, both included."""
    count = (last.year - first.year) * 12 + last.month - first.month
    return [months_before(first, -number) for number in range(count + 1)]


@dataclass(frozen=True)
class BranchMonth:
    """The sums of a branch's month in its currency, and on how many days it sold.

    `company`: in the company's currency with six decimals, to be added up; None where no exchange
    rate is known. `estimated`: its receipts at an estimated rate.
    """

    branch_key: str
    month: date
    currency: str
    sales: Sales
    days: int
    net_of_vat: Decimal | None
    company: Sales | None = None
    estimated: int = 0


@dataclass(frozen=True)
class Period:
    """Consecutive months that are added up: a month, a quarter, a year to date."""

    name: str
    first: date
    last: date

    def moved(self, count: int, name: str) -> Period:
        """The same months, so many months before."""
        return Period(name, months_before(self.first, count), months_before(self.last, count))


@dataclass(frozen=True)
class Month:
    """Everything that the page of a month shows. `currency`: the company's. Rows of margins, staff
    and stock are by currency: costs and wages are in the money of the branches.
    """

    month: date
    currency: str
    branches: Mapping[str, Branch]
    labels: Mapping[str, str]
    regions: Mapping[str, str]
    sold: Sequence[BranchMonth]
    like_for_like: Sequence[Row]
    products: Sequence[Row]
    margins: Mapping[tuple[str, date], Row]
    below_cost: Sequence[Row]
    customers: Mapping[date, Row]
    staff: Mapping[tuple[str, date], Row]
    turnover: Mapping[tuple[str, date], Row]
    anomalies: Sequence[Anomaly]
    targets: Targets
    missing: Mapping[str, int]

    @property
    def end(self) -> date:
        """The last day of the month."""
        return end_of(self.month)

    @property
    def month_before(self) -> date:
        """The first day of the month before."""
        return months_before(self.month, 1)

    @property
    def year_before(self) -> date:
        """The first day of the same month a year before."""
        return months_before(self.month, 12)

    def currencies(self) -> list[str]:
        """The currencies of the month, the one with the most receipts first."""
        receipts: dict[str, int] = defaultdict(int)
        for one in self.sold:
            if one.month == self.month:
                receipts[one.currency] += one.sales.transactions
        return sorted(receipts, key=lambda currency: (-receipts[currency], currency))

    def sums(
        self, first: date, last: date, currency: str, branches: Collection[str] | None = None
    ) -> Sales | None:
        """The sums over months, of these branches or of all; None where nothing was sold."""
        found = [
            one.sales
            for one in self.sold
            if first <= one.month <= last
            and one.currency == currency
            and (branches is None or one.branch_key in branches)
        ]
        return sum_up(found) if found else None

    def company(
        self, first: date, last: date, branches: Collection[str] | None = None
    ) -> Sales | None:
        """The sums over months in the company's currency, of these branches or of all; None where
        none of them has an exchange rate.
        """
        found = [
            one.company
            for one in self.sold
            if first <= one.month <= last
            and one.company is not None
            and (branches is None or one.branch_key in branches)
        ]
        return in_pennies(sum_up(found)) if found else None

    def branch(self, branch_key: str, month: date, currency: str) -> Sales | None:
        """The month of a branch; None where it sold nothing."""
        return self.sums(month, month, currency, {branch_key})

    def is_covered(self, first: date) -> bool:
        """Whether the company's sales reach back to the first days of a month, so that a sum from
        then on can be compared with.
        """
        begun = [
            branch.first_business_date
            for branch in self.branches.values()
            if branch.first_business_date is not None
        ]
        return bool(begun) and min(begun) <= first + timedelta(days=6)


def read_month(reader: MartReader, on: date) -> Month:
    """Read the marts for the last month that has ended on a day; no row of a later day."""
    month = last_ended_month(on)
    end = end_of(month)
    branches = reader.all_branches
    sold, currency = _sold(reader, month)
    return Month(
        month=month,
        currency=currency,
        branches={branch.key: branch for branch in branches},
        labels=labels(branches),
        regions={
            row["branch_key"]: row["region"]
            for row in reader.rows(
                "select branch_key, region from dim_branches where region is not null"
            )
        },
        sold=sold,
        like_for_like=_like_for_like(reader, month),
        products=_products(reader, month),
        margins=_margins(reader, month),
        below_cost=_below_cost(reader, month),
        customers=_customers(reader, month),
        staff=_staff(reader, month),
        turnover=_turnover(reader, month),
        anomalies=[
            one
            for one in read_anomalies(reader, month, end)
            if one.subject_kind in ("branch", "customer")
        ],
        targets=read_targets(reader, end),
        missing=read_missing(reader, end),
    )


def _sold(reader: MartReader, month: date) -> tuple[list[BranchMonth], str]:
    """The months of all branches, and the company's currency."""
    summed = [one.name for one in fields(Sales)]
    sums = ", ".join(f"sum({name}) as {name}" for name in summed)
    with_rate = "filter (where net_amount_company is not null)"
    found = reader.rows(
        f"""
        select
            branch_key, cast(date_trunc('month', business_date) as date) as month, currency_code,
            count(*) as days, {sums},
            case when count(net_of_vat_sales) = count(*) then sum(net_of_vat_sales) end
                as net_of_vat_sales,
            max(company_currency_code) as company_currency_code,
            sum(net_amount_company) as net_amount_company,
            sum(returned_amount_company) as returned_amount_company,
            sum(transactions) {with_rate} as transactions_with_rate,
            sum(returns) {with_rate} as returns_with_rate,
            sum(items_sold) {with_rate} as items_sold_with_rate,
            coalesce(sum(transactions) filter (where is_rate_estimated), 0) as estimated
        from rpt_daily_sales
        where business_date between %(first)s and %(last)s
        group by 1, 2, 3
        order by 2, 3, 1
        """,
        {"first": months_before(month, MONTHS_READ - 1), "last": end_of(month)},
    )
    months = [
        BranchMonth(
            row["branch_key"],
            row["month"],
            row["currency_code"],
            Sales(*(_exact(row[name], name) for name in summed)),
            row["days"],
            row["net_of_vat_sales"],
            _converted(row),
            int(row["estimated"]),
        )
        for row in found
    ]
    return months, found[-1]["company_currency_code"] if found else ""


def _converted(row: Row) -> Sales | None:
    if row["net_amount_company"] is None:
        return None
    return Sales(
        net_sales=row["net_amount_company"],
        transactions=int(row["transactions_with_rate"]),
        returns=int(row["returns_with_rate"]),
        items_sold=int(row["items_sold_with_rate"]),
        returned_amount=row["returned_amount_company"] or ZERO,
    )


def _exact(value: Any, name: str) -> Any:
    """Sums of whole numbers come as decimals."""
    return int(value) if name in ("transactions", "returns", "items_sold") else value


def _like_for_like(reader: MartReader, month: date) -> list[Row]:
    """Of all branches in the company's currency, without `currency_code`, and of those of each
    currency in that.
    """
    if not reader.has("rpt_like_for_like_sales"):
        return []
    return reader.rows(
        """
        select
            cast(null as text) as currency_code,
            count(net_amount_company_year_before) as branches_on_year,
            sum(like_for_like_net_amount_company_on_year) as on_year,
            sum(net_amount_company_year_before) as year_before,
            count(net_amount_company_month_before) as branches_on_month,
            sum(like_for_like_net_amount_company_on_month) as on_month,
            sum(net_amount_company_month_before) as month_before
        from rpt_like_for_like_sales
        where sales_month = %(month)s
        union all
        select
            currency_code,
            count(net_sales_year_before) as branches_on_year,
            sum(like_for_like_net_sales_on_year) as on_year,
            sum(net_sales_year_before) as year_before,
            count(net_sales_month_before) as branches_on_month,
            sum(like_for_like_net_sales_on_month) as on_month,
            sum(net_sales_month_before) as month_before
        from rpt_like_for_like_sales
        where sales_month = %(month)s
        group by currency_code
        order by currency_code nulls first
        """,
        {"month": month},
    )


def _products(reader: MartReader, month: date) -> list[Row]:
    if not reader.has("rpt_company_products"):
        return []
    return reader.rows(
        """
        select
            product_key, product_name, abc_class, sales_rank, branches, quantity, net_sales,
            company_sales_percent, returned_amount, net_sales_change, net_sales_change_percent,
            net_sales_last_year, net_sales_change_on_last_year,
            net_sales_change_on_last_year_percent
        from rpt_company_products
        where sales_month = %(month)s and net_sales is not null
        order by sales_rank, product_name collate "C", product_key
        """,
        {"month": month},
    )


def _by_currency(
    reader: MartReader, mart: str, column: str, sums: Sequence[str], month: date
) -> dict[tuple[str, date], Row]:
    """Sums of a mart by currency: of the month, the one before, and that of the year before."""
    if not reader.has(mart):
        return {}
    dates = f"cast(date_trunc('month', {column}) as date)"
    chosen = [month, months_before(month, 1), months_before(month, 12)]
    ranges = " or ".join(
        f"{column} between %(first_{place})s and %(last_{place})s" for place in range(len(chosen))
    )
    bounds: dict[str, date] = {}
    for place, one in enumerate(chosen):
        bounds |= {f"first_{place}": one, f"last_{place}": end_of(one)}
    found = reader.rows(
        f"select currency_code, {dates} as month,"
        f" {', '.join(f'sum({name}) as {name}' for name in sums)}"
        f" from {mart} where {ranges} group by 1, 2",
        bounds,
    )
    return {(row["currency_code"], row["month"]): row for row in found}


def _margins(reader: MartReader, month: date) -> dict[tuple[str, date], Row]:
    sums = ("costed_sales", "cost", "assumed_cost", "margin", "lines_without_cost")
    return _by_currency(reader, "rpt_product_margins", "sales_month", sums, month)


def _below_cost(reader: MartReader, month: date) -> list[Row]:
    """Products that cost more than they brought."""
    if not reader.has("rpt_product_margins"):
        return []
    return reader.rows(
        """
        select
            currency_code, product_key, max(product_name) as product_name, sum(margin) as margin,
            sum(costed_sales) as costed_sales, sum(cost) as cost
        from rpt_product_margins
        where sales_month = %(month)s
        group by currency_code, product_key
        having sum(margin) < 0 and sum(costed_sales) > 0
        order by sum(margin), max(product_name) collate "C", product_key
        limit 5
        """,
        {"month": month},
    )


def _customers(reader: MartReader, month: date) -> dict[date, Row]:
    """New customers of a month, and those who had bought in an earlier one; what they bought in the
    company's currency: None where none of it has an exchange rate. Who buys in two currencies
    counts in each.
    """
    if not reader.has("rpt_customer_cohorts"):
        return {}
    found = reader.rows(
        """
        select
            month,
            coalesce(sum(customers) filter (where months_since_first = 0), 0) as new_customers,
            coalesce(sum(customers) filter (where months_since_first > 0), 0)
                as returning_customers,
            coalesce(
                round(sum(bought) filter (where months_since_first = 0), 2),
                case
                    when count(*) filter (where months_since_first = 0 and customers > 0) = 0
                        then 0
                end
            ) as new_net_sales,
            coalesce(
                round(sum(bought) filter (where months_since_first > 0), 2),
                case
                    when count(*) filter (where months_since_first > 0 and customers > 0) = 0
                        then 0
                end
            ) as returning_net_sales
        from (
            select
                *,
                case when customers > 0 then net_amount_company end as bought,
                cast(cohort_month + make_interval(months => months_since_first) as date) as month
            from rpt_customer_cohorts
        ) as cohorts
        where month = any(%(months)s)
        group by month
        """,
        {"months": [month, months_before(month, 1), months_before(month, 12)]},
    )
    return {row["month"]: row for row in found}


def _staff(reader: MartReader, month: date) -> dict[tuple[str, date], Row]:
    sums = ("worked_hours", "net_sales", "assigned_net_sales")
    return _by_currency(reader, "fct_staffed_days", "business_date", sums, month)


def _turnover(reader: MartReader, month: date) -> dict[tuple[str, date], Row]:
    sums = ("cost_of_goods_sold", "average_stock_value")
    return _by_currency(reader, "rpt_inventory_turnover", "stock_month", sums, month)
