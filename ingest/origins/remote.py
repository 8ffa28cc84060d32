"""What S3 and SFTP share: retries, and streams that resume where they broke."""

from __future__ import annotations

import io
import time
from abc import ABC, abstractmethod
from collections.abc import Callable

from base.errors import BranchlineError
from base.stores import faults
from base.stores.faults import Fault, Result
from base.words import as_sentence
from ingest.cards import mask_text
from ingest.contract.file_errors import UnreadableFileError
from ingest.origins.inbox_address import shown_address
from ingest.origins.origin import ListedOrigin

PATIENCE = faults.PATIENCE
LONGEST_WAIT = faults.LONGEST_WAIT
CONNECT_TIMEOUT = faults.CONNECT_TIMEOUT
READ_TIMEOUT = faults.READ_TIMEOUT
CREDENTIALS = ("sources", "filesystem")
"""Where dlt looks for the credentials of inboxes."""

GIVEN_UP_BEFORE_REST = 3
REST = 60.0
"""After so many failed files in a row, make no request for so many seconds."""


class RemoteOrigin(ListedOrigin):
    """An origin on a server: requests are retried when they fail for a temporary reason."""

    def __init__(self, address: str) -> None:
        super().__init__(shown_address(address))
        self._given_up: set[str] = set()
        self._rests_until = 0.0

    @abstractmethod
    def open_at(self, key: str, position: int, first: object | None) -> RemoteFile:
        """Open a file at a byte. `first`: its state when it was first opened."""

    @abstractmethod
    def fault(self, error: Exception) -> Fault:
        """Translate an error of this origin's client."""

    def forget_connection(self) -> None:
        """Make the next request use a new connection."""
        return

    def open(self, key: str) -> io.RawIOBase:
        """Open the stored bytes; a broken connection is resumed where it broke."""
        stream = ResumingStream(self, key)
        stream.start()
        return stream

    def patiently(self, request: Callable[[], Result]) -> Result:
        """Make a request, with retries while they may help. Raises the last error."""
        return faults.retried(
            request,
            may_pass=self._may_pass,
            before_retry=self.forget_connection,
            patience=PATIENCE,
            longest_wait=LONGEST_WAIT,
        )

    def for_a_file(self, key: str, request: Callable[[], Result]) -> Result:
        """Make a request about one file. Raises UnreadableFileError.

        When file after file fails, the server itself is down: then the rest fail at once.
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
            message = f"{fault.text}; {fault.hint}" if fault.hint else fault.text
            raise UnreadableFileError(
                mask_text(message), temporary=fault.temporary or fault.gone
            ) from None
        self._given_up.clear()
        return result

    def refusal(self, error: Exception) -> BranchlineError:
        """The error to show when the origin cannot be listed."""
        if isinstance(error, BranchlineError):
            return error
        fault = self.fault(error)
        return BranchlineError(
            f"The inbox {self.address} cannot be listed: {mask_text(fault.text)}.",
            (as_sentence(fault.hint) or "Try again later") + ".",
        )

    def _may_pass(self, error: BaseException) -> bool:
        if not isinstance(error, Exception) or isinstance(
            error, (UnreadableFileError, BranchlineError)
        ):
            return False
        return self.fault(error).temporary


class RemoteFile(ABC):
    """One open file of a remote origin."""

    state: object
    """Changes when the file has changed since it was first opened."""
    size: int

    @abstractmethod
    def read(self, size: int) -> bytes:
        """Up to `size` bytes; empty at the end."""

    @abstractmethod
    def close(self) -> None:
        """Close it; never raises."""


class ResumingStream(io.RawIOBase):
    """The bytes of a remote file. A broken connection is resumed where it broke."""

    def __init__(self, origin: RemoteOrigin, key: str) -> None:
        self._origin = origin
        self._key = key
        self._position = 0
        self._first: object | None = None
        self._size = 0
        self._file: RemoteFile | None = None

    def start(self) -> None:
        """Open the file, so that errors show now."""
        self._origin.for_a_file(self._key, self._opened)

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
        data = self._origin.for_a_file(self._key, lambda: self._read(len(buffer)))
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
            file = self._origin.open_at(self._key, self._position, self._first)
            if self._first is None:
                self._first, self._size = file.state, file.size
            elif file.state != self._first:
                file.close()
                raise UnreadableFileError(
                    "the file was replaced while it was being read; the next load reads it",
                    temporary=True,
                )
            self._file = file
        return self._file

    def _let_go(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None
