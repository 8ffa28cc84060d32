"""Faults during a load: afterwards every row is there once, and nothing is half written.

Each test compares the raw layer with that of an undisturbed load.
"""

from __future__ import annotations

import contextlib
import gzip
import os
import random
import shutil
import signal
import subprocess
import tempfile
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import psycopg2
import pytest
import throwaway
from ingest_helpers import TOKEN_KEY, Inbox, Picture, picture, till_file
from servers import BrokenLine, Mishap, broken_line

from base.errors import BranchlineError
from base.link import Connection
from ingest.contract.reading import load_feeds
from ingest.loading import LoadOptions, load
from ingest.report import LoadEvent, LoadReport
from operate.server.server import Warehouse

FULL = """
    create function raw.no_room() returns trigger language plpgsql as $$
    begin
        raise exception 'could not extend file: No space left on device' using errcode = '53100';
    end $$;
    create trigger no_room before insert on raw.branch_pos_transactions
    for each row when (new.branch = 'York') execute function raw.no_room();
"""


def execute(url: str, sql: str) -> None:
    connection = psycopg2.connect(url)
    connection.autocommit = True
    with contextlib.closing(connection), connection.cursor() as cursor:
        cursor.execute(sql)


@pytest.fixture
def full_inbox(inbox: Inbox) -> Inbox:
    return fill(inbox)


def fill(inbox: Inbox) -> Inbox:
    """Days of four branches, with corrections, a duplicate, rejects, a large and a bad file."""
    for branch in ("Leeds", "York", "Bath", "Hull"):
        for day in range(1, 5):
            name = f"{branch.lower()}_{day:02d}-08-2021_{{}}-00-00.csv"
            inbox.drop(name.format("09"), till_file(60, branch=branch))
            if day % 2:
                text = till_file(60 + day, branch=branch) + "half a line\n" * 3
                inbox.drop(name.format("10"), text)
    inbox.drop("leeds_01-08-2021_09-00-00 (1).csv", till_file(60, branch="Leeds"))
    inbox.drop("leeds_09-08-2021_09-00-00.csv.gz", gzip.compress(till_file(70).encode()))
    inbox.drop("hull_09-08-2021_09-00-00.csv", till_file(3000, branch="Hull"))
    inbox.drop("bath_09-08-2021_09-00-00.csv", b"\x89PNG\r\n\x1a\n")
    return inbox


@pytest.fixture(autouse=True)
def _several_transactions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ingest.raw.writer.BATCH_FILES", 2)
    monkeypatch.setattr("ingest.parallel.prefetching.HELD_BYTES", 100_000)


@pytest.fixture(scope="module")
def undisturbed(postgres_server: Connection, tmp_path_factory: pytest.TempPathFactory) -> Picture:
    folder = tmp_path_factory.mktemp("undisturbed")
    with throwaway.database(postgres_server) as url:
        run(url, fill(Inbox(folder / "inbox")), folder / "state")
        return picture(url)


def run(url: str, inbox: Inbox, state_dir: Path, **changes: Any) -> LoadReport:
    progress = changes.pop("progress", None)
    options = LoadOptions(
        database_url=url,
        inbox=str(inbox.folder),
        feeds=load_feeds(),
        token_keys=[TOKEN_KEY],
        state_dir=state_dir,
        **changes,
    )
    return load(options, progress)


def run_until_done(
    url: str, inbox: Inbox, state_dir: Path, tries: int = 12, **changes: Any
) -> list[BranchlineError]:
    """Load until a load succeeds; return the errors of the others."""
    errors: list[BranchlineError] = []
    while True:
        try:
            run(url, inbox, state_dir, **changes)
        except BranchlineError as error:
            errors.append(error)
            assert len(errors) < tries
        else:
            return errors


# The database restarts


@pytest.fixture(scope="module")
def own_server() -> Iterator[Warehouse]:
    """A server that may be killed, on a small disk if this user may mount one."""
    folder = Path(tempfile.mkdtemp(prefix="branchline-test-"))
    folder.chmod(0o755)
    mounted = False
    if shutil.which("mount") and os.geteuid() == 0:
        command = ["mount", "-t", "tmpfs", "-o", "size=160m,mode=0755", "tmpfs", str(folder)]
        mounted = subprocess.run(command, capture_output=True, timeout=20).returncode == 0
    warehouse = Warehouse(folder, throwaway=True)
    try:
        # Commits must survive when the server is killed.
        execute(
            _url(warehouse),
            "alter database branchline set synchronous_commit = on",
        )
        yield warehouse
    finally:
        warehouse.stop()
        if mounted:
            subprocess.run(["umount", "-l", str(folder)], capture_output=True, timeout=20)
        shutil.rmtree(folder, ignore_errors=True)


def _url(warehouse: Warehouse) -> str:
    """By the port, so that a proxy can break the connection."""
    warehouse.ensure_running()
    return warehouse.network_url()


@pytest.fixture
def own_url(own_server: Warehouse) -> str:
    url = _url(own_server)
    execute(url, "drop schema if exists raw cascade")
    return url


def kill(warehouse: Warehouse) -> None:
    """Kill the server with all its processes."""
    pid = int((warehouse.pgdata / "postmaster.pid").read_text().split()[0])
    family = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
    os.kill(pid, signal.SIGKILL)
    psutil.wait_procs(family, timeout=10)


def bring_back(warehouse: Warehouse) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            warehouse.start()
            return
        except BranchlineError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)


@pytest.mark.parametrize("how", ["killed", "stopped"])
def test_the_database_restarts_during_a_load(
    own_server: Warehouse,
    own_url: str,
    full_inbox: Inbox,
    undisturbed: Picture,
    tmp_path: Path,
    how: str,
) -> None:
    waits: list[str] = []
    helpers: list[threading.Thread] = []
    files_done = 0

    def hear(event: LoadEvent) -> None:
        nonlocal files_done
        if event.kind == "waiting":
            waits.append(event.message)
        files_done += event.kind == "file"
        if files_done in (5, 17) and len(helpers) < (1 if files_done == 5 else 2):
            if how == "killed":
                kill(own_server)
            else:
                own_server.stop()
            helpers.append(threading.Timer(0.2, bring_back, [own_server]))
            helpers[-1].start()

    report = run(own_url, full_inbox, tmp_path / "state", patience=60, progress=hear)
    for helper in helpers:
        helper.join()
    assert len(helpers) == 2
    assert any("was lost" in message for message in waits)
    assert picture(own_url) == undisturbed
    assert {outcome.status for outcome in report.files} == {"loaded", "duplicate", "quarantined"}
    assert run(own_url, full_inbox, tmp_path / "state").files == []


def test_a_database_that_stays_down(
    own_server: Warehouse,
    own_url: str,
    full_inbox: Inbox,
    undisturbed: Picture,
    tmp_path: Path,
) -> None:
    def hear(event: LoadEvent) -> None:
        if event.kind == "file" and event.done == 5:
            own_server.stop()

    began = time.monotonic()
    with pytest.raises(BranchlineError) as caught:
        run(own_url, full_inbox, tmp_path / "state", patience=0.5, progress=hear)
    assert time.monotonic() - began < 10
    assert own_server.connection().password not in str(caught.value)
    assert "branchline warehouse status" in caught.value.hint
    bring_back(own_server)
    half_way = picture(own_url)
    assert 0 < len(half_way["ledger"]) < len(undisturbed["ledger"])
    run(own_url, full_inbox, tmp_path / "state")
    assert picture(own_url) == undisturbed


def test_sessions_ended_at_random_moments(
    database_url: str, full_inbox: Inbox, undisturbed: Picture, tmp_path: Path
) -> None:
    chance = random.Random(20210826)
    ended = 0
    done = threading.Event()

    def end_sessions() -> None:
        nonlocal ended
        connection = psycopg2.connect(database_url)
        connection.autocommit = True
        with contextlib.closing(connection), connection.cursor() as cursor:
            while ended < 12 and not done.is_set():
                time.sleep(chance.uniform(0, 0.12))
                cursor.execute(
                    "select count(pg_terminate_backend(pid)) from pg_stat_activity"
                    " where datname = current_database() and pid <> pg_backend_pid()"
                    " and backend_type = 'client backend'"
                )
                ended += cursor.fetchall()[0][0]

    enemy = threading.Thread(target=end_sessions)
    enemy.start()
    try:
        rounds = 0
        while ended < 12 and rounds < 30:
            rounds += 1
            with contextlib.suppress(BranchlineError):
                run(database_url, full_inbox, tmp_path / "state", patience=20)
    finally:
        done.set()
        enemy.join()
    run(database_url, full_inbox, tmp_path / "state")
    assert ended >= 3
    assert picture(database_url) == undisturbed


@pytest.mark.parametrize("arrives", [True, False])
def test_the_connection_breaks_during_commit(
    own_server: Warehouse,
    own_url: str,
    full_inbox: Inbox,
    undisturbed: Picture,
    tmp_path: Path,
    arrives: bool,
) -> None:
    """After a broken connection, only the ledger shows whether the commit was done."""
    run(own_url, Inbox(tmp_path / "nothing"), tmp_path / "state")
    to_break = {2, 3, 5, 8, 9, 12}
    commits = 0

    def is_to_break(data: bytes) -> bool:
        nonlocal commits
        if b"COMMIT" in data:
            commits += 1
            return commits in to_break
        return False

    mishap = (
        Mishap(answered=None, after=is_to_break)
        if arrives
        else Mishap(answered=None, when=is_to_break)
    )
    with broken_line(own_server.connection().port) as line:
        line.mishaps.extend([mishap] * 200)
        url = through(line, own_server, own_url)
        report = run(url, full_inbox, tmp_path / "state", patience=20)
    assert line.befallen == len(to_break)
    assert picture(own_url) == undisturbed
    # Each file is reported once, whichever of its commits succeeded.
    reported = sorted((outcome.path, outcome.status) for outcome in report.files)
    assert [path for path, _ in reported] == sorted(row[0] for row in undisturbed["ledger"])
    assert {status for _, status in reported} == {"loaded", "duplicate", "quarantined"}


def through(line: BrokenLine, server: Warehouse, url: str) -> str:
    return url.replace(f":{server.connection().port}/", f":{line.port}/")


def test_the_connection_breaks_after_any_number_of_bytes(
    own_server: Warehouse,
    own_url: str,
    full_inbox: Inbox,
    undisturbed: Picture,
    tmp_path: Path,
) -> None:
    chance = random.Random(3)
    run(own_url, Inbox(tmp_path / "nothing"), tmp_path / "state")
    with broken_line(own_server.connection().port) as line:
        line.mishaps.extend(
            Mishap(answered=None, asked=chance.randrange(1_000, 60_000)) for _ in range(10)
        )
        run_until_done(
            through(line, own_server, own_url), full_inbox, tmp_path / "state", patience=20
        )
    assert line.befallen >= 3
    assert picture(own_url) == undisturbed


# The disk is full


def test_a_full_disk_is_reported_and_nothing_is_half_written(
    database_url: str, full_inbox: Inbox, undisturbed: Picture, tmp_path: Path
) -> None:
    run(database_url, Inbox(tmp_path / "nothing"), tmp_path / "state")
    execute(database_url, FULL)
    with pytest.raises(BranchlineError, match="No space left on device") as caught:
        run(database_url, full_inbox, tmp_path / "state")
    assert "Free disk space" in caught.value.hint
    assert not any("york" in row[0] for row in picture(database_url)["ledger"])
    execute(database_url, "drop function raw.no_room cascade")
    run(database_url, full_inbox, tmp_path / "state")
    assert picture(database_url) == undisturbed


def test_a_disk_that_really_fills_up(
    own_server: Warehouse,
    own_url: str,
    full_inbox: Inbox,
    tmp_path: Path,
    postgres_server: Connection,
) -> None:
    if not os.path.ismount(own_server.folder):
        # Only a full disk of its own fails as a real one does.
        pytest.skip("this user may not mount a small disk; root may")
    large = full_inbox.drop("york_10-08-2021_09-00-00.csv", till_file(1) * 150_000)
    with throwaway.database(postgres_server) as url:
        run(url, full_inbox, tmp_path / "calm")
        undisturbed = picture(url)
    room = shutil.disk_usage(own_server.folder).free
    filler = own_server.folder / "filler"
    filler.write_bytes(bytes(max(0, room - 6_000_000)))
    assert large.stat().st_size > 10_000_000
    with pytest.raises(BranchlineError) as caught:
        run(own_url, full_inbox, tmp_path / "state", patience=1)
    assert caught.value.hint
    filler.unlink()
    # If there was no space for the WAL, the server crashed and is restarted.
    with contextlib.suppress(OSError, psutil.Error):
        kill(own_server)
    bring_back(own_server)
    half_way = picture(own_url)
    assert not any("york_10" in row[0] for row in half_way["ledger"])
    run(own_url, full_inbox, tmp_path / "state")
    assert picture(own_url) == undisturbed


# Two at once


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork processes")
def test_two_loads_at_once(
    database_url: str, full_inbox: Inbox, undisturbed: Picture, tmp_path: Path
) -> None:
    children = []
    for number in range(3):
        child = os.fork()
        if not child:
            status = 1
            try:
                run(database_url, full_inbox, tmp_path / f"state{number}")
                status = 0
            finally:
                os._exit(status)
        children.append(child)
    assert [os.waitpid(child, 0)[1] for child in children] == [0, 0, 0]
    assert picture(database_url) == undisturbed


def test_the_second_load_reports_the_lock_holder(
    database_url: str, full_inbox: Inbox, tmp_path: Path
) -> None:
    said: list[str] = []

    def hear(event: LoadEvent) -> None:
        if event.kind == "file" and not said:
            with pytest.raises(BranchlineError) as caught:
                run(database_url, full_inbox, tmp_path / "other", lock_timeout=0.2)
            said.append(str(caught.value))

    run(database_url, full_inbox, tmp_path / "state", progress=hear)
    assert "Another load is running" in said[0]
    assert "branchline load (server process" in said[0]


# Poison


def zipped(name: str, content: str) -> bytes:
    with tempfile.TemporaryFile() as file:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(name, content)
        file.seek(0)
        return file.read()


POISON: dict[str, bytes] = {
    "nul.csv": b"\0" * 100_000,
    "noise.csv": random.Random(1).randbytes(200_000),
    "quote.csv": b'"' + b"a,b\n" * 50_000,
    "quotes.csv": b'"' * 99_999 + b"\n",
    "commas.csv": b"," * 300_000,
    "one_line.csv": b"x" * 3_000_000,
    "half_utf16.csv": b"\xff\xfe" + "a,b\n".encode("utf-16-le") * 100 + b"\0",
    "broken.csv.gz": gzip.compress(b"a,b\n" * 1000)[:-30],
    "no_gzip.csv.gz": b"a,b\n",
    "broken.zip": zipped("x.csv", "a,b\n")[:-20],
    "two_files.zip": b"PK\5\6" + b"\0" * 18,
    "empty.csv": b"",
}


def test_a_poison_file_stops_neither_its_feed_nor_the_next_load(
    database_url: str,
    inbox: Inbox,
    tmp_path: Path,
    query: Callable[..., list[tuple[Any, ...]]],
) -> None:
    for day, (name, content) in enumerate(POISON.items(), start=1):
        ending = name.partition(".")[2]
        inbox.drop(f"leeds_{day:02d}-08-2021_09-00-00.{ending}", content)
        inbox.drop(f"york_{day:02d}-08-2021_09-00-00.csv", till_file(10))
    report = run(database_url, inbox, tmp_path / "state")
    statuses = {outcome.path[11:]: outcome.status for outcome in report.files}
    assert {statuses[name] for name in statuses if "york" in name} == {"loaded"}
    assert {statuses[name] for name in statuses if "leeds" in name} == {"quarantined"}
    assert len(statuses) == 2 * len(POISON)
    assert all(outcome.reason for outcome in report.files if outcome.status == "quarantined")
    inbox.drop("bath_01-08-2021_09-00-00.csv", till_file(10))
    (outcome,) = run(database_url, inbox, tmp_path / "state").files
    assert (outcome.path, outcome.status) == ("branch_pos/bath_01-08-2021_09-00-00.csv", "loaded")
    assert query("select count(*) from raw.branch_pos_transactions") == [(10 * len(POISON) + 10,)]


def test_a_file_rejected_by_the_database_does_not_affect_others(
    database_url: str, full_inbox: Inbox, undisturbed: Picture, tmp_path: Path
) -> None:
    run(database_url, Inbox(tmp_path / "nothing"), tmp_path / "state")
    execute(database_url, FULL.replace("53100", "22000").replace("No space left", "Bad value"))
    report = run(database_url, full_inbox, tmp_path / "state")
    failed = {outcome.path for outcome in report.files if outcome.status == "failed"}
    assert failed == {row[0] for row in undisturbed["ledger"] if "york" in row[0]}
    found = picture(database_url)
    for query in ("rows", "rejects", "ledger"):
        assert found[query] == [row for row in undisturbed[query] if "york" not in row[0]]
    execute(database_url, "drop function raw.no_room cascade")
    run(database_url, full_inbox, tmp_path / "state")
    assert picture(database_url) == undisturbed


def test_an_internal_error_does_not_affect_other_files(
    database_url: str,
    full_inbox: Inbox,
    undisturbed: Picture,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from ingest.parallel import prefetching as module

    real = module.read_content

    def stumble(file: Any) -> Any:
        if "york" in file.path:
            raise ZeroDivisionError("a card: 4929 1234 1234 1234")
        return real(file)

    with monkeypatch.context() as broken:
        broken.setattr(module, "read_content", stumble)
        report = run(database_url, full_inbox, tmp_path / "state")
    failed = [outcome for outcome in report.files if outcome.status == "failed"]
    assert failed
    assert all("york" in outcome.path for outcome in failed)
    assert all("4929" not in (outcome.reason or "") for outcome in failed)
    run(database_url, full_inbox, tmp_path / "state")
    assert picture(database_url) == undisturbed


def test_a_file_replaced_during_reading(
    database_url: str, inbox: Inbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Never a mixture of two versions: it is postponed to the next load."""
    from ingest.parallel import prefetching as module

    path = inbox.drop("leeds_01-08-2021_09-00-00.csv", till_file(50))
    inbox.drop("york_01-08-2021_09-00-00.csv", till_file(50))
    os.utime(path, (1_630_000_000, 1_630_000_000))
    monkeypatch.setattr("ingest.origins.origin.SETTLED_AFTER", 0)
    real = module.read_content

    def read_and_write(file: Any) -> Any:
        if "leeds" in file.path:
            with path.open("a") as writer:
                writer.write("26/08/2021 09:0")
        return real(file)

    with monkeypatch.context() as busy:
        busy.setattr(module, "read_content", read_and_write)
        report = run(database_url, inbox, tmp_path / "state")
    statuses = {outcome.path[11:15]: outcome.status for outcome in report.files}
    assert statuses == {"leed": "postponed", "york": "loaded"}
    path.write_text(till_file(51))
    run(database_url, inbox, tmp_path / "state")
    rows = picture(database_url)["rows"]
    assert len([row for row in rows if "leeds" in row[0]]) == 51
