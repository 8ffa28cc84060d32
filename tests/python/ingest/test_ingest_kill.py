"""Killed at any moment, run again: every row once, and the same ledger."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import time
import traceback
from datetime import date, timedelta
from pathlib import Path

import psutil
import pytest
from ingest_helpers import TOKEN_KEY, Inbox, picture, till_file

from ingest.contract.reading import load_feeds
from ingest.loading import LoadOptions, load

KILLS = 100


def start(url: str, inbox: Path, state_dir: Path) -> int:
    """Run a load in a separate process; forked, because a new one spends a second on imports."""
    child = os.fork()
    if child:
        return child
    status = 1
    try:
        # Its workers are found by its session.
        os.setsid()
        load(
            LoadOptions(
                database_url=url,
                inbox=str(inbox),
                feeds=load_feeds(),
                token_keys=[TOKEN_KEY],
                state_dir=state_dir,
            )
        )
        status = 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(status)


def in_session(leader: int) -> list[int]:
    """The processes of a session that still run."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(ProcessLookupError, psutil.Error):
            if os.getsid(process.pid) == leader and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process.pid)
    return found


def deliver(inbox: Inbox, round_number: int) -> None:
    """The files before one run: a day, a correction of an earlier one, sometimes more."""
    branch = ("leeds", "york", "bath", "hull")[round_number % 4]
    day = f"{date(2021, 8, 1) + timedelta(days=round_number // 4):%d-%m-%Y}"
    inbox.drop(f"{branch}_{day}_09-00-00.csv", till_file(150 + round_number))
    corrected = till_file(90 + round_number) + "half a line\n" * 3
    inbox.drop(f"{branch}_{day}_10-00-00.csv", corrected)
    if round_number % 5 == 0:
        inbox.drop(f"{branch}_{day}_09-00-00 (1).csv", till_file(150 + round_number))
    if round_number % 7 == 0:
        inbox.drop(f"{branch}_{day}_11-00-00.csv", b"\x89PNG\r\n\x1a\n")
    if round_number % 10 == 0:
        # Larger than the held size, so in a separate transaction.
        inbox.drop(f"{branch}_{day}_12-00-00.csv", till_file(4000, branch=branch))


@pytest.mark.usefixtures("several_workers")
@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork processes")
def test_killed_at_random_moments(
    database_url: str,
    second_database: str,
    inbox: Inbox,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Several transactions in each run, and a file that is written as it is read.
    monkeypatch.setattr("ingest.raw.writer.BATCH_FILES", 2)
    monkeypatch.setattr("ingest.parallel.prefetching.HELD_BYTES", 100_000)
    chance = random.Random(20210826)
    killed = rounds = most_workers = 0
    started = []
    reach = 0.0  # seconds; the known duration of a load
    while killed < KILLS:
        assert rounds < 10 * KILLS
        deliver(inbox, rounds)
        began = time.monotonic()
        child = start(database_url, inbox.folder, tmp_path / "state")
        started.append(child)
        if rounds > 1:
            time.sleep(chance.uniform(0, reach))
            most_workers = max(most_workers, len(in_session(child)) - 1)
            os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        if os.WIFSIGNALED(status):
            killed += 1
            # Files that were not loaded are added, so the next load takes longer.
            reach *= 1.1
        else:
            assert status == 0
            # The first load also creates the tables, so the second is measured.
            reach = time.monotonic() - began
        rounds += 1
    _, status = os.waitpid(start(database_url, inbox.folder, tmp_path / "state"), 0)
    assert status == 0
    assert most_workers == 2
    patience = time.monotonic() + 60
    while any(in_session(child) for child in started):
        assert time.monotonic() < patience, "a worker outlives the load that started it"
        time.sleep(0.1)

    _, status = os.waitpid(start(second_database, inbox.folder, tmp_path / "calm"), 0)
    assert status == 0
    assert picture(database_url) == picture(second_database)
