"""The quarantine: files that are not loaded until a person or a better file resolves them."""

from __future__ import annotations

import io
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING

from base.errors import BranchlineError
from base.printing import printable
from ingest.cards import CardTokens, mask_text
from ingest.contract.connections import source_of
from ingest.contract.feeds import FeedContract
from ingest.contract.file_errors import UnreadableFileError, UnusableFileError
from ingest.formats.extracted import SIGNATURE, Flaw, Row, from_text
from ingest.formats.row_records import as_line
from ingest.formats.text import TextReader
from ingest.masks import mask_lines_of
from ingest.origins.inbox import InboxFile, list_inbox
from ingest.origins.inbox_address import shown_address
from ingest.raw.ledger import IS_OPEN
from ingest.raw.migrations import is_ready
from ingest.review.secrets import without_secrets

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

LINES_SHOWN = 10
LONGEST_LINE_SHOWN = 300
LOOKED_AT = 1 << 16


@dataclass(frozen=True)
class QuarantinedFile:
    """One file in quarantine, as the ledger has it; texts with cards masked."""

    file_id: int
    feed: str
    path: str
    logical_file: str
    branch: str | None
    business_date: date | None
    sha256: str
    size: int
    reason: str
    seen_at: datetime
    is_open: bool
    dismissed_at: datetime | None
    dismissed_because: str | None


def read_quarantine(
    connection: Connection, file_ids: Collection[int] = (), *, everything: bool = False
) -> list[QuarantinedFile]:
    """The quarantined files, oldest first: those with these ids, or all that are open.

    `everything`: also dismissed and resolved ones. Raises BranchlineError for an id that is not
    in quarantine.
    """
    if not is_ready(connection):
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            select
                file_id, feed, path, logical_file, branch, business_date, sha256, bytes,
                coalesce(reason, ''), seen_at, {IS_OPEN}, dismissed_at, dismissed_because
            from raw.ingest_files as files
            where
                status = 'quarantined'
                and (file_id = any(%(ids)s) or (%(ids)s = '{{}}' and (%(all)s or ({IS_OPEN}))))
            order by file_id
            """,
            {"ids": list(file_ids), "all": everything},
        )
        found = [QuarantinedFile(*row) for row in cursor.fetchall()]
    strange = sorted(set(file_ids) - {file.file_id for file in found})
    if strange:
        raise BranchlineError(
            f"No file in quarantine has the id {', '.join(map(str, strange))}.",
            "`branchline quarantine list --all` lists them with their ids.",
        )
    return found


def dismiss(connection: Connection, file_ids: Collection[int], because: str) -> int:
    """Remove files from the list for good, with a reason in the ledger; return how many.

    Raises BranchlineError for an id that is not in quarantine.
    """
    read_quarantine(connection, file_ids)
    with connection.cursor() as cursor:
        cursor.execute(
            "update raw.ingest_files"
            " set dismissed_at = current_timestamp, dismissed_because = %s"
            " where file_id = any(%s) and status = 'quarantined' and dismissed_at is null",
            (mask_text(because), list(file_ids)),
        )
        return int(cursor.rowcount)


def first_lines(
    file: QuarantinedFile, inbox: str, feeds: FeedContract, cards: CardTokens
) -> list[str]:
    """The first lines of a file as it is in the inbox now, control characters visible.

    Of another format than CSV, the first rows; where they cannot be extracted, its own lines.

    Card numbers are masked, and so is anything that looks like a key or a password.

    Raises BranchlineError if it does not exist any more or cannot be read.
    """
    source = source_of(file.path)
    if source is not None:
        raise BranchlineError(
            f"{file.path} is read from {source}.",
            "Look at the rows there; the reason above says what is wrong.",
        )
    (feed,) = feeds.chosen([file.feed])
    listing = list_inbox(inbox, feeds, [feed])
    for entry in listing.claimed[feed.name]:
        if cards.mask_path(entry.path) == file.path:
            break
    else:
        raise BranchlineError(
            f"{file.path} is not in {shown_address(inbox)} any more.",
            "If it is not needed, dismiss it; otherwise restore it and retry.",
        )
    try:
        lines = _lines(listing.file(feed, entry), feed.fallback_encoding)
    except (UnreadableFileError, UnusableFileError) as error:
        raise BranchlineError(f"{file.path} cannot be shown: {error}.") from None
    masked = mask_lines_of(feed, without_secrets(lines))[:LINES_SHOWN]
    return [printable(line[:LONGEST_LINE_SHOWN]) for line in masked]


def _lines(file: InboxFile, encoding: str) -> list[str]:
    """The first lines of a file, or the first rows that are extracted from it."""
    try:
        with file.open() as stream:
            head = stream.read(LOOKED_AT)
        if head.startswith(SIGNATURE):
            return list(_rows(head))
    except UnusableFileError:
        with file.unpacked() as stream:
            head = stream.read(LOOKED_AT)
    text = "".join(block.text for block in TextReader(io.BytesIO(head), None, encoding))
    # Lines as the loader splits them: other line separators may be inside a number.
    return [line.rstrip("\n") for line in io.StringIO(text, newline=None)]


def _rows(head: bytes) -> Iterator[str]:
    """Extracted rows as lines, without the last one, which may be cut."""
    for item in from_text(head.split(b"\n")[1:-1]):
        if isinstance(item, Row):
            yield f"row {item.number}: {_in_one_line(as_line(item.cells))}"
        elif isinstance(item, Flaw):
            yield f"row {item.number}: {_in_one_line(item.text)} ({item.reason})"


def _in_one_line(text: str) -> str:
    return " ".join(text.splitlines())
