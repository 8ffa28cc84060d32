"""Databases of made-up stores: created and filled as if a backup had been restored."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from psycopg2 import sql

from base.link import open_link
from sample.places import Database, Table

_CHUNK_ROWS = 20_000


def restore(server_url: str, databases: Iterable[Database]) -> tuple[dict[str, str], int]:
    """Create every database, in place of an earlier one of its name, and fill it.

    `server_url`: that of a database on the server, with a user who may create databases. Returns
    the environment that leads to them, and the number of rows. Raises BranchlineError.
    """
    urls: dict[str, dict[str | None, str]] = {}
    rows = 0
    for database in databases:
        name = database_name(database)
        with open_link(server_url) as link, link.cursor() as cursor:
            cursor.execute(sql.SQL("drop database if exists {}").format(sql.Identifier(name)))
            cursor.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
        url = url_on(server_url, database)
        with open_link(url) as link, link.cursor() as cursor:
            for table_name, table in database.tables.items():
                create(cursor, table_name, table)
                rows += fill(cursor, table_name, table)
        urls.setdefault(database.connection, {})[database.branch] = url
    return environment_of(urls), rows


def refresh(
    server_url: str, databases: Iterable[tuple[Database, Mapping[str, tuple[str, str]]]]
) -> None:
    """Bring databases up to date, as if a later backup had been restored.

    Each with the tables whose old rows are replaced only from a value of a column on; all others
    are replaced. Raises BranchlineError.
    """
    for database, kept in databases:
        with open_link(url_on(server_url, database)) as link, link.cursor() as cursor:
            for name, table in database.tables.items():
                if name in kept:
                    column, first = kept[name]
                    delete = sql.SQL("delete from {} where {} >= %s").format(
                        _named(name), sql.Identifier(column)
                    )
                    cursor.execute(delete, (first,))
                else:
                    cursor.execute(sql.SQL("truncate {}").format(_named(name)))
                fill(cursor, name, table)


def environment_of(urls: Mapping[str, Mapping[str | None, str]]) -> dict[str, str]:
    """The variables for URLs by connection and branch."""
    found: dict[str, str] = {}
    for connection, by_branch in urls.items():
        variable = f"BRANCHLINE_SOURCE_{connection.upper()}"
        branches = [branch for branch in by_branch if branch is not None]
        if branches:
            found[f"{variable}_BRANCHES"] = ",".join(branches)
        for branch, url in by_branch.items():
            found[f"{variable}_URL" if branch is None else f"{variable}_URL_{branch.upper()}"] = url
    return found


def database_name(database: Database) -> str:
    """The name of a database on its server."""
    return "_".join(["sample", database.connection, *filter(None, [database.branch])])


def url_on(server_url: str, database: Database) -> str:
    """The URL of a database on the server."""
    return f"{server_url.rpartition('/')[0]}/{database_name(database)}"


def create(cursor: Any, name: str, table: Table) -> None:
    """Create a table, empty, with the letter case of its names."""
    columns = sql.SQL(", ").join(
        sql.SQL("{} {}").format(sql.Identifier(column), sql.SQL(kind))
        for column, kind in table.columns
    )
    cursor.execute(sql.SQL("create table {} ({})").format(_named(name), columns))


def fill(cursor: Any, name: str, table: Table) -> int:
    """Add the rows of a table to it; returns how many."""
    command = sql.SQL("copy {} from stdin").format(_named(name)).as_string(cursor)
    count = 0
    for lines in _chunks(table.rows):
        cursor.copy_expert(command, io.StringIO("".join(lines)))
        count += len(lines)
    return count


def _named(table: str) -> sql.Identifier:
    return sql.Identifier("public", table)


def _chunks(rows: Iterable[Sequence[str | None]]) -> Iterable[list[str]]:
    lines: list[str] = []
    for row in rows:
        lines.append("\t".join("\\N" if cell is None else _escaped(cell) for cell in row) + "\n")
        if len(lines) == _CHUNK_ROWS:
            yield lines
            lines = []
    if lines:
        yield lines


def _escaped(cell: str) -> str:
    """A value as COPY reads it."""
    if "\\" in cell or "\t" in cell or "\n" in cell or "\r" in cell:
        for sign, written in (("\\", "\\\\"), ("\t", "\\t"), ("\n", "\\n"), ("\r", "\\r")):
            cell = cell.replace(sign, written)
    return cell
