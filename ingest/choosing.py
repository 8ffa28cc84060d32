"""Which files a load reads: those that are not in the ledger, in load order."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Literal, TypeVar

from ingest.cards import CardTokens, mask_text
from ingest.contract.feeds import Feed
from ingest.contract.file_errors import UnreadableFileError
from ingest.contract.file_names import FileIdentity, FileNameError
from ingest.origins.addresses import Connections
from ingest.origins.inbox import InboxFile, Listing
from ingest.origins.origin import Entry
from ingest.raw.ledger import MOST_LOOKED_UP, Ledger
from ingest.report import FileOutcome

Listed = TypeVar("Listed", Entry, InboxFile)
Retry = bool | Collection[int]
"""Which quarantined files are retried: none, all, or only those of these ledger ids."""


@dataclass(frozen=True)
class Candidate:
    """A file that is not known by its name and fingerprint."""

    feed: Feed
    file: InboxFile
    identity: FileIdentity
    path: str
    """The path with card numbers masked."""
    misnamed: str | None

    def order(self) -> tuple[object, ...]:
        """Older versions first: by the name's time, then the file's, then the path."""
        day, time_in_name = self.identity.age
        logical_file = self.identity.logical_file
        return (day, logical_file, time_in_name, self.file.modified_at, self.path)


@dataclass
class Choice:
    """The files that a load reads. `outcomes`: of those that cannot be read, or not yet."""

    candidates: list[Candidate] = field(default_factory=list)
    outcomes: list[FileOutcome] = field(default_factory=list)
    total: int = 0
    """Files, tables and resources of APIs, known ones among them."""
    known: int = 0
    quarantined: int = 0
    """How many of the known ones are in quarantine."""


class Selection:
    """Selects, by the ledger, which files are looked at and which contents are read."""

    def __init__(self, ledger: Ledger, cards: CardTokens, retry: Retry) -> None:
        self._ledger = ledger
        self._mask = cache(cards.mask_path)
        self._retry = retry

    def choose(
        self, feeds: Sequence[Feed], listing: Listing, connections: Connections | None
    ) -> Choice:
        """The files to look at: those of a listing, and of connections where there are any."""
        choice = Choice(total=listing.total)
        connected = {feed.name: self._connected(feed, connections, choice) for feed in feeds}
        for feed_name, folder in listing.closed:
            reason = "permission denied for the folder; change its permissions"
            choice.outcomes.append(_not_taken(feed_name, folder, "failed", reason))
        for feed_name, path in listing.unfinished:
            reason = "its name says that it is still being written; a later load reads it"
            path = self._mask(path)
            choice.outcomes.append(_not_taken(feed_name, path, "postponed", reason))
        others = self._others(feeds, listing, choice)
        for feed in feeds:
            candidates = [
                self._candidate(feed, listing.file(feed, entry), path)
                for entry, path in self._unknown(feed, others[feed.name], choice)
            ]
            choice.candidates += sorted(candidates, key=Candidate.order)
            # Table portions come after the files, in their own order.
            choice.candidates += [
                self._candidate(feed, file, path)
                for file, path in self._unknown(feed, connected[feed.name], choice)
            ]
        self._ledger.look_up_versions(
            {(one.feed.name, one.identity.logical_file) for one in choice.candidates}
        )
        return choice

    def _others(
        self, feeds: Sequence[Feed], listing: Listing, choice: Choice
    ) -> dict[str, list[Entry]]:
        """By feed: the files of the listing that are not done. What the ledger has of their paths
        is looked up."""
        others = {}
        for feed in feeds:
            # Nearly all files of a long history are done with: no call for each.
            listed, done = listing.claimed[feed.name], self._ledger.done(feed.name)
            others[feed.name] = [
                entry
                for entry in listed
                if done.get(entry.path) != entry.fingerprint or not entry.settled
            ]
            choice.known += len(listed) - len(others[feed.name])
        found = [(name, entry.path) for name, entries in others.items() for entry in entries]
        if len(found) > MOST_LOOKED_UP:
            self._ledger.read_all_of({name for name, _ in found})
        else:
            self._ledger.look_up_paths(found)
            self._ledger.look_up_paths(
                {
                    (name, self._mask(path))
                    for name, path in found
                    if self._ledger.last_content(name, path) is None
                }.difference(found)
            )
        return others

    def is_to_be_read(self, feed: str, path: str, sha256: str) -> bool:
        """Whether this content under this path is new, or is to be retried."""
        status = self._ledger.status_of(feed, path, sha256)
        if isinstance(self._retry, bool):
            return status is None or (self._retry and status == "quarantined")
        return self._ledger.quarantined_as(feed, path, sha256) in self._retry

    def came_back(self, candidate: Candidate, sha256: str) -> bool:
        """Whether a snapshot has returned to an earlier content."""
        if not candidate.file.is_state:
            return False
        feed, path = candidate.feed.name, candidate.path
        last = self._ledger.last_content(feed, path)
        if last is None:
            return self._ledger.status_of(feed, path, sha256) == "superseded"
        return last != sha256 and self._ledger.status_of(feed, path, sha256) is not None

    def _connected(
        self, feed: Feed, connections: Connections | None, choice: Choice
    ) -> list[InboxFile]:
        """The files that are read through a feed's connection, if it has one."""
        origin = None if connections is None else connections.of(feed)
        if origin is None or feed.connected is None:
            return []
        self._ledger.read_all_of([feed.name])
        try:
            files = origin.files(feed, self._ledger)
        except UnreadableFileError as error:
            path = self._mask(feed.connected.whole_path)
            choice.outcomes.append(_not_taken(feed.name, path, "failed", str(error)))
            return []
        if not isinstance(self._retry, bool):
            mask, has_any_of = self._mask, self._ledger.has_any_of
            files = [file for file in files if has_any_of(feed.name, mask(file.path), self._retry)]
        choice.total += len(files)
        return files

    def _unknown(
        self, feed: Feed, listed: Iterable[Listed], choice: Choice
    ) -> Iterator[tuple[Listed, str]]:
        """Those of a feed whose fingerprints are not in the ledger, with their masked paths."""
        name, mask = feed.name, self._mask
        for item in listed:
            # The ledger contains masked paths only, so a path found in it has no card number.
            # The search for card numbers would take most of the time spent on a known file.
            path = item.path
            sha256 = self._noted(name, path, item)
            if sha256 is None:
                path = mask(item.path)
                sha256 = self._noted(name, path, item) if path != item.path else None
            if sha256 is None or self.is_to_be_read(name, path, sha256):
                yield item, path if sha256 is None else mask(item.path)
            else:
                choice.known += 1
                choice.quarantined += self._ledger.status_of(name, path, sha256) == "quarantined"

    def _noted(self, feed: str, path: str, file: Entry | InboxFile) -> str | None:
        """The sha256 that the ledger knows the file by, without reading it."""
        return self._ledger.content_at(feed, path, file.fingerprint) if file.settled else None

    def _candidate(self, feed: Feed, file: InboxFile, path: str) -> Candidate:
        mask = self._mask
        if file.logical_file is not None:
            identity = FileIdentity(logical_file=mask(file.logical_file))
            return Candidate(feed, file, identity, path, None)
        try:
            identity = feed.identify(file.name)
        except FileNameError as error:
            unknown = FileIdentity(logical_file=path)
            return Candidate(feed, file, unknown, path, mask_text(str(error)))
        identity = replace(
            identity,
            logical_file=mask(identity.logical_file),
            branch=None if identity.branch is None else mask(identity.branch),
        )
        return Candidate(feed, file, identity, path, None)


def _not_taken(
    feed: str, path: str, status: Literal["failed", "postponed"], reason: str
) -> FileOutcome:
    return FileOutcome(path, feed, None, None, status, reason=reason)
