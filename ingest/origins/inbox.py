"""The inbox: its files, and which feed claims which.

folder.py, s3.py and sftp.py hold what differs between origins; formats/archives.py unpacks.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import BinaryIO

from base.errors import BranchlineError
from ingest.cards import mask_text
from ingest.contract.feeds import Feed, FeedContract
from ingest.formats.archives import (
    name_as_csv,
    name_in,
    nearly_claims,
    unpacked,
    unpacked_name,
)
from ingest.formats.extraction import Extraction, LastExtracted
from ingest.origins.opening import open_origin
from ingest.origins.origin import Entry, ListedOrigin, Origin
from ingest.raw.watermarks import Changes

CHUNK = 1 << 20

_UPLOADING = (".part", ".tmp", ".filepart", ".crdownload", ".partial", ".uploading", "~")
_RSYNC = re.compile(r"(?<=.)\.[0-9A-Za-z]{6}$")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


@dataclass(frozen=True)
class Bounds:
    """The range of cursor values of a portion of a table.

    `after`: exclusive, None from the first row on; `up_to`: inclusive.
    """

    after: str | None
    up_to: str


@dataclass(frozen=True)
class InboxFile:
    """One file of the inbox, or one made of a database table."""

    path: str
    """Relative to the inbox, with forward slashes."""
    name: str
    """The path without .gz or .zip: feeds match their patterns and file names with it. That of a
    workbook may end in .csv."""
    size: int
    """Bytes as stored."""
    modified_at: datetime
    fingerprint: str
    """Changes whenever the stored bytes may have changed."""
    settled: bool
    """False: changed so recently that it may still be being written, or that another change would
    not change the fingerprint. Then the content decides."""
    origin: Origin = field(repr=False, compare=False)
    key: str = field(repr=False, compare=False)
    is_state: bool = False
    """It is a snapshot: if it returns to an earlier content, that becomes current again."""
    logical_file: str | None = None
    """Set where the origin names the logical file; else the file's name does."""
    branch: str | None = None
    """Set where the origin names the logical file, and is of one branch."""
    bounds: Bounds | None = None
    """Set for a portion of a table."""
    may_be_empty: bool = False
    """Set for a portion behind which the table has rows: if it has none, they were deleted, and it
    is loaded without rows."""
    changes: Changes | None = None
    """Set for a reading of a watermarked table: only its new and changed rows are loaded."""
    remark: str | None = None
    """What the origin has to say of it in the report, if it is loaded."""
    extraction: Extraction | None = field(default=None, repr=False, compare=False)
    """Extracts rows from other formats than CSV; None where the origin gives CSV."""

    def open(self) -> BinaryIO:
        """A CSV, or the text of the rows that are extracted from another format, as a stream.

        Opening and reading raise UnreadableFileError and UnusableFileError.
        """
        if self.extraction is None:
            return self.unpacked()
        return self.extraction.opened((self.path, self.fingerprint), self.unpacked)

    def unpacked(self) -> BinaryIO:
        """The bytes in their own format, unpacked as a stream; raises the same."""
        return unpacked(self.origin.open(self.key), self.path, self.size)

    def stored_hash(self) -> str:
        """The sha256 of the bytes as stored, for an archive that cannot be unpacked.

        Raises UnreadableFileError.
        """
        hasher = hashlib.sha256()
        with self.origin.open(self.key) as stream:
            while chunk := stream.read(CHUNK):
                hasher.update(chunk)
        return hasher.hexdigest()

    def has_changed(self) -> bool:
        """Whether the file changed since it was listed. Raises UnreadableFileError."""
        return not self.origin.replaces_whole and self.fingerprint_now() != self.fingerprint

    def fingerprint_now(self) -> str | None:
        """Get the fingerprint from the origin; None if the file is gone.

        Raises UnreadableFileError.
        """
        return self.origin.fingerprint(self.key)


@dataclass(frozen=True)
class Listing:
    """The files of an inbox per feed, and the paths that no feed claims."""

    origin: ListedOrigin | None
    claimed: dict[str, list[Entry]]
    """As the origin lists them, but with paths that a database can store. There are many of them,
    and most are known: `file` makes more of the others."""
    unclaimed: list[str]
    closed: list[tuple[str, str]]
    """(feed, folder) that this user may not read; the feed may have files there."""
    unfinished: list[tuple[str, str]] = field(default_factory=list)
    """(feed, path) of files that are still being sent, by their names."""
    switched_off: dict[str, list[str]] = field(default_factory=dict)
    """Paths of files of unlisted sources, by source."""
    misnamed: dict[str, list[str]] = field(default_factory=dict)
    """Unclaimed paths that only lack the ending of a feed's pattern, by pattern."""
    outside: list[str] = field(default_factory=list)
    """Links that lead out of the inbox and are not followed."""
    last: LastExtracted = field(default_factory=LastExtracted, repr=False, compare=False)

    @property
    def total(self) -> int:
        """Number of claimed files."""
        return sum(len(files) for files in self.claimed.values())

    def file(self, feed: Feed, entry: Entry) -> InboxFile:
        """What a load knows of one of these files."""
        assert self.origin is not None, "there is no entry without an origin"
        try:
            modified_at = datetime.fromtimestamp(entry.modified, timezone.utc)
        except (OverflowError, ValueError, OSError):
            modified_at = _EPOCH
        return InboxFile(
            entry.path,
            name_in(feed, entry.path),
            entry.size,
            modified_at,
            entry.fingerprint,
            entry.settled,
            self.origin,
            entry.key,
            is_state=feed.snapshot,
            extraction=Extraction(feed, self.last),
        )


def list_inbox(inbox: str | None, feeds: FeedContract, chosen: Sequence[Feed]) -> Listing:
    """Find the files of the chosen feeds.

    `inbox`: a folder, s3://bucket/folder or sftp://host/folder, or None; credentials come from
    dlt's configuration, never from the address. Raises BranchlineError when it cannot be listed.
    """
    if inbox is None:
        return Listing(None, {feed.name: [] for feed in chosen}, [], [])
    origin = open_origin(inbox)
    # For each folder the feeds that may have files there: asking every feed about every file would
    # take longer than listing them.
    claims: dict[str, list[tuple[str, Callable[[str], bool]]]] = {}
    claims_off = [(feed.source, feed.claims) for feed in feeds.switched_off.values()]
    listing = Listing(origin, {feed.name: [] for feed in chosen}, [], [])
    for entry in origin.entries():
        path = _writable(entry.path)
        folder, slash, name = path.rpartition("/")
        if name[:2] == "._" or "/." in slash + folder:
            continue  # metadata of another file on macOS, or a hidden folder
        finished = _finished_path(folder + slash, name)
        name = unpacked_name(path if finished is None else finished)
        if folder not in claims:
            near = [feed for feed in feeds if feed.may_claim_in(folder + slash)]
            claims[folder] = [(feed.name, feed.claims) for feed in near]
        owners = [feed for feed, claim in claims[folder] if claim(name)]
        if not owners and (as_csv := name_as_csv(name)) != name:
            owners = [feed for feed, claim in claims[folder] if claim(as_csv)]
            if owners or any(claim(as_csv) for _, claim in claims_off):
                name = as_csv
        if len(owners) > 1:
            raise BranchlineError(
                f"{mask_text(path)} is claimed by the feeds {' and '.join(owners)}.",
                "Make the 'files' patterns of these feeds exclude each other.",
            )
        if not owners:
            # Unclaimed hidden files belong to the system that created them.
            if not path.rpartition("/")[2].startswith("."):
                off = next((source for source, claim in claims_off if claim(name)), None)
                others = listing.unclaimed
                if off is not None:
                    others = listing.switched_off.setdefault(off, [])
                others.append(mask_text(path))
                wanted = (feed for feed in feeds if feed.may_claim_in(folder + slash))
                nearest = next((feed for feed in wanted if nearly_claims(feed, name)), None)
                if off is None and nearest is not None:
                    listing.misnamed.setdefault(str(nearest.files), []).append(mask_text(path))
        elif owners[0] not in listing.claimed:
            continue
        elif finished is None:
            entry = entry if path == entry.path else entry._replace(path=path)
            listing.claimed[owners[0]].append(entry)
        else:
            listing.unfinished.append((owners[0], mask_text(path)))
    for paths in (
        listing.unclaimed,
        *listing.switched_off.values(),
        *listing.misnamed.values(),
    ):
        paths.sort()
    listing.unfinished.sort()
    listing.closed.extend(_closed(origin.closed, chosen))
    listing.outside.extend(sorted(mask_text(_writable(path)) for path in origin.outside))
    return listing


def _writable(path: str) -> str:
    """A path that a database can store and a terminal can show, whatever the bytes of the name."""
    if path.isascii() and path.isprintable():
        return path
    path = _CONTROL.sub(lambda sign: f"\\x{ord(sign.group()):02x}", path)
    return path.encode("utf-8", "backslashreplace").decode("utf-8")


def _finished_path(folder: str, name: str) -> str | None:
    """The final path of a file that is still being sent; None if this is its final path."""
    if name[:1] != "." and not name.lower().endswith(_UPLOADING):
        return None
    finished = next((name[: -len(end)] for end in _UPLOADING if name.lower().endswith(end)), name)
    if finished.startswith("."):
        finished = _RSYNC.sub("", finished[1:]) if finished == name else finished[1:]
    return folder + finished


def _closed(folders: Sequence[str], feeds: Sequence[Feed]) -> Iterator[tuple[str, str]]:
    for folder in sorted(folders):
        for feed in feeds:
            if feed.files is None:
                continue
            inside = folder.startswith(feed.folder) or feed.folder in ("./", folder)
            if inside or feed.folder.startswith(folder):
                yield feed.name, mask_text(_writable(folder))
