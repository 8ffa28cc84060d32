"""The results of a benchmark: measured rows, checks and aims."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from statistics import median
from typing import Any

MEGABYTE = 1_000_000


@dataclass(frozen=True)
class Row:
    """One measured case. Times are in seconds; what was not measured is None.

    `seconds` is the median of `times` repetitions; `process_seconds` is the median of the whole
    process, with start, imports and end. `scaled`: the figures are computed from a smaller
    measurement.
    """

    case: str
    seconds: float | None = None
    fastest: float | None = None
    slowest: float | None = None
    p95: float | None = None
    cold: float | None = None
    times: int = 1
    process_seconds: float | None = None
    rows: int | None = None
    rows_per_second: float | None = None
    bytes_per_second: float | None = None
    peak_bytes: int | None = None
    disk_bytes: int | None = None
    ratio: float | None = None
    scaled: bool = False
    note: str = ""


@dataclass(frozen=True)
class Check:
    """A fact that must hold on any machine; times are never checked."""

    what: str
    expected: str
    found: str

    @property
    def ok(self) -> bool:
        """Whether the fact holds."""
        return self.expected == self.found


@dataclass(frozen=True)
class Aim:
    """A target figure. `value`, `aim` and `must` are in `unit`.

    `least`: at least instead of at most. `must` is None if there is only an aim.
    """

    name: str
    value: float
    aim: float
    must: float | None
    unit: str
    least: bool = False

    @property
    def verdict(self) -> str:
        """`met`, `missed` (but within `must`), or `failed`."""
        if self._reaches(self.aim):
            return "met"
        if self.must is not None and self._reaches(self.must):
            return "missed"
        return "missed" if self.must is None else "failed"

    @property
    def off_by(self) -> float:
        """The distance from the aim, as a share of the aim; 0 if it is met."""
        if self._reaches(self.aim):
            return 0.0
        return abs(self.value - self.aim) / self.aim

    def _reaches(self, limit: float) -> bool:
        return self.value >= limit if self.least else self.value <= limit


@dataclass
class Section:
    """One benchmark's result."""

    number: int
    title: str
    rows: list[Row] = field(default_factory=list)
    checks: list[Check] = field(default_factory=list)
    aims: list[Aim] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def check(self, what: str, expected: object, found: object) -> None:
        """Record a fact; the run continues, and fails at its end if the fact does not hold."""
        self.checks.append(Check(what, str(expected), str(found)))

    def as_json(self) -> dict[str, Any]:
        """The section as plain values, with verdicts."""
        content = asdict(self)
        for written, check in zip(content["checks"], self.checks, strict=True):
            written["ok"] = check.ok
        for written, aim in zip(content["aims"], self.aims, strict=True):
            written["verdict"] = aim.verdict
        return content


def section_from_json(content: dict[str, Any]) -> Section:
    """The section that `as_json` wrote."""
    return Section(
        number=content["number"],
        title=content["title"],
        rows=[Row(**row) for row in content["rows"]],
        checks=[
            Check(check["what"], check["expected"], check["found"]) for check in content["checks"]
        ],
        aims=[
            Aim(**{name: value for name, value in aim.items() if name != "verdict"})
            for aim in content["aims"]
        ],
        notes=list(content["notes"]),
    )


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest of `values` that at least `share` (0 to 1) of them do not exceed.

    Raises ValueError where there are none.
    """
    if not values:
        raise ValueError("no values, no percentile")
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def timed_row(case: str, seconds: Sequence[float], **more: Any) -> Row:
    """A row of repeated measurements: median, fastest and slowest."""
    return Row(
        case,
        seconds=median(seconds),
        fastest=min(seconds),
        slowest=max(seconds),
        times=len(seconds),
        **more,
    )
