"""Temporary databases and isolated environments, for fixtures of any scope.

They never touch the user's own warehouse.
"""

from __future__ import annotations

import contextlib
import gc
import itertools
import logging
import os
import shutil
import subprocess
import sys
import tempfile
import traceback
import warnings
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

import psutil
import psycopg2
import pytest
from psycopg2.extensions import cursor as Cursor

from base import libpq
from base.link import HOST, Connection
from operate.cli import main
from operate.server.server import Warehouse

Branchline = Callable[..., "subprocess.CompletedProcess[str]"]
"""The fixture of that name: `branchline(*arguments, environment=..., stdin="")`."""

NO_PROJECT = str(Path(__file__).with_name("no-project"))
"""An empty folder for dlt's secrets."""

PATIENCE_SECONDS = 300
TOKEN_KEY = "key-of-the-tests-" + "0" * 32

DATABASE = "branchline_test_{:03}"
"""The name of a test's database: always of the same length, and of no other thing."""


def real_files() -> Path:
    """The folder of real files; without one the test that asks for it is skipped."""
    named = os.environ.get("BRANCHLINE_REALDATA")
    if not named:
        # They are somebody's own, and no part of the project.
        pytest.skip("no real files here; BRANCHLINE_REALDATA names a folder with some")
    return Path(named)


IN_MEMORY = Path("/dev/shm")
"""Creating and dropping a database there takes a tenth of the time: it is many small files."""
ROOM = 4 << 30


def _fastest_folder() -> str | None:
    """Where a server's files lie: in memory if there is plenty of it, else where TMPDIR says."""
    if not os.access(IN_MEMORY, os.W_OK):
        return None
    room = min(shutil.disk_usage(IN_MEMORY).free, psutil.virtual_memory().available // 2)
    return str(IN_MEMORY) if room > ROOM else None


@contextlib.contextmanager
def folder() -> Iterator[Path]:
    """A folder for a server, removed at the end.

    Not pytest's own temp folder: the user who runs the server for root has no access to it.
    """
    made = Path(tempfile.mkdtemp(prefix="branchline-test-", dir=_fastest_folder()))
    made.chmod(0o711)
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)


@contextlib.contextmanager
def server() -> Iterator[Connection]:
    """A PostgreSQL server without durability, removed at the end; with its port, like others."""
    with folder() as place:
        warehouse = Warehouse(place, throwaway=True)
        try:
            yield replace(warehouse.ensure_running(), url=warehouse.network_url(), host=HOST)
        finally:
            warehouse.stop()


@contextlib.contextmanager
def database(server: Connection) -> Iterator[str]:
    """The URL of a new, empty database, dropped at the end even if there are connections."""
    admin = psycopg2.connect(server.url)
    admin.autocommit = True
    with contextlib.closing(admin), admin.cursor() as cursor:
        cursor.execute("select datname from pg_database")
        taken = {name for (name,) in cursor.fetchall()}
        name = next(name for name in map(DATABASE.format, itertools.count()) if name not in taken)
        # Copying without WAL takes a third of the time, and this server never has to recover.
        cursor.execute(f"create database {name} strategy file_copy")
        try:
            yield server.url.rpartition("/")[0] + "/" + name
        finally:
            drop_database(cursor, name)


def drop_database(cursor: Cursor, name: str) -> None:
    """Drop a database even if there are connections.

    Not `with (force)`: only a superuser may end autovacuum, which a plain drop cancels.
    """
    cursor.execute(
        "select pg_terminate_backend(pid, 5000) from pg_stat_activity"
        " where datname = %s and backend_type = 'client backend'",
        (name,),
    )
    cursor.execute(f"drop database {name}")


def environment(database_url: str, folder: Path) -> dict[str, str]:
    """An environment for child processes (branchline, dbt): this database and its own folders.

    It has none of the user's settings; a run writes only below `folder`.
    """
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("BRANCHLINE_", "DBT_", "PG", "DLT_", "SOURCES__", "DESTINATION__"))
    }
    home = folder / "home"
    home.mkdir(parents=True, exist_ok=True)
    return {
        **kept,
        "HOME": str(home),
        "BRANCHLINE_DATABASE_URL": database_url,
        "BRANCHLINE_TOKEN_KEY": TOKEN_KEY,
        "BRANCHLINE_WAREHOUSE_DIR": str(folder / "warehouse"),
        "BRANCHLINE_INBOX": str(folder / "inbox"),
        "BRANCHLINE_ARCHIVE": str(folder / "published"),
        "DBT_TARGET_PATH": str(folder / "target"),
        "DBT_LOG_PATH": str(folder / "logs"),
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        "DLT_PROJECT_DIR": NO_PROJECT,
        "DO_NOT_TRACK": "1",
    }


def for_dbt(environment: dict[str, str]) -> dict[str, str]:
    """The same with the variables of `branchline env`, for plain dbt or mf."""
    url = environment["BRANCHLINE_DATABASE_URL"]
    return {
        **libpq.environment(environment, url, complete=True),
        "BRANCHLINE_TARGET": "server",
    }


def run_branchline(
    *arguments: str, environment: dict[str, str], stdin: str = ""
) -> subprocess.CompletedProcess[str]:
    """Run `branchline ARGUMENTS` with only `environment` and PATH.

    In a fork of this process, where the system has forks: a new one spends a second on imports.
    """
    command = ["branchline", *arguments]
    seen = {"PATH": os.environ["PATH"], **environment}
    if not hasattr(os, "fork"):
        return subprocess.run(
            [str(Path(sys.executable).parent / command[0]), *arguments],
            env=seen,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=PATIENCE_SECONDS,
        )
    with contextlib.ExitStack() as opened:
        streams = [opened.enter_context(tempfile.TemporaryFile()) for _ in range(3)]
        streams[0].write(stdin.encode())
        streams[0].seek(0)
        child = os.fork()
        if not child:
            _be_branchline(command, seen, [stream.fileno() for stream in streams])
        process = psutil.Process(child)
        try:
            code = process.wait(PATIENCE_SECONDS)
        except BaseException:
            process.kill()
            process.wait()
            raise
        for stream in streams[1:]:
            stream.seek(0)
        output, errors = (stream.read().decode() for stream in streams[1:])
    return subprocess.CompletedProcess(command, code, output, errors)


def _be_branchline(command: list[str], environment: dict[str, str], streams: list[int]) -> NoReturn:
    """Run the command and end, with nothing of the tests' process used or cleaned up."""
    code = 1
    gc.freeze()
    try:
        for number, (name, mode) in enumerate((("stdin", "r"), ("stdout", "w"), ("stderr", "w"))):
            os.dup2(streams[number], number)
            setattr(sys, name, os.fdopen(number, mode, closefd=False))
        os.environ.clear()
        os.environ.update(environment)
        logging.getLogger().handlers.clear()
        warnings.resetwarnings()
        sys.argv = command
        main()
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else 1
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
