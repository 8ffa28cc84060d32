"""`branchline env`: the warehouse's address in the variables of psql, dbt and other tools."""

from __future__ import annotations

import os

import click

from base import libpq
from base.printing import say, say_exactly
from base.settings import read_settings
from operate.dbt.profile import TARGET, TARGET_VARIABLE
from operate.server.connecting import ensure_warehouse


@click.command()
@click.option("--unset", is_flag=True, help="Print the commands that unset the variables.")
def env(unset: bool) -> None:
    """Print PGHOST, PGPORT, PGUSER, PGPASSWORD, PGDATABASE and so on for a shell.

    \b
        eval "$(branchline env)"

    Then psql, pg_dump, dbt, mf and every other libpq client connect to the warehouse without
    arguments. An embedded warehouse is started. The output contains the password.
    """
    if unset:
        named = dict.fromkeys([*libpq.VARIABLES.values(), TARGET_VARIABLE])
        say_exactly(libpq.shell_lines(named))
        return
    settings = read_settings()
    # No connection to the server: its address is known, whether it answers or not.
    url = settings.database_url or ensure_warehouse(settings, _say).url
    left_out = libpq.without_variable(url)
    if left_out:
        _say(f"{', '.join(left_out)}: left out, because there is no variable for it.")
    shell = libpq.environment(os.environ, url, complete=settings.embedded)
    # Removed from this process already (libpq.forget_where), but not from the shell.
    gone = [name for name in libpq.WHERE if name not in shell]
    gone += [name for name in libpq.VARIABLES.values() if name in os.environ and name not in shell]
    variables = {name: shell[name] for name in libpq.variables(url)}
    changes = {**dict.fromkeys(gone), **variables, TARGET_VARIABLE: TARGET}
    say_exactly(libpq.shell_lines(changes))


def _say(line: str) -> None:
    say(line, err=True)
