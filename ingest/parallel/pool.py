"""A pool of worker processes."""

from __future__ import annotations

import contextlib
import pickle
import subprocess
import sys
import threading
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor

from ingest.converting import Converted
from ingest.parallel.worker import Answer, Job

MOST_WORKERS = 4
"""With more workers, the single writing connection is the bottleneck of a load."""
PROGRAM = (sys.executable, "-I", "-m", "ingest.parallel.worker")
PIPE_BYTES = 1 << 20
PATIENCE_SECONDS = 5


class WorkerDiedError(Exception):
    """The worker process of a file died before it answered; the text says how."""


class WorkerPool:
    """Converts files in other processes, one process for each thread of a pool.

    They end when the pool is closed or this process is killed: then the pipe that they read from
    is closed.
    """

    def __init__(self, processes: int, program: Sequence[str] = PROGRAM) -> None:
        self._program = program
        self._threads = ThreadPoolExecutor(processes, "branchline-reader")
        self._own = threading.local()
        self._lock = threading.Lock()
        self._workers: list[subprocess.Popen[bytes]] = []
        self._closed = False
        for _ in range(processes):
            # No job: the process starts, and is ready when the first one comes.
            self.submit([])

    def submit(self, jobs: Sequence[Job]) -> Future[Answer]:
        """Convert several files; the answer has one entry for each, in the same order.

        Where a worker dies, each of its files is tried once more, alone in a new one; the entry of
        a file whose worker dies again is a WorkerDiedError.
        """
        return self._threads.submit(self._convert, list(jobs))

    def close(self) -> None:
        """End all workers at once, also busy ones."""
        with self._lock:
            self._closed = True
            workers = list(self._workers)
        for worker in workers:
            worker.kill()
        self._threads.shutdown(cancel_futures=True)
        for worker in workers:
            _discard(worker)

    def _convert(self, jobs: list[Job]) -> Answer:
        try:
            return self._exchange(jobs)
        except WorkerDiedError:
            return [self._convert_alone(job) for job in jobs]

    def _convert_alone(self, job: Job) -> Converted | Exception:
        try:
            return self._exchange([job])[0]
        except WorkerDiedError as error:
            return error

    def _exchange(self, jobs: list[Job]) -> Answer:
        """Send jobs to this thread's worker and wait for its answer. Raises WorkerDiedError."""
        worker = self._worker()
        assert worker.stdin is not None
        assert worker.stdout is not None
        try:
            pickle.dump(jobs, worker.stdin, pickle.HIGHEST_PROTOCOL)
            worker.stdin.flush()
            answer: Answer = pickle.load(worker.stdout)
        except (OSError, EOFError, pickle.UnpicklingError):
            self._own.worker = None
            raise WorkerDiedError(_end(worker)) from None
        return answer

    def _worker(self) -> subprocess.Popen[bytes]:
        worker: subprocess.Popen[bytes] | None = getattr(self._own, "worker", None)
        if worker is None:
            with self._lock:
                if self._closed:
                    raise WorkerDiedError("the pool is closed")
                worker = subprocess.Popen(
                    self._program,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.DEVNULL,
                    pipesize=PIPE_BYTES,
                )
                self._workers.append(worker)
            self._own.worker = worker
        return worker


def _end(worker: subprocess.Popen[bytes]) -> str:
    """End a worker that does not answer any more, and return how it ended."""
    try:
        code = worker.wait(PATIENCE_SECONDS)
    except subprocess.TimeoutExpired:
        worker.kill()
        code = worker.wait()
    _discard(worker)
    return f"ended by signal {-code}" if code < 0 else f"ended with exit code {code}"


def _discard(worker: subprocess.Popen[bytes]) -> None:
    for pipe in (worker.stdin, worker.stdout):
        if pipe is not None:
            # The rest of its buffer cannot be sent any more.
            with contextlib.suppress(OSError):
                pipe.close()
    worker.wait()
