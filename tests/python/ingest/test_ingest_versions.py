"""Which file supersedes which, and the messages for unclear cases."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from ingest_helpers import Inbox, till_file, till_lines

from ingest.contract.feeds import FeedContract
from ingest.contract.reading import load_feeds
from ingest.report import LoadReport
from ingest.review.withdrawal import withdraw

Load = Callable[..., LoadReport]
Query = Callable[..., list[tuple[Any, ...]]]

MORNING = "leeds_26-08-2021_09-00-00.csv"
EVENING = "leeds_26-08-2021_21-00-00.csv"
ROWS_THAT_COUNT = """
select count(*)
from raw.branch_pos_transactions
inner join raw.ingest_files on _file_id = file_id
where status = 'loaded'
"""


def other_lines(number: int) -> str:
    """Lines of a till that no other till has."""
    return "".join(f"{line}x\n" for line in till_lines(number, day="25/08/2021"))


def reported(report: LoadReport) -> dict[str, tuple[str, str]]:
    """Outcome and reason of each file by name."""
    return {
        outcome.path.removeprefix("branch_pos/"): (outcome.status, outcome.reason or "")
        for outcome in report.files
    }


def quiet(_: str) -> None:
    return


def test_a_late_arriving_older_export_is_superseded(
    inbox: Inbox, run_load: Load, query: Query
) -> None:
    inbox.drop(EVENING, till_file(20))
    run_load()
    inbox.drop(MORNING, till_file(12))
    rehearsed = run_load(dry_run=True)
    report = run_load()
    for found in (rehearsed, report):
        status, reason = reported(found)[MORNING]
        assert status == "older"
        assert reason.startswith(f"older than branch_pos/{EVENING} by its name")
        assert "branchline withdraw" in reason
        assert (found.rows, found.changed, found.counts()["older"]) == (0, False, 1)
    assert query(ROWS_THAT_COUNT) == [(20,)]
    # Raw keeps its rows, and the ledger says why they do not count.
    assert query(
        "select older.status, older.row_count, newer.path, older.reason like 'older than%%'"
        " from raw.ingest_files as older"
        " inner join raw.ingest_files as newer on older.superseded_by = newer.file_id"
    ) == [("superseded", 12, f"branch_pos/{EVENING}", True)]
    assert query("select count(*) from raw.branch_pos_transactions") == [(32,)]
    assert run_load().unchanged == 2

    # Under another name it is a duplicate, and a correction of the newer one counts.
    inbox.drop("leeds_26-08-2021_14-00-00.csv", till_file(12))
    inbox.drop("Leeds_26-08-2021_21-00-00 (1).csv", till_file(21))
    assert run_load().counts()["duplicate"] == 1
    assert query(ROWS_THAT_COUNT) == [(21,)]


def test_versions_that_arrive_together_are_ordered_by_name(
    inbox: Inbox, run_load: Load, query: Query
) -> None:
    inbox.drop(EVENING, till_file(20), modified=1_000_000)
    inbox.drop(MORNING, till_file(12), modified=2_000_000)
    assert {status for status, _ in reported(run_load()).values()} == {"loaded"}
    assert query(ROWS_THAT_COUNT) == [(20,)]


def test_an_older_export_counts_once_the_newer_one_is_withdrawn(
    inbox: Inbox, run_load: Load, query: Query, database_url: str
) -> None:
    inbox.drop(EVENING, till_file(20))
    run_load()
    withdraw(database_url, [f"branch_pos/{EVENING}"], "of another branch", quiet)
    inbox.drop(MORNING, till_file(12))
    assert reported(run_load())[MORNING] == ("loaded", "")
    assert query(ROWS_THAT_COUNT) == [(12,)]


@pytest.mark.parametrize("size", [12, 130_000])
def test_a_version_that_shares_no_row_is_quarantined(
    inbox: Inbox, run_load: Load, query: Query, database_url: str, size: int
) -> None:
    inbox.drop(MORNING, till_file(size))
    run_load()
    inbox.drop(EVENING, other_lines(size))
    rehearsed = run_load(dry_run=True)
    report = run_load()
    for found in (rehearsed, report):
        status, reason = reported(found)[EVENING]
        assert status == "quarantined"
        assert f"{MORNING} but has none of its {size:,} rows" in reason
        assert "branchline withdraw" in reason
        assert "logical_file" in reason
    assert query(ROWS_THAT_COUNT) == [(size,)]
    assert query("select count(*) from raw.branch_pos_transactions") == [(size,)]
    # A person says that it does supersede it.
    withdraw(database_url, [f"branch_pos/{MORNING}"], "of another branch", quiet)
    assert reported(run_load(retry_quarantined=True)) == {EVENING: ("loaded", "")}
    assert query(ROWS_THAT_COUNT) == [(size,)]


def nameless(text: str) -> str:
    return re.sub("Ann Customer \\d+", "", text)


SECOND_TILL = "".join(
    # The receipts of another dozen customers, at the minutes of the first dozen.
    line.replace(f" 09:{number + 12:02d}", f" 09:{number:02d}") + "\n"
    for number, line in enumerate(till_lines(24)[12:])
)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (till_file(12), SECOND_TILL),
        (till_file(12), till_file(12).replace(" 09:", " 10:")),
        (nameless(till_file(12)), nameless(till_file(12).replace(" 09:", " 10:"))),
    ],
    ids=["other customers at the same minutes", "other minutes", "other minutes and no names"],
)
def test_another_till_is_not_a_correction(
    inbox: Inbox, run_load: Load, first: str, second: str
) -> None:
    inbox.drop(MORNING, first)
    run_load()
    inbox.drop(EVENING, second)
    assert reported(run_load())[EVENING][0] == "quarantined"


def test_two_named_tills_are_both_current(inbox: Inbox, run_load: Load, query: Query) -> None:
    inbox.drop("leeds_till-1_26-08-2021_09-00-00.csv", till_file(12))
    inbox.drop("leeds_till-2_26-08-2021_09-02-00.csv", other_lines(10))
    assert set(reported(run_load()).values()) == {("loaded", "")}
    assert query(ROWS_THAT_COUNT) == [(22,)]
    assert query("select distinct branch from raw.ingest_files") == [("leeds",)]


@pytest.mark.parametrize(
    ("before", "after", "remark"),
    [
        # A day with added lines, and one with a few corrected lines.
        (12, [*till_lines(12), *till_lines(12, day="27/08/2021")], ""),
        (12, [line.replace("Customer 3", "Custos 3") for line in till_lines(12)], ""),
        (12, till_lines(12)[:7], ""),
        (
            12,
            [*till_lines(12)[:5], *till_lines(12, day="27/08/2021")],
            "has only 5 of its 12 rows",
        ),
        (12, till_lines(12)[:5], "has only 5 of its 12 rows"),
        # Every price or every customer differs; the day and its minutes are the same.
        (
            12,
            [line.replace("1.80", "1.90").replace("3.95", "4.05") for line in till_lines(12)],
            "has only 0 of its 12 rows",
        ),
        (
            12,
            [line.replace("Ann", "Bo") for line in till_lines(12)],
            "has only 0 of its 12 rows",
        ),
        # In a very short file, all rows may be corrected.
        (2, till_lines(2, day="27/08/2021"), "has only 0 of its 2 rows"),
    ],
)
def test_a_version_that_shares_few_rows_is_reported(
    inbox: Inbox, run_load: Load, before: int, after: list[str], remark: str
) -> None:
    inbox.drop(MORNING, till_file(before))
    run_load()
    inbox.drop(EVENING, "\n".join(after) + "\n")
    status, reason = reported(run_load())[EVENING]
    assert status == "loaded"
    assert remark in reason
    assert bool(reason) == bool(remark)


def test_rows_are_compared_as_stored_in_raw(inbox: Inbox, run_load: Load, query: Query) -> None:
    """For any order of columns, delimiter, and characters that COPY escapes."""
    odd = ["Ann \\b Lee", "Ann \\N", "Ann\ttab", "Ann \x0b\x08\x0c", "\u00c4nn \U0001f600", ""]
    lines = [
        f'26/08/2021 09:0{n},Leeds,{name},"Tea, hot - 1.00",1,CASH,' for n, name in enumerate(odd)
    ]
    inbox.drop(MORNING, "\n".join(lines) + "\n")
    run_load()
    turned = "customer;timestamp;branch;basket;total;payment;card\n" + "".join(
        f"{name};26/08/2021 09:0{n};Leeds;Tea, hot - 1.00;1;CASH;\n" for n, name in enumerate(odd)
    )
    inbox.drop(EVENING, turned)
    assert reported(run_load())[EVENING] == ("loaded", "")


def test_a_file_overwritten_every_day_is_reported(
    inbox: Inbox, run_load: Load, query: Query
) -> None:
    """In a feed without meaningful names, yesterday's sales are not today's older version."""
    header = (
        "customer_id,store_id,product_name,sales_date,sales_person_id,price,quantity,total_cost\n"
    )
    for day in (1, 2):
        lines = "".join(f"{n},571,besan,2023-05-0{day},7,52,7,364\n" for n in range(4))
        inbox.drop("sales_desk/sales/today.csv", header + lines)
        report = run_load()
    (outcome,) = report.files
    assert outcome.status == "quarantined"
    assert "sales/today.csv but has none of its 4 rows" in str(outcome.reason)


def test_a_list_may_change_completely_and_reports_shrinking(inbox: Inbox, run_load: Load) -> None:
    header = "id,name,current_price,old_price,created_date,updated_date,expiry_date\n"
    path = "sales_desk/product.csv"

    def send(*prices: int) -> str:
        lines = "".join(f"{n},product {n},{price},,,,\n" for n, price in enumerate(prices))
        inbox.drop(path, header + lines)
        (outcome,) = run_load().files
        assert outcome.status == "loaded"
        return outcome.reason or ""

    assert send(50, 10, 20) == ""
    assert send(51, 11, 21) == ""
    shrunk = "less than half of the version that it supersedes: 1 of 3 rows"
    assert send(51) == shrunk
    assert send(51, 1, 2, 3) == ""
    assert send(51, 1) == ""


KEYED = """\
feeds:
  shop_sales:
    source: shop
    table: shop_sales
    description: Sales of a shop.
    files: "shop/*.csv"
    {key}
    columns:
      - {{name: shop}}
      - {{name: number}}
      - {{name: item}}
"""


def test_the_key_of_a_feed_is_kept_with_each_row(
    inbox: Inbox, run_load: Load, query: Query, feed_file: Callable[[str], FeedContract]
) -> None:
    ids = "select _record_id from raw.shop_sales order by _file_id, _line_number"
    header = "shop,number,item,note\n"
    inbox.drop("shop/a.csv", f"{header}Leeds,1,Tea,x\nLeeds,,Tea,\n")
    run_load(feeds=feed_file(KEYED.format(key="header: required")))
    assert query(ids) == [(None,), (None,)]

    feeds = feed_file(KEYED.format(key="key: [shop, number]"))
    inbox.drop("shop/b.csv", f"{header}Leeds,2\\,Tea,\nYork,1,Tea,x\n")
    report = run_load(feeds=feeds)
    # Rows loaded before the key was declared get it, too, and a person must refresh the models.
    assert query(ids) == [
        ("Leeds\x1f1",), ("Leeds\x1f",), ("Leeds\x1f2\\",), ("York\x1f1",),
    ]  # fmt: skip
    assert any("--full-refresh" in message for message in report.messages)
    assert run_load(feeds=feeds).messages == []

    run_load(feeds=feed_file(KEYED.format(key="key: [number]")))
    assert query(ids) == [("1",), (None,), ("2\\",), ("1",)]
    run_load(feeds=feed_file(KEYED.format(key="covers: days")))
    assert query(ids) == [(None,)] * 4
    assert query("select distinct covers from raw.ingest_files") == [("days",)]


def test_what_files_cover_is_in_the_ledger(inbox: Inbox, run_load: Load, query: Query) -> None:
    inbox.drop(MORNING, till_file(3))
    assert run_load().messages == []
    assert load_feeds().feeds["branch_pos_transactions"].covers == "day"
    assert query("select covers from raw.ingest_files") == [("day",)]
