"""A store's sales per day, and its files.

A store sends a file on Wednesdays, Fridays and Sundays, each store with its own file names. A file
covers the days since the previous one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from random import Random

from sample.chance import Weighted, below, digest, generator
from sample.csv_text import price_text, quoted
from sample.sales_desk import oddities
from sample.sales_desk.stores import (
    GOODS,
    Product,
    Store,
    customer_id,
    customers_of,
    employee_id,
    price_on,
)
from sample.truth import Figures

HEADER = "customer_id,store_id,product_name,sales_date,sales_person_id,price,quantity,total_cost"

LACKS_COLUMN = "column missing"
SENT_AGAIN = "store file corrected"
IN_WORDS = "quantity in words"
MESS = (LACKS_COLUMN, SENT_AGAIN, IN_WORDS)

RIGHTED_AFTER = 1  # days
CORRECTED_AFTER = 2

_SALES_A_DAY = 24
_WEEKDAYS = (88, 84, 90, 100, 116, 136, 86)
_GROWTH_A_YEAR = 6  # percent
_CLOSED = {(12, 25), (1, 1)}
_FILE_ENDS_ON = (2, 4, 6)  # Wednesday, Friday, Sunday
_QUANTITIES = Weighted((60, 25, 10, 5))
_GOODS_WANTED = Weighted([goods.weight for goods in GOODS])
_HABIT = 0.55
_OWN_SELLER = 0.6
_BY_CARD = 0.7


@dataclass(frozen=True)
class Sale:
    """One line: some units of one product, sold to one customer by one person."""

    customer_id: str
    product_name: str
    day: date
    employee_id: str
    pence: int
    quantity: int
    is_by_card: bool

    @property
    def total(self) -> int:
        """What was paid, in pence."""
        return self.pence * self.quantity


@dataclass(frozen=True)
class Period:
    """The days (numbers from the company's first) that one file of a store covers."""

    store: Store
    first: int
    last: int
    number: int


def periods(store: Store, start: date, days: int) -> Iterator[Period]:
    """The files of a store, one after the other."""
    first = number = 0
    for day in range(days):
        if (start + timedelta(days=day)).weekday() in _FILE_ENDS_ON or day == days - 1:
            yield Period(store, first, day, number)
            first, number = day + 1, number + 1


def is_open(store: Store, day: date) -> bool:
    """Whether the store sells on a day."""
    if (day.month, day.day) in _CLOSED:
        return False
    return not (store.is_closed_on_sundays and day.weekday() == 6)


def sales(seed: int, store: Store, start: date, day_number: int, odd: oddities.Plan) -> list[Sale]:
    """A store's sales on a day, in order."""
    day = start + timedelta(days=day_number)
    if not is_open(store, day):
        return []
    rng = generator(seed, "desk", store.number, day)
    expected = (
        _SALES_A_DAY
        * store.size_percent
        * _WEEKDAYS[day.weekday()]
        * (36_500 + _GROWTH_A_YEAR * day_number)
        * (85 + below(rng, 31))
    )
    how_many = max(3, expected // (100**3 * 36_500))
    sold = [_sale(rng, seed, store, day, day_number, odd) for _ in range(how_many)]
    if odd.busy is not None and odd.busy[0] == store.position:
        _, place, first = odd.busy
        if first <= day_number < first + 7:
            sold += [
                replace(
                    _sale(rng, seed, store, day, day_number, odd),
                    employee_id=employee_id(store, place),
                )
                for _ in range(oddities.BUSY_SALES)
            ]
    if odd.sleeps(store):
        sold += _sleepers_sales(rng, store, day, day_number, odd)
    return sold


def _sale(
    rng: Random, seed: int, store: Store, day: date, day_number: int, odd: oddities.Plan
) -> Sale:
    # A few come several times a week, most once in a while.
    share = rng.random()
    number = int(share * share * customers_of(day_number))
    if number == oddities.SLEEPER and odd.sleeps(store):
        number += 1
    habits = digest(seed, "habits", store.number, number)
    product = GOODS[habits[0] % len(GOODS)]
    if rng.random() >= _HABIT:
        product = GOODS[_GOODS_WANTED.draw(rng)]
    place = habits[1] % store.people
    if rng.random() >= _OWN_SELLER:
        place = below(rng, store.people)
    return _of(
        store, number, product, day, day_number, place, 1 + _QUANTITIES.draw(rng), rng.random()
    )


def _sleepers_sales(
    rng: Random, store: Store, day: date, day_number: int, odd: oddities.Plan
) -> list[Sale]:
    tea, pot = GOODS[3], max(GOODS, key=lambda goods: goods.pence)
    if day_number in oddities.SLEEPER_DAYS:
        wanted = [(tea, 2)]
    elif day_number == odd.wakes:
        wanted = [(pot, 6), (pot, 2)]
    else:
        return []
    return [
        _of(store, oddities.SLEEPER, product, day, day_number, 0, quantity, rng.random())
        for product, quantity in wanted
    ]


def _of(
    store: Store,
    number: int,
    product: Product,
    day: date,
    day_number: int,
    place: int,
    quantity: int,
    lot: float,
) -> Sale:
    return Sale(
        customer_id(store, number),
        product.name,
        day,
        employee_id(store, place),
        price_on(product, day_number),
        quantity,
        lot < _BY_CARD,
    )


def file_name(period: Period, last_day: date) -> str:
    """The store's name for a file: each store has its own form."""
    store = period.store.number
    return (
        f"{store}/sales {last_day}.csv",
        f"shop{store}-{last_day.year}-{last_day.timetuple().tm_yday:03d}.csv",
        f"Export_{store}_{last_day.day:02d}{last_day.month:02d}{last_day.year}.csv",
        f"{store}/export ({period.number + 1}).csv",
    )[period.store.position % 4]


def sends_more(store: Store) -> bool:
    """Whether the store's files have extra columns."""
    return store.position % 4 == 1


def lines(store: Store, sold: list[Sale]) -> list[str]:
    """The lines of a file without line ends, beginning with the header."""
    more = sends_more(store)
    written = [HEADER + (",payment_mode,promotion" if more else "")]
    for sale in sold:
        text = (
            f"{sale.customer_id},{store.number},{quoted(sale.product_name)},{sale.day.isoformat()},"
            f"{sale.employee_id},{price_text(sale.pence)},{sale.quantity},{price_text(sale.total)}"
        )
        if more:
            text += f",{'card' if sale.is_by_card else 'cash'},"
            text += "LOYALTY" if sale.quantity > 2 else ""
        written.append(text)
    return written


def without_sales_person(store: Store, sold: list[Sale]) -> list[str]:
    """The same lines without the sales person's column."""
    written = []
    for place, text in enumerate(lines(store, sold)):
        if place == 0:
            written.append(text.replace("sales_person_id,", ""))
        else:
            sale = sold[place - 1]
            day = f"{sale.day.isoformat()},"
            written.append(text.replace(f"{day}{sale.employee_id},", day, 1))
    return written


def with_quantity_in_words(
    rng: Random, store: Store, sold: list[Sale]
) -> tuple[list[str], list[Sale]]:
    """The lines with one quantity in words, and the sales that are still valid."""
    written = lines(store, sold)
    place = below(rng, len(sold))
    sale = sold[place]
    amounts = f",{price_text(sale.pence)},{sale.quantity},"
    written[place + 1] = written[place + 1].replace(amounts, f",{price_text(sale.pence)},a few,", 1)
    return written, sold[:place] + sold[place + 1 :]


def corrected(rng: Random, sold: list[Sale]) -> list[Sale]:
    """The corrected sales: one removed, one unit more of another."""
    kept = list(sold)
    if len(kept) > 1:
        del kept[below(rng, len(kept))]
    place = below(rng, len(kept))
    kept[place] = replace(kept[place], quantity=kept[place].quantity + 1)
    return kept


def figures_by_day(sold: list[Sale]) -> tuple[tuple[date, Figures], ...]:
    """The totals of each day."""
    found: dict[date, Figures] = {}
    for sale in sold:
        figures = Figures(1, sale.quantity, sale.total)
        found[sale.day] = found.get(sale.day, Figures()) + figures
    return tuple(sorted(found.items()))


def sentence(kind: str, store: Store, day_text: str) -> str:
    """What happened to a file, in words."""
    where = f"Store {store.number}, {day_text}"
    return {
        LACKS_COLUMN: f"{where}: the file does not say who sold; a complete one came a day later.",
        SENT_AGAIN: f"{where}: corrected two days later under the same name: one sale gone, one "
        "unit more in another.",
        IN_WORDS: f"{where}: one quantity is written in words.",
    }[kind]
