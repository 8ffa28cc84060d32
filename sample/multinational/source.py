"""The files that the five places send into the inbox."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import ClassVar

from sample.multinational.orders import Sizes
from sample.multinational.world import DATE_EVENTS, FOLDER, LISTS, ORDERS, STORES, USERS, World
from sample.places import Api, Places
from sample.sources import Company, Delivery, Source
from sample.truth import CURRENT, FileTruth, Mess

WITHOUT_PRICE_OR_DATE = "orders without price or date"
SHORTEST_INTERVAL, MOST_EXPORTS = 7, 8
"""Orders and their dates are exported once a week or less often, each time all of them."""


def sizes_of(branches: int) -> Sizes:
    """The shops and lists beside so many branches."""
    return Sizes(
        users=40 * branches + 20,
        shops=branches + 3,
        goods=12 * branches + 8,
        cards=55 * branches,
        orders_a_day=5 * branches,
    )


def places_of(world: World, days: int) -> Places:
    """The company's database and API as of so many days."""
    tables = {
        "legacy_users": world.users,
        "orders_table": [order.row for order in world.orders(days)],
    }
    return Places(
        tables={FOLDER: tables},
        apis=(Api(f"{FOLDER}_stores", "x-api-key", world.answer),),
        instead_of=frozenset(f"{FOLDER}/{name}" for name in (USERS, ORDERS, STORES)),
    )


class Multinational(Source):
    """The lists on the first day, and now and then all orders up to then."""

    grows: ClassVar[bool] = True

    def __init__(self, company: Company) -> None:
        super().__init__(company)
        self.world = World(company.seed, sizes_of(company.branches), company.start, company.mess)

    @classmethod
    def beside(cls, branches: int) -> str:
        return f"a web shop with {sizes_of(branches).shops - 1} shops abroad and at home"

    def _sent_on(self) -> list[int]:
        last = self.company.days - 1
        interval = max(SHORTEST_INTERVAL, -(-self.company.days // MOST_EXPORTS))
        return [*range(interval - 1, last, interval), last]

    def on(self, number: int) -> Iterator[Delivery]:
        if number == 0:
            for name in LISTS:
                yield self._delivery(name, 0)
        if number < self.company.days and number in (days := self._sent_on()):
            place = days.index(number)
            after = days[place + 1] if place + 1 < len(days) else None
            for name in (DATE_EVENTS, ORDERS):
                yield self._delivery(name, number, after)

    def _delivery(self, name: str, number: int, after: int | None = None) -> Delivery:
        """A file as of a day; `after`: the day on which the next one replaces it."""
        start, world, days = self.company.start, self.world, number + 1
        day, path = start + timedelta(days=number), f"{FOLDER}/{name}"
        sold = world.figures(days) if name == ORDERS else {}
        rejected = world.rejected_orders(days) if name == ORDERS else world.noise(name, days).rows
        truth = FileTruth(
            path,
            "",
            day,
            day,
            CURRENT,
            path,
            rejected_rows=rejected,
            figures_by_branch_day=tuple(sorted(sold.items())),
            overwritten_on=None if after is None else start + timedelta(days=after),
        )
        kinds = self._mess(name, number, path, rejected) if self.company.mess else ()
        return Delivery(path, world.file(name, days), truth, kinds)

    def _mess(self, name: str, number: int, path: str, rejected: int) -> tuple[Mess, ...]:
        if name == ORDERS:
            if number != self.company.days - 1 or not rejected:
                return ()
            sentence = f"{rejected:,} orders name a product or a date that no list has."
            return (Mess(WITHOUT_PRICE_OR_DATE, path, sentence),)
        if name == DATE_EVENTS and number != self.company.days - 1:
            return ()
        sentence = f"{rejected:,} rows are noise: NULL, empty, or random letters and digits."
        return (Mess(f"noise in {name}", path, sentence),)

    def places(self) -> Places:
        return places_of(self.world, self.company.days)

    def to_come(self) -> int:
        return len(LISTS) + 2 * len(self._sent_on())


SOURCE = Multinational
