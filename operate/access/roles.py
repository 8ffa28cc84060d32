"""The group roles of a warehouse: what each may do, and what is still missing for it to be so.

Four roles that nobody logs in as; people and programs are members of them:

    loader        writes the raw layer, and the few notes that a load leaves in `operations`
    transformer   reads raw, owns every schema that dbt builds
    analyst       reads the marts without personal data: whole, or through masking views
    pii_reader    reads all of the marts

What the last two may read of each mart follows from the tags on its columns, so dbt grants it
(macros/privacy). Everything else is here: roles, schemas, owners, and what the public may do.

A warehouse remembers the names of its roles in `operations.roles`. Roles belong to the whole
server, so that two warehouses on one server have roles of their own only under other names.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator

import psycopg2
from psycopg2.extensions import connection as Link
from psycopg2.extensions import cursor as Cursor

from base.errors import BranchlineError
from base.schemas import RAW
from operate.access.role_names import Roles, Step, find_roles
from operate.access.role_plan import plan_roles

LOCK_WAIT = "30s"


def make_roles(link: Link, prefix: str | None = None) -> tuple[Roles, list[Step]]:
    """Make what is missing, change what is otherwise, and return the roles and what was done.

    All of it happens, or nothing. Raises BranchlineError that names the statement which the
    user may not run.
    """
    link.autocommit = False
    try:
        with link.cursor() as cursor:
            cursor.execute("select pg_advisory_xact_lock(hashtext('branchline roles'))")
            cursor.execute(f"set local lock_timeout = '{LOCK_WAIT}'")
            done: list[Step] = []
            while True:
                # What is made may itself have to be handed over and granted.
                roles, steps = plan_roles(cursor, prefix)
                if not steps:
                    break
                for step in steps:
                    if step in done:
                        # PostgreSQL only warns of a grant that comes to nothing.
                        raise _not_allowed(step, "it had no effect")
                    _run(cursor, step)
                done += steps
        link.commit()
        return roles, done
    finally:
        if not link.closed:
            link.rollback()
            link.autocommit = True


def _run(cursor: Cursor, step: Step) -> None:
    try:
        cursor.execute(step.statement)
    except psycopg2.errors.LockNotAvailable:
        raise BranchlineError(
            f"Somebody is using what has to be changed ({step.told}).",
            "Run this again when no load, build or long query is at work. Nothing was changed.",
        ) from None
    except (
        psycopg2.errors.InsufficientPrivilege,
        psycopg2.errors.InvalidGrantOperation,
    ) as error:
        raise _not_allowed(step, error.diag.message_primary or "not allowed") from None


def _not_allowed(step: Step, told: str) -> BranchlineError:
    lines = step.statement.splitlines()
    shown = "\n    ".join([*lines[:4], *(["..."] if len(lines) > 4 else [])])
    return BranchlineError(
        f"This user may not do what the roles need, and nothing was changed. PostgreSQL says"
        f" '{told}' to:\n    {shown}",
        "An administrator of the server has to run it, connected to the warehouse's database. All"
        " that is missing, as SQL: branchline warehouse roles --print",
    )


def script(steps: Iterable[Step]) -> str:
    """The steps as SQL for an administrator, in one transaction."""
    body = "".join(f"{step.statement.rstrip(';')};\n" for step in steps)
    return f"begin;\n{body}commit;\n" if body else "-- Nothing is missing.\n"


@contextlib.contextmanager
def settled_raw(link: Link) -> Iterator[None]:
    """Hand what this user makes in the raw layer meanwhile to the loaders' role, for its members.

    Without roles, nothing; what other users made is left alone.
    """
    _settle_raw(link)
    try:
        yield
    except BaseException:
        # The error that ended the work is the one to tell.
        with contextlib.suppress(psycopg2.Error):
            _settle_raw(link)
        raise
    _settle_raw(link)


def _settle_raw(link: Link) -> None:
    roles = find_roles(link)
    if roles is None:
        return
    with link.cursor() as cursor:
        cursor.execute(
            "select format('%%I.%%I', nspname, relname) from pg_class"
            " inner join pg_namespace on relnamespace = pg_namespace.oid"
            " where nspname = %s and relkind in ('r', 'p', 'v', 'm')"
            " and pg_get_userbyid(relowner) = current_user and current_user <> %s"
            " and pg_has_role(current_user, %s, 'set') and pg_has_role(current_user, %s, 'usage')",
            (RAW, *[roles.loader] * 3),
        )
        for (name,) in cursor.fetchall():
            cursor.execute(f"alter table {name} owner to {roles.loader}")
            cursor.execute(f"grant select on {name} to {roles.transformer}")
