"""Files are put into a folder, a bucket and an SFTP server alike: whole or not at all, and once."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from servers import (
    ACCESS_KEY,
    PASSWORD,
    SECRET_KEY,
    USER,
    Mishap,
    S3Server,
    SftpServer,
    broken_line,
    closed_port,
    s3_server,
    sftp_server,
)

from base.errors import BranchlineError
from publish.places import Place, PlaceError, open_place, variable_of
from publish.places import place as place_module

KINDS = ("folder", "s3", "sftp")
FILE = "2026-09-30/שלום/daily sales é.csv"
NAME = "finance_share"
OWN = f"DESTINATION__{NAME.upper()}__CREDENTIALS__"
CONTENT = b"branch,net_sales\r\n" + b"Leeds,1.00\r\n" * 40_000


class Target:
    """A place that tests can look into."""

    def __init__(self, address: str, read: Callable[[str], bytes | None], port: int = 0) -> None:
        self.address = address
        self.read = read
        self.port = port

    def at_port(self, port: int, monkeypatch: pytest.MonkeyPatch) -> str:
        """The address with another port of this machine in it."""
        if self.address.startswith("s3"):
            monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{port}")
        return self.address.replace(f":{self.port}/", f":{port}/")


@pytest.fixture(scope="module")
def s3() -> Iterator[S3Server]:
    with s3_server() as server:
        server.client().create_bucket(Bucket="shop")
        yield server


@pytest.fixture(scope="module")
def sftp(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SftpServer]:
    with sftp_server(tmp_path_factory.mktemp("sftp")) as server:
        yield server


@pytest.fixture(autouse=True)
def _environment(
    s3: S3Server, sftp: SftpServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in list(os.environ):
        if name.startswith(("AWS_", "SOURCES__", "CREDENTIALS__", "DESTINATION__", "SSH_", "DLT_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_ENDPOINT_URL", s3.endpoint)
    monkeypatch.setenv(f"{OWN}AWS_ACCESS_KEY_ID", ACCESS_KEY)
    monkeypatch.setenv(f"{OWN}AWS_SECRET_ACCESS_KEY", SECRET_KEY)
    monkeypatch.setenv(f"{OWN}SFTP_PASSWORD", PASSWORD)
    known = sftp.known_hosts(tmp_path / "known_hosts")
    monkeypatch.setenv(f"{OWN}SFTP_KNOWN_HOSTS", str(known))
    monkeypatch.setattr(place_module, "PATIENCE", 0.0)
    s3.puts.clear()
    sftp.opened.clear()


def make_target(kind: str, s3: S3Server, sftp: SftpServer, folder: Path) -> Target:
    def below(root: Path) -> Callable[[str], bytes | None]:
        def read(path: str) -> bytes | None:
            found = root / path
            return found.read_bytes() if found.is_file() else None

        return read

    def in_bucket(path: str) -> bytes | None:
        listed = s3.client().list_objects_v2(Bucket="shop", Prefix=f"{folder.name}/{path}")
        if not listed["KeyCount"]:
            return None
        found = s3.client().get_object(Bucket="shop", Key=f"{folder.name}/{path}")
        content: bytes = found["Body"].read()
        return content

    if kind == "s3":
        return Target(f"s3://shop/{folder.name}", in_bucket, s3.port)
    if kind == "sftp":
        (sftp.folder / folder.name).mkdir()
        address = f"sftp://{USER}@127.0.0.1:{sftp.port}/{folder.name}"
        return Target(address, below(sftp.folder / folder.name), sftp.port)
    (folder / "share").mkdir()
    return Target(str(folder / "share"), below(folder / "share"))


@pytest.fixture
def target(
    request: pytest.FixtureRequest, s3: S3Server, sftp: SftpServer, tmp_path: Path
) -> Target:
    return make_target(request.param, s3, sftp, tmp_path)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "made.csv"
    path.write_bytes(CONTENT)
    return path


def refused(place: Place | str, file: Path, remote: str = FILE) -> str:
    """The error for a file that cannot be put: in plain words, without secrets."""
    with pytest.raises(BranchlineError) as caught:
        (open_place(NAME, place) if isinstance(place, str) else place).put(file, remote)
    said = str(caught.value)
    for word in (PASSWORD, SECRET_KEY, USER + "@", "wrong-password", "Traceback", "Errno"):
        assert word not in said
    assert NAME in said
    assert caught.value.hint
    return said


@pytest.mark.parametrize("target", KINDS, indirect=True)
def test_a_file_is_put_once_and_again_when_it_changed(target: Target, file: Path) -> None:
    with open_place(NAME, target.address) as place:
        assert place.put(file, FILE)
        assert target.read(FILE) == CONTENT
        assert not place.put(file, FILE)
        file.write_bytes(CONTENT.replace(b"1.00", b"2.00"))  # of the same size
        assert place.put(file, FILE)
        assert target.read(FILE) == file.read_bytes()
        file.write_bytes(b"")
        assert place.put(file, FILE)
        assert target.read(FILE) == b""
        assert not place.put(file, FILE)


@pytest.mark.parametrize("target", ["s3", "sftp"], indirect=True)
def test_an_unchanged_file_is_not_sent(
    target: Target, file: Path, s3: S3Server, sftp: SftpServer
) -> None:
    """By another run, whose file has another time."""
    with open_place(NAME, target.address) as place:
        place.put(file, FILE)
    os.utime(file, (0, 0))
    s3.puts.clear()
    sftp.opened.clear()
    with open_place(NAME, target.address) as place:
        assert not place.put(file, FILE)
    assert s3.puts == []
    assert not [path for path in sftp.opened if path.endswith(".new")]


@pytest.mark.parametrize("target", ["s3", "sftp"], indirect=True)
def test_a_connection_that_breaks_leaves_the_file_as_it_was(
    target: Target, file: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, sftp: SftpServer
) -> None:
    with open_place(NAME, target.address) as place:
        place.put(file, FILE)
    file.write_bytes(CONTENT * 2)
    # The store has a connection for each request, of which every second one sends the file.
    times = 4 if target.address.startswith("s3") else 2
    with broken_line(target.port, *[Mishap(answered=None, asked=300_000)] * times) as line:
        sftp.known_hosts(tmp_path / "known_hosts", line.port)
        address = target.at_port(line.port, monkeypatch)
        said = refused(address, file)
        assert FILE in said
        assert "broke off" in said
        assert target.read(FILE) == CONTENT
        # The next run, with a break that a retry outlasts.
        monkeypatch.setattr(place_module, "PATIENCE", 20.0)
        with open_place(NAME, address) as place:
            assert place.put(file, FILE)
        assert line.befallen == 2
    assert target.read(FILE) == file.read_bytes()


def test_a_killed_copy_leaves_no_half_file(
    s3: S3Server, sftp: SftpServer, file: Path, tmp_path: Path
) -> None:
    target = make_target("folder", s3, sftp, tmp_path)
    child = os.fork()
    if not child:
        Path.replace = lambda *_: os._exit(9)  # type: ignore[assignment,method-assign]
        try:
            open_place(NAME, target.address).put(file, FILE)
        finally:
            os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9
    assert target.read(FILE) is None
    folder = (Path(target.address) / FILE).parent
    assert len(list(folder.iterdir())) == 1
    assert open_place(NAME, target.address).put(file, FILE)
    assert [found.read_bytes() for found in folder.iterdir()] == [CONTENT]


def test_an_sftp_server_that_cannot_replace_a_file(
    s3: S3Server, sftp: SftpServer, file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sftp, "renames", False)
    target = make_target("sftp", s3, sftp, tmp_path)
    with open_place(NAME, target.address) as place:
        for content in (b"first", b"second", b"third"):
            file.write_bytes(content)
            assert place.put(file, "day/x.csv")
            assert target.read("day/x.csv") == content
    assert os.listdir(sftp.folder / tmp_path.name / "day") == ["x.csv"]


@pytest.mark.parametrize("target", ["s3", "sftp"], indirect=True)
def test_a_dead_place_fails_at_once_and_no_other(
    target: Target,
    file: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    tmp_path: Path,
) -> None:
    with broken_line(closed_port()) as line, caplog.at_level(logging.DEBUG):
        place = open_place(NAME, target.at_port(line.port, monkeypatch))
        first = refused(place, file)
        tried = line.connections
        assert "The next run tries again." in first
        assert "the place failed before" in refused(place, file, "other.csv")
        assert line.connections == tried
    assert PASSWORD not in caplog.text
    assert SECRET_KEY not in caplog.text
    (tmp_path / "folder").mkdir()
    assert open_place("other", str(tmp_path / "folder")).put(file, FILE)


def test_what_is_wrong_with_a_folder_is_said(
    s3: S3Server, sftp: SftpServer, file: Path, tmp_path: Path
) -> None:
    said = refused(str(tmp_path / "not mounted"), file)
    assert "the folder does not exist" in said
    assert "not mounted" in said
    assert not (tmp_path / "not mounted").exists()
    target = make_target("sftp", s3, sftp, tmp_path)
    assert "does not exist on the server" in refused(f"{target.address}/nowhere", file)
    folder = make_target("folder", s3, sftp, tmp_path)
    (Path(folder.address) / "taken").write_text("a file")
    for address in (folder.address, target.address):
        place = open_place(NAME, address)
        place.put(file, "day/x.csv")
        refused(place, file, "day")
        # One file that cannot be put does not stop the others.
        assert place.put(file, "day/y.csv")


def test_what_is_wrong_with_a_bucket_is_said(
    s3: S3Server, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "no bucket nobodys" in refused("s3://nobodys/x", file)
    assert "has no bucket name" in refused("s3:///x", file)
    denied = (403, "AccessDenied")
    monkeypatch.setattr(s3, "refuse", lambda method, path: denied)
    place = open_place(NAME, "s3://shop/x")
    for _ in range(3):
        assert "s3:PutObject" in refused(place, file)
    assert "the place failed before" in refused(place, file)
    monkeypatch.setattr(s3, "refuse", lambda method, path: None)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(f"{OWN}{name}")
    said = refused("s3://shop/x", file)
    assert "no credentials for the place finance_share (s3://shop/x)" in said
    assert f"{OWN}AWS_ACCESS_KEY_ID" in said


def test_what_is_wrong_with_a_server_is_said(
    s3: S3Server, sftp: SftpServer, file: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    address = make_target("sftp", s3, sftp, tmp_path).address
    monkeypatch.setenv(f"{OWN}SFTP_PASSWORD", "wrong-password")
    said = refused(address, file)
    assert f"rejects the user {USER}" in said
    assert f"{OWN}SFTP_PASSWORD" in said
    # The password of an inbox is not sent to a place.
    monkeypatch.delenv(f"{OWN}SFTP_PASSWORD")
    monkeypatch.setenv("SOURCES__FILESYSTEM__CREDENTIALS__SFTP_PASSWORD", PASSWORD)
    assert "no password or key" in refused(address, file)
    monkeypatch.setenv(f"{OWN}SFTP_PASSWORD", PASSWORD)
    monkeypatch.delenv(f"{OWN}SFTP_KNOWN_HOSTS")
    assert "is not known here" in refused(address, file)
    assert "There is no user for the place" in refused(address.replace(f"{USER}@", ""), file)


@pytest.mark.parametrize(
    ("address", "word"),
    [
        ("sftp://anna:secret-word@host/x", "may contain a password"),
        ("s3://key:secret-word@bucket/x", "may contain a password"),
        ("s3://bucket/x?secret-word=1", "may contain a password"),
        ("gs://secret-word/x", "unsupported kind"),
    ],
)
def test_an_address_with_a_possible_secret_is_refused_and_not_shown(
    address: str, word: str
) -> None:
    with pytest.raises(PlaceError, match=word) as caught:
        open_place(NAME, address)
    assert "secret-word" not in str(caught.value)
    assert variable_of(NAME) == "BRANCHLINE_PLACE_FINANCE_SHARE"
    assert variable_of(NAME) in str(caught.value)
    assert OWN in caught.value.hint


def test_a_path_cannot_leave_the_place(tmp_path: Path, file: Path) -> None:
    place: Any = open_place(NAME, str(tmp_path))
    for remote in ("../x.csv", "/x.csv", "a//x.csv", "a\\x.csv", ""):
        with pytest.raises(ValueError, match="not a path below a place"):
            place.put(file, remote)
