"""The feed of docs/first-feed.md works as shown; docs/feeds.md has every key."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from api_server import KEY, Reply, api_server
from nightly import PROJECT, Project, new_project

from base.link import Connection
from ingest.contract.apis import PAGINATORS, ApiIds, ApiResource, check_pages
from ingest.contract.connections import DatabaseTable
from ingest.contract.feeds import Feed
from ingest.contract.reading import FEEDS_FOLDER, load_feeds

DOCS = PROJECT / "docs"
TEXT = (DOCS / "first-feed.md").read_text(encoding="utf-8")
KEYS = (DOCS / "feeds.md").read_text(encoding="utf-8")


def block(kind: str, start: str, text: str = TEXT) -> str:
    """The fenced block of this kind that begins with this text."""
    for found in re.finditer(r"^```(\w*)\n(.*?)^```$", text, re.DOTALL | re.MULTILINE):
        if found.group(1) == kind and found.group(2).startswith(start):
            return found.group(2)
    raise AssertionError(f"no {kind} block begins with {start}")


@pytest.fixture
def project(postgres_server: Connection, tmp_path: Path) -> Iterator[Project]:
    with new_project(postgres_server, tmp_path) as made:
        yield made


def test_the_feed_of_the_docs_loads_the_file_of_the_docs(project: Project, tmp_path: Path) -> None:
    entry = block("yaml", "feeds:\n  farm_shop_invoice_items:")
    feeds = tmp_path / "feeds"
    shutil.copytree(FEEDS_FOLDER, feeds)

    def fix(text: str) -> None:
        (feeds / "farm_shop.yml").write_text(text, encoding="utf-8")
        project.feeds = load_feeds(feeds)

    fix(entry)
    invoices = "inbox/farm_shop/invoices_2024-03-0{}.csv"
    assert invoices.format(5) in TEXT
    assert invoices.format(6) in TEXT
    project.deliver(
        "farm_shop/invoices_2024-03-05.csv", block("", "Invoice;Date;Customer no.;Item;Bar")
    )
    project.deliver(
        "farm_shop/invoices_2024-03-06.csv", block("", "Invoice;Date;Customer no.;Item;EAN")
    )
    report = project.load()
    assert report.rows == 3
    ((refused),) = report.quarantined
    assert "the header lacks the column amount; not recognised: Total" in (refused.reason or "")
    assert "the header lacks the column amount; not recognised: Total" in TEXT
    query = "select invoice_number, amount, barcode from raw.farm_shop_invoice_items order by 1, 2"
    assert project.rows(query)[1:] == [
        ("F-1041", "5,90", "2012345678901"),
        ("F-1042", "8,68", "2012345678925"),
    ]
    fix(entry.replace("[line_total]", "[line_total, total]"))
    project.deliver(
        "farm_shop/invoices_2024-03-07.csv", block("", "Invoice;Date;Customer no.;Item;EAN")
    )
    assert project.load().rows == 1


def test_the_api_of_the_docs_is_loaded_as_the_docs_say(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = (DOCS / "apis.md").read_text(encoding="utf-8")
    feeds = tmp_path / "feeds"
    feeds.mkdir()
    (feeds / "garden.yml").write_text(block("yaml", "feeds:\n  garden_branches:", page))
    project.feeds = load_feeds(feeds)
    found = {"/branches/count": block("json", '{"branches"', page)}
    found |= {f"/branches/{n}": block("json", f'{{"id": {n},', page) for n in (1, 2)}
    with api_server() as server:
        server.answer = lambda call: Reply(found[call.path].encode())
        monkeypatch.setenv("BRANCHLINE_SOURCE_GARDEN_URL", server.url)
        monkeypatch.setenv("BRANCHLINE_SOURCE_GARDEN_KEY", KEY)
        assert (project.load().rows, project.load().unchanged) == (2, 1)
    assert {call.headers["x-api-key"] for call in server.calls} == {KEY}
    query = "select branch_number, city, staff from raw.garden_branches order by 1"
    assert project.rows(query) == [("1", "Leeds", "12"), ("2", "York", None)]


def test_the_pages_of_the_docs_are_valid() -> None:
    page = (DOCS / "apis.md").read_text(encoding="utf-8")
    shown = re.findall(r"^      pages: (.+)$", page, re.MULTILINE)
    assert len(shown) >= len(PAGINATORS) - 1
    for text in shown:
        check_pages(yaml.safe_load(text))


def test_every_key_of_a_feed_is_in_the_docs() -> None:
    for key in Feed.model_fields:
        assert f"| `{key}` |" in KEYS, key
    columns = Feed.model_fields["columns"].annotation
    for key in columns.__args__[0].model_fields:  # type: ignore[union-attr]
        assert f"| `{key}` |" in KEYS, key


def test_every_key_of_a_table_is_in_the_docs() -> None:
    pages = ("databases.md", "watermarks.md")
    databases = "".join((DOCS / page).read_text(encoding="utf-8") for page in pages)
    for name, field in DatabaseTable.model_fields.items():
        assert f"| `{field.alias or name}` |" in databases, name


def test_every_key_of_an_api_is_in_the_docs() -> None:
    page = (DOCS / "apis.md").read_text(encoding="utf-8")
    for key in ApiResource.model_fields:
        assert f"| `{key}` |" in page, key
    for key in ApiIds.model_fields:
        assert f"| `ids.{key}` |" in page, key


def test_the_docs_of_a_source_name_its_feeds_and_columns() -> None:
    for name, feed in load_feeds().feeds.items():
        page = (DOCS / "sources" / f"{feed.source}.md").read_text(encoding="utf-8")
        assert f"`{name}`" in page, name
        if feed.files is not None:
            assert f"`{feed.files}`" in page, name
        for column in feed.columns:
            if column.required:
                assert re.search(rf"\b{column.name}\b", page), f"{name}: {column.name}"
