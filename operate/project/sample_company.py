"""The sample company, written by the package `sample`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from base.errors import BranchlineError
from sample.company import described, write_company
from sample.errors import SampleError

__all__ = ["MadeFiles", "described", "write_sample"]


@dataclass(frozen=True)
class MadeFiles:
    """What was written: files, intended errors and anomalies."""

    files: int
    bytes_written: int
    mess: list[str]
    oddities: list[str]


def write_sample(
    out: Path,
    branches: int,
    days: int,
    seed: int,
    start: date | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> MadeFiles:
    """Write the company's files below `out`, from `start` on (default: the usual day).

    Raises BranchlineError if it fails.
    """
    try:
        summary = write_company(
            out, branches=branches, days=days, seed=seed, start=start, progress=progress
        )
    except SampleError as error:
        raise BranchlineError(error.message, error.hint) from None
    return MadeFiles(
        files=len(summary.files),
        bytes_written=summary.bytes_written,
        mess=[f"{trouble.path}: {trouble.sentence}" for trouble in summary.mess],
        oddities=[odd.sentence for odd in summary.oddities],
    )
