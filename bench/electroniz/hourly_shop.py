"""What benchmark 11 delivers: a history of days, and then quarters of an hour.

Everything follows from the number of an order or of a line by arithmetic, so that any stretch of
time is written without those before it, as fast as lines can be formatted. Times are seconds since
the first day began.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import TextIO

from bench.electroniz.addresses import Addresses
from bench.truth import ShopTruth
from sample.csv_text import price_text
from sample.electroniz.lists import CUSTOMER_COLUMNS, FOLDER, PRODUCT_COLUMNS
from sample.electroniz.orders import CURRENCIES, DELETE, EDIT, NEW, ORDER_COLUMNS
from sample.electroniz.shipments import (
    CARRIERS,
    CODES,
    DELIVERED,
    EXCEPTION,
    IN_TRANSIT,
    LABEL,
    OUT,
    PICKED_UP,
    RETURNED,
    SHIPMENT_COLUMNS,
)
from sample.people import luhn_digit

FIRST_DAY = date(2025, 1, 1)
DAY, QUARTER = 24 * 3600, 900
PRODUCTS, PLACES = 100, ("Phoenix", "New York", "Dallas", "Chicago", "Seattle")
ORDERS_PER_CUSTOMER = 10
UNLISTED_PRODUCT = PRODUCTS + 7

_EDITED_AFTER, _DELETED_AFTER = 2 * DAY, 3 * DAY
_REPORTED_AFTER = 600
_REPEATED_AFTER = 1500
_WAY = ((LABEL, 1800), (PICKED_UP, 18_000), (IN_TRANSIT, 54_000), (OUT, 126_000))
_DELIVERED_AFTER = 144_000
_LATE_SCAN_AFTER = _DELIVERED_AFTER + 2 * _REPORTED_AFTER

_WINDOW, _VISITORS_AT_ONCE = 64, 8
"""Of so many lines in a row, so many visitors have the same number each: one session."""
_BROWSERS = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64)",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X)",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)",
)
_BOTS = ("curl/8.5.0", "Mozilla/5.0 (compatible; ExampleBot/2.1)")
_PATHS = tuple(
    f"GET {path} HTTP/1.1"
    for path in (*("/", "/basket", "/search?q=tv"), *(f"/products/{n}" for n in range(1, 11)))
)
_CLOCK = [
    f"{second // 3600:02d}:{second // 60 % 60:02d}:{second % 60:02d}" for second in range(DAY)
]
_MASK = 0xFFFFFFFF


@dataclass(frozen=True)
class Order:
    """An order by its number among all, `place`."""

    place: int
    mark: int

    @property
    def is_online(self) -> bool:
        """Whether it is of the web shop: three in ten."""
        return self.place % 10 in (2, 5, 8)

    @property
    def number(self) -> int:
        """Its number in its channel; the other channel has the same ones."""
        tens, place = divmod(self.place, 10)
        if self.is_online:
            return 1 + 3 * tens + place // 3
        return 1 + 7 * tens + place - (place + 1) // 3

    @property
    def is_edited(self) -> bool:
        """One in twenty."""
        return self.place % 40 in (7, 12)

    @property
    def is_deleted(self) -> bool:
        """One in twenty-five; none of these is edited."""
        return self.place % 50 in (11, 25)

    @property
    def is_shipped(self) -> bool:
        """Three in five; none of these is deleted."""
        place = self.place
        return not self.is_deleted and (place % 5 < 3 or place % 25 == 3)

    @property
    def is_scanned_late(self) -> bool:
        """Delivered, and only then in transit: one in fifty."""
        return self.place % 50 == 10

    @property
    def currency(self) -> str:
        return CURRENCIES[self.mark & 3]

    @property
    def pence(self) -> int:
        """The price of a unit, when the order is new."""
        return 500 + (self.mark >> 2) % 19_500

    @property
    def units(self) -> int:
        return 1 if self.is_online else 1 + (self.mark >> 20) % 5

    @property
    def product(self) -> int:
        if self.place % 5000 == 4:
            return UNLISTED_PRODUCT
        return 1 + (self.mark >> 8) % PRODUCTS


def order_at(place: int) -> Order:
    """The order of a number: always the same one."""
    mark = place * 0x9E3779B1 & _MASK
    mark = (mark ^ mark >> 16) * 0x85EBCA6B & _MASK
    return Order(place, mark ^ mark >> 13)


class HourlyShop:
    """So many orders and log lines in so many days, and as many a day after them."""

    source = FOLDER

    def __init__(self, orders: int, log_lines: int, ranges: int, days: int) -> None:
        self.orders, self.log_lines, self.days = orders, log_lines, days
        self.customers = max(10, orders // ORDERS_PER_CUSTOMER)
        self.addresses = Addresses(ranges)
        self._end = days * DAY

    def lists(self, inbox: Path) -> int:
        """Write products, customers and ranges; returns how many ranges there are."""
        _make_folders(inbox)
        with _open(inbox, "products.csv", PRODUCT_COLUMNS) as file:
            for number in range(1, PRODUCTS + 1):
                file.write(f"{number},Product {number},Kind {number % 7},2025-01-01 00:00:00\n")
        with _open(inbox, "store_customers/history.csv", CUSTOMER_COLUMNS) as file:
            at = "2025-01-01 00:00:00"
            file.writelines(_customer_row(n, at) for n in range(1, self.customers + 1))
        with _open(inbox, "ip_ranges.csv") as file:
            rows = 0
            for line in self.addresses.lines():
                file.write(line)
                rows += 1
        return rows

    def write_days(self, inbox: Path, days: Sequence[int]) -> ShopTruth:
        """Write a file of each kind for each of the days, by their numbers."""
        truth = ShopTruth()
        for number in days:
            name = (FIRST_DAY + timedelta(days=number)).isoformat()
            truth += self._write(inbox, name, number * DAY, (number + 1) * DAY)
        return truth

    def write_quarter(self, inbox: Path, number: int) -> ShopTruth:
        """Write what comes in a quarter of an hour after the history, by its number from 0 on."""
        first = self._end + number * QUARTER
        clock = _CLOCK[(first + QUARTER) % DAY].replace(":", "")
        day = FIRST_DAY + timedelta(seconds=first + QUARTER)
        name = f"{day.isoformat()}T{clock}"
        with _open(inbox, f"store_customers/{name}.csv", CUSTOMER_COLUMNS) as file:
            new, at = self.customers + 1 + number, _moment(first)
            file.writelines((_customer_row(new, at), _customer_row(1 + number, at, "-Lund")))
        return self._write(inbox, name, first, first + QUARTER) + ShopTruth(files=1)

    def sessions(self, lines: int) -> int:
        """How many sessions of people the first lines of the log are of."""
        windows, rest = divmod(lines, _WINDOW)
        sessions = windows * _VISITORS_AT_ONCE + min(rest, _VISITORS_AT_ONCE)
        # Those of bots are the visitors whose number ends in 9 (addresses.py), one in ten.
        return sum(not self.addresses.is_bot(session) for session in range(sessions % 10)) + (
            sessions // 10 * 9
        )

    # Files

    def _write(self, inbox: Path, name: str, first: int, end: int) -> ShopTruth:
        """Write what comes in a stretch of time."""
        with ExitStack() as stack:
            stores = stack.enter_context(_open(inbox, f"store_orders/{name}.csv", ORDER_COLUMNS))
            web = stack.enter_context(_open(inbox, f"web_orders/{name}.jsonl"))
            truth = self._write_orders(stores, web, first, end)
        with _open(inbox, f"shipments/{name}.csv", SHIPMENT_COLUMNS) as file:
            truth += self._write_scans(file, first, end)
        with _open(inbox, f"access_log/{name}.jsonl") as file:
            truth += self._write_log(file, first, end)
        with _open(inbox, f"inventory/{name}.csv") as file:
            _write_stock(file, first)
        with _open(inbox, f"rates/{name}.json") as file:
            file.write(_rates(first, end))
        return truth + ShopTruth(files=6)

    def _order_places(self, first: int, end: int, after: int = 0) -> range:
        """The numbers of the orders to which something happens so long `after` they were made."""
        low, high = (max(0, moment - after) * self.orders for moment in (first, end))
        return range(-(-low // self._end), -(-high // self._end))

    def _made_at(self, place: int) -> int:
        return place * self._end // self.orders

    def _write_orders(self, stores: TextIO, web: TextIO, first: int, end: int) -> ShopTruth:
        """Write new orders, and those of some days before that are changed and deleted."""
        money: Counter[str] = Counter()
        orders = rejected = 0

        def write(order: Order, mode: str, at: int, pence: int) -> None:
            file, line = (web, self._web_line) if order.is_online else (stores, self._store_row)
            file.write(line(order, mode, at, pence))

        for place in self._order_places(first, end):
            order = order_at(place)
            write(order, NEW, self._made_at(place), order.pence)
            orders += 1
            money[order.currency] += order.pence * order.units
        for place in self._order_places(first, end, _EDITED_AFTER):
            order = order_at(place)
            if order.is_edited:
                write(order, EDIT, self._made_at(place) + _EDITED_AFTER, order.pence + 100)
                rejected += 1
                money[order.currency] += 100 * order.units
        for place in self._order_places(first, end, _DELETED_AFTER):
            order = order_at(place)
            if order.is_deleted:
                write(order, DELETE, self._made_at(place) + _DELETED_AFTER, order.pence)
                rejected += 2
                orders -= 1
                money[order.currency] -= order.pence * order.units
        return ShopTruth(orders=orders, rejected=rejected, pence=dict(money))

    def _store_row(self, order: Order, mode: str, at: int, pence: int) -> str:
        made = FIRST_DAY + timedelta(seconds=self._made_at(order.place))
        return (
            f"{order.number},{1 + (order.mark >> 5) % self.customers},{order.product},"
            f"{made.month:02d}/{made.day:02d}/{made.year},{order.units},{price_text(pence)},"
            f"{order.currency},{mode},{_moment(at)}\n"
        )

    def _web_line(self, order: Order, mode: str, at: int, pence: int) -> str:
        made = FIRST_DAY + timedelta(seconds=self._made_at(order.place))
        customer = 1 + (order.mark >> 5) % self.customers
        return (
            f'[ {{"id": "{order.number}", "eventType": "recordInserted", "subject":'
            f' "ecomm/customers", "eventTime": "{_moment(at)}", "data":{{ "customer_name":'
            f' "Given{customer % 499} Family{customer}", "address": "{1 + customer % 300} Mill'
            f' Lane", \t"city": "Leeds","postalcode": "LS1 1AA","country": "UK","phone":'
            f' "01632 960{customer % 1000:03d}","email": "w{customer}@example.com",'
            f'"product_name": "product {order.product}","order_date":'
            f' "{made.day:02d}/{made.month:02d}/{made.year}","currency": "{order.currency}",'
            f'"order_mode": "{mode}","sale_price": "{price_text(pence)}","order_number":'
            f' "{order.number}" }},"dataVersion": "1.0"}} ]\n'
        )

    def _scans(self, first: int, end: int) -> Iterator[tuple[Order, str, int, int, bool]]:
        """Tracking events that are reported in a stretch of time.

        The order, the status, when it happened and when it was reported after the order was made,
        and whether it is reported again.
        """
        for status, after in _WAY:
            for place in self._order_places(first, end, after + _REPORTED_AFTER):
                order = order_at(place)
                if order.is_shipped and not (status == IN_TRANSIT and order.is_scanned_late):
                    is_exception = status == IN_TRANSIT and place % 40 == 0
                    seen = EXCEPTION if is_exception else status
                    yield order, seen, after, after + _REPORTED_AFTER, False
        for place in self._order_places(first, end, _DELIVERED_AFTER + _REPORTED_AFTER):
            order = order_at(place)
            if order.is_shipped:
                status = RETURNED if place % 200 == 1 else DELIVERED
                reported = _DELIVERED_AFTER + _REPORTED_AFTER
                yield order, status, _DELIVERED_AFTER, reported, False
        for place in self._order_places(first, end, _LATE_SCAN_AFTER):
            order = order_at(place)
            if order.is_shipped and order.is_scanned_late:
                yield order, IN_TRANSIT, _WAY[2][1], _LATE_SCAN_AFTER, False
        for place in self._order_places(first, end, _DELIVERED_AFTER + _REPEATED_AFTER):
            order = order_at(place)
            if order.is_shipped and place % 100 == 20:
                yield order, DELIVERED, _DELIVERED_AFTER, _DELIVERED_AFTER + _REPEATED_AFTER, True

    def _write_scans(self, file: TextIO, first: int, end: int) -> ShopTruth:
        scans = shipments = 0
        for order, status, after, reported, is_again in self._scans(first, end):
            place, made = order.place, self._made_at(order.place)
            carrier = CARRIERS[place % 3]
            code, words = CODES[carrier][status]
            promised = FIRST_DAY + timedelta(days=made // DAY + 2)
            file.write(
                f"S{100_000_000 + place},{'web' if order.is_online else 'store'},{order.number},"
                f"{carrier},Ground,{PLACES[place % 5]},US,{_DESTINATIONS[place % 4]},"
                f"{promised},{price_text(400 + order.mark % 2000)},USD,{_moment(made + after)}Z,"
                f"{code},{words},Louisville,{_moment(made + reported)}\n"
            )
            scans += not is_again
            shipments += status == LABEL
        return ShopTruth(scans=scans, shipments=shipments)

    def _write_log(self, file: TextIO, first: int, end: int) -> ShopTruth:
        low, high = (-(-moment * self.log_lines // self._end) for moment in (first, end))
        hits: Counter[str] = Counter()
        bot_hits = 0
        for begin in range(low - low % _WINDOW, high, _WINDOW):
            lines: list[str] = []
            session = begin // _WINDOW * _VISITORS_AT_ONCE
            visitors = [self._visitor(session + place) for place in range(_VISITORS_AT_ONCE)]
            until = min(begin + _WINDOW, high)
            for number in range(max(begin, low), until):
                at = number * self._end // self.log_lines
                before, behind, country = visitors[number % _VISITORS_AT_ONCE]
                request = _PATHS[(number >> 3) % len(_PATHS)]
                status = 404 if number % 50 == 7 else 200
                moment = _LOG_DAYS[at // DAY] + _CLOCK[at % DAY]
                lines.append(f'{moment}{before}{request}", "response": {status}{behind}')
                if country is None:
                    bot_hits += 1
                else:
                    hits[country] += 1
            file.writelines(lines)
        return ShopTruth(log_lines=high - low, bot_hits=bot_hits, hits=dict(hits))

    def _visitor(self, session: int) -> tuple[str, str, str | None]:
        """What a line has before and behind the request, and the country; None for a bot."""
        address, country = self.addresses.of_session(session)
        is_bot = self.addresses.is_bot(session)
        agent = _BROWSERS[self.addresses.visitor(session) % len(_BROWSERS)]
        if is_bot:
            agent = _BOTS[session // 10 % len(_BOTS)]
        before, behind = f'", "remote_ip": "{address}", "request": "', f', "agent": "{agent}"}}\n'
        return before, behind, None if is_bot else country


_DESTINATIONS = ("US", "CA", "GB", "IN")
_USD_RATES = (("USD", 10_000), ("CAD", 13_700), ("EUR", 8_600), ("GBP", 7_500), ("INR", 881_000))
_MOST_DAYS = 1000
_DAYS = [f"{FIRST_DAY + timedelta(days=number)} " for number in range(_MOST_DAYS)]
_LOG_DAYS = [f'{{"time": "{text[8:10]}/{text[5:7]}/{text[:4]}:' for text in _DAYS]


def _moment(seconds: int) -> str:
    return _DAYS[seconds // DAY] + _CLOCK[seconds % DAY]


def _customer_row(number: int, at: str, renamed: str = "") -> str:
    """The row of a customer; the card belongs to nobody."""
    digits = f"{510_000_000_000_000 + 7919 * number}"
    card = f"{digits}{(luhn_digit(digits) + 3) % 10}"
    return (
        f"{number},Given{number % 499} Family{number}{renamed},{1 + number % 300} Park Avenue,"
        f"Duluth,55802,United States,1-528-555-01{number % 100:02d},c{number}@example.com,{card},"
        f"{at}\n"
    )


def _write_stock(file: TextIO, first: int) -> None:
    """Write the stock of a day, of all products in all places."""
    day = _DAYS[first // DAY].strip()
    file.write("inventory_date,product,inventory,city\n")
    for number in range(1, PRODUCTS + 1):
        for place, name in enumerate(PLACES):
            units = (37 * number + 11 * place + 5 * (first // QUARTER)) % 400
            file.write(f'{day},Product {number},{units},"{name}"\n')


def _rates(first: int, end: int) -> str:
    """The answer of the API of rates, made when a stretch of time begins."""
    rates = ", ".join(
        f'"{code}": {_rate(code, usual, end // QUARTER)}' for code, usual in _USD_RATES
    )
    return (
        f'{{"result": "success", "base_code": "USD", "time_last_update_utc": "{_moment(first)}",'
        f' "conversion_rates": {{{rates}}}}}\n'
    )


def _rate(code: str, usual: int, step: int) -> str:
    if code == "USD":
        return "1"
    units = usual + usual * (step * 13 % 41 - 20) // 2000
    return f"{units // 10_000}.{units % 10_000:04d}"


def _make_folders(inbox: Path) -> None:
    for name in (
        *("store_customers", "store_orders", "web_orders", "shipments"),
        *("access_log", "inventory", "rates"),
    ):
        (inbox / FOLDER / name).mkdir(parents=True, exist_ok=True)


def _open(inbox: Path, name: str, columns: Sequence[str] = ()) -> TextIO:
    """A new file in the inbox, with a header where there are columns."""
    file = (inbox / FOLDER / name).open("w", encoding="utf-8", newline="\n", buffering=1 << 20)
    if columns:
        file.write(",".join(columns) + "\n")
    return file
