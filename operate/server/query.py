"""Read-only queries: one statement, streamed rows, every value exactly as PostgreSQL writes it."""

from __future__ import annotations

import contextlib
import json
import re
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import psycopg2
import psycopg2.sql
from psycopg2.extensions import connection as Link
from psycopg2.extensions import cursor as Cursor
from psycopg2.extensions import new_array_type, new_type, register_type

from base.errors import BranchlineError
from base.link import connect

ROWS_AT_A_TIME = 2000

UNDEFINED_COLUMN = "42703"

# PostgreSQL's types by their fixed oids.
BOOLEAN = 16
JSON_TYPES = (114, 3802)
NUMBER_TYPES = (20, 21, 23, 26, 700, 701, 1700)
# Read as text, because Python cannot represent `infinity`, year 10000 or an interval's months,
# and rounds where PostgreSQL does not.
TEXT_TYPES = (
    *NUMBER_TYPES,
    *JSON_TYPES,
    *(17, 1082, 1083, 1114, 1184, 1266, 1186),
)
ARRAYS_OF_NUMBERS = (1016, 1005, 1007, 1028, 1021, 1022, 1231)
ARRAYS_OF_TEXT = (199, 3807, 1001, 1182, 1183, 1115, 1185, 1270, 1187, 1009, 1015, 1014, 1002)


@dataclass(frozen=True)
class Column:
    """A column of a result; `kind` is number, boolean, json, numbers (an array) or text."""

    name: str
    kind: str


class Result:
    """The result of a query, while its transaction is open. Iterate over it once.

    It ends after `most` rows, if set; `was_cut` then says whether there were more.
    """

    def __init__(self, cursor: Cursor, portal: str, most: int | None = None) -> None:
        self.was_cut = False
        self._most = most
        self._cursor = cursor
        self._fetch = psycopg2.sql.SQL("fetch forward {} from {}").format(
            psycopg2.sql.Literal(ROWS_AT_A_TIME), psycopg2.sql.Identifier(portal)
        )
        cursor.execute(self._fetch)
        self._first = cursor.fetchall()
        self.columns = [
            Column(description.name, _kind(description.type_code))
            for description in cursor.description or ()
        ]

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        for count, row in enumerate(self._all()):
            if count == self._most:
                self.was_cut = True
                return
            yield row

    def _all(self) -> Iterator[tuple[Any, ...]]:
        rows = self._first
        while rows:
            yield from rows
            if len(rows) < ROWS_AT_A_TIME:
                return
            self._cursor.execute(self._fetch)
            rows = self._cursor.fetchall()


@contextlib.contextmanager
def read_only_query(url: str, query: str, most: int | None = None) -> Iterator[Result]:
    """Run one read-only query; its result, of at most `most` rows, is streamed inside the block.

    PostgreSQL itself enforces this: the transaction is read-only, and a query opened as a cursor is
    one statement that returns rows, so that no second statement can end the transaction. Raises
    BranchlineError with PostgreSQL's message if the query is wrong.
    """
    link = connect(
        url, application_name="branchline sql", options="-c default_transaction_read_only=on"
    )
    try:
        link.set_session(readonly=True)
        _keep_values_exact(link)
        with plain_errors(query, link), link.cursor() as cursor:
            portal = "branchline_query"
            cursor.execute(_opening(query, portal, link))
            yield Result(cursor, portal, most)
    finally:
        link.close()


def _opening(query: str, portal: str, link: Link) -> str:
    """A statement that opens a cursor for the query, whatever the query contains."""
    quoted = psycopg2.sql.Literal(query.rstrip().rstrip(";")).as_string(link)
    tag = f"$branchline_{secrets.token_hex(8)}$"
    return (
        f"do {tag} declare found refcursor := '{portal}';"
        f" begin open found no scroll for execute {quoted}; end {tag}"
    )


@contextlib.contextmanager
def plain_errors(query: str, link: Link) -> Iterator[None]:
    """Turn PostgreSQL's errors into errors for people."""
    try:
        yield
    except psycopg2.Error as error:
        diagnosis = error.diag
        message = diagnosis.message_primary or str(error).strip() or type(error).__name__
        if "multi-query plan" in message:
            raise BranchlineError(
                "That is more than one statement.", "Run one query at a time."
            ) from None
        if "query as cursor" in message:
            raise BranchlineError(
                "That is not a query that returns rows.",
                "`branchline sql` only reads; `branchline warehouse psql` can do the rest.",
            ) from None
        if diagnosis.sqlstate == "25006":
            raise BranchlineError(
                f"Nothing was changed: {message}.",
                "`branchline sql` only reads; `branchline warehouse psql` can do the rest.",
            ) from None
        where = _place(query, getattr(diagnosis, "internal_position", None))
        raise BranchlineError(
            f"PostgreSQL says: {message}.{where}",
            diagnosis.message_hint
            or _masked_instead(message, link)
            or (_columns_of(query, link) if diagnosis.sqlstate == UNDEFINED_COLUMN else "")
            or 'List the tables: branchline sql "select schemaname, tablename from pg_tables'
            " where schemaname in ('marts', 'reference', 'raw')\"",
        ) from None


def _masked_instead(message: str, link: Link) -> str:
    """The masked view to query instead of a mart with personal data; empty for other errors."""
    denied = re.fullmatch("permission denied for table (.+)", message)
    if denied is None:
        return ""
    link.rollback()
    with link.cursor() as cursor:
        cursor.execute(
            "select quote_ident(relname) from pg_class"
            " inner join pg_namespace on relnamespace = pg_namespace.oid"
            " where nspname = 'marts_masked' and relname = %s"
            " and has_schema_privilege(pg_namespace.oid, 'usage')"
            " and has_table_privilege(pg_class.oid, 'select')",
            (denied[1],),
        )
        found = cursor.fetchone()
    if found is None:
        return ""
    return (
        f"Query marts_masked.{found[0]}: all its rows, without personal data. Of marts.{found[0]}"
        " you may select the columns that are not personal, by name."
    )


def _columns_of(query: str, link: Link) -> str:
    """The columns of the tables that a query names with their schemas; empty if it names none."""
    link.rollback()
    with link.cursor() as cursor:
        cursor.execute(
            "select format('%%I.%%I', nspname, relname),"
            " string_agg(quote_ident(attname), ', ' order by attnum)"
            " from pg_attribute"
            " inner join pg_class on attrelid = pg_class.oid"
            " inner join pg_namespace on relnamespace = pg_namespace.oid"
            " where format('%%s.%%s', nspname, relname) = any(%s)"
            " and attnum > 0 and not attisdropped"
            " and has_column_privilege(pg_class.oid, attnum, 'select')"
            " group by nspname, relname order by nspname, relname",
            (re.findall(r"[a-z_][a-z_0-9$]*[.][a-z_][a-z_0-9$]*", query.lower()),),
        )
        return " ".join(f"{table} has the columns {names}." for table, names in cursor.fetchall())


def _place(query: str, position: str | None) -> str:
    """The line of the query with the error, with a mark under the place."""
    if not position or not position.isdigit():
        return ""
    before = query[: int(position) - 1]
    line = query.split("\n")[before.count("\n")]
    column = len(before) - (before.rfind("\n") + 1)
    return f"\n    {line}\n    {' ' * column}^"


def _keep_values_exact(link: Link) -> None:
    text = new_type(TEXT_TYPES, "EXACT", lambda value, _: value)
    register_type(text, link)
    plain = new_type((25, 1042, 1043, 18, 19, 2950), "TEXT", lambda value, _: value)
    register_type(new_array_type(ARRAYS_OF_NUMBERS, "EXACTS", text), link)
    register_type(new_array_type(ARRAYS_OF_TEXT, "TEXTS", plain), link)


def _kind(type_number: int) -> str:
    if type_number in NUMBER_TYPES:
        return "number"
    if type_number in JSON_TYPES:
        return "json"
    if type_number in ARRAYS_OF_NUMBERS:
        return "numbers"
    return "boolean" if type_number == BOOLEAN else "text"


def as_text(value: Any) -> str:
    """A value for a table or CSV: null is empty."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return "{" + ", ".join(as_text(element) for element in value) + "}"
    return str(value)


def as_json(value: Any, kind: str) -> str:
    """A value as JSON: numbers with all digits, JSON unchanged, everything else as strings."""
    if value is None:
        return "null"
    if isinstance(value, list):
        inner = "number" if kind == "numbers" else "text"
        return "[" + ", ".join(as_json(element, inner) for element in value) + "]"
    if kind == "boolean":
        return "true" if value else "false"
    if kind == "json" or (kind == "number" and value not in ("NaN", "Infinity", "-Infinity")):
        return str(value)
    return json.dumps(value, ensure_ascii=False)


def json_lines(result: Result) -> Iterable[str]:
    """The result as one JSON array of objects, one line per row."""
    names = [json.dumps(column.name, ensure_ascii=False) for column in result.columns]
    kinds = [column.kind for column in result.columns]
    opening = "[\n "
    for row in result:
        pairs = (
            f"{name}: {as_json(value, kind)}"
            for name, value, kind in zip(names, row, kinds, strict=True)
        )
        yield opening + "{" + ", ".join(pairs) + "}"
        opening = ",\n "
    yield "[]\n" if opening == "[\n " else "\n]\n"
