"""What a warehouse must make of the sample: figures to hold its marts to, to the penny."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from pathlib import Path

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

    `path` is relative to the inbox. `outcome` is what must have become of the file by the end:
    `current` (its rows count), `superseded` (a newer file of the same branch and day came),
    `repeat` (the same bytes had come before) or `refused` (no rows can be had from it: it is
    empty or no CSV). `rejected_lines` cannot be split into the seven columns; `rejected_rows` can,
    but make no sense.
    """

    path: str
    branch_name: str
    business_date: date
    delivered_on: date
    outcome: str
    figures: Figures = NO_SALES
    rejected_lines: int = 0
    rejected_rows: int = 0


@dataclass(frozen=True)
class Mess:
    """One thing gone wrong on purpose: which file, and a sentence saying what happened to it."""

    kind: str
    path: str
    sentence: str


@dataclass(frozen=True)
class Expected:
    """What the warehouse must show once it has read every file: current versions only.

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


@dataclass
class Books:
    """Keeps the truth while files are delivered; holds a line per file, never a sale."""

    files: list[FileTruth] = field(default_factory=list)
    _current: dict[tuple[str, date], int] = field(default_factory=dict)

    def enter(self, truth: FileTruth) -> None:
        """Take in the next delivered file; a current one supersedes the one it replaces."""
        if truth.outcome == CURRENT:
            key = (truth.branch_name, truth.business_date)
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
        for key, place in sorted(self._current.items()):
            truth = self.files[place]
            rejected_lines += truth.rejected_lines
            rejected_rows += truth.rejected_rows
            if truth.figures.transactions:
                by_branch_day[key] = truth.figures
                by_branch[key[0]] = by_branch.get(key[0], NO_SALES) + truth.figures
                total += truth.figures
        outcomes = dict.fromkeys((CURRENT, SUPERSEDED, REPEAT, REFUSED), 0)
        for truth in self.files:
            outcomes[truth.outcome] += 1
        return Expected(by_branch, by_branch_day, total, rejected_lines, rejected_rows, outcomes)
