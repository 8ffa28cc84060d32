"""Create the virtual environment and install the locked packages; run by `make setup`.

It runs before anything is installed, so it uses the standard library only:
`python3 -I operate/bootstrap.py FOLDER` with FOLDER the environment to create (`.venv`).
A stamp in the environment records what it was made from; while that is unchanged, nothing is done.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
LOCK = PROJECT / "requirements.lock"
STAMP = "branchline.stamp"
# Seconds between two progress lines.
STEP = 10.0


def main(arguments: list[str]) -> int:
    """Create the environment named in `arguments`; return the exit code."""
    venv = Path(arguments[0] if arguments else ".venv").absolute()
    stamp = venv / STAMP
    wanted = fingerprint(venv)
    if stamp.exists() and stamp.read_text() == wanted and works(venv):
        stamp.touch()
        return 0
    try:
        build(venv)
    except subprocess.CalledProcessError as error:
        say(f"Set-up stopped: `{' '.join(map(str, error.cmd[1:5]))} ...` failed (see above).")
        say(
            "Check the network (or pip's own settings: proxy, index, certificate) and run "
            "`make setup` again; it resumes where it stopped."
        )
        return 1
    stamp.write_text(wanted)
    return 0


def fingerprint(venv: Path) -> str:
    """Everything the environment is made from: lock, project file, Python, and its own path."""
    content = hashlib.sha256()
    for path in (LOCK, PROJECT / "pyproject.toml"):
        content.update(path.read_bytes())
    python = ".".join(map(str, sys.version_info[:3]))
    return f"{content.hexdigest()} python {python} in {venv}\n"


def works(venv: Path) -> bool:
    """Whether the environment's Python starts."""
    python = venv / "bin" / "python"
    try:
        return subprocess.run([str(python), "-c", ""], capture_output=True).returncode == 0
    except OSError:
        return False


def is_in_place(venv: Path) -> bool:
    """Whether the environment was not moved: its scripts contain its path."""
    try:
        return (venv / STAMP).read_text().endswith(f" in {venv}\n")
    except FileNotFoundError:
        # Creating it was interrupted: the next pip resumes.
        return True


def build(venv: Path) -> None:
    """Create the environment if it is missing or has another Python; install everything."""
    python = venv / "bin" / "python"
    if venv.exists() and not (
        works(venv) and version_of(python) == sys.version_info[:2] and is_in_place(venv)
    ):
        say(f"Recreating {venv.name} for Python {sys.version_info[0]}.{sys.version_info[1]}.")
        shutil.rmtree(venv)
    if not venv.exists():
        say(f"Creating {venv.name} with Python {sys.version.split()[0]} ...")
        try:
            subprocess.run([sys.executable, "-m", "venv", str(venv)], check=True)
        except subprocess.CalledProcessError:
            shutil.rmtree(venv, ignore_errors=True)
            say("On Debian and Ubuntu the module venv is in a separate package: python3-venv.")
            raise
    pip = [str(python), "-m", "pip", "--disable-pip-version-check"]
    install = [*pip, "install", "--no-input", "--progress-bar", "off"]
    # The lock is complete, so pip has nothing to resolve.
    install_locked([*install, "--no-deps", "--require-hashes", "-r"])
    subprocess.run(
        [*install, "--quiet", "--no-build-isolation", "--no-deps", "-e", str(PROJECT)],
        check=True,
    )


def version_of(python: Path) -> tuple[int, ...]:
    """Major and minor version of an interpreter."""
    code = "import sys; print(*sys.version_info[:2])"
    version = subprocess.run([str(python), "-c", code], capture_output=True, text=True, check=True)
    return tuple(int(part) for part in version.stdout.split())


def install_locked(command: list[str]) -> None:
    """Install the lock's packages: two halves at the same time, by `command` and a file each.

    pip works on one core. Prints a line every few seconds instead of one per package. Raises
    CalledProcessError after showing pip's own last lines.
    """
    packages = locked_packages(LOCK.read_text())
    say(f"Installing up to {len(packages)} locked packages (a minute or two the first time) ...")
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        halves = [Path(folder) / f"{part}.txt" for part in (0, 1)]
        for part, half in enumerate(halves):
            half.write_text("".join(packages[part::2]))
        running = [Pip([*command, str(half)]) for half in halves]
        shown = started
        while any(pip.runs() for pip in running):
            time.sleep(0.2)
            if time.monotonic() - shown >= STEP:
                shown = time.monotonic()
                seen = sum(pip.seen for pip in running)
                unpacking = all(pip.unpacks for pip in running)
                done = "all there, unpacking ..." if unpacking else f"{seen} packages fetched"
                say(f"  {shown - started:.0f} s: {done}")
    for pip in running:
        if pip.process.returncode != 0:
            say("\n".join(pip.lines))
            raise subprocess.CalledProcessError(pip.process.returncode, pip.command)
    say(f"  {time.monotonic() - started:.0f} s: installed.")


def locked_packages(lock: str) -> list[str]:
    """The entries of a lock file: a package's line and the lines of its hashes."""
    return re.findall(r"^[A-Za-z0-9].*\n(?:[ \t].*\n)*", lock + "\n", re.MULTILINE)


class Pip:
    """A running pip; its output is read by a thread."""

    def __init__(self, command: list[str]) -> None:
        self.command = command
        self.seen = 0
        """How many packages it has looked at."""
        self.unpacks = False
        """Whether all of them are there."""
        self.lines: list[str] = []
        """The last lines of its output."""
        self.process = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def runs(self) -> bool:
        """Whether it has not ended yet."""
        return self.process.poll() is None or self._reader.is_alive()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines = [*self.lines[-30:], line.rstrip()]
            self.seen += line.startswith(("Collecting ", "Processing ", "Requirement already"))
            self.unpacks |= line.startswith("Installing collected packages")


def say(line: str) -> None:
    """Print a line unbuffered."""
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
