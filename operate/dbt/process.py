"""dbt as a child process: its program and its environment."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from base import libpq
from base.errors import BranchlineError
from base.link import Connection
from base.settings import Settings
from operate.dbt.folders import closed_to_others
from operate.dbt.profile import TARGET, TARGET_VARIABLE


def dbt_program() -> str:
    """The dbt of the environment that Branchline itself is installed in.

    Raises BranchlineError if there is none.
    """
    beside = Path(sys.executable).parent / "dbt"
    found = str(beside) if beside.exists() else shutil.which("dbt")
    if found is None:
        raise BranchlineError("dbt is not installed beside Branchline.", "Run `make setup`.")
    return found


def dbt_environment(
    settings: Settings | None = None, connection: Connection | None = None
) -> dict[str, str]:
    """The environment for dbt: no usage statistics, and the warehouse's address."""
    environment = {
        # Every statement in the log would cost seconds of a night.
        "DBT_LOG_LEVEL_FILE": "info",
        **os.environ,
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        "DO_NOT_TRACK": "1",
    }
    # For quick edits (docs/change-a-model.md), but Branchline reads the artifacts.
    environment.pop("DBT_WRITE_JSON", None)
    if settings is None:
        return environment
    url = connection.url if connection is not None else settings.database_url
    if url is None:
        return environment
    # The profile chooses the target (profile.target_arguments).
    environment.pop("DBT_TARGET", None)
    return {
        **libpq.environment(environment, url, complete=settings.embedded),
        TARGET_VARIABLE: TARGET,
    }


def quiet_dbt(
    arguments: Sequence[str], project: Path, environment: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    """Run a dbt command to its end; `stdout` has all its output."""
    return subprocess.run(
        [
            *(dbt_program(), "--quiet", *arguments),
            *("--project-dir", str(project), "--profiles-dir", str(project)),
        ],
        cwd=project,
        env=dict(environment),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        umask=closed_to_others(project, environment),
    )
