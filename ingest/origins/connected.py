"""What is read through a connection, and as files: the tables of a database, an API."""

from __future__ import annotations

import io
from abc import abstractmethod
from collections.abc import Callable

from ingest.contract.connections import DatabaseTable
from ingest.contract.feeds import Feed
from ingest.contract.file_errors import UnreadableFileError
from ingest.origins.inbox import InboxFile
from ingest.origins.origin import Origin
from ingest.raw.ledger import Ledger

Tell = Callable[[str, bool], None]
"""Told what a connection does: the text, and whether it waits for the server."""


class ConnectedOrigin(Origin):
    """What one connection leads to, or one branch of it."""

    branch: str | None = None
    """The branch whose database it is, where each branch has its own."""

    @abstractmethod
    def files(self, feed: Feed, ledger: Ledger) -> list[InboxFile]:
        """The files to read for a feed now. Raises UnreadableFileError."""

    @abstractmethod
    def close(self) -> None:
        """Discard what was buffered."""

    def whole_path(self, feed: Feed) -> str:
        """The path in the ledger of all that it has of a feed."""
        spec = feed.connected
        assert spec is not None, "a feed without a connection is not read through one"
        return (
            spec.whole_path_of(self.branch) if isinstance(spec, DatabaseTable) else spec.whole_path
        )


class UnusableOrigin(ConnectedOrigin):
    """A database that cannot be read because of its settings. `reason`: what is wrong with them."""

    def __init__(self, branch: str | None, reason: str) -> None:
        self.branch = branch
        self._reason = reason

    def files(self, feed: Feed, ledger: Ledger) -> list[InboxFile]:
        """Raise UnreadableFileError with the reason."""
        raise UnreadableFileError(self._reason)

    def open(self, key: str) -> io.RawIOBase:
        """Raise UnreadableFileError with the reason."""
        raise UnreadableFileError(self._reason)

    def fingerprint(self, key: str) -> str | None:
        """Return None: it has no files."""
        return None

    def close(self) -> None:
        """Do nothing: nothing was buffered."""
