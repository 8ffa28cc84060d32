"""What benchmark 10 restores every night, and what the warehouse must hold afterwards."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal

from bench.truth import Expected
from sample.places import Database, Table
from sample.retail360.source import database_of
from sample.retail360.stores import FOLDER, store_at
from sample.retail360.tables import DOCUMENT_LINES, DOCUMENTS, EXPORTED, RECEIPT_LINES
from sample.retail360.world import Sizes, StoreWorld

FIRST_DAY = date(2024, 1, 1)
DOCUMENTS_A_DAY = 88
"""On an ordinary day of an ordinary store: 525,000 lines in five stores and two years."""
PEOPLE = 6
SEED = 1
VOIDED_WITHIN = 2
"""A document changes only within so many days."""


class TillCompany:
    """So many stores after so many days; every further day is a night's backup."""

    def __init__(self, stores: int, days: int, items: int) -> None:
        sizes = Sizes(items, max(1, items // 100), PEOPLE, DOCUMENTS_A_DAY)
        self.worlds = [
            StoreWorld(SEED, store_at(position), sizes, FIRST_DAY) for position in range(stores)
        ]
        self.days = days

    def databases(self) -> Iterator[Database]:
        """The databases of the stores, whole."""
        for world in self.worlds:
            yield database_of(world, self.days, world.store.name)

    def next_day(self) -> Iterator[tuple[Database, Mapping[str, tuple[str, str]]]]:
        """The backups of the next day: what differs from those of the day before.

        Each database has the rows to add, whole tables for those that are small. The mapping has,
        for a table that is not, the column and the value from which on the old rows are deleted.
        """
        self.days += 1
        since = self.days - VOIDED_WITHIN
        for world in self.worlds:
            first = str(world.first_document(since))
            tables = {
                table.name: Table(table.columns, world.rows(table, self.days, since))
                for table in EXPORTED
            }
            yield (
                Database(FOLDER, world.store.name, tables),
                {
                    table.name: (table.columns[0][0], first)
                    for table in (DOCUMENTS, DOCUMENT_LINES, RECEIPT_LINES)
                },
            )

    def expected(self) -> Expected:
        """The expected content of the warehouse."""
        sold = [figures for world in self.worlds for figures in world.sold(self.days).values()]
        rejected: Counter[str] = Counter()
        for world in self.worlds:
            rejected.update(world.rejected(self.days))
        return Expected(
            FOLDER,
            sum(figures.transactions for figures in sold),
            sum(figures.items_sold for figures in sold),
            sum((figures.net_amount for figures in sold), Decimal(0)),
            dict(rejected),
        )

    def lines(self) -> int:
        """How many lines all documents have."""
        return sum(1 for world in self.worlds for _ in world.rows(DOCUMENT_LINES, self.days))

    def shifts(self) -> Sequence[tuple[str, int]]:
        """By store, how many shifts the time clock shows."""
        return [
            (world.store.name, len(world.attendance(self.days).shifts)) for world in self.worlds
        ]
