"""`branchline env`: the warehouse's address in the variables that psql, dbt and others read."""

from __future__ import annotations

import os

import click

from base import libpq
from base.printing import say, say_exactly
from base.settings import read_settings
from operate.dbt.profile import TARGET, TARGET_VARIABLE
from operate.server.connecting import ensure_warehouse


@click.command()
@click.option(
    "--unset", is_flag=True, help="Print the lines that take the variables out of the shell again."
)
def env(unset: bool) -> None:
    """Print PGHOST, PGPORT, PGUSER, PGPASSWORD, PGDATABASE and so on for a shell.

    \b
        eval "$(branchline env)"

    Then psql, pg_dump, dbt, mf and every other client of libpq go to the warehouse without an
    argument. An embedded warehouse is started. The password is printed: redirect it to nobody.
    """
    if unset:
        named = dict.fromkeys([*libpq.VARIABLES.values(), TARGET_VARIABLE])
        say_exactly(libpq.shell_lines(named))
        return
    settings = read_settings()
    # A server is not asked: its address is known, whether it answers or not.
    url = settings.database_url or ensure_warehouse(settings, _say).url
    left_out = libpq.without_variable(url)
    if left_out:
        _say(f"{', '.join(left_out)}: there is no variable for this; it is left out.")
    shell = libpq.environment(os.environ, url, complete=settings.embedded)
    # Gone from this process already (libpq.forget_where), but not from the shell.
    gone = [name for name in libpq.WHERE if name not in shell]
    gone += [name for name in libpq.VARIABLES.values() if name in os.environ and name not in shell]
    variables = {name: shell[name] for name in libpq.variables(url)}
    changes = {**dict.fromkeys(gone), **variables, TARGET_VARIABLE: TARGET}
    say_exactly(libpq.shell_lines(changes))


def _say(line: str) -> None:
    say(line, err=True)
