"""The group roles of a warehouse: create them, and give each its rights.

Nobody logs in as one of the four roles; people and programs are members of them:

    loader        writes the rows of raw, and a load's metadata in `operations`
    transformer   reads raw, owns every schema that dbt builds
    analyst       reads the marts without personal data: whole, or through masking views
    pii_reader    reads all of the marts

What the last two may read of each mart depends on the tags on its columns, so dbt grants it
(macros/privacy). Everything else is here: roles, schemas, owners, and the rights of the public.

The raw layer and the warehouse's metadata belong to the database's owner, who never writes to
anything that a member may have created (operate/access/ours.py).

A warehouse stores the names of its roles in `operations.roles`. Roles belong to the whole server,
so two warehouses on one server need different names for separate roles.
"""

from __future__ import annotations

from collections.abc import Iterable

import psycopg2
from psycopg2.extensions import connection as Link
from psycopg2.extensions import cursor as Cursor

from base.errors import BranchlineError
from operate.access.role_names import Roles, Step
from operate.access.role_plan import plan_roles

LOCK_WAIT = "30s"


def make_roles(link: Link, prefix: str | None = None) -> tuple[Roles, list[Step]]:
    """Create what is missing, change what differs, and return the roles and the steps done.

    Everything is one transaction. Raises BranchlineError with the statement that the user may not
    run.
    """
    link.autocommit = False
    try:
        with link.cursor() as cursor:
            cursor.execute(f"set local lock_timeout = '{LOCK_WAIT}'")
            _alone(cursor)
            done: list[Step] = []
            while True:
                # New things may need a new owner and grants themselves.
                roles, steps = plan_roles(cursor, prefix)
                if not steps:
                    break
                for step in steps:
                    if step in done:
                        # PostgreSQL only warns of a grant without effect.
                        raise _not_allowed(step, "it had no effect")
                    _run(cursor, step)
                done += steps
        link.commit()
        return roles, done
    finally:
        if not link.closed:
            link.rollback()
            link.autocommit = True


def _alone(cursor: Cursor) -> None:
    """Wait for another run of this, unless the metadata tables do not exist yet."""
    cursor.execute("select to_regclass('operations.locks') is not null")
    if cursor.fetchone() == (True,):
        cursor.execute(
            "insert into operations.locks (name) values ('roles') on conflict do nothing"
        )
        cursor.execute("select from operations.locks where name = 'roles' for update")


def _run(cursor: Cursor, step: Step) -> None:
    try:
        cursor.execute(step.statement)
    except psycopg2.errors.LockNotAvailable:
        raise BranchlineError(
            f"Somebody is using what must be changed ({step.text}).",
            "Run this again when no load, build or long query is running. Nothing was changed.",
        ) from None
    except (
        psycopg2.errors.InsufficientPrivilege,
        psycopg2.errors.InvalidGrantOperation,
        psycopg2.errors.UndefinedObject,
        psycopg2.errors.DependentObjectsStillExist,
    ) as error:
        raise _not_allowed(step, error.diag.message_primary or "not allowed") from None


def _not_allowed(step: Step, message: str) -> BranchlineError:
    lines = step.statement.splitlines()
    shown = "\n    ".join([*lines[:4], *(["..."] if len(lines) > 4 else [])])
    return BranchlineError(
        f"This user may not do what the roles need; nothing was changed. PostgreSQL says"
        f" '{message}' to:\n    {shown}",
        "An administrator of the server must run it, connected to the warehouse's database. To"
        " print everything that is missing as SQL: branchline warehouse roles --print",
    )


def script(steps: Iterable[Step]) -> str:
    """The steps as SQL for an administrator, in one transaction."""
    body = "".join(f"{step.statement.rstrip(';')};\n" for step in steps)
    return f"begin;\n{body}commit;\n" if body else "-- Nothing is missing.\n"
