"""A MariaDB (or MySQL) server for the tests, on loopback, in a temporary folder."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pymysql
from servers import closed_port

USER = "desk"
PASSWORD = "pa/ss@wörd:1"
PASSWORD_IN_URL = "pa%2Fss%40w%C3%B6rd%3A1"
ROOT_PASSWORD = "root-of-the-tests"


@dataclass(frozen=True)
class MariaServer:
    """A server that is running. Its one user may read and write every database."""

    port: int

    def connect(self, database: str | None = None) -> Any:
        """A connection that commits each statement."""
        return pymysql.connect(
            host="127.0.0.1",
            port=self.port,
            user=USER,
            password=PASSWORD.encode("utf-8"),
            database=database,
            autocommit=True,
        )

    @contextlib.contextmanager
    def database(self) -> Iterator[str]:
        """A new, empty database, by its name."""
        name = f"shop_{uuid.uuid4().hex[:12]}"
        with contextlib.closing(self.connect()) as admin, admin.cursor() as cursor:
            cursor.execute(f"create database {name} character set utf8mb4")
            yield name
            cursor.execute(f"drop database {name}")

    def url(self, database: str) -> str:
        """The address as a person would write it."""
        return f"mysql://{USER}:{PASSWORD_IN_URL}@127.0.0.1:{self.port}/{database}"


def why_not() -> str | None:
    """Why there is no server here; None where there is one."""
    if _server() is None or _program("mariadb-install-db", "mysql_install_db") is None:
        return "there is no MariaDB server here; install one (Debian: mariadb-server)"
    return None


@contextlib.contextmanager
def mariadb_server() -> Iterator[MariaServer]:
    """Create and start a server; stopped and removed at the end."""
    folder = Path(tempfile.mkdtemp(prefix="branchline-mariadb-"))
    try:
        process, port = _start(folder)
        try:
            yield MariaServer(port)
        finally:
            process.terminate()
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _start(folder: Path) -> tuple[subprocess.Popen[bytes], int]:
    installer, server = _program("mariadb-install-db", "mysql_install_db"), _server()
    assert installer is not None
    assert server is not None
    # For root, the server needs an option.
    user = ["--user=root"] if os.getuid() == 0 else []
    data = folder / "data"
    subprocess.run(
        [
            installer,
            "--no-defaults",
            f"--datadir={data}",
            "--auth-root-authentication-method=normal",
            "--skip-test-db",
            *user,
        ],
        check=True,
        capture_output=True,
        timeout=120,
    )
    first = folder / "first.sql"
    first.write_text(
        f"alter user root@localhost identified by '{ROOT_PASSWORD}';\n"
        f"create user {USER}@'127.0.0.1' identified by '{PASSWORD}';\n"
        f"create user {USER}@localhost identified by '{PASSWORD}';\n"
        f"grant all on *.* to {USER}@'127.0.0.1';\ngrant all on *.* to {USER}@localhost;\n",
        encoding="utf-8",
    )
    port = closed_port()
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [
                server,
                "--no-defaults",
                f"--datadir={data}",
                f"--socket={folder / 'socket'}",
                f"--pid-file={folder / 'pid'}",
                "--bind-address=127.0.0.1",
                f"--port={port}",
                f"--init-file={first}",
                "--character-set-server=utf8mb4",
                "--innodb-flush-log-at-trx-commit=0",
                "--innodb-buffer-pool-size=64M",
                *user,
            ],
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    for _ in range(600):
        with contextlib.suppress(pymysql.err.OperationalError):
            MariaServer(port).connect().close()
            return process, port
        if process.poll() is not None:
            break
        time.sleep(0.1)
    process.kill()
    process.wait()
    raise RuntimeError((folder / "log").read_text(errors="replace")[-2000:])


def _server() -> str | None:
    return _program("mariadbd", "mysqld")


def _program(*names: str) -> str | None:
    path = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"))
    return next((found for name in names if (found := shutil.which(name, path=path))), None)
