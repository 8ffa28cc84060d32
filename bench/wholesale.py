"""Benchmark 8: receipts of many lines, whose pairs must grow with the lines and not faster."""

from __future__ import annotations

import shutil
import time
from typing import Any

import yaml

from base.settings import PROJECT
from bench.children import Workplace
from bench.figures import Row, Section
from bench.histories import must_succeed
from bench.loading import SETTLING_SECONDS
from bench.nights import short_name
from bench.server import Server, open_link, rows, value
from bench.sizes import Sizes
from bench.truth import Truth
from bench.workload import check_raw, wholesale_file, write

# The corrected day has one receipt of the maximum length of a till's cell.
LONGEST_RECEIPT = 6_000
PAIRS = "marts.fct_product_pairs"


def long_receipts(server: Server, place: Workplace, sizes: Sizes) -> Section:
    """Load and build a wholesaler's year, then one corrected day of it."""
    inbox = place.folder / "wholesale"
    days, receipts = sizes.wholesale_days, sizes.wholesale_receipts_per_day
    written = place.run("write_wholesale", inbox=str(inbox), days=days, receipts=receipts).result
    truth = Truth(**written["truth"])
    section = Section(
        8, f"Receipts of many lines: {truth.rows:,} receipts with {truth.items:,} lines"
    )
    time.sleep(SETTLING_SECONDS)
    with server.database("wholesale") as url:
        server.checkpoint()
        first = place.run("nightly_run", url, "wholesale", inbox=str(inbox)).result
        must_succeed(first, "the first build of the wholesaler")
        check_raw(section, url, truth)
        _check_marts(section, url, truth, "first build")
        section.rows += _rows("first build", first, url, truth)

        corrected = wholesale_file(days // 2, receipts, also=[LONGEST_RECEIPT])
        write(inbox, corrected)
        truth += corrected.truth
        truth -= wholesale_file(days // 2, receipts).truth
        time.sleep(SETTLING_SECONDS)
        server.checkpoint()
        night = place.run("nightly_run", url, "wholesale", inbox=str(inbox)).result
        must_succeed(night, "the wholesaler's corrected day")
        section.check("files superseded", 1, night["superseded"])
        _check_marts(section, url, truth, "corrected day")
        section.rows += _rows("corrected day", night, url, truth)
    shutil.rmtree(inbox)
    section.notes.append(
        f"On the corrected day there is one receipt of {LONGEST_RECEIPT:,} lines more."
    )
    return section


def _check_marts(section: Section, url: str, truth: Truth, when: str) -> None:
    most_lines = _most_lines()
    with open_link(url) as link:
        items = rows(link, "select count(*), sum(net_amount) from marts.fct_sales")[0]
        pairs = value(link, f"select coalesce(sum(transactions), 0) from {PAIRS}")
        long = value(
            link,
            "select count(*) from marts.fct_sales"
            f" where line_number = 1 and receipt_lines > {most_lines}",
        )
        counted = value(
            link, "select sum(long_transactions) from intermediate.int_product_days__sold"
        )
    section.check(f"{when}: lines", truth.items, items[0])
    section.check(f"{when}: money of lines", truth.money, items[1])
    section.check(f"{when}: there are long receipts", True, long > 0)
    section.check(f"{when}: long receipts that are counted", long, counted)
    # A paired receipt of n lines has at most n * (n - 1) / 2 pairs.
    section.check(f"{when}: pairs grow with lines", True, 2 * pairs <= truth.items * most_lines)
    section.check(f"{when}: there are pairs", True, pairs > 0)


def _rows(case: str, run: dict[str, Any], url: str, truth: Truth) -> list[Row]:
    with open_link(url) as link:
        pair_rows = value(link, f"select count(*) from {PAIRS}")
        size = value(link, f"select pg_total_relation_size('{PAIRS}')")
    [seconds] = [
        node["seconds"] for node in run["nodes"] if short_name(node["id"]) == "fct_product_pairs"
    ]
    return [
        Row(
            f"{case}: load, build all, test all",
            seconds=run["seconds"],
            rows=truth.items,
            rows_per_second=truth.items / run["seconds"],
        ),
        Row(
            f"{case}: `fct_product_pairs`",
            seconds=seconds,
            rows=pair_rows,
            disk_bytes=size,
            note=f"{pair_rows / truth.items:.2f} rows per line",
        ),
    ]


def _most_lines() -> int:
    project = yaml.safe_load((PROJECT / "dbt_project.yml").read_text(encoding="utf-8"))
    return int(project["vars"]["basket_pair_max_lines"])
