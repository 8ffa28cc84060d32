"""`branchline ci`: build and test only what differs from main."""

from __future__ import annotations

import contextlib
import functools
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

import click
import psutil
from rich.console import Console

from base.console import make_console, plain
from base.printing import LONGEST_LINE
from base.settings import read_settings
from base.words import plural
from operate.dbt.folders import log_folder
from operate.runs.ci_build import CiReport, build_changes, drop_changes
from operate.terminal.build import show_build
from operate.terminal.progress import shown

# How many names are listed; the rest is only counted.
MOST_NAMES = 30


@click.command()
@click.option(
    "--state",
    metavar="DIR",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder with the manifest.json and the dbt_project.yml of main.",
)
@click.option(
    "--schema",
    metavar="PREFIX",
    default=lambda: os.environ.get("BRANCHLINE_CI_SCHEMA") or "ci",
    help="Prefix of the build's schemas, such as pr_17. Default: BRANCHLINE_CI_SCHEMA, or ci.",
)
@click.option("--keep", is_flag=True, help="Keep the schemas, to inspect what was built.")
@click.option("--drop", is_flag=True, help="Only drop the schemas of an earlier call.")
def ci(state: Path | None, schema: str, keep: bool, drop: bool) -> int:
    """Build and test only what differs from main, and everything that depends on it.

    Unchanged models are read from main's schemas in the same database. The build's own schemas have
    a prefix and are always dropped at the end.
    """
    settings = read_settings()
    console = make_console()
    if drop:
        if state is not None or keep:
            raise click.UsageError("--drop goes with --schema alone.")
        dropped = drop_changes(settings, schema, console.say)
        console.say(f"Dropped: {', '.join(dropped) or 'nothing was there'}.")
        return 0
    if state is None:
        raise click.UsageError("Missing option '--state': the folder with the state of main.")
    with _stopped_in_order():
        report = build_changes(
            settings,
            state,
            schema,
            keep=keep,
            say=console.say,
            show=functools.partial(shown, console=console),
            found=functools.partial(_show_found, console),
        )
    if report.build is None:
        console.print("Nothing that dbt builds or tests differs from main.")
        return 0
    show_build(console, report.build, str(log_folder(settings.project)))
    if report.kept:
        console.print(
            f"Kept: {plain(', '.join(report.kept), LONGEST_LINE)}.\n"
            f"Drop them: branchline ci --drop --schema {plain(schema)}",
            soft_wrap=True,
        )
    return 0 if report.build.succeeded else 1


def _show_found(console: Console, report: CiReport) -> None:
    lines = [f"More than dbt's own comparison: {reason}." for reason in report.reasons]
    names, rest = report.relations[:MOST_NAMES], len(report.relations) - MOST_NAMES
    lines.append(
        f"Differs from main, or depends on what does: {plural(len(report.relations), 'relation')}"
        f" and {plural(report.tests, 'test')}"
    )
    lines += [f"  {name}" for name in names]
    if rest > 0:
        lines.append(f"  and {rest} more")
    for line in lines:
        console.print(plain(line, LONGEST_LINE), soft_wrap=True)


@contextlib.contextmanager
def _stopped_in_order() -> Iterator[None]:
    """Let SIGTERM and SIGHUP, with which CI cancels a job, act like Ctrl-C."""

    def stop(_: int, __: FrameType | None) -> None:
        for number in signals:
            # Dropping the schemas must not be interrupted.
            signal.signal(number, signal.SIG_IGN)
        for child in psutil.Process().children(recursive=True):
            with contextlib.suppress(psutil.NoSuchProcess):
                child.send_signal(signal.SIGINT)
        raise KeyboardInterrupt

    signals = (signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, stop) for number in signals}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
