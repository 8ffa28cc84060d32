"""The environment of a benchmark: machine, versions, commit."""

from __future__ import annotations

import os
import platform
import subprocess
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psutil

from base.settings import PROJECT

PACKAGES = (
    "dbt-core",
    "dbt-postgres",
    "dlt",
    "duckdb",
    "pandas",
    "psycopg2-binary",
    "sqlalchemy",
)


def describe_machine(folder: Path) -> dict[str, Any]:
    """The machine, its Python and its packages; `folder`: where the benchmark stores its files."""
    try:
        cores = len(os.sched_getaffinity(0))
    except AttributeError:
        cores = os.cpu_count() or 1
    return {
        "system": f"{platform.system()} {platform.machine()}",
        "processor": _processor(),
        "cores": cores,
        "memory_bytes": psutil.virtual_memory().total,
        "free_disk_bytes": psutil.disk_usage(str(folder)).free,
        "load_average_at_start": round(os.getloadavg()[0], 2),
        "python": platform.python_version(),
        "packages": {name: version(name) for name in PACKAGES},
    }


def describe_commit() -> dict[str, Any]:
    """The measured commit, and whether files differ from it."""
    return {"commit": _git("rev-parse", "HEAD"), "changed": bool(_git("status", "--porcelain"))}


def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or "unknown"


def _git(*words: str) -> str:
    try:
        done = subprocess.run(["git", *words], cwd=PROJECT, capture_output=True, text=True)
    except FileNotFoundError:
        return ""
    return done.stdout.strip()
