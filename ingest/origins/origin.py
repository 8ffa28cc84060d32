"""Where the files of an inbox lie: what a folder, an S3 bucket and an SFTP server have in common.

The folder is in here; the other two are in s3_store.py and sftp_store.py, imported when needed.
"""

from __future__ import annotations

import errno
import io
import os
import stat
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, TypeVar
from urllib.parse import urlsplit
from urllib.request import url2pathname

import tenacity

from base.errors import BranchlineError
from ingest.cards import mask_text

PATIENCE = 30.0
"""Seconds for which a request that failed for a passing reason is made again."""
LONGEST_WAIT = 5.0
CONNECT_TIMEOUT = 10.0
READ_TIMEOUT = 60.0

GIVEN_UP_BEFORE_REST = 3
REST = 60.0
"""After so many files in a row that a store would not give, ask it for none for so many seconds."""

SETTLED_AFTER = 2.0
"""Seconds: the coarsest clock of a file system in use (FAT) counts in steps of two."""

Result = TypeVar("Result")


class UnreadableFileError(Exception):
    """A file that is listed but cannot be read; the text is for people, cards masked.

    `temporary`: trying again later may help.
    """

    def __init__(self, message: str, *, temporary: bool = False) -> None:
        super().__init__(message)
        self.temporary = temporary


class UnusableFileError(Exception):
    """An archive that can be read but not unpacked; the text is the reason, cards masked."""


class Entry(NamedTuple):
    """One file as a store lists it."""

    key: str
    """What the store itself calls the file."""
    path: str
    """Relative to the inbox, with forward slashes."""
    size: int
    modified: float
    """Seconds since 1970."""
    fingerprint: str
    settled: bool


@dataclass(frozen=True)
class Fault:
    """An error of a store in plain words, without its full stop."""

    text: str
    hint: str = ""
    temporary: bool = False
    gone: bool = False


class Store(ABC):
    """The place where the files of one inbox lie."""

    replaces_whole = False
    """Whether a file is only ever replaced by another, so that nobody sees it half written."""

    def __init__(self, address: str) -> None:
        self.address = mask_text(address)
        self.closed: list[str] = []
        """Folders below the inbox, each with a slash at its end, that this user may not look into;
        filled while the entries are listed."""

    @abstractmethod
    def entries(self) -> Iterator[Entry]:
        """Every file of the inbox. Raises BranchlineError when it cannot be listed."""

    @abstractmethod
    def open(self, key: str) -> io.RawIOBase:
        """The stored bytes, seekable. It and its stream raise UnreadableFileError."""

    @abstractmethod
    def fingerprint(self, key: str) -> str | None:
        """Ask for the file's fingerprint as it is now; None when the file is gone.

        Raises UnreadableFileError.
        """


def is_settled(modified: float, now: float) -> bool:
    """Tell whether a file's time lies so far back that a change after it would show."""
    return modified <= now - SETTLED_AFTER


def refuse_secrets(inbox: str) -> None:
    """Raise BranchlineError when an address holds a password.

    A command's arguments are seen by everyone on the machine, and addresses land in logs.
    """
    scheme, separator, rest = inbox.partition("://")
    user, at, _ = rest.partition("/")[0].rpartition("@")
    if separator and at and (":" in user or scheme != "sftp"):
        raise BranchlineError(
            f"The address of the inbox ({scheme}://...) holds a password or a key.",
            "Leave out what stands before the @, and put it into environment variables"
            " (SOURCES__FILESYSTEM__CREDENTIALS__...) or into .dlt/secrets.toml.",
        )


def open_store(inbox: str) -> Store:
    """The store behind an inbox: a folder, file://, s3:// or sftp://. Raises BranchlineError."""
    refuse_secrets(inbox)
    scheme, separator, _ = inbox.partition("://")
    if not separator:
        return FolderStore(Path(inbox).expanduser())
    scheme = scheme.lower()
    if scheme == "file":
        return FolderStore(Path(url2pathname(urlsplit(inbox).path)))
    if scheme in ("s3", "s3a"):
        from ingest.origins.s3 import S3Store  # takes a second to import

        return S3Store(inbox)
    if scheme == "sftp":
        from ingest.origins.sftp import SftpStore  # likewise

        return SftpStore(inbox)
    raise BranchlineError(
        f"The inbox {mask_text(inbox)} is at an address of a kind that cannot be read.",
        "An inbox is a folder, s3://bucket/folder or sftp://host/folder.",
    )


class FolderStore(Store):
    """A folder of this machine, or one that is mounted."""

    def __init__(self, folder: Path) -> None:
        super().__init__(str(folder))
        self._root = str(folder)
        _check_folder(folder)

    def entries(self) -> Iterator[Entry]:
        """Every file, hidden folders left out.

        Links are followed, each folder is entered once: real ones first, so that a link to a
        folder of the inbox adds nothing, and a link to one above cannot lead in a circle.
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
        """The entry of a file; a folder is put down to be entered later."""
        name = item.name
        if item.is_dir(follow_symlinks=False):
            if not name.startswith("."):
                folders.append((f"{prefix}{name}/", item.path))
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
            # Not blocking: what was a file when it was listed may be a pipe by now.
            handle = os.open(key, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | _BINARY)
            try:
                if not stat.S_ISREG(os.fstat(handle).st_mode):
                    raise UnreadableFileError("the file is no longer a file", temporary=True)
                return _FolderStream(os.fdopen(handle, "rb", buffering=0))
            except BaseException:
                os.close(handle)
                raise
        except OSError as error:
            raise _unreadable(error) from None

    def fingerprint(self, key: str) -> str | None:
        """Ask the file system."""
        try:
            return _fingerprint(os.stat(key))
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise _unreadable(error) from None


_BINARY = getattr(os, "O_BINARY", 0)


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
    if os.name == "nt":  # a listing has no inode there, and the other time is that of creation
        return f"{status.st_size}:{status.st_mtime_ns}"
    return f"{status.st_size}:{status.st_mtime_ns}:{status.st_ctime_ns}:{status.st_ino}"


def _check_folder(folder: Path) -> None:
    told = mask_text(str(folder))
    try:
        if not folder.is_dir():
            if folder.exists():
                raise BranchlineError(
                    f"The inbox {told} is a file, not a folder.",
                    "Name the folder above the feeds' folders, for example the one that holds"
                    " branch_pos/.",
                )
            raise BranchlineError(
                f"The inbox {told} does not exist.",
                "Make the folder, or name another one with --inbox or BRANCHLINE_INBOX.",
            )
        next(folder.iterdir(), None)
    except (OSError, ValueError) as error:
        raise BranchlineError(
            f"The inbox {told} cannot be read: {_first_line(error)}.",
            "Give this user the right to read and enter the folder.",
        ) from None


def _unreadable(error: OSError) -> UnreadableFileError:
    if isinstance(error, (FileNotFoundError, NotADirectoryError)):
        return UnreadableFileError("the file vanished while it was being read", temporary=True)
    if isinstance(error, PermissionError):
        return UnreadableFileError("this user may not read the file; change its permissions")
    return UnreadableFileError(
        mask_text(f"the file cannot be read: {_first_line(error)}"), temporary=True
    )


def _first_line(error: BaseException) -> str:
    text = getattr(error, "strerror", None) or str(error).strip() or type(error).__name__
    return str(text).splitlines()[0]


class RemoteStore(Store):
    """A store at the other end of a line: asked again when it fails for a passing reason."""

    def __init__(self, address: str) -> None:
        super().__init__(address)
        self._given_up: set[str] = set()
        self._rests_until = 0.0

    @abstractmethod
    def open_at(self, key: str, position: int, first: object | None) -> RemoteFile:
        """Open a file from a byte on. `first`: the state of it when it was opened first."""

    @abstractmethod
    def fault(self, error: Exception) -> Fault:
        """Tell what an error of this store's client means."""

    def forget_connection(self) -> None:
        """Let the next request use a fresh connection."""
        return

    def open(self, key: str) -> io.RawIOBase:
        """The stored bytes; a line that is cut is taken up where it broke."""
        stream = ResumingStream(self, key)
        stream.start()
        return stream

    def patiently(self, request: Callable[[], Result]) -> Result:
        """Make a request, again and again while that may help. Raises what the last one raised."""
        retrying = tenacity.Retrying(
            stop=tenacity.stop_before_delay(PATIENCE),
            wait=tenacity.wait_random_exponential(multiplier=0.2, max=LONGEST_WAIT),
            retry=tenacity.retry_if_exception(self._may_pass),
            before_sleep=lambda _: self.forget_connection(),
            reraise=True,
        )
        return retrying(request)

    def for_a_file(self, key: str, request: Callable[[], Result]) -> Result:
        """Make a request about one file. Raises UnreadableFileError.

        Where one file after the other fails, the store itself is down: then the rest fail at once.
        """
        if time.monotonic() < self._rests_until:
            raise UnreadableFileError(
                "the store has stopped answering; the next load tries again", temporary=True
            )
        try:
            result = self.patiently(request)
        except Exception as error:
            if isinstance(error, UnreadableFileError):
                raise
            fault = self.fault(error)
            if fault.temporary:
                self.forget_connection()
                self._given_up.add(key)
                if len(self._given_up) >= GIVEN_UP_BEFORE_REST:
                    self._rests_until = time.monotonic() + REST
            told = f"{fault.text}; {fault.hint}" if fault.hint else fault.text
            raise UnreadableFileError(
                mask_text(told), temporary=fault.temporary or fault.gone
            ) from None
        self._given_up.clear()
        return result

    def refusal(self, error: Exception) -> BranchlineError:
        """The error for people when the store cannot be listed."""
        if isinstance(error, BranchlineError):
            return error
        fault = self.fault(error)
        return BranchlineError(
            f"The inbox {self.address} cannot be listed: {mask_text(fault.text)}.",
            (fault.hint[:1].upper() + fault.hint[1:] or "Try again later") + ".",
        )

    def _may_pass(self, error: BaseException) -> bool:
        if not isinstance(error, Exception) or isinstance(
            error, (UnreadableFileError, BranchlineError)
        ):
            return False
        return self.fault(error).temporary


class RemoteFile(ABC):
    """One file that is open in a remote store."""

    state: object
    """Differs when the file was changed since it was first opened."""
    size: int

    @abstractmethod
    def read(self, size: int) -> bytes:
        """Up to `size` bytes; empty at the end."""

    @abstractmethod
    def close(self) -> None:
        """Let go of it; never raises."""


class ResumingStream(io.RawIOBase):
    """The bytes of a remote file. When the line breaks, it is opened again where it broke."""

    def __init__(self, store: RemoteStore, key: str) -> None:
        self._store = store
        self._key = key
        self._position = 0
        self._first: object | None = None
        self._size = 0
        self._file: RemoteFile | None = None

    def start(self) -> None:
        """Open the file, so that what is wrong shows now."""
        self._store.for_a_file(self._key, self._opened)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        if base + offset < 0:
            raise ValueError("a position before the file's beginning")
        if base + offset != self._position:
            self._let_go()
            self._position = base + offset
        return self._position

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        data = self._store.for_a_file(self._key, lambda: self._read(len(buffer)))
        buffer[: len(data)] = data
        self._position += len(data)
        return len(data)

    def close(self) -> None:
        self._let_go()
        super().close()

    def _read(self, size: int) -> bytes:
        try:
            return self._opened().read(size)
        except Exception:
            self._let_go()
            raise

    def _opened(self) -> RemoteFile:
        if self._file is None:
            file = self._store.open_at(self._key, self._position, self._first)
            if self._first is None:
                self._first, self._size = file.state, file.size
            elif file.state != self._first:
                file.close()
                raise UnreadableFileError(
                    "the file was replaced while it was being read; the next load takes it",
                    temporary=True,
                )
            self._file = file
        return self._file

    def _let_go(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None
