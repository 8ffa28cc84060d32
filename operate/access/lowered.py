"""Building and reading with the transformers' rights, where the owner of a warehouse asks.

What dbt builds belongs to the transformers, who may put triggers on it and functions into its
views. In a session of the owner these would run with all the owner's rights, and `set role` would
not keep them from it: `reset role` takes it back. So the owner's dbt, and whatever reads what dbt
has built, has a log-in that is a transformer and nothing else, made for it and dropped again.
"""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Iterator
from dataclasses import replace

import psycopg2
from psycopg2 import sql
from psycopg2.extensions import connection as Link
from psycopg2.extensions import encrypt_password, make_dsn

from base.errors import BranchlineError
from base.libpq import SCRAM, as_url
from base.link import Connection, connect, open_link, told_by
from operate.access.ours import check_ours, is_owner
from operate.access.role_names import Roles, find_roles

PREFIX = "branchline_run_"
LONGEST = "2 days"
"""Later, the log-in of a run that was killed is dropped by the next one."""

_LEFT = """
select rolname from pg_auth_members
inner join pg_roles on member = pg_roles.oid
where
    roleid = %s::regrole
    and starts_with(rolname, %s)
    and rolvaliduntil < current_timestamp
    and not exists (select from pg_stat_activity where usesysid = pg_roles.oid)
"""
INSTEAD = (
    "Let somebody do it who is no owner: branchline warehouse user nightly --role loader --role"
    " transformer, and its address in BRANCHLINE_DATABASE_URL."
)


@contextlib.contextmanager
def lowered(connection: Connection) -> Iterator[Connection]:
    """The way to the same warehouse as a transformer, for an owner or superuser; for others, and
    where there are no roles, the way as it is.

    Raises BranchlineError if the log-in cannot be made or used.
    """
    with open_link(connection.url) as link:
        check_ours(link)
        roles = find_roles(link) if is_owner(link) else None
        made = _make(link, roles) if roles is not None else None
    if made is None:
        yield connection
        return
    name, password = made
    try:
        dsn = make_dsn(connection.url, user=name, password=password, require_auth=SCRAM)
        low = replace(connection, url=as_url(dsn), user=name, password=password)
        _check(low)
        yield low
    finally:
        _drop(connection, name)


def _make(link: Link, roles: Roles) -> tuple[str, str]:
    name, password = PREFIX + secrets.token_hex(8), secrets.token_hex(24)
    verifier = encrypt_password(password, name, scope=link, algorithm="scram-sha-256")
    link.autocommit = False
    try:
        with link.cursor() as cursor:
            cursor.execute(_LEFT, (sql.Identifier(roles.transformer).as_string(cursor), PREFIX))
            for (left,) in cursor.fetchall():
                cursor.execute(sql.SQL("drop role {}").format(sql.Identifier(left)))
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
                # What it makes belongs to all transformers, from the first moment.
                "alter role {name} in database {database} set role = {noted}",
            ):
                cursor.execute(sql.SQL(statement).format(**parts))
        link.commit()
    except psycopg2.Error as error:
        link.rollback()
        raise BranchlineError(
            "The owner builds and reads what others have made with the transformers' rights only,"
            f" by a log-in that is made for it. It cannot be made: {told_by(error)}",
            INSTEAD,
        ) from None
    finally:
        link.autocommit = True
    return name, password


def _check(low: Connection) -> None:
    try:
        connect(low.url).close()
    except psycopg2.OperationalError as error:
        raise BranchlineError(
            "The owner builds and reads what others have made with the transformers' rights only,"
            f" by a log-in that is made for it. The server does not let it in: {told_by(error)}",
            INSTEAD,
        ) from None


def _drop(connection: Connection, name: str) -> None:
    """Drop the log-in. What cannot be dropped now expires, and the next one drops it."""
    with (
        contextlib.suppress(psycopg2.Error),
        contextlib.closing(connect(connection.url)) as link,
        link.cursor() as cursor,
    ):
        link.autocommit = True
        cursor.execute(sql.SQL("drop role {}").format(sql.Identifier(name)))
