"""An unlisted source is switched off: not read, no raw tables, not in the status."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ingest_helpers import Inbox

from base.errors import BranchlineError
from ingest.contract.feeds import FeedContract
from ingest.contract.reading import load_feeds
from ingest.report import LoadReport
from ingest.review.status import read_status

Load = Callable[..., LoadReport]
Query = Callable[..., list[tuple[Any, ...]]]

FEED = """\
feeds:
  {source}_sales:
    source: {source}
    table: {source}_sales
    description: Sales.
    files: "{source}/*.csv"
    header: required
    columns: [{{name: item}}, {{name: price}}]
"""
SALES = "item,price\nTea,1.20\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "feeds"
    made.mkdir()
    for source in ("shop", "desk"):
        (made / f"{source}.yml").write_text(FEED.format(source=source))
    return made


def raw_tables(query: Query) -> set[str]:
    return {
        name
        for (name,) in query(
            "select table_name from information_schema.tables where table_schema = 'raw'"
        )
        if name.endswith("_sales")
    }


def test_only_listed_sources_are_read(
    folder: Path, inbox: Inbox, run_load: Load, query: Query
) -> None:
    inbox.drop("shop/a.csv", SALES)
    inbox.drop("desk/4929123412341234.csv", SALES)
    inbox.drop("other/c.csv", SALES)
    report = run_load(feeds=load_feeds(folder, ["shop"]))
    assert [outcome.path for outcome in report.files] == ["shop/a.csv"]
    assert report.switched_off == {"desk": ["desk/****1234.csv"]}
    assert report.unclaimed == ["other/c.csv"]
    assert raw_tables(query) == {"shop_sales"}

    # Listed again, its files are read as new ones.
    report = run_load(feeds=load_feeds(folder, ["shop", "desk"]))
    assert [outcome.feed for outcome in report.files] == ["desk_sales"]
    assert (report.switched_off, report.unchanged) == ({}, 1)
    assert raw_tables(query) == {"shop_sales", "desk_sales"}


def test_the_status_omits_an_unlisted_source(
    folder: Path, inbox: Inbox, run_load: Load, database_url: str
) -> None:
    def feeds_in_status(contract: FeedContract) -> list[str]:
        return [status.feed for status in read_status(database_url, contract)]

    for source in ("shop", "desk"):
        inbox.drop(f"{source}/a.csv", SALES)
    run_load(feeds=load_feeds(folder))
    assert feeds_in_status(load_feeds(folder)) == ["desk_sales", "shop_sales"]
    assert feeds_in_status(load_feeds(folder, ["shop"])) == ["shop_sales"]
    assert feeds_in_status(load_feeds(folder, [])) == []
    # A feed without a feed file is undeclared, which is different.
    (folder / "desk.yml").unlink()
    assert feeds_in_status(load_feeds(folder, ["shop"])) == ["shop_sales", "desk_sales"]


def test_no_source_at_all(folder: Path, inbox: Inbox, run_load: Load, query: Query) -> None:
    inbox.drop("shop/a.csv", SALES)
    report = run_load(feeds=load_feeds(folder, []))
    assert (report.files, report.switched_off) == ([], {"shop": ["shop/a.csv"]})
    assert raw_tables(query) == set()


def test_a_feed_of_an_unlisted_source_cannot_be_chosen(folder: Path) -> None:
    with pytest.raises(BranchlineError, match="Feed 'desk_sales' is switched off: source desk is"):
        load_feeds(folder, ["shop"]).chosen(["desk_sales"])


def test_a_listed_source_needs_a_feed(folder: Path) -> None:
    with pytest.raises(BranchlineError) as caught:
        load_feeds(folder, ["shop", "tills"])
    assert "Source tills is listed in source_systems (dbt_project.yml) and has no feed" in str(
        caught.value
    )
    assert "ingest/feeds/tills.yml" in caught.value.hint


@pytest.mark.parametrize("settled", [True, False], ids=["by fingerprint", "by content"])
def test_known_files_in_quarantine_are_counted(
    folder: Path,
    inbox: Inbox,
    run_load: Load,
    query: Query,
    monkeypatch: pytest.MonkeyPatch,
    settled: bool,
) -> None:
    if settled:
        monkeypatch.setattr("ingest.origins.origin.SETTLED_AFTER", 0)
    feeds = load_feeds(folder)
    inbox.drop("shop/a.csv", SALES)
    for name in ("b", "c"):
        inbox.drop(f"shop/{name}.csv", f"{name}\n1\n")
    assert run_load(feeds=feeds).counts()["quarantined"] == 2
    report = run_load(feeds=feeds)
    assert (report.unchanged, report.still_quarantined) == (3, 2)
    # Dismissed, it is not counted.
    query(
        "update raw.ingest_files set dismissed_at = current_timestamp, dismissed_because = 'x'"
        " where path = 'shop/c.csv'"
    )
    report = run_load(feeds=feeds)
    assert (report.unchanged, report.still_quarantined) == (3, 1)
