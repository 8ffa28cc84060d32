"""`branchline load`: only the raw layer."""

from __future__ import annotations

import sys

import click

from base.console import make_console
from base.settings import read_settings
from ingest import shown_address
from operate.commands.options import (
    QUARANTINED,
    fail_on_quarantine_option,
    inbox_option,
    retry_quarantined_option,
)
from operate.runs.loading import load_inbox
from operate.runs.nightly import load_progress
from operate.server.connecting import ensure_warehouse
from operate.terminal.load import show_load
from operate.terminal.progress import shown


@click.command()
@click.argument("feeds", nargs=-1, metavar="[FEED]...")
@inbox_option
@click.option(
    "--dry-run",
    is_flag=True,
    help="Read and judge everything, load nothing. The first use creates the embedded warehouse.",
)
@click.option(
    "--compare-all",
    is_flag=True,
    help="Compare all rows of watermarked tables with what was loaded, as after a restore.",
)
@fail_on_quarantine_option
@retry_quarantined_option
def load(
    feeds: tuple[str, ...],
    inbox: str | None,
    dry_run: bool,
    fail_on_quarantine: bool,
    retry_quarantined: bool,
    compare_all: bool,
) -> int:
    """Load new files of an inbox into the raw layer, for all feeds or for each given FEED.

    Known files are skipped; new content of a file supersedes the old.
    """
    settings = read_settings()
    console = make_console(stderr=True)
    inbox = inbox or settings.inbox
    connection = ensure_warehouse(settings, console.say)
    with shown(f"Loading {shown_address(inbox)}", console) as update:
        report = load_inbox(
            settings,
            connection,
            inbox,
            only=feeds,
            dry_run=dry_run,
            retry_quarantined=retry_quarantined,
            compare_all=compare_all,
            progress=load_progress(update, console.say),
        )
    sys.stderr.flush()
    show_load(make_console(), report)
    if report.failed:
        return 1
    return QUARANTINED if fail_on_quarantine and report.quarantined else 0
