"""The names of a warehouse's group roles, and where they are recorded."""

from __future__ import annotations

import re
from dataclasses import dataclass

from psycopg2.extensions import connection as Link
from psycopg2.extensions import cursor as Cursor

from base.errors import BranchlineError
from base.printing import printable
from operate.server.notes import OWN_TABLES as NOTES

DEFAULT_PREFIX = "branchline_"
PURPOSES = ("loader", "transformer", "analyst", "pii_reader")
_NAME = r"[a-z][a-z0-9_]{0,62}"

ROLE_TABLES = """\
create table if not exists operations.roles (
    purpose text primary key,
    role_name text not null
);
create table if not exists operations.masking_keys (
    is_only boolean primary key default true check (is_only),
    inner_key bytea not null,
    outer_key bytea not null
);
create table if not exists operations.masked_views (
    view_name text primary key,
    relation_number oid not null,
    definition text not null
);
"""
OWN_TABLES = (*NOTES, *re.findall(r"create table if not exists operations\.(\w+)", ROLE_TABLES))
"""The tables of `operations` that belong to the owner; dbt creates the others."""
# Created by the server and never sent anywhere: four random UUIDs have 488 random bits.
MASKING_KEYS = """\
insert into operations.masking_keys (inner_key, outer_key)
select
    sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())
        || uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())),
    sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())
        || uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()))
on conflict do nothing"""


@dataclass(frozen=True)
class Roles:
    """The names of a warehouse's four roles."""

    loader: str
    transformer: str
    analyst: str
    pii_reader: str

    @classmethod
    def with_prefix(cls, prefix: str) -> Roles:
        """The names under a prefix. Raises BranchlineError for one that would need quotes."""
        if not re.fullmatch(r"[a-z][a-z0-9_]{0,39}", prefix) or prefix.startswith("pg_"):
            raise BranchlineError(
                f"'{prefix}' is not a valid prefix for names of roles.",
                "Use up to 40 small letters, digits and underscores, a letter first, and not pg_:"
                " branchline warehouse roles --prefix north_",
            )
        return cls(*(prefix + purpose for purpose in PURPOSES))

    def names(self) -> dict[str, str]:
        """Purpose and name of each role."""
        return {purpose: getattr(self, purpose) for purpose in PURPOSES}

    @classmethod
    def noted(cls, names: dict[str, str]) -> Roles:
        """The names as recorded in the warehouse. Raises BranchlineError for invalid ones."""
        odd = [name for name in names.values() if not re.fullmatch(_NAME, name)]
        if odd or len(set(names.values())) < len(names):
            shown = ", ".join(printable(name)[:63] for name in odd or names.values())
            raise BranchlineError(
                f"operations.roles does not hold four role names: {shown}. Nothing was changed.",
                "Each name has up to 63 small letters, digits and underscores. Find out who"
                " changed it, and correct it: branchline warehouse psql",
            )
        return cls(**names)


@dataclass(frozen=True)
class Step:
    """One statement of the plan, and its description for people."""

    text: str
    statement: str


@dataclass(frozen=True)
class Grant:
    """A right that somebody has, or should have; `thing` is quoted as by the server.

    `kind` is database, schema, table, sequence or function. `layer` is its schema, if it has one.
    """

    kind: str
    thing: str
    grantee: str
    right: str
    layer: str = ""


def find_roles(link: Link) -> Roles | None:
    """The warehouse's roles; None where it has none, or they are missing on the server."""
    with link.cursor() as cursor:
        recorded = recorded_roles(cursor)
        if recorded is None:
            return None
        cursor.execute(
            "select count(*) from pg_roles where rolname = any(%s)",
            (list(recorded.names().values()),),
        )
        found = cursor.fetchone() == (len(PURPOSES),)
        return recorded if found else None


def recorded_roles(cursor: Cursor) -> Roles | None:
    """The roles recorded in the warehouse, whether or not the server has them."""
    cursor.execute(
        "select count(*) from pg_class inner join pg_namespace on relnamespace = pg_namespace.oid"
        " where nspname = 'operations' and relname = 'roles'"
        " and has_schema_privilege(pg_namespace.oid, 'usage')"
        " and has_table_privilege(pg_class.oid, 'select')"
    )
    if cursor.fetchone() != (1,):
        return None
    cursor.execute("select purpose, role_name from operations.roles")
    names = dict(cursor.fetchall())
    return Roles.noted(names) if set(names) == set(PURPOSES) else None
