"""The same rows may come from the API, or as a file: the lists are equal."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from api_server import KEY, Call, Reply, api_server
from nightly import Project

STORES = Path(__file__).parent / "small_inbox" / "multinational" / "stores.csv"
CURRENT = """
    select to_jsonb(stores) - '{_file_id,_line_number,_loaded_at,_dlt_load_id,record}'::text[]
    from raw.multinational_stores as stores
    inner join raw.ingest_files as files on stores._file_id = files.file_id
    where files.status = 'loaded' order by _line_number
"""


def test_stores_are_the_same_from_the_api(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = STORES.read_text(encoding="utf-8")
    stores = [
        {**row, "index": int(row["index"]), "latitude": row["latitude"] or None}
        for row in csv.DictReader(io.StringIO(text))
    ]

    def answer(call: Call) -> Reply:
        if call.headers.get("x-api-key") != KEY:
            return Reply({"message": "Forbidden"}, status=403)
        if call.path == "/prod/number_stores":
            return Reply({"statusCode": 200, "number_stores": len(stores)})
        return Reply(stores[int(call.path.removeprefix("/prod/store_details/"))])

    with api_server() as server:
        server.answer = answer
        monkeypatch.setenv("BRANCHLINE_SOURCE_MULTINATIONAL_STORES_URL", f"{server.url}/prod")
        monkeypatch.setenv("BRANCHLINE_SOURCE_MULTINATIONAL_STORES_KEY", KEY)
        [loaded] = project.load().files
        assert (loaded.status, loaded.rows, loaded.reason) == ("loaded", len(stores), None)
        from_api = project.rows(CURRENT)
        assert project.load().unchanged == 1
    monkeypatch.undo()

    # The file takes the place of what the API said.
    project.deliver("multinational/stores.csv", text)
    project.load()
    assert project.rows(CURRENT) == from_api
    assert project.rows("select status, row_count from raw.ingest_files order by file_id") == [
        ("superseded", len(stores)),
        ("loaded", len(stores)),
    ]
