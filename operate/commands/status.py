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
from operate.summary import read_last_sales


@click.command()
def status() -> None:
    """Tell per feed and branch: last business date, files, rows, and who is behind.

    Of sources whose file names tell no date, branches are told as the latest build has them.
    """
    console = make_console()
    connection = ensure_warehouse(read_settings(), make_console(stderr=True).print)
    feeds = load_feeds()
    branches = read_status(connection.url, feeds)
    undated = sorted({feed.source for feed in feeds if feed.business_date_format is None})
    with open_link(connection.url) as link:
        show_status(console, branches, read_last_sales(link, undated), read_quarantine(link))
