"""The server of the archive: loopback only, read-only, and nothing outside of its folder."""

from __future__ import annotations

import http.client
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from base.errors import BranchlineError
from publish.archive.server import archived_file, make_server, open_file

SECRET = "secret of another folder"


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """An archive beside a file that nobody may read through it."""
    folder = tmp_path / "published"
    edition = folder / "2021-08-24" / "daily_sales" / "חיפה-1a2b"
    edition.mkdir(parents=True)
    (folder / "index.html").write_text("<title>Archive</title>", encoding="utf-8")
    (edition / "index.html").write_text("<title>חיפה</title>", encoding="utf-8")
    (edition / "report.pdf").write_bytes(b"%PDF-1.7")
    (folder / "2021-08-24" / "rows.csv").write_text("a,b\r\n", encoding="utf-8")
    (folder / ".hidden.html").write_text(SECRET, encoding="utf-8")
    (folder / "notes.txt").write_text(SECRET, encoding="utf-8")
    (tmp_path / "secret.html").write_text(SECRET, encoding="utf-8")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "index.html").write_text(SECRET, encoding="utf-8")
    (folder / "link.html").symlink_to(tmp_path / "secret.html")
    (folder / "linked").symlink_to(tmp_path / "other")
    os.mkfifo(folder / "pipe.html")
    return folder


@pytest.fixture
def port(archive: Path) -> Iterator[int]:
    """The port of a server of the archive."""
    with make_server(archive) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()


def ask(
    port: int, path: str, method: str = "GET", host: str = ""
) -> tuple[http.client.HTTPResponse, str]:
    """The answer to a request, sent as it is written."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.putrequest(method, path, skip_host=True)
    connection.putheader("Host", host or f"127.0.0.1:{port}")
    connection.endheaders()
    answer = connection.getresponse()
    text = answer.read().decode("utf-8")
    connection.close()
    return answer, text


def test_pages_and_files_are_shown_with_their_types(port: int) -> None:
    answer, text = ask(port, "/")
    assert (answer.status, text) == (200, "<title>Archive</title>")
    assert answer.getheader("Content-Type") == "text/html; charset=utf-8"
    assert answer.getheader("X-Content-Type-Options") == "nosniff"
    assert answer.getheader("Cache-Control") == "no-store"
    edition = "/2021-08-24/daily_sales/%D7%97%D7%99%D7%A4%D7%94-1a2b"
    assert ask(port, f"{edition}/?from=mail")[1] == "<title>חיפה</title>"
    moved, _ = ask(port, edition)
    assert (moved.status, moved.getheader("Location")) == (
        301,
        "%D7%97%D7%99%D7%A4%D7%94-1a2b/",
    )
    assert ask(port, f"{edition}/report.pdf")[0].getheader("Content-Type") == "application/pdf"
    head, nothing = ask(port, "/2021-08-24/rows.csv", "HEAD")
    assert (head.status, head.getheader("Content-Length"), nothing) == (200, "5", "")


@pytest.mark.parametrize(
    "path",
    [
        "/../secret.html",
        "/..%2fsecret.html",
        "/%2e%2e/secret.html",
        "/2021-08-24/../../secret.html",
        "/2021-08-24/..%5c..%5csecret.html",
        "//secret.html",
        "/%00/secret.html",
        "/link.html",
        "/linked/",
        "/linked/index.html",
        "/.hidden.html",
        "/notes.txt",
        "/pipe.html",
        "/2021-08-24/",
        "/index.html%00.pdf",
        "/C:/secret.html",
        "/%ff%fe",
        "/" + "a" * 5000,
        "http://127.0.0.1/../secret.html",
    ],
)
def test_nothing_else_is_shown(port: int, path: str) -> None:
    answer, text = ask(port, path)
    assert answer.status == 404
    assert SECRET not in text
    assert "Index of" not in text


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "TRACE"])
def test_nothing_can_be_written(port: int, method: str) -> None:
    assert ask(port, "/index.html", method)[0].status == 501


def test_another_name_for_loopback_is_refused(port: int) -> None:
    answer, text = ask(port, "/", host=f"reports.attacker.example:{port}")
    assert (answer.status, text) == (403, "Forbidden\n")
    assert ask(port, "/", host=f"localhost:{port}")[0].status == 200


def test_the_server_is_on_loopback_and_wants_an_archive(archive: Path, tmp_path: Path) -> None:
    with make_server(archive) as server:
        host, port = server.server_address[:2]
        assert host == "127.0.0.1"
        with pytest.raises(BranchlineError, match=f"Port {port} of 127.0.0.1 cannot be used"):
            make_server(archive, port)
    with pytest.raises(BranchlineError, match=r"has no index\.html"):
        make_server(tmp_path)


def test_a_link_put_in_place_of_a_file_is_not_followed(archive: Path) -> None:
    found = archived_file(archive, "/index.html")
    assert found is not None
    found.unlink()
    found.symlink_to(archive.parent / "secret.html")
    with pytest.raises(OSError, match="symbolic links"):
        open_file(found)
    with pytest.raises(OSError, match="is not a file"):
        open_file(archive / "pipe.html")
