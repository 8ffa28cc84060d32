"""Show the archive on loopback: read-only, and nothing but the files of its folder."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import BinaryIO
from urllib.parse import unquote, urlsplit

from base.errors import BranchlineError

LOOPBACK = "127.0.0.1"
_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".pdf": "application/pdf",
    ".json": "application/json; charset=utf-8",
    ".csv": "text/csv; charset=utf-8",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".parquet": "application/vnd.apache.parquet",
}
"""A file of another type is not shown."""


class _ArchiveServer(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, folder: Path, port: int) -> None:
        self.folder = folder
        super().__init__((LOOPBACK, port), _ArchiveHandler)


class _ArchiveHandler(BaseHTTPRequestHandler):
    server: _ArchiveServer
    server_version = "branchline"
    sys_version = ""
    protocol_version = "HTTP/1.1"
    timeout = 30

    def do_GET(self) -> None:
        """Answer with a file."""
        self._answer(with_body=True)

    def do_HEAD(self) -> None:
        """Answer as GET does, without the file."""
        self._answer(with_body=False)

    def _answer(self, *, with_body: bool) -> None:
        # A page of another site whose name leads to 127.0.0.1 must not read the reports.
        port = self.server.server_address[1]
        if self.headers.get("Host", "") not in (f"{LOOPBACK}:{port}", f"localhost:{port}"):
            self._refuse(HTTPStatus.FORBIDDEN)
            return
        path = urlsplit(self.path).path
        found = archived_file(self.server.folder, path)
        if found is None:
            self._refuse(HTTPStatus.NOT_FOUND)
            return
        if path.endswith("/") or found.name != "index.html" or path.endswith("/index.html"):
            self._send_file(found, with_body=with_body)
        else:
            # Links of the page are relative to its folder.
            self.send_response(HTTPStatus.MOVED_PERMANENTLY)
            self.send_header("Location", path.rsplit("/", 1)[-1] + "/")
            self.send_header("Content-Length", "0")
            self.end_headers()

    def _send_file(self, path: Path, *, with_body: bool) -> None:
        try:
            file = open_file(path)
        except OSError:
            self._refuse(HTTPStatus.NOT_FOUND)
            return
        with file:
            self.send_response(HTTPStatus.OK)
            self.send_header("Content-Type", _TYPES[path.suffix])
            size = os.fstat(file.fileno()).st_size
            self.send_header("Content-Length", str(size))
            self.end_headers()
            if with_body:
                self.wfile.write(file.read(size))

    def _refuse(self, status: HTTPStatus) -> None:
        self.send_response(status)
        text = f"{status.phrase}\n".encode()
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(text)

    def end_headers(self) -> None:
        """Send what holds for every answer: it is not kept, framed or taken for another type."""
        self.send_header("Cache-Control", "no-store")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("X-Frame-Options", "DENY")
        self.send_header("Referrer-Policy", "no-referrer")
        super().end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Print nothing: addresses hold names of branches."""


def archived_file(folder: Path, path: str) -> Path | None:
    """The file of the archive that a path of a request names; None if it names none.

    A path with `..`, a hidden name, a symbolic link that leads out of the folder, a folder without
    index.html and a file of an unknown type name none.
    """
    names = [name for name in unquote(path, errors="replace").split("/") if name]
    if any(name.startswith(".") or not _is_plain(name) for name in names):
        return None
    try:
        root = folder.resolve(strict=True)
        found = root.joinpath(*names).resolve(strict=True)
        if found.is_dir():
            found = (found / "index.html").resolve(strict=True)
    except OSError:
        return None
    if not found.is_relative_to(root) or found.suffix not in _TYPES or not found.is_file():
        return None
    return found


def _is_plain(name: str) -> bool:
    return name.isprintable() and not set(name) & {"\\", ":"}


def open_file(path: Path) -> BinaryIO:
    """Open a regular file; a link that replaced it meanwhile is not followed."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(f"{path} is not a file")
    return os.fdopen(descriptor, "rb")


def make_server(folder: Path, port: int = 0) -> ThreadingHTTPServer:
    """A server of the archive on a port of 127.0.0.1; port 0 takes a free one.

    Raises BranchlineError if the archive has no index page, or the port is taken.
    """
    if not (folder / "index.html").is_file():
        raise BranchlineError(
            f"{folder} has no index.html, so there is nothing to show.",
            "Publish first: branchline publish",
        )
    try:
        return _ArchiveServer(folder, port)
    except OSError as error:
        raise BranchlineError(
            f"Port {port} of {LOOPBACK} cannot be used: {error.strerror}.",
            "Choose another port, or 0 for a free one.",
        ) from error


def serve(folder: Path, port: int, ready: Callable[[str], None]) -> None:
    """Show the archive until the process is interrupted. `ready` is given the address."""
    with make_server(folder, port) as server:
        ready(f"http://{LOOPBACK}:{server.server_address[1]}/")
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            return
