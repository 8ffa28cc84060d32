"""The made-up company's files: delivered one by one, or written into a folder at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from sample import oddities
from sample.branch_pos import mess as mishaps
from sample.branch_pos.till_files import FOLDER, content, file_name, lines, spreadsheet_content
from sample.branches import POP_UP, Branch, branch_at
from sample.chance import below, generator
from sample.errors import SampleError
from sample.output import OutputFolder
from sample.sales_desk import desk
from sample.sales_desk.stores import Store, masters_on, store_at, stores_of
from sample.trade import Receipt, receipts, till_opened
from sample.truth import (
    CURRENT,
    NO_SALES,
    REFUSED,
    REPEAT,
    Books,
    Figures,
    FileTruth,
    Mess,
    Summary,
)

# A Monday. Sixty days from here the clocks go back and iced drinks give way to hot ones.
DEFAULT_START = date(2025, 9, 1)

# Called after each file with the number of files done and the number to come in all.
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Company:
    """What the sample is made from. Nothing else decides a byte of it.

    Beside its branches the company has stores of the sales desk: `stores`, or one for every two
    branches. `mess` is what goes wrong with the files, `odd` what is odd in the trade itself.
    """

    branches: int = 8
    days: int = 60
    seed: int = 1
    start: date = DEFAULT_START
    mess: bool = True
    stores: int | None = None
    odd: bool = True

    @property
    def number_of_stores(self) -> int:
        """How many stores of the sales desk there are."""
        return stores_of(self.branches) if self.stores is None else self.stores

    def __post_init__(self) -> None:
        if self.branches < 1 or self.days < 1 or self.number_of_stores < 0:
            raise SampleError(
                f"A company of {self.branches} branches and {self.days} days has no sales.",
                "Ask for at least 1 branch and 1 day.",
            )
        if self.days > (date.max - self.start).days - mishaps.LATE_AFTER:
            raise SampleError(
                f"{self.days} days from {self.start} is past the end of the calendar.",
                "Ask for fewer days or an earlier start.",
            )


@dataclass(frozen=True)
class Delivery:
    """One file as it reaches the inbox, with the truth about it and what is wrong with it."""

    path: str
    content: bytes
    truth: FileTruth
    mess: tuple[Mess, ...] = ()


class _Day:
    """One branch's day: makes its files, each on the day when it is delivered."""

    def __init__(
        self,
        company: Company,
        plan: mishaps.Plan,
        position: int,
        number: int,
        odd: oddities.Plan = oddities.NOTHING_ODD,
    ) -> None:
        self._percent = odd.trade_percent.get((position, number), 100)
        self._seed = company.seed
        # The pop-up stands behind the last branch; its day carries one mishap: being unknown.
        self._is_pop_up = position == company.branches
        self._branch: Branch = POP_UP if self._is_pop_up else branch_at(position)
        self._number = number
        self._day = company.start + timedelta(days=number)
        self._kinds = plan.at(position, number)

    def _sold(self) -> list[Receipt]:
        return receipts(self._seed, self._branch, self._day, self._number, self._percent)

    def _delivery(
        self,
        folder: str,
        later: int,
        delivered_after: int,
        data: bytes,
        outcome: str = CURRENT,
        figures: Figures = NO_SALES,
        rejected: tuple[int, int] = (0, 0),
        kinds: tuple[str, ...] = (),
    ) -> Delivery:
        """`later` is the number of seconds by which the name is later than the till's opening."""
        opened = till_opened(self._seed, self._branch, self._day)
        path = f"{folder}/{file_name(self._branch, self._day, opened + later)}"
        truth = FileTruth(
            path,
            self._branch.name,
            self._day,
            self._day + timedelta(days=delivered_after),
            outcome,
            figures,
            *rejected,
        )
        notes = tuple(
            Mess(kind, path, mishaps.sentence(kind, self._branch, self._day.isoformat()))
            for kind in kinds
        )
        return Delivery(path, data, truth, notes)

    def _later(self, hours: int) -> int:
        """Seconds after opening: a plausible moment in the evening, always the same."""
        rng = generator(self._seed, "later", self._branch.slug, self._day, hours)
        return hours * 3600 + below(rng, 3000)

    def _ordinary(self) -> tuple[bytes, Figures, tuple[int, int]]:
        """The day as the till wrote it, with spoilt lines if the plan says so."""
        sold = self._sold()
        written = lines(self._branch, self._day, sold)
        rng = generator(self._seed, "spoil", self._branch.slug, self._day)
        sent, figures, bad_lines, bad_rows = mishaps.spoil_lines(rng, self._kinds, sold, written)
        return content(sent), figures, (bad_lines, bad_rows)

    def on_the_day(self) -> Iterator[Delivery]:
        """What comes in the evening of the day itself."""
        kinds = self._kinds
        if mishaps.EMPTY in kinds:
            yield self._delivery(FOLDER, 0, 0, b"", REFUSED, kinds=(mishaps.EMPTY,))
        elif mishaps.CUT in kinds:
            sold = self._sold()
            rng = generator(self._seed, "cut", self._branch.slug, self._day)
            data, whole = mishaps.cut_short(rng, sold, lines(self._branch, self._day, sold))
            figures = mishaps.figures_of(sold[:whole])
            yield self._delivery(FOLDER, 0, 0, data, CURRENT, figures, (1, 0), kinds=(mishaps.CUT,))
        elif mishaps.SPREADSHEET in kinds:
            sold = self._sold()
            data = spreadsheet_content(self._branch, self._day, sold)
            figures = mishaps.figures_of(sold)
            yield self._delivery(FOLDER, 0, 0, data, CURRENT, figures, kinds=(mishaps.SPREADSHEET,))
        elif mishaps.LATE not in kinds:
            data, figures, rejected = self._ordinary()
            noted = [
                kind
                for kind in (mishaps.BROKEN, mishaps.UNBALANCED, mishaps.UNREADABLE_DATE)
                if kind in kinds
            ]
            if self._is_pop_up:
                noted.append(mishaps.POP_UP_DAY)
            yield self._delivery(FOLDER, 0, 0, data, CURRENT, figures, rejected, kinds=tuple(noted))
        if mishaps.NOT_CSV in kinds:
            yield self._delivery(
                FOLDER,
                self._later(11),
                0,
                mishaps.picture(),
                REFUSED,
                kinds=(mishaps.NOT_CSV,),
            )

    def afterwards(self, delivered_after: int) -> Iterator[Delivery]:
        """What comes `delivered_after` days later: the late day, the correction, the repeat."""
        kinds = self._kinds
        if mishaps.TWICE in kinds and delivered_after == mishaps.TWICE_AFTER:
            data, _, _ = self._ordinary()
            yield self._delivery(
                FOLDER, self._later(10), delivered_after, data, REPEAT, kinds=(mishaps.TWICE,)
            )
        if mishaps.CORRECTED in kinds and delivered_after == mishaps.CORRECTED_AFTER:
            rng = generator(self._seed, "correct", self._branch.slug, self._day)
            sold = mishaps.correct(rng, self._sold())
            data = content(lines(self._branch, self._day, sold))
            figures = mishaps.figures_of(sold)
            yield self._delivery(
                FOLDER,
                self._later(10),
                delivered_after,
                data,
                CURRENT,
                figures,
                kinds=(mishaps.CORRECTED,),
            )
        if mishaps.LATE in kinds and delivered_after == mishaps.LATE_AFTER:
            data, figures, rejected = self._ordinary()
            yield self._delivery(
                f"{FOLDER}/late",
                0,
                delivered_after,
                data,
                CURRENT,
                figures,
                rejected,
                kinds=(mishaps.LATE,),
            )


class _StoreFile:
    """One file of a store's sales: makes what comes of it, each on the day when it comes."""

    def __init__(
        self, company: Company, kind: str | None, period: desk.Period, odd: oddities.Plan
    ) -> None:
        self._company, self._kind, self._period, self._odd = company, kind, period, odd
        self._day = company.start + timedelta(days=period.last)
        name = desk.file_name(period, self._day)
        self._path = f"{desk.FOLDER}/sales/{name}"
        self._rng = generator(company.seed, "desk mess", name)

    @property
    def last_day(self) -> int:
        """The last day that the file holds, as a number from the company's first."""
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
            sum((figures for _, figures in by_day), NO_SALES),
            0,
            rejected_rows,
            by_day,
            None if overwritten_after is None else self._day + timedelta(days=overwritten_after),
        )
        notes = (
            (Mess(kind, path, desk.sentence(kind, store, self._day.isoformat())),) if kind else ()
        )
        return Delivery(path, content(written), truth, notes)

    def after(self, days: int) -> Iterator[Delivery]:
        """What comes so many days after the file's last day."""
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


class _SalesDesk:
    """The stores' files and the office's lists, day by day."""

    def __init__(self, company: Company, odd: oddities.Plan) -> None:
        self._company, self._odd = company, odd
        self._stores = [store_at(position) for position in range(company.number_of_stores)]
        self._mess = self._deal_mess() if company.mess else {}
        # Of each store, the day after the one that its latest file ends with.
        self._files: dict[int, Iterator[desk.Period]] = {}
        self._next: dict[int, desk.Period | None] = {}
        for store in self._stores:
            self._files[store.position] = self._sent(store)
            self._next[store.position] = next(self._files[store.position], None)
        self._troubled: list[_StoreFile] = []

    def _sent(self, store: Store) -> Iterator[desk.Period]:
        """The files that a store sends: none of days on which it was closed throughout."""
        start = self._company.start
        for period in desk.periods(store, start, self._company.days):
            days = range(period.first, period.last + 1)
            if any(desk.is_open(store, start + timedelta(days=number)) for number in days):
                yield period

    def _deal_mess(self) -> dict[tuple[int, int], str]:
        """Which mishap meets a store's file, by position and last day: each one file."""
        company = self._company
        rng = generator(company.seed, "desk plan", len(self._stores), company.days)
        # Few files of all: drawn, and not chosen from a list of all there are.
        dealt: dict[tuple[int, int], str] = {}
        for kind in desk.MESS if self._stores else ():
            for _ in range(20):
                store = self._stores[below(rng, len(self._stores))]
                sent = [period.last for period in self._sent(store)]
                slot = (store.position, sent[below(rng, len(sent))]) if sent else None
                if slot is not None and slot not in dealt:
                    dealt[slot] = kind
                    break
        return dealt

    def on(self, number: int) -> Iterator[Delivery]:
        """What comes on a day: lists in the morning, then files, then what was to be mended."""
        company = self._company
        day = company.start + timedelta(days=number)
        if self._stores and number < company.days:
            for path, data, after in masters_on(
                company.seed, len(self._stores), company.start, number
            ):
                until = None
                if after is not None and after < company.days:
                    until = company.start + timedelta(days=after)
                truth = FileTruth(path, "", day, day, CURRENT, overwritten_on=until)
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
        """How many files there will be in all."""
        company = self._company
        lists = sum(
            len(masters_on(company.seed, len(self._stores), company.start, number))
            for number in range(company.days)
        )
        files = sum(1 for store in self._stores for _ in self._sent(store))
        mended = sum(kind != desk.IN_WORDS for kind in self._mess.values())
        return (lists if self._stores else 0) + files + mended


def _plan(company: Company) -> mishaps.Plan:
    if not company.mess:
        return mishaps.NO_MESS
    return mishaps.plan(company.seed, company.branches, company.days)


def _odd_plan(company: Company, plan: mishaps.Plan) -> oddities.Plan:
    if not company.odd:
        return oddities.NOTHING_ODD
    return oddities.plan(
        company.branches, company.number_of_stores, company.days, company.start, set(plan.by_day)
    )


def deliveries(company: Company) -> Iterator[Delivery]:
    """Every file in the order in which it reaches the inbox; holds one day of one branch at a time.

    The last ones come up to five days after the company's last day.
    """
    plan = _plan(company)
    odd = _odd_plan(company, plan)
    sales_desk = _SalesDesk(company, odd)
    for number in range(company.days + mishaps.LATE_AFTER):
        if number < company.days:
            for position in range(company.branches):
                yield from _Day(company, plan, position, number, odd).on_the_day()
            if number == plan.pop_up_day:
                yield from _Day(company, plan, company.branches, number).on_the_day()
        for position, earlier in sorted(plan.by_day):
            day = _Day(company, plan, position, earlier, odd)
            yield from day.afterwards(number - earlier)
        yield from sales_desk.on(number)


def write_deliveries(
    *,
    branches: int = 8,
    days: int = 60,
    seed: int = 1,
    start: date | None = None,
    mess: bool = True,
    stores: int | None = None,
    odd: bool = True,
) -> Iterator[tuple[date, str, bytes]]:
    """The same files for tests that deliver day by day: (delivery day, path, content).

    Ordered by delivery day; paths are relative to the inbox, with forward slashes. The caller
    writes them where it wants them; a path that comes again takes the place of what lay there.
    Raises SampleError for a company without branches or days.
    """
    company = Company(branches, days, seed, start or DEFAULT_START, mess, stores, odd)
    return (
        (delivery.truth.delivered_on, delivery.path, delivery.content)
        for delivery in deliveries(company)
    )


def write_company(
    out: Path,
    *,
    branches: int = 8,
    days: int = 60,
    seed: int = 1,
    start: date | None = None,
    mess: bool = True,
    stores: int | None = None,
    odd: bool = True,
    progress: Progress | None = None,
    until: date | None = None,
) -> Summary:
    """Write the company's files below `out` and tell what is in them.

    The same arguments give the same bytes on any machine. With `until`, only what has been
    delivered by the end of that day is written, and the summary's truth is that day's. Of files
    that came under one path, the last one lies there. A folder that this function filled before is
    brought to the new content; one that holds anything else is left alone.

    Raises SampleError if `out` cannot be used or the company would have no sales.
    """
    company = Company(branches, days, seed, start or DEFAULT_START, mess, stores, odd)
    planned = _plan(company)
    # The empty and spoilt files take the place of ordinary ones; these come on top.
    on_top = sum(
        kind in (mishaps.TWICE, mishaps.NOT_CSV, mishaps.CORRECTED)
        for kinds in planned.by_day.values()
        for kind in kinds
    ) + (planned.pop_up_day is not None)
    odd_plan = _odd_plan(company, planned)
    to_come = branches * days + on_top + _SalesDesk(company, odd_plan).to_come()
    folder = OutputFolder(out)
    books, size = Books(), 0
    notes: list[Mess] = []
    for done, delivery in enumerate(deliveries(company), start=1):
        if until is not None and delivery.truth.delivered_on > until:
            break
        gone = delivery.truth.overwritten_on
        if gone is None or (until is not None and gone > until):
            folder.write(delivery.path, delivery.content)
            size += len(delivery.content)
        books.enter(delivery.truth)
        notes.extend(delivery.mess)
        if progress is not None:
            progress(done, to_come)
    folder.finish()
    return Summary(
        out,
        company.start,
        branches,
        days,
        seed,
        tuple(books.files),
        size,
        tuple(notes),
        books.expected(),
        company.number_of_stores,
        oddities.told(odd_plan, company.start),
    )
