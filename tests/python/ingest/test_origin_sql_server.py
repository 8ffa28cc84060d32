"""SQL Server as an origin, without a server: the SQL for each type, the driver, and its errors."""

from __future__ import annotations

from typing import Any

import pymssql
import pytest
import sqlalchemy as sa
from servers import closed_port
from sqlalchemy.dialects import mssql

from ingest.contract.file_errors import UnreadableFileError
from ingest.origins import database_values, remote, watermarks
from ingest.origins.database import SourceDatabase
from ingest.origins.database_tables import column_named

ADDRESS = "mssql://reader:c4n4ry@127.0.0.1:{}/shop"
AS_FLOAT = (
    "CASE WHEN (CAST(convert(nvarchar(64), t.c, 0) AS {0}) = t.c)"
    " THEN convert(nvarchar(64), t.c, 0)"
    " WHEN (CAST(convert(nvarchar(64), t.c, 2) AS {0}) = t.c) THEN convert(nvarchar(64), t.c, 2)"
    " ELSE convert(nvarchar(64), t.c, 3) END"
)
AS_BYTES = r"N'\x' + lower(convert(varchar(max), CAST(t.c AS VARBINARY(max)), 2))"
AS_IS = "CAST(t.c AS NVARCHAR(max))"

TEXTS = [
    (mssql.INTEGER(), AS_IS),
    (mssql.TINYINT(), AS_IS),
    (mssql.BIGINT(), AS_IS),
    (mssql.BIT(), AS_IS),
    (mssql.DECIMAL(38, 10), AS_IS),
    # A cast would round to two decimals.
    (mssql.MONEY(), "convert(nvarchar(64), t.c, 2)"),
    (mssql.SMALLMONEY(), "convert(nvarchar(64), t.c, 2)"),
    (mssql.FLOAT(53), AS_FLOAT.format("DOUBLE PRECISION")),
    (mssql.REAL(), AS_FLOAT.format("REAL")),
    (mssql.DATE(), "convert(nvarchar(64), t.c, 23)"),
    (mssql.TIME(7), "convert(nvarchar(64), t.c, 121)"),
    (mssql.DATETIME(), "convert(nvarchar(64), t.c, 121)"),
    (mssql.DATETIME2(7), "convert(nvarchar(64), t.c, 121)"),
    (mssql.DATETIMEOFFSET(7), "convert(nvarchar(64), t.c, 121)"),
    (mssql.SMALLDATETIME(), "convert(nvarchar(64), t.c, 120)"),
    (mssql.VARBINARY(8), AS_BYTES),
    (mssql.BINARY(8), AS_BYTES),
    (mssql.IMAGE(), AS_BYTES),
    (mssql.ROWVERSION(), AS_BYTES),
    (mssql.TIMESTAMP(), AS_BYTES),
    (mssql.UNIQUEIDENTIFIER(), "lower(CAST(t.c AS NVARCHAR(36)))"),
    (mssql.CHAR(5), f"rtrim({AS_IS})"),
    (mssql.NCHAR(5), f"rtrim({AS_IS})"),
    (mssql.VARCHAR(5), AS_IS),
    (mssql.NVARCHAR(None), AS_IS),
    (mssql.NTEXT(), AS_IS),
    (mssql.XML(), AS_IS),
    (mssql.SQL_VARIANT(), "CAST(t.c AS NVARCHAR(4000))"),
    (sa.types.NullType(), AS_IS),
]


def compiled(query: Any) -> str:
    dialect: Any = mssql.dialect()
    dialect._supports_offset_fetch = True  # as a server of 2012 or later says of itself
    text = str(query.compile(dialect=dialect, compile_kwargs={"literal_binds": True}))
    return " ".join(text.split())


@pytest.mark.parametrize(("kind", "expected"), TEXTS, ids=[repr(kind) for kind, _ in TEXTS])
def test_every_type_is_written_as_text_without_loss(kind: Any, expected: str) -> None:
    column = sa.Table("t", sa.MetaData(), sa.Column("c", kind)).c.c
    assert compiled(sa.select(database_values.as_text(column, "mssql"))) == (
        f"SELECT {expected} AS c FROM t"
    )


def test_rows_are_sorted_by_characters_not_by_a_collation() -> None:
    table = sa.Table("t", sa.MetaData(), sa.Column("c", mssql.VARCHAR(9)), sa.Column("n", sa.INT))
    query = sa.select(table.c.n).order_by(
        *(database_values.sorted_by(column, "mssql") for column in table.c)
    )
    assert compiled(query) == (
        "SELECT t.n FROM t ORDER BY CAST(t.c AS NVARCHAR(max)) COLLATE Latin1_General_100_BIN2, t.n"
    )


def test_portions_are_bounded_by_an_ordered_cursor() -> None:
    column = sa.Table("t", sa.MetaData(schema="dbo"), sa.Column("c", mssql.DATETIME2(7))).c.c
    behind = sa.select(column).where(
        *database_values.bounds_of(column, "2024-01-31 09:00:00", None)
    )
    where = (
        "FROM dbo.t WHERE dbo.t.c IS NOT NULL"
        " AND dbo.t.c > CAST('2024-01-31 09:00:00' AS DATETIME2(7)) ORDER BY dbo.t.c"
    )
    full = compiled(behind.order_by(column).offset(99).limit(1))
    assert full == f"SELECT dbo.t.c {where} OFFSET 99 ROWS FETCH FIRST 1 ROWS ONLY"
    assert compiled(behind.order_by(column.desc()).limit(1)) == f"SELECT TOP 1 dbo.t.c {where} DESC"


def test_changed_rows_are_found_by_a_watermark() -> None:
    kinds = [
        (mssql.DATETIME2(7), "2021-03-30 09:50:00.9999999", "DATETIME2(7)"),
        (mssql.DATE(), "2021-03-30", "DATE"),
    ]
    for kind, moment, name in kinds:
        # The name of a column ends in a blank.
        table = sa.Table("t", sa.MetaData(), sa.Column("changed ", kind))
        column = column_named(table, "Changed")
        assert column is not None
        query = sa.select(database_values.as_text(column, "mssql")).where(
            watermarks.changed_since(column, moment)
        )
        assert compiled(query).endswith(
            f" AS [changed ] FROM t WHERE t.[changed ] >= CAST('{moment}' AS {name})"
            " OR t.[changed ] IS NULL"
        )
    with_offset = sa.Table("t", sa.MetaData(), sa.Column("c", mssql.DATETIMEOFFSET(7))).c.c
    assert "+00:00' AS DATETIMEOFFSET(7))" in compiled(
        sa.select(with_offset).where(watermarks.until_now(with_offset))
    )


@pytest.mark.parametrize("scheme", ["mssql", "mssql+pymssql"])
def test_a_server_that_is_not_there(scheme: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote, "PATIENCE", 0.0)
    address = ADDRESS.format(closed_port()).replace("mssql", scheme, 1)
    source = SourceDatabase("desk", address)
    with pytest.raises(UnreadableFileError) as caught:
        source._asked(lambda: source._connected().connect())
    assert "the database desk does not answer" in str(caught.value)
    assert caught.value.temporary
    assert "c4n4ry" not in str(caught.value)


@pytest.mark.parametrize("option", ["encryption=c4n4ry", "bogus=c4n4ry", "tds_version=c4n4ry"])
def test_invalid_options_are_not_repeated(option: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote, "PATIENCE", 0.0)
    source = SourceDatabase("desk", f"{ADDRESS.format(1)}?{option}")
    with pytest.raises(UnreadableFileError) as caught:
        source._asked(lambda: source._connected().connect())
    assert "c4n4ry" not in str(caught.value)


def test_the_log_in_is_encrypted_unless_the_address_says_otherwise() -> None:
    asked: dict[str, Any] = {}

    def given(address: str) -> dict[str, Any]:
        engine = SourceDatabase("desk", address)._connected()

        @sa.event.listens_for(engine, "do_connect")
        def note(dialect: Any, record: Any, arguments: Any, named: dict[str, Any]) -> None:
            asked.clear()
            asked.update(named)
            raise pymssql.OperationalError((20009, b"not needed"))

        with pytest.raises(sa.exc.OperationalError):
            engine.connect()
        return asked

    found = given(ADDRESS.format(1433))
    assert (found["encryption"], found["read_only"], found["charset"]) == ("require", True, "UTF-8")
    assert given(f"{ADDRESS.format(1433)}?encryption=request")["encryption"] == "request"


@pytest.mark.parametrize(
    ("number", "text", "expected", "temporary"),
    [
        (18456, b"Login failed for user 'reader'.", "rejects the user or the password", False),
        (4060, b'Cannot open database "shop" requested by the login.', "does not exist", False),
        (229, b"The SELECT permission was denied on the object 'x'.", "may not read", False),
        (1205, b"Transaction was deadlocked.", "does not answer", True),
        (40613, b"Database is not currently available.", "does not answer", True),
        (20003, b"Adaptive Server connection timed out", "does not answer", True),
        (245, b"Conversion failed.", "does not return the rows", False),
    ],
)
def test_what_error_numbers_mean(number: int, text: bytes, expected: str, temporary: bool) -> None:
    source = SourceDatabase("desk", ADDRESS.format(1))
    source._connected()
    error = sa.exc.OperationalError("select", {}, pymssql.OperationalError((number, text)))
    fault = source._fault(error)
    assert expected in fault.text
    assert text.decode() in fault.text
    assert fault.temporary == temporary


def test_portions_that_are_read_together_are_told_apart_by_their_ends() -> None:
    column = sa.Table("t", sa.MetaData(), sa.Column("c", mssql.INTEGER())).c.c
    assert compiled(sa.select(database_values.portion_of(column, ["9", "12"]))) == (
        "SELECT CASE WHEN (t.c <= CAST('9' AS INTEGER)) THEN 0"
        " WHEN (t.c <= CAST('12' AS INTEGER)) THEN 1 ELSE 2 END AS portion_of_row FROM t"
    )
