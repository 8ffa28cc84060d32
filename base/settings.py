"""The settings that Branchline reads from the environment, and where its files are."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from base.errors import BranchlineError
from base.printing import printable

PROJECT = Path(__file__).resolve().parent.parent

URL_FORM = "postgresql://user:password@host:port/database?sslmode=verify-full"


@dataclass(frozen=True)
class Settings:
    """The settings of one run. `database_url` is None where the embedded warehouse is used."""

    project: Path
    database_url: str | None
    warehouse_dir: Path
    token_key: str | None
    inbox: str
    row_limit: int | None = None
    """The most rows that `branchline sql` prints; None for no limit."""
    archive: Path | None = None
    """The folder of what is published; None where publications.yml names it."""
    archive_url: str = ""
    """The address at which people reach that folder; empty if they cannot."""

    @property
    def embedded(self) -> bool:
        """Whether the project's own PostgreSQL is the warehouse."""
        return self.database_url is None


def read_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """Read the settings from the environment; an empty variable counts as unset.

    Raises BranchlineError for an invalid BRANCHLINE_DATABASE_URL or BRANCHLINE_ROW_LIMIT.
    """
    environ = os.environ if environ is None else environ

    def text(name: str) -> str | None:
        return environ.get(name, "").strip() or None

    url = text("BRANCHLINE_DATABASE_URL")
    if url is not None:
        url = database_url(url)
    folder = text("BRANCHLINE_WAREHOUSE_DIR")
    rows = text("BRANCHLINE_ROW_LIMIT")
    if rows is not None and not (rows.isascii() and rows.isdigit() and int(rows) > 0):
        raise BranchlineError(
            f"BRANCHLINE_ROW_LIMIT is '{printable(rows)[:50]}', which is not a number of rows.",
            "Set it to the most rows that `branchline sql` may print, or unset it for no limit.",
        )
    return Settings(
        project=PROJECT,
        database_url=url,
        warehouse_dir=_folder(folder) or PROJECT / ".warehouse",
        token_key=text("BRANCHLINE_TOKEN_KEY"),
        inbox=text("BRANCHLINE_INBOX") or str(PROJECT / "inbox"),
        row_limit=int(rows) if rows is not None else None,
        archive=_folder(text("BRANCHLINE_ARCHIVE")),
        archive_url=text("BRANCHLINE_ARCHIVE_URL") or "",
    )


def _folder(path: str | None) -> Path | None:
    return Path(path).expanduser().absolute() if path else None


def database_url(address: str) -> str:
    """The URL of a PostgreSQL address, which may be in libpq's `key=value` form as well.

    Raises BranchlineError, without showing the address's password, if it is invalid.
    """
    import psycopg2

    from base.libpq import as_url, parts_of, unescaped_at

    hint = f"It must have the form {URL_FORM}; percent-encode special characters."
    is_url = address.startswith(("postgresql://", "postgres://"))
    if not is_url and ("://" in address or "=" not in address):
        raise BranchlineError("BRANCHLINE_DATABASE_URL is not a PostgreSQL URL.", hint)
    if is_url and unescaped_at(address):
        # What follows the first @ would be taken for the host and looked up in DNS.
        raise BranchlineError(
            "BRANCHLINE_DATABASE_URL holds a second @ besides the one before the host, so the"
            " host and the password cannot be separated. No connection was made.",
            "Percent-encode the user and the password: %40 for @, %2F for /, %3A for :,"
            " %3F for ?, %23 for #, %25 for %. Only the @ before the host stays.",
        )
    try:
        parts = parts_of(address)
    except (psycopg2.ProgrammingError, UnicodeError, ValueError):
        # libpq's own message repeats the URL with its password.
        raise BranchlineError("BRANCHLINE_DATABASE_URL cannot be read.", hint) from None
    for part in ("user", "host", "dbname"):
        if not parts.get(part):
            name = "database" if part == "dbname" else part
            raise BranchlineError(f"BRANCHLINE_DATABASE_URL names no {name}.", hint)
    for port in parts.get("port", "").split(","):
        if port and not (port.isascii() and port.isdigit() and 0 < int(port) < 65536):
            # Not shown: after an unescaped / in the password, it is a part of the password.
            raise BranchlineError(
                "The port in BRANCHLINE_DATABASE_URL is not a number from 1 to 65535.", hint
            )
    seconds = parts.get("connect_timeout", "0").strip()
    if not seconds.removeprefix("-").isdigit():
        raise BranchlineError(
            "The connect_timeout in BRANCHLINE_DATABASE_URL is not a number of seconds.", hint
        )
    return address if is_url else as_url(address)
