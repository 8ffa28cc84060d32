"""What becomes of a file: by what the ledger says, what the file is, and what was read of it.

Nothing here reads or writes; the reasons are for people.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal

from ingest.choosing import Candidate
from ingest.contract.feeds import Feed
from ingest.converting import Facts
from ingest.raw.ledger import Ledger

MOST_EXTRA_COLUMNS = 500
"""Columns of a raw table that no feed declares; a table of PostgreSQL has room for 1,600 in all."""
MANY_ROWS = 10
"""A version with this many rows or more does not shrink to less than half by itself."""


@dataclass(frozen=True)
class Verdict:
    """What becomes of a file, and why; of a loaded one, what is worth knowing."""

    status: Literal["loaded", "duplicate", "quarantined"]
    reason: str | None


def judge_content(
    ledger: Ledger, candidate: Candidate, sha256: str, unusable: str | None, came_back: bool
) -> Verdict | None:
    """The verdict on content that need not be read as a table; None where it has to be.

    `unusable`: why an archive cannot be unpacked; `came_back`: it is a state, and holds again what
    it held before.
    """
    duplicate = None if came_back else _duplicate_of(ledger, candidate, sha256)
    if duplicate is not None:
        return Verdict("duplicate", duplicate)
    refused = candidate.misnamed or unusable
    return None if refused is None else Verdict("quarantined", refused)


def judge_header(
    feed: Feed, refused: str | None, extras: Collection[str], known: Collection[str]
) -> Verdict | None:
    """The verdict on a file by its beginning; None where it has to be read on.

    `extras`: columns that its header names and the feed does not declare; `known`: those of them
    that the raw table has already.
    """
    if refused is None:
        refused = _too_many_columns(feed, extras, known)
    return None if refused is None else Verdict("quarantined", refused)


def judge_rows(
    ledger: Ledger, candidate: Candidate, facts: Facts, new_columns: Sequence[str]
) -> Verdict:
    """The verdict on a file that was read to its end.

    `new_columns`: those that the raw table is given for it.
    """
    if facts.too_bad is not None:
        without_rows = candidate.file.origin.without_rows
        is_empty = without_rows is not None and not facts.has_lines
        return Verdict("quarantined", without_rows if is_empty else facts.too_bad)
    feed, logical_file = candidate.feed, candidate.identity.logical_file
    remarks = list(facts.remarks)
    twin = ledger.twin(feed.name, logical_file, facts.sha256)
    if twin is not None and facts.rows:
        remarks.append(
            f"the same content as {twin.path}, which stands for another file by its name; rows of"
            " both count unless the feed says how they are known (key, covers); if it is a copy, or"
            " was moved: branchline withdraw PATH"
        )
    before = ledger.current(feed.name, logical_file)
    if before is not None and before.rows >= MANY_ROWS and facts.rows < before.rows / 2:
        remarks.append(
            f"less than half of the version that it takes the place of: {facts.rows:,}"
            f" of {before.rows:,} rows"
        )
    if new_columns:
        remarks.append(
            f"columns that feed {feed.name} does not declare are kept in raw.{feed.table} from"
            f" now on: {', '.join(new_columns)}"
        )
    return Verdict("loaded", "; ".join(remarks) or None)


def going_back(ledger: Ledger, candidate: Candidate, sha256: str) -> str | None:
    """What to tell of a file that was put back to what it held before: newer content counts."""
    if candidate.file.is_state:
        return None
    feed, path = candidate.feed.name, candidate.path
    version = ledger.version(feed, candidate.identity.logical_file, sha256)
    current = ledger.current(feed, candidate.identity.logical_file)
    if version is None or current is None or version.status != "superseded":
        return None
    if current.path != path:
        return None
    return (
        f"{path} holds an older version again; the newer one that it held in between still"
        " counts. To go back, send the old one with a change, such as one more line end."
    )


def _duplicate_of(ledger: Ledger, candidate: Candidate, sha256: str) -> str | None:
    """Why the content counts already, or did and was replaced.

    Not where the origin itself says what the file is a version of: then nobody has sent a copy.
    """
    if candidate.file.logical_file is not None:
        return None
    feed, logical_file = candidate.feed.name, candidate.identity.logical_file
    version = ledger.version(feed, logical_file, sha256)
    if version is None:
        return None
    if version.status == "loaded":
        return f"the same content as {version.path}, which is loaded"
    current = ledger.current(feed, logical_file)
    newer = f" by {current.path}" if current is not None else ""
    return (
        f"the same content as {version.path}, an older version that was replaced{newer};"
        " to go back to it, send it with a change, such as one more line end"
    )


def _too_many_columns(feed: Feed, extras: Collection[str], known: Collection[str]) -> str | None:
    """Why a file is refused whose header names more columns than a raw table can take on."""
    count = len({*known, *extras})
    if count <= MOST_EXTRA_COLUMNS or count == len(known):
        return None
    return (
        f"with it, raw.{feed.table} would have {count:,} columns that feed {feed.name} does not"
        f" declare; {MOST_EXTRA_COLUMNS:,} are kept at most: check that the right file was sent"
    )
