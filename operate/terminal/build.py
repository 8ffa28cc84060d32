"""A build and an audit on a terminal."""

from __future__ import annotations

from datetime import datetime, timezone

from rich.console import Console

from base.console import plain, plain_lines
from base.words import MOST_LISTED, plural
from operate.dbt.build import BuildResult, NodeFailure
from operate.server.notes import Audit

# An audit is a weekly run; this allows for one day's delay.
AUDIT_DAYS = 8


def show_build(console: Console, build: BuildResult, log_folder: str) -> None:
    """What dbt built and tested; failing nodes with their messages."""
    figures = (
        f"{plural(build.models, 'model')} and seeds, {plural(build.tests, 'test')},"
        f" {build.seconds:.0f} s"
    )
    if build.succeeded:
        warned = f"; {plural(len(build.warnings), 'warning')}" if build.warnings else ""
        console.print(f"[bold]Built:[/bold] {figures}; all passed{warned}.")
    elif build.messages:
        console.print("[bold red]The build failed before the first model:[/bold red]")
    else:
        skipped = f"; {build.skipped:,} skipped after them" if build.skipped else ""
        console.print(
            f"[bold red]The build failed:[/bold red] {figures},"
            f" {plural(len(build.failures), 'failure')}{skipped}."
        )
    for failure in build.failures[:MOST_LISTED]:
        _show_node(console, failure, "red")
    for warning in build.warnings[:MOST_LISTED]:
        _show_node(console, warning, "yellow")
    for message in build.messages:
        console.print(plain_lines(message))
    if not build.succeeded:
        if any(
            "schemas on this incremental model are out of sync" in f.message for f in build.failures
        ):
            console.print(
                "The columns of a model have changed: `branchline run --full-refresh` restates"
                " its history."
            )
        console.print(f"dbt's whole log: {plain(log_folder)}/dbt.log")


def show_audit(console: Console, audit: Audit | None) -> None:
    """When the data tests last ran on all of history: a nightly run tests only changes."""
    how = "branchline run --audit"
    if audit is None:
        console.print(f"[bold]Audit:[/bold] none has been completed yet; run one: {how}")
        return
    when = audit.finished_at.astimezone()
    days = (datetime.now(timezone.utc) - audit.finished_at).days
    text = f"all of history passed {plural(audit.tests, 'test')} on {when:%Y-%m-%d %H:%M}"
    if days > AUDIT_DAYS:
        console.print(f"[bold yellow]Audit:[/bold yellow] {text}, {days} days ago: {how}")
    else:
        console.print(f"[bold]Audit:[/bold] {text}.")


def _show_node(console: Console, node: NodeFailure, style: str) -> None:
    console.print(f"[{style}]{plain(node.kind)} {plain(node.name)}: {plain(node.status)}[/{style}]")
    for line in plain_lines(node.message).split("\n"):
        console.print(f"    {line}", soft_wrap=True)
