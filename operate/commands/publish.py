"""`branchline publish`: reports, files and messages for people who never write SQL."""

from __future__ import annotations

import functools
import os
from datetime import date

import click

from base.console import make_console
from base.settings import read_settings
from operate.runs.publishing import LATEST, archive_folder, send_waiting
from operate.runs.publishing import publish as publish_now
from operate.terminal.progress import shown
from operate.terminal.published import show_plan, show_published
from publish.contract.reading import load_publications
from publish.reports import REPORTS


def _date(_: click.Context, __: click.Parameter, text: str | None) -> date | str | None:
    if text is None or text == LATEST:
        return text
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise click.BadParameter(f"'{text}' is not a date, such as 2026-03-31.") from None


@click.command()
@click.option(
    "--date",
    "on",
    callback=_date,
    metavar="DATE|latest",
    help="The business date; `latest` is the last one with sales. Default: the last day that has"
    " ended in the time zones of all branches.",
)
@click.option("--only", metavar="NAME", help="One publication, even if it is not due.")
@click.option("--dry-run", is_flag=True, help="Show what would be published, and for whom.")
@click.option(
    "--send", is_flag=True, help="Only send messages that wait, and copy files to places."
)
@click.option(
    "--serve", "serves", is_flag=True, help="Show the archive in a browser of this machine."
)
@click.option(
    "--port", type=click.IntRange(0, 65535), default=8765, show_default=True, help="For --serve."
)
def publish(
    on: date | str | None, only: str | None, dry_run: bool, send: bool, serves: bool, port: int
) -> int:
    """Publish what publish/publications.yml declares: pages, files and messages.

    What was published already and has not changed stays as it is; what a correction concerns is
    restated. docs/publications.md describes it.
    """
    settings = read_settings()
    console = make_console()
    if serves:
        from publish.archive import serve

        archive = archive_folder(settings, load_publications(REPORTS))
        serve(archive, port, lambda address: console.say(f"{address} (Ctrl-C ends it)"))
        return 0
    show = functools.partial(shown, console=console)
    if send:
        report = send_waiting(settings, say=console.say, show=show)
        show_published(console, report)
        return 0 if report.succeeded else 1
    report = publish_now(
        settings,
        say=console.say,
        show=show,
        on=on,
        only=only,
        dry_run=dry_run,
    )
    if dry_run:
        show_plan(console, report, load_publications(REPORTS), os.environ)
        return 0
    show_published(console, report)
    return 0 if report.succeeded else 1
