"""The made-up company's files: delivered one by one, or written into a folder at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from sample import mess as mishaps
from sample.branches import POP_UP, Branch, branch_at
from sample.chance import below, generator
from sample.errors import SampleError
from sample.output import OutputFolder
from sample.till_files import FOLDER, content, file_name, lines, spreadsheet_content
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
    """What the sample is made from. Nothing else decides a byte of it."""

    branches: int = 8
    days: int = 60
    seed: int = 1
    start: date = DEFAULT_START
    mess: bool = True

    def __post_init__(self) -> None:
        if self.branches < 1 or self.days < 1:
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

    def __init__(self, company: Company, plan: mishaps.Plan, position: int, number: int) -> None:
        self._seed = company.seed
        # The pop-up stands behind the last branch; its day carries one mishap: being unknown.
        self._is_pop_up = position == company.branches
        self._branch: Branch = POP_UP if self._is_pop_up else branch_at(position)
        self._number = number
        self._day = company.start + timedelta(days=number)
        self._kinds = plan.at(position, number)

    def _sold(self) -> list[Receipt]:
        return receipts(self._seed, self._branch, self._day, self._number)

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


def _plan(company: Company) -> mishaps.Plan:
    if not company.mess:
        return mishaps.NO_MESS
    return mishaps.plan(company.seed, company.branches, company.days)


def deliveries(company: Company) -> Iterator[Delivery]:
    """Every file in the order in which it reaches the inbox; holds one day of one branch at a time.

    The last ones come up to five days after the company's last day.
    """
    plan = _plan(company)
    for number in range(company.days + mishaps.LATE_AFTER):
        if number < company.days:
            for position in range(company.branches):
                yield from _Day(company, plan, position, number).on_the_day()
            if number == plan.pop_up_day:
                yield from _Day(company, plan, company.branches, number).on_the_day()
        for position, earlier in sorted(plan.by_day):
            yield from _Day(company, plan, position, earlier).afterwards(number - earlier)


def write_deliveries(
    *,
    branches: int = 8,
    days: int = 60,
    seed: int = 1,
    start: date | None = None,
    mess: bool = True,
) -> Iterator[tuple[date, str, bytes]]:
    """The same files for tests that deliver day by day: (delivery day, path, content).

    Ordered by delivery day; paths are relative to the inbox, with forward slashes. The caller
    writes them where it wants them. Raises SampleError for a company without branches or days.
    """
    company = Company(branches, days, seed, start or DEFAULT_START, mess)
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
    progress: Progress | None = None,
    until: date | None = None,
) -> Summary:
    """Write the company's files below `out` and tell what is in them.

    The same arguments give the same bytes on any machine. With `until`, only what has been
    delivered by the end of that day is written, and the summary's truth is that day's. A folder
    that this function filled before is brought to the new content; one that holds anything else
    is left alone.

    Raises SampleError if `out` cannot be used or the company would have no sales.
    """
    company = Company(branches, days, seed, start or DEFAULT_START, mess)
    planned = _plan(company)
    # The empty and spoilt files take the place of ordinary ones; these come on top.
    on_top = sum(
        kind in (mishaps.TWICE, mishaps.NOT_CSV, mishaps.CORRECTED)
        for kinds in planned.by_day.values()
        for kind in kinds
    ) + (planned.pop_up_day is not None)
    to_come = branches * days + on_top
    folder = OutputFolder(out)
    books, size = Books(), 0
    notes: list[Mess] = []
    for done, delivery in enumerate(deliveries(company), start=1):
        if until is not None and delivery.truth.delivered_on > until:
            break
        folder.write(delivery.path, delivery.content)
        books.enter(delivery.truth)
        notes.extend(delivery.mess)
        size += len(delivery.content)
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
    )
