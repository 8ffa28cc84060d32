"""Benchmark 7: the time that people wait for: start-up, small nights, an edited model."""

from __future__ import annotations

from statistics import median

from bench.children import Workplace
from bench.figures import Aim, Section, timed_row
from bench.histories import History, deliver_one
from bench.sizes import Sizes

EDITED = "rpt_daily_sales"


def starting(place: Workplace, sizes: Sizes, history: History, section: Section) -> None:
    """Start the command line, parse and edit the project, run nights with no or one new file."""

    def branchline(*words: str) -> float:
        done = place.branchline(*words, database_url=history.url, name=history.name)
        return done.seconds

    whole: list[float] = []
    again: list[float] = []
    models = 0
    for _ in range(sizes.start_rounds):
        for seconds, partial in ((whole, False), (again, True)):
            done = place.run("parse_project", history.url, history.name, partial=partial)
            section.check("dbt parses the project", 0, done.result["code"])
            seconds.append(done.result["seconds"])
            models = done.result["models"]
    helps = [branchline("--help") for _ in range(sizes.start_rounds)]
    empty = [branchline("run", "--inbox", str(history.inbox)) for _ in range(sizes.start_rounds)]
    small = []
    for number in range(sizes.nights):
        deliver_one(history, sizes, number)
        small.append(branchline("run", "--inbox", str(history.inbox)))
        history.check_marts(section, f"night {number + 1} with one file")
    edited = place.run(
        "edit_to_green", history.url, history.name, model=EDITED, rounds=sizes.start_rounds
    ).result
    section.title = f"Start-up: {models} models, on {history.days} days"
    section.rows = [
        timed_row("`branchline --help`", helps),
        timed_row("`dbt parse`, from nothing", whole),
        timed_row("`dbt parse`, nothing has changed", again),
        timed_row("`branchline run`, nothing is new", empty),
        timed_row("`branchline run`, one new file of a day", small),
        timed_row(
            f"`dbt build --select {EDITED}`, edited",
            edited["seconds"],
            note=f"{edited['nodes']} nodes",
        ),
    ]
    section.aims = [
        Aim("`branchline run`, nothing is new", median(empty), 5, None, "s"),
        Aim("`branchline run`, one new file", median(small), 15, None, "s"),
        Aim(
            "`dbt build` of an edited mart with its tests", median(edited["seconds"]), 5, None, "s"
        ),
    ]
