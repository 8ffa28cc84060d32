"""A source with a different shape, added as in docs/adding-a-source.md: right in all marts.

An online shop with several lines per invoice, in two nights, with a late and a corrected file.
"""

from __future__ import annotations

import contextlib
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from decimal import Decimal

import psycopg2
import pytest
import throwaway
from documented_source import LIST, add_documented_source, documented_files
from nightly import PROJECT, Project, new_project
from project_copy import copy_project
from psycopg2.errors import InsufficientPrivilege
from shop_files import RENAMED, Truth, days, path_of, truth_of

from base.link import Connection, open_link
from operate.access.people import make_user
from operate.access.roles import make_roles

LINES = 2500
PREFIX = "shop_"
PASSWORD = "only-for-tests-0123456789"
CONFORMED = "models/intermediate/conformed/online_shop"
SHOP = "source_system = 'online_shop'"
TILL = "01/12/2010 09:00,Leeds,Ann Lee,Tea - 1.70,1.70,CASH,\n"


class Shop:
    """The built project, and the totals of the shop's current files."""

    def __init__(self, project: Project, truth: Truth) -> None:
        self.project = project
        self.truth = truth
        self.rows = project.rows


@pytest.fixture(scope="module")
def shop(postgres_server: Connection, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    folder = tmp_path_factory.mktemp("shop")
    before = roles(postgres_server)
    copy = copy_project(folder / "copy")
    add_documented_source(copy)
    with new_project(postgres_server, folder / "run", copy) as project:
        texts = dict(days(LINES, receipts_a_day=7))
        written = list(texts)
        late, corrected, tonight = written[3], written[5], written[-4:]
        for day in written:
            if day != late and day not in tonight:
                project.deliver(path_of(day), texts[day])
        project.deliver("branch_pos/leeds_01-12-2010_09-00-00.csv", TILL)
        with open_link(project.url) as link:
            make_user(link, make_roles(link, PREFIX)[0], "anna_of_the_shop", ["analyst"], PASSWORD)
        project.load()
        project.dbt("build", "--exclude-resource-type", "test", "unit_test")

        # The second night: the latest days, a late one, and one that is corrected: its last
        # receipts are gone, and a price has changed.
        lines = texts[corrected].splitlines(keepends=True)
        texts[corrected] = "".join(lines[: len(lines) // 2]).replace(",2.55,", ",2.95,")
        for day in (late, corrected, *tonight):
            project.deliver(path_of(day), texts[day])
        report = project.load()
        assert report.counts()["loaded"] == len(tonight) + 2
        project.dbt("build", "--exclude-resource-type", "unit_test")
        yield Shop(project, truth_of(texts.values()))
    with psycopg2.connect(postgres_server.url) as link, link.cursor() as cursor:
        for role in roles(postgres_server) - before:
            cursor.execute(f'drop role "{role}"')


def roles(server: Connection) -> set[str]:
    """The names of the server's roles."""
    with psycopg2.connect(server.url) as link, link.cursor() as cursor:
        cursor.execute("select rolname from pg_roles")
        return {name for (name,) in cursor.fetchall()}


def test_the_page_adds_files_and_one_line_and_changes_nothing() -> None:
    files = documented_files()
    assert files.pop(LIST) == "    online_shop: [transactions]\n"
    assert not [path for path in files if (PROJECT / path).exists()]
    assert all("online_shop" in path for path in files)


def test_the_unit_tests_of_the_page_pass(shop: Shop) -> None:
    said = shop.project.dbt(
        "test", "--select", "staging.online_shop,test_type:unit",
        "intermediate.conformed.online_shop,test_type:unit",
    )  # fmt: skip
    assert said.count("[PASS") >= 7


def test_daily_sales_match_the_files(shop: Shop) -> None:
    found = shop.rows(
        "select business_date, transactions, items_sold, net_sales from marts.rpt_daily_sales"
        f" join marts.dim_branches as branches using (branch_key) where branches.{SHOP}"
    )
    assert {day: tuple(values) for day, *values in found} == shop.truth.daily
    assert shop.truth.sales > 1000


def test_products_are_known_by_their_code(shop: Shop) -> None:
    found = shop.rows(
        "select product_id, sum(quantity), sum(net_amount), count(distinct product_key)"
        f" from marts.fct_sales where {SHOP} group by 1"
    )
    assert {code: (units, sales) for code, units, sales, _ in found} == shop.truth.products
    assert {keys for *_, keys in found} == {1}
    names = shop.rows(f"select product_id, product_name from marts.dim_products where {SHOP}")
    assert dict(names) == shop.truth.names
    assert shop.truth.names[RENAMED[0]] == RENAMED[2]
    by_month = shop.rows(
        f"select sum(net_sales) from marts.rpt_product_performance"
        f" join marts.dim_branches as branches using (branch_key) where branches.{SHOP}"
    )
    assert by_month == [(shop.truth.sales,)]


def test_customers_match_their_purchases(shop: Shop) -> None:
    found = shop.rows(
        "select customer_id, purchases, sum(net_amount) from marts.dim_customers as customers"
        " join marts.fct_transactions using (customer_key)"
        f" where customers.{SHOP} and identified_by = 'number' group by 1, 2"
    )
    assert {customer: (n, sales) for customer, n, sales in found} == shop.truth.customers
    known = shop.rows(
        "select count(*) filter (where is_customer_known), count(*) from marts.fct_transactions"
        f" where {SHOP}"
    )
    assert known == [(sum(n for n, _ in shop.truth.customers.values()), len(shop.truth.receipts))]
    by_month = shop.rows(f"select sum(total_sales) from marts.customers_data_mart where {SHOP}")
    assert by_month == [(sum(sales for _, sales in shop.truth.customers.values()),)]


def test_number_code_and_country_reach_the_marts(shop: Shop) -> None:
    receipts = shop.rows(
        f"select receipt_number, net_amount from marts.fct_transactions where {SHOP}"
    )
    assert dict(receipts) == shop.truth.receipts
    assert len(receipts) == len(shop.truth.receipts)
    assert any(number.startswith("C") for number, _ in receipts)
    assert ("A", Decimal("-11062.06")) in {(number[0], amount) for number, amount in receipts}
    assert shop.rows(
        f"select distinct quality_flags from marts.fct_transactions where {SHOP}"
        " and receipt_number like 'A%'"
    ) == [("customer_missing, total_not_positive, unit_price_negative",)]
    countries = shop.rows(
        "select country, count(*), sum(net_amount) from marts.fct_transactions"
        f" where {SHOP} group by 1"
    )
    assert {country: (n, sales) for country, n, sales in countries} == shop.truth.countries
    assert shop.rows(f"select distinct channel from marts.fct_transactions where {SHOP}") == [
        ("online",)
    ]


def test_trends_and_anomalies_include_the_shop(shop: Shop) -> None:
    trends = shop.rows(
        "select sum(net_sales) from marts.rpt_sales_trends"
        " where level_name = 'Online shop' and period_kind = 'day'"
    )
    assert trends == [(shop.truth.sales,)]
    months: dict[date, Decimal] = {}
    for day, (_, _, sales) in shop.truth.daily.items():
        months[day.replace(day=1)] = months.get(day.replace(day=1), Decimal(0)) + sales
    found = shop.rows(
        "select period_start_date, net_sales from marts.rpt_sales_trends"
        " where level_name = 'Online shop' and period_kind = 'month'"
    )
    assert {day: sales for day, sales in found if sales} == months
    # After six weeks, a bad debt of eleven thousand is an anomaly.
    odd = shop.rows(
        "select period_start_date, actual_value from marts.fct_sales_anomalies"
        f" where {SHOP} and subject_kind = 'branch' and measure = 'sales'"
    )
    assert (date(2011, 1, 18), shop.truth.daily[date(2011, 1, 18)][2]) in odd


def test_rejected_rows_have_reasons_and_claimed_amounts(shop: Shop) -> None:
    found = shop.rows(
        "select reject_reasons, count(*), sum(coalesce(claimed_amount, 0)) from marts.rejected_rows"
        " where feed = 'online_shop_receipt_lines' group by 1"
    )
    assert {reasons: (n, claimed) for reasons, n, claimed in found} == shop.truth.rejected
    assert set(shop.truth.rejected) == {
        "product_missing",
        "quantity_unreadable",
        "quantity_unreadable, total_unreadable",
        "receipt_number_missing",
        "timestamp_unreadable",
    }
    texts = shop.rows("select line_text from marts.rejected_rows")
    assert not any("12347" in text for (text,) in texts)


def test_an_analyst_sees_the_sales_and_not_the_customers(shop: Shop) -> None:
    url = re.sub(r"//.*?@", f"//anna_of_the_shop:{PASSWORD}@", shop.project.url)
    keys = shop.rows(f"select customer_key from marts.dim_customers where {SHOP}")
    with contextlib.closing(psycopg2.connect(url)) as link, link.cursor() as cursor:
        link.autocommit = True
        cursor.execute(
            "select customer_key, sum(net_amount) from marts_masked.fct_transactions"
            f" where {SHOP} group by 1"
        )
        masked = dict(cursor.fetchall())
        assert sum(masked.values()) == shop.truth.sales
        assert len(masked) == len(shop.truth.customers) + 1
        assert not set(masked) & {key for (key,) in keys}
        cursor.execute(f"select customer_id from marts_masked.dim_customers where {SHOP}")
        seen = {number for (number,) in cursor.fetchall()}
        assert not seen & set(shop.truth.customers)
        for closed in (
            "raw.online_shop_receipt_lines",
            "staging.stg_online_shop__receipt_lines",
            "intermediate.int_online_shop__receipt_lines",
            "marts.dim_customers",
        ):
            with pytest.raises(InsufficientPrivilege):
                cursor.execute(f"select * from {closed} limit 1")


def test_metrics_match_the_marts(shop: Shop) -> None:
    shop.project.dbt("parse")
    (shop.project.folder / LIST).write_text((shop.project.home / LIST).read_text())
    question = {
        "metric_names": ["net_sales", "receipts", "units"],
        "group_by_names": ["branch__source_system"],
    }
    child = subprocess.run(
        [sys.executable, str(PROJECT / "tests/python/models/semantic/metricflow_child.py")],
        cwd=shop.project.folder,
        env={
            **throwaway.for_dbt(shop.project.env),
            "DBT_PROFILES_DIR": str(shop.project.folder / "profiles"),
            "HTTPS_PROXY": "http://127.0.0.1:9",
            "TMPDIR": str(shop.project.folder),
        },
        input=json.dumps(question) + "\n",
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert child.returncode == 0, child.stderr[-3000:]
    answer = json.loads(child.stdout)
    said = {row[0]: dict(zip(answer["names"], row, strict=True)) for row in answer["rows"]}
    mine = said["online_shop"]
    assert round(Decimal(mine["net_sales"]), 2) == shop.truth.sales
    assert int(float(mine["receipts"])) == len(shop.truth.receipts)
    assert int(float(mine["units"])) == sum(units for _, units, _ in shop.truth.daily.values())


def test_nights_equal_a_full_rebuild(shop: Shop) -> None:
    shop.project.keep_marts("by_nights")
    shop.project.dbt("build", "--full-refresh", "--exclude-resource-type", "test", "unit_test")
    assert shop.project.differences("by_nights") == {}


@pytest.mark.parametrize(
    ("reported", "instead", "said"),
    [
        ("'employee_id', ", "", 'column "employee_id" does not exist'),
        ("'employee_id', ", "'quantity', ", "says that it lacks 'quantity'. Every source must"),
        ("'channel': ", "'chanel': ", "has an expression for 'chanel'. The contract of"),
    ],
)
def test_missing_columns_are_declared_per_source(
    shop: Shop, reported: str, instead: str, said: str
) -> None:
    model = shop.project.home / CONFORMED / "int_online_shop__receipt_lines.sql"
    text = model.read_text()
    assert reported in text
    model.write_text(text.replace(reported, instead))
    try:
        words = ("run", "--select", "int_online_shop__receipt_lines", "int_online_shop__sale_lines")
        output = shop.project.dbt(*words, expect=1 if "column" in said else 2)
    finally:
        model.write_text(text)
    assert said in output
    assert "int_online_shop__receipt_lines" in output
    assert "Error in model int_online_shop__sale_lines" not in output
