"""A warehouse of another version of the project: upgraded, or refused with advice."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from ingest_helpers import Inbox, till_file

from base.errors import BranchlineError
from ingest.contract.reading import load_feeds
from ingest.report import LoadReport
from ingest.review.status import read_status

Load = Callable[..., LoadReport]
Query = Callable[..., list[tuple[Any, ...]]]

NAME = "leeds_26-08-2021_09-00-00.csv"

# The tables of the first version, without later additions.
BACK_TO_THE_FIRST = """
drop table raw.ingest_versions;
drop table raw.ingest_paths;
drop table raw.ingest_erased, raw.ingest_erasures, raw.ingest_erasing, raw.ingest_erasing_lines;
drop table raw.ingest_keys;
drop table raw.ingest_comparisons;
drop table raw.ingest_gone_rows;
drop index raw.ingest_files_read_up_to;
drop index raw.ingest_files_one_row_per_content;
create unique index ingest_files_one_row_per_content
on raw.ingest_files (feed, md5(path), sha256);
alter table raw.ingest_files
drop column dismissed_at, drop column dismissed_because,
drop column cursor_after, drop column cursor_upto, drop column erased_by, drop column covers;
drop index raw.ingest_files_erasures;
alter table raw.ingest_rejects alter column _loaded_at drop default;
alter table raw.branch_pos_transactions alter column _loaded_at drop default;
"""


def test_a_warehouse_of_the_first_version_is_upgraded(
    inbox: Inbox, run_load: Load, query: Query, database_url: str
) -> None:
    inbox.drop(NAME, till_file(10))
    inbox.drop("york_26-08-2021_09-00-00.csv", "no,csv\n")
    run_load()
    before = query("select file_id, path, status, sha256 from raw.ingest_files order by 1")
    shape = (
        "select table_name, column_name, data_type, column_default"
        " from information_schema.columns where table_schema = 'raw' order by 1, 2"
    )
    columns = query(shape)
    query(BACK_TO_THE_FIRST)

    with pytest.raises(BranchlineError) as caught:
        read_status(database_url, load_feeds())
    assert "older" in caught.value.message
    assert "branchline load" in caught.value.hint

    assert run_load(dry_run=True).unchanged == 2
    inbox.drop("bath_26-08-2021_09-00-00.csv", till_file(3))
    report = run_load()
    assert (report.counts()["loaded"], report.unchanged) == (1, 2)
    assert query("select file_id, path, status, sha256 from raw.ingest_files order by 1")[:2] == (
        before
    )
    assert query(shape) == columns
    assert query("select count(*), count(_loaded_at) from raw.branch_pos_transactions") == [
        (13, 13)
    ]
    assert query("select version from raw.ingest_versions order by 1") == [
        (1,),
        (2,),
        (3,),
        (4,),
        (5,),
        (6,),
        (7,),
    ]
    assert [status.rows for status in read_status(database_url, load_feeds())] == [3, 10, 0]


# The fourth version's names of files whose names this one folds.
BACK_TO_THE_FOURTH = """
delete from raw.ingest_versions where version > 4;
drop table raw.ingest_erased, raw.ingest_erasures, raw.ingest_erasing, raw.ingest_erasing_lines;
alter table raw.ingest_files drop column covers;
drop table raw.ingest_keys;
drop table raw.ingest_comparisons;
drop table raw.ingest_gone_rows;
drop index raw.ingest_files_read_up_to;
update raw.ingest_files
set logical_file = %s, branch = 'stratford-upon-avon'
where path like '%%stratford-upon-avon%%'
"""


def test_files_of_an_older_version_are_renamed(inbox: Inbox, run_load: Load, query: Query) -> None:
    """Before, a hyphen made it another branch, and so another file."""
    counting = (
        "select path, row_count from raw.ingest_files"
        " where status = 'loaded' and row_count > 0 order by 1"
    )
    name = "stratford-upon-avon_{}-08-2021_09-00-00.csv"
    # One that is corrected after the upgrade, and one that was counted twice before it.
    inbox.drop(name.format(26), till_file(3))
    run_load()
    query(BACK_TO_THE_FOURTH, ["stratford-upon-avon/2021-08-26"])
    corrected = "stratford_upon_avon_26-08-2021_09-30-00.csv"
    inbox.drop(corrected, till_file(4))
    report = run_load()
    assert (report.messages, report.counts()["superseded"]) == ([], 1)
    assert query(counting) == [(f"branch_pos/{corrected}", 4)]
    assert query("select distinct branch, logical_file from raw.ingest_files") == [
        ("stratford_upon_avon", "stratford_upon_avon/2021-08-26")
    ]


def test_files_counted_twice_under_two_names_are_deduplicated(
    inbox: Inbox, run_load: Load, query: Query
) -> None:
    old = "stratford-upon-avon_26-08-2021_09-00-00.csv"
    new = "stratford_upon_avon_26-08-2021_09-30-00.csv"
    inbox.drop(old, till_file(3))
    run_load()
    query("update raw.ingest_files set logical_file = 'stratford-upon-avon/2021-08-26'")
    inbox.drop(new, till_file(4))
    run_load()
    query(BACK_TO_THE_FOURTH, ["stratford-upon-avon/2021-08-26"])
    before = query("select max(file_id) from raw.ingest_files")
    rows = (
        "select files.path, files.row_count, files.status, newer.reason, newer.file_id"
        " from raw.ingest_files as files"
        " left join raw.ingest_files as newer on files.superseded_by = newer.file_id"
        " where files.row_count > 0 order by 1"
    )
    assert [row[2] for row in query(rows)] == ["loaded", "loaded"]

    report = run_load()
    assert report.messages == [
        f"branch_pos/{old} and branch_pos/{new} were taken for two files; they are versions of"
        f" one, and branch_pos/{new} is current."
    ]
    (first, second) = query(rows)
    assert first[:4] == (
        *(f"branch_pos/{old}", 3, "superseded"),
        f"withdrawn: an older version of branch_pos/{new}, which is current",
    )
    # With its own number, so that the models pick it up.
    assert first[4] > before[0][0]
    assert second[:3] == (f"branch_pos/{new}", 4, "loaded")
    assert run_load().messages == []

    inbox.drop("Stratford-Upon-Avon_26-08-2021_10-00-00.csv", till_file(5))
    assert run_load().counts()["superseded"] == 1
    assert [row[2] for row in query(rows)] == ["loaded", "superseded", "superseded"]


def test_a_warehouse_of_a_newer_version_is_not_changed(
    inbox: Inbox, run_load: Load, query: Query, database_url: str
) -> None:
    inbox.drop(NAME, till_file(10))
    run_load()
    query("insert into raw.ingest_versions (version) values (99)")
    inbox.drop("york_26-08-2021_09-00-00.csv", till_file(3))
    for work in (run_load, lambda: read_status(database_url, load_feeds())):
        with pytest.raises(BranchlineError) as caught:
            work()
        assert "version 99" in caught.value.message
        assert "make setup" in caught.value.hint
    assert query("select count(*) from raw.ingest_files") == [(1,)]
