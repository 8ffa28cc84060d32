"""What a shop owner asks at the end of a run: each part is one small query on one mart.

To tell one thing more, add a part to PARTS. A part whose query finds nothing is left out, as is one
whose mart is not in the warehouse.

"Latest" is meant of each source by itself: one may have sent its files, and another not yet. Only
shares of the whole company's sales are those of its latest month.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from psycopg2.extensions import connection as Link


class Kind(Enum):
    """What a column holds, and so how it is written."""

    TEXT = "text"
    NUMBER = "number"
    MONEY = "money"
    SHARE = "share"
    CHANGE = "change"
    POINTS = "points"


@dataclass(frozen=True)
class Part:
    """A question and where its answer stands. `columns`: headings and kinds, as the query's."""

    title: str
    mart: str
    columns: tuple[tuple[str, Kind], ...]
    query: str


@dataclass(frozen=True)
class Insight:
    """A part and the rows of its answer."""

    part: Part
    rows: Sequence[tuple[Any, ...]]


# The two best and the two worst. Days on which a branch was shut count as nothing.
BRANCHES_AGAINST_LAST_WEEK = Part(
    title="Branches: last 7 days against the 7 before",
    mart="rpt_daily_sales",
    columns=(
        ("Branch", Kind.TEXT),
        ("Net sales", Kind.MONEY),
        ("", Kind.TEXT),
        ("7 days before", Kind.MONEY),
        ("Change", Kind.CHANGE),
    ),
    query="""
        with latest as (
            select source_system, max(business_date) as last_date
            from marts.rpt_daily_sales
            group by source_system
        ),
        weeks as (
            select
                days.branch_name,
                days.currency_code,
                sum(days.net_sales) filter (where business_date > last_date - 7) as sales,
                sum(days.net_sales) filter (where business_date <= last_date - 7) as before
            from marts.rpt_daily_sales as days
            inner join latest on days.source_system = latest.source_system
            where days.business_date > latest.last_date - 14
            group by days.branch_key, days.branch_name, days.currency_code
        ),
        compared as (
            select *, round(100 * (sales - before) / before, 1) as change
            from weeks
            where sales is not null and before > 0
        ),
        ranked as (
            select
                *,
                row_number() over (order by change desc, branch_name) as from_best,
                row_number() over (order by change, branch_name desc) as from_worst
            from compared
        )
        select branch_name, sales, currency_code, before, change
        from ranked
        where from_best <= 2 or from_worst <= 2
        order by from_best
    """,
)

# Where there is a year before: the days on which a branch was open in both.
BRANCHES_AGAINST_LAST_YEAR = Part(
    title="Branches: latest month against a year before",
    mart="rpt_like_for_like_sales",
    columns=(
        ("Branch", Kind.TEXT),
        ("Net sales", Kind.MONEY),
        ("", Kind.TEXT),
        ("Year before", Kind.MONEY),
        ("Change", Kind.CHANGE),
    ),
    query="""
        with latest as (
            select source_system, max(sales_month) as sales_month
            from marts.rpt_like_for_like_sales
            group by source_system
        ),
        ranked as (
            select
                months.*,
                row_number() over (
                    order by months.change_on_year_percent desc, months.branch_name
                ) as from_best,
                row_number() over (
                    order by months.change_on_year_percent, months.branch_name desc
                ) as from_worst
            from marts.rpt_like_for_like_sales as months
            inner join latest
                on months.source_system = latest.source_system
                and months.sales_month = latest.sales_month
            where months.change_on_year_percent is not null
        )
        select branch_name, like_for_like_net_sales_on_year, currency_code, net_sales_year_before,
            change_on_year_percent
        from ranked
        where from_best <= 2 or from_worst <= 2
        order by from_best
    """,
)

# By the company's shares, because the latest month may still run. A product that did not sell in
# one of the months had no share of it; a currency with one month only has nothing to compare.
RISING_AND_FALLING_PRODUCTS = Part(
    title="Products: share of all sales, 3 most up, 3 most down",
    mart="rpt_company_products",
    columns=(
        ("Product", Kind.TEXT),
        ("Month", Kind.TEXT),
        ("Net sales", Kind.MONEY),
        ("", Kind.TEXT),
        ("Share", Kind.SHARE),
        ("On month before", Kind.POINTS),
    ),
    query="""
        with latest as (
            select currency_code, max(sales_month) as sales_month
            from marts.rpt_company_products
            group by currency_code
        ),
        months as (
            select
                products.product_name,
                products.currency_code,
                latest.sales_month,
                max(products.net_sales) filter (
                    where products.sales_month = latest.sales_month
                ) as sales,
                max(products.company_sales_percent) filter (
                    where products.sales_month = latest.sales_month
                ) as share,
                max(products.company_sales_percent) filter (
                    where products.sales_month < latest.sales_month
                ) as share_before
            from marts.rpt_company_products as products
            inner join latest on products.currency_code = latest.currency_code
            where products.sales_month >= latest.sales_month - interval '1 month'
            group by
                products.product_key,
                products.product_name,
                products.currency_code,
                latest.sales_month
        ),
        -- Shares are there for all products of a currency and month, or for none.
        compared as (
            select
                *,
                count(share) over same_money > 0 and count(share_before) over same_money > 0
                    as is_comparable,
                coalesce(share, 0) - coalesce(share_before, 0) as change
            from months
            window same_money as (partition by currency_code)
        ),
        ranked as (
            select
                *,
                row_number() over (order by change desc, product_name) as from_best,
                row_number() over (order by change, product_name desc) as from_worst
            from compared
            where is_comparable
        )
        select
            product_name,
            to_char(sales_month, 'YYYY-MM'),
            coalesce(sales, 0.00),
            currency_code,
            round(coalesce(share, 0), 1),
            round(change, 1)
        from ranked
        where from_best <= 3 or from_worst <= 3
        order by from_best
    """,
)

BEST_SALES_PEOPLE = Part(
    title="Sales people: best of the latest month",
    mart="sales_team_data_mart",
    columns=(
        ("Name", Kind.TEXT),
        ("Store", Kind.TEXT),
        ("Month", Kind.TEXT),
        ("Net sales", Kind.MONEY),
        ("", Kind.TEXT),
        ("Of the store", Kind.SHARE),
        ("Incentive", Kind.MONEY),
    ),
    query="""
        with latest as (
            select source_system, max(sales_month_start_date) as sales_month
            from marts.sales_team_data_mart
            group by source_system
        ),
        ranked as (
            select
                team.*,
                sum(team.total_sales) over (partition by team.currency_code) as sales_of_currency
            from marts.sales_team_data_mart as team
            inner join latest
                on team.source_system = latest.source_system
                and team.sales_month_start_date = latest.sales_month
        )
        select
            coalesce(full_name, 'number ' || sales_person_id),
            store_id,
            sales_month,
            total_sales,
            currency_code,
            round(sales_contribution_percentage, 1),
            incentive
        from ranked
        order by sales_of_currency desc, total_sales desc, sales_person_id, store_id
        limit 4
    """,
)

# By lift: how many times as often as chance would have it.
BOUGHT_TOGETHER = Part(
    title="Bought together, more often than by chance",
    mart="rpt_basket_pairs",
    columns=(
        ("Product", Kind.TEXT),
        ("and", Kind.TEXT),
        ("Receipts", Kind.NUMBER),
        ("Of all", Kind.SHARE),
        ("Times chance", Kind.TEXT),
    ),
    query="""
        select
            first_product_name,
            second_product_name,
            transactions_with_both,
            round(support_percent, 1),
            to_char(lift, 'FM990.0')
        from marts.rpt_basket_pairs
        where lift > 1
        order by lift desc, transactions_with_both desc, first_product_name, second_product_name
        limit 3
    """,
)

# The oddest of what the latest four weeks of each source brought; a customer goes by the branch.
WHAT_IS_ODD = Part(
    title="Odd in the last four weeks",
    mart="fct_sales_anomalies",
    columns=(
        ("Who", Kind.TEXT),
        ("When", Kind.TEXT),
        ("What", Kind.TEXT),
        ("Expected", Kind.TEXT),
        ("Was", Kind.TEXT),
        ("Severity", Kind.TEXT),
    ),
    query="""
        with latest as (
            select source_system, max(business_date) as last_date
            from marts.rpt_daily_sales
            group by source_system
        )
        select
            case odd.subject_kind
                when 'branch' then odd.branch_name
                when 'employee' then coalesce(odd.employee_name, 'a sales person')
                else 'a customer'
            end
            || case when odd.subject_kind = 'branch' then '' else ', ' || odd.branch_name end,
            odd.period || ' ' || odd.period_start_date,
            case
                when odd.is_for_fraud_review then 'account woke up'
                else replace(odd.measure, '_', ' ')
            end,
            to_char(odd.expected_value, 'FM999,999,990.00'),
            to_char(odd.actual_value, 'FM999,999,990.00'),
            odd.severity
        from marts.fct_sales_anomalies as odd
        inner join latest on odd.source_system = latest.source_system
        where odd.period_start_date > latest.last_date - 28
        order by
            odd.is_for_fraud_review desc,
            abs(odd.robust_score) desc,
            odd.period_start_date desc,
            odd.subject_key,
            odd.measure
        limit 5
    """,
)

# In the order in which they are told.
PARTS = (
    BRANCHES_AGAINST_LAST_WEEK,
    BRANCHES_AGAINST_LAST_YEAR,
    RISING_AND_FALLING_PRODUCTS,
    BOUGHT_TOGETHER,
    BEST_SALES_PEOPLE,
    WHAT_IS_ODD,
)


def read_insights(link: Link, parts: Sequence[Part] = PARTS) -> list[Insight]:
    """The parts that have something to tell, in their order."""
    found = []
    with link.cursor() as cursor:
        for part in parts:
            cursor.execute("select to_regclass(%s) is not null", (f"marts.{part.mart}",))
            if cursor.fetchone() != (True,):
                continue
            cursor.execute(part.query)
            if rows := cursor.fetchall():
                found.append(Insight(part, rows))
    return found
