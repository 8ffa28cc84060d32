"""Log-ins of people and programs, as members of the warehouse's roles."""

from __future__ import annotations

import re
from collections.abc import Sequence

import psycopg2
from psycopg2.extensions import connection as Link
from psycopg2.extensions import encrypt_password, quote_ident

from base.errors import BranchlineError
from base.schemas import MARTS, MASKED
from operate.access.role_names import Roles

# Where unqualified names are looked for: an analyst who asks for dim_customers gets the view
# without personal data, a reader of personal data the table.
SEARCH_PATHS = {"analyst": f"{MASKED}, {MARTS}", "pii_reader": MARTS}


def exists(link: Link, name: str) -> bool:
    """Whether the server has a role of this name."""
    with link.cursor() as cursor:
        cursor.execute("select 1 from pg_roles where rolname = %s", (name,))
        return cursor.fetchone() is not None


def make_user(
    link: Link, roles: Roles, name: str, purposes: Sequence[str], password: str | None
) -> None:
    """Make a log-in, or change it, so that it is a member of exactly these of the four roles.

    `password`: None leaves the one it has. The server is sent a verifier of it, never itself.
    Raises BranchlineError if the name cannot be had or the user may not make it.
    """
    _check_name(link, roles, name)
    role = quote_ident(name, link)
    statements = [
        f"{'alter' if exists(link, name) else 'create'} role {role} login"
        + (f" password '{_verifier(link, name, password)}'" if password is not None else "")
    ]
    for purpose, group in roles.names().items():
        if purpose in purposes:
            statements.append(f"grant {group} to {role} with inherit true, set true")
        elif _is_member(link, name, group):
            statements.append(f"revoke {group} from {role}")
    with link.cursor() as cursor:
        cursor.execute("select quote_ident(current_database())")
        (database,) = cursor.fetchone() or ("",)
    here = f"alter role {role} in database {database}"
    alone = purposes[0] if len(purposes) == 1 else None
    if alone in ("loader", "transformer"):
        # What it makes is everybody's who does the same work, from the first moment.
        statements.append(f"{here} set role = '{roles.names()[alone]}'")
    else:
        statements.append(f"{here} reset role")
    path = SEARCH_PATHS.get("pii_reader" if "pii_reader" in purposes else alone or "")
    statements.append(f"{here} {f'set search_path = {path}' if path else 'reset search_path'}")
    link.autocommit = False
    try:
        with link.cursor() as cursor:
            for statement in statements:
                _run(cursor.execute, statement)
        link.commit()
    finally:
        link.rollback()
        link.autocommit = True


def _check_name(link: Link, roles: Roles, name: str) -> None:
    if not re.fullmatch(r"[a-z_][a-z0-9_.-]{0,62}", name) or name.startswith("pg_"):
        raise BranchlineError(
            f"'{name}' is no name for a log-in.",
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
            f"{name} may do everything here already, and no role can lessen that.",
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
    # Holds letters, digits and $:=+/ only.
    return encrypt_password(password, name, scope=link, algorithm="scram-sha-256")


def _run(execute: object, statement: str) -> None:
    assert callable(execute)
    try:
        execute(statement)
    except psycopg2.errors.InsufficientPrivilege as error:
        shown = re.sub(r"password '[^']*'", "password '...'", statement)
        raise BranchlineError(
            "This user may not make log-ins, and nothing was changed. PostgreSQL says"
            f" '{error.diag.message_primary}' to:\n    {shown}",
            "Let the warehouse's owner, or an administrator of the server, run it.",
        ) from None
