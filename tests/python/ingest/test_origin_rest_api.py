"""REST APIs as an origin: the bytes of a feed's resource, from a real HTTP server on loopback."""

from __future__ import annotations

import email.utils
import gzip
import hashlib
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from api_server import KEY, ApiServer, Call, Reply, api_server
from certificates import authority, server_certificate
from cryptography.hazmat.primitives import serialization
from inbox_places import clean_environment
from servers import closed_port, silent_server

from base.errors import BranchlineError
from ingest.contract.apis import PAGINATORS
from ingest.contract.feeds import FeedContract
from ingest.contract.file_errors import UnreadableFileError
from ingest.origins import remote, rest_api, rest_calls
from ingest.origins.rest_api import RestApi
from ingest.raw.ledger import Ledger

MakeFeeds = Callable[[str], FeedContract]

FEED = """
feeds:
  shop_stores:
    source: shop
    table: shop_stores
    description: One line per store.
    api: {SPEC}
    columns:
      - name: id
"""
LIST = "connection: shop, resource: stores, path: /stores, key: [id]"
EACH = "connection: shop, resource: stores, path: '/stores/{id}', ids: {path: /count, field: n}"


@pytest.fixture
def server() -> Iterator[ApiServer]:
    with api_server() as made:
        yield made


@pytest.fixture(autouse=True)
def short_patience(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    clean_environment(monkeypatch, tmp_path)
    monkeypatch.setattr(remote, "PATIENCE", 0.5)


class Known(Ledger):
    """A ledger that has one content for every path."""

    def __init__(self, sha256: str) -> None:
        super().__init__()
        self._sha256 = sha256

    def last_content(self, feed: str, path: str) -> str | None:
        return self._sha256


class Told(list[tuple[str, bool]]):
    def __call__(self, text: str, is_waiting: bool) -> None:
        self.append((text, is_waiting))


@pytest.fixture
def read(server: ApiServer, feed_file: MakeFeeds) -> Callable[..., bytes]:
    """The bytes of the feed with these settings."""

    def run(
        spec: str = LIST,
        key: str | None = KEY,
        ledger: Ledger | None = None,
        url: str | None = None,
        tell: Told | None = None,
    ) -> bytes:
        (feed,) = feed_file(FEED.replace("SPEC", spec))
        origin = RestApi("shop", server.url if url is None else url, key, tell)
        try:
            (file,) = origin.files(feed, ledger or Ledger())
            assert (file.path, file.logical_file) == ("api/shop/stores.jsonl",) * 2
            with origin.open(file.key) as stream:
                content = stream.read()
            assert isinstance(content, bytes)
            return content
        finally:
            origin.close()

    return run


def stores(*ids: int) -> list[dict[str, Any]]:
    return [{"id": number, "name": f"store {number}"} for number in ids]


def lines(records: list[Any]) -> bytes:
    made = [
        json.dumps(record, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        for record in records
    ]
    return "".join(f"{line}\n" for line in made).encode()


def paged(get: Callable[[], list[Any]], size: int = 2) -> Callable[[Call], Reply]:
    """A list in pages of a limit and an offset, with the total."""

    def answer(call: Call) -> Reply:
        all_of_them = get()
        offset = int(call.params.get("offset", 0))
        return Reply({"total": len(all_of_them), "items": all_of_them[offset : offset + size]})

    return answer


PAGED = f"{LIST}, records: items, pages: {{type: offset, limit: 2}}"


def failure(read: Callable[..., bytes], *arguments: Any, **named: Any) -> str:
    with pytest.raises(UnreadableFileError) as caught:
        read(*arguments, **named)
    assert KEY not in str(caught.value)
    return str(caught.value)


# --- lists, and one call per id


def test_a_list_is_read_in_the_order_of_its_key(server: ApiServer, read: Any) -> None:
    server.answer = lambda call: Reply(stores(10, 9, 1))
    assert read() == lines(stores(1, 9, 10))
    assert server.paths() == ["/stores"]


def test_equal_records_are_equal_bytes(server: ApiServer, read: Any) -> None:
    texts = [b'[{"b": {"y": 1, "x": [ ]}, "id": 1}]', b'\n[\n {"id":1,\n  "b":{"x":[],"y":1}}\n]']
    texts.append(b'\xef\xbb\xbf[{"id": 1, "b": {"x": [], "y": 1}}]')
    texts.append('[{"id": 1, "b": {"x": [], "y": 1}}]'.encode("utf-16"))
    for text in texts:
        server.answer = lambda call, text=text: Reply(text)
        assert read() == b'{"b":{"x":[],"y":1},"id":1}\n'


def test_numbers_and_names_are_kept_as_the_server_writes_them(server: ApiServer, read: Any) -> None:
    record = (
        '{"a":1.10,"a":2,"b":9007199254740993,"c":123456789012345678901234567890.123456789,'
        '"d":1E+2,"e":-0,"f":NaN,"g":"\\u0000\\ud800","h":"Ä\u2028"'
        f',"i":{"9" * 5000},"id":1,"j":{{"x":1,"x":1}},"k":[true,false,null]}}'
    )
    server.answer = lambda call: Reply(f"[{record}]".encode())
    assert read().decode() == f"{record}\n"


def test_one_call_gives_the_count_then_one_call_per_id(server: ApiServer, read: Any) -> None:
    def answer(call: Call) -> Reply:
        if call.path == "/count":
            return Reply({"statusCode": 200, "n": 12})
        return Reply({"store": stores(int(call.path.rpartition("/")[2]))[0]})

    server.answer = answer
    spec = (
        EACH.replace("field: n", "field: n, first: 0") + ", records: store, key_header: x-api-key"
    )
    assert read(spec) == lines(stores(*range(12)))
    assert sorted(server.paths()) == sorted(["/count"] * 2 + [f"/stores/{n}" for n in range(12)])
    assert {call.headers["x-api-key"] for call in server.calls} == {KEY}


@pytest.mark.parametrize(
    ("answered", "field"),
    [
        (["b/1", "a", "b/1"], None),
        ({"data": {"ids": ["b/1", "a"]}}, "data.ids"),
        ({"data": [{"name": "b/1"}, {"name": "a"}]}, "data.name"),
        ([{"name": "b/1"}, {"name": "a"}], "name"),
    ],
)
def test_one_call_gives_a_list_of_ids(
    answered: Any, field: str | None, server: ApiServer, read: Any
) -> None:
    def answer(call: Call) -> Reply:
        return Reply(answered if call.path == "/all" else {"of": call.params["which"]})

    server.answer = answer
    ids = f"{{path: /all, field: {field}}}" if field else "{path: /all}"
    spec = (
        f"connection: shop, resource: stores, path: /one, params: {{which: '{{id}}'}}, ids: {ids}"
    )
    assert read(spec) == b'{"of":"a"}\n{"of":"b/1"}\n'


@pytest.mark.parametrize(
    "odd", ["b/1", "c?d=2", "e#f", "g%2Fh", "i;j", "k/../l", "%2e%2e", "...", "é", " "]
)
def test_an_id_is_one_step_of_the_path(odd: str, server: ApiServer, read: Any) -> None:
    server.answer = lambda call: (
        Reply([odd]) if call.path == "/count" else Reply({"of": unquote(call.path)})
    )
    spec = EACH.replace(", field: n", "")
    assert json.loads(read(spec)) == {"of": f"/stores/{odd}"}
    (called,) = set(server.paths()) - {"/count"}
    assert called.count("/") == 2


@pytest.mark.parametrize("odd", [".", "..", "", "\ud83d"])
def test_an_id_that_would_call_another_path_is_refused(
    odd: str, server: ApiServer, read: Any
) -> None:
    server.answer = lambda call: Reply(["a", odd] if call.path == "/count" else {"of": call.path})
    spec = EACH.replace(", field: n", "")
    assert "lists the id '" in failure(read, spec)
    assert "which would call another path; have it removed" in failure(read, spec)
    assert set(server.paths()) <= {"/count", "/stores/a"}
    # As a parameter it has no such meaning.
    if odd in (".", ".."):
        spec = spec.replace("path: '/stores/{id}'", "path: /one, params: {of: '{id}'}")
        server.answer = lambda call: Reply(
            ["a", odd] if call.path == "/count" else {"of": call.params["of"]}
        )
        assert read(spec) == lines([{"of": odd}, {"of": "a"}])


def test_an_id_may_have_a_list_of_records(server: ApiServer, read: Any) -> None:
    found = {"/count": Reply(b"3"), "/stores/1": Reply(stores(7, 5)), "/stores/2": Reply([])}
    server.answer = lambda call: found.get(call.path, Reply({"id": 1, "name": "x"}))
    spec = EACH.replace(", field: n", "")
    assert read(spec) == lines([*stores(7, 5), {"id": 1, "name": "x"}])


@pytest.mark.parametrize("pages", list(PAGINATORS))
def test_every_paginator_of_dlt(pages: str, server: ApiServer, read: Any) -> None:
    all_of_them = stores(*range(7))
    options = {
        "offset": {"limit": 3, "total_path": None},
        "page_number": {"base_page": 1, "total_path": "meta.pages"},
        "cursor": {"cursor_path": "meta.after"},
        "json_link": {"next_url_path": "meta.next"},
        "header_cursor": {"cursor_key": "x-after"},
    }.get(pages, {})

    def answer(call: Call) -> Reply:
        place = int(call.params.get("cursor") or call.params.get("offset") or 0)
        if "page" in call.params:
            place = 3 * (int(call.params["page"]) - 1)
        size = 7 if pages == "single_page" else 3
        meta: dict[str, Any] = {"pages": 3}
        headers = {}
        if place + size < 7:
            link = f"/stores?cursor={place + size}"
            meta |= {"after": place + size, "next": f"{server.url}{link}"}
            headers = {"x-after": str(place + size), "Link": f'<{link}>; rel="next"'}
        if pages in ("json_link", "cursor"):
            headers = {}
        return Reply({"items": all_of_them[place : place + size], "meta": meta}, headers=headers)

    server.answer = answer
    text = json.dumps({"type": pages, **options})
    assert read(f"{LIST}, records: items, pages: {text}") == lines(all_of_them)


def test_the_types_of_pages_are_dlts() -> None:
    from dlt.sources.rest_api import config_setup, typing

    assert set(PAGINATORS) == set(config_setup.PAGINATOR_MAP) - {"json_response"}
    of_dlt = {
        "page_number": typing.PageNumberPaginatorConfig,
        "offset": typing.OffsetPaginatorConfig,
        "cursor": typing.JSONResponseCursorPaginatorConfig,
        "json_link": typing.JSONLinkPaginatorConfig,
        "header_link": typing.HeaderLinkPaginatorConfig,
        "header_cursor": typing.HeaderCursorPaginatorConfig,
    }
    for name, options in PAGINATORS.items():
        known = set(of_dlt[name].__annotations__) - {"type"} if name in of_dlt else set()
        assert options == {option for option in known if not option.endswith("body_path")}, name


def test_params_are_sent(server: ApiServer, read: Any) -> None:
    server.answer = lambda call: Reply(stores(1))
    read(f"{LIST}, params: {{open: true, size: 50, since: 2024-01-31, kind: [a, b]}}")
    expected = {"open": "true", "size": "50", "since": "2024-01-31", "kind": "b"}
    assert server.calls[0].params == expected


def test_a_page_past_the_end_is_empty(server: ApiServer, read: Any) -> None:
    server.answer = lambda call: Reply(
        {"items": stores(1, 2) if call.params["page"] == "0" else []}
    )
    assert read(f"{LIST}, records: items, pages: {{type: page_number, total_path: null}}") == lines(
        stores(1, 2)
    )


@pytest.mark.parametrize("reply", [Reply([]), Reply(b"null"), Reply(status=204)])
def test_no_records(reply: Reply, server: ApiServer, read: Any) -> None:
    server.answer = lambda call: reply
    assert read() == b""


def test_a_nested_key(server: ApiServer, read: Any) -> None:
    found = [{"at": {"no": 2}, "x": "b"}, {"at": {"no": 1}, "x": "b"}, {"at": {"no": 2}, "x": "a"}]
    server.answer = lambda call: Reply(found)
    assert read(LIST.replace("key: [id]", "key: [x, at.no]")) == lines(
        [found[2], found[1], found[0]]
    )


# --- what changes while it is read


def test_an_unchanged_list_is_read_once(server: ApiServer, feed_file: MakeFeeds) -> None:
    server.answer = paged(lambda: stores(1, 2, 3))
    (feed,) = feed_file(FEED.replace("SPEC", PAGED))
    sha256 = ""
    # Nothing is known at first, so it takes two readings that agree.
    for calls in (4, 6, 8):
        (file,) = RestApi("shop", server.url, KEY).files(feed, Known(sha256))
        with file.open() as stream:
            sha256 = hashlib.sha256(stream.read()).hexdigest()
        assert len(server.calls) == calls


@pytest.mark.parametrize(
    "change",
    [
        lambda now: now.insert(0, stores(9)[0]),
        lambda now: now.pop(0),
        lambda now: now[0].update(name="renamed"),
        lambda now: now.__delitem__(slice(0, 3)),
        lambda now: now.reverse(),
        lambda now: now.extend(stores(7, 8)),
    ],
    ids=["added", "removed", "changed", "many removed", "reordered", "total grew"],
)
def test_rows_that_change_while_pages_are_read(
    change: Callable[[list[Any]], Any], server: ApiServer, read: Any
) -> None:
    now = stores(1, 2, 3, 4, 5)

    def answer(call: Call) -> Reply:
        # After the first page, before the second.
        if len(server.calls) == 2:
            change(now)
        return paged(lambda: now)(call)

    server.answer = answer
    assert read(PAGED) == lines(sorted(now, key=lambda record: record["id"]))


def test_a_list_that_never_stops_changing_fails(server: ApiServer, read: Any) -> None:
    def answer(call: Call) -> Reply:
        return paged(lambda: stores(*range(5 + len(server.calls) // 3)))(call)

    server.answer = answer
    expected = (
        "the records of the API shop could not be read as a whole in 4 readings: each reading gave"
        " other records; the next load tries again"
    )
    assert failure(read, PAGED) == expected


def test_a_record_on_two_pages_counts_once(server: ApiServer, read: Any) -> None:
    pages = {"0": stores(1, 2), "1": stores(2, 3), "2": []}
    server.answer = lambda call: Reply(pages[call.params["page"]])
    spec = f"{LIST}, pages: {{type: page_number, total_path: null}}"
    assert read(spec) == lines(stores(1, 2, 3))
    pages["1"][0]["name"] = "another"
    assert "two records have the same id and differ" in failure(read, spec)


def test_fewer_records_than_promised(server: ApiServer, read: Any) -> None:
    pages = {"0": stores(1, 2), "2": stores(2, 3)}
    server.answer = lambda call: Reply({"total": 4, "items": pages[call.params["offset"]]})
    assert "promises 4 records, and its pages have 3 different ones" in failure(read, PAGED)


def test_the_count_changes_while_ids_are_read(server: ApiServer, read: Any) -> None:
    def answer(call: Call) -> Reply:
        if call.path == "/count":
            return Reply({"n": 2 if call.number == 0 else 3})
        return Reply(stores(int(call.path[-1]))[0])

    server.answer = answer
    assert read(EACH) == lines(stores(1, 2, 3))
    server.answer = lambda call: (
        Reply({"n": call.number + 2}) if call.path == "/count" else answer(call)
    )
    assert "the ids that there are changed meanwhile" in failure(read, EACH)


def test_the_same_page_for_ever(
    server: ApiServer, read: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rest_api, "MOST_EMPTY_PAGES", 5)
    server.answer = lambda call: Reply({"items": stores(1, 2)})
    spec = f"{LIST}, records: items, pages: {{type: page_number, total_path: null}}"
    assert "page 2 has the same records as page 1" in failure(read, spec)
    assert len(server.calls) == 8
    # A link that leads back.
    server.answer = lambda call: Reply({"items": [], "next": "/stores?after=3"})
    spec = f"{LIST}, records: items, pages: json_link"
    assert "goes round in a circle" in failure(read, spec)
    # New links, and never a record.
    server.answer = lambda call: Reply({"items": [], "next": f"/stores?after={call.number}"})
    assert "goes on and on with empty pages" in failure(read, spec)


def test_the_same_record_for_every_id(server: ApiServer, read: Any) -> None:
    server.answer = lambda call: Reply({"n": 3} if call.path == "/count" else stores(1)[0])
    assert "gives the same record for all 3 ids" in failure(read, EACH)


def test_an_id_that_is_not_there(server: ApiServer, read: Any) -> None:
    def answer(call: Call) -> Reply:
        if call.path == "/count":
            return Reply({"n": 3})
        number = int(call.path[-1])
        return Reply(status=404) if number == 2 else Reply(stores(number)[0])

    server.answer = answer
    expected = "has nothing under 1 id of 3 (2), although it lists them; check first in ids"
    assert expected in failure(read, EACH)
    reject = EACH.replace("field: n", "field: n, missing: reject")
    # At the end, so that the file begins as JSON lines do.
    first, second, third = read(reject).decode().splitlines()
    assert [json.loads(first), json.loads(second)] == stores(1, 3)
    assert json.loads(third) == ("no record: the API answers that it has nothing under the id 2")
    server.answer = lambda call: Reply({"n": 3}) if call.path == "/count" else Reply(status=404)
    assert "nothing under 3 ids of 3" in failure(read, reject)
    # A list of ids has no first one to check.
    server.answer = lambda call: Reply(["a", "b"]) if call.path == "/count" else Reply(status=404)
    assert "lists them; check path; if" in failure(read, EACH.replace(", field: n", ""))


def test_a_page_that_is_shorter_than_its_limit(server: ApiServer, read: Any) -> None:
    """A server may give fewer records than are asked for; the next page then begins too late."""

    def answer(call: Call) -> Reply:
        place = int(call.params["offset"])
        return Reply({"items": stores(*range(7))[place : place + 2]})

    server.answer = answer
    spec = f"{LIST}, records: items, pages: {{type: offset, limit: LIMIT, total_path: null}}"
    message = failure(read, spec.replace("LIMIT", "5"))
    assert "no page of the API shop has as many records as its limit (5), but at most 2" in message
    assert read(spec.replace("LIMIT", "2")) == lines(stores(*range(7)))
    server.answer = lambda call: Reply(
        {"items": stores(1, 2) if call.params["offset"] == "0" else []}
    )
    assert read(spec.replace("LIMIT", "5")) == lines(stores(1, 2))


@pytest.mark.parametrize("none", ["", False, None])
def test_the_last_page_may_name_the_next_one_with_nothing(
    none: Any, server: ApiServer, read: Any
) -> None:
    server.answer = lambda call: Reply(
        {"items": stores(2), "next": none}
        if "after" in call.params
        else {"items": stores(1), "next": "/stores?after=1"}
    )
    spec = f"{LIST}, records: items, pages: {{type: json_link, next_url_path: next}}"
    assert read(spec) == lines(stores(1, 2))
    assert read(f"{LIST}, records: items") == lines(stores(1, 2))


@pytest.mark.parametrize(
    ("beside", "headers"),
    [
        ({"has_more": True}, {}),
        ({"meta": {"hasNextPage": "true"}}, {}),
        ({"paging": {"continuationToken": "b"}}, {}),
        ({"totalCount": 3}, {}),
        ({"pagination": {"total": "3"}}, {}),
        ({}, {"X-Total-Count": "3"}),
    ],
)
def test_more_records_than_the_only_page_has(
    beside: Any, headers: dict[str, str], server: ApiServer, read: Any
) -> None:
    server.answer = lambda call: Reply({"items": stores(1, 2), **beside}, headers=headers)
    message = failure(read, f"{LIST}, records: items")
    assert "the API shop has more records than one page (" in message
    assert "; set pages, or pages: single_page if these are all" in message
    assert read(f"{LIST}, records: items, pages: single_page") == lines(stores(1, 2))


def test_the_only_page_of_a_list(server: ApiServer, read: Any) -> None:
    meta = {"has_more": False, "next_cursor": None, "next": "", "total": 2, "total_price": 80}
    server.answer = lambda call: Reply({"items": stores(1, 2), "meta": meta, "hasNext": "false"})
    assert read(f"{LIST}, records: items") == lines(stores(1, 2))


@pytest.mark.parametrize("nothing", [Reply(status=204), Reply(b"null")])
def test_an_id_with_nothing_in_its_answer(nothing: Reply, server: ApiServer, read: Any) -> None:
    def answer(call: Call) -> Reply:
        if call.path == "/count":
            return Reply({"n": 3})
        number = int(call.path[-1])
        return nothing if number == 2 else Reply(stores(number)[0])

    server.answer = answer
    assert "has nothing under 1 id of 3 (2), although it lists them" in failure(read, EACH)
    reject = EACH.replace("field: n", "field: n, missing: reject")
    assert "has nothing under the id 2" in read(reject).decode()


def test_no_answer_where_records_were_expected(server: ApiServer, read: Any) -> None:
    server.answer = lambda call: Reply(status=204)
    assert read(f"{LIST}, records: data.items") == b""


# --- limits


def test_calls_are_concurrent_within_the_limit(server: ApiServer, read: Any) -> None:
    def answer(call: Call) -> Reply:
        if call.path == "/count":
            return Reply({"n": 24})
        return Reply(stores(int(call.path.rpartition("/")[2]))[0], delay=0.05)

    server.answer = answer
    read(f"{EACH}, concurrency: 6")
    assert server.most_at_once == 6
    server.most_at_once = 0
    read(f"{EACH}, concurrency: 1")
    assert server.most_at_once == 1


def test_calls_per_second(server: ApiServer, read: Any) -> None:
    server.answer = lambda call: Reply(
        {"n": 8} if call.path == "/count" else stores(int(call.path[-1]))[0]
    )
    read(f"{EACH}, concurrency: 8, calls_per_second: 20")
    times = [call.at for call in server.calls]
    # Ten calls are at least nine intervals, however they were spread over the threads.
    assert times[-1] - times[0] >= 9 / 20 - 0.05


@pytest.mark.parametrize("form", ["seconds", "date", "503"])
def test_retry_after_is_honoured(form: str, server: ApiServer, read: Any) -> None:
    after = email.utils.formatdate(time.time() + 2, usegmt=True) if form == "date" else "1"
    status = 503 if form == "503" else 429
    server.answer = lambda call: (
        Reply(status=status, headers={"Retry-After": after})
        if call.number == 0
        else Reply(stores(1))
    )
    assert read() == lines(stores(1))
    first, second = server.calls
    assert second.at - first.at >= 0.9


def test_waiting_is_reported(server: ApiServer, read: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rest_calls, "REPORT_SECONDS", 0.3)
    server.answer = lambda call: (
        Reply(status=429, headers={"Retry-After": "2"}) if call.number == 0 else Reply(stores(1))
    )
    told = Told()
    read(tell=told)
    text, is_waiting = told[0]
    assert is_waiting
    assert text.startswith("the API shop limits the calls (HTTP 429); it asks to wait")
    told.clear()
    server.answer = lambda call: Reply(stores(1), delay=0.8)
    read(tell=told)
    assert told[0] == ("api/shop/stores.jsonl: 0 calls answered", False)


@pytest.mark.parametrize("after", ["0", "-5", "soon", "Thu, 01 Jan 1970 00:00:00 GMT"])
def test_a_retry_after_that_says_nothing(after: str, server: ApiServer, read: Any) -> None:
    server.answer = lambda call: Reply(status=429, headers={"Retry-After": after})
    assert "limits the calls (HTTP 429); the next load tries again" in failure(read)
    assert len(server.calls) < 10


def test_a_server_that_asks_to_wait_for_too_long(server: ApiServer, read: Any) -> None:
    server.answer = lambda call: Reply(status=429, headers={"Retry-After": "4000"})
    assert "limits the calls (HTTP 429), and asks to wait for 4000 s" in failure(read)
    assert len(server.calls) == 1


def test_a_server_that_is_busy_for_a_while(
    server: ApiServer, read: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remote, "PATIENCE", 20)
    faults = [503, 500, 429, 502, 504]
    server.answer = lambda call: (
        Reply(status=faults[call.number]) if call.number < 3 else Reply(stores(1))
    )
    assert read() == lines(stores(1))


# --- errors


@pytest.mark.parametrize(
    ("reply", "expected", "calls"),
    [
        (Reply(status=401), "rejects the key (HTTP 401); check BRANCHLINE_SOURCE_SHOP_KEY", 1),
        (Reply(status=403), "does not allow to read /stores (HTTP 403)", 1),
        (Reply(status=404), "has no /stores (HTTP 404); check path", 1),
        (Reply({"message": f"no {KEY}"}, status=400), "(HTTP 400): no ***; check path", 1),
        (Reply(status=503), "fails (HTTP 503); the next load tries again", 2),
        (Reply(status=500), "fails (HTTP 500)", 2),
        (Reply(b"<html>Log in</html>"), "answers with a web page instead of JSON", 1),
        (Reply(b""), "answers with nothing instead of JSON", 1),
        (Reply(b"maintenance"), "answers with another text instead of JSON", 1),
        (Reply(b'[{"id": 1,}]'), "is not valid JSON, or not UTF-8", 1),
        (Reply(b'[{"id": "\xff"}]'), "is not valid JSON, or not UTF-8", 1),
        (Reply(b'[{"id": 1'), "broke off", 2),
        (Reply({"items": [1]}), "an answer of the API shop is an object instead of a list of"
         " records; it has items; set records", 1),
        (Reply(b"[" * 100_000 + b"]" * 100_000), "is nested too deeply", 1),
        (Reply([{"name": "x"}]), "has no id, which is in the feed's key; it has name", 1),
        (Reply(stores(1), headers={"Content-Encoding": "gzip"}), "cannot be unpacked", 2),
        (Reply(stores(1), cut_after=5), "broke off", 2),
        (Reply(stores(1), cut_after=5, chunked=True), "broke off", 2),
        (Reply(stores(1), cut_after=9, headers={"Connection": "close"}), "broke off", 2),
        (Reply(status=302, headers={"Location": "/stores"}), "redirects again and again", None),
        (Reply(status=302), "redirects to nowhere", 1),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_in_words(
    reply: Reply, expected: str, calls: int | None, server: ApiServer, read: Any
) -> None:
    server.answer = lambda call: reply
    assert expected in failure(read)
    if calls is not None:
        # Only what may pass is tried again.
        assert (len(server.calls) > 1) == (calls > 1)


def test_records_are_not_where_they_should_be(server: ApiServer, read: Any) -> None:
    server.answer = lambda call: Reply({"data": {"rows": {}}, "meta": 1})
    assert "has no items; it has data, meta" in failure(read, f"{LIST}, records: items")
    at = failure(read, f"{LIST}, records: data.rows")
    assert "data.rows of an answer of the API shop is an object" in at


def test_ids_that_are_none(server: ApiServer, read: Any) -> None:
    server.answer = lambda call: Reply({"number": "many"})
    assert (
        "n of the answer about the ids of the API shop is neither a count nor a list of ids; it has"
        " number; set field in ids" in failure(read, EACH)
    )


def test_a_paginator_without_its_total(server: ApiServer, read: Any) -> None:
    server.answer = lambda call: Reply({"items": stores(1, 2), "secret": "s3cret"})
    message = failure(read, PAGED)
    assert "does not have what pages names" in message
    assert "s3cret" not in message


def test_a_next_page_that_no_setting_reads(server: ApiServer, read: Any) -> None:
    server.answer = lambda call: Reply(
        {"n": 2} if call.path == "/count" else stores(1)[0],
        headers={} if call.path == "/count" else {"Link": '</stores/1?page=2>; rel="next"'},
    )
    assert "links to a next page; set pages" in failure(read, EACH)


def test_servers_that_cannot_be_reached(read: Any, server: ApiServer) -> None:
    assert "there is no connection to the server 127.0.0.1:" in failure(
        read, url=f"http://127.0.0.1:{closed_port()}"
    )
    with silent_server() as port:
        assert "does not answer in time" in failure(
            read, f"{LIST}, timeout: 0.3", url=f"http://127.0.0.1:{port}"
        )
    assert "no server has the name no-such-host.invalid" in failure(
        read, url="https://no-such-host.invalid"
    )


def test_a_redirect_to_a_server_that_cannot_be_reached(read: Any, server: ApiServer) -> None:
    """The message names that server, and not the one that leads there."""

    def lead(location: str) -> None:
        server.answer = lambda call: Reply(status=302, headers={"Location": location})

    lead("https://user:pw@no-such-host.invalid/stores?token=t0ken")
    message = failure(read)
    assert message == (
        "no server has the name no-such-host.invalid, where the API shop leads; check"
        " BRANCHLINE_SOURCE_SHOP_URL and path, or ask those who run it"
    )
    port = closed_port()
    lead(f"http://127.0.0.1:{port}/stores")
    expected = f"no connection to the server 127.0.0.1:{port}, where the API shop leads; the next"
    assert expected in failure(read)
    with api_server() as other:
        lead(f"{other.url}/moved")
        assert f"the API shop has no 127.0.0.1:{other.port}/moved (HTTP 404)" in failure(read)
        other.answer = lambda call: Reply(status=401)
        expected = (
            f"leads to 127.0.0.1:{other.port}/moved, which requires a key (HTTP 401); the key"
        )
        assert expected in failure(read)


@pytest.mark.parametrize("chunked", [False, True])
def test_a_slow_drip_ends(chunked: bool, server: ApiServer, read: Any) -> None:
    server.answer = lambda call: Reply(stores(1), drip=0.1, chunked=chunked)
    began = time.monotonic()
    assert "did not finish its answer in 0.5 s" in failure(read, f"{LIST}, timeout: 0.5")
    assert time.monotonic() - began < 5


def test_headers_that_come_slowly_end(
    server: ApiServer, read: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rest_calls, "GRACE", 0.5)
    server.answer = lambda call: Reply(stores(1), drip_headers=0.1)
    began = time.monotonic()
    assert "did not finish its answer in 0.5 s" in failure(read, f"{LIST}, timeout: 0.5")
    assert time.monotonic() - began < 8


def test_a_connection_that_is_cut_once(
    server: ApiServer, read: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remote, "PATIENCE", 20)
    server.answer = lambda call: Reply(stores(1), cut_after=None if call.number else 7)
    assert read() == lines(stores(1))


@pytest.mark.parametrize("chunked", [False, True])
def test_packed_answers(chunked: bool, server: ApiServer, read: Any) -> None:
    body = gzip.compress(json.dumps(stores(1)).encode())
    headers = {"Content-Encoding": "gzip"}
    server.answer = lambda call: Reply(body, headers=headers, chunked=chunked)
    assert read() == lines(stores(1))


@pytest.mark.parametrize("packed", [False, True])
def test_an_answer_that_is_too_large(
    packed: bool, server: ApiServer, read: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rest_calls, "LARGEST_ANSWER", 1 << 20)
    body = json.dumps([{"id": 1, "text": "x" * (2 << 20)}]).encode()
    headers = {"Content-Encoding": "gzip"} if packed else {}
    server.answer = lambda call: Reply(gzip.compress(body) if packed else body, headers=headers)
    assert "larger than 1 MB; read it in pages" in failure(read)


def test_an_api_that_is_away_gets_no_more_calls(server: ApiServer, feed_file: MakeFeeds) -> None:
    server.answer = lambda call: Reply(status=401)
    (feed,) = feed_file(FEED.replace("SPEC", LIST))
    origin = RestApi("shop", server.url, KEY)
    for _ in range(2):
        (file,) = origin.files(feed, Ledger())
        with pytest.raises(UnreadableFileError, match="rejects the key"):
            file.open()
    assert len(server.calls) == 1


def test_a_resource_that_is_not_required(server: ApiServer, feed_file: MakeFeeds) -> None:
    server.answer = lambda call: Reply(status=404)
    (feed,) = feed_file(FEED.replace("SPEC", f"{LIST}, required: false"))
    assert RestApi("shop", server.url, KEY).files(feed, Ledger()) == []
    server.answer = lambda call: Reply(stores(1))
    origin = RestApi("shop", server.url, KEY)
    (file,) = origin.files(feed, Ledger())
    with origin.open(file.key) as stream:
        assert stream.read() == lines(stores(1))


# --- keys and addresses


def test_the_key_is_sent_as_a_bearer_token(server: ApiServer, read: Any, tmp_path: Path) -> None:
    # requests would prefer this file to our header.
    netrc = tmp_path / "empty-home" / ".netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password else\n")
    netrc.chmod(0o600)
    server.answer = lambda call: Reply(stores(1))
    read()
    read(key=None)
    first, second = server.calls
    assert first.headers["authorization"] == f"Bearer {KEY}"
    assert "authorization" not in second.headers


@pytest.mark.parametrize("header", ["X-Api-Key", "Authorization", None])
def test_a_redirect_to_another_server_does_not_carry_the_key(
    header: str | None, server: ApiServer, read: Any
) -> None:
    spec = LIST if header is None else f"{LIST}, key_header: {header}"
    with api_server() as other:
        other.answer = lambda call: Reply(stores(1))
        where = {"Location": f"{other.url}/x"}
        server.answer = lambda call: Reply(status=302, headers=where)
        assert read(spec) == lines(stores(1))
        assert KEY not in str(other.calls)
        assert KEY in str(server.calls)
        # On the same server it is needed again.
        server.answer = lambda call: (
            Reply(status=307, headers={"Location": "/moved"})
            if call.path == "/stores"
            else Reply(stores(2))
        )
        assert read(spec) == lines(stores(2))
        assert KEY in str(server.calls[-1])


def test_a_next_page_on_another_server_does_not_get_the_key(server: ApiServer, read: Any) -> None:
    with api_server() as other:
        other.answer = lambda call: Reply({"items": stores(9)})
        server.answer = lambda call: Reply({"items": stores(1), "next": f"{other.url}/x"})
        expected = f"links to a page on another server (127.0.0.1:{other.port})"
        assert expected in failure(read, f"{LIST}, records: items, pages: json_link")
        assert other.calls == []


def test_certificates_are_checked(
    read: Any, server: ApiServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root, root_key = authority("Branch authority")
    certificate, trusted = tmp_path / "server.pem", tmp_path / "root.pem"
    certificate.write_bytes(server_certificate(root, root_key))
    trusted.write_bytes(root.public_bytes(serialization.Encoding.PEM))
    with api_server(certificate) as secured:
        secured.answer = lambda call: Reply(
            {"items": stores(1)} | ({} if call.params else {
                # As a server behind a proxy writes it.
                "next": secured.url.replace("https", "http") + "/stores?page=2"
            })
        )  # fmt: skip
        assert "has no certificate that is trusted here" in failure(read, url=secured.url)
        assert secured.calls == []
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(trusted))
        spec = f"{LIST}, records: items, pages: json_link"
        assert "page 2 has the same records as page 1" in failure(read, spec, url=secured.url)
        assert {call.headers["authorization"] for call in secured.calls} == {f"Bearer {KEY}"}


@pytest.mark.parametrize(
    ("url", "key", "spec", "expected"),
    [
        ("not an address, c4n4ry", None, LIST, "must have the form https://"),
        ("ftp://u:c4n4ry@h/x", None, LIST, "must have the form https://"),
        ("https://u:c4n4ry@h/x", None, LIST, "may hold a secret and was not used"),
        ("https://h/x?api_key=c4n4ry", None, LIST, "may hold a secret and was not used"),
        ("https://h:c4n4ry/x", None, LIST, "must have the form https://"),
        ("https://h/x", "c4n4ry\nx", LIST, "has a line break, or a letter that no header can"),
        ("https://h/x", "c4n4ry€", LIST, "has a line break, or a letter that no header can"),
        ("http://api.example.com/x", "c4n4ry", LIST, "is sent over TLS only"),
        ("https://h/x", None, f"{LIST}, key_header: X-Key", "set BRANCHLINE_SOURCE_SHOP_KEY"),
    ],
)
def test_invalid_addresses_and_keys(
    url: str, key: str | None, spec: str, expected: str, read: Any
) -> None:
    with pytest.raises(UnreadableFileError) as caught:
        read(spec, key=key, url=url)
    assert expected in str(caught.value)
    assert "c4n4ry" not in str(caught.value)


# --- feed files


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        (f"{LIST}, api_key: c4n4ry", "line 7: feed shop_stores, api.api_key: a secret does not"
         " belong in a feed file; set BRANCHLINE_SOURCE_SHOP_KEY"),
        (f"{LIST}, password: c4n4ry", "a secret does not belong"),
        (f"{LIST}, params: {{access_token: c4n4ry}}", "a secret does not belong"),
        (f"{LIST}, params: {{key: c4n4ry}}", "a secret does not belong"),
        (f"{LIST}, key_header: 'X-Key: c4n4ry'", "is not the name of a header"),
        (LIST.replace("/stores", "https://u:c4n4ry@h/x"), "must be the part of the address"),
        (LIST.replace("/stores", "/x?key=c4n4ry"), "must not have a query"),
        (LIST.replace("connection: shop", "connection: 'https://u:c4n4ry@h'"),
         "an address is not a valid name"),
        (LIST.replace(", key: [id]", ""), "api.key: is missing; list what identifies a record"),
        (LIST.replace("/stores", "'/stores/{id}'"), "api.ids: is missing"),
        (LIST.replace("/stores", "'/stores/{name}'"), "may hold {id} and no other name"),
        (EACH.replace("/{id}", ""), "api.path: must hold {id}"),
        (f"{LIST}, pages: sideways", "api.pages: needs a type; the types are auto, single_page"),
        (f"{LIST}, pages: {{type: offset}}", "api.pages: of type offset need a limit"),
        (f"{LIST}, pages: {{type: cursor, limit: 3}}", "pages.limit: is not an option of cursor"),
        (f"{LIST}, concurrency: 1000", "api.concurrency: "),
        (f"{LIST}, calls_per_second: 0", "api.calls_per_second: "),
        (f"{LIST}, records: a..b", "api.records: 'a..b' has an empty part"),
        (f"{LIST}, recrods: a", "api.recrods: is not a known key"),
    ],
)  # fmt: skip
def test_errors_in_the_feed_file(spec: str, expected: str, feed_file: MakeFeeds) -> None:
    with pytest.raises(BranchlineError) as caught:
        feed_file(FEED.replace("SPEC", spec))
    assert expected in caught.value.message
    assert "c4n4ry" not in str(caught.value)


def test_one_connection_is_a_database_or_an_api(feed_file: MakeFeeds) -> None:
    table = FEED.replace("api: {SPEC}", "database: {connection: shop, table: x}")
    other = FEED.replace("shop_stores", "shop_more").replace("feeds:", "").replace("SPEC", LIST)
    with pytest.raises(BranchlineError) as caught:
        feed_file(table + other)
    assert "'shop' is the connection of a database and of an api" in caught.value.message
    with pytest.raises(BranchlineError) as caught:
        feed_file(FEED.replace("api: {SPEC}", "files: api/*.jsonl"))
    assert "files: api/ is reserved for resources of APIs" in caught.value.message


def test_records_that_do_not_fit_into_memory(
    server: ApiServer, read: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ingest.origins.kept.HELD_BYTES", 1000)
    many = [{"id": number, "text": "x" * 100} for number in range(3000)]
    server.answer = paged(lambda: many, 1000)
    spec = PAGED.replace("limit: 2", "limit: 1000")
    assert read(spec) == lines(many)
