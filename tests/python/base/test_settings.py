"""Settings from the environment, and the errors for invalid ones."""

from __future__ import annotations

from pathlib import Path

import pytest
from throwaway import TOKEN_KEY, Branchline

from base.errors import BranchlineError
from base.settings import PROJECT, read_settings


def test_the_embedded_warehouse_is_the_default() -> None:
    settings = read_settings({"BRANCHLINE_DATABASE_URL": " "})
    assert settings.embedded
    assert settings.warehouse_dir == PROJECT / ".warehouse"
    assert settings.inbox == str(PROJECT / "inbox")


def test_a_database_url_makes_that_server_the_warehouse() -> None:
    settings = read_settings({"BRANCHLINE_DATABASE_URL": "postgresql://u:p@h/d?sslmode=require"})
    assert not settings.embedded


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("mysql://u:secret@h/d", "not a PostgreSQL URL"),
        ("postgresql://u:secret@h:x/d%", "cannot be read"),
        ("postgresql://u:secret@h/", "names no database"),
        ("postgresql://:secret@h/d", "names no user"),
    ],
)
def test_an_invalid_url_is_reported_without_its_password(url: str, words: str) -> None:
    with pytest.raises(BranchlineError, match=words) as caught:
        read_settings({"BRANCHLINE_DATABASE_URL": url})
    assert "secret" not in str(caught.value)
    assert "postgresql://user:password@host" in caught.value.hint


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://branchline:p@S3cretPW@127.0.0.1:54331/branchline",
        "postgresql://branchline@S3cretPW:p@127.0.0.1/branchline",
        "postgresql://branchline:@S3cretPW@127.0.0.1/branchline",
        "postgresql://branchline:S3cretPW@@127.0.0.1/branchline",
        "postgres://branchline:p@S3cretPW/rest@127.0.0.1/branchline",
        "postgresql://branchline:p@S3cretPW?x=y@127.0.0.1/branchline",
        "postgresql://branchline:p@S3cretPW#rest@127.0.0.1/branchline?sslmode=require",
        # Only one @, but in the wrong place for the parser.
        "postgresql://branchline:S3cretPW/rest@127.0.0.1/branchline",
        "postgresql://branchline:12/S3cretPW@127.0.0.1/branchline",
        "postgresql://branchline:12/S3cretPW@127.0.0.1/branchline?user=u",
        "postgresql://branchline:S3cretPW%@127.0.0.1/branchline",
        # Malformed in another way.
        "postgresql://u:S3cretPW@127.0.0.1:S3cretPW/branchline",
        "postgresql://u:S3cretPW@127.0.0.1:0/branchline",
        "postgresql://u:S3cretPW@127.0.0.1:65536/branchline",
        "postgresql://u:S3cretPW@127.0.0.1:-1/branchline",
        "postgresql://u:S3cretPW@[::1/branchline",
        "postgresql://u:S3cretPW@127.0.0.1/branchline?connect_timeout=soon",
        "postgresql://u:S3cretPW@127.0.0.1/branchline?no_such_thing=1",
        "postgresql://u:S3cretPW@127.0.0.1/branch\udcfcline",
        "host=127.0.0.1 user=u password=S3cretPW rest dbname=branchline",
        "host=127.0.0.1 port=x user=u password='S3cretPW' dbname=branchline",
    ],
)
def test_a_malformed_address_is_refused_before_any_lookup(url: str) -> None:
    with pytest.raises(BranchlineError, match="BRANCHLINE_DATABASE_URL") as caught:
        read_settings({"BRANCHLINE_DATABASE_URL": url})
    assert "S3cretPW" not in str(caught.value)
    assert "ercent-encode" in caught.value.hint


@pytest.mark.parametrize("command", [("run", "--inbox", "x"), ("load",), ("status",), ("demo",)])
def test_a_database_error_is_reported_in_plain_words(
    branchline: Branchline, tmp_path: Path, command: tuple[str, ...]
) -> None:
    environment = {
        "HOME": str(tmp_path),
        "BRANCHLINE_DATABASE_URL": "postgresql://anna:hush@127.0.0.1:9/sales",
        "BRANCHLINE_TOKEN_KEY": TOKEN_KEY,
        "BRANCHLINE_WAREHOUSE_DIR": str(tmp_path / "warehouse"),
    }
    if command == ("demo",):
        (tmp_path / "warehouse").mkdir()
        (tmp_path / "warehouse" / "demo-inbox.written").touch()
    found = branchline(*command, environment=environment)
    assert found.returncode == 1
    assert "127.0.0.1:9, database sales, user anna) cannot be reached" in found.stderr
    assert "Check that the server runs" in found.stderr
    assert "Traceback" not in found.stderr
    assert "hush" not in found.stdout + found.stderr


def test_a_missing_inbox_is_reported_in_plain_words(
    branchline: Branchline, project_env: dict[str, str], tmp_path: Path
) -> None:
    found = branchline("run", "--inbox", str(tmp_path / "nowhere"), environment=project_env)
    assert found.returncode == 1
    assert "nowhere" in found.stderr
    assert "Traceback" not in found.stderr


def test_wrong_usage_has_its_own_exit_code(branchline: Branchline, tmp_path: Path) -> None:
    environment = {"HOME": str(tmp_path)}
    assert branchline("lod", environment=environment).returncode == 2
    assert branchline("load", "--inbx", environment=environment).returncode == 2
    found = branchline("--help", environment=environment)
    assert found.returncode == 0
    assert "Load an inbox and build the changes" in found.stdout


def test_a_password_in_the_inbox_is_refused_before_it_is_shown(
    branchline: Branchline, project_env: dict[str, str]
) -> None:
    address = "sftp://till:x/secret-word@127.0.0.1/inbox"
    for words, env in (
        (("load", "--inbox", address, "--dry-run"), project_env),
        (("run",), {**project_env, "BRANCHLINE_INBOX": address}),
    ):
        found = branchline(*words, environment=env)
        assert found.returncode == 1
        assert "may contain a password" in found.stderr
        assert "secret-word" not in found.stdout + found.stderr
