"""Tables of relational databases as feeds: dlt's sql_database reads them, as CSV files.

The result is an InboxFile like any other, so that the loader treats both alike. The database itself
writes every value as text, in a fixed order; so equal rows are equal bytes.
"""

from __future__ import annotations

import csv
import io
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timezone
from importlib import import_module
from typing import IO, Any, TypeVar

import sqlalchemy as sa
import tenacity
from sqlalchemy.dialects import mssql
from sqlalchemy.engine import URL, Engine, make_url
from sqlalchemy.pool import NullPool

from base.libpq import SCRAM, unescaped_at, without_values
from base.printing import printable
from ingest.cards import mask_text
from ingest.contract.connections import DatabaseTable, variable_of
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
from ingest.origins.inbox import Bounds, InboxFile
from ingest.origins.kept import Kept, new_buffer, not_buffered
from ingest.origins.origin import Fault
from ingest.raw.ledger import Ledger
from ingest.raw.quiet import hush_dlt

CHUNK_ROWS = 2000
ROWS_OF_A_PORTION = 100_000
"""Maximum rows of a portion; more new rows become several portions, each loaded separately."""
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
    "postgresql": (
        "set timezone to 'UTC'",
        "set datestyle to 'ISO, YMD'",
        "set intervalstyle to 'iso_8601'",
        "set bytea_output to 'hex'",
        "set extra_float_digits to 1",
        "set default_transaction_read_only to on",
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


@dataclass(frozen=True)
class _Reading:
    """The query for one file."""

    table: sa.Table
    key: tuple[str, ...]
    bounds: Bounds | None
    cursor: str | None

    @property
    def order(self) -> tuple[str, ...]:
        """The columns that the rows are sorted by."""
        return tuple(dict.fromkeys((*((self.cursor,) if self.cursor else ()), *self.key)))


class SourceDatabase(ConnectedOrigin):
    """One database. Its errors are UnreadableFileErrors, without passwords."""

    without_rows = NO_ROWS
    replaces_whole = True
    """A file of it is never seen half written: it is buffered until the next one is read."""

    def __init__(self, name: str, address: str | Mapping[str, Any]) -> None:
        self.name = name
        self._address = address
        self._secrets: Mapping[str, object] = {}
        self._engine: Engine | None = None
        self._metadata: dict[str | None, sa.MetaData] = {}
        self._readings: dict[str, _Reading] = {}
        self._kept: tuple[str, IO[bytes]] | None = None
        self._away: str | None = None
        """Why the server could not be reached; then it gets no more requests."""

    # Listing

    def files(self, feed: Feed, ledger: Ledger) -> list[InboxFile]:
        """The files to read from a feed's table now. Raises UnreadableFileError."""
        spec = feed.database
        assert spec is not None
        table = self._asked(lambda: self._reflect(spec))
        known = [path for path in ledger.current_paths(feed.name) if _is_of(spec, path)]
        if table is None:
            if not spec.required and not known:
                return []
            raise UnreadableFileError(
                f"the database {self.name} has no table {_named(spec)}, or this user may not see"
                f" it: {_schema_to_check(spec)}"
            )
        self._check_columns(feed, spec, table)
        self._check_same_way(spec, known)
        if spec.cursor is None:
            path = spec.whole_path
            reading = _Reading(table, self._key(spec, table), None, None)
            only = feed.only_file
            logical_file = path if only is None else feed.identify(only).logical_file
            return [self._file(path, logical_file, reading)]
        return [
            self._file(path, path, _Reading(table, self._key(spec, table), bounds, spec.cursor))
            for path, bounds in self._asked(lambda: self._portions(feed, spec, table, ledger))
        ]

    def _file(self, path: str, logical_file: str, reading: _Reading) -> InboxFile:
        now = datetime.now(timezone.utc)
        self._readings[path] = reading
        # A table has no fingerprint: it is read each time, and its content decides.
        return InboxFile(
            path,
            path,
            0,
            now,
            fingerprint=f"read {now.isoformat()}",
            settled=True,
            origin=self,
            key=path,
            is_state=True,
            logical_file=logical_file,
            bounds=reading.bounds,
        )

    def _reflect(self, spec: DatabaseTable) -> sa.Table | None:
        metadata = self._metadata.setdefault(
            spec.database_schema, sa.MetaData(schema=spec.database_schema)
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of types that SQLAlchemy does not know
            try:
                return sa.Table(
                    spec.table, metadata, autoload_with=self._connected(), resolve_fks=False
                )
            except sa.exc.NoSuchTableError:
                return None

    def _check_columns(self, feed: Feed, spec: DatabaseTable, table: sa.Table) -> None:
        named = dict.fromkeys((*spec.key, *([spec.cursor] if spec.cursor else [])))
        missing = [name for name in named if name not in table.c]
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
        if spec.cursor is not None and not _can_be_cursor(table.c[spec.cursor]):
            raise UnreadableFileError(
                f"the column {spec.cursor} of the table {_named(spec)} cannot be a cursor: it has"
                " to be a whole number, a decimal, a date or a timestamp that only grows"
            )

    def _check_same_way(self, spec: DatabaseTable, known: Sequence[str]) -> None:
        """Do not load rows a second time because the feed's cursor was changed."""
        now = _folder(spec) if spec.cursor else spec.whole_path
        other = [path for path in known if not path.startswith(now)]
        if other:
            raise UnreadableFileError(
                f"the loaded rows of the table {_named(spec)} were read with another cursor"
                f" ({mask_text(other[0])}), and would be duplicated; restore the feed's old cursor,"
                " or give the feed a separate raw table"
            )

    def _key(self, spec: DatabaseTable, table: sa.Table) -> tuple[str, ...]:
        key = tuple(spec.key) or tuple(column.name for column in table.primary_key)
        if not key:
            raise UnreadableFileError(
                f"the table {_named(spec)} of {self.name} has no primary key; list the columns that"
                " identify a row in the feed's database.key"
            )
        return key

    # Portions

    def _portions(
        self, feed: Feed, spec: DatabaseTable, table: sa.Table, ledger: Ledger
    ) -> list[tuple[str, Bounds]]:
        """The last portion again, quarantined portions, and the rows after the last one.

        Reading the last portion again finds late-arriving rows below its end; if there are any, it
        is a new version.
        """
        folder = _folder(spec)
        known = [
            portion
            for portion in ledger.portions(feed.name)
            if portion.path[: len(folder)] == folder
        ]
        followed = {portion.after for portion in known}
        again = [
            portion
            for portion in known
            if portion.up_to not in followed or portion.status == "quarantined"
        ]
        parts = [(p.path, Bounds(p.after, p.up_to)) for p in again]
        after = next((p.up_to for p in known if p.up_to not in followed), None)
        assert spec.cursor is not None
        column = table.c[spec.cursor]
        with self._connected().connect() as connection:
            while True:
                up_to = self._end_of_portion(connection, column, after)
                if up_to is None:
                    return parts
                if up_to == after:
                    raise UnreadableFileError(
                        f"the cursor {spec.cursor} does not advance beyond {after}"
                    )
                path = f"{folder}first.csv" if after is None else f"{folder}after-{after}.csv"
                parts.append((path, Bounds(after, up_to)))
                after = up_to

    def _end_of_portion(
        self, connection: sa.Connection, column: sa.Column[Any], after: str | None
    ) -> str | None:
        text = _as_text(column, self._dialect)
        behind = sa.select(text).where(*_bounds(column, after, None))
        full = behind.order_by(column).offset(ROWS_OF_A_PORTION - 1).limit(1)
        rest = behind.order_by(column.desc()).limit(1)
        found: str | None = connection.scalar(full)
        return found if found is not None else connection.scalar(rest)

    # Reading

    def open(self, key: str) -> io.RawIOBase:
        """The rows as CSV, read from the database on first use."""
        if self._kept is None or self._kept[0] != key:
            self.close()
            self._kept = (key, self._asked(lambda: self._read(self._readings[key])))
        return Kept(self._kept[1])

    def fingerprint(self, key: str) -> str | None:
        """Return None: a table has none."""
        return None

    def close(self) -> None:
        """Discard the buffer of the table that was read last."""
        if self._kept is not None:
            self._kept[1].close()
            self._kept = None

    def _read(self, reading: _Reading) -> IO[bytes]:
        from dlt.sources.sql_database import sql_table

        table = reading.table
        dialect = self._dialect

        def select(*_: Any) -> Any:
            query = sa.select(*(_as_text(column, dialect) for column in table.c))
            bounds = reading.bounds
            if reading.cursor is not None and bounds is not None:
                column = table.c[reading.cursor]
                query = query.where(*_bounds(column, bounds.after, bounds.up_to))
            return query.order_by(*(_sorted_by(table.c[name], dialect) for name in reading.order))

        kept = new_buffer()
        try:
            names = [column.name for column in table.c]
            kept.write(_csv_lines([names]))
            rows = sql_table(
                credentials=self._connected(),
                table=table.name,
                schema=table.schema,
                metadata=table.metadata,
                chunk_size=CHUNK_ROWS,
                reflection_level="minimal",
                query_adapter_callback=select,
                table_loader_class=_csv_loader(),
                backend_kwargs={"order": tuple(names.index(name) for name in reading.order)},
            )
            with closing(iter(rows)) as chunks:
                for lines in chunks:
                    kept.write(lines)
        except BaseException as error:
            kept.close()
            not_unique = cause_of(error, _NotUniqueError)
            if not_unique is not None:
                raise UnreadableFileError(
                    f"{', '.join(reading.order)} does not identify the rows of the table"
                    f" {table.name}: two or more are equal in it; list in the feed's database.key"
                    " that do"
                ) from None
            if isinstance(error, OSError):
                raise UnreadableFileError(not_buffered("the table", error)) from None
            raise
        return kept

    # The connection, and its errors

    def _connected(self) -> Engine:
        if self._engine is None:
            url = self._url()
            self._secrets = {**url.query, "password": url.password or ""}
            arguments = _ARGUMENTS[url.get_backend_name()](url)
            given = {name: value for name, value in arguments.items() if name not in url.query}
            engine = sa.create_engine(
                url, poolclass=NullPool, connect_args=given, hide_parameters=True
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
        hint = f"the address in {variable_of(self.name)} must have the form {_FORMS}"
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
            hint = f"check {variable_of(self.name)}"
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
        def _convert_result(self, result: Any, backend_kwargs: dict[str, Any]) -> Iterator[bytes]:
            order = backend_kwargs["order"]
            last: tuple[Any, ...] | None = None
            for rows in result.partitions(size=self.chunk_size):
                keys = [tuple(row[place] for place in order) for row in rows]
                # The rows are sorted by it: equal ones are neighbours.
                if keys[0] == last or len(set(keys)) < len(keys):
                    raise _NotUniqueError
                last = keys[-1]
                yield _csv_lines(rows)

    return CsvLoader


def _csv_lines(rows: Sequence[Sequence[Any]]) -> bytes:
    made = io.StringIO(newline="")
    # With \r\n as line end, a cell with either character is quoted.
    csv.writer(made, lineterminator="\r\n").writerows(rows)
    return made.getvalue().encode("utf-8")


def _as_text(column: sa.Column[Any], dialect: str) -> sa.ColumnElement[Any]:
    """A column cast to text by the database itself."""
    kind = column.type
    made: sa.ColumnElement[Any]
    if dialect == "mssql":
        made = _as_text_of_sql_server(column)
    elif dialect == "mysql":
        if isinstance(kind, (sa.types._Binary, sa.types.NullType)):
            made = sa.func.concat(sa.literal("\\x"), sa.func.lower(sa.func.hex(column)))
        elif kind.__visit_name__ == "BIT":
            made = sa.cast(sa.type_coerce(column, sa.Integer) + 0, sa.String)
        elif isinstance(kind, sa.String):
            made = sa.type_coerce(column, sa.String)
        else:
            made = sa.cast(column, sa.String)
    elif isinstance(kind, sa.Boolean):
        made = sa.case((column, sa.literal("t")), (sa.not_(column), sa.literal("f")))
    else:
        made = sa.cast(column, sa.Text)
    return made.label(column.name)


def _as_text_of_sql_server(column: sa.Column[Any]) -> sa.ColumnElement[Any]:
    """The same on SQL Server, where a cast alone rounds money, floats and times."""
    kind, name = column.type, column.type.__visit_name__

    def styled(style: int, length: int = 64) -> sa.ColumnElement[Any]:
        return sa.func.convert(
            sa.literal_column(f"nvarchar({length})"), column, sa.text(str(style))
        )

    whole = sa.cast(column, mssql.NVARCHAR(None))
    if isinstance(kind, (mssql.MONEY, mssql.SMALLMONEY)):
        return styled(2)
    if isinstance(kind, sa.Float):
        # The shortest of 6, 16 and 17 digits that is this value again.
        own_type: Any = sa.REAL() if name == "REAL" else sa.DOUBLE_PRECISION()
        tried = [(sa.cast(styled(style), own_type) == column, styled(style)) for style in (0, 2)]
        return sa.case(*tried, else_=styled(3))
    if isinstance(kind, (sa.Date, sa.Time, sa.DateTime)):
        return styled({"DATE": 23, "SMALLDATETIME": 120}.get(name, 121))
    if isinstance(kind, (sa.types._Binary, mssql.TIMESTAMP)):
        # SQLAlchemy leaves the constructor without types.
        stored = sa.cast(column, mssql.VARBINARY("max"))  # type: ignore[no-untyped-call]
        digits = sa.func.convert(sa.literal_column("varchar(max)"), stored, sa.text("2"))
        return sa.literal_column("N'\\x'") + sa.func.lower(digits, type_=sa.String())
    if isinstance(kind, sa.Uuid):
        return sa.func.lower(sa.cast(sa.type_coerce(column, sa.String), mssql.NVARCHAR(36)))
    if isinstance(kind, mssql.SQL_VARIANT):
        return sa.cast(column, mssql.NVARCHAR(4000))
    if name in ("CHAR", "NCHAR"):
        return sa.func.rtrim(whole)
    return whole


def _sorted_by(column: sa.Column[Any], dialect: str) -> sa.ColumnElement[Any]:
    """A column to sort by. On SQL Server, texts may be equal to a collation and differ."""
    if dialect == "mssql" and isinstance(column.type, sa.String):
        return sa.cast(column, mssql.NVARCHAR(None)).collate("Latin1_General_100_BIN2")
    return column


def _bounds(
    column: sa.Column[Any], after: str | None, up_to: str | None
) -> list[sa.ColumnElement[bool]]:
    def value(text: str) -> sa.ColumnElement[Any]:
        return sa.cast(sa.literal(text, sa.String), column.type)

    made: list[sa.ColumnElement[bool]] = [column.is_not(None)]
    if after is not None:
        made.append(column > value(after))
    if up_to is not None:
        made.append(column <= value(up_to))
    return made


def _can_be_cursor(column: sa.Column[Any]) -> bool:
    kind = column.type
    if isinstance(kind, sa.Float) or not getattr(kind, "asdecimal", True):
        return False
    return isinstance(kind, (sa.Integer, sa.Numeric, sa.Date, sa.DateTime))


def _named(spec: DatabaseTable) -> str:
    return f"{spec.database_schema}.{spec.table}" if spec.database_schema else spec.table


def _schema_to_check(spec: DatabaseTable) -> str:
    """What to check in the feed file if a table is not found."""
    if spec.database_schema:
        return f"is schema: {spec.database_schema} of the feed right (database, in ingest/feeds)?"
    return "if it is in another schema, set schema: in the feed (database, in ingest/feeds)"


def _folder(spec: DatabaseTable) -> str:
    return f"{spec.path}/by-{spec.cursor}/"


def _is_of(spec: DatabaseTable, path: str) -> bool:
    return path == spec.whole_path or path.startswith(f"{spec.path}/by-")
