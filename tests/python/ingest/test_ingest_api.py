"""Feeds of REST APIs, loaded from a real HTTP server on loopback into the raw layer."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from api_server import KEY, ApiServer, Call, Reply, api_server
from inbox_places import clean_environment
from ingest_helpers import TOKEN_KEY, Inbox, dump
from nightly import PROJECT

from ingest.contract.feeds import FeedContract
from ingest.loading import LoadOptions, load
from ingest.origins import remote, rest_api
from ingest.origins.addresses import Connections
from ingest.raw import writer
from ingest.report import FileOutcome, LoadReport

Load = Callable[..., LoadReport]
Query = Callable[..., list[tuple[Any, ...]]]
MakeFeeds = Callable[[str], FeedContract]

URL, KEY_VARIABLE = "BRANCHLINE_SOURCE_SHOP_URL", "BRANCHLINE_SOURCE_SHOP_KEY"

FEEDS = """
feeds:
  shop_stores:
    source: shop
    table: shop_stores
    description: One line per store.
    files: shop/stores.json
    snapshot: true
    api:
      connection: shop
      resource: stores
      path: /stores/{id}
      ids: {path: /count, field: n}
      key_header: x-api-key
    columns:
      - name: id
      - name: name
      - name: card
        required: false
        protect: card_number
  shop_sales:
    source: shop
    table: shop_sales
    description: One line per sale.
    api:
      connection: shop
      resource: sales
      path: /sales
      records: items
      pages: {type: offset, limit: 2}
      key: [id]
      key_header: x-api-key
    columns:
      - name: id
      - name: amount
        required: false
"""
CURRENT = """
    select stores.id, stores.name from raw.shop_stores as stores
    inner join raw.ingest_files as files on stores._file_id = files.file_id
    where files.status = 'loaded' order by cast(stores.id as integer)
"""


class Shop:
    """What the API has: stores by their numbers, sales in pages."""

    def __init__(self) -> None:
        self.stores: dict[int, Any] = {}
        self.sales: list[Any] = [{"id": 1, "amount": 1}, {"id": 2, "amount": 2}, {"id": 3}]
        self.refuse: Callable[[Call], Reply | None] = lambda call: None

    def answer(self, call: Call) -> Reply:
        refused = self.refuse(call)
        if refused is not None:
            return refused
        if call.headers.get("x-api-key") != KEY:
            return Reply({"message": "Forbidden"}, status=403)
        if call.path == "/count":
            return Reply({"n": max(self.stores, default=0)})
        if call.path == "/sales":
            place = int(call.params["offset"])
            return Reply({"total": len(self.sales), "items": self.sales[place : place + 2]})
        found = self.stores.get(int(call.path.rpartition("/")[2]))
        return Reply(status=404) if found is None else Reply(found)


@pytest.fixture
def server() -> Iterator[ApiServer]:
    with api_server() as made:
        yield made


@pytest.fixture
def shop(server: ApiServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Shop:
    clean_environment(monkeypatch, tmp_path)
    monkeypatch.setenv(URL, server.url)
    monkeypatch.setenv(KEY_VARIABLE, KEY)
    monkeypatch.setattr(remote, "PATIENCE", 0.5)
    made = Shop()
    made.stores = {number: {"id": number, "name": f"store {number}"} for number in range(1, 13)}
    server.answer = made.answer
    return made


@pytest.fixture
def feeds(feed_file: MakeFeeds) -> FeedContract:
    return feed_file(FEEDS)


@pytest.fixture
def read(run_load: Load, feeds: FeedContract) -> Load:
    """Load from the API, without any inbox."""

    def run(*only: str, **changes: Any) -> LoadReport:
        return run_load(**{"inbox": None, "feeds": feeds, "only": only, **changes})

    return run


def the_only(report: LoadReport) -> FileOutcome:
    (outcome,) = report.files
    return outcome


def test_an_api_is_loaded_once_and_again_when_it_changed(
    shop: Shop, read: Load, query: Query
) -> None:
    planned = read(dry_run=True)
    assert {file.path: (file.status, file.rows) for file in planned.files} == {
        "api/shop/stores.jsonl": ("loaded", 12),
        "api/shop/sales.jsonl": ("loaded", 3),
    }
    assert query("select to_regclass('raw.ingest_files')") == [(None,)]

    first = read()
    assert (first.rows, first.rejected, first.messages) == (15, 0, [])
    assert query(CURRENT) == [(str(n), f"store {n}") for n in range(1, 13)]
    assert query("select record from raw.shop_sales order by id") == [
        ('{"amount":1,"id":1}',), ('{"amount":2,"id":2}',), ('{"id":3}',),
    ]  # fmt: skip

    before = query("select * from raw.ingest_files")
    again = read()
    assert (again.files, again.unchanged) == ([], 2)
    assert query("select * from raw.ingest_files") == before

    for name in ("renamed", "store 2", "renamed"):
        shop.stores[2]["name"] = name
        changed = the_only(read())
        assert (changed.status, changed.supersedes) == ("loaded", "api/shop/stores.jsonl")
        assert query(CURRENT)[1] == ("2", name)
        assert read().files == []


@pytest.mark.parametrize(
    "record",
    [
        {"id": 7, "items": [{"id": 1, "amount": 2}, {"id": 2, "amount": 3}]},
        {"id": {"n": 7}, "amount": {"n": 2}},
        {"id": 7},
    ],
)
def test_the_only_record_is_a_row_whatever_is_in_it(
    record: Any, shop: Shop, read: Load, query: Query
) -> None:
    """A single line may look like a document with a list of records, or with columns, in it."""
    shop.sales = [record]
    assert the_only(read("shop_sales")).rows == 1
    assert query("select cast(record as jsonb) from raw.shop_sales") == [(record,)]


def test_values_are_loaded_exactly(shop: Shop, read: Load, query: Query) -> None:
    shop.refuse = lambda call: Reply(
        b'{"total": 1, "items": [{"id": 12345678901234567890, "amount": 1.10, "at": {"x": 1E3}}]}'
    )
    assert read("shop_sales").rows == 1
    assert query("select id, amount, record from raw.shop_sales") == [
        ("12345678901234567890", "1.10", '{"amount":1.10,"at":{"x":1E3},"id":12345678901234567890}')
    ]


def test_what_cannot_be_a_row_is_rejected_and_the_rest_loaded(
    shop: Shop, run_load: Load, query: Query, feed_file: MakeFeeds
) -> None:
    del shop.stores[4]
    shop.refuse = lambda call: (
        Reply(b'{"id": 7, "name": "x", "name": "y"}') if call.path == "/stores/7" else None
    )
    feeds = feed_file(FEEDS.replace("field: n", "field: n, missing: reject"))
    report = run_load(inbox=None, feeds=feeds, only=["shop_stores"])
    assert (report.rows, report.rejected) == (10, 2)
    rejects = dict(query("select reason, line from raw.ingest_rejects"))
    assert rejects == {
        "the key 'name' occurs twice in an object": '{"id":7,"name":"x","name":"y"}',
        "a text where a record was expected": (
            '"no record: the API answers that it has nothing under the id 4"'
        ),
    }


def test_an_api_without_records_keeps_the_loaded_rows(shop: Shop, read: Load, query: Query) -> None:
    read("shop_stores")
    shop.stores = {}
    outcome = the_only(read("shop_stores"))
    assert (outcome.status, outcome.reason) == ("quarantined", rest_api.NO_RECORDS)
    assert len(query(CURRENT)) == 12
    assert read("shop_stores").unchanged == 1


def test_an_api_supersedes_the_feeds_only_file(
    shop: Shop, inbox: Inbox, run_load: Load, feeds: FeedContract, query: Query
) -> None:
    inbox.drop("shop/stores.json", '[{"id": 1, "name": "of the file"}]')
    report = run_load(feeds=feeds, only=["shop_stores"])
    assert [(file.path, file.supersedes) for file in report.files] == [
        ("shop/stores.json", None),
        ("api/shop/stores.jsonl", "shop/stores.json"),
    ]
    assert len(query(CURRENT)) == 12
    assert run_load(feeds=feeds, only=["shop_stores"]).unchanged == 2
    inbox.drop("shop/stores.json", '[{"id": 1, "name": "of the file, later"}]')
    assert run_load(feeds=feeds, only=["shop_stores"]).rows == 1
    assert query(CURRENT) == [("1", "of the file, later")]


def test_card_numbers_are_masked(shop: Shop, read: Load, query: Query, database_url: str) -> None:
    shop.stores[1] |= {"card": 4242424242424242, "note": "paid with 4242 4242 4242 4242"}
    read("shop_stores")
    assert query("select card_last4 from raw.shop_stores where id = '1'") == [("4242",)]
    text = dump(database_url)
    assert "4242424242424242" not in text
    assert "4242 4242 4242 4242" not in text


def test_an_api_that_is_away_for_a_while(
    shop: Shop, read: Load, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remote, "PATIENCE", 20)
    shop.refuse = lambda call: Reply(status=503) if call.number == 0 else None
    assert read().rows == 15


def test_an_api_that_fails_is_reported_and_the_rest_loaded(
    shop: Shop, read: Load, query: Query
) -> None:
    shop.refuse = lambda call: Reply(status=500) if call.path == "/stores/9" else None
    report = read()
    assert {file.path: file.status for file in report.files} == {
        "api/shop/stores.jsonl": "failed",
        "api/shop/sales.jsonl": "loaded",
    }
    (failed,) = report.failed
    assert failed.reason == "the API shop fails (HTTP 500); the next load tries again"
    shop.refuse = lambda call: None
    assert read().rows == 12


# --- where the address and the key are


@pytest.mark.parametrize("form", ["environment", "secrets.toml", "vault"])
def test_the_key_may_be_in_dlts_configuration(
    form: str,
    shop: Shop,
    server: ApiServer,
    read: Load,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    from dlt.common.configuration.container import Container
    from dlt.common.configuration.providers.doc import CustomLoaderDocProvider
    from dlt.common.configuration.specs.pluggable_run_context import PluggableRunContext

    monkeypatch.delenv(URL)
    monkeypatch.delenv(KEY_VARIABLE)
    values = {"base_url": server.url, "api_key": KEY}
    context = Container()[PluggableRunContext]
    if form == "environment":
        for name, value in values.items():
            monkeypatch.setenv(f"SOURCES__REST_API__SHOP__{name.upper()}", value)
    elif form == "secrets.toml":
        folder = tmp_path / "project" / ".dlt"
        folder.mkdir(parents=True)
        lines = ["[sources.rest_api.shop]", *(f'{name} = "{it}"' for name, it in values.items())]
        (folder / "secrets.toml").write_text("\n".join(lines), encoding="utf-8")
        monkeypatch.setenv("DLT_PROJECT_DIR", str(folder.parent))
        context.reload()
    else:
        # As dlt's providers of vaults are, behind the same interface.
        content = {"sources": {"rest_api": {"shop": values}}}
        context.providers.add_provider(CustomLoaderDocProvider("vault", lambda: content, True))
    try:
        assert read("shop_stores").rows == 12
    finally:
        monkeypatch.undo()
        context.reload()


def test_an_unset_connection_costs_nothing(tmp_path: Path) -> None:
    (tmp_path / "feeds.yml").write_text(FEEDS, encoding="utf-8")
    program = (
        "import sys; from pathlib import Path\n"
        "from ingest.contract.reading import load_feeds\n"
        "from ingest.origins.addresses import Connections\n"
        f"feeds = load_feeds(Path({str(tmp_path / 'feeds.yml')!r}))\n"
        "assert not Connections().any_of(list(feeds))\n"
        "print([name for name in ('dlt', 'requests', 'sqlalchemy') if name in sys.modules])\n"
    )
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "PYTHONPATH": str(PROJECT)}
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert (done.stdout, done.stderr) == ("[]\n", "")


def test_databases_and_apis_are_opened_alike(
    shop: Shop, feed_file: MakeFeeds, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = "  desk_x:\n    source: desk\n    table: desk_x\n    description: x\n"
    table += "    database: {connection: desk, table: x}\n    columns: [{name: id}]\n"
    feeds = feed_file(FEEDS + table)
    connections = Connections()
    found = [connections.of(feed) for feed in feeds]
    assert [[type(one).__name__ for one in of] for of in found] == [["RestApi"], ["RestApi"], []]
    assert found[0][0] is found[1][0]
    monkeypatch.delenv(URL)
    monkeypatch.setenv("BRANCHLINE_SOURCE_DESK_URL", "postgresql://u@127.0.0.1:1/d")
    kinds = [[type(one).__name__ for one in Connections().of(feed)] for feed in feeds]
    assert kinds == [[], [], ["SourceDatabase"]]


# --- killed


def dies(owner: Any, name: str, *, before: bool) -> Callable[[], None]:
    """Make the process kill itself at the first call of a function, before or after its work."""

    def prepare() -> None:
        real = getattr(owner, name)

        def last_call(*arguments: Any, **named: Any) -> None:
            if not before:
                real(*arguments, **named)
            os.kill(os.getpid(), signal.SIGKILL)

        setattr(owner, name, last_call)

    return prepare


MOMENTS = {
    "while ids are read": dies(rest_api.RestApi, "_key_of", before=True),
    "read": dies(rest_api.RestApi, "_settled", before=False),
    "rows written": dies(writer, "write_entries", before=True),
    "committed": dies(writer.Writer, "_write", before=False),
}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork processes")
@pytest.mark.parametrize("moment", MOMENTS)
def test_killed_between_reading_and_commit(
    moment: str,
    shop: Shop,
    read: Load,
    query: Query,
    database_url: str,
    feeds: FeedContract,
    state_dir: Path,
) -> None:
    read()
    shop.stores[2]["name"] = "renamed"
    shop.sales.append({"id": 4})
    child = os.fork()
    if not child:
        try:
            MOMENTS[moment]()
            load(
                LoadOptions(
                    database_url=database_url,
                    inbox=None,
                    feeds=feeds,
                    token_keys=[TOKEN_KEY],
                    state_dir=state_dir,
                )
            )
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status)
    read()
    assert query(CURRENT)[1] == ("2", "renamed")
    assert query(
        "select count(*), count(distinct sales.id) from raw.shop_sales as sales inner join"
        " raw.ingest_files as files on sales._file_id = files.file_id where files.status = 'loaded'"
    ) == [(4, 4)]
    assert query(
        "select count(*) from raw.shop_stores"
        " where _file_id not in (select file_id from raw.ingest_files)"
    ) == [(0,)]
    assert read().files == []
