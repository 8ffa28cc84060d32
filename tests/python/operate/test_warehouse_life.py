"""The embedded warehouse: created, connected, stopped, killed, moved, refused."""

from __future__ import annotations

import contextlib
import json
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


def test_it_is_created_stopped_and_started_again(new_warehouse: Warehouse) -> None:
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


def test_every_connection_needs_the_password(warehouse: Warehouse) -> None:
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


def test_a_server_whose_process_is_stopped_is_reported(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection = warehouse.ensure_running()
    pid = warehouse.status().pid
    assert pid is not None
    # The shortest time that libpq waits.
    monkeypatch.setattr("operate.server.server.ANSWER_SECONDS", 2)
    os.kill(pid, signal.SIGSTOP)
    try:
        with pytest.raises(BranchlineError, match="runs but does not answer"):
            warehouse.ensure_running()
    finally:
        os.kill(pid, signal.SIGCONT)
    assert ask(connection.url, "select 1") == 1


def test_a_reused_process_id_is_not_taken_for_the_server(
    warehouse: Warehouse,
) -> None:
    warehouse.ensure_running()
    pid_file = warehouse.pgdata / "postmaster.pid"
    left_over = pid_file.read_text()
    warehouse.stop()
    # Runs as the server's own user, so that PostgreSQL itself would accept it.
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


def test_a_half_created_folder_is_recreated(new_warehouse: Warehouse) -> None:
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
        with pytest.raises(BranchlineError, match=rf"port {first.port} is taken") as caught:
            warehouse.ensure_running()
        found = re.search(r"branchline warehouse start --port (\d+)", caught.value.hint)
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
    with pytest.raises(BranchlineError, match=rf"PostgreSQL {version}, which is {words}") as caught:
        new_warehouse.ensure_running()
    assert caught.value.hint


@pytest.mark.parametrize("place", ["a file", "a file/below"])
def test_an_impossible_folder_is_reported(tmp_path: Path, place: str) -> None:
    (tmp_path / "a file").write_text("")
    with pytest.raises(BranchlineError, match="There can be no warehouse in") as caught:
        Warehouse(tmp_path / place).ensure_running()
    assert "BRANCHLINE_WAREHOUSE_DIR" in caught.value.hint


def test_a_folder_with_other_content_is_not_changed(new_warehouse: Warehouse) -> None:
    new_warehouse.pgdata.mkdir()
    (new_warehouse.pgdata / "letter.txt").write_text("mine")
    with pytest.raises(BranchlineError, match=r"holds files but no PostgreSQL data"):
        new_warehouse.ensure_running()
    assert (new_warehouse.pgdata / "letter.txt").read_text() == "mine"


def test_concurrent_commands_share_one_server(
    warehouse_folder: Path,
) -> None:
    def start(_: int) -> str:
        return Warehouse(warehouse_folder, throwaway=True).ensure_running().url

    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(start, range(4)))) == 1


def test_a_long_path_gets_its_socket_in_another_folder(warehouse_folder: Path) -> None:
    folder = warehouse_folder / ("deep" * 20) / "warehouse"
    # For root, another user runs the server, and needs access.
    folder.parent.mkdir()
    folder.parent.chmod(0o755)
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


def run(url: str, *statements: str) -> None:
    with contextlib.closing(psycopg2.connect(url)) as link, link.cursor() as cursor:
        link.autocommit = True
        for statement in statements:
            cursor.execute(statement)


def test_default_rights_of_the_public_are_revoked(warehouse: Warehouse) -> None:
    connection = warehouse.ensure_running()
    run(
        connection.url,
        "create role anna login password 'hush'",
        # Created after the start: a copy of the hardened template.
        "create database later",
    )

    def as_anna(database: str, statement: str) -> str:
        try:
            with contextlib.closing(
                psycopg2.connect(
                    host=connection.host,
                    port=connection.port,
                    user="anna",
                    password="hush",
                    dbname=database,
                )
            ) as link:
                link.cursor().execute(statement)
        except psycopg2.Error as error:
            return str(error)
        return "done"

    for database in ("postgres", "template1"):
        assert "permission denied for database" in as_anna(database, "select 1")
    for database in ("branchline", "later"):
        assert as_anna(database, "select 1") == "done"
        for function in (
            "lo_creat(-1)",
            "lo_create(0)",
            "lo_from_bytea(0, 'x')",
            "lo_put(1, 0, 'x')",
            "lowrite(0, 'x')",
            "pg_advisory_lock(1)",
            "pg_try_advisory_lock(1, 2)",
            "pg_advisory_xact_lock_shared(1)",
            "pg_logical_emit_message(false, 'x', repeat('x', 100))",
            "pg_logical_emit_message(true, 'x', '\\x00'::bytea, true)",
            "pg_notify('x', 'y')",
            "pg_export_snapshot()",
            "pg_current_xact_id()",
            "txid_current()",
        ):
            reported = as_anna(database, f"select {function}")
            assert "permission denied for function" in reported, (function, reported)
    # Nor can a session write to the server's log.
    for database in ("branchline", "later"):
        for statement in (
            "do $$ begin raise log 'zqwritten'; end $$",
            "set debug_print_plan = on; select 'zqwritten' from pg_class",
            "select cast('zqwritten' as integer)",
        ):
            as_anna(database, statement)
    assert "zqwritten" not in warehouse.log.read_text()
    # The owner goes on as before.
    run(connection.url, "select lo_unlink(lo_from_bytea(0, 'x'))", "select pg_advisory_lock(1)")
    run(connection.url, "select pg_export_snapshot(), pg_current_xact_id()")
    assert ask(connection.url, "show reserved_connections") == "10"


def test_a_server_of_an_older_version_is_hardened_too(warehouse: Warehouse) -> None:
    connection = warehouse.ensure_running()
    admin = connection.url.replace(
        f"branchline:{connection.password}@",
        f"postgres:{(warehouse.folder / 'admin-password').read_text()}@",
    )
    run(admin, "grant execute on function lo_create(oid) to public")
    record = json.loads((warehouse.folder / "connection.json").read_text())
    del record["hardening"]
    (warehouse.folder / "connection.json").write_text(json.dumps(record))
    may = "select has_function_privilege('public', 'lo_create(oid)', 'execute')"
    assert ask(connection.url, may) is True
    assert warehouse.ensure_running() == connection
    assert ask(connection.url, may) is False


def test_its_files_are_private(warehouse: Warehouse) -> None:
    before = os.umask(0)
    try:
        warehouse.ensure_running()
    finally:
        os.umask(before)
    for name in ("lock", "password", "admin-password", "connection.json"):
        assert stat.S_IMODE((warehouse.folder / name).stat().st_mode) == 0o600, name
    warehouse.stop()
    (warehouse.folder / "password").chmod(0o644)
    with pytest.raises(BranchlineError, match="Other users of this machine can read"):
        warehouse.start()


@pytest.mark.skipif(os.geteuid() != 0, reason="only for root, another user runs the server")
@pytest.mark.parametrize("mode", [0o700, 0o750, 0o711, 0o755])
def test_parent_folders_are_not_changed(warehouse_folder: Path, mode: int) -> None:
    home = warehouse_folder / "ho me"
    home.mkdir()
    home.chmod(mode)
    above = {path: path.stat().st_mode for path in (home, *home.parents)}
    warehouse = Warehouse(home / "wh", throwaway=True)
    if mode & 0o001:
        assert ask(warehouse.ensure_running().url, "select 1") == 1
        warehouse.stop()
        assert stat.S_IMODE(warehouse.folder.stat().st_mode) == 0o710
    else:
        with pytest.raises(BranchlineError, match="has no access") as caught:
            warehouse.ensure_running()
        assert f"chmod o+x '{home}'" in caught.value.hint
        assert not warehouse.exists()
    assert {path: path.stat().st_mode for path in above} == above


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


def test_a_failing_program_reports_its_output() -> None:
    done = run_program("pg_ctl", ["status", "--pgdata=/nowhere"], system_user())
    assert done.returncode != 0
    assert "nowhere" in done.stderr
    assert (programs() / "psql").exists()
