"""What the warehouse holds, in numbers: queries in, dataclasses out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from psycopg2.extensions import connection as Link


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
class WeekOfSales:
    """The company's sales in one week and currency. `days`: how many days of it have sales.

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
class FileCounts:
    """The ledger in numbers."""

    loaded: int
    superseded: int
    duplicate: int
    quarantined: int
    rows: int
    rejected_lines: int


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
        for row in _rows(
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


def read_weeks(link: Link, most: int = 3) -> list[WeekOfSales]:
    """Sales of the company's last weeks: the greatest currency first, then the oldest week."""
    return [
        WeekOfSales(*row)
        for row in _rows(
            link,
            """
            with weeks as (
                select
                    cast(date_trunc('week', business_date) as date) as week,
                    currency_code,
                    count(distinct business_date) as days,
                    sum(transactions) as transactions,
                    sum(net_sales) as net_sales,
                    sum(new_customers) as new_customers,
                    sum(returning_customers) as returning_customers
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
            )
            select *
            from compared
            where week > (select max(week) from compared) - 7 * %s
            order by sum(net_sales) over (partition by currency_code) desc, currency_code, week
            """,
            (most,),
        )
    ]


def read_file_counts(link: Link) -> FileCounts:
    """How many versions of files the ledger knows, by status, and the rows that count."""
    row = _rows(
        link,
        """
        select
            count(*) filter (where status = 'loaded'),
            count(*) filter (where status = 'superseded'),
            count(*) filter (where status = 'duplicate'),
            count(*) filter (where status = 'quarantined'),
            coalesce(sum(row_count) filter (where status = 'loaded'), 0),
            coalesce(sum(rejected_count) filter (where status = 'loaded'), 0)
        from raw.ingest_files
        """,
    )[0]
    return FileCounts(*row)


def read_rejected_rows(link: Link) -> list[RejectedRows]:
    """Refused rows by reason, the most frequent first; lines that did not split are one reason.

    Lines of a list that count without one of their values are no refused rows.
    """
    return [
        RejectedRows(*row)
        for row in _rows(
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
        for row in _rows(
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


def _rows(link: Link, query: str, parameters: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    with link.cursor() as cursor:
        cursor.execute(query, parameters)
        return cursor.fetchall()
