"""One store's till system: what its tables hold at the end of a day, and what must come of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cached_property

from sample.chance import digest
from sample.retail360 import tables, trade
from sample.retail360.goods import NORMAL, RUN_DOWN, TYPES, UNSOLD, Goods, goods_at, vat_percent
from sample.retail360.staff import (
    BREAK,
    Clock,
    Punch,
    Recorded,
    employee_at,
    recorded,
    shifts_on,
)
from sample.retail360.stores import Store
from sample.retail360.tables import Cells, Till, money, quantity
from sample.retail360.trade import Document, documents_on, weekly_supply
from sample.truth import Figures

FIRST_DOCUMENT = 100_001
SHOP_CARD, SHOP_GROUP = 11, 3
_OTHER_CARDS = ((12, 1), (20, 2), (31, 4), (11, 4))
_BACK_ROOM_PERCENT = 72
"""So many items in a hundred have a second line in the inventory, which is not the shop's."""
_COUNTED_IN = 9
_NO_BALANCE_IN = 80
_END = 24 * 3600

UNSETTLED, WRONG_TYPE = "unsettled", "not a sale"
LOST_DOCUMENT, LOST_LINES = "document missing", "lines missing"


@dataclass(frozen=True)
class Sizes:
    """How large a store is: its lists, its people, and the documents of an ordinary day."""

    items: int
    unlisted: int
    """Items that are sold and stocked, but in no list."""
    people: int
    documents_a_day: int


@dataclass(frozen=True)
class Stock:
    """The stock of an item at the end of a day, in thousandths."""

    balance: int
    counted: int | None

    @property
    def level(self) -> int:
        """What is there: counted where it was counted."""
        return self.balance if self.counted is None else self.counted


@dataclass
class _Day:
    """The documents of a day, and how many were written before it."""

    day: date
    before: int
    lines_before: int
    payments_before: int
    documents: list[Document]
    sold: dict[int, int] = field(default_factory=dict)
    """Thousandths sold that day, returns subtracted, by item."""

    def numbered(self) -> Iterator[tuple[int, Document]]:
        """The documents with their numbers in the till."""
        for document in self.documents:
            yield self.before + document.number, document


class StoreWorld:
    """A store from the first day of its tills on. Nothing but the arguments affects its rows.

    `days` of a method: the state at the end of that many days.
    """

    def __init__(self, seed: int, store: Store, sizes: Sizes, start: date, mess: bool = True):
        self.seed, self.store, self.sizes = seed, store, sizes
        self.start, self.mess = start, mess
        self._days: list[_Day] = []
        self._clock = Clock(seed, store, mess)

    # The goods

    @cached_property
    def goods(self) -> list[Goods]:
        """The items of the price list."""
        return [goods_at(number) for number in range(self.sizes.items)]

    @cached_property
    def unlisted(self) -> list[Goods]:
        """Items that are sold and stocked, but in no list."""
        if not self.mess:
            return []
        numbers = range(self.sizes.items, self.sizes.items + 4 * self.sizes.unlisted + 4)
        sold = [goods_at(number) for number in numbers if goods_at(number).is_sold]
        return sold[: self.sizes.unlisted]

    @cached_property
    def _for_sale(self) -> list[Goods]:
        """The goods that are sold, the most wanted first: in each store others."""
        sold = [one for one in self.goods if one.is_sold]
        return sorted(sold, key=lambda one: digest("wanted", self.store.name, one.number))

    # The days

    def _until(self, days: int) -> list[_Day]:
        """The first days. They are made once, and kept."""
        while len(self._days) < days:
            number = len(self._days)
            day = self.start + timedelta(days=number)
            made = _Day(day, FIRST_DOCUMENT, 1, 1, [])
            if self._days:
                last = self._days[-1]
                made.before = last.before + len(last.documents)
                made.lines_before = last.lines_before + sum(
                    len(document.lines) for document in last.documents
                )
                made.payments_before = last.payments_before + sum(
                    len(document.payments) for document in last.documents
                )
            goods = self._for_sale, self.unlisted
            usual = self.sizes.documents_a_day
            made.documents = documents_on(
                self.seed, self.store, goods, usual, day, number, self.mess
            )
            for document in made.documents:
                for line in document.lines:
                    known = made.sold.get(line.goods.number, 0)
                    made.sold[line.goods.number] = known + line.thousandths
            people = self.sizes.people
            for shift, fault in shifts_on(self.seed, self.store, people, day, number):
                self._clock.record(shift, fault)
            self._days.append(made)
        return self._days[:days]

    def rows(self, table: Till, days: int, since: int = 0) -> Iterator[Cells]:
        """The rows of a table; `since`: only those of the days from that number on, of sales.

        Sales are documents, their lines and the receipt lines; other tables are always whole.
        """
        return self._writers[table.name](days, since)

    @cached_property
    def _writers(self) -> dict[str, Callable[[int, int], Iterator[Cells]]]:
        return {
            tables.ITEMS.name: self._items,
            tables.ITEM_TYPES.name: lambda days, since: (
                (str(number), text) for number, text in enumerate(TYPES, start=1)
            ),
            tables.DOCUMENTS.name: self._documents,
            tables.DOCUMENT_LINES.name: self._document_lines,
            tables.RECEIPT_LINES.name: self._receipt_lines,
            tables.CARD_TYPES.name: lambda days, since: (
                (str(number), text) for number, text in enumerate(tables.CARDS, start=1)
            ),
            tables.INVENTORY.name: self._inventory,
            tables.ATTENDANCE.name: self._attendance,
            tables.EMPLOYEES.name: self._employees,
            tables.WORKSTATIONS.name: lambda days, since: (
                (str(number), text) for number, text in enumerate(tables.STATIONS, start=1)
            ),
        }

    def file(self, table: Till, days: int) -> bytes:
        """The export of a table."""
        return tables.as_csv(table, self.rows(table, days), self.store)

    # The tables

    def _items(self, days: int, _since: int) -> Iterator[Cells]:
        for one in self.goods:
            cost = one.cost_at(days - 1, _END)
            # Not for sale: 0 in some, nothing in others.
            price = one.price_at(days - 1, _END) if one.price else 0
            yield (
                one.item_id,
                one.name if one.has_name else None,
                str(one.kind),
                None if cost is None else money(cost),
                None if not price and one.number % 40 == 39 else money(price),
            )

    def _documents(self, days: int, since: int) -> Iterator[Cells]:
        for day in self._until(days)[since:]:
            recorded_on = day.day.strftime("%Y%m%d")
            age = self._age(day, days)
            for number, document in day.numbered():
                if document.fault == trade.LOST:
                    continue
                net = without_vat(document.total, vat_percent(document.refers_to))
                yield (
                    str(number),
                    str(document.kind_after(age)),
                    recorded_on,
                    document.refers_to.strftime("%Y%m%d"),
                    recorded_on,
                    str(document.second),
                    money(document.total),
                    money(net),
                    money(document.total - net),
                    money(net),
                    quantity(sum(abs(line.thousandths) for line in document.lines)),
                    str(len(document.lines)),
                    "זיכוי" if document.is_return else None,
                    "1",
                    "1" if age else "0",
                    str(number - FIRST_DOCUMENT + 1),
                )

    def _document_lines(self, days: int, since: int) -> Iterator[Cells]:
        for day in self._until(days)[since:]:
            sequence = day.lines_before
            recorded_on = day.day.strftime("%Y%m%d")
            for number, document in day.numbered():
                kind = str(document.kind_after(self._age(day, days)))
                for place, line in enumerate(document.lines, start=1):
                    if document.fault != trade.EMPTY:
                        yield (
                            str(number),
                            str(place),
                            kind,
                            recorded_on,
                            line.goods.item_id,
                            line.goods.name,
                            money(line.price),
                            quantity(line.thousandths),
                            money(line.discount),
                            money(line.amount),
                            str(sequence),
                        )
                    sequence += 1

    def _receipt_lines(self, days: int, since: int) -> Iterator[Cells]:
        for day in self._until(days)[since:]:
            sequence = day.payments_before
            recorded_on = day.day.strftime("%Y%m%d")
            for number, document in day.numbered():
                for payment in document.payments:
                    each = payment.amount // payment.instalments
                    says = "1" if payment.is_settlement else "2"
                    yield (
                        str(number),
                        str(payment.kind),
                        str(payment.card),
                        says if payment.says_so else None,
                        recorded_on,
                        recorded_on,
                        money(payment.amount),
                        str(payment.instalments),
                        money(payment.amount - each * (payment.instalments - 1)),
                        money(each if payment.instalments > 1 else 0),
                        "1",
                        str(sequence),
                    )
                    sequence += 1

    def _age(self, day: _Day, days: int) -> int:
        return days - 1 - (day.day - self.start).days

    def _inventory(self, days: int, _since: int) -> Iterator[Cells]:
        for one, stock in self.stock(days):
            marks = digest("retail360 inventory", self.store.name, one.number)
            opening = weekly_supply(self.seed, self.store, one) * 1000
            is_empty = stock.balance == 0 and marks[0] % 2 == 0
            yield (
                one.item_id,
                str(SHOP_CARD),
                str(SHOP_GROUP),
                quantity(opening),
                None if is_empty else quantity(stock.balance),
                None if stock.counted is None else quantity(stock.counted),
            )
            if marks[1] % 100 < _BACK_ROOM_PERCENT:
                card, group = _OTHER_CARDS[marks[2] % len(_OTHER_CARDS)]
                other = marks[3] * 1000 - 20_000
                yield (
                    one.item_id,
                    str(card),
                    str(group),
                    quantity(0),
                    quantity(other),
                    quantity(other + 1000) if marks[4] % 7 == 0 else None,
                )

    def stock(self, days: int) -> Iterator[tuple[Goods, Stock]]:
        """The stock of every item at the end of the day."""
        made = self._until(days)
        # Deliveries come on Sunday mornings, and fill the shelves.
        last = self.start + timedelta(days=days - 1)
        sunday = max(0, days - 1 - (last.weekday() + 1) % 7)
        sold_ever: Counter[int] = Counter()
        sold_since: Counter[int] = Counter()
        for number, day in enumerate(made):
            sold_ever.update(day.sold)
            if number >= sunday:
                sold_since.update(day.sold)
        for one in [*self.goods, *self.unlisted]:
            supply = weekly_supply(self.seed, self.store, one) * 1000
            if one.supply == RUN_DOWN:
                balance = supply // 4 - sold_ever[one.number]
            elif one.supply == UNSOLD:
                balance = supply
            elif one.supply == NORMAL:
                balance = supply - sold_since[one.number]
            else:
                balance = 40 * supply - sold_ever[one.number]
            marks = digest("retail360 count", self.store.name, one.number)
            if marks[0] % _NO_BALANCE_IN == 0:
                balance = 0
            counted = None
            if marks[1] % _COUNTED_IN == 0:
                counted = balance + 1000 * (marks[2] % 5 - 3)
            yield one, Stock(balance, counted)

    def _attendance(self, days: int, _since: int) -> Iterator[Cells]:
        for sequence, punch in enumerate(self._punches(days), start=1):
            at = punch.at
            yield (
                "11",
                str(punch.employee),
                at.strftime("%Y%m%d"),
                str(at.hour * 3600 + at.minute * 60 + at.second),
                str(punch.movement),
                "2" if punch.written != at else "1",
                str(self.store.position + 1),
                " ",
                " ",
                "0",
                "1",
                "0",
                punch.written.strftime("%Y-%m-%d %H:%M:%S"),
                str(sequence),
            )

    def _punches(self, days: int) -> list[Punch]:
        self._until(days)
        last = self.start + timedelta(days=days)
        return self._clock.written_by(datetime(last.year, last.month, last.day))

    def _employees(self, days: int, _since: int) -> Iterator[Cells]:
        for place in range(self.sizes.people):
            person = employee_at(self.store, place)
            yield (
                str(person.number),
                person.short_name,
                person.long_name,
                self.start.strftime("%Y%m%d"),
                "00000000",
                "0",
                "0",
            )

    def first_document(self, days: int) -> int:
        """The number of the first document after so many days."""
        self._until(days + 1)
        return self._days[days].before

    # The truth

    def sold(self, days: int) -> dict[date, Figures]:
        """What counts as sold, by day: returns subtracted, each document a transaction."""
        found: dict[date, Figures] = {}
        for day in self._until(days):
            age = self._age(day, days)
            counted = [one for one in day.documents if one.counts_after(age)]
            if counted:
                units = sum(line.units for one in counted for line in one.lines)
                found[day.day] = Figures(len(counted), units, sum(one.total for one in counted))
        return found

    def counted(self, days: int) -> Iterator[tuple[date, Document]]:
        """The documents that count, with their days."""
        for day in self._until(days):
            age = self._age(day, days)
            for document in day.documents:
                if document.counts_after(age):
                    yield day.day, document

    def written(self, days: int) -> int:
        """How many documents there were, counted or not."""
        return sum(len(day.documents) for day in self._until(days))

    def rejected(self, days: int) -> dict[str, int]:
        """How many rows do not count, by what is wrong with them: lines, or a document without."""
        found: Counter[str] = Counter()
        for day in self._until(days):
            age = self._age(day, days)
            for document in day.documents:
                if document.fault == trade.LOST:
                    found[LOST_DOCUMENT] += len(document.lines)
                elif document.fault == trade.EMPTY:
                    found[LOST_LINES] += 1
                elif document.kind_after(age) != trade.SALE:
                    found[WRONG_TYPE] += len(document.lines)
                elif not document.is_settled:
                    found[UNSETTLED] += len(document.lines)
        return dict(found)

    def faulty(self, days: int) -> dict[str, int]:
        """How many documents have each fault."""
        faults = [one.fault for day in self._until(days) for one in day.documents]
        return dict(Counter(fault for fault in faults if fault is not None))

    def attendance(self, days: int) -> Recorded:
        """The shifts that the punches show, and the punches without a partner."""
        return recorded([one for one in self._punches(days) if one.movement != BREAK])


def without_vat(amount: int, percent: int) -> int:
    """An amount with value-added tax, without it."""
    return (200 * amount + 100 + percent) // (2 * (100 + percent))
