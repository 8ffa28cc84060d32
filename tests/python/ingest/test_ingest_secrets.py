"""Credentials of stores, databases and APIs: in no output, log, table, file or command line."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest
from api_server import KEY, Reply, api_server
from inbox_places import make_place, s3_and_sftp
from ingest_helpers import dump, till_file
from nightly import PROJECT
from servers import PASSWORD, SECRET_KEY, S3Server, SftpServer

from ingest.contract.reading import FEEDS_FOLDER

WRONG = "Wr0ng-Passw0rd-c4n4ry"
FEEDS = """
feeds:
  shop_stores:
    source: shop
    table: shop_stores
    description: One line per store.
    api: {connection: shop, resource: stores, path: /stores, key: [id], key_header: x-api-key}
    columns:
      - name: id
"""
COMMAND = """
import sys
from pathlib import Path
from ingest.contract import reading
import operate.runs.loading as loading
from operate.cli import main
reading.FEEDS_FOLDER = Path(sys.argv.pop(1))
loading.listed_sources = lambda: ["branch_pos", "sales_desk", "shop"]
main()
"""


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[S3Server, SftpServer]]:
    with s3_and_sftp(tmp_path_factory.mktemp("sftp")) as both:
        yield both


@contextlib.contextmanager
def watched() -> Iterator[list[str]]:
    """The command lines and titles of all processes, as `ps` shows them, while this runs."""
    seen: list[str] = []
    ends = threading.Event()

    def watch() -> None:
        while not ends.is_set():
            for process in psutil.process_iter(["cmdline", "name"]):
                seen.append(
                    " ".join([process.info["name"] or "", *(process.info["cmdline"] or ())])
                )
            time.sleep(0.2)

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield seen
    finally:
        ends.set()
        thread.join()


@pytest.mark.parametrize(
    ("place", "secret", "status"), [("s3", SECRET_KEY, 200), ("sftp", PASSWORD, 400)]
)
def test_no_secret_is_shown_or_kept(
    place: str,
    secret: str,
    status: int,
    servers: tuple[S3Server, SftpServer],
    monkeypatch: pytest.MonkeyPatch,
    project_env: dict[str, str],
    database_url: str,
    tmp_path: Path,
) -> None:
    inbox = make_place(place, servers, monkeypatch, tmp_path)
    inbox.put("branch_pos/leeds_26-08-2021_09-00-00.csv", till_file())
    feeds = tmp_path / "feeds"
    feeds.mkdir()
    for file in FEEDS_FOLDER.glob("*.yml"):
        (feeds / file.name).write_text(file.read_text(encoding="utf-8"), encoding="utf-8")
    (feeds / "shop.yml").write_text(FEEDS, encoding="utf-8")
    parts = urlsplit(database_url)
    refusing = f"postgresql://nobody:{WRONG}@{parts.hostname}:{parts.port}{parts.path}"
    with api_server() as server, watched() as command_lines:
        # A server that repeats the key in its message, as some do.
        server.answer = lambda call: Reply(
            [{"id": 1}] if status == 200 else {"message": f"not {call.headers['x-api-key']}!"},
            status=status,
        )
        done = subprocess.run(
            [sys.executable, "-c", COMMAND, str(feeds), "load", "--inbox", inbox.url],
            env={
                **project_env,
                **{
                    name: value
                    for name, value in os.environ.items()
                    if name.startswith(("AWS_", "SOURCES__"))
                },
                "BRANCHLINE_SOURCE_SHOP_URL": server.url,
                "BRANCHLINE_SOURCE_SHOP_KEY": KEY,
                "BRANCHLINE_SOURCE_SALES_DESK_URL": refusing,
                "RUNTIME__LOG_LEVEL": "DEBUG",
                "PYTHONPATH": str(PROJECT),
            },
            capture_output=True,
            text=True,
        )
    output = done.stdout + done.stderr
    assert done.returncode == 1, output
    assert "rejects the user or the password" in output
    assert f"with {10 + (status == 200)} rows" in output, output
    if status == 400:
        assert "(HTTP 400): not ***!" in output
    assert any(str(feeds) in line for line in command_lines)
    secrets = (secret, KEY, WRONG)
    for text in (output, dump(database_url), "\n".join(command_lines)):
        assert [found for found in secrets if found in text] == []
    for file in tmp_path.rglob("*"):
        if file.is_file():
            content = file.read_bytes()
            assert [found for found in secrets if found.encode() in content] == [], file
