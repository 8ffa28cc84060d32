"""Fixtures for all Python tests: a temporary PostgreSQL, a fresh database, an isolated environment.

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

# Tests never reach a database or a place of the user, however dlt may find it.
OURS = ("BRANCHLINE_SOURCE_", "BRANCHLINE_PLACE_", "SOURCES__", "DESTINATION__")
for name in [name for name in os.environ if name.startswith(OURS)]:
    del os.environ[name]
os.environ["DLT_PROJECT_DIR"] = throwaway.NO_PROJECT

# The same examples in each run, so that a test fails because of a change and not by chance.
# BRANCHLINE_EXPLORE=1 tries others.
settings.register_profile("repeatable", derandomize=True)
if not os.environ.get("BRANCHLINE_EXPLORE"):
    settings.load_profile("repeatable")


SLOWEST_FIRST = ("models", "operate", "corpus", "ingest")
"""Folders of tests that build or start much; at the end, short files keep all processes busy."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the folders with the slowest tests first."""
    here = Path(__file__).parent

    def rank(item: pytest.Item) -> int:
        folder = item.path.relative_to(here).parts[0] if item.path.is_relative_to(here) else ""
        return SLOWEST_FIRST.index(folder) if folder in SLOWEST_FIRST else len(SLOWEST_FIRST)

    items.sort(key=rank)


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
    """A separate PostgreSQL server for the tests, removed at the end."""
    with throwaway.server() as connection:
        yield connection


@pytest.fixture
def database_url(postgres_server: Connection) -> Iterator[str]:
    """A fresh, empty database for one test."""
    with throwaway.database(postgres_server) as url:
        yield url


@pytest.fixture
def project_env(database_url: str, tmp_path: Path) -> dict[str, str]:
    """An environment for child processes that isolates them from the user's settings."""
    return throwaway.environment(database_url, tmp_path)


@pytest.fixture
def branchline() -> throwaway.Branchline:
    """Run `branchline ARGUMENTS` as a child process in the given environment."""
    return throwaway.run_branchline
