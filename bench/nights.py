"""Benchmark 4: the nightly run on a short and on a long history."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

from bench.children import Workplace
from bench.figures import Aim, Row, Section, timed_row
from bench.histories import History, deliver, must_succeed, settle
from bench.loading import SETTLING_SECONDS
from bench.server import Server
from bench.sizes import Sizes

PARTS = ("load", "dbt start", "models", "tests", "dbt between", "dbt end")


def nightly_runs(
    server: Server, place: Workplace, sizes: Sizes, histories: Sequence[History], section: Section
) -> None:
    """Run the same nights on each history in turn; fill the section's rows and aims."""
    section.title = (
        f"The nightly run: {sizes.branches} branches of {sizes.receipts_per_day} receipts, a new"
        " day each, one late day, one corrected day"
    )
    taken: dict[int, list[dict[str, float]]] = {history.days: [] for history in histories}
    last: dict[int, dict[str, Any]] = {}
    for history in histories:
        settle(server, history)
    for number in range(sizes.nights):
        for history in histories:
            deliver(history, sizes, number)
            time.sleep(SETTLING_SECONDS)
            server.checkpoint()
            run = place.run(
                "nightly_run", history.url, history.name, inbox=str(history.inbox)
            ).result
            must_succeed(run, f"night {number + 1} on {history.days} days")
            what = f"night {number + 1} on {history.days} days"
            section.check(f"{what}: files loaded", sizes.branches + 2, run["loaded"])
            section.check(f"{what}: files superseded", 1, run["superseded"])
            section.check(f"{what}: tests were run", True, run["tests"] > 0)
            history.check_marts(section, f"night {number + 1}")
            taken[history.days].append(parts_of(run))
            last[history.days] = run
    short, long = histories[0], histories[-1]
    for history in histories:
        section.rows += _rows(history, taken[history.days], taken[short.days], last[history.days])
        section.notes.append(
            f"Slowest in the last night on {history.days} days: {slowest(last[history.days])}."
        )
    if long is short:
        return
    medians = [median(parts["total"] for parts in taken[days]) for days in (short.days, long.days)]
    section.aims = [
        Aim(
            f"a night on {long.days} days, times one on {short.days} days",
            medians[1] / medians[0],
            1.15,
            1.25,
            "x",
        )
    ]


def parts_of(run: Mapping[str, Any]) -> dict[str, float]:
    """The seconds of a run's parts, which sum to its `total`.

    `models` and `tests` share the time in which nodes of both ran; `dbt between` is time inside
    the build in which no node ran.
    """
    load = run["loaded_at"] - run["started"]
    parts = dict.fromkeys(PARTS, 0.0)
    parts["load"] = load
    if run["nodes"]:
        parts["dbt start"] = min(node["from"] for node in run["nodes"]) - run["loaded_at"]
        parts["dbt end"] = run["ended"] - max(node["to"] for node in run["nodes"])
        parts.update(shares(run["nodes"]))
    else:
        parts["dbt start"] = run["ended"] - run["loaded_at"]
    return {**parts, "total": run["ended"] - run["started"]}


def shares(nodes: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    """The time of a build, shared equally among the nodes running at each moment, by kind."""
    parts = {"models": 0.0, "tests": 0.0, "dbt between": 0.0}
    changes = sorted(
        [(node["from"], 1, kind_of(node)) for node in nodes]
        + [(node["to"], -1, kind_of(node)) for node in nodes],
        key=lambda change: change[0],
    )
    running = {"models": 0, "tests": 0}
    before = changes[0][0]
    for at, step, kind in changes:
        active = sum(running.values())
        if active:
            for name, count in running.items():
                parts[name] += (at - before) * count / active
        else:
            parts["dbt between"] += at - before
        running[kind] += step
        before = at
    return parts


def kind_of(node: Mapping[str, Any]) -> str:
    """`tests`, or `models` for everything that builds: models, seeds, hooks."""
    return "tests" if str(node["id"]).startswith(("test.", "unit_test.")) else "models"


def _rows(
    history: History,
    taken: Sequence[Mapping[str, float]],
    short: Sequence[Mapping[str, float]],
    run: Mapping[str, Any],
) -> list[Row]:
    found = []
    for part in ("total", *PARTS):
        seconds = [parts[part] for parts in taken]
        base = median(parts[part] for parts in short)
        label = "the whole night" if part == "total" else part
        found.append(
            timed_row(
                f"{history.days} days: {label}",
                seconds,
                ratio=median(seconds) / base if base > 0.05 and taken is not short else None,
                note=f"{run['models']} models, {run['tests']} tests" if part == "total" else "",
            )
        )
    return found


def slowest(run: Mapping[str, Any]) -> str:
    """The slowest nodes of a run, in words."""
    nodes = sorted(run["nodes"], key=lambda node: -float(node["seconds"]))[:6]
    return ", ".join(f"{short_name(node['id'])} {node['seconds']:.2f} s" for node in nodes)


def short_name(unique_id: str) -> str:
    """A node's name without kind, package and a test's hash."""
    parts = unique_id.split(".")
    # A unit test's id names its model first.
    place = 3 if parts[0] == "unit_test" else 2
    return parts[place] if len(parts) > place else unique_id
