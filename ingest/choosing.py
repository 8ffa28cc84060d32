"""Which files a load reads: those that are not in the ledger, in load order."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Literal, TypeVar

from ingest.cards import CardTokens, mask_text
from ingest.contract.connections import branches_variable_of, variable_of
from ingest.contract.feeds import Feed
from ingest.contract.file_errors import UnreadableFileError
from ingest.contract.file_names import FileIdentity, FileNameError
from ingest.origins.addresses import Connections
from ingest.origins.connected import ConnectedOrigin, UnusableOrigin
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
    messages: list[str] = field(default_factory=list)
    """About databases that were read before and are not any more."""


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
        if connections is not None:
            choice.messages += self._no_longer_read(feeds, connections)
        for feed_name, folder in listing.closed:
            reason = "permission denied for the folder; change its permissions"
            choice.outcomes.append(_not_taken(feed_name, folder, "failed", reason))
        for feed_name, path in listing.unfinished:
            reason = "its name says that it is still being written; a later load reads it"
            path = self._mask(path)
            choice.outcomes.append(_not_taken(feed_name, path, "postponed", reason))
        others = self._others(feeds, listing, choice)
        # A full-state file is compared with the portions of the same rows.
        self._ledger.read_rest_of(
            {feed.name for feed in feeds if others[feed.name] and feed.has_files_or_portions}
        )
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
            {
                (one.feed.name, one.identity.logical_file)
                for one in choice.candidates
                # A file of changed rows is a new one.
                if one.file.changes is None
            }
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
        if last == sha256 and candidate.file.logical_file is not None:
            # What is read again after it was withdrawn; of files, only other content is.
            current = self._ledger.current(feed, candidate.identity.logical_file)
            is_withdrawn = current is not None and not current.rows
            return is_withdrawn and self._ledger.status_of(feed, path, sha256) == "superseded"
        return last != sha256 and self._ledger.status_of(feed, path, sha256) is not None

    def _connected(
        self, feed: Feed, connections: Connections | None, choice: Choice
    ) -> list[InboxFile]:
        """The files that are read through a feed's connection, if it has one."""
        origins = () if connections is None else connections.of(feed)
        if not origins:
            return []
        if feed.connected is None or feed.connected.watermark is None:
            self._ledger.read_all_of([feed.name])
        files: list[InboxFile] = []
        for origin in origins:
            try:
                files += origin.files(feed, self._ledger)
            except UnreadableFileError as error:
                failed = _not_taken(
                    feed.name,
                    self._mask(origin.whole_path(feed)),
                    "failed",
                    str(error),
                    None if origin.branch is None else self._mask(origin.branch),
                )
                choice.outcomes.append(failed)
        files = [self._at_free_path(feed, file) for file in files]
        if not isinstance(self._retry, bool):
            mask, has_any_of = self._mask, self._ledger.has_any_of
            files = [file for file in files if has_any_of(feed.name, mask(file.path), self._retry)]
        choice.total += len(files)
        return files

    def _at_free_path(self, feed: Feed, file: InboxFile) -> InboxFile:
        """A file of changed rows at a path that nothing was loaded from: it adds to what was loaded
        since the same watermark, and supersedes nothing."""
        if file.changes is None:
            return file
        stem, _, ending = file.path.rpartition(".")

        def path(number: int) -> str:
            return f"{stem}-{number}.{ending}" if number > 1 else file.path

        def is_taken(number: int) -> bool:
            return self._ledger.has_current(feed.name, self._mask(path(number)))

        # There may be thousands, numbered without gaps.
        taken, free = 0, 1
        while is_taken(free):
            taken, free = free, 2 * free
        while free - taken > 1:
            middle = (taken + free) // 2
            taken, free = (middle, free) if is_taken(middle) else (taken, middle)
        return replace(file, path=path(free), name=path(free), logical_file=path(free))

    def _no_longer_read(self, feeds: Sequence[Feed], connections: Connections) -> Iterator[str]:
        """A message about each branch of a connection that was read before and is not any more."""
        left: dict[tuple[str, str], set[str]] = {}
        for feed in feeds:
            spec, origins = feed.database, connections.of(feed)
            if spec is None or not spec.branches or any(map(_is_of_unknown_branch, origins)):
                continue
            read = {origin.branch for origin in origins}
            self._ledger.read_rest_of([feed.name] if read else ())
            for path in self._ledger.current_paths(feed.name, with_rows=True) if read else ():
                branch = spec.branch_in(path)
                if branch is None or (branch or None) in read:
                    continue
                # A folder of a branch has all of its tables.
                folder = spec.branch_folder(branch) if branch else spec.place_of(path)
                left.setdefault((spec.connection, branch), set()).add(folder)
        for (connection, branch), folders in sorted(left.items()):
            variable = branches_variable_of(connection) if branch else variable_of(connection)
            yield (
                f"Rows of the database {connection} ({branch or 'without a branch'}) stay as they"
                f" were loaded, because {variable} does not name it any more. If it has another"
                " name now, its rows count twice until you withdraw these: branchline withdraw"
                f" {' '.join(sorted(folders))}"
            )

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
            identity = FileIdentity(
                logical_file=mask(file.logical_file),
                branch=None if file.branch is None else mask(file.branch),
            )
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
    feed: str,
    path: str,
    status: Literal["failed", "postponed"],
    reason: str,
    branch: str | None = None,
) -> FileOutcome:
    return FileOutcome(path, feed, branch, None, status, reason=reason)


def _is_of_unknown_branch(origin: ConnectedOrigin) -> bool:
    """Whether its settings are wrong, so that they do not say which branches are read."""
    return isinstance(origin, UnusableOrigin) and origin.branch is None
