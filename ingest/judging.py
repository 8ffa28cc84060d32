"""What becomes of a file: by what the ledger says, what the file is, and what was read of it.

Nothing here reads or writes; the reasons are for people.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal

from ingest.choosing import Candidate
from ingest.contract.feeds import Feed
from ingest.contract.file_names import FileNameError
from ingest.converting import Facts
from ingest.formats.archives import unpacked_name
from ingest.raw.ledger import Ledger, Version
from ingest.raw.likeness import Shared

MOST_EXTRA_COLUMNS = 500
"""Columns of a raw table that no feed declares; a table of PostgreSQL has room for 1,600 in all."""
A_FEW_ROWS = 2
"""A version with no more rows than these may be corrected in all of them."""


@dataclass(frozen=True)
class Verdict:
    """What becomes of a file, and why; of a loaded one, what is worth knowing."""

    status: Literal["loaded", "superseded", "duplicate", "quarantined"]
    reason: str | None
    superseded_by: int | None = None
    """The version that counts, where this one is older."""


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


def replaced_rows(ledger: Ledger, candidate: Candidate) -> Version | None:
    """The version whose rows the file's are to be held against before it takes its place.

    None where there is none, or where it says nothing that none of them comes back: a state holds
    what is so now, and an origin that names its logical files has not mixed them up.
    """
    file = candidate.file
    before = ledger.current(candidate.feed.name, candidate.identity.logical_file)
    if before is None or not before.rows or file.is_state or file.logical_file is not None:
        return None
    return None if _is_older(candidate, before) else before


def judge_rows(
    ledger: Ledger,
    candidate: Candidate,
    facts: Facts,
    new_columns: Sequence[str],
    shared: Shared | None = None,
) -> Verdict:
    """The verdict on a file that was read to its end.

    `new_columns`: those that the raw table is given for it; `shared`: how much of the version that
    it takes the place of is in it, where that was looked at.
    """
    if facts.too_bad is not None:
        without_rows = candidate.file.origin.without_rows
        is_empty = without_rows is not None and not facts.has_lines
        return Verdict("quarantined", without_rows if is_empty else facts.too_bad)
    feed, logical_file = candidate.feed, candidate.identity.logical_file
    before = ledger.current(feed.name, logical_file)
    if before is not None and _is_older(candidate, before):
        return Verdict("superseded", _older_than(before), before.file_id)
    if before is not None and shared is not None and _is_another_file(candidate, shared):
        return Verdict("quarantined", _nothing_shared(before))
    remarks = list(facts.remarks)
    twin = ledger.twin(feed.name, logical_file, facts.sha256)
    if twin is not None and facts.rows:
        remarks.append(
            f"the same content as {twin.path}, which stands for another file by its name; rows of"
            " both count unless the feed says how they are known (key, covers); if it is a copy, or"
            " was moved: branchline withdraw PATH"
        )
    if before is not None and shared is not None and shared.rows < shared.of / 2:
        remarks.append(
            f"only {shared.rows:,} of the {shared.of:,} rows of {before.path}, which it takes the"
            " place of, are in it; if it is not a correction of that file: branchline withdraw PATH"
        )
    elif before is not None and facts.rows < before.rows / 2:
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


def _is_older(candidate: Candidate, before: Version) -> bool:
    """Whether a file is older than the version that counts, by what both are called."""
    if candidate.file.logical_file is not None or not before.rows:
        return False
    try:
        other = candidate.feed.identify(unpacked_name(before.path))
    except FileNameError:
        return False
    identity = candidate.identity
    is_comparable = bool(identity.time) == bool(other.time)
    return is_comparable and identity.age < other.age


def _is_another_file(candidate: Candidate, shared: Shared) -> bool:
    """Whether it has so little of the version before that it is hardly a version of it.

    Where the name says of which day both are, every row of it may have been corrected in some way.
    """
    if shared.rows or shared.of <= A_FEW_ROWS:
        return False
    return candidate.identity.business_date is None or shared.corrected < shared.of / 2


def _older_than(before: Version) -> str:
    return (
        f"older than {before.path} by its name, which goes on counting; if this one is to count:"
        f" branchline withdraw {before.path}, then send this one with a change, such as one more"
        " line end"
    )


def _nothing_shared(before: Version) -> str:
    return (
        f"none of the {before.rows:,} rows of {before.path} is in it, whose place it would take;"
        " that one goes on counting. If this is another till's file, or another day's, send it"
        " under a name of its own (logical_file in the feed says what a name stands for). If it"
        f" does take the place: branchline withdraw {before.path}, then branchline quarantine retry"
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
