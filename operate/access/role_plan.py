"""What is still missing for every role to own and to do what it should: one statement each."""

from __future__ import annotations

import re
from collections.abc import Iterator

from psycopg2.extensions import cursor as Cursor

from base.errors import BranchlineError
from base.schemas import LAYERS, MARTS, MASKED, RAW
from operate.access.role_names import (
    DEFAULT_PREFIX,
    LOADERS_NOTES,
    MASKING_KEYS,
    ROLE_TABLES,
    Grant,
    Roles,
    Step,
    recorded_roles,
)
from operate.server.notes import TABLES, notes_are_complete


def plan_roles(cursor: Cursor, prefix: str | None = None) -> tuple[Roles, list[Step]]:
    """The roles and, in order, every statement that is still missing; runs none of them.

    Raises BranchlineError where the names are taken by something else.
    """
    recorded = recorded_roles(cursor)
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
        (list(LAYERS),),
    )
    found = dict(cursor.fetchall())
    for schema in LAYERS:
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
        (list(LAYERS),),
    )
    found = cursor.fetchall()
    if recorded_roles(cursor) is None:
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
            "schemas": list(LAYERS),
            "roles": list(roles.names().values()),
            "analyst": roles.analyst,
            "pii_reader": roles.pii_reader,
        },
    )
    for row in cursor.fetchall():
        grant = Grant(*row)
        # An owner to be has rights on the things that are about to become its own.
        schema = grant.thing.partition(".")[0]
        in_layer = grant.kind != "database" and schema in LAYERS
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
