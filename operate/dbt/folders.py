"""Where dbt writes its artifacts and its log, which hold values of rows: for this user alone."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Mapping
from pathlib import Path

from base.files import OTHERS


def target_folder(project: Path, environment: Mapping[str, str] | None = None) -> Path:
    """Where dbt writes its artifacts."""
    environment = os.environ if environment is None else environment
    return project / (environment.get("DBT_TARGET_PATH") or "target")


def log_folder(project: Path, environment: Mapping[str, str] | None = None) -> Path:
    """Where dbt writes its log."""
    environment = os.environ if environment is None else environment
    return project / (environment.get("DBT_LOG_PATH") or "logs")


def closed_to_others(project: Path, environment: Mapping[str, str] | None = None) -> int:
    """Close both folders, made where they are missing, and return the umask for dbt.

    A folder that somebody has named for the log, and that was there, may hold other things: only
    dbt's log in it is closed.
    """
    target, logs = target_folder(project, environment), log_folder(project, environment)
    named = logs.exists() and logs != project / "logs"
    with contextlib.suppress(OSError):
        for folder in (target, logs):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for path in (target, *([] if named else [logs]), *logs.glob("dbt.log*")):
        # What cannot be closed is somebody else's, and dbt says what is wrong with it.
        with contextlib.suppress(OSError):
            found = path.stat()
            if found.st_mode & OTHERS and found.st_uid == os.geteuid():
                path.chmod(stat.S_IMODE(found.st_mode) & ~OTHERS)
    return OTHERS
