"""An edition: what one publication says about one business date, for one part of the company."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class EditionFile:
    """A published file: its path below the archive, `/` between folders, and its content's hash.

    `rows`: of an export, without its header; None for a page.
    """

    path: str
    sha256: str
    size: int
    rows: int | None = None


@dataclass(frozen=True)
class Edition:
    """One version of an edition, as recorded in operations.editions.

    `part`: a branch_key, or "" for the company. `is_complete`: no branch's sales of the day are
    missing. `completes`: an earlier version was not complete and this is the first that is, so that
    it is sent again.
    """

    publication: str
    part: str
    business_date: date
    version: int
    content_sha256: str
    files: tuple[EditionFile, ...]
    is_complete: bool = True
    completes: bool = False
