"""What a load writes to: a database, or nothing in a dry run."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from typing import TYPE_CHECKING, Generic, TypeVar

from ingest.contract.feeds import Feed
from ingest.raw.ledger import (
    Glance,
    Ledger,
    NewEntry,
    Place,
    Version,
    reserve_file_ids,
    update_reason,
    written,
)
from ingest.raw.likeness import Likeness
from ingest.raw.rows import CopyData
from ingest.raw.session import Session, transaction
from ingest.raw.watermarks import FullComparison, compare_again, note_comparison
from ingest.raw.writer import Writer

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

    from ingest.raw.tables import RawSchema

Job = TypeVar("Job")


class Target(Generic[Job]):
    """Takes judged files, and writes nothing: the target of a dry run.

    `settle` is called for each job once it is done.
    """

    def __init__(self, settle: Callable[[Job], None], connection: Connection | None = None) -> None:
        self._settle = settle
        self._connection = connection
        self._last: tuple[str, CopyData] | None = None
        """Path and rows of the last file: the next one may be a newer version of it."""
        self._extra_columns: dict[str, set[str]] = {}

    def file_id(self, expected: int) -> int:
        """An id for a row of the ledger; `expected`: about how many files are still to come."""
        return 0

    def extra_columns(self, feed: Feed) -> set[str]:
        """The undeclared columns of a feed's table."""
        return self._extra_columns.setdefault(feed.name, set())

    def add_columns(self, feed: Feed, names: Collection[str]) -> list[str]:
        """Add those of the columns that the raw table lacks; return them."""
        known = self.extra_columns(feed)
        missing = [name for name in names if name not in known]
        if missing:
            self._make_columns(feed, missing)
        known.update(missing)
        return missing

    def _make_columns(self, feed: Feed, names: Collection[str]) -> None:
        return

    def likeness(self, feed: Feed, before: Version) -> Likeness | None:
        """A comparison of this version with a newer one; None if it cannot be read."""
        if self._last is not None and self._last[0] == before.path:
            likeness = Likeness(feed, before.rows)
            likeness.take_older(self._last[1])
            return likeness
        if self._connection is None or before.file_id == 0:
            return None
        return self._likeness(self._connection, feed, before)

    def _likeness(self, connection: Connection, feed: Feed, before: Version) -> Likeness:
        likeness = Likeness(feed, before.rows)
        likeness.read_older(connection, before.file_id)
        return likeness

    def note(self, place: Place) -> None:
        """Record the content at a path, if there is nothing else to write."""

    def note_comparison(self, done: FullComparison) -> None:
        """Record that all rows of a watermarked table were compared, after what was added."""

    def compare_again(self, feed: Feed) -> None:
        """Have the next load compare all rows of the feed's watermarked tables."""

    def add(self, job: Job, entry: NewEntry, place: Place, copies: CopyData | None) -> None:
        """Add a file whose rows are all in memory."""
        self._last = (entry.path, copies) if copies is not None else None
        self._settle(job)

    def renew(self, job: Job, entry: NewEntry) -> None:
        """Update the reason of a file that is quarantined already; it keeps its id."""
        self._settle(job)

    def begin_alone(self) -> None:
        """Begin a file that is too large to hold."""

    def stream(self, copies: CopyData) -> None:
        """Add some rows of that file."""

    def undo_alone(self) -> None:
        """Roll back that file, if there is one."""

    def finish_alone(self, job: Job, entry: NewEntry, place: Place, copies: CopyData) -> None:
        """Add the last rows of that file."""
        self._settle(job)


class DatabaseTarget(Target[Job]):
    """Schema raw of a database: writes many small files, or one large one, per transaction."""

    def __init__(self, session: Session, raw: RawSchema, settle: Callable[[Job], None]) -> None:
        super().__init__(settle)
        self._session = session
        self._raw = raw
        self._extra_columns = raw.extra_columns(session.connection)
        self._writer = Writer(session.connection, settle)
        self._file_ids: Iterator[int] = iter(())

    def file_id(self, expected: int) -> int:
        file_id = next(self._file_ids, None)
        if file_id is None:
            # The writer uses the connection while it has something to write.
            self._writer.flush()
            self._file_ids = reserve_file_ids(self._session.connection, max(expected, 1))
            file_id = next(self._file_ids)
        return file_id

    def _make_columns(self, feed: Feed, names: Collection[str]) -> None:
        # The writer's transaction locks the table.
        self._writer.flush()
        self._raw.add_columns(self._session.connection, feed, list(names))

    def likeness(self, feed: Feed, before: Version) -> Likeness | None:
        # It may not be written yet, and the writer uses the connection while it writes.
        self._writer.flush()
        return self._likeness(self._session.connection, feed, before)

    def note(self, place: Place) -> None:
        self._writer.note(place)

    def note_comparison(self, done: FullComparison) -> None:
        self._writer.flush()
        connection = self._session.connection
        with transaction(connection), connection.cursor() as cursor:
            note_comparison(cursor, done)

    def compare_again(self, feed: Feed) -> None:
        self._writer.flush()
        with self._session.connection.cursor() as cursor:
            compare_again(cursor, [feed.name])

    def add(self, job: Job, entry: NewEntry, place: Place, copies: CopyData | None) -> None:
        self._writer.add(job, entry, place, copies)

    def renew(self, job: Job, entry: NewEntry) -> None:
        self._writer.flush()
        connection = self._session.connection
        with transaction(connection), connection.cursor() as cursor:
            update_reason(cursor, entry)
        self._settle(job)

    def begin_alone(self) -> None:
        self._writer.begin_alone()

    def stream(self, copies: CopyData) -> None:
        self._writer.stream(copies)

    def undo_alone(self) -> None:
        self._writer.undo_alone()

    def finish_alone(self, job: Job, entry: NewEntry, place: Place, copies: CopyData) -> None:
        self._writer.finish_alone(job, entry, place, copies)

    def flush(self) -> None:
        """Write everything pending, and wait until it is committed."""
        self._writer.flush()

    def give_up(self) -> list[tuple[Job, NewEntry]]:
        """After an error: discard and return everything that is not written."""
        return self._writer.give_up()

    @property
    def is_lost(self) -> bool:
        """Whether the connection is lost."""
        return self._session.connection.closed != 0

    def reconnect(self, patience: float) -> None:
        """Reconnect, with retries for so many seconds."""
        self._session.reopen(patience)
        self._writer.use(self._session.connection)

    def read_ledger(self, feeds: Collection[str], glance: Glance) -> Ledger:
        """The ledger as it is now; reserved ids are discarded."""
        self._file_ids = iter(())
        return Ledger.read(self._session.connection, feeds, glance, self._writer.flush)

    def written(self, file_ids: Collection[int]) -> set[int]:
        """Which of these ids the ledger has, after a connection broke during a commit."""
        return written(self._session.connection, file_ids)

    def close(self) -> None:
        """Stop writing; what was not flushed is not written."""
        self._writer.close()
