"""The same inbox in three places: a folder, a bucket of an S3 server, an SFTP server."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Protocol

import pytest
from servers import (
    ACCESS_KEY,
    PASSWORD,
    SECRET_KEY,
    USER,
    S3Server,
    SftpServer,
    s3_server,
    sftp_server,
)

from ingest.contract.reading import load_feeds
from ingest.origins import folder as folder_module
from ingest.origins import origin
from ingest.origins.inbox import InboxFile, Listing, list_inbox

FEEDS = load_feeds()  # read before a test breaks the file system
FEED = "branch_pos_transactions"
LONG_AGO = 1_630_000_000.0
SETTINGS = "SOURCES__FILESYSTEM__CREDENTIALS__"


def listed(url: str) -> Listing:
    """The listing of an inbox for the project's own feeds."""
    return list_inbox(url, FEEDS, FEEDS.chosen([]))


def content_hash(file: InboxFile) -> str:
    """The sha256 of a file's unpacked bytes."""
    with file.open() as stream:
        return hashlib.sha256(b"".join(iter(lambda: stream.read(1 << 20), b""))).hexdigest()


def claimed_files(listing: Listing) -> list[InboxFile]:
    """The claimed files of a listing."""
    return [listing.file(FEEDS.feeds[FEED], entry) for entry in listing.claimed[FEED]]


def claimed(url: str) -> dict[str, InboxFile]:
    """The claimed files by their paths."""
    return {file.path: file for file in claimed_files(listed(url))}


def clean_environment(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """Remove all settings of the user that could open a store."""
    for name in list(os.environ):
        if name.startswith(("AWS_", "SOURCES__", "CREDENTIALS__", "SSH_", "DLT_")):
            monkeypatch.delenv(name)
    home = folder / "empty-home"
    home.mkdir(exist_ok=True)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.chdir(home)


class Place(Protocol):
    """An inbox that tests can fill and whose reads they can count."""

    url: str

    def put(self, path: str, content: bytes | str) -> None: ...
    def reads(self) -> list[str]: ...


class FolderPlace:
    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self.url = str(folder)
        self._reads: list[str] = []
        real = folder_module.FolderOrigin.open

        def open_and_note(store: Any, key: str) -> Any:
            self._reads.append(Path(key).relative_to(folder).as_posix())
            return real(store, key)

        monkeypatch.setattr(folder_module.FolderOrigin, "open", open_and_note)
        monkeypatch.setattr(origin, "SETTLED_AFTER", 0.0)

    def put(self, path: str, content: bytes | str) -> None:
        write(self.folder / path, content)

    def reads(self) -> list[str]:
        found, self._reads = self._reads, []
        return sorted(found)


class S3Place:
    def __init__(self, server: S3Server, monkeypatch: pytest.MonkeyPatch) -> None:
        self.server = server
        self.bucket = f"bucket-{uuid.uuid4().hex[:8]}"
        self.url = f"s3://{self.bucket}/shop/inbox"
        self.client = server.client()
        self.client.create_bucket(Bucket=self.bucket)
        server.gets.clear()
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", ACCESS_KEY)
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET_KEY)
        monkeypatch.setenv("AWS_ENDPOINT_URL", server.endpoint)

    def put(self, path: str, content: bytes | str) -> None:
        body = content.encode() if isinstance(content, str) else content
        self.client.put_object(Bucket=self.bucket, Key=f"shop/inbox/{path}", Body=body)

    def reads(self) -> list[str]:
        begin = f"/{self.bucket}/shop/inbox/"
        found = [path.removeprefix(begin) for path in self.server.gets]
        self.server.gets.clear()
        return sorted(found)


class SftpPlace:
    def __init__(
        self, server: SftpServer, monkeypatch: pytest.MonkeyPatch, known_hosts: Path
    ) -> None:
        self.server = server
        self.name = uuid.uuid4().hex[:8]
        self.folder = server.folder / self.name
        self.folder.mkdir()
        self.url = f"sftp://{USER}@127.0.0.1:{server.port}/{self.name}"
        server.opened.clear()
        monkeypatch.setenv(f"{SETTINGS}SFTP_PASSWORD", PASSWORD)
        monkeypatch.setenv(f"{SETTINGS}SFTP_KNOWN_HOSTS", str(server.known_hosts(known_hosts)))

    def put(self, path: str, content: bytes | str) -> None:
        file = write(self.folder / path, content)
        # Each file an hour later than the previous one: only its time identifies a version.
        self._clock = getattr(self, "_clock", LONG_AGO) + 3600
        os.utime(file, (self._clock, self._clock))

    def reads(self) -> list[str]:
        found = [path.removeprefix(f"{self.name}/") for path in self.server.opened]
        self.server.opened.clear()
        return sorted(found)


def write(file: Path, content: bytes | str) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    return file


@contextlib.contextmanager
def s3_and_sftp(folder: Path) -> Iterator[tuple[S3Server, SftpServer]]:
    """Both servers."""
    with s3_server() as s3, sftp_server(folder) as sftp:
        yield s3, sftp


def make_place(
    kind: str,
    servers: tuple[S3Server, SftpServer],
    monkeypatch: pytest.MonkeyPatch,
    folder: Path,
) -> Place:
    """A new, empty inbox of this kind, with everything to open it in the environment."""
    clean_environment(monkeypatch, folder)
    makers: dict[str, Callable[[], Place]] = {
        "folder": lambda: FolderPlace(_empty(folder / "files"), monkeypatch),
        "s3": lambda: S3Place(servers[0], monkeypatch),
        "sftp": lambda: SftpPlace(servers[1], monkeypatch, folder / "known_hosts"),
    }
    return makers[kind]()


def _empty(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    return folder
