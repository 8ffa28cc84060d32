"""Benchmark 6: the most frequent queries of a dashboard."""

from __future__ import annotations

import random
import time
from pathlib import Path
from statistics import median

from psycopg2.extensions import connection as Link

from base.settings import PROJECT
from bench.figures import Aim, Row, Section, percentile
from bench.histories import History, settle
from bench.server import Server, open_link
from bench.sizes import Sizes

QUESTIONS = PROJECT / "analyses" / "dashboard"
_SEED = 6


def read_questions(folder: Path = QUESTIONS) -> dict[str, str]:
    """The SQL of each question by its name, sorted by name."""
    return {path.stem: path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.sql"))}


def dashboard(server: Server, sizes: Sizes, history: History, section: Section) -> None:
    """Run every query on a freshly started server, then repeatedly in random order."""
    questions = read_questions()
    section.title = f"{len(questions)} dashboard queries on {history.truth.rows:,} receipts"
    section.check("there are questions in analyses/dashboard", True, bool(questions))
    if not questions:
        return
    settle(server, history)
    server.restart()
    with open_link(history.url) as link:
        cold: dict[str, float] = {}
        for name, query in questions.items():
            cold[name], found = _ask(link, query)
            section.check(f"{name} is answered", True, found > 0)
        for query in questions.values():
            _ask(link, query)
        asked = [name for name in questions for _ in range(sizes.question_rounds)]
        random.Random(_SEED).shuffle(asked)
        seconds: dict[str, list[float]] = {name: [] for name in questions}
        for name in asked:
            seconds[name].append(_ask(link, questions[name])[0])
    for name, taken in seconds.items():
        section.rows.append(
            Row(
                name,
                seconds=median(taken),
                fastest=min(taken),
                slowest=max(taken),
                p95=percentile(taken, 0.95),
                cold=cold[name],
                times=len(taken),
            )
        )
    every = [one for taken in seconds.values() for one in taken]
    section.rows.append(
        Row(
            "all questions",
            seconds=median(every),
            fastest=min(every),
            slowest=max(every),
            p95=percentile(every, 0.95),
            times=len(every),
        )
    )
    worst = max(seconds, key=lambda name: percentile(seconds[name], 0.95))
    section.aims = [
        Aim(
            f"95th percentile of the slowest dashboard query ({worst})",
            1000 * percentile(seconds[worst], 0.95),
            100,
            500,
            "ms",
        )
    ]


def _ask(link: Link, query: str) -> tuple[float, int]:
    """(seconds until the last row is here, number of rows)."""
    with link.cursor() as cursor:
        started = time.perf_counter()
        cursor.execute(query)
        found = len(cursor.fetchall())
        return time.perf_counter() - started, found
