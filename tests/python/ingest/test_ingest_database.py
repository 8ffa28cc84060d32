"""Database tables as feeds: on a real PostgreSQL server and a real MariaDB server."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import psutil
import psycopg2
import pytest
from inbox_places import clean_environment
from ingest_helpers import Inbox, dies, dump, load_in_a_child, till_file
from servers import Mishap, broken_line, closed_port
from source_databases import VARIABLE, Source
from throwaway import Branchline

from base.errors import BranchlineError
from base.settings import read_settings
from ingest.contract.feeds import FeedContract
from ingest.contract.file_errors import UnreadableFileError
from ingest.contract.reading import load_feeds
from ingest.origins import database, remote
from ingest.parallel import prefetching
from ingest.raw import writer
from ingest.report import FileOutcome, LoadReport
from ingest.review.quarantine import read_quarantine
from ingest.review.status import read_status
from operate.runs.loading import load_inbox
from operate.server.connecting import ensure_warehouse

Load = Callable[..., LoadReport]
Query = Callable[..., list[tuple[Any, ...]]]
MakeFeeds = Callable[[str], FeedContract]

PEOPLE = """
  desk_people:
    source: desk
    table: desk_people
    description: One line per person.
    database: {connection: desk, table: people, key: [id]}
    columns:
      - name: id
      - name: name
        aliases: [full_name]
      - name: phone
        required: false
        protect: none
"""
SALES = """
  desk_sales:
    source: desk
    table: desk_sales
    description: One line per sale.
    database: {connection: desk, table: sales, key: [id], cursor: id}
    columns:
      - name: id
      - name: item
      - name: sold_at
        required: false
"""
FEEDS = f"feeds:{PEOPLE}{SALES}"

CURRENT_PEOPLE = """
    select people.id, people.name from raw.desk_people as people
    inner join raw.ingest_files as files on people._file_id = files.file_id
    where files.status = 'loaded' order by _file_id, _line_number
"""
CURRENT_SALES = """
    select cast(sales.id as bigint), sales.item from raw.desk_sales as sales
    inner join raw.ingest_files as files on sales._file_id = files.file_id
    where files.status = 'loaded' order by 1
"""


@pytest.fixture
def feeds(feed_file: MakeFeeds) -> FeedContract:
    return feed_file(FEEDS)


@pytest.fixture
def read(run_load: Load, feeds: FeedContract) -> Load:
    """Load the tables, without any inbox."""

    def run(**changes: Any) -> LoadReport:
        return run_load(**{"inbox": None, "feeds": feeds, **changes})

    return run


def make_people(source: Source, rows: Sequence[tuple[Any, Any]] = ((1, "Ann"), (2, "Bo"))) -> None:
    source.do("create table people (id integer primary key, name varchar(2000))")
    source.do_many("insert into people values (%s, %s)", rows)


def make_sales(source: Source, count: int = 3) -> None:
    source.do("create table sales (id bigint primary key, item varchar(100))")
    sell(source, range(1, count + 1))


def sell(source: Source, numbers: Sequence[int] | range) -> None:
    source.do_many("insert into sales values (%s, %s)", [(n, f"item {n}") for n in numbers])


def reported(report: LoadReport) -> dict[str, str]:
    return {outcome.path: outcome.status for outcome in report.files}


def only(report: LoadReport) -> FileOutcome:
    (outcome,) = report.files
    return outcome


# --- a table as a whole


def test_a_table_is_loaded_once_and_again_when_it_changed(
    source: Source, read: Load, query: Query
) -> None:
    make_people(source)
    first = read(only=["desk_people"])
    assert reported(first) == {"database/desk/people.csv": "loaded"}
    assert (first.rows, first.messages) == (2, [])
    assert query(CURRENT_PEOPLE) == [("1", "Ann"), ("2", "Bo")]

    before = query("select * from raw.ingest_files")
    again = read(only=["desk_people"])
    assert (again.files, again.unchanged, again.messages) == ([], 1, [])
    assert query("select * from raw.ingest_files") == before

    source.do("update people set name = 'Bob' where id = 2")
    changed = only(read(only=["desk_people"]))
    assert (changed.status, changed.supersedes) == ("loaded", "database/desk/people.csv")
    assert query(CURRENT_PEOPLE) == [("1", "Ann"), ("2", "Bob")]

    source.do("delete from people where id = 1")
    assert only(read(only=["desk_people"])).rows == 1
    assert query(CURRENT_PEOPLE) == [("2", "Bob")]
    assert query("select status, row_count from raw.ingest_files order by file_id") == [
        ("superseded", 2),
        ("superseded", 2),
        ("loaded", 1),
    ]


def test_a_table_that_returns_to_earlier_content_is_current_again(
    source: Source, read: Load, query: Query
) -> None:
    make_people(source)
    for name in ("Bo", "Bob", "Bo", "Bob", "Bo"):
        source.do("update people set name = %s where id = 2", (name,))
        assert read(only=["desk_people"]).rows == 2
        assert query(CURRENT_PEOPLE)[1] == ("2", name)
        assert read(only=["desk_people"]).unchanged == 1
    rows = query(
        "select file_id, status, superseded_by, sha256 from raw.ingest_files order by file_id"
    )
    assert [row[1] for row in rows] == ["superseded"] * 4 + ["loaded"]
    assert [row[2] for row in rows] == [*(row[0] for row in rows[1:]), None]
    assert len({row[3] for row in rows}) == 2
    # Removing its path from raw.ingest_paths makes it read again, without duplicates.
    query("delete from raw.ingest_paths")
    assert read(only=["desk_people"]).unchanged == 1


def test_rows_are_sorted_by_the_key(source: Source, read: Load, query: Query) -> None:
    make_people(source, [(3, "Cy"), (1, "Ann"), (2, "Bo")])
    read(only=["desk_people"])
    assert [row[0] for row in query(CURRENT_PEOPLE)] == ["1", "2", "3"]
    source.do("delete from people where id = 1")
    source.do("insert into people values (1, 'Ann')")
    assert read(only=["desk_people"]).unchanged == 1


def test_an_empty_table_keeps_the_loaded_rows(
    source: Source, read: Load, query: Query, database_url: str
) -> None:
    make_people(source)
    read(only=["desk_people"])
    source.do("delete from people")
    outcome = only(read(only=["desk_people"]))
    assert (outcome.status, outcome.reason) == ("quarantined", database.NO_ROWS)
    assert len(query(CURRENT_PEOPLE)) == 2
    assert read(only=["desk_people"]).unchanged == 1
    # Reported again when it happens again, and resolved once the table is as before.
    for _ in range(2):
        make = "insert into people values (1, 'Ann'), (2, 'Bo')"
        source.do(make)
        assert read(only=["desk_people"]).rows == 2
        with contextlib.closing(psycopg2.connect(database_url)) as link:
            assert read_quarantine(link) == []
        source.do("delete from people")
        assert reported(read(only=["desk_people"])) == {"database/desk/people.csv": "quarantined"}
        with contextlib.closing(psycopg2.connect(database_url)) as link:
            assert [file.reason for file in read_quarantine(link)] == [database.NO_ROWS]
    (waiting,) = query("select file_id from raw.ingest_files where status = 'quarantined'")
    retried = only(read(only=["desk_people"], retry_quarantined=[waiting[0]]))
    assert retried.status == "quarantined"


def test_a_dry_run_reads_and_writes_nothing(source: Source, read: Load, query: Query) -> None:
    make_people(source)
    make_sales(source)
    report = read(dry_run=True)
    assert reported(report) == {
        "database/desk/people.csv": "loaded",
        "database/desk/sales/by-id/first.csv": "loaded",
    }
    assert query("select to_regclass('raw.ingest_files')") == [(None,)]
    read()
    everything = "select * from raw.ingest_files full join raw.ingest_paths using (path)"
    before = query(everything), query(CURRENT_PEOPLE)
    source.do("update people set name = 'Bob' where id = 2")
    assert reported(read(dry_run=True)) == {"database/desk/people.csv": "loaded"}
    assert (query(everything), query(CURRENT_PEOPLE)) == before


def test_a_table_supersedes_the_feeds_only_file(
    source: Source, inbox: Inbox, run_load: Load, query: Query, feed_file: MakeFeeds
) -> None:
    both = feed_file(FEEDS.replace("database:", "files: desk/people.csv\n    database:", 1))
    inbox.drop("desk/people.csv", "id,name\n1,Ann\n2,Bo\n3,Cy\n")
    make_people(source)
    report = run_load(feeds=both, only=["desk_people"])
    assert [(file.path, file.supersedes) for file in report.files] == [
        ("desk/people.csv", None),
        ("database/desk/people.csv", "desk/people.csv"),
    ]
    assert query(CURRENT_PEOPLE) == [("1", "Ann"), ("2", "Bo")]
    assert run_load(feeds=both, only=["desk_people"]).unchanged == 2
    # The last change counts.
    inbox.drop("desk/people.csv", "id,name\n4,Di\n")
    assert run_load(feeds=both, only=["desk_people"]).rows == 1
    assert run_load(feeds=both, only=["desk_people"]).unchanged == 2
    assert query(CURRENT_PEOPLE) == [("4", "Di")]
    source.do("update people set name = 'Bob' where id = 2")
    run_load(feeds=both, only=["desk_people"])
    assert query(CURRENT_PEOPLE) == [("1", "Ann"), ("2", "Bob")]


# --- what comes through

TEXTS = [
    "plain",
    "comma, semicolon; tab\t pipe|",
    'quotes "in" and "',
    '"',
    "two\nlines",
    "two\r\nlines",
    "a lone\rreturn",
    "\nbegins and ends\n",
    "  blanks  ",
    "back\\slash \\N \\.",
    "NULL",
    "sep=;",
    "id,name",
    "ÄÖÜ ß é ñ Ł İ",
    "日本語 العربية हिन्दी",
    "😀 👩‍👩‍👧 🇩🇪",
    "e\u0301 \u200b\u2028\u2029\x85\x1f\x1c",
    "\ufeffmark",
    "'; drop table people; --",
    "=1+1",
    "%s %% %(x)s :name",
    "x" * 1500,
    "line\n" * 90,
]


def test_texts_are_loaded_exactly(source: Source, read: Load, query: Query) -> None:
    make_people(source, [(number, text) for number, text in enumerate(TEXTS, 1)])
    report = read(only=["desk_people"])
    assert (report.rows, report.rejected) == (len(TEXTS), 0)
    assert query(CURRENT_PEOPLE) == [(str(n), text) for n, text in enumerate(TEXTS, 1)]


def test_null_and_empty_texts_are_null(source: Source, read: Load, query: Query) -> None:
    make_people(source, [(1, None), (2, ""), (3, " ")])
    read(only=["desk_people"])
    assert query(CURRENT_PEOPLE) == [("1", None), ("2", None), ("3", " ")]


BOTH_KINDS = [
    ("integer", "-12", "-12"),
    ("bigint", "9111111111111111111", "9111111111111111111"),
    ("numeric(10, 2)", "212.1", "212.10"),
    ("numeric(30, 10)", "11111111111111111111.0000000001", "11111111111111111111.0000000001"),
    ("numeric(10, 0)", "1000000", "1000000"),
    ("double precision", "0.1", "0.1"),
    ("date", "'2023-01-05'", "2023-01-05"),
    ("date", "'0999-12-31'", "0999-12-31"),
    ("time", "'09:00:01'", "09:00:01"),
    ("timestamp", "'2023-01-05 09:00:00'", "2023-01-05 09:00:00"),
    ("char(5)", "'ab'", "ab"),
    ("varchar(10)", "'00042'", "00042"),
]
OF_POSTGRESQL = [
    ("boolean", "true", "t"),
    ("boolean", "false", "f"),
    ("boolean", "null", None),
    ("numeric", "'NaN'", "NaN"),
    ("numeric", "1e20", "100000000000000000000"),
    ("float8", "1e22", "1e+22"),
    ("timestamp", "'infinity'", "infinity"),
    ("timestamptz", "'2023-07-05 09:00:00.25+02'", "2023-07-05 07:00:00.25+00"),
    ("date", "'12345-01-01'", "12345-01-01"),
    ("date", "'0044-03-15 BC'", "0044-03-15 BC"),
    ("interval", "'1 day 2 hours'", "P1DT2H"),
    ("bytea", "'\\x00ff'", "\\x00ff"),
    ("uuid", "'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"),
    ("jsonb", """'{"b": 1.50, "a": "x"}'""", '{"a": "x", "b": 1.50}'),
    ("integer[]", "'{1,2}'", "{1,2}"),
    ("inet", "'10.0.0.1'", "10.0.0.1/32"),
    ("money_range", "'[1,2)'", "[1,2)"),
]
OF_MARIADB = [
    ("boolean", "true", "1"),
    ("bigint unsigned", "18446744073709551615", "18446744073709551615"),
    ("datetime(6)", "'2023-01-05 09:00:00.250000'", "2023-01-05 09:00:00.250000"),
    ("date", "'0000-00-00'", "0000-00-00"),
    ("time", "'-100:00:01'", "-100:00:01"),
    ("enum('a', 'ü')", "'ü'", "ü"),
    ("set('a', 'b')", "'a,b'", "a,b"),
    ("bit(8)", "b'00000101'", "5"),
    ("varbinary(10)", "x'00ff'", "\\x00ff"),
    ("blob", "x'fffe'", "\\xfffe"),
    ("json", """'{"b": 1.50, "a": "x"}'""", '{"b": 1.50, "a": "x"}'),
    ("year", "2023", "2023"),
    ("varchar(10) character set latin1", "'Küche'", "Küche"),
]


def test_values_are_written_as_the_database_writes_them(
    source: Source, read: Load, query: Query
) -> None:
    if source.kind == "postgresql":
        source.do("create type money_range as range (subtype = numeric)")
        # For any settings of the database.
        name = source.url.rpartition("/")[2]
        source.do(f"alter database {name} set timezone to 'Asia/Kolkata'")
        source.do(f"alter database {name} set datestyle to 'German'")
    else:
        source.do("set session sql_mode = ''")
    cases = BOTH_KINDS + (OF_POSTGRESQL if source.kind == "postgresql" else OF_MARIADB)
    columns = ", ".join(f"c{place} {kind} null" for place, (kind, _, _) in enumerate(cases))
    values = ", ".join(literal for _, literal, _ in cases)
    source.do(f"create table people (id integer primary key, name varchar(9), {columns})")
    source.do(f"insert into people values (1, 'x', {values.replace('%', '%%')})")
    source.do("insert into people (id) values (2)")
    report = read(only=["desk_people"])
    assert (report.rows, report.rejected) == (2, 0)
    names = ", ".join(f"c{place}" for place in range(len(cases)))
    first, second = query(f"select {names} from raw.desk_people order by id")
    for (column_type, literal, expected), found in zip(cases, first, strict=True):
        assert found == expected, (column_type, literal)
    assert set(second) == {None}


def test_card_numbers_in_a_text_are_masked(
    source: Source, read: Load, query: Query, database_url: str
) -> None:
    make_people(source, [(1, "paid with 4242 4242 4242 4242, thanks"), (2, "4242424242424242")])
    read(only=["desk_people"])
    assert query(CURRENT_PEOPLE) == [("1", "paid with ****4242, thanks"), ("2", "****4242")]
    text = dump(database_url)
    assert "4242424242424242" not in text
    assert "4242 4242 4242 4242" not in text


def test_a_column_of_card_numbers_never_reaches_the_warehouse(
    source: Source, read: Load, query: Query, database_url: str, feed_file: MakeFeeds
) -> None:
    feeds = feed_file(
        FEEDS.replace("aliases: [full_name]", "protect: card_number").replace(
            "key: [id], cursor: id", "cursor: id"
        )
    )
    make_people(source, [(1, "4242424242424242"), (2, None)])
    read(feeds=feeds, only=["desk_people"])
    assert query("select card_last4 from raw.desk_people order by id") == [("4242",), (None,)]
    assert "4242424242424242" not in dump(database_url)


# --- by a cursor


def test_a_cursor_loads_new_rows_once(source: Source, read: Load, query: Query) -> None:
    make_sales(source, 3)
    assert reported(read(only=["desk_sales"])) == {"database/desk/sales/by-id/first.csv": "loaded"}
    assert read(only=["desk_sales"]).unchanged == 1
    sell(source, [4, 5])
    report = read(only=["desk_sales"])
    assert reported(report) == {"database/desk/sales/by-id/after-3.csv": "loaded"}
    assert (report.rows, report.unchanged) == (2, 1)
    sell(source, [9_007_199_254_740_993])
    assert read(only=["desk_sales"]).rows == 1
    sell(source, [9_007_199_254_740_994])
    assert read(only=["desk_sales"]).rows == 1
    assert [row[0] for row in query(CURRENT_SALES)] == [
        1, 2, 3, 4, 5, 9_007_199_254_740_993, 9_007_199_254_740_994,
    ]  # fmt: skip
    assert query("select cursor_after, cursor_upto from raw.ingest_files order by file_id") == [
        (None, "3"),
        ("3", "5"),
        ("5", "9007199254740993"),
        ("9007199254740993", "9007199254740994"),
    ]
    assert query("select distinct status from raw.ingest_files") == [("loaded",)]


def test_a_late_arriving_row_is_not_lost(source: Source, read: Load, query: Query) -> None:
    make_sales(source, 3)
    read(only=["desk_sales"])
    sell(source, [5, 7])
    read(only=["desk_sales"])
    # Numbers below 7, from a transaction that was committed after the load.
    sell(source, [4, 6])
    late = only(read(only=["desk_sales"]))
    assert (late.path, late.rows) == ("database/desk/sales/by-id/after-3.csv", 4)
    assert late.supersedes == late.path
    assert [row[0] for row in query(CURRENT_SALES)] == [1, 2, 3, 4, 5, 6, 7]
    assert read(only=["desk_sales"]).unchanged == 1


def test_many_new_rows_are_loaded_in_portions(
    source: Source, read: Load, query: Query, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "ROWS_OF_A_PORTION", 10)
    make_sales(source, 25)
    assert [file.rows for file in read(only=["desk_sales"]).files] == [10, 10, 5]
    sell(source, range(26, 36))
    report = read(only=["desk_sales"])
    assert ([file.rows for file in report.files], report.unchanged) == ([10], 1)
    assert [row[0] for row in query(CURRENT_SALES)] == list(range(1, 36))


def test_rows_with_one_timestamp_are_in_one_portion(
    source: Source,
    read: Load,
    query: Query,
    monkeypatch: pytest.MonkeyPatch,
    feed_file: MakeFeeds,
) -> None:
    monkeypatch.setattr(database, "ROWS_OF_A_PORTION", 4)
    feeds = feed_file(FEEDS.replace("cursor: id", "cursor: sold_at"))
    stamp = "timestamp" if source.kind == "postgresql" else "datetime"
    source.do(f"create table sales (id bigint primary key, item varchar(9), sold_at {stamp}(6))")
    make = "insert into sales values (%s, 'x', %s)"
    moments = [f"2023-01-05 09:00:0{n // 3}.{n // 3:06d}" for n in range(12)]
    source.do_many(make, list(enumerate(moments)))
    sizes = [file.rows for file in read(feeds=feeds, only=["desk_sales"]).files]
    assert sizes == [6, 6]
    # One more with the same timestamp as the end of the last portion.
    source.do(make, (12, moments[-1]))
    source.do(make, (13, "2023-01-05 10:00:00"))
    assert [file.rows for file in read(feeds=feeds, only=["desk_sales"]).files] == [7, 1]
    assert [row[0] for row in query(CURRENT_SALES)] == list(range(14))
    assert read(feeds=feeds, only=["desk_sales"]).files == []


def test_an_empty_table_with_a_cursor_is_not_an_error(source: Source, read: Load) -> None:
    make_sales(source, 0)
    report = read(only=["desk_sales"])
    assert (report.files, report.failed) == ([], [])
    sell(source, [1])
    assert read(only=["desk_sales"]).rows == 1


# In PostgreSQL no text can hold a NUL, and nothing else breaks a line.
@pytest.mark.parametrize("kind", ["mariadb"])
def test_a_quarantined_portion_is_read_again_once_fixed(
    source: Source, read: Load, query: Query
) -> None:
    make_sales(source, 3)
    read(only=["desk_sales"])
    for number in (4, 5, 6):
        source.do("insert into sales values (%s, %s)", (number, "a\0b"))
    assert only(read(only=["desk_sales"])).status == "quarantined"
    sell(source, [7, 8])
    assert read(only=["desk_sales"]).rows == 2
    source.do("update sales set item = 'fixed' where item like 'a%%'")
    fixed = only(read(only=["desk_sales"]))
    assert (fixed.path, fixed.rows) == ("database/desk/sales/by-id/after-3.csv", 3)
    assert [row[0] for row in query(CURRENT_SALES)] == [1, 2, 3, 4, 5, 6, 7, 8]


def test_a_changed_cursor_does_not_duplicate_rows(
    source: Source, read: Load, feed_file: MakeFeeds
) -> None:
    make_sales(source, 3)
    read(only=["desk_sales"])
    whole = feed_file(FEEDS.replace("key: [id], cursor: id", "key: [id]"))
    outcome = only(read(feeds=whole, only=["desk_sales"]))
    assert outcome.status == "failed"
    assert "would be duplicated" in (outcome.reason or "")


# --- killed


MOMENTS = {
    "listed": dies(database.SourceDatabase, "_read", before=True),
    "read": dies(database.SourceDatabase, "_read", before=False),
    "rows written": dies(writer, "write_entries", before=True),
    "ledger written": dies(writer, "write_entries", before=False),
    "committed": dies(writer.Writer, "_write", before=False),
    "committed alone": dies(writer.Writer, "_finish", before=False),
}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork processes")
@pytest.mark.parametrize("moment", MOMENTS)
def test_killed_between_reading_and_commit(
    moment: str,
    source: Source,
    read: Load,
    query: Query,
    database_url: str,
    feeds: FeedContract,
    state_dir: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(database, "ROWS_OF_A_PORTION", 100)
    if moment == "committed alone":
        monkeypatch.setattr(prefetching, "HELD_BYTES", 1000)
    make_people(source)
    make_sales(source, 250)
    read()
    source.do("update people set name = 'Bob' where id = 2")
    sell(source, range(251, 501))
    child = load_in_a_child(database_url, feeds, state_dir, MOMENTS[moment])
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status)
    sell(source, range(501, 520))
    read()
    assert [row[0] for row in query(CURRENT_SALES)] == list(range(1, 520))
    assert query(CURRENT_PEOPLE) == [("1", "Ann"), ("2", "Bob")]
    assert query(
        "select count(*) from raw.desk_sales"
        " where _file_id not in (select file_id from raw.ingest_files)"
    ) == [(0,)]
    assert read().files == []


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork processes")
def test_killed_at_random_moments(
    source: Source,
    read: Load,
    query: Query,
    database_url: str,
    feeds: FeedContract,
    state_dir: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(database, "ROWS_OF_A_PORTION", 50)
    monkeypatch.setattr(writer, "BATCH_FILES", 1)
    make_people(source)
    make_sales(source, 1)
    read()
    chance = random.Random(20230105)
    count, killed, reach = 1, 0, 0.3
    while killed < 15:
        sell(source, range(count + 1, count + 121))
        count += 120
        source.do("update people set name = %s where id = 2", (f"Bo {count % 240}",))
        child = load_in_a_child(database_url, feeds, state_dir, lambda: None)
        time.sleep(chance.uniform(0, reach))
        os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        if os.WIFSIGNALED(status):
            killed += 1
            reach *= 1.1
    read()
    assert [row[0] for row in query(CURRENT_SALES)] == list(range(1, count + 1))
    assert query(CURRENT_PEOPLE)[1] == ("2", f"Bo {count % 240}")


# --- errors


def wrong(source: Source, **changes: str) -> str:
    """The source's address with one part replaced."""
    parts = urlsplit(source.url)
    user = changes.get("user", parts.username or "")
    password = changes.get("password", quote(source.password, safe=""))
    port = changes.get("port", str(parts.port))
    path = changes.get("path", parts.path)
    return f"{parts.scheme}://{user}:{password}@{parts.hostname}:{port}{path}"


def failure(report: LoadReport) -> str:
    (outcome,) = report.failed
    assert outcome.reason is not None
    return outcome.reason


def test_a_missing_table(source: Source, read: Load, query: Query) -> None:
    make_sales(source)
    report = read()
    assert failure(report) == (
        "the database desk has no table people, or this user may not see it: if it is in another"
        " schema, set schema: in the feed (database, in ingest/feeds)"
    )
    assert report.failed[0].path == "database/desk/people.csv"
    assert len(query(CURRENT_SALES)) == 3
    assert query("select distinct feed from raw.ingest_files") == [("desk_sales",)]


def test_a_missing_table_of_a_schema(source: Source, read: Load, feed_file: MakeFeeds) -> None:
    make_people(source)
    feeds = feed_file(FEEDS.replace("table: people,", "table: people, schema: elsewhere,"))
    reason = failure(read(feeds=feeds, only=["desk_people"]))
    assert "has no table elsewhere.people" in reason
    assert reason.endswith("is schema: elsewhere of the feed right (database, in ingest/feeds)?")


def test_a_table_that_is_not_required(source: Source, read: Load, feed_file: MakeFeeds) -> None:
    feeds = feed_file(FEEDS.replace("key: [id], cursor: id", "key: [id], required: false"))
    make_people(source)
    report = read(feeds=feeds)
    assert reported(report) == {"database/desk/people.csv": "loaded"}
    make_sales(source)
    assert read(feeds=feeds).rows == 3
    source.do("drop table sales")
    assert "has no table sales" in failure(read(feeds=feeds))


def test_a_missing_column(source: Source, read: Load) -> None:
    source.do("create table people (id integer primary key, nom varchar(9))")
    assert failure(read(only=["desk_people"])) == (
        "the table people of desk lacks the column name; it has id, nom: add its name there as an"
        " alias to the feed, or read a view that has it"
    )
    source.do("create table sales (item varchar(9), number integer primary key)")
    assert "lacks the column id; it has item, number" in failure(read(only=["desk_sales"]))


def test_aliases_and_views(source: Source, read: Load, query: Query, feed_file: MakeFeeds) -> None:
    source.do("create table everybody (id integer primary key, `Full Name` varchar(9))".replace(
        "`", '"' if source.kind == "postgresql" else "`"))  # fmt: skip
    source.do("insert into everybody values (2, 'Bo'), (1, 'Ann')")
    source.do("create view people as select * from everybody")
    assert read(only=["desk_people"]).rows == 2
    assert query(CURRENT_PEOPLE) == [("1", "Ann"), ("2", "Bo")]
    # A view has no primary key as a default.
    keyless = feed_file(FEEDS.replace("table: people, key: [id]", "table: people"))
    assert "has no primary key" in failure(read(feeds=keyless, only=["desk_people"]))


def test_an_invalid_key(source: Source, read: Load) -> None:
    source.do("create table people (id integer, name varchar(9))")
    source.do("insert into people values (1, 'Ann'), (2, 'Bo'), (2, 'Cy')")
    assert "does not identify the rows of the table people" in failure(read(only=["desk_people"]))


def test_an_invalid_cursor(source: Source, read: Load, feed_file: MakeFeeds) -> None:
    make_sales(source)
    feeds = feed_file(FEEDS.replace("cursor: id", "cursor: item"))
    assert "the column item of the table sales cannot be a cursor" in failure(
        read(feeds=feeds, only=["desk_sales"])
    )


@pytest.mark.parametrize("what", ["password", "path", "port"])
def test_a_server_that_rejects_or_is_unreachable(
    what: str,
    source: Source,
    run_load: Load,
    inbox: Inbox,
    monkeypatch: pytest.MonkeyPatch,
    feed_file: MakeFeeds,
    caplog: pytest.LogCaptureFixture,
) -> None:
    make_people(source)
    bad = {"password": "Wr0ng-Passw0rd", "path": "/no_such_database", "port": str(closed_port())}
    monkeypatch.setenv(VARIABLE, wrong(source, **{what: bad[what]}))
    files = PEOPLE.replace("desk_people", "desk_papers").replace(
        "database: {connection: desk, table: people, key: [id]}", "files: desk/*.csv"
    )
    inbox.drop("desk/a.csv", "id,name\n1,Ann\n")
    began = time.monotonic()
    report = run_load(feeds=feed_file(FEEDS + files))
    # The timeout applies once, not once per table.
    assert time.monotonic() - began < 10
    assert reported(report) == {
        "database/desk/people.csv": "failed",
        "database/desk/sales.csv": "failed",
        "desk/a.csv": "loaded",
    }
    expected = {
        "password": "rejects the user or the password",
        "path": "does not exist",
        "port": "does not answer",
    }[what]
    for outcome in report.failed:
        assert expected in (outcome.reason or "")
        assert "Wr0ng" not in (outcome.reason or "")
    assert "Wr0ng" not in caplog.text
    assert source.password not in caplog.text


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("not an address, s3cret", "cannot be read"),
        ("mysql://u:s3cret@h:port/d", "cannot be read"),
        ("mssql+pyodbc://u:s3cret@h/d", "of an unsupported kind"),
        ("s3cret://u@h/d", "of an unsupported kind"),
        ("mysql+s3cret://u@h/d", "of an unsupported kind"),
        ("mysql://u:s3cret@h", "has no database name"),
    ],
)
def test_invalid_addresses(
    address: str,
    expected: str,
    read: Load,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    clean_environment(monkeypatch, tmp_path)
    monkeypatch.setenv(VARIABLE, address)
    for outcome in read().failed:
        assert expected in (outcome.reason or "")
        assert VARIABLE in (outcome.reason or "")
        assert "s3cret" not in (outcome.reason or "")


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://u@127.0.0.1:1/d?sslmode=s3cret",
        "postgresql://u@127.0.0.1:1/d?keepalives=s3cret",
        "postgresql://u:s3cret@127.0.0.1:1/d?pasword=s3cret",
        "postgresql://127.0.0.1:1/d?user=u&password=s3cret",
        "postgresql://u:12/s3cret@127.0.0.1:1/d",
        "mysql://u@127.0.0.1:1/d?charset=s3cret",
        "mysql://u:s3cret@127.0.0.1:1/d?passwd=s3cret",
    ],
)
def test_messages_do_not_repeat_the_address(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database.remote, "PATIENCE", 0.0)
    source = database.SourceDatabase("desk", address)
    with pytest.raises(UnreadableFileError) as caught:
        source._asked(lambda: source._connected().connect())
    assert "s3cret" not in str(caught.value)


def test_an_unset_connection_is_skipped(
    inbox: Inbox, run_load: Load, feeds: FeedContract, monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path, feed_file: MakeFeeds,
) -> None:  # fmt: skip
    clean_environment(monkeypatch, tmp_path)
    monkeypatch.delenv(VARIABLE, raising=False)
    inbox.drop("branch_pos/leeds_26-08-2021_09-00-00.csv", till_file())
    report = run_load()
    assert (report.rows, report.messages, report.failed) == (10, [], [])
    alone = run_load(inbox=None, feeds=feeds)
    assert alone.messages == [
        "There is nothing to load from: the environment does not have BRANCHLINE_SOURCE_DESK_URL."
    ]


@pytest.mark.parametrize("form", ["variable", "toml", "toml fields"])
def test_the_address_may_be_in_dlts_configuration(
    form: str, source: Source, read: Load, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from dlt.common.configuration.container import Container
    from dlt.common.configuration.specs.pluggable_run_context import PluggableRunContext

    make_people(source)
    monkeypatch.delenv(VARIABLE)
    if form == "variable":
        monkeypatch.setenv("SOURCES__SQL_DATABASE__DESK__CREDENTIALS", source.url)
    else:
        parts = urlsplit(source.url)
        fields = {
            "drivername": parts.scheme,
            "username": parts.username,
            "password": source.password,
            "host": parts.hostname,
            "port": parts.port,
            "database": parts.path[1:],
        }
        if form == "toml":
            lines = ["[sources.sql_database.desk]", f'credentials = "{source.url}"']
        else:
            lines = ["[sources.sql_database.desk.credentials]"]
            lines += [f'{name} = "{value}"' for name, value in fields.items()]
        folder = tmp_path / "project" / ".dlt"
        folder.mkdir(parents=True)
        (folder / "secrets.toml").write_text("\n".join(lines), encoding="utf-8")
        monkeypatch.setenv("DLT_PROJECT_DIR", str(folder.parent))
        Container()[PluggableRunContext].reload()
    try:
        assert read(only=["desk_people"]).rows == 2
    finally:
        monkeypatch.undo()
        Container()[PluggableRunContext].reload()


def test_no_password_is_shown_or_kept(
    source: Source, branchline: Branchline, project_env: dict[str, str], tmp_path: Path,
    database_url: str,
) -> None:  # fmt: skip
    for name, columns in (
        ("customer", "customer_id integer, first_name varchar(9), last_name varchar(9),"
         " address varchar(9), pincode varchar(9), phone_number varchar(20),"
         " customer_joining_date date"),
        ("product", "id integer, name varchar(20), current_price numeric(10, 2)"),
    ):  # fmt: skip
        source.do(f"create table {name} ({columns})")
    source.do("insert into product values (1, 'sugar', 50)")
    source.do(
        "insert into customer values"
        " (1, 'Ann', 'Ä', null, '411012', '+91-7856831395', '2021-12-12')"
    )
    (tmp_path / "inbox").mkdir()
    secret = "Wr0ng-Passw0rd"
    name = "BRANCHLINE_SOURCE_SALES_DESK_URL"
    good = {**project_env, name: source.url, "RUNTIME__LOG_LEVEL": "DEBUG"}
    done = branchline("load", environment=good)
    output = done.stdout + done.stderr
    assert "2 files with 2 rows" in output, output
    assert "has no table store" in output
    assert "table sales," not in output
    assert done.returncode == 1
    refused = {**good, name: wrong(source, password=secret)}
    done = branchline("load", environment=refused)
    output += done.stdout + done.stderr
    for kept in (secret, source.password, quote(source.password, safe="")):
        if len(kept) < 8:
            continue
        assert kept not in output
        assert kept not in dump(database_url)
        for file in tmp_path.rglob("*"):
            if file.is_file():
                assert kept.encode() not in file.read_bytes(), file
    found = {status.feed: status.rows for status in read_status(database_url, load_feeds())}
    assert found == {"sales_desk_customers": 1, "sales_desk_products": 1}


def test_an_inbox_is_only_required_if_configured(
    source: Source, project_env: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    query: Query,
) -> None:  # fmt: skip
    source.do("create table product (id integer, name varchar(20), current_price integer)")
    source.do("insert into product values (1, 'sugar', 50)")
    monkeypatch.setattr("operate.runs.loading.PROJECT", tmp_path)
    settings = read_settings(project_env)
    connection = ensure_warehouse(settings, print)
    nowhere = str(tmp_path / "inbox")
    arguments = {"only": ["sales_desk_products"]}
    with pytest.raises(BranchlineError, match="does not exist"):
        load_inbox(settings, connection, nowhere, **arguments)
    monkeypatch.setenv("BRANCHLINE_SOURCE_SALES_DESK_URL", source.url)
    report = load_inbox(settings, connection, nowhere, **arguments)
    assert (report.rows, report.messages) == (1, [])
    assert query("select inbox, is_demo from operations.inboxes") == [("(databases)", False)]
    with pytest.raises(BranchlineError, match="does not exist"):
        load_inbox(settings, connection, str(tmp_path / "mount"), **arguments)
    with pytest.raises(BranchlineError, match="does not exist"):
        load_inbox(settings, connection, nowhere, only=["branch_pos_transactions"])


# --- large


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork processes")
def test_a_large_table_is_read_in_bounded_memory(
    source: Source,
    query: Query,
    database_url: str,
    feed_file: MakeFeeds,
    state_dir: Path,
) -> None:
    count = 200_000
    source.do("create table people (id integer primary key, name varchar(2000))")
    series = (
        f"select g, repeat('x', 500) from generate_series(1, {count}) as g"
        if source.kind == "postgresql"
        else f"select seq, repeat('x', 500) from seq_1_to_{count}"
    )
    source.do(f"insert into people {series}")
    people_only = feed_file(f"feeds:{PEOPLE}")
    before = psutil.Process().memory_info().rss
    child = load_in_a_child(database_url, people_only, state_dir, lambda: None)
    _, status, usage = os.wait4(child, 0)
    assert status == 0
    assert query("select count(*), max(id::int) from raw.desk_people") == [(count, count)]
    # The rows are 100 MB, and as Python objects more than twice that.
    grown = usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024) - before
    assert grown < 90 << 20


# --- broken connections


def through(source: Source, port: int) -> str:
    return wrong(source, port=str(port))


def test_a_broken_connection_is_retried(
    source: Source, read: Load, query: Query, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_people(source, [(number, "x" * 500) for number in range(2000)])
    # Requests before the rows get shorter answers.
    cuts = [Mishap(answered=200_000)] * 4
    with broken_line(urlsplit(source.url).port or 0, *cuts) as line:
        monkeypatch.setenv(VARIABLE, through(source, line.port))
        monkeypatch.setattr(remote, "PATIENCE", 10)
        assert read(only=["desk_people"]).rows == 2000
        assert line.befallen == len(cuts)
    assert query("select count(*) from raw.desk_people") == [(2000,)]


def test_retries_of_a_broken_connection_end(
    source: Source, read: Load, query: Query, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_people(source, [(number, "x" * 500) for number in range(2000)])
    cuts = [Mishap(answered=200_000)] * 100
    with broken_line(urlsplit(source.url).port or 0, *cuts) as line:
        monkeypatch.setenv(VARIABLE, through(source, line.port))
        # For a second attempt, however busy the machine is.
        monkeypatch.setattr(remote, "PATIENCE", 4)
        assert "the database desk does not answer" in failure(read(only=["desk_people"]))
        assert line.befallen > 1
    assert query("select count(*) from raw.ingest_files") == [(0,)]
    monkeypatch.setenv(VARIABLE, source.url)
    assert read(only=["desk_people"]).rows == 2000


# --- feed files


@pytest.mark.parametrize(
    ("was", "now", "expected"),
    [
        ("database: {connection: desk, table: people, key: [id]}", "header: optional",
         "files: is missing; a feed has files, or a database or an api, or both"),
        ("table: people, key", "tabel: people, key", "database.tabel: is not a known key"),
        ("connection: desk, table: people", "connection: Desk-1, table: people",
         "database.connection: 'Desk-1' is not a valid name"),
        ("key: [id]}\n    columns:\n      - name: id\n      - name: name",
         "key: [id]}\n    header: none\n    columns:\n      - name: id\n      - name: name",
         "header: must be optional or required"),
        ("key: [id]}\n    columns:\n      - name: id\n      - name: name",
         "key: [id], cursor: name}\n    columns:\n      - name: id\n      - name: name\n"
         "        protect: card_number",
         "database.cursor: cannot be a column of card numbers"),
        ("database: {connection: desk, table: people, key: [id]}", "files: database/*.csv",
         "files: database/ is reserved for tables of databases"),
    ],
)  # fmt: skip
def test_errors_in_the_feed_file(was: str, now: str, expected: str, feed_file: MakeFeeds) -> None:
    assert was in FEEDS
    with pytest.raises(BranchlineError) as caught:
        feed_file(FEEDS.replace(was, now, 1))
    assert expected in caught.value.message


def test_the_projects_feeds_have_tables() -> None:
    read = [feed for feed in load_feeds() if feed.database is not None]
    tables = {feed.name: feed.database.path for feed in read if feed.database is not None}
    assert {f"sales_desk_{name}" for name in ("sales", "customers", "stores")} <= set(tables)
    assert len(set(tables.values())) == len(tables)
    for feed in read:
        assert feed.database is not None
        assert feed.database.connection == feed.source


def test_the_projects_feeds_declare_keys_and_cursors(
    source: Source, run_load: Load, query: Query, monkeypatch: pytest.MonkeyPatch
) -> None:
    for feed in load_feeds():
        if feed.database is not None:
            read_by = {*feed.database.key, feed.database.cursor} - {None}
            assert read_by <= {column.name for column in feed.columns}, feed.name
    # So a table with only the required columns gives no remark.
    source.do(
        "create table sales (id integer primary key, customer_id integer, store_id integer,"
        " product_name varchar(50), sales_date date, sales_person_id integer,"
        " price decimal(10, 2), quantity integer, total_cost decimal(10, 2))"
    )
    source.do("insert into sales values (7, 1, 17, 'besan', '2023-10-01', 3, 5.00, 2, 10.00)")
    monkeypatch.setenv("BRANCHLINE_SOURCE_SALES_DESK_URL", source.url)
    report = run_load(inbox=None, feeds=load_feeds(), only=["sales_desk_sales"])
    assert (report.rows, report.remarked, report.messages) == (1, [], [])
    assert query("select id, total_cost from raw.sales_desk_sales") == [("7", "10.00")]
