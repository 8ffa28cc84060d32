"""The nightly run's own decisions: when it builds, and how much its tests read."""

from __future__ import annotations

import contextlib
import io
import os
import signal
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta, timezone
from pathlib import Path

import psutil
import pytest
from rich.console import Console

from base.errors import BranchlineError
from base.link import Connection, open_link
from base.settings import PROJECT, Settings
from ingest.report import LoadReport
from operate.dbt.build import BuildResult, NodeFailure
from operate.dbt.lineage import Lineage
from operate.runs import nightly
from operate.runs.builds import last_audit
from operate.server.notes import Audit
from operate.server.server import Warehouse
from operate.terminal.build import show_audit
from operate.terminal.progress import Update
from publish.editions.record import build_is_open


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch, database_url: str) -> list[list[str]]:
    """The calls of dbt. Nothing is loaded, and every dbt command succeeds."""
    commands: list[list[str]] = []

    def run_dbt(arguments: Sequence[str], **_: object) -> BuildResult:
        commands.append(list(arguments))
        return BuildResult(True, 1.0)

    connection = Connection(database_url, "", 0, "", "", "")
    report = LoadReport(inbox="inbox", dry_run=False, load_id="1")
    monkeypatch.setattr(nightly, "install_packages", lambda *_: None)
    monkeypatch.setattr(nightly, "prepare_profile", lambda *_: None)
    monkeypatch.setattr(nightly, "ensure_warehouse", lambda *_: connection)
    monkeypatch.setattr(nightly, "load_inbox", lambda *_, **__: report)
    monkeypatch.setattr(nightly, "run_dbt", run_dbt)
    return commands


@contextlib.contextmanager
def hidden(_: str) -> Iterator[Update]:
    yield lambda *_: None


def run(database_url: str, tmp_path: Path, **options: bool) -> nightly.RunReport:
    settings = Settings(PROJECT, database_url, tmp_path, None, "inbox")
    return nightly.run(settings, "inbox", say=lambda _: None, show=hidden, **options)


def test_an_audit_runs_without_new_files(
    asked: list[list[str]], database_url: str, tmp_path: Path
) -> None:
    assert run(database_url, tmp_path).build is not None
    assert run(database_url, tmp_path).unchanged_since is not None
    assert [words[0] for words in asked] == ["build"]
    assert run(database_url, tmp_path, audit=True).build is not None
    assert "{audit: true}" in asked[1]
    assert "{audit: true}" not in asked[0]


def test_a_night_selects_only_after_a_good_build_of_the_same_version(
    asked: list[list[str]], database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lineage = Lineage("", {}, [], {}, {}, {}, [])
    monkeypatch.setattr(nightly, "read_lineage", lambda *_: lineage)
    monkeypatch.setattr(nightly, "readers_of_new_files", lambda *_: ["--select", "new"])
    ends = iter(range(1, 9))
    monkeypatch.setattr(nightly, "ledger_mark", lambda _: next(ends))

    def selects(**options: bool) -> bool:
        run(database_url, tmp_path, **options)
        return "--select" in asked[-1]

    assert [selects(), selects(), selects()] == [False, True, True]
    assert not selects(audit=True)
    assert not selects(full_refresh=True)
    monkeypatch.setattr(nightly, "project_fingerprint", lambda _: "another version")
    assert [selects(), selects()] == [False, True]
    monkeypatch.setattr(nightly, "read_lineage", lambda *_: None)
    assert not selects()


def test_an_interrupted_erasure_is_finished_before_anything_else(
    asked: list[list[str]], database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []
    load = nightly.load_inbox
    monkeypatch.setattr(nightly, "finish_interrupted", lambda *_: done.append("erasure"))

    def load_inbox(*given: object, **named: object) -> LoadReport:
        done.append("load")
        return load(*given, **named)  # type: ignore[arg-type]  # the fixture takes anything

    monkeypatch.setattr(nightly, "load_inbox", load_inbox)
    run(database_url, tmp_path)
    assert done == ["erasure", "load"]


LOST = [
    'Encountered an error:\nDatabase Error\n  connection to server on socket "/x" failed:'
    " Connection refused\n\tIs the server running locally and accepting connections?",
    "Database Error in model x\n  server closed the connection unexpectedly\n\tThis probably means",
    "Runtime Error\n  terminating connection due to administrator command",
]
IN_A_MODEL = 'Database Error in model x\n  column "y" does not exist'


@pytest.mark.parametrize(
    "noticed",
    [
        BuildResult(False, 1.0, messages=["a warning", LOST[0]]),
        BuildResult(
            False,
            1.0,
            failures=[NodeFailure("x", "model", "error", reported) for reported in LOST],
            skipped=9,
        ),
        BuildResult(True, 1.0),
    ],
    ids=["before a model", "by models", "after dbt"],
)
def test_a_database_crash_during_a_build_is_reported_and_the_next_run_recovers(
    warehouse: Warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, noticed: BuildResult
) -> None:
    inbox = tmp_path / "inbox" / "branch_pos"
    inbox.mkdir(parents=True)
    (inbox / "leeds_26-08-2021_09-00-00.csv").write_text(
        '26/08/2021 09:00,Leeds,Ann,"Tea - 1.80",1.80,CASH,\n'
    )
    with open_link(warehouse.ensure_running().url) as link, link.cursor() as cursor:
        # Commits must survive when the server is killed.
        cursor.execute("alter database branchline set synchronous_commit = on")
    deaths = 1

    def run_dbt(*_: object, **__: object) -> BuildResult:
        nonlocal deaths
        if not deaths:
            return BuildResult(True, 1.0)
        deaths -= 1
        pid = warehouse.status().pid
        assert pid is not None
        family = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
        os.kill(pid, signal.SIGKILL)
        psutil.wait_procs(family, timeout=20)
        return noticed

    monkeypatch.setattr(nightly, "install_packages", lambda *_: None)
    monkeypatch.setattr(nightly, "prepare_profile", lambda *_: None)
    monkeypatch.setattr(nightly, "ensure_warehouse", lambda *_: warehouse.ensure_running())
    monkeypatch.setattr(nightly, "run_dbt", run_dbt)
    settings = Settings(PROJECT, None, warehouse.folder, None, str(inbox.parent))

    def run() -> nightly.RunReport:
        return nightly.run(settings, settings.inbox, say=lambda _: None, show=hidden)

    with pytest.raises(BranchlineError, match="was lost") as caught:
        run()
    assert "\n" not in caught.value.message
    assert "run this again" in caught.value.hint
    again = run()
    assert again.succeeded
    assert again.build is not None
    assert again.load.unchanged == 1
    assert run().unchanged_since is not None


@pytest.mark.parametrize("ended", [True, False])
def test_a_model_error_is_reported_despite_a_lost_connection(
    asked: list[list[str]],
    database_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    ended: bool,
) -> None:
    def run_dbt(*_: object, **__: object) -> BuildResult:
        if ended:
            with open_link(database_url) as link, link.cursor() as cursor:
                cursor.execute(
                    "select pg_terminate_backend(pid, 5000) from pg_stat_activity"
                    " where datname = current_database() and pid <> pg_backend_pid()"
                )
        reported = [IN_A_MODEL, LOST[1]] if ended else [LOST[1]]
        failures = [NodeFailure("x", "model", "error", text) for text in reported]
        return BuildResult(False, 1.0, failures=failures)

    monkeypatch.setattr(nightly, "run_dbt", run_dbt)
    report = run(database_url, tmp_path)
    assert report.build is not None
    assert report.build.failures


def test_unit_tests_run_until_a_project_version_has_built(
    database_url: str, asked: list[list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def with_unit_tests() -> list[bool]:
        return ["unit_test" not in command for command in asked]

    run(database_url, tmp_path)
    run(database_url, tmp_path, full_refresh=True)
    assert with_unit_tests() == [True, False]

    monkeypatch.setattr(nightly, "project_fingerprint", lambda _: "another version")
    good = nightly.run_dbt
    monkeypatch.setattr(
        nightly, "run_dbt", lambda *words, **_: asked.append(*words) or BuildResult(False, 1.0)
    )
    run(database_url, tmp_path)
    monkeypatch.setattr(nightly, "run_dbt", good)
    run(database_url, tmp_path)
    run(database_url, tmp_path, audit=True)
    assert with_unit_tests()[2:] == [True, True, False]


def test_a_build_is_open_until_it_has_succeeded(
    database_url: str, asked: list[list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def is_open() -> bool:
        with open_link(database_url) as link:
            return build_is_open(link)

    during: list[bool] = []
    succeeds = True

    def run_dbt(*_: object, **__: object) -> BuildResult:
        during.append(is_open())
        return BuildResult(succeeds, 1.0)

    monkeypatch.setattr(nightly, "run_dbt", run_dbt)
    run(database_url, tmp_path)
    assert (during, is_open()) == ([True], False)
    succeeds = False
    run(database_url, tmp_path, full_refresh=True)
    assert is_open()
    # dbt had not begun: the marts are still those of the good build.
    assert run(database_url, tmp_path).unchanged_since is not None
    assert not is_open()


def test_manual_tests_do_not_invalidate_the_build(
    asked: list[list[str]], database_url: str, tmp_path: Path
) -> None:
    run(database_url, tmp_path)
    with open_link(database_url) as link, link.cursor() as cursor:
        cursor.execute(
            "create table operations.dbt_runs (command text,"
            " started_at timestamptz not null default clock_timestamp())"
        )
        cursor.execute("insert into operations.dbt_runs values ('test')")
        assert run(database_url, tmp_path).unchanged_since is not None
        cursor.execute("insert into operations.dbt_runs values ('run')")
    assert run(database_url, tmp_path).build is not None


def test_the_last_audit_is_in_the_report(
    asked: list[list[str]], database_url: str, tmp_path: Path
) -> None:
    assert run(database_url, tmp_path).last_audit is None
    with open_link(database_url) as link, link.cursor() as cursor:
        cursor.execute(
            "create table operations.audits (invocation_id text, tests integer,"
            " finished_at timestamptz)"
        )
        cursor.execute(
            "insert into operations.audits values ('a', 70, '2024-03-05 10:00+00'),"
            " ('b', 71, '2024-03-12 10:00+00')"
        )
        expected = Audit(71, datetime(2024, 3, 12, 10, tzinfo=timezone.utc))
        assert last_audit(link) == expected
    assert run(database_url, tmp_path).last_audit == expected


def shown(audit: Audit | None) -> str:
    out = io.StringIO()
    show_audit(Console(file=out, width=200), audit)
    return out.getvalue()


def test_the_summary_says_when_all_of_history_was_last_tested() -> None:
    assert "branchline run --audit" in shown(None)
    now = datetime.now(timezone.utc)
    lately = shown(Audit(71, now - timedelta(days=7)))
    assert "passed 71 tests on" in lately
    assert "branchline run --audit" not in lately
    assert "9 days ago: branchline run --audit" in shown(Audit(71, now - timedelta(days=9)))
