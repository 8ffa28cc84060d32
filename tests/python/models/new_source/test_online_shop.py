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
from pathlib import Path

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
CARDS = """
with lines as (
    select
        lines.*,
        md5(copies.prefix || lines.customer_id) as card_token
    from {{ ref('stg_online_shop__receipt_lines') }} as lines
    cross join (values (''), ('idle')) as copies (prefix)
    where cast(lines.customer_id as integer) % 3 = 0
),

versions as (
    {{ list_versions('lines', ref('stg_ingest__files'), 'card_token') }}
)

{{ conform(
    'cards',
    from='versions',
    expressions={
        'card_provider': "'VISA 16 digit'",
        'card_last4': 'right(customer_id, 4)',
        'expiry_month': "date '2027-09-01'",
        'changed_at': 'loaded_at',
    },
    lacks=['confirmed_on']
) }}
"""
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
    add_cards(copy)
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


def add_cards(copy: Path) -> None:
    """Let each customer pay with one card, as if the orders had its number.

    The list has the cards of every third customer, and some that never paid.
    """
    lines = copy / CONFORMED / "int_online_shop__receipt_lines.sql"
    text = lines.read_text(encoding="utf-8")
    channel, index = "'channel': \"'online'\",\n", "{'columns': ['customer_key']},\n"
    assert channel in text
    assert index in text
    text = text.replace(channel, channel + "'card_token': \"md5(customer_id)\",\n")
    text = text.replace(index, index + "{'columns': ['card_token']},\n")
    lines.write_text(text, encoding="utf-8")
    contract = lines.with_suffix(".yml")
    text = contract.read_text(encoding="utf-8")
    column = "      - name: card_last4\n"
    assert column in text
    added = "      - name: card_token\n        data_type: text\n"
    contract.write_text(text.replace(column, added + column), encoding="utf-8")
    receipts = copy / CONFORMED / "int_online_shop__transactions.sql"
    text = receipts.read_text(encoding="utf-8")
    assert text.count("))") == 1
    receipts.write_text(text.replace("))", "), adds=['card_token'])"), encoding="utf-8")
    (copy / CONFORMED / "int_online_shop__cards.sql").write_text(CARDS, encoding="utf-8")
    listed = (copy / LIST).read_text(encoding="utf-8")
    wanted = "    online_shop: [transactions]\n"
    assert wanted in listed
    (copy / LIST).write_text(
        listed.replace(wanted, wanted.replace("]", ", cards]")), encoding="utf-8"
    )


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


def test_every_card_of_a_sale_or_a_list_is_in_the_dimension(shop: Shop) -> None:
    found = shop.rows("select card_token, is_inferred, card_provider from marts.dim_cards")
    cards = {
        token: (is_inferred, provider)
        for token, is_inferred, provider in shop.rows(
            "select md5(prefix || customer_id), number % 3 <> 0,"
            " case when number % 3 = 0 then 'VISA 16 digit' end"
            " from (select distinct customer_id, customer_id::integer as number, is_sale"
            " from intermediate.int_online_shop__receipt_lines where is_current) as customers"
            " cross join (values (''), ('idle')) as copies (prefix)"
            " where customer_id is not null and (number % 3 = 0 or (is_sale and prefix = ''))"
        )
    }
    assert {token: tuple(values) for token, *values in found} == cards
    assert len(found) == len(cards)
    assert {is_inferred for is_inferred, _ in cards.values()} == {True, False}
    tokens = shop.rows(
        "select count(distinct card_token), count(card_token) - count(customer_id)"
        " from marts.fct_transactions join marts.dim_customers as customers using (customer_key)"
        f" where customers.{SHOP}"
    )
    assert tokens == [(len(shop.truth.customers), 0)]


# Each report, and the same figures counted from the facts and the dimension.
REPORTS = {
    "channels": (
        "select channel, transactions, items_sold, net_sales"
        " from marts.rpt_sales_by_channel where transactions > 0",
        "select channel, count(distinct transaction_id), sum(quantity),"
        " round(sum(net_amount_company), 2) from marts.fct_sales group by 1",
    ),
    "calendar months": (
        "select month_number, transactions, items_sold, net_sales"
        " from marts.rpt_sales_by_calendar_month",
        "select extract(month from business_date), count(distinct transaction_id),"
        " sum(quantity), round(sum(net_amount_company), 2) from marts.fct_sales group by 1",
    ),
    "best months": (
        "select year_number, month_number, net_sales, sales_rank from marts.rpt_best_months",
        "select extract(year from business_date), extract(month from business_date),"
        " round(sum(net_amount_company), 2), rank() over (order by sum(net_amount_company) desc)"
        " from marts.fct_sales group by 1, 2",
    ),
    "quarters": (
        "select year_number, quarter_number, channel, transactions, items_sold, net_sales"
        " from marts.rpt_sales_by_quarter where transactions > 0",
        "select extract(year from business_date), extract(quarter from business_date), channel,"
        " count(distinct transaction_id), sum(quantity), round(sum(net_amount_company), 2)"
        " from marts.fct_sales group by 1, 2, 3",
    ),
    "categories": (
        "select year_number, quarter_number, category, quantity, net_sales"
        " from marts.rpt_product_category_sales",
        "select extract(year from business_date), extract(quarter from business_date),"
        " coalesce(category, 'unknown'), sum(quantity), round(sum(net_amount_company), 2)"
        " from marts.fct_sales join marts.dim_products using (product_key) group by 1, 2, 3",
    ),
    "store types and countries": (
        "select store_type, country_code, transactions, items_sold, net_sales"
        " from marts.rpt_sales_by_store_type_and_country",
        "select coalesce(store_type, 'unknown'), coalesce(country_code, 'unknown'),"
        " count(distinct transaction_id), sum(quantity), sum(net_amount)"
        " from marts.fct_sales join marts.dim_branches using (branch_key) group by 1, 2",
    ),
    "store types": (
        "select store_type, transactions, net_sales, sales_share_percent"
        " from marts.rpt_sales_by_store_type",
        "select coalesce(store_type, 'unknown'), count(distinct transaction_id),"
        " round(sum(net_amount_company), 2),"
        " round(100 * sum(net_amount_company) / sum(sum(net_amount_company)) over (), 2)"
        " from marts.fct_sales join marts.dim_branches using (branch_key) group by 1",
    ),
    "stores": (
        "select country_code, stores from marts.rpt_stores_by_country",
        "select coalesce(country_code, 'unknown'), count(*) from marts.dim_branches group by 1",
    ),
    "sale intervals": (
        "select year_number, transactions, intervals, average_interval_seconds,"
        " round(extract(epoch from average_interval), 3) from marts.rpt_sale_intervals",
        "select extract(year from sold_at_local), count(*), count(next_at), round(avg(gap), 3),"
        " round(avg(gap), 3) from (select sold_at_local, next_at,"
        " extract(epoch from next_at - sold_at_local) as gap from (select sold_at_local,"
        " lead(sold_at_local) over (order by sold_at_local) as next_at"
        " from marts.fct_transactions where is_time_known) as sales) as gaps group by 1",
    ),
}


@pytest.mark.parametrize("name", REPORTS)
def test_a_report_of_the_company_matches_the_facts(shop: Shop, name: str) -> None:
    reported, counted = (sorted(shop.rows(query)) for query in REPORTS[name])
    assert reported == counted
    assert reported


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
        cursor.execute(
            "select count(*), count(cards.card_token), count(nullif(cards.expiry_month, null))"
            " from marts_masked.fct_transactions as sales"
            " left join marts_masked.dim_cards as cards using (card_token)"
            " where sales.card_token is not null"
        )
        sales, joined, expiring = cursor.fetchall()[0]
        assert sales == joined > 0
        assert expiring == 0
        for closed in (
            "raw.online_shop_receipt_lines",
            "staging.stg_online_shop__receipt_lines",
            "intermediate.int_online_shop__receipt_lines",
            "marts.dim_customers",
            "marts.dim_cards",
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
