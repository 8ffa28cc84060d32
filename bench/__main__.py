"""`python -m bench`: run the benchmarks, print one table, write the figures as JSON."""

from __future__ import annotations

import json
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, NoReturn

import click
from rich.console import Console

from base.errors import BranchlineError
from base.settings import PROJECT
from bench.building import duckdb_build, first_build, full_build
from bench.children import Workplace
from bench.dashboard import dashboard
from bench.document import PAGES, write_pages
from bench.errors import BenchError
from bench.figures import Section
from bench.five_places import five_places
from bench.histories import built_history
from bench.loading import known_files, large_file, many_files
from bench.machine import describe_commit, describe_machine
from bench.nights import nightly_runs
from bench.server import Server, own_server, undisturbed
from bench.shop_hours import shop_by_the_hour
from bench.sizes import FULL, QUICK, Sizes
from bench.starting import starting
from bench.stores_tills import stores_tills
from bench.tables import show
from bench.wholesale import long_receipts

EVERY = (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11)
# Those that need a built history.
OF_HISTORY = {4, 5, 6, 7}
RESULTS = PROJECT / "bench" / "results"
DOCS = PROJECT / "docs"
WIDTH = 150
# A history of receipts, everything built from it, built a second time, and copied.
BYTES_PER_RECEIPT = 6_000
# A log line, and a tenth of an order with its shipment: files, and everything built from them.
BYTES_PER_LOG_LINE = 2_500
JOURNAL_BYTES = 6_000_000_000


def _numbers(_context: click.Context, _option: click.Parameter, text: str | None) -> set[int]:
    try:
        wanted = {int(part) for part in text.split(",")} if text else set(EVERY)
    except ValueError:
        wanted = set()
    if not wanted or not wanted.issubset(EVERY):
        raise click.BadParameter(f"choose from {','.join(map(str, EVERY))}")
    return wanted


@click.command()
@click.option("--quick", is_flag=True, help="The same with a tenth of the data, in minutes.")
@click.option("--only", callback=_numbers, help="Only these benchmarks: 1,3")
@click.option(
    "--out", type=click.Path(path_type=Path, dir_okay=False), help="The JSON file to write."
)
@click.option(
    "--folder",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Where to create the temporary folder for files and server.",
)
@click.option(
    "--document",
    type=click.Path(path_type=Path, exists=True),
    help="Measure nothing; write this JSON into the pages docs/benchmark*.md.",
)
def main(
    quick: bool, only: set[int], out: Path | None, folder: Path | None, document: Path | None
) -> None:
    """Measure loading and building. Ends with 1 if a result is wrong, never because of a time."""
    if document is not None:
        write_pages(json.loads(document.read_text()), DOCS)
        click.echo(f"Written: {', '.join(PAGES)} in {DOCS}")
        return
    console = Console(width=WIDTH, highlight=False)
    result, sections = measure(QUICK if quick else FULL, only, folder, console)
    # Server and files are removed; from here on Ctrl-C only ends the program.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    show(console, sections)
    if out is None:
        when = result["started_at"][:19].replace(":", "")
        out = RESULTS / f"{'quick' if quick else 'full'}-{when}.json"
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    checks = sum(len(section.checks) for section in sections)
    if quick:
        console.print("The aims are for the full size; with a tenth, fixed costs weigh more.")
    console.print(f"{checks:,} checks; {result['seconds']:.0f} s; figures in {out}")
    if not result["passed"]:
        sys.exit(1)


def measure(
    sizes: Sizes, only: set[int], folder: Path | None, console: Console
) -> tuple[dict[str, Any], list[Section]]:
    """Run the benchmarks in a temporary folder with a separate server, removed at the end."""
    began = time.monotonic()
    started_at = datetime.now(timezone.utc).isoformat(timespec="seconds")
    # Not below a folder that only its owner may enter: for root, another user runs the server.
    temporary = Path(tempfile.mkdtemp(prefix="branchline-bench-", dir=folder))
    temporary.chmod(0o711)
    try:
        machine = describe_machine(temporary)
        _check_space(temporary, sizes, only)
        with own_server(temporary / "server") as server:
            postgres = server.settings()
            place = Workplace(temporary, sizes.most_seconds)
            sections = _sections(server, place, sizes, only, console)
    finally:
        undisturbed()
        shutil.rmtree(temporary, ignore_errors=True)
    command = "make bench" if sizes is FULL else "make bench-quick"
    if only != set(EVERY):
        command = f"python -m bench --only {','.join(map(str, sorted(only)))}"
    return {
        "format": 1,
        "quick": sizes is not FULL,
        "command": command,
        "started_at": started_at,
        "seconds": round(time.monotonic() - began, 1),
        "passed": all(check.ok for section in sections for check in section.checks),
        "machine": machine,
        "postgres": postgres,
        "commit": describe_commit(),
        "sections": [section.as_json() for section in sections],
    }, sections


def _check_space(folder: Path, sizes: Sizes, only: set[int]) -> None:
    """Raise BenchError now rather than let the disk fill up later."""
    receipts = sizes.branches * sizes.receipts_per_day * (sizes.long_days + sizes.short_days)
    # One after the other: each benchmark removes what it has made.
    history = receipts * BYTES_PER_RECEIPT if only & OF_HISTORY else 0
    shop = sizes.shop_log_lines * BYTES_PER_LOG_LINE if 11 in only else 0
    needed = JOURNAL_BYTES + max(history, shop)
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise BenchError(
            f"{folder.parent} has {free / 1e9:,.0f} GB free; {needed / 1e9:,.0f} GB are needed."
            " Choose a folder on a larger disk with --folder."
        )


def _sections(
    server: Server, place: Workplace, sizes: Sizes, only: set[int], console: Console
) -> list[Section]:
    sections = []
    began = time.monotonic()

    def say(text: str) -> None:
        console.print(f"{time.monotonic() - began:6.0f} s  {text}")

    for number, benchmark in ((1, many_files), (2, large_file), (3, known_files)):
        if number in only:
            say(f"benchmark {number} ...")
            sections.append(benchmark(server, place, sizes))
    if only & OF_HISTORY:
        sections += _of_history(server, place, sizes, only, say)
    apart = ((8, long_receipts), (9, five_places), (10, stores_tills), (11, shop_by_the_hour))
    for number, last in apart:
        if number in only:
            say(f"benchmark {number} ...")
            sections.append(last(server, place, sizes))
    return sections


def _of_history(
    server: Server, place: Workplace, sizes: Sizes, only: set[int], say: Callable[[str], None]
) -> list[Section]:
    sections: list[Section] = []
    nights, build = Section(4, "nights"), Section(5, "build")
    questions, starts = Section(6, "dashboard"), Section(7, "start-up")
    with ExitStack() as stack:
        histories = []
        all_days = (sizes.short_days, sizes.long_days) if 4 in only else (sizes.long_days,)
        for days in dict.fromkeys(all_days):
            say(f"a history of {days} days: files, load, first build ...")
            histories.append(stack.enter_context(built_history(server, place, sizes, days, nights)))
        long = histories[-1]
        # Before the nights: for a warehouse that was just built.
        first_build(long, build)
        if 5 in only:
            say("the same files by DuckDB ...")
            duckdb_build(server, place, long, build)
        if 4 in only:
            say("benchmark 4 ...")
            nightly_runs(server, place, sizes, histories, nights)
            sections.append(nights)
        else:
            build.checks += nights.checks
        if 6 in only:
            # Before the models are rebuilt: for a warehouse as its nights leave it.
            say("benchmark 6 ...")
            dashboard(server, sizes, long, questions)
        if 7 in only:
            # Before dbt alone builds the models: after that, the next run builds them again.
            say("benchmark 7 ...")
            starting(place, sizes, long, starts)
        if 5 in only:
            say("benchmark 5 ...")
            full_build(server, place, sizes, long, build)
            sections.append(build)
        sections += [section for section in (questions, starts) if section.number in only]
    return sections


def _interrupted(_number: int, _frame: object) -> NoReturn:
    # Once is enough.
    undisturbed()
    print("\nStopping and removing everything ...", file=sys.stderr)
    raise KeyboardInterrupt


if __name__ == "__main__":
    for sign in (signal.SIGINT, signal.SIGTERM):
        signal.signal(sign, _interrupted)
    try:
        main(prog_name="python -m bench", standalone_mode=False)
    except (KeyboardInterrupt, click.Abort):
        print("Stopped; nothing is left.", file=sys.stderr)
        sys.exit(130)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except BenchError as error:
        print(f"Error: {error}", file=sys.stderr)
        sys.exit(1)
    except BranchlineError as error:
        print(f"Error: {error.message}\n{error.hint}", file=sys.stderr)
        sys.exit(1)
