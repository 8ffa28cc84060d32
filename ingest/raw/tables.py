"""The feeds' tables in schema raw, as dlt creates them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
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
from psycopg2 import sql
from psycopg2.extensions import parse_dsn

from base.errors import BranchlineError
from base.quiet import hush_dlt
from base.schemas import RAW
from ingest.contract.feeds import RECORD_ID, TECHNICAL_COLUMNS, Feed, FeedContract
from ingest.raw.session import connection_string

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection
    from psycopg2.extensions import cursor as Cursor
from ingest.formats.records import SEPARATOR
from ingest.raw.ledger import note_what_files_cover

PIPELINE = "branchline_raw"

_TO_POSTGRES = {**PostgresTypeMapper.sct_to_unbound_dbt, "text": "text"}
_FROM_POSTGRES = {**PostgresTypeMapper.dbt_to_sct, "text": "text"}


class _TextMapper(PostgresTypeMapper):
    """Maps dlt's text to PostgreSQL's text, where dlt uses varchar."""

    sct_to_unbound_dbt = _TO_POSTGRES
    dbt_to_sct = _FROM_POSTGRES


@configspec(init=False)
class _Credentials(PostgresCredentials):
    """The connection string unchanged: sockets, SSL settings and password files keep working."""

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
                f"The loader's state folder {state_dir} cannot be created: {error.strerror}.",
                "Choose a folder that this user may write to.",
            ) from None
        hush_dlt()
        credentials = _Credentials()
        address = connection_string(database_url)
        credentials.connection_string = address
        # dlt passes its own options to libpq, and reads those of the URL only from here.
        credentials.query = {"options": parse_dsn(address).get("options", "")}
        credentials.database = "branchline"
        credentials.resolve()
        self._pipeline = dlt.pipeline(
            PIPELINE,
            pipelines_dir=str(folder),
            destination=postgres(credentials=credentials, type_mapper=_TextMapper),
            dataset_name=RAW,
        )

    def prepare(self, connection: Connection, *, upgraded: bool) -> list[str]:
        """Create what is missing beside the loader's own tables: a table per feed, new columns.

        Call it under the loader's lock, after `upgrade`, which tells whether those tables were of
        an older version. Existing tables are never dropped or changed; the feeds' current
        declarations are recorded. A user who may not create tables in raw calls the owner's
        function for it. Returns messages about what changed.
        """
        by_table: dict[str, list[str]] = {}
        for table, column in sorted(missing_columns(connection, self._feeds)):
            by_table.setdefault(table, []).append(column)
        for table, missing in by_table.items():
            declared = [
                name
                for feed in self._feeds
                if feed.table == table
                for name in (*feed.raw_columns(), RECORD_ID)
                if name in missing
            ]
            _make_by_owner(connection, table, declared)
        schema = _dlt_schema(self._feeds)
        self._pipeline.schemas.save_schema(schema)
        self._pipeline.sync_schema(schema.name)
        if missing_columns(connection, self._feeds):
            # dlt trusts its stored schema, but somebody has dropped a table.
            with self._pipeline.destination_client(schema.name) as client:
                client.update_stored_schema(force=True)
        with connection.cursor() as cursor:
            for feed in self._feeds:
                _finish_table(cursor, feed)
            changed = {feed.name for feed in self._feeds if _note_key(cursor, feed)}
            changed |= note_what_files_cover(cursor, self._feeds)
        return [
            f"Feed {name} deduplicates rows in another way than when its files were loaded:"
            " branchline run --full-refresh restates them."
            # After an upgrade the models are fully refreshed in any case.
            for name in sorted(changed if not upgraded else ())
        ]

    def extra_columns(self, connection: Connection) -> dict[str, set[str]]:
        """The raw columns of each feed's table that the contract does not declare."""
        with connection.cursor() as cursor:
            cursor.execute(
                "select table_name, column_name from information_schema.columns"
                " where table_schema = %s",
                (RAW,),
            )
            found = cursor.fetchall()
        return {
            feed.name: {column for table, column in found if table == feed.table}
            - {*feed.raw_columns(), *TECHNICAL_COLUMNS}
            for feed in self._feeds
        }

    def add_columns(self, connection: Connection, feed: Feed, names: Sequence[str]) -> None:
        """Add text columns to a feed's table. No transaction may have the table open."""
        _make_by_owner(connection, feed.table, names)
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
            # Or columns that the database rejected would be sent again with the next ones.
            self._pipeline.schemas.save_schema(before)
            raise

    def complete(self, load_id: str) -> None:
        """Record in dlt's own table of loads that this load id is complete."""
        with self._pipeline.destination_client(PIPELINE) as client:
            client.complete_load(load_id)


def _make_by_owner(connection: Connection, table: str, names: Sequence[str]) -> None:
    """Let the owner's function add a table or text columns, for a loader without create rights in
    raw; do nothing for anybody else: dlt creates them.
    """
    with connection.cursor() as cursor:
        cursor.execute("select has_schema_privilege(%s, 'create')", (RAW,))
        if cursor.fetchone() == (True,):
            return
        cursor.execute("select to_regprocedure('raw.add_columns(text, text[])') is not null")
        if cursor.fetchone() != (True,):
            raise BranchlineError(
                f"The raw table {table} lacks columns, and this user may not add any.",
                "Let the warehouse's owner run this once: branchline warehouse roles",
            )
        cursor.execute("select raw.add_columns(%s, %s)", (table, list(names)))


def new_load_id() -> str:
    """A load id in dlt's form: the time as text, increasing from load to load."""
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
            (RAW,),
        )
        return declared.difference(cursor.fetchall())


def _dlt_schema(feeds: FeedContract) -> Schema:
    # sql_cs_v1 keeps names unchanged; the json module is dlt's default and gets no data here.
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
        {"name": RECORD_ID, "data_type": "text", "nullable": True},
    ]
    return columns


def _finish_table(cursor: Cursor, feed: Feed) -> None:
    """Add what dlt does not to a feed's table: the key, and the time of the transaction."""
    table = f'{RAW}."{feed.table}"'
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
    if feed.connected is not None and feed.connected.watermark is not None:
        _index_records(cursor, feed)


def _index_records(cursor: Cursor, feed: Feed) -> None:
    """Index the records of a watermarked table or API: each load looks some of them up.

    Only the owner of the raw table may create an index; until then a load reads the whole table.
    """
    cursor.execute(
        """
        select
            pg_has_role(relowner, 'usage')
            and not exists (
                select
                from pg_index
                inner join pg_attribute on attrelid = indrelid and attnum = indkey[0]
                where indrelid = pg_class.oid and attname = %s
            )
        from pg_class
        where oid = to_regclass(%s)
        """,
        (RECORD_ID, f'{RAW}."{feed.table}"'),
    )
    if cursor.fetchone() == (True,):
        # By hash, because an index by value takes no text as long as a key may be.
        cursor.execute(
            sql.SQL("create index on {} using hash ({})").format(
                sql.Identifier(RAW, feed.table), sql.Identifier(RECORD_ID)
            )
        )


def _note_key(cursor: Cursor, feed: Feed) -> bool:
    """Refill `_record_id` if the feed's key has changed since it was filled.

    True where that changed rows.
    """
    declared = ", ".join(feed.key)
    cursor.execute("select key_columns from raw.ingest_keys where feed = %s", (feed.name,))
    (noted,) = cursor.fetchone() or ("",)
    if noted == declared:
        return False
    names = sql.SQL(f", chr({ord(SEPARATOR)}), ").join(map(sql.Identifier, feed.key))
    cursor.execute(
        sql.SQL("update {} set {} = {}").format(
            sql.Identifier(RAW, feed.table),
            sql.Identifier(RECORD_ID),
            sql.SQL("nullif(concat({}), '')").format(names) if feed.key else sql.SQL("null"),
        )
    )
    changed = cursor.rowcount > 0
    cursor.execute(
        "insert into raw.ingest_keys (feed, key_columns) values (%s, %s)"
        " on conflict (feed) do update set key_columns = excluded.key_columns",
        (feed.name, declared),
    )
    return changed
