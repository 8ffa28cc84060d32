"""Connections to the warehouse's database, and small queries."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import psycopg2
from psycopg2.extensions import connection as Link

from base.errors import BranchlineError
from base.libpq import parts_of, secured, without_values
from base.printing import printable

HOST, DEFAULT_PORT = "127.0.0.1", 54329
DATABASE = ROLE = "branchline"
"""Where the embedded warehouse answers, and its owner."""

OWN_NAMES_ONLY = "-c search_path=pg_catalog,pg_temp"
"""For a session that writes every name with its schema: no function that somebody put into another
schema is taken for PostgreSQL's own."""

LONGEST_MESSAGE = 500


def connect(url: str, *, options: str = OWN_NAMES_ONLY, **more: str) -> Link:
    """A connection that requires SCRAM (`base.libpq`).

    Raises psycopg2's errors, with every possible secret of the address removed.
    """
    parts = parts_of(url)
    given = parts.get("options", "")
    try:
        return psycopg2.connect(secured(url, options=f"{given} {options}".strip(), **more))
    except psycopg2.OperationalError as error:
        raise type(error)(without_values(str(error), parts)) from None


@contextlib.contextmanager
def open_link(url: str) -> Iterator[Link]:
    """A connection in autocommit mode, closed at the end.

    A failed statement or a lost connection becomes a BranchlineError.
    """
    try:
        link = connect(url, application_name="branchline")
    except psycopg2.OperationalError as error:
        raise BranchlineError(
            f"The database cannot be reached: {message_of(error)}",
            "Check that it is running (branchline warehouse status), then run this again.",
        ) from None
    link.autocommit = True
    try:
        yield link
    except psycopg2.errors.InsufficientPrivilege as error:
        raise BranchlineError(
            f"The database user {printable(link.info.user)} may not do this. PostgreSQL says:"
            f" {message_of(error)}",
            "The warehouse's owner grants what a login needs: branchline warehouse user NAME"
            " --role ...; docs/privacy.md lists what each role may do.",
        ) from None
    except (psycopg2.OperationalError, psycopg2.InterfaceError) as error:
        raise BranchlineError(
            f"The connection to the database was lost, or the database failed: {message_of(error)}",
            "Check that it runs and has disk space (branchline warehouse status), then run this"
            " again: finished work is kept, the rest is done then.",
        ) from None
    except psycopg2.Error as error:
        raise BranchlineError(
            f"The database reported an error: {message_of(error)}",
            "Run this again. If it fails again, please report it.",
        ) from None
    finally:
        link.close()


def message_of(error: psycopg2.Error) -> str:
    """PostgreSQL's message for an error, in one line, without the row that it is about."""
    message = error.diag.message_primary or str(error).strip() or type(error).__name__
    return printable(" ".join(message.split())[:LONGEST_MESSAGE])


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
