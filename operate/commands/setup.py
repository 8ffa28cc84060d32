"""`branchline setup`: what dbt needs in the project folder."""

from __future__ import annotations

import click

from base.settings import read_settings
from operate.dbt.packages import install_packages
from operate.dbt.profile import fill_in_profile, make_profile
from operate.server.connecting import open_warehouse


@click.command()
def setup() -> None:
    """Install the dbt packages and make profiles.yml; what is there already stays.

    Where the package hub cannot be reached, a stand-in that the project carries is installed.
    """
    settings = read_settings()
    install_packages(settings.project, say=click.echo)
    profile = settings.project / "profiles.yml"
    if make_profile(settings.project / "profiles.example.yml", profile):
        click.echo("profiles.yml: made from profiles.example.yml.")
    warehouse = open_warehouse(settings)
    if settings.embedded and warehouse.exists():
        fill_in_profile(profile, warehouse.connection())
