"""What benchmark 9 serves, and what the warehouse must hold afterwards."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path

from bench.truth import Expected
from sample.multinational.orders import Sizes
from sample.multinational.source import places_of
from sample.multinational.world import CARDS, DATE_EVENTS, FOLDER, FULL, ORDERS, PRODUCTS, World
from sample.places import Places

FIRST_DAY = date(2023, 1, 2)
SERVED_FILES = (PRODUCTS, CARDS, DATE_EVENTS)


class FullCompany:
    """The company of so many orders a day for so many days."""

    def __init__(self, share: int, days: int) -> None:
        """`share`: the lists have one in so many rows of the full size."""
        sizes = Sizes(
            users=FULL.users // share,
            shops=max(3, FULL.shops // share),
            goods=FULL.goods // share,
            cards=FULL.cards // share,
            orders_a_day=FULL.orders_a_day // share,
        )
        self.days = days
        self.world = World(1, sizes, FIRST_DAY)

    def write(self, folder: Path) -> dict[str, Path]:
        """Write the files of the object store; return them by their paths."""
        folder.mkdir(parents=True)
        for name in SERVED_FILES:
            (folder / name).write_bytes(self.world.file(name, self.days))
        return {f"{FOLDER}/{name}": folder / name for name in SERVED_FILES}

    def places(self) -> Sequence[Places]:
        """Its database and its API."""
        return [places_of(self.world, self.days)]

    def expected(self) -> Expected:
        """The expected content of the warehouse."""
        sold = self.world.figures(self.days).values()
        noise = {
            name: self.world.noise(name, self.days).rows
            for name in ("users.csv", "stores.csv", *SERVED_FILES)
        }
        return Expected(
            FOLDER,
            sum(figures.transactions for figures in sold),
            sum(figures.items_sold for figures in sold),
            sum((figures.net_amount for figures in sold), Decimal(0)),
            {**noise, ORDERS: self.world.rejected_orders(self.days)},
        )
