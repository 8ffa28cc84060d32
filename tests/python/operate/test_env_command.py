"""Plain dbt and psql, as a person calls them, on Branchline's warehouse.

Each program runs in an environment that contains only the test's variables.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import psutil
import psycopg2
import pytest
import throwaway
from nightly import dbt
from psycopg2 import sql

from base.link import Connection
from base.settings import PROJECT
from operate.server.postgres import programs
from operate.server.server import Warehouse

BIN = Path(sys.executable).parent
# A space, both quotes, special characters of URLs and shells, template braces, and two alphabets.
ODD = "p ä'\"%2F@:/?#$(id)`\\{{ 1 }}✓"


def clean(folder: Path, **more: str) -> dict[str, str]:
    """An environment with nothing of the user's."""
    (folder / "home").mkdir(exist_ok=True)
    return {
        "PATH": f"{BIN}:{programs()}:{os.environ['PATH']}",
        "HOME": str(folder / "home"),
        "DBT_TARGET_PATH": str(folder / "target"),
        "DBT_LOG_PATH": str(folder / "logs"),
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        "DO_NOT_TRACK": "1",
        **more,
    }


def shell(
    script: str, env: dict[str, str], folder: Path = PROJECT, expect: int = 0
) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        ["sh", "-c", script], env=env, cwd=folder, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == expect, done.stdout + done.stderr
    return done


def debug(output: str) -> dict[str, str]:
    """The connection that `dbt debug` reports, and that it worked."""
    assert "Connection test: [OK connection ok]" in output, output
    return dict(re.findall(r"^[0-9:]{8} +(\w+): (.+)$", output, re.MULTILINE))


DEBUG = "dbt --no-use-colors debug --connection"


@pytest.fixture
def odd_url(postgres_server: Connection) -> Iterator[str]:
    """An empty database, with a log-in whose name and password are hard to quote."""
    with contextlib.closing(psycopg2.connect(postgres_server.url)) as link, link.cursor() as cursor:
        link.autocommit = True
        name = "an'na @ höme"
        cursor.execute(
            sql.SQL("create role {} login password {}").format(
                sql.Identifier(name), sql.Literal(ODD)
            )
        )
        try:
            with throwaway.database(postgres_server) as url:
                place = url.partition("@")[2]
                cursor.execute(
                    sql.SQL("grant create on database {} to {}").format(
                        sql.Identifier(url.rpartition("/")[2]), sql.Identifier(name)
                    )
                )
                yield f"postgresql://{quote(name, safe='')}:{quote(ODD, safe='')}@{place}"
        finally:
            cursor.execute(sql.SQL("drop role {}").format(sql.Identifier(name)))


@pytest.fixture
def own_project(tmp_path: Path) -> Iterator[Path]:
    """A copy of the project with its own profiles.yml.

    Its warehouse is stopped at the end.
    """
    # Not below a folder that only its owner may enter: for root, another user runs the server.
    with throwaway.folder() as folder:
        project = folder / "project"
        listed = subprocess.run(
            ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
            cwd=PROJECT,
            capture_output=True,
            text=True,
            check=True,
        )
        for name in listed.stdout.splitlines():
            if (PROJECT / name).is_file() and not name.startswith(("docs/", "tests/python/")):
                (project / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(PROJECT / name, project / name)
        shutil.copytree(PROJECT / "dbt_packages", project / "dbt_packages")
        yield project
        for place in (project / ".warehouse", folder / "elsewhere", project / "wh"):
            Warehouse(place).stop()


def branchline(project: Path, *words: str) -> str:
    """A shell command for this project's branchline, not for the installed one."""
    return f"PYTHONPATH={project} {BIN / 'python'} -m operate.cli {' '.join(words)}"


def test_psql_and_dbt_follow_the_url_through_the_shell(odd_url: str, tmp_path: Path) -> None:
    env = clean(
        tmp_path,
        BRANCHLINE_DATABASE_URL=odd_url,
        # For another server. None of it may have an effect.
        PGHOST="192.0.2.1",
        PGHOSTADDR="192.0.2.1",
        PGPORT="1",
        PGUSER="bob",
        PGPASSWORD="wrong",
        PGDATABASE="crm",
        PGSERVICE="crm",
    )
    said = shell('eval "$(branchline env)" && psql -XAtc "select current_user"', env)
    assert said.stdout == "an'na @ höme\n"
    assert shell("branchline warehouse psql -XAtc 'select 1'", env).stdout == "1\n"
    profiles = tmp_path / "profiles"
    profiles.mkdir()
    shutil.copy(PROJECT / "profiles.example.yml", profiles / "profiles.yml")
    env["DBT_PROFILES_DIR"] = str(profiles)
    tried = debug(shell(f'eval "$(branchline env)" && {DEBUG}', env).stdout)
    assert tried["user"] == "an'na @ höme"
    assert ODD not in " ".join(tried.values())
    # Without it, dbt neither guesses nor goes to the other server.
    refused = shell(DEBUG, env, expect=2)
    assert "BRANCHLINE_TARGET" in refused.stdout
    gone = shell('eval "$(branchline env; branchline env --unset)" && env', env).stdout
    assert "PGHOST" not in gone
    assert "BRANCHLINE_TARGET" not in gone


def test_a_password_may_be_in_the_password_file(odd_url: str, tmp_path: Path) -> None:
    user, _, rest = odd_url.partition("://")[2].partition(":")
    place = rest.partition("@")[2]
    host, port, database = place.partition("?")[0].replace(":", "/").split("/")
    passfile = tmp_path / "pass words"
    escaped = ODD.replace("\\", "\\\\").replace(":", "\\:")
    passfile.write_text(f"{host}:{port}:{database}:*:{escaped}\n")
    passfile.chmod(0o600)
    env = clean(
        tmp_path,
        BRANCHLINE_DATABASE_URL=f"postgresql://{user}@{place}",
        PGPASSFILE=str(passfile),
        DBT_PROFILES_DIR=str(tmp_path),
    )
    shutil.copy(PROJECT / "profiles.example.yml", tmp_path / "profiles.yml")
    assert shell('branchline sql --format csv "select 1 as one"', env).stdout == "one\n1\n"
    said = shell(f'eval "$(branchline env)" && psql -XAtc "select 2" && {DEBUG}', env).stdout
    assert said.startswith("2\n")
    debug(said)


def test_plain_dbt_finds_the_embedded_warehouse_wherever_it_is(
    own_project: Path, tmp_path: Path
) -> None:
    project, default = own_project, own_project / ".warehouse"
    env = clean(tmp_path)
    made = shell(branchline(project, "setup"), env, project).stdout
    assert "profiles.yml: created from profiles.example.yml." in made
    # No warehouse yet: the profile can be read, and parsing needs nothing else.
    small = tmp_path / "small"
    small.mkdir()
    (small / "dbt_project.yml").write_text("{name: small, profile: branchline}\n")
    shell(f"dbt --quiet parse --project-dir {small} --profiles-dir .", env, project)
    # The first one is recreated, with another password.
    shell(branchline(project, "warehouse", "start"), env, project)
    passwords = {(default / "password").read_text()}
    Warehouse(default).stop()
    shutil.rmtree(default)
    ports = set()
    for folder in ("", str(own_project.parent / "elsewhere"), "wh"):
        # The shell's variables for another server have no effect, and TLS is not requested.
        there = {**env, "PGHOST": "crm", "PGPORT": "1", "PGSSLMODE": "require"}
        if folder:
            there["BRANCHLINE_WAREHOUSE_DIR"] = folder
        # This starts it. Branchline itself connects to the same server as psql.
        asked = f'eval "$({branchline(project, "env")})" && psql -XAtc "show port"'
        if folder == "wh":
            asked += " && " + branchline(project, "sql", "--format", "csv", "'show port'")
        port, *again = shell(asked, there, project).stdout.split()
        assert again == (["port", port] if folder == "wh" else [])
        passwords.add((project / (folder or ".warehouse") / "password").read_text())
        # Only by BRANCHLINE_WAREHOUSE_DIR.
        assert debug(shell(DEBUG, there, project).stdout)["port"] == port
        ports.add(port)
    assert len(passwords) == 4
    assert len(ports) == 3


def test_branchline_passes_the_url_to_dbt_without_showing_the_password(
    odd_url: str, tmp_path: Path
) -> None:
    """Every user of the machine can read the arguments of all processes."""
    env = clean(
        tmp_path,
        BRANCHLINE_DATABASE_URL=odd_url,
        BRANCHLINE_TOKEN_KEY=throwaway.TOKEN_KEY,
        BRANCHLINE_WAREHOUSE_DIR=str(tmp_path / "warehouse"),
        DLT_PROJECT_DIR=throwaway.NO_PROJECT,
        PGHOST="192.0.2.1",
    )
    # In this process, it takes a fifth of the time.
    dbt(env, tmp_path, "parse")
    with Arguments() as seen:
        shell("branchline docs", env)
        shell('eval "$(branchline env)" && psql -XAtc "select pg_sleep(0.5)"', env)
    assert any("dbt --quiet docs" in line for line in seen.lines), "dbt was never seen"
    assert any("psql" in line for line in seen.lines), "psql was never seen"
    for secret in (ODD, quote(ODD, safe=""), "{{ 1 }}", "%7B%7B"):
        assert not any(secret in line for line in seen.lines), secret
    assert (tmp_path / "target" / "static_index.html").exists()


class Arguments:
    """The command lines of all child processes during the block."""

    def __init__(self) -> None:
        self.lines: set[str] = set()
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def __enter__(self) -> Arguments:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def _watch(self) -> None:
        me = psutil.Process()
        while not self._done.is_set():
            for process in me.children(recursive=True):
                with contextlib.suppress(psutil.Error):
                    self.lines.add(" ".join(process.cmdline()))
            time.sleep(0.02)
