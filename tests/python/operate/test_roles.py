"""Roles, tested as a member of each: it may do what it should, and nothing else.

Every check logs in over TCP with a password. The existing relations are taken from the database's
catalog, the permitted ones from the tags in dbt's manifest.
"""

from __future__ import annotations

import contextlib
import csv
import json
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg2
import pytest
import throwaway
from nightly import PROJECT, Project, dbt
from project_copy import copy_project
from psycopg2.errors import InsufficientPrivilege

from base.errors import BranchlineError
from base.link import Connection, open_link
from operate.access.lowered import lowered
from operate.access.people import make_user
from operate.access.role_names import OWN_TABLES, Roles, find_roles
from operate.access.roles import make_roles
from operate.server.query import read_only_query
from sample.company import write_company

PREFIX = "trial_"
ROLES = Roles.with_prefix(PREFIX)
SYSTEM = ("pg_catalog", "information_schema", "pg_toast")
PASSWORD = "only-for-tests-0123456789"

# A mart without any grants: its tags alone must restrict it.
SECRET_MART = """
select
    branch_key,
    'Zacharias Quillfeather' as customer_name,
    branch_name as favourite_branch,
    1 as visits
from {{ ref('dim_branches') }}
"""
SECRET_MART_YAML = """
models:
  - name: secret_mart
    description: One row per branch.
    config: {contract: {enforced: false}}
    columns:
      - name: branch_key
        description: Key of the branch.
      - name: customer_name
        description: Somebody.
        config: {meta: {contains_pii: true}}
      - name: favourite_branch
        description: Where they go.
        config: {meta: {contains_pii: true, masked_by: token}}
"""


@dataclass
class Shop:
    """A warehouse with roles, loaded and built by mere members of a role."""

    url: str
    folder: Path
    urls: dict[str, str] = field(default_factory=dict)
    manifest: dict[str, Any] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)

    def ask(self, who: str, query: str) -> list[tuple[Any, ...]]:
        """The rows of a query as somebody."""
        return ask(self.urls[who], query)

    def may(self, who: str, statement: str) -> bool:
        """Whether somebody may do something; it is rolled back."""
        with contextlib.closing(psycopg2.connect(self.urls[who])) as link:
            try:
                link.cursor().execute(statement)
            except InsufficientPrivilege:
                return False
            return True

    def readable(self, who: str, relations: list[str]) -> set[str]:
        """Those of the relations that somebody can read."""
        found = set()
        with contextlib.closing(psycopg2.connect(self.urls[who])) as link, link.cursor() as cursor:
            link.autocommit = True
            for name in relations:
                with contextlib.suppress(InsufficientPrivilege):
                    cursor.execute(f"select * from {name} limit 1")
                    found.add(name)
        return found


def ask(url: str, query: str) -> list[tuple[Any, ...]]:
    """The rows of a query."""
    with contextlib.closing(psycopg2.connect(url)) as link:
        link.autocommit = True
        with link.cursor() as cursor:
            cursor.execute(query)
            return cursor.fetchall() if cursor.description else []


def url_of(url: str, name: str) -> str:
    """The URL for somebody else."""
    return re.sub(r"//.*?@", f"//{name}:{PASSWORD}@", url)


@pytest.fixture(scope="module")
def server(postgres_server: Connection) -> Iterator[Connection]:
    """The tests' server; roles and log-ins of this module are dropped again."""
    before = {name for (name,) in ask(postgres_server.url, "select rolname from pg_roles")}
    yield postgres_server
    for (name,) in ask(postgres_server.url, "select rolname from pg_roles"):
        if name not in before:
            ask(postgres_server.url, f'drop role "{name}"')


@pytest.fixture(scope="module")
def shop(server: Connection, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """Loaded by one loader, seeded and built by one transformer, each with only that role."""
    folder = tmp_path_factory.mktemp("shop")
    truth = write_company(folder / "inbox", branches=2, days=4, seed=5)
    with throwaway.database(server) as url:
        made = Shop(url, folder, {"owner": url})
        done = throwaway.run_branchline(
            *("warehouse", "roles", "--prefix", PREFIX),
            environment=throwaway.environment(url, folder),
        )
        assert done.returncode == 0, done.stdout + done.stderr
        with open_link(url) as link:
            roles = find_roles(link)
            assert roles == ROLES
            for name, purpose in (
                ("lotte", "loader"),
                ("tom", "transformer"),
                ("anna", "analyst"),
                ("pia", "pii_reader"),
            ):
                make_user(link, roles, name, [purpose], PASSWORD)
                made.urls[purpose] = url_of(url, name)
            # Members created by hand, with only their membership.
            with link.cursor() as cursor:
                for name, role in (("lars", ROLES.loader), ("tea", ROLES.transformer)):
                    cursor.execute(f"create role {name} login password %s", (PASSWORD,))
                    cursor.execute(f"grant {role} to {name}")
                cursor.execute("create role stranger login password %s", (PASSWORD,))
        made.urls.update(
            other_loader=url_of(url, "lars"),
            other_transformer=url_of(url, "tea"),
            stranger=url_of(url, "stranger"),
        )
        for loader in ("other_loader", "loader"):
            env = throwaway.environment(made.urls[loader], folder)
            done = throwaway.run_branchline("load", environment=env)
            assert done.returncode == 0, done.stdout + done.stderr
        env = throwaway.environment(made.urls["other_transformer"], folder)
        dbt(env, folder, "build", "--exclude", "test_type:unit", "test_type:data")
        dbt(env, folder, "parse")
        made.manifest = json.loads((folder / "target" / "manifest.json").read_text())
        made.names = {
            name
            for (name,) in made.ask(
                "owner", "select distinct customer_name from raw.branch_pos_transactions"
            )
            if name and len(name) > 6
        }
        assert truth.expected.rejected_rows
        assert len(made.names) > 20
        yield made


def relations(shop: Shop) -> list[str]:
    """All relations with rows in the database, except PostgreSQL's own."""
    return [
        name
        for (name,) in shop.ask(
            "owner",
            "select format('%I.%I', nspname, relname) from pg_class"
            " inner join pg_namespace on relnamespace = pg_namespace.oid"
            " where relkind in ('r', 'p', 'v', 'm', 'f', 'S')"
            f" and nspname not in {SYSTEM} and nspname not like 'pg\\_toast%'"
            " and nspname not like 'pg\\_temp%'",
        )
    ]


def marts(shop: Shop, *, personal: bool) -> set[str]:
    """Marts with, or without, a column that is tagged as personal."""
    return {
        f"marts.{node['alias']}"
        for node in shop.manifest["nodes"].values()
        if node["resource_type"] == "model"
        and node["schema"] == "marts"
        and personal
        == any(column["config"]["meta"].get("contains_pii") for column in node["columns"].values())
    }


def in_schema(names: list[str], *schemas: str) -> set[str]:
    return {name for name in names if name.partition(".")[0] in schemas}


def expected(shop: Shop, names: list[str], purpose: str) -> set[str]:
    """The relations that a role should read."""
    closed, open_ = marts(shop, personal=True), marts(shop, personal=False)
    return {
        "loader": in_schema(names, "raw")
        | {
            f"operations.{name}" for name in ("inboxes", "token_keys", "roles", "locks", "readings")
        },
        "transformer": {name for name in names if not re.match(r"(raw|operations)\..*_seq$", name)},
        "analyst": open_ | {name.replace("marts.", "marts_masked.") for name in closed},
        "pii_reader": open_ | closed,
    }[purpose]


@pytest.mark.parametrize("purpose", ["loader", "transformer", "analyst", "pii_reader"])
def test_a_role_reads_only_what_it_may(shop: Shop, purpose: str) -> None:
    names = relations(shop)
    assert len(marts(shop, personal=True)) >= 3
    assert len(marts(shop, personal=False)) >= 5
    assert {name.partition(".")[0] for name in names} >= {
        *("raw", "staging", "intermediate", "marts", "marts_masked", "reference", "operations")
    }
    assert shop.readable(purpose, names) == expected(shop, names, purpose)
    # PostgreSQL's own relations that everybody may read: no data, passwords or statistics.
    catalogs = dict(
        shop.ask(
            "owner",
            "select format('%I.%I', nspname, relname), has_table_privilege('public', c.oid,"
            " 'select') from pg_class c inner join pg_namespace n on relnamespace = n.oid"
            f" where nspname in {SYSTEM} and relkind in ('r', 'v', 't')",
        )
    )
    found = shop.readable(purpose, [name for name in catalogs if "pg_toast" not in name])
    assert found <= {name for name, public in catalogs.items() if public}
    assert not found & {"pg_catalog.pg_authid", "pg_catalog.pg_statistic"}
    toast = [name for name in catalogs if "pg_toast" in name][:5]
    assert toast
    assert shop.readable(purpose, toast) == set()


def test_roles_write_only_where_they_should(shop: Shop) -> None:
    writing = ("insert", "update", "delete", "truncate", "references", "trigger")
    names = relations(shop)
    found = {
        (role, name, right)
        for role, name, right in shop.ask(
            "owner",
            "select role, name, rights from"
            f" unnest(array[{', '.join(repr(role) for role in ROLES.names().values())}]) as role,"
            f" unnest(array[{', '.join(repr(name) for name in names)}]) as name,"
            f" unnest(array[{', '.join(map(repr, writing))}]) as rights"
            " where case when name like '%_seq' then has_sequence_privilege(role, name, 'usage')"
            " or has_sequence_privilege(role, name, 'update')"
            " else has_table_privilege(role, name, rights)"
            " or rights in ('insert', 'update', 'references')"
            " and has_any_column_privilege(role, name, rights) end",
        )
    }
    raw = in_schema(names, "raw")
    sequences = {name for name in raw if name.endswith("_seq")}
    notes = {f"operations.{name}" for name in OWN_TABLES} | {"operations.builds_build_id_seq"}
    rows = ("insert", "update", "delete")
    assert found == {
        *((ROLES.loader, name, right) for name in raw - sequences for right in rows),
        *((ROLES.loader, name, right) for name in sequences for right in writing),
        *(
            (ROLES.transformer, name, right)
            for name in set(names) - raw - notes
            for right in writing
        ),
        *(
            (getattr(ROLES, purpose), f"operations.{name}", right)
            for purpose, name, rights in (
                ("loader", "inboxes", ("insert",)),
                ("loader", "token_keys", ("insert",)),
                ("loader", "locks", ("insert", "update")),
                ("loader", "readings", ("insert", "update")),
                ("transformer", "locks", ("insert", "update")),
                ("transformer", "builds", ("insert", "update")),
                ("transformer", "masking_keys", ("truncate",)),
                ("transformer", "masked_views", rows),
                ("transformer", "editions", ("insert", "update")),
                ("transformer", "publication_dates", ("insert",)),
                ("transformer", "published_days", rows),
                ("transformer", "open_build", ("insert", "delete")),
                ("transformer", "outbox", ("insert", "update")),
            )
            for right in rights
        ),
    }


def test_roles_create_only_where_they_should(shop: Shop) -> None:
    schemas = {name.partition(".")[0] for name in relations(shop)} | {"public", "snapshots"}
    for purpose in ROLES.names():
        for schema in schemas:
            may = shop.may(purpose, f"create table {schema}.mine (a int)")
            owner = "" if schema in ("raw", "public") else "transformer"
            assert may == (purpose == owner), (purpose, schema)
        is_transformer = purpose == "transformer"
        assert shop.may(purpose, "create schema mine") == is_transformer
        assert shop.may(purpose, "create temporary table mine (a int)") == is_transformer
        assert not shop.may(purpose, "create role mine")
        assert not shop.may(purpose, f"grant {ROLES.pii_reader} to current_user")
        assert not shop.may(purpose, f"set role {ROLES.pii_reader}") or purpose == "pii_reader"
        assert not shop.may(purpose, "copy (select 1) to program 'true'")
        assert not shop.may(purpose, "select pg_read_file('PG_VERSION')")


@pytest.mark.parametrize("words", [("load",), ("status",), ("warehouse", "roles")])
def test_a_missing_right_is_reported_in_plain_words(
    shop: Shop, branchline: throwaway.Branchline, tmp_path: Path, words: tuple[str, ...]
) -> None:
    (tmp_path / "inbox").mkdir()
    env = throwaway.environment(shop.urls["analyst"], tmp_path)
    done = branchline(*words, environment=env)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert re.search("permission denied|may not", done.stderr)


def test_no_function_is_public(shop: Shop) -> None:
    shop.ask("transformer", "create function marts.peep() returns int return 1")
    shop.ask("owner", "create function marts.owners() returns int return 1")
    for purpose, role in ROLES.names().items():
        found = shop.ask(
            "owner",
            "select proname from pg_proc inner join pg_namespace n on pronamespace = n.oid"
            f" where nspname not in {SYSTEM} and has_function_privilege('{role}', pg_proc.oid,"
            " 'execute') and pg_get_userbyid(proowner) <> '" + role + "'",
        )
        assert found == ([("add_columns",)] if purpose == "loader" else []), purpose
    for function in ("marts.peep", "marts.owners"):
        shop.ask("owner", f"drop function {function}")


def test_a_user_without_a_role_cannot_connect(shop: Shop) -> None:
    with pytest.raises(psycopg2.OperationalError, match="permission denied for database"):
        psycopg2.connect(shop.urls["stranger"])


def test_an_analyst_selects_the_non_personal_columns_of_a_personal_mart(shop: Shop) -> None:
    for node in shop.manifest["nodes"].values():
        name = f"marts.{node['alias']}"
        if name not in marts(shop, personal=True):
            continue
        tagged = {
            column["name"]
            for column in node["columns"].values()
            if column["config"]["meta"].get("contains_pii")
        }
        columns = {
            column
            for (column,) in shop.ask(
                "owner",
                "select attname from pg_attribute where not attisdropped"
                f" and attrelid = '{name}'::regclass",
            )
        }
        # System columns, such as ctid, are not among them either.
        found = {
            column for column in columns if shop.may("analyst", f'select "{column}" from {name}')
        }
        assert found == set(node["columns"]) - tagged, name
        for statement in (
            f"select x from {name} as x",
            f"select row_to_json(x) from {name} as x",
            f"select 1 from {name} where cast({min(tagged)} as text) > ''",
            f"select 1 from {name} order by {min(tagged)}",
        ):
            assert not shop.may("analyst", statement), statement
        assert not shop.may("loader", f"select {min(found)} from {name}")


def test_an_analyst_queries_metrics_without_personal_data(shop: Shop, tmp_path: Path) -> None:
    """With `mf`; except metrics that count customers."""
    shutil.copy(PROJECT / "dbt_project.yml", shop.folder)
    env = {
        **throwaway.for_dbt(throwaway.environment(shop.urls["analyst"], shop.folder)),
        "DBT_PROFILES_DIR": str(shop.folder / "profiles"),
        # `mf` would ask the package index for a newer version, and keep the answer in /tmp.
        "HTTPS_PROXY": "http://127.0.0.1:9",
        "TMPDIR": str(shop.folder),
    }

    def ask(metrics: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [
                *(str(Path(sys.executable).parent / "mf"), "query", "--metrics", metrics),
                *("--group-by", "branch__name", "--where"),
                "{{ Dimension('branch__currency') }} = 'GBP'",
                *("--order", "branch__name", "--csv", str(tmp_path / "answer.csv")),
            ],
            cwd=shop.folder,
            env=env,
            capture_output=True,
            text=True,
        )

    done = ask("net_sales,receipts,units,average_basket")
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    with (tmp_path / "answer.csv").open() as file:
        reported = [
            (row["branch__name"], round(float(row["net_sales"]), 2), int(row["receipts"]))
            for row in csv.DictReader(file)
        ]
    assert reported
    assert reported == [
        (name, float(sales), receipts)
        for name, sales, receipts in shop.ask(
            "pii_reader",
            "select branch_name, sum(net_amount), count(*) from fct_transactions"
            " where currency_code = 'GBP' group by branch_name order by branch_name collate \"C\"",
        )
    ]
    refused = ask("customers")
    assert refused.returncode != 0
    assert "permission denied for table fct_transactions" in refused.stdout + refused.stderr


def test_no_name_and_no_card_reaches_the_analyst(shop: Shop) -> None:
    """Neither in rows that it can read, nor in PostgreSQL's column statistics."""
    names = relations(shop)
    texts = []
    columns = shop.ask(
        "owner",
        "select format('(select %s from %s)', string_agg(quote_ident(attname), ', '),"
        f" attrelid::regclass) from pg_attribute, aclexplode(attacl)"
        f" where pg_get_userbyid(grantee) = '{ROLES.analyst}' group by attrelid",
    )
    assert len(columns) == len(marts(shop, personal=True))
    readable = [*sorted(shop.readable("analyst", names)), *(name for (name,) in columns)]
    for name in [*readable, "pg_stats", "pg_stats_ext"]:
        (reported,) = shop.ask("analyst", f"select string_agg(x::text, ' ') from {name} as x")[0]
        texts.append(reported or "")
    seen = "\n".join(texts).lower()
    assert len(seen) > 10_000
    assert [name for name in shop.names if name.lower() in seen] == []
    assert (
        shop.ask("analyst", "select card_last4 from fct_transactions where card_last4 > ''") == []
    )
    assert shop.ask("pii_reader", "select 1 from fct_transactions where card_last4 > '' limit 1")


def test_the_error_for_a_denied_mart_names_its_view(shop: Shop) -> None:
    def hint(who: str, query: str) -> str:
        with pytest.raises(BranchlineError) as caught, read_only_query(shop.urls[who], query):
            pass
        assert "permission denied" in caught.value.message
        return caught.value.hint

    for query in (
        "select * from marts.fct_transactions",
        "select card_last4 from marts.fct_sales"
        " inner join marts.fct_transactions using (transaction_id)",
    ):
        assert hint("analyst", query) == (
            "Query marts_masked.fct_transactions: all its rows, without personal data. Of"
            " marts.fct_transactions you may select the columns that are not personal, by name."
        )
    # Not if there is none, or for users who may not read it either.
    for who, query in (
        ("analyst", "select * from raw.ingest_files"),
        ("loader", "select * from operations.masking_keys"),
        ("loader", "select * from marts.fct_transactions"),
    ):
        assert "marts_masked" not in hint(who, query)


def test_a_masking_view_has_the_rows_and_the_descriptions_of_its_mart(shop: Shop) -> None:
    for name in marts(shop, personal=True):
        view = name.replace("marts.", "marts_masked.")
        (of_table,) = shop.ask("pii_reader", f"select count(*) from {name}")
        assert shop.ask("analyst", f"select count(*) from {view}") == [of_table]
        columns = (
            "select array_agg(attname || ' ' || format_type(atttypid, atttypmod) order by attnum)"
            " from pg_attribute where attrelid = '{}'::regclass and attnum > 0"
        )
        assert shop.ask("owner", columns.format(name)) == shop.ask("owner", columns.format(view))
        (reported,) = shop.ask("analyst", f"select obj_description('{view}'::regclass)")[0]
        assert "without personal data" in reported
        assert "Questions:" in reported


def test_the_role_owns_everything_its_members_create(shop: Shop) -> None:
    found = shop.ask(
        "owner",
        "select distinct nspname = 'raw' or nspname = 'operations' and (relkind = 'S' or relname ="
        f" any(array[{', '.join(map(repr, OWN_TABLES))}])), pg_get_userbyid(relowner) from pg_class"
        " inner join pg_namespace on relnamespace = pg_namespace.oid"
        f" where nspname not in {SYSTEM} and nspname <> 'public' and relkind in ('r', 'v', 'S')",
    )
    assert set(found) == {(True, "branchline"), (False, ROLES.transformer)}


def test_the_owner_builds_only_with_the_transformers_rights(shop: Shop, tmp_path: Path) -> None:
    """A trigger on a table that every dbt command writes to records its user."""
    shop.ask(
        "transformer",
        "create table marts.ran_as (who text);"
        " create function marts.note() returns trigger language plpgsql as $$ begin"
        " reset role; insert into marts.ran_as values (session_user); return null; end $$;"
        " create trigger noted after insert on operations.dbt_runs for each row"
        " execute function marts.note()",
    )
    try:
        env = throwaway.environment(shop.url, tmp_path)
        for words in (("run", "--select", "rpt_peak_hours"), ("run-operation", "grant_marts")):
            reported = dbt(env, tmp_path, *words, expect=2 if words[0] == "run" else 1)
            assert "must not run dbt directly" in " ".join(reported.split())
        assert shop.ask("owner", "select * from marts.ran_as") == []
        with lowered(Connection(shop.url, "", 0, "", "", "")) as low:
            low_env = throwaway.environment(low.url, tmp_path)
            dbt(low_env, tmp_path, "run", "--select", "rpt_peak_hours")
            assert shop.ask("owner", "select distinct who from marts.ran_as") == [(low.user,)]
    finally:
        shop.ask(
            "transformer",
            "drop trigger noted on operations.dbt_runs; drop function marts.note();"
            " drop table marts.ran_as",
        )
    names = relations(shop)
    assert shop.readable("analyst", names) == expected(shop, names, "analyst")


def test_creating_roles_is_idempotent(
    shop: Shop, branchline: throwaway.Branchline, tmp_path: Path
) -> None:
    def rights() -> list[tuple[Any, ...]]:
        return shop.ask(
            "owner",
            "select 'relation', oid, relowner, relacl::text, xmin::text from pg_class"
            " union all select 'schema', oid, nspowner, nspacl::text, xmin::text from pg_namespace"
            " union all select 'database', oid, datdba, datacl::text, '' from pg_database"
            " union all select 'default', oid, 0, defaclacl::text, '' from pg_default_acl"
            " union all select 'member', roleid, member, grantor::text, '' from pg_auth_members"
            " union all select 'column', attrelid, attnum, attacl::text, xmin::text"
            " from pg_attribute where attacl is not null"
            " order by 1, 2, 3, 4",
        )

    before = rights()
    env = throwaway.environment(shop.url, tmp_path)
    for _ in range(2):
        done = branchline("warehouse", "roles", environment=env)
        assert done.returncode == 0, done.stderr
        assert "Nothing had to be changed." in done.stdout
        assert f"found   analyst      {ROLES.analyst}" in done.stdout
    printed = branchline("warehouse", "roles", "--print", environment=env)
    assert printed.stdout == "-- Nothing is missing.\n"
    assert rights() == before
    env = throwaway.environment(shop.urls["other_transformer"], shop.folder)
    dbt(env, shop.folder, "run-operation", "grant_marts")
    of_marts = [row for row in before if row[0] in ("relation", "column")]
    assert [row for row in rights() if row[0] in ("relation", "column")] == of_marts


class Watcher:
    """A user who reads all the time, and records the results."""

    def __init__(self, url: str, open_: list[str], closed: list[str]) -> None:
        self.seen: set[tuple[str, str]] = set()
        self.looks = 0
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, args=(url, open_, closed))

    def __enter__(self) -> Watcher:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def _watch(self, url: str, open_: list[str], closed: list[str]) -> None:
        with contextlib.closing(psycopg2.connect(url)) as link, link.cursor() as cursor:
            link.autocommit = True
            while not self._done.wait(0.001):
                self.looks += 1
                for name in (*open_, *closed):
                    try:
                        cursor.execute(f"select * from {name} limit 1")
                        reported = "read"
                    except psycopg2.Error as error:
                        reported = type(error).__name__
                    self.seen.add((name, reported))


def test_tags_alone_restrict_a_mart_and_a_rebuild_grants_nothing(
    shop: Shop, tmp_path: Path
) -> None:
    """Another member builds a copy of the project with a new mart and another new tag."""
    copy = tmp_path / "project"
    copy_project(copy)
    shutil.copy(PROJECT / "profiles.example.yml", copy / "profiles.yml")
    (copy / "models/marts/secret_mart.sql").write_text(SECRET_MART)
    (copy / "models/marts/secret_mart.yml").write_text(SECRET_MART_YAML)
    dates = copy / "models/marts/company/dim_dates.yml"
    before = dates.read_text()
    dates.write_text(
        before.replace(
            "        data_type:", "        meta: {contains_pii: true}\n        data_type:", 1
        )
    )
    assert dates.read_text() != before
    # Left by a removed model, with an old grant to the analyst.
    shop.ask(
        "transformer", "create table marts.former_mart as select 'Hetty Vane' as customer_name"
    )
    shop.ask("transformer", f"grant select on marts.former_mart to {ROLES.analyst}, public")
    shop.ask("transformer", f"grant select (customer_name) on marts.former_mart to {ROLES.analyst}")
    assert shop.readable("analyst", ["marts.dim_dates", "marts.former_mart"]) == {
        *("marts.dim_dates", "marts.former_mart")
    }
    env = throwaway.environment(shop.urls["transformer"], tmp_path)
    # In this process, it takes a fifth of the time.
    dbt(env, tmp_path, "parse", "--project-dir", str(copy))
    with Watcher(
        shop.urls["analyst"],
        ["marts.dim_branches", "marts_masked.rejected_rows"],
        ["marts.rejected_rows"],
    ) as watcher:
        # Somebody reads the view: the build waits for that before it locks the table, because
        # readers lock the view first and then the table. Otherwise there would be a deadlock.
        with contextlib.closing(psycopg2.connect(shop.urls["transformer"])) as holder:
            holder.cursor().execute("comment on view marts_masked.rejected_rows is 'held'")
            dbt_run = subprocess.Popen(
                [
                    *(str(Path(sys.executable).parent / "dbt"), "run"),
                    *("--project-dir", str(copy), "--profiles-dir", str(copy)),
                    *("--select", "secret_mart", "dim_branches", "rejected_rows", "dim_customers"),
                    "--full-refresh",
                ],
                cwd=copy,
                env=throwaway.for_dbt(env),
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
            waiting = (
                "select count(*) from pg_locks where not granted"
                " and relation = 'marts_masked.rejected_rows'::regclass"
                " and mode = 'AccessExclusiveLock'"
            )
            while dbt_run.poll() is None and shop.ask("owner", waiting) == [(0,)]:
                time.sleep(0.05)
            assert dbt_run.poll() is None
            assert shop.ask(
                "pii_reader",
                "set lock_timeout = '5s'; select count(*) > 0 from marts.rejected_rows",
            ) == [(True,)]
            holder.rollback()
        output, _ = dbt_run.communicate()
    assert dbt_run.returncode == 0, output[-4000:]
    assert watcher.looks > 50
    assert watcher.seen == {
        ("marts.dim_branches", "read"),
        ("marts_masked.rejected_rows", "read"),
        ("marts.rejected_rows", "InsufficientPrivilege"),
    }
    names = ["marts.secret_mart", "marts.dim_dates", "marts.former_mart"]
    assert shop.readable("analyst", names) == set()
    assert shop.readable("pii_reader", names) == {"marts.secret_mart", "marts.dim_dates"}
    for column, is_open in {
        "secret_mart.branch_key": True,
        "secret_mart.customer_name": False,
        "secret_mart.favourite_branch": False,
        "secret_mart.visits": False,
        "dim_dates.date_key": False,
        "dim_dates.weekday_name": True,
        "former_mart.customer_name": False,
    }.items():
        mart, _, name = column.partition(".")
        assert shop.may("analyst", f"select {name} from marts.{mart}") == is_open, column
    rows = shop.ask("analyst", "select customer_name, visits, favourite_branch from secret_mart")
    real = shop.ask("pii_reader", "select visits, favourite_branch from marts.secret_mart")
    # Undeclared columns are masked too; there are as many tokens as values.
    assert {row[:2] for row in rows} == {(None, None)}
    tokens = {token for *_, token in rows}
    assert len(rows) == len(real) > 1
    assert len(tokens) == len({branch for _, branch in real})
    assert all(re.fullmatch("[0-9a-f]{64}", token) for token in tokens)
    assert shop.ask("analyst", "select count(*) from dim_dates") == shop.ask(
        "pii_reader", "select count(*) from dim_dates"
    )
    # Another secret gives other tokens.
    shop.ask("transformer", "truncate operations.masking_keys")
    nothing = shop.ask("analyst", "select distinct favourite_branch from secret_mart")
    assert nothing == [(None,)]
    with open_link(shop.url) as link:
        assert len(make_roles(link)[1]) == 1
    others = {token for (token,) in shop.ask("analyst", "select favourite_branch from secret_mart")}
    assert len(others) == len(tokens)
    assert not others & tokens
    # The unchanged project grants the dates again.
    env = throwaway.environment(shop.urls["other_transformer"], shop.folder)
    dbt(env, shop.folder, "run-operation", "grant_marts")
    assert shop.readable("analyst", ["marts.dim_dates"]) == {"marts.dim_dates"}
    assert shop.ask("owner", "select to_regclass('marts_masked.dim_dates')") == [(None,)]


@pytest.fixture
def fresh(server: Connection) -> Iterator[str]:
    """An empty database whose roles, if any, are dropped at the end."""
    with throwaway.database(server) as url:
        yield url


def test_an_old_warehouse_gets_owners_and_restrictions(fresh: str, tmp_path: Path) -> None:
    project = Project(fresh, tmp_path)
    project.prepare()
    ask(
        fresh,
        "create schema staging; create schema marts; create table marts.old as select 1 as a;"
        " create view staging.old as select 1 as a; create sequence staging.numbers;"
        " grant usage on schema raw, staging to public; grant select on marts.old to public;"
        " grant select on raw.ingest_files to public; grant select (path) on raw.ingest_files"
        " to public",
    )
    with open_link(fresh) as link:
        roles, done = make_roles(link, "old_")
        assert done
        assert make_roles(link)[1] == []
        assert find_roles(link) == roles
        with link.cursor() as cursor:
            # Drifted: wrong rights, and a group inside another.
            cursor.execute(
                f"grant usage on schema staging to {roles.analyst};"
                f" grant select on staging.old to {roles.analyst};"
                f" grant select (path) on raw.ingest_files to {roles.pii_reader};"
                f" grant {roles.pii_reader} to {roles.analyst};"
                f" alter table staging.old owner to branchline;"
                f" revoke usage on schema marts from {roles.analyst}"
            )
        reported = [step.text for step in make_roles(link)[1]]
        assert len(reported) == 6
        assert make_roles(link)[1] == []
    open_to_public = ask(
        fresh,
        "select relname from pg_class inner join pg_namespace n on relnamespace = n.oid,"
        " aclexplode(relacl) where nspname in ('raw', 'staging', 'marts') and grantee = 0"
        " union all select attname from pg_attribute, aclexplode(attacl) where grantee = 0"
        " and attrelid = 'raw.ingest_files'::regclass",
    )
    assert open_to_public == []
    # The owner continues as before.
    project.prepare()
    assert ask(fresh, "select count(*) from raw.ingest_files") == [(0,)]


def test_the_owners_earlier_build_gets_new_owners_and_can_be_continued(
    fresh: str, branchline: throwaway.Branchline, tmp_path: Path
) -> None:
    """Load, build, then the roles, as the README says; the nights go on as before."""
    project = Project(fresh, tmp_path)
    line = "{:02d}/08/2021 09:00,Leeds,Ann,Tea - 1.70,1.70,CASH,\n"

    def night(day: int) -> None:
        project.deliver(f"branch_pos/leeds_{day:02d}-08-2021_09-00-00.csv", line.format(day))
        project.load()
        with lowered(Connection(fresh, "", 0, "", "", "")) as low:
            env = throwaway.environment(low.url, tmp_path)
            dbt(
                *(env, tmp_path, "build", "--indirect-selection", "buildable"),
                *("--exclude-resource-type", "unit_test"),
                *("--select", "+fct_sales", "resource_type:seed", "+resource_type:snapshot"),
            )
        assert project.rows("select count(*) from marts.fct_sales") == [(day,)]

    night(1)
    prefix: tuple[str, ...] = ("--prefix", "built_")
    for day in (2, 3):
        done = branchline("warehouse", "roles", *prefix, environment=project.env)
        assert done.returncode == 0, done.stdout + done.stderr
        assert ("Nothing had to be changed" in done.stdout) == (day == 3)
        prefix = ()
        assert project.rows(
            "select distinct pg_get_userbyid(relowner) from pg_class inner join pg_namespace"
            " on relnamespace = pg_namespace.oid where relkind in ('r', 'v') and (nspname = any("
            "array['staging', 'intermediate', 'marts', 'marts_masked', 'reference', 'snapshots'])"
            f" or nspname = 'operations' and relname <> all(array{list(OWN_TABLES)}))"
        ) == [("built_transformer",)]
        night(day)


def test_a_missing_right_names_the_statement_and_a_script_does_it(
    server: Connection, branchline: throwaway.Branchline, tmp_path: Path
) -> None:
    ask(server.url, f"create role plain login password '{PASSWORD}'")
    ask(server.url, "grant plain to branchline with inherit true, set true")
    with throwaway.database(server) as url:
        name = url.rpartition("/")[2]
        ask(server.url, f"alter database {name} owner to plain")
        env = throwaway.environment(url_of(url, "plain"), tmp_path)
        refused = branchline("warehouse", "roles", "--prefix", "plain_", environment=env)
        assert refused.returncode == 1
        assert 'create role "plain_loader" nologin' in refused.stderr
        assert "branchline warehouse roles --print" in refused.stderr
        assert "Traceback" not in refused.stderr
        assert ask(url, "select count(*) from pg_namespace where nspname = 'marts'") == [(0,)]
        sql = branchline("warehouse", "roles", "--prefix", "plain_", "--print", environment=env)
        ask(url, sql.stdout)
        again = branchline("warehouse", "roles", environment=env)
        assert "Nothing had to be changed" in again.stdout, again.stdout + again.stderr
        refused = branchline("warehouse", "user", "eve", "--role", "analyst", environment=env)
        assert refused.returncode == 1
        assert "may not create log-ins" in refused.stderr
        assert "SCRAM" not in refused.stderr
        ask(server.url, f"alter database {name} owner to branchline")


def test_invalid_names_are_refused(fresh: str) -> None:
    with open_link(fresh) as link, link.cursor() as cursor:
        for prefix in ("", "Big_", "pg_", "a b", 'x"; drop role y; --', "x" * 41):
            with pytest.raises(BranchlineError, match=r"not a valid prefix|has roles already"):
                make_roles(link, prefix or "1")
        cursor.execute("create role taken_loader login")
        with pytest.raises(BranchlineError, match="not only a group"):
            make_roles(link, "taken_")
        roles, _ = make_roles(link, "names_")
        with pytest.raises(BranchlineError, match="has roles already"):
            make_roles(link, "others_")
        for name in ("Eve", "pg_eve", "", 'e"; drop role x; --', roles.analyst):
            with pytest.raises(BranchlineError, match=r"not a valid name for|is a group"):
                make_user(link, roles, name, ["analyst"], PASSWORD)
        with pytest.raises(BranchlineError, match="has all rights here already"):
            make_user(link, roles, "branchline", ["analyst"], PASSWORD)


def test_a_log_in_gets_other_roles_and_a_new_password(
    fresh: str, branchline: throwaway.Branchline, tmp_path: Path
) -> None:
    env = throwaway.environment(fresh, tmp_path)
    without = branchline("warehouse", "user", "nell", "--role", "analyst", environment=env)
    assert "branchline warehouse roles" in without.stderr
    with open_link(fresh) as link:
        make_roles(link, "nell_")
    first = branchline("warehouse", "user", "nell", "--role", "loader", environment=env)
    word = re.search(r"shown only now: (\S+)", first.stdout)
    assert word is not None
    url = re.sub(r"//.*?@", f"//nell:{word[1]}@", fresh)
    assert ask(url, "select current_user, session_user") == [("nell_loader", "nell")]
    second = branchline(
        *("warehouse", "user", "nell", "--role", "analyst", "--role", "pii_reader"), environment=env
    )
    assert "Password" not in second.stdout
    assert ask(url, "select current_user, current_setting('search_path')") == [("nell", "marts")]
    assert ask(
        url,
        "select pg_get_userbyid(roleid) from pg_auth_members"
        " where pg_get_userbyid(member) = 'nell' order by 1",
    ) == [("nell_analyst",), ("nell_pii_reader",)]
    third = branchline(
        *("warehouse", "user", "nell", "--role", "analyst", "--new-password"), environment=env
    )
    assert "shown only now" in third.stdout
    with pytest.raises(psycopg2.OperationalError, match="password authentication failed"):
        psycopg2.connect(url)
