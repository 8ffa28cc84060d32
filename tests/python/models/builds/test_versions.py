"""A warehouse built by another version of the models is upgraded automatically."""

from __future__ import annotations

from pathlib import Path

from nightly import PROJECT, Project
from project_copy import another_version

DAY = "{day}/01/2024 09:0{n},Leeds,Ann Lee,Latte - 2.00,2.00,CASH,\n"

OLDER = {
    # Another column and no constraint on it,
    "models/marts/sales/fct_sales.sql": (
        "        source_system,\n",
        "        source_system,\n        'x' as former_column,\n",
    ),
    "models/marts/sales/fct_sales.yml": (
        "      - name: source_system\n",
        "      - name: former_column\n        data_type: text\n        description: Gone.\n"
        "      - name: source_system\n",
    ),
    # a constraint less,
    "models/marts/sales/fct_transactions.yml": (
        "          - type: check\n"
        "            expression: \"payment_method in ('CASH', 'CARD', 'OTHER')\"\n",
        "",
    ),
    # another rule in a view that models compute with, and one in a macro.
    "models/intermediate/conformed/branch_pos/int_branch_pos__sale_lines.sql": (
        "'product_name': 'item_name'",
        "'product_name': 'upper(item_name)'",
    ),
    "macros/sql/parsing/normalize_name.sql": ("lower(trim(", "upper(trim("),
}


# Tables that are rebuilt every night: marts without another materialization, and what says so.
SMALL = {
    path.stem
    for folder in ("marts", "intermediate")
    for path in (PROJECT / "models" / folder).rglob("*.sql")
    if "materialized='table'" in path.read_text()
    or (folder == "marts" and "materialized=" not in path.read_text())
}


def run_version(project: Project, version: Path, *words: str) -> None:
    """`dbt run` of another copy, without this one's artifacts."""
    target = str(version / "target")
    project.dbt("run", "--project-dir", str(version), "--target-path", target, *words)


def deliver(project: Project, day: int) -> None:
    lines = "".join(DAY.format(day=day, n=n) for n in range(3))
    project.deliver(f"branch_pos/leeds_{day}-01-2024_09-00-00.csv", lines)
    project.load()


def tables(project: Project) -> dict[str, int]:
    """The oid of each model's table, which changes when it is rebuilt."""
    found = project.rows(
        "select relname, cast(pg_class.oid as bigint) from pg_class"
        " inner join pg_namespace on relnamespace = pg_namespace.oid"
        " where relkind = 'r' and nspname in ('intermediate', 'marts')"
    )
    return dict(found)


def rebuilt(before: dict[str, int], now: dict[str, int]) -> set[str]:
    return {name for name in now if now[name] != before[name] and name not in SMALL}


def test_only_changed_models_are_fully_refreshed(project: Project) -> None:
    older = another_version(project.folder / "older", OLDER)
    deliver(project, 10)
    project.seed()
    run_version(project, older)
    names = "select distinct product_name from marts.fct_sales where former_column = 'x'"
    assert project.rows(names) == [("LATTE",)]

    built = tables(project)
    deliver(project, 11)
    project.dbt("run")
    # All of them except these use normalize_name.
    nameless = {
        "int_customers__listed",
        "int_electroniz__customer_lines",
        "int_electroniz__ip_range_lines",
        "int_electroniz__log_lines",
        "int_exchange_rates__ranges",
        "int_ip_networks__located",
        "int_multinational__order_times",
        "int_multinational__product_prices",
        "int_product_costs__ranges",
        "int_retail360__documents",
        "int_retail360__payment_lines",
        "int_retail360__stock_lines",
        "int_rfm_scores__segmented",
        "int_sales_desk__sales_checked",
        "int_web_days__counted",
        "int_web_sessions__built",
    }
    assert rebuilt(built, tables(project)) == built.keys() - SMALL - nameless
    former = "select 1 from information_schema.columns where column_name = 'former_column'"
    assert project.rows(former) == []
    missing = (
        "select 1 from pg_constraint where conname ~ '^fct_transactions.*_payment_method_check$'"
    )
    assert project.rows(missing) == [(1,)]

    built = tables(project)
    deliver(project, 12)
    # A rule of one model is changed, and a comment in another.
    newer = another_version(
        project.folder / "newer",
        {
            "models/marts/sales/rpt_daily_sales.sql": (
                "(days.items_sold as",
                "(0 + days.items_sold as",
            ),
            "models/marts/sales/fct_sales.sql": (
                "with sale_lines",
                "-- Why.\nwith  sale_lines",
            ),
        },
    )
    run_version(project, newer)
    # And models that continue from its earlier rows. Nothing else, although there is a new file.
    assert rebuilt(built, tables(project)) == {"rpt_daily_sales", "rpt_sales_trends"}

    project.keep_marts("by_itself")
    run_version(project, newer, "--full-refresh")
    assert project.differences("by_itself") == {}


def test_a_warehouse_without_fingerprints_is_fully_refreshed(project: Project) -> None:
    models = ("--select", "+fct_sales")
    deliver(project, 10)
    project.seed()
    project.dbt("run", *models)
    project.rows("alter table operations.high_water_marks drop column code_fingerprint")
    project.rows("alter table operations.dbt_runs drop column command")
    project.rows("drop table operations.test_marks, operations.audits")
    built = tables(project)
    deliver(project, 11)
    project.dbt("run", *models)
    assert "fct_sales" in rebuilt(built, tables(project))
    assert project.rows("select count(*) from marts.fct_sales") == [(6,)]
