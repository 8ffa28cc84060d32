"""The files that the chain sends into the inbox, and the database of its stores."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from sample.electroniz.lists import CUSTOMER_COLUMNS, FOLDER, PRODUCT_COLUMNS, product_rows
from sample.electroniz.orders import ORDER_COLUMNS, STORE, WEB, Sizes
from sample.electroniz.world import Sold, World
from sample.places import Database, Places, Table
from sample.sources import Company, Delivery, Source
from sample.truth import CURRENT, FileTruth, Mess

SHOWN_DAYS = 28
"""The chain's systems are read since the company's last four weeks only."""

CHANGED = "orders that are changed, deleted or sent twice"
UNLISTED, BROKEN = "orders of unknown products", "an event that is cut off"
UNMAPPED, OVERLAPPING = "stock of a category", "a range of IP addresses inside another one"
UNDATED, UNKNOWN_SCAN = "requests without a time", "tracking events without a meaning"
MESS = (CHANGED, UNLISTED, BROKEN, UNMAPPED, OVERLAPPING, UNDATED, UNKNOWN_SCAN)
OF_ANY_COMPANY = (UNMAPPED, OVERLAPPING)

PRODUCTS_FILE, RANGES_FILE, SINGLE_RATE_FILE = "products.csv", "ip_ranges.csv", "rates/USD_CAD.json"


@dataclass(frozen=True)
class _Note:
    """A kind of error: how often it is in all files up to this one, and words behind the number."""

    kind: str
    count: int
    words: str


@dataclass(frozen=True)
class _File:
    """A file of a day: its name in the chain's folder, its content, and what counts of it."""

    name: str
    content: bytes
    sold: Sold | None = None
    rejected_rows: int = 0
    rejected_lines: int = 0
    notes: tuple[_Note, ...] = ()


def sizes_of(branches: int) -> Sizes:
    """The chain beside so many branches."""
    return Sizes(
        customers=12 * branches + 8,
        store_orders=branches + 2,
        web_orders=branches // 2 + 3,
        sessions=8 * branches + 4,
    )


class Electroniz(Source):
    """Lists on the first day, and every day what is new since the last one."""

    def __init__(self, company: Company) -> None:
        super().__init__(company)
        self._first = max(0, company.days - SHOWN_DAYS)
        self.days = company.days - self._first
        start = company.start + timedelta(days=self._first)
        self.world = World(company.seed, sizes_of(company.branches), start, company.mess)

    @classmethod
    def beside(cls, branches: int) -> str:
        return "an electronics chain in four currencies"

    def on(self, number: int) -> Iterator[Delivery]:
        number -= self._first
        if 0 <= number < self.days:
            for file in (*self._lists(number), *self._orders(number), *self._reports(number)):
                yield self._delivery(number, file)

    def _name(self, number: int) -> str:
        """What a file of changed rows is called."""
        return "history" if number == 0 else f"changed_{self.world.day(number)}"

    def _lists(self, number: int) -> Iterator[_File]:
        """Products, ranges and customers on the first day, changed customers, and rates."""
        world = self.world
        if number == 0:
            overlapping = _Note(OVERLAPPING, int(world.mess), "range begins inside another one.")
            yield _File(PRODUCTS_FILE, world.products(number))
            yield _File(
                RANGES_FILE,
                world.ip_ranges(),
                rejected_rows=overlapping.count,
                notes=(overlapping,),
            )
            yield _File(SINGLE_RATE_FILE, world.single_rate())
        if number == 0 or world.changes_customers(number):
            yield _File(f"store_customers/{self._name(number)}.csv", world.customers(number))
        if world.has_rates(number):
            yield _File(f"rates/{world.rate_day(number)}.json", world.rates(number))

    def _orders(self, number: int) -> Iterator[_File]:
        """The orders of the stores and the events of the web shop."""
        world = self.world
        notes: tuple[_Note, ...] = ()
        if number == self.days - 1:
            lines = sum(
                world.changes(channel, day)[1]
                for channel in (STORE, WEB)
                for day in range(self.days)
            )
            unlisted = world.unlisted(self.days)
            notes = (
                _Note(CHANGED, lines, "lines are former states of orders, deletions or repeats."),
                _Note(UNLISTED, unlisted, "orders name a product that no list has."),
            )
        name = f"store_orders/{self._name(number)}.csv"
        yield _File(name, world.store_orders(number), *world.changes(STORE, number), notes=notes)
        broken = _Note(BROKEN, int(world.breaks_line(number)), "event of an order is cut off.")
        yield _File(
            f"web_orders/{world.day(number)}.jsonl",
            world.web_orders(number),
            *world.changes(WEB, number),
            rejected_lines=broken.count,
            notes=(broken,),
        )

    def _reports(self, number: int) -> Iterator[_File]:
        """The stock, the access log and the tracking events of a day."""
        world, day = self.world, self.world.day(number)
        days = range(self.days if number == self.days - 1 else 0)
        unmapped = len(days) * int(world.mess)
        undated = sum(map(world.undated, days))
        unknown = sum(map(world.unknown_scans, days))
        yield _File(
            f"inventory/{day}.csv",
            world.inventory(number),
            rejected_rows=int(world.mess),
            notes=(_Note(UNMAPPED, unmapped, "lists have the stock of a category."),),
        )
        yield _File(
            f"access_log/{day}.jsonl",
            world.access_log(number),
            rejected_rows=world.undated(number),
            notes=(_Note(UNDATED, undated, "requests have no time."),),
        )
        yield _File(
            f"shipments/{day}.csv",
            world.shipments(number),
            rejected_rows=world.unknown_scans(number),
            notes=(_Note(UNKNOWN_SCAN, unknown, "tracking events have an unknown code."),),
        )

    def _delivery(self, number: int, file: _File) -> Delivery:
        path, day = f"{FOLDER}/{file.name}", self.world.day(number)
        truth = FileTruth(
            path,
            "",
            day,
            day,
            CURRENT,
            path,
            rejected_lines=file.rejected_lines,
            rejected_rows=file.rejected_rows,
            figures_by_branch_day=tuple(sorted((file.sold or {}).items())),
        )
        notes = [note for note in file.notes if note.count]
        mess = tuple(Mess(note.kind, path, f"{note.count:,} {note.words}") for note in notes)
        return Delivery(path, file.content, truth, mess)

    def places(self) -> Places:
        """The database of the stores as it stands at the end; the files have all its changes."""
        world, days = self.world, range(self.days)
        changed = [number for number in days if number == 0 or world.changes_customers(number)]
        names = [
            PRODUCTS_FILE,
            *(f"store_orders/{self._name(number)}.csv" for number in days),
            *(f"store_customers/{self._name(number)}.csv" for number in changed),
        ]
        tables = {
            "products": (PRODUCT_COLUMNS, product_rows(world.updated_at(0))),
            "store_customers": (CUSTOMER_COLUMNS, world.current_customers(self.days)),
            "store_orders": (ORDER_COLUMNS, world.current_orders(self.days)),
        }
        database = {
            name: Table([(column, _type_of(column)) for column in columns], rows)
            for name, (columns, rows) in tables.items()
        }
        return Places(
            databases=(Database(FOLDER, None, database),),
            instead_of=frozenset(f"{FOLDER}/{name}" for name in names),
        )

    def to_come(self) -> int:
        return sum(
            5
            + 4 * (number == 0)
            + self.world.changes_customers(number)
            + self.world.has_rates(number)
            for number in range(self.days)
        )


def _type_of(column: str) -> str:
    """The type of a column of the database."""
    return "timestamp(0)" if column == "updated_at" else "text"


SOURCE = Electroniz
