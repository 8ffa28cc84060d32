"""Files that are converted by worker processes: the same rows, whatever happens to a worker."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, cast

import psutil
import pytest
from ingest_helpers import TOKEN_KEY, Inbox, picture, till_file

from ingest.choosing import Candidate
from ingest.contract.file_errors import InternalError
from ingest.contract.reading import load_feeds
from ingest.converting import Converted, Task, convert
from ingest.loading import LoadOptions, _Load, load
from ingest.origins.inbox import Listing
from ingest.parallel import prefetching
from ingest.parallel.pool import PROGRAM, WorkerDiedError, WorkerPool
from ingest.raw.tables import RawSchema
from ingest.report import LoadReport

FATAL = b"this line kills whoever reads it"
# Like the real one, but one file kills it.
FRAGILE = f"""
import os, signal
from ingest.parallel import worker
real = worker.convert
def convert(content, task):
    if {FATAL!r} in content:
        os.kill(os.getpid(), signal.SIGKILL)
    return real(content, task)
worker.convert = convert
worker.main()
"""


@pytest.fixture
def task() -> Task:
    return Task(load_feeds().feeds["branch_pos_transactions"], (TOKEN_KEY,), 7, "load-1")


@pytest.fixture
def fragile_workers(several_workers: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def pool(processes: int) -> WorkerPool:
        return WorkerPool(processes, (sys.executable, "-I", "-c", FRAGILE))

    monkeypatch.setattr(prefetching, "WorkerPool", pool)


def workers_of_this_process() -> list[psutil.Process]:
    """The workers that this process has started and not ended."""
    return [
        child
        for child in psutil.Process().children()
        if child.status() != psutil.STATUS_ZOMBIE and PROGRAM[-1] in child.cmdline()
    ]


def texts(converted: Converted | Exception) -> list[tuple[str, bytes]]:
    assert isinstance(converted, Converted)
    return list(converted.copies)


def run(url: str, inbox: Inbox, state_dir: Path, **options: Any) -> LoadReport:
    return load(
        LoadOptions(
            database_url=url,
            inbox=str(inbox.folder),
            feeds=load_feeds(),
            token_keys=[TOKEN_KEY],
            state_dir=state_dir,
            **options,
        )
    )


def fill(inbox: Inbox, days: int = 20) -> None:
    """Days of four branches; corrections, a file that is not a table, a duplicate."""
    for branch in ("leeds", "york", "bath", "hull"):
        for day in range(1, days + 1):
            name = f"{branch}_{day:02d}-08-2021_{{}}-00-00.csv"
            inbox.drop(name.format("09"), till_file(40 + day, branch=branch))
            if day % 5 == 0:
                inbox.drop(name.format("10"), till_file(41 + day, branch=branch) + "half a line\n")
                inbox.drop(name.format("09").replace(".csv", " (1).csv"), till_file(40 + day))
    inbox.drop("leeds_31-08-2021_09-00-00.csv", b"\x89PNG\r\n\x1a\n")


@pytest.fixture
def ended() -> Iterator[None]:
    """A test leaves no processes behind."""
    yield
    assert workers_of_this_process() == []


pytestmark = pytest.mark.usefixtures("ended")


def test_the_same_text_as_without_a_worker(task: Task) -> None:
    contents = [till_file(lines).encode() for lines in (1, 30, 300)]
    with closing(WorkerPool(2)) as pool:
        together = pool.submit([(content, task) for content in contents]).result()
        each = [pool.submit([(content, task)]).result()[0] for content in contents]
    expected = [convert(content, task) for content in contents]
    for found in (together, each):
        assert list(map(texts, found)) == list(map(texts, expected))
        assert [one.facts for one in found if isinstance(one, Converted)] == [
            one.facts for one in expected
        ]


def test_an_exception_affects_only_its_file(task: Task) -> None:
    nonsense = Task(cast(Any, None), task.token_keys, 8, "load-1")
    content = till_file(5).encode()
    with closing(WorkerPool(1)) as pool:
        good, bad, after = pool.submit(
            [(content, task), (content, nonsense), (content, task)]
        ).result()
    assert texts(good) == texts(after)
    assert isinstance(bad, InternalError)
    assert bad.kind == "AttributeError"
    assert ".py, line " in bad.place


def test_a_worker_that_is_killed_is_replaced(task: Task) -> None:
    content = till_file(20_000).encode()
    with closing(WorkerPool(1)) as pool:
        pool.submit([(b"x", task)]).result()
        (worker,) = workers_of_this_process()
        answer = pool.submit([(content, task)] * 3)
        worker.kill()
        found = answer.result()
        assert workers_of_this_process() != [worker]
    assert [len(texts(one)) for one in found] == [1, 1, 1]


def test_a_file_that_kills_its_worker_fails_alone(task: Task) -> None:
    good, fatal = till_file(5).encode(), till_file(5).encode() + FATAL
    with closing(WorkerPool(1, (sys.executable, "-I", "-c", FRAGILE))) as pool:
        first, second, third = pool.submit([(good, task), (fatal, task), (good, task)]).result()
    assert texts(first) == texts(third) == texts(convert(good, task))
    assert isinstance(second, WorkerDiedError)
    assert str(second) == f"ended by signal {signal.SIGKILL}"


def test_closing_a_pool_does_not_wait(task: Task) -> None:
    content = till_file(50_000).encode()
    pool = WorkerPool(2)
    answers = [pool.submit([(content, task)] * 50) for _ in range(4)]
    time.sleep(0.5)
    began = time.monotonic()
    pool.close()
    assert time.monotonic() - began < 30
    assert all(answer.done() for answer in answers)


@pytest.mark.usefixtures("several_workers")
def test_a_load_with_workers_equals_one_without(
    database_url: str,
    second_database: str,
    inbox: Inbox,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fill(inbox)
    with_workers = run(database_url, inbox, tmp_path / "one")
    monkeypatch.setattr(prefetching, "usable_cores", lambda: 1)
    without = run(second_database, inbox, tmp_path / "two")
    assert with_workers.files == without.files
    assert with_workers.counts()["loaded"] > 80
    assert picture(database_url) == picture(second_database)


@pytest.mark.usefixtures("several_workers")
def test_a_dry_run_with_workers_writes_nothing(
    database_url: str, inbox: Inbox, tmp_path: Path
) -> None:
    fill(inbox, 5)
    rehearsed = run(database_url, inbox, tmp_path / "state", dry_run=True)
    loaded = run(database_url, inbox, tmp_path / "state")
    assert rehearsed.files == loaded.files


@pytest.mark.usefixtures("fragile_workers")
def test_a_load_continues_without_a_file_that_kills_its_worker(
    database_url: str, inbox: Inbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(inbox, 5)
    inbox.drop("york_07-08-2021_09-00-00.csv", till_file(9).encode() + FATAL + b"\n")
    report = run(database_url, inbox, tmp_path / "state")
    (failed,) = report.failed
    assert failed.path.endswith("york_07-08-2021_09-00-00.csv")
    assert failed.reason == (
        "the worker that read it ended by signal 9, twice; memory may be short; the other files"
        " are not affected, and the next load tries it again"
    )
    assert report.counts()["loaded"] >= 20
    monkeypatch.undo()
    again = run(database_url, inbox, tmp_path / "state")
    assert [outcome.path for outcome in again.with_status("loaded")] == [failed.path]


@pytest.mark.usefixtures("several_workers")
def test_workers_killed_in_a_load_lose_nothing(
    database_url: str,
    second_database: str,
    inbox: Inbox,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for day in range(1, 29):
        for branch in ("leeds", "york"):
            name = f"{branch}_{day:02d}-08-2021_09-00-00.csv"
            inbox.drop(name, till_file(3000 + day, branch=branch))
    over = threading.Event()
    killed = []

    def kill() -> None:
        while not over.wait(0.2):
            for worker in workers_of_this_process()[:1]:
                os.kill(worker.pid, signal.SIGKILL)
                killed.append(worker.pid)

    killer = threading.Thread(target=kill)
    killer.start()
    try:
        report = run(database_url, inbox, tmp_path / "one")
    finally:
        over.set()
        killer.join()
    assert killed
    # A file may have lost both of its workers.
    run(database_url, inbox, tmp_path / "one")
    assert len(report.files) == 56
    monkeypatch.setattr(prefetching, "usable_cores", lambda: 1)
    run(second_database, inbox, tmp_path / "two")
    assert picture(database_url)["rows"] == picture(second_database)["rows"]


@pytest.mark.usefixtures("several_workers")
def test_workers_convert_while_the_tables_are_created(
    database_url: str, inbox: Inbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[str, int]] = []
    real_begin, real_prepare = _Load._begin, RawSchema.prepare

    def begin(load: _Load, listing: Listing) -> list[Candidate]:
        seen.append(("choosing", int(load._ahead.is_working)))
        return real_begin(load, listing)

    def prepare(raw: RawSchema, *given: Any, **named: Any) -> list[str]:
        seen.append(("tables", len(tasks)))
        return real_prepare(raw, *given, **named)

    tasks: list[Task] = []
    real_task = _Load._new_task

    def new_task(load: _Load, *given: Any) -> Task:
        tasks.append(real_task(load, *given))
        return tasks[-1]

    monkeypatch.setattr(_Load, "_begin", begin)
    monkeypatch.setattr(_Load, "_new_task", new_task)
    monkeypatch.setattr(RawSchema, "prepare", prepare)
    inbox.drop("leeds_01-08-2021_09-00-00.csv", till_file(20))
    run(database_url, inbox, tmp_path / "state")
    # All files of the first load are new; later, the ledger tells how many are.
    assert seen == [("choosing", 1), ("tables", 1)]
    seen.clear()
    tasks.clear()
    inbox.drop("leeds_02-08-2021_09-00-00.csv", till_file(20))
    run(database_url, inbox, tmp_path / "state")
    assert seen == [("choosing", 0), ("tables", 1)]


def test_few_files_start_no_worker(
    database_url: str, inbox: Inbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_pool(processes: int) -> WorkerPool:
        raise AssertionError("a pool for a few kilobytes")

    monkeypatch.setattr(prefetching, "WorkerPool", no_pool)
    monkeypatch.setattr(prefetching, "usable_cores", lambda: 8)
    fill(inbox, 5)
    assert run(database_url, inbox, tmp_path / "state").counts()["loaded"] >= 20
