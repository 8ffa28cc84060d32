"""Feeds that are tables of relational databases: dlt's sql_database reads them, as CSV files.

What comes out of here is an InboxFile like any other, so that the loader has one way for both. The
database itself writes every value as text, in one order; so equal rows are equal bytes.
"""

from __future__ import annotations

import csv
import io
import tempfile
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timezone
from importlib import import_module
from typing import IO, Any, TypeVar

import sqlalchemy as sa
import tenacity
from sqlalchemy.engine import URL, Engine, make_url
from sqlalchemy.pool import NullPool

from base.libpq import SCRAM, unescaped_at, without_values
from base.printing import printable
from ingest.cards import mask_text
from ingest.contract.feeds import DatabaseTable, Feed, variable_of
from ingest.contract.file_errors import UnreadableFileError
from ingest.origins import remote
from ingest.origins.database_errors import (
    NO_DATABASE,
    NO_RIGHT,
    NO_SUCH_DATABASE,
    NOT_SCRAM,
    REFUSED,
    WRONG_USER,
    cause_of,
    code_of,
    passes,
)
from ingest.origins.inbox import Bounds, InboxFile
from ingest.origins.origin import Fault, Origin
from ingest.raw.ledger import Ledger
from ingest.raw.quiet import hush_dlt

CHUNK_ROWS = 2000
ROWS_OF_A_PORTION = 100_000
"""More new rows than these become several portions, each loaded on its own."""
HELD_BYTES = 8 << 20
"""What a table may have to be kept in memory while it is loaded; more is put into a nameless file
of the system's folder for temporary files."""
READ_TIMEOUT = 600
"""Seconds without a byte: a server may sort for long before it has its first row."""

_DRIVERS = {
    "postgres": "postgresql+psycopg2",
    "postgresql": "postgresql+psycopg2",
    "postgresql+psycopg2": "postgresql+psycopg2",
    "mysql": "mysql+pymysql",
    "mysql+pymysql": "mysql+pymysql",
    "mariadb": "mysql+pymysql",
    "mariadb+pymysql": "mysql+pymysql",
}
_FORMS = "postgresql://user:password@host:5432/database or mysql://user:password@host:3306/database"
# What MySQL calls the ways of asking for the password itself.
_IN_CLEAR = (b"mysql_clear_password", b"dialog")
# Values are written in the session's way: by these in one way everywhere.
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
}

NO_ROWS = "the table has no rows; what was loaded from it before still counts"

Result = TypeVar("Result")


@dataclass(frozen=True)
class _Reading:
    """What is read to make one file."""

    table: sa.Table
    key: tuple[str, ...]
    bounds: Bounds | None
    cursor: str | None

    @property
    def order(self) -> tuple[str, ...]:
        """The columns that the rows are put in order by."""
        return tuple(dict.fromkeys((*((self.cursor,) if self.cursor else ()), *self.key)))


class SourceDatabase(Origin):
    """One database. Its errors are UnreadableFileErrors, without passwords."""

    without_rows = NO_ROWS
    replaces_whole = True
    """Nobody sees a file of it half written: it is kept until the next one is read."""

    def __init__(self, name: str, address: str | Mapping[str, Any]) -> None:
        self.name = name
        self._address = address
        self._secrets: Mapping[str, object] = {}
        self._engine: Engine | None = None
        self._metadata: dict[str | None, sa.MetaData] = {}
        self._readings: dict[str, _Reading] = {}
        self._kept: tuple[str, IO[bytes]] | None = None
        self._away: str | None = None
        """Why the server could not be reached; then nothing more is asked of it."""

    # What there is to read

    def files(self, feed: Feed, ledger: Ledger) -> list[InboxFile]:
        """The files that a feed's table is read as now. Raises UnreadableFileError."""
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
            path = f"{spec.path}.csv"
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
        # No table tells whether it has changed: it is read each time, and its content decides.
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
                " to be a whole number, a decimal, a date or a time stamp that only grows"
            )

    def _check_same_way(self, spec: DatabaseTable, known: Sequence[str]) -> None:
        """Refuse to load rows a second time because the feed was told to read them otherwise."""
        now = _folder(spec) if spec.cursor else f"{spec.path}.csv"
        other = [path for path in known if not path.startswith(now)]
        if other:
            raise UnreadableFileError(
                f"the rows of the table {_named(spec)} that are loaded were read otherwise"
                f" ({mask_text(other[0])}), and would be there twice; put the feed's cursor back to"
                " what it was, or give the feed a raw table of its own"
            )

    def _key(self, spec: DatabaseTable, table: sa.Table) -> tuple[str, ...]:
        key = tuple(spec.key) or tuple(column.name for column in table.primary_key)
        if not key:
            raise UnreadableFileError(
                f"the table {_named(spec)} of {self.name} has no primary key; name in the feed's"
                " database.key the columns that tell its rows apart"
            )
        return key

    # Portions

    def _portions(
        self, feed: Feed, spec: DatabaseTable, table: sa.Table, ledger: Ledger
    ) -> list[tuple[str, Bounds]]:
        """The last portion again, those in quarantine, and the rows behind the last one.

        Rows that were committed late, below the end of the last portion, are found by reading it
        once more; where there are some, it is a new version.
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
            if portion.upto not in followed or portion.status == "quarantined"
        ]
        parts = [(p.path, Bounds(p.after, p.upto)) for p in again]
        after = next((p.upto for p in known if p.upto not in followed), None)
        assert spec.cursor is not None
        column = table.c[spec.cursor]
        with self._connected().connect() as connection:
            while True:
                upto = self._end_of_portion(connection, column, after)
                if upto is None:
                    return parts
                if upto == after:
                    raise UnreadableFileError(
                        f"the cursor {spec.cursor} does not go on behind {after}"
                    )
                path = f"{folder}first.csv" if after is None else f"{folder}after-{after}.csv"
                parts.append((path, Bounds(after, upto)))
                after = upto

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
        """The rows as CSV, read from the database when they are first asked for."""
        if self._kept is None or self._kept[0] != key:
            self.close()
            self._kept = (key, self._asked(lambda: self._read(self._readings[key])))
        return _Kept(self._kept[1])

    def fingerprint(self, key: str) -> str | None:
        """A table has none."""
        return None

    def close(self) -> None:
        """Let go of what is kept of the table that was read last."""
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
                query = query.where(*_bounds(column, bounds.after, bounds.upto))
            return query.order_by(*(table.c[name] for name in reading.order))

        # Deleted with the process that made it, however that ends.
        kept: IO[bytes] = tempfile.SpooledTemporaryFile(HELD_BYTES)  # noqa: SIM115  # type: ignore[assignment]
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
                    f"{', '.join(reading.order)} does not tell the rows of the table {table.name}"
                    " apart: two or more are alike in it; name in the feed's database.key columns"
                    " that do"
                ) from None
            if isinstance(error, OSError):
                raise UnreadableFileError(
                    "the table cannot be put down in the folder for temporary files:"
                    f" {error.strerror}"
                ) from None
            raise
        return kept

    # The connection, and what can go wrong with it

    def _connected(self) -> Engine:
        if self._engine is None:
            url = self._url()
            self._secrets = {**url.query, "password": url.password or ""}
            postgres = url.get_backend_name() == "postgresql"
            timeout = int(remote.CONNECT_TIMEOUT)
            arguments: dict[str, Any] = (
                {"connect_timeout": timeout, "client_encoding": "utf8", "keepalives_idle": 30}
                if postgres
                else {"connect_timeout": timeout, "read_timeout": READ_TIMEOUT}
            )
            if postgres:
                arguments["application_name"] = "branchline load"
                arguments["require_auth"] = SCRAM
            elif url.password:
                # PyMySQL would take a text for Latin-1.
                arguments["password"] = url.password.encode("utf-8")
            if not postgres and not any(name.startswith("ssl") for name in url.query):
                arguments["auth_plugin_map"] = dict.fromkeys(_IN_CLEAR, _NotInClear)
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
                    # PyMySQL would go on reading from the broken line when the result is dropped.
                    result.unbuffered_active = False

            self._engine = engine
        return self._engine

    @property
    def _dialect(self) -> str:
        return self._connected().dialect.name

    def _url(self) -> URL:
        hint = f"the address in {variable_of(self.name)} has to be of the form {_FORMS}"
        try:
            if isinstance(self._address, str):
                if unescaped_at(self._address):
                    # A part of the password would be taken for the host, and asked for by name.
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
            # The parser's own message may repeat the address, password and all.
            raise UnreadableFileError(
                f"the address of the database {self.name} cannot be read; {hint}, with special"
                " characters of the password percent-encoded"
            ) from None
        driver = _DRIVERS.get(url.drivername)
        if driver is None:
            raise UnreadableFileError(
                f"the database {self.name} is of a kind that cannot be read; {hint}"
            )
        if not url.database:
            raise UnreadableFileError(f"the address of {self.name} names no database; {hint}")
        return url.set(drivername=driver)

    def _asked(self, request: Callable[[], Result]) -> Result:
        """Ask the database, again while that may help. Raises UnreadableFileError."""
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
            told = f"{fault.text}; {fault.hint}" if fault.hint else fault.text
            if fault.gone:
                self._away = told
            raise UnreadableFileError(told, temporary=fault.temporary) from None

    def _fault(self, error: Exception) -> Fault:
        """What an error means; `gone`: it would be the same for every other table."""
        if isinstance(error, UnreadableFileError):
            return Fault(str(error))
        found = cause_of(error, sa.exc.SQLAlchemyError)
        if found is None:
            return Fault(f"reading failed: {self._told(error)}")
        driver_error = found.orig if isinstance(found, sa.exc.DBAPIError) else None
        if driver_error is None:
            return Fault(f"reading failed: {self._told(found)}")
        code, text = code_of(driver_error), self._told(driver_error)
        if code in WRONG_USER or REFUSED.search(text):
            hint = f"check {variable_of(self.name)}"
            if NOT_SCRAM in text:
                hint += (
                    "; the password was not sent: let the server ask by scram-sha-256, or name"
                    " another way in the address, such as ?require_auth=md5"
                )
            return Fault(
                f"the database {self.name} refuses the user or the password: {text}",
                hint,
                gone=True,
            )
        if code in NO_DATABASE or NO_SUCH_DATABASE.search(text):
            return Fault(f"the database {self.name} is not there: {text}", gone=True)
        if code in NO_RIGHT:
            return Fault(f"this user may not read the table: {text}")
        if isinstance(found, (sa.exc.OperationalError, sa.exc.InterfaceError)) and passes(code):
            return Fault(
                f"the database {self.name} does not answer: {text}",
                "the next load tries again",
                temporary=True,
                gone=True,
            )
        return Fault(f"the database {self.name} does not give the rows: {text}")

    def _told(self, error: BaseException) -> str:
        """An error's first line, without secrets."""
        arguments: tuple[Any, ...] = error.args
        # PyMySQL: a number and a text.
        text = str(arguments[1]) if len(arguments) > 1 else str(error)
        text = (text.strip() or type(error).__name__).splitlines()[0]
        return printable(mask_text(without_values(text, self._secrets)))


def _mysql_error() -> type[Exception]:
    # As SQLAlchemy knows it; PyMySQL has no types.
    found: type[Exception] = import_module("pymysql.err").OperationalError
    return found


class _NotInClear:
    """In place of PyMySQL's answer to a server that asks for the password itself."""

    def __init__(self, _: object) -> None:
        pass

    def authenticate(self, _: object) -> None:
        """Raise, so that whoever answers in the server's place is not told the password."""
        raise _mysql_error()(
            1045, "the server asks for the password in clear, which is sent over TLS only"
        )


class _NotUniqueError(Exception):
    """Two rows with one key: their order, and with it the file, would be another each time."""


def _csv_loader() -> type:
    """dlt's loader of a table, made to give lines of CSV; imported late, it takes its time."""
    hush_dlt()
    from dlt.sources.sql_database import TableLoader

    class CsvLoader(TableLoader):
        def _convert_result(self, result: Any, backend_kwargs: dict[str, Any]) -> Iterator[bytes]:
            order = backend_kwargs["order"]
            last: tuple[Any, ...] | None = None
            for rows in result.partitions(size=self.chunk_size):
                keys = [tuple(row[place] for place in order) for row in rows]
                # The rows come in this order: those that are alike in it are neighbours.
                if keys[0] == last or len(set(keys)) < len(keys):
                    raise _NotUniqueError
                last = keys[-1]
                yield _csv_lines(rows)

    return CsvLoader


def _csv_lines(rows: Sequence[Sequence[Any]]) -> bytes:
    made = io.StringIO(newline="")
    # With both signs in the line end, a cell with either of them is put into quotes.
    csv.writer(made, lineterminator="\r\n").writerows(rows)
    return made.getvalue().encode("utf-8")


def _as_text(column: sa.Column[Any], dialect: str) -> sa.ColumnElement[Any]:
    """A column as the text that the database itself writes for it."""
    kind = column.type
    made: sa.ColumnElement[Any]
    if dialect == "mysql":
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


def _bounds(
    column: sa.Column[Any], after: str | None, upto: str | None
) -> list[sa.ColumnElement[bool]]:
    def value(text: str) -> sa.ColumnElement[Any]:
        return sa.cast(sa.literal(text, sa.String), column.type)

    made: list[sa.ColumnElement[bool]] = [column.is_not(None)]
    if after is not None:
        made.append(column > value(after))
    if upto is not None:
        made.append(column <= value(upto))
    return made


def _can_be_cursor(column: sa.Column[Any]) -> bool:
    kind = column.type
    if isinstance(kind, sa.Float) or not getattr(kind, "asdecimal", True):
        return False
    return isinstance(kind, (sa.Integer, sa.Numeric, sa.Date, sa.DateTime))


def _named(spec: DatabaseTable) -> str:
    return f"{spec.database_schema}.{spec.table}" if spec.database_schema else spec.table


def _schema_to_check(spec: DatabaseTable) -> str:
    """What to look at in the feed's file where a table is not found."""
    if spec.database_schema:
        return f"is schema: {spec.database_schema} of the feed right (database, in ingest/feeds)?"
    return (
        "if it is in another schema, name that as schema: of the feed (database, in ingest/feeds)"
    )


def _folder(spec: DatabaseTable) -> str:
    return f"{spec.path}/by-{spec.cursor}/"


def _is_of(spec: DatabaseTable, path: str) -> bool:
    return path == f"{spec.path}.csv" or path.startswith(f"{spec.path}/by-")


class _Kept(io.RawIOBase):
    """One reading of what is kept of a table, which stays when this is closed."""

    def __init__(self, kept: IO[bytes]) -> None:
        self._kept = kept
        self._position = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        self._kept.seek(self._position)
        data = self._kept.read(len(buffer))
        buffer[: len(data)] = data
        self._position += len(data)
        return len(data)
