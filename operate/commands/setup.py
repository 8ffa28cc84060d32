"""`branchline setup`: what dbt needs in the project folder."""

from __future__ import annotations

import click

from base.printing import say
from base.settings import read_settings
from operate.dbt.folders import closed_to_others
from operate.dbt.packages import install_packages
from operate.dbt.profile import prepare_profile
from operate.server.connecting import open_warehouse, profile_follows


@click.command()
def setup() -> None:
    """Install the dbt packages and make profiles.yml; what is there already stays.

    Only a profiles.yml that does not read PGHOST and the like is made anew, and the old one kept.
    Where the package hub cannot be reached, a stand-in that the project carries is installed.
    """
    settings = read_settings()
    install_packages(settings.project, say=say)
    prepare_profile(settings.project, say)
    # Plain dbt would make them by the umask.
    closed_to_others(settings.project)
    warehouse = open_warehouse(settings)
    if settings.embedded and warehouse.exists():
        profile_follows(settings, warehouse.connection(), say)
