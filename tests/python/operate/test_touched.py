"""What a night builds: the readers of its files, and everything where that is not certain.

That such nights give the same marts as a full refresh: test_growth.py.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from psycopg2.extensions import connection as Link

from base.link import open_link, rows
from operate.dbt.lineage import Lineage, lineage_of, note_lineage, read_lineage
from operate.runs import touched
from operate.runs.touched import readers_of_new_files

TABLES = {
    "raw.shop_sales": "shop.sales",
    "raw.shop_goods": "shop.goods",
    "erp.shop_sales": "erp.orders",
}


def node(kind: str, name: str, *inputs: str, stored: str = "view") -> dict[str, Any]:
    return {
        "resource_type": kind,
        "name": name,
        "fqn": ["branchline", "a", name],
        "schema": "marts",
        "alias": name,
        "config": {"materialized": stored},
        "depends_on": {"nodes": list(inputs)},
    }


def source(source_name: str, name: str, table: str) -> dict[str, str]:
    schema, _, identifier = table.rpartition(".")
    found = {"source_name": source_name, "name": name}
    return {**found, "schema": schema or "raw", "identifier": identifier}


MANIFEST: dict[str, Any] = {
    "metadata": {"invocation_id": "first"},
    "sources": {
        "s.sales": source("shop", "sales", "shop_sales"),
        "s.goods": source("shop", "goods", "shop_goods"),
        "s.orders": source("erp", "orders", "erp.shop_sales"),
        "s.files": source("ingest", "ingest_files", "ingest_files"),
    },
    "nodes": {
        "m.files": node("model", "stg_files", "s.files"),
        "m.sales": node("model", "sales", "s.sales", "m.files", stored="incremental"),
        "m.goods": node("model", "goods", "s.goods", "m.files", stored="incremental"),
        "m.all": node("model", "all_sales", "m.sales", "s.orders", stored="incremental"),
        "m.days": node("model", "days", "seed.x", stored="incremental"),
        "m.best": node("model", "best", "m.all", stored="table"),
        "m.worst": node("model", "worst", "m.best"),
        "m.shelf": node("model", "shelf", "m.goods", "m.files"),
        "m.odd": node("model", "odd", "m.worst", "m.files"),
        "t.files": node("test", "every_file_once", "m.files"),
        "t.sales": node("test", "no_sale_twice", "m.sales", "m.files"),
        "seed.x": {**node("seed", "x"), "depends_on": {"macros": []}},
    },
}


def test_the_lineage_is_what_each_node_reads_through_others() -> None:
    found = lineage_of(MANIFEST, "abc")
    assert found.sources == TABLES
    assert found.about_files == ["branchline.a.every_file_once", "branchline.a.stg_files"]
    assert found.incremental == {
        "sales": ["raw.shop_sales"],
        "goods": ["raw.shop_goods"],
        "all_sales": ["erp.shop_sales", "raw.shop_sales"],
        "days": [],
    }
    # A table that is replaced takes its views with it.
    assert found.views == {
        "branchline.a.stg_files": '"marts"."stg_files"',
        "branchline.a.shelf": '"marts"."shelf"',
    }
    assert found.other_views == ["branchline.a.odd", "branchline.a.worst"]
    assert found.read_by_views == {
        "branchline.a.stg_files": [],
        "branchline.a.shelf": ["raw.shop_goods"],
    }
    assert set(found.left_out(["raw.shop_sales"])) == {"goods", "days"}
    selected = [
        *("--indirect-selection", "empty", "--select"),
        *("source:erp.orders+", "source:shop.sales+"),
        *("fqn:branchline.a.every_file_once", "fqn:branchline.a.stg_files"),
    ]
    assert found.readers(["raw.shop_sales", "erp.shop_sales"]) == selected
    # A view that reads none of the tables is not selected in the first place.
    assert found.readers(
        ["raw.shop_sales", "erp.shop_sales"],
        ['"marts"."stg_files"', '"marts"."worst"', '"marts"."shelf"'],
    ) == [*selected, "--exclude", "fqn:branchline.a.stg_files"]
    assert found.readers(["raw.shop_goods"], ['"marts"."shelf"'])[-2:] == [
        *("--exclude", "fqn:branchline.a.shelf"),
    ]


def test_views_that_stand_are_left_out_by_folder_where_no_view_is_built() -> None:
    views = {
        name: f'"{name}"'
        for name in ("b.raw.x", "b.raw.y", "b.made.x", "b.made.far.x", "b.other.z")
    }
    read = {name: ["erp.sales"] for name in views}
    lineage = Lineage("", {"erp.sales": "erp.sales"}, [], {}, views, read, ["b.made.near.x"])

    def left_out(*built: str) -> list[str]:
        standing = {view for name, view in views.items() if name not in built}
        words = lineage.readers(["erp.sales"], standing)
        return words[words.index("--exclude") + 1 :]

    # Tests and tables of a folder are built.
    assert left_out() == [
        "fqn:b.made.far,config.materialized:view",
        "fqn:b.made.x",
        "fqn:b.other,config.materialized:view",
        "fqn:b.raw,config.materialized:view",
    ]
    assert left_out("b.raw.y", "b.made.far.x") == [
        "fqn:b.made.x",
        "fqn:b.other,config.materialized:view",
        "fqn:b.raw.x",
    ]


def test_the_lineage_is_kept_for_its_project_version_only(tmp_path: Path) -> None:
    environment = {"DBT_TARGET_PATH": "artifacts"}
    target = tmp_path / "artifacts"
    target.mkdir()
    note_lineage(tmp_path, environment, "abc")
    assert read_lineage(tmp_path, environment, "abc") is None

    def write(name: str, content: object) -> None:
        (target / f"{name}.json").write_text(json.dumps(content))

    write("manifest", MANIFEST)
    write("run_results", {"metadata": {"invocation_id": "another"}})
    note_lineage(tmp_path, environment, "abc")
    assert read_lineage(tmp_path, environment, "abc") is None
    write("run_results", {"metadata": {"invocation_id": "first"}})
    note_lineage(tmp_path, environment, "abc")
    assert read_lineage(tmp_path, environment, "abc") == lineage_of(MANIFEST, "abc")
    assert read_lineage(tmp_path, environment, "abd") is None
    write("branchline_lineage", {"fingerprint": "abc"})
    assert read_lineage(tmp_path, environment, "abc") is None


@pytest.fixture
def link(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Link]:
    """A warehouse whose last good build ended with file 3."""

    class Feed:
        def __init__(self, name: str, table: str) -> None:
            self.name, self.table = name, table

    feeds = [Feed("sales", "shop_sales"), Feed("goods", "shop_goods"), Feed("new", "not_in_dbt")]
    monkeypatch.setattr(touched, "load_feeds", lambda **_: feeds)
    with open_link(database_url) as found, found.cursor() as cursor:
        cursor.execute(
            "create schema raw; create schema operations;"
            " create table raw.ingest_files (file_id bigint, feed text, status text);"
            " insert into raw.ingest_files values (3, 'goods', 'loaded'), (4, 'sales', 'loaded'),"
            " (5, 'sales', 'duplicate');"
            " create table operations.high_water_marks (model text primary key, file_id bigint);"
            " create table operations.standing_views (view_name text primary key,"
            " fingerprint text, rule_oid oid, rule_xmin text);"
            " insert into operations.high_water_marks values"
            " ('sales', 3), ('goods', 3), ('all_sales', 3), ('days', 4)"
        )
        yield found


def marks(link: Link) -> dict[str, int]:
    return dict(rows(link, "select model, file_id from operations.high_water_marks"))


LINEAGE: Lineage = lineage_of(MANIFEST, "")


def test_a_night_builds_the_readers_of_its_files_and_carries_the_other_marks(link: Link) -> None:
    # No feed fills the table of orders: it may change without a file.
    expected = LINEAGE.readers(["raw.shop_sales", "erp.shop_sales"])
    assert readers_of_new_files(link, link, LINEAGE, 3, 5) == expected
    assert marks(link) == {"sales": 3, "all_sales": 3, "goods": 5, "days": 5}


@pytest.mark.parametrize(
    "change",
    [
        "insert into raw.ingest_files values (6, 'goods', 'erasure')",
        "insert into raw.ingest_files values (6, 'new', 'loaded')",
        "insert into raw.ingest_files values (6, 'no longer a feed', 'loaded')",
        "delete from operations.high_water_marks where model = 'goods'",
        "update operations.high_water_marks set file_id = 2 where model = 'all_sales'",
    ],
)
def test_a_night_builds_everything_where_more_may_be_touched(link: Link, change: str) -> None:
    with link.cursor() as cursor:
        cursor.execute(change)
    before = marks(link)
    assert readers_of_new_files(link, link, LINEAGE, 3, 6) == []
    assert marks(link) == before
