"""profiles.yml as dbt itself renders it."""

from __future__ import annotations

import os
import shutil
import stat
from pathlib import Path
from typing import Any

import pytest
import yaml
from dbt.config.profile import Profile
from dbt.config.renderer import ProfileRenderer
from dbt_common.context import set_invocation_context
from dbt_common.exceptions import DbtBaseException
from psycopg2.extensions import parse_dsn

from base import libpq
from base.link import Connection
from base.settings import PROJECT, Settings
from operate.dbt.process import dbt_environment
from operate.dbt.profile import TARGET, note_warehouse, prepare_profile, target_arguments

EXAMPLE = PROJECT / "profiles.example.yml"


def render(
    environ: dict[str, str], target: str | None = None, profile: Path = EXAMPLE
) -> tuple[str, dict[str, Any]]:
    """The target that dbt chooses and its connection."""
    set_invocation_context(environ)
    raw = yaml.safe_load(profile.read_text())["branchline"]
    return Profile.render_profile(raw, "branchline", target, ProfileRenderer({}))


def connection(port: int, password: str) -> Connection:
    return Connection("", "127.0.0.1", port, "branchline", password, "branchline")


@pytest.mark.parametrize(
    "environ",
    [
        {},
        {"BRANCHLINE_DATABASE_URL": "", "BRANCHLINE_WAREHOUSE_DIR": " ", "BRANCHLINE_TARGET": ""},
        {
            **{"PGHOST": "crm", "PGPORT": "6543", "PGUSER": "anna", "PGPASSWORD": "x"},
            **{"PGDATABASE": "crm", "PGSSLMODE": "require", "PGCONNECT_TIMEOUT": "1"},
        },
    ],
)
def test_dbt_uses_the_embedded_warehouse_by_default(environ: dict[str, str]) -> None:
    name, found = render(environ)
    assert name == "embedded"
    assert (found["host"], found["port"], found["dbname"]) == ("127.0.0.1", 54329, "branchline")
    assert (found["user"], found["sslmode"]) == ("branchline", "disable")
    assert found["connect_timeout"] == 10


def test_dbt_does_not_connect_without_the_urls_variables() -> None:
    """Neither to the embedded warehouse, nor to a foreign PGHOST."""
    environ = {"BRANCHLINE_DATABASE_URL": "postgresql://u:p@h/d", "PGHOST": "crm", "PGUSER": "x"}
    with pytest.raises(DbtBaseException, match="BRANCHLINE_TARGET"):
        render(environ)
    with pytest.raises(DbtBaseException, match="PGHOST"):
        render({"BRANCHLINE_DATABASE_URL": "postgresql://u:p@h/d"}, "ci")


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://anna:hush@db.example.com:6543/sales?sslmode=require&connect_timeout=3",
        "postgres://anna@db.example.com/sales",
        "postgresql://an%40na:p%C3%A9%2F%5C%27w%25:x%3F@h/ware%20house?application_name=x",
        "postgresql://anna:%7B%7B%201%20%7D%7D%20%22%27%24x@h/sales",
        "postgresql://12:0012@h/34",
        "postgresql://true:null@h/1e5",
        "postgresql://anna:hush@[::1]:5433/sales?sslmode=verify-full&sslrootcert=%2Fetc%2Fca.pem",
        "postgresql://a:b@h/s?sslmode=verify-ca&sslcert=%2Fk%2Fa.crt&sslkey=%2Fk%2Fa%20b.key",
        "postgresql://anna:@/sales?host=%2Ftmp%2Fsockets&port=6000",
        "postgresql://anna:hush@h/sales?connect_timeout=3&port=6001",
    ],
)
def test_dbt_reads_the_url_as_postgresql_does(url: str) -> None:
    environ = libpq.environment({}, url, complete=True)
    name, found = render({**environ, "BRANCHLINE_TARGET": TARGET})
    meant = parse_dsn(url)
    assert name == "server"
    assert found["host"] == meant["host"]
    assert found["port"] == int(meant.get("port", 5432))
    assert found["user"] == meant["user"]
    assert found["password"] == meant.get("password", "")
    assert found["dbname"] == meant["dbname"]
    assert found["connect_timeout"] == int(meant.get("connect_timeout", 10))
    assert found["sslmode"] == meant.get("sslmode", "")
    # dbt does not pass these on: libpq reads them from the environment.
    for part in ("sslrootcert", "sslcert", "sslkey"):
        assert part not in found
    for part in ("sslmode", "sslrootcert", "sslcert", "sslkey"):
        assert environ.get(libpq.VARIABLES[part]) == meant.get(part)


def test_plain_dbt_and_branchline_reuse_what_the_other_has_parsed(project: Path) -> None:
    """dbt parses anew if `--target` or any value of the connection differs."""
    profile, folder = project / "profiles.yml", made(project / ".warehouse")
    prepare_profile(project, lambda _: None)
    embedded = Connection(
        "postgresql://branchline:x@/branchline?host=%2Fs&port=7&sslmode=disable",
        *("/s", 7, "branchline", "x", "branchline"),
    )
    note_warehouse(profile, folder, embedded)
    environ = dbt_environment(Settings(project, None, folder, None, "inbox"), embedded)
    name, ours = render({**environ, "DBT_TARGET": ""}, profile=profile)
    plain = render({}, profile=profile)[1]
    assert name == TARGET
    assert target_arguments(project) == []
    assert {**ours, "password": ""} == {**plain, "password": ""}


def test_a_profile_with_a_target_of_its_own_does_not_change_where_branchline_builds(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DBT_TARGET", "ci")
    monkeypatch.setenv("DBT_WRITE_JSON", "false")
    profile = project / "profiles.yml"
    prepare_profile(project, lambda _: None)
    text = profile.read_text()
    start, end = text.index("  target: >-"), text.index("  outputs:")
    profile.write_text(text[:start] + "  target: ci\n" + text[end:])
    assert target_arguments(project) == ["--target", TARGET]
    settings = Settings(project, "postgresql://u:p@h/d", project, None, "inbox")
    assert not {"DBT_TARGET", "DBT_WRITE_JSON"} & dbt_environment(settings).keys()


def test_ci_builds_in_separate_schemas() -> None:
    environ = libpq.variables("postgresql://u:p@h/d")
    assert render(environ, "ci")[1]["schema"] == "ci"
    assert render({**environ, "BRANCHLINE_CI_SCHEMA": "pr_17"}, "ci")[1]["schema"] == "pr_17"
    assert render(environ, "ci")[1]["host"] == "h"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project folder with an example and no profile yet."""
    shutil.copy(EXAMPLE, tmp_path / EXAMPLE.name)
    return tmp_path


def made(folder: Path) -> Path:
    """A folder that looks like a warehouse."""
    (folder / "pgdata").mkdir(parents=True)
    return folder


def found(profile: Path, folder: str = "") -> tuple[str, int, str]:
    """What plain dbt finds: target, port, password."""
    name, output = render({"BRANCHLINE_WAREHOUSE_DIR": folder}, profile=profile)
    return name, output["port"], output["password"]


def test_the_copy_is_private_and_follows_the_warehouse(project: Path) -> None:
    profile, folder = project / "profiles.yml", made(project / ".warehouse")
    said: list[str] = []
    prepare_profile(project, said.append)
    prepare_profile(project, said.append)
    assert said == ["profiles.yml: created from profiles.example.yml."]
    assert stat.S_IMODE(profile.stat().st_mode) == 0o600
    profile.write_text(profile.read_text().replace("threads: 4", "threads: 7"))
    assert note_warehouse(profile, folder, connection(54400, "a1b2")) is True
    assert note_warehouse(profile, folder, connection(54400, "a1b2")) is False
    assert found(profile) == ("embedded", 54400, "a1b2")
    assert note_warehouse(profile, folder, connection(54401, "c3d4")) is True
    assert stat.S_IMODE(profile.stat().st_mode) == 0o600
    assert found(profile) == ("embedded", 54401, "c3d4")
    assert found(profile, ".warehouse")[1:] == (54401, "c3d4")
    assert found(profile, f"{folder}/")[1:] == (54401, "c3d4")
    prepare_profile(project, said.append)
    assert render({}, profile=profile)[1]["threads"] == 7


def test_the_profile_has_each_embedded_warehouse_by_folder(project: Path) -> None:
    profile = project / "profiles.yml"
    prepare_profile(project, lambda line: None)
    here, there = made(project / "wh"), made(project.parent / 'it\'s a "ware" höuse: #1')
    note_warehouse(profile, here, connection(1001, "here"))
    note_warehouse(profile, there, connection(1002, "there"))
    assert found(profile)[:2] == ("embedded", 54329)
    assert found(profile, str(here))[1:] == (1001, "here")
    assert found(profile, "wh")[1:] == (1001, "here")
    assert found(profile, str(there)) == (f"embedded in {there}", 1002, "there")
    with pytest.raises(DbtBaseException, match="target named 'embedded in /no/where'"):
        found(profile, "/no/where")
    # Deleted warehouses are removed.
    (here / "pgdata").rmdir()
    note_warehouse(profile, there, connection(1003, "anew"))
    assert found(profile, str(there))[1:] == (1003, "anew")
    assert str(here) not in profile.read_text()


def test_an_old_profile_is_renamed_and_recreated(project: Path) -> None:
    profile, old = project / "profiles.yml", "password: \"{{ modules.re.findall('x', '') }}\""
    profile.write_text(old)
    said: list[str] = []
    prepare_profile(project, said.append)
    assert profile.read_text() == EXAMPLE.read_text()
    assert (project / "profiles.old.yml").read_text() == old
    assert len(said) == 1
    assert "profiles.old.yml" in said[0]


@pytest.mark.parametrize("kept", ["{}: [PGHOST", "branchline: {outputs: {a: PGHOST}}", "PGHOST"])
def test_a_custom_profile_is_not_changed(project: Path, kept: str) -> None:
    profile = project / "profiles.yml"
    profile.write_text(kept)
    prepare_profile(project, print)
    assert note_warehouse(profile, made(project / "wh"), connection(1, "x")) is False
    assert profile.read_text() == kept
    broken = EXAMPLE.read_text().replace("outputs:", "outputs: [")
    profile.write_text(broken)
    assert note_warehouse(profile, project / "wh", connection(1, "x")) is False
    assert profile.read_text() == broken


def test_a_start_does_not_create_a_profile(tmp_path: Path) -> None:
    assert note_warehouse(tmp_path / "profiles.yml", tmp_path, connection(1, "x")) is False
    assert os.listdir(tmp_path) == []


def test_the_example_holds_no_secret() -> None:
    outputs = yaml.safe_load(EXAMPLE.read_text())["branchline"]["outputs"]
    assert outputs.pop("embedded")["password"] == "no warehouse has started yet"
    assert outputs
    for target in outputs.values():
        assert "env_var" in target["password"]
