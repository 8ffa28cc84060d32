"""The same rows may come from the API or the database, or as a file: the lists are equal."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import psycopg2
import pytest
import throwaway
from api_server import KEY, Call, Reply, api_server
from nightly import Project, Row

from base.link import Connection

SMALL = Path(__file__).parent / "small_inbox" / "multinational"
CURRENT = """
    select to_jsonb(rows) - '{_file_id,_line_number,_loaded_at,_dlt_load_id,record}'::text[]
    from raw.{table} as rows
    inner join raw.ingest_files as files on rows._file_id = files.file_id
    where files.status = 'loaded' order by _line_number
"""


def rows_of(name: str) -> tuple[str, list[dict[str, str]]]:
    """The text and the rows of a small file."""
    text = (SMALL / name).read_text(encoding="utf-8")
    return text, list(csv.DictReader(io.StringIO(text)))


def current(project: Project, table: str) -> list[Row]:
    return project.rows(CURRENT.replace("{table}", f"multinational_{table}"))


def test_stores_are_the_same_from_the_api(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    text, rows = rows_of("stores.csv")
    stores = [
        {**row, "index": int(row["index"]), "latitude": row["latitude"] or None} for row in rows
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
        from_api = current(project, "stores")
        assert project.load().unchanged == 1
    monkeypatch.undo()

    # The file takes the place of what the API said.
    project.deliver("multinational/stores.csv", text)
    project.load()
    assert current(project, "stores") == from_api
    assert project.rows("select status, row_count from raw.ingest_files order by file_id") == [
        ("superseded", len(stores)),
        ("loaded", len(stores)),
    ]


def test_users_and_orders_are_the_same_from_the_database(
    postgres_server: Connection, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = {"users": "legacy_users", "orders": "orders_table"}
    with throwaway.database(postgres_server) as url, psycopg2.connect(url) as link:
        with link.cursor() as cursor:
            for name, table in files.items():
                _, rows = rows_of(f"{name}.csv")
                # The last one is an order that comes again, which a table with a key cannot have.
                rows = rows[:-1] if name == "orders" else rows
                types = [
                    f'"{column}" {"bigint" if column in ("index", "level_0") else "text"}'
                    for column in rows[0]
                ]
                cursor.execute(f"create table {table} ({', '.join(types)})")
                marks = ", ".join(["%s"] * len(types))
                # In another order than the file's.
                for row in reversed(rows):
                    values = [text or None for text in row.values()]
                    cursor.execute(f"insert into {table} values ({marks})", values)
        link.commit()
        monkeypatch.setenv("BRANCHLINE_SOURCE_MULTINATIONAL_URL", url)
        assert project.load().counts()["loaded"] == len(files)
        from_tables = {name: current(project, name) for name in files}
        assert project.load().unchanged == len(files)
    monkeypatch.undo()

    for name in files:
        project.deliver(f"multinational/{name}.csv", rows_of(f"{name}.csv")[0])
    project.load()
    from_files = {name: current(project, name) for name in files}
    assert from_files.pop("orders")[:-1] == from_tables.pop("orders")
    assert from_files == from_tables
