"""`dbt build` as a child process: follow its log line by line, read its results at the end."""

from __future__ import annotations

import contextlib
import json
import re
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from operate.dbt.early import TIED, EarlyDbt
from operate.dbt.folders import closed_to_others, target_folder
from operate.dbt.process import dbt_program

PATIENCE_SECONDS = 10
"""How long dbt may take to end after a signal; then it gets another one."""

# dbt's statuses for a node that succeeded; anything else is reported.
GOOD = ("success", "pass")
TESTS = ("test", "unit_test")
# Messages of libpq, psycopg2, and a server that stops or starts.
_LOST = re.compile(
    r"connection to server|could not connect|connection (?:not open|already closed|refused)"
    r"|server closed the connection|terminating connection|could not (?:send|receive) data"
    r"|the database system is|crash of another server process|SSL connection has been closed",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class BuildProgress:
    """The progress of a build. `running`: the nodes that dbt works on, oldest first."""

    done: int
    running: tuple[str, ...]

    @property
    def note(self) -> str:
        """What is running, in a few words."""
        if not self.running:
            return "" if self.done else "dbt is reading the project"
        others = f" and {len(self.running) - 1} more" if len(self.running) > 1 else ""
        return f"{self.running[0]}{others}"


@dataclass(frozen=True)
class NodeFailure:
    """A model, seed or test that failed or warned, with dbt's message."""

    name: str
    kind: str
    status: str
    message: str


@dataclass
class BuildResult:
    """The result of a build. `messages` are errors without a node, such as a parse error."""

    succeeded: bool
    seconds: float
    counts: Counter[str] = field(default_factory=Counter)
    failures: list[NodeFailure] = field(default_factory=list)
    warnings: list[NodeFailure] = field(default_factory=list)
    skipped: int = 0
    messages: list[str] = field(default_factory=list)

    @property
    def lost_the_database(self) -> bool:
        """Whether lost connections are the only errors of a failed build."""
        if self.failures:
            return all(_LOST.search(failure.message) for failure in self.failures)
        return any(_LOST.search(message) for message in self.messages)

    @property
    def models(self) -> int:
        """Number of models, seeds and snapshots built."""
        return sum(self.counts[kind] for kind in ("model", "seed", "snapshot"))

    @property
    def tests(self) -> int:
        """Number of data tests and unit tests run."""
        return sum(self.counts[kind] for kind in TESTS)


def run_dbt(
    arguments: Sequence[str],
    *,
    project: Path,
    environment: Mapping[str, str],
    progress: Callable[[BuildProgress], None],
    early: EarlyDbt | None = None,
    manifest_stands: bool = False,
) -> BuildResult:
    """Run a dbt command with results (build, test, seed) and return them.

    dbt's own full log goes to its log folder (`logs/` by default).
    `early`: a waiting dbt in the same project and environment, which then runs the command, and
    writes no manifest if that of the same project version is there (`manifest_stands`).
    """
    started = time.monotonic()
    results_file = target_folder(project, environment) / "run_results.json"
    # Results of an earlier run must not be taken for this one's.
    with contextlib.suppress(FileNotFoundError):
        results_file.unlink()
    # By default the log file has the format of the output: as JSON it is five times as large.
    how = ("--log-format", "json", "--log-format-file", "debug", "--no-use-colors")
    command = [*how, *arguments, "--project-dir", str(project), "--profiles-dir", str(project)]
    process = (
        early.begin(command, manifest_stands=manifest_stands) if early is not None else None
    ) or subprocess.Popen(
        [*TIED, dbt_program(), *command],
        cwd=project,
        env=dict(environment),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        umask=closed_to_others(project, environment),
    )
    messages: list[str] = []
    assert process.stdin is not None
    assert process.stdout is not None
    follower = _Follower(messages)
    progress(follower.state)
    try:
        for line in process.stdout:
            if follower.takes(line):
                progress(follower.state)
    except KeyboardInterrupt:
        # The terminal has signalled dbt too; it rolls back before it ends. If the signal did not
        # reach it, closing the pipe ends it.
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(PATIENCE_SECONDS)
        process.stdin.close()
        process.wait()
        raise
    result = BuildResult(process.wait() == 0, 0.0)
    process.stdin.close()
    _read_results(results_file, result)
    if not result.succeeded and not result.failures:
        result.messages = messages or [f"dbt ended with exit code {process.returncode}."]
    result.seconds = time.monotonic() - started
    return result


class _Follower:
    """Reads dbt's log: what is done, what is running, and errors (into `messages`)."""

    def __init__(self, messages: list[str]) -> None:
        self._messages = messages
        self._done = 0
        self._running: dict[str, None] = {}

    @property
    def state(self) -> BuildProgress:
        """The current progress."""
        return BuildProgress(self._done, tuple(self._running))

    def takes(self, line: str) -> bool:
        """Read one line; return whether the progress changed."""
        try:
            event = json.loads(line)
            info, data = event["info"], event.get("data", {})
        except (ValueError, KeyError, TypeError):
            # Not from dbt: a Python warning, or the traceback of a broken installation.
            if line.strip():
                self._messages.append(line.rstrip())
                del self._messages[:-20]
            return False
        if info.get("level") == "error":
            self._messages.append(str(info.get("msg", "")).strip())
        name = (data.get("node_info") or {}).get("node_name", "")
        if "index" not in data:
            return False
        if info.get("name") == "LogStartLine":
            self._running[name] = None
            return True
        if info.get("name", "").endswith("Result"):
            self._running.pop(name, None)
            self._done += 1
            return True
        return False


def _read_results(path: Path, result: BuildResult) -> None:
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return
    for node in found.get("results", []):
        kind, _, rest = node["unique_id"].partition(".")
        status = node["status"]
        name = rest.partition(".")[2]
        if kind == "test":
            # After a test's name comes a hash.
            name = name.rpartition(".")[0] or name
        message = str(node.get("message") or "").strip()
        if status == "no-op":
            # Exposures are listed, not built.
            continue
        if status == "skipped":
            result.skipped += 1
            continue
        if kind in TESTS or status in GOOD:
            result.counts[kind] += 1
        failure = NodeFailure(name, kind.replace("_", " "), status, message)
        if status == "warn":
            result.warnings.append(failure)
        elif status not in GOOD:
            result.failures.append(failure)
