"""Which of the feeds' databases are configured, and their addresses.

database.py reads them; it is imported on first use.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ingest.contract.feeds import Feed
from ingest.raw.quiet import hush_dlt

if TYPE_CHECKING:
    from ingest.origins.database import SourceDatabase
from ingest.contract.feeds import variable_of


def configured_address(connection: str) -> str | Mapping[str, Any] | None:
    """The address of a connection, from its variable or dlt's configuration; None if unset."""
    address = os.environ.get(variable_of(connection), "").strip()
    if address:
        return address
    hush_dlt()
    import dlt

    found: str | Mapping[str, Any] | None = dlt.secrets.get(
        f"sources.sql_database.{connection}.credentials"
    )
    return found


class SourceDatabases:
    """The feeds' databases, each opened when the first of its tables is needed."""

    def __init__(self) -> None:
        self._open: dict[str, SourceDatabase | None] = {}

    def of(self, feed: Feed) -> SourceDatabase | None:
        """The database of a feed; None if it has none, or its connection is not configured."""
        if feed.database is None:
            return None
        name = feed.database.connection
        if name not in self._open:
            address = configured_address(name)
            if address is None:
                self._open[name] = None
            else:
                from ingest.origins.database import SourceDatabase  # takes a while to import

                self._open[name] = SourceDatabase(name, address)
        return self._open[name]

    def any_of(self, feeds: Sequence[Feed]) -> bool:
        """Whether one of these feeds has a configured database."""
        return any(self.of(feed) is not None for feed in feeds)

    def close(self) -> None:
        """Discard the buffered tables."""
        for database in self._open.values():
            if database is not None:
                database.close()
