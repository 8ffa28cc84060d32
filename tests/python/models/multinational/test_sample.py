"""The sample company's tables: each planted fault is found, and nothing else is rejected."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest
from nightly import Project, new_project

from base.link import Connection
from sample.company import write_deliveries
from sample.multinational.source import sizes_of
from sample.multinational.world import CARDS, DATE_EVENTS, ORDERS, PRODUCTS, STORES, USERS, World
from sample.sources import DEFAULT_START

BRANCHES, DAYS = 4, 60
ENTITIES = {
    "int_multinational__customers": (USERS, "users"),
    "int_multinational__branches": (STORES, "shops"),
    "int_multinational__products": (PRODUCTS, "goods"),
    "int_multinational__cards": (CARDS, "cards"),
}


@pytest.fixture(scope="module")
def world() -> World:
    return World(1, sizes_of(BRANCHES), DEFAULT_START)


@pytest.fixture(scope="module")
def project(
    postgres_server: Connection, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Project]:
    """A warehouse with the last version of every file."""
    with new_project(postgres_server, tmp_path_factory.mktemp("sample")) as made:
        for _, path, content in write_deliveries(
            branches=BRANCHES, days=DAYS, sources=("multinational",)
        ):
            made.deliver(path, content)
        assert made.load().counts()["loaded"] == 6
        made.dbt(
            "build",
            *("--exclude-resource-type", "unit_test", "--indirect-selection", "cautious"),
            *("--select", "intermediate.conformed.multinational", "+rejected_rows"),
            *("+fct_transactions", "+dim_cards", "+dim_branches"),
        )
        yield made


def test_every_real_row_is_kept(project: Project, world: World) -> None:
    for model, (_, entries) in ENTITIES.items():
        found = project.rows(f"select count(*) from intermediate.{model} where is_current")
        assert found == [(getattr(world.sizes, entries),)], model


def test_every_planted_fault_is_rejected_with_its_reason(project: Project, world: World) -> None:
    expected: dict[tuple[str, str], int] = {}
    for name in (USERS, STORES, PRODUCTS, CARDS, DATE_EVENTS):
        noise = world.noise(name, DAYS)
        expected |= {(name, "line_empty"): noise.null, (name, "line_random"): noise.random}
    orders = world.orders(DAYS)
    priceless = sum(order.pence is None and order.is_dated for order in orders)
    undated = sum(order.pence is not None and not order.is_dated for order in orders)
    both = sum(order.pence is None and not order.is_dated for order in orders)
    price = "unit_price_unreadable, total_unreadable"
    reasons = {
        f"{price}, product_unlisted": priceless,
        "timestamp_unreadable, date_event_unlisted": undated,
    }
    assert priceless
    assert undated
    assert not both
    expected |= {(ORDERS, reason): count for reason, count in reasons.items()}
    found = project.rows(
        "select split_part(file_path, '/', 2), reject_reasons, count(*)"
        " from marts.rejected_rows group by 1, 2"
    )
    assert {(name, reason): count for name, reason, count in found} == expected


def test_sales_are_those_that_were_written(project: Project, world: World) -> None:
    found = project.rows(
        "select branch_name, business_date, count(*), sum(items_sold), sum(net_amount)"
        " from marts.fct_transactions group by 1, 2"
    )
    expected = {
        key: (figures.transactions, figures.items_sold, figures.net_amount)
        for key, figures in world.figures(DAYS).items()
    }
    assert {(name, day): tuple(figures) for name, day, *figures in found} == expected
    assert min(day for _, day in expected) >= date(2025, 9, 1)


def test_sales_lead_to_shops_and_cards_also_where_no_list_has_them(
    project: Project, world: World
) -> None:
    sales = [order for order in world.orders(DAYS) if order.is_sale]
    shops = {row["store_code"] for row in world.stores}
    unlisted = {order.store_code for order in sales} - shops
    assert unlisted
    assert project.rows(
        "select branch_name from marts.dim_branches"
        " where source_system = 'multinational' and is_inferred order by 1"
    ) == [(name,) for name in sorted(unlisted)]
    cards = {row["card_number"].lstrip("?") for row in world.cards}
    strange = {order.row["card_number"] for order in sales} - cards
    assert strange
    assert project.rows("select count(*) from marts.dim_cards where is_inferred") == [
        (len(strange),)
    ]
