"""profiles.yml as dbt itself renders it."""

from __future__ import annotations

import shutil
import stat
from pathlib import Path
from typing import Any

import pytest
import yaml
from dbt.config.profile import Profile
from dbt.config.renderer import ProfileRenderer
from dbt_common.context import set_invocation_context
from psycopg2.extensions import parse_dsn

from base.link import Connection
from base.settings import PROJECT
from operate.dbt.profile import fill_in_profile, make_profile

EXAMPLE = PROJECT / "profiles.example.yml"


def render(
    environ: dict[str, str], target: str | None = None, profile: Path = EXAMPLE
) -> tuple[str, dict[str, Any]]:
    """The target that dbt chooses and the connection it takes from it."""
    set_invocation_context(environ)
    raw = yaml.safe_load(profile.read_text())["branchline"]
    return Profile.render_profile(raw, "branchline", target, ProfileRenderer({}))


def connection(port: int, password: str) -> Connection:
    return Connection("", "127.0.0.1", port, "branchline", password, "branchline")


@pytest.mark.parametrize("environ", [{}, {"BRANCHLINE_DATABASE_URL": ""}])
def test_without_a_url_dbt_goes_to_the_embedded_warehouse(environ: dict[str, str]) -> None:
    name, found = render(environ)
    assert name == "embedded"
    assert (found["host"], found["port"]) == ("127.0.0.1", 54329)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://anna:hush@db.example.com:6543/sales?sslmode=require&connect_timeout=3",
        "postgres://anna@db.example.com/sales",
        "postgresql://an%40na:p%C3%A9%2F%5C%27w%25:x%3F@h/ware%20house?application_name=x",
        "postgresql://anna:hush@[::1]:5433/sales?sslmode=verify-full&sslrootcert=%2Fetc%2Fca.pem",
        "postgresql://a:b@h/s?sslmode=verify-ca&sslcert=%2Fk%2Fa.crt&sslkey=%2Fk%2Fa%20b.key",
        "postgresql://anna:@/sales?host=%2Ftmp%2Fsockets&port=6000",
        "postgresql://anna:hush@h/sales?connect_timeout=3&port=6001",
    ],
)
def test_dbt_reads_the_url_as_postgresql_does(url: str) -> None:
    name, found = render({"BRANCHLINE_DATABASE_URL": url})
    meant = parse_dsn(url)
    assert name == "server"
    assert found["host"] == meant["host"]
    assert found["port"] == int(meant.get("port", 5432))
    assert found["user"] == meant["user"]
    assert found["password"] == meant.get("password", "")
    assert found["dbname"] == meant["dbname"]
    assert found["sslmode"] == meant.get("sslmode", "prefer")
    for name in ("sslrootcert", "sslcert", "sslkey"):
        assert found[name] == meant.get(name, "")


def test_ci_builds_in_schemas_of_its_own() -> None:
    url = {"BRANCHLINE_DATABASE_URL": "postgresql://u:p@h/d"}
    assert render(url, "ci")[1]["schema"] == "ci"
    assert render({**url, "BRANCHLINE_CI_SCHEMA": "pr_17"}, "ci")[1]["schema"] == "pr_17"
    assert render(url, "ci")[1]["host"] == "h"


def test_the_copy_is_private_and_follows_the_warehouse(tmp_path: Path) -> None:
    profile = tmp_path / "profiles.yml"
    assert make_profile(EXAMPLE, profile) is True
    assert make_profile(EXAMPLE, profile) is False
    assert stat.S_IMODE(profile.stat().st_mode) == 0o600
    profile.write_text(profile.read_text().replace("threads: 4", "threads: 7"))
    assert fill_in_profile(profile, connection(54400, "a1b2")) is True
    assert fill_in_profile(profile, connection(54400, "a1b2")) is False
    found = render({}, profile=profile)[1]
    assert (found["port"], found["password"], found["threads"]) == (54400, "a1b2", 7)
    assert fill_in_profile(profile, connection(54401, "c3d4")) is True
    assert stat.S_IMODE(profile.stat().st_mode) == 0o600
    found = render({}, profile=profile)[1]
    assert (found["port"], found["password"]) == (54401, "c3d4")
    found = render({"BRANCHLINE_EMBEDDED_PORT": "5"}, profile=profile)[1]
    assert found["port"] == 5


def test_the_example_holds_no_secret(tmp_path: Path) -> None:
    copy = tmp_path / "profiles.yml"
    shutil.copy(EXAMPLE, copy)
    for target in yaml.safe_load(copy.read_text())["branchline"]["outputs"].values():
        assert "env_var" in target["password"]
