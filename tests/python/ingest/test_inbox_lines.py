"""Unavailable stores and broken connections: retried and resumed."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import paramiko
import pytest
from inbox_places import (
    SETTINGS,
    S3Place,
    SftpPlace,
    claimed,
    claimed_files,
    clean_environment,
    content_hash,
    listed,
    s3_and_sftp,
)
from ingest_helpers import till_file
from servers import USER, BrokenLine, Mishap, S3Server, SftpServer, broken_line

from base.errors import BranchlineError
from ingest.contract.file_errors import UnreadableFileError
from ingest.origins import remote
from ingest.origins import s3 as s3_module
from ingest.origins import sftp as sftp_module
from ingest.origins.inbox import InboxFile
from ingest.report import LoadReport

NAME = "branch_pos/leeds_26-08-2021_09-00-00.csv"
LARGE = b"".join(b"%09d\n" % number for number in range(150_000))


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[S3Server, SftpServer]]:
    with s3_and_sftp(tmp_path_factory.mktemp("sftp")) as both:
        yield both


@pytest.fixture
def s3(
    servers: tuple[S3Server, SftpServer], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> S3Place:
    clean_environment(monkeypatch, tmp_path)
    return S3Place(servers[0], monkeypatch)


@pytest.fixture
def sftp(
    servers: tuple[S3Server, SftpServer], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> SftpPlace:
    clean_environment(monkeypatch, tmp_path)
    servers[1].bytes_read = 0
    return SftpPlace(servers[1], monkeypatch, tmp_path / "known_hosts")


@pytest.fixture
def s3_line(s3: S3Place, monkeypatch: pytest.MonkeyPatch) -> Iterator[BrokenLine]:
    with broken_line(s3.server.port) as line:
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{line.port}")
        yield line


@pytest.fixture
def sftp_line(
    sftp: SftpPlace, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[BrokenLine]:
    with broken_line(sftp.server.port) as line:
        sftp.url = f"sftp://{USER}@127.0.0.1:{line.port}/{sftp.name}"
        known = sftp.server.known_hosts(tmp_path / "known_hosts", line.port)
        monkeypatch.setenv(f"{SETTINGS}SFTP_KNOWN_HOSTS", str(known))
        yield line


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote, "PATIENCE", 4.0)
    monkeypatch.setattr(remote, "LONGEST_WAIT", 0.1)
    for module in (s3_module, sftp_module):
        monkeypatch.setattr(module, "READ_TIMEOUT", 0.5)
        monkeypatch.setattr(module, "CONNECT_TIMEOUT", 0.5)


def read(file: InboxFile) -> bytes:
    with file.open() as stream:
        return b"".join(iter(lambda: stream.read(1 << 16), b""))


def failing(times: int, status: int = 503, code: str = "SlowDown") -> Callable[..., Any]:
    left = itertools.count(times, -1)
    return lambda *_: (status, code) if next(left) > 0 else None


@pytest.mark.parametrize(
    ("status", "code"), [(503, "SlowDown"), (500, "InternalError"), (429, "TooManyRequests")]
)
def test_requests_to_a_busy_store_are_retried(
    s3: S3Place, monkeypatch: pytest.MonkeyPatch, status: int, code: str
) -> None:
    s3.put(NAME, LARGE)
    monkeypatch.setattr(s3.server, "refuse", failing(3, status, code))
    file = claimed(s3.url)[NAME]
    monkeypatch.setattr(s3.server, "refuse", failing(3, status, code))
    assert read(file) == LARGE
    monkeypatch.setattr(s3.server, "refuse", failing(3, status, code))
    assert file.fingerprint_now() == file.fingerprint


def test_permanent_errors_are_not_retried(s3: S3Place, monkeypatch: pytest.MonkeyPatch) -> None:
    s3.put(NAME, LARGE)
    file = claimed(s3.url)[NAME]
    s3.reads()
    monkeypatch.setattr(s3.server, "refuse", lambda *_: (403, "AccessDenied"))
    with pytest.raises(UnreadableFileError, match="do not allow it") as caught:
        file.open()
    assert not caught.value.temporary
    assert s3.reads() == [NAME]


@pytest.mark.parametrize(
    "mishap", [Mishap(), Mishap(asked=0), Mishap(answered=60), Mishap(stall=True)]
)
def test_s3_over_a_breaking_connection(s3: S3Place, s3_line: BrokenLine, mishap: Mishap) -> None:
    s3.put(NAME, LARGE)
    s3_line.mishaps.extend([mishap, mishap])
    file = claimed(s3.url)[NAME]
    s3_line.mishaps.extend([mishap, mishap])
    assert read(file) == LARGE
    assert s3_line.befallen >= 4


@pytest.mark.parametrize("stall", [False, True])
def test_an_interrupted_object_is_resumed(s3: S3Place, s3_line: BrokenLine, stall: bool) -> None:
    s3.put(NAME, LARGE)
    file = claimed(s3.url)[NAME]
    s3.reads()
    s3_line.mishaps.extend([Mishap(answered=size, stall=stall) for size in (400_000, 500_000)])
    assert read(file) == LARGE
    assert s3.reads() == [NAME] * 3


def test_an_object_replaced_during_reading_is_not_mixed(s3: S3Place, s3_line: BrokenLine) -> None:
    # More than all buffers hold, so that the rest must be requested again.
    s3.put(NAME, LARGE * 24)
    file = claimed(s3.url)[NAME]
    with file.open() as stream:
        stream.read(1)
        s3.put(NAME, LARGE[::-1])
        s3_line.cut_all()
        with pytest.raises(UnreadableFileError, match="was replaced") as caught:
            stream.read()
    assert caught.value.temporary
    assert read(claimed(s3.url)[NAME]) == LARGE[::-1]


@pytest.mark.parametrize(
    "mishap", [Mishap(), Mishap(asked=100), Mishap(answered=1000), Mishap(stall=True)]
)
def test_sftp_over_a_breaking_connection(
    sftp: SftpPlace, sftp_line: BrokenLine, mishap: Mishap
) -> None:
    sftp.put(NAME, LARGE)
    sftp_line.mishaps.extend([mishap, mishap])
    assert read(claimed(sftp.url)[NAME]) == LARGE
    assert sftp_line.befallen >= 2


@pytest.mark.parametrize("stall", [False, True])
def test_an_interrupted_file_is_resumed(
    sftp: SftpPlace, sftp_line: BrokenLine, stall: bool
) -> None:
    sftp.put(NAME, LARGE)
    sftp_line.mishaps.extend([Mishap(answered=size, stall=stall) for size in (400_000, 500_000)])
    file = claimed(sftp.url)[NAME]
    assert read(file) == LARGE
    assert sftp.reads() == [NAME] * 3
    assert sftp.server.bytes_read < 2.5 * len(LARGE)


def test_a_session_lost_between_two_files(sftp: SftpPlace, sftp_line: BrokenLine) -> None:
    sftp.put(NAME, LARGE)
    file = claimed(sftp.url)[NAME]
    for _ in range(2):
        sftp_line.cut_all()
        assert read(file) == LARGE
        sftp_line.cut_all()
        assert file.fingerprint_now() == file.fingerprint


def test_a_connection_lost_during_a_request(
    sftp: SftpPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At any request: no file becomes shorter, and none is missing."""
    sizes = {f"branch_pos/leeds_{day:02}-08-2021_09-00-00.csv": day * 20_000 for day in (1, 2, 3)}
    for name, size in sizes.items():
        sftp.put(name, LARGE[:size])
    real = paramiko.Channel.send
    sent = itertools.count(1)
    breaks_at = 0

    def send(channel: paramiko.Channel, data: bytes) -> int:
        if next(sent) == breaks_at:
            channel.get_transport().close()
            raise EOFError
        return int(real(channel, data))

    monkeypatch.setattr(paramiko.Channel, "send", send)

    def everything() -> dict[str, int]:
        found = {}
        for name, file in claimed(sftp.url).items():
            content = read(file)
            assert LARGE.startswith(content)
            found[name] = len(content)
        return found

    assert everything() == sizes
    requests = next(sent)
    assert requests > 10
    for breaks_at in range(1, requests):
        sent = itertools.count(1)
        assert everything() == sizes, breaks_at


def test_a_file_replaced_on_the_server_is_not_mixed(sftp: SftpPlace, sftp_line: BrokenLine) -> None:
    sftp.put(NAME, LARGE)
    file = claimed(sftp.url)[NAME]
    with file.open() as stream:
        stream.read(1)
        sftp.put(NAME, LARGE[::-1])
        sftp_line.cut_all()
        with pytest.raises(UnreadableFileError, match="was replaced") as caught:
            stream.read()
    assert caught.value.temporary


@pytest.mark.parametrize("kind", ["s3", "sftp"])
def test_the_retry_timeout_ends(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    place: Any = request.getfixturevalue(kind)
    line: BrokenLine = request.getfixturevalue(f"{kind}_line")
    monkeypatch.setattr(remote, "PATIENCE", 0.5)
    for number in range(8):
        place.put(f"branch_pos/leeds{number}.csv", "x")
    files = claimed_files(listed(place.url))
    line.stop()
    began = time.monotonic()
    for number, file in enumerate(files):
        with pytest.raises(UnreadableFileError) as caught:
            file.open()
        assert caught.value.temporary
        # The first files are retried; then the store counts as down.
        assert ("stopped answering" in str(caught.value)) == (number >= 3)
    assert time.monotonic() - began < 8
    with pytest.raises(BranchlineError, match="no connection"):
        listed(place.url)


def test_one_file_that_fails_stops_no_other(s3: S3Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote, "PATIENCE", 0.2)
    for number in range(8):
        s3.put(f"branch_pos/leeds{number}.csv", "x")
    files = claimed_files(listed(s3.url))
    monkeypatch.setattr(
        s3.server,
        "refuse",
        lambda _, path: (503, "SlowDown") if path.endswith(("1.csv", "4.csv", "6.csv")) else None,
    )
    failed = []
    for file in files:
        try:
            content_hash(file)
        except UnreadableFileError:
            failed.append(file.path[-5:])
    assert failed == ["1.csv", "4.csv", "6.csv"]


def test_a_load_over_a_bad_connection_is_complete(
    s3: S3Place,
    s3_line: BrokenLine,
    run_load: Callable[..., LoadReport],
    query: Callable[..., list[tuple[Any, ...]]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(remote, "PATIENCE", 1.0)
    days = range(1, 9)
    for day in days:
        s3.put(f"branch_pos/leeds_{day:02d}-08-2021_09-00-00.csv", till_file(500))
    s3_line.mishaps.extend([Mishap(), Mishap(answered=20_000), Mishap(answered=None)] * 4)
    monkeypatch.setattr(
        s3.server,
        "refuse",
        lambda method, path: (503, "SlowDown") if "leeds_05" in path else None,
    )
    report = run_load(inbox=s3.url)
    assert {outcome.path[17:19]: outcome.status for outcome in report.files} == {
        f"{day:02d}": "failed" if day == 5 else "loaded" for day in days
    }
    monkeypatch.undo()
    assert query("select count(*) from raw.branch_pos_transactions") == [(7 * 500,)]


def test_the_next_load_retries_failed_files(
    s3: S3Place,
    run_load: Callable[..., LoadReport],
    query: Callable[..., list[tuple[Any, ...]]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    s3.put(NAME, till_file(20))
    with monkeypatch.context() as broken:
        broken.setattr(remote, "PATIENCE", 0.2)
        broken.setattr(
            s3.server, "refuse", lambda _, path: (500, "InternalError") if NAME in path else None
        )
        (outcome,) = run_load(inbox=s3.url).files
        assert outcome.status == "failed"
        assert "busy or out of order" in (outcome.reason or "")
        assert query("select count(*) from raw.ingest_files") == [(0,)]
    (outcome,) = run_load(inbox=s3.url).files
    assert (outcome.status, outcome.rows) == ("loaded", 20)
