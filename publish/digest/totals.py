"""What the warehouse holds, in numbers: queries in, dataclasses out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from psycopg2.extensions import connection as Link

from base.link import rows


@dataclass(frozen=True)
class Totals:
    """All sales of one currency."""

    currency_code: str
    branches: int
    transactions: int
    items_sold: int
    net_sales: Decimal
    first_date: date
    last_date: date


@dataclass(frozen=True)
class UnlistedBranch:
    """A branch of which nobody has said what money it takes and which clock it keeps."""

    name: str
    currency_code: str
    time_zone: str


@dataclass(frozen=True)
class LastSale:
    """How far a branch has come, as it was built. `days_late`: behind the latest of its source."""

    source_system: str
    branch: str
    last_business_date: date
    days_late: int


@dataclass(frozen=True)
class WeekOfSales:
    """The company's sales in one week and currency. `days`: how many days of it have sales.

    Known customers are counted once each, however many days and branches they came to: new in the
    week of their first purchase, in whatever branch and currency, and returning in every later one.
    `change_percent` is against the week before; None unless both weeks are whole.
    """

    week: date
    currency_code: str
    days: int
    transactions: int
    net_sales: Decimal
    new_customers: int
    returning_customers: int
    change_percent: Decimal | None


@dataclass(frozen=True)
class RefusedOfFile:
    """How many rows of one file were refused, and for what, the most frequent first."""

    path: str
    rows: int
    refused: int
    reasons: str


@dataclass(frozen=True)
class RejectedRows:
    """How many rows were refused for one set of reasons."""

    reasons: str
    rows: int


def read_totals(link: Link) -> list[Totals]:
    """Totals per currency, the greatest first."""
    return [
        Totals(*row)
        for row in rows(
            link,
            """
            select
                currency_code,
                count(distinct branch_key),
                sum(transactions),
                sum(items_sold),
                sum(net_sales),
                min(business_date),
                max(business_date)
            from marts.rpt_daily_sales
            group by currency_code
            order by sum(net_sales) desc, currency_code
            """,
        )
    ]


def read_unlisted_branches(link: Link) -> list[UnlistedBranch]:
    """Branches with sales that the list of branches lacks, by currency and name."""
    return [
        UnlistedBranch(*row)
        for row in rows(
            link,
            """
            select branch_name, currency_code, time_zone
            from marts.dim_branches
            where
                first_business_date is not null
                and (source_system, branch_name) not in (
                    select source_system, branch_name from reference.branches
                )
            order by branch_name, source_system
            """,
        )
    ]


def read_last_sales(link: Link, source_systems: Sequence[str]) -> list[LastSale]:
    """The latest sale of each branch of these sources, by source and branch.

    Empty before the first build, and for somebody who may not read the marts. A date that was yet
    to come when the latest file was loaded is a slip of the pen: no other branch is late for it.
    """
    readable = rows(
        link,
        """
        select
            has_schema_privilege(pg_namespace.oid, 'usage')
            and has_table_privilege(pg_class.oid, 'select')
        from pg_class
        inner join pg_namespace on relnamespace = pg_namespace.oid
        where nspname = 'marts' and relname = 'dim_branches'
        """,
    )
    if readable != [(True,)]:
        return []
    return [
        LastSale(*row)
        for row in rows(
            link,
            """
            with branches as (
                select source_system, branch_name, last_business_date
                from marts.dim_branches
                where source_system = any(%s) and last_business_date is not null
            ),
            latest as (
                select source_system, max(last_business_date) as latest_date
                from branches
                where last_business_date <= (
                    select cast(max(loaded_at) as date) + 1 from raw.ingest_files
                )
                group by source_system
            )
            select
                source_system,
                branch_name,
                last_business_date,
                coalesce(greatest(latest_date - last_business_date, 0), 0) as days_late
            from branches
            left join latest using (source_system)
            order by source_system, branch_name
            """,
            (list(source_systems),),
        )
    ]


def read_weeks(link: Link, most: int = 3) -> list[WeekOfSales]:
    """Sales of the company's last weeks: the greatest currency first, then the oldest week."""
    return [
        WeekOfSales(*row)
        for row in rows(
            link,
            """
            with weeks as (
                select
                    cast(date_trunc('week', business_date) as date) as week,
                    currency_code,
                    count(distinct business_date) as days,
                    sum(transactions) as transactions,
                    sum(net_sales) as net_sales
                from marts.rpt_daily_sales
                group by 1, 2
            ),
            compared as (
                select
                    *,
                    case
                        when days = 7
                            and lag(days) over weeks_before = 7
                            and lag(week) over weeks_before = week - 7
                            then round(
                                100 * (net_sales / nullif(lag(net_sales) over weeks_before, 0) - 1),
                                1
                            )
                    end as change_percent
                from weeks
                window weeks_before as (partition by currency_code order by week)
            ),
            last_weeks as (
                select * from compared where week > (select max(week) from compared) - 7 * %s
            ),
            -- Customers of days do not add up to those of a week: from the receipts, each once.
            customers as (
                select
                    cast(date_trunc('week', business_date) as date) as week,
                    currency_code,
                    customer_key,
                    bool_or(is_first_purchase) as is_first
                from marts.fct_transactions
                where is_customer_known
                    and business_date >= (select min(week) from last_weeks)
                group by 1, 2, 3
            ),
            -- Who buys in two currencies in the week of the first purchase is new in both.
            told as (
                select
                    week,
                    currency_code,
                    bool_or(is_first) over (partition by week, customer_key) as is_new
                from customers
            ),
            counted as (
                select
                    week,
                    currency_code,
                    count(*) filter (where is_new) as new_customers,
                    count(*) filter (where not is_new) as returning_customers
                from told
                group by week, currency_code
            )
            select
                last_weeks.week,
                last_weeks.currency_code,
                last_weeks.days,
                last_weeks.transactions,
                last_weeks.net_sales,
                coalesce(counted.new_customers, 0),
                coalesce(counted.returning_customers, 0),
                last_weeks.change_percent
            from last_weeks
            left join counted
                on last_weeks.week = counted.week
                and last_weeks.currency_code = counted.currency_code
            order by
                sum(last_weeks.net_sales) over (partition by last_weeks.currency_code) desc,
                last_weeks.currency_code,
                last_weeks.week
            """,
            (most,),
        )
    ]


def read_rejected_rows(link: Link) -> list[RejectedRows]:
    """Refused rows by reason, the most frequent first; lines that did not split are one reason.

    Lines of a list that count without one of their values are no refused rows.
    """
    return [
        RejectedRows(*row)
        for row in rows(
            link,
            """
            select
                case when refused_at_step = 'split' then 'no record' else reject_reasons end,
                count(*)
            from marts.rejected_rows
            where refused_at_step <> 'field'
            group by 1
            order by 2 desc, 1
            """,
        )
    ]


def read_refused(link: Link, after: int) -> list[RefusedOfFile]:
    """Files above a number in the ledger of which rows were refused, the most first.

    Lines that did not split are not among them: the load has told of them.
    """
    return [
        RefusedOfFile(*row)
        for row in rows(
            link,
            """
            with refused as (
                select
                    feed,
                    file_path,
                    reject_reasons,
                    count(*) as refused
                from marts.rejected_rows
                where refused_at_step <> 'split'
                group by feed, file_path, reject_reasons
            )
            select
                refused.file_path,
                max(files.row_count),
                sum(refused.refused),
                string_agg(
                    format('%%s: %%s', reject_reasons, refused), '; '
                    order by refused desc, reject_reasons
                )
            from refused
            inner join raw.ingest_files as files
                on refused.feed = files.feed and refused.file_path = files.path
            where files.status = 'loaded' and files.file_id > %s
            group by refused.feed, refused.file_path
            order by sum(refused.refused) desc, refused.file_path
            """,
            (after,),
        )
    ]
