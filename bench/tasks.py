"""The tasks of the child processes. Each function is one task, with plain arguments and results.

Times are measured here, after imports and connecting.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from bench.errors import BenchError

# -- writing files ---------------------------------------------------------------------------------


def write_files(
    inbox: str,
    positions: Sequence[int],
    days: Sequence[int],
    rows: int,
    left_out: Sequence[Sequence[int]] = (),
    count_cards: bool = False,
) -> dict[str, Any]:
    """Write a file per branch and day, except for some (branch, day) pairs."""
    from bench.truth import Truth
    from bench.workload import make_files, make_inbox, write

    tills, truth = make_files(), Truth()
    cards: set[str] = set()
    make_inbox(Path(inbox))
    without = {(position, day) for position, day in left_out}
    for day in days:
        for position in positions:
            if (position, day) in without:
                continue
            file = tills.file(position, day, rows)
            write(Path(inbox), file)
            truth += file.truth
            if count_cards:
                cards |= file.cards
    return {"truth": asdict(truth), "cards": len(cards)}


def write_wholesale(inbox: str, days: int, receipts: int) -> dict[str, Any]:
    """Write a wholesaler's files, one per day."""
    from bench.truth import Truth
    from bench.workload import make_inbox, wholesale_file, write

    make_inbox(Path(inbox))
    truth = Truth()
    for day in range(days):
        file = wholesale_file(day, receipts)
        write(Path(inbox), file)
        truth += file.truth
    return {"truth": asdict(truth)}


def write_shop(
    inbox: str, orders: int, log_lines: int, ranges: int, days: int, of_days: Sequence[int]
) -> dict[str, Any]:
    """Write the files of some of a shop's days, one of each kind a day; returns their truth."""
    from bench.workload import shop_company

    company = shop_company(orders, log_lines, ranges, days)
    return asdict(company.write_days(Path(inbox), of_days))


def write_large_file(inbox: str, size: int) -> dict[str, Any]:
    """Write one file of at least `size` bytes, block by block."""
    from bench.truth import Truth
    from bench.workload import large_blocks, large_file_path, make_inbox

    make_inbox(Path(inbox))
    truth, cards = Truth(files=1), 0
    with (Path(inbox) / large_file_path()).open("wb") as out:
        for content, held, new_cards in large_blocks(size):
            out.write(content)
            truth += held
            cards += new_cards
    return {"truth": asdict(truth), "cards": cards}


# -- loading ---------------------------------------------------------------------------------------


def _csv_files(inbox: str) -> list[Path]:
    return sorted(Path(inbox).rglob("*.csv"))


def copy_files(inbox: str) -> dict[str, Any]:
    """The limit: COPY every file unchanged into a table of text columns without an index.

    One connection, one transaction; the table was created before.
    """
    import psycopg2

    from bench.workload import COLUMNS

    columns = ", ".join(f"{name} text" for name in COLUMNS)
    link = psycopg2.connect(os.environ["BRANCHLINE_DATABASE_URL"])
    with link, link.cursor() as cursor:
        cursor.execute(f"create table plain_copy ({columns})")
    started = time.perf_counter()
    with link, link.cursor() as cursor:
        for path in _csv_files(inbox):
            with path.open("rb") as file:
                cursor.copy_expert("copy plain_copy from stdin (format csv)", file)
    seconds = time.perf_counter() - started
    link.close()
    return {"seconds": seconds}


def load_inbox(inbox: str) -> dict[str, Any]:
    """This project's loader, starting from an empty database or with known files."""
    from ingest import LoadOptions, load, load_feeds

    feeds = load_feeds()
    started = time.perf_counter()
    options = LoadOptions(
        database_url=os.environ["BRANCHLINE_DATABASE_URL"],
        inbox=inbox,
        feeds=feeds,
        token_keys=[os.environ["BRANCHLINE_TOKEN_KEY"].encode()],
        state_dir=Path(os.environ["BRANCHLINE_WAREHOUSE_DIR"]),
    )
    report = load(options)
    seconds = time.perf_counter() - started
    counts = report.counts()
    return {
        "seconds": seconds,
        "loaded": counts["loaded"],
        "unchanged": counts["unchanged"],
        "rows": report.rows,
        "rejected": report.rejected,
    }


def stock_dlt(inbox: str, share: int) -> dict[str, Any]:
    """dlt's own filesystem source and read_csv, into the same PostgreSQL; every share-th file.

    Nothing is tuned, but every column is read as text: by default pandas would convert cards to
    numbers and lose digits.
    """
    import dlt
    from dlt.sources.filesystem import filesystem, read_csv

    from bench.workload import COLUMNS

    pipeline = dlt.pipeline(
        "stock",
        pipelines_dir=os.environ["DLT_DATA_DIR"],
        destination=dlt.destinations.postgres(os.environ["BRANCHLINE_DATABASE_URL"]),
        dataset_name="stock_dlt",
    )
    chosen = _csv_files(inbox)[::share]
    names, size = {path.name for path in chosen}, sum(path.stat().st_size for path in chosen)
    started = time.perf_counter()
    files = filesystem(bucket_url=Path(inbox).resolve().as_uri(), file_glob="**/*.csv")
    if share > 1:
        files.add_filter(lambda item: Path(item["file_name"]).name in names)
    reader = files | read_csv(
        header=None, names=list(COLUMNS), dtype=str, keep_default_na=False, index_col=False
    )
    pipeline.run(reader.with_name("transactions"))
    return {"seconds": time.perf_counter() - started, "files": len(names), "bytes": size}


def pandas_to_sql(inbox: str, share: int) -> dict[str, Any]:
    """pandas read_csv and to_sql file by file, as it is commonly written; every share-th file."""
    import pandas  # type: ignore[import-untyped]
    import sqlalchemy

    from bench.workload import COLUMNS

    address = os.environ["BRANCHLINE_DATABASE_URL"].partition("://")[2]
    engine = sqlalchemy.create_engine(f"postgresql+psycopg2://{address}")
    engine.connect().close()
    files = _csv_files(inbox)[::share]
    size = sum(path.stat().st_size for path in files)
    started = time.perf_counter()
    for path in files:
        frame = pandas.read_csv(path, header=None, names=list(COLUMNS), dtype=str)
        frame.to_sql("from_pandas", engine, if_exists="append", index=False)
    seconds = time.perf_counter() - started
    return {"seconds": seconds, "files": len(files), "bytes": size}


def duckdb_read_csv(inbox: str, database: str) -> dict[str, Any]:
    """DuckDB's read_csv of every file at once, as text, into a table of a new database file."""
    from bench.duckdb_peer import read_as_text

    started = time.perf_counter()
    read_as_text(Path(inbox), Path(database))
    return {"seconds": time.perf_counter() - started}


# -- building --------------------------------------------------------------------------------------


def duckdb_script(inbox: str, database: str) -> dict[str, Any]:
    """The peer's script: five tables of the files in a new database file."""
    from bench.duckdb_peer import build_tables

    started = time.perf_counter()
    build_tables(Path(inbox), Path(database))
    return {"seconds": time.perf_counter() - started}


def nightly_run(inbox: str, full_refresh: bool = False) -> dict[str, Any]:
    """`branchline run`, with the seconds of its parts."""
    import contextlib
    from collections.abc import Iterator

    from base.settings import read_settings
    from operate.runs.nightly import run
    from operate.terminal.progress import Update

    @contextlib.contextmanager
    def unseen(_: str) -> Iterator[Update]:
        yield lambda done, total, note: None

    marks: dict[str, float] = {}
    started = time.time()
    report = run(
        read_settings(),
        inbox,
        say=lambda _: None,
        show=unseen,
        full_refresh=full_refresh,
        loaded=lambda _: marks.update(loaded=time.time()),
    )
    ended = time.time()
    build = report.build
    counts = report.load.counts()
    return {
        "started": started,
        "loaded_at": marks["loaded"],
        "ended": ended,
        "seconds": ended - started,
        "succeeded": report.succeeded,
        "loaded": counts["loaded"],
        "superseded": counts["superseded"],
        "models": 0 if build is None else build.models,
        "tests": 0 if build is None else build.tests,
        "failures": []
        if build is None
        else [f"{node.name}: {node.message}" for node in build.failures] + build.messages,
        "nodes": _node_times(started),
    }


def dbt_run_alone() -> dict[str, Any]:
    """`dbt run --full-refresh`, one model at a time: each model's time is its own."""
    from base.settings import read_settings
    from operate.dbt.build import run_dbt
    from operate.dbt.process import dbt_environment
    from operate.dbt.profile import target_arguments

    settings = read_settings()
    started = time.time()
    result = run_dbt(
        ["run", "--full-refresh", "--threads", "1", *target_arguments(settings.project)],
        project=settings.project,
        environment=dbt_environment(settings),
        progress=lambda step: None,
    )
    return {
        "seconds": time.time() - started,
        "succeeded": result.succeeded,
        "failures": [f"{node.name}: {node.message}" for node in result.failures] + result.messages,
        "nodes": _node_times(started),
    }


def parse_project(partial: bool) -> dict[str, Any]:
    """`dbt parse` as a process, from scratch or, with `partial`, incrementally."""
    import subprocess

    from base.settings import read_settings
    from operate.dbt.process import dbt_environment, dbt_program

    settings = read_settings()
    words = [dbt_program(), "parse", "--partial-parse" if partial else "--no-partial-parse"]
    started = time.perf_counter()
    done = subprocess.run(
        words, cwd=settings.project, env=dbt_environment(settings), capture_output=True
    )
    seconds = time.perf_counter() - started
    manifest = json.loads((Path(os.environ["DBT_TARGET_PATH"]) / "manifest.json").read_text())
    models = [node for node in manifest["nodes"].values() if node["resource_type"] == "model"]
    return {"code": done.returncode, "seconds": seconds, "models": len(models)}


def edit_to_green(model: str, rounds: int) -> dict[str, Any]:
    """`dbt build` of one model and its tests after a change of its file, as a process.

    In a copy of the project, which dbt has parsed and built from before.
    """
    import shutil
    import tempfile

    from base.settings import read_settings
    from operate.dbt.process import dbt_environment, quiet_dbt

    settings = read_settings()
    seconds, results = [], []
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "project"
        shutil.copytree(settings.project, copy, ignore=_only_dbts_files)
        shutil.copy(copy / "profiles.example.yml", copy / "profiles.yml")
        target = copy / "target"
        environment = {**dbt_environment(settings), "DBT_TARGET_PATH": str(target)}
        (file,) = (copy / "models").rglob(f"{model}.sql")
        for number in range(rounds + 1):
            started = time.perf_counter()
            done = quiet_dbt(["build", "--select", model], copy, environment)
            taken = time.perf_counter() - started
            if done.returncode != 0:
                raise BenchError(f"dbt build --select {model} failed:\n{done.stdout[-3000:]}")
            if number:
                seconds.append(taken)
                results = json.loads((target / "run_results.json").read_text())["results"]
            with file.open("a") as opened:
                opened.write(f"-- Edited {number + 1} times.\n")
    return {"seconds": seconds, "nodes": len(results)}


def _only_dbts_files(folder: str, names: list[str]) -> set[str]:
    """What a copy for dbt leaves out: at the top level, what dbt does not read."""
    if "dbt_project.yml" not in names:
        return {"__pycache__"}
    read = {"models", "macros", "seeds", "snapshots", "tests", "analyses", "dbt_packages"}
    return {name for name in names if name not in read and not name.endswith(".yml")}


def _node_times(since: float) -> list[dict[str, Any]]:
    """The entries of dbt's run_results.json for the nodes that ran after `since`."""
    from datetime import datetime

    path = Path(os.environ["DBT_TARGET_PATH"]) / "run_results.json"
    if not path.exists() or path.stat().st_mtime < since:
        return []
    nodes = []
    for result in json.loads(path.read_text())["results"]:
        times = [
            datetime.fromisoformat(timing[end].replace("Z", "+00:00")).timestamp()
            for timing in result["timing"]
            for end in ("started_at", "completed_at")
            if timing.get(end)
        ]
        if times:
            nodes.append(
                {
                    "id": result["unique_id"],
                    "seconds": result["execution_time"],
                    "from": min(times),
                    "to": max(times),
                }
            )
    return nodes
