"""`branchline docs`: the models, their columns and their lineage, as one page."""

from __future__ import annotations

import click

from base.printing import say
from base.settings import read_settings
from operate.access.lowered import lowered
from operate.dbt.docs_page import make_docs_page
from operate.dbt.packages import install_packages
from operate.dbt.profile import prepare_profile
from operate.runs.loading import make_raw_tables
from operate.server.connecting import ensure_warehouse


@click.command()
def docs() -> None:
    """Create the dbt docs as one static page that opens in any browser, without a server."""
    settings = read_settings()
    install_packages(settings.project, say=say)
    prepare_profile(settings.project, say)
    connection = ensure_warehouse(settings, say)
    make_raw_tables(settings, connection)
    say("Creating the docs page ...")
    with lowered(connection) as low:
        page = make_docs_page(settings, low)
    say(f"Made {page}")
    say(f"Open it in a browser: {page.as_uri()}")
