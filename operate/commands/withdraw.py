"""`branchline withdraw`: take files back that should never have been loaded."""

from __future__ import annotations

import click

from base.console import make_console
from base.settings import read_settings
from base.words import plural
from ingest import withdraw as withdraw_files
from operate.server.connecting import ensure_warehouse


@click.command()
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@click.option("--because", required=True, help="Why they do not count; kept in the ledger.")
def withdraw(paths: tuple[str, ...], because: str) -> None:
    """Let files count no more: copies, files of another company, files of a test.

    A PATH is relative to the inbox, as `branchline load` tells it. The rows stay in raw. The file
    may stay where it lies, or go; it counts again when it comes with other content.
    """
    console = make_console(stderr=True)
    connection = ensure_warehouse(read_settings(), console.print)
    for file in withdraw_files(connection.url, paths, because, console.print):
        click.echo(f"{file.path}: {plural(file.rows, 'row')} of {file.feed} withdrawn.")
    click.echo("Build what that changes: branchline run")
