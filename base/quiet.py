"""dlt without telemetry, without a folder in the user's home, and without its own log."""

from __future__ import annotations

import logging
import os


def hush_dlt() -> None:
    """Configure dlt before its first use: no telemetry, nothing in the home folder, no log."""
    os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"
    os.environ["RUNTIME__LOG_LEVEL"] = "CRITICAL"
    # What was in use before has made its logger.
    logging.getLogger("dlt").setLevel(logging.CRITICAL)
