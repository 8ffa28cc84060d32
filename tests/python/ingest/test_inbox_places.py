"""One inbox in a folder, in a bucket and on an SFTP server: the same files, the same rows."""

from __future__ import annotations

import gzip
import io
import logging
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import asyncssh
import pytest
from dlt.common.configuration.container import Container
from dlt.common.configuration.specs.pluggable_run_context import PluggableRunContext
from inbox_places import (
    FEED,
    SETTINGS,
    Place,
    S3Place,
    SftpPlace,
    claimed,
    claimed_files,
    clean_environment,
    content_hash,
    listed,
    make_place,
    s3_and_sftp,
    write,
)
from ingest_helpers import till_file
from servers import PASSWORD, USER, S3Server, SftpServer, broken_line, closed_port, silent_server

from base.errors import BranchlineError
from ingest.contract.file_errors import UnreadableFileError
from ingest.origins import remote
from ingest.origins import s3 as s3_module
from ingest.origins import sftp as sftp_module
from ingest.report import LoadReport

KINDS = ("folder", "s3", "sftp")
NAME = "branch_pos/leeds_26-08-2021_09-00-00.csv"
OTHER = "branch_pos/york_26-08-2021_09-00-00.csv"
Servers = tuple[S3Server, SftpServer]

ROWS = """
    select ingest_files.path, ingest_files.status, ingest_files.sha256, ingest_files.row_count,
        transactions._line_number, transactions.transaction_timestamp, transactions.basket,
        transactions.card_token
    from raw.ingest_files
    left join raw.branch_pos_transactions as transactions
        on ingest_files.file_id = transactions._file_id
    order by 1, 5
"""


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    with s3_and_sftp(tmp_path_factory.mktemp("sftp")) as both:
        yield both


@pytest.fixture
def place(
    request: pytest.FixtureRequest,
    servers: Servers,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> Place:
    return make_place(request.param, servers, monkeypatch, tmp_path)


@pytest.fixture
def s3(servers: Servers, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> S3Place:
    clean_environment(monkeypatch, tmp_path)
    return S3Place(servers[0], monkeypatch)


@pytest.fixture
def sftp(servers: Servers, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> SftpPlace:
    clean_environment(monkeypatch, tmp_path)
    return SftpPlace(servers[1], monkeypatch, tmp_path / "known_hosts")


def zipped(content: str, name: str = "till.csv") -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return made.getvalue()


def fill(place: Place) -> None:
    place.put(NAME, till_file(30))
    place.put("branch_pos/bath_26-08-2021_09-00-00.csv.gz", gzip.compress(till_file(9).encode()))
    place.put("branch_pos/hull_26-08-2021_09-00-00.zip", zipped(till_file(8)))
    place.put("branch_pos/deep/er/st. ives 'o\"n_26-08-2021_09-00-00.csv", till_file(7))
    place.put("branch_pos/odd*?[#%41]&+_26-08-2021_09-00-00.csv", till_file(6))
    place.put("branch_pos/n\u00fcrnberg_26-08-2021_09-00-00.csv", till_file(5))
    place.put("branch_pos/york_26-08-2021_09-00-00.csv.part", till_file(4))
    place.put("branch_pos/empty_26-08-2021_09-00-00.csv", "")
    place.put("branch_pos/.hidden/leeds_27-08-2021_09-00-00.csv", till_file(3))
    place.put("notes.txt", "hello")


def loaded(report: LoadReport) -> list[str]:
    return [outcome.path for outcome in report.files if outcome.status == "loaded"]


def test_the_same_files_give_the_same_rows(
    servers: Servers,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    run_load: Callable[..., LoadReport],
    query: Callable[..., list[tuple[Any, ...]]],
) -> None:
    found = {}
    for kind in KINDS:
        query("drop schema if exists raw cascade")
        place = make_place(kind, servers, monkeypatch, tmp_path / kind)
        fill(place)
        report = run_load(inbox=place.url)
        assert report.unclaimed == ["notes.txt"]
        found[kind] = query(ROWS)
    assert len(found["folder"]) == 30 + 9 + 8 + 5 + 3 * 1  # three are quarantined
    assert found["s3"] == found["folder"]
    assert found["sftp"] == found["folder"]


@pytest.fixture(autouse=True)
def _folders(tmp_path: Path) -> None:
    for kind in KINDS:
        (tmp_path / kind).mkdir()


@pytest.mark.parametrize("place", KINDS, indirect=True)
def test_a_second_load_reads_only_changes(
    place: Place,
    run_load: Callable[..., LoadReport],
    query: Callable[..., list[tuple[Any, ...]]],
) -> None:
    fill(place)
    assert len(loaded(run_load(inbox=place.url))) == 4
    place.reads()
    report = run_load(inbox=place.url)
    assert place.reads() == []
    assert {outcome.status for outcome in report.files} == {"postponed"}
    assert report.unchanged == 7  # with the three that are quarantined
    place.put(NAME, till_file(31))
    report = run_load(inbox=place.url)
    assert set(place.reads()) == {NAME}
    assert loaded(report) == [NAME]
    [(current,)] = query(
        "select row_count from raw.ingest_files where path = %s and status = 'loaded'", [NAME]
    )
    assert current == 31


@pytest.mark.parametrize("place", KINDS, indirect=True)
def test_listings(place: Place) -> None:
    fill(place)
    listing = listed(place.url)
    files = {file.path: file for file in claimed_files(listing)}
    assert len(files) == listing.total == 7
    assert listing.unfinished == [(FEED, "branch_pos/york_26-08-2021_09-00-00.csv.part")]
    assert listing.closed == []
    leeds, hull = files[NAME], files["branch_pos/hull_26-08-2021_09-00-00.zip"]
    assert leeds.name == leeds.path
    assert hull.name == "branch_pos/hull_26-08-2021_09-00-00.csv"
    assert leeds.size == len(till_file(30))
    assert leeds.settled
    assert leeds.fingerprint == leeds.fingerprint_now()
    assert place.reads() == []
    with hull.open() as stream:
        assert stream.read().decode() == till_file(8)
    place.put(NAME, till_file(30).replace("Leeds", "Leads"))  # of the same length
    assert leeds.fingerprint_now() not in (None, leeds.fingerprint)
    assert claimed(place.url)[NAME].fingerprint == leeds.fingerprint_now()


@pytest.mark.parametrize("place", KINDS, indirect=True)
def test_a_deleted_file(place: Place, servers: Servers) -> None:
    place.put(NAME, till_file())
    file = claimed(place.url)[NAME]
    if isinstance(place, S3Place):
        place.client.delete_object(Bucket=place.bucket, Key=f"shop/inbox/{NAME}")
    else:
        (place.folder / NAME).unlink()  # type: ignore[attr-defined]
    assert file.fingerprint_now() is None
    with pytest.raises(UnreadableFileError, match="deleted") as caught:
        file.open()
    assert caught.value.temporary


@pytest.mark.parametrize("place", KINDS, indirect=True)
def test_a_large_file_arrives_whole(place: Place, tmp_path: Path) -> None:
    content = b"".join(b"%09d\n" % number for number in range(330_000))
    place.put(NAME, content)
    with claimed(place.url)[NAME].open() as stream:
        parts = iter(lambda: stream.read(1 << 20), b"")
        assert b"".join(parts) == content


@pytest.mark.parametrize("place", ["s3", "sftp"], indirect=True)
def test_a_large_zip_is_streamed(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ingest.formats.archives.READ_WHOLE", 1000)
    content = till_file(4000)
    place.put(NAME.replace(".csv", ".zip"), zipped(content))
    (file,) = claimed(place.url).values()
    with file.open() as stream:
        assert stream.read().decode() == content


def test_objects_are_listed_page_by_page(s3: S3Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(s3_module, "PAGE", 10)
    for number in range(21):
        s3.put(f"branch_pos/leeds_{number}.csv", "")
    s3.put("branch_pos/", "")  # the mark that some tools leave for a folder
    s3.server.lists = 0
    listing = listed(s3.url)
    assert (listing.total, listing.unclaimed, s3.server.lists) == (21, [], 3)


def test_addresses_of_buckets(s3: S3Place) -> None:
    s3.put(NAME, "x")
    assert listed(f"s3://{s3.bucket}").unclaimed == [f"shop/inbox/{NAME}"]
    for url in (f"{s3.url}/", f"s3://{s3.bucket}//shop/inbox/", s3.url.replace("s3:", "S3:")):
        assert list(claimed(url)) == [NAME]
    assert listed(f"s3://{s3.bucket}/shop/in").total == 0


def test_credentials_by_dlts_own_names(s3: S3Place, monkeypatch: pytest.MonkeyPatch) -> None:
    s3.put(NAME, "x")
    endpoint = s3.server.endpoint
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name)
    monkeypatch.setenv(f"{SETTINGS}AWS_ACCESS_KEY_ID", "anyone")
    monkeypatch.setenv(f"{SETTINGS}AWS_SECRET_ACCESS_KEY", "anything")
    monkeypatch.setenv(f"{SETTINGS}ENDPOINT_URL", endpoint)
    assert list(claimed(s3.url)) == [NAME]


def test_credentials_from_dlts_secrets_file(
    sftp: SftpPlace, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    sftp.put(NAME, "x")
    monkeypatch.delenv(f"{SETTINGS}SFTP_PASSWORD")
    project = tmp_path / "project"
    (project / ".dlt").mkdir(parents=True)
    (project / ".dlt" / "secrets.toml").write_text(
        f'[sources.filesystem.credentials]\nsftp_username = "{USER}"\n'
        f'sftp_password = "{PASSWORD}"\n'
    )
    monkeypatch.setenv("DLT_PROJECT_DIR", str(project))
    context = Container()[PluggableRunContext]
    context.reload()
    try:
        assert list(claimed(sftp.url.replace(f"{USER}@", ""))) == [NAME]
    finally:
        monkeypatch.setenv("DLT_PROJECT_DIR", str(tmp_path))
        context.reload()


def refused(url: str, caplog: pytest.LogCaptureFixture) -> str:
    """The error for an inbox that cannot be listed: in plain words, without secrets."""
    with caplog.at_level(logging.DEBUG), pytest.raises(BranchlineError) as caught:
        listed(url)
    reported = str(caught.value)
    for word in (PASSWORD, "wrong-password", "Traceback", "provider", "ConfigField", "Errno"):
        assert word not in reported
    assert PASSWORD not in caplog.text
    assert caught.value.hint
    return reported


def test_s3_errors_are_reported_in_plain_words(
    s3: S3Place, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(remote, "PATIENCE", 0.3)
    monkeypatch.setattr(s3_module, "READ_TIMEOUT", 0.2)
    monkeypatch.setattr(s3_module, "CONNECT_TIMEOUT", 0.2)
    assert f"no bucket nobodys at {s3.server.endpoint}" in refused("s3://nobodys/x", caplog)
    assert "write it as s3://bucket/folder" in refused("s3://No_Bucket!/x", caplog).lower()
    assert "has no bucket name" in refused("s3:///x", caplog)
    for status, code, word in (
        (403, "AccessDenied", "do not allow it"),
        (403, "InvalidAccessKeyId", "does not know the access key"),
        (403, "SignatureDoesNotMatch", "the secret access key is wrong"),
        (400, "ExpiredToken", "have expired"),
        (403, "RequestTimeTooSkewed", "clock"),
        (503, "SlowDown", "too busy or out of order"),
        (500, "InternalError", "too busy or out of order"),
    ):
        answer = (status, code)
        monkeypatch.setattr(s3.server, "refuse", lambda *_, answer=answer: answer)
        assert word in refused(s3.url, caplog)
    monkeypatch.setattr(s3.server, "refuse", lambda *_: None)
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{closed_port()}")
    assert "there is no connection to the store" in refused(s3.url, caplog)
    with silent_server() as port:
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{port}")
        assert "does not answer in time" in refused(s3.url, caplog)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "no address")
    assert "not a server's" in refused(s3.url, caplog)
    monkeypatch.setenv("AWS_ENDPOINT_URL", s3.server.endpoint)
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    assert "AWS_PROFILE" in refused(s3.url, caplog)
    monkeypatch.delenv("AWS_PROFILE")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    assert "credentials are incomplete" in refused(s3.url, caplog)
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    reported = refused(s3.url, caplog)
    assert "There are no credentials" in reported
    assert "AWS_ACCESS_KEY_ID" in reported


def test_sftp_errors_are_reported_in_plain_words(
    sftp: SftpPlace,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    tmp_path: Path,
) -> None:
    monkeypatch.setattr(remote, "PATIENCE", 0.3)
    monkeypatch.setattr(sftp_module, "CONNECT_TIMEOUT", 0.2)
    server = f"127.0.0.1:{sftp.server.port}"
    assert "does not exist on the server" in refused(f"{sftp.url}/nowhere", caplog)
    assert "has no server name" in refused("sftp:///x", caplog)
    assert "has no server name" in refused("sftp://host:port/x", caplog)
    assert "There is no user" in refused(f"sftp://{server}/x", caplog)
    monkeypatch.setenv(f"{SETTINGS}SFTP_PASSWORD", "wrong-password")
    reported = refused(sftp.url, caplog)
    assert f"{server} rejects the user {USER}" in reported
    assert f"{SETTINGS}SFTP_PASSWORD" in reported
    monkeypatch.delenv(f"{SETTINGS}SFTP_PASSWORD")
    assert "no password or key" in refused(sftp.url, caplog)
    monkeypatch.setenv(f"{SETTINGS}SFTP_KEY_FILENAME", str(tmp_path / "no-key"))
    assert "no-key does not exist" in refused(sftp.url, caplog)
    (tmp_path / "bad-key").write_text("hello")
    monkeypatch.setenv(f"{SETTINGS}SFTP_KEY_FILENAME", str(tmp_path / "bad-key"))
    assert "no readable key" in refused(sftp.url, caplog)
    monkeypatch.setenv(f"{SETTINGS}SFTP_PORT", "many")
    assert "settings" in refused(sftp.url, caplog)
    monkeypatch.delenv(f"{SETTINGS}SFTP_PORT")
    gone = f"sftp://{USER}@127.0.0.1:{closed_port()}/x"
    assert "there is no connection to the server" in refused(gone, caplog)
    with silent_server() as port:
        reported = refused(f"sftp://{USER}@127.0.0.1:{port}/x", caplog)
        assert "does not answer in time" in reported or "broke off" in reported
    assert "no server has the name" in refused(f"sftp://{USER}@nowhere.invalid/x", caplog)


def test_an_unknown_server_is_not_trusted(
    sftp: SftpPlace,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    tmp_path: Path,
) -> None:
    sftp.put(NAME, "x")
    monkeypatch.delenv(f"{SETTINGS}SFTP_KNOWN_HOSTS")
    reported = refused(sftp.url, caplog)
    assert "is not known here" in reported
    assert sftp.server.host_key.get_fingerprint() in reported
    assert f"ssh-keyscan -p {sftp.server.port} 127.0.0.1" in reported
    # As for a user of ssh.
    home = tmp_path / "empty-home" / ".ssh"
    home.mkdir()
    sftp.server.known_hosts(home / "known_hosts")
    assert list(claimed(sftp.url)) == [NAME]
    # An impostor.
    stranger = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode()
    (home / "known_hosts").write_text(f"[127.0.0.1]:{sftp.server.port} {stranger}")
    assert "has changed" in refused(sftp.url, caplog)
    monkeypatch.setenv(f"{SETTINGS}SFTP_KNOWN_HOSTS", str(tmp_path / "nothing"))
    assert "known servers" in refused(sftp.url, caplog)
    assert sftp.reads() == []


def test_a_login_by_key(
    sftp: SftpPlace,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    tmp_path: Path,
) -> None:
    sftp.put(NAME, "x")
    key = asyncssh.generate_private_key("ssh-ed25519")
    key.write_private_key(tmp_path / "key")
    monkeypatch.delenv(f"{SETTINGS}SFTP_PASSWORD")
    monkeypatch.setenv(f"{SETTINGS}SFTP_KEY_FILENAME", str(tmp_path / "key"))
    assert "rejects the user" in refused(sftp.url, caplog)
    monkeypatch.setattr(sftp.server, "user_keys", [key.get_fingerprint()])
    assert list(claimed(sftp.url)) == [NAME]


def test_links_and_closed_folders_of_a_server(sftp: SftpPlace, tmp_path: Path) -> None:
    sftp.put(NAME, "x")
    folder = sftp.folder / "branch_pos"
    (folder / "circle").symlink_to("..")
    (folder / "again").symlink_to(".")
    (folder / "nowhere.csv").symlink_to("gone.csv")
    (folder / "york.csv").symlink_to(NAME.rpartition("/")[2])
    (folder / "le\udce9ds.csv").write_text("x")
    files = claimed(sftp.url)
    assert set(files) == {NAME, "branch_pos/york.csv", "branch_pos/le\\udce9ds.csv"}
    assert {content_hash(file) for file in files.values()} == {content_hash(files[NAME])}


def test_links_of_a_server_that_lead_out_of_the_inbox(
    sftp: SftpPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    sftp.put(NAME, "x")
    other = write(sftp.server.folder / f"{sftp.name} of another" / "york.csv", "secret")
    folder = sftp.folder / "branch_pos"
    (folder / "york.csv").symlink_to(f"../../{other.parent.name}/york.csv")
    (folder / "more").symlink_to(f"../../{other.parent.name}")
    listing = listed(sftp.url)
    assert [file.path for file in listing.claimed[FEED]] == [NAME]
    assert listing.outside == ["branch_pos/more", "branch_pos/york.csv"]
    monkeypatch.setenv("BRANCHLINE_INBOX_LINKS", f"/{other.parent.name}")
    assert set(claimed(sftp.url)) == {NAME, "branch_pos/more/york.csv", "branch_pos/york.csv"}


def test_an_unreadable_folder_of_a_server(sftp: SftpPlace, monkeypatch: pytest.MonkeyPatch) -> None:
    sftp.put(NAME, "x")
    sftp.put("branch_pos/august/york.csv", "x")
    real = sftp_module.SftpOrigin._look

    def look(store: Any, folder: bytes) -> Any:
        if folder.endswith(b"august"):
            raise PermissionError(13, "denied")
        return real(store, folder)

    monkeypatch.setattr(sftp_module.SftpOrigin, "_look", look)
    listing = listed(sftp.url)
    assert listing.closed == [(FEED, "branch_pos/august/")]
    assert [file.path for file in listing.claimed[FEED]] == [NAME]


@pytest.mark.parametrize(
    "url",
    [
        "s3://key:secret-word@bucket/x",
        "s3://secret-word@bucket/x",
        "sftp://anna:secret-word@host/x",
        "https://anna:secret-word@host/x",
    ],
)
def test_secrets_in_an_address_are_refused(url: str) -> None:
    with pytest.raises(BranchlineError, match=r"may contain a password or a key") as caught:
        listed(url)
    assert "secret-word" not in str(caught.value)


def test_other_kinds_of_address_are_refused() -> None:
    with pytest.raises(BranchlineError, match="unsupported kind"):
        listed("gs://bucket/x")


def test_the_test_proxy_changes_nothing(s3: S3Place, monkeypatch: pytest.MonkeyPatch) -> None:
    s3.put(NAME, till_file())
    with broken_line(s3.server.port) as line:
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{line.port}")
        with claimed(s3.url)[NAME].open() as stream:
            assert stream.read().decode() == till_file()


@pytest.mark.parametrize("place", ["s3", "sftp"], indirect=True)
def test_dlt_writes_no_log(place: Place) -> None:
    # As dlt sets it when it resolves credentials before it was told otherwise.
    logging.getLogger("dlt").setLevel(logging.WARNING)
    fill(place)
    listed(place.url)
    assert logging.getLogger("dlt").level == logging.CRITICAL
