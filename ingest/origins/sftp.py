"""An inbox on an SFTP server (base/stores/sftp.py)."""

from __future__ import annotations

import contextlib
import posixpath
import stat
import time
from collections.abc import Iterator, Sequence
from typing import Any

from base.errors import BranchlineError
from base.stores.faults import Fault
from base.stores.sftp import SftpFolder, name_text
from ingest.origins.origin import Entry, is_settled
from ingest.origins.remote import (
    CONNECT_TIMEOUT,
    CREDENTIALS,
    READ_TIMEOUT,
    RemoteFile,
    RemoteOrigin,
)

REQUEST = 1 << 15
"""What every server returns at once; larger requests may be answered in part."""
WINDOW = 1 << 20
"""How much is requested before waiting for the first answer."""


class SftpOrigin(RemoteOrigin):
    """A folder of an SFTP server."""

    def __init__(self, inbox: str, linked: Sequence[str] = ()) -> None:
        """`linked`: folders of the server, outside of the inbox, that its links may lead to."""
        super().__init__(inbox)
        self._folder = SftpFolder(
            inbox, f"the inbox {self.address}", CREDENTIALS, CONNECT_TIMEOUT, READ_TIMEOUT
        )
        self._linked = [f"/{folder.strip('/')}" for folder in linked]

    def forget_connection(self) -> None:
        """Close the session, dead or not."""
        self._folder.forget()

    def entries(self) -> Iterator[Entry]:
        """Every file outside hidden folders.

        Permitted links are followed, and each folder is entered once.
        """
        now = time.time()
        root = self._folder.root.encode("utf-8", "surrogateescape")
        entered: set[str] = set()
        folders, linked = [(b"", root)], list[tuple[bytes, bytes]]()
        while folders or linked:
            is_link = not folders
            if is_link:
                linked.sort(reverse=True)
                folders.append(linked.pop())
            prefix, folder = folders.pop()
            try:
                items = self.patiently(lambda folder=folder: self._look(folder))  # type: ignore[misc]
                real = posixpath.normpath(name_text(folder))
                if is_link or not prefix:
                    real = self.patiently(
                        lambda folder=folder: self._folder.session().normalize(folder)  # type: ignore[misc]
                    )
            except FileNotFoundError as error:
                if prefix:
                    continue
                raise self._no_root(error) from None
            except PermissionError as error:
                if prefix:
                    self.closed.append(name_text(prefix))
                    continue
                raise self._no_root(error) from None
            except Exception as error:
                raise self.refusal(error) from None
            if not prefix:
                # From here on, paths of real folders are built from the real root.
                root = folder = real.encode("utf-8", "surrogateescape")
            if real in entered:
                continue
            entered.add(real)
            for name, status in items:
                path = folder.rstrip(b"/") + b"/" + name
                if stat.S_ISLNK(status.st_mode or 0):
                    if not self._leads_inside(path, root):
                        if not name.startswith(b"."):
                            self.outside.append(name_text(prefix + name))
                        continue
                    status = self._target(path)
                    if status is not None and stat.S_ISDIR(status.st_mode or 0):
                        if not name.startswith(b"."):
                            linked.append((prefix + name + b"/", path))
                        continue
                if status is None:
                    continue
                if stat.S_ISDIR(status.st_mode or 0):
                    if not name.startswith(b"."):
                        folders.append((prefix + name + b"/", path))
                elif status.st_mode is None or stat.S_ISREG(status.st_mode):
                    yield _entry(path, prefix + name, status, now)

    def _look(self, folder: bytes) -> list[tuple[bytes, Any]]:
        found = []
        for item in self._folder.session().listdir_attr(folder):
            name = item.filename.encode("utf-8", "surrogateescape")
            # A name must be one level down, whatever the server says.
            if b"/" not in name and name not in (b"", b".", b".."):
                found.append((name, item))
        return found

    def _leads_inside(self, link: bytes, root: bytes) -> bool:
        """Whether a link leads to a permitted folder, as the server resolves it."""
        try:
            real: str = self.patiently(lambda: self._folder.session().normalize(link))
        except Exception as error:
            if isinstance(error, OSError) and not self.fault(error).temporary:
                # Dangling.
                return True
            raise self.refusal(error) from None
        return any(
            real == folder or real.startswith(folder.rstrip("/") + "/")
            for folder in (name_text(root), *self._linked)
        )

    def _target(self, path: bytes) -> Any:
        """The status of a link's target; None for a dangling link."""
        try:
            return self.patiently(lambda: self._folder.session().stat(path))
        except Exception as error:
            if isinstance(error, OSError) and not self.fault(error).temporary:
                return None
            raise self.refusal(error) from None

    def _no_root(self, error: OSError) -> BranchlineError:
        if isinstance(error, PermissionError):
            return BranchlineError(
                f"The inbox {self.address} cannot be read: the server does not allow it.",
                f"Grant the user {self._folder.user} the right to read and enter the folder there.",
            )
        return BranchlineError(
            f"The inbox {self.address} does not exist on the server.",
            "Check the folder's name: it begins at the server's root.",
        )

    def open_at(self, key: str, position: int, first: object | None) -> RemoteFile:
        """Open the file and seek to the byte."""
        file = self._folder.session().open(key.encode("utf-8", "surrogateescape"), "rb")
        try:
            return _SftpFile(file, position)
        except BaseException:
            with contextlib.suppress(Exception):
                file.close()
            raise

    def fingerprint(self, key: str) -> str | None:
        """Request the file's size and time."""

        def ask() -> str | None:
            try:
                found = self._folder.session().stat(key.encode("utf-8", "surrogateescape"))
            except FileNotFoundError:
                return None
            return _fingerprint(found)

        return self.for_a_file(key, ask)

    def fault(self, error: Exception) -> Fault:
        """Translate an error of the server, the network or the credentials."""
        return self._folder.fault(error)


class _SftpFile(RemoteFile):
    """One open file."""

    def __init__(self, file: Any, position: int) -> None:
        status = file.stat()
        self.state = (status.st_size, status.st_mtime)
        self.size = status.st_size or 0
        self._file = file
        self._position = position
        if position:
            file.seek(position)

    def read(self, size: int) -> bytes:
        size = min(size, WINDOW)
        ahead = min(size, self.size - self._position)
        if ahead > REQUEST:
            # All requested at once: one by one, each would cost a round trip.
            places = range(self._position, self._position + ahead, REQUEST)
            end = self._position + ahead
            parts = self._file.readv([(place, min(REQUEST, end - place)) for place in places])
            data = b"".join(parts)
        else:
            data = self._file.read(min(size, REQUEST))
        if len(data) < ahead:
            raise EOFError("the file became shorter")
        self._position += len(data)
        return data

    def close(self) -> None:
        with contextlib.suppress(Exception):
            self._file.close()


def _entry(path: bytes, relative: bytes, status: Any, now: float) -> Entry:
    modified = status.st_mtime
    return Entry(
        name_text(path),
        name_text(relative),
        status.st_size or 0,
        float(modified or 0),
        _fingerprint(status),
        modified is not None and is_settled(modified, now),
    )


def _fingerprint(status: Any) -> str:
    return f"{status.st_size}:{status.st_mtime}"
