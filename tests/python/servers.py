"""Servers for the tests, all on loopback: S3, SFTP, and a proxy that breaks connections."""

from __future__ import annotations

import asyncio
import collections
import contextlib
import os
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncssh
import botocore.session
from botocore.config import Config
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import WSGIRequestHandler, make_server

ACCESS_KEY = "key-of-the-tests"
SECRET_KEY = "secret-of-the-tests"
USER = "anna"
PASSWORD = "correct horse battery staple"


class _Quiet(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: Any) -> None:
        return


class S3Server:
    """moto's S3 server; `gets` and `puts` are the objects read and written, in order."""

    def __init__(self) -> None:
        self.gets: list[str] = []
        self.puts: list[str] = []
        self.lists = 0
        self.refuse: Callable[[str, str], tuple[int, str] | None] = lambda method, path: None
        """May answer a request itself, with a status and an error code."""
        self._moto = DomainDispatcherApplication(create_backend_app)
        self._client: Any = None
        self._server = make_server(
            "127.0.0.1", 0, self._answer, threaded=True, request_handler=_Quiet
        )
        self.port = self._server.server_port
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def _answer(self, environ: dict[str, Any], start_response: Any) -> Any:
        if environ["REQUEST_METHOD"] == "GET":
            if "list-type" in environ.get("QUERY_STRING", ""):
                self.lists += 1
            else:
                self.gets.append(environ["PATH_INFO"].encode("latin-1").decode("utf-8"))
        if environ["REQUEST_METHOD"] == "PUT":
            self.puts.append(environ["PATH_INFO"].encode("latin-1").decode("utf-8"))
        refused = self.refuse(environ["REQUEST_METHOD"], environ["PATH_INFO"])
        if refused is not None:
            status, code = refused
            start_response(f"{status} {code}", [("Content-Type", "application/xml")])
            return [f"<?xml version='1.0'?><Error><Code>{code}</Code></Error>".encode()]
        return self._moto(environ, start_response)

    def client(self) -> Any:
        """A client for the tests, without mishaps."""
        if self._client is None:
            self._client = self._make_client()
        return self._client

    def _make_client(self) -> Any:
        session = botocore.session.Session()
        session.set_credentials(ACCESS_KEY, SECRET_KEY)
        return session.create_client(
            "s3",
            region_name="us-east-1",
            endpoint_url=self.endpoint,
            config=Config(s3={"addressing_style": "path"}),
        )

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@contextlib.contextmanager
def s3_server() -> Iterator[S3Server]:
    server = S3Server()
    try:
        yield server
    finally:
        server.stop()


class SftpServer:
    """An SFTP server that serves one folder; `opened` are the paths opened, to read or to write.

    `renames`: whether it has OpenSSH's way of renaming, which replaces a file.
    """

    def __init__(self, folder: Path, host_key: asyncssh.SSHKey | None = None, port: int = 0):
        self.folder = folder
        self.opened: list[str] = []
        self.renames = True
        self.bytes_read = 0
        self.host_key = host_key or asyncssh.generate_private_key("ssh-ed25519")
        self.user_keys: list[str] = []
        self._port = port
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        self.port: int = self._call(self._listen())

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()

    def _call(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(20)

    async def _listen(self) -> int:
        outer = self

        class Door(asyncssh.SSHServer):
            def password_auth_supported(self) -> bool:
                return True

            def validate_password(self, username: str, password: str) -> bool:
                return (username, password) == (USER, PASSWORD)

            def public_key_auth_supported(self) -> bool:
                return True

            def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
                return username == USER and key.get_fingerprint() in outer.user_keys

        class Files(asyncssh.SFTPServer):
            def __init__(self, channel: Any) -> None:
                super().__init__(channel, chroot=os.fsencode(outer.folder))

            def open(self, path: bytes, pflags: int, attrs: Any) -> Any:
                outer.opened.append(path.decode("utf-8", "replace").lstrip("/"))
                return super().open(path, pflags, attrs)

            def posix_rename(self, oldpath: bytes, newpath: bytes) -> Any:
                if not outer.renames:
                    raise asyncssh.SFTPOpUnsupported("unknown extension")
                return super().posix_rename(oldpath, newpath)

            def read(self, file: Any, offset: int, size: int) -> bytes:
                data: bytes = super().read(file, offset, size)
                outer.bytes_read += len(data)
                return data

        self._acceptor = await asyncssh.listen(
            "127.0.0.1",
            self._port,
            server_factory=Door,
            server_host_keys=[self.host_key],
            sftp_factory=Files,
        )
        port: int = self._acceptor.get_port()
        return port

    def known_hosts(self, file: Path, port: int | None = None) -> Path:
        """Write the known_hosts line with this server's key."""
        key = self.host_key.export_public_key().decode().strip()
        file.write_text(f"[127.0.0.1]:{port or self.port} {key}\n")
        return file

    def stop(self) -> None:
        async def close() -> None:
            self._acceptor.close()
            await self._acceptor.wait_closed()
            for task in asyncio.all_tasks() - {asyncio.current_task()}:
                task.cancel()
            await asyncio.sleep(0)

        with contextlib.suppress(Exception):
            self._call(close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()


@contextlib.contextmanager
def sftp_server(folder: Path) -> Iterator[SftpServer]:
    server = SftpServer(folder)
    try:
        yield server
    finally:
        server.stop()


@dataclass
class Mishap:
    """What happens to one connection: no answer, or cut after so many bytes."""

    answered: int | None = 0
    """Bytes of the answer to forward; None: all of them."""
    asked: int | None = None
    """Bytes of the request to forward; None: all of them."""
    stall: bool = False
    """Go silent instead of closing the connection."""
    when: Callable[[bytes], bool] | None = None
    """Cut as soon as a part of the request matches, before it is forwarded."""
    after: Callable[[bytes], bool] | None = None
    """The same, but after it was forwarded; its answer is not."""


@dataclass
class BrokenLine:
    """A TCP proxy. `mishaps` apply to the next connections, one each; later ones work."""

    host: str
    target: int
    unix_socket: str | None = None
    mishaps: collections.deque[Mishap] = field(default_factory=collections.deque)
    connections: int = 0
    befallen: int = 0

    def __post_init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._open: set[socket.socket] = set()
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            mishap = self.mishaps.popleft() if self.mishaps else Mishap(answered=None)
            threading.Thread(target=self._serve, args=(client, mishap), daemon=True).start()

    def _connect(self) -> socket.socket:
        if self.unix_socket:
            server = socket.socket(socket.AF_UNIX)
            server.connect(self.unix_socket)
            return server
        return socket.create_connection((self.host, self.target))

    def _serve(self, client: socket.socket, mishap: Mishap) -> None:
        try:
            server = self._connect()
        except OSError:
            hang_up(client)
            return
        pair = (client, server)
        self._open |= set(pair)
        muted = threading.Event()
        asking = threading.Thread(target=self._pass_on, args=(client, server, mishap, muted, True))
        asking.daemon = True
        asking.start()
        self._pass_on(server, client, mishap, muted, False)
        asking.join()
        for end in pair:
            end.close()
            self._open.discard(end)

    def _pass_on(
        self,
        source: socket.socket,
        target: socket.socket,
        mishap: Mishap,
        muted: threading.Event,
        asking: bool,
    ) -> None:
        left = mishap.asked if asking else mishap.answered
        try:
            while True:
                if left == 0:
                    self._befall(source, target, mishap)
                    return
                data = source.recv(65536)
                if not data:
                    break
                if asking and mishap.when is not None and mishap.when(data):
                    self._befall(source, target, mishap)
                    return
                if left is not None:
                    data = data[:left]
                    left -= len(data)
                is_last = asking and mishap.after is not None and mishap.after(data)
                if is_last:
                    muted.set()
                if asking or not muted.is_set():
                    target.sendall(data)
                if is_last:
                    time.sleep(0.1)  # for the server to process the request
                    self._befall(source, target, mishap)
                    return
            target.shutdown(socket.SHUT_WR)
        except OSError:
            with contextlib.suppress(OSError):
                target.shutdown(socket.SHUT_RDWR)

    def _befall(self, source: socket.socket, target: socket.socket, mishap: Mishap) -> None:
        self.befallen += 1
        if mishap.stall:
            return
        hang_up(source)
        hang_up(target)

    def cut_all(self) -> None:
        """Cut every connection there is."""
        for end in list(self._open):
            hang_up(end)

    def stop(self) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut_all()


def hang_up(end: socket.socket) -> None:
    """Reset a connection, as a crashing machine or a firewall does."""
    with contextlib.suppress(OSError):
        end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        end.shutdown(socket.SHUT_RDWR)


@contextlib.contextmanager
def broken_line(
    target: int, *mishaps: Mishap, unix_socket: str | None = None
) -> Iterator[BrokenLine]:
    """A proxy before a server on loopback."""
    line = BrokenLine("127.0.0.1", target, unix_socket, collections.deque(mishaps))
    try:
        yield line
    finally:
        line.stop()


@contextlib.contextmanager
def silent_server() -> Iterator[int]:
    """The port of a server that accepts connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def closed_port() -> int:
    """A port without a listener."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port
