"""The statements that are missing for every role to own what it should and have its rights."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from psycopg2 import sql
from psycopg2.extensions import cursor as Cursor

from base.errors import BranchlineError
from base.printing import printable
from base.schemas import LAYERS, MARTS, MASKED, RAW
from operate.access.ours import OPERATIONS, foreign_things
from operate.access.role_names import (
    DEFAULT_PREFIX,
    MASKING_KEYS,
    OWN_TABLES,
    ROLE_TABLES,
    Grant,
    Roles,
    Step,
    recorded_roles,
)
from operate.server.notes import TABLES, notes_are_complete

PUBLIC = "public"
"""All users; no role can have this name."""

LOADERS_RIGHTS = ("delete", "insert", "select", "update")
SEQUENCE_RIGHTS = ("select", "usage")
"""The loader's rights on the rows of raw. It owns nothing there, so that it cannot add code that
runs in the session of somebody else."""

NOTES_RIGHTS = (
    # The warehouse's inboxes, token keys, and readings of databases and APIs.
    ("inboxes", "loader", ("insert", "select")),
    ("token_keys", "loader", ("insert", "select")),
    ("locks", "loader", ("insert", "select", "update")),
    ("readings", "loader", ("insert", "select", "update")),
    # A load looks up the roles.
    ("roles", "loader", ("select",)),
    ("inboxes", "transformer", ("select",)),
    ("token_keys", "transformer", ("select",)),
    ("locks", "transformer", ("insert", "select", "update")),
    ("readings", "transformer", ("select",)),
    ("roles", "transformer", ("select",)),
    ("builds", "transformer", ("insert", "select", "update")),
    ("masking_keys", "transformer", ("select", "truncate")),
    ("masked_views", "transformer", ("delete", "insert", "select", "update")),
    # What was published.
    ("editions", "transformer", ("insert", "select", "update")),
    ("publication_dates", "transformer", ("insert", "select")),
    ("published_days", "transformer", ("delete", "insert", "select", "update")),
    ("open_build", "transformer", ("delete", "insert", "select")),
    ("outbox", "transformer", ("insert", "select", "update")),
)

MAKE_COLUMNS_NAME = "add_columns"
MAKE_COLUMNS_SIGNATURE = "raw.add_columns(text,text[])"
# With the owner's rights: the owner owns what it creates, and nothing in it runs code.
MAKE_COLUMNS = """\
create or replace function raw.add_columns(feed_table text, names text[])
returns void
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $body$
declare
    column_name text;
begin
    if feed_table !~ '^[a-z][a-z0-9_]*$' or feed_table ~ '^ingest_' then
        raise exception '"%" is no table of a feed', feed_table;
    end if;
    if to_regclass(format('raw.%I', feed_table)) is null then
        execute format(
            'create table raw.%I (_file_id bigint not null, _line_number bigint not null,'
            ' _loaded_at timestamptz default current_timestamp, _dlt_load_id text,'
            ' primary key (_file_id, _line_number))',
            feed_table
        );
    end if;
    foreach column_name in array names loop
        execute format(
            'alter table raw.%I add column if not exists %I text', feed_table, column_name
        );
    end loop;
end
$body$"""

PRESENT = """
with things as (
    select
        'database' as kind,
        quote_ident(datname) as thing,
        '' as layer,
        '' as name,
        datdba as owner,
        coalesce(datacl, acldefault('d', datdba)) as acl
    from pg_database where datname = current_database()
    union all
    select
        'schema', quote_ident(nspname), nspname, '', nspowner,
        coalesce(nspacl, acldefault('n', nspowner))
    from pg_namespace where nspname = any(%(schemas)s) or nspname = 'public'
    union all
    select
        case relkind when 'S' then 'sequence' else 'table' end,
        format('%%I.%%I', nspname, relname), nspname, relname, relowner,
        coalesce(relacl, acldefault(
            case relkind when 'S' then 's' else 'r' end::"char", relowner
        ))
    from pg_class
    inner join pg_namespace on relnamespace = pg_namespace.oid
    where nspname = any(%(schemas)s) and relkind in ('r', 'p', 'v', 'm', 'f', 'S')
    union all
    select
        'function', pg_proc.oid::regprocedure::text, nspname, proname, proowner,
        coalesce(proacl, acldefault('f', proowner))
    from pg_proc
    inner join pg_namespace on pronamespace = pg_namespace.oid
    where nspname = 'raw'
),
grants as (
    select kind, thing, layer, name, owner, grantee, lower(privilege_type) as privilege
    from things cross join aclexplode(acl)
    union all
    select distinct
        'table', format('%%I.%%I', nspname, relname), nspname, relname, relowner, grantee,
        'columns'
    from pg_attribute
    inner join pg_class on attrelid = pg_class.oid
    inner join pg_namespace on relnamespace = pg_namespace.oid
    cross join aclexplode(attacl)
    where nspname = any(%(schemas)s)
)
select
    kind,
    thing,
    layer,
    name,
    case grantee when 0 then 'public' else pg_get_userbyid(grantee) end,
    privilege
from grants
where grantee <> owner
    and (grantee = 0 or pg_get_userbyid(grantee) = any(%(roles)s))
    and not (
        kind = 'table'
        and layer in ('marts', 'marts_masked')
        and pg_get_userbyid(grantee) in (%(analyst)s, %(pii_reader)s)
    )
"""


def plan_roles(cursor: Cursor, prefix: str | None = None) -> tuple[Roles, list[Step]]:
    """The roles and, in order, every missing statement; runs none of them.

    Raises BranchlineError where the names are taken by something else, and where the owner would
    become owner of code that runs with its rights.
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
    _check_nothing_foreign(cursor)
    plan = _Plan(cursor, roles, _owner(cursor))
    steps = [
        *plan.roles_themselves(),
        *plan.members(),
        *plan.schemas(),
        # Before the owners: the owner of a table needs the right to create one there.
        *plan.grants("database", "schema"),
        *plan.notes(recorded),
        *plan.owners(recorded),
        *plan.functions(),
        *plan.grants("table", "sequence", "function"),
        *plan.defaults(),
    ]
    return roles, steps


def _owner(cursor: Cursor) -> str:
    """The database's owner, who keeps all rights, whoever owns the layers."""
    cursor.execute(
        "select pg_get_userbyid(datdba) from pg_database where datname = current_database()"
    )
    (name,) = cursor.fetchone() or ("",)
    return str(name)


def _check_nothing_foreign(cursor: Cursor) -> None:
    found = foreign_things(cursor)
    if found:
        things = "\n    ".join(printable(thing) for thing, _ in found)
        remedies = "\n    ".join(f"{printable(remedy)};" for _, remedy in found)
        raise BranchlineError(
            "The raw layer, or the warehouse's metadata, contains code that the owner did not"
            f" create and that would run with all rights:\n    {things}\nNothing was changed.",
            f"Find out who created it. Then, in `branchline warehouse psql`:\n    {remedies}",
        )


class _Plan:
    """What one warehouse still lacks. Names in statements are quoted by psycopg2, or by the server
    if they come from `thing`."""

    def __init__(self, cursor: Cursor, roles: Roles, owner: str) -> None:
        self._cursor = cursor
        self._roles = roles
        self._owner = owner
        # ANALYZE is a separate right since PostgreSQL 17.
        has_maintain = int(self._one("select current_setting('server_version_num')")) >= 170000
        self._loaders_rights = (*LOADERS_RIGHTS, *(["maintain"] if has_maintain else []))

    def _step(self, text: str, statement: str, **names: str) -> Step:
        named = {
            key: sql.SQL("public") if name == PUBLIC else sql.Identifier(name)
            for key, name in names.items()
        }
        return Step(text, sql.SQL(statement).format(**named).as_string(self._cursor))

    def _all(self, query: str, parameters: Mapping[str, object] | None = None) -> list[Any]:
        self._cursor.execute(query, parameters)
        return self._cursor.fetchall()

    def _one(self, query: str) -> Any:
        self._cursor.execute(query)
        (value,) = self._cursor.fetchone() or (None,)
        return value

    def _owner_of(self, schema: str) -> str:
        """The owner of a layer. The owner of a table decides what code runs when it is written to:
        so the warehouse's owner writes only to its own tables."""
        return self._owner if schema in (RAW, OPERATIONS) else self._roles.transformer

    def roles_themselves(self) -> Iterator[Step]:
        """The four roles, which are only groups."""
        names = list(self._roles.names().values())
        found = dict(
            self._all(
                "select rolname, rolcanlogin or rolsuper or rolcreaterole or rolcreatedb"
                " or rolbypassrls or rolreplication from pg_roles where rolname = any(%(names)s)",
                {"names": names},
            )
        )
        for name in names:
            if name not in found:
                yield self._step(f"created role {name}", "create role {name} nologin", name=name)
            elif found[name]:
                raise BranchlineError(
                    f"The server has a role {name} that is not only a group: it can log in, or has"
                    " rights of its own.",
                    "Keep that role, and choose other names for the warehouse's roles:"
                    " branchline warehouse roles --prefix north_",
                )
        # A group must not be a member of another role and have its rights too, except the right to
        # reserved connections.
        for member, role in self._all(
            "select pg_get_userbyid(member), pg_get_userbyid(roleid) from pg_auth_members"
            " where pg_get_userbyid(member) = any(%(names)s)"
            " and roleid <> 'pg_use_reserved_connections'::regrole order by 1, 2",
            {"names": names},
        ):
            yield self._step(
                f"{member} is not a member of {role} any more",
                "revoke {role} from {member}",
                role=role,
                member=member,
            )

    def members(self) -> Iterator[Step]:
        """The owner has all roles; workers can connect even if readers use all connections."""
        is_superuser, member_of = self._all(
            "select rolsuper, array(select pg_get_userbyid(roleid)::text from pg_auth_members"
            " where member = pg_roles.oid and inherit_option and set_option)"
            " from pg_roles where rolname = %(owner)s",
            {"owner": self._owner},
        )[0]
        for role in (self._roles.loader, self._roles.transformer):
            if not is_superuser and role not in member_of:
                yield self._step(
                    f"{self._owner}, the owner, is a member of {role}",
                    "grant {role} to {owner} with inherit true, set true",
                    role=role,
                    owner=self._owner,
                )
        has_path = self._all(
            "select 1 from pg_db_role_setting cross join unnest(setconfig) as setting"
            " where pg_get_userbyid(setrole) = %(owner)s and starts_with(setting, 'search_path=')"
            " and setdatabase = (select oid from pg_database where datname = current_database())",
            {"owner": self._owner},
        )
        if not has_path:
            # By default PostgreSQL first searches the schema with the user's name, which a
            # transformer may create with any function.
            yield self._step(
                f"{self._owner}, the owner, searches only schema public",
                "alter role {owner} in database {database} set search_path = public",
                owner=self._owner,
                database=self._one("select current_database()"),
            )
        missing = self._all(
            "select role from unnest(%(roles)s) as role where not exists ("
            "select from pg_auth_members where roleid = 'pg_use_reserved_connections'::regrole"
            " and pg_get_userbyid(member) = role) and (select rolsuper or exists ("
            "select from pg_auth_members where roleid = 'pg_use_reserved_connections'::regrole"
            " and member = pg_roles.oid and admin_option) from pg_roles"
            " where rolname = current_user)",
            {"roles": [self._roles.loader, self._roles.transformer]},
        )
        for (role,) in missing:
            yield self._step(
                f"connections are reserved for {role}",
                "grant pg_use_reserved_connections to {role}",
                role=role,
            )

    def schemas(self) -> Iterator[Step]:
        """The layers, each with the right owner."""
        found = dict(
            self._all(
                "select nspname::text, pg_get_userbyid(nspowner)::text from pg_namespace"
                " where nspname = any(%(layers)s)",
                {"layers": list(LAYERS)},
            )
        )
        for schema in LAYERS:
            owner = self._owner_of(schema)
            if schema not in found:
                yield self._step(
                    f"created schema {schema}",
                    "create schema {schema} authorization {owner}",
                    schema=schema,
                    owner=owner,
                )
            elif found[schema] != owner:
                yield self._step(
                    f"schema {schema} belongs to {owner}",
                    "alter schema {schema} owner to {owner}",
                    schema=schema,
                    owner=owner,
                )

    def notes(self, recorded: Roles | None) -> Iterator[Step]:
        """The tables with the names of the roles and the secret of the masking views."""
        if not notes_are_complete(self._cursor):
            yield Step("created the warehouse's metadata tables", TABLES.strip())
        if recorded is None:
            rows = sql.SQL(",\n    ").join(
                sql.SQL("({}, {})").format(sql.Literal(purpose), sql.Literal(name))
                for purpose, name in self._roles.names().items()
            )
            yield Step(
                "recorded the roles in operations.roles",
                f"{ROLE_TABLES}{MASKING_KEYS};\n"
                "insert into operations.roles (purpose, role_name) values\n    "
                f"{rows.as_string(self._cursor)}\n"
                "on conflict (purpose) do update set role_name = excluded.role_name",
            )
        elif self._one(
            "select has_table_privilege('operations.masking_keys', 'select')"
            " and pg_relation_size('operations.masking_keys') = 0"
        ):
            yield Step("created a new secret for the masking views", MASKING_KEYS)

    def owners(self, recorded: Roles | None) -> Iterator[Step]:
        """Change the owner of what is in the layers. A table's indexes and sequences follow it."""
        found = self._all(
            """
            select
                nspname::text, relname::text, format('%%I.%%I', nspname, relname),
                pg_get_userbyid(relowner)::text
            from pg_class
            inner join pg_namespace on relnamespace = pg_namespace.oid
            where nspname = any(%(layers)s)
                and relkind in ('r', 'p', 'v', 'm', 'f', 'S')
                and not exists (
                    select from pg_depend
                    where classid = 'pg_class'::regclass and objid = pg_class.oid
                        and refclassid = 'pg_class'::regclass and deptype in ('a', 'i')
                )
            order by 1, 2
            """,
            {"layers": list(LAYERS)},
        )
        if recorded is None:
            # Tables that earlier steps create, for the script that is only printed.
            known = {thing for _, _, thing, _ in found}
            found += [
                (OPERATIONS, name, f"{OPERATIONS}.{name}", "")
                for name in OWN_TABLES
                if f"{OPERATIONS}.{name}" not in known
            ]
        for schema, name, thing, owner in found:
            right = self._owner_of(schema)
            if schema == OPERATIONS and name not in OWN_TABLES:
                # dbt's own.
                right = self._roles.transformer
            if owner != right:
                yield self._step(
                    f"what is in {schema} belongs to {right}",
                    f"alter table {_literally(thing)} owner to {{owner}}",
                    owner=right,
                )

    def functions(self) -> Iterator[Step]:
        """The function with which members add raw tables and columns, and nothing else."""
        present = self._one(
            "select prosrc from pg_proc where pronamespace = to_regnamespace('raw')"
            f" and proname = '{MAKE_COLUMNS_NAME}'"
        )
        body = MAKE_COLUMNS.split("$body$")[1]
        if present != body:
            yield self._step(
                "members may add tables and text columns to raw",
                f"{_literally(MAKE_COLUMNS)};\n"
                f"alter function {MAKE_COLUMNS_SIGNATURE} owner to {{owner}};\n"
                f"revoke execute on function {MAKE_COLUMNS_SIGNATURE} from public",
                owner=self._owner,
            )

    def grants(self, *kinds: str) -> Iterator[Step]:
        """Make the grants on things of these kinds equal to the wanted ones."""
        wanted = {grant for grant in self._wanted() if grant.kind in kinds}
        present = {grant for grant in self._present() if grant.kind in kinds}
        for missing in _by_grantee(wanted - present):
            first, rights = missing[0], ", ".join(sorted(grant.right for grant in missing))
            yield self._step(
                f"{_place(first)}: {first.grantee} may {rights}",
                f"grant {rights} on {first.kind} {_literally(first.thing)} to {{grantee}}",
                grantee=first.grantee,
            )
        for surplus in _by_grantee(present - wanted):
            first, rights = surplus[0], ", ".join(sorted(grant.right for grant in surplus))
            # Rights on single columns are revoked with those on the table.
            whole = first.kind == "table" and any(grant.right == "columns" for grant in surplus)
            yield self._step(
                f"{_place(first)}: {first.grantee} may not {rights} any more",
                f"revoke {'all' if whole else rights} on {first.kind} {_literally(first.thing)}"
                " from {grantee}",
                grantee=first.grantee,
            )
            kept = ", ".join(
                sorted(
                    grant.right
                    for grant in wanted
                    if (grant.thing, grant.grantee) == (first.thing, first.grantee)
                )
            )
            if whole and kept:
                yield self._step(
                    f"{_place(first)}: {first.grantee} may {kept}",
                    f"grant {kept} on table {_literally(first.thing)} to {{grantee}}",
                    grantee=first.grantee,
                )

    def _wanted(self) -> Iterator[Grant]:
        """Every right of a role besides ownership, except those in the marts."""
        roles, database = self._roles, self._one("select quote_ident(current_database())")
        for name in roles.names().values():
            yield Grant("database", database, name, "connect")
        # dbt creates schemas for builds beside production, and its models create temporary tables.
        for right in ("create", "temporary"):
            yield Grant("database", database, roles.transformer, right)
        for schema, role, right in (
            (RAW, roles.loader, "usage"),
            (RAW, roles.transformer, "usage"),
            (OPERATIONS, roles.loader, "usage"),
            (OPERATIONS, roles.transformer, "usage"),
            (OPERATIONS, roles.transformer, "create"),
            (MARTS, roles.analyst, "usage"),
            (MARTS, roles.pii_reader, "usage"),
            (MASKED, roles.analyst, "usage"),
        ):
            yield Grant("schema", schema, role, right, schema)
        for table, purpose, rights in NOTES_RIGHTS:
            for right in rights:
                yield Grant(
                    "table", f"{OPERATIONS}.{table}", getattr(roles, purpose), right, OPERATIONS
                )
        for kind, thing in self._all(
            "select case relkind when 'S' then 'sequence' else 'table' end,"
            " format('%%I.%%I', nspname, relname) from pg_class"
            " inner join pg_namespace on relnamespace = pg_namespace.oid"
            " where nspname = %(raw)s and relkind in ('r', 'p', 'v', 'm', 'f', 'S')",
            {"raw": RAW},
        ):
            for right in SEQUENCE_RIGHTS if kind == "sequence" else self._loaders_rights:
                yield Grant(kind, thing, roles.loader, right, RAW)
            if kind == "table":
                yield Grant(kind, thing, roles.transformer, "select", RAW)
        yield Grant("function", MAKE_COLUMNS_SIGNATURE, roles.loader, "execute", RAW)

    def _present(self) -> Iterator[Grant]:
        """The current rights of the public and the roles, besides ownership.

        dbt grants analysts and readers of personal data their rights in the marts.
        """
        found = self._all(
            PRESENT,
            {
                "schemas": list(LAYERS),
                "roles": list(self._roles.names().values()),
                "analyst": self._roles.analyst,
                "pii_reader": self._roles.pii_reader,
            },
        )
        for kind, thing, layer, name, grantee, right in found:
            # A future owner has rights on the things that it will own.
            if layer in LAYERS:
                owner = self._owner_of(layer)
                if layer == OPERATIONS and kind == "table" and name not in OWN_TABLES:
                    owner = self._roles.transformer
                if grantee == owner:
                    continue
            yield Grant(kind, thing, grantee, right, layer)

    def defaults(self) -> Iterator[Step]:
        """Default privileges on new things, per creator."""
        found = {
            tuple(map(str, row))
            for row in self._all(
                "select pg_get_userbyid(defaclrole), defaclnamespace::regnamespace::text,"
                " defaclobjtype,"
                f" case grantee when 0 then '{PUBLIC}' else pg_get_userbyid(grantee) end,"
                " lower(privilege_type)"
                " from pg_default_acl left join lateral aclexplode(defaclacl) on true"
            )
        }
        closed = {maker for maker, schema, kind, *_ in found if (schema, kind) == ("-", "f")}
        open_ = {
            maker
            for maker, schema, kind, grantee, _ in found
            if (schema, kind, grantee) == ("-", "f", PUBLIC)
        }
        for maker in (self._roles.loader, self._roles.transformer, self._owner):
            # Everybody may call a function unless the default privileges say otherwise.
            if maker not in closed or maker in open_:
                yield self._step(
                    f"functions created by {maker} are not public",
                    "alter default privileges for role {maker}"
                    " revoke execute on functions from public",
                    maker=maker,
                )
        for kind, things, role, rights in (
            ("r", "tables", self._roles.loader, self._loaders_rights),
            ("r", "tables", self._roles.transformer, ("select",)),
            ("S", "sequences", self._roles.loader, SEQUENCE_RIGHTS),
        ):
            missing = [
                right for right in rights if (self._owner, RAW, kind, role, right) not in found
            ]
            if missing:
                yield self._step(
                    f"{role} may {', '.join(missing)} on {things} that {self._owner} will create in"
                    f" {RAW}",
                    "alter default privileges for role {owner} in schema {schema}"
                    f" grant {', '.join(missing)} on {things} to {{role}}",
                    owner=self._owner,
                    schema=RAW,
                    role=role,
                )


def _literally(thing: str) -> str:
    """A server-quoted name, with braces escaped for a format string."""
    return thing.replace("{", "{{").replace("}", "}}")


def _place(grant: Grant) -> str:
    if grant.kind in ("table", "sequence", "function"):
        return f"what is in {grant.layer}"
    return f"{grant.kind} {grant.thing}"


def _by_grantee(grants: set[Grant]) -> list[list[Grant]]:
    groups: dict[tuple[str, str, str], list[Grant]] = {}
    for grant in sorted(grants, key=lambda g: (g.kind, g.thing, g.grantee, g.right)):
        groups.setdefault((grant.kind, grant.thing, grant.grantee), []).append(grant)
    return list(groups.values())
