"""A folder of an SFTP server. A file has another name until it is whole, and is then renamed."""

from __future__ import annotations

import contextlib
import posixpath
import shutil
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from base.stores.faults import Fault
from base.stores.sftp import SftpFolder
from publish.places.place import CONNECT_TIMEOUT, PART, READ_TIMEOUT, Place, is_equal, new_name


class _NoFolderError(Exception):
    """The folder of the place itself does not exist."""


class _CutShortError(Exception):
    """The server has less of a file than was sent."""


class SftpPlace(Place):
    """A folder of an SFTP server. It has to exist; folders below it are created."""

    def __init__(self, name: str, address: str, shown: str, sections: Sequence[str]) -> None:
        """`shown`: the address for messages. `sections`: where dlt looks for the credentials."""
        super().__init__(name, shown)
        self._folder = SftpFolder(address, str(self), sections, CONNECT_TIMEOUT, READ_TIMEOUT)

    def close(self) -> None:
        """Close the connection, dead or not."""
        self._folder.forget()

    def _holds(self, local: Path, parts: Sequence[str]) -> bool:
        session = self._folder.session()
        path = self._path(parts)
        size = local.stat().st_size
        try:
            if session.stat(path).st_size != size:
                return False
            with local.open("rb") as one, session.open(path, "rb") as other:
                # Requested ahead: part by part, each would cost a round trip.
                other.prefetch(size)
                return is_equal(one, other)
        except (FileNotFoundError, PermissionError):
            # A place where files are put and not read is a place, too.
            return False

    def _write(self, local: Path, parts: Sequence[str]) -> None:
        session = self._folder.session()
        folder = self._made(session, parts[:-1])
        path, new = self._path(parts), posixpath.join(folder, new_name(parts[-1]))
        with local.open("rb") as source, session.open(new, "wb") as file:
            # Sent without waiting for the answer to each part.
            file.set_pipelined(True)
            shutil.copyfileobj(source, file, PART)
        if session.stat(new).st_size != local.stat().st_size:
            raise _CutShortError
        try:
            _rename(session, new, path)
        except OSError:
            with contextlib.suppress(OSError):
                session.remove(new)
            raise

    def _made(self, session: Any, folders: Sequence[str]) -> str:
        """The path of a folder below the place, created if it is missing."""
        whole = self._path(folders)
        if _exists(session, whole):
            return whole
        path = self._folder.root
        if not _exists(session, path):
            raise _NoFolderError
        for folder in folders:
            path = posixpath.join(path, folder)
            if not _exists(session, path):
                session.mkdir(path)
        return path

    def _path(self, parts: Sequence[str]) -> str:
        return posixpath.join(self._folder.root, *parts)

    def _fault(self, error: Exception) -> Fault:
        if isinstance(error, _NoFolderError):
            return Fault(
                "the folder does not exist on the server",
                "create it, or check its name: it begins at the server's root",
            )
        if isinstance(error, _CutShortError):
            return Fault(
                "the server has less of the file than was sent",
                "check whether its disk is full",
                temporary=True,
            )
        if isinstance(error, PermissionError):
            return Fault(
                f"the user {self._folder.user} may not write there",
                "change the folder's permissions on the server",
            )
        if type(error) is OSError and error.errno is None and self._folder.is_open:
            # Any other failure that the server reports: a full disk, a quota, a folder of the name.
            return Fault(
                f"the server refuses to store it ({error})",
                "check the server's disk space, and whether a folder has the name of the file",
            )
        return self._folder.fault(error)


def _exists(session: Any, path: str) -> bool:
    try:
        session.stat(path)
    except FileNotFoundError:
        return False
    return True


def _rename(session: Any, new: str, path: str) -> None:
    """Give a new file its name, in place of an old one.

    OpenSSH's extension does it in one step. SFTP's own rename does not replace a file: then the old
    one is renamed first, and the place is without the file for a moment.
    """
    try:
        session.posix_rename(new, path)
    except OSError as error:
        # paramiko has no error of its own for a server without the extension.
        if error.errno is not None:
            raise
        if not _exists(session, path):
            session.rename(new, path)
            return
        if not stat.S_ISREG(session.stat(path).st_mode or 0):
            raise
        old = f"{new}.old"
        with contextlib.suppress(FileNotFoundError):
            session.remove(old)
        session.rename(path, old)
        try:
            session.rename(new, path)
        except OSError:
            session.rename(old, path)
            raise
        session.remove(old)
