"""Two warehouses that differ only in the length of their history."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.children import Done, Workplace
from bench.errors import BenchError
from bench.figures import Section
from bench.loading import SETTLING_SECONDS
from bench.server import Server, open_link, rows, value
from bench.sizes import Sizes
from bench.truth import Truth
from bench.workload import check_raw, make_files, write


@dataclass
class History:
    """A loaded and built history, and its expected content."""

    name: str
    days: int
    url: str
    inbox: Path
    truth: Truth
    load: Done
    """The load of the whole history into the empty warehouse."""
    build: Done
    """The first full build, as `branchline run` does it."""

    def check_marts(self, section: Section, when: str) -> None:
        """Compare the marts with what was written."""
        what = f"{when}, {self.days} days"
        with open_link(self.url) as link:
            receipts = rows(link, "select count(*), sum(net_amount) from marts.fct_transactions")[0]
            items = rows(link, "select count(*), sum(net_amount) from marts.fct_sales")[0]
        section.check(f"{what}: receipts", self.truth.rows, receipts[0])
        section.check(f"{what}: money of receipts", self.truth.money, receipts[1])
        section.check(f"{what}: items", self.truth.items, items[0])
        section.check(f"{what}: money of items", self.truth.money, items[1])


@dataclass(frozen=True)
class Night:
    """The additional files of one night, besides the new day of every branch."""

    late: tuple[int, int]
    """Branch and day of a file that should have come earlier."""
    corrected: tuple[int, int]
    """Branch and day of a file that is sent again, corrected."""


def nights_of(sizes: Sizes, days: int) -> list[Night]:
    """The nights that follow a history of so many days."""
    return [
        Night(
            late=((3 + night) % sizes.branches, days - 6 - night),
            corrected=((5 + night) % sizes.branches, days - 12 - night),
        )
        for night in range(sizes.nights)
    ]


@contextmanager
def built_history(
    server: Server, place: Workplace, sizes: Sizes, days: int, section: Section
) -> Iterator[History]:
    """Write the files of a history, load them and build everything, in a separate database."""
    name = f"history_{days}"
    inbox = place.folder / f"inbox-{days}"
    truth = _write_history(place, inbox, sizes, days)
    time.sleep(SETTLING_SECONDS)
    with server.database(name) as url:
        server.checkpoint()
        load = place.run("load_inbox", url, name, inbox=str(inbox))
        section.check(f"history of {days} days: files loaded", truth.files, load.result["loaded"])
        check_raw(section, url, truth)
        server.checkpoint()
        build = place.run("nightly_run", url, name, inbox=str(inbox))
        must_succeed(build.result, f"the first build of {days} days")
        history = History(name, days, url, inbox, truth, load, build)
        history.check_marts(section, "first build")
        yield history


def _write_history(place: Workplace, inbox: Path, sizes: Sizes, days: int) -> Truth:
    left_out = [night.late for night in nights_of(sizes, days)]
    truth = Truth()
    with ExitStack() as stack:
        writers = [
            stack.enter_context(
                place.started(
                    "write_files",
                    inbox=str(inbox),
                    positions=list(range(half, sizes.branches, 2)),
                    days=list(range(days)),
                    rows=sizes.receipts_per_day,
                    left_out=left_out,
                )
            )
            for half in (0, 1)
        ]
        for writer in writers:
            truth += Truth(**writer.wait().result["truth"])
    return truth


def deliver(history: History, sizes: Sizes, number: int) -> None:
    """Put the files of night `number` (from 0) into the inbox."""
    night = nights_of(sizes, history.days)[number]
    tills, count = make_files(), sizes.receipts_per_day
    new = [tills.file(position, history.days + number, count) for position in range(sizes.branches)]
    new.append(tills.file(*night.late, count))
    new.append(tills.file(*night.corrected, count, corrected=True))
    for file in new:
        write(history.inbox, file)
        history.truth += file.truth
    history.truth -= tills.file(*night.corrected, count).truth


def deliver_one(history: History, sizes: Sizes, number: int) -> None:
    """Put one file of a day after all nights into the inbox, the next one for each `number`."""
    file = make_files().file(0, history.days + sizes.nights + number, sizes.receipts_per_day)
    write(history.inbox, file)
    history.truth += file.truth


def settle(server: Server, history: History) -> None:
    """Vacuum the database as autovacuum would by the next night, and flush the disk."""
    with open_link(history.url) as link, link.cursor() as cursor:
        cursor.execute("vacuum (analyze)")
    server.checkpoint()


def must_succeed(run: dict[str, Any], what: str) -> None:
    """Raise BenchError if a run or build failed: later measurements would be meaningless."""
    if not run["succeeded"]:
        raise BenchError(f"{what} failed:\n" + "\n".join(run["failures"])[:3000])


def disk_by_schema(url: str) -> dict[str, int]:
    """Bytes of all tables with their indexes per schema, and of the whole database as `all`."""
    with open_link(url) as link:
        found = rows(
            link,
            "select schemas.nspname, sum(pg_total_relation_size(tables.oid))"
            " from pg_class as tables"
            " inner join pg_namespace as schemas on tables.relnamespace = schemas.oid"
            " where tables.relkind in ('r', 'm') and schemas.nspname !~ '^(pg_|information_)'"
            " group by schemas.nspname order by 2 desc",
        )
        whole = int(value(link, "select pg_database_size(current_database())"))
    return {**{str(schema): int(size) for schema, size in found}, "all": whole}
