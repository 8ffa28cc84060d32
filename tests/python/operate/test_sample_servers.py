"""The sample company, served: an object store, a database and an API that answer like real ones."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Iterator

import botocore.session
import psutil
import psycopg2
import pytest
from botocore.config import Config
from click.testing import CliRunner

from operate.commands.sample import sample
from operate.project.sample_servers import Served, serving
from sample.company import Company, deliveries, places
from sample.sources import source_names

COMPANY = Company(branches=2, days=8)


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    before = set(psutil.pids())
    with serving(COMPANY) as found:
        yield found
    ours = psutil.Process().children(recursive=True)
    assert not [child for child in ours if child.pid not in before and "postgres" in child.name()]


def test_every_file_is_in_the_object_store_but_what_stands_elsewhere(served: Served) -> None:
    given = served.environment
    session = botocore.session.Session()
    session.set_credentials(given["AWS_ACCESS_KEY_ID"], given["AWS_SECRET_ACCESS_KEY"])
    client = session.create_client(
        "s3",
        region_name=given["AWS_DEFAULT_REGION"],
        endpoint_url=given["AWS_ENDPOINT_URL"],
        config=Config(s3={"addressing_style": "path"}),
    )
    bucket = given["BRANCHLINE_INBOX"].removeprefix("s3://")
    keys = {entry["Key"] for entry in client.list_objects_v2(Bucket=bucket)["Contents"]}
    assert len(keys) == served.objects
    elsewhere = frozenset().union(*(place.instead_of for place in places(COMPANY)))
    paths = {delivery.path for delivery in deliveries(COMPANY)}
    assert {path.partition("/")[0] for path in paths} == set(source_names())
    assert keys == paths - elsewhere
    assert elsewhere <= paths
    assert elsewhere


def test_the_tables_hold_the_rows(served: Served) -> None:
    count = 0
    for place in places(COMPANY):
        for name, tables in place.tables.items():
            with (
                psycopg2.connect(
                    served.environment[f"BRANCHLINE_SOURCE_{name.upper()}_URL"]
                ) as link,
                link.cursor() as cursor,
            ):
                for table, rows in tables.items():
                    cursor.execute(f'select * from public."{table}"')
                    found = cursor.fetchall()
                    assert [
                        ["" if cell is None else str(cell) for cell in row] for row in found
                    ] == [list(row.values()) for row in rows]
                    count += len(found)
        for database in place.databases:
            variable = f"BRANCHLINE_SOURCE_{database.connection.upper()}"
            assert database.branch is None
            with (
                psycopg2.connect(served.environment[f"{variable}_URL"]) as link,
                link.cursor() as cursor,
            ):
                for name, table in database.tables.items():
                    columns = ", ".join(f'"{column}"::text' for column, _ in table.columns)
                    cursor.execute(f'select {columns} from "{name}"')
                    found = cursor.fetchall()
                    rows = [[cell and cell.rstrip(" ") for cell in row] for row in table.rows]
                    assert [list(row) for row in found] == rows, name
                    count += len(found)
    assert count == served.rows > 0


def test_the_api_answers_whoever_has_the_key(served: Served) -> None:
    for place in places(COMPANY):
        for api in place.apis:
            variable = f"BRANCHLINE_SOURCE_{api.connection.upper()}"
            url, key = served.environment[f"{variable}_URL"], served.environment[f"{variable}_KEY"]
            asked = urllib.request.Request(f"{url}number_stores", headers={api.key_header: key})
            with urllib.request.urlopen(asked) as answer:
                assert json.load(answer)["number_stores"] > 1
            for path, headers, status in (
                ("number_stores", {}, 403),
                ("number_stores", {api.key_header: "wrong"}, 403),
                ("store_details/999999", {api.key_header: key}, 404),
            ):
                with pytest.raises(urllib.error.HTTPError) as caught:
                    urllib.request.urlopen(urllib.request.Request(url + path, headers=headers))
                assert caught.value.code == status


def test_either_a_folder_or_servers() -> None:
    for words in ([], ["--serve", "--out", "anywhere"]):
        result = CliRunner().invoke(sample, words)
        assert result.exit_code == 2
        assert "--serve" in result.output
