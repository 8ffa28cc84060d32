"""`branchline status`: what has arrived, what is late, what is in quarantine."""

from __future__ import annotations

import click

from ingest.feeds import load_feeds
from ingest.quarantine import read_quarantine
from ingest.status import read_status
from operate.builds import open_link
from operate.connecting import ensure_warehouse
from operate.settings import read_settings
from operate.show import make_console, show_status


@click.command()
def status() -> None:
    """Tell per feed and branch: last business date, files, rows, and who is behind."""
    console = make_console()
    connection = ensure_warehouse(read_settings(), make_console(stderr=True).print)
    branches = read_status(connection.url, load_feeds())
    with open_link(connection.url) as link:
        show_status(console, branches, read_quarantine(link))
