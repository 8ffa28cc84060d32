"""`branchline status`: what has arrived, what is late or unreachable, what is in quarantine."""

from __future__ import annotations

import click

from base.console import make_console
from base.link import open_link
from base.settings import read_settings
from base.source_systems import listed_sources
from ingest import (
    load_feeds,
    read_connections,
    read_quarantine,
    read_status,
    read_watermarks,
)
from operate.access.lowered import lowered
from operate.server.connecting import ensure_warehouse
from operate.server.readings import last_readings
from operate.terminal.published import show_outbox
from operate.terminal.status import show_connections, show_status
from publish.digest.totals import read_last_sales
from publish.messages import outbox_state


@click.command()
def status() -> None:
    """Show per feed and branch: last business date, files, rows, and who is behind.

    And for each database and API: whether its address is set, and when it was last read.
    For sources without dates in file names, the branches are shown as of the latest build.
    """
    console = make_console()
    connection = ensure_warehouse(read_settings(), make_console(stderr=True).say)
    feeds = load_feeds(sources=listed_sources())
    undated = sorted({feed.source for feed in feeds if feed.business_date_format is None})
    with lowered(connection) as low, open_link(low.url) as link:
        branches = read_status(low.url, feeds)
        quarantined = [
            file for file in read_quarantine(link) if file.feed not in feeds.switched_off
        ]
        show_status(console, branches, read_last_sales(link, undated), quarantined)
        show_connections(
            console,
            read_connections(link, feeds),
            last_readings(link),
            read_watermarks(link, feeds),
        )
        show_outbox(console, outbox_state(link))
