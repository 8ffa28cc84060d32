"""Files are read before their turn, and converted by workers meanwhile."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from dataclasses import dataclass, field

from base.cores import usable_cores
from ingest.choosing import Candidate
from ingest.contract.file_errors import UnusableFileError
from ingest.converting import Converted, Task
from ingest.origins.inbox import InboxFile
from ingest.parallel.pool import MOST_WORKERS, WorkerPool
from ingest.parallel.worker import Answer, Job

HELD_BYTES = 8 << 20
"""Files up to this size are read once and written in batches; larger ones are streamed alone."""
WORTH_STARTING = 24 << 20
"""Bytes in held files from which on workers save more time than their start costs."""
AHEAD_BYTES = 16 << 20
AHEAD_FILES = 2000
JOB_BYTES = 256 << 10
"""Small files are sent together: an exchange with a worker costs as much as converting a few KB."""
CHUNK = 1 << 20


@dataclass(frozen=True)
class Content:
    """The bytes of a file. `held`: all of them, if the file is small enough."""

    sha256: str
    size: int
    held: bytes | None = None
    unusable: str | None = None
    """Why a file cannot be unpacked, or its rows cannot be extracted."""


def read_content(file: InboxFile) -> Content:
    """Hash a file's content, and hold it if it is small. Raises UnreadableFileError."""
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
        return Content(file.stored_hash(), file.size, unusable=str(error))
    return Content(hasher.hexdigest(), size, b"".join(kept) if kept is not None else None)


@dataclass
class Prefetched:
    """A file that was read before its turn. `task` is set if a worker converts it."""

    content: Content
    task: Task | None = None
    answer: Future[Answer] = field(default_factory=Future)
    place: int = 0
    """The index of this file in the worker's answer."""

    def converted(self) -> Converted:
        """Wait for the worker.

        Raises WorkerDiedError, and what the conversion raised.
        """
        found = self.answer.result()[self.place]
        if isinstance(found, Exception):
            raise found
        return found


class Prefetcher:
    """Reads files before their turn and has them converted by workers.

    `task_for` returns how to convert a file with this sha256; None where it need not be.
    """

    def __init__(self, task_for: Callable[[Candidate, str], Task | None]) -> None:
        self._task_for = task_for
        self._pool: WorkerPool | None = None
        self._ahead: dict[int, Prefetched | Exception] = {}
        """By the identity of the candidate, which the caller keeps."""
        self._bytes = 0

    @property
    def is_working(self) -> bool:
        """Whether workers run."""
        return self._pool is not None

    def start(self, sizes: Iterable[int]) -> None:
        """Start workers for files of these sizes, unless they run.

        Only if there is enough to do, and a core for each of them.
        """
        if self.is_working:
            return
        worth = sum(size for size in sizes if size <= HELD_BYTES)
        workers = min(usable_cores(), MOST_WORKERS)
        if workers > 1 and worth >= WORTH_STARTING:
            self._pool = WorkerPool(workers)

    def read_ahead(self, waiting: Iterable[Candidate]) -> None:
        """Read the next files and send them to workers, unless enough are read."""
        if self._pool is None or not self._has_room(AHEAD_BYTES // 2, AHEAD_FILES // 2):
            return
        batch: list[Prefetched] = []
        size = 0
        for candidate in waiting:
            if not self._has_room(AHEAD_BYTES, AHEAD_FILES):
                break
            if id(candidate) in self._ahead or not _is_held(candidate):
                continue
            try:
                prefetched = Prefetched(read_content(candidate.file))
            except Exception as error:
                self._ahead[id(candidate)] = error
                continue
            self._ahead[id(candidate)] = prefetched
            if prefetched.content.held is None:
                continue
            self._bytes += len(prefetched.content.held)
            prefetched.task = self._task_for(candidate, prefetched.content.sha256)
            if prefetched.task is not None:
                batch.append(prefetched)
                size += len(prefetched.content.held)
            if size >= JOB_BYTES:
                self._send(self._pool, batch)
                batch, size = [], 0
        if batch:
            self._send(self._pool, batch)

    def take(self, candidate: Candidate) -> Prefetched:
        """The read-ahead file whose turn it is; it is read now if it was not before.

        Raises what reading it raised.
        """
        found = self._ahead.pop(id(candidate), None)
        if found is None:
            return Prefetched(read_content(candidate.file))
        if isinstance(found, Exception):
            raise found
        self._bytes -= len(found.content.held or b"")
        return found

    def forget(self) -> None:
        """Discard everything that was read ahead."""
        self._ahead.clear()
        self._bytes = 0

    def close(self) -> None:
        """End the workers."""
        if self._pool is not None:
            self._pool.close()
            self._pool = None

    def _has_room(self, size: int, files: int) -> bool:
        return self._bytes < size and len(self._ahead) < files

    @staticmethod
    def _send(pool: WorkerPool, batch: list[Prefetched]) -> None:
        jobs: list[Job] = []
        for prefetched in batch:
            assert prefetched.task is not None
            assert prefetched.content.held is not None
            prefetched.place = len(jobs)
            jobs.append((prefetched.content.held, prefetched.task))
        answer = pool.submit(jobs)
        for prefetched in batch:
            prefetched.answer = answer


def _is_held(candidate: Candidate) -> bool:
    return candidate.file.size <= HELD_BYTES
