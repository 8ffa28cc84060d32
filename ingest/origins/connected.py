"""What is read through a connection, and as files: the tables of a database, an API."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable

from ingest.contract.feeds import Feed
from ingest.origins.inbox import InboxFile
from ingest.origins.origin import Origin
from ingest.raw.ledger import Ledger

Tell = Callable[[str, bool], None]
"""Told what a connection does: the text, and whether it waits for the server."""


class ConnectedOrigin(Origin):
    """What one connection leads to."""

    @abstractmethod
    def files(self, feed: Feed, ledger: Ledger) -> list[InboxFile]:
        """The files to read for a feed now. Raises UnreadableFileError."""

    @abstractmethod
    def close(self) -> None:
        """Discard what was buffered."""
