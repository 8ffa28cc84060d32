"""`branchline warehouse ...`: the embedded server, roles and users, the token key."""

from __future__ import annotations

import os
import secrets
import shutil
import sys
from collections import Counter

import click

from base import libpq
from base.errors import BranchlineError
from base.link import HOST, open_link
from base.printing import say, say_exactly
from base.settings import Settings, read_settings
from operate.access.ours import is_owner
from operate.access.role_names import PURPOSES, find_roles
from operate.access.role_plan import plan_roles
from operate.access.roles import make_roles, script
from operate.server.connecting import ensure_warehouse, open_warehouse, profile_follows
from operate.server.postgres import programs
from operate.server.server import Warehouse


@click.group()
def warehouse() -> None:
    """Manage the embedded warehouse, and roles and users of any warehouse.

    Commands that need the warehouse start it and leave it running, for BI tools for example.
    """


def _embedded(settings: Settings) -> Warehouse:
    if not settings.embedded:
        raise BranchlineError(
            "BRANCHLINE_DATABASE_URL is set, so the warehouse is that server, and its life is not"
            " Branchline's business.",
            "Unset BRANCHLINE_DATABASE_URL to use the embedded warehouse.",
        )
    return open_warehouse(settings)


@warehouse.command()
@click.option(
    "--port",
    type=click.IntRange(1024, 65535),
    help="Listen on this port from now on. Default: the current one, at first 54329 or the next"
    " free one.",
)
def start(port: int | None) -> None:
    """Start the warehouse; create it if there is none yet."""
    settings = read_settings()
    connection = _embedded(settings).start(port)
    profile_follows(settings, connection, _say)
    say(
        f"The embedded warehouse runs on {HOST}:{connection.port}, database"
        f" {connection.database}, user {connection.user}."
    )
    say("Its owner's connection URL, with the password: branchline warehouse url")


@warehouse.command()
def stop() -> None:
    """Stop the warehouse cleanly. Its data stays."""
    stopped = _embedded(read_settings()).stop()
    say(
        "The embedded warehouse has stopped."
        if stopped
        else "The embedded warehouse was not running."
    )


@warehouse.command()
def status() -> None:
    """Show where the warehouse is, whether it runs, and how big it is."""
    settings = read_settings()
    if not settings.embedded:
        connection = ensure_warehouse(settings)
        say(
            f"BRANCHLINE_DATABASE_URL: {connection.host}:{connection.port}, database"
            f" {connection.database}, user {connection.user}; it answers."
        )
        return
    found = _embedded(settings).status()
    if not found.exists:
        say(f"There is no warehouse in {found.folder} yet. Any command that needs it creates it.")
        return
    if found.pid is None:
        say(f"Stopped. Folder {found.folder}, port {found.port}.")
        say("Start it: branchline warehouse start")
        return
    say(f"Running. PostgreSQL {found.server_version}, process {found.pid}.")
    say(f"Folder   {found.folder}")
    say(f"Address  127.0.0.1:{found.port}, database branchline, user branchline")
    say(f"Size     {(found.database_bytes or 0) / 1_000_000:,.1f} MB")


@warehouse.command()
def url() -> None:
    """Print the warehouse's URL with the password of its owner, who has all rights.

    Give a BI tool its own log-in: branchline warehouse user NAME --role analyst
    """
    settings = read_settings()
    if not settings.embedded:
        say_exactly(f"{settings.database_url}\n")
        return
    say_exactly(f"{_embedded(settings).network_url()}\n")


@warehouse.command()
def path() -> None:
    """Print the folder of the embedded warehouse."""
    say(str(_embedded(read_settings()).folder))


@warehouse.command(
    context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False}
)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def psql(arguments: tuple[str, ...]) -> None:
    """Open psql on the warehouse; ARGUMENTS are psql's own.

    It works on your own server too, and unlike `branchline sql` it can change data.
    """
    settings = read_settings()
    connection = ensure_warehouse(settings, say=_say)
    environment = libpq.environment(os.environ, connection.url, complete=settings.embedded)
    program = _psql(settings, environment.get("PGSSLMODE", "prefer"))
    sys.stdout.flush()
    # The password goes through the environment: every user of the machine can read arguments.
    os.execve(program, [program, *arguments], environment)


def _psql(settings: Settings, sslmode: str) -> str:
    """The psql to use: the embedded PostgreSQL's own has no TLS, so a server needs one that is
    installed on this machine.
    """
    bundled = str(programs() / "psql")
    if settings.embedded:
        return bundled
    installed = shutil.which("psql")
    if installed is None and sslmode in ("require", "verify-ca", "verify-full"):
        raise BranchlineError(
            f"BRANCHLINE_DATABASE_URL requires TLS (sslmode={sslmode}), and no psql on this"
            " machine supports it.",
            "Install PostgreSQL's client (package postgresql-client), or use `branchline sql`.",
        )
    return installed or bundled


@warehouse.command()
@click.option(
    "--prefix",
    help="Prefix of the names of the roles, given once and stored in the warehouse."
    " Default: branchline_. Roles belong to the whole server: give a second warehouse on it"
    " another prefix.",
)
@click.option(
    "--print",
    "only_print",
    is_flag=True,
    help="Change nothing; print what is missing as SQL, for an administrator of the server.",
)
def roles(prefix: str | None, only_print: bool) -> None:
    """Create the roles loader, transformer, analyst and pii_reader, and revoke all other rights.

    It is idempotent and can be run at any time: it prints what it created and changed.
    docs/privacy.md says what each role may do.
    """
    settings = read_settings()
    connection = ensure_warehouse(settings, _say)
    with open_link(connection.url) as link:
        if only_print:
            with link.cursor() as cursor:
                found, steps = plan_roles(cursor, prefix)
            say_exactly(script(steps))
            return
        found, steps = make_roles(link, prefix)
        if is_owner(link):
            from operate.runs.loading import make_raw_tables

            # A loader may not create them.
            make_raw_tables(settings, connection)
        from operate.access.granting import grant_marts, has_marts

        for text, count in Counter(step.text for step in steps).items():
            say(f"{text}{f' ({count} statements)' if count > 1 else ''}")
        created = {step.text.removeprefix("created role ") for step in steps}
        for purpose, name in found.names().items():
            say(f"{'created' if name in created else 'found  '} {purpose:<12} {name}")
        if not steps:
            say("Nothing had to be changed.")
        elif has_marts(link):
            say("Letting dbt grant the marts to their readers ...")
            grant_marts(settings, connection, say)
    say("Create a log-in: branchline warehouse user NAME --role analyst")


@warehouse.command()
@click.argument("name")
@click.option(
    "--role",
    "purposes",
    multiple=True,
    required=True,
    type=click.Choice(PURPOSES),
    help="A role of the log-in; repeat it for several roles.",
)
@click.option(
    "--ask-password", is_flag=True, help="Ask for the password instead of generating one."
)
@click.option("--new-password", is_flag=True, help="Give an existing log-in a new password.")
@click.option(
    "--minutes",
    type=click.IntRange(min=1),
    default=10,
    show_default=True,
    help="How long a query or an idle transaction of a reader may take.",
)
@click.option(
    "--gigabytes",
    type=click.IntRange(min=1),
    default=2,
    show_default=True,
    help="How much temporary disk space a query of a reader may use.",
)
@click.option(
    "--connections",
    type=click.IntRange(min=1),
    default=10,
    show_default=True,
    help="How many connections a reader may have at once.",
)
def user(
    name: str,
    purposes: tuple[str, ...],
    ask_password: bool,
    new_password: bool,
    minutes: int,
    gigabytes: int,
    connections: int,
) -> None:
    """Create the log-in NAME with these roles, or change an existing one to these roles.

    A generated password is shown once and stored nowhere. The limits apply to readers: analyst and
    pii_reader.
    """
    from operate.access.people import Limits, exists, make_user

    connection = ensure_warehouse(read_settings(), _say)
    with open_link(connection.url) as link:
        found = find_roles(link)
        if found is None:
            raise BranchlineError(
                "This warehouse has no roles yet.", "Create them: branchline warehouse roles"
            )
        known = exists(link, name)
        password = None
        if ask_password:
            password = click.prompt("Password", hide_input=True, confirmation_prompt=True)
            if len(password) < 12:
                raise BranchlineError(
                    "A password needs at least 12 characters.", "Nothing was created."
                )
        elif not known or new_password:
            password = secrets.token_urlsafe(24)
        limits = Limits(minutes, gigabytes, connections)
        make_user(link, found, name, list(dict.fromkeys(purposes)), password, limits)
    say(
        f"{'Changed' if known else 'Created'} {name}: a member of"
        f" {', '.join(found.names()[purpose] for purpose in dict.fromkeys(purposes))}."
    )
    if password is not None and not ask_password:
        say(f"Password, shown only now: {password}")


@warehouse.command("rotate-key")
def rotate_key() -> None:
    """Apply a new token key to every token of a card or an IP address, old and new.

    For the embedded warehouse the key is generated. Elsewhere, first append it to
    BRANCHLINE_TOKEN_KEY, separated by a comma. Equal cards keep equal tokens. The next run is a
    full refresh of every model. All keys are needed from then on: keep them.
    """
    from operate.access import key_rotation

    settings = read_settings()
    done = key_rotation.rotate_key(settings, ensure_warehouse(settings, _say), say)
    say(f"{done.tokens:,} tokens in {done.rows:,} rows are made with {done.keys} keys now.")
    if settings.token_key is None:
        say("The new key was appended to token.key: keep a copy of all keys.")
    say("The next `branchline run` is a full refresh of every model.")


def _say(line: str) -> None:
    say(line, err=True)
