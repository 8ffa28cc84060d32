"""A database address in libpq's own terms: its parser and its environment variables.

psql, pg_dump, dbt (through psycopg2) and every other libpq client read the same variables. An
address set there reaches all of them, and no password is ever a command line argument.
"""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterator, Mapping, MutableMapping
from urllib.parse import quote, urlencode

DEFAULT_PORT = "5432"

SCRAM = "scram-sha-256"
"""How a server must ask for a password, unless the address says otherwise (`require_auth`).

With SCRAM the password is never sent, and the server proves that it knows it too. By default, libpq
sends the password in clear to any server at the address that asks for it that way.
"""

# https://www.postgresql.org/docs/current/libpq-envars.html
VARIABLES = {
    "host": "PGHOST",
    "hostaddr": "PGHOSTADDR",
    "port": "PGPORT",
    "user": "PGUSER",
    "password": "PGPASSWORD",
    "dbname": "PGDATABASE",
    "passfile": "PGPASSFILE",
    "service": "PGSERVICE",
    "options": "PGOPTIONS",
    "application_name": "PGAPPNAME",
    "client_encoding": "PGCLIENTENCODING",
    "connect_timeout": "PGCONNECT_TIMEOUT",
    "target_session_attrs": "PGTARGETSESSIONATTRS",
    "load_balance_hosts": "PGLOADBALANCEHOSTS",
    "require_auth": "PGREQUIREAUTH",
    "channel_binding": "PGCHANNELBINDING",
    "requirepeer": "PGREQUIREPEER",
    "sslmode": "PGSSLMODE",
    "sslnegotiation": "PGSSLNEGOTIATION",
    "sslcompression": "PGSSLCOMPRESSION",
    "sslcert": "PGSSLCERT",
    "sslkey": "PGSSLKEY",
    "sslcertmode": "PGSSLCERTMODE",
    "sslrootcert": "PGSSLROOTCERT",
    "sslcrl": "PGSSLCRL",
    "sslcrldir": "PGSSLCRLDIR",
    "sslsni": "PGSSLSNI",
    "ssl_min_protocol_version": "PGSSLMINPROTOCOLVERSION",
    "ssl_max_protocol_version": "PGSSLMAXPROTOCOLVERSION",
    "gssencmode": "PGGSSENCMODE",
    "krbsrvname": "PGKRBSRVNAME",
    "gsslib": "PGGSSLIB",
    "gssdelegation": "PGGSSDELEGATION",
}
"""The environment variable of each connection parameter that has one."""

_SHOWN = ("host", "hostaddr", "port", "user", "dbname")
# Numbers, file paths and libpq's own keywords.
_PLAIN = re.compile(
    r"[0-9]{0,5}|[/~.].*|on|off|true|false|any|all|auto|random|system|postgres|direct|negotiate"
    r"|disable|allow|prefer|require|verify-(?:ca|full)|read-(?:write|only)|primary|standby"
    r"|prefer-standby|password|md5|gss|sspi|scram-sha-256|creds|none|TLSv1(?:\.[0-3])?|utf-?8",
    re.IGNORECASE,
)

WHERE = ("PGHOST", "PGHOSTADDR", "PGPORT", "PGUSER", "PGDATABASE", "PGSERVICE")
"""The variables that say which database a connection goes to, and as whom."""


def parts_of(address: str) -> dict[str, str]:
    """The connection parameters in a URL or `key=value` address, as libpq reads them.

    Raises psycopg2.ProgrammingError, whose text repeats the address with its password.
    """
    # Only here, so that `branchline --help` does not wait for it.
    from psycopg2.extensions import parse_dsn

    return dict(parse_dsn(address))


def unescaped_at(url: str) -> bool:
    """Whether a URL holds an @ that belongs to its user or password and is not percent-encoded.

    Every parser then takes a part of the password for the host. Only one @ in a URL may be
    unescaped: the one before the host. After a / it would be in the name of the database.
    """
    behind_host = url.partition("://")[2].partition("/")[2]
    return url.count("@") > 1 or "@" in behind_host.partition("?")[0]


def without_values(text: str, parameters: Mapping[str, object]) -> str:
    """A message about a connection, with every value of its address masked but place and user.

    libpq repeats an unknown value in its message, and that may be a misplaced password.
    """
    hidden: set[str] = set()
    for name, value in parameters.items():
        if name not in _SHOWN:
            for part in value if isinstance(value, (list, tuple)) else [value]:
                hidden.update(_secrets_in(name, str(part)))
    hidden.difference_update(str(parameters.get(name, "")) for name in _SHOWN)
    for value in sorted(hidden, key=len, reverse=True):
        text = re.sub(rf"(?<!\w){re.escape(value)}(?!\w)", "***", text)
    return text


def _secrets_in(name: str, value: str) -> Iterator[str]:
    if "pass" in name:
        yield from (value, quote(value, safe=""), quote(value)) if value else ()
    elif not _PLAIN.fullmatch(value):
        yield value
        # -c name=value, or several values with separators.
        for word in re.split(r"[\s,]+", value):
            given = word.partition("=")[2] if "=" in word else word
            if not given.startswith("-") and not _PLAIN.fullmatch(given):
                yield given


def secured(address: str, environ: Mapping[str, str] | None = None, /, **more: str) -> str:
    """The address in libpq's `key=value` form, with SCRAM required and `more` parameters.

    Another authentication method must be named in the address, or by PGREQUIREAUTH in
    `environ` (default: this process's). Raises psycopg2.ProgrammingError.
    """
    from psycopg2.extensions import make_dsn

    parts = _held(parts_of(address), os.environ if environ is None else environ)
    given = {name: value for name, value in more.items() if value}
    return str(make_dsn(**{**parts, **given}))


def _held(parts: dict[str, str], environ: Mapping[str, str]) -> dict[str, str]:
    named = parts.get("require_auth") or environ.get("PGREQUIREAUTH", "").strip()
    return {**parts, "require_auth": named or SCRAM}


def variables(url: str, environ: Mapping[str, str] | None = None) -> dict[str, str]:
    """The variables with which libpq connects to `url`.

    The port is always among them, and so is the authentication method, which `environ` may name
    where `url` does not.

    Parameters that have no variable (keepalives, sslpassword) are left out.
    """
    parts = _held(parts_of(url), environ or {})
    named = {VARIABLES[name]: value for name, value in parts.items() if name in VARIABLES}
    # One port applies to all hosts, as in libpq; and dbt accepts only one.
    ports = set(parts.get("port", DEFAULT_PORT).split(","))
    port = ports.pop() if len(ports) == 1 else parts["port"]
    return {**named, "PGPORT": port or DEFAULT_PORT}


def without_variable(url: str) -> list[str]:
    """The names of the parameters in `url` that no variable can carry."""
    return [name for name in parts_of(url) if name not in VARIABLES]


def environment(environ: Mapping[str, str], url: str, *, complete: bool) -> dict[str, str]:
    """`environ` with the variables of `url`, for a client of libpq.

    Where `url` is `complete`, every other variable of libpq is removed. Otherwise what `url` leaves
    out (a password, a certificate) is still taken from `environ`, as psql does with a URL; but
    never the place.
    """
    dropped = VARIABLES.values() if complete else WHERE
    kept = {name: value for name, value in environ.items() if name not in dropped}
    return {**kept, **variables(url, {} if complete else environ)}


def forget_where(environ: MutableMapping[str, str]) -> None:
    """Remove the variables that say where libpq connects to: our addresses say that themselves.

    A URL without a port, for example, would otherwise take the port of somebody else's PGPORT.
    """
    for name in WHERE:
        environ.pop(name, None)


def shell_lines(changes: Mapping[str, str | None]) -> str:
    """Lines for a POSIX shell that export these variables, or unset those that are None."""
    unset = [name for name, value in changes.items() if value is None]
    lines = [
        f"export {name}={shlex.quote(value)}"
        for name, value in changes.items()
        if value is not None
    ]
    return "".join(f"{line}\n" for line in ([f"unset {' '.join(unset)}"] if unset else []) + lines)


def as_url(dsn: str) -> str:
    """A `key=value` address as a URL. Raises psycopg2.ProgrammingError."""
    parts = parts_of(dsn)
    who = quote(parts.pop("user", ""), safe="")
    if "password" in parts:
        who += ":" + quote(parts.pop("password"), safe="")
    database = quote(parts.pop("dbname", ""), safe="")
    host = parts.get("host", "")
    if "," in host or host.startswith(("/", "@")):
        # Several hosts, or a folder with a socket: only the query can say these.
        place = ""
    else:
        place = quote(host, safe="")
        if ":" in host:
            place = f"[{quote(host, safe=':')}]"
        parts.pop("host", None)
        if "port" in parts:
            place += f":{parts.pop('port')}"
    query = f"?{urlencode(parts, quote_via=quote)}" if parts else ""
    return f"postgresql://{who}@{place}/{database}{query}"
