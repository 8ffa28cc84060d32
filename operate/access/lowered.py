"""Build and read with the transformers' rights when the warehouse's owner runs a command.

The transformers own what dbt builds, and may put triggers on it and functions into its views. In a
session of the owner these would run with all the owner's rights, and `set role` would not prevent
it: `reset role` undoes it. So the owner's dbt, and everything that reads dbt's tables, uses a
temporary log-in that is only a transformer.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import signal
import threading
from collections.abc import Iterator
from dataclasses import replace

import psycopg2
from psycopg2 import sql
from psycopg2.extensions import connection as Link
from psycopg2.extensions import encrypt_password, make_dsn

from base.errors import BranchlineError
from base.libpq import SCRAM, as_url
from base.link import Connection, connect, message_of, only_value, open_link
from operate.access.ours import check_ours, is_owner
from operate.access.role_names import Roles, find_roles

PREFIX = "branchline_run_"
MOST = 100
"""Number of temporary log-ins at the same time."""
LONGEST = "2 days"
"""The temporary log-in expires after this."""
SECONDS_TO_DROP = 5
"""How long a terminating process may take to drop its log-in."""

_LEFT = """
select rolname from pg_auth_members
inner join pg_roles on member = pg_roles.oid
where
    roleid = %s::regrole
    and starts_with(rolname, %s)
    and (
        rolvaliduntil < current_timestamp
        or not exists (select from pg_stat_activity where application_name = rolname)
    )
    and not exists (select from pg_stat_activity where usesysid = pg_roles.oid)
"""
INSTEAD = (
    "Use a log-in that is not an owner: branchline warehouse user nightly --role loader --role"
    " transformer, and set BRANCHLINE_DATABASE_URL to its address."
)


@contextlib.contextmanager
def lowered(connection: Connection) -> Iterator[Connection]:
    """A connection to the same warehouse as a transformer, for an owner or superuser; for others,
    and where there are no roles, the given connection.

    Raises BranchlineError if the log-in cannot be created or used.
    """
    with open_link(connection.url) as link:
        check_ours(link)
        roles = find_roles(link) if is_owner(link) else None
    if roles is None:
        yield connection
        return
    password = secrets.token_hex(24)
    with contextlib.ExitStack() as stack:
        for name in _names():
            # A session with its name shows others that the log-in is in use.
            link = stack.enter_context(_session_of(connection, name))
            _drop_left(link, roles)
            role_number = _make(link, roles, name, password)
            if role_number is not None:
                break
            stack.close()
        else:
            raise BranchlineError(
                f"There are {MOST} temporary log-ins already ({PREFIX}1 and so on).",
                "Drop those that no command uses: drop role NAME",
            )
        try:
            dsn = make_dsn(connection.url, user=name, password=password, require_auth=SCRAM)
            low = replace(connection, url=as_url(dsn), user=name, password=password)
            _check(low)
            with _dropped_by_signal(connection, name, role_number):
                yield low
        finally:
            _drop(connection, name, role_number)
            # The statements of a killed run may have ended by now.
            _drop_left(link, roles)


def _names() -> Iterator[str]:
    """The names of log-ins, first of all the same one every night: dbt parses the whole project
    after any change of the connection, its user included.
    """
    return (f"{PREFIX}{place}" for place in range(1, MOST + 1))


@contextlib.contextmanager
def _session_of(connection: Connection, name: str) -> Iterator[Link]:
    try:
        link = connect(connection.url, application_name=name)
    except psycopg2.OperationalError as error:
        raise BranchlineError(
            f"The database cannot be reached: {message_of(error)}",
            "Check that it is running (branchline warehouse status), then run this again.",
        ) from None
    link.autocommit = True
    with contextlib.closing(link):
        yield link


def _make(link: Link, roles: Roles, name: str, password: str) -> int | None:
    """Create the log-in and return its number (oid); None if another command has this name."""
    verifier = encrypt_password(password, name, scope=link, algorithm="scram-sha-256")
    link.autocommit = False
    try:
        with link.cursor() as cursor:
            cursor.execute("select current_database(), current_timestamp + %s", (LONGEST,))
            database, until = cursor.fetchone() or ("", None)
            parts = {
                "name": sql.Identifier(name),
                "role": sql.Identifier(roles.transformer),
                "database": sql.Identifier(database),
                "verifier": sql.Literal(verifier),
                "until": sql.Literal(f"{until:%Y-%m-%d %H:%M:%S%z}"),
                "noted": sql.Literal(roles.transformer),
            }
            for statement in (
                "create role {name} login password {verifier} valid until {until}",
                "grant {role} to {name} with inherit true, set true",
                # All transformers own what it creates from the first moment.
                "alter role {name} in database {database} set role = {noted}",
            ):
                cursor.execute(sql.SQL(statement).format(**parts))
            cursor.execute("select oid from pg_roles where rolname = %s", (name,))
            role_number = only_value(cursor.fetchone())
        link.commit()
        return int(str(role_number))
    except (psycopg2.errors.DuplicateObject, psycopg2.errors.UniqueViolation):
        link.rollback()
        return None
    except psycopg2.Error as error:
        link.rollback()
        raise BranchlineError(
            "The owner builds and reads tables of others only with the transformers' rights, by a"
            f" temporary log-in. It cannot be created: {message_of(error)}",
            INSTEAD,
        ) from None
    finally:
        link.autocommit = True


def _drop_left(link: Link, roles: Roles) -> None:
    """Drop the log-ins left by killed runs. One that cannot be dropped stays."""
    with contextlib.suppress(psycopg2.Error), link.cursor() as cursor:
        cursor.execute(_LEFT, (sql.Identifier(roles.transformer).as_string(cursor), PREFIX))
        for (left,) in cursor.fetchall():
            with contextlib.suppress(psycopg2.Error):
                cursor.execute(sql.SQL("drop role {}").format(sql.Identifier(left)))


def _check(low: Connection) -> None:
    try:
        connect(low.url).close()
    except psycopg2.OperationalError as error:
        raise BranchlineError(
            "The owner builds and reads tables of others only with the transformers' rights, by a"
            f" temporary log-in. The server rejects it: {message_of(error)}",
            INSTEAD,
        ) from None


def _drop(connection: Connection, name: str, role_number: int) -> None:
    """Drop the log-in, unless another command has dropped it and taken its name. If it cannot be
    dropped now, the next run drops it.
    """
    with (
        contextlib.suppress(psycopg2.Error),
        contextlib.closing(connect(connection.url, connect_timeout=str(SECONDS_TO_DROP))) as link,
        link.cursor() as cursor,
    ):
        link.autocommit = True
        cursor.execute(f"set statement_timeout = '{SECONDS_TO_DROP}s'")
        cursor.execute(
            "select 1 from pg_roles where rolname = %s and oid = %s", (name, role_number)
        )
        if cursor.fetchone() is None:
            return
        with contextlib.suppress(psycopg2.Error):
            # dbt may still be working for a terminated run. If the server does not allow this,
            # dbt ends by itself.
            cursor.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity where usesysid = %s",
                (role_number,),
            )
        cursor.execute(sql.SQL("drop role {}").format(sql.Identifier(name)))


@contextlib.contextmanager
def _dropped_by_signal(connection: Connection, name: str, role_number: int) -> Iterator[None]:
    """Let SIGTERM and SIGHUP end this process as usual, but drop the log-in first.

    In a thread: a Python handler must wait for the running statement of the main thread. If these
    signals are handled already, nothing is done: the handler leaves this block.
    """
    numbers = {
        number
        for number in (signal.SIGTERM, getattr(signal, "SIGHUP", signal.SIGTERM))
        if threading.current_thread() is threading.main_thread()
        and signal.getsignal(number) is signal.SIG_DFL
    }
    if not numbers:
        yield
        return
    reading, writing = os.pipe()
    os.set_blocking(writing, False)

    def wait() -> None:
        while received := os.read(reading, 1):
            if received[0] in numbers:
                _drop(connection, name, role_number)
                os._exit(128 + received[0])

    thread = threading.Thread(target=wait, name="branchline-log-in", daemon=True)
    thread.start()
    # Python writes the number of a handled signal there at once.
    before = signal.set_wakeup_fd(writing)
    for number in numbers:
        signal.signal(number, lambda *_: None)
    try:
        yield
    finally:
        for number in numbers:
            signal.signal(number, signal.SIG_DFL)
        signal.set_wakeup_fd(before)
        os.close(writing)
        thread.join()
        os.close(reading)
