"""A small store's till, made up so that every outcome is known: its backups of two days.

The store has an item of every judgement (in stock, out of stock, nearly out, too many, never sold,
in no list), a document that nobody paid, and three people whose hours and pay are round. It takes
its first day and its size as arguments, and nothing else depends on dates.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from sample.places import Database, Table
from sample.retail360 import tables
from sample.retail360.tables import EXPORTED

HEALTHY, OUT, RISK, PLENTY, DEAD, UNMAPPED = 2001, 2002, 2003, 2004, 2005, 2006
PRICES = {
    HEALTHY: Decimal("11.80"),
    OUT: Decimal("38.50"),
    RISK: Decimal("5.90"),
    PLENTY: Decimal("59.00"),
    DEAD: Decimal("21.00"),
    UNMAPPED: Decimal("14.90"),
}
COSTS = {HEALTHY: "6.00", OUT: "20.00", RISK: "3.00", PLENTY: "35.00", DEAD: "12.00"}
STOCK = {HEALTHY: 42, OUT: 0, RISK: 15, PLENTY: 30, DEAD: 12, UNMAPPED: 20}
GAP = -3
"""Of the first item, which was counted: what is missing."""
CASH, OTHER, CREDIT = 1, 2, 3
COPY = 100
"""Each further copy of the store's items and people has numbers so much higher."""


@dataclass(frozen=True)
class Sold:
    """One document: how many days before day 0, units by item, its payments.

    `notes`: what the till writes beside each payment; with '2' it settles nothing. `notes_before`:
    what it wrote there in the first backup.
    """

    ago: int
    units: dict[int, int]
    payments: tuple[int, ...] = (CASH,)
    notes: tuple[str | None, ...] = ("1",)
    notes_before: tuple[str | None, ...] | None = None

    @property
    def total(self) -> Decimal:
        return sum((PRICES[item] * units for item, units in self.units.items()), Decimal(0))

    @property
    def counts(self) -> bool:
        return any(note != "2" for note in self.notes)

    @property
    def method(self) -> str:
        """The one payment that it counts as."""
        pairs = zip(self.payments, self.notes, strict=True)
        kinds = [kind for kind, note in pairs if note != "2"]
        return "CARD" if CREDIT in kinds else "CASH" if CASH in kinds else "OTHER"


SOLD = (
    Sold(29, {HEALTHY: 10}, (CREDIT,)),
    Sold(25, {RISK: 15}),
    Sold(22, {PLENTY: 1, OUT: 1}),
    Sold(19, {UNMAPPED: 10}, (CASH, OTHER), ("1", "1")),
    Sold(16, {HEALTHY: 10}),
    Sold(14, {RISK: 15}),
    Sold(12, {PLENTY: 1}, (CREDIT,)),
    # The one that does not count. In the first backup somebody had still paid it.
    Sold(11, {HEALTHY: 5}, (CASH, CREDIT), ("2", "2"), ("1", "2")),
    Sold(10, {RISK: 15}),
    Sold(9, {HEALTHY: 10}, (CREDIT,)),
    Sold(8, {HEALTHY: -1}),
    Sold(7, {UNMAPPED: 10}),
    Sold(6, {RISK: 15}, (CREDIT, CREDIT, CASH), ("1", "1", "2")),
    Sold(5, {HEALTHY: 10}),
    Sold(4, {HEALTHY: 3, PLENTY: 1}, (OTHER,)),
    Sold(3, {RISK: 15}),
    Sold(2, {UNMAPPED: 10}, (CREDIT, CASH), ("1", "2")),
    Sold(1, {HEALTHY: 10}, (CASH, CREDIT), ("1", "1")),
    Sold(0, {RISK: 15}, (CREDIT,), (None,)),
    Sold(0, {HEALTHY: 10}),
)


@dataclass(frozen=True)
class Worked:
    """A shift: how many days before day 0 it began, and from when to when, in half hours.

    48 half hours and more are the day after.
    """

    employee: int
    ago: int
    begins: int
    ends: int
    is_in_by_hand: bool = False


WORKED = (
    *(Worked(101, ago, 16, 32) for ago in range(10)),
    Worked(102, 14, 18, 26),
    *(Worked(102, ago, 18, 34) for ago in (12, 10, 8, 6)),
    Worked(102, 4, 17, 36),
    Worked(102, 2, 14, 36),
    Worked(103, 9, 24, 36),
    Worked(103, 7, 18, 32),
    Worked(103, 5, 44, 60),
    Worked(103, 3, 16, 32, is_in_by_hand=True),
)
PAY = {101: Decimal("2800.00"), 102: Decimal("2025.63"), 103: Decimal("1015.00")}
HOURS = {101: Decimal("80"), 102: Decimal("56.5"), 103: Decimal("29")}

Row = dict[str, object]


@dataclass(frozen=True)
class TillStore:
    """A store whose last day of sales is `day`, `copies` times as large as the smallest one."""

    day: date
    copies: int = 1

    def rows(self, ago: int = 0) -> dict[str, list[Row]]:
        """The tables at the end of a day, so many days before day 0, by their names."""
        sold = [
            (copy, place, one)
            for place, one in enumerate(SOLD)
            for copy in range(self.copies)
            if one.ago >= ago
        ]
        return {
            tables.ITEMS.name: list(self._items()),
            tables.ITEM_TYPES.name: [
                {"type_id": 1, "typedesc": "ירקות"}, {"type_id": 2, "typedesc": "מוצרי חלב"},
            ],
            tables.DOCUMENTS.name: [
                self._document(number, copy, place, one)
                for number, (copy, place, one) in enumerate(sold, start=1)
            ],
            tables.DOCUMENT_LINES.name: _numbered(self._lines(sold)),
            tables.RECEIPT_LINES.name: _numbered(self._payments(sold, ago)),
            tables.CARD_TYPES.name: [
                {"creditcardtype": "1", "carddesc": "ישראכרט"},
                {"creditcardtype": "2", "carddesc": "ויזה"},
            ],
            tables.INVENTORY.name: list(self._inventory(ago)),
            tables.ATTENDANCE.name: _numbered(self._punches(ago)),
            tables.EMPLOYEES.name: [
                {
                    "emplyeenumber": number + COPY * copy,
                    "shortname": "עובד",
                    "longname": f"עובד {number + COPY * copy}",
                    "scheduledexitdate": "00000000",
                }
                for copy in range(self.copies)
                for number in HOURS
            ],
        }  # fmt: skip

    def files(self, ago: int = 0) -> dict[str, bytes]:
        """The exports of that day: file name -> content."""
        found = {}
        for table in EXPORTED:
            text = io.StringIO()
            columns = [name.lower() for name, _ in table.columns]
            writer = csv.DictWriter(text, columns, lineterminator="\n")
            writer.writeheader()
            writer.writerows(self.rows(ago)[table.name])
            found[table.file_name] = text.getvalue().encode("utf-8")
        return found

    def database(self, ago: int = 0, branch: str | None = None) -> Database:
        """The backup of that day."""
        rows = self.rows(ago)
        return Database(
            "retail360",
            branch,
            {
                table.name: Table(
                    table.columns,
                    [
                        [_text(row.get(name.lower())) for name, _ in table.columns]
                        for row in rows[table.name]
                    ],
                )
                for table in EXPORTED
            },
        )

    # The truth

    @property
    def counted(self) -> list[Sold]:
        """The documents that count, of all copies."""
        return [one for one in SOLD if one.counts] * self.copies

    def date_of(self, ago: int) -> date:
        """The day so many days before day 0."""
        return self.day - timedelta(days=ago)

    def items(self, item: int) -> list[str]:
        """The numbers of an item, of all copies."""
        return [str(item + COPY * copy) for copy in range(self.copies)]

    def people(self, employee: int) -> list[str]:
        """The numbers of a person, of all copies."""
        return [str(employee + COPY * copy) for copy in range(self.copies)]

    # The tables

    def _items(self) -> Iterator[Row]:
        for copy in range(self.copies):
            for item, cost in COSTS.items():
                yield {
                    "item_id": item + COPY * copy,
                    "itemdesc": f"פריט {item + COPY * copy}",
                    "itemtype": 1 + item % 2,
                    "costperunit": cost,
                    "price1": PRICES[item],
                }

    def _document(self, sequence: int, copy: int, place: int, one: Sold) -> Row:
        day = self._text(one.ago)
        return {
            "document_id": _number(copy, place),
            "documenttype": 1,
            "recordingdate": day,
            "referencedate": day,
            "valuedate": day,
            "printtime": 32_400 + 1800 * (place % 10),
            "generaltotalincludevat": one.total,
            "totalitems": sum(map(abs, one.units.values())),
            "lastline": len(one.units),
            "isprinted": 1,
            "transmittedtocenter": 1,
            "s__sequence": sequence,
        }

    def _lines(self, sold: list[tuple[int, int, Sold]]) -> Iterator[Row]:
        for copy, place, one in sold:
            for line, (item, units) in enumerate(one.units.items(), start=1):
                yield {
                    "document_id": _number(copy, place),
                    "line_id": line,
                    "documenttype": 1,
                    "datesetting": self._text(one.ago),
                    "item_id": item + COPY * copy,
                    "details": f"פריט {item + COPY * copy}",
                    "unitpricevatincluded": PRICES[item],
                    "itemsqty": f"{units}.000",
                    "linediscount": "0.00",
                    "totalperline_incvat": PRICES[item] * units,
                }

    def _payments(self, sold: list[tuple[int, int, Sold]], ago: int) -> Iterator[Row]:
        for copy, place, one in sold:
            notes = one.notes if ago == 0 or one.notes_before is None else one.notes_before
            settling = [number for number, note in enumerate(notes) if note != "2"]
            for number, (kind, note) in enumerate(zip(one.payments, notes, strict=True)):
                # All but the last settlement are of ten shekels.
                amount = one.total
                if number in settling:
                    is_last = number == settling[-1]
                    amount = one.total - 10 * (len(settling) - 1) if is_last else Decimal("10.00")
                yield {
                    "receipt_id": _number(copy, place),
                    "paymenttype": kind,
                    "creditcardtype": str(1 + place % 2),
                    "accountnumber_moreinfo": note,
                    "recordingdate": self._text(one.ago),
                    "paymentdate": self._text(one.ago),
                    "systemcurrencyamount": amount,
                    "numberofpayments": 1,
                    "transmittedtocenter": 1,
                }

    def _inventory(self, ago: int) -> Iterator[Row]:
        for copy in range(self.copies):
            for item, now in STOCK.items():
                later = [one.units.get(item, 0) for one in SOLD if one.ago < ago and one.counts]
                level = now + sum(later)
                is_counted = item == HEALTHY
                yield {
                    "item_id": item + COPY * copy,
                    "card_id": 11,
                    "cardsgroup": 3,
                    "openinginventory": "0.000",
                    # Nothing instead of 0.
                    "inventorybalance": f"{level - GAP * is_counted}.000" if level else None,
                    "countedinventory": f"{level}.000" if is_counted else None,
                }
                # Of other cards and groups, which are not the shop's.
                for card, group in ((12, 3), (11, 4)):
                    yield {
                        "item_id": item + COPY * copy,
                        "card_id": card,
                        "cardsgroup": group,
                        "inventorybalance": "500.000",
                    }

    def _punches(self, ago: int) -> Iterator[Row]:
        found = []
        for copy in range(self.copies):
            for one in WORKED:
                if one.ago >= ago:
                    number = one.employee + COPY * copy
                    movement = 91 if one.is_in_by_hand else 1
                    found += [
                        (self._moment(one.ago, one.begins), number, movement),
                        (self._moment(one.ago, one.ends), number, 2),
                    ]
        for moment, number, movement in sorted(found):
            yield {
                "storeid": 11,
                "emplyee_id": number,
                "datesetting": moment.strftime("%Y%m%d"),
                "hourtime": moment.hour * 3600 + moment.minute * 60,
                "movementtype": movement,
                "attendancerecordingtype": 1,
                "front_office": 1,
                "mark": " ",
                "update_datetime": moment.strftime("%Y-%m-%d %H:%M:%S"),
            }

    def _moment(self, ago: int, half_hours: int) -> datetime:
        day = self.date_of(ago)
        return datetime(day.year, day.month, day.day) + timedelta(minutes=30 * half_hours)

    def _text(self, ago: int) -> str:
        return self.date_of(ago).strftime("%Y%m%d")


def _number(copy: int, place: int) -> int:
    return 5001 + 1000 * copy + place


def _numbered(rows: Iterator[Row]) -> list[Row]:
    """The rows with the order in which the till wrote them."""
    return [{**row, "s__sequence": number} for number, row in enumerate(rows, start=1)]


def _text(value: object) -> str | None:
    return None if value is None else str(value)
