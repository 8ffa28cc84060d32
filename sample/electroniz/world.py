"""All files of the chain: what each of them has, and what counts of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from functools import lru_cache

from sample.chance import digest
from sample.csv_text import content, table
from sample.electroniz import shipments, traffic
from sample.electroniz.lists import (
    CUSTOMER_COLUMNS,
    PRODUCT_COLUMNS,
    PRODUCTS,
    customer_row,
    product_rows,
)
from sample.electroniz.orders import (
    BROKEN_LINE,
    MOST_DAYS,
    ORDER_COLUMNS,
    STORE,
    WEB,
    Event,
    Order,
    Sizes,
    orders_on,
    sent_on,
    store_row,
    web_line,
)
from sample.electroniz.shipments import SHIPMENT_COLUMNS, UNKNOWN, Scan, Shipment
from sample.truth import NO_SALES, Figures

BROKEN_ON = 2
"""The number of the day on which a line of the web shop is cut off."""
_CHANGES_EVERY, _CHANGES_ON, _NEW_CUSTOMERS = 7, 3, 2
"""On which days the list of customers changes, and how many new ones there are."""
_RATES = (("USD", 10_000), ("CAD", 13_700), ("EUR", 8_600), ("GBP", 7_500), ("INR", 881_000))
"""Units of a currency for one US dollar, in ten-thousandths."""
_RATE_STEPS = 41
_STATES = {"Phoenix": "Arizona", "New York": "New York"}
_UNMAPPED = "Phones"

Sold = dict[tuple[str, date], Figures]


class World:
    """The chain from `start` on, so many days long. Nothing but the arguments affects its bytes.

    Days are numbers from `start` (0).
    """

    def __init__(self, seed: int, sizes: Sizes, start: date, mess: bool = True) -> None:
        self.seed, self.sizes, self.start, self.mess = seed, sizes, start, mess
        kept = 2 * (shipments.MOST_DAYS + 2)
        self._kept_orders = lru_cache(maxsize=kept)(self._orders_on)
        self._kept_shipments = lru_cache(maxsize=kept)(self._shipments_of)

    def day(self, number: int) -> date:
        """The day of a number."""
        return self.start + timedelta(days=number)

    # Lists

    def updated_at(self, number: int) -> str:
        """When the lists of a day were changed: early in the morning."""
        day = self.day(number)
        return datetime(day.year, day.month, day.day, 5).isoformat(" ")

    def products(self, number: int) -> bytes:
        """The list of products."""
        return table(PRODUCT_COLUMNS, product_rows(self.updated_at(number)))

    def changes_customers(self, number: int) -> bool:
        """Whether the list of customers changes on a day; not on the first one."""
        return self.mess and number % _CHANGES_EVERY == _CHANGES_ON

    def customers(self, number: int) -> bytes:
        """All customers on the first day; later the new ones, and one who is renamed."""
        return table(CUSTOMER_COLUMNS, self.customer_rows(number))

    def customer_rows(self, number: int) -> list[tuple[str, ...]]:
        """The rows of `customers`."""
        at = self.updated_at(number)
        if number == 0:
            numbers = range(1, self.sizes.customers + 1)
            return [customer_row(self.seed, one, at, self.mess) for one in numbers]
        round_number = number // _CHANGES_EVERY
        first = self.sizes.customers + 1 + round_number * _NEW_CUSTOMERS
        added = [
            customer_row(self.seed, first + place, at, self.mess) for place in range(_NEW_CUSTOMERS)
        ]
        # One and the same customer is renamed only once.
        renamed = 1 + round_number
        if renamed > self.sizes.customers:
            return added
        return [*added, customer_row(self.seed, renamed, at, self.mess, renamed=True)]

    # Orders

    def orders(self, channel: str, number: int) -> list[Order]:
        """The orders of a day, whatever becomes of them."""
        return self._kept_orders(channel, number)

    def _orders_on(self, channel: str, number: int) -> list[Order]:
        return orders_on(self.seed, self.sizes, channel, self.start, number, self.mess)

    def _recent(self, channel: str, number: int) -> list[Order]:
        """The orders of which something may be sent on a day."""
        return [
            order
            for day in range(max(0, number - MOST_DAYS), number + 1)
            for order in self.orders(channel, day)
        ]

    def events(self, channel: str, number: int) -> Iterator[tuple[Order, Event]]:
        """The events of orders that are sent on a day."""
        return sent_on(self._recent(channel, number), number)

    def store_orders(self, number: int) -> bytes:
        """The rows of orders that are new or changed. The first file writes EURO."""
        rows = [
            store_row(order, event, writes_euro=self.mess and number == 0)
            for order, event in self.events(STORE, number)
        ]
        return table(ORDER_COLUMNS, rows)

    def web_orders(self, number: int) -> bytes:
        """The events of the web shop's orders."""
        lines = [web_line(self.seed, order, event) for order, event in self.events(WEB, number)]
        return content([*lines, BROKEN_LINE] if self.breaks_line(number) else lines)

    def breaks_line(self, number: int) -> bool:
        """Whether the last line of the web shop is cut off."""
        return self.mess and number == BROKEN_ON

    def changes(self, channel: str, number: int) -> tuple[Sold, int]:
        """What the file of a day changes: the sales by branch and day, and how many lines of all
        files do not count.
        """
        sold: Sold = {}
        rejected = 0
        for order in self._recent(channel, number):
            before, after = order.standing(number - 1), order.standing(number)
            rejected += after.rejected - before.rejected
            if before != after:
                for standing, sign in ((before, -1), (after, 1)):
                    if standing.branch is not None:
                        key, figures = (standing.branch, order.day), standing.figures
                        known = sold.get(key, NO_SALES)
                        sold[key] = known + Figures(
                            sign * figures.transactions,
                            sign * figures.items_sold,
                            sign * figures.net_pence,
                        )
        return {key: figures for key, figures in sold.items() if figures != NO_SALES}, rejected

    def unlisted(self, days: int) -> int:
        """Orders of the first days whose product no list has."""
        return sum(
            order.is_unlisted for number in range(days) for order in self.orders(STORE, number)
        )

    # Shipments

    def _shipments_of(self, channel: str, number: int) -> list[Shipment]:
        """The shipments of a day's orders."""
        found = [
            shipments.shipment_of(self.seed, order, number, self.mess)
            for order in self.orders(channel, number)
        ]
        return [shipment for shipment in found if shipment is not None]

    def scans(self, number: int) -> list[tuple[Shipment, Scan]]:
        """The tracking events that are reported on a day."""
        days = range(max(0, number - shipments.MOST_DAYS), number + 1)
        found = [
            (shipment, scan)
            for channel in (STORE, WEB)
            for day in days
            for shipment in self._kept_shipments(channel, day)
            for scan in shipment.scans
            if scan.sent_on == number
        ]
        return sorted(found, key=lambda one: (one[1].at, one[0].number))

    def shipments(self, number: int) -> bytes:
        """The tracking events of a day."""
        rows = [shipments.shipment_row(self.seed, *reported) for reported in self.scans(number)]
        return table(SHIPMENT_COLUMNS, rows)

    def unknown_scans(self, number: int) -> int:
        """Tracking events of a day that nobody knows the meaning of."""
        return sum(scan.status == UNKNOWN for _, scan in self.scans(number))

    # Stock, rates, traffic

    def stock(self, number: int) -> list[tuple[str, str, int]]:
        """The stock at the end of a day: product, place, units; of one product there is little."""
        found = []
        for code, (name, _) in enumerate(PRODUCTS, start=1):
            place = shipments.PLACES[code % len(shipments.PLACES)]
            mark = digest(self.seed, "stock", code)[0]
            units = number % 3 if code == 6 else 20 + (mark + 150 - 3 * number) % 150
            found.append((name, place, units))
        return found

    def inventory(self, number: int) -> bytes:
        """The list of stock. Its columns change: no place, then the state, then the city."""
        day = self.day(number).isoformat()
        rows = [(day, name, str(units), place) for name, place, units in self.stock(number)]
        if self.mess:
            rows.append((day, _UNMAPPED, "34", shipments.PLACES[0]))
        header = "inventory_date,product,inventory"
        if number < 2:
            return content([header, *(",".join(row[:3]) for row in rows)])
        column = "warehouse" if number < 4 else "city"
        places = {place: _STATES[place] if number < 4 else place for place in _STATES}
        return content(
            [f"{header},{column}", *(f'{",".join(row[:3])},"{places[row[3]]}"' for row in rows)]
        )

    def rate_day(self, number: int) -> date:
        """The day of the rates that are known on a day: its Monday."""
        day = self.day(number)
        return day - timedelta(days=day.weekday())

    def has_rates(self, number: int) -> bool:
        """Whether there are new rates on a day: on the first one, and on each Monday."""
        return number == 0 or self.rate_day(number) == self.day(number)

    def rates(self, number: int) -> bytes:
        """The API's answer for all currencies."""
        day = self.rate_day(number)
        rates = ", ".join(f'"{code}": {self._rate(code, day)}' for code, _ in _RATES)
        return content(
            [
                f'{{"result": "success", "base_code": "USD", "time_last_update_utc": "{day}'
                f' 00:00:01", "conversion_rates": {{{rates}}}}}'
            ]
        )

    def single_rate(self) -> bytes:
        """The API's answer for one currency, without a date."""
        return content([f'{{"USD_CAD": {self._rate("CAD", self.rate_day(0))}}}'])

    def _rate(self, code: str, day: date) -> str:
        usual = dict(_RATES)[code]
        if code == "USD":
            return "1"
        mark = digest(self.seed, "rate", code, day)[0] % _RATE_STEPS - _RATE_STEPS // 2
        rate = usual + usual * mark // 2000
        return f"{rate // 10_000}.{rate % 10_000:04d}"

    def requests(self, number: int) -> list[traffic.Request]:
        """The requests to the web shop on a day."""
        sessions, day = self.sizes.sessions, self.day(number)
        return traffic.requests_on(self.seed, sessions, len(PRODUCTS), day, number, self.mess)

    def access_log(self, number: int) -> bytes:
        """The access log of a day."""
        day = self.day(number)
        return content([request.line(day) for request in self.requests(number)])

    def undated(self, number: int) -> int:
        """Lines of a day's access log without a time."""
        return int(self.mess and traffic.is_one_undated(number))

    def ip_ranges(self) -> bytes:
        """The list of IP ranges."""
        return traffic.ip_ranges(self.mess).encode()

    # The database

    def current_orders(self, days: int) -> list[tuple[str, ...]]:
        """The orders of the stores as they stand after so many days."""
        rows = []
        for number in range(days):
            for order in self.orders(STORE, number):
                sent = [event for event in order.sent_by(days - 1) if not event.is_repeat]
                if sent:
                    last = max(sent, key=lambda event: event.at)
                    rows.append(store_row(order, last, writes_euro=False))
        return rows

    def current_customers(self, days: int) -> list[tuple[str, ...]]:
        """The customers as they stand after so many days."""
        rows = {row[0]: row for row in self.customer_rows(0)}
        for number in range(1, days):
            if self.changes_customers(number):
                rows |= {row[0]: row for row in self.customer_rows(number)}
        return list(rows.values())
