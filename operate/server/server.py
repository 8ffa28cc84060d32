"""The embedded warehouse: the project's own PostgreSQL; create, start and stop it.

Everything is in one folder (`.warehouse` by default):

    pgdata/           the data
    socket/           the local socket, unless its path would be too long for one
    log/              PostgreSQL's log
    password          of the role `branchline`, which owns the database `branchline`
    admin-password    of the superuser `postgres`, who revokes the public's rights at a start
    connection.json   port and socket folder
    lock              held while the server is created, started or stopped
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import re
import secrets
import shutil
import socket
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import psycopg2
from psycopg2.extensions import make_dsn

from base.errors import BranchlineError
from base.files import open_private, read_secret, write_private
from base.libpq import SCRAM, as_url
from base.link import DATABASE, DEFAULT_PORT, HOST, ROLE, Connection, connect, message_of
from operate.server import hardening
from operate.server.postgres import (
    MAJOR_VERSION,
    SystemUser,
    let_in,
    make_folder,
    run_program,
    system_user,
)
from operate.server.tuning import server_settings

PORTS_TRIED = 100
# The path of a local socket may have up to 107 bytes on Linux and 103 on macOS.
SOCKET_PATH_BYTES = 103
START_SECONDS = 300
DYING_SECONDS = 15
ANSWER_SECONDS = 5
_RECOVERING = re.compile("starting up|not yet accepting|recovery")
_DYING = re.compile("shutting down|refused|closed the connection|reset by peer|No such file")
STOP_SECONDS = 120
LOG_BYTES = 10_000_000

Say = Callable[[str], None]


def _silent(_: str) -> None:
    pass


@dataclass(frozen=True)
class Status:
    """The status of the embedded warehouse. `pid` is None if it is not running."""

    folder: Path
    exists: bool
    pid: int | None
    port: int | None
    server_version: str | None = None
    database_bytes: int | None = None


class Warehouse:
    """The embedded warehouse in one folder."""

    def __init__(self, folder: Path, *, throwaway: bool = False, say: Say = _silent) -> None:
        """`throwaway` gives up durability for speed: for tests only."""
        self.folder = folder
        self.pgdata = folder / "pgdata"
        self.log = folder / "log" / "postgres.log"
        self._throwaway = throwaway
        self._say = say

    # -- commands ------------------------------------------------------------------------------

    def ensure_running(self) -> Connection:
        """Start the server if it is not running; create it first if needed; return its address.

        Raises BranchlineError if it cannot be started.
        """
        found = self._answering()
        if found is None:
            return self.start()
        if not self._is_hardened():
            # Started by an older version.
            with self._lock():
                self._harden()
        return found

    def start(self, port: int | None = None) -> Connection:
        """Start the server, on another port if one is given. A running server is not changed.

        Raises BranchlineError if the port is taken, the folder is of another version, or the
        server does not start.
        """
        with self._lock():
            if self._pid() is None:
                self._start(port)
            elif port not in (None, self._recorded_port()):
                self._stop()
                self._start(port)
            connection = self._wait_until_answering(again=lambda: self._start(port))
            if not self._is_hardened():
                self._harden()
            return connection

    def stop(self) -> bool:
        """Stop the server cleanly. Returns False if it was not running."""
        if not self.exists():
            return False
        with self._lock():
            if self._pid() is None:
                return False
            self._stop()
            return True

    def status(self) -> Status:
        """What exists and whether it runs; starts nothing."""
        if not self.exists():
            return Status(self.folder, False, None, None)
        port = self._recorded_port()
        pid = self._pid()
        if pid is None:
            return Status(self.folder, True, None, port)
        link = connect(self._wait_until_answering().url)
        with contextlib.closing(link), link.cursor() as cursor:
            cursor.execute(
                "select current_setting('server_version'), pg_database_size(current_database())"
            )
            version, size = cursor.fetchone() or (None, None)
        return Status(self.folder, True, pid, port, version, size)

    def exists(self) -> bool:
        """Whether the warehouse has been created."""
        return (self.pgdata / "PG_VERSION").exists()

    def connection(self) -> Connection:
        """The address of the created warehouse, running or not.

        Raises BranchlineError if it has not.
        """
        port = self._recorded_port()
        try:
            password = read_secret(self.folder / "password", "the warehouse's password").strip()
        except (FileNotFoundError, NotADirectoryError):
            password = ""
        if port is None or not password:
            raise BranchlineError(
                f"There is no warehouse in {self.folder} yet, so it has no address.",
                "Create it: branchline warehouse start",
            )
        # The socket, which nobody else can create there, not the port, which any user of the
        # machine can take while the warehouse is stopped. This PostgreSQL has no TLS; setting that
        # and the authentication method explicitly overrides variables meant for another server.
        host = str(self._recorded_socket_folder())
        url = make_dsn(
            host=host,
            port=port,
            user=ROLE,
            password=password,
            dbname=DATABASE,
            sslmode="disable",
            require_auth=SCRAM,
        )
        return Connection(as_url(url), host, port, ROLE, password, DATABASE)

    def network_url(self) -> str:
        """The owner's URL for a program that cannot use a socket: with the port on this machine.

        Raises BranchlineError if the warehouse has not been created.
        """
        found = self.connection()
        # The password has only letters and digits and needs no escaping.
        return f"postgresql://{ROLE}:{found.password}@{HOST}:{found.port}/{DATABASE}"

    def socket_folder(self) -> Path:
        """The folder of the local socket: in the warehouse, or outside if the path is too long."""
        inside = self.folder / "socket"
        if len(os.fsencode(inside / ".s.PGSQL.65535")) <= SOCKET_PATH_BYTES:
            return inside
        place = hashlib.sha256(os.fsencode(self.folder)).hexdigest()[:12]
        return Path(tempfile.gettempdir()) / f"branchline-{system_user().uid}-{place}"

    # -- creating ------------------------------------------------------------------------------

    def _make(self, owner: SystemUser) -> None:
        """Create the data folder under another name and rename it when it is complete."""
        self._say(f"Creating the embedded warehouse in {self.folder} ...")
        half_made = self.folder / "pgdata.new"
        shutil.rmtree(half_made, ignore_errors=True)
        make_folder(half_made, owner)
        password, admin_password = secrets.token_hex(24), secrets.token_hex(24)
        with tempfile.NamedTemporaryFile("w", dir=half_made.parent, prefix=".init-") as given:
            given.write(admin_password)
            given.flush()
            if owner.name is not None:
                os.chown(given.name, owner.uid, owner.gid)
            self._must(
                "initdb",
                [
                    f"--pgdata={half_made}",
                    "--username=postgres",
                    f"--pwfile={given.name}",
                    "--auth=scram-sha-256",
                    "--encoding=UTF8",
                    # The same order and the same letters on every machine, whatever it has
                    # installed.
                    "--locale=C",
                    "--locale-provider=builtin",
                    "--builtin-locale=C.UTF-8",
                    *(["--no-sync"] if self._throwaway else []),
                ],
                owner,
            )
        (half_made / "pg_hba.conf").write_text(ACCESS_RULES)
        with (half_made / "postgresql.conf").open("a") as settings:
            settings.write("\ninclude_if_exists = 'branchline.conf'\n")
        # One server process that reads standard input: nothing listens yet.
        self._must(
            "postgres",
            ["--single", "-D", str(half_made), "-c", "exit_on_error=on", "postgres"],
            owner,
            stdin=(
                f"create role {ROLE} login createdb createrole password '{password}'\n"
                f"create database {DATABASE} owner {ROLE}\n"
            ),
        )
        write_private(self.folder / "password", password)
        write_private(self.folder / "admin-password", admin_password)
        half_made.rename(self.pgdata)

    def _must(self, program: str, arguments: list[str], owner: SystemUser, stdin: str = "") -> None:
        done = run_program(program, arguments, owner, stdin=stdin)
        if done.returncode != 0:
            output = (done.stderr or done.stdout).strip()
            raise BranchlineError(
                f"The embedded warehouse could not be created: {program} failed.\n{output}",
                f"Check that {self.folder} is on a local disk with space left, then try again.",
            )

    # -- starting and stopping -----------------------------------------------------------------

    def _start(self, port: int | None) -> None:
        self._check_folder()
        owner = system_user()
        let_in(owner, self.folder)
        made_now = not self.exists()
        if made_now:
            self._make(owner)
        self._check_owner(owner)
        self._remove_stale_locks()
        if port is None and not made_now:
            port = self._recorded_port()
        if port is not None:
            self._start_on(port, owner)
            return
        for candidate in self._candidates():
            # Another warehouse may take the port between the check and the start.
            with contextlib.suppress(_PortTakenError):
                self._launch(candidate, owner)
                return
        raise BranchlineError(
            f"Every port from {DEFAULT_PORT} to {DEFAULT_PORT + PORTS_TRIED - 1} is taken.",
            "Choose a free one: branchline warehouse start --port N",
        )

    def _candidates(self) -> Iterator[int]:
        if not self._throwaway:
            yield from range(DEFAULT_PORT, DEFAULT_PORT + PORTS_TRIED)
            return
        # Away from the ports of people's own warehouses.
        for _ in range(PORTS_TRIED):
            with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
                probe.bind((HOST, 0))
                port = int(probe.getsockname()[1])
            yield port

    def _start_on(self, port: int, owner: SystemUser) -> None:
        try:
            self._launch(port, owner)
        except _PortTakenError:
            raise BranchlineError(
                f"The embedded warehouse cannot start: port {port} is taken by another program.",
                "Stop that program, or move the warehouse to a free port, for good:"
                f" branchline warehouse start --port {_free_port(port + 1)}",
            ) from None

    def _launch(self, port: int, owner: SystemUser) -> None:
        if not _is_free(port):
            raise _PortTakenError
        sockets = self.socket_folder()
        make_folder(sockets, owner)
        self._check_private(sockets, owner)
        make_folder(self.log.parent, owner)
        if self.log.exists() and self.log.stat().st_size > LOG_BYTES:
            self.log.replace(self.log.with_suffix(".log.1"))
        settings = server_settings(port, sockets, throwaway=self._throwaway)
        (self.pgdata / "branchline.conf").write_text(settings)
        (self.pgdata / "branchline.conf").chmod(0o644)
        deadline = time.monotonic() + 15
        while True:
            log_before = self.log.stat().st_size if self.log.exists() else 0
            done = run_program(
                "pg_ctl",
                [
                    "start",
                    "--wait",
                    f"--timeout={START_SECONDS}",
                    f"--pgdata={self.pgdata}",
                    f"--log={self.log}",
                ],
                owner,
            )
            if done.returncode == 0:
                break
            log = self._log_since(log_before)
            if "could not bind" in log or "Address already in use" in log:
                raise _PortTakenError
            # After a kill -9 the old server's last processes take a moment to notice.
            if "pre-existing shared memory" in log and time.monotonic() < deadline:
                time.sleep(0.3)
                continue
            raise BranchlineError(
                "The embedded warehouse did not start. PostgreSQL says:\n"
                + (_last_lines(log) or done.stderr.strip()),
                f"The whole log is in {self.log}",
            )
        record = {"host": HOST, "port": port, "socket_folder": str(sockets)}
        write_private(self.folder / "connection.json", json.dumps(record, indent=2) + "\n")

    def _stop(self) -> None:
        done = run_program(
            "pg_ctl",
            [
                "stop",
                "--wait",
                "--mode=fast",
                f"--timeout={STOP_SECONDS}",
                f"--pgdata={self.pgdata}",
            ],
            system_user(),
        )
        if done.returncode != 0 and self._pid() is not None:
            raise BranchlineError(
                f"The embedded warehouse did not stop: {done.stderr.strip()}",
                f"See {self.log}",
            )

    def _wait_until_answering(self, again: Callable[[], None] = lambda: None) -> Connection:
        """Wait for a server that is still replaying its WAL.

        `again` restarts it: what looked like a running server may have been a dying one.
        """
        began = time.monotonic()
        while True:
            try:
                connect(self.connection().url, connect_timeout=str(ANSWER_SECONDS)).close()
                return self.connection()
            except psycopg2.OperationalError as error:
                waited = time.monotonic() - began
                recovering = _RECOVERING.search(str(error)) and waited < START_SECONDS
                if recovering or (_DYING.search(str(error)) and waited < DYING_SECONDS):
                    time.sleep(0.2)
                    if self._pid() is None:
                        again()
                    continue
                if "timeout expired" in str(error):
                    raise BranchlineError(
                        "The embedded warehouse runs but does not answer: its processes may be"
                        " stopped, or the machine is busy.",
                        f"Try again later, and see {self.log}",
                    ) from None
                raise BranchlineError(
                    f"The embedded warehouse runs but rejects Branchline's log-in: "
                    f"{str(error).strip()}",
                    f"Check that {self.folder / 'password'} was not changed, and see {self.log}",
                ) from None

    def _answering(self) -> Connection | None:
        """The connection, if the server accepts our password: then it is ours and running."""
        try:
            connection = self.connection()
            connect(connection.url, connect_timeout=str(ANSWER_SECONDS)).close()
        except (psycopg2.OperationalError, BranchlineError):
            return None
        return connection

    # -- checks --------------------------------------------------------------------------------

    def _check_folder(self) -> None:
        """Raise BranchlineError for data of another PostgreSQL version or another program."""
        version_file = self.pgdata / "PG_VERSION"
        if not version_file.exists():
            if self.pgdata.exists() and any(self.pgdata.iterdir()):
                raise BranchlineError(
                    f"{self.pgdata} holds files but no PostgreSQL data.",
                    "Move it away, or choose another folder with BRANCHLINE_WAREHOUSE_DIR.",
                )
            return
        version = version_file.read_text().strip()
        if version == str(MAJOR_VERSION):
            if not (self.folder / "password").exists():
                raise BranchlineError(
                    f"{self.folder / 'password'} is missing, so nobody can log in.",
                    "Restore the file from a backup, or move the folder away to start over.",
                )
            return
        newer = version.isdigit() and int(version) > MAJOR_VERSION
        if newer:
            hint = (
                "Update Branchline (git pull, make setup), or choose another folder with"
                " BRANCHLINE_WAREHOUSE_DIR."
            )
        else:
            hint = (
                f"Move {self.folder} away and run Branchline again on the same inbox: everything"
                f" in the warehouse is rebuilt from the files. Or upgrade it with pg_upgrade."
            )
        raise BranchlineError(
            f"The warehouse in {self.folder} was created by PostgreSQL {version}, which is"
            f" {'newer' if newer else 'older'} than the PostgreSQL {MAJOR_VERSION} installed here.",
            hint,
        )

    def _check_owner(self, owner: SystemUser) -> None:
        if self.pgdata.stat().st_uid != owner.uid:
            raise BranchlineError(
                f"{self.pgdata} belongs to another user (number {self.pgdata.stat().st_uid}).",
                "Run Branchline as the user who created it, or choose another folder with"
                " BRANCHLINE_WAREHOUSE_DIR.",
            )

    def _check_private(self, folder: Path, owner: SystemUser) -> None:
        """A folder in the shared temp folder may have been created by somebody else."""
        found = folder.lstat()
        if folder.is_symlink() or found.st_uid != owner.uid:
            raise BranchlineError(
                f"{folder}, the folder for the warehouse's socket, belongs to another user.",
                "Choose a shorter BRANCHLINE_WAREHOUSE_DIR, so that the socket fits inside.",
            )

    def _pid(self) -> int | None:
        """The server's process id, or None. An id that another program has now is not ours."""
        try:
            pid = int((self.pgdata / "postmaster.pid").read_text().split("\n")[0])
            process = psutil.Process(pid)
            if process.status() == psutil.STATUS_ZOMBIE:
                return None
            named = process.name() == "postgres" and str(self.pgdata) in process.cmdline()
            return pid if named else None
        except psutil.AccessDenied:
            return pid
        except (OSError, ValueError, psutil.NoSuchProcess):
            return None

    def _remove_stale_locks(self) -> None:
        """Remove what a killed server left, after checking that it does not run.

        PostgreSQL checks only the process id, and does not start if that now belongs to another
        program, or to a zombie.
        """
        (self.pgdata / "postmaster.pid").unlink(missing_ok=True)
        for left in self.socket_folder().glob(".s.PGSQL.*"):
            left.unlink(missing_ok=True)

    def _record(self) -> dict[str, Any]:
        """What was recorded at the last start; empty before the first."""
        try:
            found = json.loads((self.folder / "connection.json").read_text())
        except (FileNotFoundError, NotADirectoryError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def _recorded_port(self) -> int | None:
        port = self._record().get("port")
        return port if isinstance(port, int) else None

    def _recorded_socket_folder(self) -> Path:
        """The socket folder of the last start: with another TMPDIR, it may differ from this
        command's. In a copy of the folder, the original's is ignored.
        """
        ours, noted = self.socket_folder(), Path(str(self._record().get("socket_folder", "")))
        return noted if ours.parent != self.folder and noted.name == ours.name else ours

    def _is_hardened(self) -> bool:
        return bool(self._record().get("hardening") == hardening.VERSION)

    def _harden(self) -> None:
        """Revoke the public's default rights; at each start, say what is missing for it.

        A new database copies the rights of its template.
        """
        try:
            password = read_secret(self.folder / "admin-password", "the password of postgres")
        except OSError:
            self._say(
                f"{self.folder / 'admin-password'} is missing, so the public's default rights"
                " cannot be revoked (docs/security.md)."
            )
            return
        found = self.connection()

        def url_of(database: str) -> str:
            return as_url(
                make_dsn(found.url, user="postgres", password=password.strip(), dbname=database)
            )

        try:
            hardening.close_to_public(url_of)
        except psycopg2.Error as error:
            raise BranchlineError(
                "The public's rights on the embedded warehouse could not be revoked: "
                + message_of(error),
                f"Check that {self.folder / 'admin-password'} was not changed, and see {self.log}",
            ) from None
        record = {**self._record(), "hardening": hardening.VERSION}
        write_private(self.folder / "connection.json", json.dumps(record, indent=2) + "\n")

    def _log_since(self, position: int) -> str:
        try:
            with self.log.open("rb") as log:
                log.seek(position)
                return log.read().decode(errors="replace")
        except OSError:
            return ""

    @contextlib.contextmanager
    def _lock(self) -> Iterator[None]:
        """Let one command at a time create, start or stop the server."""
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            lock = open_private(self.folder / "lock")
        except OSError as error:
            raise BranchlineError(
                f"There can be no warehouse in {self.folder}: {error.strerror}.",
                "Set BRANCHLINE_WAREHOUSE_DIR to a folder that you may write to, or unset it.",
            ) from None
        with lock as file:
            deadline = time.monotonic() + START_SECONDS
            reported = False
            while True:
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except OSError:
                    if time.monotonic() > deadline:
                        raise BranchlineError(
                            "Another branchline command has been starting or stopping the"
                            f" warehouse for {START_SECONDS} seconds.",
                            f"See {self.log}, end that command, and try again.",
                        ) from None
                    if not reported:
                        reported = True
                        self._say("Waiting for another branchline command ...")
                    time.sleep(0.1)
            yield


class _PortTakenError(Exception):
    """The port belongs to another program."""


ACCESS_RULES = """\
# Written by Branchline: every connection needs a password, none from outside this machine.
# type  database  user  address        method
local   all       all                  scram-sha-256
host    all       all   127.0.0.1/32   scram-sha-256
"""


def _is_free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
        return True


def _free_port(first: int) -> int:
    return next((port for port in range(first, first + PORTS_TRIED) if _is_free(port)), first)


def _last_lines(text: str, count: int = 8) -> str:
    return "\n".join(text.strip().splitlines()[-count:])
