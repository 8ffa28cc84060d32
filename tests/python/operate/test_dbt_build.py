"""dbt as a child process: its log and its results; with a stand-in for dbt itself."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psutil
import pytest

from operate.dbt import build, process, tied
from operate.dbt.build import BuildProgress, BuildResult, run_dbt
from operate.dbt.process import quiet_dbt


def node(unique_id: str, status: str, message: str | None = None) -> dict[str, Any]:
    return {"unique_id": unique_id, "status": status, "message": message}


def event(kind: str, index: int, name: str) -> str:
    data = {"index": index, "total": 4, "node_info": {"node_name": name}}
    return json.dumps({"info": {"name": kind, "level": "info"}, "data": data})


def begun(index: int, name: str) -> str:
    return event("LogStartLine", index, name)


def done(index: int, name: str) -> str:
    return event("LogModelResult", index, name)


class FakeDbt:
    """Prints these lines, writes these results, ends with this exit code."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self.program = folder / "dbt"
        monkeypatch.setattr(build, "dbt_program", lambda: str(self.program))

    def run(
        self, lines: list[str], results: list[dict[str, Any]] | None, code: int
    ) -> tuple[BuildResult, list[BuildProgress]]:
        target = self.folder / "target"
        target.mkdir(exist_ok=True)
        written = json.dumps({"results": results}) if results is not None else None
        self.program.write_text(
            f"#!{sys.executable}\n"
            "import pathlib, sys\n"
            f"print({chr(10).join(lines)!r})\n"
            f"results = {written!r}\n"
            f"path = pathlib.Path({str(target / 'run_results.json')!r})\n"
            "results is None or path.write_text(results)\n"
            f"sys.exit({code})\n"
        )
        self.program.chmod(0o755)
        seen: list[BuildProgress] = []
        environment = {"PATH": os.environ["PATH"]}
        found = run_dbt(
            ["build"], project=self.folder, environment=environment, progress=seen.append
        )
        return found, seen


@pytest.fixture
def dbt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeDbt:
    return FakeDbt(tmp_path, monkeypatch)


def test_a_good_build_is_counted(dbt: FakeDbt) -> None:
    results = [
        node("model.branchline.dim_dates", "success"),
        node("seed.branchline.branches", "success"),
        node("test.branchline.not_null_a.0123abcd", "pass"),
        node("unit_test.branchline.dim_dates.weeks", "pass"),
        node("exposure.branchline.board", "no-op"),
    ]
    found, seen = dbt.run(
        [
            begun(1, "a"),
            begun(3, "dim_dates"),
            "a warning of Python's",
            done(3, "dim_dates"),
            done(1, "a"),
        ],
        results,
        0,
    )
    assert found.succeeded
    assert (found.models, found.tests, found.failures) == (2, 2, [])
    assert [(step.done, step.note) for step in seen] == [
        (0, "dbt is reading the project"),
        (0, "a"),
        (0, "a and 1 more"),
        (1, "a"),
        (2, ""),
    ]


def test_failures_are_reported_with_their_messages(dbt: FakeDbt) -> None:
    results = [
        node("model.branchline.fct_sales", "error", 'Database Error\n  column "x" does not exist'),
        node("test.branchline.not_null_a.0123abcd", "fail", "Got 3 results"),
        node("test.branchline.fresh.0123abcd", "warn", "Got 1 result"),
        node("model.branchline.rpt_daily_sales", "skipped"),
    ]
    found, _ = dbt.run([], results, 1)
    assert not found.succeeded
    reported = [(failure.kind, failure.name, failure.status) for failure in found.failures]
    assert reported == [("model", "fct_sales", "error"), ("test", "not_null_a", "fail")]
    assert 'column "x" does not exist' in found.failures[0].message
    assert [warning.name for warning in found.warnings] == ["fresh"]
    assert (found.models, found.tests, found.skipped) == (0, 2, 1)


def test_an_error_without_a_node_is_reported_and_old_results_are_not(dbt: FakeDbt) -> None:
    dbt.run([], [node("model.branchline.old", "error", "of yesterday")], 1)
    parse_error = {"info": {"name": "MainEncounteredError", "level": "error", "msg": "no such ref"}}
    found, _ = dbt.run([json.dumps(parse_error)], None, 2)
    assert not found.succeeded
    assert found.failures == []
    assert found.messages == ["no such ref"]


@pytest.mark.parametrize("custom", [False, True], ids=["default", "named"])
def test_dbts_files_are_private(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, custom: bool
) -> None:
    """Logs and compiled SQL hold row values: existing files are made private, too."""
    project, elsewhere = tmp_path / "project", tmp_path / "elsewhere"
    logs, target = project / "logs", project / "target"
    environment = {"PATH": os.environ["PATH"]}
    if custom:
        logs, target = elsewhere, elsewhere / "target"
        environment |= {"DBT_LOG_PATH": str(logs), "DBT_TARGET_PATH": str(target)}
    project.mkdir()
    program = tmp_path / "dbt"
    program.write_text(
        f"#!{sys.executable}\n"
        "import pathlib\n"
        f"logs, target = pathlib.Path({str(logs)!r}), pathlib.Path({str(target)!r})\n"
        "(target / 'run').mkdir(exist_ok=True, parents=True)\n"
        "for path in (logs / 'dbt.log', logs / 'dbt.log.1', target / 'run' / 'x.sql'):\n"
        "    path.open('a').write('Ann')\n"
    )
    program.chmod(0o755)
    written = [logs / "dbt.log", logs / "dbt.log.1", target / "run" / "x.sql"]

    def modes(*paths: Path) -> set[int]:
        return {stat.S_IMODE(path.stat().st_mode) for path in paths}

    def runs() -> None:
        run_dbt(["build"], project=project, environment=environment, progress=print)
        quiet_dbt(["ls"], project, environment)

    for module in (build, process):
        monkeypatch.setattr(module, "dbt_program", lambda: str(program))
    before = os.umask(0)
    try:
        if custom:
            # A user's own folder, which may have other content, is not changed.
            logs.mkdir()
        runs()
        assert modes(*written) == {0o600}
        assert modes(target, target / "run") == {0o700}
        assert modes(logs) == {0o777 if custom else 0o700}
        # As older versions left them.
        for path in (logs, target):
            path.chmod(0o755)
        (logs / "dbt.log").chmod(0o644)
        runs()
        assert modes(logs / "dbt.log") == {0o600}
        assert modes(target) == {0o700}
        assert modes(logs) == {0o755 if custom else 0o700}
    finally:
        os.umask(before)


@pytest.mark.parametrize("deaf", [False, True], ids=["listens", "deaf"])
def test_the_death_of_the_caller_ends_dbt(tmp_path: Path, deaf: bool) -> None:
    """By SIGKILL, which cannot be handled. `deaf`: dbt ignores the request to end."""
    program, note = tmp_path / "dbt", tmp_path / "note"
    program.write_text(
        f"#!{sys.executable}\n"
        "import os, pathlib, signal, time\n"
        + ("signal.signal(signal.SIGINT, signal.SIG_IGN)\n" if deaf else "")
        + f"note = pathlib.Path({str(note)!r})\n"
        "new = note.with_suffix('.new')\n"
        "new.write_text(str(os.getpid()))\n"
        "new.replace(note)\n"
        "time.sleep(300)\n"
    )
    program.chmod(0o755)
    caller = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import pathlib, sys\n"
            "from operate.dbt import build, tied\n"
            "build.dbt_program = lambda: sys.argv[1]\n"
            "build.TIED = [*build.TIED[:3], sys.argv[2]]\n"
            "build.run_dbt(['build'], project=pathlib.Path(sys.argv[1]).parent,"
            " environment={}, progress=print)\n",
            str(program),
            str(_impatient(tmp_path)),
        ],
        cwd=Path(build.__file__).parents[2],
    )
    try:
        deadline = time.monotonic() + 60
        while not note.exists():
            assert time.monotonic() < deadline
            time.sleep(0.02)
        child = psutil.Process(int(note.read_text()))
        caller.kill()
        caller.wait()
        assert psutil.wait_procs([child], timeout=60)[0], "dbt is still there"
    finally:
        caller.kill()
        caller.wait()


def _impatient(folder: Path) -> Path:
    """The program that ties them, with a short timeout."""
    text = Path(tied.__file__).read_text()
    assert f"GRACE_SECONDS = {tied.GRACE_SECONDS}" in text
    copy = folder / "tied.py"
    copy.write_text(text.replace(f"GRACE_SECONDS = {tied.GRACE_SECONDS}", "GRACE_SECONDS = 1"))
    return copy
