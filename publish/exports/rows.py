"""The rows of an export: every value as PostgreSQL writes it, in an order that never varies."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import Any, Protocol

from psycopg2 import sql

from base.errors import BranchlineError
from base.words import listed
from publish.exports.export import Export

Row = tuple[str | None, ...]
"""The values of a row as text; None for null."""


class ReadColumn(Protocol):
    """A column of a mart. `type`: as PostgreSQL writes it, e.g. `numeric(18,4)`."""

    @property
    def name(self) -> str: ...
    @property
    def type(self) -> str: ...


class Reader(Protocol):
    """What an export needs of publish.marts.MartReader."""

    def columns(self, mart: str) -> Sequence[ReadColumn]: ...
    def key(self, mart: str) -> Sequence[str]: ...
    def stream(
        self, query: sql.Composable, parameters: Mapping[str, Any] | None = None
    ) -> Iterator[tuple[Any, ...]]: ...


class Kind(Enum):
    """The kind of a column's values, which decides how a format holds them."""

    TEXT = "text"
    INTEGER = "integer"
    DECIMAL = "decimal"
    FLOAT = "float"
    BOOLEAN = "boolean"
    DATE = "date"
    TIME = "time"
    TIMESTAMP = "timestamp"
    INSTANT = "instant"
    """A moment, in UTC; a timestamp is what a clock on the wall shows."""


@dataclass(frozen=True)
class Column:
    """A column of a file. `precision` and `scale`: of a decimal, where its type says them.

    `bits`: of an integer.
    """

    name: str
    kind: Kind
    precision: int | None = None
    scale: int | None = None
    bits: int = 64


_KINDS = {
    "boolean": Kind.BOOLEAN,
    "date": Kind.DATE,
    "double precision": Kind.FLOAT,
    "real": Kind.FLOAT,
    "time without time zone": Kind.TIME,
    "timestamp without time zone": Kind.TIMESTAMP,
    "timestamp with time zone": Kind.INSTANT,
}
_INTEGERS = {"smallint": 16, "integer": 32, "bigint": 64}
_NUMERIC = re.compile(r"numeric(?:\((\d+),(-?\d+)\))?")
# The precision of a time's fraction: `timestamp(3) without time zone`.
_FRACTION = re.compile(r"\(\d+\)(?= with)")


def file_columns(reader: Reader, export: Export) -> list[Column]:
    """The columns of the export's file.

    Raises BranchlineError if the mart does not have one of them.
    """
    found = {column.name: _column(column) for column in reader.columns(export.mart)}
    named = [*export.columns, *(name for name, _ in export.where)]
    if export.date_column is not None:
        named.append(export.date_column)
    if unknown := [name for name in named if name not in found]:
        raise BranchlineError(
            f"The export {export.file} names the column {unknown[0]}, which the mart"
            f" {export.mart} does not have.",
            f"Its columns are: {listed(list(found))}.",
        )
    return [found[name] for name in export.columns or found]


def file_rows(
    reader: Reader, export: Export, columns: Sequence[Column], business_date: date
) -> Generator[Row, None, None]:
    """The rows of the export's file, in the order of the mart's key.

    All columns follow the key in the order, because a masking view may show the same value for
    different keys; texts are compared byte by byte, which no setting of the server changes.
    """
    of_mart = {column.name: _column(column) for column in reader.columns(export.mart)}
    first = [of_mart[name] for name in reader.key(export.mart) if name in of_mart]
    order = [*first, *(column for column in of_mart.values() if column not in first)]
    conditions, parameters = _conditions(export, business_date)
    query = sql.SQL("select {columns} from {mart} where {conditions} order by {order}").format(
        columns=sql.SQL(", ").join(_as_text(column) for column in columns),
        mart=sql.Identifier(export.mart),
        conditions=sql.SQL(" and ").join(conditions),
        order=sql.SQL(", ").join(_as_ordered(column) for column in order),
    )
    yield from reader.stream(query, parameters)


def _column(found: ReadColumn) -> Column:
    kind = _FRACTION.sub("", found.type)
    if numeric := _NUMERIC.fullmatch(kind):
        precision, scale = numeric.groups()
        return Column(
            found.name,
            Kind.DECIMAL,
            None if precision is None else int(precision),
            None if scale is None else int(scale),
        )
    if kind in _INTEGERS:
        return Column(found.name, Kind.INTEGER, bits=_INTEGERS[kind])
    return Column(found.name, _KINDS.get(kind, Kind.TEXT))


def _as_text(column: Column) -> sql.Composable:
    name: sql.Composable = sql.Identifier(column.name)
    if column.kind is Kind.INSTANT:
        name = sql.SQL("({} at time zone 'UTC')").format(name)
    return sql.SQL("{}::text").format(name)


def _as_ordered(column: Column) -> sql.Composable:
    name = sql.Identifier(column.name)
    return sql.SQL('{}::text collate "C"').format(name) if column.kind is Kind.TEXT else name


def _conditions(export: Export, business_date: date) -> tuple[list[sql.Composable], dict[str, Any]]:
    conditions: list[sql.Composable] = [sql.SQL("true")]
    parameters: dict[str, Any] = {}
    if export.date_column is not None:
        column = sql.Identifier(export.date_column)
        conditions.append(sql.SQL("{} <= %(last_day)s").format(column))
        parameters["last_day"] = business_date
        if (first_day := export.first_day(business_date)) is not None:
            conditions.append(sql.SQL("{} >= %(first_day)s").format(column))
            parameters["first_day"] = first_day
    for number, (name, value) in enumerate(export.where):
        wanted = sql.Placeholder(f"value_{number}")
        conditions.append(sql.SQL("{}::text = {}").format(sql.Identifier(name), wanted))
        parameters[f"value_{number}"] = value
    return conditions, parameters
