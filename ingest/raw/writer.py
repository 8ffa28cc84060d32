"""The writer: many small files, or one large one, per transaction, while others are being read."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, TypeVar

import psycopg2

from ingest.raw.ledger import NewEntry, Place, write_entries
from ingest.raw.rows import CopyData
from ingest.raw.session import transaction

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

BATCH_BYTES = 8 << 20
BATCH_FILES = 1000

Job = TypeVar("Job")


@dataclass
class _Batch(Generic[Job]):
    """The content of one transaction. `jobs`: the caller's objects for the files in it."""

    jobs: list[Job] = field(default_factory=list)
    entries: list[NewEntry] = field(default_factory=list)
    places: list[Place] = field(default_factory=list)
    copies: CopyData = field(default_factory=CopyData)

    @property
    def is_full(self) -> bool:
        waiting = max(len(self.entries), len(self.places))
        return self.copies.size >= BATCH_BYTES or waiting >= BATCH_FILES


class Writer(Generic[Job]):
    """Writes files into schema raw, each atomically, in the order in which they come.

    A file's rows, its rejects, its row in the ledger and the superseding of the previous version
    are in one transaction. A thread writes while the caller continues to read. Its errors are
    raised by a later call, as psycopg2's errors, and `give_up` then returns what is not written.
    """

    def __init__(self, connection: Connection, settle: Callable[[Job], None]) -> None:
        """`settle` is called, in the caller's thread, for each job once it is committed."""
        self._connection = connection
        self._settle = settle
        self._threads = ThreadPoolExecutor(1, "branchline-writer")
        self._task: Future[None] | None = None
        self._batch = _Batch[Job]()
        self._written: _Batch[Job] | None = None
        """The batch that the thread is writing."""
        self._alone = False

    def add(self, job: Job, entry: NewEntry, place: Place, copies: CopyData | None) -> None:
        """Add a file whose rows are all in memory."""
        batch = self._batch
        batch.jobs.append(job)
        batch.entries.append(entry)
        batch.places.append(place)
        if copies is not None:
            batch.copies.extend(copies)
        if batch.is_full:
            self._send()

    def note(self, place: Place) -> None:
        """Record the content at a path, if there is nothing else to write."""
        self._batch.places.append(place)
        if self._batch.is_full:
            self._send()

    def flush(self) -> None:
        """Write everything pending, and wait until it is committed."""
        if self._batch.entries or self._batch.places:
            self._send()
        self._wait()

    def begin_alone(self) -> None:
        """Begin a transaction for one file that is too large to hold."""
        self.flush()
        self._connection.autocommit = False
        self._alone = True

    def stream(self, copies: CopyData) -> None:
        """Send some rows of the file that has a separate transaction."""
        self._wait()
        self._task = self._threads.submit(self._copy, copies)

    def undo_alone(self) -> None:
        """Roll back the separate transaction of a file, if there is one."""
        if not self._alone:
            return
        self._wait()
        self._connection.rollback()
        self._connection.autocommit = True
        self._alone = False

    def finish_alone(self, job: Job, entry: NewEntry, place: Place, copies: CopyData) -> None:
        """Write the last rows and the ledger's row of the file, and commit."""
        self._wait()
        batch = _Batch([job], [entry], [place], copies)
        self._written = batch
        self._task = self._threads.submit(self._finish, batch)
        self._wait()
        self._connection.autocommit = True
        self._alone = False

    def give_up(self) -> list[tuple[Job, NewEntry]]:
        """After an error: discard and return everything that is not written."""
        if self._task is not None:
            with suppress(Exception):
                self._task.result()
        if self._alone:
            with suppress(psycopg2.Error):
                self._connection.rollback()
                self._connection.autocommit = True
        lost = [batch for batch in (self._written, self._batch) if batch is not None]
        self._task, self._written, self._batch = None, None, _Batch[Job]()
        self._alone = False
        return [found for batch in lost for found in zip(batch.jobs, batch.entries, strict=True)]

    def use(self, connection: Connection) -> None:
        """Use another connection from now on."""
        self._connection = connection

    def close(self) -> None:
        """Stop the thread; what was not flushed is not written."""
        self._threads.shutdown()

    def _send(self) -> None:
        batch, self._batch = self._batch, _Batch[Job]()
        try:
            self._wait()
        except BaseException:
            self._batch = batch
            raise
        self._written = batch
        self._task = self._threads.submit(self._write, batch)

    def _wait(self) -> None:
        if self._task is not None:
            self._task.result()
            self._task = None
        if self._written is not None:
            jobs, self._written = self._written.jobs, None
            for job in jobs:
                self._settle(job)

    def _write(self, batch: _Batch[Job]) -> None:
        with transaction(self._connection):
            self._copy(batch.copies)
            with self._connection.cursor() as cursor:
                write_entries(cursor, batch.entries, batch.places)

    def _finish(self, batch: _Batch[Job]) -> None:
        self._copy(batch.copies)
        with self._connection.cursor() as cursor:
            write_entries(cursor, batch.entries, batch.places)
        self._connection.commit()

    def _copy(self, copies: CopyData) -> None:
        with self._connection.cursor() as cursor:
            for statement, parts in copies.parts():
                cursor.copy_expert(statement, _Parts(parts))


class _Parts(io.RawIOBase):
    """Parts of a text as a file for COPY, without joining them."""

    def __init__(self, parts: Sequence[bytes]) -> None:
        super().__init__()
        self._parts = iter(parts)

    def read(self, _size: int = -1, /) -> bytes:
        """The next part, whatever its size."""
        return next(self._parts, b"")
