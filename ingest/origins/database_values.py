"""How values of a table become text, and are compared, in the SQL of each kind of database."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import mssql


def as_text(column: sa.Column[Any], dialect: str) -> sa.ColumnElement[Any]:
    """A column cast to text by the database itself."""
    return _text_of(column, dialect).label(column.name)


def _text_of(column: sa.Column[Any], dialect: str) -> sa.ColumnElement[Any]:
    """The same without a name."""
    kind = column.type
    made: sa.ColumnElement[Any]
    if dialect == "mssql":
        made = _as_text_of_sql_server(column)
    elif dialect == "mysql":
        if isinstance(kind, (sa.types._Binary, sa.types.NullType)):
            made = sa.func.concat(sa.literal("\\x"), sa.func.lower(sa.func.hex(column)))
        elif kind.__visit_name__ == "BIT":
            made = sa.cast(sa.type_coerce(column, sa.Integer) + 0, sa.String)
        elif isinstance(kind, sa.String):
            made = sa.type_coerce(column, sa.String)
        else:
            made = sa.cast(column, sa.String)
    elif isinstance(kind, sa.Boolean):
        made = sa.case((column, sa.literal("t")), (sa.not_(column), sa.literal("f")))
    else:
        made = sa.cast(column, sa.Text)
    return made


def _as_text_of_sql_server(column: sa.Column[Any]) -> sa.ColumnElement[Any]:
    """The same on SQL Server, where a cast alone rounds money, floats and times."""
    kind, name = column.type, column.type.__visit_name__

    def styled(style: int, length: int = 64) -> sa.ColumnElement[Any]:
        return sa.func.convert(
            sa.literal_column(f"nvarchar({length})"), column, sa.text(str(style))
        )

    whole = sa.cast(column, mssql.NVARCHAR(None))
    if isinstance(kind, (mssql.MONEY, mssql.SMALLMONEY)):
        return styled(2)
    if isinstance(kind, sa.Float):
        # The shortest of 6, 16 and 17 digits that is this value again.
        own_type: Any = sa.REAL() if name == "REAL" else sa.DOUBLE_PRECISION()
        tried = [(sa.cast(styled(style), own_type) == column, styled(style)) for style in (0, 2)]
        return sa.case(*tried, else_=styled(3))
    if isinstance(kind, (sa.Date, sa.Time, sa.DateTime)):
        return styled({"DATE": 23, "SMALLDATETIME": 120}.get(name, 121))
    if isinstance(kind, (sa.types._Binary, mssql.TIMESTAMP)):
        # SQLAlchemy leaves the constructor without types.
        stored = sa.cast(column, mssql.VARBINARY("max"))  # type: ignore[no-untyped-call]  # it has no types
        digits = sa.func.convert(sa.literal_column("varchar(max)"), stored, sa.text("2"))
        return sa.literal_column("N'\\x'") + sa.func.lower(digits, type_=sa.String())
    if isinstance(kind, sa.Uuid):
        return sa.func.lower(sa.cast(sa.type_coerce(column, sa.String), mssql.NVARCHAR(36)))
    if isinstance(kind, mssql.SQL_VARIANT):
        return sa.cast(column, mssql.NVARCHAR(4000))
    if name in ("CHAR", "NCHAR"):
        return sa.func.rtrim(whole)
    return whole


def sorted_by(column: sa.Column[Any], dialect: str) -> sa.ColumnElement[Any]:
    """A column to sort by. On SQL Server, texts may be equal to a collation and differ."""
    if dialect == "mssql" and isinstance(column.type, sa.String):
        return sa.cast(column, mssql.NVARCHAR(None)).collate("Latin1_General_100_BIN2")
    return column


def sorted_by_text(column: sa.Column[Any], dialect: str) -> sa.ColumnElement[Any]:
    """A column of any type to sort by, JSON included: by its text. Rows with equal texts in all
    columns are equal bytes in any order."""
    text = _text_of(column, dialect)
    if dialect == "mssql":
        return sa.cast(text, mssql.NVARCHAR(None)).collate("Latin1_General_100_BIN2")
    return text


def bounds_of(
    column: sa.Column[Any], after: str | None, up_to: str | None
) -> list[sa.ColumnElement[bool]]:
    """The conditions of rows with a cursor above the first value and up to the second."""
    made: list[sa.ColumnElement[bool]] = [column.is_not(None)]
    if after is not None:
        made.append(column > value_of(column, after))
    if up_to is not None:
        made.append(column <= value_of(column, up_to))
    return made


def value_of(column: sa.Column[Any], text: str) -> sa.ColumnElement[Any]:
    """A text of `as_text` as a value of the column."""
    return sa.cast(sa.literal(text, sa.String), column.type)


def portion_of(column: sa.Column[Any], ends: Sequence[str]) -> sa.ColumnElement[Any]:
    """The place of a row's portion; the number of `ends` for a row behind all of them.

    `ends`: the last values of portions, in the order of the column.
    """
    places = [(column <= value_of(column, end), place) for place, end in enumerate(ends)]
    return sa.case(*places, else_=len(ends)).label("portion_of_row")


def can_be_cursor(column: sa.Column[Any]) -> bool:
    """Whether the column has values that may only grow, and that are the same as text."""
    kind = column.type
    if isinstance(kind, sa.Float) or not getattr(kind, "asdecimal", True):
        return False
    return isinstance(kind, (sa.Integer, sa.Numeric, sa.Date, sa.DateTime))
