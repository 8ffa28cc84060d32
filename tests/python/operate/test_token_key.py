"""Requirements for a token key, and the check that a warehouse's keys do not change."""

from __future__ import annotations

import secrets
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from psycopg2.extensions import connection as Link

from base.errors import BranchlineError
from base.link import open_link
from base.settings import Settings, read_settings
from operate.access.token_key import append_key, check_token_keys, noted_keys, token_keys, weakness
from operate.server.notes import prepare_notes

OLD, NEW, NEWEST = (word * 8 + f"{number:016d}!" for number, word in enumerate(("Gh", "Jk", "Mn")))


@pytest.fixture
def link(database_url: str) -> Iterator[Link]:
    with open_link(database_url) as found:
        prepare_notes(found)
        yield found


def of_server(key: str, folder: Path) -> Settings:
    """Settings with one's own server as the warehouse."""
    environ = {
        "BRANCHLINE_DATABASE_URL": "postgresql://u@h/d",
        "BRANCHLINE_WAREHOUSE_DIR": str(folder),
        "BRANCHLINE_TOKEN_KEY": key,
    }
    return read_settings(environ)


def test_the_embedded_warehouses_key_is_created_once(tmp_path: Path) -> None:
    settings = read_settings({"BRANCHLINE_WAREHOUSE_DIR": str(tmp_path / "new")})
    (made,) = token_keys(settings)
    assert len(bytes.fromhex(made.decode())) * 8 == 256
    assert token_keys(settings) == [made]
    file = tmp_path / "new" / "token.key"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    both = append_key(settings)
    assert both[0] == made
    assert weakness(both[1].decode()) is None
    assert token_keys(settings) == both
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [path.name for path in file.parent.iterdir()] == ["token.key"]
    for text, words in (("too short\n", "token key 1 of 2"), ("\n", "no token key")):
        file.write_text(text)
        with pytest.raises(BranchlineError, match=words):
            token_keys(settings)


def test_a_missing_key_is_reported_and_not_replaced(link: Link, tmp_path: Path) -> None:
    settings = read_settings({"BRANCHLINE_WAREHOUSE_DIR": str(tmp_path / "new")})
    made = token_keys(settings, link)
    check_token_keys(link, made)
    assert token_keys(settings, link) == made
    (tmp_path / "new" / "token.key").unlink()
    with pytest.raises(BranchlineError, match=r"token\.key is missing") as caught:
        token_keys(settings, link)
    assert "Restore it" in caught.value.hint
    assert list((tmp_path / "new").iterdir()) == []


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o620])
def test_a_key_that_others_can_read_is_refused(tmp_path: Path, mode: int) -> None:
    settings = read_settings({"BRANCHLINE_WAREHOUSE_DIR": str(tmp_path / "new")})
    token_keys(settings)
    file = tmp_path / "new" / "token.key"
    file.chmod(mode)
    for use in (token_keys, append_key):
        with pytest.raises(BranchlineError, match="Other users of this machine") as caught:
            use(settings)
        assert file.read_text().strip() not in str(caught.value)


def test_ones_own_server_needs_a_key(tmp_path: Path) -> None:
    with pytest.raises(BranchlineError, match="BRANCHLINE_TOKEN_KEY is not set") as caught:
        token_keys(of_server("", tmp_path))
    assert "secrets.token_hex" in caught.value.hint
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(BranchlineError, match="has 5 bytes"):
        token_keys(of_server("short", tmp_path))
    assert token_keys(of_server(OLD, tmp_path)) == [OLD.encode()]


@pytest.mark.parametrize("separator", [",", " ", "\n", " , ", ",\n"])
def test_several_keys_are_listed_oldest_first(separator: str, tmp_path: Path) -> None:
    found = token_keys(of_server(separator.join((OLD, NEW, NEWEST)) + separator, tmp_path))
    assert found == [OLD.encode(), NEW.encode(), NEWEST.encode()]


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("short", "has 5 bytes; at least 32"),
        ("k" * 32, "repeats itself"),
        ("k" * 500, "repeats itself"),
        ("abc123" * 11, "repeats itself"),
        ("10b04b643d591d8e91ed3df83eb7fa81", "has at most 128 bits"),
        ("10B04B643D591D8E91ED3DF83EB7FA81", "has at most 128 bits"),
        ("6f9619ff-8b86-d011-b42d-00cf4fc964ff", "has at most 128 bits"),
        (
            "a766847d56b24f137db8efc526ba5aac8e984d3efd84a55997b9c23819689c",
            "has at most 248 bits",
        ),
        ("3141592653589793238462643383279502884197", "as 40 digits; 78 are needed"),
    ],
)
def test_a_key_with_less_than_256_bits_is_refused(key: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(BranchlineError, match=words) as caught:
        token_keys(of_server(key, tmp_path))
    assert key not in str(caught.value)
    assert "secrets.token_hex" in caught.value.hint


def test_an_older_weak_key_is_accepted_before_a_strong_one(tmp_path: Path) -> None:
    weak = secrets.token_hex(16)
    with pytest.raises(BranchlineError, match="keep it first"):
        token_keys(of_server(weak, tmp_path))
    assert token_keys(of_server(f"{weak},{NEW}", tmp_path)) == [weak.encode(), NEW.encode()]
    with pytest.raises(BranchlineError, match="token key 2 of 2"):
        token_keys(of_server(f"{NEW},{weak}", tmp_path))
    with pytest.raises(BranchlineError, match=r"is in .* twice"):
        token_keys(of_server(f"{NEW},{NEW}", tmp_path))


@pytest.mark.parametrize("make", [secrets.token_hex, secrets.token_urlsafe])
def test_keys_from_common_tools_are_accepted(make: object, tmp_path: Path) -> None:
    assert callable(make)
    for _ in range(200):
        assert weakness(make(32)) is None


def test_a_warehouse_accepts_only_its_keys(link: Link) -> None:
    def check(*keys: str) -> str:
        with pytest.raises(BranchlineError) as caught:
            check_token_keys(link, [key.encode() for key in keys])
        for key in keys:
            assert key not in str(caught.value)
        return str(caught.value)

    two = [OLD.encode(), NEW.encode()]
    check_token_keys(link, two)
    check_token_keys(link, two)
    with link.cursor() as cursor:
        assert len(noted_keys(cursor)) == 2
    assert "the newest is missing" in check(OLD)
    assert "an older one is missing" in check(NEW)
    assert "in another order" in check(NEW, OLD)
    assert "branchline warehouse rotate-key" in check(OLD, NEW, NEWEST)
    assert "not the one that this warehouse's" in check(NEWEST)
    assert "every card would become a new customer" in check(OLD, NEWEST)


def test_metadata_of_an_older_version_is_upgraded(link: Link) -> None:
    with link.cursor() as cursor:
        cursor.execute("alter table operations.token_keys drop column key_number")
    prepare_notes(link)
    check_token_keys(link, [OLD.encode()])
    check_token_keys(link, [OLD.encode()])
