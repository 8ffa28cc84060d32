"""A quarter of the real rows, in four steps: orders, customers, amounts, stock and traffic."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
import throwaway
from erasures import Request, dump, erase, same_totals, totals
from nightly import Project, new_project

from base.link import Connection

# The real files of each step, and their names in the inbox.
STEPS = (
    {
        "products.csv": "products.csv",
        "inventory_1.csv": "inventory/1.csv",
        "store_customers.csv": "store_customers/history.csv",
        "store_orders.csv": "store_orders/history.csv",
        "web_orders_1.jsonl": "web_orders/1.jsonl",
        "web_orders_2.jsonl": "web_orders/2.jsonl",
        "ours/currency_latest.json": "rates/latest.json",
        "ours/currency_convert_USD_CAD.json": "rates/USD_CAD.json",
        "ours/access_log_1.jsonl": "access_log/1.jsonl",
        "ours/ip_ranges.csv": "ip_ranges.csv",
    },
    {
        "increment_1_customers.csv": "store_customers/increment_1.csv",
        "increment_1_orders.csv": "store_orders/increment_1.csv",
        "inventory_2.csv": "inventory/2.csv",
    },
    {
        "increment_2_orders.csv": "store_orders/increment_2.csv",
        "inventory_3.csv": "inventory/3.csv",
        "ours/access_log_2.jsonl": "access_log/2.jsonl",
    },
    {"increment_3_orders.csv": "store_orders/increment_3.csv"},
)
# Stores and web shop, each in US dollars; the stores also without unknown products.
IN_DOLLARS = """
    select sales.channel, round(sum(sales.net_amount_company), 2),
        round(sum(sales.net_amount_company) filter (where not products.is_inferred), 2)
    from marts.fct_sales as sales
    inner join marts.dim_products as products using (product_key)
    group by sales.channel order by sales.channel
"""
ORDERS = """
    select order_mode, count(*) from marts.fct_order_changes
    where channel = 'store' and is_latest group by order_mode order by order_mode
"""
REJECTED = """
    select reject_reasons, count(*) from marts.rejected_rows
    where feed like '%_orders' group by reject_reasons order by reject_reasons
"""
TRAFFIC = """
    select
        to_char(traffic_date, 'DD') || ' ' || country_code,
        hits, bot_hits, sessions, product_views
    from marts.rpt_web_traffic where hits + bot_hits > 0 order by traffic_date, country_code
"""
STOCK = """
    select branch_name, product_name, on_hand_quantity::int, reserved_quantity::int,
        available_quantity::int
    from marts.rpt_stock_availability where source_system = 'electroniz'
    order by branch_name, product_name
"""
# Models of stock and shipments that are not above the marts of orders.
SHIPPING = (
    *("path:models/intermediate/shipping", "path:models/marts/shipping", "int_orders__current"),
    *("+int_shipment_events__unioned", "+dim_branches", "int_stock_levels__daily"),
    *("int_stock_days__windows", "int_stock_places__supplying", "int_sources__as_of"),
)
MARTS = (
    *("fct_sales", "fct_transactions", "fct_order_changes", "dim_customers", "rejected_rows"),
    *("fct_page_requests", "fct_web_sessions", "rpt_web_traffic"),
)


def build(project: Project, *words: str) -> None:
    project.dbt(
        "build",
        *("--exclude-resource-type", "unit_test"),
        *("--indirect-selection", "cautious", "--vars", "{company_currency: USD}"),
        *("--select", "+rejected_rows", "+fct_transactions", "+fct_sales", "+fct_order_changes"),
        *("+dim_customers", "+dim_products", "+rpt_order_exceptions"),
        *("+rpt_advertising_budget", "+fct_web_sessions", "+fct_page_requests"),
        *words,
    )


@pytest.fixture(scope="module")
def folder() -> Path:
    return throwaway.real_files() / "electroniz"


@pytest.fixture(scope="module")
def built(
    folder: Path, postgres_server: Connection, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Project]:
    """A project after all steps, each loaded and built."""
    with new_project(postgres_server, tmp_path_factory.mktemp("orders")) as project:
        for step in STEPS:
            for real, name in step.items():
                project.deliver(f"electroniz/{name}", (folder / real).read_bytes())
            assert project.load().counts()["loaded"] == len(step)
            build(project)
        yield project


def test_the_last_event_of_each_real_order_counts(built: Project) -> None:
    assert built.rows(ORDERS) == [("DELETE", 1), ("EDIT", 53), ("NEW", 609)]
    [(customers, former)] = built.rows(
        "select count(*) filter (where is_current), count(*) filter (where not is_current)"
        " from intermediate.int_electroniz__customers"
    )
    assert (customers, former) == (776, 1)
    assert built.rows(IN_DOLLARS) == [
        ("online", Decimal("349.94"), Decimal("349.94")),
        ("store", Decimal("152697.16"), Decimal("152688.18")),
    ]
    assert built.rows(REJECTED) == [
        ("order_changed", 4),
        ("order_deleted", 1),
    ]
    [exception] = built.rows("select product_id, currency_code from marts.rpt_order_exceptions")
    assert exception == ("13", "INR")


def test_a_full_refresh_gives_the_same_real_rows(built: Project) -> None:
    before = {mart: built.contents(mart) for mart in MARTS}
    build(built, "--full-refresh")
    assert {mart: built.contents(mart) for mart in MARTS} == before


def test_the_traffic_is_what_somebody_counts_in_the_logs(built: Project) -> None:
    """Of the 43 lines 22 are of browsers; one visitor's session of 19 May is in both files."""
    assert built.rows(TRAFFIC) == [
        ("18 CA", 2, 2, 1, 2),
        ("18 DE", 0, 2, 0, 0),
        ("18 IN", 1, 2, 1, 1),
        ("18 US", 7, 4, 7, 6),
        ("18 ZZ", 1, 1, 1, 0),
        ("19 CA", 2, 6, 2, 2),
        ("19 DE", 4, 0, 3, 2),
        ("19 US", 5, 3, 4, 5),
        ("19 ZZ", 0, 1, 0, 0),
    ]
    found = built.rows(
        "select location_kind, count(*) from marts.fct_page_requests"
        " where country_code = 'ZZ' group by 1 order by 1"
    )
    assert found == [("reserved", 1), ("unlisted", 1), ("unreadable", 1)]
    [longest] = built.rows(
        "select hits, session_seconds::int from marts.fct_web_sessions"
        " where country_code = 'DE' and hits > 1"
    )
    assert longest == (2, 24 * 60 + 48)
    assert built.rows("select sum(orders) from marts.rpt_web_traffic") == [(6,)]


def test_real_states_and_cities_are_the_same_places(built: Project) -> None:
    """The first list names no place, the second states, the third cities; six web orders wait."""
    built.dbt("run", "--vars", "{company_currency: USD}", "--select", *SHIPPING)
    assert built.rows(STOCK) == [
        ("New York", "Microwave", 34, 6, 28),
        ("New York", "Mobile", 659, 0, 659),
        ("Phoenix", "Watch", 100, 0, 100),
    ]
    places = built.rows(
        "select to_char(levels.business_date, 'DD') || ' ' || branches.branch_name,"
        " sum(levels.stock_quantity)::int from intermediate.int_stock_levels__daily as levels"
        " inner join marts.dim_branches as branches using (branch_key) group by 1 order by 1"
    )
    assert places == [
        *[("18 Warehouse", 793), ("19 New York", 693), ("19 Phoenix", 100)],
        *[("20 New York", 693), ("20 Phoenix", 100)],
    ]
    # A category in place of a product.
    refused = built.rows(
        "select reject_reasons, count(*) from marts.rejected_rows"
        " where feed like '%_inventory' group by 1"
    )
    assert refused == [("product_unmapped", 3)]
    cancelled = built.rows(
        "select order_number, available_quantity::int, is_for_lack_of_stock"
        " from marts.fct_order_cancellations"
    )
    assert cancelled == [("2345", 100, False)]


def test_no_card_is_stored_and_personal_data_is_only_where_it_is_tagged(
    built: Project, folder: Path
) -> None:
    """The last test: an erasure empties the tagged columns, so what is left is in others."""
    people = [
        row
        for path in sorted(folder.glob("*_customers.csv"))
        for row in csv.DictReader(path.read_text(encoding="utf-8").splitlines())
    ]
    names = ("customer_name", "address", "phone", "email")
    personal = {row[name].lower() for row in people[::5] for name in names}
    text = dump(built)
    assert len(people) == 751 + 26
    assert [row["credit_card"] for row in people if row["credit_card"] in text] == []
    assert len([value for value in personal if value in text]) > 500

    built.dbt(
        "build",
        *("--exclude-resource-type", "test", "unit_test", "--vars", "{company_currency: USD}"),
        *("--select", "+int_customers__last_seen", "int_customers__lines"),
    )
    before = totals(built)
    found = built.rows("select customer_key from intermediate.int_customers__last_seen")
    erase(built, [Request(None, key) for (key,) in sorted(found)])
    text = dump(built)
    assert [value for value in personal if value in text] == []
    same_totals(before, totals(built))
