"""What all Python tests share: a throwaway PostgreSQL, a fresh database, a closed-off environment.

For fixtures of a wider scope, tests/python/throwaway.py has the same as functions.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
import throwaway
from _pytest.terminal import TerminalReporter
from hypothesis import settings

from base.link import Connection

# No database of the user's, by whatever way dlt could know of it, is read by a test.
for name in [name for name in os.environ if name.startswith(("BRANCHLINE_SOURCE_", "SOURCES__"))]:
    del os.environ[name]
os.environ["DLT_PROJECT_DIR"] = throwaway.NO_PROJECT

# The same examples at each run, so that a check fails for what was changed and not by chance.
# BRANCHLINE_EXPLORE=1 looks for others.
settings.register_profile("repeatable", derandomize=True)
if not os.environ.get("BRANCHLINE_EXPLORE"):
    settings.load_profile("repeatable")


def pytest_terminal_summary(terminalreporter: TerminalReporter) -> None:
    """A line for each reason to skip, with how often and what is missing."""
    reasons = Counter(
        report.longrepr[2].removeprefix("Skipped: ")
        for report in terminalreporter.stats.get("skipped", [])
    )
    for reason, tests in sorted(reasons.items()):
        terminalreporter.write_line(f"SKIPPED {tests}: {reason}")


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Connection]:
    """A PostgreSQL server of the tests' own, gone when they end."""
    with throwaway.server() as connection:
        yield connection


@pytest.fixture
def database_url(postgres_server: Connection) -> Iterator[str]:
    """A fresh, empty database for one test."""
    with throwaway.database(postgres_server) as url:
        yield url


@pytest.fixture
def project_env(database_url: str, tmp_path: Path) -> dict[str, str]:
    """Environment for child processes that keeps them off all that is the user's."""
    return throwaway.environment(database_url, tmp_path)


@pytest.fixture
def branchline() -> throwaway.Branchline:
    """Run `branchline ARGUMENTS` as a child process, in the environment that is given."""
    return throwaway.run_branchline
