"""Check that the owner owns what its sessions touch; otherwise they would run code of others.

A trigger, a default or a rule runs with the rights of whoever writes to its table, up to all rights
of the session (`reset role`). So only the owner may create any in the raw layer and in the
warehouse's metadata: members of the roles read and write rows there, and own nothing.
"""

from __future__ import annotations

from psycopg2.extensions import connection as Link
from psycopg2.extensions import cursor as Cursor

from base.errors import BranchlineError
from base.schemas import RAW
from operate.access.role_names import OWN_TABLES, recorded_roles

OPERATIONS = "operations"

# The relations that an owner's session reads and writes, and who owns them.
_OURS = """
with trusted as (
    select oid from pg_roles
    where rolsuper or oid = (
        select datdba from pg_database where datname = current_database()
    )
),
ours as (
    select pg_class.oid, relkind, relowner, relowner not in (select oid from trusted) as is_foreign
    from pg_class
    inner join pg_namespace on relnamespace = pg_namespace.oid
    where
        relkind in ('r', 'p', 'v', 'm', 'f')
        and (nspname = 'raw' or (nspname = 'operations' and relname = any(%(own)s)))
)
"""
_FOREIGN_OWNERS = (
    _OURS
    + """
select pg_get_userbyid(owner), rolcanlogin
from (
    select relowner as owner from ours where is_foreign
    union
    select nspowner from pg_namespace
    where nspname in ('raw', 'operations') and nspowner not in (select oid from trusted)
) as owners
inner join pg_roles on pg_roles.oid = owner
order by 1
"""
)
# What somebody else has created there, and how to remove it. A table that changes owner keeps its
# triggers, rules, policies and defaults along; a view, once it is the owner's, reads all that the
# owner may.
_FOREIGN_THINGS = (
    _OURS
    + """,
routines as (
    select oid, oid::regprocedure::text as name from pg_proc
    where proowner not in (select oid from trusted)
)
select
    format('function %%s', name) as thing,
    format('drop routine if exists %%s cascade', name) as remedy
from routines inner join pg_proc using (oid)
where pronamespace = 'raw'::regnamespace
union
select
    format('view %%s', oid::regclass),
    format(
        'drop %%s %%s',
        case relkind
            when 'm' then 'materialized view' when 'f' then 'foreign table' else 'view'
        end,
        oid::regclass
    )
from ours where is_foreign and relkind in ('v', 'm', 'f')
union
select
    format('trigger %%I on %%s', tgname, tgrelid::regclass),
    format('drop trigger %%I on %%s', tgname, tgrelid::regclass)
from pg_trigger inner join ours on tgrelid = ours.oid
where not tgisinternal and (is_foreign or tgfoid in (select oid from routines))
union
select
    format('rule %%I on %%s', rulename, ev_class::regclass),
    format('drop rule %%I on %%s', rulename, ev_class::regclass)
from pg_rewrite inner join ours on ev_class = ours.oid
where is_foreign and relkind in ('r', 'p')
union
select
    format('policy %%I on %%s', polname, polrelid::regclass),
    format('drop policy %%I on %%s', polname, polrelid::regclass)
from pg_policy inner join ours on polrelid = ours.oid
where is_foreign
union
select
    format('row-level security of %%s', oid::regclass),
    format('alter table %%s disable row level security', oid::regclass)
from ours inner join pg_class using (oid)
where is_foreign and relrowsecurity
union
-- PostgreSQL's own functions are not listed in pg_depend.
select
    format('something in %%s that calls %%s', ours.oid::regclass, name),
    format('drop routine if exists %%s cascade', name)
from ours
inner join pg_depend
    on (
        classid = 'pg_class'::regclass
        and objid in (
            select ours.oid union all select indexrelid from pg_index where indrelid = ours.oid
        )
    )
    or (
        classid = 'pg_attrdef'::regclass
        and objid in (select pg_attrdef.oid from pg_attrdef where adrelid = ours.oid)
    )
    or (
        classid = 'pg_constraint'::regclass
        and objid in (select pg_constraint.oid from pg_constraint where conrelid = ours.oid)
    )
inner join routines on refclassid = 'pg_proc'::regclass and refobjid = routines.oid
union
select
    format('type or operator of %%s that is not PostgreSQL''s own', ours.oid::regclass),
    format('inspect and remove it: \\d %%s', ours.oid::regclass)
from ours
inner join pg_depend on classid = 'pg_class'::regclass and objid in (
    select ours.oid union all select indexrelid from pg_index where indrelid = ours.oid
)
where
    is_foreign
    and refclassid in (
        'pg_type'::regclass, 'pg_operator'::regclass, 'pg_opclass'::regclass
    )
"""
)


def is_owner(link: Link) -> bool:
    """Whether this is a session of the database's owner or of a superuser."""
    with link.cursor() as cursor:
        cursor.execute(
            "select rolsuper or oid = ("
            "select datdba from pg_database where datname = current_database())"
            " from pg_roles where rolname = session_user"
        )
        return cursor.fetchone() == (True,)


def foreign_things(cursor: Cursor) -> list[tuple[str, str]]:
    """What others have created where only the owner should, and how to remove it."""
    cursor.execute(f"select to_regnamespace('{RAW}') is not null")
    if cursor.fetchone() != (True,):
        return []
    cursor.execute(_FOREIGN_THINGS, {"own": list(OWN_TABLES)})
    # Callers of a function before the function itself.
    return sorted(cursor.fetchall(), key=lambda found: (found[0].startswith("function"), found))


def check_ours(link: Link) -> None:
    """Raise BranchlineError if an owner's session would use a raw layer or metadata of others.

    A member's session may continue: it has no higher rights to abuse.
    """
    if not is_owner(link):
        return
    with link.cursor() as cursor:
        cursor.execute(_FOREIGN_OWNERS, {"own": list(OWN_TABLES)})
        found = cursor.fetchall()
        names = [name for name, _ in found]
        # Without roles, several log-ins may share a warehouse.
        has_roles = any(not can_log_in for _, can_log_in in found) or recorded_roles(cursor)
    if names and has_roles:
        raise BranchlineError(
            f"The raw layer, or the warehouse's metadata, belongs to {', '.join(names)} and not to"
            " the warehouse's owner, who would run code that its members have put there.",
            "Change the ownership once: branchline warehouse roles",
        )
