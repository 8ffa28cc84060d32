"""`branchline quarantine ...`: list, show, retry or dismiss quarantined files."""

from __future__ import annotations

import sys

import click

from base.console import make_console
from base.errors import BranchlineError
from base.link import open_link
from base.printing import say
from base.settings import read_settings
from base.source_systems import listed_sources
from base.words import plural
from ingest import CardTokens, first_lines, load_feeds, read_quarantine, shown_address, unlisted
from ingest import dismiss as dismiss_files
from operate.access.ours import check_ours
from operate.access.token_key import token_keys
from operate.commands.options import inbox_option
from operate.runs.loading import load_inbox
from operate.runs.nightly import load_progress
from operate.server.connecting import ensure_warehouse
from operate.terminal.load import show_load
from operate.terminal.progress import shown
from operate.terminal.quarantine import show_quarantine, show_quarantined_file

file_id_argument = click.argument("file_id", type=int, metavar="ID")


@click.group()
def quarantine() -> None:
    """List, show, retry or dismiss quarantined files.

    A quarantined file is not loaded, and the rest goes on. Often the branch only has to send it
    again; a good file with the same name, or of the same branch and day, removes it from the list.
    """


@quarantine.command(name="list")
@click.option("--all", "everything", is_flag=True, help="Also dismissed and resolved ones.")
def list_(everything: bool) -> None:
    """List the open files, each with its id and the reason."""
    connection = ensure_warehouse(read_settings(), make_console(stderr=True).say)
    with open_link(connection.url) as link:
        check_ours(link)
        show_quarantine(make_console(), read_quarantine(link, everything=everything))


@quarantine.command()
@file_id_argument
@inbox_option
def show(file_id: int, inbox: str | None) -> None:
    """Show everything known about the file ID, and its first lines with card numbers masked."""
    settings = read_settings()
    connection = ensure_warehouse(settings, make_console(stderr=True).say)
    with open_link(connection.url) as link:
        check_ours(link)
        (file,) = read_quarantine(link, [file_id])
        cards = CardTokens(*token_keys(settings, link))
    lines: list[str] | str
    try:
        feeds = load_feeds(sources=listed_sources())
        lines = first_lines(file, inbox or settings.inbox, feeds, cards)
    except BranchlineError as error:
        lines = str(error)
    show_quarantined_file(make_console(), file, lines)


@quarantine.command()
@click.argument("file_ids", type=int, nargs=-1, metavar="[ID]...")
@inbox_option
def retry(file_ids: tuple[int, ...], inbox: str | None) -> int:
    """Retry the files with these IDs, or all open ones, and load those that are good now.

    For example after an alias was added in ingest/feeds. Exit code 1 if one is still bad.
    """
    settings = read_settings()
    console = make_console(stderr=True)
    inbox = inbox or settings.inbox
    connection = ensure_warehouse(settings, console.say)
    with open_link(connection.url) as link:
        check_ours(link)
        files = read_quarantine(link, file_ids)
    if not files:
        say("Nothing is in quarantine.")
        return 0
    with shown(f"Loading {shown_address(inbox)}", console) as update:
        report = load_inbox(
            settings,
            connection,
            inbox,
            retry_quarantined=[file.file_id for file in files],
            progress=load_progress(update, console.say),
        )
    sys.stderr.flush()
    report.unchanged = report.still_quarantined = 0
    off = load_feeds(sources=listed_sources()).switched_off
    report.messages += [
        f"{file.file_id} is not read: {unlisted(off[file.feed].source)}."
        if file.feed in off
        else f"{file.file_id} is not in {shown_address(inbox)} unchanged any more:"
        f" {file.path}. If it was fixed there, `branchline load` loads it as a new file."
        for file in files
        if file.path not in {outcome.path for outcome in report.files}
    ]
    show_load(make_console(), report)
    if report.changed:
        say("Build the changes: branchline run")
    return 0 if len(report.with_status("loaded")) == len(files) else 1


@quarantine.command()
@click.argument("file_ids", type=int, nargs=-1, required=True, metavar="ID...")
@click.option("--because", required=True, help="Why the files are not needed; kept in the ledger.")
def dismiss(file_ids: tuple[int, ...], because: str) -> None:
    """Remove files from the list for good. They stay in the ledger, with the reason."""
    connection = ensure_warehouse(read_settings(), make_console(stderr=True).say)
    with open_link(connection.url) as link:
        check_ours(link)
        count = dismiss_files(link, file_ids, because)
    say(f"{plural(count, 'file')} dismissed.")
