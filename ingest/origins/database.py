"""Tables of relational databases as feeds: dlt's sql_database reads them, as CSV files.

The result is an InboxFile like any other, so that the loader treats both alike. The database itself
writes every value as text, in a fixed order; so equal rows are equal bytes.
"""

from __future__ import annotations

import csv
import io
import math
import warnings
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from datetime import datetime, timezone
from importlib import import_module
from itertools import chain, groupby, repeat
from typing import IO, Any, TypeVar

import sqlalchemy as sa
import tenacity
from sqlalchemy.engine import URL, Engine, make_url

from base.libpq import SCRAM, unescaped_at, without_values
from base.printing import printable
from base.quiet import hush_dlt
from base.stores.faults import Fault
from ingest.cards import mask_text
from ingest.contract.connections import (
    DatabaseTable,
    branches_variable_of,
    counted_in_file,
    variable_of,
)
from ingest.contract.feeds import Feed
from ingest.contract.file_errors import UnreadableFileError
from ingest.origins import remote
from ingest.origins.connected import ConnectedOrigin
from ingest.origins.database_errors import (
    NO_DATABASE,
    NO_RIGHT,
    NO_SUCH_DATABASE,
    NOT_SCRAM,
    REFUSED,
    WRONG_USER,
    arguments_of,
    cause_of,
    code_of,
    passes,
)
from ingest.origins.database_tables import (
    Part,
    Reading,
    alike_columns,
    chained,
    column_named,
    columns_to_read,
    heads,
    lacking_columns,
    lacking_raw_columns,
    read_together,
)
from ingest.origins.database_values import (
    as_text,
    bounds_of,
    can_be_cursor,
    portion_of,
    sorted_by,
    sorted_by_text,
    value_of,
)
from ingest.origins.inbox import Bounds, InboxFile
from ingest.origins.kept import Kept, new_buffer, not_buffered
from ingest.origins.watermarks import (
    before,
    can_be_watermark,
    changed_since,
    has_offsets,
    until_now,
)
from ingest.raw.ledger import Ledger
from ingest.raw.watermarks import Changes, LastReading, LatestRows

CHUNK_ROWS = 2000
ROWS_OF_A_PORTION = 100_000
"""Maximum rows of a portion; more new rows become several portions, each loaded separately."""
ROWS_OF_THE_LAST_PORTION = 10_000
"""Maximum rows of the last portion of a table's first load, if several portions are read again."""
MOST_ROWS_READ_AGAIN = 50_000
"""A portion with more rows is read again only while it is the last one: it was not one night's."""
MOST_LATEST_ROWS = 100_000
"""Of a larger file of a watermarked table, it is not checked whether its rows are still there."""
READ_TIMEOUT = 600
"""Seconds without a byte: a server may sort for long before it sends its first row."""

_DRIVERS = {
    "postgres": "postgresql+psycopg2",
    "postgresql": "postgresql+psycopg2",
    "postgresql+psycopg2": "postgresql+psycopg2",
    "mysql": "mysql+pymysql",
    "mysql+pymysql": "mysql+pymysql",
    "mariadb": "mysql+pymysql",
    "mariadb+pymysql": "mysql+pymysql",
    "mssql": "mssql+pymssql",
    "mssql+pymssql": "mssql+pymssql",
}
_FORMS = (
    "postgresql://user:password@host:5432/database, mysql://user:password@host:3306/database or"
    " mssql://user:password@host:1433/database"
)
# MySQL's plugins that ask for the password itself.
_IN_CLEAR = (b"mysql_clear_password", b"dialog")
# Values are formatted by the session's settings: these make the format the same everywhere.
_SESSION = {
    # In one statement: each query has a connection of its own.
    "postgresql": (
        "set timezone to 'UTC'; set datestyle to 'ISO, YMD'; set intervalstyle to 'iso_8601';"
        " set bytea_output to 'hex'; set extra_float_digits to 1;"
        " set default_transaction_read_only to on",
    ),
    "mysql": ("set time_zone = '+00:00'", "set session transaction read only"),
    # It has no read-only sessions. One statement reads one state only by a snapshot.
    "mssql": (
        "set language us_english",
        "set dateformat ymd",
        "set textsize 2147483647",
        "set concat_null_yields_null on",
        "if (select snapshot_isolation_state from sys.databases where database_id = db_id()) = 1"
        " set transaction isolation level snapshot",
    ),
}

NO_ROWS = "the table has no rows; what was loaded from it before stays current"

Result = TypeVar("Result")


class SourceDatabase(ConnectedOrigin):
    """One database. Its errors are UnreadableFileErrors, without passwords."""

    without_rows = NO_ROWS
    replaces_whole = True
    """A file of it is never seen half written: it is buffered until the next one is read."""

    def __init__(
        self,
        name: str,
        address: str | Mapping[str, Any],
        branch: str | None = None,
        *,
        compare_all: bool = False,
    ) -> None:
        """`compare_all`: compare watermarked tables as a whole, whenever that was done last."""
        self.name = name if branch is None else f"{name} ({branch})"
        self.branch = branch
        self._variable = variable_of(name, branch)
        self._compare_all = compare_all
        self._address = address
        self._secrets: Mapping[str, object] = {}
        self._engine: Engine | None = None
        self._metadata: dict[str | None, sa.MetaData] = {}
        self._names: dict[str | None, list[str]] = {}
        """The names of all tables, by schema, once one was not found by its own name."""
        self._readings: dict[str, tuple[Reading, int]] = {}
        self._kept: tuple[Reading, IO[bytes], tuple[int, ...]] | None = None
        """What was read last, and where each of its files begins."""
        self._away: str | None = None
        """Why the server could not be reached; then it gets no more requests."""

    # Listing

    def files(self, feed: Feed, ledger: Ledger) -> list[InboxFile]:
        """The files to read from a feed's table now. Raises UnreadableFileError."""
        with self._naming_the_variable():
            return self._files(feed, ledger)

    def _files(self, feed: Feed, ledger: Ledger) -> list[InboxFile]:
        spec = feed.database
        assert spec is not None
        table = self._asked(lambda: self._reflect(spec))
        if spec.watermark is not None:
            return self._changed(feed, spec, table, spec.watermark, ledger)
        known = self._known(feed, spec, ledger)
        if table is None:
            return self._without_table(spec, was_read=bool(known))
        self._check_columns(feed, spec, table)
        counted = self._known(feed, spec, ledger, with_rows=True)
        column, remark = self._cursor(spec, table, counted)
        self._check_same_way(spec, column, counted)
        reading = self._reading(feed, spec, table, column, remark)
        only = feed.only_file(self.branch)
        shared = None if only is None else feed.identify(only).logical_file
        cursor = reading.cursor
        if cursor is None:
            path = spec.whole_path_of(self.branch)
            return [self._file(feed, path, shared or path, reading)]
        if shared is not None and feed.has_files_or_portions:
            self._check_no_file(feed.name, shared, ledger)
        parts = self._asked(lambda: self._portions(feed, spec, cursor, ledger))
        files = []
        for together in read_together(parts, ROWS_OF_A_PORTION):
            group = replace(reading, portions=tuple(part.bounds for part in together))
            files += [
                self._file(
                    feed,
                    part.path,
                    part.path,
                    group,
                    place,
                    bounds=part.bounds,
                    may_be_empty=part.may_be_empty,
                )
                for place, part in enumerate(together)
            ]
        rest = self._asked(lambda: self._without_cursor(feed, spec, reading, ledger))
        files += [] if rest is None else [rest]
        return files

    def _known(
        self, feed: Feed, spec: DatabaseTable, ledger: Ledger, *, with_rows: bool = False
    ) -> set[str]:
        """The paths of the current versions of a table, read in any way, or of those with rows."""
        paths = ledger.current_paths(feed.name, with_rows=with_rows)
        return {path for path in paths if spec.has_path(path, self.branch)}

    def _without_table(self, spec: DatabaseTable, *, was_read: bool) -> list[InboxFile]:
        """No files of a missing table, if it may be missing. Raises UnreadableFileError."""
        if not spec.required and not was_read:
            return []
        raise UnreadableFileError(
            f"the database {self.name} has no table {_named(spec)}, or this user may not see"
            f" it: {_schema_to_check(spec)}"
        )

    def _file(
        self,
        feed: Feed,
        path: str,
        logical_file: str,
        reading: Reading,
        place: int = 0,
        *,
        bounds: Bounds | None = None,
        may_be_empty: bool = False,
        changes: Changes | None = None,
    ) -> InboxFile:
        now, key = datetime.now(timezone.utc), f"{feed.name}/{path}"
        self._readings[key] = reading, place
        # A table has no fingerprint: it is read each time, and its content decides.
        return InboxFile(
            path,
            path,
            0,
            now,
            fingerprint=f"read {now.isoformat()}",
            settled=True,
            origin=self,
            key=key,
            is_state=changes is None,
            logical_file=logical_file,
            branch=self.branch,
            bounds=bounds,
            may_be_empty=may_be_empty,
            changes=changes,
            remark=reading.remark,
        )

    def _reflect(self, spec: DatabaseTable) -> sa.Table | None:
        """The table, by its name in any letter case if no other has this very name."""
        names = self._names.get(spec.database_schema)
        if names is None or spec.table in names:
            table = self._reflected(spec, spec.table)
            if table is not None:
                return table
        wanted = spec.table.casefold()
        alike = [name for name in self._table_names(spec) if name.casefold() == wanted]
        if len(alike) > 1:
            raise UnreadableFileError(
                f"the database {self.name} has the tables {', '.join(alike)}, which differ only in"
                " letter case; write the name of one of them exactly in the feed (database, table)"
            )
        return self._reflected(spec, alike[0] if alike else spec.table)

    def _reflected(self, spec: DatabaseTable, name: str) -> sa.Table | None:
        """Only its columns and primary key: reflecting a table asks for much more."""
        schema = spec.database_schema
        metadata = self._metadata.setdefault(schema, sa.MetaData(schema=schema))
        known = metadata.tables.get(f"{schema}.{name}" if schema else name)
        if known is not None:
            return known
        with warnings.catch_warnings(), self._connected().connect() as connection:
            warnings.simplefilter("ignore")  # of types that SQLAlchemy does not know
            inspector = sa.inspect(connection)
            try:
                columns = inspector.get_columns(name, schema)
            except sa.exc.NoSuchTableError:
                return None
            key = inspector.get_pk_constraint(name, schema)["constrained_columns"]
        return sa.Table(
            name,
            metadata,
            *(
                sa.Column(column["name"], column["type"], nullable=column.get("nullable", True))
                for column in columns
            ),
            sa.PrimaryKeyConstraint(*key),
        )

    def _table_names(self, spec: DatabaseTable) -> list[str]:
        """The tables and views of the schema of a feed's table; asked for once."""
        schema = spec.database_schema
        if schema not in self._names:
            try:
                with self._connected().connect() as connection:
                    inspector = sa.inspect(connection)
                    names = [*inspector.get_table_names(schema), *inspector.get_view_names(schema)]
                    # Databases that have no materialized views do not list them.
                    with suppress(NotImplementedError):
                        names += inspector.get_materialized_view_names(schema)
            except sa.exc.DBAPIError as error:
                # In MySQL a schema is a database.
                if schema is None or error.orig is None or code_of(error.orig) not in NO_DATABASE:
                    raise
                names = []
            self._names[schema] = sorted(set(names))
        return self._names[schema]

    def _check_columns(self, feed: Feed, spec: DatabaseTable, table: sa.Table) -> None:
        alike = alike_columns(table, feed, spec)
        if alike:
            raise UnreadableFileError(
                mask_text(
                    f"the table {_named(spec)} of {self.name} has the columns {', '.join(alike)},"
                    " which differ only in letter case or blanks; read a view that has one of them"
                )
            )
        missing = lacking_columns(table, spec)
        found = set(feed.columns_named([column.name for column in table.c]))
        missing += [
            column.name
            for place, column in enumerate(feed.columns)
            if column.required and place not in found and column.name not in missing
        ]
        if missing:
            raise UnreadableFileError(
                mask_text(
                    f"the table {_named(spec)} of {self.name} lacks the column"
                    f"{'s' if len(missing) > 1 else ''} {', '.join(missing)}; it has"
                    f" {', '.join(column.name for column in table.c)}: add its name there as an"
                    " alias to the feed, or read a view that has it"
                )
            )

    def _cursor(
        self, spec: DatabaseTable, table: sa.Table, counted: Collection[str]
    ) -> tuple[sa.Column[Any] | None, str | None]:
        """The column by which a table is read in portions; or None, and a remark where the feed
        names one. `counted`: the paths of its current versions with rows."""
        if spec.cursor is None:
            return None, None
        column = column_named(table, spec.cursor)
        if column is None:
            return None, (
                f"the table lacks the cursor {spec.cursor}, so the whole table is read by each load"
            )
        if not can_be_cursor(column):
            unusable = (
                f"the column {spec.cursor} of the table {_named(spec)} cannot be a cursor: it has"
                " to be a whole number, a decimal, a date or a timestamp that only grows"
            )
            if spec.cursor_required:
                raise UnreadableFileError(unusable)
            return None, f"{unusable}; the whole table is read by each load"
        whole = spec.whole_path_of(self.branch)
        if not spec.cursor_required and whole in counted:
            return None, (
                "the whole table is still read by each load, as before it had the cursor"
                f" {spec.cursor}; to read new rows only, {self._how_to_withdraw(spec, whole)}"
            )
        return column, None

    def _check_same_way(
        self, spec: DatabaseTable, cursor: sa.Column[Any] | None, counted: Collection[str]
    ) -> None:
        """Do not load rows a second time because the cursor was changed, or is missing now."""
        is_whole = cursor is None
        now = spec.whole_path_of(self.branch) if is_whole else spec.portions_of(self.branch)
        other = min((path for path in counted if not path.startswith(now)), default=None)
        if other is None:
            return
        if is_whole and other.startswith(spec.portions_of(self.branch)):
            raise UnreadableFileError(
                f"the table {_named(spec)} of {self.name} lacks a column {spec.cursor} that can be"
                f" a cursor, by which its loaded rows were read ({mask_text(other)}); they would be"
                " duplicated: restore the column; or, to read the whole table from now on,"
                f" {self._how_to_withdraw(spec, f'{spec.path_of(self.branch)}/')}"
            )
        raise UnreadableFileError(
            f"the loaded rows of the table {_named(spec)} were read in another way"
            f" ({mask_text(other)}), and would be duplicated; restore the feed's old cursor or"
            " watermark, or give the feed a separate raw table"
        )

    def _how_to_withdraw(self, spec: DatabaseTable, path: str) -> str:
        """What to do so that the rows at a path can be read in another way."""
        is_off = f"{self._variable} is not set"
        if self.branch is not None:
            is_off = f"{branches_variable_of(spec.connection)} does not name {self.branch}"
        return (
            f"withdraw what was read, while {is_off}: branchline withdraw {mask_text(path)}; then"
            " load again"
        )

    def _check_no_file(self, feed: str, logical_file: str, ledger: Ledger) -> None:
        """Do not load rows a second time that a full-state file has."""
        file = ledger.current(feed, logical_file)
        if file is not None and file.rows:
            raise UnreadableFileError(counted_in_file(file.path))

    def _reading(
        self,
        feed: Feed,
        spec: DatabaseTable,
        table: sa.Table,
        cursor: sa.Column[Any] | None,
        remark: str | None,
    ) -> Reading:
        by_all = cursor is None and spec.cursor is not None
        key = tuple(spec.key) or tuple(column.name for column in table.primary_key)
        if not key and not by_all:
            raise UnreadableFileError(
                f"the table {_named(spec)} of {self.name} has no primary key; list the columns that"
                " identify a row in the feed's database.key"
            )
        wanted = (cursor, *(column_named(table, name) for name in key))
        by_name = {column.name: column for column in wanted if column is not None}
        order = tuple(by_name.values())
        mark = None if spec.marked_by is None else column_named(table, spec.marked_by)
        needed = order if mark is None else (*order, mark)
        columns = columns_to_read(table, feed, spec, needed)
        return Reading(table, columns, order, cursor, by_all=by_all, remark=remark)

    # Watermarks

    def _changed(
        self,
        feed: Feed,
        spec: DatabaseTable,
        table: sa.Table | None,
        watermark: str,
        ledger: Ledger,
    ) -> list[InboxFile]:
        """The reading of a watermarked table that is due now, as one file; none if it has no rows
        yet."""
        folder = spec.portions_of(self.branch)
        last = ledger.last_reading(feed.name, folder)
        if table is None:
            return self._without_table(spec, was_read=last is not None)
        self._check_columns(feed, spec, table)
        column = column_named(table, watermark)
        assert column is not None, "a table without it is refused"
        if not can_be_watermark(column):
            raise UnreadableFileError(
                f"the column {watermark} of the table {_named(spec)} cannot be a watermark: it has"
                " to be a date or a timestamp, the time at which a row was last changed"
            )
        if last is None:
            ledger.read_rest_of([feed.name])
            counted = self._known(feed, spec, ledger, with_rows=True)
            self._check_same_way(spec, column, counted)
        found = self._asked(lambda: self._mark(column, last))
        if found is None:
            return []
        now, went_back = found
        since = None if last is None else before(last.watermark, spec.overlap)
        is_due = self._compare_all or (
            last is not None
            and (last.compared_ago is None or last.compared_ago >= spec.compare_all)
        )
        remark = None
        if went_back and last is not None:
            remark = (
                f"the table has no row as new as {last.watermark} any more, which was read before;"
                " perhaps an older backup was restored: the whole table was compared"
            )
        elif is_due and last is not None:
            remark = "the whole table was compared with what was loaded"
        is_complete = since is None or went_back or is_due
        reading = self._reading(feed, spec, table, None, remark)
        if not is_complete:
            assert since is not None, "a reading without a beginning is complete"
            reading = replace(reading, condition=changed_since(column, since))
        path = _path_behind(folder, None if last is None else last.watermark or "nothing")
        changes = Changes(
            folder=folder,
            lacks=lacking_raw_columns(reading.columns, feed),
            is_first=last is None,
            is_complete=is_complete,
            latest=None if is_complete else _latest_rows(feed, column, last, since),
        )
        bounds = Bounds(None if last is None else last.watermark, now)
        return [self._file(feed, path, path, reading, bounds=bounds, changes=changes)]

    def _mark(self, column: sa.Column[Any], last: LastReading | None) -> tuple[str, bool] | None:
        """The watermark of what is read from now on, "" if no row has one, and whether the table
        has gone back behind the last one; None for a table without rows that was never read.

        It is asked for before the rows are read: rows that come in between are read again.
        """
        text = as_text(column, self._dialect)
        with self._connected().connect() as connection:

            def newest(*conditions: sa.ColumnElement[bool]) -> str | None:
                query = sa.select(text).where(until_now(column), *conditions)
                found: str | None = connection.scalar(query.order_by(column.desc()).limit(1))
                return found

            if last is None or not last.watermark:
                found = newest()
                has_rows = found is not None or self._has_row(
                    connection, sa.or_(column.is_(None), column.is_not(None))
                )
                return (found or "", False) if has_rows or last is not None else None
            reached = column >= value_of(column, last.watermark)
            found = newest(reached)
            if found is not None or self._has_row(connection, reached):
                return found or last.watermark, False
            return newest() or "", True

    # Portions

    def _portions(
        self, feed: Feed, spec: DatabaseTable, column: sa.Column[Any], ledger: Ledger
    ) -> list[Part]:
        """The last portions again, quarantined and missing ones, and the rows after the last one.

        Reading portions again finds late-arriving rows below their end, and rows that have changed
        or are gone; if there are any, the portion gets a new version.
        """
        folder = spec.portions_of(self.branch)
        portions = [one for one in ledger.portions(feed.name) if one.path.startswith(folder)]
        with self._connected().connect() as connection:
            known = chained(portions, self._sorted(connection, column, heads(portions)))
            again = []
            for place, (bounds, portion) in enumerate(known):
                path = _path_behind(folder, bounds.after) if portion is None else portion.path
                version = ledger.current(feed.name, path)
                rows = None if version is None else version.rows
                is_quarantined = portion is not None and portion.status == "quarantined"
                is_last = place == len(known) - 1
                is_recent = place >= len(known) - spec.read_again and not _is_history(bounds, rows)
                # One without rows may have been withdrawn.
                if is_last or is_recent or not rows or is_quarantined:
                    again.append(Part(path, bounds, rows))
            ends = [part.bounds.up_to for part in again]
            last = self._last_with_rows(connection, column, ends)
            parts = [replace(part, may_be_empty=place < last) for place, part in enumerate(again)]
            after = known[-1][0].up_to if known else None
            sizes: Iterator[int] = repeat(ROWS_OF_A_PORTION)
            if spec.read_again > 1 and not known:
                history = _sizes_of_history(self._count(connection, column, None, None))
                sizes = chain(history, sizes)
            while True:
                up_to, rows = self._end_of_portion(connection, column, after, next(sizes))
                if up_to is None:
                    return parts
                if up_to == after:
                    raise UnreadableFileError(
                        f"the cursor {spec.cursor} does not advance beyond {after}"
                    )
                parts.append(Part(_path_behind(folder, after), Bounds(after, up_to), rows))
                after = up_to

    def _without_cursor(
        self, feed: Feed, spec: DatabaseTable, reading: Reading, ledger: Ledger
    ) -> InboxFile | None:
        """The rows whose cursor is null, which each load reads; None if there are none, and were
        none. If they are gone, and the table has others, the file has no rows."""
        cursor = reading.cursor
        assert cursor is not None, "without a cursor, the whole table is read"
        path = spec.without_cursor_of(self.branch)
        version = ledger.current(feed.name, path)
        had_rows = version is not None and version.rows > 0
        if not (cursor.nullable or had_rows):
            return None
        with self._connected().connect() as connection:
            if not (had_rows or self._has_row(connection, cursor.is_(None))):
                return None
            has_others = self._has_row(connection, cursor.is_not(None))
        rest = replace(reading, without_cursor=True, by_all=True)
        return self._file(feed, path, path, rest, may_be_empty=has_others)

    def _has_row(self, connection: sa.Connection, condition: sa.ColumnElement[bool]) -> bool:
        """Whether the table has a row that meets the condition."""
        query: sa.Select[Any] = sa.select(sa.literal_column("1")).where(condition).limit(1)
        return connection.scalar(query) is not None

    def _sorted(
        self, connection: sa.Connection, column: sa.Column[Any], values: Sequence[str]
    ) -> list[str]:
        """Values of a cursor in the order that the database has them."""
        if len(values) < 2:
            return list(values)
        each = [
            sa.select(value_of(column, text).label("cursor_value"), sa.literal(text).label("text"))
            for text in values
        ]
        found = sa.union_all(*each).subquery()
        rows = connection.execute(sa.select(found.c.text).order_by(found.c.cursor_value))
        return [str(text) for (text,) in rows]

    def _last_with_rows(
        self, connection: sa.Connection, column: sa.Column[Any], ends: Sequence[str]
    ) -> int:
        """The place of the portion, by the ends of all, with the table's last row; their number if
        that row is behind all of them, -1 if the table is empty."""
        if not ends:
            return 0
        query = sa.select(portion_of(column, ends)).where(*bounds_of(column, None, None))
        found = connection.scalar(query.order_by(column.desc()).limit(1))
        return -1 if found is None else int(found)

    def _end_of_portion(
        self, connection: sa.Connection, column: sa.Column[Any], after: str | None, size: int
    ) -> tuple[str | None, int]:
        """The last value of the portion of `size` rows behind a value, None if there is none; and
        its rows."""
        text = as_text(column, self._dialect)
        behind = sa.select(text).where(*bounds_of(column, after, None))
        full = behind.order_by(column).offset(size - 1).limit(1)
        found: str | None = connection.scalar(full)
        if found is not None:
            return found, size
        last: str | None = connection.scalar(behind.order_by(column.desc()).limit(1))
        if last is None:
            return None, 0
        return last, self._count(connection, column, after, last)

    def _count(
        self,
        connection: sa.Connection,
        column: sa.Column[Any],
        after: str | None,
        up_to: str | None,
    ) -> int:
        count = sa.select(sa.func.count()).select_from(column.table)
        return connection.scalar(count.where(*bounds_of(column, after, up_to))) or 0

    # Reading

    def open(self, key: str) -> io.RawIOBase:
        """The rows as CSV, read from the database on first use."""
        reading, place = self._readings[key]
        if self._kept is None or self._kept[0] is not reading:
            self._discard()
            with self._naming_the_variable():
                buffer, begins = self._asked(lambda: self._read(reading))
            self._kept = reading, buffer, begins
        _, buffer, begins = self._kept
        return Kept(buffer, begins[place], begins[place + 1])

    def fingerprint(self, key: str) -> str | None:
        """Return None: a table has none."""
        return None

    def close(self) -> None:
        """Leave the database, and discard the buffer of the table that was read last."""
        self._discard()
        if self._engine is not None:
            self._engine.dispose()

    def _discard(self) -> None:
        if self._kept is not None:
            self._kept[1].close()
            self._kept = None

    def _read(self, reading: Reading) -> tuple[IO[bytes], tuple[int, ...]]:
        """The files of a reading one after the other, and where each begins, and the last ends."""
        from dlt.sources.sql_database import sql_table

        table, cursor, portions = reading.table, reading.cursor, reading.portions
        dialect = self._dialect

        def select(*_: Any) -> Any:
            query = sa.select(*(as_text(column, dialect) for column in reading.columns))
            if reading.condition is not None:
                query = query.where(reading.condition)
            if cursor is not None and reading.without_cursor:
                query = query.where(cursor.is_(None))
            elif cursor is not None and portions:
                if len(portions) > 1:
                    ends = [bounds.up_to for bounds in portions[:-1]]
                    query = query.add_columns(portion_of(cursor, ends))
                query = query.where(*bounds_of(cursor, portions[0].after, portions[-1].up_to))
            order = [sorted_by(column, dialect) for column in reading.order]
            if reading.by_all:
                order += [
                    sorted_by_text(column, dialect)
                    for column in reading.columns
                    if not any(column is other for other in reading.order)
                ]
            return query.order_by(*order)

        kept = new_buffer()
        begins: list[int] = []
        try:
            names = [column.name for column in reading.columns]
            header = _csv_lines([names])
            rows = sql_table(
                credentials=self._connected(),
                table=table.name,
                schema=table.schema,
                metadata=table.metadata,
                chunk_size=CHUNK_ROWS,
                reflection_level="minimal",
                query_adapter_callback=select,
                table_loader_class=_csv_loader(),
                backend_kwargs={
                    "order": tuple(names.index(column.name) for column in reading.order),
                    "has_portions": len(portions) > 1,
                    "by_all": reading.by_all,
                },
            )

            def begin(place: int) -> None:
                while len(begins) <= place:
                    begins.append(kept.tell())
                    kept.write(header)

            with closing(iter(rows)) as chunks:
                for place, lines in chunks:
                    begin(place)
                    kept.write(lines)
            begin(max(len(portions), 1) - 1)
            return kept, (*begins, kept.tell())
        except BaseException as error:
            kept.close()
            not_unique = cause_of(error, _NotUniqueError)
            if not_unique is not None:
                order = ", ".join(column.name for column in reading.order)
                raise UnreadableFileError(
                    f"{order} does not identify the rows of the table"
                    f" {table.name}: two or more are equal in it; list in the feed's database.key"
                    " that do"
                ) from None
            if isinstance(error, OSError):
                raise UnreadableFileError(not_buffered("the table", error)) from None
            raise

    # The connection, and its errors

    def _connected(self) -> Engine:
        if self._engine is None:
            url = self._url()
            self._secrets = {**url.query, "password": url.password or ""}
            arguments = _ARGUMENTS[url.get_backend_name()](url)
            given = {name: value for name, value in arguments.items() if name not in url.query}
            # One connection for all requests of a load; a broken one is replaced.
            engine = sa.create_engine(
                url, pool_size=1, pool_pre_ping=True, connect_args=given, hide_parameters=True
            )
            settings = _SESSION[url.get_backend_name()]

            @sa.event.listens_for(engine, "connect")
            def prepare(connection: Any, _: Any) -> None:
                with closing(connection.cursor()) as cursor:
                    for setting in settings:
                        cursor.execute(setting)
                connection.commit()

            @sa.event.listens_for(engine, "handle_error")
            def let_go(context: sa.ExceptionContext) -> None:
                cursor = getattr(context.execution_context, "cursor", None)
                result: Any = getattr(cursor, "_result", None)
                if context.is_disconnect and hasattr(result, "unbuffered_active"):
                    # PyMySQL would continue to read from the broken connection.
                    result.unbuffered_active = False

            self._engine = engine
        return self._engine

    @property
    def _dialect(self) -> str:
        return self._connected().dialect.name

    def _url(self) -> URL:
        hint = f"the address in {self._variable} must have the form {_FORMS}"
        try:
            if isinstance(self._address, str):
                if unescaped_at(self._address):
                    # A part of the password would be taken for the host and looked up in DNS.
                    raise ValueError
                url = make_url(self._address)
            else:
                given = dict(self._address)
                url = URL.create(
                    str(given.get("drivername", "")),
                    given.get("username"),
                    given.get("password"),
                    given.get("host"),
                    int(given["port"]) if given.get("port") else None,
                    given.get("database"),
                    given.get("query") or {},
                )
        except Exception:
            # The parser's own message may repeat the address with its password.
            raise UnreadableFileError(
                f"the address of the database {self.name} cannot be read; {hint}, with special"
                " characters of the password percent-encoded"
            ) from None
        driver = _DRIVERS.get(url.drivername)
        if driver is None:
            raise UnreadableFileError(f"the database {self.name} is of an unsupported kind; {hint}")
        if not url.database:
            raise UnreadableFileError(f"the address of {self.name} has no database name; {hint}")
        return url.set(drivername=driver)

    @contextmanager
    def _naming_the_variable(self) -> Iterator[None]:
        """Let errors say which variable has the address, where each branch has one."""
        try:
            yield
        except UnreadableFileError as error:
            if self.branch is None or self._variable in str(error):
                raise
            message = f"{error} ({self._variable})"
            raise UnreadableFileError(message, temporary=error.temporary) from None

    def _asked(self, request: Callable[[], Result]) -> Result:
        """Query the database, with retries while they may help. Raises UnreadableFileError."""
        if self._away is not None:
            raise UnreadableFileError(self._away, temporary=True)
        retrying = tenacity.Retrying(
            stop=tenacity.stop_before_delay(remote.PATIENCE),
            wait=tenacity.wait_random_exponential(multiplier=0.2, max=remote.LONGEST_WAIT),
            retry=tenacity.retry_if_exception(
                lambda error: isinstance(error, Exception) and self._fault(error).temporary
            ),
            reraise=True,
        )
        try:
            return retrying(request)
        except UnreadableFileError:
            raise
        except Exception as error:
            fault = self._fault(error)
            message = f"{fault.text}; {fault.hint}" if fault.hint else fault.text
            if fault.gone:
                self._away = message
            raise UnreadableFileError(message, temporary=fault.temporary) from None

    def _fault(self, error: Exception) -> Fault:
        """What an error means; `gone`: every other table would fail in the same way."""
        if isinstance(error, UnreadableFileError):
            return Fault(str(error))
        found = cause_of(error, sa.exc.SQLAlchemyError)
        if found is None:
            return Fault(f"reading failed: {self._message(error)}")
        driver_error = found.orig if isinstance(found, sa.exc.DBAPIError) else None
        if driver_error is None:
            return Fault(f"reading failed: {self._message(found)}")
        code, text = code_of(driver_error), self._message(driver_error)
        if code in WRONG_USER or REFUSED.search(text):
            hint = f"check {self._variable}"
            if NOT_SCRAM in text:
                hint += (
                    "; the password was not sent: let the server use scram-sha-256, or name"
                    " another way in the address, such as ?require_auth=md5"
                )
            return Fault(
                f"the database {self.name} rejects the user or the password: {text}",
                hint,
                gone=True,
            )
        if code in NO_DATABASE or NO_SUCH_DATABASE.search(text):
            return Fault(f"the database {self.name} does not exist: {text}", gone=True)
        if code in NO_RIGHT:
            return Fault(f"this user may not read the table: {text}")
        if isinstance(found, (sa.exc.OperationalError, sa.exc.InterfaceError)) and passes(code):
            return Fault(
                f"the database {self.name} does not answer: {text}",
                "the next load tries again",
                temporary=True,
                gone=True,
            )
        return Fault(f"the database {self.name} does not return the rows: {text}")

    def _message(self, error: BaseException) -> str:
        """An error's first line, without secrets."""
        arguments = arguments_of(error)
        # PyMySQL and pymssql: a number and a text.
        text = arguments[1] if len(arguments) > 1 else str(error)
        text = text.decode("utf-8", "replace") if isinstance(text, bytes) else str(text)
        text = (text.strip() or type(error).__name__).splitlines()[0]
        return printable(mask_text(without_values(text, self._secrets)))


def _for_postgresql(_: URL) -> dict[str, Any]:
    return {
        "connect_timeout": int(remote.CONNECT_TIMEOUT),
        "client_encoding": "utf8",
        "keepalives_idle": 30,
        "application_name": "branchline load",
        "require_auth": SCRAM,
    }


def _for_mysql(url: URL) -> dict[str, Any]:
    arguments: dict[str, Any] = {
        "connect_timeout": int(remote.CONNECT_TIMEOUT),
        "read_timeout": READ_TIMEOUT,
    }
    if url.password:
        # PyMySQL would encode a str as Latin-1.
        arguments["password"] = url.password.encode("utf-8")
    if not any(name.startswith("ssl") for name in url.query):
        arguments["auth_plugin_map"] = dict.fromkeys(_IN_CLEAR, _NotInClear)
    return arguments


def _for_sql_server(_: URL) -> dict[str, Any]:
    return {
        "login_timeout": int(remote.CONNECT_TIMEOUT),
        "timeout": READ_TIMEOUT,
        "charset": "UTF-8",
        "appname": "branchline load",
        # The password is only scrambled in the log-in, so this has to be encrypted.
        "encryption": "require",
        "read_only": True,
        "arraysize": CHUNK_ROWS,
    }


_ARGUMENTS: dict[str, Callable[[URL], dict[str, Any]]] = {
    "postgresql": _for_postgresql,
    "mysql": _for_mysql,
    "mssql": _for_sql_server,
}
"""What the drivers are called with, unless the address says otherwise."""


def _mysql_error() -> type[Exception]:
    # SQLAlchemy's type; PyMySQL has no types.
    found: type[Exception] = import_module("pymysql.err").OperationalError
    return found


class _NotInClear:
    """Replaces PyMySQL's answer to a server that asks for the password itself."""

    def __init__(self, _: object) -> None:
        pass

    def authenticate(self, _: object) -> None:
        """Raise, so that an impostor does not get the password."""
        raise _mysql_error()(
            1045, "the server asks for the password in clear, which is sent over TLS only"
        )


class _NotUniqueError(Exception):
    """Two rows with one key: their order, and so the file, would not be stable."""


def _csv_loader() -> type:
    """dlt's loader of a table, changed to return lines of CSV; imported late because it is slow."""
    hush_dlt()
    from dlt.sources.sql_database import TableLoader

    class CsvLoader(TableLoader):
        def _convert_result(
            self, result: Any, backend_kwargs: dict[str, Any]
        ) -> Iterator[tuple[int, bytes]]:
            """The place of a portion and lines of it; the last column is its place if there are
            several."""
            order, has_portions = backend_kwargs["order"], backend_kwargs["has_portions"]
            may_repeat = backend_kwargs["by_all"]
            last: tuple[Any, ...] | None = None
            for rows in result.partitions(size=self.chunk_size):
                keys = [tuple(row[place] for place in order) for row in rows]
                # The rows are sorted by it: equal ones are neighbours.
                if not may_repeat and (keys[0] == last or len(set(keys)) < len(keys)):
                    raise _NotUniqueError
                last = keys[-1]
                if not has_portions:
                    yield 0, _csv_lines(rows)
                    continue
                for portion, those in groupby(rows, key=lambda row: int(row[-1])):
                    yield portion, _csv_lines([row[:-1] for row in those])

    return CsvLoader


def _csv_lines(rows: Sequence[Sequence[Any]]) -> bytes:
    made = io.StringIO(newline="")
    # With \r\n as line end, a cell with either character is quoted.
    csv.writer(made, lineterminator="\r\n").writerows(rows)
    return made.getvalue().encode("utf-8")


def _named(spec: DatabaseTable) -> str:
    return f"{spec.database_schema}.{spec.table}" if spec.database_schema else spec.table


def _schema_to_check(spec: DatabaseTable) -> str:
    """What to check in the feed file if a table is not found."""
    if spec.database_schema:
        return f"is schema: {spec.database_schema} of the feed right (database, in ingest/feeds)?"
    return "if it is in another schema, set schema: in the feed (database, in ingest/feeds)"


def _sizes_of_history(rows: int) -> list[int]:
    """The rows of each portion of a table's first load but the last, which has few, so that the
    next loads read few again."""
    before = rows - ROWS_OF_THE_LAST_PORTION
    if before <= 0:
        return []
    portions = math.ceil(before / ROWS_OF_A_PORTION)
    return [math.ceil(before / portions)] * portions


def _is_history(bounds: Bounds, rows: int | None) -> bool:
    """Whether a portion is a large one of a table's first load (see `_sizes_of_history`)."""
    if rows is None:
        return False
    most = ROWS_OF_THE_LAST_PORTION if bounds.after is None else MOST_ROWS_READ_AGAIN
    return rows > most


def _latest_rows(
    feed: Feed, column: sa.Column[Any], last: LastReading | None, since: str | None
) -> LatestRows | None:
    """The rows that were loaded last, if the reading has to have them."""
    (owner,) = feed.columns_named([column.name])
    if last is None or since is None or owner is None or has_offsets(column):
        return None
    if last.is_compared or last.rows > MOST_LATEST_ROWS:
        return None
    return LatestRows(last.file_id, feed.columns[owner].name, since)


def _path_behind(folder: str, after: str | None) -> str:
    """The path in the ledger of the portion behind a value of the cursor."""
    return f"{folder}first.csv" if after is None else f"{folder}after-{after}.csv"
