"""The load: from files and tables to the raw layer, each atomically.

A file's rows, its rejects, its row in the ledger and the superseding of the previous version are
committed together. That, and the sha256 in the ledger, makes a load idempotent: killed at any
moment, it is safe to run again.

choosing.py selects the files, converting.py converts their bytes (in worker processes: parallel/),
judging.py decides what happens to each file, and raw/ writes.
"""

from __future__ import annotations

import gc
import io
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg2

from base.words import listed, plural
from ingest.cards import CardTokens, mask_text
from ingest.choosing import Candidate, Retry, Selection
from ingest.comparing import Compared
from ingest.contract.feeds import Feed, FeedContract
from ingest.contract.file_errors import InternalError, UnreadableFileError
from ingest.converting import Conversion, Converted, Facts, Task
from ingest.judging import (
    Verdict,
    going_back,
    judge_content,
    judge_header,
    judge_rows,
    replaced_rows,
)
from ingest.masks import mask_text_of
from ingest.origins.addresses import Connections, unlisted_branches, unset_variables
from ingest.origins.inbox import Listing, list_inbox
from ingest.origins.inbox_address import shown_address
from ingest.origins.opening import LINKS_VARIABLE
from ingest.parallel import prefetching
from ingest.parallel.pool import WorkerDiedError
from ingest.parallel.prefetching import Content, Prefetcher
from ingest.persons import Tombstones
from ingest.raw.ledger import (
    Glance,
    Ledger,
    NewEntry,
    Place,
    glance_at,
    is_empty,
    refresh_statistics,
)
from ingest.raw.loaded_rows import LoadedRows
from ingest.raw.migrations import upgrade
from ingest.raw.rows import CopyData
from ingest.raw.session import (
    LOST,
    Session,
    connect,
    locked,
    open_connection,
    plain_database_errors,
)
from ingest.raw.tables import RawSchema, new_load_id
from ingest.raw.target import DatabaseTarget, Target
from ingest.raw.watermarks import Changes, FullComparison
from ingest.report import (
    FileOutcome,
    FileStatus,
    LoadEvent,
    LoadReport,
    Progress,
    reading_of,
)

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

MOST_TOMBSTONES_SENT = 5000
"""With more of them in a feed, its files are not sent to workers, each with the whole list."""

_ERASED = (
    "its content was erased from the warehouse (branchline withdraw --erase) and is not loaded"
    " again; send a file without what had to be erased"
)


@dataclass(frozen=True)
class LoadOptions:
    """The options of one load."""

    database_url: str = field(repr=False)
    inbox: str | None
    """Folder or URL; None where there are only databases and APIs."""
    feeds: FeedContract
    token_keys: Sequence[bytes] = field(repr=False)
    """Secrets of the card tokens, oldest first, each of at least 32 bytes."""
    state_dir: Path
    """Folder for dlt's working files."""
    only: Sequence[str] = ()
    """Names of feeds; empty for all."""
    dry_run: bool = False
    """Read and judge everything, write nothing."""
    lock_timeout: float = 60
    """Seconds to wait for another load to end."""
    retry_quarantined: Retry = False
    """Retry quarantined files, for example after an alias was added to the feed: True for all of
    them besides the new files, or the ledger ids of the only files to read."""
    settle_seconds: float = 0
    """How long to watch recently changed files."""
    patience: float = 60
    """Retry timeout in seconds, for a database that is lost in mid-load."""
    connections: bool = True
    """Read the databases and APIs that feeds name and whose address is set."""
    compare_all: bool = False
    """Compare all rows of watermarked tables, whenever that was done last."""
    permitted: Callable[[], None] = lambda: None
    """Called under the loader's lock before reading or writing; an exception ends the load."""


@contextmanager
def _no_garbage_collection() -> Iterator[None]:
    """Millions of cells are created without cycles; the collector took a third of the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


@_no_garbage_collection()
def load(options: LoadOptions, progress: Progress | None = None) -> LoadReport:
    """Load every new file and new table rows into schema raw; report the outcome of each.

    Raises BranchlineError when the whole load fails: no such inbox, a database error, another load
    that does not finish. One bad file never raises.
    """
    feeds = options.feeds.chosen(list(options.only))
    cards = CardTokens(*options.token_keys)
    if progress is not None:
        progress(LoadEvent("listing", "listing the inbox"))
    with ThreadPoolExecutor(1, "branchline-ledger") as threads:
        glance = threads.submit(glance_at, options.database_url, [feed.name for feed in feeds])
        listing = list_inbox(options.inbox, options.feeds, feeds)
    with plain_database_errors(options.database_url):
        run = _Load(options, feeds, cards, progress, glance.result())
    run.report.unclaimed = listing.unclaimed
    run.report.switched_off = listing.switched_off
    run.report.misnamed = listing.misnamed
    if listing.outside:
        run.report.messages.append(_links_out(listing.outside))
    if options.dry_run:
        with closing(run), connect(options.database_url) as connection:
            run.rehearse(connection, listing)
        return run.report
    with (
        closing(run),
        locked(options.database_url, options.lock_timeout, run.tell_waiting) as session,
    ):
        options.permitted()
        upgraded, messages = upgrade(session.connection, options.feeds)
        run.report.messages += messages
        if is_empty(session.connection):
            # Nothing is known yet, so all files are new.
            run.start_workers(listing)
        raw = RawSchema(options.database_url, options.feeds, options.state_dir)
        run.perform(session, raw, listing, upgraded=upgraded)
        if run.wrote:
            raw.complete(run.report.load_id)
            refresh_statistics(session.connection, len(run.report.files))
    return run.report


def prepare_raw(
    database_url: str, feeds: FeedContract, state_dir: Path, lock_timeout: float = 60
) -> None:
    """Create schema raw with its ledger, rejects and one empty table per feed, where missing.

    Raises BranchlineError on a database error.
    """
    with locked(database_url, lock_timeout, _quiet) as session:
        upgraded, _ = upgrade(session.connection, feeds)
        raw = RawSchema(database_url, feeds, state_dir)
        raw.prepare(session.connection, upgraded=upgraded)


def _quiet(_: str) -> None:
    return


@dataclass
class _Job:
    """A file that is being written, and its outcome for the report once it is committed."""

    candidate: Candidate
    outcome: FileOutcome


@dataclass(frozen=True)
class _Arrival:
    """A file with new content, and its ledger row as far as known."""

    candidate: Candidate
    place: Place
    blank: NewEntry
    came_back: bool


class _StillChangingError(Exception):
    """The file changed while it was being read."""


class _Load:
    """One load of one inbox into one database, or a dry run."""

    def __init__(
        self,
        options: LoadOptions,
        feeds: Sequence[Feed],
        cards: CardTokens,
        progress: Progress | None,
        glance: Glance,
    ) -> None:
        self.report = LoadReport(options.inbox or "", options.dry_run, new_load_id())
        self.wrote = False
        self.feed_names = [feed.name for feed in feeds]
        self._options = options
        self._feeds = feeds
        self._cards = cards
        self._progress = progress
        self._glance = glance
        self._target = Target[_Job](self._settle)
        self._ahead = Prefetcher(self._task_for)
        self._connections = Connections(self._tell_of_connection, compare_all=options.compare_all)
        self._lookups: Connection | None = None
        """A connection that reads what was loaded, while files are being written."""
        self._tombstones = Tombstones()
        self._know(Ledger())
        self._total = 0
        self._done = 0

    def tell_waiting(self, message: str) -> None:
        """Report that the load is waiting."""
        self._tell(LoadEvent("waiting", message))

    def rehearse(self, connection: Connection, listing: Listing) -> None:
        """Dry run: read and judge all files of the listing, and write nothing."""
        self._target = Target[_Job](self._settle, connection)
        self._tombstones = Tombstones.read(connection)
        self._know(Ledger.read(connection, self.feed_names, self._glance))
        waiting = deque(self._begin(listing))
        while waiting:
            candidate = waiting.popleft()
            self._ahead.read_ahead(waiting)
            self._take_or_report(candidate)

    def start_workers(self, listing: Listing) -> None:
        """Start workers for a listing of new files, if there is enough to do."""
        self._ahead.start(file.size for files in listing.claimed.values() for file in files)

    def perform(
        self, session: Session, raw: RawSchema, listing: Listing, *, upgraded: bool
    ) -> None:
        """Judge and load all files of the listing; `upgraded` as in RawSchema.prepare."""
        with closing(DatabaseTarget[_Job](session, raw, self._settle)) as target:
            self._target = target
            self._tombstones = Tombstones.read(session.connection)
            self._know(target.read_ledger(self.feed_names, self._glance))
            waiting = deque(self._begin(listing))
            # Workers convert the first files while the feeds' tables are created.
            self._ahead.read_ahead(waiting)
            self.report.messages += raw.prepare(session.connection, upgraded=upgraded)
            self._work(target, waiting)

    def close(self) -> None:
        """End the workers, and discard what was buffered of connections."""
        self._ahead.close()
        self._connections.close()
        self._end_lookups()

    def _end_lookups(self) -> None:
        if self._lookups is not None:
            self._lookups.close()
            self._lookups = None

    def _know(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._selection = Selection(ledger, self._cards, self._options.retry_quarantined)

    def _begin(self, listing: Listing) -> list[Candidate]:
        connections = None
        if self._options.connections and self._connections.any_of(self._feeds):
            connections = self._connections
            if isinstance(self._options.retry_quarantined, bool):
                self.report.connected = [
                    reading_of(feed.name, origin.branch)
                    for feed in self._feeds
                    for origin in connections.of(feed)
                ]
        elif not listing.total:
            self.report.messages.append(_nothing_found(self._options.inbox, self._feeds))
        if self._options.connections:
            self.report.messages += unlisted_branches(self._feeds)
        choice = self._selection.choose(self._feeds, listing, connections)
        total = choice.total
        self.report.messages += choice.messages
        self._tell(LoadEvent("listed", f"{total:,} files, tables and APIs", total=total))
        for outcome in choice.outcomes:
            self._record(outcome)
        self.report.unchanged += choice.known
        self.report.still_quarantined += choice.quarantined
        if any(not candidate.file.settled for candidate in choice.candidates):
            time.sleep(self._options.settle_seconds)
        self._total = self._done + len(choice.candidates)
        self._ahead.start(candidate.file.size for candidate in choice.candidates)
        return choice.candidates

    # Events and the report

    def _tell(self, event: LoadEvent) -> None:
        if self._progress is not None:
            self._progress(event)

    def _tell_of_connection(self, message: str, is_waiting: bool) -> None:
        if is_waiting:
            self.tell_waiting(message)
        else:
            self._tell(LoadEvent("reading", message, self._done, self._total))

    def _record(self, outcome: FileOutcome) -> None:
        self._done += 1
        self.report.files.append(outcome)
        message = f"{outcome.path}: {outcome.status}"
        self._tell(LoadEvent("file", message, self._done, self._total, outcome))

    def _settle(self, job: _Job) -> None:
        self.wrote = True
        self._record(job.outcome)

    # The work, and its errors

    def _work(self, target: DatabaseTarget[_Job], waiting: deque[Candidate]) -> None:
        """Load all candidates; after a database error, retry those that are not written."""
        patience = self._options.patience
        taking: Candidate | None = None
        one_by_one = 0
        while True:
            try:
                while waiting:
                    taking = waiting.popleft()
                    self._ahead.read_ahead(waiting)
                    self._take_or_report(taking)
                    taking = None
                    if one_by_one:
                        one_by_one -= 1
                        target.flush()
                target.flush()
                return
            except (psycopg2.DataError, ValueError, *LOST) as error:
                # Reading the ledger again discards the reserved ids.
                self._ahead.forget()
                self._end_lookups()
                lost_jobs = target.give_up()
                lost = target.is_lost
                if not lost and isinstance(error, LOST):
                    raise
                if lost:
                    self.tell_waiting(
                        "The connection to the database was lost; reconnecting for up to"
                        f" {patience:g} seconds."
                    )
                    target.reconnect(patience)
                self._know(target.read_ledger(self.feed_names, self._glance))
                self._ledger.read_all_of(self.feed_names)
                arrived = target.written([entry.file_id for _, entry in lost_jobs])
                again = []
                for job, entry in lost_jobs:
                    if job.candidate is taking:
                        # It was passed on, and failed while something was noted of it.
                        taking = None
                    if entry.file_id in arrived:
                        self._settle(job)
                    else:
                        again.append(job.candidate)
                if taking is not None:
                    again.append(taking)
                    taking = None
                if len(again) == 1 and not lost:
                    self._record(_rejected_by_database(again.pop(), error))
                waiting.extendleft(reversed(again))
                # The database rejects one of these; written one by one, it fails alone.
                one_by_one = 0 if lost else len(again)

    def _take_or_report(self, candidate: Candidate) -> None:
        """Load one file; an error is reported and does not affect other files."""
        self._tell(LoadEvent("reading", candidate.path, self._done, self._total))
        try:
            self._take(candidate)
        except _StillChangingError:
            self._abandon(
                candidate, "postponed", "the file is still being written; the next load reads it"
            )
        except UnreadableFileError as error:
            self._abandon(candidate, "failed", str(error))
        except WorkerDiedError as error:
            self._abandon(
                candidate,
                "failed",
                f"the worker that read it {error}, twice; memory may be short; the other files"
                " are not affected, and the next load tries it again",
            )
        except (psycopg2.Error, MemoryError):
            raise
        except Exception as error:
            fault = error if isinstance(error, InternalError) else InternalError.caused_by(error)
            self._abandon(
                candidate,
                "failed",
                f"Branchline itself failed on this file ({fault.kind} in {fault.place});"
                " please report it; the other files are not affected",
            )

    def _abandon(self, candidate: Candidate, status: FileStatus, reason: str) -> None:
        self._target.undo_alone()
        self._record(_outcome(candidate, status, reason))

    # One file

    def _take(self, candidate: Candidate) -> None:
        """Read a file's content, and load or quarantine it if it is new."""
        feed, file, path = candidate.feed, candidate.file, candidate.path
        ahead = self._ahead.take(candidate)
        content = ahead.content
        sha256 = content.sha256
        if file.has_changed():
            raise _StillChangingError
        place = Place(feed.name, path, file.fingerprint, sha256)
        if not self._is_to_be_read(candidate, sha256):
            self._pass_over(candidate, place)
            return
        # What is not held is read once more, and may have changed by then.
        task = ahead.task or self._new_task(candidate, sha256 if content.held is not None else None)
        blank = _blank_entry(candidate, content, task)
        came_back = self._selection.came_back(candidate, sha256)
        arrival = _Arrival(candidate, place, blank, came_back)
        verdict = judge_content(self._ledger, candidate, sha256, content.unusable, came_back)
        if verdict is None and self._ledger.was_erased(feed.name, sha256):
            verdict = Verdict("quarantined", _ERASED)
        if verdict is not None:
            self._write(arrival, _judged(blank, verdict))
        elif ahead.task is not None:
            self._convert(arrival, ahead.converted())
        elif content.held is not None:
            self._convert(arrival, Conversion(io.BytesIO(content.held), task))
        else:
            with file.open() as stream:
                self._convert(arrival, Conversion(stream, task))

    def _is_to_be_read(self, candidate: Candidate, sha256: str) -> bool:
        selection, feed, path = self._selection, candidate.feed.name, candidate.path
        return (
            selection.came_back(candidate, sha256)
            or selection.is_to_be_read(feed, path, sha256)
            # It was quarantined because the whole table was without rows, and now it has others.
            or (
                candidate.file.may_be_empty
                and self._ledger.status_of(feed, path, sha256) == "quarantined"
            )
        )

    def _task_for(self, candidate: Candidate, sha256: str) -> Task | None:
        """The task to convert a file ahead of its turn; None where it will be skipped."""
        if not self._is_to_be_read(candidate, sha256):
            return None
        tombstones = self._tombstones.of_feed(candidate.feed)
        if tombstones is not None and len(tombstones) > MOST_TOMBSTONES_SENT:
            return None
        return self._new_task(candidate, sha256)

    def _new_task(self, candidate: Candidate, sha256: str | None) -> Task:
        feed = candidate.feed
        return Task(
            feed,
            tuple(self._options.token_keys),
            self._target.file_id(self._total - self._done),
            self.report.load_id,
            sha256,
            candidate.identity.branch,
            self._tombstones.of_feed(feed),
        )

    def _pass_over(self, candidate: Candidate, place: Place) -> None:
        """Skip known content, and record that it is at this path."""
        self.report.unchanged += 1
        status = self._ledger.status_of(place.feed, place.path, place.sha256)
        self.report.still_quarantined += status == "quarantined"
        self._total -= 1
        message = going_back(self._ledger, candidate, place.sha256)
        if message is not None:
            self.report.messages.append(message)
        if candidate.file.settled:
            self._target.note(place)

    def _convert(self, arrival: _Arrival, read: Conversion | Converted) -> None:
        """Read a file to its end, judge it, and pass it to the target."""
        candidate, blank, target = arrival.candidate, arrival.blank, self._target
        feed, changes = candidate.feed, candidate.file.changes
        conversion: Conversion | Converted | Compared = read
        if changes is not None:
            conversion = self._compared(read, feed, changes)
        known = target.extra_columns(feed)
        verdict = judge_header(candidate, conversion.refused, conversion.extras, known)
        if verdict is not None:
            conversion.skip()
            self._write(arrival, _judged(blank, verdict))
            return
        before = replaced_rows(self._ledger, candidate)
        likeness = None if before is None else target.likeness(feed, before)
        alone = False
        new_columns: list[str] = []
        for part in conversion.parts(prefetching.HELD_BYTES):
            if likeness is not None:
                likeness.add(part)
            if not alone:
                new_columns = target.add_columns(feed, conversion.extras)
                target.begin_alone()
                alone = True
            target.stream(part)
            del part  # only the writer holds it while the next one is made
        converted = conversion.finish()
        facts = converted.facts
        if facts.sha256 != blank.sha256:
            raise _StillChangingError
        note = _nothing
        if changes is not None:
            note = self._found_out(candidate, changes, conversion, facts)
            if isinstance(conversion, Compared) and conversion.has_nothing_new:
                note()
                self.report.unchanged += 1
                self._total -= 1
                return
        if not alone and facts.too_bad is None:
            new_columns = target.add_columns(feed, conversion.extras)
        shared = None
        if likeness is not None:
            likeness.add(converted.copies)
            shared = likeness.shared()
        verdict = judge_rows(self._ledger, candidate, facts, new_columns, shared)
        entry = _judged(replace(blank, size=facts.size), verdict)
        if verdict.status not in ("loaded", "superseded"):
            target.undo_alone()
            self._write(arrival, entry)
            return
        entry = replace(entry, row_count=facts.rows, rejected_count=facts.rejects)
        self._write(arrival, entry, converted.copies, alone=alone)
        note()

    # Watermarked tables

    def _compared(
        self, read: Conversion | Converted, feed: Feed, changes: Changes
    ) -> Conversion | Converted | Compared:
        """Of a reading of a watermarked table what is new or has changed."""
        if changes.is_first:
            return read
        if self._lookups is None:
            self._lookups = open_connection(self._options.database_url)
        is_erased = partial(self._tombstones.has_line, feed, self._options.token_keys)
        return Compared(read, feed, LoadedRows(self._lookups, feed, changes, is_erased))

    def _found_out(
        self,
        candidate: Candidate,
        changes: Changes,
        conversion: Conversion | Converted | Compared,
        facts: Facts,
    ) -> Callable[[], None]:
        """What to record of a watermarked table once its new rows are written.

        It is found out before, while the rows that were loaded last are those of earlier loads.
        """
        feed, bounds = candidate.feed, candidate.file.bounds
        assert bounds is not None, "a reading has a watermark"
        compared = conversion if isinstance(conversion, Compared) else None
        if not changes.is_complete:
            if compared is None or not compared.latest_are_gone():
                return _nothing

            def ask_for_comparison() -> None:
                self.report.messages.append(_went_back(changes.folder))
                self._target.compare_again(feed)

            return ask_for_comparison
        if compared is not None and compared.is_empty:
            return _nothing
        gone = [] if compared is None else compared.gone()
        done = FullComparison(
            feed=feed.name,
            folder=changes.folder,
            watermark=bounds.up_to,
            rows=facts.rows if compared is None else compared.read,
            changed=facts.rows,
            gone=gone,
            load_id=self.report.load_id,
        )

        def note_comparison() -> None:
            if gone:
                self.report.messages.append(_rows_gone(changes.folder, len(gone)))
            self._target.note_comparison(done)

        return note_comparison

    def _write(
        self,
        arrival: _Arrival,
        entry: NewEntry,
        copies: CopyData | None = None,
        *,
        alone: bool = False,
    ) -> None:
        """Pass a judged file to the target."""
        candidate, place = arrival.candidate, arrival.place
        assert entry.status != "erasure", "a load erases nothing"
        before = self._ledger.current(entry.feed, entry.logical_file)
        status: FileStatus = "older" if entry.status == "superseded" else entry.status
        outcome = _outcome(candidate, status, entry.reason)
        if entry.status == "loaded":
            outcome = replace(
                outcome,
                rows=entry.row_count,
                rejected=entry.rejected_count,
                supersedes=before.path if before is not None else None,
            )
        job = _Job(candidate, outcome)
        old_id = self._ledger.quarantined_as(entry.feed, entry.path, entry.sha256)
        if entry.status == "quarantined" and old_id is not None and not arrival.came_back:
            # Retried and still quarantined: it keeps its id.
            self._target.renew(job, entry)
            return
        if not candidate.file.settled:
            # The fingerprint of a file written just now may miss a change within the clock's
            # resolution: the next load reads its content again.
            place = replace(place, fingerprint="")
        self._ledger.add(entry)
        if alone:
            self._target.finish_alone(job, entry, place, copies or CopyData())
        else:
            self._target.add(job, entry, place, copies)


def _blank_entry(candidate: Candidate, content: Content, task: Task) -> NewEntry:
    """The ledger row for a file that is not judged yet."""
    identity, bounds = candidate.identity, candidate.file.bounds
    return NewEntry(
        file_id=task.file_id,
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
        load_id=task.load_id,
        cursor_after=bounds.after if bounds is not None else None,
        cursor_up_to=bounds.up_to if bounds is not None else None,
        covers=candidate.feed.covers,
    )


def _judged(blank: NewEntry, verdict: Verdict) -> NewEntry:
    status, reason, newer = verdict.status, verdict.reason, verdict.superseded_by
    return replace(blank, status=status, reason=reason, superseded_by=newer)


def _outcome(candidate: Candidate, status: FileStatus, reason: str | None) -> FileOutcome:
    return FileOutcome(
        path=candidate.path,
        feed=candidate.feed.name,
        branch=candidate.identity.branch,
        business_date=candidate.identity.business_date,
        status=status,
        reason=reason,
    )


def _rejected_by_database(candidate: Candidate, error: Exception) -> FileOutcome:
    message = error.diag.message_primary if isinstance(error, psycopg2.Error) else str(error)
    text = mask_text_of(candidate.feed, message or type(error).__name__)
    return _outcome(candidate, "failed", f"the database rejects its rows: {text}")


def _nothing() -> None:
    return


def _went_back(folder: str) -> str:
    return (
        f"None of the rows that were loaded last from {mask_text(folder)} is in the table as it"
        " was, or newer; perhaps an older backup was restored. The next load compares the whole"
        " table."
    )


def _rows_gone(folder: str, count: int) -> str:
    return (
        f"Not in the table any more: {plural(count, 'row')} loaded from {mask_text(folder)}. In the"
        " warehouse they stay as they were loaded; raw.ingest_gone_rows lists them, and"
        " docs/watermarks.md says how to remove them."
    )


def _links_out(links: Sequence[str]) -> str:
    return (
        f"Not followed, because they lead out of the inbox: {plural(len(links), 'link')}"
        f" ({listed(links)}). To read files there, name their folder in {LINKS_VARIABLE}."
    )


def _nothing_found(inbox: str | None, feeds: Sequence[Feed]) -> str:
    places = ", ".join(f"{feed.files} (feed {feed.name})" for feed in feeds if feed.files)
    unset = unset_variables(feeds)
    lacking = f"the environment does not have {listed(unset)}" if unset else ""
    if inbox is None or not places:
        reason = lacking or "no inbox, database or API is configured"
        return f"There is nothing to load from: {reason}."
    also = f" No database or API is read: {lacking}." if lacking else ""
    return f"No file to load in {shown_address(inbox)}. Looked for: {places}.{also}"
