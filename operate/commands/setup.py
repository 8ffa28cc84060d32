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
    """Install the dbt packages and create profiles.yml; existing files are kept.

    Only a profiles.yml that does not read PGHOST and the like is recreated, with a copy of the old.
    If the package hub cannot be reached, the project's own stand-in is installed.
    """
    settings = read_settings()
    install_packages(settings.project, say=say)
    prepare_profile(settings.project, say)
    # dbt would create them with the umask's mode.
    closed_to_others(settings.project)
    warehouse = open_warehouse(settings)
    if settings.embedded and warehouse.exists():
        profile_follows(settings, warehouse.connection(), say)
