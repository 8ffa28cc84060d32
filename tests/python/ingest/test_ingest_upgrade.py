"""A warehouse of another version of the project: brought up to date, or refused with advice."""

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

# What the first version had and had not, apart from what later ones added.
BACK_TO_THE_FIRST = """
drop table raw.ingest_versions;
drop table raw.ingest_paths;
drop table raw.ingest_keys;
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


def test_a_warehouse_of_the_first_version_is_brought_up_to_date(
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
    ]
    assert [status.rows for status in read_status(database_url, load_feeds())] == [3, 10, 0]


def test_a_warehouse_of_a_newer_version_is_left_alone(
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
