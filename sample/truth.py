"""The expected results of the sample: figures to compare the marts with, to the penny."""

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
    """One delivered file and its valid content.

    A till's file holds one `business_date` of one branch. A store's file holds several days, which
    `figures_by_day` tells apart; its `business_date` is the last of them. A file of several
    branches has `figures_by_branch_day`. A file of changed rows, which adds to the files before it,
    has the differences that it makes, in sales and in rejected rows. A list of the office has no
    branch (an empty name) and no sales.

    `path` is relative to the inbox; `logical_file` is shared by the versions of a file and unique
    across sources. `outcome` is the file's expected final status:
    `current` (its rows count), `superseded` (a newer version of the same logical file came),
    `repeat` (a duplicate) or `refused` (quarantined: empty or not a CSV). `rejected_lines` cannot
    be split into the columns; `rejected_rows` can, but are invalid.

    `overwritten_on` is the day when a newer file with the same path replaces this one: a warehouse
    that does not load before then never sees it.
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
    figures_by_branch_day: tuple[tuple[tuple[str, date], Figures], ...] = ()
    overwritten_on: date | None = None

    def sold(self) -> tuple[tuple[tuple[str, date], Figures], ...]:
        """The sales by branch and day."""
        if self.figures_by_branch_day:
            return self.figures_by_branch_day
        by_day = self.figures_by_day or ((self.business_date, self.figures),)
        return tuple(((self.branch_name, day), figures) for day, figures in by_day)


@dataclass(frozen=True)
class Mess:
    """One intended error: the file, and a sentence about what happened."""

    kind: str
    path: str
    sentence: str


@dataclass(frozen=True)
class Expected:
    """The expected content of the warehouse after loading every file: current versions only.

    Stores are identified by number, branches by name. The counts of rejects are also those of the
    current versions. `total` adds all currencies: a checksum, not an amount.
    """

    by_branch: dict[str, Figures]
    by_branch_day: dict[tuple[str, date], Figures]
    total: Figures
    rejected_lines: int
    rejected_rows: int
    outcomes: dict[str, int]


@dataclass(frozen=True)
class Summary:
    """What was written, its errors, and the expected results."""

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
    """Keeps the truth while files are delivered; stores a line per file, never a sale."""

    files: list[FileTruth] = field(default_factory=list)
    _current: dict[str, int] = field(default_factory=dict)

    def enter(self, truth: FileTruth) -> None:
        """Add the next delivered file; a current one supersedes its previous version."""
        if truth.outcome == CURRENT:
            key = truth.logical_file
            if key in self._current:
                older = self._current[key]
                self.files[older] = replace(self.files[older], outcome=SUPERSEDED)
            self._current[key] = len(self.files)
        self.files.append(truth)

    def expected(self) -> Expected:
        """The figures as of the last added file."""
        by_branch: dict[str, Figures] = {}
        by_branch_day: dict[tuple[str, date], Figures] = {}
        total, rejected_lines, rejected_rows = NO_SALES, 0, 0
        for _, place in sorted(self._current.items()):
            truth = self.files[place]
            rejected_lines += truth.rejected_lines
            rejected_rows += truth.rejected_rows
            for key, figures in truth.sold():
                by_branch_day[key] = by_branch_day.get(key, NO_SALES) + figures
        by_branch_day = {key: sold for key, sold in by_branch_day.items() if sold.transactions}
        for (name, _), figures in by_branch_day.items():
            by_branch[name] = by_branch.get(name, NO_SALES) + figures
            total += figures
        outcomes = dict.fromkeys((CURRENT, SUPERSEDED, REPEAT, REFUSED), 0)
        for truth in self.files:
            outcomes[truth.outcome] += 1
        return Expected(by_branch, by_branch_day, total, rejected_lines, rejected_rows, outcomes)
