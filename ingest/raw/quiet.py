"""dlt without telemetry and without a folder in the user's home."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    pass


def hush_dlt() -> None:
    """Configure dlt before its first use: no telemetry, nothing in the home folder."""
    os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"
    os.environ["RUNTIME__LOG_LEVEL"] = "CRITICAL"
