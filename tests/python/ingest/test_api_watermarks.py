"""APIs that are asked for what changed since the last load, from a real HTTP server on loopback."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from api_server import Call, Reply, api_server
from hypothesis import given, settings
from hypothesis import strategies as some
from inbox_places import clean_environment

from base.errors import BranchlineError
from ingest.contract.feeds import FeedContract
from ingest.origins import remote
from ingest.origins.moments import before, in_order
from ingest.report import FileOutcome, LoadReport

Load = Callable[..., LoadReport]
Query = Callable[..., list[tuple[Any, ...]]]
MakeFeeds = Callable[[str], FeedContract]

FEED = """
feeds:
  shop_events:
    source: shop
    table: shop_events
    description: One line per event.
    key: [id]
    api:
      connection: shop
      resource: events
      path: /events
      params: {since: "{after}", sort: asc}
      records: items
      pages: {type: offset, limit: 3, total_path: null}
      key: [id]
      watermark: changed
      overlap: 10 minutes
    columns:
      - name: id
      - {name: changed_at, aliases: [changed]}
      - name: note
        required: false
"""
FOLDER = "api/shop/events/by-watermark-changed/"


class Events:
    """What the API has. `during`: what happens after each call; `times`: of the calls."""

    def __init__(self) -> None:
        self.items: list[dict[str, Any]] = []
        self.during: Callable[[int], None] = lambda number: None
        self.asked: list[str | None] = []
        self.times: list[float] = []

    def put(self, number: int, changed: str, note: str = "") -> None:
        """Add a record, or change it."""
        self.items = [one for one in self.items if one["id"] != number]
        self.items.append({"id": number, "changed": changed, "note": note})
        self.items.sort(key=lambda one: (in_order(one["changed"]), one["id"]))

    def answer(self, call: Call) -> Reply:
        since, place = call.params.get("since"), int(call.params["offset"])
        self.asked.append(since)
        self.times.append(call.at)
        least = in_order(since) if since else ""
        found = [
            one for one in self.items if (in_order(str(one.get("changed"))) or "") >= (least or "")
        ]
        page = found[place : place + 3]
        self.during(len(self.asked))
        return Reply({"items": page})


@pytest.fixture
def events(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Events]:
    clean_environment(monkeypatch, tmp_path)
    monkeypatch.setattr(remote, "PATIENCE", 0.3)
    made = Events()
    with api_server() as server:
        server.answer = made.answer
        monkeypatch.setenv("BRANCHLINE_SOURCE_SHOP_URL", server.url)
        yield made


@pytest.fixture
def read(run_load: Load, feed_file: MakeFeeds) -> Load:
    def run(before: str = "", after: str = "") -> LoadReport:
        return run_load(inbox=None, feeds=feed_file(FEED.replace(before, after)))

    return run


def the_only(report: LoadReport) -> FileOutcome:
    (outcome,) = report.files
    return outcome


ROWS = (
    "select id, changed_at, note from raw.shop_events inner join raw.ingest_files"
    " on _file_id = file_id where status = 'loaded' order by _file_id, _line_number"
)


def at(minute: int, fraction: str = "") -> str:
    return f"2021-05-19T08:{minute:02}:00{fraction}Z"


def test_each_load_adds_what_changed(events: Events, read: Load, query: Query) -> None:
    for number in range(1, 9):
        events.put(number, at(number))
    first = the_only(read())
    assert (first.path, first.rows) == (f"{FOLDER}first.jsonl", 8)
    assert set(events.asked) == {None}
    # Nothing new: no file, and only the overlap is asked for.
    events.asked.clear()
    again = read()
    assert (again.files, set(events.asked)) == ([], {"2021-05-19T07:58:00Z"})

    # A new one at the time of the last one, a late one, a changed one, and one that is known.
    events.put(9, at(8))
    events.put(10, at(0))
    events.put(2, at(20, ".5"), "changed")
    later = the_only(read())
    assert (later.path, later.rows) == (f"{FOLDER}after-{at(8)}.jsonl", 3)
    assert query(ROWS)[8:] == [
        ("10", at(0), None), ("9", at(8), None), ("2", at(20, ".5"), "changed"),
    ]  # fmt: skip
    # A second file since the same watermark does not supersede the first.
    events.put(11, at(12))
    assert the_only(read()).path == f"{FOLDER}after-{at(20, '.5')}.jsonl"
    assert events.asked[-1] == "2021-05-19T08:10:00.5Z"
    events.put(12, at(12))
    assert the_only(read()).path == f"{FOLDER}after-{at(20, '.5')}-2.jsonl"
    assert len(query(ROWS)) == 13
    # Loaded records are found by their key, however many there are.
    query("set enable_seqscan = off")
    plan = query("explain select from raw.shop_events where _record_id = any('{1}')")
    assert any("Index" in line for (line,) in plan)


def test_a_time_in_the_future_hides_nothing(events: Events, read: Load, query: Query) -> None:
    assert read().files == []  # an API without records is no error
    events.put(1, at(1))
    events.put(2, f"{datetime.now(timezone.utc).year + 1}-01-01")
    assert the_only(read()).rows == 2
    events.put(3, at(2))
    assert the_only(read()).rows == 1
    assert events.asked[-1] == "2021-05-19T07:51:00Z"
    assert query("select count(*) from raw.shop_events") == [(3,)]


def test_with_a_time_in_the_future_a_busy_list_is_read(
    events: Events, read: Load, query: Query
) -> None:
    """Whatever came between two readings would be older than the record with the wrong time."""
    for number in range(1, 9):
        events.put(number, at(number))
    events.put(9, f"{datetime.now(timezone.utc).year + 1}-01-01")
    events.during = lambda call: events.put(100 + call, at(20 + call))
    assert the_only(read()).status == "loaded"
    events.during = lambda call: None
    read()
    assert query("select count(distinct id) from raw.shop_events") == [(len(events.items),)]


def test_records_that_come_while_it_is_read_are_not_lost(
    events: Events, read: Load, query: Query
) -> None:
    """A record that is changed meanwhile moves those behind it to the page before."""
    for number in range(1, 9):
        events.put(number, at(number))

    def change(call: int) -> None:
        if call == 1:
            events.put(1, at(30), "moved")
        events.put(100 + call, at(31 + call))

    events.during = change
    read()
    events.during = lambda call: None
    read()
    found = {row[0]: row for row in query(ROWS)}
    assert found.keys() == {str(one["id"]) for one in events.items}
    assert found["1"] == ("1", at(30), "moved")


def test_calls_per_second(events: Events, read: Load) -> None:
    for number in range(1, 9):
        events.put(number, at(number))
    limit = "      overlap: 10 minutes\n"
    assert the_only(read(limit, f"{limit}      calls_per_second: 20\n")).rows == 8
    intervals = len(events.times) - 1
    assert intervals >= 5
    # A slow machine may be late with the first of them.
    assert events.times[-1] - events.times[0] >= intervals / 40


def test_what_cannot_be_read(events: Events, read: Load, query: Query) -> None:
    events.put(1, at(1))
    events.items.append({"id": 2, "changed": 1621411200})
    outcome = the_only(read())
    assert (outcome.status, outcome.path) == ("failed", "api/shop/events.jsonl")
    assert "changed of a record of the API shop is not a time such as" in str(outcome.reason)
    events.items[1] = {"id": 2}
    assert "has no changed, which is the feed's watermark; it has id" in str(
        the_only(read()).reason
    )
    events.items[1] = {"id": 2, "changed": at(2)}
    assert the_only(read()).rows == 2
    # Read in another way, the records would count twice.
    whole = "      watermark: changed\n      overlap: 10 minutes\n"
    feed = FEED.replace(whole, "").replace('since: "{after}", ', "")
    outcome = the_only(read(FEED, feed))
    assert "were read in another way (api/shop/events/by-watermark-changed/first.jsonl)" in str(
        outcome.reason
    )
    assert str(outcome.reason).endswith("branchline withdraw api/shop/events/")
    assert query("select count(*) from raw.shop_events") == [(2,)]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("    key: [id]\n    api", "    api", "api.watermark: needs the feed's key"),
        (
            "    key: [id]\n    api",
            "    snapshot: true\n    api",
            "snapshot: cannot be given with a",
        ),
        ('since: "{after}", ', "", "api.watermark: needs a value of params with {after}"),
        ("      watermark: changed\n", "", "api.overlap: needs a watermark"),
        (
            "      watermark: changed\n      overlap: 10 minutes\n",
            "",
            "api.params: needs a watermark, which {after}",
        ),
        ("    columns", "      every: 1 hour\n    columns", "api.every: cannot be given beside a"),
    ],
)
def test_errors_in_the_settings(
    before: str, after: str, expected: str, feed_file: MakeFeeds
) -> None:
    assert before in FEED
    with pytest.raises(BranchlineError) as caught:
        feed_file(FEED.replace(before, after))
    assert expected in caught.value.message


# --- moments

MOMENTS = some.datetimes(datetime(1900, 1, 1), datetime(2100, 1, 1)).map(
    lambda moment: moment.replace(microsecond=moment.microsecond // 1000 * 1000)
)


@settings(max_examples=25, deadline=None)
@given(MOMENTS, MOMENTS, some.integers(-14, 14), some.sampled_from([" ", "T"]))
def test_moments_are_in_the_order_of_time(
    one: datetime, other: datetime, hours: int, sign: str
) -> None:
    zone = timezone(timedelta(hours=hours))
    local = one.replace(tzinfo=timezone.utc).astimezone(zone)
    texts = local.isoformat(sign), f"{other.isoformat(sign, 'milliseconds')}Z"
    first, second = map(in_order, texts)
    assert first is not None
    assert second is not None
    assert (first < second, first == second) == (one < other, one == other)


@settings(max_examples=25, deadline=None)
@given(MOMENTS, some.integers(0, 100_000), some.sampled_from(["", "Z", "+05:30", " -0800"]))
def test_the_moment_before_keeps_its_form(moment: datetime, minutes: int, zone: str) -> None:
    text = moment.isoformat(timespec="milliseconds") + zone
    earlier = before(text, timedelta(minutes=minutes))
    expected = (moment - timedelta(minutes=minutes)).isoformat(timespec="milliseconds") + zone
    assert earlier == expected
    assert (in_order(earlier) or "") <= (in_order(text) or "")


@pytest.mark.parametrize("text", ["", "yesterday", "1621411200", "2021-13-01", "2021-05-19T25:00"])
def test_other_texts_are_not_moments(text: str) -> None:
    assert in_order(text) is None


@pytest.mark.parametrize(
    ("text", "ordered"),
    [
        ("2021-05-19", "2021-05-19T00:00:00"),
        ("2021-05-19 08:00", "2021-05-19T08:00:00"),
        ("2021-05-19T08:00:00.1234567890Z", "2021-05-19T08:00:00.123456789"),
        ("2021-05-19T08:00:00.000+02", "2021-05-19T06:00:00"),
    ],
)
def test_the_forms_of_moments(text: str, ordered: str) -> None:
    assert in_order(text) == ordered
