"""The tables of schema raw: the feeds' tables by dlt, ledger and rejects by our own DDL."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import dlt
from dlt.common.configuration import configspec
from dlt.common.schema import Schema
from dlt.common.schema.typing import TColumnSchema
from dlt.common.schema.utils import new_table
from dlt.common.storages.load_package import create_load_id
from dlt.common.typing import TSecretStrValue
from dlt.destinations import postgres
from dlt.destinations.impl.postgres.configuration import PostgresCredentials
from dlt.destinations.impl.postgres.factory import PostgresTypeMapper
from psycopg2.extensions import parse_dsn

from base.errors import BranchlineError
from ingest.contract.feeds import TECHNICAL_COLUMNS, Feed, FeedContract
from ingest.raw.session import connection_string, transaction

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection
    from psycopg2.extensions import cursor as Cursor

SCHEMA = "raw"
PIPELINE = "branchline_raw"

# What the ledger's status may be, and one current version per logical file, hold in the database
# too: a fault of the loader has to fail there and not show up as sales counted twice.
_LEDGER_AND_REJECTS = """
create table raw.ingest_files (
    file_id bigint generated always as identity primary key,
    feed text not null,
    path text not null,
    logical_file text not null,
    branch text,
    business_date date,
    sha256 text not null,
    bytes bigint not null,
    row_count bigint not null,
    rejected_count bigint not null,
    status text not null check (status in ('loaded', 'superseded', 'duplicate', 'quarantined')),
    reason text,
    superseded_by bigint references raw.ingest_files (file_id) deferrable initially deferred,
    file_modified_at timestamptz,
    seen_at timestamptz not null,
    loaded_at timestamptz,
    superseded_at timestamptz,
    load_id text not null,
    check ((status = 'superseded') = (superseded_by is not null))
);
-- By md5, because an index takes no text as long as a path may be.
create unique index ingest_files_one_row_per_content
on raw.ingest_files (feed, md5(path), sha256);
create unique index ingest_files_one_current_version
on raw.ingest_files (feed, md5(logical_file)) where status = 'loaded';
create table raw.ingest_rejects (
    _file_id bigint not null,
    _line_number bigint not null,
    feed text,
    reason text,
    line text,
    _loaded_at timestamptz,
    _dlt_load_id text,
    primary key (_file_id, _line_number)
);
"""

# By what a file is known without being read again, and what a person said of a quarantined one.
_PATHS_AND_DISMISSALS = """
create table raw.ingest_paths (
    feed text not null,
    path text not null,
    fingerprint text not null,
    sha256 text not null,
    seen_at timestamptz not null default current_timestamp
);
create unique index ingest_paths_one_row_per_path on raw.ingest_paths (feed, md5(path));
alter table raw.ingest_files
add column dismissed_at timestamptz,
add column dismissed_because text,
add check (dismissed_at is null or status = 'quarantined');
alter table raw.ingest_rejects alter column _loaded_at set default current_timestamp;
"""

# A table of a database may come back to what it held before: then the ledger has one more row of
# that content, and those before it are superseded. What counts or waits is still there only once.
_TABLES_OF_DATABASES = """
drop index raw.ingest_files_one_row_per_content;
create unique index ingest_files_one_row_per_content
on raw.ingest_files (feed, md5(path), sha256) where status <> 'superseded';
alter table raw.ingest_files add column cursor_after text, add column cursor_upto text;
"""

# The loader's own tables, in steps: a warehouse of an older version takes those that it lacks.
_STEPS = (_LEDGER_AND_REJECTS, _PATHS_AND_DISMISSALS, _TABLES_OF_DATABASES)

_TO_POSTGRES = {**PostgresTypeMapper.sct_to_unbound_dbt, "text": "text"}
_FROM_POSTGRES = {**PostgresTypeMapper.dbt_to_sct, "text": "text"}


class _TextMapper(PostgresTypeMapper):
    """dlt's text as PostgreSQL's text, where dlt itself writes varchar."""

    sct_to_unbound_dbt = _TO_POSTGRES
    dbt_to_sct = _FROM_POSTGRES


@configspec(init=False)
class _Credentials(PostgresCredentials):
    """The connection string as it is: sockets, SSL settings and password files keep working."""

    connection_string: TSecretStrValue | None = None  # dlt reads the annotation at run time

    def to_native_representation(self) -> str:
        return str(self.connection_string)


class RawSchema:
    """The raw tables of one database, as dlt's pipeline keeps them."""

    def __init__(self, database_url: str, feeds: FeedContract, state_dir: Path) -> None:
        """`state_dir`: where the pipeline keeps its working folder (`dlt/` inside it)."""
        self._feeds = feeds
        folder = state_dir / "dlt"
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise BranchlineError(
                f"The folder {state_dir} for the loader's state cannot be made: {error.strerror}.",
                "Name a folder that this user may write to.",
            ) from None
        hush_dlt()
        credentials = _Credentials()
        address = connection_string(database_url)
        credentials.connection_string = address
        # dlt gives libpq options of its own, and takes those of the URL only from here.
        credentials.query = {"options": parse_dsn(address).get("options", "")}
        credentials.database = "branchline"
        credentials.resolve()
        self._pipeline = dlt.pipeline(
            PIPELINE,
            pipelines_dir=str(folder),
            destination=postgres(credentials=credentials, type_mapper=_TextMapper),
            dataset_name=SCHEMA,
        )

    def prepare(self, connection: Connection) -> None:
        """Create what is missing: schema, ledger, rejects, one table per feed, new columns.

        Call it under the loader's lock. What is there already is never dropped or changed.
        """
        _upgrade(connection)
        schema = _dlt_schema(self._feeds)
        self._pipeline.schemas.save_schema(schema)
        self._pipeline.sync_schema(schema.name)
        if missing_columns(connection, self._feeds):
            # dlt trusts its own note of the schema; somebody dropped a table behind its back.
            with self._pipeline.destination_client(schema.name) as client:
                client.update_stored_schema(force=True)
        with connection.cursor() as cursor:
            for feed in self._feeds:
                _finish_table(cursor, feed)

    def extra_columns(self, connection: Connection) -> dict[str, set[str]]:
        """The raw columns of each feed that its table has and the contract does not declare."""
        with connection.cursor() as cursor:
            cursor.execute(
                "select table_name, column_name from information_schema.columns"
                " where table_schema = %s",
                (SCHEMA,),
            )
            found = cursor.fetchall()
        return {
            feed.name: {column for table, column in found if table == feed.table}
            - {*feed.raw_columns(), *TECHNICAL_COLUMNS}
            for feed in self._feeds
        }

    def add_columns(self, feed: Feed, names: Iterable[str]) -> None:
        """Add text columns to a feed's table. No transaction may have the table open."""
        before = self._pipeline.schemas[PIPELINE]
        schema = before.clone()
        columns: list[TColumnSchema] = [
            {"name": name, "data_type": "text", "nullable": True} for name in names
        ]
        schema.update_table(
            new_table(
                feed.table,
                write_disposition="append",
                columns=columns,
                schema_contract="freeze",
            )
        )
        self._pipeline.schemas.save_schema(schema)
        try:
            self._pipeline.sync_schema(schema.name)
        except Exception:
            # Or the columns that the database refused would be sent again with the next ones.
            self._pipeline.schemas.save_schema(before)
            raise

    def complete(self, load_id: str) -> None:
        """Note in dlt's own table of loads that everything under this load id is there."""
        with self._pipeline.destination_client(PIPELINE) as client:
            client.complete_load(load_id)


def hush_dlt() -> None:
    """Tell dlt, before it is first configured: no telemetry, nothing in the home folder."""
    os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"
    os.environ["RUNTIME__LOG_LEVEL"] = "CRITICAL"


def new_load_id() -> str:
    """A load id of dlt's form: the time as text, growing from load to load."""
    return str(create_load_id())


def missing_columns(connection: Connection, feeds: Iterable[Feed]) -> set[tuple[str, str]]:
    """The (table, column) pairs that the feeds declare and the database lacks."""
    declared = {
        (feed.table, str(column["name"])) for feed in feeds for column in _dlt_columns(feed)
    }
    with connection.cursor() as cursor:
        cursor.execute(
            "select table_name, column_name from information_schema.columns"
            " where table_schema = %s",
            (SCHEMA,),
        )
        return declared.difference(cursor.fetchall())


def _dlt_schema(feeds: FeedContract) -> Schema:
    # sql_cs_v1 keeps names as they are; the json module is dlt's default and sees no data here.
    schema = Schema(
        PIPELINE,
        normalizers={
            "names": "sql_cs_v1",
            "json": {"module": "dlt.common.normalizers.json.relational"},
        },
    )
    for feed in feeds:
        schema.update_table(
            new_table(
                feed.table,
                write_disposition="append",
                columns=_dlt_columns(feed),
                schema_contract="freeze",
            )
        )
    return schema


def _dlt_columns(feed: Feed) -> list[TColumnSchema]:
    columns: list[TColumnSchema] = [
        {"name": name, "data_type": "text", "nullable": True} for name in feed.raw_columns()
    ]
    columns += [
        {"name": "_file_id", "data_type": "bigint", "nullable": False},
        {"name": "_line_number", "data_type": "bigint", "nullable": False},
        {"name": "_loaded_at", "data_type": "timestamp", "nullable": True},
        {"name": "_dlt_load_id", "data_type": "text", "nullable": True},
    ]
    return columns


def _finish_table(cursor: Cursor, feed: Feed) -> None:
    """Add to a feed's table what dlt does not: the key, and the time of the transaction."""
    table = f'{SCHEMA}."{feed.table}"'
    cursor.execute(
        """
        select
            exists (
                select from pg_constraint where contype = 'p' and conrelid = %(table)s::regclass
            ),
            exists (
                select
                from pg_attrdef
                inner join pg_attribute
                    on pg_attrdef.adrelid = pg_attribute.attrelid
                    and pg_attrdef.adnum = pg_attribute.attnum
                where pg_attribute.attrelid = %(table)s::regclass and attname = '_loaded_at'
            )
        """,
        {"table": table},
    )
    has_key, has_time = cursor.fetchone() or (False, False)
    if not has_key:
        cursor.execute(f"alter table {table} add primary key (_file_id, _line_number)")
    if not has_time:
        cursor.execute(f"alter table {table} alter column _loaded_at set default current_timestamp")


def _upgrade(connection: Connection) -> None:
    """Bring the loader's own tables to this version's; raises BranchlineError for a newer one."""
    with transaction(connection), connection.cursor() as cursor:
        cursor.execute("select to_regnamespace(%s) is null", (SCHEMA,))
        if cursor.fetchone() == (True,):
            cursor.execute(f"create schema {SCHEMA}")
        done = _version(cursor)
        _check_not_newer(done)
        for version, step in enumerate(_STEPS[done:], start=done + 1):
            cursor.execute(step)
            cursor.execute("insert into raw.ingest_versions (version) values (%s)", (version,))


def is_ready(connection: Connection) -> bool:
    """Whether the database has the loader's tables, of this version; False before the first load.

    Raises BranchlineError for tables of another version.
    """
    with connection.cursor() as cursor:
        cursor.execute("select to_regclass('raw.ingest_files') is null")
        if cursor.fetchone() == (True,):
            return False
        cursor.execute("select to_regclass('raw.ingest_versions') is null")
        version = 1
        if cursor.fetchone() == (False,):
            cursor.execute("select coalesce(max(version), 1) from raw.ingest_versions")
            (version,) = cursor.fetchone() or (1,)
    if version < len(_STEPS):
        raise BranchlineError(
            f"The raw layer of this warehouse has version {version}, which is older than this copy"
            " of Branchline.",
            "`branchline load` (or `branchline run`) brings it up to date; nothing is lost by it.",
        )
    _check_not_newer(version)
    return True


def _check_not_newer(version: int) -> None:
    if version > len(_STEPS):
        raise BranchlineError(
            f"The raw layer of this warehouse has version {version}; this copy of Branchline knows"
            f" versions up to {len(_STEPS)}.",
            "A newer copy has been at work here: update this one (git pull, then make setup).",
        )


def _version(cursor: Cursor) -> int:
    """How many steps the database has; the first version did not count them."""
    cursor.execute(
        "select to_regclass('raw.ingest_versions') is null,"
        " to_regclass('raw.ingest_files') is not null"
    )
    uncounted, has_ledger = cursor.fetchone() or (True, False)
    if uncounted:
        cursor.execute(
            "create table raw.ingest_versions ("
            " version integer primary key,"
            " taken_at timestamptz not null default current_timestamp)"
        )
        if has_ledger:
            cursor.execute("insert into raw.ingest_versions (version) values (1)")
    cursor.execute("select coalesce(max(version), 0) from raw.ingest_versions")
    (version,) = cursor.fetchone() or (0,)
    return int(version)
