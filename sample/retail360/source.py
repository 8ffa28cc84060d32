"""The exports that the stores' tills send into the inbox, and the databases that hold the same."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import ClassVar

from sample.places import Database, Places, Table
from sample.retail360 import tables, trade
from sample.retail360.stores import FOLDER, UNNAMED, Store, store_at, stores_of
from sample.retail360.tables import DOCUMENTS, EXPORTED, WORKSTATIONS, Till
from sample.retail360.world import Sizes, StoreWorld
from sample.sources import Company, Delivery, Source
from sample.truth import CURRENT, FileTruth, Mess

TILL_DAYS = 42
"""The tills are new: they know the company's last six weeks only."""
EXPORTED_EVERY = 14

SMALL = Sizes(items=60, unlisted=2, people=3, documents_a_day=9)

UNSETTLED, OTHER_TYPES = "documents that nobody paid", "documents that are not sales"
LOST, CLOCK = "lines without a document, and the reverse", "punches without a partner"
MESS = (UNSETTLED, OTHER_TYPES, LOST, CLOCK)


def database_of(world: StoreWorld, days: int, branch: str | None) -> Database:
    """A store's database at the end of so many days."""
    return Database(
        FOLDER,
        branch,
        {
            table.name: Table(table.columns, world.rows(table, days))
            for table in (*EXPORTED, WORKSTATIONS)
        },
    )


class Retail360(Source):
    """Every fortnight, and on the last day, all tables of every store, complete."""

    grows: ClassVar[bool] = True

    def __init__(self, company: Company) -> None:
        super().__init__(company)
        self._first = max(0, company.days - TILL_DAYS)
        stores = [store_at(position) for position in range(stores_of(company.branches))]
        start = company.start + timedelta(days=self._first)
        self.worlds = [
            StoreWorld(company.seed, store, SMALL, start, company.mess) for store in stores
        ]

    @classmethod
    def beside(cls, branches: int) -> str:
        stores = stores_of(branches)
        return f"{stores} supermarket{'' if stores == 1 else 's'} in Israel"

    def _folder(self, store: Store) -> str:
        """A store that is the only one needs no folder."""
        return FOLDER if len(self.worlds) == 1 else f"{FOLDER}/{store.name}"

    def branch_name(self, store: Store) -> str:
        """The name of a store in the warehouse."""
        return UNNAMED if len(self.worlds) == 1 else store.name

    def _sent_on(self) -> list[int]:
        """The numbers of the days on which the tables are exported."""
        last = self.company.days - 1
        return sorted(range(last, self._first - 1, -EXPORTED_EVERY))

    def on(self, number: int) -> Iterator[Delivery]:
        days = self._sent_on()
        if number not in days:
            return
        place = days.index(number)
        after = days[place + 1] if place + 1 < len(days) else None
        for world in self.worlds:
            for table in EXPORTED:
                yield self._delivery(world, table, number, after)

    def _delivery(self, world: StoreWorld, table: Till, number: int, after: int | None) -> Delivery:
        """A file as of a day; `after`: the day on which the next one replaces it."""
        start, days = self.company.start, number + 1 - self._first
        day, path = start + timedelta(days=number), f"{self._folder(world.store)}/{table.file_name}"
        has_sales = table is DOCUMENTS
        name = self.branch_name(world.store)
        sold = world.sold(days) if has_sales else {}
        truth = FileTruth(
            path,
            name if has_sales else "",
            day,
            day,
            CURRENT,
            path,
            # Lines are rejected because of their document, so both are counted here.
            rejected_rows=sum(world.rejected(days).values()) if has_sales else 0,
            figures_by_branch_day=tuple(
                ((name, day_of_sales), figures) for day_of_sales, figures in sorted(sold.items())
            ),
            overwritten_on=None if after is None else start + timedelta(days=after),
        )
        mess = self._mess(world, table, days, path) if after is None else ()
        return Delivery(path, world.file(table, days), truth, mess)

    def _mess(self, world: StoreWorld, table: Till, days: int, path: str) -> tuple[Mess, ...]:
        """What is wrong with the last exports of the first store; the others' are alike."""
        if not self.company.mess or world.store.position > 0:
            return ()
        faults = world.faulty(days)
        unpaid = faults.get(trade.UNSETTLED, 0) + faults.get(trade.UNPAID, 0)
        others = faults.get(trade.OTHER_TYPE, 0) + faults.get(trade.VOIDED, 0)
        lost = faults.get(trade.LOST, 0) + faults.get(trade.EMPTY, 0)
        clock = world.attendance(days)
        alone = clock.doubled_ins + clock.ins_without_out + clock.outs_without_in
        found = {
            tables.RECEIPT_LINES: (UNSETTLED, unpaid, "documents have no payment that settles."),
            tables.DOCUMENTS: (OTHER_TYPES, others, "documents are voided or of another type."),
            tables.DOCUMENT_LINES: (LOST, lost, "documents lack their head or their lines."),
            tables.ATTENDANCE: (CLOCK, alone, "punches of the time clock lack the other one."),
        }.get(table)
        if found is None or not found[1]:
            return ()
        kind, count, sentence = found
        return (Mess(kind, path, f"{count:,} {sentence}"),)

    def places(self) -> Places:
        """The stores' databases, each with all tables; the exports hold the same rows."""
        days = self.company.days - self._first
        return Places(
            databases=tuple(
                database_of(world, days, world.store.name if len(self.worlds) > 1 else None)
                for world in self.worlds
            ),
            instead_of=frozenset(
                f"{self._folder(world.store)}/{table.file_name}"
                for world in self.worlds
                for table in EXPORTED
            ),
        )

    def to_come(self) -> int:
        return len(self.worlds) * len(EXPORTED) * len(self._sent_on())


SOURCE = Retail360
