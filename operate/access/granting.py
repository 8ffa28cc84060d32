"""Let dbt grant access to the marts outside of a build."""

from __future__ import annotations

from collections.abc import Callable

from psycopg2.extensions import connection as Link

from base.errors import BranchlineError
from base.link import Connection, open_link
from base.settings import Settings
from operate.access.lowered import lowered
from operate.access.role_names import find_roles
from operate.access.roles import make_roles
from operate.dbt.folders import log_folder
from operate.dbt.packages import install_packages
from operate.dbt.process import dbt_environment, quiet_dbt
from operate.dbt.profile import prepare_profile, target_arguments
from operate.server.notes import prepare_notes


def has_marts(link: Link) -> bool:
    """Whether dbt has ever built a mart here."""
    with link.cursor() as cursor:
        cursor.execute(
            "select exists (select from pg_class inner join pg_namespace"
            " on relnamespace = pg_namespace.oid where nspname = 'marts'"
            " and relkind in ('r', 'p', 'v', 'm'))"
        )
        return cursor.fetchone() == (True,)


def grant_marts(settings: Settings, connection: Connection, say: Callable[[str], None]) -> None:
    """Let dbt grant the existing marts to analysts, by the tags on their columns.

    Every build does so too. Raises BranchlineError if dbt fails.
    """
    install_packages(settings.project, say)
    prepare_profile(settings.project, say)
    with lowered(connection) as low:
        done = quiet_dbt(
            ["run-operation", "grant_marts", *target_arguments(settings.project)],
            settings.project,
            dbt_environment(settings, low),
        )
    if done.returncode != 0:
        raise BranchlineError(
            f"The roles exist, but dbt could not grant them access to the marts. It says:\n"
            f"{done.stdout.strip()[-2000:]}",
            f"The next `branchline run` tries again. The whole log is in"
            f" {log_folder(settings.project)}/dbt.log",
        )


def make_roles_if_missing(
    settings: Settings, connection: Connection, say: Callable[[str], None]
) -> None:
    """Create the roles of a warehouse that has none, and grant them what they may read."""
    with open_link(connection.url) as link:
        if find_roles(link) is not None:
            return
        say("Creating the roles that read what is published ...")
        prepare_notes(link)
        make_roles(link)
        if has_marts(link):
            grant_marts(settings, connection, say)
