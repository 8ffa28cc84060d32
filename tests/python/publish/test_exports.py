"""Exported files hold what the mart holds, to the penny, in every format, in the same bytes."""

from __future__ import annotations

import csv
import json
import os
import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import psycopg2
import pyarrow.parquet as pq
import pytest
import throwaway
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl.utils.escape import unescape
from psycopg2 import sql
from psycopg2.extensions import connection as Link
from python_calamine import CalamineWorkbook

from base.errors import BranchlineError
from base.link import Connection
from base.spreadsheet import kept_as_text, without_formula
from publish.exports import Entry, Export, Written, write_export, write_manifest
from publish.exports.rows import Column, Kind, ReadColumn
from publish.marts import MartReader

DAY = date(2026, 9, 30)
FORMATS = ("csv", "xlsx", "parquet")

TABLE = """
create table rpt_everything (
    branch_key text,
    product_code text,
    product_name text,
    sold integer,
    items bigint,
    net_sales numeric(18, 2),
    rate numeric(18, 6),
    is_open boolean,
    shop_time time,
    till_time timestamp,
    loaded_at timestamptz,
    business_date date,
    gap interval
)
"""
ROWS = """
insert into rpt_everything
select
    'branch_pos/' || case day % 3 when 0 then 'חיפה' when 1 then 'Nürnberg' else 'Leeds' end,
    lpad((day * 7919 % 100000)::text, 8, '0'),
    case day % 5 when 0 then '=1+1' when 1 then 'Crème, "brûlée"' when 2 then null
        when 3 then '1E5' else E'two\\nlines; =2' end,
    day - 20,
    9007199254740993 + day,
    round(((day * 48271 % 65536) - 30000) / 7.0, 2),
    day / 7.0,
    case when day % 4 = 0 then null else day % 2 = 0 end,
    time '08:15:00' + day * interval '1 second',
    timestamp '2026-09-01 10:00:00.25' + day * interval '1 hour',
    timestamptz '2026-09-01 23:30:00+03' + day * interval '1 day',
    date '2026-08-31' + day,
    day * interval '90 minutes'
from generate_series(1, 40) as day
order by {order}
"""


class Named:
    def __init__(self, name: str, kind: str) -> None:
        self.name = name
        self.type = kind


class ListReader:
    """Rows that are at hand, as the database would return them."""

    def __init__(self, columns: Mapping[str, str], rows: Sequence[tuple[str | None, ...]]) -> None:
        self._columns = [Named(name, kind) for name, kind in columns.items()]
        self._rows = rows

    def columns(self, mart: str) -> Sequence[ReadColumn]:
        return self._columns

    def key(self, mart: str) -> Sequence[str]:
        return ()

    def stream(
        self, query: sql.Composable, parameters: Mapping[str, Any] | None = None
    ) -> Iterator[tuple[Any, ...]]:
        yield from self._rows


@pytest.fixture(scope="module")
def link(postgres_server: Connection) -> Iterator[Link]:
    with throwaway.database(postgres_server) as url:
        found = psycopg2.connect(url)
        with found.cursor() as cursor:
            cursor.execute("set timezone to 'Asia/Jerusalem'")
            cursor.execute(TABLE)
            cursor.execute(ROWS.format(order="day"))
        yield found
        found.close()


@pytest.fixture
def reader(link: Link) -> MartReader:
    return MartReader(link)


def truth(link: Link, query: str) -> Any:
    with link.cursor() as cursor:
        cursor.execute(query)
        return cursor.fetchall()


def export(form: str, **more: Any) -> Export:
    return Export("rpt_everything", f"everything.{form}", **more)


def read_csv(path: Path, encoding: str = "utf-8") -> list[list[str]]:
    with path.open(encoding=encoding, newline="") as file:
        return list(csv.reader(file, strict=True))


def read_xlsx(path: Path) -> list[list[Any]]:
    sheet = openpyxl.load_workbook(path).active
    return [[as_read(cell) for cell in row] for row in sheet.iter_rows(values_only=True)]


def as_read(value: Any) -> Any:
    """openpyxl leaves _x000D_, as Excel writes a control character, in cells."""
    return unescape(value) if isinstance(value, str) else value


def named(rows: list[list[Any]]) -> list[dict[str, Any]]:
    return [dict(zip(rows[0], row, strict=True)) for row in rows[1:]]


def unmarked(text: str) -> str:
    """A text without the apostrophes that a spreadsheet is given; equal for what they mark."""
    return re.sub(r"(^|(?<=[;\t\r\n]))'+", "", text)


# Every format holds what the mart holds


def test_csv_holds_the_mart(reader: MartReader, link: Link, tmp_path: Path) -> None:
    written = write_export(reader, export("csv"), DAY, tmp_path / "x.csv")
    rows = named(read_csv(tmp_path / "x.csv"))
    assert written.rows == len(rows) == 40
    assert (
        sum(Decimal(row["net_sales"]) for row in rows)
        == truth(link, "select sum(net_sales) from rpt_everything")[0][0]
    )
    found = truth(
        link,
        "select branch_key, product_code, coalesce(product_name, ''), sold::text, items::text,"
        " net_sales::text, rate::text, coalesce(is_open::text, ''), shop_time::text,"
        " till_time::text, (loaded_at at time zone 'UTC')::text || '+00:00', business_date::text,"
        ' gap::text from rpt_everything order by branch_key collate "C", product_code collate "C"',
    )
    assert [tuple(map(unmarked, row.values())) for row in rows] == [
        tuple(map(unmarked, row)) for row in found
    ]
    content = (tmp_path / "x.csv").read_bytes()
    assert content.startswith(b"branch_key,product_code,")
    assert content.count(b"\r\n") == 41
    assert {row["product_name"] for row in rows} == {
        "'=1+1",
        'Crème, "brûlée"',
        "",
        "1E5",
        "two\nlines;' =2",
    }


def test_a_workbook_holds_the_mart(reader: MartReader, link: Link, tmp_path: Path) -> None:
    written = write_export(reader, export("xlsx"), DAY, tmp_path / "x.xlsx")
    rows = named(read_xlsx(tmp_path / "x.xlsx"))
    assert written.rows == len(rows) == 40
    found = truth(
        link,
        "select product_code, items::text, net_sales, rate, is_open, shop_time, till_time,"
        " loaded_at at time zone 'UTC', business_date from rpt_everything"
        ' order by branch_key collate "C", product_code collate "C"',
    )
    for row, (code, items, sales, rate, is_open, shop_time, till_time, loaded_at, day) in zip(
        rows, found, strict=True
    ):
        # A code keeps its zeros, and a number of 16 digits its last one.
        assert (row["product_code"], str(row["items"])) == (code, items)
        assert (Decimal(str(row["net_sales"])), Decimal(str(row["rate"]))) == (sales, rate)
        assert (row["is_open"], row["shop_time"]) == (is_open, shop_time)
        assert (row["till_time"], row["loaded_at"]) == (till_time, loaded_at)
        assert row["business_date"] == datetime.combine(day, time())
    sheet = openpyxl.load_workbook(tmp_path / "x.xlsx").active
    assert [sheet[f"{column}2"].number_format for column in "BFL"] == ["@", "0.00", "yyyy-mm-dd"]
    assert (sheet.title, sheet.freeze_panes) == ("rpt_everything", "A2")
    # Another reader sees the same.
    other = CalamineWorkbook.from_path(str(tmp_path / "x.xlsx")).get_sheet_by_index(0).to_python()
    assert [row[:6] for row in other[1:]] == [
        [row[name] if row[name] is not None else "" for name in list(row)[:6]] for row in rows
    ]


def test_parquet_holds_the_mart_as_it_is(
    reader: MartReader, link: Link, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("publish.exports.parquet_file.ROWS_OF_A_GROUP", 16)
    written = write_export(reader, export("parquet"), DAY, tmp_path / "x.parquet")
    table = pq.read_table(tmp_path / "x.parquet")
    assert written.rows == table.num_rows == 40
    assert [str(field.type) for field in table.schema] == [
        "string",
        "string",
        "string",
        "int32",
        "int64",
        "decimal128(18, 2)",
        "decimal128(18, 6)",
        "bool",
        "time64[us]",
        "timestamp[us]",
        "timestamp[us, tz=UTC]",
        "date32[day]",
        "string",
    ]
    found = truth(
        link,
        "select branch_key, product_code, product_name, sold, items, net_sales, rate, is_open,"
        " shop_time, till_time, loaded_at, business_date, gap::text from rpt_everything"
        ' order by branch_key collate "C", product_code collate "C"',
    )
    assert [tuple(row.values()) for row in table.to_pylist()] == found


@pytest.mark.parametrize("form", FORMATS)
def test_equal_rows_give_equal_bytes(
    reader: MartReader, link: Link, tmp_path: Path, form: str
) -> None:
    first = write_export(reader, export(form), DAY, tmp_path / f"a.{form}")
    with link.cursor() as cursor:
        cursor.execute("savepoint before")
        try:
            cursor.execute("truncate rpt_everything")
            cursor.execute(ROWS.format(order="(day * 7919) % 41"))
            cursor.execute("set timezone to 'America/New_York'")
            second = write_export(reader, export(form), DAY, tmp_path / f"b.{form}")
        finally:
            cursor.execute("rollback to savepoint before")
    assert first == second
    assert (tmp_path / f"a.{form}").read_bytes() == (tmp_path / f"b.{form}").read_bytes()


def test_a_workbook_has_no_time_of_its_own(reader: MartReader, tmp_path: Path) -> None:
    write_export(reader, export("xlsx"), DAY, tmp_path / "x.xlsx")
    with zipfile.ZipFile(tmp_path / "x.xlsx") as book:
        core = book.read("docProps/core.xml").decode()
        assert {info.date_time[0] for info in book.infolist()} == {1980}
    assert set(re.findall(r"\d{4}-\d\d-\d\dT[\d:]+Z", core)) == {"2000-01-01T00:00:00Z"}


# Which rows and columns


def test_columns_days_and_branch(reader: MartReader, tmp_path: Path) -> None:
    def rows(**narrowing: Any) -> list[list[str]]:
        write_export(reader, export("csv", **narrowing), DAY, tmp_path / "x.csv")
        return read_csv(tmp_path / "x.csv")

    def days(**narrowing: Any) -> set[str]:
        narrowing["columns"] = ("business_date",)
        return {row[0] for row in rows(date_column="business_date", **narrowing)[1:]}

    assert rows(columns=("net_sales", "branch_key"))[0] == ["net_sales", "branch_key"]
    assert days(days=1) == {"2026-09-30"}
    assert days(days=2) == {"2026-09-29", "2026-09-30"}
    assert (min(days()), max(days()), len(days())) == ("2026-09-01", "2026-09-30", 30)
    of_branch = rows(where=(("branch_key", "branch_pos/חיפה"),), columns=("branch_key",))
    assert of_branch == [["branch_key"], *[["branch_pos/חיפה"]] * 13]
    with pytest.raises(BranchlineError, match="names the column cost, which the mart") as caught:
        rows(columns=("cost",))
    assert "net_sales" in caught.value.hint
    assert rows(date_column="business_date", days=1)  # the reader works on


def test_an_export_without_rows_has_its_header(reader: MartReader, tmp_path: Path) -> None:
    nowhere = (("branch_key", "nowhere"),)
    for form in FORMATS:
        path = tmp_path / f"x.{form}"
        assert write_export(reader, export(form, where=nowhere), DAY, path).rows == 0
    assert len(read_csv(tmp_path / "x.csv")) == len(read_xlsx(tmp_path / "x.xlsx")) == 1
    assert pq.read_table(tmp_path / "x.parquet").num_columns == 13


# What a spreadsheet makes of it


@pytest.mark.parametrize(
    "text",
    [
        *("007", "1.50", "0.5", "1234567890123456", "1E5", "1.5e+3", "12e2", "(5)", "5%", "$5"),
        *("1-2", "1/2", "3-4-2026", "10:30", "1 1/2", "5 PM", "10:30 am", "2026-09-30", "1,000"),
        *("2026-09-30T10:00:00Z", "MAR1", "1-mar", "SEPT2", "Dec 24", "5 March 2024", " 007 "),
        *(
            "TRUE",
            "false",
            "#N/A",
            "#DIV/0!",
            "1\N{RIGHT SINGLE QUOTATION MARK}000",
            "\N{ARABIC-INDIC DIGIT ZERO}7",
        ),
    ],
)
def test_a_text_that_a_spreadsheet_would_change_is_kept(text: str) -> None:
    assert kept_as_text(text) == f"'{text}"


@pytest.mark.parametrize(
    "text",
    ["0", "7", "123456789012345", "Leeds", "A1", "12A", "SKU-007", "Mars 1", "May", "1 kg", ""],
)
def test_other_texts_stay_as_they_are(text: str) -> None:
    assert kept_as_text(text) == text


def test_a_long_text_of_digits_is_quickly_judged() -> None:
    assert kept_as_text("1" * 200_000 + "x") == "1" * 200_000 + "x"
    assert kept_as_text(" " * 200_000 + "x") == " " * 200_000 + "x"
    assert kept_as_text("1," * 100_000 + "e") == "1," * 100_000 + "e"


def test_a_file_for_a_spreadsheet_has_the_byte_order_mark(tmp_path: Path) -> None:
    columns = {
        "code": "text",
        "name": "text",
        "amount": "numeric(18,2)",
        "at": "timestamp with time zone",
    }
    rows = [("007", "חיפה, Crème", "-1.50", "2026-09-30 10:00:00"), ("=1", "é", None, None)]
    for_people = export("csv", spreadsheet=True)
    write_export(ListReader(columns, rows), for_people, DAY, tmp_path / "x.csv")
    assert (tmp_path / "x.csv").read_bytes().startswith(b"\xef\xbb\xbfcode,name,amount,at\r\n")
    assert read_csv(tmp_path / "x.csv", "utf-8-sig")[1:] == [
        # A moment without its zone, in UTC, is one that Excel reads.
        ["'007", "חיפה, Crème", "-1.50", "2026-09-30 10:00:00"],
        ["'=1", "é", "", ""],
    ]
    write_export(ListReader(columns, rows), export("csv"), DAY, tmp_path / "x.csv")
    assert read_csv(tmp_path / "x.csv")[1] == [
        *("007", "חיפה, Crème", "-1.50", "2026-09-30 10:00:00+00:00")
    ]


SIGNS_AND_MORE = (
    "=+-@\t\r\n;, \"'0179Ee.:/<>&_xאבéÀ\x01\ufffe😀\N{FULLWIDTH EQUALS SIGN}\N{ZERO WIDTH SPACE}"
)
NASTY = st.text(
    st.sampled_from(list(SIGNS_AND_MORE))
    | st.characters(exclude_categories=["Cs"], exclude_characters="\0"),
    max_size=12,
)
TEXTS = st.one_of(
    NASTY,
    st.sampled_from(["=cmd|'/c calc'!A1", "<r><t>x</t></r>", "_x0041_", "  ", "00", "1E5", "-5"]),
)
SIGNS = re.compile('^[" \xa0\ufeff\u200b]*[=+@\N{FULLWIDTH EQUALS SIGN}-]')


def is_executed(cell: str) -> bool:
    """Whether a spreadsheet that separates cells at semicolons, too, would find a formula."""
    parts = re.split("[;\t\r\n]", cell)
    return cell[:1] in ("\t", "\r") or any(SIGNS.match(part) for part in parts)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(TEXTS, TEXTS), min_size=1, max_size=4), st.booleans())
def test_what_is_read_back_is_the_mart_apart_from_marks(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str]], spreadsheet: bool
) -> None:
    folder = tmp_path_factory.getbasetemp()
    columns = {"first": "text", "second": "character varying(20)"}
    reader = ListReader(columns, rows)
    write_export(reader, export("csv", spreadsheet=spreadsheet), DAY, folder / "x.csv")
    write_export(reader, export("xlsx"), DAY, folder / "x.xlsx")
    write_export(reader, export("parquet"), DAY, folder / "x.parquet")
    from_csv = read_csv(folder / "x.csv", "utf-8-sig" if spreadsheet else "utf-8")[1:]
    from_xlsx = [[cell or "" for cell in row] for row in read_xlsx(folder / "x.xlsx")[1:]]
    # An empty last row is not a row to openpyxl.
    from_xlsx += [["", ""]] * (len(rows) - len(from_xlsx))
    for found in (from_csv, from_xlsx):
        assert [[unmarked(cell) for cell in row] for row in found] == [
            [unmarked(cell) for cell in row] for row in rows
        ]
        assert not [cell for row in found for cell in row if is_executed(cell)]
    assert from_xlsx == [[without_formula(cell) for cell in row] for row in rows]
    assert [tuple(row.values()) for row in pq.read_table(folder / "x.parquet").to_pylist()] == rows


AMOUNTS = st.integers(1 - 10**18, 10**18 - 1).map(lambda cents: Decimal(cents).scaleb(-2))


@settings(max_examples=30, deadline=None)
@given(st.lists(AMOUNTS, min_size=1, max_size=30))
def test_amounts_add_up_exactly(
    tmp_path_factory: pytest.TempPathFactory, amounts: list[Decimal]
) -> None:
    folder = tmp_path_factory.getbasetemp()
    reader = ListReader({"amount": "numeric(18,2)"}, [(f"{amount:f}",) for amount in amounts])
    for form in FORMATS:
        write_export(reader, export(form), DAY, folder / f"x.{form}")
    total = sum(amounts)
    assert sum(Decimal(row[0]) for row in read_csv(folder / "x.csv")[1:]) == total
    cells = [row[0] for row in read_xlsx(folder / "x.xlsx")[1:]]
    # Each is a number if it has 15 digits at most, which a number of a workbook holds.
    assert [isinstance(cell, str) for cell in cells] == [
        len(f"{abs(amount):f}".replace(".", "").strip("0")) > 15 for amount in amounts
    ]
    assert sum(Decimal(str(cell)) for cell in cells) == total
    assert sum(pq.read_table(folder / "x.parquet")["amount"].to_pylist()) == total


# What a format cannot hold


def test_what_a_workbook_cannot_hold_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "x.xlsx"
    path.write_bytes(b"the last one")
    long = ListReader({"note": "text"}, [("\N{GRINNING FACE}" * 16_384,)])
    with pytest.raises(BranchlineError, match="a text in note that is longer than a cell"):
        write_export(long, export("xlsx"), DAY, path)
    monkeypatch.setattr("publish.exports.xlsx_file.MOST_ROWS", 2)
    many = ListReader({"note": "text"}, [("x",)] * 3)
    with pytest.raises(BranchlineError, match="more rows than a sheet") as caught:
        write_export(many, export("xlsx"), DAY, path)
    assert ".parquet" in caught.value.hint
    with pytest.raises(BranchlineError, match="unknown format"):
        write_export(many, export("ods"), DAY, path)
    never = ListReader({"ends_on": "date"}, [("2026-09-30",), ("infinity",)])
    with pytest.raises(BranchlineError, match="ends_on of rpt_everything cannot be written"):
        write_export(never, export("parquet"), DAY, path)
    assert [file.name for file in tmp_path.iterdir()] == ["x.xlsx"]
    assert path.read_bytes() == b"the last one"


def test_dates_and_times_that_a_workbook_does_not_know_are_texts(tmp_path: Path) -> None:
    kinds = {
        "day": "date",
        "moment": "timestamp(3) without time zone",
        "clock": "time without time zone",
    }
    rows = [
        ("1899-12-31", "infinity", "24:00:00"),
        ("1900-03-01", "2026-09-30 10:00:00.5", "23:59:59.25"),
    ]
    write_export(ListReader(kinds, rows), export("xlsx"), DAY, tmp_path / "x.xlsx")
    assert read_xlsx(tmp_path / "x.xlsx")[1:] == [
        ["1899-12-31", "infinity", "24:00:00"],
        [
            datetime(1900, 3, 1),
            datetime(2026, 9, 30, 10, 0, 0, 500_000),
            time(23, 59, 59, 250_000),
        ],
    ]


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file, not a folder")
    reader = ListReader({"a": "text"}, [])
    with pytest.raises(BranchlineError, match=r"everything\.csv cannot be written to"):
        write_export(reader, export("csv"), DAY, tmp_path / "taken" / "x.csv")


# Whole or not at all


def kill_at_rename(reader: ListReader, path: Path) -> None:
    """Write an export in a process that dies when the file is complete, before it has its name."""
    child = os.fork()
    if not child:
        Path.replace = lambda *_: os._exit(9)  # type: ignore[assignment,method-assign]
        try:
            write_export(reader, export("csv"), DAY, path)
        finally:
            os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9


def test_a_killed_export_leaves_no_half_file(tmp_path: Path) -> None:
    path = tmp_path / "day" / "x.csv"
    before = ListReader({"a": "text"}, [("before",)])
    after = ListReader({"a": "text"}, [("after",)])
    kill_at_rename(before, path)
    assert [file.name for file in path.parent.iterdir()] == [".x.csv.new"]
    write_export(before, export("csv"), DAY, path)
    kill_at_rename(after, path)
    assert path.read_text() == "a\nbefore\n"
    assert write_export(after, export("csv"), DAY, path).size == path.stat().st_size
    assert path.read_text() == "a\nafter\n"
    assert [file.name for file in path.parent.iterdir()] == ["x.csv"]


def test_the_manifest_lists_every_file_with_its_hash(tmp_path: Path) -> None:
    found: dict[str, Written] = {}
    for form in ("csv", "parquet"):
        reader = ListReader({"a": "text"}, [("é",), (None,)])
        found[form] = write_export(reader, export(form), DAY, tmp_path / f"x.{form}")
    entries = [
        Entry(f"x.{form}", written.rows, written.sha256, "everything", 2)
        for form, written in found.items()
    ]
    path = write_manifest(tmp_path, DAY, reversed(entries))
    assert path.name == "MANIFEST.json"
    content = json.loads(path.read_text())
    assert content["business_date"] == "2026-09-30"
    assert [
        (one["file"], one["rows"], one["publication"], one["version"]) for one in content["files"]
    ] == [("x.csv", 2, "everything", 2), ("x.parquet", 2, "everything", 2)]
    first = path.read_bytes()
    assert write_manifest(tmp_path, DAY, entries).read_bytes() == first
    assert not list(tmp_path.glob(".*"))


def test_columns_of_every_type_have_a_kind() -> None:
    from publish.exports.rows import file_columns

    types = {
        "numeric(18,2)": Column("a", Kind.DECIMAL, 18, 2),
        "numeric": Column("a", Kind.DECIMAL),
        "smallint": Column("a", Kind.INTEGER, bits=16),
        "timestamp(3) with time zone": Column("a", Kind.INSTANT),
        "double precision": Column("a", Kind.FLOAT),
        "text[]": Column("a", Kind.TEXT),
    }
    for kind, column in types.items():
        assert file_columns(ListReader({"a": kind}, []), export("csv")) == [column]
