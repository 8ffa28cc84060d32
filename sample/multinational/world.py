"""All tables of the company's five places, as rows and as files."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property

from sample.multinational.cards import card_row, document
from sample.multinational.orders import Order, Sizes, orders_on
from sample.multinational.products import goods_at, product_row
from sample.multinational.rows import NULL_NOISE, RANDOM_NOISE, Row, noise_of, with_noise
from sample.multinational.stores import shop_at, store_row
from sample.multinational.users import user_row
from sample.truth import Figures

FOLDER = "multinational"
USERS, ORDERS, STORES = "users.csv", "orders.csv", "stores.csv"
PRODUCTS, CARDS, DATE_EVENTS = "products.csv", "card_details.pdf", "date_details.json"
LISTS = (USERS, STORES, PRODUCTS, CARDS)

FULL = Sizes(users=14_934, shops=449, goods=1_843, cards=15_240, orders_a_day=200)
"""As many rows as the real company has, noise included, in 600 days."""
FULL_DAYS = 600


@dataclass(frozen=True)
class Noise:
    """The noise rows of a table: how many of each kind."""

    null: int
    random: int

    @property
    def rows(self) -> int:
        """All of them."""
        return self.null + self.random


class World:
    """The company from `start` on. Nothing but the arguments affects its bytes."""

    def __init__(self, seed: int, sizes: Sizes, start: date, mess: bool = True) -> None:
        self.seed, self.sizes, self.start, self.mess = seed, sizes, start, mess
        self._kept: tuple[int, list[Order]] = (0, [])

    def orders(self, days: int) -> list[Order]:
        """The orders of the first days. Those of the last call are kept."""
        if self._kept[0] != days:
            first, known = (self._kept[0], self._kept[1]) if self._kept[0] < days else (0, [])
            for number in range(first, days):
                day = self.start + timedelta(days=number)
                known += orders_on(self.seed, self.sizes, day, number, self.mess)
            self._kept = days, known
        return self._kept[1]

    def figures(self, days: int) -> dict[tuple[str, date], Figures]:
        """The sales by shop and day: orders that have a price and a date."""
        found: dict[tuple[str, date], Figures] = {}
        for order in self.orders(days):
            if order.is_sale and order.pence is not None:
                key = (order.store_code, order.day)
                sold = Figures(1, order.quantity, order.quantity * order.pence)
                found[key] = found.get(key, Figures()) + sold
        return found

    def rejected_orders(self, days: int) -> int:
        """Orders without a price or a date."""
        return sum(not order.is_sale for order in self.orders(days))

    def noise(self, name: str, days: int) -> Noise:
        """The noise rows of a file; orders have none."""
        count = {
            USERS: self.sizes.users,
            STORES: self.sizes.shops,
            PRODUCTS: self.sizes.goods,
            CARDS: self.sizes.cards,
            DATE_EVENTS: sum(order.is_dated for order in self.orders(days)),
        }.get(name)
        kinds = noise_of(count or 0, self.mess and count is not None)
        return Noise(kinds[NULL_NOISE], kinds[RANDOM_NOISE])

    @cached_property
    def users(self) -> list[Row]:
        """The registered customers, in the order of their index."""
        rows = [user_row(self.seed, number, self.mess) for number in range(self.sizes.users)]
        return self._indexed(USERS, rows)

    @cached_property
    def stores(self) -> list[Row]:
        """The shops: one for each number from 0 on."""
        rows = [
            store_row(self.seed, shop_at(number), self.mess) for number in range(self.sizes.shops)
        ]
        return self._indexed(STORES, rows)

    @cached_property
    def products(self) -> list[Row]:
        """The goods."""
        rows = [
            product_row(self.seed, goods_at(number), self.mess)
            for number in range(self.sizes.goods)
        ]
        return self._indexed(PRODUCTS, rows, nothing="")

    @cached_property
    def cards(self) -> list[Row]:
        """The payment cards; without an index."""
        rows = [card_row(self.seed, number, self.mess) for number in range(self.sizes.cards)]
        return list(with_noise(self.seed, CARDS, rows, self.mess))

    def date_events(self, days: int) -> list[Row]:
        """The events that date the orders of the first days."""
        rows = [order.event() for order in self.orders(days) if order.is_dated]
        return list(with_noise(self.seed, DATE_EVENTS, rows, self.mess))

    def _indexed(self, name: str, rows: Sequence[Row], nothing: str = "NULL") -> list[Row]:
        noisy = with_noise(self.seed, name, rows, self.mess, nothing)
        return [{"index": str(number), **row} for number, row in enumerate(noisy)]

    def answer(self, path: str) -> str | None:
        """The API's answer: how many shops there are, or one of them by its number."""
        if path == "number_stores":
            return json.dumps({"statusCode": 200, "number_stores": len(self.stores)})
        number = path.removeprefix("store_details/")
        if not number.isdecimal() or int(number) >= len(self.stores):
            return None
        row = self.stores[int(number)]
        return json.dumps(
            {name: int(text) if name == "index" else text or None for name, text in row.items()},
            ensure_ascii=False,
        )

    def file(self, name: str, days: int) -> bytes:
        """The content of one file, as of so many days."""
        if name == CARDS:
            return document(self.cards)
        if name == DATE_EVENTS:
            return by_column(self.date_events(days))
        if name == ORDERS:
            return as_csv([order.row for order in self.orders(days)])
        if name == PRODUCTS:
            # The first column, the index, has no name there.
            return as_csv(self.products).replace(b"index,", b"Unnamed: 0,", 1)
        return as_csv(self.users if name == USERS else self.stores)


def as_csv(rows: Sequence[Row]) -> bytes:
    """A table as CSV with its header."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode("utf-8")


def by_column(rows: Sequence[Row]) -> bytes:
    """A table as column-oriented JSON: column, then row number."""
    columns = {
        name: {str(number): row[name] for number, row in enumerate(rows)} for name in rows[0]
    }
    return json.dumps(columns, ensure_ascii=False, separators=(",", ":")).encode("utf-8")
