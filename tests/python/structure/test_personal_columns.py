"""The feeds and dbt agree on which raw columns hold personal data."""

from __future__ import annotations

from pathlib import Path

import yaml

from ingest.contract.feeds import Feed
from ingest.contract.reading import load_feeds

PROJECT = Path(__file__).resolve().parents[3]


def declared(feed: Feed) -> set[str]:
    """The raw columns that the feed says are personal, and those of cards."""
    return {
        name
        for column in feed.columns
        if column.personal or column.is_replaced
        for name in column.raw_columns()
    }


def tagged() -> dict[str, set[str]]:
    """The columns with `contains_pii` of each raw table that dbt reads."""
    found: dict[str, set[str]] = {}
    for file in (PROJECT / "models" / "staging").glob("*/_*sources.yml"):
        for source in yaml.safe_load(file.read_text(encoding="utf-8"))["sources"]:
            for table in source["tables"]:
                found[table["name"]] = {
                    column["name"]
                    for column in table.get("columns", ())
                    if column.get("config", {}).get("meta", {}).get("contains_pii")
                }
    return found


def test_feeds_and_dbt_mark_the_same_columns() -> None:
    marked = tagged()
    feeds = list(load_feeds())
    assert any(declared(feed) for feed in feeds)
    differing = {
        feed.table: declared(feed) ^ marked[feed.table]
        for feed in feeds
        if declared(feed) != marked[feed.table]
    }
    assert differing == {}


def test_every_source_with_customers_says_how_rows_name_them() -> None:
    listed = yaml.safe_load((PROJECT / "dbt_project.yml").read_text(encoding="utf-8"))["vars"]
    without = {
        source
        for source, entities in listed["source_systems"].items()
        if "customers" in entities
        and not any(feed.customer for feed in load_feeds() if feed.source == source)
    }
    assert without == set()


def test_no_description_says_what_the_contract_declares() -> None:
    said = [
        f"{feed.name}.{column.name}"
        for feed in load_feeds()
        for column in feed.columns
        if "personal data" in column.description.lower()
    ]
    assert said == []
