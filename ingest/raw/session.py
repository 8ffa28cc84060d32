"""The loader's connection: settings, the lock, and errors in plain words."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from typing import TYPE_CHECKING

import psycopg2
import psycopg2.errors
import tenacity
from psycopg2.extensions import make_dsn, parse_dsn

from base import link
from base.errors import BranchlineError
from base.libpq import secured
from base.locks import COLUMNS, Lock, without_marks
from base.printing import printable
from base.schemas import RAW
from ingest.cards import mask_text

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

APPLICATION_NAME = "branchline load"
LOCK = Lock(RAW, "ingest_locks", "load")
"""One loader at a time per database."""
LOCK_POLL_SECONDS = 0.1
# Raised by a broken connection; a full disk is an OperationalError too, but leaves it open.
LOST = (psycopg2.OperationalError, psycopg2.InterfaceError)


def connection_string(database_url: str) -> str:
    """The URL as a libpq connection string with an application name and SCRAM required.

    Raises BranchlineError.
    """
    try:
        settings = parse_dsn(secured(database_url))
    except psycopg2.ProgrammingError:
        raise BranchlineError(
            "The database address is not a valid PostgreSQL address.",
            "Set BRANCHLINE_DATABASE_URL to postgresql://user:password@host:5432/database;"
            " characters such as @ or / in the password must be percent-encoded.",
        ) from None
    settings.setdefault("application_name", APPLICATION_NAME)
    settings.setdefault("connect_timeout", "15")
    return str(make_dsn(**settings))


def describe_address(database_url: str) -> str:
    """Host, port, database and user of an address, for messages: never the password."""
    settings = parse_dsn(connection_string(database_url))
    host = settings.get("host") or settings.get("hostaddr") or "the local socket"
    port = settings.get("port", "5432")
    user = f" as {settings['user']}" if settings.get("user") else ""
    return f"database {settings.get('dbname') or '(default)'} on {host}:{port}{user}"


def open_connection(database_url: str) -> Connection:
    """Connect in autocommit mode, UTF-8 and UTC. Raises psycopg2's errors."""
    connection = link.connect(connection_string(database_url))
    connection.autocommit = True
    connection.set_client_encoding("UTF8")
    return connection


@contextmanager
def connect(database_url: str) -> Iterator[Connection]:
    """Open a connection as `open_connection` does, and close it at the end.

    Every database error inside the block becomes a BranchlineError.
    """
    with plain_database_errors(database_url), closing(open_connection(database_url)) as connection:
        yield connection


@contextmanager
def locked(
    database_url: str, lock_timeout: float, tell: Callable[[str], None]
) -> Iterator[Session]:
    """A session that holds the one loader's lock; database errors become BranchlineErrors."""
    with (
        plain_database_errors(database_url),
        closing(Session(database_url, lock_timeout, tell)) as session,
    ):
        session.lock()
        try:
            yield session
        finally:
            # The server notices the end of a connection a moment later.
            LOCK.give_back(session.connection)


@contextmanager
def transaction(connection: Connection) -> Iterator[None]:
    """One transaction: committed when the block ends, rolled back when it raises."""
    connection.autocommit = False
    try:
        yield
        connection.commit()
    except BaseException:
        # On a broken connection, report the error that broke it.
        with suppress(psycopg2.Error):
            connection.rollback()
        raise
    finally:
        with suppress(psycopg2.Error):
            connection.autocommit = True


class Session:
    """A connection that may hold the loader's lock, and that can reconnect.

    The lock belongs to the database session: it ends with the connection, however the process ends.
    """

    def __init__(self, database_url: str, lock_timeout: float, tell: Callable[[str], None]) -> None:
        """`lock_timeout`: seconds to wait for another load; `tell`: called when waiting."""
        self._url = database_url
        self._lock_timeout = lock_timeout
        self._tell = tell
        self._locked = False
        self.connection = open_connection(database_url)

    def lock(self) -> None:
        """Take the lock, waiting for its holder; BranchlineError names the holder on timeout."""
        _take_lock(self.connection, self._lock_timeout, self._tell)
        self._locked = True

    def reopen(self, patience: float) -> None:
        """Reconnect, with retries for `patience` seconds, and take the lock again if it was held.

        Raises the database's error after that.
        """
        self.close()
        for attempt in tenacity.Retrying(
            stop=tenacity.stop_after_delay(patience),
            wait=tenacity.wait_exponential(multiplier=0.1, max=5),
            retry=tenacity.retry_if_exception_type(LOST),
            reraise=True,
        ):
            with attempt:
                self.connection = open_connection(self._url)
                if self._locked:
                    self.lock()

    def close(self) -> None:
        """Close the connection, which releases the lock."""
        with suppress(psycopg2.Error):
            self.connection.close()


@contextmanager
def loader_lock(
    connection: Connection, lock_timeout: float, tell: Callable[[str], None]
) -> Iterator[None]:
    """Keep other loads out of the block. Raises as `Session.lock` does."""
    _take_lock(connection, lock_timeout, tell)
    try:
        yield
    finally:
        LOCK.give_back(connection)


def _take_lock(connection: Connection, lock_timeout: float, tell: Callable[[str], None]) -> None:
    deadline = time.monotonic() + lock_timeout
    reported = False
    _prepare_lock(connection)
    while not LOCK.take(connection):
        if time.monotonic() >= deadline:
            raise BranchlineError(
                f"Another load is running on this database: {_lock_holder(connection)}."
                f" It did not finish within {lock_timeout:g} seconds.",
                "Wait for it and run the load again; nothing was loaded or lost.",
            )
        if not reported:
            tell(f"Waiting for another load to finish: {_lock_holder(connection)}")
            reported = True
        time.sleep(LOCK_POLL_SECONDS)


def _prepare_lock(connection: Connection) -> None:
    """Create the schema and the table of locks, if missing."""
    with connection.cursor() as cursor:
        for thing, statement in (
            ("to_regnamespace('raw')", "create schema raw"),
            ("to_regclass('raw.ingest_locks')", f"create table raw.ingest_locks {COLUMNS}"),
        ):
            cursor.execute(f"select {thing} is null")
            if cursor.fetchone() == (True,):
                # Unless another load creates it at the same moment.
                with suppress(
                    psycopg2.errors.UniqueViolation,
                    psycopg2.errors.DuplicateTable,
                    psycopg2.errors.DuplicateSchema,
                ):
                    cursor.execute(statement)


def _lock_holder(connection: Connection) -> str:
    process = LOCK.holder(connection)
    with connection.cursor() as cursor:
        cursor.execute(
            "select application_name, backend_start from pg_stat_activity where pid = %s",
            (process,),
        )
        holder = cursor.fetchone()
    if holder is None:
        return "a session that has just ended"
    name, start = holder
    since = f", connected since {start:%Y-%m-%d %H:%M:%S %Z}" if start is not None else ""
    program = printable(without_marks(name)) or "an unnamed program"
    return f"{program} (server process {process}{since})"


_HINTS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), hint)
    for pattern, hint in (
        (
            r"password|authentication|role .* does not exist|pg_hba|no role",
            "Check user and password in the database address (BRANCHLINE_DATABASE_URL).",
        ),
        (
            r"database .* does not exist",
            "Create the database (createdb), or correct its name in the address.",
        ),
        (
            r"permission denied|must be owner|not permitted",
            "Let the warehouse's owner run `branchline warehouse roles`, and grant this user the"
            " loader's rights (branchline warehouse user NAME --role loader); or grant it the right"
            " to create schemas in the database.",
        ),
        (
            r"refused|no such file|could not translate|not known|timeout|timed out|no route"
            r"|unreachable|starting up|too many|terminat|shutting down|closed",
            "Check that the database server runs and that host and port are right"
            " (branchline warehouse status, or BRANCHLINE_DATABASE_URL).",
        ),
        (
            r"no space|disk full|read-only",
            "Free disk space on the database server, or make it writable, and run the load again.",
        ),
    )
)
_DEFAULT_HINT = (
    "Run the load again once the database works: finished files are kept, the rest is loaded then."
)


def database_error(error: BaseException, database_url: str) -> BranchlineError:
    """Describe a database error in plain words, without password, card number or row."""
    diagnosis = getattr(error, "diag", None)
    text = (diagnosis.message_primary if diagnosis is not None else None) or str(error).strip()
    lines = text.splitlines()
    text = mask_text(" ".join(line.strip() for line in lines if line.strip()))
    password = parse_dsn(connection_string(database_url)).get("password")
    if password:
        text = text.replace(password, "****")
    hint = next((hint for pattern, hint in _HINTS if pattern.search(text)), _DEFAULT_HINT)
    return BranchlineError(
        f"The {describe_address(database_url)} reported: {text or type(error).__name__}", hint
    )


@contextmanager
def plain_database_errors(database_url: str) -> Iterator[None]:
    """Turn every database error inside the block, dlt's wrappers included, into BranchlineError."""
    try:
        yield
    except BranchlineError:
        raise
    except Exception as error:
        found = _find_database_error(error)
        if found is None:
            raise
        raise database_error(found, database_url) from None


def _find_database_error(error: BaseException | None) -> psycopg2.Error | None:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        if isinstance(error, psycopg2.Error):
            return error
        # dlt keeps the driver's error in an attribute.
        inner = getattr(error, "dbapi_exception", None)
        if isinstance(inner, psycopg2.Error):
            return inner
        error = error.__cause__ or error.__context__
    return None
