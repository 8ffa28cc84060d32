"""The verdict on a file, from the ledger, the file itself and its content.

No I/O here; the reasons are for people.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal

from ingest.choosing import Candidate
from ingest.contract.connections import counted_in_file, variable_of
from ingest.contract.feeds import RECORD, Feed
from ingest.contract.file_names import FileNameError
from ingest.converting import Facts
from ingest.formats.archives import name_in
from ingest.formats.reading import EMPTY
from ingest.raw.ledger import Ledger, Version
from ingest.raw.likeness import Shared

MOST_EXTRA_COLUMNS = 500
"""Undeclared columns of one raw table; PostgreSQL allows 1,600 columns per table in all."""
A_FEW_ROWS = 2
"""In a version of at most so many rows, a correction may have changed every row."""


@dataclass(frozen=True)
class Verdict:
    """The outcome of a file and its reason; for a loaded one, its remarks."""

    status: Literal["loaded", "superseded", "duplicate", "quarantined"]
    reason: str | None
    superseded_by: int | None = None
    """The current version, where this one is older."""


def judge_content(
    ledger: Ledger, candidate: Candidate, sha256: str, unusable: str | None, came_back: bool
) -> Verdict | None:
    """The verdict on content without reading it as a table; None where it must be read.

    `unusable`: why it cannot be unpacked or extracted; `came_back`: a snapshot has returned to an
    earlier content.
    """
    duplicate = None if came_back else _duplicate_of(ledger, candidate, sha256)
    if duplicate is not None:
        return Verdict("duplicate", duplicate)
    refused = candidate.misnamed or unusable or _counted_elsewhere(ledger, candidate)
    return None if refused is None else Verdict("quarantined", refused)


def judge_header(
    candidate: Candidate, refused: str | None, extras: Collection[str], known: Collection[str]
) -> Verdict | None:
    """The verdict on a file by its header; None where the rows must be read.

    `extras`: columns that its header names and the feed does not declare; `known`: undeclared
    columns that the raw table has already.
    """
    if refused is None:
        refused = _too_many_columns(candidate.feed, extras, known)
    elif refused == EMPTY:
        refused = candidate.file.origin.without_rows or EMPTY
    return None if refused is None else Verdict("quarantined", refused)


def replaced_rows(ledger: Ledger, candidate: Candidate) -> Version | None:
    """The version that the file would supersede, if their rows must be compared first.

    None where there is none, or where missing rows mean nothing: a snapshot may replace all of its
    rows, and an origin that names its logical files does not mix them up.
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

    `new_columns`: columns added to the raw table for it; `shared`: how much of the version that it
    would supersede is in it, where they were compared.
    """
    if facts.too_bad is not None and (facts.has_lines or not candidate.file.may_be_empty):
        without_rows = candidate.file.origin.without_rows
        is_empty = without_rows is not None and not facts.has_lines
        return Verdict("quarantined", without_rows if is_empty else facts.too_bad)
    feed, logical_file = candidate.feed, candidate.identity.logical_file
    before = ledger.current(feed.name, logical_file)
    if before is not None and _is_older(candidate, before):
        return Verdict("superseded", _older_than(before), before.file_id)
    if before is not None and shared is not None and _is_another_file(candidate, shared):
        return Verdict("quarantined", _nothing_shared(before))
    remarks = [candidate.file.remark] if candidate.file.remark is not None else []
    remarks += facts.remarks
    # Nobody has sent a copy of changed rows.
    may_be_copy = bool(facts.rows) and candidate.file.changes is None
    twin = _twin(ledger, candidate, facts.sha256) if may_be_copy else None
    if twin is not None:
        remarks.append(
            f"the same content as {twin}, which is a different file by its name; the rows of"
            " both count unless the feed says how to deduplicate them (key, covers); if one is a"
            " copy or was moved: branchline withdraw PATH"
        )
    if before is not None and shared is not None and shared.rows < shared.of / 2:
        remarks.append(
            f"it supersedes {before.path} but has only {shared.rows:,} of its {shared.of:,} rows;"
            " if it is not a correction of that file: branchline withdraw PATH"
        )
    elif before is not None and facts.rows < before.rows / 2:
        remarks.append(
            f"less than half of the version that it supersedes: {facts.rows:,}"
            f" of {before.rows:,} rows"
        )
    # What every JSON feed has needs no remark.
    undeclared = [name for name in new_columns if name != RECORD]
    if undeclared:
        remarks.append(
            f"columns that feed {feed.name} does not declare are kept in raw.{feed.table} from"
            f" now on: {', '.join(undeclared)}"
        )
    return Verdict("loaded", "; ".join(remarks) or None)


def going_back(ledger: Ledger, candidate: Candidate, sha256: str) -> str | None:
    """A message for a file that was put back to an older content; the newer stays current."""
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
        f"{path} holds an older version again; the newer version stays current. To roll back,"
        " send the old one with a change, such as one more line end."
    )


def _duplicate_of(ledger: Ledger, candidate: Candidate, sha256: str) -> str | None:
    """Why the content is a duplicate: it is loaded already, or was and is superseded.

    None where the origin itself names the logical file: then nobody has sent a copy.
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
        f"the same content as {version.path}, an older version that was superseded{newer};"
        " to roll back to it, send it with a change, such as one more line end"
    )


def _counted_elsewhere(ledger: Ledger, candidate: Candidate) -> str | None:
    """Why a full-state file or a portion of a table is quarantined: the other has its rows."""
    feed, branch = candidate.feed, candidate.identity.branch
    spec = feed.database
    if spec is None or not feed.has_files_or_portions:
        return None
    folder, paths = spec.portions_of(branch), ledger.current_paths(feed.name, with_rows=True)
    if candidate.file.path.startswith(spec.portions_of(candidate.file.branch)):
        only = feed.only_file(branch)
        file = None if only is None else ledger.current(feed.name, feed.identify(only).logical_file)
        return counted_in_file(file.path) if file is not None and file.rows else None
    portion = next((path for path in paths if path.startswith(folder)), None)
    if portion is None:
        return None
    return (
        f"its rows are read from a table of a database ({portion}), and would count twice; to load"
        f" files instead, remove {variable_of(spec.connection, branch)} and withdraw what was read:"
        f" branchline withdraw {spec.path_of(branch)}/, then branchline quarantine retry"
    )


def _twin(ledger: Ledger, candidate: Candidate, sha256: str) -> str | None:
    """The path of another logical file with this content that it may be a copy of."""
    twins = ledger.twins(candidate.feed.name, candidate.identity.logical_file, sha256)
    return next((path for path in twins if not _is_another_list(candidate, path)), None)


def _is_another_list(candidate: Candidate, path: str) -> bool:
    """Whether both are lists, of different branches: small lists, as of types, are often equal.

    What is read by a cursor, such as documents, is never equal by chance; nor is a day of sales.
    """
    feed = candidate.feed
    spec = feed.database
    if not candidate.file.is_state or (spec is not None and spec.cursor is not None):
        return False
    branch = None if spec is None else spec.branch_in(path)
    if branch is None:
        try:
            branch = feed.identify(name_in(feed, path)).branch
        except FileNameError:
            return False
    return (branch or None) != candidate.identity.branch


def _is_older(candidate: Candidate, before: Version) -> bool:
    """Whether a file is older than the current version, by the names of both."""
    if candidate.file.logical_file is not None or not before.rows:
        return False
    try:
        other = candidate.feed.identify(name_in(candidate.feed, before.path))
    except FileNameError:
        return False
    identity = candidate.identity
    is_comparable = bool(identity.time) == bool(other.time)
    return is_comparable and identity.age < other.age


def _is_another_file(candidate: Candidate, shared: Shared) -> bool:
    """Whether it shares too little with the current version to be a version of it.

    Where the names give the same day for both, a correction may have changed every row.
    """
    if shared.rows or shared.of <= A_FEW_ROWS:
        return False
    return candidate.identity.business_date is None or shared.corrected < shared.of / 2


def _older_than(before: Version) -> str:
    return (
        f"older than {before.path} by its name, which stays current; to make this one current:"
        f" branchline withdraw {before.path}, then send this one with a change, such as one more"
        " line end"
    )


def _nothing_shared(before: Version) -> str:
    return (
        f"it would supersede {before.path} but has none of its {before.rows:,} rows; that one"
        " stays current. If this is the file of another till or another day, send it under a"
        " different name (logical_file in the feed says which names mean the same file). If it"
        f" does supersede it: branchline withdraw {before.path}, then branchline quarantine retry"
    )


def _too_many_columns(feed: Feed, extras: Collection[str], known: Collection[str]) -> str | None:
    """Why a file is quarantined whose header has too many undeclared columns."""
    count = len({*known, *extras})
    if count <= MOST_EXTRA_COLUMNS or count == len(known):
        return None
    return (
        f"with it, raw.{feed.table} would have {count:,} columns that feed {feed.name} does not"
        f" declare; the limit is {MOST_EXTRA_COLUMNS:,}: check that the right file was sent"
    )
