"""Read marts: read-only, and all reads of one run from one snapshot of the warehouse.

A query names a mart without its schema. The log-in's search path decides what that is: for an
analyst the masking view of a mart with personal data and otherwise the mart itself, for a reader of
personal data the mart itself. Nothing below the marts is on the path.
"""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

import psycopg2
import psycopg2.errors
from psycopg2 import sql
from psycopg2.extensions import connection as Link
from psycopg2.extensions import cursor as Cursor
from psycopg2.extras import RealDictCursor

from base.errors import BranchlineError
from base.link import OWN_NAMES_ONLY, connect, message_of
from base.schemas import MARTS, MASKED
from base.settings import PROJECT
from base.yaml_text import parse_yaml

PATHS = {"analyst": (MASKED, MARTS), "pii_reader": (MARTS,)}
"""The search path of each role that reads marts."""
ROWS_AT_A_TIME = 5000
CLOSED_AFTER_DAYS = 92
"""A branch without a sale for longer than a quarter is taken for closed."""


@dataclass(frozen=True)
class MartColumn:
    """A column of a mart with its type as PostgreSQL writes it, e.g. `numeric(18,4)`."""

    name: str
    type: str


@dataclass(frozen=True)
class Branch:
    """A branch, as in dim_branches. `place` tells two branches of one name apart."""

    key: str
    name: str
    place: str
    source_system: str
    country_code: str | None
    currency_code: str
    time_zone: str
    opening_date: date | None
    first_business_date: date | None
    last_business_date: date | None

    @property
    def names(self) -> tuple[str, str]:
        """How addresses name it: alone, and with its source where two have the name; those that no
        other branch has count.
        """
        return self.name, f"{self.source_system}/{self.name}"


class _Session:
    """A transaction of a log-in that reads as one of its roles at a time."""

    def __init__(self, link: Link) -> None:
        self.link = link
        self._taken: tuple[str, Sequence[str]] = ("", ())

    def take(self, cursor: Cursor, role: str, path: Sequence[str]) -> None:
        """Read with the rights of a role, and its search path, from now on; "" keeps the rights,
        and no path keeps the path.
        """
        if (role, path) == self._taken:
            return
        if role:
            cursor.execute(sql.SQL("set local role {}").format(sql.Identifier(role)))
        if path:
            names = sql.SQL(", ").join(map(sql.Identifier, path))
            cursor.execute(sql.SQL("set local search_path = {}").format(names))
        self._taken = role, path

    def begin_again(self) -> None:
        """End the transaction; the next statement begins another one."""
        self.link.rollback()
        self._taken = ("", ())


class MartReader:
    """The marts as one role may read them; `open_marts` makes it.

    `shows_names`: it reads personal data, which a page made with it must say.
    """

    def __init__(
        self,
        link: Link | _Session,
        project: Path = PROJECT,
        *,
        shows_names: bool = False,
        role: str = "",
        path: Sequence[str] = (),
    ) -> None:
        self.shows_names = shows_names
        self._session = link if isinstance(link, _Session) else _Session(link)
        self._role, self._path = role, path
        self._project = project
        self._keys: dict[str, tuple[str, ...]] = {}

    def rows(self, query: str, parameters: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
        """All rows of a query, with the names of its columns.

        `query`: marts by their bare names, and `%(name)s` for the parameters (`%%` for a percent
        sign). Numbers of type numeric are decimals.
        """
        with _plain_errors(), self._cursor(cursor_factory=RealDictCursor) as cursor:
            cursor.execute(query, dict(parameters or {}))
            return [dict(row) for row in cursor.fetchall()]

    def stream(
        self, query: str | sql.Composable, parameters: Mapping[str, Any] | None = None
    ) -> Iterator[tuple[Any, ...]]:
        """The rows of a query, of any number, in the order of its columns."""
        name = f"branchline_{uuid.uuid4().hex}"
        with _plain_errors(), self._cursor(name) as cursor:
            cursor.itersize = ROWS_AT_A_TIME
            cursor.execute(query, dict(parameters or {}))
            yield from cursor

    def lock(self) -> None:
        """Keep all marts from being replaced until the transaction ends, and begin its snapshot.

        In this order: a mart that was replaced after the snapshot would look empty.
        """
        with self._cursor() as cursor:
            cursor.execute(
                "select format('%I.%I', nspname, relname) from pg_class"
                " inner join pg_namespace on relnamespace = pg_namespace.oid"
                " where nspname = any(current_schemas(false)) and relkind in ('r', 'p', 'v')"
                " and has_schema_privilege(pg_namespace.oid, 'usage')"
                " and has_table_privilege(pg_class.oid, 'select') order by 1"
            )
            names = [name for (name,) in cursor.fetchall()]
        # The query has begun a snapshot.
        self._session.begin_again()
        with self._cursor() as cursor:
            if names:
                cursor.execute(f"lock table {', '.join(names)} in access share mode")
            cursor.execute("select 1")

    def _cursor(self, *name: str, **options: Any) -> Any:
        with self._session.link.cursor() as cursor:
            self._session.take(cursor, self._role, self._path)
        return self._session.link.cursor(*name, **options)

    def has(self, mart: str) -> bool:
        """Whether the mart exists and this log-in may read it."""
        return mart in self._marts

    def columns(self, mart: str) -> tuple[MartColumn, ...]:
        """The columns of a mart, in its order. Raises BranchlineError if it does not exist."""
        if not self.has(mart):
            raise _missing(mart)
        return self._marts[mart]

    def key(self, mart: str) -> tuple[str, ...]:
        """The columns that identify a row, from the mart's description in models/marts.

        All columns, for a mart that the project does not describe.
        """
        if mart not in self._keys:
            self._keys[mart] = _key_of(self._project, mart)
        return self._keys[mart] or tuple(column.name for column in self.columns(mart))

    def date_column(self, mart: str) -> str | None:
        """The date in the mart's key: the day that a row is about, or the first day of its week or
        month. None for a mart of the latest state.
        """
        types = {column.name: column.type for column in self.columns(mart)}
        return next((name for name in self.key(mart) if types.get(name) == "date"), None)

    def branches(self, on: date) -> tuple[Branch, ...]:
        """The branches that trade on a day, by name: those that have sold by then, the last time
        not more than `CLOSED_AFTER_DAYS` days before.
        """
        return tuple(
            branch
            for branch in self.all_branches
            if branch.first_business_date is not None
            and branch.last_business_date is not None
            and branch.first_business_date <= on
            and (on - branch.last_business_date).days <= CLOSED_AFTER_DAYS
        )

    @cached_property
    def all_branches(self) -> tuple[Branch, ...]:
        """All branches of dim_branches, by name."""
        columns = {column.name for column in self.columns("dim_branches")}
        place = (
            "coalesce(nullif(locality, ''), nullif(region, ''), source_system)"
            if {"locality", "region"} <= columns
            else "source_system"
        )
        found = self.rows(
            f"select branch_key, branch_name, {place} as place, source_system, country_code,"
            " currency_code, time_zone, opening_date, first_business_date, last_business_date"
            ' from dim_branches order by branch_name collate "C", source_system collate "C",'
            ' branch_key collate "C"'
        )
        return tuple(Branch(*row.values()) for row in found)

    @cached_property
    def _marts(self) -> dict[str, tuple[MartColumn, ...]]:
        found = self.rows(
            """
            select relname::text as mart, attname::text as name,
                format_type(atttypid, atttypmod) as type
            from pg_class
            inner join pg_namespace on relnamespace = pg_namespace.oid
            inner join pg_attribute on attrelid = pg_class.oid
            where nspname = any(current_schemas(false))
                and relkind in ('r', 'p', 'v', 'm')
                and pg_table_is_visible(pg_class.oid)
                and attnum > 0 and not attisdropped
                and has_schema_privilege(pg_namespace.oid, 'usage')
                and has_table_privilege(pg_class.oid, 'select')
            order by relname, attnum
            """
        )
        marts: dict[str, tuple[MartColumn, ...]] = {}
        for row in found:
            column = MartColumn(row["name"], row["type"])
            marts[row["mart"]] = (*marts.get(row["mart"], ()), column)
        return marts


def _key_of(project: Path, mart: str) -> tuple[str, ...]:
    """The primary key of a mart in its description; empty where it has none."""
    for file in sorted((project / "models" / MARTS).rglob(f"{mart}.yml")):
        _, content = parse_yaml(file.read_text(encoding="utf-8"), file.name, f"Correct {file}.")
        for model in content.get("models", []):
            if model["name"] != mart:
                continue
            for constraint in model.get("constraints", []):
                if constraint["type"] == "primary_key":
                    return tuple(constraint["columns"])
            return tuple(
                column["name"]
                for column in model.get("columns", [])
                if any(one["type"] == "primary_key" for one in column.get("constraints", []))
            )
    return ()


def _missing(mart: str) -> BranchlineError:
    return BranchlineError(
        f"The mart {mart} does not exist in this warehouse, or may not be read.",
        f"Build it: branchline run. docs/marts.md lists the marts ({MARTS}).",
    )


@contextlib.contextmanager
def _plain_errors() -> Iterator[None]:
    try:
        yield
    except psycopg2.errors.UndefinedTable as error:
        raise BranchlineError(
            f"A report reads a mart that does not exist: {message_of(error)}",
            "Build the marts: branchline run",
        ) from None


@contextlib.contextmanager
def open_marts(
    url: str, roles: Mapping[str, str], project: Path = PROJECT
) -> Iterator[dict[str, MartReader]]:
    """A reader for each purpose in `roles` (purpose -> role), of a log-in that has them; all read
    from one snapshot, so that no two figures of a run can disagree.

    dbt waits with replacing a mart until the end.
    Raises BranchlineError if the warehouse cannot be reached or a statement fails.
    """
    try:
        link = connect(
            url,
            options=f"{OWN_NAMES_ONLY} -c statement_timeout=10min -c cursor_tuple_fraction=1",
            application_name="branchline publish",
        )
    except psycopg2.OperationalError as error:
        raise BranchlineError(
            f"The database cannot be reached: {message_of(error)}",
            "Check that it is running (branchline warehouse status), then run this again.",
        ) from None
    try:
        link.set_session(isolation_level="REPEATABLE READ", readonly=True)
        session = _Session(link)
        readers = {
            purpose: MartReader(
                session,
                project,
                shows_names=purpose == "pii_reader",
                role=role,
                path=PATHS[purpose],
            )
            for purpose, role in roles.items()
        }
        next(iter(readers.values())).lock()
        yield readers
        link.rollback()
    except (psycopg2.OperationalError, psycopg2.InterfaceError) as error:
        raise BranchlineError(
            f"The connection to the database was lost, or the database failed: {message_of(error)}",
            "Check that it runs and has disk space (branchline warehouse status), then run this"
            " again: what is published is kept.",
        ) from None
    finally:
        link.close()
