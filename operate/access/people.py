"""Log-ins of people and programs, as members of the warehouse's roles."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import psycopg2
from psycopg2 import sql
from psycopg2.extensions import connection as Link
from psycopg2.extensions import cursor as Cursor
from psycopg2.extensions import encrypt_password

from base.errors import BranchlineError
from base.schemas import MARTS, MASKED
from operate.access.role_names import Roles

# The search path: dim_customers means the view without personal data for an analyst, and the table
# for a reader of personal data.
SEARCH_PATHS = {"analyst": (MASKED, MARTS), "pii_reader": (MARTS,)}


@dataclass(frozen=True)
class Limits:
    """The limits of a log-in that only reads: duration of a query or an idle transaction; temporary
    disk space of a query; number of connections.
    """

    minutes: int = 10
    gigabytes: int = 2
    connections: int = 10


def exists(link: Link, name: str) -> bool:
    """Whether the server has a role with this name."""
    with link.cursor() as cursor:
        cursor.execute("select 1 from pg_roles where rolname = %s", (name,))
        return cursor.fetchone() is not None


def make_user(
    link: Link,
    roles: Roles,
    name: str,
    purposes: Sequence[str],
    password: str | None,
    limits: Limits | None = None,
) -> None:
    """Create or change a log-in, so that it is a member of exactly these of the four roles.

    `password`: None keeps the current one. The server gets a verifier, never the password itself.
    `limits` apply to a log-in that only reads; one that loads or builds has none. Raises
    BranchlineError for an invalid name, or if the user may not create it.
    """
    _check_name(link, roles, name)
    with link.cursor() as cursor:
        cursor.execute("select current_database()")
        (database,) = cursor.fetchone() or ("",)
    role, here = sql.Identifier(name), sql.Identifier(database)

    def in_database(setting: str, **values: sql.Composable) -> sql.Composed:
        text = "alter role {role} in database {database} " + setting
        return sql.SQL(text).format(role=role, database=here, **values)

    verb = "alter" if exists(link, name) else "create"
    login = sql.SQL(verb + " role {} login").format(role)
    if password is not None:
        verifier = sql.Literal(_verifier(link, name, password))
        login = sql.SQL("{} password {}").format(login, verifier)
    statements: list[sql.Composable] = [login]
    for purpose, group in roles.names().items():
        parts = {"group": sql.Identifier(group), "role": role}
        if purpose in purposes:
            grant = sql.SQL("grant {group} to {role} with inherit true, set true")
            statements.append(grant.format(**parts))
        elif _is_member(link, name, group):
            statements.append(sql.SQL("revoke {group} from {role}").format(**parts))
    alone = purposes[0] if len(purposes) == 1 else None
    if alone in ("loader", "transformer"):
        # The whole group owns what it creates from the first moment.
        group = roles.names()[alone]
        statements.append(in_database("set role = {group}", group=sql.Literal(group)))
    else:
        statements.append(in_database("reset role"))
    path = SEARCH_PATHS.get("pii_reader" if "pii_reader" in purposes else alone or "", ())
    # Not PostgreSQL's default, which searches a schema with the log-in's name: a transformer may
    # have created it with any function.
    names = sql.SQL(", ").join(sql.Identifier(schema) for schema in path or ("public",))
    statements.append(in_database("set search_path = {names}", names=names))
    given = (limits or Limits()) if set(purposes) <= set(SEARCH_PATHS) else None
    statements += _limit(link, role, in_database, given)
    link.autocommit = False
    try:
        with link.cursor() as cursor:
            for statement in statements:
                _run(cursor, statement)
        link.commit()
    finally:
        link.rollback()
        link.autocommit = True


def _limit(
    link: Link,
    role: sql.Identifier,
    in_database: Callable[..., sql.Composed],
    limits: Limits | None,
) -> Iterator[sql.Composable]:
    """Statements that set or remove the limits of a log-in."""
    number = sql.Literal(limits.connections if limits is not None else -1)
    yield sql.SQL("alter role {} connection limit {}").format(role, number)
    for setting in ("statement_timeout", "idle_in_transaction_session_timeout"):
        if limits is None:
            yield in_database(f"reset {setting}")
        else:
            value = sql.Literal(f"{limits.minutes}min")
            yield in_database(f"set {setting} = {{value}}", value=value)
    with link.cursor() as cursor:
        cursor.execute("select has_parameter_privilege('temp_file_limit', 'set')")
        may_limit_files = cursor.fetchone() == (True,)
    if may_limit_files:
        # A log-in may change this for itself only with this right.
        if limits is None:
            yield in_database("reset temp_file_limit")
        else:
            value = sql.Literal(f"{limits.gigabytes}GB")
            yield in_database("set temp_file_limit = {value}", value=value)


def _check_name(link: Link, roles: Roles, name: str) -> None:
    if not re.fullmatch(r"[a-z_][a-z0-9_.-]{0,62}", name) or name.startswith("pg_"):
        raise BranchlineError(
            f"'{name}' is not a valid name for a log-in.",
            "Use up to 63 small letters, digits, underscores, dots and dashes, a letter first.",
        )
    with link.cursor() as cursor:
        cursor.execute("select rolsuper, rolcanlogin from pg_roles where rolname = %s", (name,))
        is_superuser, is_login = cursor.fetchone() or (False, True)
        cursor.execute(
            "select pg_get_userbyid(datdba) = %s from pg_database"
            " where datname = current_database()",
            (name,),
        )
        is_owner = cursor.fetchone() == (True,)
    if name in roles.names().values() or not is_login:
        raise BranchlineError(
            f"{name} is a group, not a person.", "Choose another name for the log-in."
        )
    if is_superuser or is_owner:
        raise BranchlineError(
            f"{name} has all rights here already, and no role can restrict it.",
            "Choose another name for the log-in.",
        )


def _is_member(link: Link, name: str, group: str) -> bool:
    with link.cursor() as cursor:
        cursor.execute(
            "select 1 from pg_auth_members where pg_get_userbyid(member) = %s"
            " and pg_get_userbyid(roleid) = %s",
            (name, group),
        )
        return cursor.fetchone() is not None


def _verifier(link: Link, name: str, password: str) -> str:
    return encrypt_password(password, name, scope=link, algorithm="scram-sha-256")


def _run(cursor: Cursor, statement: sql.Composable) -> None:
    try:
        cursor.execute(statement)
    except psycopg2.errors.InsufficientPrivilege as error:
        shown = re.sub(r"password '[^']*'", "password '...'", statement.as_string(cursor))
        raise BranchlineError(
            "This user may not create log-ins; nothing was changed. PostgreSQL says"
            f" '{error.diag.message_primary}' to:\n    {shown}",
            "Let the warehouse's owner, or an administrator of the server, run it.",
        ) from None
