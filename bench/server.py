"""A separate PostgreSQL for the benchmarks, set up like the embedded warehouse.

Durable like that one (with fsync), on a free port away from people's warehouses.
"""

from __future__ import annotations

import contextlib
import signal
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg2
from psycopg2.extensions import connection as Link

from base.link import HOST, Connection
from bench.errors import BenchError
from operate.server.server import Warehouse

# The settings that decide PostgreSQL's speed and durability.
SETTINGS = (
    "server_version",
    "fsync",
    "synchronous_commit",
    "full_page_writes",
    "wal_level",
    "wal_compression",
    "max_wal_size",
    "checkpoint_timeout",
    "shared_buffers",
    "effective_cache_size",
    "work_mem",
    "maintenance_work_mem",
    "max_parallel_workers_per_gather",
    "random_page_cost",
    "jit",
    "autovacuum",
)


class Server:
    """The running server. Databases are created and dropped here; nothing else is touched."""

    def __init__(self, warehouse: Warehouse, connection: Connection) -> None:
        self._warehouse = warehouse
        self._connection = connection

    def url(self, database: str) -> str:
        """The URL of a database with the role that owns it."""
        return self._warehouse.network_url().rpartition("/")[0] + "/" + database

    @contextlib.contextmanager
    def database(self, name: str) -> Iterator[str]:
        """The URL of a new, empty database, dropped at the end even if there are connections."""
        with self._admin() as link, link.cursor() as cursor:
            cursor.execute(f"create database {name} owner {self._connection.user}")
        try:
            yield self.url(name)
        finally:
            with self._admin() as link, link.cursor() as cursor:
                cursor.execute(f"drop database if exists {name} with (force)")

    def checkpoint(self) -> None:
        """Checkpoint, so that the next measurement does not pay for earlier work."""
        with self._admin() as link, link.cursor() as cursor:
            cursor.execute("checkpoint")

    def restart(self) -> None:
        """Restart the server: this empties its own cache, not the machine's."""
        self._warehouse.stop()
        self._connection = self._warehouse.start()

    def settings(self) -> dict[str, str]:
        """The relevant settings, as the server shows them."""
        with open_link(self._connection.url) as link:
            return {name: str(value(link, f"show {name}")) for name in SETTINGS}

    @contextlib.contextmanager
    def _admin(self) -> Iterator[Link]:
        """The superuser of this temporary server, who may checkpoint and force drops."""
        password = (self._warehouse.folder / "admin-password").read_text().strip()
        with open_link(
            f"postgresql://postgres:{password}@{HOST}:{self._connection.port}/postgres"
        ) as link:
            yield link


@contextlib.contextmanager
def own_server(folder: Path) -> Iterator[Server]:
    """A server in `folder`, stopped at the end; the caller removes the folder."""
    warehouse = Warehouse(folder)
    try:
        yield Server(warehouse, warehouse.start(_free_port()))
    finally:
        undisturbed()
        warehouse.stop()


def undisturbed() -> None:
    """Ignore Ctrl-C and SIGTERM from now on, so that the removal is completed."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def open_link(url: str) -> Iterator[Link]:
    """A connection in autocommit mode, closed at the end."""
    link = psycopg2.connect(url, application_name="bench")
    link.autocommit = True
    try:
        yield link
    finally:
        link.close()


def rows(link: Link, query: str) -> list[tuple[Any, ...]]:
    """All rows of a query."""
    with link.cursor() as cursor:
        cursor.execute(query)
        return list(cursor.fetchall())


def value(link: Link, query: str) -> Any:
    """The one value of a query. Raises BenchError where it gives no row."""
    found = rows(link, query)
    if not found:
        raise BenchError(f"no row: {query}")
    return found[0][0]
