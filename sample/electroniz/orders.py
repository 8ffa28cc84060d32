"""What is ordered, day by day, and what becomes of the orders: they are changed and deleted."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random

from sample.chance import Weighted, below, generator
from sample.csv_text import price_text
from sample.electroniz.lists import (
    FOLDER,
    PRODUCTS,
    STORES,
    UNLISTED_PRODUCTS,
    WEB_MAIL,
    WEB_SHOP,
    contact,
)
from sample.truth import Figures

STORE, WEB = "store", "web"
NEW, EDIT, DELETE = "NEW", "EDIT", "DELETE"
ORDER_COLUMNS = (
    "order_number", "customer_id", "product_id", "order_date", "units", "sale_price", "currency",
    "order_mode", "updated_at",
)  # fmt: skip
CURRENCIES = ("USD", "CAD", "EUR", "INR")
MOST_DAYS = 7
"""An event of an order is sent at most so many days after the day of the order."""
FIRST_ORDER = 1001
"""The first number of a day zero, of both channels: their numbers collide."""

_BRANCHES = {STORE: "Stores", WEB: "Web shop"}
_CURRENCIES = Weighted((4, 2, 2, 2))
_UNITS = Weighted((5, 3, 2, 1, 1))
_FIRST_SEEN_AS_EDIT_IN, _UNLISTED_PRODUCT_IN = 25, 60
_OPENS, _OPEN_HOURS = 6, 14
_BLANKS = ("", " ", "\t", " \t   ")


@dataclass(frozen=True)
class Sizes:
    """How many customers the stores have, and how many orders there are a day."""

    customers: int
    store_orders: int
    web_orders: int
    sessions: int
    """Visits of people to the web shop a day."""

    def orders(self, channel: str) -> int:
        """The orders of a channel on a day."""
        return self.store_orders if channel == STORE else self.web_orders


@dataclass(frozen=True)
class Event:
    """A line about an order: what it is from then on, and the number of the day it is sent on.

    `at` is in UTC; `is_repeat`: the same event was sent before.
    """

    mode: str
    at: datetime
    pence: int
    currency: str
    sent_on: int
    is_repeat: bool = False


@dataclass(frozen=True)
class Order:
    """An order of one product. Its events are in the order in which they happened."""

    channel: str
    number: int
    day: date
    place: int
    customer: int
    product: int
    units: int
    events: tuple[Event, ...]

    @property
    def is_deleted(self) -> bool:
        """Whether it is deleted in the end."""
        return any(event.mode == DELETE for event in self.events)

    @property
    def is_unlisted(self) -> bool:
        """Whether no list has its product."""
        return self.product in UNLISTED_PRODUCTS

    def sent_by(self, number: int) -> list[Event]:
        """What was sent of it by the end of a day."""
        return [event for event in self.events if event.sent_on <= number]

    def standing(self, number: int) -> Standing:
        """What counts by the end of a day."""
        sent = self.sent_by(number)
        if not sent:
            return Standing(None, Figures(), 0)
        last = max(sent, key=lambda event: event.at)
        if last.mode == DELETE:
            return Standing(None, Figures(), len(sent))
        branch = f"{_BRANCHES[self.channel]} {last.currency}"
        return Standing(branch, Figures(1, self.units, self.units * last.pence), len(sent) - 1)


@dataclass(frozen=True)
class Standing:
    """An order as it counts: in a branch or nowhere, and its lines that do not count."""

    branch: str | None
    figures: Figures
    rejected: int


def orders_on(
    seed: int, sizes: Sizes, channel: str, start: date, number: int, mess: bool
) -> list[Order]:
    """The orders of a day by its number from `start` on; without mess they never change."""
    day = start + timedelta(days=number)
    count = sizes.orders(channel)
    return [
        _order(seed, sizes, channel, FIRST_ORDER + number * count + place, place, day, number, mess)
        for place in range(count)
    ]


def _order(
    seed: int,
    sizes: Sizes,
    channel: str,
    order_number: int,
    place: int,
    day: date,
    number: int,
    mess: bool,
) -> Order:
    rng = generator(seed, FOLDER, channel, order_number)
    customer, product = 1 + below(rng, sizes.customers), 1 + below(rng, len(PRODUCTS))
    if channel == WEB and below(rng, 2):
        # What most people buy there.
        product = 4
    if channel == STORE and mess and below(rng, _UNLISTED_PRODUCT_IN) == 0:
        product = UNLISTED_PRODUCTS[below(rng, len(UNLISTED_PRODUCTS))]
    units = 1 + _UNITS.draw(rng) if channel == STORE else 1
    events = _events(rng, day, number, mess, place == 0)
    return Order(channel, order_number, day, place, customer, product, units, events)


def _events(rng: Random, day: date, number: int, mess: bool, steady: bool) -> tuple[Event, ...]:
    """What happens to an order; `steady`: it is made on its day, and nothing more."""
    seconds = _OPENS * 3600 + below(rng, _OPEN_HOURS * 3600)
    at = datetime(day.year, day.month, day.day) + timedelta(seconds=seconds)
    pence, currency = 1000 + below(rng, 19_000), CURRENCIES[_CURRENCIES.draw(rng)]
    new = Event(NEW, at, pence, currency, number)
    fate = below(rng, 100)
    dearer = pence + 100 * (1 + below(rng, 20))
    other = CURRENCIES[_CURRENCIES.draw(rng)] if below(rng, 3) == 0 else currency
    later, much_later = 1 + below(rng, 3), 4 + below(rng, MOST_DAYS - 4)
    if not mess or steady:
        return (new,)
    if below(rng, _FIRST_SEEN_AS_EDIT_IN) == 0:
        new = Event(EDIT, at, pence, currency, number)
    edit = Event(EDIT, at + timedelta(days=later), dearer, other, number + later)
    if fate < 8:
        return new, edit
    if fate < 12:
        return new, Event(DELETE, at + timedelta(days=later), pence, currency, number + later)
    if fate < 15:
        days = timedelta(days=much_later)
        return new, edit, Event(DELETE, at + days, dearer, other, number + much_later)
    if fate < 19:
        return new, Event(new.mode, at, pence, currency, number + 1, is_repeat=True)
    if fate < 21:
        # The change comes before what it changes.
        soon = Event(EDIT, at + timedelta(hours=1), dearer, other, number)
        return Event(new.mode, at, pence, currency, number + 1), soon
    return (new,)


def store_row(order: Order, event: Event, writes_euro: bool) -> tuple[str, ...]:
    """The row of an event of the stores; `writes_euro`: EURO in place of EUR."""
    blank = " " if event.is_repeat else ""
    day = order.day
    return (
        f"{order.number}{blank}",
        str(order.customer),
        f"{blank}{order.product}",
        f"{day.month:02d}/{day.day:02d}/{day.year}",
        str(order.units),
        price_text(event.pence),
        "EURO" if writes_euro and event.currency == "EUR" else event.currency,
        event.mode,
        event.at.isoformat(" "),
    )


def web_line(seed: int, order: Order, event: Event) -> str:
    """The line of an event of the web shop: a list of one event, blanks and tabs anywhere."""
    rng = generator(seed, FOLDER, "blanks", order.number, event.mode, event.is_repeat)
    one, day = contact(seed, WEB_SHOP, order.customer), order.day
    data = {
        "customer_name": one.name,
        "address": one.address,
        "city": one.city,
        "postalcode": one.postal_code,
        "country": one.country.web_name,
        "phone": one.phone,
        "email": contact(seed, STORES, WEB_MAIL[order.customer]).email
        if order.customer in WEB_MAIL
        else one.email,
        "product_name": PRODUCTS[order.product - 1][0].lower(),
        "order_date": f"{day.day:02d}/{day.month:02d}/{day.year}",
        "currency": event.currency,
        "order_mode": event.mode,
        "sale_price": price_text(event.pence),
        "order_number": str(order.number),
    }
    number = 10 * order.number + (0 if event.is_repeat else order.events.index(event))
    outer = {
        "id": str(number),
        "eventType": "recordInserted",
        "subject": "ecomm/customers",
        "eventTime": f"{event.at.isoformat()}Z",
    }
    begin = ", ".join(f'"{name}": {_quoted(text)}' for name, text in outer.items())
    fields = "".join(
        f'{"," if place else ""}{_BLANKS[below(rng, len(_BLANKS))]}"{name}": {_quoted(text)}'
        for place, (name, text) in enumerate(data.items())
    )
    return f'[ {{{begin}, "data":{{{fields} }},"dataVersion": "1.0"}} ]'


BROKEN_LINE = '[ {"id": "1", "eventType": "recordInserted", "data":{ "customer_name": "'
"""A line that was cut off."""


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def sent_on(orders: list[Order], number: int) -> Iterator[tuple[Order, Event]]:
    """The events of orders that are sent on a day, in the order in which they happened."""
    sent = [(order, event) for order in orders for event in order.events if event.sent_on == number]
    yield from sorted(sent, key=lambda one: (one[1].at, one[0].number))
