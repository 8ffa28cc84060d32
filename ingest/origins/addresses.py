"""Which of the feeds' connections are configured, and their addresses and keys.

database.py and rest_api.py read through them; they are imported on first use, as dlt is.
"""

from __future__ import annotations

import os
import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from base.quiet import hush_dlt
from base.words import listed
from ingest.contract.apis import ApiResource
from ingest.contract.connections import (
    DatabaseTable,
    branch_key,
    branches_variable_of,
    key_variable_of,
    variable_of,
)
from ingest.contract.feeds import Feed
from ingest.origins.connected import ConnectedOrigin, Tell, UnusableOrigin

_PORTS = {"postgresql": 5432, "mysql": 3306, "mssql": 1433}
_SAME_KIND = {"postgres": "postgresql", "mariadb": "mysql"}


@dataclass(frozen=True)
class DatabasePlace:
    """The database of a connection, or that of one of its branches.

    `variable`: the environment variable for its address; `fault`: why it cannot be read, if its
    settings are wrong.
    """

    branch: str | None
    variable: str
    address: str | Mapping[str, Any] | None = field(default=None, repr=False)
    fault: str | None = None


def database_places(spec: DatabaseTable) -> list[DatabasePlace]:
    """The databases of a feed's connection as they are configured now; empty if none is.

    The one that the connection's own variable names comes first; it belongs to no branch.
    """
    places = [
        DatabasePlace(None, variable_of(spec.connection), address)
        for address in (_address(spec.connection, None),)
        if address is not None
    ]
    return _told_apart([*places, *_of_branches(spec)]) if spec.branches else places


def _address(connection: str, branch: str | None) -> str | Mapping[str, Any] | None:
    place = f"sources.sql_database.{connection}.{f'{branch}.' if branch else ''}credentials"
    return _variable(variable_of(connection, branch)) or _from_dlt(place)


def _of_branches(spec: DatabaseTable) -> list[DatabasePlace]:
    """The databases of the branches that are listed."""
    variable = branches_variable_of(spec.connection)
    given = _variable(variable) or _from_dlt(
        f"sources.sql_database.{spec.connection}.branches", is_secret=False
    )
    if given is None:
        return []
    names = given.split(",") if isinstance(given, str) else [str(name) for name in given]
    names = [name.strip() for name in names if name.strip()]
    if not names:
        fault = f"{variable} names no branch; list them, such as haifa, jaffa north"
        return [DatabasePlace(None, variable, fault=fault)]
    places: dict[str, DatabasePlace] = {}
    for name in names:
        branch = branch_key(name)
        if branch is None:
            fault = (
                f"'{name}' in {variable} cannot be a branch: use letters from a to z, digits,"
                " spaces, hyphens and underscores"
            )
            places[name] = DatabasePlace(None, variable, fault=fault)
        elif branch in places:
            fault = f"{variable} names the branch {branch} twice"
            places[branch] = DatabasePlace(branch, variable, fault=fault)
        else:
            places[branch] = _of_branch(spec.connection, branch, variable)
    return list(places.values())


def _of_branch(connection: str, branch: str, names: str) -> DatabasePlace:
    variable, address = variable_of(connection, branch), _address(connection, branch)
    fault = None
    if address is None:
        fault = f"{variable} is not set, but {names} names the branch {branch}"
    return DatabasePlace(branch, variable, address, fault)


def _told_apart(places: Sequence[DatabasePlace]) -> list[DatabasePlace]:
    """The same places; those that lead to one database are faulty: its rows would count twice."""
    same = defaultdict[object, list[DatabasePlace]](list)
    for place in places:
        if place.fault is None:
            same[_database_of(place.address)].append(place)
    found = []
    for place in places:
        twins = [] if place.fault is not None else same[_database_of(place.address)]
        if len(twins) > 1:
            variables = listed([twin.variable for twin in twins])
            fault = f"{variables} name the same database, and its rows would count twice"
            place = replace(place, fault=fault)
        found.append(place)
    return found


def _database_of(address: str | Mapping[str, Any] | None) -> object:
    """What identifies a database in its address; the address itself if it cannot be parsed."""
    if not isinstance(address, str):
        return tuple(
            sorted((name, str(value)) for name, value in (address or {}).items()
                   if name != "password")
        )  # fmt: skip
    try:
        parts = urlsplit(address)
        scheme = parts.scheme.lower().partition("+")[0]
        kind = _SAME_KIND.get(scheme, scheme)
        port = parts.port or _PORTS.get(kind)
        host = "127.0.0.1" if parts.hostname == "localhost" else parts.hostname
        options = sorted(pair for pair in parse_qsl(parts.query) if pair[0] != "password")
    except ValueError:
        return address
    return kind, host, port, parts.path, parts.username, tuple(options)


def configured_api(connection: str) -> tuple[str, str | None] | None:
    """The base URL and the key of an API, found in the same way; None if there is no URL."""
    place = f"sources.rest_api.{connection}"
    url = _variable(variable_of(connection)) or _from_dlt(f"{place}.base_url", is_secret=False)
    if not url:
        return None
    key = _variable(key_variable_of(connection)) or _from_dlt(f"{place}.api_key")
    return str(url), None if key is None else str(key).strip()


def unset_variables(feeds: Iterable[Feed]) -> list[str]:
    """The variables for the addresses of these feeds' connections that are not set."""
    specs = {spec.connection: spec for feed in feeds if (spec := feed.connected) is not None}
    return [unset for spec in specs.values() if (unset := unset_variable(spec)) is not None]


def unset_variable(spec: DatabaseTable | ApiResource) -> str | None:
    """The variable that names a feed's connection; None if the connection is configured."""
    variable = variable_of(spec.connection)
    if isinstance(spec, ApiResource):
        return None if configured_api(spec.connection) is not None else variable
    if database_places(spec):
        return None
    return f"{variable} or {branches_variable_of(spec.connection)}" if spec.branches else variable


def is_read_now(feeds: Iterable[Feed], path: str) -> bool:
    """Whether a load would read the table or the resource at a path of the ledger."""
    for feed in feeds:
        if feed.api is not None and feed.api.has_path(path):
            return configured_api(feed.api.connection) is not None
        if feed.database is not None:
            spec = feed.database
            if any(spec.has_path(path, place.branch) for place in database_places(spec)):
                return True
    return False


def unlisted_branches(feeds: Iterable[Feed]) -> list[str]:
    """A message about each connection with addresses of branches that are not listed."""
    specs = {
        feed.database.connection: feed.database
        for feed in feeds
        if feed.database is not None and feed.database.branches
    }
    messages = []
    for connection, spec in specs.items():
        prefix = f"{variable_of(connection)}_"
        given = sorted(name for name in os.environ if name.upper().startswith(prefix))
        # What is listed is not asked for unless there is something to compare it with.
        read = {place.variable for place in database_places(spec)} if given else set()
        unread = [name for name in given if name not in read and _variable(name)]
        if unread:
            messages.append(
                f"Not read, because {branches_variable_of(connection)} does not name the branch:"
                f" the database in {listed(unread)}."
            )
    return messages


def _variable(name: str) -> str | None:
    return os.environ.get(name, "").strip() or None


def _from_dlt(field: str, *, is_secret: bool = True) -> Any:
    """A value of dlt's configuration, which includes vaults; a secret is not in config.toml."""
    if not _is_dlt_configured():
        return None
    hush_dlt()
    import dlt

    found: Any = dlt.secrets.get(field)
    return dlt.config.get(field) if found is None and not is_secret else found


def _is_dlt_configured() -> bool:
    """Whether dlt may know a value: to ask it takes a second, for its import."""
    if "dlt" in sys.modules:
        return True
    prefixes = ("SOURCES__", "PROVIDERS__", "AIRFLOW")
    if any(name.upper().startswith(prefixes) for name in os.environ):
        return True
    return any(_holds_settings(folder) for folder in _dlt_folders())


def _dlt_folders() -> Iterable[Path]:
    name = os.environ.get("DLT_CONFIG_FOLDER", ".dlt")
    yield Path(os.environ.get("DLT_PROJECT_DIR", ".")) / name
    yield Path(os.environ.get("DLT_DATA_DIR", "/var/dlt"))
    yield Path(os.environ.get("HOME", "/nonexistent")) / ".dlt"
    yield Path(os.environ.get("XDG_DATA_HOME", "/nonexistent")) / "dlt"


def _holds_settings(folder: Path) -> bool:
    try:
        return any(folder.glob("*.toml"))
    except OSError:
        return False


class Connections:
    """The feeds' databases and APIs, each opened when the first of its feeds is read."""

    def __init__(self, tell: Tell | None = None, *, compare_all: bool = False) -> None:
        """`compare_all`: compare watermarked tables as a whole, whenever that was done last."""
        self._tell = tell
        self._compare_all = compare_all
        self._open: dict[str, list[ConnectedOrigin]] = {}

    def of(self, feed: Feed) -> Sequence[ConnectedOrigin]:
        """What a feed reads through its connection: of each branch, where branches have databases
        of their own. Empty if the feed has no connection, or it is not configured."""
        spec = feed.connected
        if spec is None:
            return ()
        if spec.connection not in self._open:
            self._open[spec.connection] = (
                _databases(spec, compare_all=self._compare_all)
                if isinstance(spec, DatabaseTable)
                else _api(spec, self._tell)
            )
        return self._open[spec.connection]

    def any_of(self, feeds: Sequence[Feed]) -> bool:
        """Whether one of these feeds has a configured connection."""
        return any(self.of(feed) for feed in feeds)

    def close(self) -> None:
        """Discard what was buffered."""
        for origins in self._open.values():
            for origin in origins:
                origin.close()


def _databases(spec: DatabaseTable, *, compare_all: bool) -> list[ConnectedOrigin]:
    return [
        _database(spec.connection, place, compare_all=compare_all)
        for place in database_places(spec)
    ]


def _database(connection: str, place: DatabasePlace, *, compare_all: bool) -> ConnectedOrigin:
    if place.fault is not None or place.address is None:
        return UnusableOrigin(place.branch, place.fault or f"{place.variable} is not set")
    from ingest.origins.database import SourceDatabase  # takes a while to import

    return SourceDatabase(connection, place.address, place.branch, compare_all=compare_all)


def _api(spec: ApiResource, tell: Tell | None) -> list[ConnectedOrigin]:
    configured = configured_api(spec.connection)
    if configured is None:
        return []
    from ingest.origins.rest_api import RestApi  # likewise

    return [RestApi(spec.connection, *configured, tell)]
