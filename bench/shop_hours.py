"""Benchmark 11: stores and a web shop whose data comes every quarter of an hour."""

from __future__ import annotations

import shutil
import time
from collections.abc import Mapping
from contextlib import ExitStack
from decimal import Decimal
from pathlib import Path
from statistics import median
from typing import Any

from bench.children import Done, Workplace
from bench.figures import Aim, Row, Section, timed_row
from bench.histories import must_succeed
from bench.loading import SETTLING_SECONDS
from bench.nights import short_name, slowest
from bench.server import Server, open_link, rows, value
from bench.sizes import Sizes
from bench.truth import ShopTruth
from bench.workload import ShopCompany, shop_company

NAME = "shop_hours"
LISTS = 3
"""Files of products, customers and IP ranges."""
WRITERS = 2
MILLION = 1_000_000
LOCATING = ("__log_lines", "__ip_range_lines", "__located")
"""Ends of the names of the models that parse log lines and ranges, and join them."""


def shop_by_the_hour(server: Server, place: Workplace, sizes: Sizes) -> Section:
    """Load and build a history, then run with nothing new and with what a quarter hour brings."""
    company = shop_company(
        sizes.shop_orders, sizes.shop_log_lines, sizes.shop_ranges, sizes.shop_days
    )
    inbox = place.folder / NAME / "inbox"
    ranges = company.lists(inbox)
    truth = _write_history(place, inbox, sizes)
    section = Section(
        11,
        f"A shop by the hour: {sizes.shop_days:,} days, {sizes.shop_orders:,} orders,"
        f" {truth.scans:,} shipment events, {truth.log_lines:,} log lines, {ranges:,} IP ranges",
    )
    time.sleep(SETTLING_SECONDS)
    with server.database(NAME) as url:
        server.checkpoint()
        first = _run(place, url, inbox)
        must_succeed(first.result, "the first run of the shop")
        section.check("files loaded", truth.files + LISTS, first.result["loaded"])
        counting = _check(section, "first build", company, truth, url)
        with open_link(url) as link:
            raw = int(value(link, "select sum(row_count) from raw.ingest_files"))
            # As autovacuum has done by the next run.
            with link.cursor() as cursor:
                cursor.execute("vacuum (analyze)")
        words = ("run", "--inbox", str(inbox))
        empty = [
            place.branchline(*words, database_url=url, name=NAME).seconds
            for _ in range(sizes.start_rounds)
        ]
        quarters = []
        for number in range(sizes.shop_quarters):
            new = company.write_quarter(inbox, number)
            truth += new
            time.sleep(SETTLING_SECONDS)
            server.checkpoint()
            quarters.append(_run(place, url, inbox))
            what = f"quarter {number + 1}"
            must_succeed(quarters[-1].result, what)
            section.check(f"{what}: files loaded", new.files, quarters[-1].result["loaded"])
            _check(section, what, company, truth, url)
    shutil.rmtree(inbox)
    located = _located_seconds(first.result)
    per_million = located * MILLION / sizes.shop_log_lines
    seconds = [quarter.seconds for quarter in quarters]
    section.rows = [
        Row(
            "load and build everything",
            seconds=first.seconds,
            rows=raw,
            rows_per_second=raw / first.seconds,
            peak_bytes=first.peak_bytes,
            note=f"the load {_load_seconds(first):,.1f} s",
        ),
        Row(
            "of these: parse log lines and ranges, locate",
            seconds=located,
            rows=sizes.shop_log_lines,
            rows_per_second=sizes.shop_log_lines / located,
        ),
        Row("count all hits by country", seconds=counting, rows=sizes.shop_log_lines),
        timed_row("`branchline run`, nothing is new", empty, note="as a process, start to end"),
        timed_row(
            "a run with a quarter of an hour",
            seconds,
            peak_bytes=max(quarter.peak_bytes for quarter in quarters),
            note=f"the load {median(map(_load_seconds, quarters)):.1f} s",
        ),
    ]
    section.notes.append(f"Slowest in the last run: {slowest(quarters[-1].result)}.")
    peak = max(done.peak_bytes for done in (first, *quarters))
    section.aims = [
        Aim("shop: a run with a quarter of an hour", median(seconds), 25, 25, "s"),
        Aim("shop: `branchline run`, nothing is new", median(empty), 5, 5, "s"),
        Aim("shop: peak memory", peak / 1e9, 2, 2, "GB"),
        Aim(f"shop: 1,000,000 log lines located in {ranges:,} ranges", per_million, 60, 60, "s"),
    ]
    return section


def _write_history(place: Workplace, inbox: Path, sizes: Sizes) -> ShopTruth:
    """Write the files of all days, by several processes."""
    truth = ShopTruth()
    with ExitStack() as stack:
        writers = [
            stack.enter_context(
                place.started(
                    "write_shop",
                    inbox=str(inbox),
                    orders=sizes.shop_orders,
                    log_lines=sizes.shop_log_lines,
                    ranges=sizes.shop_ranges,
                    days=sizes.shop_days,
                    of_days=list(range(first, sizes.shop_days, WRITERS)),
                )
            )
            for first in range(WRITERS)
        ]
        for writer in writers:
            truth += ShopTruth(**writer.wait().result)
    return truth


def _run(place: Workplace, url: str, inbox: Path) -> Done:
    return place.run("nightly_run", url, NAME, inbox=str(inbox))


def _load_seconds(run: Done) -> float:
    return float(run.result["loaded_at"] - run.result["started"])


def _located_seconds(run: Mapping[str, Any]) -> float:
    """The seconds of the models that parse log lines and ranges, and look up the networks."""
    return sum(
        float(node["seconds"])
        for node in run["nodes"]
        if str(node["id"]).startswith("model.") and short_name(node["id"]).endswith(LOCATING)
    )


def _check(section: Section, when: str, company: ShopCompany, truth: ShopTruth, url: str) -> float:
    """Compare the marts with what was written; returns the seconds for the hits by country."""
    of_source = f"source_system = '{company.source}'"
    with open_link(url) as link:
        money = rows(
            link,
            "select currency_code, count(*), sum(net_amount) from marts.fct_transactions"
            f" where {of_source} group by 1 order by 1",
        )
        unrated = value(
            link, "select count(*) from marts.fct_transactions where net_amount_company is null"
        )
        rejected = value(
            link,
            "select count(*) from marts.rejected_rows"
            f" where feed like '{company.source}%' and reject_reasons like 'order%'",
        )
        shipments = value(link, f"select count(*) from marts.fct_shipments where {of_source}")
        scans = value(link, f"select count(*) from marts.fct_shipment_events where {of_source}")
        sessions = value(link, f"select count(*) from marts.fct_web_sessions where {of_source}")
        started = time.perf_counter()
        hits = rows(
            link,
            "select country_code, count(*) filter (where not is_bot), count(*)"
            f" from marts.fct_page_requests where {of_source} group by 1 order by 1",
        )
        seconds = time.perf_counter() - started
    section.check(f"{when}: orders", truth.orders, sum(row[1] for row in money))
    section.check(
        f"{when}: money by currency",
        [(code, Decimal(pence).scaleb(-2)) for code, pence in sorted(truth.pence.items())],
        [(code, amount) for code, _, amount in money],
    )
    section.check(f"{when}: orders without a rate", 0, unrated)
    section.check(f"{when}: rejected events of orders", truth.rejected, rejected)
    section.check(f"{when}: shipments", truth.shipments, shipments)
    section.check(f"{when}: shipment events", truth.scans, scans)
    section.check(
        f"{when}: hits by country",
        sorted(truth.hits.items()),
        [(code, people) for code, people, _ in hits if people],
    )
    section.check(f"{when}: log lines", truth.log_lines, sum(row[2] for row in hits))
    section.check(f"{when}: sessions", company.sessions(truth.log_lines), sessions)
    return seconds
