"""The tills' files of every branch's day, and of the pop-up's."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import ClassVar

from sample.branch_pos import mess as mishaps
from sample.branch_pos import oddities
from sample.branch_pos.till_files import FOLDER, file_name, lines, spreadsheet_content
from sample.branches import POP_UP, Branch, branch_at
from sample.chance import below, generator
from sample.csv_text import content
from sample.oddities import Oddity
from sample.sources import Company, Delivery, Source
from sample.trade import Receipt, receipts, till_opened
from sample.truth import CURRENT, NO_SALES, REFUSED, REPEAT, Figures, FileTruth, Mess


class _Day:
    """One branch's day: creates its files, each on its delivery day."""

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
        # The pop-up comes after the last branch; its only mishap is that it is unknown.
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
        """`later`: seconds by which the time in the name is later than the till's opening."""
        opened = till_opened(self._seed, self._branch, self._day)
        path = f"{folder}/{file_name(self._branch, self._day, opened + later)}"
        truth = FileTruth(
            path,
            self._branch.name,
            self._day,
            self._day + timedelta(days=delivered_after),
            outcome,
            f"{FOLDER}/{self._branch.name}/{self._day.isoformat()}",
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
        """The day as the till wrote it, with damaged lines if planned."""
        sold = self._sold()
        written = lines(self._branch, self._day, sold)
        rng = generator(self._seed, "spoil", self._branch.slug, self._day)
        sent, figures, bad_lines, bad_rows = mishaps.spoil_lines(rng, self._kinds, sold, written)
        return content(sent), figures, (bad_lines, bad_rows)

    def on_the_day(self) -> Iterator[Delivery]:
        """The files that arrive in the evening of the day itself."""
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
        """The files that arrive `delivered_after` days later: late day, correction, repeat."""
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


class Tills(Source):
    """One file per branch and day; keeps one day of one branch in memory."""

    days_after: ClassVar[int] = mishaps.LATE_AFTER

    def __init__(self, company: Company) -> None:
        super().__init__(company)
        self._plan = mishaps.NO_MESS
        if company.mess:
            self._plan = mishaps.plan(company.seed, company.branches, company.days)
        self._odd = oddities.NOTHING_ODD
        if company.odd:
            self._odd = oddities.plan(
                company.branches, company.days, company.start, set(self._plan.by_day)
            )

    @classmethod
    def beside(cls, branches: int) -> str:
        return "an unlisted pop-up"

    def on(self, number: int) -> Iterator[Delivery]:
        company, plan = self.company, self._plan
        if number < company.days:
            for position in range(company.branches):
                yield from _Day(company, plan, position, number, self._odd).on_the_day()
            if number == plan.pop_up_day:
                yield from _Day(company, plan, company.branches, number).on_the_day()
        for position, earlier in sorted(plan.by_day):
            day = _Day(company, plan, position, earlier, self._odd)
            yield from day.afterwards(number - earlier)

    def to_come(self) -> int:
        # Empty and damaged files replace ordinary ones; these are additional.
        on_top = sum(
            kind in (mishaps.TWICE, mishaps.NOT_CSV, mishaps.CORRECTED)
            for kinds in self._plan.by_day.values()
            for kind in kinds
        ) + (self._plan.pop_up_day is not None)
        return self.company.branches * self.company.days + on_top

    def oddities(self) -> tuple[Oddity, ...]:
        return oddities.in_words(self._odd, self.company.start)


SOURCE = Tills
