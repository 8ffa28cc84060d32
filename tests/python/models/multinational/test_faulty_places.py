"""All places fail in one run: what cannot be read is reported, and the next run completes it."""

from __future__ import annotations

import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import throwaway
from api_server import Call, Reply, api_server
from nightly import Project, Row, new_project
from servers import Mishap, broken_line

from base.link import Connection
from ingest.loading import LoadOptions, load
from ingest.origins import remote
from ingest.report import LoadReport
from operate.project.sample_servers import Served, serving
from sample.company import Company

COMPANY = Company(branches=2, days=8)
DATABASE = "BRANCHLINE_SOURCE_MULTINATIONAL_URL"
API = "BRANCHLINE_SOURCE_MULTINATIONAL_STORES_URL"
STORE = "AWS_ENDPOINT_URL"


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    with serving(COMPANY) as found:
        yield found


def load_all(
    project: Project, environment: Mapping[str, str], monkeypatch: pytest.MonkeyPatch
) -> LoadReport:
    """Load from the object store, the database and the API that the environment names."""
    with monkeypatch.context() as patched:
        for name, value in environment.items():
            patched.setenv(name, value)
        return load(
            LoadOptions(
                database_url=project.url,
                inbox=environment["BRANCHLINE_INBOX"],
                feeds=project.feeds,
                token_keys=[throwaway.TOKEN_KEY.encode()],
                state_dir=project.state,
            )
        )


def loaded_rows(project: Project) -> dict[str, list[Row]]:
    """All rows of all feeds, with the paths of their files."""
    return {
        feed.table: project.rows(
            "select files.path, to_jsonb(rows) - '{_file_id,_loaded_at,_dlt_load_id}'::text[]"
            f" from raw.{feed.table} as rows"
            " inner join raw.ingest_files as files on rows._file_id = files.file_id"
            " where files.status = 'loaded' order by files.path, _line_number"
        )
        for feed in project.feeds.feeds.values()
    }


def port_of(url: str) -> int:
    port = urlsplit(url).port
    assert port is not None
    return port


def through(url: str, port: int) -> str:
    """The address of a proxy before a server."""
    return url.replace(f":{port_of(url)}", f":{port}", 1)


def test_a_run_with_faults_in_every_place_is_completed_by_the_next(
    served: Served,
    postgres_server: Connection,
    project: Project,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(remote, "PATIENCE", 3.0)
    right = dict(served.environment)
    with new_project(postgres_server, tmp_path / "calm") as calm:
        report = load_all(calm, right, monkeypatch)
        outcomes = {(file.path, file.status) for file in report.files}
        assert "failed" not in report.counts()
        expected = loaded_rows(calm)
    assert all(rows for rows in expected.values())

    away = True
    asked_before: dict[str, int] = {}

    def answer(call: Call) -> Reply:
        if away:
            return Reply(status=503)
        # Once the server is back, each path answers at the third request.
        attempt = asked_before[call.path] = asked_before.get(call.path, 0) + 1
        if attempt == 1:
            return Reply(status=503)
        asked = urllib.request.Request(
            right[API] + call.path.strip("/"), headers={"x-api-key": call.headers["x-api-key"]}
        )
        with urllib.request.urlopen(asked) as found:
            body: bytes = found.read()
        return Reply(body, cut_after=len(body) // 2 if attempt == 2 else None)

    cut = [Mishap(answered=bytes_of) for bytes_of in (0, 700, 3000, 0, 20_000)]
    with (
        broken_line(port_of(right[STORE]), *cut) as store,
        broken_line(port_of(right[DATABASE]), *cut) as database,
        api_server() as api,
    ):
        api.answer = answer
        faulty = {
            **right,
            STORE: through(right[STORE], store.port),
            DATABASE: through(right[DATABASE], database.port),
            API: f"{api.url}/",
        }
        first = load_all(project, faulty, monkeypatch)
        assert store.befallen
        assert database.befallen
        [failed] = [file for file in first.files if file.status == "failed"]
        assert failed.feed == "multinational_stores"
        assert "503" in (failed.reason or "")

        away = False
        second = load_all(project, faulty, monkeypatch)
        assert [(file.path, file.status) for file in second.files] == [(failed.path, "loaded")]
        assert min(asked_before.values()) >= 3
    assert {(file.path, file.status) for file in (*first.files, *second.files)} == {
        *outcomes,
        (failed.path, "failed"),
    }
    assert loaded_rows(project) == expected
    assert load_all(project, right, monkeypatch).files == []
