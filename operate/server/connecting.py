"""Connect to the warehouse: the embedded one, started if needed, or the user's own server."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

import psycopg2

from base.errors import BranchlineError
from base.libpq import parts_of
from base.link import Connection, connect
from base.printing import printable
from base.settings import Settings
from operate.dbt.profile import note_warehouse, prepare_profile
from operate.server.server import Warehouse

LEAST_VERSION = 16
CONNECT_SECONDS = 10
UNREACHABLE = (
    "Check that the server runs, that the URL is right (host, port, user, password, database,"
    " sslmode), and that the server's pg_hba.conf lets you in. Or unset BRANCHLINE_DATABASE_URL to"
    " use the embedded warehouse."
)
NOT_SCRAM = (
    "Branchline uses the password only with scram-sha-256, so that an impostor never gets it. If"
    " this is your server, enable it there (password_encryption = scram-sha-256, set the password"
    " again, scram-sha-256 in pg_hba.conf). For another method, name it in the address:"
    " require_auth=none for client certificates and peer, require_auth=gss; docs/connections.md"
    " says which is safe when."
)
WRONG_CERTIFICATE = (
    "The server could not prove its identity, and was sent nothing. Check that sslrootcert in the"
    " URL names the certificate of the authority that signed the server's own, and that the URL's"
    " host is the name in it. If both are right, you are not talking to your server."
)


def open_warehouse(settings: Settings, say: Callable[[str], None] | None = None) -> Warehouse:
    """The embedded warehouse of these settings, whether it exists or not."""
    if say is None:
        return Warehouse(settings.warehouse_dir)
    return Warehouse(settings.warehouse_dir, say=say)


def ensure_warehouse(settings: Settings, say: Callable[[str], None] | None = None) -> Connection:
    """A running warehouse: the embedded one, created and started if needed, or the server of
    BRANCHLINE_DATABASE_URL.

    Raises BranchlineError if it cannot be started or reached, or is older than PostgreSQL 16.
    """
    if settings.database_url is not None:
        return _check_server(settings.database_url)
    connection = open_warehouse(settings, say).ensure_running()
    profile_follows(settings, connection, say)
    return connection


def profile_follows(
    settings: Settings, connection: Connection, say: Callable[[str], None] | None = None
) -> None:
    """Write port and password of this embedded warehouse to profiles.yml, so that plain dbt finds
    it.
    """
    prepare_profile(settings.project, say or (lambda line: None))
    note_warehouse(settings.project / "profiles.yml", settings.warehouse_dir, connection)


def _check_server(url: str) -> Connection:
    parts = parts_of(url)
    # Of several hosts, messages name the first.
    port = int(parts.get("port", "5432").split(",")[0] or "5432")
    where = f"{parts['host']}:{port}"
    try:
        link = connect(url, connect_timeout=parts.get("connect_timeout", str(CONNECT_SECONDS)))
    except psycopg2.OperationalError as error:
        # libpq's text names host, user and database, never the password.
        message = printable(" ".join(str(error).split()))
        raise BranchlineError(
            f"The database of BRANCHLINE_DATABASE_URL ({where}, database {parts['dbname']}, user"
            f" {parts['user']}) cannot be reached: {message}",
            NOT_SCRAM
            if "authentication method requirement" in message
            else WRONG_CERTIFICATE
            if "certificate" in message
            else UNREACHABLE,
        ) from None
    with contextlib.closing(link):
        version = link.server_version // 10000
    if version < LEAST_VERSION:
        raise BranchlineError(
            f"The server of BRANCHLINE_DATABASE_URL ({where}) is PostgreSQL {version}; Branchline"
            f" needs {LEAST_VERSION} or newer.",
            "Upgrade the server, or unset BRANCHLINE_DATABASE_URL to use the embedded warehouse.",
        )
    return Connection(
        url=url,
        host=parts["host"],
        port=port,
        user=parts["user"],
        password=parts.get("password", ""),
        database=parts["dbname"],
    )
