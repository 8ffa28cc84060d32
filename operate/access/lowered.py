"""Work with a role's rights when the warehouse's owner runs a command.

The transformers own what dbt builds, and may put triggers on it and functions into its views. In a
session of the owner these would run with all the owner's rights, and `set role` would not prevent
it: `reset role` undoes it. So the owner's dbt, and everything that reads dbt's tables, uses a
temporary log-in that is only a transformer; what is published is read by one that is only an
analyst, or also a reader of personal data.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import signal
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import psycopg2
from psycopg2 import sql
from psycopg2.extensions import connection as Link
from psycopg2.extensions import encrypt_password, make_dsn

from base.errors import BranchlineError
from base.libpq import SCRAM, as_url
from base.link import Connection, connect, message_of, only_value, open_link
from base.printing import printable
from operate.access.ours import check_ours, is_owner
from operate.access.role_names import Roles, find_roles

PREFIX = "branchline_run_"
MOST = 100
"""Number of temporary log-ins of a purpose at the same time."""
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


@dataclass(frozen=True)
class _Purpose:
    """What a temporary log-in is for. `roles`: those of the four roles that it has, the first one
    from the beginning of its sessions.

    `reason`: why the owner does not do it itself; `instead`: what to do where that fails.
    """

    roles: tuple[str, ...]
    prefix: str
    reason: str
    instead: str


_BUILDING = _Purpose(
    ("transformer",),
    PREFIX,
    "The owner builds and reads tables of others only with the transformers' rights, by a temporary"
    " log-in.",
    "Use a log-in that is not an owner: branchline warehouse user nightly --role loader --role"
    " transformer, and set BRANCHLINE_DATABASE_URL to its address.",
)
_PUBLISHING = _Purpose(
    ("analyst",),
    "branchline_read_",
    "What is published is read only with the rights of analysts and readers of personal data, by a"
    " temporary log-in.",
    "Use a log-in that is not an owner: branchline warehouse user nightly --role loader --role"
    " transformer --role analyst --role pii_reader, and set BRANCHLINE_DATABASE_URL to its"
    " address.",
)

_OPEN: list[tuple[Connection, str, int]] = []
"""The temporary log-ins of this process: where, name and number."""


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
    with _temporary(connection, roles, _BUILDING) as low:
        yield low


@contextlib.contextmanager
def reading(
    connection: Connection, purposes: Sequence[str]
) -> Iterator[tuple[Connection, dict[str, str]]]:
    """A connection to the same warehouse of a log-in that is an `analyst`, or also a `pii_reader`,
    and nothing more; and the name of the role for each purpose.

    A temporary log-in for an owner or superuser; for others their own, which has to be a member of
    the roles. Raises BranchlineError if it is not, or if there are no roles.
    """
    with open_link(connection.url) as link:
        check_ours(link)
        roles = find_roles(link)
        if roles is None:
            raise BranchlineError(
                "This warehouse has no roles, and what is published is read with the rights of one"
                f" ({purposes[0]}).",
                "Create them: branchline warehouse roles",
            )
        names = {purpose: roles.names()[purpose] for purpose in purposes}
        owner = is_owner(link)
        if not owner:
            for name in names.values():
                _check_member(link, name)
    if not owner:
        yield connection, names
        return
    with _temporary(connection, roles, replace(_PUBLISHING, roles=tuple(purposes))) as low:
        yield low, names


def _check_member(link: Link, role: str) -> None:
    """Raise BranchlineError unless this user may act as a role."""
    with link.cursor() as cursor:
        cursor.execute("select pg_has_role(session_user, %s, 'set')", (role,))
        if cursor.fetchone() == (True,):
            return
    user = printable(link.info.user)
    raise BranchlineError(
        f"What is published is read with the rights of {role}, and {user} is not a member of it.",
        f"The warehouse's owner grants them: branchline warehouse user {user} --role loader --role"
        " transformer --role analyst --role pii_reader",
    )


@contextlib.contextmanager
def _temporary(connection: Connection, roles: Roles, purpose: _Purpose) -> Iterator[Connection]:
    """A connection of a new log-in that has only these roles, and is dropped at the end."""
    password = secrets.token_hex(24)
    with contextlib.ExitStack() as stack:
        for name in _names(purpose):
            # A session with its name shows others that the log-in is in use.
            link = stack.enter_context(_session_of(connection, name))
            _drop_left(link, roles, purpose)
            role_number = _make(link, roles, purpose, name, password)
            if role_number is not None:
                break
            stack.close()
        else:
            raise BranchlineError(
                f"There are {MOST} temporary log-ins already ({purpose.prefix}1 and so on).",
                "Drop those that no command uses: drop role NAME",
            )
        try:
            dsn = make_dsn(connection.url, user=name, password=password, require_auth=SCRAM)
            low = replace(connection, url=as_url(dsn), user=name, password=password)
            _check(low, purpose)
            _OPEN.append((connection, name, role_number))
            with _dropped_by_signal():
                yield low
        finally:
            if (connection, name, role_number) in _OPEN:
                _OPEN.remove((connection, name, role_number))
            _drop(connection, name, role_number)
            # The statements of a killed run may have ended by now.
            _drop_left(link, roles, purpose)


def _names(purpose: _Purpose) -> Iterator[str]:
    """The names of log-ins, first of all the same one every night: dbt parses the whole project
    after any change of the connection, its user included.
    """
    return (f"{purpose.prefix}{place}" for place in range(1, MOST + 1))


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


def _make(link: Link, roles: Roles, purpose: _Purpose, name: str, password: str) -> int | None:
    """Create the log-in and return its number (oid); None if another command has this name."""
    verifier = encrypt_password(password, name, scope=link, algorithm="scram-sha-256")
    names = [roles.names()[one] for one in purpose.roles]
    link.autocommit = False
    try:
        with link.cursor() as cursor:
            cursor.execute("select current_database(), current_timestamp + %s", (LONGEST,))
            database, until = cursor.fetchone() or ("", None)
            parts = {
                "name": sql.Identifier(name),
                "roles": sql.SQL(", ").join(map(sql.Identifier, names)),
                "database": sql.Identifier(database),
                "verifier": sql.Literal(verifier),
                "until": sql.Literal(f"{until:%Y-%m-%d %H:%M:%S%z}"),
                "noted": sql.Literal(names[0]),
            }
            for statement in (
                "create role {name} login password {verifier} valid until {until}",
                "grant {roles} to {name} with inherit true, set true",
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
            f"{purpose.reason} It cannot be created: {message_of(error)}", purpose.instead
        ) from None
    finally:
        link.autocommit = True


def _drop_left(link: Link, roles: Roles, purpose: _Purpose) -> None:
    """Drop the log-ins left by killed runs. One that cannot be dropped stays."""
    with contextlib.suppress(psycopg2.Error), link.cursor() as cursor:
        role = sql.Identifier(roles.names()[purpose.roles[0]]).as_string(cursor)
        cursor.execute(_LEFT, (role, purpose.prefix))
        for (left,) in cursor.fetchall():
            with contextlib.suppress(psycopg2.Error):
                cursor.execute(sql.SQL("drop role {}").format(sql.Identifier(left)))


def _check(low: Connection, purpose: _Purpose) -> None:
    try:
        connect(low.url).close()
    except psycopg2.OperationalError as error:
        raise BranchlineError(
            f"{purpose.reason} The server rejects it: {message_of(error)}", purpose.instead
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
def _dropped_by_signal() -> Iterator[None]:
    """Let SIGTERM and SIGHUP end this process as usual, but drop its log-ins first.

    In a thread: a Python handler must wait for the running statement of the main thread. If these
    signals are handled already, nothing is done: that handler leaves this block, or drops them all.
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
                for opened in reversed(tuple(_OPEN)):
                    _drop(*opened)
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
