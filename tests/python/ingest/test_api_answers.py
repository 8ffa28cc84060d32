"""APIs that answer with a file, and ids that the feed lists: from a real server on loopback."""

from __future__ import annotations

import gzip
import io
import zipfile
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from api_server import KEY, ApiServer, Call, Reply, api_server
from inbox_places import clean_environment

from base.errors import BranchlineError
from ingest.contract.feeds import FeedContract
from ingest.origins import remote, rest_api
from ingest.report import FileOutcome, LoadReport

Load = Callable[..., LoadReport]
Query = Callable[..., list[tuple[Any, ...]]]
MakeFeeds = Callable[[str], FeedContract]

RANGES = """
feeds:
  shop_ranges:
    source: shop
    table: shop_ranges
    description: One line per range.
    snapshot: true
    header: none
    api: {connection: shop, resource: ranges, path: /ranges, answer: file, timeout: 5EVERY}
    columns:
      - name: first
      - name: last
      - name: country
"""
QUOTES = """
feeds:
  shop_quotes:
    source: shop
    table: shop_quotes
    description: One line per currency.
    snapshot: true
    api: {SPEC}
    layout: {records: quotes, entries: "(?:(?P<base>[A-Z]{3})_)?(?P<currency>[A-Z]{3})"}
    columns:
      - name: base
      - name: currency
      - {name: rate, aliases: [value]}
"""
CALLS = (
    "connection: shop, resource: convert, path: /convert, params: {q: '{id}', compact: ultra},"
    " ids: {values: [USD_CAD, USD_INR, USD_EUR]}"
)
CSV = b'"0","16777215","-"\r\n"16777216","16777471","United States of America"\r\n'
LISTED = [("0", "16777215", "-"), ("16777216", "16777471", "United States of America")]


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[ApiServer]:
    clean_environment(monkeypatch, tmp_path)
    monkeypatch.setattr(remote, "PATIENCE", 0.3)
    with api_server() as made:
        monkeypatch.setenv("BRANCHLINE_SOURCE_SHOP_URL", made.url)
        yield made


@pytest.fixture
def read(run_load: Load, feed_file: MakeFeeds) -> Load:
    """Load the feeds of a text."""

    def run(text: str = RANGES, every: str = "", **changes: Any) -> LoadReport:
        return run_load(inbox=None, feeds=feed_file(text.replace("EVERY", every)), **changes)

    return run


def the_only(report: LoadReport) -> FileOutcome:
    (outcome,) = report.files
    return outcome


CURRENT = """
    select first, last, country from raw.shop_ranges as ranges
    inner join raw.ingest_files as files on ranges._file_id = files.file_id
    where files.status = 'loaded' order by ranges._line_number
"""


def zipped(**files: bytes) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name.replace("_", "."), content)
    return made.getvalue()


def test_an_answer_is_read_like_a_file(server: ApiServer, read: Load, query: Query) -> None:
    server.answer = lambda call: Reply(CSV, headers={"Content-Type": "text/csv"})
    outcome = the_only(read())
    assert (outcome.path, outcome.status, outcome.rows) == ("api/shop/ranges", "loaded", 2)
    assert query(CURRENT) == LISTED
    assert server.calls[0].headers["accept"] == "*/*"
    assert read().files == []

    # Whatever its format, and however it is packed: the archive has a licence beside the table.
    for body in (
        b"\xef\xbb\xbf" + CSV,
        gzip.compress(CSV),
        zipped(licence_txt=b"Of no concern\n", ranges_csv=b"\xef\xbb\xbf" + CSV),
        b'[{"first": "0", "last": "16777215", "country": "-"}]',
    ):
        server.answer = lambda call, body=body: Reply(body)
        rows = 1 if body.startswith(b"[") else 2
        # A changed answer is a new version of the same path.
        outcome = the_only(read())
        assert (outcome.status, outcome.rows) == ("loaded", rows)
        assert query(CURRENT) == LISTED[:rows]


def test_a_file_that_arrives_broken_is_not_loaded(
    server: ApiServer, read: Load, query: Query
) -> None:
    server.answer = lambda call: Reply(CSV)
    read()
    whole = CSV * 50
    broken = [
        (Reply(whole, cut_after=700), "the connection to the server 127.0.0.1"),
        (Reply(whole, cut_after=700, chunked=True), "the connection to the server 127.0.0.1"),
        (Reply(b"<!DOCTYPE html><p>Log in"), "answers with a web page instead of a file; check"),
        (Reply({"message": "quota"}, status=403), "does not allow to read /ranges (HTTP 403)"),
        (Reply(gzip.compress(whole)[:-9]), "answers with a file that is not read: the archive is"),
    ]
    for reply, reason in broken:
        server.answer = lambda call, reply=reply: reply
        outcome = the_only(read())
        assert (outcome.status, reason in str(outcome.reason)) == ("failed", True), outcome
    for body, reason in (
        (b"NO PERMISSION", "no line has the 3 columns of the feed"),
        (b'{"error": "quota"}', "no list of records; its keys are: error"),
        (b"", "the API has no records; what was loaded from it before stays current"),
    ):
        server.answer = lambda call, body=body: Reply(body)
        outcome = the_only(read())
        assert (outcome.status, reason in str(outcome.reason)) == ("quarantined", True), outcome
    assert query(CURRENT) == LISTED


def test_a_resource_is_read_again_after_its_time(
    server: ApiServer, read: Load, query: Query, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = datetime.now(timezone.utc)
    passed = timedelta()

    class Clock(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> datetime:
            return now + passed

    monkeypatch.setattr(rest_api, "datetime", Clock)
    server.answer = lambda call: Reply(CSV)
    every = ", every: 1 day"
    assert the_only(read(every=every)).rows == 2
    server.answer = lambda call: Reply(CSV[:20])
    for hours, calls, rows in ((0, 1, 2), (23, 1, 2), (24, 2, 1), (47, 2, 1), (48, 3, 1)):
        passed = timedelta(hours=hours)
        assert read(every=every).failed == []
        assert (len(server.calls), len(query(CURRENT))) == (calls, rows), hours
    # A clock that was set back, a failure, and a feed without the setting.
    passed = timedelta(hours=1)
    read(every=every)
    assert len(server.calls) == 4
    passed = timedelta(hours=60)
    server.answer = lambda call: Reply(status=404)
    for calls in (5, 6):
        assert the_only(read(every=every)).status == "failed"
        assert len(server.calls) == calls
    server.answer = lambda call: Reply(CSV[:20])
    read(every=every)
    passed = timedelta(hours=61)
    read(every=every)
    assert len(server.calls) == 7
    read()
    assert len(server.calls) == 8


def test_one_call_for_each_id_that_the_feed_lists(
    server: ApiServer, read: Load, query: Query
) -> None:
    rates = {"USD_CAD": b"1.250", "USD_INR": b"80", "USD_EUR": b"0.8"}

    def answer(call: Call) -> Reply:
        pair = call.params["q"]
        return Reply(b'{"%s": %s}' % (pair.encode(), rates[pair])) if pair in rates else Reply({})

    server.answer = answer
    text = QUOTES.replace("SPEC", CALLS)
    assert the_only(read(text)).rows == 3
    found = "select base, currency, rate from raw.shop_quotes order by _file_id, _line_number"
    expected = [("USD", "CAD", "1.250"), ("USD", "EUR", "0.8"), ("USD", "INR", "80")]
    assert query(found) == expected
    assert {call.params["compact"] for call in server.calls} == {"ultra"}
    assert len(server.calls) == 3
    assert read(text).files == []

    # A currency without an answer is a rejected line; one that the server does not know, a failure.
    del rates["USD_INR"]
    outcome = the_only(read(text))
    assert (outcome.rows, outcome.rejected) == (2, 1)
    server.answer = lambda call: (
        Reply(status=404) if call.params["q"] == "USD_CAD" else answer(call)
    )
    outcome = the_only(read(text))
    assert outcome.status == "failed"
    assert "has nothing under 1 id of 3 (USD_CAD), although the feed lists them" in str(
        outcome.reason
    )


def test_one_call_for_all_currencies(server: ApiServer, read: Load, query: Query) -> None:
    quotes = {"USD": 1, "CAD": 1.25, "INR": 80}
    server.answer = lambda call: Reply({"result": "success", "base": "USD", "quotes": quotes})
    for spec in (
        "resource: latest, path: /latest/USD, answer: file",
        "resource: all, path: '/latest/{id}', ids: {values: [USD]}",
    ):
        assert the_only(read(QUOTES.replace("SPEC", f"connection: shop, {spec}"))).rows == 3
        assert server.paths()[-1] == "/latest/USD"
    found = "select distinct base, currency, rate from raw.shop_quotes order by currency"
    assert query(found) == [("USD", "CAD", "1.25"), ("USD", "INR", "80"), ("USD", "USD", "1")]


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ("path: /x, answer: file, key: [id]", "api.key: has no effect with 'answer: file'"),
        ("path: /x, answer: file, pages: auto", "api.pages: has no effect with 'answer: file'"),
        ("path: '/{id}', answer: file", "api.ids: is missing"),
        ("path: /x, answer: table", "api.answer: "),
        ("path: '/{id}', ids: {values: [a, b, a]}", "api.ids.values[3]: 'a' is listed twice"),
        ("path: '/{id}', ids: {values: [a], path: /y}", "api.ids.path: has no effect beside"),
        ("path: '/{id}', ids: {values: [a], first: 0}", "api.ids.first: has no effect beside"),
        ("path: '/{id}', ids: {}", "api.ids.path: is missing"),
        ("path: /x, key: [id], key_param: a, key_header: b", "key_param: cannot be given beside"),
        ("path: /x, key: [id], key_param: 'a=b'", "api.key_param: is not a parameter's name"),
        ("path: /x, key: [id], every: soon", "api.every: must be a number of minutes, hours or"),
        ("path: /x, key: [id], every: 15", "api.every: must be a number of minutes, hours or"),
    ],
)
def test_errors_in_the_settings(spec: str, expected: str, feed_file: MakeFeeds) -> None:
    with pytest.raises(BranchlineError) as caught:
        feed_file(QUOTES.replace("SPEC", f"connection: shop, resource: x, {spec}"))
    assert expected in caught.value.message


def test_a_list_of_records_has_always_a_header(feed_file: MakeFeeds) -> None:
    with pytest.raises(BranchlineError, match="header: must be optional or required"):
        feed_file(RANGES.replace("answer: file, timeout: 5EVERY", "key: [first]"))


def test_a_key_may_be_a_parameter(
    server: ApiServer, read: Load, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG", "branchline")
    spec = f"{CALLS}, key_param: apiKey"
    text = QUOTES.replace("SPEC", spec)
    assert "set BRANCHLINE_SOURCE_SHOP_KEY, or remove key_param" in str(the_only(read(text)).reason)
    monkeypatch.setenv("BRANCHLINE_SOURCE_SHOP_KEY", KEY)
    server.answer = lambda call: Reply({call.params["q"]: 1})
    assert the_only(read(text)).rows == 3
    assert {call.params["apiKey"] for call in server.calls} == {KEY}
    assert not any("authorization" in call.headers for call in server.calls)
    # Neither a refusal nor a redirect to another server shows or carries it.
    server.answer = lambda call: Reply({"message": f"wrong {KEY}"}, status=400)
    refused = the_only(read(text))
    assert refused.status == "failed"
    with api_server() as other:
        other.answer = lambda call: Reply({call.params.get("q", "USD_CAD"): 2})
        server.answer = lambda call: Reply(
            status=302, headers={"Location": f"{other.url}/x?q={call.params['q']}"}
        )
        read(text)
        assert len(other.calls) == 3
        assert not any(KEY in str(call) for call in other.calls)
    assert KEY not in str(refused.reason) + caplog.text
