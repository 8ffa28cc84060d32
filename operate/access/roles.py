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
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import psycopg2
from psycopg2.extensions import connection as Link
from psycopg2.extensions import cursor as Cursor

from base.errors import BranchlineError
from operate.runs.builds import TABLES, notes_are_complete

DEFAULT_PREFIX = "branchline_"
PURPOSES = ("loader", "transformer", "analyst", "pii_reader")
RAW = "raw"
MARTS = "marts"
MASKED = "marts_masked"
SCHEMAS = (
    RAW,
    "staging",
    "intermediate",
    MARTS,
    MASKED,
    "reference",
    "snapshots",
    "operations",
)
# Notes that a load reads and writes: where the warehouse is filled from, and by which token keys.
LOADERS_NOTES = ("inboxes", "token_keys")
LOCK_WAIT = "30s"

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
# Made by the server and never sent anywhere: four random UUIDs hold 488 random bits.
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
                f"'{prefix}' cannot begin the names of roles.",
                "Use up to 40 small letters, digits and underscores, a letter first, and not pg_:"
                " branchline warehouse roles --prefix north_",
            )
        return cls(*(prefix + purpose for purpose in PURPOSES))

    def names(self) -> dict[str, str]:
        """Purpose and name of each."""
        return {purpose: getattr(self, purpose) for purpose in PURPOSES}

    def owner_of(self, schema: str) -> str:
        """The role that a layer belongs to."""
        return self.loader if schema == RAW else self.transformer


@dataclass(frozen=True)
class Step:
    """One statement towards what the warehouse should be, and what to say of it."""

    told: str
    statement: str


@dataclass(frozen=True)
class Grant:
    """A right that somebody has, or should have. `kind` is database, schema or table."""

    kind: str
    thing: str
    grantee: str
    right: str


def find_roles(link: Link) -> Roles | None:
    """The warehouse's roles, or None where it has none, or the server has lost them."""
    with link.cursor() as cursor:
        recorded = _recorded(cursor)
        if recorded is None:
            return None
        cursor.execute(
            "select count(*) from pg_roles where rolname = any(%s)",
            (list(recorded.names().values()),),
        )
        found = cursor.fetchone() == (len(PURPOSES),)
        return recorded if found else None


def _recorded(cursor: Cursor) -> Roles | None:
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
    return Roles(**names) if set(names) == set(PURPOSES) else None


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


def plan_roles(cursor: Cursor, prefix: str | None = None) -> tuple[Roles, list[Step]]:
    """The roles and, in order, every statement that is still missing; runs none of them.

    Raises BranchlineError where the names are taken by something else.
    """
    recorded = _recorded(cursor)
    roles = Roles.with_prefix(prefix or DEFAULT_PREFIX)
    if recorded is not None:
        if prefix is not None and recorded != roles:
            raise BranchlineError(
                f"This warehouse has roles already: {', '.join(recorded.names().values())}.",
                "Leave --prefix out. To rename a role: alter role ... rename to ..., and the same"
                " in operations.roles.",
            )
        roles = recorded
    owner = _owner(cursor)
    steps = [
        *_roles_themselves(cursor, roles),
        *_members(cursor, roles, owner),
        *_schemas(cursor, roles),
        *_notes(cursor, roles, recorded),
        *_owners(cursor, roles),
        *_grants(cursor, roles),
        *_defaults(cursor, roles, owner),
    ]
    return roles, steps


def _owner(cursor: Cursor) -> str:
    """The database's owner, who keeps every right, whoever owns the layers."""
    cursor.execute(
        "select quote_ident(pg_get_userbyid(datdba)) from pg_database"
        " where datname = current_database()"
    )
    (name,) = cursor.fetchone() or ("",)
    return str(name)


def _roles_themselves(cursor: Cursor, roles: Roles) -> Iterator[Step]:
    cursor.execute(
        "select rolname, rolcanlogin or rolsuper or rolcreaterole or rolcreatedb or rolbypassrls"
        " or rolreplication from pg_roles where rolname = any(%s)",
        (list(roles.names().values()),),
    )
    found = dict(cursor.fetchall())
    for name in roles.names().values():
        if name not in found:
            yield Step(f"made role {name}", f"create role {name} nologin")
        elif found[name]:
            raise BranchlineError(
                f"The server has a role {name} that is more than a group: it can log in, or has"
                " rights of its own.",
                "Let that role be, and choose other names for the warehouse's roles:"
                " branchline warehouse roles --prefix north_",
            )
    # A group that is a member of another role would have its rights too.
    cursor.execute(
        "select pg_get_userbyid(member), quote_ident(pg_get_userbyid(roleid)) from pg_auth_members"
        " where pg_get_userbyid(member) = any(%s) order by 1, 2",
        (list(roles.names().values()),),
    )
    for member, role in cursor.fetchall():
        yield Step(f"{member} is no member of {role} any more", f"revoke {role} from {member}")


def _members(cursor: Cursor, roles: Roles, owner: str) -> Iterator[Step]:
    """The owner loads and builds as before, although the layers now belong to the roles."""
    cursor.execute(
        "select rolsuper, array(select pg_get_userbyid(roleid)::text from pg_auth_members"
        " where member = pg_roles.oid and inherit_option and set_option)"
        " from pg_roles where quote_ident(rolname) = %s",
        (owner,),
    )
    is_superuser, member_of = cursor.fetchone() or (False, [])
    for role in (roles.loader, roles.transformer):
        if not is_superuser and role not in member_of:
            yield Step(
                f"{owner}, the owner, is a member of {role}",
                f"grant {role} to {owner} with inherit true, set true",
            )


def _schemas(cursor: Cursor, roles: Roles) -> Iterator[Step]:
    cursor.execute(
        "select nspname::text, pg_get_userbyid(nspowner)::text from pg_namespace"
        " where nspname = any(%s)",
        (list(SCHEMAS),),
    )
    found = dict(cursor.fetchall())
    for schema in SCHEMAS:
        right = roles.owner_of(schema)
        if schema not in found:
            yield Step(f"made schema {schema}", f"create schema {schema} authorization {right}")
        elif found[schema] != right:
            yield Step(
                f"schema {schema} belongs to {right}", f"alter schema {schema} owner to {right}"
            )


def _notes(cursor: Cursor, roles: Roles, recorded: Roles | None) -> Iterator[Step]:
    if not notes_are_complete(cursor):
        yield Step("made the warehouse's notes", TABLES.strip())
    if recorded is None:
        rows = ",\n    ".join(f"('{purpose}', '{name}')" for purpose, name in roles.names().items())
        yield Step(
            "noted the roles in operations.roles",
            f"{ROLE_TABLES}{MASKING_KEYS};\n"
            f"insert into operations.roles (purpose, role_name) values\n    {rows}\n"
            "on conflict (purpose) do update set role_name = excluded.role_name",
        )
        return
    cursor.execute(
        "select has_table_privilege('operations.masking_keys', 'select')"
        " and pg_relation_size('operations.masking_keys') = 0"
    )
    if cursor.fetchone() == (True,):
        yield Step("made a new secret for the masking views", MASKING_KEYS)


def _owners(cursor: Cursor, roles: Roles) -> Iterator[Step]:
    """Hand over what is in the layers. What belongs to a table goes with it."""
    cursor.execute(
        """
        select nspname::text, format('%%I.%%I', nspname, relname), pg_get_userbyid(relowner)::text
        from pg_class
        inner join pg_namespace on relnamespace = pg_namespace.oid
        where nspname = any(%s)
            and relkind in ('r', 'p', 'v', 'm', 'f', 'S')
            and not exists (
                select from pg_depend
                where classid = 'pg_class'::regclass and objid = pg_class.oid
                    and refclassid = 'pg_class'::regclass and deptype in ('a', 'i')
            )
        order by 1, 2
        """,
        (list(SCHEMAS),),
    )
    found = cursor.fetchall()
    if _recorded(cursor) is None:
        # Tables that the steps before this one make, for the script that nobody has run yet.
        known = {name for _, name, _ in found}
        for name in _own_tables():
            if name not in known:
                found.append(("operations", name, ""))
    for schema, name, owner in found:
        right = roles.owner_of(schema)
        if owner != right:
            yield Step(
                f"what is in {schema} belongs to {right}", f"alter table {name} owner to {right}"
            )


def _own_tables() -> list[str]:
    return re.findall(r"create table if not exists (operations\.\w+)", TABLES + ROLE_TABLES)


def _grants(cursor: Cursor, roles: Roles) -> Iterator[Step]:
    cursor.execute("select quote_ident(current_database())")
    (database,) = cursor.fetchone() or ("",)
    wanted = set(_wanted(cursor, roles, database))
    present = set(_present(cursor, roles))
    for missing in _by_grantee(wanted - present):
        thing, grantee = missing[0].thing, missing[0].grantee
        rights = ", ".join(sorted(grant.right for grant in missing))
        yield Step(
            f"{_place(missing[0])}: {grantee} may {rights}",
            f"grant {rights} on {missing[0].kind} {thing} to {grantee}",
        )
    for surplus in _by_grantee(present - wanted):
        thing, grantee = surplus[0].thing, surplus[0].grantee
        rights = ", ".join(sorted(grant.right for grant in surplus))
        # Rights on single columns go with those on the table.
        whole = surplus[0].kind == "table" and any(grant.right == "columns" for grant in surplus)
        yield Step(
            f"{_place(surplus[0])}: {grantee} may not {rights} any more",
            f"revoke {'all' if whole else rights} on {surplus[0].kind} {thing} from {grantee}",
        )
        if whole:
            kept = ", ".join(
                sorted(g.right for g in wanted if (g.thing, g.grantee) == (thing, grantee))
            )
            if kept:
                yield Step(
                    f"{_place(surplus[0])}: {grantee} may {kept}",
                    f"grant {kept} on table {thing} to {grantee}",
                )


def _place(grant: Grant) -> str:
    if grant.kind == "table":
        return f"what is in {grant.thing.partition('.')[0]}"
    return f"{grant.kind} {grant.thing}"


def _by_grantee(grants: set[Grant]) -> list[list[Grant]]:
    groups: dict[tuple[str, str, str], list[Grant]] = {}
    for grant in sorted(grants, key=lambda g: (g.kind, g.thing, g.grantee, g.right)):
        groups.setdefault((grant.kind, grant.thing, grant.grantee), []).append(grant)
    return list(groups.values())


def _wanted(cursor: Cursor, roles: Roles, database: str) -> Iterator[Grant]:
    """Every right that a role has beside those of ownership, but for those in the marts."""
    for name in roles.names().values():
        yield Grant("database", database, name, "connect")
    # dbt makes schemas for builds beside production, and its incremental models temporary tables.
    for right in ("create", "temporary"):
        yield Grant("database", database, roles.transformer, right)
    for schema, role in (
        (RAW, roles.transformer),
        ("operations", roles.loader),
        (MARTS, roles.analyst),
        (MARTS, roles.pii_reader),
        (MASKED, roles.analyst),
    ):
        yield Grant("schema", schema, role, "usage")
    for table in LOADERS_NOTES:
        for right in ("insert", "select"):
            yield Grant("table", f"operations.{table}", roles.loader, right)
    # So that a load finds the roles that what it makes belongs to.
    yield Grant("table", "operations.roles", roles.loader, "select")
    cursor.execute(
        "select format('%%I.%%I', nspname, relname) from pg_class"
        " inner join pg_namespace on relnamespace = pg_namespace.oid"
        " where nspname = %s and relkind in ('r', 'p', 'v', 'm', 'f')",
        (RAW,),
    )
    for (name,) in cursor.fetchall():
        yield Grant("table", name, roles.transformer, "select")


def _present(cursor: Cursor, roles: Roles) -> Iterator[Grant]:
    """What the public and the roles may do now, beside what their own things allow them.

    What analysts and readers of personal data may read in the marts is for dbt to say.
    """
    cursor.execute(
        """
        with things as (
            select
                'database' as kind,
                quote_ident(datname) as thing,
                '' as layer,
                datdba as owner,
                coalesce(datacl, acldefault('d', datdba)) as acl
            from pg_database where datname = current_database()
            union all
            select
                'schema', quote_ident(nspname), '', nspowner,
                coalesce(nspacl, acldefault('n', nspowner))
            from pg_namespace where nspname = any(%(schemas)s) or nspname = 'public'
            union all
            select
                case relkind when 'S' then 'sequence' else 'table' end,
                format('%%I.%%I', nspname, relname), nspname, relowner,
                coalesce(relacl, acldefault(
                    case relkind when 'S' then 's' else 'r' end::"char", relowner
                ))
            from pg_class
            inner join pg_namespace on relnamespace = pg_namespace.oid
            where nspname = any(%(schemas)s) and relkind in ('r', 'p', 'v', 'm', 'f', 'S')
        ),
        grants as (
            select kind, thing, layer, owner, grantee, lower(privilege_type) as privilege
            from things cross join aclexplode(acl)
            union all
            select distinct
                'table', format('%%I.%%I', nspname, relname), nspname, relowner, grantee, 'columns'
            from pg_attribute
            inner join pg_class on attrelid = pg_class.oid
            inner join pg_namespace on relnamespace = pg_namespace.oid
            cross join aclexplode(attacl)
            where nspname = any(%(schemas)s)
        )
        select
            kind,
            thing,
            case grantee when 0 then 'public' else pg_get_userbyid(grantee) end,
            privilege
        from grants
        where grantee <> owner
            and (grantee = 0 or pg_get_userbyid(grantee) = any(%(roles)s))
            and not (
                layer in ('marts', 'marts_masked')
                and pg_get_userbyid(grantee) in (%(analyst)s, %(pii_reader)s)
            )
        """,
        {
            "schemas": list(SCHEMAS),
            "roles": list(roles.names().values()),
            "analyst": roles.analyst,
            "pii_reader": roles.pii_reader,
        },
    )
    for row in cursor.fetchall():
        grant = Grant(*row)
        # An owner to be has rights on the things that are about to become its own.
        schema = grant.thing.partition(".")[0]
        in_layer = grant.kind != "database" and schema in SCHEMAS
        if not in_layer or roles.owner_of(schema) != grant.grantee:
            yield grant


def _defaults(cursor: Cursor, roles: Roles, owner: str) -> Iterator[Step]:
    """What is granted on things as they are made, by whoever makes them."""
    cursor.execute(
        "select quote_ident(pg_get_userbyid(defaclrole)), defaclnamespace::regnamespace::text,"
        " defaclobjtype, case grantee when 0 then 'public' else pg_get_userbyid(grantee) end,"
        " lower(privilege_type)"
        " from pg_default_acl left join lateral aclexplode(defaclacl) on true"
    )
    found = {tuple(map(str, row)) for row in cursor.fetchall()}
    closed = {maker for maker, schema, kind, *_ in found if (schema, kind) == ("-", "f")}
    open_ = {
        maker
        for maker, schema, kind, grantee, _ in found
        if (schema, kind, grantee) == ("-", "f", "public")
    }
    for maker in (roles.loader, roles.transformer, owner):
        # A function is everybody's to call unless it is said otherwise beforehand.
        if maker not in closed or maker in open_:
            yield Step(
                f"functions made by {maker} are not public",
                f"alter default privileges for role {maker}"
                " revoke execute on functions from public",
            )
    for maker in (roles.loader, owner):
        if (maker, RAW, "r", roles.transformer, "select") not in found:
            yield Step(
                f"{roles.transformer} reads what {maker} will make in {RAW}",
                f"alter default privileges for role {maker} in schema {RAW}"
                f" grant select on tables to {roles.transformer}",
            )


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
