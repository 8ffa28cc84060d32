"""Benchmark 7: the start-up time of every command."""

from __future__ import annotations

from bench.children import Workplace
from bench.figures import Section, timed_row
from bench.histories import History
from bench.sizes import Sizes


def starting(place: Workplace, sizes: Sizes, history: History, section: Section) -> None:
    """Start the command line, let dbt parse the project, and run a night without new files."""

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
    section.title = f"Start-up: {models} models"
    section.rows = [
        timed_row("`branchline --help`", [branchline("--help") for _ in range(sizes.start_rounds)]),
        timed_row("`dbt parse`, from nothing", whole),
        timed_row("`dbt parse`, nothing has changed", again),
        timed_row(
            "`branchline run`, nothing is new",
            [branchline("run", "--inbox", str(history.inbox)) for _ in range(sizes.start_rounds)],
        ),
    ]
