"""No connection sends the password to an impostor of the warehouse."""

from __future__ import annotations

import contextlib
import shutil
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import throwaway

from base.errors import BranchlineError
from base.settings import PROJECT
from operate.server.postgres import programs
from operate.server.server import Warehouse

PASSWORD = "the-owners-own-word"
# The code of each authentication request in PostgreSQL's protocol, and its data.
WAYS = {"clear": (3, b""), "md5": (5, b"salt"), "nothing": (0, b"")}


@dataclass
class Rogue:
    """A program of another user that listens on the warehouse's port and asks for the password.
    `answers`: what it received."""

    way: str
    answers: list[bytes] = field(default_factory=list)
    connections: int = 0

    def __post_init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._listen)
        self._thread.start()

    def _listen(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                self.connections += 1
                client.settimeout(5)
                with client, contextlib.suppress(OSError):
                    self._serve(client)

    def _serve(self, client: socket.socket) -> None:
        while True:
            (length,) = struct.unpack("!I", client.recv(4, socket.MSG_WAITALL))
            asked = client.recv(length - 4, socket.MSG_WAITALL)
            if struct.unpack("!I", asked[:4])[0] in (80877103, 80877104):
                client.sendall(b"N")
                continue
            break
        code, more = WAYS[self.way]
        client.sendall(b"R" + struct.pack("!II", 8 + len(more), code) + more)
        if self.way == "nothing":
            client.sendall(b"Z" + struct.pack("!I", 5) + b"I")
        answer = client.recv(4096)
        if answer:
            self.answers.append(answer)

    def stop(self) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()


@pytest.fixture(params=WAYS)
def rogue(request: pytest.FixtureRequest) -> Iterator[Rogue]:
    made = Rogue(request.param)
    try:
        yield made
    finally:
        made.stop()


def test_no_connection_and_no_child_sends_the_password(rogue: Rogue, tmp_path: Path) -> None:
    url = f"postgresql://branchline:{PASSWORD}@127.0.0.1:{rogue.port}/branchline"
    env = throwaway.environment(url, tmp_path)
    env["BRANCHLINE_SOURCE_SALES_DESK_URL"] = url
    (tmp_path / "inbox").mkdir()
    refused = throwaway.run_branchline("status", environment=env)
    assert refused.returncode == 1
    assert "scram-sha-256" in refused.stderr
    assert "require_auth" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert PASSWORD not in refused.stdout + refused.stderr
    reported = throwaway.run_branchline("env", environment=env).stdout
    assert "export PGREQUIREAUTH=scram-sha-256\n" in reported
    shutil.copy(PROJECT / "profiles.example.yml", tmp_path / "profiles.yml")
    bin_ = Path(sys.executable).parent
    for command in (
        f"{programs() / 'psql'} -c 'select 1'",
        f"{bin_ / 'dbt'} debug --connection --project-dir {PROJECT} --profiles-dir {tmp_path}",
    ):
        done = subprocess.run(
            ["sh", "-c", f'eval "$TOLD" && {command}'],
            env={**env, "TOLD": reported},
            capture_output=True,
            text=True,
        )
        assert done.returncode != 0
        assert "scram-sha-256" in done.stdout + done.stderr
    assert rogue.connections >= 3
    assert rogue.answers == []


def test_no_source_connection_sends_the_password(
    rogue: Rogue, database_url: str, tmp_path: Path
) -> None:
    env = throwaway.environment(database_url, tmp_path)
    (tmp_path / "inbox").mkdir()
    address = f"postgresql://u:{PASSWORD}@127.0.0.1:{rogue.port}/shop"
    done = throwaway.run_branchline(
        "load", environment={**env, "BRANCHLINE_SOURCE_SALES_DESK_URL": address}
    )
    assert done.returncode == 1
    assert "scram-sha-256" in done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert rogue.connections
    assert rogue.answers == []


def test_the_embedded_warehouse_does_not_use_the_port(rogue: Rogue, warehouse: Warehouse) -> None:
    connection = warehouse.start(probe_port())
    assert connection.host == str(warehouse.socket_folder())
    warehouse.stop()
    record = warehouse.folder / "connection.json"
    record.write_text(record.read_text().replace(str(connection.port), str(rogue.port)))
    with pytest.raises(BranchlineError, match=f"port {rogue.port} is taken"):
        warehouse.ensure_running()
    assert rogue.connections == 0


def probe_port() -> int:
    """A port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class RogueMysql:
    """Claims to be a MySQL, and asks for the password in clear."""

    def __init__(self) -> None:
        self.reported = b""
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._listen)
        self._thread.start()

    def _listen(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                client.settimeout(5)
                with client, contextlib.suppress(OSError):
                    greeting = (
                        b"\x0a8.0.36\0"
                        + struct.pack("<I", 7)
                        + b"12345678\0"
                        + struct.pack("<HBHH", 0xA200, 33, 2, 0x0008)
                        + b"\x15"
                        + b"\0" * 10
                        + b"123456789012\0mysql_native_password\0"
                    )
                    client.sendall(struct.pack("<I", len(greeting))[:3] + b"\0" + greeting)
                    client.recv(4096)
                    switch = b"\xfemysql_clear_password\0"
                    client.sendall(struct.pack("<I", len(switch))[:3] + b"\x02" + switch)
                    self.reported += client.recv(4096)

    def stop(self) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()


def test_a_mysql_that_asks_in_clear_gets_no_password(database_url: str, tmp_path: Path) -> None:
    server = RogueMysql()
    try:
        env = throwaway.environment(database_url, tmp_path)
        (tmp_path / "inbox").mkdir()
        address = f"mysql://u:{PASSWORD}@127.0.0.1:{server.port}/shop"
        done = throwaway.run_branchline(
            "load", environment={**env, "BRANCHLINE_SOURCE_SALES_DESK_URL": address}
        )
    finally:
        server.stop()
    assert done.returncode == 1
    assert "in clear" in " ".join((done.stdout + done.stderr).split())
    assert PASSWORD.encode() not in server.reported


@pytest.mark.parametrize(
    "address",
    [
        "mysql://reader:p@S3cretPW@127.0.0.1:3306/shop",
        "postgresql://reader:p@S3cretPW@127.0.0.1/shop",
        "mariadb://reader:S3cretPW@@127.0.0.1/shop",
    ],
)
def test_a_sources_password_is_never_taken_for_its_host(
    database_url: str, tmp_path: Path, address: str
) -> None:
    env = throwaway.environment(database_url, tmp_path)
    (tmp_path / "inbox").mkdir()
    done = throwaway.run_branchline(
        "load", environment={**env, "BRANCHLINE_SOURCE_SALES_DESK_URL": address}
    )
    assert done.returncode == 1
    assert "percent-encoded" in " ".join((done.stdout + done.stderr).split())
    assert "S3cretPW" not in done.stdout + done.stderr
