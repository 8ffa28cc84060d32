"""The load: from files and tables to the raw layer, each whole or not at all.

A file's rows, its rejects, its row in the ledger and the superseding of the version before it are
committed together. That, and the sha256 in the ledger, is what makes a load that is killed at any
moment safe to run again.
"""

from __future__ import annotations

import gc
import hashlib
import io
import re
import time
import traceback
from collections import deque
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from pathlib import Path
from typing import IO

import psycopg2

from ingest.cards import CardTokens, mask_text
from ingest.contract.feeds import Feed, FeedContract
from ingest.contract.file_errors import UnreadableFileError, UnusableFileError
from ingest.contract.file_names import FileIdentity, FileNameError
from ingest.formats.csv_dialect import Dialect
from ingest.formats.reading import FileReader
from ingest.origins.addresses import SourceDatabases
from ingest.origins.inbox import InboxFile, Listing, list_inbox
from ingest.raw.ledger import Ledger, NewEntry, Place, reserve_file_ids, update_reason, written
from ingest.raw.rows import CopyData, RowRenderer
from ingest.raw.session import LOST, Session, connect, locked, transaction
from ingest.raw.tables import RawSchema, new_load_id
from ingest.raw.writer import Writer
from ingest.report import FileOutcome, FileStatus, LoadEvent, LoadReport, Progress

HELD_BYTES = 8 << 20
"""Files up to this size are read once and written with others; larger ones as a stream, alone."""
CHUNK = 1 << 20
MOST_EXTRA_COLUMNS = 500
"""Columns of a raw table that no feed declares; a table of PostgreSQL has room for 1,600 in all."""
MANY_ROWS = 10
"""A version with this many rows or more does not shrink to less than half by itself."""
NO_ROWS = "the table has no rows; what was loaded from it before still counts"


def load(
    *,
    database_url: str,
    inbox: str | None,
    feeds: FeedContract,
    token_keys: Sequence[bytes],
    state_dir: Path,
    only: Sequence[str] = (),
    dry_run: bool = False,
    lock_timeout: float = 60,
    retry_quarantined: bool | Collection[int] = False,
    settle_seconds: float = 0,
    patience: float = 60,
    databases: bool = True,
    progress: Progress | None = None,
) -> LoadReport:
    """Load every new file of the inbox into schema raw and tell what became of each.

    And every table that a feed names in a database whose address is set, unless `databases` is
    False. `inbox`: folder or URL, or None where there are tables only; `token_keys`: secrets of the
    card tokens, oldest first, each of at least 32 bytes; `state_dir`: folder for dlt's working
    files; `only`: names of feeds, all when empty;
    `dry_run`: read and judge everything, write nothing; `retry_quarantined`: look again at
    files that were quarantined before, for example after an alias was added to the feed: True for
    all of them beside the new files, or the ledger ids of those to look at, and at nothing else;
    `settle_seconds`: how long to watch files that have only just been changed; `patience`: for how
    many seconds to try to reach a database again that goes away in mid-load.

    Raises BranchlineError when the work as a whole cannot be done: no such inbox, a database that
    refuses, another load that does not finish. One bad file never raises.
    """
    chosen = feeds.chosen(list(only))
    cards = CardTokens(*token_keys)
    listing = list_inbox(inbox, feeds, chosen)
    sources = SourceDatabases()
    run = _Load(chosen, cards, new_load_id(), dry_run, retry_quarantined, progress)
    run.report.inbox = inbox or ""
    run.report.unclaimed = listing.unclaimed
    if databases and sources.any_of(chosen):
        run.sources = sources
    elif not listing.total:
        run.report.messages.append(_nothing_found(inbox, chosen))
    if dry_run:
        with closing(sources), connect(database_url) as connection:
            run.rehearse(Ledger.read(connection, run.feed_names), listing, settle_seconds)
        return run.report
    with closing(sources), locked(database_url, lock_timeout, run.tell_waiting) as session:
        raw = RawSchema(database_url, feeds, state_dir)
        raw.prepare(session.connection)
        with _no_garbage_collection():
            run.perform(session, raw, listing, settle_seconds, patience)
        if run.wrote:
            raw.complete(run.report.load_id)
    return run.report


def prepare_raw(
    database_url: str, feeds: FeedContract, state_dir: Path, lock_timeout: float = 60
) -> None:
    """Create schema raw with its ledger, rejects and one empty table per feed, where missing.

    Raises BranchlineError when the database refuses.
    """
    with locked(database_url, lock_timeout, _quiet) as session:
        RawSchema(database_url, feeds, state_dir).prepare(session.connection)


def _quiet(_: str) -> None:
    return


@contextmanager
def _no_garbage_collection() -> Iterator[None]:
    """Millions of cells come and go without cycles; looking for some took a third of the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


@dataclass(frozen=True)
class _Candidate:
    """A file of which it is not certain, from its name and fingerprint, that it is known."""

    feed: Feed
    file: InboxFile
    identity: FileIdentity
    path: str
    """The path as it may be written down: cards masked."""
    misnamed: str | None

    def order(self) -> tuple[object, ...]:
        """Older versions first: by the name's time, then the file's, then the path."""
        identity = self.identity
        day = identity.business_date.isoformat() if identity.business_date else ""
        time_in_name = _natural(identity.time)
        return (day, identity.logical_file, time_in_name, self.file.modified_at, self.path)


@dataclass(frozen=True)
class _Content:
    """The bytes of a file. `held`: all of them, where they are few enough to be held."""

    sha256: str
    size: int
    held: bytes | None = None
    unusable: str | None = None


@dataclass
class _Job:
    """A file on its way into the database, and what is told of it once it is there."""

    candidate: _Candidate
    outcome: FileOutcome


class _StillChangingError(Exception):
    """The file is not what it was a moment ago."""


class _Load:
    """One load of one inbox into one database, or the rehearsal of one."""

    def __init__(
        self,
        feeds: Sequence[Feed],
        cards: CardTokens,
        load_id: str,
        dry_run: bool,
        retry: bool | Collection[int],
        progress: Progress | None,
    ) -> None:
        self.report = LoadReport(inbox="", dry_run=dry_run, load_id=load_id)
        self.wrote = False
        self.sources: SourceDatabases | None = None
        self.feed_names = [feed.name for feed in feeds]
        self._feeds = feeds
        self._cards = cards
        self._retry = retry
        self._progress = progress
        self._ledger = Ledger()
        self._session: Session | None = None
        self._raw: RawSchema | None = None
        self._writer: Writer[_Job] | None = None
        self._extra_columns: dict[str, set[str]] = {}
        self._file_ids: Iterator[int] = iter(())
        self._total = 0
        self._done = 0

    def tell_waiting(self, message: str) -> None:
        """Tell that something is being waited for."""
        self._tell(LoadEvent("waiting", message))

    def rehearse(self, ledger: Ledger, listing: Listing, settle_seconds: float) -> None:
        """Read and judge all files of the listing, and write nothing."""
        self._ledger = ledger
        for candidate in self._begin(listing, settle_seconds):
            self._take_or_tell(candidate)

    def perform(
        self,
        session: Session,
        raw: RawSchema,
        listing: Listing,
        settle_seconds: float,
        patience: float,
    ) -> None:
        """Judge and load all files of the listing."""
        self._session, self._raw = session, raw
        self._ledger = Ledger.read(session.connection, self.feed_names)
        self._extra_columns = raw.extra_columns(session.connection)
        self._writer = Writer(session.connection, self._settle)
        try:
            self._work(deque(self._begin(listing, settle_seconds)), patience)
        finally:
            self._writer.close()

    def _tell(self, event: LoadEvent) -> None:
        if self._progress is not None:
            self._progress(event)

    def _record(self, outcome: FileOutcome) -> None:
        self._done += 1
        self.report.files.append(outcome)
        message = f"{outcome.path}: {outcome.status}"
        self._tell(LoadEvent("file", message, self._done, self._total, outcome))

    # Which files are looked at

    def _begin(self, listing: Listing, settle_seconds: float) -> list[_Candidate]:
        unreadable: list[FileOutcome] = []
        tables = {feed.name: self._tables(feed, unreadable) for feed in self._feeds}
        total = listing.total + sum(map(len, tables.values()))
        self._tell(LoadEvent("listed", f"{total:,} files and tables", total=total))
        for outcome in unreadable:
            self._record(outcome)
        for feed_name, folder in listing.closed:
            self._record(
                _failure(
                    feed_name, folder, "this user may not read the folder; change its permissions"
                )
            )
        for feed_name, path in listing.unfinished:
            self._record(
                FileOutcome(
                    self._cards.mask_path(path), feed_name, None, None, "postponed",
                    reason="its name says that it is still being written; a later load takes it",
                )
            )  # fmt: skip
        candidates = [
            candidate
            for feed in self._feeds
            for candidate in (
                *sorted(self._unknown(feed, listing.claimed[feed.name]), key=_Candidate.order),
                # After the files, and portions in their order.
                *self._unknown(feed, tables[feed.name]),
            )
        ]
        if any(not candidate.file.settled for candidate in candidates):
            time.sleep(settle_seconds)
        self._total = self._done + len(candidates)
        return candidates

    def _tables(self, feed: Feed, unreadable: list[FileOutcome]) -> list[InboxFile]:
        """What a feed's table is read as, if it has one; `unreadable` takes why it cannot be."""
        database = None if self.sources is None else self.sources.of(feed)
        if database is None or feed.database is None:
            return []
        try:
            files = database.files(feed, self._ledger)
        except UnreadableFileError as error:
            path = self._cards.mask_path(f"{feed.database.path}.csv")
            unreadable.append(_failure(feed.name, path, str(error)))
            return []
        if isinstance(self._retry, bool):
            return files
        mask, has_any_of = self._cards.mask_path, self._ledger.has_any_of
        return [file for file in files if has_any_of(feed.name, mask(file.path), self._retry)]

    def _unknown(self, feed: Feed, files: Iterable[InboxFile]) -> Iterator[_Candidate]:
        """Those files of a feed that the ledger does not know by their fingerprints."""
        ledger, everything, name = self._ledger, isinstance(self._retry, bool), feed.name
        for file in files:
            path = self._cards.mask_path(file.path)
            sha256 = ledger.content_at(name, path, file.fingerprint) if file.settled else None
            if sha256 is not None and not self._is_to_be_read(name, path, sha256):
                self.report.unchanged += 1
            elif everything or sha256 is None or self._is_to_be_read(name, path, sha256):
                yield self._candidate(feed, file, path)

    def _is_to_be_read(self, feed: str, path: str, sha256: str) -> bool:
        """Whether this content under this path is new, or is to be judged again."""
        status = self._ledger.status_of(feed, path, sha256)
        if isinstance(self._retry, bool):
            return status is None or (self._retry and status == "quarantined")
        return self._ledger.quarantined_as(feed, path, sha256) in self._retry

    def _came_back(self, feed: Feed, file: InboxFile, path: str, sha256: str) -> bool:
        """Whether a table or snapshot holds again what it held before, but not when last read."""
        if file.table_part is None and not feed.snapshot:
            return False
        last = self._ledger.last_content(feed.name, path)
        if last is None:
            return self._ledger.status_of(feed.name, path, sha256) == "superseded"
        return last != sha256 and self._ledger.status_of(feed.name, path, sha256) is not None

    def _candidate(self, feed: Feed, file: InboxFile, path: str) -> _Candidate:
        mask = self._cards.mask_path
        if file.table_part is not None:
            identity = FileIdentity(logical_file=mask(file.table_part.logical_file))
            return _Candidate(feed, file, identity, path, None)
        try:
            identity = feed.identify(file.name)
        except FileNameError as error:
            unknown = FileIdentity(logical_file=path)
            return _Candidate(feed, file, unknown, path, mask_text(str(error)))
        identity = replace(
            identity,
            logical_file=mask(identity.logical_file),
            branch=None if identity.branch is None else mask(identity.branch),
        )
        return _Candidate(feed, file, identity, path, None)

    # The work, and what can go wrong around it

    def _work(self, waiting: deque[_Candidate], patience: float) -> None:
        """Take all candidates; where the database fails, take what is not written once more."""
        session, writer = self._session, self._writer
        assert session is not None
        assert writer is not None
        taking: _Candidate | None = None
        one_by_one = 0
        while True:
            try:
                while waiting:
                    taking = waiting.popleft()
                    self._take_or_tell(taking)
                    taking = None
                    if one_by_one:
                        one_by_one -= 1
                        writer.flush()
                writer.flush()
                return
            except (psycopg2.DataError, ValueError, *LOST) as error:
                lost_jobs = writer.give_up()
                lost = session.connection.closed != 0
                if not lost and isinstance(error, LOST):
                    raise
                if lost:
                    self.tell_waiting(
                        "The database has gone away; trying to reach it again for"
                        f" {patience:g} seconds."
                    )
                    session.reopen(patience)
                    writer.use(session.connection)
                self._ledger = Ledger.read(session.connection, self.feed_names)
                self._file_ids = iter(())
                arrived = written(session.connection, [entry.file_id for _, entry in lost_jobs])
                again = []
                for job, entry in lost_jobs:
                    if entry.file_id in arrived:
                        self._settle(job)
                    else:
                        again.append(job.candidate)
                if taking is not None:
                    again.append(taking)
                    taking = None
                if len(again) == 1 and not lost:
                    self._record(_refused_by_database(again.pop(), error))
                waiting.extendleft(reversed(again))
                # One of these is what the database does not take: alone it harms no other.
                one_by_one = 0 if lost else len(again)

    def _settle(self, job: _Job) -> None:
        self.wrote = True
        self._record(job.outcome)

    def _take_or_tell(self, candidate: _Candidate) -> None:
        """Take one file; whatever is wrong with it is told, and stops no other."""
        try:
            self._take(candidate)
        except _StillChangingError:
            self._abandon(
                candidate, "postponed", "the file is still being written; the next load takes it"
            )
        except UnreadableFileError as error:
            self._abandon(candidate, "failed", str(error))
        except (psycopg2.Error, MemoryError):
            raise
        except Exception as error:
            where = traceback.extract_tb(error.__traceback__)[-1]
            self._abandon(
                candidate,
                "failed",
                "Branchline itself failed on this file"
                f" ({type(error).__name__} in {Path(where.filename).name}, line {where.lineno});"
                " please report it; the other files are not affected",
            )

    def _abandon(self, candidate: _Candidate, status: FileStatus, reason: str) -> None:
        self._undo()
        self._record(_outcome(candidate, status, reason))

    def _undo(self) -> None:
        if self._writer is not None:
            self._writer.undo_alone()

    # One file

    def _take(self, candidate: _Candidate) -> None:
        feed, file, path = candidate.feed, candidate.file, candidate.path
        content = _read_content(file)
        if file.has_changed():
            raise _StillChangingError
        place = Place(feed.name, path, file.fingerprint, content.sha256)
        came_back = self._came_back(feed, file, path, content.sha256)
        if not came_back and not self._is_to_be_read(feed.name, path, content.sha256):
            self.report.unchanged += 1
            self._total -= 1
            if file.table_part is None:
                self._warn_of_going_back(candidate, content.sha256)
            if self._writer is not None and file.settled:
                self._writer.note(place)
            return
        blank = self._blank_entry(candidate, content)
        duplicate = None
        if file.table_part is None and not came_back:
            duplicate = self._duplicate_of(candidate, content.sha256)
        refused = candidate.misnamed or content.unusable
        if duplicate is not None:
            self._write(candidate, replace(blank, status="duplicate", reason=duplicate), place)
        elif refused is not None:
            self._write(candidate, replace(blank, reason=refused), place)
        elif content.held is not None:
            self._load_content(candidate, blank, place, io.BytesIO(content.held))
        else:
            with file.open() as stream:
                self._load_content(candidate, blank, place, stream)

    def _warn_of_going_back(self, candidate: _Candidate, sha256: str) -> None:
        """Tell of a file that was put back to what it held before: newer content still counts."""
        feed, path = candidate.feed.name, candidate.path
        version = self._ledger.version(feed, candidate.identity.logical_file, sha256)
        current = self._ledger.current(feed, candidate.identity.logical_file)
        if version is None or current is None or version.status != "superseded":
            return
        if current.path == path:
            self.report.messages.append(
                f"{path} holds an older version again; the newer one that it held in between still"
                " counts. To go back, send the old one with a change, such as one more line end."
            )

    def _duplicate_of(self, candidate: _Candidate, sha256: str) -> str | None:
        feed, logical_file = candidate.feed.name, candidate.identity.logical_file
        version = self._ledger.version(feed, logical_file, sha256)
        if version is None:
            return None
        if version.status == "loaded":
            return f"the same content as {version.path}, which is loaded"
        current = self._ledger.current(feed, logical_file)
        newer = f" by {current.path}" if current is not None else ""
        return (
            f"the same content as {version.path}, an older version that was replaced{newer};"
            " to go back to it, send it with a change, such as one more line end"
        )

    def _load_content(
        self, candidate: _Candidate, blank: NewEntry, place: Place, stream: IO[bytes]
    ) -> None:
        """Read a file to its end, judge it, and hand it to the writer."""
        feed, writer = candidate.feed, self._writer
        reader = FileReader(feed, stream)
        refused = reader.refused or self._too_many_columns(feed, reader.dialect)
        if refused is not None:
            reader.finish()
            self._write(candidate, replace(blank, reason=refused), place)
            return
        renderer = RowRenderer(
            feed, reader.dialect, self._cards, blank.file_id, self.report.load_id
        )
        held = CopyData()
        alone = False
        new_columns: list[str] = []
        for batch in reader:
            renderer.render(batch, held)
            if held.size > HELD_BYTES:
                if writer is not None:
                    if not alone:
                        new_columns = self._add_columns(feed, reader.dialect)
                        writer.begin_alone()
                        alone = True
                    writer.stream(held)
                held = CopyData()
        sha256, size = reader.finish()
        if sha256 != blank.sha256:
            raise _StillChangingError
        blank = replace(blank, size=size)
        too_bad = reader.too_bad()
        if too_bad is not None and candidate.file.table_part is not None and not reader.has_lines:
            too_bad = NO_ROWS
        if too_bad is not None:
            self._undo()
            self._write(candidate, replace(blank, reason=too_bad), place)
            return
        if not alone:
            new_columns = self._add_columns(feed, reader.dialect)
        remarks = reader.remarks()
        twin = self._ledger.twin(feed.name, blank.logical_file, blank.sha256)
        if twin is not None and reader.tally.rows:
            remarks.append(
                f"the same content as {twin.path}, which stands for another file by its name: both"
                " count; if it is a copy, or was moved: branchline withdraw PATH"
            )
        before = self._ledger.current(feed.name, blank.logical_file)
        if before is not None and before.rows >= MANY_ROWS and reader.tally.rows < before.rows / 2:
            remarks.append(
                f"less than half of the version that it takes the place of: {reader.tally.rows:,}"
                f" of {before.rows:,} rows"
            )
        if new_columns:
            remarks.append(
                f"columns that feed {feed.name} does not declare are kept in raw.{feed.table} from"
                f" now on: {', '.join(new_columns)}"
            )
        entry = replace(
            blank,
            status="loaded",
            reason="; ".join(remarks) or None,
            row_count=reader.tally.rows,
            rejected_count=reader.tally.rejects,
        )
        self._write(candidate, entry, place, held, alone=alone)

    def _too_many_columns(self, feed: Feed, dialect: Dialect) -> str | None:
        """Why a file's header is refused that has more columns than a raw table can take on."""
        known = self._extra_columns.get(feed.name, set())
        count = len(known | {extra.name for extra in dialect.extras})
        if count <= MOST_EXTRA_COLUMNS or count == len(known):
            return None
        return (
            f"with it, raw.{feed.table} would have {count:,} columns that feed {feed.name} does not"
            f" declare; {MOST_EXTRA_COLUMNS:,} are kept at most: check that the right file was sent"
        )

    def _add_columns(self, feed: Feed, dialect: Dialect) -> list[str]:
        """Give the raw table the columns that a header names and it lacks; tell which."""
        known = self._extra_columns.setdefault(feed.name, set())
        missing = [extra.name for extra in dialect.extras if extra.name not in known]
        if missing and self._writer is not None and self._raw is not None:
            # The writer's transaction holds the table.
            self._writer.flush()
            self._raw.add_columns(feed, missing)
        known.update(missing)
        return missing

    def _write(
        self,
        candidate: _Candidate,
        entry: NewEntry,
        place: Place,
        copies: CopyData | None = None,
        *,
        alone: bool = False,
    ) -> None:
        """Hand a judged file to the writer (in a rehearsal: to nobody)."""
        before = self._ledger.current(entry.feed, entry.logical_file)
        outcome = _outcome(candidate, entry.status, entry.reason)
        if entry.status == "loaded":
            outcome = replace(
                outcome,
                rows=entry.row_count,
                rejected=entry.rejected_count,
                supersedes=before.path if before is not None else None,
            )
        known_as = self._ledger.quarantined_as(entry.feed, entry.path, entry.sha256)
        job = _Job(candidate, outcome)
        if self._writer is None:
            self._ledger.add(entry)
            self._settle(job)
        elif (
            entry.status == "quarantined"
            and known_as is not None
            and not self._came_back(candidate.feed, candidate.file, entry.path, entry.sha256)
        ):
            # Judged again and still not usable: it keeps its id.
            self._writer.flush()
            assert self._session is not None
            connection = self._session.connection
            with transaction(connection), connection.cursor() as cursor:
                update_reason(cursor, entry)
            self._settle(job)
        else:
            # A change within the clock's grain would not show in the fingerprint of a file that
            # was written just now: its content is looked at once more.
            kept = place if candidate.file.settled else replace(place, fingerprint="")
            self._ledger.add(entry)
            if alone:
                self._writer.finish_alone(job, entry, kept, copies or CopyData())
            else:
                self._writer.add(job, entry, kept, copies)

    def _blank_entry(self, candidate: _Candidate, content: _Content) -> NewEntry:
        identity, part = candidate.identity, candidate.file.table_part
        return NewEntry(
            file_id=self._next_file_id(),
            feed=candidate.feed.name,
            path=candidate.path,
            logical_file=identity.logical_file,
            branch=identity.branch,
            business_date=identity.business_date,
            sha256=content.sha256,
            size=content.size,
            status="quarantined",
            reason=None,
            modified_at=candidate.file.modified_at,
            seen_at=datetime.now(timezone.utc),
            load_id=self.report.load_id,
            cursor_after=part.after if part is not None else None,
            cursor_upto=part.upto if part is not None else None,
        )

    def _next_file_id(self) -> int:
        if self._session is None or self._writer is None:
            return 0
        file_id = next(self._file_ids, None)
        if file_id is None:
            # The connection is the writer's while it has something to write.
            self._writer.flush()
            count = max(self._total - self._done, 1)
            self._file_ids = reserve_file_ids(self._session.connection, count)
            file_id = next(self._file_ids)
        return file_id


def _natural(text: str) -> tuple[tuple[int, str], ...]:
    """For an order in which 9 comes before 10."""
    parts = re.split(r"([0-9]+)", text)
    return tuple((int(part), "") if part.isdecimal() else (-1, part) for part in parts)


def _read_content(file: InboxFile) -> _Content:
    """Hash a file's content, and hold it where it is small."""
    hasher = hashlib.sha256()
    kept: list[bytes] | None = []
    size = 0
    try:
        with file.open() as stream:
            while chunk := stream.read(CHUNK):
                hasher.update(chunk)
                size += len(chunk)
                if size > HELD_BYTES:
                    kept = None
                if kept is not None:
                    kept.append(chunk)
    except UnusableFileError as error:
        return _Content(file.stored_hash(), file.size, unusable=str(error))
    return _Content(hasher.hexdigest(), size, b"".join(kept) if kept is not None else None)


def _outcome(candidate: _Candidate, status: FileStatus, reason: str | None) -> FileOutcome:
    return FileOutcome(
        path=candidate.path,
        feed=candidate.feed.name,
        branch=candidate.identity.branch,
        business_date=candidate.identity.business_date,
        status=status,
        reason=reason,
    )


def _failure(feed: str, path: str, reason: str) -> FileOutcome:
    return FileOutcome(path, feed, None, None, "failed", reason=reason)


def _refused_by_database(candidate: _Candidate, error: Exception) -> FileOutcome:
    told = error.diag.message_primary if isinstance(error, psycopg2.Error) else str(error)
    text = told or type(error).__name__
    return _outcome(candidate, "failed", f"the database does not take its rows: {mask_text(text)}")


def _nothing_found(inbox: str | None, feeds: Sequence[Feed]) -> str:
    places = ", ".join(f"{feed.files} (feed {feed.name})" for feed in feeds if feed.files)
    if inbox is None or not places:
        return "There is nothing to load from: no inbox, and no database that is set."
    return f"No file to load in {inbox}. Looked for: {places}."
