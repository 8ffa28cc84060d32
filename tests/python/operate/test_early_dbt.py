"""dbt started before its command is known; with a stand-in for dbt's own code."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from operate.dbt import early
from operate.dbt.build import BuildResult, run_dbt
from operate.dbt.early import EarlyDbt, started_early

PROJECT_ROOT = Path(early.__file__).parents[2]

PARSE_ERROR = json.dumps(
    {"info": {"name": "MainEncounteredError", "level": "error", "msg": "no such ref"}}
)


class StandIn:
    """A package `dbt` in place of the real one, and a project with its program."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self.package = folder / "packages" / "dbt"
        self.project = folder / "project"
        self.note = folder / "note"
        for path in (self.package / "adapters" / "postgres", self.package / "cli", self.project):
            path.mkdir(parents=True)
        for path in ("", "adapters", "adapters/postgres", "cli"):
            (self.package / path / "__init__.py").touch()
        self.imports("")
        self.does("")
        monkeypatch.setenv("PYTHONPATH", str(folder / "packages"))
        monkeypatch.setattr(early, "usable_cores", lambda: 2)

    def imports(self, code: str) -> None:
        """What the import of dbt does, after it has noted its process."""
        (self.package / "adapters" / "postgres" / "__init__.py").write_text(
            "import os, pathlib, sys, time\n"
            f"note = pathlib.Path({str(self.note)!r})\n"
            "new = note.with_suffix('.new')\n"
            "new.write_text(str(os.getpid()))\n"
            "new.replace(note)\n" + code
        )

    def does(self, code: str) -> None:
        """What dbt does with a command."""
        (self.package / "cli" / "main.py").write_text(
            f"import json, os, pathlib, sys, time\ndef cli():\n    {code or 'pass'}\n"
        )

    def process(self) -> psutil.Process:
        """The process that waits, once it runs."""
        return psutil.Process(int(eventually(self.note).read_text()))

    def run(self, waiting: EarlyDbt | None, *arguments: str, **variables: str) -> BuildResult:
        environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(self.package.parent),
            **variables,
        }
        return run_dbt(
            arguments,
            project=self.project,
            environment=environment,
            progress=lambda _: None,
            early=waiting,
        )


def eventually(path: Path) -> Path:
    patience = time.monotonic() + 60
    while not path.exists():
        assert time.monotonic() < patience, path
        time.sleep(0.01)
    return path


def has_ended(process: psutil.Process) -> bool:
    return bool(psutil.wait_procs([process], timeout=60)[0])


@pytest.fixture
def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StandIn:
    return StandIn(tmp_path, monkeypatch)


def test_the_command_arrives_with_its_environment_and_nothing_else(
    stand_in: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = stand_in.folder / "seen"
    stand_in.does(
        f"pathlib.Path({str(seen)!r}).write_text(json.dumps([sys.argv, dict(os.environ),"
        " os.getcwd(), sys.path[0], os.fstat(0).st_rdev]))"
    )
    stand_in.imports("assert os.environ['EARLY'] == 'set' and 'DBT_WRITE_JSON' not in os.environ")
    monkeypatch.setenv("EARLY", "set")
    monkeypatch.setenv("DBT_WRITE_JSON", "false")
    monkeypatch.setenv("DBT_TARGET", "another")
    with started_early(stand_in.project) as waiting:
        assert waiting is not None
        pid = stand_in.process().pid
        # Larger than a pipe; a secret; bytes that are not UTF-8.
        given = {"PGPASSWORD": "geheim", "LARGE": "x" * 100_000, "ODD": "\udcff\n"}
        commands: list[str] = []
        for process in (psutil.Process(pid), psutil.Process(pid).parent()):
            assert process is not None
            commands += process.cmdline()
        assert stand_in.run(waiting, "build", "--select", "a b", **given).succeeded
        assert int(stand_in.note.read_text()) == pid
    words, environment, folder, modules, standard_input = json.loads(seen.read_text())
    program = str(Path(sys.executable).with_name("dbt"))
    assert words[0] == program
    assert words[words.index("build") :][:3] == ["build", "--select", "a b"]
    assert words[-4:] == [
        *("--project-dir", str(stand_in.project), "--profiles-dir", str(stand_in.project)),
    ]
    assert {name: environment[name] for name in given} == given
    # What Python and the system set themselves may be there as well.
    assert environment.keys() <= {"PATH", "PYTHONPATH", "LC_CTYPE", *given}
    assert folder == str(stand_in.project)
    assert modules == str(Path(program).parent)
    assert standard_input == os.stat(os.devnull).st_rdev
    assert "geheim" not in " ".join(commands)


@pytest.mark.parametrize(
    ("does", "imports"),
    [
        (f"print({PARSE_ERROR!r}); sys.exit(2)", ""),
        ("sys.exit(1)", ""),
        ("return 3", ""),
        ("os.kill(os.getpid(), 9)", ""),
        ("raise OSError('no space')", ""),
        ("print('done')", "print('a warning of Python', file=sys.stderr)"),
    ],
)
def test_a_failure_is_reported_as_that_of_a_dbt_started_late(
    stand_in: StandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, does: str, imports: str
) -> None:
    stand_in.does(does)
    stand_in.imports(imports)
    program = tmp_path / "dbt"
    program.write_text(
        f"#!{sys.executable}\n"
        "import sys\n"
        "import dbt.adapters.postgres\n"
        "from dbt.cli.main import cli\n"
        "sys.exit(cli())\n"
    )
    program.chmod(0o755)
    monkeypatch.setattr("operate.dbt.build.dbt_program", lambda: str(program))

    def reported(found: BuildResult) -> tuple[bool, list[str]]:
        # Of a traceback, the last line.
        return found.succeeded, [line for line in found.messages if not line.startswith(" ")][-1:]

    late = reported(stand_in.run(None, "build"))
    with started_early(stand_in.project) as waiting:
        assert waiting is not None
        assert reported(stand_in.run(waiting, "build")) == late
    assert late[0] == (does == "print('done')")


@pytest.mark.parametrize("imports", ["", "time.sleep(300)"], ids=["waiting", "importing"])
def test_without_a_command_it_ends_at_once_and_says_nothing(
    stand_in: StandIn, capfd: pytest.CaptureFixture[str], imports: str
) -> None:
    stand_in.imports(imports)
    stand_in.does(f"pathlib.Path({str(stand_in.folder / 'ran')!r}).touch()")
    before = psutil.Process().children(recursive=True)
    with started_early(stand_in.project):
        process = stand_in.process()
    # Not even as a zombie.
    assert not process.is_running()
    assert psutil.Process().children(recursive=True) == before
    assert not (stand_in.folder / "ran").exists()
    assert list(stand_in.project.iterdir()) == []
    assert capfd.readouterr() == ("", "")


def test_it_ends_at_once_even_if_it_has_hardly_begun(stand_in: StandIn) -> None:
    before = psutil.Process().children(recursive=True)
    for _ in range(5):
        with started_early(stand_in.project):
            pass
    assert psutil.Process().children(recursive=True) == before


@pytest.fixture
def caller(stand_in: StandIn) -> Iterator[Callable[[str], subprocess.Popen[str]]]:
    """Start a process that starts dbt early, and then does this."""
    started: list[subprocess.Popen[str]] = []

    def start(then: str) -> subprocess.Popen[str]:
        code = (
            "import pathlib, sys, time\n"
            "from operate.dbt import early\n"
            "early.usable_cores = lambda: 2\n"
            f"with early.started_early(pathlib.Path({str(stand_in.project)!r})):\n    {then}\n"
        )
        one = subprocess.Popen(
            [sys.executable, "-c", code],
            cwd=PROJECT_ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        started.append(one)
        return one

    yield start
    for one in started:
        one.kill()
        one.communicate()


@pytest.mark.parametrize("imports", ["", "time.sleep(300)"], ids=["waiting", "importing"])
@pytest.mark.parametrize("signals", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_it_ends_with_its_starter(
    stand_in: StandIn,
    caller: Callable[[str], subprocess.Popen[str]],
    imports: str,
    signals: signal.Signals,
) -> None:
    """However that ends; Ctrl-C in a terminal reaches both."""
    stand_in.imports(imports)
    one = caller("time.sleep(300)")
    process = stand_in.process()
    if signals == signal.SIGINT:
        os.killpg(one.pid, signals)
    else:
        one.send_signal(signals)
    assert has_ended(process)
    output, _ = one.communicate(timeout=60)
    # Python's own word for the starter's end.
    assert output.count("Traceback") == (signals == signal.SIGINT)


def test_a_waiting_process_that_died_is_replaced(stand_in: StandIn, tmp_path: Path) -> None:
    done = tmp_path / "done"
    program = tmp_path / "dbt"
    program.write_text(f"#!/bin/sh\necho late > '{done}'\n")
    program.chmod(0o755)
    with pytest.MonkeyPatch.context() as patched, started_early(stand_in.project) as waiting:
        patched.setattr("operate.dbt.build.dbt_program", lambda: str(program))
        process = stand_in.process()
        parent = process.parent()
        assert parent is not None
        process.kill()
        assert has_ended(process)
        patience = time.monotonic() + 60
        while parent.status() != psutil.STATUS_ZOMBIE:
            assert time.monotonic() < patience
            time.sleep(0.01)
        assert stand_in.run(waiting, "build").succeeded
    assert done.exists()


def test_one_core_is_left_to_the_load(stand_in: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(early, "usable_cores", lambda: 1)
    with started_early(stand_in.project) as waiting:
        assert waiting is None


def test_the_imports_have_no_other_effect(tmp_path: Path) -> None:
    """With the real dbt: no file, no output."""
    program = str(Path(sys.executable).with_name("dbt"))
    with open(os.devnull) as nothing:
        done = subprocess.run(
            [sys.executable, early.waiting.__file__, program, str(nothing.fileno())],
            cwd=tmp_path,
            env={**os.environ, "HOME": str(tmp_path)},
            capture_output=True,
            pass_fds=(nothing.fileno(),),
        )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    assert list(tmp_path.iterdir()) == []


def test_the_real_dbt_reports_the_same_error(tmp_path: Path) -> None:
    (tmp_path / "dbt_project.yml").write_text("broken: [")
    environment = {**os.environ, "DBT_SEND_ANONYMOUS_USAGE_STATS": "false"}

    def messages(waiting: EarlyDbt | None) -> list[str]:
        found = run_dbt(
            ["parse"],
            project=tmp_path,
            environment=environment,
            progress=lambda _: None,
            early=waiting,
        )
        assert not found.succeeded
        return [re.sub(r"\d\d:\d\d:\d\d", "", message) for message in found.messages]

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(early, "usable_cores", lambda: 2)
        with started_early(tmp_path) as waiting:
            assert waiting is not None
            found = messages(waiting)
    assert found == messages(None)
    assert any("Syntax error" in message for message in found)
