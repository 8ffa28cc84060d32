"""A lower role cannot escalate, and an analyst can neither block the server nor fill its disk.

The tests try what members of the roles may do in the database; nothing is built.
"""

from __future__ import annotations

import contextlib
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg2
import pytest
import throwaway
from nightly import PROJECT
from psycopg2.errors import InsufficientPrivilege

from base.errors import BranchlineError
from base.link import Connection, open_link
from operate.access.key_rotation import rotate_key
from operate.access.lowered import PREFIX, lowered
from operate.access.ours import foreign_things
from operate.access.people import Limits, make_user
from operate.access.role_names import find_roles
from operate.access.roles import make_roles
from operate.runs.readers import readers_in_the_way_ended
from operate.server.notes import one_run_at_a_time

PASSWORD = "only-for-tests-0123456789"
FILE = "leeds_{:02d}-08-2021_09-00-00.csv"
LINE = '{:02d}/08/2021 09:00,Leeds,Ann,"Tea - 1.80",1.80,CASH,\n'
# What a foreign function would do in an owner's session.
CLIMB = """
create function {schema}.climb() returns {kind} language plpgsql as $$ begin
    reset role;
    begin execute 'grant low_pii_reader to lou'; exception when others then null; end;
    begin execute 'create role backdoor login createrole'; exception when others then null; end;
    return {value};
end $$
"""


def ask(url: str, query: str) -> list[tuple[Any, ...]]:
    with contextlib.closing(psycopg2.connect(url)) as link:
        link.autocommit = True
        with link.cursor() as cursor:
            cursor.execute(query)
            return cursor.fetchall() if cursor.description else []


def may(url: str, statement: str) -> bool:
    with contextlib.closing(psycopg2.connect(url)) as link:
        try:
            link.cursor().execute(statement)
        except InsufficientPrivilege:
            return False
        return True


@dataclass
class Shop:
    """A warehouse with roles and a member of each, without loaded files."""

    url: str
    server: Connection
    folder: Path
    days: int = 0
    urls: dict[str, str] = field(default_factory=dict)

    @property
    def connection(self) -> Connection:
        return Connection(self.url, "", 0, "", "", "")

    def branchline(self, who: str, *words: str, expect: int = 0) -> str:
        done = throwaway.run_branchline(
            *words, environment=throwaway.environment(self.urls[who], self.folder)
        )
        reported = done.stdout + done.stderr
        assert done.returncode == expect, reported
        assert "Traceback" not in reported
        return reported

    def load(self, who: str, *, expect: int = 0) -> str:
        """Load a file that was not there before."""
        self.days += 1
        inbox = self.folder / "inbox" / "branch_pos"
        inbox.mkdir(parents=True, exist_ok=True)
        (inbox / FILE.format(self.days)).write_text(LINE.format(self.days))
        return self.branchline(who, "load", expect=expect)

    def files(self) -> int:
        return int(ask(self.url, "select count(*) from raw.ingest_files")[0][0])

    def nobody_has_climbed(self) -> None:
        assert ask(self.url, "select 1 from pg_roles where rolname ~ 'backdoor|pwned'") == []
        assert not ask(self.url, "select pg_has_role('lou', 'low_pii_reader', 'member')")[0][0]


@pytest.fixture
def shop(postgres_server: Connection, tmp_path: Path) -> Iterator[Shop]:
    before = {name for (name,) in ask(postgres_server.url, "select rolname from pg_roles")}
    with throwaway.database(postgres_server) as url:
        made = Shop(url, postgres_server, tmp_path, urls={"owner": url})
        made.branchline("owner", "warehouse", "roles", "--prefix", "low_")
        with open_link(url) as link:
            roles = find_roles(link)
            assert roles is not None
            for name, purpose in (
                ("lou", "loader"),
                ("tom", "transformer"),
                ("ann", "analyst"),
                ("pia", "pii_reader"),
            ):
                make_user(link, roles, name, [purpose], PASSWORD)
                made.urls[name] = re.sub(r"//.*?@", f"//{name}:{PASSWORD}@", url)
        yield made
    for (name,) in ask(postgres_server.url, "select rolname from pg_roles"):
        if name not in before:
            ask(postgres_server.url, f'drop role "{name}"')


def test_a_loader_cannot_add_code_to_tables_that_others_write(shop: Shop) -> None:
    shop.load("lou")
    for statement in (
        CLIMB.format(schema="raw", kind="trigger", value="null"),
        "create trigger evil after insert on raw.ingest_files for each statement execute function"
        " suppress_redundant_updates_trigger()",
        "create rule evil as on insert to raw.ingest_files do also notify evil",
        "create policy evil on raw.ingest_files using (true)",
        "alter table raw.ingest_files enable row level security",
        "alter table raw.ingest_files alter column reason set default lower('evil')",
        "alter table raw.ingest_files add check (lower(path) is not null)",
        "create index evil on raw.ingest_files (lower(path))",
        "create statistics raw.evil on feed, path from raw.ingest_files",
        "alter table raw.ingest_files rename to files",
        "alter table raw.ingest_files owner to current_user",
        "drop table raw.branch_pos_transactions",
        "truncate raw.ingest_files",
        "create table raw.evil (a int)",
        "create view raw.evil as select 1 as a",
        "create schema evil",
        "create temporary table evil (a int)",
        "create or replace function raw.add_columns(feed_table text, names text[]) returns void"
        " language sql as ''",
        "update operations.roles set role_name = 'lou'",
        "update operations.token_keys set fingerprint = 'x'",
        "delete from operations.inboxes",
    ):
        assert not may(shop.urls["lou"], statement), statement
    # Nor through functions that it may call.
    for table, names in (
        ("ingest_files", "{evil}"),
        ('x" (a int); create role pwned; --', "{evil}"),
        ("_dlt_loads", "{evil}"),
    ):
        with pytest.raises(psycopg2.Error, match="no table of a feed"):
            ask(shop.urls["lou"], f"select raw.add_columns('{table}', '{names}')")
    ask(
        shop.urls["lou"],
        "select raw.add_columns('branch_pos_transactions',"
        " array['x\" int; create role pwned; --'])",
    )
    shop.nobody_has_climbed()
    assert shop.files() == 1
    shop.load("owner")
    assert shop.files() == 2


def test_a_loader_still_adds_the_columns_that_files_bring(shop: Shop) -> None:
    inbox = shop.folder / "inbox" / "sales_desk"
    inbox.mkdir(parents=True)
    (inbox / "store.csv").write_text(
        "store_id,address,store_pincode,store_manager_name,store_opening_date,reviews,opened\n"
        "1,North,111,Ann,2020-01-01,4,2020\n"
    )
    # As if the feed were new.
    ask(shop.url, "drop table raw.sales_desk_stores")
    reported = shop.branchline("lou", "load")
    columns = ask(
        shop.url,
        "select attname, pg_get_userbyid(relowner) from pg_attribute inner join pg_class"
        " on attrelid = pg_class.oid where attrelid = 'raw.sales_desk_stores'::regclass"
        " and attname = 'opened'",
    )
    assert columns == [("opened", "branchline")], reported


def test_a_transformers_code_runs_with_a_transformers_rights(shop: Shop) -> None:
    shop.load("owner")
    tom = shop.urls["tom"]
    ask(tom, CLIMB.format(schema="marts", kind="int", value="1"))
    ask(tom, "create view marts.peek as select session_user as who, marts.climb() as climbed")
    with lowered(shop.connection) as low:
        ((who, _),) = ask(low.url, "select * from marts.peek")
        assert who.startswith(PREFIX)
        assert ask(low.url, "select current_user")[0][0] == "low_transformer"
    assert PREFIX in shop.branchline("owner", "sql", "select who from marts.peek")
    shop.nobody_has_climbed()
    assert ask(shop.url, f"select 1 from pg_roles where rolname like '{PREFIX}%'") == []
    # dbt's metadata is written in dbt's own session, not in the owner's.
    ask(
        tom,
        "create table operations.high_water_marks (model text, file_id bigint);"
        " insert into operations.high_water_marks values ('fct_sales', 1);"
        + CLIMB.format(schema="marts", kind="trigger", value="null").replace(
            "climb()", "climbing()"
        )
        + "; create trigger evil after delete on operations.high_water_marks"
        " for each statement execute function marts.climbing()",
    )
    settings = _settings(shop, throwaway.TOKEN_KEY, "Cd" * 8 + "-the-new-key-111")
    rotate_key(settings, shop.connection, lambda _: None)
    assert ask(shop.url, "select * from operations.high_water_marks") == []
    shop.nobody_has_climbed()


def _settings(shop: Shop, *keys: str) -> Any:
    from base.settings import read_settings

    env = throwaway.environment(shop.url, shop.folder)
    return read_settings({**env, "BRANCHLINE_TOKEN_KEY": ",".join(keys)})


def log_ins(shop: Shop) -> set[str]:
    """The existing temporary log-ins."""
    query = f"select rolname from pg_roles where starts_with(rolname, '{PREFIX}')"
    return {name for (name,) in ask(shop.url, query)}


def end_sessions(shop: Shop, name: str = PREFIX) -> None:
    """End the sessions of these log-ins and of their runs, and wait for it."""
    ask(
        shop.url,
        "select pg_terminate_backend(pid, 5000) from pg_stat_activity"
        f" where starts_with(usename, '{name}') or starts_with(application_name, '{name}')",
    )


AT_WORK = """
import sys
import psycopg2
from base.link import Connection
from operate.access.lowered import lowered

with lowered(Connection(sys.argv[1], "", 0, "", "", "")) as low:
    link = psycopg2.connect(low.url)
    print("at work", flush=True)
    link.cursor().execute("select pg_sleep(60)")
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_the_log_in_of_a_killed_run_is_dropped(shop: Shop, number: signal.Signals) -> None:
    """At once, or with the next run, although a query is running."""
    with subprocess.Popen(
        [sys.executable, "-c", AT_WORK, shop.url],
        stdout=subprocess.PIPE,
        cwd=PROJECT,
        preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_DFL),
    ) as run:
        assert run.stdout is not None
        assert run.stdout.readline() == b"at work\n"
        assert len(log_ins(shop)) == 1
        run.send_signal(number)
        assert run.wait(20) in (-number, 128 + number)
    if number is signal.SIGKILL:
        assert len(log_ins(shop)) == 1
        # The server notices a moment later.
        end_sessions(shop)
        with lowered(shop.connection) as low:
            assert log_ins(shop) == {low.user}
    assert log_ins(shop) == set()


def test_the_log_in_has_the_same_name_every_night(shop: Shop) -> None:
    """dbt parses the whole project anew after a change of the user."""
    names = []
    for _ in range(2):
        with lowered(shop.connection) as low:
            names.append(low.user)
            with lowered(shop.connection) as at_the_same_time:
                assert at_the_same_time.user != low.user
            # The end of one does not end another.
            assert ask(low.url, "select 1") == [(1,)]
    assert names[0] == names[1]
    assert log_ins(shop) == set()


def test_a_log_in_is_not_dropped_by_the_former_owner_of_its_name(shop: Shop) -> None:
    with lowered(shop.connection) as former:
        ask(shop.url, f"drop role {former.user}")
        stack = contextlib.ExitStack()
        now = stack.enter_context(lowered(shop.connection))
        assert now.user == former.user
    assert ask(now.url, "select 1") == [(1,)]
    stack.close()
    assert log_ins(shop) == set()


def test_the_owners_temporary_log_in_is_dropped(shop: Shop) -> None:
    for name in ("left", "new", "at_work"):
        until = "2020-01-01" if name == "left" else "infinity"
        ask(
            shop.url,
            f"create role {PREFIX}{name} login password '{PASSWORD}' valid until '{until}';"
            f" grant low_transformer to {PREFIX}{name}",
        )
    # One of a run whose dbt has not ended yet; one of a running run.
    ending = psycopg2.connect(re.sub(r"//.*?@", f"//{PREFIX}at_work:{PASSWORD}@", shop.url))
    stack = contextlib.ExitStack()
    other = stack.enter_context(lowered(shop.connection))
    with lowered(shop.connection) as low:
        assert ask(other.url, "select 1") == [(1,)]
        assert ask(low.url, "create schema theirs; select current_user") == [("low_transformer",)]
        assert not may(low.url, "insert into raw.ingest_paths values ('a', 'b', 'c', 'd')")
        assert not may(low.url, "create role pwned")
        assert not may(low.url, "set role low_loader")
    assert log_ins(shop) == {f"{PREFIX}at_work", other.user}
    end_sessions(shop, f"{PREFIX}at_work")
    ending.close()
    stack.close()
    assert log_ins(shop) == set()
    for who in ("lou", "tom", "ann"):
        mine = Connection(shop.urls[who], "", 0, "", "", "")
        with lowered(mine) as same:
            assert same is mine


def test_only_the_owner_changes_the_names_of_roles(shop: Shop) -> None:
    evil = "x1; create role pwned login createrole; commit; --"
    for who in ("lou", "tom", "ann", "pia"):
        assert not may(shop.urls[who], f"update operations.roles set role_name = '{evil}'")
        assert not may(shop.urls[who], "drop table operations.roles")
        assert not may(shop.urls[who], "drop schema operations cascade")
    # As it could be in an older warehouse.
    for name in (evil, 'x"; create role pwned; --', "x y", "low_loader", "X", "", "a" * 64):
        ask(
            shop.url,
            "update operations.roles set role_name = $evil$" + name + "$evil$"
            " where purpose = 'analyst'",
        )
        for words in (("warehouse", "roles"), ("warehouse", "user", "eve", "--role", "analyst")):
            reported = shop.branchline("owner", *words, expect=1)
            assert "operations.roles does not hold four role names" in " ".join(reported.split())
        shop.nobody_has_climbed()


@pytest.fixture
def old(shop: Shop) -> Shop:
    """A warehouse of an older version: loaders own raw, transformers own the metadata."""
    shop.load("owner")
    ask(
        shop.url,
        "alter schema raw owner to low_loader; alter schema operations owner to low_transformer;"
        " drop function raw.add_columns",
    )
    for schema, role in (("raw", "low_loader"), ("operations", "low_transformer")):
        for (table,) in ask(
            shop.url,
            "select format('%I.%I', nspname, relname) from pg_class inner join pg_namespace"
            f" on relnamespace = pg_namespace.oid where relkind = 'r' and nspname = '{schema}'",
        ):
            ask(shop.url, f"alter table {table} owner to {role}")
    return shop


def test_the_owner_takes_over_an_older_warehouse_first(old: Shop) -> None:
    with open_link(old.url) as link:
        (done,) = (make_roles(link)[1],)
        assert done
        assert make_roles(link)[1] == []
    old.load("owner")
    old.load("lou")
    assert old.files() == 3


LYING_IN_WAIT = [
    (
        "create trigger evil after insert on raw.ingest_files for each statement"
        " execute function raw.climb()",
        "trigger evil on raw.ingest_files",
    ),
    (
        "create constraint trigger evil after insert on raw.branch_pos_transactions"
        " deferrable initially deferred for each row execute function raw.climb()",
        "trigger evil on raw.branch_pos_transactions",
    ),
    (
        "create rule evil as on insert to raw.ingest_files do also notify evil",
        "rule evil on raw.ingest_files",
    ),
    (
        "create policy evil on raw.ingest_files using (true)",
        "policy evil on raw.ingest_files",
    ),
    (
        "alter table raw.ingest_files enable row level security",
        "row-level security of raw.ingest_files",
    ),
    (
        "alter table raw.ingest_files alter column reason set default raw.value()",
        "function raw.value()",
    ),
    (
        "alter table raw.ingest_files add check (raw.value() is not null)",
        "function raw.value()",
    ),
    (
        "create index evil on raw.ingest_files ((raw.value()))",
        "function raw.value()",
    ),
    (
        "create view raw.evil as select * from operations.masking_keys",
        "view raw.evil",
    ),
    (
        "create materialized view raw.evil as select 1 as a",
        "view raw.evil",
    ),
    (
        "create domain raw.odd as text check (raw.value() = value);"
        " alter table raw.ingest_files add column odd raw.odd",
        "type or operator of raw.ingest_files",
    ),
]


def test_foreign_code_in_an_older_warehouse_is_named_and_not_run(old: Shop) -> None:
    lou = old.urls["lou"]
    with open_link(old.url) as link, link.cursor() as cursor:
        for statement, thing in LYING_IN_WAIT:
            ask(lou, CLIMB.format(schema="raw", kind="trigger", value="null"))
            ask(
                lou,
                "create function raw.value() returns text language sql immutable"
                " as $$ select 'x' $$",
            )
            ask(lou, statement)
            with pytest.raises(BranchlineError, match="code that the owner did not") as caught:
                make_roles(link)
            assert thing in caught.value.message, statement
            for found, remedy in foreign_things(cursor):
                assert found in caught.value.message
                assert remedy in caught.value.hint
                if not found.startswith("type or operator"):
                    cursor.execute(remedy)
            cursor.execute("drop domain if exists raw.odd cascade")
            assert foreign_things(cursor) == [], statement
        ask(lou, CLIMB.format(schema="raw", kind="trigger", value="null"))
        ask(lou, LYING_IN_WAIT[0][0])
    load_output = old.load("owner", expect=1)
    assert "branchline warehouse roles" in load_output
    assert "trigger evil" in old.branchline("owner", "warehouse", "roles", expect=1)
    old.nobody_has_climbed()
    assert old.files() == 1


def test_an_analyst_blocks_neither_load_nor_build(shop: Shop) -> None:
    with contextlib.closing(psycopg2.connect(shop.urls["ann"])) as ann, ann.cursor() as cursor:
        ann.autocommit = True
        for statement in (
            "select pg_advisory_lock(1651663214, 1818848869)",
            "select pg_advisory_lock(hashtext('branchline build'))",
            "select pg_advisory_lock_shared(hashtext('branchline token keys'))",
            "select pg_advisory_lock(token) from raw.ingest_locks",
            "begin; lock table operations.locks in access share mode; commit",
            "select lo_from_bytea(0, decode(repeat('00', 1000000), 'hex'))",
            "create temporary table filler (a int)",
        ):
            with contextlib.suppress(InsufficientPrivilege):
                cursor.execute(statement)
            cursor.execute("rollback")
        shop.load("lou")
        shop.load("owner")
        with (
            open_link(shop.url) as link,
            one_run_at_a_time(link),
            open_link(shop.urls["tom"]) as other,
            pytest.raises(BranchlineError, match="Another"),
            one_run_at_a_time(other),
        ):
            pass
    assert shop.files() == 2
    assert ask(shop.url, "select count(*) from pg_largeobject_metadata") == [(0,)]


def test_a_reader_who_blocks_a_build_is_ended(shop: Shop) -> None:
    ask(shop.urls["tom"], "create table marts.sales as select 1 as a")
    ask(shop.urls["tom"], "grant select on marts.sales to low_analyst")
    said: list[str] = []
    with contextlib.closing(psycopg2.connect(shop.urls["ann"])) as ann, ann.cursor() as cursor:
        # Anybody may do this.
        cursor.execute("set statement_timeout = 0; set idle_in_transaction_session_timeout = 0")
        cursor.execute("select * from marts.sales")
        with (
            lowered(shop.connection) as low,
            readers_in_the_way_ended(shop.connection, low, said.append, patience=0.4),
        ):
            ask(low.url, "drop table marts.sales")
        with pytest.raises(psycopg2.Error):
            cursor.execute("select 1")
    assert len(said) == 1
    assert said[0].startswith("ann has blocked the build")


def test_only_readers_are_limited(shop: Shop) -> None:
    asked = (
        "select current_setting('statement_timeout'),"
        " current_setting('idle_in_transaction_session_timeout'),"
        " current_setting('temp_file_limit'), (select rolconnlimit from pg_roles"
        " where rolname = session_user)"
    )
    assert ask(shop.urls["ann"], asked) == [("10min", "10min", "2GB", 10)]
    assert ask(shop.urls["pia"], asked) == [("10min", "10min", "2GB", 10)]
    assert ask(shop.urls["lou"], asked) == [("0", "0", "-1", -1)]
    with pytest.raises(InsufficientPrivilege, match="temp_file_limit"):
        ask(shop.urls["ann"], "set temp_file_limit = -1")
    reported = shop.branchline(
        *("owner", "warehouse", "user", "ann", "--role", "analyst", "--minutes", "1"),
        *("--gigabytes", "3", "--connections", "2"),
    )
    assert "Changed ann" in reported
    assert ask(shop.urls["ann"], asked) == [("1min", "1min", "3GB", 2)]
    with contextlib.ExitStack() as stack:
        for _ in range(2):
            stack.enter_context(contextlib.closing(psycopg2.connect(shop.urls["ann"])))
        with pytest.raises(psycopg2.OperationalError, match="too many connections for role"):
            psycopg2.connect(shop.urls["ann"])
    with open_link(shop.url) as link:
        roles = find_roles(link)
        assert roles is not None
        make_user(link, roles, "ann", ["analyst", "loader"], None, Limits(1, 1, 1))
    assert ask(shop.urls["ann"], asked) == [("0", "0", "-1", -1)]


def test_schemas_with_the_users_name_are_not_searched(shop: Shop) -> None:
    """A transformer could put its own `lower`, or any other name, there."""
    for who in ("owner", "lou", "tom", "ann", "pia"):
        ((path,),) = ask(shop.urls[who], "show search_path")
        assert "$user" not in path
    tom = shop.urls["tom"]
    ask(
        tom,
        "create schema branchline; create schema low_loader; create schema lou;"
        " create function branchline.to_regclass(text) returns regclass language sql"
        " as 'select null::regclass'; create function lou.to_regclass(text) returns regclass"
        " language sql as 'select null::regclass'",
    )
    shop.load("owner")
    shop.load("lou")
    assert shop.files() == 2
