"""Loads into a real database: what is loaded, quarantined, and never repeated."""

from __future__ import annotations

import gzip
import io
import itertools
import json
import os
import threading
import time
import unicodedata
import zipfile
from collections.abc import Callable, Collection
from datetime import date
from pathlib import Path
from typing import Any

import psycopg2
import pytest
import throwaway
from ingest_helpers import Inbox, till_file, till_lines

from base.errors import BranchlineError
from ingest.contract.feeds import FeedContract
from ingest.contract.file_errors import UnreadableFileError
from ingest.loading import prepare_raw
from ingest.origins import inbox as inbox_module
from ingest.raw.ledger import Ledger
from ingest.raw.session import LOCK
from ingest.report import LoadEvent, LoadReport
from ingest.review.status import read_status

Load = Callable[..., LoadReport]
Query = Callable[..., list[tuple[Any, ...]]]

NAME = "leeds_26-08-2021_09-00-00.csv"
OTHER = "york_26-08-2021_09-00-00.csv"
HEADER_ONLY = "transaction_timestamp,branch,customer_name,basket,total,payment_method,card_number\n"
CURRENT = """
    select transactions.*
    from raw.branch_pos_transactions as transactions
    inner join raw.ingest_files on transactions._file_id = ingest_files.file_id
    where ingest_files.status = 'loaded'
    order by ingest_files.path, transactions._line_number
"""


def statuses(report: LoadReport) -> dict[str, str]:
    return {outcome.path.rpartition("/")[2]: outcome.status for outcome in report.files}


def reason(report: LoadReport, name: str) -> str:
    (found,) = [outcome.reason for outcome in report.files if outcome.path.endswith(name)]
    return found or ""


# --- the plain case


def test_lines_are_loaded_unchanged(inbox: Inbox, run_load: Load, query: Query) -> None:
    inbox.drop(NAME, '26/08/2021 09:00,Leeds,"Ann ""A"" B\\n","Tea - 1.00, Tea - 1.00",2,CASH,\n')
    report = run_load()
    assert (report.rows, report.rejected, report.changed) == (1, 0, True)
    ((*data, file_id, line, loaded_at, load_id, _),) = query(
        "select * from raw.branch_pos_transactions"
    )
    assert data == [
        "26/08/2021 09:00", "Leeds", 'Ann "A" B\\n', "Tea - 1.00, Tea - 1.00", "2", "CASH",
        None, None, None,
    ]  # fmt: skip
    assert line == 1
    assert query("select file_id, loaded_at, load_id, reason from raw.ingest_files") == [
        (file_id, loaded_at, load_id, None)
    ]
    assert query("select load_id, status from raw._dlt_loads") == [(load_id, 0)]


def test_the_ledger_is_analyzed(
    inbox: Inbox, run_load: Load, query: Query, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The first build of all models runs before autovacuum.
    for day in range(1, 4):
        inbox.drop(f"leeds_0{day}-03-2024_09-00-00.csv", till_file(1))
    run_load()
    size = "select reltuples from pg_class where oid = 'raw.ingest_files'::regclass"
    assert query(size) == [(3,)]
    # The statistics of a long history are as good as before one more night.
    monkeypatch.setattr("ingest.raw.ledger._UNANALYZED", 0.5)
    inbox.drop("leeds_04-03-2024_09-00-00.csv", till_file(1))
    run_load()
    assert query(size) == [(3,)]


def test_the_raw_tables_have_exactly_the_agreed_columns(
    database_url: str, state_dir: Path, query: Query
) -> None:
    from ingest.contract.reading import load_feeds

    prepare_raw(database_url, load_feeds(), state_dir)
    prepare_raw(database_url, load_feeds(), state_dir)
    columns = query(
        "select column_name, data_type from information_schema.columns"
        " where table_schema = 'raw' and table_name = 'branch_pos_transactions'"
        " order by ordinal_position"
    )
    assert columns == [
        *((name, "text") for name in (
            "transaction_timestamp", "branch", "customer_name", "basket", "total",
            "payment_method", "card_token", "card_last4", "card_unreadable",
        )),
        ("_file_id", "bigint"),
        ("_line_number", "bigint"),
        ("_loaded_at", "timestamp with time zone"),
        ("_dlt_load_id", "text"),
        ("_record_id", "text"),
    ]  # fmt: skip
    keys = query(
        "select conrelid::regclass::text, pg_get_constraintdef(oid) from pg_constraint"
        " where contype = 'p' and connamespace = 'raw'::regnamespace order by 1"
    )
    assert dict(keys) == {
        **{f"raw.{feed.table}": "PRIMARY KEY (_file_id, _line_number)" for feed in load_feeds()},
        "raw.ingest_files": "PRIMARY KEY (file_id)",
        "raw.ingest_erased": "PRIMARY KEY (token)",
        "raw.ingest_erasures": "PRIMARY KEY (erasure_id)",
        "raw.ingest_comparisons": "PRIMARY KEY (feed, folder)",
        "raw.ingest_gone_rows": "PRIMARY KEY (_file_id, _line_number)",
        "raw.ingest_keys": "PRIMARY KEY (feed)",
        "raw.ingest_rejects": "PRIMARY KEY (_file_id, _line_number)",
        "raw.ingest_versions": "PRIMARY KEY (version)",
        "raw.ingest_locks": "PRIMARY KEY (name)",
    }
    assert query("select count(*) from raw.ingest_files") == [(0,)]


def test_a_second_load_changes_nothing(inbox: Inbox, run_load: Load, query: Query) -> None:
    inbox.drop(NAME, till_file())
    inbox.drop(OTHER, "no,csv\n")
    run_load()
    before = query("select * from raw.ingest_files order by 1"), query(CURRENT)
    os.utime(inbox.folder / "branch_pos" / NAME)
    report = run_load()
    assert (report.files, report.unchanged, report.changed) == ([], 2, False)
    assert (query("select * from raw.ingest_files order by 1"), query(CURRENT)) == before
    assert query("select count(*) from raw._dlt_loads") == [(1,)]


def test_subfolders_and_unclaimed_files(inbox: Inbox, run_load: Load) -> None:
    inbox.drop(f"branch_pos/2021/08/{NAME.upper()}", till_file())
    inbox.drop("branch_pos/readme.txt", "hello")
    inbox.drop("elsewhere/4929123412341234.csv", "x")
    report = run_load()
    assert report.rows == 10
    assert report.unclaimed == ["branch_pos/readme.txt", "elsewhere/****1234.csv"]


# --- versions of a logical file


def test_newer_content_supersedes_older(inbox: Inbox, run_load: Load, query: Query) -> None:
    inbox.drop(NAME, till_file(10))
    run_load()
    inbox.drop(NAME, till_file(9))
    report = run_load()
    assert report.files[0].supersedes == f"branch_pos/{NAME}"
    assert report.counts()["superseded"] == 1
    old, new = query("select * from raw.ingest_files order by file_id")
    assert [row[10] for row in (old, new)] == ["superseded", "loaded"]
    assert (old[12], old[16]) == (new[0], new[15])
    assert (old[8], new[8]) == (10, 9)
    assert query("select count(*) from raw.branch_pos_transactions") == [(19,)]
    assert len(query(CURRENT)) == 9


def test_versions_in_one_run_are_ordered_by_name_then_file_time(
    inbox: Inbox, run_load: Load, query: Query
) -> None:
    inbox.drop("leeds_26-08-2021_17-00-00.csv", till_file(3), modified=1_000)
    inbox.drop("leeds_26-08-2021_09-00-00.csv", till_file(4), modified=9_000)
    inbox.drop("york_26-08-2021_09-00-00 (1).csv", till_file(5), modified=2_000)
    inbox.drop("york_26-08-2021_09-00-00.csv", till_file(6), modified=1_000)
    report = run_load()
    assert statuses(report) == dict.fromkeys(statuses(report), "loaded")
    assert query(
        "select branch, row_count, status from raw.ingest_files order by branch, file_id"
    ) == [
        ("leeds", 4, "superseded"),
        ("leeds", 3, "loaded"),
        ("york", 6, "superseded"),
        ("york", 5, "loaded"),
    ]


def test_the_same_bytes_under_another_name_are_a_duplicate(
    inbox: Inbox, run_load: Load, query: Query
) -> None:
    inbox.drop(NAME, till_file(), modified=1_000)
    inbox.drop(f"branch_pos/late/{NAME}", till_file(), modified=2_000)
    report = run_load()
    (copy,) = report.with_status("duplicate")
    assert f"branch_pos/{NAME}" in (copy.reason or "")
    assert copy.path != f"branch_pos/{NAME}"
    assert len(query(CURRENT)) == 10
    assert run_load().unchanged == 2


def test_an_old_version_sent_again_stays_old(inbox: Inbox, run_load: Load, query: Query) -> None:
    inbox.drop(NAME, till_file(10))
    run_load()
    inbox.drop(NAME, till_file(9))
    run_load()
    inbox.drop(NAME.replace(".csv", " (1).csv"), till_file(10))
    report = run_load()
    assert "older version that was superseded" in reason(report, "(1).csv")
    assert (report.changed, len(query(CURRENT))) == (False, 9)


def test_a_file_with_its_old_content_is_reported(
    inbox: Inbox, run_load: Load, query: Query
) -> None:
    for number in (10, 9, 10):
        inbox.drop(NAME, till_file(number))
        report = run_load()
    assert (report.changed, report.unchanged, len(query(CURRENT))) == (False, 1, 9)
    assert "holds an older version again" in report.messages[0]
    inbox.drop(NAME.replace(".csv", " (1).csv"), till_file(10))
    inbox.drop(NAME, till_file(9))
    assert run_load().messages == []
    again = run_load()
    assert (again.unchanged, again.messages) == (2, [])


def test_a_list_that_returns_to_earlier_content_is_current_again(
    inbox: Inbox, run_load: Load, query: Query, feed_file: Callable[[str], FeedContract]
) -> None:
    feeds = feed_file(
        "feeds:\n  shop_prices:\n    source: shop\n    table: shop_prices\n"
        "    description: A price.\n    files: shop/prices.csv\n    snapshot: true\n    columns:\n"
        "      - {name: item, description: Item.}\n      - {name: price, description: Price.}\n"
    )
    current = (
        "select price from raw.shop_prices inner join raw.ingest_files"
        " on shop_prices._file_id = ingest_files.file_id where status = 'loaded'"
    )
    for price in ("50", "55", "50", "50", "55"):
        inbox.drop("shop/prices.csv", f"item,price\nsugar,{price}\n")
        report = run_load(feeds=feeds)
        assert (query(current), report.messages) == ([(price,)], [])
    statuses = "select status from raw.ingest_files order by file_id"
    assert query(statuses) == [("superseded",)] * 3 + [("loaded",)]


def test_versions_are_ordered_as_numbers(inbox: Inbox, run_load: Load) -> None:
    for hour in ("9", "10"):
        inbox.drop(f"shop/day_v{hour}.csv", f"a\n{hour}\n")
    feeds = FeedContract.model_validate(
        {
            "feeds": {
                "shop_days": {
                    "source": "shop",
                    "table": "shop_days",
                    "description": "Days.",
                    "files": "shop/*.csv",
                    "file_name": r"(?P<name>day)_v(?P<time>\d+)\.csv",
                    "logical_file": "{name}",
                    "columns": [{"name": "a"}],
                }
            }
        }
    )
    report = run_load(feeds=feeds)
    assert [outcome.path for outcome in report.files] == ["shop/day_v9.csv", "shop/day_v10.csv"]


def test_the_same_bytes_for_another_day_are_reported(inbox: Inbox, run_load: Load) -> None:
    inbox.drop(NAME, till_file())
    run_load()
    inbox.drop(NAME.replace("26-", "27-"), till_file())
    (outcome,) = run_load().remarked
    assert "the same content as branch_pos/" + NAME in (outcome.reason or "")
    # What is superseded by now has no twin.
    inbox.drop(NAME, till_file(12))
    inbox.drop(NAME.replace("26-", "30-"), till_file())
    (outcome,) = run_load().remarked
    assert "the same content as branch_pos/" + NAME.replace("26-", "27-") in (outcome.reason or "")
    # Empty days are all alike.
    for day in ("28-", "29-"):
        inbox.drop(NAME.replace("26-", day), HEADER_ONLY)
    assert run_load().remarked == []


@pytest.mark.parametrize("most_looked_up", [0, 1000])
def test_a_night_reads_of_the_ledger_what_it_needs(
    inbox: Inbox,
    run_load: Load,
    query: Query,
    monkeypatch: pytest.MonkeyPatch,
    most_looked_up: int,
) -> None:
    """Of a feed with many new files it reads all; the outcome is the same."""
    monkeypatch.setattr("ingest.origins.origin.SETTLED_AFTER", 0)
    monkeypatch.setattr("ingest.choosing.MOST_LOOKED_UP", most_looked_up)
    monkeypatch.setattr("ingest.raw.ledger.MOST_LOOKED_UP", most_looked_up)
    read: list[str] = []
    read_all_of = Ledger.read_all_of

    def read_all(self: Ledger, feeds: Collection[str]) -> None:
        read.extend(feeds)
        read_all_of(self, feeds)

    monkeypatch.setattr(Ledger, "read_all_of", read_all)
    with_card = "4111111111111111_26-08-2021_09-00-00.csv"
    files = {
        NAME: till_file(),
        OTHER: till_file(9),
        with_card: till_file(8),
        "york_27-08-2021_09-00-00.csv": "a;b\n",
        "york_28-08-2021_09-00-00.csv": "",
    }
    for name, content in files.items():
        inbox.drop(name, content)
    run_load()
    query(
        "update raw.ingest_files set dismissed_at = now(), dismissed_because = 'empty'"
        " where path like '%%28-08-2021%%'",
        (),
    )
    before = query("select path, status from raw.ingest_files order by 1, 2")
    assert [status for _, status in before].count("quarantined") == 2
    read.clear()
    report = run_load()
    assert (report.unchanged, report.still_quarantined, report.files) == (5, 1, [])
    assert query("select path, status from raw.ingest_files order by 1, 2") == before
    inbox.drop(OTHER, till_file(10))
    inbox.drop(with_card, till_file(7))
    inbox.drop("leeds_30-08-2021_09-00-00.csv", till_file(9))
    report = run_load(retry_quarantined=True)
    found = {outcome.path.split("/")[1][-23:]: outcome for outcome in report.files}
    assert (report.unchanged, report.still_quarantined) == (2, 0)
    assert [outcome.status for outcome in report.files].count("loaded") == 3
    assert [outcome.status for outcome in report.files].count("quarantined") == 1
    assert {outcome.supersedes is not None for outcome in found.values()} == {True, False}
    assert bool(read) == (most_looked_up == 0)


def test_punctuation_at_the_end_of_a_branch_is_ignored(inbox: Inbox, run_load: Load) -> None:
    inbox.drop(NAME, till_file(3))
    inbox.drop(NAME.replace("leeds_", "leeds__").replace("09-", "10-"), till_file(4))
    assert [outcome.branch for outcome in run_load().files] == ["leeds", "leeds"]
    assert run_load().unchanged == 2


def test_a_decomposed_umlaut_equals_a_composed_one(inbox: Inbox, run_load: Load) -> None:
    two_signs = unicodedata.normalize("NFD", "münchen")
    inbox.drop(NAME.replace("leeds", two_signs), till_file())
    (outcome,) = run_load().files
    assert (outcome.status, outcome.branch) == ("loaded", "münchen")


def test_the_same_bytes_for_another_day_are_another_file(inbox: Inbox, run_load: Load) -> None:
    inbox.drop(NAME, till_file())
    inbox.drop(NAME.replace("26", "27", 1), till_file())
    inbox.drop(OTHER, till_file())
    assert run_load().counts()["loaded"] == 3


# --- quarantine


def test_a_list_saved_as_workbook_and_as_csv_is_one_file(
    inbox: Inbox, run_load: Load, query: Query
) -> None:
    rows = [{"timestamp": "26/08/2021", "branch": "Leeds", "customer": "Ann", "basket": "Tea - 1",
             "total": 1, "payment": "CASH", "card": None}] * 3  # fmt: skip
    inbox.drop(NAME.replace(".csv", ".xlsx"), json.dumps(rows))
    report = run_load()
    assert (report.files[0].status, report.files[0].rows) == ("loaded", 3)
    # Older by its name, and a day that is sent again.
    inbox.drop(NAME.replace("09-00-00", "08-00-00"), till_file(2))
    assert run_load().files[0].status == "older"
    inbox.drop(NAME.replace("09-00-00.csv", "10-00-00.ods"), json.dumps(rows[:2]))
    assert run_load().files[0].supersedes == "branch_pos/" + NAME.replace(".csv", ".xlsx")
    assert query("select count(distinct logical_file) from raw.ingest_files") == [(1,)]


def workbook() -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("[Content_Types].xml", "x")
    return made.getvalue()


def archive() -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as packed:
        for name in ("a.csv", "b.csv"):
            packed.writestr(name, "x")
    return made.getvalue()


QUARANTINED: list[tuple[bytes, str]] = [
    (b"", "the file is empty"),
    (b"\xef\xbb\xbf", "the file is empty"),
    (b" \n\r\n\n", "the file is empty"),
    (b"\n" * 600_000, "the file is empty"),
    (b"\x89PNG\r\n\x1a\n" + bytes(100), "a PNG picture"),
    (b"%PDF-1.7\n" + bytes(100), "the PDF document is cut short"),
    (archive(), "the archive holds 2 CSV files (a.csv, b.csv)"),
    (workbook(), "not a whole workbook"),
    (gzip.compress(till_file().encode())[:-20], "the archive is cut short"),
    (bytes(range(32, 256)) * 40, "no line has the 7 columns"),
    (b"\x07" + bytes(5_000) + b"\n", "binary data"),
    (b"<!DOCTYPE html><html>", "web page"),
    (b"a;b\nc;d\n", "no line has the 7 columns of the feed (most lines have"),
    (b"x" * 3_000_000, "no line has the 7 columns"),
    (b"timestamp,branch,customer,basket,total,payment,card\n", "a header line and nothing"),
    (
        b"timestamp,branch,basket,total,payment,card\n1,2,3,4,5,6\n",
        "lacks the column customer",
    ),
    (b"timestamp,branch,customer,store,basket,total,payment,card\n" * 2, "a column twice"),
]

MISNAMED = {
    "leeds.csv": "london_camden_25-08-2021_09-00-00.csv",
    "leeds_30-02-2021_09-00-00.csv": "not a date",
}


def test_bad_files_are_quarantined_with_reasons(inbox: Inbox, run_load: Load, query: Query) -> None:
    expected: dict[str, str] = {}
    for place, (content, reported) in enumerate(QUARANTINED):
        name = f"shop{place}_26-08-2021_09-00-00.csv"
        inbox.drop(name, content)
        expected[name] = reported
    for name, reported in MISNAMED.items():
        inbox.drop(name, till_file())
        expected[name] = reported
    inbox.drop(OTHER, till_file())
    report = run_load()
    assert statuses(report) == {**dict.fromkeys(expected, "quarantined"), OTHER: "loaded"}
    for name, reported in expected.items():
        assert reported in reason(report, name), name
    written = query(
        "select path, reason, row_count, rejected_count, bytes from raw.ingest_files"
        " where status = 'quarantined'"
    )
    assert {row[:4] for row in written} == {
        (f"branch_pos/{name}", reason(report, name), 0, 0) for name in expected
    }
    for path, *_, size in written:
        assert size == (inbox.folder / path).stat().st_size
    assert query("select count(*) from raw.branch_pos_transactions") == [(10,)]
    assert query("select count(*) from raw.ingest_rejects") == [(0,)]
    again = run_load()
    assert (again.files, again.unchanged) == ([], len(expected) + 1)


def test_a_quarantined_version_keeps_the_current_one(
    inbox: Inbox, run_load: Load, query: Query
) -> None:
    inbox.drop(NAME, till_file())
    run_load()
    inbox.drop(NAME, b"")
    assert statuses(run_load()) == {NAME: "quarantined"}
    assert len(query(CURRENT)) == 10
    inbox.drop(NAME, till_file(11))
    assert statuses(run_load()) == {NAME: "loaded"}
    assert len(query(CURRENT)) == 11
    assert query("select count(*) from raw.ingest_files group by status order by 1") == [(1,)] * 3


def test_three_broken_lines_among_five_hundred(inbox: Inbox, run_load: Load, query: Query) -> None:
    lines = till_lines(500)
    lines[9] = "half a line"
    lines[99] = lines[99].replace('"Regular', '"Regular"')
    lines[499] = lines[499].replace("CARD,", "CARD,,")
    inbox.drop(NAME, "\n".join(lines) + "\n")
    report = run_load()
    assert (report.rows, report.rejected) == (497, 3)
    rejects = query("select _line_number, reason, feed from raw.ingest_rejects order by 1")
    assert [number for number, _, _ in rejects] == [10, 100, 500]
    assert rejects[0][1] == "1 columns where 7 are expected"
    assert rejects[2][1] == "8 columns where 7 are expected"
    assert query("select row_count, rejected_count from raw.ingest_files") == [(497, 3)]


@pytest.mark.parametrize(
    ("good", "bad", "status"),
    [(1, 1, "loaded"), (8, 2, "loaded"), (7, 2, "quarantined"), (1, 2, "quarantined")],
)
def test_the_maximum_share_of_rejected_lines(
    inbox: Inbox, run_load: Load, query: Query, good: int, bad: int, status: str
) -> None:
    inbox.drop(NAME, till_file(good) + "broken,line\n" * bad)
    assert statuses(run_load()) == {NAME: status}
    loaded = status == "loaded"
    assert query("select count(*) from raw.branch_pos_transactions") == [(good * loaded,)]
    assert query("select count(*) from raw.ingest_rejects") == [(bad * loaded,)]


def test_a_large_bad_file_leaves_no_row_behind(inbox: Inbox, run_load: Load, query: Query) -> None:
    # More than the megabyte after which rows and rejects go to the database.
    broken = "broken,line" * 20 + "\n"
    inbox.drop(NAME, till_file(10_000) + broken * 7_000 + till_file(10))
    assert statuses(run_load()) == {NAME: "quarantined"}
    assert query("select count(*) from raw.branch_pos_transactions") == [(0,)]
    assert query("select count(*) from raw.ingest_rejects") == [(0,)]


def test_a_fixed_feed_loads_quarantined_files_on_retry(
    inbox: Inbox, run_load: Load, query: Query, feed_file: Callable[[str], FeedContract]
) -> None:
    feeds = (
        "feeds:\n  shop_sales:\n    source: shop\n    table: shop_sales\n    description: x\n"
        "    files: shop/*.csv\n    columns:\n      - name: item\n      - name: price\n"
    )
    inbox.drop("shop/a.csv", "item,cost\ntea,1\n")
    inbox.drop("shop/b.csv", "item,price,cost\ntea,1,2\n")
    assert run_load(feeds=feed_file(feeds)).counts()["loaded"] == 2
    inbox.drop("shop/c.csv", "item;cost;tax\ntea;1;1\n")
    assert statuses(run_load(feeds=feed_file(feeds))) == {"c.csv": "quarantined"}
    fixed = feed_file(feeds + "        aliases: [cost]\n")
    assert run_load(feeds=fixed).unchanged == 3
    (outcome,) = run_load(feeds=fixed, retry_quarantined=True).files
    assert (outcome.status, outcome.rows) == ("loaded", 1)
    assert query("select status from raw.ingest_files where path = 'shop/c.csv'") == [("loaded",)]


def test_a_missing_final_line_end_is_remarked(inbox: Inbox, run_load: Load) -> None:
    inbox.drop(NAME, till_file().rstrip("\n"))
    report = run_load()
    assert report.rows == 10
    assert "the last line has no line end" in reason(report, NAME)


# --- other tills, spreadsheets


def expected_rows(run_load: Load, query: Query, inbox: Inbox) -> list[tuple[Any, ...]]:
    inbox.drop(OTHER, till_file())
    run_load()
    return [row[:9] for row in query(CURRENT)]


def spreadsheet(delimiter: str, end: str, order: list[int], header: list[str] | None) -> str:
    import csv

    made = io.StringIO(newline="")
    writer = csv.writer(made, delimiter=delimiter, lineterminator=end)
    if header:
        writer.writerow([header[place] for place in order])
    for line in csv.reader(till_lines()):
        writer.writerow([line[place] for place in order])
    return made.getvalue()


NAMES = [
    "Transaction Timestamp",
    "BRANCH",
    "customer-name",
    "Basket",
    "Total",
    "Payment_Method",
    "Card number",
]
OTHER_NAMES = ["Date and time", "Store", "Client", "Items", "Amount", "Paid by", "Card no."]


def test_delimiters_and_encodings(inbox: Inbox, run_load: Load, query: Query) -> None:
    expected = expected_rows(run_load, query, inbox)
    wanted = [",", ";", "\t", "|"], ["utf-8", "utf-8-sig", "utf-16", "cp1252"]
    for place, (delimiter, encoding) in enumerate(itertools.product(*wanted)):
        content = spreadsheet(delimiter, "\r\n", list(range(7)), None).encode(encoding)
        inbox.drop(f"shop{place:02d}_26-08-2021_09-00-00.csv", content)
    report = run_load()
    assert (report.rows, report.rejected) == (160, 0)
    assert [row[:9] for row in query(CURRENT)] == expected * 17


@pytest.mark.parametrize("header", [NAMES, OTHER_NAMES])
@pytest.mark.parametrize(
    "order", [[0, 1, 2, 3, 4, 5, 6], [6, 5, 4, 3, 2, 1, 0], [2, 0, 6, 1, 5, 3, 4]]
)
def test_headers_and_column_order(
    inbox: Inbox, run_load: Load, query: Query, header: list[str], order: list[int]
) -> None:
    expected = expected_rows(run_load, query, inbox)
    inbox.drop(NAME, spreadsheet(";", "\n", order, header))
    report = run_load()
    assert (report.rows, report.rejected, reason(report, NAME)) == (10, 0, "")
    rows = query(CURRENT)
    assert [row[:9] for row in rows] == expected * 2
    assert [row[10] for row in rows[:10]] == list(range(2, 12))


def test_undeclared_columns_are_kept_and_reported_once(
    inbox: Inbox, run_load: Load, query: Query
) -> None:
    lines = till_lines()
    header = ",".join(NAMES)
    content = "\n".join([f"Till No,{header}", *(f"T{n},{line}" for n, line in enumerate(lines))])
    inbox.drop(NAME, content + "\n")
    inbox.drop(OTHER, content.replace("Leeds", "York") + "\n")
    report = run_load()
    assert report.rows == 20
    reported = [reason(report, name) for name in (NAME, OTHER)]
    assert sorted("till_no" in text for text in reported) == [False, True]
    assert sum("till_no" in (outcome.reason or "") for outcome in report.remarked) == 1
    assert query(CURRENT)[0][1] == "Leeds"
    rows = query("select till_no, _line_number from raw.branch_pos_transactions order by 2, 1")
    assert rows == [(f"T{n}", n + 2) for n in range(10) for _ in range(2)]
    inbox.drop(NAME.replace("26", "27"), content.replace("26/", "27/"))
    again = run_load()
    assert again.messages == []
    assert query("select count(till_no) from raw.branch_pos_transactions") == [(30,)]


def test_an_impossible_column_does_not_affect_other_files(
    inbox: Inbox, run_load: Load, query: Query, monkeypatch: pytest.MonkeyPatch
) -> None:
    def with_column(*names: str) -> str:
        header = ",".join((*names, *NAMES))
        return "\n".join([header, *(f"{'x,' * len(names)}{line}" for line in till_lines())])

    inbox.drop(NAME, with_column("xmin", "ctid") + "\n")
    inbox.drop(OTHER, with_column("note") + "\n")
    assert [outcome.status for outcome in run_load().files] == ["loaded", "loaded"]
    held = query("select extra_xmin, extra_ctid, note from raw.branch_pos_transactions")
    assert sorted(set(held), key=str) == [("x", "x", None), (None, None, "x")]

    monkeypatch.setattr("ingest.judging.MOST_EXTRA_COLUMNS", 4)
    inbox.drop(NAME.replace("26-", "27-"), with_column("a", "b") + "\n")
    inbox.drop(OTHER.replace("26-", "27-"), with_column("a") + "\n")
    report = run_load()
    assert statuses(report)[NAME.replace("26-", "27-")] == "quarantined"
    assert statuses(report)[OTHER.replace("26-", "27-")] == "loaded"


def test_odd_names_of_undeclared_columns(inbox: Inbox, run_load: Load, query: Query) -> None:
    cells = ["card_token", "_file_id", "2nd", "\N{GREEK SMALL LETTER ALPHA}", 'a"; drop', "a drop",
             "4929000000000004", ""]  # fmt: skip
    quoted = ",".join('"' + cell.replace('"', '""') + '"' for cell in cells)
    header = ",".join(NAMES) + "," + quoted
    values = ",".join(f"v{place}" for place in range(len(cells)))
    inbox.drop(NAME, "\n".join([header, *(f"{line},{values}" for line in till_lines(3))]) + "\n")
    assert run_load().rows == 3
    extra = query(
        "select column_name from information_schema.columns where table_schema = 'raw'"
        " and table_name = 'branch_pos_transactions' order by ordinal_position offset 14"
    )
    assert extra == [("extra_card_token",), ("file_id",), ("extra_2nd",), ("extra",), ("a_drop",),
                     ("extra_a_drop",), ("extra_0004",), ("column_15",)]  # fmt: skip
    names = ", ".join(name for (name,) in extra)
    assert query(f"select {names} from raw.branch_pos_transactions limit 1") == [
        tuple(f"v{place}" for place in range(len(cells)))
    ]


def test_a_sale_that_resembles_a_header_is_a_sale(inbox: Inbox, run_load: Load) -> None:
    inbox.drop(NAME, "26/08/2021 09:00,Leeds,Customer,Tea - 1,1,CARD,\n" + till_file(2))
    report = run_load()
    assert (report.rows, reason(report, NAME)) == (3, "")


def test_a_repeated_header_is_not_a_row(inbox: Inbox, run_load: Load) -> None:
    part = ",".join(NAMES) + "\n" + till_file()
    inbox.drop(NAME, part + part)
    report = run_load()
    assert (report.rows, report.rejected) == (20, 0)


def test_a_separator_line(inbox: Inbox, run_load: Load, query: Query) -> None:
    inbox.drop(NAME, "sep=;\r\n" + spreadsheet(";", "\r\n", list(range(7)), NAMES))
    report = run_load()
    assert (report.rows, report.rejected) == (10, 0)
    assert query(CURRENT)[0][10] == 3


def test_what_a_spreadsheet_does_to_card_numbers(
    inbox: Inbox, run_load: Load, query: Query
) -> None:
    cards = ["5.49E+15", "4929123412341234.0", "'4929123412341234", "", "4929123412341234"]
    inbox.drop(NAME, "".join(f"9/5/2023 9:00,Leeds,A,Tea - 1,1,CARD,{card}\n" for card in cards))
    run_load()
    rows = query(
        "select card_token, card_last4, card_unreadable from raw.branch_pos_transactions"
        " order by _line_number"
    )
    token = rows[4][0]
    assert rows == [
        (None, None, "#.##E+##"), (token, "1234", None), (token, "1234", None),
        (None, None, None), (token, "1234", None),
    ]  # fmt: skip


# --- adding a feed


def test_a_new_feed_and_a_new_column_need_no_python(
    inbox: Inbox, run_load: Load, query: Query, feed_file: Callable[[str], FeedContract]
) -> None:
    text = (
        "feeds:\n  shop_stock:\n    source: shop\n    table: shop_stock\n    description: x\n"
        "    files: shop/**/*.csv\n    header: required\n    columns:\n      - name: ean\n"
        "        protect: none\n      - name: note\n"
    )
    inbox.drop("shop/a.csv", "ean,note\n7425710935115,4111111111111111\n")
    run_load(feeds=feed_file(text))
    assert query("select ean, note from raw.shop_stock") == [("7425710935115", "****1111")]
    inbox.drop("shop/a.csv", "ean,note,count\n1,x,7\n")
    run_load(feeds=feed_file(text + "      - name: count\n        required: false\n"))
    assert query("select ean, note, count from raw.shop_stock order by _file_id") == [
        ("7425710935115", "****1111", None),
        ("1", "x", "7"),
    ]
    inbox.drop("shop/b.csv", "ean,note\n2,y\n")
    run_load(feeds=feed_file(text + "      - name: count\n        required: false\n"))
    assert query("select count(*), count(count) from raw.shop_stock") == [(3, 1)]
    assert query("select logical_file from raw.ingest_files where path = 'shop/b.csv'") == [
        ("shop/b.csv",)
    ]


def test_a_dropped_raw_table_is_recreated(inbox: Inbox, run_load: Load, query: Query) -> None:
    inbox.drop(NAME, till_file())
    run_load()
    query("drop table raw.branch_pos_transactions")
    inbox.drop(OTHER, till_file())
    run_load()
    assert query("select count(*) from raw.branch_pos_transactions") == [(10,)]


# --- errors


def test_a_dry_run_writes_nothing_and_reports_the_same(
    inbox: Inbox, run_load: Load, query: Query
) -> None:
    inbox.drop(NAME, till_file())
    inbox.drop("leeds_26-08-2021_10-00-00.csv", till_file(4))
    inbox.drop("leeds_26-08-2021_11-00-00.csv", till_file(4))
    inbox.drop(OTHER, b"")
    dry = run_load(dry_run=True)
    assert query("select count(*) from pg_namespace where nspname = 'raw'") == [(0,)]
    wet = run_load()
    assert dry.files == wet.files
    assert [outcome.status for outcome in wet.files] == [
        "loaded",
        "loaded",
        "duplicate",
        "quarantined",
    ]


def test_no_inbox(run_load: Load, inbox: Inbox) -> None:
    with pytest.raises(BranchlineError, match="does not exist") as caught:
        run_load(inbox=str(inbox.folder / "none"))
    assert caught.value.hint
    with pytest.raises(BranchlineError, match="is a file"):
        run_load(inbox=str(inbox.drop(NAME, "x")))


def test_an_inbox_without_files_reports_the_patterns(run_load: Load) -> None:
    report = run_load()
    assert report.files == []
    assert "branch_pos/**/*.csv" in report.messages[0]


def test_an_unknown_feed(run_load: Load) -> None:
    with pytest.raises(BranchlineError, match="no feed 'tills'"):
        run_load(only=["tills"])


@pytest.mark.parametrize(
    ("url", "reported"),
    [
        ("postgresql://nobody:secretword@127.0.0.1:1/none", "runs and that host and port"),
        ("postgresql:/what", "postgresql://user:password@host"),
        ("mysql://a@b/c", "postgresql://user:password@host"),
    ],
)
def test_an_unreachable_server(run_load: Load, url: str, reported: str) -> None:
    with pytest.raises(BranchlineError) as caught:
        run_load(database_url=url)
    assert reported in caught.value.hint
    assert "secretword" not in str(caught.value)


def test_a_missing_database(run_load: Load, database_url: str) -> None:
    with pytest.raises(BranchlineError) as caught:
        run_load(database_url=database_url.rpartition("/")[0] + "/missing_one")
    assert "Create the database" in caught.value.hint


def test_a_user_without_rights(run_load: Load, database_url: str, query: Query) -> None:
    from urllib.parse import urlsplit

    query("create role ingest_reader login password 'a-reader'")
    try:
        parts = urlsplit(database_url)
        host = parts.netloc.rpartition("@")[2]
        url = parts._replace(netloc=f"ingest_reader:a-reader@{host}").geturl()
        with pytest.raises(BranchlineError) as caught:
            run_load(database_url=url)
        assert "--role loader" in caught.value.hint
    finally:
        # Its session may outlive the connection for a moment; the database is dropped after that.
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline and query(
            "select 1 from pg_stat_activity where usename = 'ingest_reader'"
        ):
            time.sleep(0.05)
        query("drop role ingest_reader")


def test_options_of_the_url_reach_every_connection(
    inbox: Inbox, run_load: Load, database_url: str, query: Query
) -> None:
    role = f"owner_of_{database_url.rpartition('/')[2].partition('?')[0]}"
    query(f"create role {role}")
    try:
        query(f"grant {role} to current_user")
        query(f"grant create on database {role.removeprefix('owner_of_')} to {role}")
        inbox.drop(NAME, till_file(3))
        mark = "&" if "?" in database_url else "?"
        run_load(database_url=f"{database_url}{mark}options=-crole%3D{role}")
        owners = query("select distinct tableowner from pg_tables where schemaname = 'raw'")
        assert owners == [(role,)]
    finally:
        query(f"drop owned by {role} cascade")
        query(f"drop role {role}")


def test_an_unreadable_file_does_not_affect_others(
    inbox: Inbox, run_load: Load, monkeypatch: pytest.MonkeyPatch
) -> None:
    inbox.drop(NAME, till_file())
    inbox.drop(OTHER, till_file())
    real_open = inbox_module.InboxFile.open

    def open_or_refuse(self: inbox_module.InboxFile) -> Any:
        if self.path.endswith(NAME):
            raise UnreadableFileError("change its permissions")
        return real_open(self)

    monkeypatch.setattr(inbox_module.InboxFile, "open", open_or_refuse)
    report = run_load()
    assert statuses(report) == {NAME: "failed", OTHER: "loaded"}
    assert "permissions" in (report.failed[0].reason or "")
    monkeypatch.undo()
    assert statuses(run_load()) == {NAME: "loaded"}


def test_an_unreadable_folder_is_reported(
    inbox: Inbox, run_load: Load, monkeypatch: pytest.MonkeyPatch
) -> None:
    inbox.drop(NAME, till_file())
    for folder in ("branch_pos/august", "lost+found"):
        (inbox.folder / folder).mkdir()
    real_scandir = os.scandir

    def scandir(path: Any = ".") -> Any:
        if str(path).endswith(("august", "lost+found")):
            raise PermissionError(13, "denied", str(path))
        return real_scandir(path)

    # The tests may run as root.
    monkeypatch.setattr(os, "scandir", scandir)
    report = run_load()
    assert [(outcome.path, outcome.status) for outcome in report.files] == [
        ("branch_pos/august/", "failed"),
        (f"branch_pos/{NAME}", "loaded"),
    ]


def test_a_file_still_being_written_is_postponed(
    inbox: Inbox, run_load: Load, query: Query
) -> None:
    file = inbox.drop(NAME, till_file(5))

    def grow(event: LoadEvent) -> None:
        if event.kind == "listed":
            file.write_text(till_file(6), encoding="utf-8")

    assert statuses(run_load(progress=grow)) == {NAME: "postponed"}
    assert query("select count(*) from raw.branch_pos_transactions") == [(0,)]
    assert query("select count(*) from raw.ingest_files") == [(0,)]
    assert run_load().rows == 6


def test_a_deleted_file_is_reported(inbox: Inbox, run_load: Load) -> None:
    file = inbox.drop(NAME, till_file(5))
    inbox.drop(OTHER, till_file(5))

    def remove(event: LoadEvent) -> None:
        if event.kind == "listed":
            file.unlink(missing_ok=True)

    report = run_load(progress=remove)
    assert statuses(report) == {NAME: "failed", OTHER: "loaded"}
    assert "deleted" in reason(report, NAME)


def test_the_connection_breaks_during_a_load(
    inbox: Inbox, run_load: Load, query: Query, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ingest.raw.writer.BATCH_FILES", 3)
    for day in range(10, 20):
        inbox.drop(f"leeds_{day}-08-2021_09-00-00.csv", till_file())
    cuts = []

    def cut(event: LoadEvent) -> None:
        if event.kind == "waiting":
            cuts.append(event.message)
        if event.kind == "file" and event.done in (3, 7):
            query(
                "select pg_terminate_backend(pid) from pg_stat_activity"
                " where application_name like 'branchline load%' and datname = current_database()"
            )

    report = run_load(progress=cut)
    assert len(cuts) == 2
    assert report.counts()["loaded"] == 10
    assert [outcome.path for outcome in report.files] == [
        f"branch_pos/leeds_{day}-08-2021_09-00-00.csv" for day in range(10, 20)
    ]
    assert query("select count(*) from raw.branch_pos_transactions") == [(100,)]
    ids = query("select file_id from raw.ingest_files order by path")
    assert ids == sorted(ids)


def test_rows_rejected_by_the_database_do_not_affect_other_files(
    inbox: Inbox, run_load: Load, query: Query, database_url: str, state_dir: Path
) -> None:
    from ingest.contract.reading import load_feeds

    prepare_raw(database_url, load_feeds(), state_dir)
    query("alter table raw.branch_pos_transactions alter column branch type varchar(20)")
    for day in range(10, 20):
        branch = "a name that is too long for the column" if day == 14 else "Leeds"
        inbox.drop(f"leeds_{day}-08-2021_09-00-00.csv", till_file(branch=branch))
    report = run_load()
    assert report.counts()["loaded"] == 9
    (failed,) = report.failed
    assert "_14-08" in failed.path
    assert "rejects its rows: value too long" in (failed.reason or "")
    assert query("select count(*) from raw.branch_pos_transactions") == [(90,)]
    query("alter table raw.branch_pos_transactions alter column branch type text")
    assert run_load().counts()["loaded"] == 1


@pytest.mark.parametrize(
    "odd", ["#1", "50%41", "a?b", "caf\N{LATIN SMALL LETTER E WITH ACUTE}", "x y&z"]
)
def test_odd_names_are_read_like_any_other(inbox: Inbox, run_load: Load, odd: str) -> None:
    inbox.drop(f"branch_pos/{odd}/{NAME}", till_file())
    (outcome,) = run_load().files
    assert (outcome.path, outcome.status) == (f"branch_pos/{odd}/{NAME}", "loaded")


def test_a_name_that_is_not_utf_8_is_shown(inbox: Inbox, run_load: Load) -> None:
    folder = os.fsencode(inbox.folder / "branch_pos")
    os.mkdir(folder)
    try:
        with open(folder + b"/caf\xe9.csv", "wb") as file:
            file.write(till_file().encode())
    except OSError:
        # The file of this test cannot be created there.
        pytest.skip("this file system takes UTF-8 names only; TMPDIR names a folder on another")
    (outcome,) = run_load().files
    outcome.path.encode("utf-8")
    assert outcome.status in ("quarantined", "failed")


# --- one at a time


def test_a_second_load_names_the_lock_holder(
    inbox: Inbox, run_load: Load, database_url: str
) -> None:
    inbox.drop(NAME, till_file())
    holder = psycopg2.connect(database_url, application_name="somebody else")
    try:
        holder.autocommit = True
        run_load(only=["sales_desk_stores"])
        assert LOCK.take(holder)
        events: list[LoadEvent] = []
        with pytest.raises(BranchlineError, match="somebody else") as caught:
            run_load(lock_timeout=0.3, progress=events.append)
        assert str(holder.get_backend_pid()) in caught.value.message
        assert [event.kind for event in events] == ["listing", "waiting"]
        release = threading.Timer(0.5, holder.close)
        release.start()
        assert run_load(lock_timeout=20).rows == 10
        release.join()
    finally:
        holder.close()


# --- status


def test_status_per_branch(inbox: Inbox, run_load: Load, database_url: str) -> None:
    from ingest.contract.reading import load_feeds

    assert read_status(database_url, load_feeds()) == []
    inbox.drop("leeds_24-08-2021_09-00-00.csv", till_file(4))
    inbox.drop("leeds_24-08-2021_10-00-00.csv", till_file(9) + "half a line\n")
    inbox.drop("york_27-08-2021_09-00-00.csv", till_file(5))
    inbox.drop("york_28-08-2021_09-00-00.csv", b"")
    inbox.drop("nowhere.csv", till_file(6))
    run_load()
    leeds, york, unknown = read_status(database_url, load_feeds())
    assert (leeds.branch, leeds.last_business_date, leeds.days_late) == (
        "leeds",
        date(2021, 8, 24),
        3,
    )
    assert (leeds.files_loaded, leeds.files_superseded, leeds.rows, leeds.rejected) == (1, 1, 9, 1)
    assert (york.branch, york.days_late, york.files_quarantined, york.rows) == ("york", 0, 1, 5)
    assert (unknown.branch, unknown.files_quarantined, unknown.days_late) == (None, 1, None)


def test_a_future_business_date_makes_no_branch_late(
    inbox: Inbox, run_load: Load, database_url: str
) -> None:
    from ingest.contract.reading import load_feeds

    inbox.drop("leeds_24-08-2021_09-00-00.csv", till_file(4))
    inbox.drop("york_27-08-2021_09-00-00.csv", till_file(5))
    inbox.drop("york_27-08-2099_09-00-00.csv", till_file(6))
    inbox.drop("hull_27-08-2098_09-00-00.csv", till_file(7))
    run_load()
    shown = {
        status.branch: (status.last_business_date, status.days_late)
        for status in read_status(database_url, load_feeds())
    }
    assert shown == {
        "hull": (date(2098, 8, 27), 0),
        "leeds": (date(2021, 8, 24), 3),
        "york": (date(2021, 8, 27), 0),
    }


# --- the real files


def test_the_real_files(run_load: Load, query: Query) -> None:
    folder = str(throwaway.real_files())
    report = run_load(inbox=folder)
    # 1,950 receipts, 3,000 sales, the 89 lines of the four lists, and two lists of products, 260.
    assert (report.rows, report.rejected, report.counts()["loaded"]) == (5299, 0, 13)
    assert query("select sum(total::numeric)::text from raw.branch_pos_transactions") == [
        ("11967.95",)
    ]
    again = run_load(inbox=folder)
    assert (again.files, again.changed) == ([], False)


@pytest.mark.parametrize(
    ("before", "after", "reported"),
    [(20, 9, True), (20, 10, False), (9, 1, True), (10, 4, True), (20, 30, False)],
)
def test_a_version_with_less_than_half_of_the_rows_is_reported(
    inbox: Inbox, run_load: Load, before: int, after: int, reported: bool
) -> None:
    inbox.drop(NAME, till_file(before))
    assert reason(run_load(), NAME) == ""
    inbox.drop(NAME, till_file(after))
    report = run_load()
    assert report.rows == after
    said = f"it supersedes branch_pos/{NAME} but has only {after} of its {before} rows"
    assert reason(report, NAME).startswith(said if reported else "")
    assert bool(reason(report, NAME)) == reported
