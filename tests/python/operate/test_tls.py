"""TLS as set in the URL: loader, dbt and commands, with the right and a wrong authority.

The embedded PostgreSQL is built without TLS, so a test server speaks it on its behalf, as a
connection pooler does: a client sees no difference.
"""

from __future__ import annotations

import contextlib
import select
import socket
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psycopg2
import pytest
import throwaway
from certificates import authority, server_certificate
from cryptography.hazmat.primitives import serialization
from nightly import dbt

from base.link import Connection

SSL_REQUEST = (8).to_bytes(4, "big") + (80877103).to_bytes(4, "big")


class TlsServer:
    """A TLS-only proxy in front of a plain PostgreSQL."""

    def __init__(self, behind: Connection, folder: Path) -> None:
        """The certificate is for 127.0.0.1, by its own authority."""
        root, root_key = authority("Branch authority")
        wrong, _ = authority("Somebody else")
        self.root, self.wrong = folder / "root authority.pem", folder / "wrong.pem"
        self.root.write_bytes(root.public_bytes(serialization.Encoding.PEM))
        self.wrong.write_bytes(wrong.public_bytes(serialization.Encoding.PEM))
        both = folder / "server.pem"
        both.write_bytes(server_certificate(root, root_key))
        self.encrypted = self.refused = 0
        self._behind = behind
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(both)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._threads = [threading.Thread(target=self._listen)]
        self._threads[0].start()

    def stop(self) -> None:
        """Accept no more connections, and wait for the open ones."""
        self._listener.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()
        self._listener.close()

    def _listen(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                thread = threading.Thread(target=self._serve, args=(client,))
                self._threads.append(thread)
                thread.start()

    def _serve(self, client: socket.socket) -> None:
        with client, contextlib.suppress(OSError):
            # Like `hostssl`: a client that does not request TLS first is rejected.
            if client.recv(8, socket.MSG_WAITALL) != SSL_REQUEST:
                self.refused += 1
                return
            client.sendall(b"S")
            with (
                self._context.wrap_socket(client, server_side=True) as inner,
                socket.create_connection((self._behind.host, self._behind.port)) as behind,
            ):
                self.encrypted += 1
                _pass_on(inner, behind)


def _pass_on(client: ssl.SSLSocket, server: socket.socket) -> None:
    """Forward data in both directions until one side ends."""
    while True:
        ready = [client] if client.pending() else select.select([client, server], [], [])[0]
        for source in ready:
            data = source.recv(65536)
            if not data:
                return
            (server if source is client else client).sendall(data)


@dataclass
class Tls:
    server: TlsServer
    url: str

    def urls(self, mode: str, authority: Path | None = None) -> str:
        url = f"{self.url}?sslmode={mode}"
        return url if authority is None else f"{url}&sslrootcert={quote(str(authority))}"


@pytest.fixture(scope="module")
def tls(postgres_server: Connection, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tls]:
    made = TlsServer(postgres_server, tmp_path_factory.mktemp("tls"))
    try:
        with throwaway.database(postgres_server) as url:
            at = f"@127.0.0.1:{postgres_server.port}/"
            assert at in url
            yield Tls(made, url.replace(at, f"@127.0.0.1:{made.port}/"))
    finally:
        made.stop()


def test_loader_dbt_and_commands_use_the_urls_tls_settings(tls: Tls, tmp_path: Path) -> None:
    env = throwaway.environment(tls.urls("verify-full", tls.server.root), tmp_path)
    inbox = tmp_path / "inbox" / "branch_pos"
    inbox.mkdir(parents=True)
    (inbox / "leeds_26-08-2021_09-00-00.csv").write_text(
        '26/08/2021 09:00,Leeds,Ann,"Tea - 1.80",1.80,CASH,\n'
    )
    loaded = throwaway.run_branchline("load", environment=env)
    assert loaded.returncode == 0, loaded.stderr
    before = tls.server.encrypted
    # The loader, and dlt with its own connections.
    assert before >= 3
    read = throwaway.run_branchline(
        "sql", "select count(*) from raw.ingest_files", "--format", "csv", environment=env
    )
    assert read.stdout == "count\n1\n"
    assert "connection ok" in dbt(env, tmp_path, "debug", "--connection").lower()
    assert tls.server.encrypted > before + 1
    assert tls.server.refused == 0


@pytest.mark.parametrize("command", ["load", "sql", "dbt"])
def test_a_wrong_authority_is_reported_in_plain_words(
    tls: Tls, command: str, tmp_path: Path
) -> None:
    env = throwaway.environment(tls.urls("verify-full", tls.server.wrong), tmp_path)
    (tmp_path / "inbox").mkdir()
    if command == "dbt":
        reported = dbt(env, tmp_path, "debug", "--connection", expect=1)
        assert "certificate verify failed" in reported
        return
    done = throwaway.run_branchline(
        *{"load": ("load",), "sql": ("sql", "select 1")}[command], environment=env
    )
    assert done.returncode == 1
    assert "certificate verify failed" in done.stderr
    assert "sslrootcert" in done.stderr
    assert "Traceback" not in done.stderr


def test_no_tls_and_another_servers_certificate_are_refused(tls: Tls) -> None:
    with pytest.raises(psycopg2.OperationalError, match="closed the connection"):
        psycopg2.connect(tls.urls("disable"))
    with pytest.raises(psycopg2.OperationalError, match="does not match host name"):
        psycopg2.connect(
            tls.urls("verify-full", tls.server.root),
            host="sales.example.com",
            hostaddr="127.0.0.1",
        )
