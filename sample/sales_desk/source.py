"""The stores' sales files, and the office's lists."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import ClassVar

from sample.chance import below, generator
from sample.csv_text import content
from sample.oddities import Oddity
from sample.sales_desk import desk, oddities
from sample.sales_desk.stores import FOLDER, Store, masters_on, store_at, stores_of
from sample.sources import Company, Delivery, Source
from sample.truth import CURRENT, NO_SALES, REFUSED, FileTruth, Mess


class _StoreFile:
    """One file of a store's sales: creates its versions, each on its delivery day."""

    def __init__(
        self, company: Company, kind: str | None, period: desk.Period, odd: oddities.Plan
    ) -> None:
        self._company, self._kind, self._period, self._odd = company, kind, period, odd
        self._day = company.start + timedelta(days=period.last)
        name = desk.file_name(period, self._day)
        self._path = f"{FOLDER}/sales/{name}"
        self._rng = generator(company.seed, "desk mess", name)

    @property
    def last_day(self) -> int:
        """The last day that the file covers, as a number from the company's first."""
        return self._period.last

    def _sold(self) -> list[desk.Sale]:
        company, period = self._company, self._period
        return [
            sale
            for number in range(period.first, period.last + 1)
            for sale in desk.sales(company.seed, period.store, company.start, number, self._odd)
        ]

    def _delivery(
        self,
        path: str,
        later: int,
        written: list[str],
        sound: list[desk.Sale],
        outcome: str = CURRENT,
        rejected_rows: int = 0,
        overwritten_after: int | None = None,
        kind: str | None = None,
    ) -> Delivery:
        """`later` is the number of days after the file's last day."""
        store = self._period.store
        by_day = desk.figures_by_day(sound)
        truth = FileTruth(
            path,
            store.number,
            self._day,
            self._day + timedelta(days=later),
            outcome,
            path,
            sum((figures for _, figures in by_day), NO_SALES),
            0,
            rejected_rows,
            by_day,
            overwritten_on=None
            if overwritten_after is None
            else self._day + timedelta(days=overwritten_after),
        )
        notes = (
            (Mess(kind, path, desk.sentence(kind, store, self._day.isoformat())),) if kind else ()
        )
        return Delivery(path, content(written), truth, notes)

    def after(self, days: int) -> Iterator[Delivery]:
        """The versions that arrive so many days after the file's last day."""
        store = self._period.store
        if days == 0:
            sold = self._sold()
            if not sold:
                return
            if self._kind == desk.LACKS_COLUMN:
                written = desk.without_sales_person(store, sold)
                yield self._delivery(self._path, 0, written, [], REFUSED, kind=self._kind)
            elif self._kind == desk.IN_WORDS:
                written, sound = desk.with_quantity_in_words(self._rng, store, sold)
                yield self._delivery(
                    self._path, 0, written, sound, rejected_rows=1, kind=self._kind
                )
            else:
                later = desk.CORRECTED_AFTER if self._kind == desk.SENT_AGAIN else None
                yield self._delivery(
                    self._path, 0, desk.lines(store, sold), sold, overwritten_after=later
                )
        elif self._kind == desk.LACKS_COLUMN and days == desk.RIGHTED_AFTER:
            sold = self._sold()
            path = f"{self._path.removesuffix('.csv')} complete.csv"
            yield self._delivery(path, days, desk.lines(store, sold), sold)
        elif self._kind == desk.SENT_AGAIN and days == desk.CORRECTED_AFTER:
            sold = desk.corrected(self._rng, self._sold())
            written = desk.lines(store, sold)
            yield self._delivery(self._path, days, written, sold, kind=self._kind)


class SalesDesk(Source):
    """The stores' files and the office's lists, day by day."""

    days_after: ClassVar[int] = max(desk.RIGHTED_AFTER, desk.CORRECTED_AFTER)

    def __init__(self, company: Company) -> None:
        super().__init__(company)
        self._stores = [store_at(position) for position in range(stores_of(company.branches))]
        self._odd = oddities.NOTHING_ODD
        if company.odd:
            self._odd = oddities.plan(len(self._stores), company.days, company.start)
        self._mess = self._deal_mess() if company.mess else {}
        # Per store, the day after the last one of its latest file.
        self._files: dict[int, Iterator[desk.Period]] = {}
        self._next: dict[int, desk.Period | None] = {}
        for store in self._stores:
            self._files[store.position] = self._sent(store)
            self._next[store.position] = next(self._files[store.position], None)
        self._troubled: list[_StoreFile] = []

    @classmethod
    def beside(cls, branches: int) -> str:
        stores = stores_of(branches)
        return f"{stores} store{'' if stores == 1 else 's'}"

    def _sent(self, store: Store) -> Iterator[desk.Period]:
        """The files that a store sends: none for days on which it was always closed."""
        start = self.company.start
        for period in desk.periods(store, start, self.company.days):
            days = range(period.first, period.last + 1)
            if any(desk.is_open(store, start + timedelta(days=number)) for number in days):
                yield period

    def _deal_mess(self) -> dict[tuple[int, int], str]:
        """The mishaps by store position and last day: one file each."""
        company = self.company
        rng = generator(company.seed, "desk plan", len(self._stores), company.days)
        # Few of all files: drawn, not chosen from a list of all.
        dealt: dict[tuple[int, int], str] = {}
        for kind in desk.MESS:
            for _ in range(20):
                store = self._stores[below(rng, len(self._stores))]
                sent = [period.last for period in self._sent(store)]
                slot = (store.position, sent[below(rng, len(sent))]) if sent else None
                if slot is not None and slot not in dealt:
                    dealt[slot] = kind
                    break
        return dealt

    def on(self, number: int) -> Iterator[Delivery]:
        """The arrivals of a day: lists in the morning, then files, then corrections."""
        company = self.company
        day = company.start + timedelta(days=number)
        if number < company.days:
            for path, data, after in masters_on(
                company.seed, len(self._stores), company.start, number
            ):
                until = None
                if after is not None and after < company.days:
                    until = company.start + timedelta(days=after)
                truth = FileTruth(path, "", day, day, CURRENT, path, overwritten_on=until)
                yield Delivery(path, data, truth)
        for store in self._stores:
            period = self._next[store.position]
            if period is not None and period.last == number:
                kind = self._mess.get((store.position, number))
                file = _StoreFile(company, kind, period, self._odd)
                if kind is not None:
                    self._troubled.append(file)
                yield from file.after(0)
                self._next[store.position] = next(self._files[store.position], None)
        for file in self._troubled:
            if (later := number - file.last_day) > 0:
                yield from file.after(later)

    def to_come(self) -> int:
        """The total number of files."""
        company = self.company
        lists = sum(
            len(masters_on(company.seed, len(self._stores), company.start, number))
            for number in range(company.days)
        )
        files = sum(1 for store in self._stores for _ in self._sent(store))
        mended = sum(kind != desk.IN_WORDS for kind in self._mess.values())
        return lists + files + mended

    def oddities(self) -> tuple[Oddity, ...]:
        return oddities.in_words(self._odd, self.company.start)


SOURCE = SalesDesk
