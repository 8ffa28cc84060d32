"""An address with a possible secret is refused and never shown; others are shown unchanged."""

from __future__ import annotations

import pytest

from base.errors import BranchlineError
from ingest.origins.inbox_address import check_address, shown_address
from ingest.origins.opening import open_origin

SECRET = "Zecret9pw"

HIDING = [
    # A user with a password, or a key; also where a / or @ in it misleads a parser.
    "sftp://u:{}@host/inbox",
    "sftp://u:{}/x@host/inbox",
    "sftp://u:x/{}@host/inbox",
    "sftp://u:x@{}@host/inbox",
    "sftp://u:22/{}@host/inbox",
    "sftp://:{}@host/inbox",
    "sftp://u%3A{}@host/inbox",
    "sftp://u%3a{}%40host/inbox",
    "sftp://u;password={}@host/inbox",
    "SFTP://u:{}@host/x",
    "s3://AKIA:{}@bucket/x",
    "s3://AKIA:x/{}@bucket/x",
    "s3://AKIA:{}/x@bucket/x",
    "s3://AKIA:x/y/{}@bucket",
    "s3://{}@bucket/x",
    "s3a://AKIA:{}@bucket/x",
    "ftp://u:x/{}@h/x",
    "https://u:{}@h/x",
    "file://u:{}@h/x",
    "file:///nowhere/u:{}@h/x",
    "/sftp://u:{}@h/x",
    # A query, parameters, a fragment.
    "s3://bucket/x?secret={}",
    "s3://bucket?{}",
    "s3://bucket/x%3Fsecret={}",
    "https://h/x?sig={}",
    "https://h/x#token={}",
    "smb://h/x;password={}",
    "sftp://host/x;key={}",
    # Malformed addresses.
    "s3:/AKIA:{}@bucket/x",
    "s3:AKIA:{}@bucket/x",
    "sftp:/u:{}@h/x",
    "sftp:/h/x?password={}",
    "u:{}@h:/x",
    "u:{}@h/x",
    "//u:{}@h/x",
    "\\\\u:{}@h\\x",
    " sftp://u:{}@h/x",
    "'sftp://u:{}@h/x'",
    "host=h user=u password={}",
    "Server=h;Password={}",
    "token={}",
    # Of an unknown kind: it may mean anything.
    "{}://host/x",
    "sftp+{}://host/x",
    "gs://bucket/{}",
]


@pytest.mark.parametrize("address", HIDING)
def test_an_address_with_a_possible_secret_is_refused_and_not_shown(address: str) -> None:
    inbox = address.format(SECRET)
    for refuse in (check_address, open_origin):
        with pytest.raises(BranchlineError) as caught:
            refuse(inbox)
        assert SECRET not in str(caught.value)
        assert "docs/inboxes.md" in caught.value.hint
    assert SECRET not in shown_address(inbox)


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("/srv/inbox", "/srv/inbox"),
        ("/srv/tills: a@b; c=d?", "/srv/tills: a@b; c=d?"),
        ("./u:x@y", "./u:x@y"),
        ("../inbox#2", "../inbox#2"),
        ("~/inbox", "~/inbox"),
        ("C:\\inbox@home", "C:\\inbox@home"),
        ("inbox", "inbox"),
        ("inbox@home", "inbox@home"),
        ("tills/12:30", "tills/12:30"),
        ("file:///srv/inbox", "file:///srv/inbox"),
        ("s3://bucket", "s3://bucket"),
        ("s3://bucket/tills@home/12:30", "s3://bucket/tills@home/12:30"),
        ("S3://bucket/day=5/x", "S3://bucket/day=5/x"),
        ("sftp://host:2222/inbox", "sftp://host:2222/inbox"),
        ("sftp://[::1]:22/inbox", "sftp://[::1]:22/inbox"),
        # Its user is not shown either.
        ("sftp://anna@host/inbox", "sftp://host/inbox"),
        ("sftp://anna@[::1]:22/inbox", "sftp://[::1]:22/inbox"),
        ("sftp://anna%2Fx@host/a@b", "sftp://host/a@b"),
        ("/srv/4111111111111111", "/srv/****1111"),
    ],
)
def test_other_addresses_are_shown_unchanged(address: str, shown: str) -> None:
    check_address(address)
    assert shown_address(address) == shown


def test_the_error_says_where_credentials_belong() -> None:
    with pytest.raises(BranchlineError, match="may contain a password or a key") as caught:
        check_address("s3://AKIA:x/y@bucket/x")
    assert "SOURCES__FILESYSTEM__CREDENTIALS__" in caught.value.hint
    assert "secrets.toml" in caught.value.hint
    with pytest.raises(BranchlineError, match="unsupported kind") as caught:
        check_address("gs://bucket/x")
    assert "s3://bucket/folder" in caught.value.hint
