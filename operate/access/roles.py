"""The group roles of a warehouse: what each may do, and what is still missing for it to be so.

Four roles that nobody logs in as; people and programs are members of them:

    loader        writes the rows of raw, and the few notes that a load leaves in `operations`
    transformer   reads raw, owns every schema that dbt builds
    analyst       reads the marts without personal data: whole, or through masking views
    pii_reader    reads all of the marts

What the last two may read of each mart follows from the tags on its columns, so dbt grants it
(macros/privacy). Everything else is here: roles, schemas, owners, and what the public may do.

The raw layer and the warehouse's notes belong to the database's owner, who writes to nothing that a
member could have made (operate/access/ours.py).

A warehouse remembers the names of its roles in `operations.roles`. Roles belong to the whole
server, so that two warehouses on one server have roles of their own only under other names.
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
    """Make what is missing, change what is otherwise, and return the roles and what was done.

    All of it happens, or nothing. Raises BranchlineError that names the statement which the
    user may not run.
    """
    link.autocommit = False
    try:
        with link.cursor() as cursor:
            cursor.execute(f"set local lock_timeout = '{LOCK_WAIT}'")
            _alone(cursor)
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


def _alone(cursor: Cursor) -> None:
    """Wait for whoever is doing the same, unless the warehouse's notes are still to be made."""
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
            f"Somebody is using what has to be changed ({step.told}).",
            "Run this again when no load, build or long query is at work. Nothing was changed.",
        ) from None
    except (
        psycopg2.errors.InsufficientPrivilege,
        psycopg2.errors.InvalidGrantOperation,
        psycopg2.errors.UndefinedObject,
        psycopg2.errors.DependentObjectsStillExist,
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
