"""Benchmarks 1 to 3: many files, one large file, few new files among many known ones."""

from __future__ import annotations

import shutil
import time
from statistics import median

from bench.children import Done, Workplace
from bench.duckdb_peer import rows_read
from bench.figures import MEGABYTE, Aim, Row, Section, timed_row
from bench.server import Server, open_link, value
from bench.sizes import Sizes
from bench.truth import Truth
from bench.workload import check_raw

# A file changed less than two seconds ago may still be written; only settled ones are measured.
SETTLING_SECONDS = 2.5
# Disk space per loaded byte besides the file itself: table, key, WAL; and a reserve.
DISK_PER_BYTE = 3.5
DISK_KEPT_FREE = 10_000 * MEGABYTE


def _load_row(case: str, done: list[Done], truth: Truth, note: str = "") -> Row:
    seconds = [one.result["seconds"] for one in done]
    return timed_row(
        case,
        seconds,
        process_seconds=median(one.seconds for one in done),
        rows=truth.rows,
        rows_per_second=truth.rows / median(seconds),
        bytes_per_second=truth.bytes / median(seconds),
        peak_bytes=max(one.peak_bytes for one in done),
        note=note,
    )


def many_files(server: Server, place: Workplace, sizes: Sizes) -> Section:
    """Benchmark 1: the same files by plain COPY, this loader, stock dlt, pandas, DuckDB."""
    inbox = place.folder / "many"
    written = place.run(
        "write_files",
        inbox=str(inbox),
        positions=list(range(sizes.load_branches)),
        days=list(range(sizes.load_days)),
        rows=sizes.load_rows_per_file,
        count_cards=True,
    ).result
    truth = Truth(**written["truth"])
    section = Section(1, f"Load {truth.rows:,} rows in {truth.files:,} files")
    section.notes.append(f"The files are {truth.bytes / MEGABYTE:,.0f} MB.")
    time.sleep(SETTLING_SECONDS)

    copies: list[Done] = []
    loads: list[Done] = []
    reads: list[Done] = []
    # In turns, so that a slow minute of the machine affects all of them.
    for turn in range(sizes.load_rounds):
        with server.database("many_copy") as url:
            server.checkpoint()
            copies.append(place.run("copy_files", url, inbox=str(inbox)))
            _check_count(section, "plain COPY", url, "plain_copy", truth.rows)
        with server.database("many_load") as url:
            server.checkpoint()
            loads.append(place.run("load_inbox", url, f"many_{turn}", inbox=str(inbox)))
            section.check("files that this loader loaded", truth.files, loads[-1].result["loaded"])
            check_raw(section, url, truth, written["cards"])
        database = place.folder / "many.duckdb"
        reads.append(place.run("duckdb_read_csv", inbox=str(inbox), database=str(database)))
        section.check("rows by DuckDB read_csv", truth.rows, rows_read(database))
        database.unlink()
    others: list[Row] = []
    for name, task, table, share in (
        ("dlt filesystem + read_csv", "stock_dlt", "stock_dlt.transactions", sizes.dlt_share),
        ("pandas to_sql", "pandas_to_sql", "from_pandas", sizes.pandas_share),
    ):
        with server.database("many_other") as url:
            server.checkpoint()
            done = place.run(task, url, task, inbox=str(inbox), share=share)
            part = sizes.load_rows_per_file * done.result["files"]
            _check_count(section, name, url, table, part)
            others.append(_scaled_row(name, done, part, truth))
    shutil.rmtree(inbox)

    cases = [
        _load_row("plain COPY", copies, truth, "no ledger, no lineage, no tokens"),
        _load_row("this loader", loads, truth, "empty database to the last commit"),
        *others,
        _load_row("DuckDB read_csv", reads, truth, "no ledger, no lineage, no tokens"),
    ]
    limit = cases[0].seconds or 0.0
    section.rows = [_with_ratio(row, (row.seconds or 0.0) / limit) for row in cases]
    ours, dlt = cases[1].seconds or 0.0, cases[2].seconds or 0.0
    section.aims = [
        Aim("this loader, times plain COPY", ours / limit, 2.0, 2.5, "x"),
        Aim("stock dlt, times this loader", dlt / ours, 10.0, None, "x", least=True),
    ]
    return section


def _scaled_row(case: str, done: Done, part: int, truth: Truth) -> Row:
    """The row of a contender that loaded `part` of the rows, scaled to all if needed."""
    seconds, scale = done.result["seconds"], truth.rows / part
    scaled = part < truth.rows
    return Row(
        case,
        seconds=seconds * scale,
        process_seconds=None if scaled else done.seconds,
        rows=truth.rows,
        rows_per_second=part / seconds,
        bytes_per_second=done.result["bytes"] / seconds,
        peak_bytes=done.peak_bytes,
        scaled=scaled,
        note=f"{part:,} rows measured, time scaled by {scale:g}" if scaled else "",
    )


def _with_ratio(row: Row, ratio: float) -> Row:
    return Row(**{**vars(row), "ratio": ratio})


def _check_count(section: Section, who: str, url: str, table: str, expected: int) -> None:
    with open_link(url) as link:
        section.check(f"rows by {who}", expected, value(link, f"select count(*) from {table}"))


def large_file(server: Server, place: Workplace, sizes: Sizes) -> Section:
    """Benchmark 2: one file of the requested size, or as large as the disk allows."""
    free = shutil.disk_usage(place.folder).free
    allowed = max(10 * MEGABYTE, int((free - DISK_KEPT_FREE) / DISK_PER_BYTE))
    size = min(sizes.large_file_bytes, allowed)
    inbox = place.folder / "large"
    written = place.run("write_large_file", inbox=str(inbox), size=size).result
    truth = Truth(**written["truth"])
    section = Section(2, f"Load one file of {truth.bytes / MEGABYTE:,.0f} MB")
    if size < sizes.large_file_bytes:
        section.notes.append(
            f"{sizes.large_file_bytes / MEGABYTE:,.0f} MB were wanted; with"
            f" {free / MEGABYTE:,.0f} MB free, the disk allows no more."
        )
    section.notes.append(f"{written['cards']:,} different cards are in it.")
    time.sleep(SETTLING_SECONDS)
    with server.database("large") as url:
        server.checkpoint()
        done = place.run("load_inbox", url, "large", inbox=str(inbox))
        check_raw(section, url, truth)
    shutil.rmtree(inbox)
    section.rows = [_load_row("this loader", [done], truth, "one transaction")]
    section.aims = [
        Aim("peak memory on one large file", done.peak_bytes / MEGABYTE, 500, None, "MB")
    ]
    return section


def known_files(server: Server, place: Workplace, sizes: Sizes) -> Section:
    """Benchmark 3: few new files among many known ones."""
    inbox = place.folder / "known"
    branches = sizes.new_files
    days = sizes.known_files // branches
    lines = 3

    def write_days(first: int, after: int) -> Truth:
        written = place.run(
            "write_files",
            inbox=str(inbox),
            positions=list(range(branches)),
            days=list(range(first, after)),
            rows=lines,
        )
        time.sleep(SETTLING_SECONDS)
        return Truth(**written.result["truth"])

    truth = write_days(0, days)
    section = Section(3, f"{sizes.new_files:,} new files among {truth.files:,} known ones")
    section.notes.append(f"Every file has {lines} lines.")
    with server.database("known") as url:
        server.checkpoint()
        first = place.run("load_inbox", url, "known", inbox=str(inbox))
        section.check("files of the first load", truth.files, first.result["loaded"])
        before, day = truth, days
        inside: list[Done] = []
        processes: list[float] = []
        for _ in range(sizes.known_rounds):
            known = truth.files
            truth += write_days(day, day + 1)
            inside.append(place.run("load_inbox", url, "known", inbox=str(inbox)))
            section.check("new files found", branches, inside[-1].result["loaded"])
            section.check("known files skipped", known, inside[-1].result["unchanged"])
            truth += write_days(day + 1, day + 2)
            done = place.branchline("load", "--inbox", str(inbox), database_url=url, name="known")
            processes.append(done.seconds)
            day += 2
        check_raw(section, url, truth)
    shutil.rmtree(inbox)
    section.rows = [
        _load_row("first load of all of them", [first], before),
        timed_row(
            "new ones: the load itself",
            [one.result["seconds"] for one in inside],
            peak_bytes=max(one.peak_bytes for one in inside),
            process_seconds=median(one.seconds for one in inside),
        ),
        timed_row("new ones: `branchline load`", processes, note="as a process, start to end"),
    ]
    section.aims = [Aim("`branchline load` of the new files", median(processes), 15, None, "s")]
    return section
