"""All checks of the project, those that fail fastest first."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from base import libpq
from base.settings import PROJECT
from base.source_systems import listed_sources
from ingest import load_feeds, prepare_raw
from operate.dbt.process import dbt_program
from operate.dbt.profile import TARGET, TARGET_VARIABLE
from operate.project.workflow_checks import run_actionlint
from operate.server.server import Warehouse

SQL_FOLDERS = ("models", "tests/data")
# On two processes, file by file. Without a fixed order, files with many tests come first, and one
# process is left with a few long ones at the end.
PYTEST = ("pytest", "--numprocesses", "2", "--dist", "loadfile", "--no-loadscope-reorder")


@dataclass(frozen=True)
class Check:
    """One check: `run` returns an exit code and the output.

    The code is None if the check could not be run here; the output then says why.
    """

    name: str
    run: Callable[[], tuple[int | None, str]]


def style_checks() -> list[Check]:
    """The checks that read the code without running it."""
    return [
        Check("ruff check", lambda: _call("ruff", "check", "--quiet", ".")),
        Check("ruff format", lambda: _call("ruff", "format", "--check", "--quiet", ".")),
        Check("mypy", lambda: _call("mypy", "--no-error-summary")),
        Check("imports", lambda: _call("lint-imports", "--no-cache")),
        Check("zizmor", lambda: _call("zizmor", "--offline", "--quiet", ".github")),
        Check("actionlint", run_actionlint),
        Check("dbt-bouncer", check_conventions),
        Check("sqlfluff", lint_sql),
    ]


def run_checks(checks: list[Check], say: Callable[[str], None]) -> list[str]:
    """Run the checks, two at a time; show the output of failed ones; return their names.

    A check that could not be run is shown as skipped, with the reason; it does not count as failed.
    """
    failed = []
    with ThreadPoolExecutor(max_workers=2) as pool:
        # The slowest are last in the list and start first: quick ones run beside them.
        running = [pool.submit(_timed, check) for check in reversed(checks)]
        for check, done in zip(checks, reversed(running), strict=True):
            say(f"{check.name} ...")
            code, output, seconds = done.result()
            took = f"{seconds:.0f} s"
            if code == 0:
                say(f"{check.name}: passed ({took})")
            elif code is None:
                say(f"{check.name}: SKIPPED, because {output.rstrip()}")
            else:
                failed.append(check.name)
                say(f"{output.rstrip()}\n{check.name}: FAILED ({took})")
    return failed


def _timed(check: Check) -> tuple[int | None, str, float]:
    started = time.monotonic()
    code, output = check.run()
    return code, output, time.monotonic() - started


def run_tests(say: Callable[[str], None], tests: Sequence[str] = PYTEST) -> list[str]:
    """Run pytest with its output shown live; return its name if it failed."""
    say(f"{tests[0]} ...")
    done = subprocess.run([sys.executable, "-m", *tests], cwd=PROJECT)
    return [] if done.returncode == 0 else [tests[0]]


def check_conventions() -> tuple[int | None, str]:
    """dbt-bouncer on dbt's manifest, by dbt-bouncer.yml; needs no database."""
    if importlib.util.find_spec("dbt_bouncer") is None:
        return None, "dbt-bouncer is not installed; it needs Python 3.11"
    # A separate folder that is kept: dbt then parses only what has changed since.
    folder = PROJECT / "target" / "conventions"
    environment = {
        **os.environ,
        # This target works with any warehouse.
        TARGET_VARIABLE: "embedded",
        "DBT_TARGET_PATH": str(folder / "target"),
        "DBT_LOG_PATH": str(folder / "logs"),
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        "DO_NOT_TRACK": "1",
    }
    code, output = _call(
        dbt_program(), "--quiet", "parse", "--profiles-dir", ".", environment=environment
    )
    if code != 0:
        return code, output
    # It expects the manifest in this folder's `target`, and cuts messages to the terminal width.
    environment |= {"DBT_PROJECT_DIR": str(folder), "COLUMNS": "240", "NO_COLOR": "1"}
    return _call("dbt-bouncer", "run", "--show-all-failures", environment=environment)


def lint_sql() -> tuple[int, str]:
    """sqlfluff on all models and tests, each compiled by dbt on a temporary database."""
    with throwaway_environment() as environment:
        # Models query the database for their high-water marks while they are compiled.
        # With the variables of .sqlfluff, or sqlfluff parses the project once more.
        linted = ("--vars", "is_linted: true")
        code, output = _call(
            dbt_program(),
            "--quiet",
            "seed",
            *linted,
            "--profiles-dir",
            ".",
            environment=environment,
        )
        if code != 0:
            return code, output
        code, output = _call(
            "sqlfluff",
            "lint",
            "--nocolor",
            "--disable-progress-bar",
            "--processes",
            str(min(4, os.cpu_count() or 1)),
            *SQL_FOLDERS,
            environment=environment,
        )
    # A file that dbt cannot compile, or whose compiled text cannot be mapped to its source, is
    # skipped with a warning and exit code 0.
    left_out = "Skipped file" in output or "templated file mismatch" in output
    return (code or 1 if left_out else code), output


@contextlib.contextmanager
def throwaway_environment() -> Iterator[dict[str, str]]:
    """The environment for dbt on a temporary PostgreSQL with empty raw tables."""
    # Not below a folder that only its owner may enter: for root, another user runs the server.
    folder = Path(tempfile.mkdtemp(prefix="branchline-check-"))
    warehouse = Warehouse(folder, throwaway=True)
    try:
        url = warehouse.ensure_running().url
        prepare_raw(url, load_feeds(sources=listed_sources()), folder)
        yield {
            **libpq.environment(os.environ, url, complete=True),
            TARGET_VARIABLE: TARGET,
            "BRANCHLINE_DATABASE_URL": url,
            "DBT_TARGET_PATH": str(folder / "target"),
            "DBT_LOG_PATH": str(folder / "logs"),
            "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
            "DO_NOT_TRACK": "1",
        }
    finally:
        warehouse.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _call(
    program: str, *arguments: str, environment: Mapping[str, str] | None = None
) -> tuple[int, str]:
    """Run a tool of this environment in the project folder."""
    done = subprocess.run(
        [str(Path(sys.executable).parent / program), *arguments],
        cwd=PROJECT,
        env=None if environment is None else dict(environment),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    return done.returncode, done.stdout
