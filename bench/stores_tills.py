"""Benchmark 10: stores whose till systems are databases, restored every night."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from bench.children import Done, Workplace
from bench.figures import Aim, Row, Section
from bench.histories import must_succeed
from bench.loading import SETTLING_SECONDS
from bench.server import Server, open_link, rows, value
from bench.sizes import Sizes
from bench.workload import TillCompany, till_company
from operate.project.sample_databases import refresh, restore
from operate.server.server import Warehouse

NAME = "stores_tills"


def stores_tills(server: Server, place: Workplace, sizes: Sizes) -> Section:
    """Load and build everything from the stores' databases, then night after night one day more."""
    company = till_company(sizes.till_stores, sizes.till_days, sizes.till_items)
    section = Section(
        10,
        f"Stores with a till system: {sizes.till_stores} databases, {sizes.till_days:,} days,"
        f" {sizes.till_items:,} items, {company.lines():,} document lines",
    )
    inbox = place.folder / NAME / "inbox"
    inbox.mkdir(parents=True)
    with _source_server(place.folder / "till-database") as source:
        environment, _ = restore(source, company.databases())
        time.sleep(SETTLING_SECONDS)
        with place.given(environment), server.database(NAME) as url:
            server.checkpoint()
            first = _run(place, url, inbox)
            must_succeed(first.result, "the first run of the stores")
            _check(section, "first build", company, url)
            with open_link(url) as link:
                raw = int(value(link, "select sum(row_count) from raw.ingest_files"))
                # As autovacuum has done by the next night.
                with link.cursor() as cursor:
                    cursor.execute("vacuum (analyze)")
            nights = []
            for number in range(sizes.nights):
                refresh(source, company.next_day())
                time.sleep(SETTLING_SECONDS)
                server.checkpoint()
                nights.append(_run(place, url, inbox))
                must_succeed(nights[-1].result, f"night {number + 1} of the stores")
                _check(section, f"night {number + 1}", company, url)
    seconds = sorted(night.seconds for night in nights)
    section.rows = [
        Row(
            "load and build everything",
            seconds=first.seconds,
            rows=raw,
            rows_per_second=raw / first.seconds,
            peak_bytes=first.peak_bytes,
            note=f"the load {_load_seconds(first):.1f} s",
        ),
        Row(
            "a night: one day more in every store",
            seconds=median(seconds),
            fastest=seconds[0],
            slowest=seconds[-1],
            times=len(seconds),
            peak_bytes=max(night.peak_bytes for night in nights),
            note=f"the load {median(map(_load_seconds, nights)):.1f} s",
        ),
    ]
    section.aims = [
        Aim("stores' tills: load and build everything", first.seconds, 180, 180, "s"),
        Aim("stores' tills: a night", median(seconds), 30, 30, "s"),
    ]
    return section


@contextlib.contextmanager
def _source_server(folder: Path) -> Iterator[str]:
    """The server of the stores' databases: the URL of a database on it."""
    warehouse = Warehouse(folder)
    warehouse.start()
    try:
        yield warehouse.network_url()
    finally:
        warehouse.stop()


def _run(place: Workplace, url: str, inbox: Path) -> Done:
    return place.run("nightly_run", url, NAME, inbox=str(inbox))


def _load_seconds(run: Done) -> float:
    return float(run.result["loaded_at"] - run.result["started"])


def _check(section: Section, when: str, company: TillCompany, url: str) -> None:
    """Compare the marts with what the databases hold."""
    expected = company.expected()
    of_source = f"source_system = '{expected.source}'"
    with open_link(url) as link:
        sold = rows(
            link,
            "select count(*), sum(items_sold), sum(net_amount) from marts.fct_transactions"
            f" where {of_source}",
        )[0]
        days = value(link, f"select sum(net_sales) from marts.rpt_daily_sales where {of_source}")
        rejected = value(
            link,
            f"select count(*) from marts.rejected_rows where feed like '{expected.source}%'",
        )
        shifts = rows(
            link,
            "select branch_name, count(*) from marts.fct_employee_shifts"
            f" where {of_source} group by 1 order by 1",
        )
    section.check(f"{when}: sales", expected.sales, sold[0])
    section.check(f"{when}: units", expected.units, sold[1])
    section.check(f"{when}: money", expected.money, sold[2])
    section.check(f"{when}: money of the days", expected.money, days)
    section.check(f"{when}: rejected rows", sum(expected.rejected.values()), rejected)
    section.check(f"{when}: shifts", sorted(company.shifts()), shifts)
