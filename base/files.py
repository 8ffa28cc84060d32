"""Files that are written atomically, and files that only their owner may read: locks, passwords,
keys.
"""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from base.errors import BranchlineError

OTHERS = stat.S_IRWXG | stat.S_IRWXO


def open_private(path: Path) -> IO[str]:
    """Open a file to lock it; create it if missing. Whoever can open a lock file can hold the lock.

    Raises OSError.
    """
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    found = os.fstat(handle)
    if found.st_mode & OTHERS and found.st_uid == os.geteuid():
        os.fchmod(handle, 0o600)
    return os.fdopen(handle, "r+")


def write_private(path: Path, text: str) -> None:
    """Write, atomically, a file that only its owner may read."""
    new = path.with_name(path.name + ".new")
    # A file left by a killed command may have been opened by others.
    new.unlink(missing_ok=True)
    handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(handle, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
    _sync_folder(path.parent)


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Where to write the new content of a file; at the end it takes the file's place.

    A reader sees the file as it was or as it will be, and after an error it is as it was. Creates
    the folder. What a killed process leaves is hidden and ends in `.new`; the next one overwrites
    it. Raises OSError.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f".{path.name}.new")
    try:
        yield new
        with new.open("rb+") as file:
            os.fsync(file.fileno())
        new.replace(path)
    except BaseException:
        new.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def _sync_folder(path: Path) -> None:
    folder = os.open(path, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def read_secret(path: Path, what: str) -> str:
    """The text of a file that holds a secret.

    Raises BranchlineError if other users of the machine can read or change it, and OSError.
    """
    with path.open(encoding="utf-8", errors="replace") as file:
        mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
        if mode & OTHERS:
            raise BranchlineError(
                f"Other users of this machine can read {what}: {path} has the mode {mode:04o}.",
                f"Restrict it: chmod 600 '{path}'. If others may have read it, replace the secret,"
                " too (docs/privacy.md).",
            )
        return file.read()


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file that is there either whole or not at all; creates its folder.

    Raises OSError.
    """
    with replacing(path) as new:
        new.write_bytes(content)
