"""The embedded warehouse: made, reached, stopped, killed, moved, refused."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import stat
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg2
import pytest

from base.errors import BranchlineError
from operate.server.postgres import programs, run_program, system_user
from operate.server.server import SOCKET_PATH_BYTES, Warehouse


def ask(url: str, query: str) -> object:
    with contextlib.closing(psycopg2.connect(url)) as link, link.cursor() as cursor:
        cursor.execute(query)
        row = cursor.fetchone()
        return row[0] if row else None


@contextlib.contextmanager
def taken_port() -> Iterator[int]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield int(listener.getsockname()[1])


def test_it_is_made_reached_stopped_and_started_again(new_warehouse: Warehouse) -> None:
    assert not new_warehouse.status().exists
    connection = new_warehouse.ensure_running()
    assert ask(connection.url, "select current_user") == "branchline"
    assert ask(connection.url, "show timezone") == "UTC"
    assert ask(connection.url, "show server_encoding") == "UTF8"
    assert (
        ask(connection.url, "select rolsuper from pg_roles where rolname = current_user") is False
    )
    status = new_warehouse.status()
    assert (status.pid is not None, status.port) == (True, connection.port)
    assert new_warehouse.stop() is True
    assert new_warehouse.status().pid is None
    assert new_warehouse.stop() is False
    assert new_warehouse.ensure_running() == connection


def test_nobody_comes_in_without_the_password(warehouse: Warehouse) -> None:
    connection = warehouse.ensure_running()
    sockets = warehouse.socket_folder()
    assert stat.S_IMODE(sockets.stat().st_mode) == 0o700
    assert stat.S_IMODE((warehouse.folder / "password").stat().st_mode) == 0o600
    for user in ("branchline", "postgres"):
        for host in ("127.0.0.1", str(sockets)):
            for password in ("", "wrong"):
                with pytest.raises(psycopg2.OperationalError, match=r"password"):
                    psycopg2.connect(
                        host=host,
                        port=connection.port,
                        user=user,
                        password=password,
                        dbname="branchline",
                        passfile=os.devnull,
                    )
    rules = (warehouse.pgdata / "pg_hba.conf").read_text()
    assert "trust" not in rules


def test_data_survives_a_kill(warehouse_folder: Path, warehouse: Warehouse) -> None:
    with taken_port() as port:
        pass
    warehouse = Warehouse(warehouse_folder)
    connection = warehouse.start(port)
    with contextlib.closing(psycopg2.connect(connection.url)) as link:
        link.cursor().execute("create table kept as select 42 as answer")
        link.commit()
    pid = warehouse.status().pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    assert ask(warehouse.ensure_running().url, "select answer from kept") == 42
    assert warehouse.status().pid not in (None, pid)


def test_a_process_id_that_went_to_another_program_is_not_taken_for_the_server(
    warehouse: Warehouse,
) -> None:
    warehouse.ensure_running()
    pid_file = warehouse.pgdata / "postmaster.pid"
    left_over = pid_file.read_text()
    warehouse.stop()
    # Runs as the server's own user, so that PostgreSQL itself would believe in it.
    other = subprocess.Popen(["sleep", "60"], user=system_user().name, cwd="/")
    try:
        pid_file.write_text(left_over.replace(left_over.split("\n")[0], str(other.pid), 1))
        os.chown(pid_file, system_user().uid, system_user().gid)
        assert warehouse.status().pid is None
        assert warehouse.stop() is False
        assert other.poll() is None
        assert ask(warehouse.ensure_running().url, "select 1") == 1
    finally:
        other.kill()
        other.wait()


def test_a_half_made_folder_is_made_anew(new_warehouse: Warehouse) -> None:
    half_made = new_warehouse.folder / "pgdata.new"
    half_made.mkdir()
    (half_made / "PG_VERSION").write_text("18\n")
    (new_warehouse.folder / "password").write_text("of a warehouse that never was")
    assert ask(new_warehouse.ensure_running().url, "select 1") == 1
    assert not half_made.exists()


def test_a_taken_port_is_named_and_another_can_be_chosen(warehouse: Warehouse) -> None:
    first = warehouse.ensure_running()
    warehouse.stop()
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", first.port))
        listener.listen()
        with pytest.raises(BranchlineError, match=rf"port {first.port} is taken") as told:
            warehouse.ensure_running()
        found = re.search(r"branchline warehouse start --port (\d+)", told.value.hint)
        assert found is not None
        moved = warehouse.start(int(found[1]))
    assert moved.port == int(found[1])
    warehouse.stop()
    assert warehouse.ensure_running().port == moved.port


def test_a_running_warehouse_moves_to_another_port(warehouse: Warehouse) -> None:
    before = warehouse.ensure_running()
    with taken_port() as port:
        pass
    after = warehouse.start(port)
    assert after.port == port != before.port
    assert ask(after.url, "select 1") == 1


def test_the_first_free_port_is_taken_at_creation(
    warehouse_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with taken_port() as port:
        monkeypatch.setattr("operate.server.server.DEFAULT_PORT", port)
        made = Warehouse(warehouse_folder).ensure_running()
    assert port < made.port < port + 100


@pytest.mark.parametrize(
    ("version", "words"),
    [("19", "newer than the PostgreSQL 18"), ("16", "older than the PostgreSQL 18")],
)
def test_data_of_another_version_is_refused(
    new_warehouse: Warehouse, version: str, words: str
) -> None:
    new_warehouse.pgdata.mkdir()
    (new_warehouse.pgdata / "PG_VERSION").write_text(f"{version}\n")
    with pytest.raises(BranchlineError, match=rf"PostgreSQL {version}, which is {words}") as told:
        new_warehouse.ensure_running()
    assert told.value.hint


@pytest.mark.parametrize("place", ["a file", "a file/below"])
def test_where_no_folder_can_be_there_is_no_warehouse(tmp_path: Path, place: str) -> None:
    (tmp_path / "a file").write_text("")
    with pytest.raises(BranchlineError, match="There can be no warehouse in") as caught:
        Warehouse(tmp_path / place).ensure_running()
    assert "BRANCHLINE_WAREHOUSE_DIR" in caught.value.hint


def test_a_folder_of_other_things_is_left_alone(new_warehouse: Warehouse) -> None:
    new_warehouse.pgdata.mkdir()
    (new_warehouse.pgdata / "letter.txt").write_text("mine")
    with pytest.raises(BranchlineError, match=r"holds files but no PostgreSQL data"):
        new_warehouse.ensure_running()
    assert (new_warehouse.pgdata / "letter.txt").read_text() == "mine"


def test_commands_that_start_at_the_same_moment_share_one_server(
    warehouse_folder: Path,
) -> None:
    def start(_: int) -> str:
        return Warehouse(warehouse_folder, throwaway=True).ensure_running().url

    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(start, range(4)))) == 1


def test_a_long_path_gets_its_socket_elsewhere(warehouse_folder: Path) -> None:
    folder = warehouse_folder / ("deep" * 20) / "warehouse"
    warehouse = Warehouse(folder, throwaway=True)
    try:
        connection = warehouse.ensure_running()
        sockets = warehouse.socket_folder()
        path = sockets / f".s.PGSQL.{connection.port}"
        assert path.is_socket()
        assert len(os.fsencode(path)) <= SOCKET_PATH_BYTES
        assert stat.S_IMODE(sockets.stat().st_mode) == 0o700
    finally:
        warehouse.stop()
        sockets.rmdir()


def test_the_users_own_warehouse_is_durable(warehouse_folder: Path, warehouse: Warehouse) -> None:
    with taken_port() as port:
        pass
    url = Warehouse(warehouse_folder).start(port).url
    for setting in ("fsync", "synchronous_commit", "full_page_writes"):
        assert ask(url, f"show {setting}") == "on"


def test_the_log_holds_no_values(warehouse: Warehouse) -> None:
    connection = warehouse.ensure_running()
    with pytest.raises(psycopg2.DataError):
        ask(connection.url, "select cast('7789883645846795' as integer)")
    warehouse.stop()
    log = warehouse.log.read_text()
    assert "database system is shut down" in log
    assert "7789883645846795" not in log


def test_the_programs_fail_with_what_they_say() -> None:
    done = run_program("pg_ctl", ["status", "--pgdata=/nowhere"], system_user())
    assert done.returncode != 0
    assert "nowhere" in done.stderr
    assert (programs() / "psql").exists()
