"""Benchmark 5: the full build of the long history, compared with DuckDB and CREATE TABLE AS."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from psycopg2.extensions import connection as Link

from bench.children import Workplace
from bench.duckdb_peer import Reported, check_tables, check_the_same, reported
from bench.figures import Aim, Row, Section
from bench.histories import History, disk_by_schema, must_succeed, settle
from bench.nights import short_name
from bench.server import Server, open_link, rows, value
from bench.sizes import Sizes

BUILT = ("table", "incremental")
SCRATCH = "bench_scratch"
WORTH_TELLING = 10_000_000
REPETITIONS = 3
LONG_ENOUGH = 10.0


@dataclass(frozen=True)
class Model:
    """A built model: its select, its relation, and what it reads."""

    name: str
    relation: str
    select: str
    seconds: float
    parents: tuple[str, ...]


@dataclass(frozen=True)
class Compared:
    """One model's time compared with CREATE TABLE AS, in seconds."""

    model: Model
    rows: int
    copied_rows: int
    copy_seconds: float
    """CREATE TABLE AS SELECT * of `copied_rows` rows from the largest parent."""
    select_seconds: float
    """CREATE TABLE AS with the model's own select: its logic without dbt's share."""
    write_seconds: float
    """CREATE TABLE AS SELECT * of the finished model: only the writing."""

    @property
    def ratio(self) -> float:
        """The model's time per row against that of the plain copy from its parent.

        A model that aggregates many rows into few is measured by the rows that it reads.
        """
        handled = max(self.rows, self.copied_rows)
        return (self.model.seconds / handled) / (self.copy_seconds / self.copied_rows)


def first_build(history: History, section: Section) -> None:
    """The figures from building the history."""
    section.title = (
        f"Full build from raw: {history.truth.rows:,} receipts, {history.truth.items:,} items,"
        f" {history.days} days"
    )
    truth, load, build = history.truth, history.load, history.build
    section.rows += [
        Row(
            f"load {truth.files:,} files into the empty warehouse",
            seconds=load.result["seconds"],
            process_seconds=load.seconds,
            rows=truth.rows,
            rows_per_second=truth.rows / load.result["seconds"],
            bytes_per_second=truth.bytes / load.result["seconds"],
            peak_bytes=load.peak_bytes,
        ),
        Row(
            "`branchline run`: build all, test all",
            seconds=build.result["seconds"],
            process_seconds=build.seconds,
            rows=truth.rows,
            rows_per_second=truth.rows / build.result["seconds"],
            note=f"{build.result['models']} models, {build.result['tests']} tests",
        ),
    ]
    section.aims = [
        Aim("`branchline run`: build all, test all", build.result["seconds"], 250, None, "s")
    ]
    sizes = disk_by_schema(history.url)
    for schema, size in sizes.items():
        per_million = round(size * 1_000_000 / truth.rows)
        what = "whole database" if schema == "all" else f"schema {schema}"
        if per_million >= WORTH_TELLING:
            section.rows.append(Row(f"disk per million receipts: {what}", disk_bytes=per_million))


def duckdb_build(server: Server, place: Workplace, history: History, section: Section) -> None:
    """Build five tables from the same files with DuckDB; compare them with what was written."""
    # Otherwise autovacuum would still be busy.
    settle(server, history)
    database, truth = place.folder / "peer.duckdb", history.truth
    peer = place.run("duckdb_script", inbox=str(history.inbox), database=str(database))
    check_tables(section, database, truth)
    check_the_same(section, _reported_by_marts(history.url), reported(database))
    size = database.stat().st_size
    database.unlink()
    ours = history.load.seconds + history.build.seconds
    section.rows += [
        Row(
            "DuckDB script: five tables of the same files",
            seconds=peer.result["seconds"],
            process_seconds=peer.seconds,
            rows=truth.rows,
            rows_per_second=truth.rows / peer.result["seconds"],
            bytes_per_second=truth.bytes / peer.result["seconds"],
            peak_bytes=peer.peak_bytes,
            note="no ledger, tokens, checks, history",
        ),
        Row(
            "disk per million receipts: DuckDB's file",
            disk_bytes=round(size * 1_000_000 / truth.rows),
        ),
        Row(
            "load and build, beside the DuckDB script",
            process_seconds=ours,
            rows=truth.rows,
            ratio=ours / peer.seconds,
            note="both from start to end",
        ),
    ]
    section.notes += [
        "The DuckDB script gives what was written, and branch by branch and day by day what the"
        " marts say: in these files no line is malformed and none is corrected. At a malformed"
        " line, which this loader rejects, the script stops; a corrected file, which this loader"
        " lets supersede the first, it counts beside it."
    ]


def _reported_by_marts(url: str) -> Reported:
    with open_link(url) as link:
        days = rows(
            link,
            "select branch_name, business_date, transactions, items_sold, net_sales, new_customers"
            " from marts.rpt_daily_sales",
        )
        products = rows(link, "select product_name from marts.dim_products")
        customers = value(
            link,
            "select count(*) from intermediate.int_customers__first_purchases where is_current",
        )
    return Reported(frozenset(days), frozenset(name for (name,) in products), int(customers))


def full_build(
    server: Server, place: Workplace, sizes: Sizes, history: History, section: Section
) -> None:
    """Build every model again, alone, and copy the same rows by CREATE TABLE AS."""
    alone = place.run("dbt_run_alone", history.url, history.name).result
    must_succeed(alone, "dbt run --full-refresh")
    history.check_marts(section, "built model by model")
    section.rows.append(
        Row(
            "`dbt run --full-refresh --threads 1`",
            seconds=alone["seconds"],
            rows=history.truth.rows,
            rows_per_second=history.truth.rows / alone["seconds"],
            note="no tests; the models below",
        )
    )
    models = built_models(place.folder / history.name / "target", alone)
    compared = compare(server, history.url, models, sizes.big_model_rows)
    section.check("models are compared", True, bool(compared))
    for one in compared:
        section.rows.append(
            Row(
                one.model.name,
                seconds=one.model.seconds,
                rows=one.rows,
                rows_per_second=one.rows / one.model.seconds,
                ratio=one.ratio,
                note=f"{one.copied_rows:,} rows of parent copied in {one.copy_seconds:.2f} s;"
                f" own select {one.model.seconds / one.select_seconds:.2f}x,"
                f" same rows rewritten {one.model.seconds / one.write_seconds:.2f}x",
            )
        )
    if compared:
        worst = max(compared, key=lambda one: one.ratio)
        section.aims.append(
            Aim(
                f"slowest model ({worst.model.name}), times CREATE TABLE AS of its parent's rows",
                worst.ratio,
                3.0,
                None,
                "x",
            )
        )


def built_models(target: Path, run: Mapping[str, Any]) -> list[Model]:
    """The models of dbt's last run that are tables, in build order."""
    manifest = json.loads((target / "manifest.json").read_text())
    results = json.loads((target / "run_results.json").read_text())["results"]
    selects = {result["unique_id"]: result["compiled_code"] for result in results}
    sources = {**manifest["nodes"], **manifest["sources"]}
    models = []
    for node in run["nodes"]:
        described = manifest["nodes"].get(node["id"])
        if described is None or described["config"]["materialized"] not in BUILT:
            continue
        parents = [sources[parent]["relation_name"] for parent in described["depends_on"]["nodes"]]
        models.append(
            Model(
                short_name(node["id"]),
                described["relation_name"],
                selects[node["id"]],
                node["seconds"],
                tuple(parent for parent in parents if parent),
            )
        )
    return models


def compare(server: Server, url: str, models: list[Model], least_rows: int) -> list[Compared]:
    """Time CREATE TABLE AS for every model that has, or reads, at least so many rows."""
    compared = []
    counted: dict[str, int] = {}

    def count(link: Link, relation: str) -> int:
        if relation not in counted:
            counted[relation] = int(value(link, f"select count(*) from {relation}"))
        return counted[relation]

    with open_link(url) as link:
        with link.cursor() as cursor:
            cursor.execute(f"create schema {SCRATCH}")
        for model in models:
            if not model.parents:
                continue
            rows = count(link, model.relation)
            parent = max(model.parents, key=lambda relation: count(link, relation))
            read = count(link, parent)
            if max(rows, read) < least_rows or not rows:
                continue
            # As many rows as the model has; all rows that it reads if it aggregates them.
            copied = read if rows * 2 < read else min(rows, read)
            compared.append(
                Compared(
                    model,
                    rows,
                    copied,
                    _seconds(server, link, f"select * from {parent} limit {copied}"),
                    _seconds(server, link, model.select),
                    _seconds(server, link, f"select * from {model.relation}"),
                )
            )
        with link.cursor() as cursor:
            cursor.execute(f"drop schema {SCRATCH} cascade")
    return compared


def _seconds(server: Server, link: Link, select: str) -> float:
    """The seconds of CREATE TABLE AS on an idle server: the best of some runs."""
    taken: list[float] = []
    while len(taken) < REPETITIONS and sum(taken) < LONG_ENOUGH:
        server.checkpoint()
        with link.cursor() as cursor:
            started = time.perf_counter()
            cursor.execute(f"create table {SCRATCH}.copied as {select}")
            taken.append(time.perf_counter() - started)
            cursor.execute(f"drop table {SCRATCH}.copied")
    return min(taken)
