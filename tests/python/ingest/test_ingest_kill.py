"""Killed at any moment, run again: every row once, and the same ledger."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import sys
import time
import traceback
from collections.abc import Collection
from datetime import date, timedelta
from pathlib import Path

import psutil
import pytest
from ingest_helpers import TOKEN_KEY, Inbox, picture, till_file

from ingest.contract.reading import load_feeds
from ingest.loading import LoadOptions, load
from ingest.parallel import prefetching

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


def wait_for(child: int, seconds: float) -> None:
    """Wait so long, or until the child has ended; its status is still to be asked for."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if os.waitid(os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT):
            return
        time.sleep(min(0.002, seconds))


def in_sessions(leaders: Collection[int]) -> list[int]:
    """The processes of these sessions that still run."""
    found = []
    for pid in psutil.pids():
        with contextlib.suppress(ProcessLookupError, psutil.Error):
            if os.getsid(pid) in leaders and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
                found.append(pid)
    return found


def deliver(inbox: Inbox, round_number: int) -> None:
    """The files before one run: a day, a correction of an earlier one, sometimes more."""
    branch = ("leeds", "york", "bath", "hull")[round_number % 4]
    day = f"{date(2021, 8, 1) + timedelta(days=round_number // 4):%d-%m-%Y}"
    inbox.drop(f"{branch}_{day}_09-00-00.csv", till_file(30 + round_number))
    corrected = till_file(20 + round_number) + "half a line\n" * 3
    inbox.drop(f"{branch}_{day}_10-00-00.csv", corrected)
    if round_number % 5 == 0:
        inbox.drop(f"{branch}_{day}_09-00-00 (1).csv", till_file(30 + round_number))
    if round_number % 7 == 0:
        inbox.drop(f"{branch}_{day}_11-00-00.csv", b"\x89PNG\r\n\x1a\n")
    if round_number % 10 == 0:
        # Larger than the held size, so in a separate transaction.
        inbox.drop(f"{branch}_{day}_12-00-00.csv", till_file(1000, branch=branch))


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
    monkeypatch.setattr("ingest.parallel.prefetching.HELD_BYTES", 50_000)
    chance = random.Random(20210826)
    killed = rounds = most_workers = 0
    started = []
    reach = {True: 0.0, False: 0.0}  # seconds; the known duration of a load with workers, without
    while killed < KILLS:
        assert rounds < 10 * KILLS
        deliver(inbox, rounds)
        # Starting workers takes most of such a small load, and most kills shall come after that.
        has_workers = rounds % 3 == 2
        monkeypatch.setattr(prefetching, "WORTH_STARTING", 0 if has_workers else sys.maxsize)
        began = time.monotonic()
        child = start(database_url, inbox.folder, tmp_path / "state")
        started.append(child)
        if rounds > 2:
            wait_for(child, chance.uniform(0, reach[has_workers]))
            most_workers = max(most_workers, len(in_sessions([child])) - 1)
            os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        if os.WIFSIGNALED(status):
            killed += 1
            # Files that were not loaded are added, so the next load takes longer.
            reach = {kind: 1.1 * seconds for kind, seconds in reach.items()}
        else:
            assert status == 0
            # The first load also creates the tables, so the next ones are measured.
            reach[has_workers] = time.monotonic() - began
        rounds += 1
    _, status = os.waitpid(start(database_url, inbox.folder, tmp_path / "state"), 0)
    assert status == 0
    assert most_workers == 2
    patience = time.monotonic() + 60
    while in_sessions(started):
        assert time.monotonic() < patience, "a worker outlives the load that started it"
        time.sleep(0.1)

    _, status = os.waitpid(start(second_database, inbox.folder, tmp_path / "calm"), 0)
    assert status == 0
    assert picture(database_url) == picture(second_database)
