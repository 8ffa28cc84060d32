"""A REST API on loopback for the tests, which may go wrong in every way that APIs do."""

from __future__ import annotations

import contextlib
import json
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

KEY = "K3y-of-the-tests-c4n4ry"


@dataclass(frozen=True)
class Call:
    """One request. `number`: how many of its path there were before it."""

    path: str
    params: dict[str, str]
    headers: dict[str, str]
    number: int
    at: float


@dataclass(frozen=True)
class Reply:
    """What is answered, and what goes wrong meanwhile."""

    body: Any = b""
    """Bytes as they are; anything else as JSON."""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    cut_after: int | None = None
    """Cut the connection after so many bytes of the body."""
    chunked: bool = False
    drip: float = 0
    """Seconds between two bytes of the body."""
    drip_headers: float = 0
    """Seconds between two bytes of the headers."""
    delay: float = 0
    """Seconds before the answer."""


class ApiServer:
    """Answers with `answer`; `calls` are the requests in their order."""

    def __init__(self, certificate: Path | None = None) -> None:
        self.answer: Callable[[Call], Reply] = lambda call: Reply(status=404)
        self.calls: list[Call] = []
        self.most_at_once = 0
        self._now = 0
        self._lock = threading.Lock()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                outer._serve(self)

            def log_message(self, *_: Any) -> None:
                return

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_: Any) -> None:
                return  # a client that goes away

        self._server = Server(("127.0.0.1", 0), Handler)
        self.scheme = "http"
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
            self.scheme = "https"
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.02,), daemon=True
        )
        self._thread.start()

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self._server.server_port}"

    @property
    def port(self) -> int:
        return self._server.server_port

    def paths(self) -> list[str]:
        """The paths that were called, in their order."""
        return [call.path for call in self.calls]

    def _serve(self, handler: BaseHTTPRequestHandler) -> None:
        parts = urlsplit(handler.path)
        with self._lock:
            call = Call(
                parts.path,
                dict(parse_qsl(parts.query, keep_blank_values=True)),
                {name.lower(): value for name, value in handler.headers.items()},
                sum(known.path == parts.path for known in self.calls),
                time.monotonic(),
            )
            self.calls.append(call)
            self._now += 1
            self.most_at_once = max(self.most_at_once, self._now)
        try:
            reply = self.answer(call)
            time.sleep(reply.delay)
        finally:
            with self._lock:
                self._now -= 1
        self._send(handler, reply)

    def _send(self, handler: BaseHTTPRequestHandler, reply: Reply) -> None:
        body = reply.body
        if not isinstance(body, bytes):
            body = json.dumps(body).encode()
        handler.send_response(reply.status)
        if reply.drip_headers:
            handler.flush_headers()
        headers = {"Content-Type": "application/json", **reply.headers}
        if reply.chunked:
            headers["Transfer-Encoding"] = "chunked"
        elif "Connection" not in headers:
            headers["Content-Length"] = str(len(body))
        for name, value in headers.items():
            handler.send_header(name, value)
        if reply.drip_headers:
            for byte in b"X-Slow: " + b"x" * 100:
                handler.wfile.write(bytes([byte]))
                time.sleep(reply.drip_headers)
        handler.end_headers()
        sent = body if reply.cut_after is None else body[: reply.cut_after]
        for part in [sent] if not reply.drip else [bytes([byte]) for byte in sent]:
            if reply.chunked:
                handler.wfile.write(b"%x\r\n%s\r\n" % (len(part), part))
            else:
                handler.wfile.write(part)
            handler.wfile.flush()
            time.sleep(reply.drip)
        if reply.cut_after is not None or "Connection" in headers:
            handler.close_connection = True
        elif reply.chunked:
            handler.wfile.write(b"0\r\n\r\n")

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@contextlib.contextmanager
def api_server(certificate: Path | None = None) -> Iterator[ApiServer]:
    server = ApiServer(certificate)
    try:
        yield server
    finally:
        server.stop()
