"""Connections to the warehouse's database, and the small questions put to it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import psycopg2
from psycopg2.extensions import connection as Link

from base.errors import BranchlineError

HOST, DEFAULT_PORT = "127.0.0.1", 54329
DATABASE = ROLE = "branchline"
"""Where the embedded warehouse answers, and its owner."""


@contextlib.contextmanager
def open_link(url: str) -> Iterator[Link]:
    """A connection whose every statement is committed by itself, closed at the end.

    What the user may not do becomes a BranchlineError.
    """
    link = psycopg2.connect(url, application_name="branchline")
    link.autocommit = True
    try:
        yield link
    except psycopg2.errors.InsufficientPrivilege as error:
        raise BranchlineError(
            f"The database user {link.info.user} may not do this. PostgreSQL says:"
            f" {error.diag.message_primary}",
            "The warehouse's owner gives a log-in what it needs: branchline warehouse user NAME"
            " --role ...; docs/privacy.md tells what each role may do.",
        ) from None
    finally:
        link.close()


def only_value(row: tuple[object, ...] | None) -> object:
    """The one value of a row that has one column; None where there is no row."""
    return row[0] if row else None


@dataclass(frozen=True)
class Connection:
    """How to reach a database: as a URL and in its parts. The password is part of both."""

    url: str
    host: str
    port: int
    user: str
    password: str
    database: str


def rows(link: Link, query: str, parameters: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """All rows of a query."""
    with link.cursor() as cursor:
        cursor.execute(query, parameters)
        return cursor.fetchall()
