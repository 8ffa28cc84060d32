"""dbt started before it is known what to build: it imports its code while files are loaded."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from base.cores import usable_cores
from base.files import OTHERS
from operate.dbt import tied, waiting
from operate.dbt.process import dbt_environment

TIED = (sys.executable, "-I", "-S", tied.__file__)
"""Command prefix: the child ends with this process, when the pipe to its standard input closes."""


class EarlyDbt:
    """A process that has imported dbt, or is about to, and waits for a command.

    It has the project folder and the environment of this process. The command comes through a pipe:
    other users cannot see it, and it ends the process if it closes without a command.
    """

    def __init__(self, project: Path, program: Path) -> None:
        reading, self._writing = os.pipe()
        try:
            self._process = subprocess.Popen(
                [*TIED, sys.executable, waiting.__file__, str(program), str(reading)],
                cwd=project,
                # Some variables, such as PYTHONWARNINGS, matter before the command comes.
                env=dbt_environment(),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                umask=OTHERS,
                pass_fds=(reading,),
            )
        except OSError:
            os.close(self._writing)
            raise
        finally:
            os.close(reading)
        self._waits = True

    def begin(
        self, arguments: Sequence[str], environment: Mapping[str, str]
    ) -> subprocess.Popen[str] | None:
        """Let it run a command, once; None if it has died."""
        command = {"arguments": list(arguments), "environment": dict(environment)}
        try:
            with open(self._writing, "w", encoding="ascii", closefd=False) as pipe:
                json.dump(command, pipe)
        except OSError:
            return None
        os.close(self._writing)
        self._waits = False
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
def started_early(project: Path) -> Iterator[EarlyDbt | None]:
    """Start dbt for one command, which may not come.

    None where there is only one core, which has better things to do, or no dbt beside this Python.
    """
    program = Path(sys.executable).with_name("dbt")
    early: EarlyDbt | None = None
    if usable_cores() > 1 and program.exists():
        # Without it, dbt is started later, and the error reported.
        with contextlib.suppress(OSError):
            early = EarlyDbt(project, program)
    try:
        yield early
    finally:
        if early is not None:
            early.close()
