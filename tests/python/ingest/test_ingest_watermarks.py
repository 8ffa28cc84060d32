"""Watermarked tables: only new and changed rows are loaded, and none is lost."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from ingest_helpers import TOKEN_KEY, Inbox, dies, dump, load_in_a_child
from source_databases import Source

from base.errors import BranchlineError
from ingest.contract.feeds import FeedContract
from ingest.origins import database, watermarks
from ingest.raw import target, writer
from ingest.raw.loaded_rows import LoadedRows
from ingest.report import LoadReport
from ingest.review.customers import NothingBuilt
from ingest.review.erasure import Request, Retention, erase_customers
from ingest.review.withdrawal import withdraw

Load = Callable[..., LoadReport]
Query = Callable[..., list[tuple[Any, ...]]]
MakeFeeds = Callable[[str], FeedContract]

FEEDS = """
feeds:
  desk_orders:
    source: desk
    table: desk_orders
    description: One line per order, and one more each time that it was changed.
    files: desk/orders/*.csv
    key: [number]
    database: {connection: desk, table: orders, key: [number], watermark: updated_at}
    columns:
      - name: number
      - name: item
      - name: card
        protect: card_number
        required: false
      - name: updated_at
"""
FOLDER = "database/desk/orders/by-watermark-updated_at/"
CURRENT = """
    select distinct on (number::int) number::int, item, updated_at
    from raw.desk_orders as orders
    inner join raw.ingest_files as files on orders._file_id = files.file_id
    where files.status = 'loaded'
    order by number::int, _file_id desc, _line_number desc
"""
FILES = """
    select replace(path, %s, ''), row_count, cursor_after, cursor_upto
    from raw.ingest_files where status = 'loaded' and row_count > 0 order by file_id
"""
DUE = "update raw.ingest_comparisons set compared_at = compared_at - interval '7 days'"
CARD, OTHER_CARD = "4242424242424242", "5105105105104242"
DAY = "2021-03-30"


@pytest.fixture
def feeds(feed_file: MakeFeeds) -> FeedContract:
    return feed_file(FEEDS)


@pytest.fixture
def read(run_load: Load, feeds: FeedContract) -> Load:
    """Load the table, without any inbox. No load adds more than one file."""

    def run(**changes: Any) -> LoadReport:
        report = run_load(**{"inbox": None, "feeds": feeds, **changes})
        assert len(report.files) <= 1
        return report

    return run


@pytest.fixture
def orders(source: Source) -> Callable[..., None]:
    """Insert orders, or change them: number, item, time on 30 March 2021, card."""
    stamp = "timestamp" if source.kind == "postgresql" else "datetime"
    source.do(
        "create table orders (number integer primary key, item varchar(90), card varchar(30),"
        f" updated_at {stamp}(6))"
    )
    source.do("create index orders_changed on orders (updated_at)")
    update = (
        " on conflict (number) do update set item = excluded.item, card = excluded.card,"
        " updated_at = excluded.updated_at"
        if source.kind == "postgresql"
        else " on duplicate key update item = values(item), card = values(card),"
        " updated_at = values(updated_at)"
    )

    def put(*rows: tuple[Any, ...]) -> None:
        full = [(*row, *(None,) * (4 - len(row))) for row in rows]
        source.do_many(
            f"insert into orders (number, item, card, updated_at) values (%s, %s, %s, %s){update}",
            [(n, item, card, at and f"{DAY} {at}") for n, item, at, card in full],
        )

    return put


def found(query: Query) -> list[tuple[Any, ...]]:
    """The current orders, with their times without fractions of zero."""
    return [
        (number, item, text and text[11:].removesuffix(".000000"))
        for number, item, text in query(CURRENT)
    ]


def test_only_new_and_changed_rows_are_loaded(
    orders: Callable[..., None], read: Load, query: Query, database_url: str
) -> None:
    orders((1, "tea", "09:00:00", CARD), (2, "milk", "09:30:00.5"), (3, "a\tb\\c\r\n", "10:00:00"))
    first = read()
    assert (first.files[0].path, first.rows, first.remarked) == (f"{FOLDER}first.csv", 3, [])
    everything = "select * from raw.ingest_files full join raw.ingest_paths using (path)"
    before = query(everything), query("select * from raw.desk_orders")
    again = read()
    assert (again.files, again.unchanged, again.messages) == ([], 1, [])
    assert read(dry_run=True).unchanged == 1

    # An edit, which moves the order to another time, and a new one.
    orders((2, "oat milk", "10:30:00"), (4, "4242 4242 4242 4242", "10:30:00"))
    assert (query(everything), query("select * from raw.desk_orders")) == before
    assert read(dry_run=True).rows == 2
    report = read()
    assert (report.rows, report.unchanged) == (2, 0)
    assert report.files[0].supersedes is None
    assert found(query) == [
        (1, "tea", "09:00:00"),
        (2, "oat milk", "10:30:00"),
        (3, "a\tb\\c\r\n", "10:00:00"),
        (4, "****4242", "10:30:00"),
    ]
    assert (read().files, read(compare_all=True).files) == ([], [])
    assert [row[:2] for row in query(FILES, [FOLDER])] == [
        ("first.csv", 3),
        (f"after-{query(FILES, [FOLDER])[0][3]}.csv", 2),
    ]

    # Another card with the same last digits: rows are compared after their protection.
    orders((1, "tea", "10:30:00", OTHER_CARD))
    assert read().rows == 1
    assert query("select count(distinct card_token), count(card_last4) from raw.desk_orders") == [
        (2, 2)
    ]
    text = dump(database_url)
    assert all(card not in text for card in (CARD, OTHER_CARD))


def test_rows_at_and_before_the_watermark_are_found(
    orders: Callable[..., None], read: Load, query: Query
) -> None:
    orders((1, "tea", "09:00:00"), (2, "milk", "10:00:00.600000"))
    read()
    watermark = query(FILES, [FOLDER])[0][3]
    assert watermark.startswith(f"{DAY} 10:00:00.6")
    # With the same time; before it in the same second; by a transaction that took ten minutes.
    orders((3, "equal", "10:00:00.6"), (4, "a fraction", "10:00:00.599999"))
    orders((5, "late", "09:50:00.6"))
    report = read()
    assert (report.files[0].path, report.rows) == (f"{FOLDER}after-{watermark}.csv", 3)
    # Changed once more within a microsecond; the watermark is where it was.
    for number in range(2, 5):
        orders((3, f"equal {number}", "10:00:00.6"))
        assert read().files[0].path == f"{FOLDER}after-{watermark}-{number}.csv"
    assert [number for number, _, _ in found(query)] == [1, 2, 3, 4, 5]
    # A microsecond behind it.
    orders((6, "next", "10:00:00.600001"))
    assert read().rows == 1
    assert query(FILES, [FOLDER])[-1][2:] == (watermark, f"{DAY} 10:00:00.600001")
    assert read().files == []


def test_rows_changed_without_a_new_time_are_found_by_a_comparison(
    orders: Callable[..., None], read: Load, query: Query
) -> None:
    orders((1, "tea", "09:00:00"), (2, "milk", "10:00:00"))
    read()
    # Within the overlap, and long before it.
    orders((2, "oat milk", "10:00:00"))
    assert read().rows == 1
    orders((1, "green tea", "09:00:00"), (3, "far too late", "09:40:00"))
    assert read().files == []
    query("update raw.ingest_comparisons set compared_at = compared_at - interval '6 days 23:59'")
    assert read().files == []
    query(DUE)
    (outcome,) = read().files
    assert (outcome.status, outcome.rows) == ("loaded", 2)
    assert outcome.reason == "the whole table was compared with what was loaded"
    assert found(query) == [
        (1, "green tea", "09:00:00"),
        (2, "oat milk", "10:00:00"),
        (3, "far too late", "09:40:00"),
    ]
    assert query("select row_count, changed_count, gone_count from raw.ingest_comparisons") == [
        (3, 2, 0)
    ]
    # From now on it is due in another seven days, whether or not it found anything.
    orders((1, "black tea", "09:00:00"))
    assert read().files == []
    assert read(compare_all=True, dry_run=True).rows == 1
    assert read(compare_all=True).rows == 1


def test_rows_without_a_time_are_compared_each_time(
    orders: Callable[..., None], read: Load, query: Query
) -> None:
    orders((1, "tea", None))
    assert read().rows == 1
    assert (read().files, query(FILES, [FOLDER])) == ([], [("first.csv", 1, None, "")])
    orders((2, "milk", "09:00:00"))
    assert read().files[0].path == f"{FOLDER}after-nothing.csv"
    orders((1, "green tea", None), (3, "sugar", None))
    assert read().rows == 2
    # A time that is removed is a change as well.
    orders((2, "milk", None))
    assert read().rows == 1
    assert found(query) == [(1, "green tea", None), (2, "milk", None), (3, "sugar", None)]
    assert read().files == []


@pytest.mark.parametrize("kind", ["postgresql"])
def test_rows_that_are_gone_stay_and_are_reported(
    orders: Callable[..., None], source: Source, read: Load, query: Query
) -> None:
    orders((1, "tea", "09:00:00"), (2, "milk", "10:00:00"), (3, "sugar", "10:00:00"))
    read()
    source.do("delete from orders where number = 1")
    assert (read().messages, read().files) == ([], [])
    report = read(compare_all=True)
    assert report.files == []
    assert report.messages == [
        f"Not in the table any more: 1 row loaded from {FOLDER}. In the warehouse they stay as they"
        " were loaded; raw.ingest_gone_rows lists them, and docs/watermarks.md says how to remove"
        " them."
    ]
    listed = (
        "select item from raw.desk_orders inner join raw.ingest_gone_rows"
        " using (_file_id, _line_number)"
    )
    assert (query(listed), len(found(query))) == ([("tea",)], 3)
    assert len(read(compare_all=True).messages) == 1
    orders((1, "tea", "09:00:00"))
    assert (read(compare_all=True).messages, query(listed)) == ([], [])

    # An empty table has perhaps not been filled yet.
    source.do("delete from orders")
    (outcome,) = read().files
    assert (outcome.status, outcome.reason) == ("quarantined", database.NO_ROWS)
    assert (read().files, read().still_quarantined) == ([], 1)
    assert (len(found(query)), query(listed)) == (3, [])
    orders((1, "tea", "09:00:00"), (2, "milk", "10:00:00"), (3, "sugar", "10:00:01"))
    assert read().rows == 1


@pytest.mark.parametrize("kind", ["postgresql"])
def test_an_older_backup_is_restored(
    orders: Callable[..., None], source: Source, read: Load, query: Query
) -> None:
    orders((1, "tea", "09:00:00"), (2, "milk", "09:30:00"))
    read()
    orders((2, "oat milk", "12:00:00"), (3, "sugar", "12:00:00"))
    read()

    def restore() -> None:
        orders((2, "milk", "09:30:00"))
        source.do("delete from orders where number >= 3")

    restore()
    report = read()
    assert report.rows == 1
    assert "the table has no row as new as" in (report.files[0].reason or "")
    assert len(report.messages) == 1
    assert found(query)[1:] == [(2, "milk", "09:30:00"), (3, "sugar", "12:00:00")]
    # The watermark went back, too.
    orders((4, "salt", "10:00:00"))
    assert read().rows == 1

    # A row that came before the load hides that; but of the rows loaded last, none is there.
    orders((2, "oat milk", "13:00:00"), (5, "pepper", "13:00:00"))
    assert read().rows == 2
    restore()
    orders((6, "honey", "14:00:00"))
    report = read()
    assert (report.rows, [text[:33] for text in report.messages]) == (
        1,
        ["None of the rows that were loaded"],
    )
    assert read().rows == 1
    assert found(query)[1] == (2, "milk", "09:30:00")
    assert (read().files, read().messages) == ([], [])


@pytest.mark.parametrize("kind", ["postgresql"])
def test_a_time_in_the_future_hides_no_later_row(
    orders: Callable[..., None], source: Source, read: Load, query: Query,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    orders((1, "tea", "09:00:00"), (2, "milk", "10:00:00"))
    source.do("update orders set updated_at = '2999-01-01' where number = 2")
    read()
    orders((3, "sugar", "09:30:00"))
    assert read().rows == 1
    assert (read().files, query(FILES, [FOLDER])[-1][3][:19]) == ([], f"{DAY} 09:30:00")
    # The clock of the loader's machine is wrong for a night.
    monkeypatch.setattr(watermarks, "_now", lambda: datetime(2021, 1, 1, tzinfo=timezone.utc))
    orders((4, "salt", "09:40:00"))
    assert (read().rows, read().files) == (1, [])
    monkeypatch.undo()


@pytest.mark.parametrize("kind", ["postgresql"])
def test_columns_come_and_go(
    orders: Callable[..., None], source: Source, read: Load, query: Query
) -> None:
    orders((1, "tea", "09:00:00", CARD), (2, "milk", "10:00:00", CARD))
    read()
    source.do("alter table orders add column note varchar(20)")
    assert (read().files, read(compare_all=True).files) == ([], [])
    source.do("update orders set note = 'gift' where number = 1")
    assert read(compare_all=True).rows == 1
    assert query("select note from raw.desk_orders where note is not null") == [("gift",)]
    # A value that is taken out is a change; a column that is gone says nothing of its values.
    source.do("update orders set card = null where number = 2")
    assert read().rows == 1
    source.do("alter table orders drop column card")
    source.do("alter table orders drop column note")
    assert (read().files, read(compare_all=True).files) == ([], [])


def test_names_of_columns_may_end_in_blanks(
    source: Source, run_load: Load, feed_file: MakeFeeds, query: Query
) -> None:
    # MariaDB allows no blank at the end; at the beginning it does.
    blank, stamp = ("{} ", "timestamp") if source.kind == "postgresql" else (" {}", "datetime")
    quote = '"' if source.kind == "postgresql" else "`"
    number, item, changed = (
        f"{quote}{blank.format(name)}{quote}" for name in ("number", "item", "updated_at")
    )
    source.do(
        f"create table orders ({number} integer primary key, {item} varchar(9), {changed} {stamp})"
    )
    source.do(f"insert into orders values (1, 'tea', '{DAY} 09:00:00')")
    declared = feed_file(FEEDS.replace("{connection", "{only_declared: true, connection"))
    assert run_load(inbox=None, feeds=declared).rows == 1
    source.do(f"update orders set {item} = 'milk'")
    assert run_load(inbox=None, feeds=declared).rows == 1
    assert found(query) == [(1, "milk", "09:00:00")]


@pytest.mark.parametrize("kind", ["postgresql"])
def test_only_the_overlap_is_read(
    orders: Callable[..., None], read: Load, query: Query, monkeypatch: pytest.MonkeyPatch
) -> None:
    moment = datetime(2021, 3, 30)
    times = [f"{moment + timedelta(minutes=n):%H:%M:%S}" for n in range(600)]
    orders(*((n, "tea", time) for n, time in enumerate(times)))
    read()
    compared: list[int] = []
    changed = LoadedRows.changed

    def counted(rows: LoadedRows, columns: Sequence[str], lines: Sequence[bytes]) -> list[bytes]:
        compared.append(len(lines))
        return changed(rows, columns, lines)

    monkeypatch.setattr(LoadedRows, "changed", counted)
    assert (read().files, compared) == ([], [11])
    # Of a full comparison only the differences, however long it is, and a bit per row are kept.
    query(DUE)
    assert (read().files, sum(compared[1:])) == ([], 600)
    query("set enable_seqscan = off")
    plan = query("explain select from raw.desk_orders where _record_id = any('{1}')")
    assert any("Index" in line for (line,) in plan)


@pytest.mark.parametrize("kind", ["postgresql"])
def test_a_record_that_is_two_rows_is_refused(
    source: Source, run_load: Load, feed_file: MakeFeeds, orders: Callable[..., None]
) -> None:
    by_item = feed_file(FEEDS.replace("    key: [number]\n", "    key: [item]\n"))
    orders((1, "tea", "09:00:00"), (2, "tea", "09:00:00"))
    run_load(inbox=None, feeds=by_item)
    (outcome,) = run_load(inbox=None, feeds=by_item).failed
    assert "two rows of the table are one record by the key of feed desk_orders (item)" in (
        outcome.reason or ""
    )


# In PostgreSQL no text can hold a NUL, and nothing else breaks a line.
@pytest.mark.parametrize("kind", ["mariadb"])
def test_a_row_that_cannot_be_read_is_rejected_once(
    orders: Callable[..., None],
    read: Load,
    query: Query,
    feeds: FeedContract,
    database_url: str,
) -> None:
    orders(*((n, "tea", "09:00:00") for n in range(8)))
    read()
    orders((8, "a\0b", None), (9, "milk", "09:01:00"))
    report = read()
    assert (report.rows, report.rejected) == (1, 1)
    assert read().files == []
    orders((10, "sugar", "09:02:00"))
    report = read()
    assert (report.rows, report.rejected) == (1, 0)
    # Nor does it come back once it is erased.
    expire(query, feeds, database_url)
    assert query("select line from raw.ingest_rejects") == [("[erased]",)]
    assert read(compare_all=True).files == []
    orders((8, "repaired", None))
    assert read().rows == 1


@pytest.mark.parametrize("kind", ["postgresql"])
def test_rows_rejected_by_the_database_are_tried_once(
    orders: Callable[..., None], read: Load, query: Query
) -> None:
    """They are rejected while the comparison is noted, which comes after them."""
    orders((1, "tea", "09:00:00"))
    read()
    query("alter table raw.desk_orders alter column item type varchar(5)")
    orders((2, "a name that is too long", "10:00:00"))
    (failed,) = read(compare_all=True).failed
    assert "rejects its rows: value too long" in (failed.reason or "")
    query("alter table raw.desk_orders alter column item type text")
    assert read(compare_all=True).rows == 1


@pytest.mark.parametrize("kind", ["postgresql"])
def test_what_was_withdrawn(
    orders: Callable[..., None], read: Load, query: Query, database_url: str
) -> None:
    orders((1, "tea", "09:00:00"), (2, "milk", "09:00:00"))
    read()
    orders((3, "sugar", "12:00:00"))
    path = read().files[0].path
    orders((4, "salt", "14:00:00"))
    read(compare_all=True)
    withdraw(database_url, [path], "a test", print, is_read=lambda _: False)
    assert [number for number, _, _ in found(query)] == [1, 2, 4]
    # The table has the row still, although it is before the watermark.
    assert (read().rows, len(found(query))) == (1, 4)
    withdraw(database_url, [FOLDER], "a test", print, is_read=lambda _: False)
    assert read().files[0].path == f"{FOLDER}first-2.csv"
    assert (read().files, len(found(query))) == ([], 4)
    orders((2, "milk", "14:00:00"))
    assert read().rows == 1


@pytest.mark.parametrize("kind", ["postgresql"])
def test_a_row_of_an_erased_customer_is_as_it_was_loaded(
    orders: Callable[..., None],
    run_load: Load,
    feed_file: MakeFeeds,
    query: Query,
    database_url: str,
) -> None:
    customer = "    customer: [{columns: [item]}]\n    columns:"
    named = FEEDS.replace("    columns:", customer)
    feeds = feed_file(named.replace("item\n", "item\n        personal: name\n", 1))

    def read(**changes: Any) -> LoadReport:
        return run_load(inbox=None, feeds=feeds, **changes)

    orders((1, "Ann Lee", "09:00:00", CARD), (2, "Bo Ek", "09:00:00"))
    assert read().rows == 2
    asked = [Request("desk", "ann lee")]
    erase_customers(database_url, feeds, [TOKEN_KEY], asked, NothingBuilt(), "a letter", print)
    assert read(compare_all=True).files == []
    assert read(compare_all=True, dry_run=True).rows == 0
    orders((1, "ANN LEE", "14:00:00", CARD))
    assert read().rows == 1
    [(name, token)] = query(
        "select distinct item, card_token from raw.desk_orders where number = '1'"
    )
    assert name.startswith("erased-")
    assert token.startswith("erased-")


@pytest.mark.parametrize("kind", ["postgresql"])
def test_a_row_of_an_expired_address_is_as_it_was_loaded(
    orders: Callable[..., None],
    run_load: Load,
    feed_file: MakeFeeds,
    query: Query,
    database_url: str,
) -> None:
    feeds = feed_file(FEEDS.replace("item\n", "item\n        protect: ip_address\n", 1))

    def read(**changes: Any) -> LoadReport:
        return run_load(inbox=None, feeds=feeds, **changes)

    orders((1, "192.0.2.5", "09:00:00"), (2, "unknown", "09:00:00"), (3, None, "09:00:00"))
    assert read().rows == 3
    expire(query, feeds, database_url)
    rows = query("select number, ip_token, ip_unreadable from raw.desk_orders order by number")
    assert rows[0][1].startswith("erased-")
    assert [row[2] for row in rows] == [None] * 3
    assert read(compare_all=True).files == []
    orders((1, "198.51.100.7", "09:00:00"), (3, "192.0.2.6", "09:00:00"))
    assert read(compare_all=True).rows == 2


def expire(query: Query, feeds: FeedContract, database_url: str) -> None:
    """Erase what was loaded before now, as if that were long ago."""
    for table, column in (("files", "loaded_at"), ("rejects", "_loaded_at")):
        query(f"update raw.ingest_{table} set {column} = {column} - interval '101 days'")
    age = Retention({"desk": 100}, [])
    erase_customers(database_url, feeds, [TOKEN_KEY], age, NothingBuilt(), "age", print)


@pytest.mark.parametrize("kind", ["postgresql"])
def test_the_same_feed_has_files(
    orders: Callable[..., None], inbox: Inbox, run_load: Load, feeds: FeedContract, query: Query
) -> None:
    head = "number,item,card,updated_at\n"
    inbox.drop("desk/orders/monday.csv", f"{head}1,tea,,{DAY} 09:00:00\n")
    orders((1, "tea", "09:00:00"), (2, "milk", "10:00:00"))
    report = run_load(feeds=feeds)
    assert (report.rows, report.counts()["loaded"]) == (3, 2)
    inbox.drop("desk/orders/tuesday.csv", f"{head}2,oat milk,,{DAY} 11:00:00\n")
    report = run_load(feeds=feeds)
    assert (report.rows, report.unchanged) == (1, 2)
    assert found(query) == [(1, "tea", "09:00:00"), (2, "oat milk", "11:00:00")]


@pytest.mark.parametrize("kind", ["postgresql"])
def test_a_table_is_read_in_one_way(
    orders: Callable[..., None], read: Load, feed_file: MakeFeeds, monkeypatch: pytest.MonkeyPatch
) -> None:
    orders((1, "tea", "09:00:00"))
    ways = ["}", ", cursor: updated_at}", ", watermark: updated_at}"]
    made = [feed_file(FEEDS.replace(", watermark: updated_at}", way)) for way in ways]
    read(feeds=made[2])
    for other in made[:2]:
        (outcome,) = read(feeds=other).failed
        assert "would be duplicated" in (outcome.reason or "")
    unfit = feed_file(FEEDS.replace("watermark: updated_at", "watermark: number"))
    (outcome,) = read(feeds=unfit).failed
    assert "cannot be a watermark: it has to be a date or a timestamp" in (outcome.reason or "")
    assert read(feeds=made[2]).files == []


MOMENTS = {
    "read": dies(database.SourceDatabase, "_read", before=False),
    "rows written": dies(writer, "write_entries", before=True),
    "ledger written": dies(writer, "write_entries", before=False),
    "committed": dies(writer.Writer, "_write", before=False),
    "comparison written": dies(target, "note_comparison", before=False),
}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork processes")
@pytest.mark.parametrize("kind", ["postgresql"])
def test_killed_at_any_moment(
    orders: Callable[..., None], read: Load, query: Query, database_url: str,
    feeds: FeedContract, state_dir: Path,
) -> None:  # fmt: skip
    orders(*((n, "tea", "09:00:00") for n in range(6)))
    read()
    for number, prepare in enumerate(MOMENTS.values()):
        # New, changed, and changed without a new time, which a comparison finds.
        time = f"1{number}:00:00"
        orders((10 + number, "new", time), (number, f"changed {number}", time))
        orders((5, f"unseen {number}", "09:00:00"))
        query(DUE)
        child = load_in_a_child(database_url, feeds, state_dir, prepare)
        assert os.WIFSIGNALED(os.waitpid(child, 0)[1])
        read()
        assert {(10 + number, "new", time), (number, f"changed {number}", time)} <= {*found(query)}
        assert (5, f"unseen {number}", "09:00:00") in found(query)
        assert read().files == []
    # The first six, and three rows for each time; none twice.
    assert query("select count(*), count(distinct (number, item)) from raw.desk_orders") == [
        (6 + 3 * len(MOMENTS), 6 + 3 * len(MOMENTS))
    ]


@pytest.mark.parametrize(
    ("watermark", "expected"),
    [
        ("2021-03-30 00:05:00", "2021-03-29 23:55:00"),
        # No digit of a fraction is rounded.
        ("2021-03-30 10:00:00.9999999", "2021-03-30 09:50:00.9999999"),
        ("2021-03-30 10:00:00.25+00", "2021-03-30 09:50:00.25+00"),
        ("2023-07-05 09:00:00.0000000 +02:00", "2023-07-05 08:50:00.0000000 +02:00"),
        ("0999-12-31 00:00:00", "0999-12-30 23:50:00"),
        ("2021-03-30", "2021-03-29"),
        # Not before anything: the whole table is compared.
        ("0001-01-01 00:00:00", None),
        ("0000-00-00 00:00:00", None),
        ("infinity", None),
        ("12345-01-01 00:00:00", None),
        ("", None),
    ],
)
def test_the_moment_before_a_watermark(watermark: str, expected: str | None) -> None:
    assert watermarks.before(watermark, timedelta(minutes=10)) == expected


@pytest.mark.parametrize(
    ("was", "now", "expected"),
    [
        ("updated_at}", "updated_at, cursor: number}", "watermark: cannot be given beside"),
        ("watermark: updated_at}", "overlap: 1 hour}", "database.overlap: needs a watermark"),
        ("updated_at}", "updated_at, compare_all: soon}", "database.compare_all: must be a number"),
        ("watermark: updated_at", "watermark: card", "database.watermark: cannot be a column of"),
        ("    key: [number]\n", "", "database.watermark: needs the feed's key"),
        ("    key: [number]\n", "    snapshot: true\n", "snapshot: cannot be given with"),
    ],
)  # fmt: skip
def test_errors_in_the_feed_file(was: str, now: str, expected: str, feed_file: MakeFeeds) -> None:
    assert was in FEEDS
    with pytest.raises(BranchlineError) as caught:
        feed_file(FEEDS.replace(was, now, 1))
    assert expected in caught.value.message
