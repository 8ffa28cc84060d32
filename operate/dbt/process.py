"""dbt as a child process: its program and its environment."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from base import libpq
from base.errors import BranchlineError
from base.link import Connection
from base.settings import Settings
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
    """The environment for dbt: no usage statistics, and the way to the warehouse."""
    environment = {**os.environ, "DBT_SEND_ANONYMOUS_USAGE_STATS": "false", "DO_NOT_TRACK": "1"}
    if settings is None:
        return environment
    url = connection.url if connection is not None else settings.database_url
    if url is None:
        return environment
    return {
        **libpq.environment(environment, url, complete=settings.embedded),
        TARGET_VARIABLE: TARGET,
    }
