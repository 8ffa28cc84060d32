"""What is sold, day by day: orders of one product each, and the events that date them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sample.chance import Weighted, below, digest, generator
from sample.multinational.cards import card_number
from sample.multinational.products import Goods, goods_at
from sample.multinational.rows import Row, uuid
from sample.multinational.stores import Shop, shop_at
from sample.multinational.users import names, user_uuid

MORNING, MIDDAY, EVENING, LATE = "Morning", "Midday", "Evening", "Late_Hours"
_SHOP_HOURS = Weighted((0,) * 8 + (3, 5, 7, 8, 10, 9, 7, 7, 8, 9, 7, 4, 2, 1, 0, 0, 0))
_WEB_HOURS = Weighted((2, 1, 1, 1, 1, 1, 2, 3, 4, 5, 5, 5, 6, 5, 5, 5, 5, 6, 7, 9, 9, 8, 5, 3))
_ON_THE_WEB_PERCENT = 22

# One order in so many names something that the lists lack, or has no date.
UNLISTED_USER, UNLISTED_CARD, UNLISTED_STORE = 180, 140, 260
UNLISTED_PRODUCT, NO_DATE = 300, 350


@dataclass(frozen=True)
class Sizes:
    """How many rows the lists have, without noise, and how many orders a day."""

    users: int
    shops: int
    goods: int
    cards: int
    orders_a_day: int


@dataclass(frozen=True)
class Order:
    """One order. `pence` is None where it names a product that no list has."""

    number: int
    day: date
    clock: str
    period: str
    date_uuid: str
    store_code: str
    quantity: int
    pence: int | None
    is_dated: bool
    row: Row

    @property
    def is_sale(self) -> bool:
        """Whether it can be counted: it has a price and a date."""
        return self.pence is not None and self.is_dated

    def event(self) -> Row:
        """The date event of the order."""
        return {
            "timestamp": self.clock,
            "month": str(self.day.month),
            "year": str(self.day.year),
            "day": str(self.day.day),
            "time_period": self.period,
            "date_uuid": self.date_uuid,
        }


def period_of(hour: int) -> str:
    """The company's name for a part of the day."""
    if 6 <= hour < 12:
        return MORNING
    if 12 <= hour < 17:
        return MIDDAY
    return EVENING if 17 <= hour < 22 else LATE


def orders_on(seed: int, sizes: Sizes, day: date, day_number: int, mess: bool) -> list[Order]:
    """The orders of a day; `day_number` counts from the first one (0)."""
    rng = generator(seed, "multinational orders", day)
    found = []
    for place in range(sizes.orders_a_day):
        number = day_number * sizes.orders_a_day + place
        share = rng.random()
        user = int(share * share * sizes.users)
        habits = digest(seed, "multinational habits", user)
        on_the_web = below(rng, 100) < _ON_THE_WEB_PERCENT
        usual = 1 + habits[0] % max(sizes.shops - 1, 1)
        shop = shop_at(0 if on_the_web or sizes.shops == 1 else usual)
        goods = goods_at(int(rng.random() * rng.random() * sizes.goods))
        hour = (_WEB_HOURS if shop.is_online else _SHOP_HOURS).draw(rng)
        clock = f"{hour:02d}:{below(rng, 60):02d}:{below(rng, 60):02d}"
        quantity = 1 + below(rng, 5 + 10 * (below(rng, 8) == 0))
        found.append(_order(seed, sizes, number, day, clock, (shop, goods, user, quantity), mess))
    return found


def _order(
    seed: int,
    sizes: Sizes,
    number: int,
    day: date,
    clock: str,
    what: tuple[Shop, Goods, int, int],
    mess: bool,
) -> Order:
    shop, goods, user, quantity = what

    def missing(what: int, one_in: int) -> bool:
        lot = int.from_bytes(digest(seed, "lacks", what, number)[:4], "big")
        return mess and lot % one_in == 0

    first, last = names(seed, user)
    card = user if user < sizes.cards else user % sizes.cards
    customer = sizes.users + number if missing(1, UNLISTED_USER) else user
    if missing(2, UNLISTED_CARD):
        card = sizes.cards + number
    lost = missing(4, UNLISTED_PRODUCT)
    store_code = shop.code
    if missing(3, UNLISTED_STORE):
        store_code = f"XX-{digest(seed, 'closed shop', number % 3)[:4].hex().upper()}"
    return Order(
        number,
        day,
        clock,
        period_of(int(clock[:2])),
        uuid(seed, "date", number),
        store_code,
        quantity,
        None if lost else goods.pence,
        not missing(5, NO_DATE),
        {
            "level_0": str(number),
            "index": str(number),
            "date_uuid": uuid(seed, "date", number),
            "first_name": first,
            "last_name": last,
            "user_uuid": user_uuid(seed, customer),
            "card_number": card_number(seed, card),
            "store_code": store_code,
            "product_code": f"X9-{9000000 + number}q" if lost else goods.code,
            "product_quantity": str(quantity),
            "1": "",
        },
    )
