"""A folder of an SFTP server.

dlt resolves the credentials; paramiko, on which dlt's own SFTP client is built, does the rest. That
client trusts any server; here the server's key must be known.
"""

from __future__ import annotations

import contextlib
import logging
import socket
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Optional
from urllib.parse import unquote

import paramiko  # type: ignore[import-untyped]  # it ships no types
from dlt.common.configuration import configspec
from dlt.common.configuration.exceptions import ConfigurationException
from dlt.common.configuration.resolve import resolve_configuration
from dlt.common.configuration.specs import SFTPCredentials
from paramiko import ssh_exception as ssh

from base.errors import BranchlineError
from base.quiet import hush_dlt
from base.stores.faults import CONNECT_TIMEOUT, READ_TIMEOUT, Fault
from base.words import as_sentence

# It logs paths, and prints errors that are reported here in plain words.
logging.getLogger("paramiko").setLevel(logging.CRITICAL + 1)


@configspec
class SftpCredentials(SFTPCredentials):
    """dlt's, and the file that holds the keys of the servers to be trusted."""

    sftp_known_hosts: Optional[str] = None  # noqa: UP045 - dlt reads the annotation itself


class SftpFolder:
    """A folder of an SFTP server, and the connection to it."""

    def __init__(
        self,
        address: str,
        what: str,
        sections: Sequence[str],
        connect_timeout: float = CONNECT_TIMEOUT,
        read_timeout: float = READ_TIMEOUT,
    ) -> None:
        """`what`: the place for messages, "the inbox sftp://host/folder". `sections`: where dlt
        looks for the credentials. Timeouts in seconds. Nothing is asked of the server yet.

        Raises BranchlineError if the address or the settings are wrong.
        """
        server, _, folder = address.partition("://")[2].partition("/")
        user, _, place = server.rpartition("@")
        self._what = what
        self._prefix = "__".join([*sections, "credentials", "sftp_"]).upper()
        self._how = (
            f"set {self._prefix}USERNAME and {self._prefix}PASSWORD or {self._prefix}KEY_FILENAME,"
            " or put sftp_username and the like into .dlt/secrets.toml"
        )
        self._timeouts = (connect_timeout, read_timeout)
        self._host, self._port = self._place(place)
        self.root = "/" + folder.strip("/")
        self._credentials = self._resolve(sections)
        self.user = unquote(user) or self._credentials.sftp_username
        if not self.user:
            raise BranchlineError(
                f"There is no user for {what}.",
                f"Name one in the address (sftp://user@host/folder), or {self._how}.",
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
                f"{as_sentence(self._what)} has no server name.",
                "Write it as sftp://host/folder or sftp://host:port/folder.",
            )
        return host, int(port) if port else None

    def _resolve(self, sections: Sequence[str]) -> SftpCredentials:
        hush_dlt()
        try:
            return resolve_configuration(SftpCredentials(), sections=tuple(sections))
        except (ConfigurationException, ValueError):
            raise BranchlineError(
                f"The settings for {self._what} cannot be read.",
                f"Check the values of {self._prefix}... and of .dlt/secrets.toml.",
            ) from None

    def session(self) -> Any:
        """The open session; a new one if the last one died."""
        if self._sftp is not None:
            return self._sftp
        connect_timeout, read_timeout = self._timeouts
        given = self._credentials.to_fsspec_credentials()
        given["username"] = self.user
        given["port"] = self._port or given["port"] or 22
        given["timeout"] = given["timeout"] or connect_timeout
        for step in ("banner_timeout", "auth_timeout", "channel_timeout"):
            given[step] = given[step] or 2 * connect_timeout
        if given["password"] and not given["key_filename"]:
            # A server counts each key that is tried, and may disconnect before the password.
            given["allow_agent"] = given["look_for_keys"] = False
        client = paramiko.SSHClient()
        client.set_missing_host_key_policy(_RefuseUnknownHost())
        try:
            self._load_known_hosts(client)
            client.connect(self._host, **given)
            session = _Session.from_transport(client.get_transport())
            session.get_channel().settimeout(read_timeout)
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

    @property
    def is_open(self) -> bool:
        """Whether there is a session whose connection has not broken."""
        return self._sftp is not None and not self._sftp.get_channel().closed

    def forget(self) -> None:
        """Close the session, dead or not."""
        client, self._ssh, self._sftp = self._ssh, None, None
        if client is not None:
            with contextlib.suppress(Exception):
                client.close()

    def fault(self, error: Exception) -> Fault:
        """Translate an error of the server, the network or the credentials."""
        at = f"{self._host}:{self._port or self._credentials.sftp_port or 22}"
        if isinstance(error, _NoKnownHostsError):
            return Fault(
                f"the file of known servers {error} cannot be read",
                f"check {self._prefix}KNOWN_HOSTS and the file",
            )
        if isinstance(error, _NoKeyFileError):
            named = self._credentials.sftp_key_filename
            return Fault(f"the key file {named} does not exist or cannot be read", self._how)
        if isinstance(error, _UnknownHostError):
            return Fault(
                f"the server {at} is not known here; its key is {error}",
                "compare the key with the one its administrators give you, then trust it:"
                f" ssh-keyscan -p {at.rpartition(':')[2]} {self._host} >> ~/.ssh/known_hosts (or a"
                f" file that {self._prefix}KNOWN_HOSTS names)",
            )
        if isinstance(error, ssh.BadHostKeyException):
            return Fault(
                f"the key of the server {at} has changed: it was reinstalled, or another machine"
                " pretends to be it",
                "ask its administrators; if it was reinstalled, replace its line in the"
                " known_hosts file",
            )
        if isinstance(error, ssh.PasswordRequiredException):
            return Fault("the key file is locked", f"set {self._prefix}KEY_PASSPHRASE")
        if isinstance(error, ssh.AuthenticationException) and not isinstance(
            error, ssh.BadAuthenticationType
        ):
            if "timeout" in str(error).lower():
                return Fault(f"the server {at} does not answer in time", "try again later", True)
            return Fault(
                f"the server {at} rejects the user {self.user}: wrong password or key",
                self._how,
            )
        if isinstance(error, ssh.BadAuthenticationType):
            return Fault(
                f"the server {at} requires another kind of login from the user {self.user}"
                f" ({', '.join(str(kind) for kind in error.allowed_types)})",
                self._how,
            )
        if isinstance(error, socket.gaierror):
            return Fault(
                f"no server has the name {self._host}",
                "check the address",
                temporary=error.errno == getattr(socket, "EAI_AGAIN", None),
            )
        if isinstance(error, ssh.SSHException) and "No authentication methods" in str(error):
            return Fault("no password or key is set for it", self._how)
        if isinstance(error, ssh.SSHException) and "not a valid" in str(error):
            return Fault("the key file has no readable key", self._how)
        if isinstance(error, FileNotFoundError):
            return Fault("the file was deleted before it was read", gone=True)
        if isinstance(error, PermissionError):
            return Fault(f"the user {self.user} may not read it; change its permissions there")
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


class _RefuseUnknownHost(paramiko.MissingHostKeyPolicy):  # type: ignore[misc]  # base is untyped
    """Unlike paramiko's own policy, it shows the key that people have to compare."""

    def missing_host_key(self, client: Any, hostname: str, key: Any) -> None:
        raise _UnknownHostError(f"{key.get_name()} {key.fingerprint}")


class _Session(paramiko.SFTPClient):  # type: ignore[misc]  # base is untyped
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
class _PrefetchedFile(paramiko.SFTPFile):  # type: ignore[misc]  # base is untyped
    """An open file; a broken connection raises only in the reader, not in the prefetch thread."""

    def _prefetch_thread(self, *arguments: Any) -> None:
        with contextlib.suppress(OSError, EOFError, ssh.SSHException):
            super()._prefetch_thread(*arguments)


class _Message(paramiko.Message):  # type: ignore[misc]  # base is untyped
    def get_text(self) -> str:
        return name_text(self.get_string())


def name_text(name: bytes) -> str:
    """The text of a file name of the server, which may be of any encoding."""
    return name.decode("utf-8", "surrogateescape")
