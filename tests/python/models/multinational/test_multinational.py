"""A company in several countries: five lists, with noise in them, and orders that refer to them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from nightly import Project, new_project

from base.link import Connection

SMALL = Path(__file__).parent / "small_inbox"
ANN, BO, CY, DI = (
    "11111111-aaaa-4aaa-8aaa-111111111111",
    "22222222-bbbb-4bbb-8bbb-222222222222",
    "33333333-cccc-4ccc-8ccc-333333333333",
    "99999999-dddd-4ddd-8ddd-999999999999",
)


def build(project: Project, *words: str) -> None:
    """Build the source's models, and marts of it."""
    project.dbt(
        "build",
        *("--exclude-resource-type", "unit_test"),
        *("--indirect-selection", "cautious"),
        *("--select", "intermediate.conformed.multinational", "+rejected_rows"),
        *("+fct_transactions", "+fct_sales", "+rpt_daily_sales"),
        *words,
    )


@pytest.fixture(scope="module")
def small(
    postgres_server: Connection, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Project]:
    """A warehouse with a few invented rows of each list, noise among them."""
    with new_project(postgres_server, tmp_path_factory.mktemp("small")) as project:
        for path in SMALL.rglob("*.*"):
            project.deliver(path.relative_to(SMALL).as_posix(), path.read_bytes())
        assert project.load().counts()["loaded"] == 6
        build(project)
        yield project


def test_users_are_clean(small: Project) -> None:
    found = small.rows(
        "select customer_id, full_name, address, phone_number, phone_extension, email_address,"
        " country_code, date_of_birth, joined_on, company_name"
        " from intermediate.int_multinational__customers where is_current order by 1"
    )
    assert found == [
        (
            *(ANN, "Ann Lee", "1 High Street, Leeds, LS1 1AA", "+441134960758", None),
            *("ann@example.com", "GB", date(1990, 9, 30), date(2015, 7, 14), "Lee Ltd"),
        ),
        (
            *(BO, "Bo Ek", "Hauptstr. 2, Köln", "+49221445566", None),
            *("bo@example.de", "DE", date(1961, 7, 14), date(2014, 1, 2), "Ek GmbH"),
        ),
        (
            *(CY, "Cy Orr", "3 Main St, Boston", "+16175550123", "42"),
            *("cy@example.com", "US", date(1970, 1, 1), date(2013, 5, 6), "Orr Inc"),
        ),
    ]


def test_stores_are_where_they_are(small: Project) -> None:
    found = small.rows(
        "select branch_name, store_type, locality, country_code, continent, channel,"
        " staff_count, latitude, longitude, opening_date"
        " from intermediate.int_multinational__branches where is_current order by 1"
    )
    assert found == [
        (
            *("BO-00000002", "Super Store", "Boston", "US", "America", "store", 30),
            *(Decimal("42.358430"), Decimal("-71.059770"), date(2011, 2, 3)),
        ),
        (
            *("HI-00000001", "Local", "High Wycombe", "GB", "Europe", "store", 78),
            *(Decimal("51.629070"), Decimal("-0.749340"), date(2012, 10, 8)),
        ),
        (
            *("WEB-0000001W", "Web Portal", None, "GB", "Europe", "online", 325),
            *(None, None, date(2010, 6, 12)),
        ),
    ]


def test_products_and_cards_are_clean(small: Project) -> None:
    found = small.rows(
        "select product_id, product_name, list_price, weight_kg, ean, is_available, listed_on"
        " from intermediate.int_multinational__products where is_current"
        ' order by product_id collate "C"'
    )
    assert found == [
        (
            *("C2-7287916l", "Orange Squash", Decimal("1.25"), Decimal("0.125")),
            *("487128731892", True, date(2006, 1, 9)),
        ),
        (
            *("R7-3126933h", "Wooden Train", Decimal("39.99"), Decimal("1.6")),
            *("7425710935115", True, date(2005, 12, 2)),
        ),
        (
            *("a5-1175877V", "Crisps", Decimal(2), Decimal("1.2")),
            *("1945816904649", False, date(1997, 3, 29)),
        ),
    ]
    cards = small.rows(
        "select cards.card_last4, cards.card_provider, cards.expiry_month, cards.confirmed_on,"
        " (select count(*) from intermediate.int_multinational__transactions as orders"
        " where orders.card_token = cards.card_token)"
        " from intermediate.int_multinational__cards as cards where is_current order by 1"
    )
    assert cards == [
        ("1111", "VISA 16 digit", date(2026, 9, 1), date(2015, 11, 25), 4),
        ("4444", "Mastercard", date(2023, 10, 1), date(2000, 10, 4), 1),
    ]


def test_noise_is_rejected_with_its_reason_and_nothing_else_is(small: Project) -> None:
    found = small.rows(
        "select feed, line_number, refused_at_step, reject_reasons from marts.rejected_rows"
        " where feed <> 'multinational_orders' order by 1, 2"
    )
    assert found == [
        (f"multinational_{feed}", line + place, "check", reason)
        for feed, line in (
            *(("cards", 4), ("date_events", 5), ("products", 5)),
            *(("stores", 7), ("users", 9)),
        )
        for place, reason in enumerate(("line_empty", "line_random"))
    ]


def test_orders_are_sales_with_what_the_lists_say(small: Project) -> None:
    found = small.rows(
        "select sold_at_local, time_period, branch_name, channel, customer_id, customer_name,"
        " product_name, quantity, unit_price, net_amount, payment_method, card_last4, is_sale"
        " from intermediate.int_multinational__receipt_lines where is_sale order by sold_at_local"
    )
    assert found == [
        (
            *(datetime(2012, 9, 19, 22, 0, 6), "evening", "HI-00000001", "store", ANN, None),
            *("Wooden Train", 2, Decimal("39.99"), Decimal("79.98"), "CARD", "1111", True),
        ),
        (
            *(datetime(2012, 12, 3, 7, 9, 59), "morning", "WEB-0000001W", "online", BO, None),
            *("Orange Squash", 10, Decimal("1.25"), Decimal("12.50"), "CARD", "4444", True),
        ),
        # A user, a store and a card that no list has.
        (
            *(datetime(2013, 1, 31, 13, 15), "midday", "XX-00000009", "store", DI, "Di Poe"),
            *("Crisps", 1, Decimal(2), Decimal(2), "CARD", "1881", True),
        ),
    ]
    rejected = small.rows(
        "select line_number, reject_reasons, claimed_amount from marts.rejected_rows"
        " where feed = 'multinational_orders' order by 1"
    )
    assert rejected == [
        # The last line is this one again.
        (2, "id_doubled", Decimal("79.98")),
        (5, "unit_price_unreadable, total_unreadable, product_unlisted", None),
        (6, "timestamp_unreadable, date_event_unlisted", Decimal("119.97")),
    ]
