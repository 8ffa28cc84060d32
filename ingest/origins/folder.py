"""An inbox that is a folder of this machine, or one that is mounted."""

from __future__ import annotations

import errno
import io
import os
import stat
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from base.errors import BranchlineError
from ingest.cards import mask_text
from ingest.contract.file_errors import UnreadableFileError
from ingest.origins.origin import Entry, ListedOrigin, is_settled


class FolderOrigin(ListedOrigin):
    """A folder of this machine, or one that is mounted.

    Links are not followed out of it, except into the folders `linked`.
    """

    def __init__(self, folder: Path, linked: Sequence[Path] = ()) -> None:
        super().__init__(str(folder))
        self._root = str(folder)
        _check_folder(folder)
        # The inbox itself may be a link.
        self._roots = [os.path.realpath(root) for root in (folder, *linked)]

    def entries(self) -> Iterator[Entry]:
        """Every file outside hidden folders.

        Permitted links are followed, and each folder is entered once: real ones first, so that a
        link to a folder of the inbox adds nothing, and links cannot form a loop.
        """
        now = time.time()
        entered: set[tuple[int, int]] = set()
        folders, linked = [("", self._root)], list[tuple[str, str]]()
        while folders or linked:
            if not folders:
                linked.sort(reverse=True)
                folders.append(linked.pop())
            prefix, folder = folders.pop()
            try:
                status = os.stat(folder)
                if (status.st_dev, status.st_ino) in entered:
                    continue
                entered.add((status.st_dev, status.st_ino))
                with os.scandir(folder) as found:
                    for item in found:
                        entry = self._entry(item, prefix, now, folders, linked)
                        if entry is not None:
                            yield entry
            except (FileNotFoundError, NotADirectoryError):
                continue
            except OSError as error:
                if error.errno not in (errno.EACCES, errno.EPERM, errno.ENAMETOOLONG):
                    raise BranchlineError(
                        f"The inbox {self.address} cannot be listed: {_first_line(error)}",
                        "Check the disk or the network mount, and run again.",
                    ) from None
                self.closed.append(prefix)

    def _entry(
        self,
        item: os.DirEntry[str],
        prefix: str,
        now: float,
        folders: list[tuple[str, str]],
        linked: list[tuple[str, str]],
    ) -> Entry | None:
        """The entry of a file; a folder is queued."""
        name = item.name
        if item.is_dir(follow_symlinks=False):
            if not name.startswith("."):
                folders.append((f"{prefix}{name}/", item.path))
            return None
        if item.is_symlink() and self._root_of(os.path.realpath(item.path)) is None:
            if not name.startswith("."):
                self.outside.append(prefix + name)
            return None
        try:
            status = item.stat()
        except OSError as error:
            if error.errno in (errno.ENOENT, errno.ELOOP, errno.ENOTDIR) or item.is_symlink():
                return None
            raise
        if stat.S_ISREG(status.st_mode):
            changed = max(status.st_mtime, status.st_ctime)
            return Entry(
                item.path,
                prefix + name,
                status.st_size,
                status.st_mtime,
                _fingerprint(status),
                is_settled(changed, now),
            )
        if stat.S_ISDIR(status.st_mode) and not name.startswith("."):
            linked.append((f"{prefix}{name}/", item.path))
        return None

    def open(self, key: str) -> io.RawIOBase:
        """The file as a stream."""
        try:
            handle = self._handle(key)
            try:
                if not stat.S_ISREG(os.fstat(handle).st_mode):
                    raise UnreadableFileError("the file is no longer a file", temporary=True)
                return _FolderStream(os.fdopen(handle, "rb", buffering=0))
            except BaseException:
                os.close(handle)
                raise
        except OSError as error:
            raise _unreadable(error) from None

    def _handle(self, key: str) -> int:
        """A handle on the file at a path, which must be inside a permitted folder.

        The links of the path are resolved first; then it is opened folder by folder without
        following links, so that a link created in between is not followed.
        """
        real = os.path.realpath(key)
        root = self._root_of(real)
        if root is None:
            raise UnreadableFileError(_OUTSIDE)
        # Not blocking: what was a file when listed may be a pipe by now.
        flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | _BINARY | getattr(os, "O_NOFOLLOW", 0)
        if not _IN_STEPS:
            return os.open(real, flags)
        *folders, name = os.path.relpath(real, root).split(os.sep)
        place = os.open(root, _FOLDER)
        try:
            for folder in folders:
                below = os.open(folder, _FOLDER | os.O_NOFOLLOW, dir_fd=place)
                os.close(place)
                place = below
            return os.open(name, flags, dir_fd=place)
        finally:
            os.close(place)

    def _root_of(self, real: str) -> str | None:
        """The permitted folder that contains a path, its links resolved."""
        for root in self._roots:
            if real == root or real.startswith(root.rstrip(os.sep) + os.sep):
                return root
        return None

    def fingerprint(self, key: str) -> str | None:
        """Ask the file system."""
        try:
            return _fingerprint(os.stat(key))
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise _unreadable(error) from None


_BINARY = getattr(os, "O_BINARY", 0)
_IN_STEPS = os.open in os.supports_dir_fd
# On Linux a folder need not be readable to be entered.
_FOLDER = getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_PATH", os.O_RDONLY)
_OUTSIDE = "a link in its path leads out of the inbox; send the file itself"


class _FolderStream(io.RawIOBase):
    """A file whose errors are ours."""

    def __init__(self, file: io.FileIO) -> None:
        self._file = file

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        try:
            return self._file.readinto(buffer) or 0
        except OSError as error:
            raise _unreadable(error) from None

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()

    def close(self) -> None:
        self._file.close()
        super().close()


def _fingerprint(status: os.stat_result) -> str:
    if os.name == "nt":  # a listing has no inode there, and ctime is the time of creation
        return f"{status.st_size}:{status.st_mtime_ns}"
    return f"{status.st_size}:{status.st_mtime_ns}:{status.st_ctime_ns}:{status.st_ino}"


def _check_folder(folder: Path) -> None:
    shown = mask_text(str(folder))
    try:
        if not folder.is_dir():
            if folder.exists():
                raise BranchlineError(
                    f"The inbox {shown} is a file, not a folder.",
                    "Name the folder above the sources' folders.",
                )
            raise BranchlineError(
                f"The inbox {shown} does not exist.",
                "Create the folder, or set another one with --inbox or BRANCHLINE_INBOX.",
            )
        next(folder.iterdir(), None)
    except (OSError, ValueError) as error:
        raise BranchlineError(
            f"The inbox {shown} cannot be read: {_first_line(error)}.",
            "Give this user the right to read and enter the folder.",
        ) from None


def _unreadable(error: OSError) -> UnreadableFileError:
    if error.errno == errno.ELOOP:
        return UnreadableFileError("a link replaced it while it was being read", temporary=True)
    if isinstance(error, (FileNotFoundError, NotADirectoryError)):
        return UnreadableFileError("the file was deleted while it was being read", temporary=True)
    if isinstance(error, PermissionError):
        return UnreadableFileError("permission denied for the file; change its permissions")
    return UnreadableFileError(
        mask_text(f"the file cannot be read: {_first_line(error)}"), temporary=True
    )


def _first_line(error: BaseException) -> str:
    text = getattr(error, "strerror", None) or str(error).strip() or type(error).__name__
    return str(text).splitlines()[0]
