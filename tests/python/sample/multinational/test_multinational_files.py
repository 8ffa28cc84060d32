"""The multinational company's tables: their sizes, their forms, their noise."""

from __future__ import annotations

import io
import re
from datetime import date

import pypdfium2
import pytest

from sample.multinational.orders import Sizes
from sample.multinational.world import (
    CARDS,
    DATE_EVENTS,
    FULL,
    LISTS,
    ORDERS,
    PRODUCTS,
    STORES,
    USERS,
    World,
)
from sample.people import luhn_digit

START = date(2025, 9, 1)
SMALL = Sizes(users=60, shops=9, goods=30, cards=80, orders_a_day=12)


@pytest.fixture(scope="module")
def world() -> World:
    return World(1, SMALL, START)


def test_full_size_has_the_rows_of_the_real_company() -> None:
    world = World(1, FULL, START)
    assert FULL.users + world.noise(USERS, 0).rows == 15_000
    assert FULL.shops + world.noise(STORES, 0).rows == 451
    assert FULL.goods + world.noise(PRODUCTS, 0).rows == 1_850
    cards = FULL.cards + world.noise(CARDS, 0).rows
    assert -(-cards // 55) == 279


def test_noise_is_counted_by_kind(world: World) -> None:
    for name, rows in ((USERS, world.users), (STORES, world.stores), (CARDS, world.cards)):
        texts = [[text for key, text in row.items() if key != "index"] for row in rows]
        nulls = sum(all(text == "NULL" for text in row) for row in texts)
        random = sum(all(re.fullmatch(r"[A-Z0-9]{10,11}", text) for text in row) for row in texts)
        noise = world.noise(name, 1)
        assert (nulls, random) == (noise.null, noise.random)
        assert nulls
        assert random
    empty = [row for row in world.products if not row["product_code"]]
    assert len(empty) == world.noise(PRODUCTS, 1).null


def test_without_mess_nothing_is_noise_and_everything_is_listed() -> None:
    world = World(1, SMALL, START, mess=False)
    assert [world.noise(name, 9).rows for name in (*LISTS, DATE_EVENTS)] == [0] * 5
    users = {row["user_uuid"] for row in world.users}
    cards = {row["card_number"] for row in world.cards}
    stores = {row["store_code"] for row in world.stores}
    products = {row["product_code"] for row in world.products}
    for order in world.orders(9):
        assert order.row["user_uuid"] in users
        assert order.row["card_number"] in cards
        assert order.row["store_code"] in stores
        assert order.row["product_code"] in products
    assert world.rejected_orders(9) == 0


def test_with_mess_orders_name_what_no_list_has() -> None:
    world = World(1, SMALL, START)
    orders = list(world.orders(90))
    for column, rows in (
        ("user_uuid", world.users),
        ("store_code", world.stores),
        ("product_code", world.products),
    ):
        listed = {row[column] for row in rows}
        lost = sum(order.row[column] not in listed for order in orders)
        assert 0 < lost < len(orders) / 50, column
    cards = {row["card_number"].lstrip("?") for row in world.cards}
    assert 0 < sum(order.row["card_number"] not in cards for order in orders) < len(orders) / 50


def test_a_longer_export_begins_with_the_shorter_one(world: World) -> None:
    assert world.file(ORDERS, 5).startswith(world.file(ORDERS, 4))
    assert [order.date_uuid for order in world.orders(5)][:48] == [
        order.date_uuid for order in world.orders(4)
    ]


def test_each_page_of_the_document_has_the_header() -> None:
    world = World(1, Sizes(users=1, shops=1, goods=1, cards=120, orders_a_day=1), START)
    document = pypdfium2.PdfDocument(io.BytesIO(world.file(CARDS, 1)))
    assert len(document) == 3
    for page in document:
        assert page.get_textpage().get_text_range().startswith("card_number")


def test_card_numbers_have_lost_digits_and_belong_to_nobody(world: World) -> None:
    large = World(1, Sizes(users=1, shops=1, goods=1, cards=4000, orders_a_day=1), START)
    numbers = [row["card_number"] for row in large.cards]
    digits = [number.lstrip("?") for number in numbers if number.lstrip("?").isdigit()]
    assert {len(number) for number in digits} >= {10, 12, 13, 15, 16, 19}
    assert all(set(number[15:]) <= {"0"} for number in digits)
    assert 0 < sum(number.startswith("?") for number in numbers) < 60
    assert all(luhn_digit(number[:-1]) != int(number[-1]) for number in digits)
