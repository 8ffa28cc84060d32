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
from contextlib import AbstractContextManager
from pathlib import Path

import psutil
import pytest

from operate.dbt import early, tied
from operate.dbt.build import BuildResult, run_dbt
from operate.dbt.early import EarlyDbt, started_early

PROJECT_ROOT = Path(early.__file__).parents[2]


class StandIn:
    """A package `dbt` in place of the real one, and a project with its program."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self.package = folder / "packages" / "dbt"
        self.project = folder / "project"
        self.note = folder / "note"
        for path in ("cli", "artifacts/schemas"):
            (self.package / path).mkdir(parents=True)
        for path in ("", "cli", "artifacts", "artifacts/schemas"):
            (self.package / path / "__init__.py").touch()
        (self.package / "artifacts" / "schemas" / "run.py").write_text(
            "import pathlib\n"
            "class RunExecutionResult:\n"
            "    def write(self, path):\n"
            "        pathlib.Path(path).write_text('{}')\n"
        )
        self.project.mkdir()
        self.acts()
        self.environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(folder / "packages")}
        monkeypatch.setattr(early, "usable_cores", lambda: 2)

    def acts(self, *, imports: str = "", parses: str = "pass", does: str = "pass") -> None:
        """What dbt does when it is imported, reads the project, and has a command.

        The first notes its process.
        """
        (self.package / "cli" / "main.py").write_text(
            "import json, os, pathlib, sys, time\n"
            "from types import SimpleNamespace\n"
            f"note = pathlib.Path({str(self.note)!r})\n"
            "new = note.with_suffix('.new')\n"
            "new.write_text(str(os.getpid()))\n"
            "new.replace(note)\n"
            f"{imports}\n"
            "from dbt.artifacts.schemas.run import RunExecutionResult\n"
            "class dbtRunner:\n"
            "    def __init__(self, manifest=None, callbacks=()):\n"
            "        self.manifest = manifest\n"
            "    def invoke(self, args):\n"
            "        found = SimpleNamespace(result=None, success=True, exception=None)\n"
            "        if 'parse' in args:\n"
            "            found.result = {'parsed': args}\n"
            f"            {parses}\n"
            "        else:\n"
            "            found.result = RunExecutionResult()\n"
            f"            {does}\n"
            "        return found\n"
        )

    def started(self) -> AbstractContextManager[EarlyDbt | None]:
        return started_early(self.project, self.environment, ["--target", "here"])

    def process(self) -> psutil.Process:
        """The process that waits, once it runs."""
        return psutil.Process(int(eventually(self.note).read_text()))

    def run(
        self, waiting: EarlyDbt | None, *arguments: str, manifest_stands: bool = False
    ) -> BuildResult:
        return run_dbt(
            arguments,
            project=self.project,
            environment=self.environment,
            progress=lambda _: None,
            early=waiting,
            manifest_stands=manifest_stands,
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


@pytest.mark.parametrize("manifest_stands", [False, True])
def test_the_command_arrives_with_the_project_that_was_read(
    stand_in: StandIn, manifest_stands: bool
) -> None:
    seen = stand_in.folder / "seen"
    stand_in.acts(
        does=f"pathlib.Path({str(seen)!r}).write_text(json.dumps([self.manifest, args,"
        " dict(os.environ), os.getcwd(), sys.path[0], os.fstat(0).st_rdev]))"
    )
    stand_in.environment |= {"PGPASSWORD": "geheim", "ODD": "\udcff\n"}
    with stand_in.started() as waiting:
        assert waiting is not None
        pid = stand_in.process().pid
        # Larger than a pipe.
        names = "x" * 100_000
        assert stand_in.run(
            waiting, "build", "--select", names, manifest_stands=manifest_stands
        ).succeeded
        assert int(stand_in.note.read_text()) == pid
    manifest, words, environment, folder, modules, standard_input = json.loads(seen.read_text())
    place = ["--project-dir", str(stand_in.project), "--profiles-dir", str(stand_in.project)]
    if manifest_stands:
        read = manifest["parsed"]
        assert read[read.index("parse") :] == ["parse", "--target", "here", *place]
    else:
        assert manifest is None
    assert words[words.index("build") :] == ["build", "--select", names, *place]
    assert ("--no-write-json" in words) == manifest_stands
    assert (stand_in.project / "target" / "run_results.json").exists() == manifest_stands
    # What Python and the system set themselves may be there as well.
    assert environment.items() >= stand_in.environment.items()
    assert environment.keys() <= {"LC_CTYPE", *stand_in.environment}
    assert folder == str(stand_in.project)
    assert modules == str(Path(sys.executable).parent)
    assert standard_input == os.stat(os.devnull).st_rdev


@pytest.mark.parametrize(
    "does",
    [
        "found.success = False",
        "found.success, found.exception = False, ValueError()",
        "os.kill(os.getpid(), 9)",
        "raise OSError('no space')",
    ],
)
def test_a_failure_is_reported(stand_in: StandIn, does: str) -> None:
    stand_in.acts(does=does)
    with stand_in.started() as waiting:
        found = stand_in.run(waiting, "build")
    assert not found.succeeded
    assert found.messages


def test_a_project_that_cannot_be_read_is_the_commands_matter(stand_in: StandIn) -> None:
    stand_in.acts(
        parses="found.result, found.success = None, False", does="assert self.manifest is None"
    )
    with stand_in.started() as waiting:
        assert stand_in.run(waiting, "build").succeeded


DEAF = """
try:
    time.sleep(300)
except KeyboardInterrupt:
    time.sleep(300)
"""


@pytest.mark.parametrize(
    "imports", ["", "time.sleep(300)", DEAF], ids=["waiting", "importing", "deaf"]
)
def test_without_a_command_it_ends_at_once_and_says_nothing(
    stand_in: StandIn, capfd: pytest.CaptureFixture[str], imports: str
) -> None:
    stand_in.acts(imports=imports, does=f"pathlib.Path({str(stand_in.folder / 'ran')!r}).touch()")
    before = psutil.Process().children(recursive=True)
    with stand_in.started():
        process = stand_in.process()
        began = time.monotonic()
    # By the first signal, not by the one for those who do not listen.
    assert time.monotonic() - began < tied.GRACE_SECONDS
    # Not even as a zombie.
    assert not process.is_running()
    assert psutil.Process().children(recursive=True) == before
    assert not (stand_in.folder / "ran").exists()
    assert not list(stand_in.project.rglob("*.json"))
    assert capfd.readouterr() == ("", "")


def test_it_ends_at_once_even_if_it_has_hardly_begun(stand_in: StandIn) -> None:
    before = psutil.Process().children(recursive=True)
    for _ in range(5):
        with stand_in.started():
            pass
    assert psutil.Process().children(recursive=True) == before


@pytest.fixture
def caller(stand_in: StandIn) -> Iterator[Callable[[str], subprocess.Popen[str]]]:
    """Start a process that starts dbt early, and then does this."""
    started: list[subprocess.Popen[str]] = []

    def start(then: str) -> subprocess.Popen[str]:
        code = (
            "import pathlib, signal, sys, time\n"
            # Even if the tests run in a shell's background, which ignores Ctrl-C.
            "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
            "from operate.dbt import early\n"
            "early.usable_cores = lambda: 2\n"
            f"with early.started_early(pathlib.Path({str(stand_in.project)!r}),"
            f" {stand_in.environment!r}, []):\n    {then}\n"
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
    stand_in.acts(imports=imports)
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
    with pytest.MonkeyPatch.context() as patched, stand_in.started() as waiting:
        patched.setattr("operate.dbt.build.dbt_program", lambda: str(program))
        process = stand_in.process()
        parent = process.parent()
        assert parent is not None
        process.kill()
        # Both have let go of the pipe.
        assert has_ended(process)
        assert has_ended(parent)
        assert stand_in.run(waiting, "build").succeeded
    assert done.exists()


def test_one_core_is_left_to_the_load(stand_in: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(early, "usable_cores", lambda: 1)
    with stand_in.started() as waiting:
        assert waiting is None


@pytest.mark.parametrize("project_file", ["broken: [", "name: shop\nprofile: none\n"])
def test_the_real_dbt_reports_the_same_error(tmp_path: Path, project_file: str) -> None:
    (tmp_path / "dbt_project.yml").write_text(project_file)
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
        with started_early(tmp_path, environment, []) as waiting:
            assert waiting is not None
            found = messages(waiting)
    assert found == messages(None)
