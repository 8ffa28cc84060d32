"""What a load reports: events while it runs, a report when it is done."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from base.words import listed, plural
from ingest.contract.connections import source_of

FileStatus = Literal["loaded", "older", "duplicate", "quarantined", "postponed", "failed"]
"""The outcome of one file. `older`: than the current version, and superseded by it at once;
`postponed`: it was still being written, the next run reads it."""

EventKind = Literal["waiting", "listing", "listed", "reading", "file"]


@dataclass(frozen=True)
class FileOutcome:
    """The outcome of one file in one load; `path` is relative to the inbox, cards masked."""

    path: str
    feed: str
    branch: str | None
    business_date: date | None
    status: FileStatus
    rows: int = 0
    rejected: int = 0
    reason: str | None = None
    supersedes: str | None = None
    """Path of the version that this one superseded, if there was one."""


@dataclass(frozen=True)
class LoadEvent:
    """One step of progress: `done` of `total` files, and the outcome of a finished one."""

    kind: EventKind
    message: str
    done: int = 0
    total: int = 0
    outcome: FileOutcome | None = None


Progress = Callable[[LoadEvent], None]


def reading_of(feed: str, branch: str | None) -> str:
    """A name for what is read of a feed through a connection, or of one of its branches."""
    return f"{feed}/{branch}" if branch else feed


@dataclass
class LoadReport:
    """The result of one load. `files` holds every file that was not unchanged."""

    inbox: str
    dry_run: bool
    load_id: str
    files: list[FileOutcome] = field(default_factory=list)
    unchanged: int = 0
    still_quarantined: int = 0
    """How many of the unchanged files are quarantined."""
    unclaimed: list[str] = field(default_factory=list)
    switched_off: dict[str, list[str]] = field(default_factory=dict)
    """Paths of files of unlisted sources, by source."""
    misnamed: dict[str, list[str]] = field(default_factory=dict)
    """Paths, among the unclaimed, that only lack the ending of a feed's pattern, by pattern."""
    messages: list[str] = field(default_factory=list)
    connected: list[str] = field(default_factory=list)
    """What this load read through connections, or tried to, by `reading_of`."""

    def counts(self) -> Counter[str]:
        """Number of files per status, `superseded` and `unchanged` among them."""
        counted: Counter[str] = Counter(outcome.status for outcome in self.files)
        counted["unchanged"] = self.unchanged
        counted["superseded"] = sum(outcome.supersedes is not None for outcome in self.files)
        return counted

    def with_status(self, status: FileStatus) -> list[FileOutcome]:
        """The outcomes of one status, in the order they happened."""
        return [outcome for outcome in self.files if outcome.status == status]

    def hints(self) -> list[str]:
        """What to do with the unclaimed files that only lack an ending."""
        return [
            f"{plural(len(paths), 'file')} not read, because the feed for that folder reads"
            f" {pattern}: {listed(paths)}. Rename them: any format is read under that ending. Or"
            " change 'files' of the feed in ingest/feeds."
            for pattern, paths in sorted(self.misnamed.items())
        ]

    @property
    def failed(self) -> list[FileOutcome]:
        """Files that could not be read at all; nothing was written for them."""
        return self.with_status("failed")

    def readings(self) -> dict[str, str | None]:
        """What this load read through connections, by `reading_of` -> why that failed, or None."""
        failures = {
            reading_of(file.feed, file.branch): file.reason
            for file in self.failed
            if source_of(file.path)
        }
        return {reading: failures.get(reading) for reading in self.connected}

    @property
    def quarantined(self) -> list[FileOutcome]:
        """Quarantined files, each with its reason."""
        return self.with_status("quarantined")

    @property
    def remarked(self) -> list[FileOutcome]:
        """Files that were loaded with remarks."""
        return [
            outcome
            for outcome in self.with_status("loaded")
            if outcome.rejected or outcome.reason is not None
        ]

    @property
    def rows(self) -> int:
        """Rows loaded by this run."""
        return sum(outcome.rows for outcome in self.files)

    @property
    def rejected(self) -> int:
        """Lines rejected by this run in files that were loaded."""
        return sum(outcome.rejected for outcome in self.files)

    @property
    def changed(self) -> bool:
        """Whether the current rows of raw changed (in a dry run: would change)."""
        return any(outcome.status == "loaded" for outcome in self.files)
