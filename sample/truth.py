"""What a warehouse must make of the sample: figures to hold its marts to, to the penny."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from pathlib import Path

from sample.oddities import Oddity

CURRENT = "current"
SUPERSEDED = "superseded"
REPEAT = "repeat"
REFUSED = "refused"


@dataclass(frozen=True)
class Figures:
    """Sales that count. Money is in pence (or cents), so that sums are exact."""

    transactions: int = 0
    items_sold: int = 0
    net_pence: int = 0

    @property
    def net_amount(self) -> Decimal:
        """The money with two decimals, as the marts show it."""
        return Decimal(self.net_pence).scaleb(-2)

    def __add__(self, other: Figures) -> Figures:
        return Figures(
            self.transactions + other.transactions,
            self.items_sold + other.items_sold,
            self.net_pence + other.net_pence,
        )


NO_SALES = Figures()


@dataclass(frozen=True)
class FileTruth:
    """One delivered file and what is sound in it.

    A till's file holds one `business_date` of one branch. A store's file holds several days, which
    `figures_by_day` tells apart; its `business_date` is the last of them. A list of the office has
    no branch (an empty name) and no sales.

    `path` is relative to the inbox; `logical_file` is what the versions of a file have in common,
    in words that no other source uses. `outcome` is what must have become of the file by the end:
    `current` (its rows count), `superseded` (a newer version of the same logical file came),
    `repeat` (the same bytes had come before) or `refused` (no rows can be had from it: it is
    empty or no CSV). `rejected_lines` cannot be split into the columns; `rejected_rows` can, but
    make no sense.

    `overwritten_on` is the day when a newer file comes under the same path, in place of this one: a
    warehouse that does not look at the inbox before knows nothing of it.
    """

    path: str
    branch_name: str
    business_date: date
    delivered_on: date
    outcome: str
    logical_file: str
    figures: Figures = NO_SALES
    rejected_lines: int = 0
    rejected_rows: int = 0
    figures_by_day: tuple[tuple[date, Figures], ...] = ()
    overwritten_on: date | None = None

    def sold(self) -> tuple[tuple[date, Figures], ...]:
        """The sales by day."""
        return self.figures_by_day or ((self.business_date, self.figures),)


@dataclass(frozen=True)
class Mess:
    """One thing gone wrong on purpose: which file, and a sentence saying what happened to it."""

    kind: str
    path: str
    sentence: str


@dataclass(frozen=True)
class Expected:
    """What the warehouse must show once it has read every file: current versions only.

    Stores go by their number, as branches go by their name.
    The counts of rejects are those of the current versions too. `total` adds currencies as if
    they were one: a check sum, not an amount.
    """

    by_branch: dict[str, Figures]
    by_branch_day: dict[tuple[str, date], Figures]
    total: Figures
    rejected_lines: int
    rejected_rows: int
    outcomes: dict[str, int]


@dataclass(frozen=True)
class Summary:
    """What was written, what is wrong with it, and what must come out of it."""

    out: Path
    start: date
    branches: int
    days: int
    seed: int
    files: tuple[FileTruth, ...]
    bytes_written: int
    mess: tuple[Mess, ...]
    expected: Expected
    oddities: tuple[Oddity, ...] = ()


@dataclass
class Books:
    """Keeps the truth while files are delivered; holds a line per file, never a sale."""

    files: list[FileTruth] = field(default_factory=list)
    _current: dict[str, int] = field(default_factory=dict)

    def enter(self, truth: FileTruth) -> None:
        """Take in the next delivered file; a current one supersedes the one it replaces."""
        if truth.outcome == CURRENT:
            key = truth.logical_file
            if key in self._current:
                older = self._current[key]
                self.files[older] = replace(self.files[older], outcome=SUPERSEDED)
            self._current[key] = len(self.files)
        self.files.append(truth)

    def expected(self) -> Expected:
        """The figures as of the last file taken in."""
        by_branch: dict[str, Figures] = {}
        by_branch_day: dict[tuple[str, date], Figures] = {}
        total, rejected_lines, rejected_rows = NO_SALES, 0, 0
        for _, place in sorted(self._current.items()):
            truth = self.files[place]
            rejected_lines += truth.rejected_lines
            rejected_rows += truth.rejected_rows
            for day, figures in truth.sold():
                if figures.transactions:
                    name = truth.branch_name
                    known = by_branch_day.get((name, day), NO_SALES)
                    by_branch_day[name, day] = known + figures
                    by_branch[name] = by_branch.get(name, NO_SALES) + figures
                    total += figures
        outcomes = dict.fromkeys((CURRENT, SUPERSEDED, REPEAT, REFUSED), 0)
        for truth in self.files:
            outcomes[truth.outcome] += 1
        return Expected(by_branch, by_branch_day, total, rejected_lines, rejected_rows, outcomes)
