"""Publish the four reports of a company of 100 branches for all its audiences, and measure it.

    .venv/bin/python tests/python/publish_many.py

Marts of plausible sizes are made by SQL on a throwaway server, then published twice by the code of
`branchline publish`. Nothing is sent, and nothing is left behind. Ends with 1 if a limit is missed.
"""

from __future__ import annotations

import re
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import date, datetime, timezone
from pathlib import Path

import throwaway
import yaml
from mart_tables import PROJECT, columns_of, read_by
from small_company import PREFIX, SmallCompany, small_company

from publish.reports import REPORTS

BRANCHES = 100
D = date(2026, 5, 31)
"""A day, a week and a month end on it, so that all four reports appear."""
MOST_SECONDS, MOST_MEMORY, MOST_HTML = 60, 1 << 30, 500_000

EACH = f"generate_series(1, {BRANCHES}) as b"
COMMON = {
    "branch_key": ("b", "'branch ' || b"),
    "branch_name": ("b", "'Branch ' || b"),
    "source_system": ("b", "'tills'"),
    "currency_code": ("b", "case when b % 10 = 0 then 'EUR' else 'GBP' end"),
    "business_date": ("d", "d"),
    "product_key": ("p", "'product ' || p"),
    "product_name": ("p", "'A product with a name of usual length ' || p"),
    "employee_key": ("e", "'employee ' || b || ' ' || e"),
    "employee_id": ("e", "e::text"),
    "full_name": ("e", "'Firstname Lastname ' || b || ' ' || e"),
    "hour_of_day": ("h", "h"),
}
"""Columns that are the same in all marts whose source has a variable: branch, day, product, ..."""
STATUS = "(array['OUT_OF_STOCK', 'STOCKOUT_RISK', 'DEAD_STOCK', 'OVERSTOCK', 'HEALTHY'])[{}]"


def during(days: int, step: int = 1) -> str:
    """Days up to the last one, as a table."""
    return (
        f"(select on_day::date as d from generate_series(date '{D}' - {days - 1}, date '{D}',"
        f" interval '{step} day') as on_day) as days"
    )


def months(count: int) -> str:
    """The first days of the months up to that of the last day, as a table."""
    return (
        f"(select first::date as m from generate_series(date '{D.replace(day=1)}'"
        f" - interval '{count - 1} month', date '{D}', interval '1 month') as first) as months"
    )


def wave(least: int, range_: int, *by: str) -> str:
    """A number that depends on others, and always is the same."""
    hashed = f"hashint8({' * 31 + '.join(f'({one})' for one in by)})"
    return f"{least} + mod({hashed} & 2147483647, {range_})"


def hours(first: int, last: int) -> str:
    """Hours of a day, as a table."""
    return f"generate_series({first}, {last}) as h"


def people(count: int) -> str:
    """People of a branch, as a table."""
    return f"generate_series(1, {count}) as e"


def products(count: int) -> str:
    """Products, as a table."""
    return f"generate_series(1, {count}) as p"


DAY_NUMBER = f"d - date '{D}'"
MONTH_NUMBER = f"m - date '{D}'"
MARTS: dict[str, tuple[str, dict[str, str]]] = {
    "dim_branches": (
        EACH,
        {
            "country_code": "'GB'",
            "region": "'Region ' || b % 7",
            "locality": "'Town ' || b",
            "time_zone": "'Europe/London'",
            "opening_date": f"date '{D}' - 800",
            "first_business_date": f"date '{D}' - 800",
            "last_business_date": f"date '{D}'",
        },
    ),
    "dim_country_dates": (
        during(800),
        {
            "country_code": "'GB'",
            "date_day": "d",
            "is_holiday": "to_char(d, 'MMDD') in ('0101', '1225')",
            "holiday_name": "case when to_char(d, 'MMDD') in ('0101', '1225') then 'Holiday' end",
            "week_start_date": "date_trunc('week', d)::date",
        },
    ),
    "dim_employees": (f"{EACH}, {people(8)}", {}),
    "rpt_daily_sales": (
        f"{EACH}, {during(800)}",
        {
            "net_sales": f"({wave(300_000, 400_000, 'b', DAY_NUMBER)}) / 100.0",
            "card_sales": f"({wave(300_000, 400_000, 'b', DAY_NUMBER)}) / 100.0 - 3",
            "transactions": wave(100, 200, "b", DAY_NUMBER),
            "items_sold": wave(300, 600, "b", DAY_NUMBER),
            "returned_amount": f"({wave(0, 20_000, 'b', DAY_NUMBER)}) / 100.0",
            "company_currency_code": "'GBP'",
            "net_amount_company": f"({wave(300_000, 400_000, 'b', DAY_NUMBER)}) / 117.0",
            "returned_amount_company": f"({wave(0, 20_000, 'b', DAY_NUMBER)}) / 117.0",
        },
    ),
    "rpt_hourly_sales": (
        f"{EACH}, {during(57)}, {hours(8, 19)}",
        {
            "net_sales": f"({wave(20_000, 60_000, 'b', DAY_NUMBER, 'h')}) / 100.0",
            "transactions": wave(5, 20, "b", DAY_NUMBER, "h"),
        },
    ),
    "rpt_daily_products": (
        f"{EACH}, {during(29)}, {products(60)}",
        {
            "sales_rank": "p",
            "quantity": wave(1, 50, "b", DAY_NUMBER, "p"),
            "net_sales": f"({wave(500, 20_000, 'b', DAY_NUMBER, 'p')}) / 100.0",
            "net_amount_company": f"({wave(500, 20_000, 'b', DAY_NUMBER, 'p')}) / 117.0",
            "returned_quantity": "case when p < 6 then 3 else 0 end",
            "returned_amount": "case when p < 6 then 9.5 else 0 end",
        },
    ),
    "rpt_sales_against_targets": (
        f"{EACH}, {during(D.day)}",
        {
            "problem": "null",
            "target_net_sales": "150000",
            "trading_days": "31",
            "trading_days_gone": "extract(day from d)",
            "net_sales_to_date": "4600 * extract(day from d)",
            "expected_to_date": "4838 * extract(day from d)",
            "sales_month": "date_trunc('month', d)::date",
        },
    ),
    "fct_staffed_days": (
        f"{EACH}, {during(430)}",
        {
            "staff": "6",
            "worked_hours": f"({wave(400, 200, 'b', DAY_NUMBER)}) / 10.0",
            "net_sales": f"({wave(300_000, 400_000, 'b', DAY_NUMBER)}) / 100.0",
            "assigned_net_sales": f"({wave(300_000, 400_000, 'b', DAY_NUMBER)}) / 100.0 - 50",
        },
    ),
    "fct_employee_days": (
        f"{EACH}, {during(28)}, {people(8)}",
        {
            "worked_hours": f"({wave(40, 50, 'b', DAY_NUMBER, 'e')}) / 10.0",
            "net_sales": f"({wave(30_000, 60_000, 'b', DAY_NUMBER, 'e')}) / 100.0",
            "unpaid_hours": "case when e = 1 then 1.5 else 0 end",
        },
    ),
    "fct_staffed_hours": (
        f"{EACH}, {during(14)}, {hours(8, 19)}",
        {"staff_hours": "3.5", "transactions": wave(5, 20, "b", DAY_NUMBER, "h")},
    ),
    "rpt_staffing_by_hour": (
        f"{EACH}, {hours(8, 19)}, generate_series(1, 7) as w",
        {
            "weekday_name": "to_char(date '2026-05-31' + w, 'FMDay')",
            "weekday_number": "w",
            "verdict": "(array['too_few', 'too_many', 'nobody', 'right'])[1 + (b + h * w) % 4]",
            "average_staff": "2 + (h + w) % 3",
        },
    ),
    "rpt_attendance_exceptions": (
        f"{EACH}, {during(7)}, {people(8)}",
        {"reason": "(array['in_without_out', 'shift_too_long'])[1 + e % 2]"},
    ),
    "sales_team_data_mart": (
        f"{EACH}, {people(8)}, {months(3)}",
        {
            "sales_person_id": "e::text",
            "total_sales": "1000 * e + 3 * b",
            "sales_month_start_date": "m",
        },
    ),
    "rpt_inventory_trend": (
        f"{EACH}, {during(141, 7)}",
        {
            "products": "300",
            "out_of_stock_products": wave(0, 40, "b", DAY_NUMBER),
            "is_latest": f"d = date '{D}'",
        },
    ),
    "rpt_inventory_status": (
        f"{EACH}, {products(300)}, {during(1)}",
        {
            "status": STATUS.format("1 + (p + b) % 5"),
            "priority": "1 + (p + b) % 5",
            "reason": "'4 in stock last 2 days at 2 a day: fewer than 7'",
            "stock_value": f"({wave(100, 90_000, 'b', 'p')}) / 100.0",
            "window_end_date": "d",
        },
    ),
    "rpt_inventory_turnover": (
        f"{EACH}, {products(50)}, {months(14)}",
        {"cost_of_goods_sold": "10 + p", "average_stock_value": "7 + b", "stock_month": "m"},
    ),
    "rpt_stockouts": (
        f"{EACH}, {products(60)}, {during(1)}",
        {
            "is_out_of_stock": "true",
            "estimated_lost_sales": f"({wave(100, 90_000, 'b', 'p')}) / 100.0",
            "last_out_of_stock_date": "d",
        },
    ),
    "rpt_stock_count_gaps": (
        f"{EACH}, {products(20)}, {during(1)}",
        {"counted_on": "d", "gap_value": f"({wave(100, 9_000, 'b', 'p')}) / 100.0"},
    ),
    "fct_sales_anomalies": (
        f"{EACH}, {during(31, 2)}, {products(4)}",
        {
            "subject_kind": "(array['branch', 'product', 'customer', 'branch'])[p]",
            "measure": "(array['sales', 'counted_stock', 'sales', 'receipts'])[p]",
            "kind": "(array['out_of_range', 'stock_gap', 'dormant_account', 'out_of_range'])[p]",
            "severity": "'high'",
            "direction": "'below'",
            "period": "'day'",
            "employee_name": "null",
            "period_start_date": "d",
        },
    ),
    "rpt_like_for_like_sales": (
        f"{EACH}, {months(14)}",
        {"net_sales_year_before": "90000 + b", "sales_month": "m"},
    ),
    "rpt_company_products": (
        f"(values (1)) as chosen (b), {products(1000)}, {months(14)}",
        {
            "sales_rank": "p",
            "net_sales": f"100000.0 / p + {wave(1, 90, 'p', MONTH_NUMBER)}",
            "abc_class": "case when p < 100 then 'A' else 'C' end",
            "sales_month": "m",
        },
    ),
    "rpt_product_margins": (
        f"{EACH}, {products(60)}, {months(14)}",
        {"costed_sales": "100 + p", "cost": "60", "margin": "40 + p", "sales_month": "m"},
    ),
    "rpt_customer_cohorts": (
        f"(values (1), (10)) as chosen (b), {months(24)}, generate_series(0, 14) as since",
        {"months_since_first": "since", "customers": "400 - 20 * since", "cohort_month": "m"},
    ),
}


def fill(company: SmallCompany) -> int:
    """Make all marts that the reports read; returns the number of their rows."""
    rows = 0
    for mart in sorted(read_by()):
        columns = columns_of(mart)
        names = ", ".join(f"{name} {kind}" for name, kind in columns.items())
        company.ask(f"create table if not exists marts.{mart} ({names})")
        source, given = MARTS[mart]
        values = [_value(name, kind, source, given) for name, kind in columns.items()]
        company.ask(f"insert into marts.{mart} select {', '.join(values)} from {source}")
        company.ask(f"analyze marts.{mart}")
        [(count,)] = company.ask(f"select count(*) from marts.{mart}")
        rows += count
    company.ask(
        f"grant select on all tables in schema marts to {PREFIX}analyst, {PREFIX}pii_reader"
    )
    return rows


def _value(name: str, kind: str, source: str, given: dict[str, str]) -> str:
    """What a column has: as given, as everywhere, or something of its type."""
    variable, everywhere = COMMON.get(name, ("", ""))
    if name in given:
        known = given[name]
    elif variable and re.search(rf"\b{variable}\b", source):
        known = everywhere
    elif kind.startswith(("numeric", "bigint", "integer")):
        known = "1"
    else:
        known = {"text": "'x'", "boolean": "false"}.get(kind, "null")
    return f"cast({known} as {kind})"


def contract() -> str:
    """The project's own contract, without its exports."""
    given = yaml.safe_load((PROJECT / "publish" / "publications.yml").read_text())
    given["publications"] = {
        name: one for name, one in given["publications"].items() if "report" in one
    }
    return yaml.safe_dump(given, sort_keys=False)


def measured(company: SmallCompany) -> Iterator[str]:
    """Publish twice; yields what to say, and last what is wrong."""
    yield f"{fill(company):,} rows in {len(read_by())} marts, {BRANCHES} branches\n"
    wrong = []
    for what in ("first time", "again, nothing is new"):
        begun, cpu = time.perf_counter(), time.process_time()
        report = company.publish()
        seconds, cpu = time.perf_counter() - begun, time.process_time() - cpu
        assert report.succeeded, report.held_back
        assert report.published is not None
        yield (
            f"{what}: {report.published.new:,} new editions, {seconds:.1f} s,"
            f" of which {cpu:.1f} s CPU of this process\n"
        )
        if seconds > MOST_SECONDS:
            wrong.append(f"{what}: more than {MOST_SECONDS} s")
    # Linux counts in KiB.
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    sizes = {
        path.relative_to(company.archive): path.stat().st_size
        for path in company.archive.rglob("*")
        if path.is_file()
    }
    pages = {path: size for path, size in sizes.items() if path.suffix == ".html"}
    largest = max(pages, key=lambda path: pages[path])
    yield f"peak memory: {memory / 1e6:,.0f} MB\n"
    yield f"largest HTML: {pages[largest] / 1e3:,.0f} kB ({largest})\n"
    yield f"archive: {len(sizes):,} files, {sum(sizes.values()) / 1e6:,.0f} MB\n"
    if memory > MOST_MEMORY:
        wrong.append(f"more than {MOST_MEMORY:,} bytes of memory")
    if pages[largest] > MOST_HTML:
        wrong.append(f"a page of more than {MOST_HTML:,} bytes")
    if wrong:
        raise SystemExit("Limits missed: " + "; ".join(wrong))


def main() -> None:
    """Make, publish, measure."""
    with (
        tempfile.TemporaryDirectory(prefix="branchline-publish-") as folder,
        throwaway.server() as server,
        small_company(server, Path(folder)) as company,
    ):
        company.contract = contract()
        company.reports = dict(REPORTS)
        company.now = datetime(2026, 6, 1, 4, 0, tzinfo=timezone.utc)
        for line in measured(company):
            sys.stdout.write(line)
            sys.stdout.flush()


if __name__ == "__main__":
    main()
