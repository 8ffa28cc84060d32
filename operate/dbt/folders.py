"""dbt's folders for artifacts and logs. They hold row values, so only this user may read them."""

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
    """Create both folders if missing, make them private, and return the umask for dbt.

    An existing log folder that the user has set may hold other files: only dbt's log in it is
    made private.
    """
    target, logs = target_folder(project, environment), log_folder(project, environment)
    named = logs.exists() and logs != project / "logs"
    with contextlib.suppress(OSError):
        for folder in (target, logs):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for path in (target, *([] if named else [logs]), *logs.glob("dbt.log*")):
        # A folder of somebody else cannot be made private; dbt reports the problem.
        with contextlib.suppress(OSError):
            found = path.stat()
            if found.st_mode & OTHERS and found.st_uid == os.geteuid():
                path.chmod(stat.S_IMODE(found.st_mode) & ~OTHERS)
    return OTHERS
