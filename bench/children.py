"""Child processes: every contender runs in a separate one, to measure its own peak memory."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from base.settings import PROJECT
from bench.errors import BenchError

TOKEN_KEY = "key-of-the-benchmarks-" + "0" * 32
_ENDING_SECONDS = 10


@dataclass(frozen=True)
class Done:
    """A child that succeeded. `result` is what its task returned."""

    seconds: float
    """From its start to its end, measured from outside."""
    peak_bytes: int
    result: Any


class Workplace:
    """A temporary folder and the environment of its processes."""

    def __init__(self, folder: Path, most_seconds: float) -> None:
        """`most_seconds`: the timeout of a child."""
        self.folder = folder
        self._most_seconds = most_seconds
        (folder / "home").mkdir()
        self._number = 0
        self._given: Mapping[str, str] = {}

    def environment(self, database_url: str, name: str = "work") -> dict[str, str]:
        """The environment of a child: this database, its own folders, nothing of the user's.

        `name` separates the folders of different databases.
        """
        kept = {
            variable: text
            for variable, text in os.environ.items()
            if not variable.startswith(("BRANCHLINE_", "DBT_", "PG", "DLT_", "RUNTIME__"))
        }
        place = self.folder / name
        place.mkdir(exist_ok=True)
        return {
            **kept,
            **self._given,
            "HOME": str(self.folder / "home"),
            "BRANCHLINE_DATABASE_URL": database_url,
            "BRANCHLINE_TOKEN_KEY": TOKEN_KEY,
            "BRANCHLINE_WAREHOUSE_DIR": str(place / "warehouse"),
            "BRANCHLINE_INBOX": str(place / "inbox"),
            "DBT_TARGET_PATH": str(place / "target"),
            "DBT_LOG_PATH": str(place / "logs"),
            "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
            "DLT_DATA_DIR": str(place / "dlt"),
            "DO_NOT_TRACK": "1",
            "RUNTIME__DLTHUB_TELEMETRY": "false",
        }

    @contextlib.contextmanager
    def given(self, variables: Mapping[str, str]) -> Iterator[None]:
        """Children that are started in the block get these variables, too."""
        before, self._given = self._given, {**self._given, **variables}
        try:
            yield
        finally:
            self._given = before

    def run(self, task: str, database_url: str = "", name: str = "work", **arguments: Any) -> Done:
        """Run `bench.tasks.<task>(**arguments)` in a separate process.

        Raises BenchError with the end of its output if it fails.
        """
        with self.started(task, database_url, name, **arguments) as child:
            return child.wait()

    @contextlib.contextmanager
    def started(
        self, task: str, database_url: str = "", name: str = "work", **arguments: Any
    ) -> Iterator[Child]:
        """The same in the background of the block; `wait` on the child returns its result."""
        self._number += 1
        answer = self.folder / f"answer-{self._number}.json"
        command = [sys.executable, "-m", "bench.child", task, json.dumps(arguments), str(answer)]
        environment = self.environment(database_url, name)
        child = Child(command, environment, answer, self._most_seconds)
        try:
            yield child
        finally:
            child.end()
            answer.unlink(missing_ok=True)

    def branchline(self, *words: str, database_url: str, name: str = "work") -> Done:
        """Run the command line as a user's scheduler does."""
        program = str(Path(sys.executable).parent / "branchline")
        environment = self.environment(database_url, name)
        child = Child([program, *words], environment, None, self._most_seconds)
        try:
            return child.wait()
        finally:
            child.end()


class Child:
    """A running child in a separate session, so that ending it also ends its children."""

    def __init__(
        self,
        command: Sequence[str],
        environment: Mapping[str, str],
        answer: Path | None,
        most_seconds: float,
    ) -> None:
        self._answer = answer
        self._most_seconds = most_seconds
        self._name = " ".join(word for word in command[1:5] if not word.startswith(("-", "{")))
        self._started = time.perf_counter()
        self._process = subprocess.Popen(
            command,
            cwd=PROJECT,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        )

    def wait(self) -> Done:
        """Wait for its end. Raises BenchError if it fails, or does not end in time."""
        try:
            said, _ = self._process.communicate(timeout=self._most_seconds)
        except subprocess.TimeoutExpired:
            raise BenchError(
                f"{self._name} has not ended after {self._most_seconds:,.0f} s."
            ) from None
        seconds = time.perf_counter() - self._started
        if self._process.returncode != 0:
            raise BenchError(f"{self._name} failed:\n{said[-3000:]}")
        if self._answer is None:
            return Done(seconds, 0, said)
        answer = json.loads(self._answer.read_text())
        return Done(seconds, answer["peak_bytes"], answer["result"])

    def end(self) -> None:
        """End it and its children, if it still runs."""
        if self._process.poll() is not None:
            return
        for sign in (signal.SIGTERM, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, sign)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.communicate(timeout=_ENDING_SECONDS)
                return
