"""Databases of a company, on real servers, that the tests fill and the loader reads."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import mariadb
import psycopg2
import throwaway

from base.link import Connection

VARIABLE = "BRANCHLINE_SOURCE_DESK_URL"
"""Has the address of the connection `desk`."""


@dataclass(frozen=True)
class Source:
    """An empty database of a company, and how to write into it."""

    kind: str
    url: str
    password: str
    link: Any

    def do(self, statement: str, values: Sequence[Any] = ()) -> None:
        with self.link.cursor() as cursor:
            cursor.execute(statement, tuple(values) or None)

    def do_many(self, statement: str, rows: Sequence[Sequence[Any]]) -> None:
        with self.link.cursor() as cursor:
            cursor.executemany(statement, rows)


@contextlib.contextmanager
def on_mariadb(server: mariadb.MariaServer) -> Iterator[Source]:
    with server.database() as name, contextlib.closing(server.connect(name)) as link:
        yield Source("mariadb", server.url(name), mariadb.PASSWORD, link)


@contextlib.contextmanager
def on_postgresql(server: Connection) -> Iterator[Source]:
    with (
        throwaway.database(server) as url,
        contextlib.closing(psycopg2.connect(url)) as link,
    ):
        link.autocommit = True
        yield Source("postgresql", url, urlsplit(url).password or "", link)
