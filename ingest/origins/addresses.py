"""Which of the feeds' connections are configured, and their addresses and keys.

database.py and rest_api.py read through them; they are imported on first use, as dlt is.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ingest.contract.apis import ApiResource
from ingest.contract.connections import DatabaseTable, key_variable_of, variable_of
from ingest.contract.feeds import Feed
from ingest.origins.connected import ConnectedOrigin, Tell
from ingest.raw.quiet import hush_dlt


def configured_address(connection: str) -> str | Mapping[str, Any] | None:
    """The address of a database, from its variable or dlt's configuration; None if unset."""
    return _variable(variable_of(connection)) or _from_dlt(
        f"sources.sql_database.{connection}.credentials"
    )


def configured_api(connection: str) -> tuple[str, str | None] | None:
    """The base URL and the key of an API, found in the same way; None if there is no URL."""
    place = f"sources.rest_api.{connection}"
    url = _variable(variable_of(connection)) or _from_dlt(f"{place}.base_url", is_secret=False)
    if not url:
        return None
    key = _variable(key_variable_of(connection)) or _from_dlt(f"{place}.api_key")
    return str(url), None if key is None else str(key).strip()


def is_configured(spec: DatabaseTable | ApiResource) -> bool:
    """Whether the address of a feed's connection is set, in its variable or for dlt."""
    configured = configured_address if isinstance(spec, DatabaseTable) else configured_api
    return configured(spec.connection) is not None


def unset_variables(feeds: Iterable[Feed]) -> list[str]:
    """The variables for the addresses of these feeds' connections that are not set."""
    specs = {spec.connection: spec for feed in feeds if (spec := feed.connected) is not None}
    return [variable_of(name) for name, spec in specs.items() if not is_configured(spec)]


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

    def __init__(self, tell: Tell | None = None) -> None:
        self._tell = tell
        self._open: dict[str, ConnectedOrigin | None] = {}

    def of(self, feed: Feed) -> ConnectedOrigin | None:
        """What a feed reads through its connection; None if that is missing or not configured."""
        spec = feed.connected
        if spec is None:
            return None
        if spec.connection not in self._open:
            opened = _database if isinstance(spec, DatabaseTable) else _api
            self._open[spec.connection] = opened(spec.connection, self._tell)
        return self._open[spec.connection]

    def any_of(self, feeds: Sequence[Feed]) -> bool:
        """Whether one of these feeds has a configured connection."""
        return any(self.of(feed) is not None for feed in feeds)

    def close(self) -> None:
        """Discard what was buffered."""
        for origin in self._open.values():
            if origin is not None:
                origin.close()


def _database(name: str, _: Tell | None) -> ConnectedOrigin | None:
    address = configured_address(name)
    if address is None:
        return None
    from ingest.origins.database import SourceDatabase  # takes a while to import

    return SourceDatabase(name, address)


def _api(name: str, tell: Tell | None) -> ConnectedOrigin | None:
    configured = configured_api(name)
    if configured is None:
        return None
    from ingest.origins.rest_api import RestApi  # likewise

    return RestApi(name, *configured, tell)
