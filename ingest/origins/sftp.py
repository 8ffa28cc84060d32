"""An inbox on an SFTP server.

dlt resolves the credentials; paramiko, on which dlt's own SFTP client is built, does the rest. That
client trusts any server; here the server's key must be known.
"""

from __future__ import annotations

import contextlib
import logging
import posixpath
import socket
import stat
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Optional
from urllib.parse import unquote

import paramiko  # type: ignore[import-untyped]
from dlt.common.configuration import configspec
from dlt.common.configuration.exceptions import ConfigurationException
from dlt.common.configuration.resolve import resolve_configuration
from dlt.common.configuration.specs import SFTPCredentials
from paramiko import ssh_exception as ssh

from base.errors import BranchlineError
from ingest.origins.origin import Entry, Fault, is_settled
from ingest.origins.remote import CONNECT_TIMEOUT, READ_TIMEOUT, RemoteFile, RemoteOrigin
from ingest.raw.quiet import hush_dlt

# It logs paths, and prints errors that are reported here in plain words.
logging.getLogger("paramiko").setLevel(logging.CRITICAL + 1)

REQUEST = 1 << 15
"""What every server returns at once; larger requests may be answered in part."""
WINDOW = 1 << 20
"""How much is requested before waiting for the first answer."""

_PREFIX = "SOURCES__FILESYSTEM__CREDENTIALS__SFTP_"
_HOW = (
    f"set {_PREFIX}USERNAME and {_PREFIX}PASSWORD or {_PREFIX}KEY_FILENAME, or put sftp_username"
    " and the like into .dlt/secrets.toml"
)


@configspec
class SftpCredentials(SFTPCredentials):
    """dlt's, and the file that holds the keys of the servers to be trusted."""

    sftp_known_hosts: Optional[str] = None  # noqa: UP045 - dlt reads the annotation itself


class SftpOrigin(RemoteOrigin):
    """A folder of an SFTP server."""

    def __init__(self, inbox: str, linked: Sequence[str] = ()) -> None:
        """`linked`: folders of the server, outside of the inbox, that its links may lead to."""
        rest = inbox.partition("://")[2]
        server, _, folder = rest.partition("/")
        super().__init__(inbox)
        user, _, place = server.rpartition("@")
        self._host, self._port = self._place(place)
        self._root = "/" + folder.strip("/")
        self._linked = [f"/{folder.strip('/')}" for folder in linked]
        self._credentials = self._resolve()
        self._user = unquote(user) or self._credentials.sftp_username
        if not self._user:
            raise BranchlineError(
                f"There is no user for the inbox {self.address}.",
                f"Name one in the address (sftp://user@host/folder), or {_HOW}.",
            )
        self._ssh: Any = None
        self._sftp: Any = None

    def _place(self, place: str) -> tuple[str, int | None]:
        host, port = place, ""
        if place.startswith("["):  # [::1]:22
            host, _, port = place[1:].partition("]")
            port = port.removeprefix(":")
        elif place.count(":") == 1:
            host, _, port = place.partition(":")
        if not host or (port and not (port.isascii() and port.isdigit() and int(port) < 65536)):
            raise BranchlineError(
                f"The inbox {self.address} has no server name.",
                "Write it as sftp://host/folder or sftp://host:port/folder.",
            )
        return host, int(port) if port else None

    def _resolve(self) -> SftpCredentials:
        hush_dlt()
        try:
            return resolve_configuration(SftpCredentials(), sections=("sources", "filesystem"))
        except (ConfigurationException, ValueError):
            raise BranchlineError(
                f"The settings for the inbox {self.address} cannot be read.",
                f"Check the values of {_PREFIX}... and of .dlt/secrets.toml.",
            ) from None

    # Connecting

    def _session(self) -> Any:
        """The open session; a new one if the last one died."""
        if self._sftp is not None:
            return self._sftp
        given = self._credentials.to_fsspec_credentials()
        given["username"] = self._user
        given["port"] = self._port or given["port"] or 22
        given["timeout"] = given["timeout"] or CONNECT_TIMEOUT
        for step in ("banner_timeout", "auth_timeout", "channel_timeout"):
            given[step] = given[step] or 2 * CONNECT_TIMEOUT
        if given["password"] and not given["key_filename"]:
            # A server counts each key that is tried, and may disconnect before the password.
            given["allow_agent"] = given["look_for_keys"] = False
        client = paramiko.SSHClient()
        client.set_missing_host_key_policy(_RefuseUnknownHost())
        try:
            self._load_known_hosts(client)
            client.connect(self._host, **given)
            session = _Session.from_transport(client.get_transport())
            session.get_channel().settimeout(READ_TIMEOUT)
        except (FileNotFoundError, PermissionError):
            client.close()
            raise _NoKeyFileError from None
        except BaseException:
            client.close()
            raise
        self._ssh, self._sftp = client, session
        return session

    def _load_known_hosts(self, client: Any) -> None:
        named = self._credentials.sftp_known_hosts
        files = [named] if named else ["/etc/ssh/ssh_known_hosts", "~/.ssh/known_hosts"]
        for file in files:
            try:
                client.load_system_host_keys(str(Path(file).expanduser()))
            except (OSError, RuntimeError):
                if named:
                    raise _NoKnownHostsError(named) from None
            except Exception:
                raise _NoKnownHostsError(file) from None

    def forget_connection(self) -> None:
        """Close the session, dead or not."""
        client, self._ssh, self._sftp = self._ssh, None, None
        if client is not None:
            with contextlib.suppress(Exception):
                client.close()

    # Files

    def entries(self) -> Iterator[Entry]:
        """Every file outside hidden folders.

        Permitted links are followed, and each folder is entered once.
        """
        now = time.time()
        root = self._root.encode("utf-8", "surrogateescape")
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
                real = posixpath.normpath(_text(folder))
                if is_link or not prefix:
                    real = self.patiently(
                        lambda folder=folder: self._session().normalize(folder)  # type: ignore[misc]
                    )
            except FileNotFoundError as error:
                if prefix:
                    continue
                raise self._no_root(error) from None
            except PermissionError as error:
                if prefix:
                    self.closed.append(_text(prefix))
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
                            self.outside.append(_text(prefix + name))
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
        for item in self._session().listdir_attr(folder):
            name = item.filename.encode("utf-8", "surrogateescape")
            # A name must be one level down, whatever the server says.
            if b"/" not in name and name not in (b"", b".", b".."):
                found.append((name, item))
        return found

    def _leads_inside(self, link: bytes, root: bytes) -> bool:
        """Whether a link leads to a permitted folder, as the server resolves it."""
        try:
            real: str = self.patiently(lambda: self._session().normalize(link))
        except Exception as error:
            if isinstance(error, OSError) and not self.fault(error).temporary:
                # Dangling.
                return True
            raise self.refusal(error) from None
        return any(
            real == folder or real.startswith(folder.rstrip("/") + "/")
            for folder in (_text(root), *self._linked)
        )

    def _target(self, path: bytes) -> Any:
        """The status of a link's target; None for a dangling link."""
        try:
            return self.patiently(lambda: self._session().stat(path))
        except Exception as error:
            if isinstance(error, OSError) and not self.fault(error).temporary:
                return None
            raise self.refusal(error) from None

    def _no_root(self, error: OSError) -> BranchlineError:
        if isinstance(error, PermissionError):
            return BranchlineError(
                f"The inbox {self.address} cannot be read: the server does not allow it.",
                f"Grant the user {self._user} the right to read and enter the folder there.",
            )
        return BranchlineError(
            f"The inbox {self.address} does not exist on the server.",
            "Check the folder's name: it begins at the server's root.",
        )

    def open_at(self, key: str, position: int, first: object | None) -> RemoteFile:
        """Open the file and seek to the byte."""
        file = self._session().open(key.encode("utf-8", "surrogateescape"), "rb")
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
                found = self._session().stat(key.encode("utf-8", "surrogateescape"))
            except FileNotFoundError:
                return None
            return _fingerprint(found)

        return self.for_a_file(key, ask)

    def fault(self, error: Exception) -> Fault:
        """Translate an error of the server, the network or the credentials."""
        at = f"{self._host}:{self._port or self._credentials.sftp_port or 22}"
        if isinstance(error, _NoKnownHostsError):
            return Fault(
                f"the file of known servers {error} cannot be read",
                f"check {_PREFIX}KNOWN_HOSTS and the file",
            )
        if isinstance(error, _NoKeyFileError):
            named = self._credentials.sftp_key_filename
            return Fault(f"the key file {named} does not exist or cannot be read", _HOW)
        if isinstance(error, _UnknownHostError):
            return Fault(
                f"the server {at} is not known here; its key is {error}",
                "compare the key with the one its administrators give you, then trust it:"
                f" ssh-keyscan -p {at.rpartition(':')[2]} {self._host} >> ~/.ssh/known_hosts (or a"
                f" file that {_PREFIX}KNOWN_HOSTS names)",
            )
        if isinstance(error, ssh.BadHostKeyException):
            return Fault(
                f"the key of the server {at} has changed: it was reinstalled, or another machine"
                " pretends to be it",
                "ask its administrators; if it was reinstalled, replace its line in the"
                " known_hosts file",
            )
        if isinstance(error, ssh.PasswordRequiredException):
            return Fault("the key file is locked", f"set {_PREFIX}KEY_PASSPHRASE")
        if isinstance(error, ssh.AuthenticationException) and not isinstance(
            error, ssh.BadAuthenticationType
        ):
            if "timeout" in str(error).lower():
                return Fault(f"the server {at} does not answer in time", "try again later", True)
            return Fault(
                f"the server {at} rejects the user {self._user}: wrong password or key",
                _HOW,
            )
        if isinstance(error, ssh.BadAuthenticationType):
            return Fault(
                f"the server {at} requires another kind of login from the user {self._user}"
                f" ({', '.join(str(kind) for kind in error.allowed_types)})",
                _HOW,
            )
        if isinstance(error, socket.gaierror):
            return Fault(
                f"no server has the name {self._host}",
                "check the address",
                temporary=error.errno == getattr(socket, "EAI_AGAIN", None),
            )
        if isinstance(error, ssh.SSHException) and "No authentication methods" in str(error):
            return Fault("no password or key is set for it", _HOW)
        if isinstance(error, ssh.SSHException) and "not a valid" in str(error):
            return Fault("the key file has no readable key", _HOW)
        if isinstance(error, FileNotFoundError):
            return Fault("the file was deleted before it was read", gone=True)
        if isinstance(error, PermissionError):
            return Fault(f"the user {self._user} may not read it; change its permissions there")
        if isinstance(error, TimeoutError):
            return Fault(
                f"the server {at} does not answer in time",
                "check the address, the network and the server",
                temporary=True,
            )
        if isinstance(error, ssh.NoValidConnectionsError):
            return Fault(
                f"there is no connection to the server {at}",
                "check the address, the network and the server",
                temporary=True,
            )
        return Fault(
            f"the connection to the server {at} broke off",
            "check the network and the server",
            temporary=isinstance(error, (OSError, EOFError, ssh.SSHException)),
        )


class _NoKnownHostsError(Exception):
    """The known_hosts file does not exist or is invalid."""


class _NoKeyFileError(Exception):
    """The file of the user's key cannot be read."""


class _UnknownHostError(Exception):
    """A server with an unknown key; the text is the key's type and fingerprint."""


class _RefuseUnknownHost(paramiko.MissingHostKeyPolicy):  # type: ignore[misc]
    """Unlike paramiko's own policy, it shows the key that people have to compare."""

    def missing_host_key(self, client: Any, hostname: str, key: Any) -> None:
        raise _UnknownHostError(f"{key.get_name()} {key.fingerprint}")


class _Session(paramiko.SFTPClient):  # type: ignore[misc]
    """A session that accepts names that are not UTF-8: on most servers a name is just bytes.

    It also distinguishes a broken connection from an end: paramiko raises EOFError for both, and
    takes a break while sending a request for the end of the file or of the listing.
    """

    def open(self, *arguments: Any) -> Any:
        """Open a file."""
        file = super().open(*arguments)
        file.__class__ = _PrefetchedFile
        return file

    def _send_packet(self, kind: Any, packet: Any) -> None:
        try:
            super()._send_packet(kind, packet)
        except EOFError:
            raise ssh.SSHException("the connection broke") from None

    def _request(self, kind: Any, *arguments: Any) -> Any:
        kind, message = super()._request(kind, *arguments)
        if message is not None:
            message.__class__ = _Message
        return kind, message


# paramiko has no types: to mypy its classes are Any, and so are their subclasses.
class _PrefetchedFile(paramiko.SFTPFile):  # type: ignore[misc]
    """An open file; a broken connection raises only in the reader, not in the prefetch thread."""

    def _prefetch_thread(self, *arguments: Any) -> None:
        with contextlib.suppress(OSError, EOFError, ssh.SSHException):
            super()._prefetch_thread(*arguments)


class _Message(paramiko.Message):  # type: ignore[misc]
    def get_text(self) -> str:
        return _text(self.get_string())


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
        _text(path),
        _text(relative),
        status.st_size or 0,
        float(modified or 0),
        _fingerprint(status),
        modified is not None and is_settled(modified, now),
    )


def _fingerprint(status: Any) -> str:
    return f"{status.st_size}:{status.st_mtime}"


def _text(name: bytes) -> str:
    return name.decode("utf-8", "surrogateescape")
