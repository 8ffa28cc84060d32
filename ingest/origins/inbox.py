"""The inbox: what lies in it, and which feed claims what.

What differs between a folder, S3 and SFTP is in the modules beside this one; how files are
unpacked, in formats/archives.py.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import BinaryIO

from base.errors import BranchlineError
from ingest.cards import mask_text
from ingest.contract.feeds import Feed, FeedContract
from ingest.formats.archives import unpacked, unpacked_name
from ingest.origins.opening import open_origin
from ingest.origins.origin import Entry, ListedOrigin, Origin

CHUNK = 1 << 20

_UPLOADING = re.compile(
    r"(?:\.(?:part|tmp|filepart|crdownload|partial|uploading)|~)$", re.IGNORECASE
)
_RSYNC = re.compile(r"(?<=.)\.[0-9A-Za-z]{6}$")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


@dataclass(frozen=True)
class Bounds:
    """Which rows a portion of a table holds that is read by a cursor.

    Those `after` one value (None: from the first row) `upto` another, which is the portion's end.
    """

    after: str | None
    upto: str


@dataclass(frozen=True)
class InboxFile:
    """One file of the inbox, or one that a table of a database is read as."""

    path: str
    """Relative to the inbox, with forward slashes, as it lies there."""
    name: str
    """The same without .gz or .zip: what feeds and their rules for file names are held against."""
    size: int
    """Bytes as they are stored."""
    modified_at: datetime
    fingerprint: str
    """Differs whenever the stored bytes may differ."""
    settled: bool
    """False: changed so lately that it may still be being written, or that one more change would
    not show in the fingerprint. Then the content decides."""
    origin: Origin = field(repr=False, compare=False)
    key: str = field(repr=False, compare=False)
    is_state: bool = False
    """It holds what is so now: what it held before, and holds again, counts again."""
    logical_file: str | None = None
    """What it is a version of, where the origin says so; else its name does."""
    bounds: Bounds | None = None
    """Set where it is a portion of a table."""

    def open(self) -> BinaryIO:
        """The bytes, unpacked as a stream.

        It and reading from it raise UnreadableFileError and UnusableFileError.
        """
        return unpacked(self.origin.open(self.key), self.path, self.size)

    def stored_hash(self) -> str:
        """The sha256 of the bytes as they are stored, for an archive that cannot be unpacked.

        Raises UnreadableFileError.
        """
        hasher = hashlib.sha256()
        with self.origin.open(self.key) as stream:
            while chunk := stream.read(CHUNK):
                hasher.update(chunk)
        return hasher.hexdigest()

    def has_changed(self) -> bool:
        """Whether the file is another than the one that was listed. Raises UnreadableFileError."""
        return not self.origin.replaces_whole and self.fingerprint_now() != self.fingerprint

    def fingerprint_now(self) -> str | None:
        """Ask the origin for the fingerprint; None when the file is gone.

        Raises UnreadableFileError.
        """
        return self.origin.fingerprint(self.key)


@dataclass(frozen=True)
class Listing:
    """What lies in an inbox: files per feed, and paths that no feed claims."""

    claimed: dict[str, list[InboxFile]]
    unclaimed: list[str]
    closed: list[tuple[str, str]]
    """(feed, folder) where this user may not look; files of the feed may lie in there."""
    unfinished: list[tuple[str, str]] = field(default_factory=list)
    """(feed, path) of files whose name says that they are still being sent."""
    switched_off: dict[str, list[str]] = field(default_factory=dict)
    """Paths of files of sources that are not listed, by source."""
    outside: list[str] = field(default_factory=list)
    """Links that lead out of the inbox and are not followed."""

    @property
    def total(self) -> int:
        """Number of claimed files."""
        return sum(len(files) for files in self.claimed.values())


def list_inbox(inbox: str | None, feeds: FeedContract, chosen: Sequence[Feed]) -> Listing:
    """Find the files of the chosen feeds.

    `inbox`: a folder, s3://bucket/folder or sftp://host/folder, or None where there is none;
    credentials come from dlt's configuration, never from the address. Raises BranchlineError when
    it cannot be listed.
    """
    if inbox is None:
        return Listing({feed.name: [] for feed in chosen}, [], [])
    origin = open_origin(inbox)
    # Asked for once: to ask a feed for its name takes longer than to list a file.
    claims = [(feed.name, feed.claims) for feed in feeds]
    claims_off = [(feed.source, feed.claims) for feed in feeds.switched_off.values()]
    listing = Listing({feed.name: [] for feed in chosen}, [], [])
    for entry in origin.entries():
        path = _writable(entry.path)
        if _is_clutter(path):
            continue
        finished = _finished_path(path)
        name = unpacked_name(path if finished is None else finished)
        owners = [feed for feed, claim in claims if claim(name)]
        if len(owners) > 1:
            raise BranchlineError(
                f"{mask_text(path)} is claimed by the feeds {' and '.join(owners)}.",
                "Make their 'files' patterns in the feed file exclude each other.",
            )
        if not owners:
            # Hidden files that are nobody's are the business of the system that made them.
            if not path.rpartition("/")[2].startswith("."):
                off = next((source for source, claim in claims_off if claim(name)), None)
                others = listing.unclaimed
                if off is not None:
                    others = listing.switched_off.setdefault(off, [])
                others.append(mask_text(path))
        elif owners[0] not in listing.claimed:
            continue
        elif finished is None:
            is_state = feeds.feeds[owners[0]].snapshot
            listing.claimed[owners[0]].append(_file(entry, path, name, is_state, origin))
        else:
            listing.unfinished.append((owners[0], mask_text(path)))
    for paths in (listing.unclaimed, *listing.switched_off.values()):
        paths.sort()
    listing.unfinished.sort()
    listing.closed.extend(_closed(origin.closed, chosen))
    listing.outside.extend(sorted(mask_text(_writable(path)) for path in origin.outside))
    return listing


def _file(entry: Entry, path: str, name: str, is_state: bool, origin: ListedOrigin) -> InboxFile:
    try:
        modified_at = datetime.fromtimestamp(entry.modified, timezone.utc)
    except (OverflowError, ValueError, OSError):
        modified_at = _EPOCH
    return InboxFile(
        path,
        name,
        entry.size,
        modified_at,
        entry.fingerprint,
        entry.settled,
        origin,
        entry.key,
        is_state=is_state,
    )


def _writable(path: str) -> str:
    """A path that a database can hold and a terminal can show, whatever bytes a name is made of."""
    if path.isascii() and path.isprintable():
        return path
    path = _CONTROL.sub(lambda sign: f"\\x{ord(sign.group()):02x}", path)
    return path.encode("utf-8", "backslashreplace").decode("utf-8")


def _is_clutter(path: str) -> bool:
    """Tell whether it lies in a hidden folder, or holds what macOS notes about another file."""
    folder, _, name = path.rpartition("/")
    return "/." in f"/{folder}" or name[:2] == "._"


def _finished_path(path: str) -> str | None:
    """The path that a file still being sent will have; None when its name is its last one."""
    folder, slash, name = path.rpartition("/")
    if name[:1] != "." and not _UPLOADING.search(name):
        return None
    finished = _UPLOADING.sub("", name)
    if finished.startswith("."):
        finished = _RSYNC.sub("", finished[1:]) if finished == name else finished[1:]
    return f"{folder}{slash}{finished}"


def _closed(folders: Sequence[str], feeds: Sequence[Feed]) -> Iterator[tuple[str, str]]:
    for folder in sorted(folders):
        for feed in feeds:
            if feed.files is None:
                continue
            inside = folder.startswith(feed.folder) or feed.folder in ("./", folder)
            if inside or feed.folder.startswith(folder):
                yield feed.name, mask_text(_writable(folder))
