"""Successive nights give the same marts as one full rebuild."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

import pytest
from nightly import PROJECT, Project, new_project

from base.link import Connection, open_link
from operate.dbt.lineage import lineage_of
from operate.runs.inboxes import ledger_mark
from operate.runs.touched import readers_of_new_files
from sample.branch_pos import mess
from sample.company import write_company, write_deliveries
from sample.sales_desk import desk
from sample.truth import Summary

# Small, but with every kind of mess: a duplicate, corrected, late or cut day, a non-CSV file, ...
COMPANY = {"branches": 3, "days": 24, "seed": 7}
# A night on which the warehouse is built; between two of them several days arrive.
BUILD_EVERY = 9
# A night on which the files of the sales desk come after those of the tills have been built.
SPLIT = 9
# Only a warehouse that loaded earlier files has their history.
OF_HISTORY = {
    "dim_customer_versions",
    "dim_employee_managers",
    "dim_product_costs",
    "dim_product_prices",
    "fct_sale_margins",
    "fct_stock_levels",
    "rpt_data_lag",
    "rpt_inventory_trend",
    "rpt_inventory_turnover",
    "rpt_price_changes",
    "rpt_product_margins",
    "rpt_stock_count_gaps",
    "rpt_stockouts",
}


@pytest.fixture(scope="module")
def grown(
    postgres_server: Connection, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Project, Summary, int]]:
    """A warehouse that loaded the company's files night by night, and the truth about them."""
    folder = tmp_path_factory.mktemp("grown")
    truth = write_company(folder / "truth", **COMPANY)
    with new_project(postgres_server, folder) as project:
        loaded: dict[str, bytes] = {}
        overwritten = 0

        def load() -> None:
            """Load, and count the versions that another has overwritten since they were loaded."""
            nonlocal overwritten
            for path in filter(Path.is_file, project.inbox.rglob("*")):
                before, now = loaded.get(str(path)), path.read_bytes()
                overwritten += before is not None and before != now
                loaded[str(path)] = now
            project.load()

        def build(*words: str) -> None:
            """Build what the files since the last build touch, as `branchline run` does."""
            with open_link(project.url) as link:
                mark = ledger_mark(link)
                selected = readers_of_new_files(link, link, lineage, marks[-1], mark)
            assert selected
            marks.append(mark)
            project.dbt(*words, *selected)

        arrived = groupby(write_deliveries(**COMPANY), key=lambda delivery: delivery[0])
        waiting = []
        for night, (_, files) in enumerate(arrived):
            for _, path, content in files:
                if night <= SPLIT and path.startswith("sales_desk/") and night:
                    waiting.append((path, content))
                else:
                    project.deliver(path, content)
            if night == 0:
                load()
                project.dbt("build", "--exclude", "test_type:unit")
                project.dbt("parse")
                manifest = (folder / "target" / "manifest.json").read_text()
                lineage = lineage_of(json.loads(manifest), "")
                with open_link(project.url) as link:
                    marks = [ledger_mark(link)]
            elif night % BUILD_EVERY == 0:
                load()
                build("run")
            if night == SPLIT:
                for path, content in waiting:
                    project.deliver(path, content)
                load()
                build("run")
        load()
        build("build", "--exclude-resource-type", "unit_test")
        yield project, truth, overwritten


def test_no_view_changes_with_what_arrives(grown: tuple[Project, Summary, int]) -> None:
    # So a night need not build them (operate/dbt/lineage.py).
    project, _, _ = grown
    definitions = (
        "select ev_class::regclass::text, pg_rewrite.xmin::text from pg_rewrite"
        " inner join operations.standing_views on rule_oid = pg_rewrite.oid order by 1"
    )
    before = project.rows(definitions)
    project.dbt("run", "--select", "config.materialized:view")
    assert len(before) > 50
    assert project.rows(definitions) == before


def test_statistics_follow_the_growth_of_a_table(grown: tuple[Project, Summary, int]) -> None:
    project, _, _ = grown
    sizes = project.rows(
        "select relname, pg_relation_size(pg_class.oid)"
        " / cast(current_setting('block_size') as bigint), relpages"
        " from operations.high_water_marks inner join pg_class on relname = model"
    )
    grown_tables = {name for name, pages, _ in sizes if pages > 16}
    assert grown_tables
    assert grown_tables.isdisjoint(
        name for name, pages, known_pages in sizes if pages > 2 * max(known_pages, 8)
    )


def test_every_kind_of_mess_occurs(grown: tuple[Project, Summary, int]) -> None:
    project, truth, overwritten = grown
    kinds = {mishap.kind for mishap in truth.mess}
    assert {mess.LATE, mess.CORRECTED, mess.TWICE, *desk.MESS} <= kinds
    assert overwritten > 0
    statuses = dict(project.rows("select status, count(*) from raw.ingest_files group by status"))
    assert statuses == {
        "loaded": truth.expected.outcomes["current"],
        "superseded": overwritten
        + sum(file.outcome == "superseded" and file.overwritten_on is None for file in truth.files),
        "duplicate": truth.expected.outcomes["repeat"],
        "quarantined": truth.expected.outcomes["refused"],
    }


def test_the_marts_match_the_truth_to_the_penny(grown: tuple[Project, Summary, int]) -> None:
    project, truth, _ = grown
    found = {
        (branch, day): (transactions, items, net)
        for branch, day, transactions, items, net in project.rows(
            "select branch_name, business_date, transactions, items_sold, net_sales"
            " from marts.rpt_daily_sales"
        )
    }
    expected = {
        key: (figures.transactions, figures.items_sold, figures.net_amount)
        for key, figures in truth.expected.by_branch_day.items()
    }
    assert found == expected
    rejected = dict(
        project.rows("select refused_at_step, count(*) from marts.rejected_rows group by 1")
    )
    assert rejected == {
        "split": truth.expected.rejected_lines,
        "check": truth.expected.rejected_rows,
    }


def test_a_run_without_new_files_changes_no_row(grown: tuple[Project, Summary, int]) -> None:
    project, _, _ = grown
    project.keep_marts("before_idle_run")
    assert not project.load().changed
    project.dbt("run")
    assert project.differences("before_idle_run") == {}


def test_a_full_refresh_gives_the_same_rows_in_every_mart(
    grown: tuple[Project, Summary, int],
) -> None:
    project, _, _ = grown
    assert project.marts() == sorted(
        path.stem for path in (PROJECT / "models/marts").rglob("*.sql")
    )
    project.keep_marts("before_full_refresh")
    project.dbt("run", "--full-refresh")
    assert project.differences("before_full_refresh") == {}


def test_loading_everything_at_once_gives_the_same_marts(
    grown: tuple[Project, Summary, int], postgres_server: Connection, tmp_path: Path
) -> None:
    project, _, _ = grown
    with new_project(postgres_server, tmp_path) as fresh:
        for path in sorted(project.inbox.rglob("*")):
            if path.is_file():
                name = path.relative_to(project.inbox)
                fresh.deliver(name.as_posix(), path.read_bytes())
                # What has no date is dated by its file.
                shutil.copystat(path, fresh.inbox / name)
        fresh.load()
        fresh.seed()
        fresh.dbt("run")
        for name in set(project.marts()) - OF_HISTORY:
            # Which of two equal files came first, and so which path is named, may differ.
            assert fresh.contents(name) == project.contents(name), name
