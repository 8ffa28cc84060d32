"""dbt started before it is known what to build: it reads the project while files are loaded."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from base.cores import usable_cores
from operate.dbt import tied, waiting
from operate.dbt.folders import closed_to_others, target_folder

TIED = (sys.executable, "-I", "-S", tied.__file__)
"""Command prefix: the child ends with this process, when the pipe to its standard input closes."""

# Errors are reported by the command that follows.
_SILENT = ("--log-level", "none", "--log-level-file", "none", "--no-write-json")


class EarlyDbt:
    """A process that imports dbt, reads the project, and waits for a command.

    `arguments`: those of the command that decide how the project is read. The command comes through
    a pipe; if that closes without one, the process ends.
    """

    def __init__(
        self,
        program: Path,
        project: Path,
        environment: Mapping[str, str],
        arguments: Sequence[str],
    ) -> None:
        self._results = target_folder(project, environment) / "run_results.json"
        reading, self._writing = os.pipe()
        try:
            self._process = subprocess.Popen(
                [
                    *(*TIED, sys.executable, waiting.__file__, str(program), str(reading)),
                    *(*_SILENT, "parse", *arguments),
                    *("--project-dir", str(project), "--profiles-dir", str(project)),
                ],
                cwd=project,
                env=dict(environment),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                umask=closed_to_others(project, environment),
                pass_fds=(reading,),
            )
        except OSError:
            os.close(self._writing)
            raise
        finally:
            os.close(reading)
        self._waits = True

    def begin(
        self, arguments: Sequence[str], *, manifest_stands: bool
    ) -> subprocess.Popen[str] | None:
        """Let it run a command, once; None if it has died.

        `manifest_stands`: what dbt would write of the project is there, so only results are
        written.
        """
        command = {
            "arguments": [*(("--no-write-json",) if manifest_stands else ()), *arguments],
            "results": str(self._results) if manifest_stands else None,
        }
        try:
            with open(self._writing, "w", encoding="ascii", closefd=False) as pipe:
                json.dump(command, pipe)
        except OSError:
            return None
        self._waits = False
        os.close(self._writing)
        return self._process

    def close(self) -> None:
        """End it if it has had no command."""
        if not self._waits:
            return
        self._waits = False
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        os.close(self._writing)
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait()


@contextlib.contextmanager
def started_early(
    project: Path, environment: Mapping[str, str], arguments: Sequence[str]
) -> Iterator[EarlyDbt | None]:
    """Start dbt for one command, which may not come.

    None where there is only one core, which has better things to do, or no dbt beside this Python.
    """
    program = Path(sys.executable).with_name("dbt")
    early: EarlyDbt | None = None
    if usable_cores() > 1 and program.exists():
        # Without it, dbt is started later, and the error reported.
        with contextlib.suppress(OSError):
            early = EarlyDbt(program, project, environment, arguments)
    try:
        yield early
    finally:
        if early is not None:
            early.close()
