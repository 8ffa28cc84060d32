"""Benchmark 9: a company whose data is in a database, a PDF, an API and an object store."""

from __future__ import annotations

import time
from typing import Any

from bench.children import Done, Workplace
from bench.figures import Aim, Row, Section
from bench.histories import must_succeed
from bench.loading import SETTLING_SECONDS
from bench.server import Server, open_link, rows, value
from bench.sizes import Sizes
from bench.workload import places_company
from operate.project.sample_servers import serving_places


def five_places(server: Server, place: Workplace, sizes: Sizes) -> Section:
    """Load and build everything from servers into an empty warehouse, then once more."""
    company = places_company(sizes.places_share, sizes.places_days)
    expected = company.expected()
    files = company.write(place.folder / "five-places")
    section = Section(9, f"Five places: {expected.sales:,} sales of one product each")
    with serving_places(files, company.places(), place.folder / "five-database") as served:
        time.sleep(SETTLING_SECONDS)
        with place.given(served.environment), server.database("five_places") as url:
            server.checkpoint()
            first = _run(place, url)
            must_succeed(first.result, "the first run from five places")
            section.check("files and tables loaded", len(expected.rejected), first.result["loaded"])
            with open_link(url) as link:
                sold = rows(
                    link,
                    "select count(*), sum(items_sold), sum(net_amount) from marts.fct_transactions"
                    f" where source_system = '{expected.source}'",
                )[0]
                rejected = value(
                    link,
                    "select count(*) from marts.rejected_rows"
                    f" where feed like '{expected.source}%'",
                )
                raw = value(link, "select sum(row_count) from raw.ingest_files")
            section.check("sales", expected.sales, sold[0])
            section.check("units", expected.units, sold[1])
            section.check("money", expected.money, sold[2])
            section.check("rejected rows", sum(expected.rejected.values()), rejected)
            again = [_run(place, url) for _ in range(sizes.start_rounds)]
            for run in again:
                section.check("nothing is loaded again", 0, run.result["loaded"])
    second = sorted(run.seconds for run in again)[len(again) // 2]
    section.rows = [
        Row(
            "load and build everything",
            seconds=first.seconds,
            rows=int(raw),
            rows_per_second=int(raw) / first.seconds,
            peak_bytes=first.peak_bytes,
            note=f"the load {_load_seconds(first.result):.1f} s",
        ),
        Row(
            "the second run, nothing is new",
            seconds=second,
            peak_bytes=max(run.peak_bytes for run in again),
        ),
    ]
    section.aims = [
        Aim("five places: load and build everything", first.seconds, 300, 300, "s"),
        Aim("five places: peak memory", first.peak_bytes / 1e9, 1.5, 1.5, "GB"),
        Aim("five places: the second run", second, 30, 30, "s"),
    ]
    return section


def _run(place: Workplace, url: str) -> Done:
    return place.run("nightly_run", url, "five_places", inbox="s3://inbox")


def _load_seconds(run: dict[str, Any]) -> float:
    return float(run["loaded_at"] - run["started"])
