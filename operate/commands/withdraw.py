"""`branchline withdraw`: withdraw or erase files that should never have been loaded."""

from __future__ import annotations

from functools import partial

import click

from base.console import make_console
from base.link import open_link
from base.printing import say
from base.settings import read_settings
from base.source_systems import listed_sources
from base.words import plural
from ingest import erase as erase_files
from ingest import is_read_now, load_feeds, same_content
from ingest import withdraw as withdraw_files
from operate.access.ours import check_ours
from operate.server.connecting import ensure_warehouse
from operate.server.notes import one_run_at_a_time


@click.command()
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@click.option("--because", required=True, help="The reason; kept in the ledger.")
@click.option(
    "--erase",
    is_flag=True,
    help="Delete their rows for good, of all versions that were loaded from a PATH; or of one"
    " version, with its number in the ledger (file_id) instead of a PATH.",
)
def withdraw(paths: tuple[str, ...], because: str, erase: bool) -> None:
    """Withdraw files: copies, files of another company, files of a test.

    A PATH is relative to the inbox, as `branchline load` prints it; with a / at the end it is a
    folder. The rows stay in raw, unless they are erased. The file may stay in the inbox; it is
    loaded again only with different content.
    """
    console = make_console(stderr=True)
    connection = ensure_warehouse(read_settings(), console.say)
    with open_link(connection.url) as link:
        check_ours(link)
    is_read = partial(is_read_now, list(load_feeds(sources=listed_sources())))
    if not erase:
        withdrawn = withdraw_files(connection.url, paths, because, console.say, is_read=is_read)
        for file in withdrawn:
            say(f"{file.path}: {plural(file.rows, 'row')} of {file.feed} withdrawn.")
        say("Build the changes: branchline run")
        return
    # A build that reads while rows are deleted would get wrong sums.
    with open_link(connection.url) as link, one_run_at_a_time(link):
        withdrawn, erased = erase_files(
            connection.url, paths, because, console.say, is_read=is_read
        )
        others = same_content(link, paths)
    for file in withdrawn:
        say(f"{file.path}: {plural(file.rows, 'row')} of {file.feed} withdrawn.")
    for version in erased:
        say(
            f"{version.path}: {plural(version.rows, 'row')} and"
            f" {plural(version.rejects, 'rejected line')} of {version.feed} erased (version"
            f" {version.file_id})."
        )
    if others:
        say("The same content is still stored of:")
        for other in others:
            say(
                f"    {other.path}: {plural(other.rows, 'row')} and"
                f" {plural(other.rejects, 'rejected line')} (version {other.file_id})"
            )
        numbers = " ".join(str(other.file_id) for other in others)
        say(f"Erase that too: branchline withdraw {numbers} --erase --because ...")
    if not erased:
        say("They were erased before; none of their rows are stored.")
        return
    say(
        "The next `branchline run` is a full refresh, which removes them from every model. Delete"
        " the files themselves, and backups, yourself."
    )
