"""Which files are read, and the verdicts on them, by the ledger."""

from __future__ import annotations

import dataclasses
import io
from collections.abc import Collection
from datetime import datetime, timezone
from typing import Any

import pytest
from ingest_helpers import TOKEN_KEY

from ingest.cards import CardTokens
from ingest.choosing import Candidate, Choice, Selection
from ingest.contract.feeds import Feed
from ingest.contract.reading import load_feeds
from ingest.converting import Facts
from ingest.judging import (
    A_FEW_ROWS,
    MOST_EXTRA_COLUMNS,
    Verdict,
    going_back,
    judge_content,
    judge_header,
    judge_rows,
    replaced_rows,
)
from ingest.origins.inbox import InboxFile, Listing
from ingest.origins.origin import Origin
from ingest.raw.ledger import Ledger, NewEntry
from ingest.raw.likeness import Shared

NOW = datetime(2021, 8, 26, tzinfo=timezone.utc)
FEED = """\
feeds:
  shop_sales:
    source: shop
    table: shop_sales
    description: Sales of a shop.
    files: "shop/**/*.csv"
    file_name: '(?P<branch>[a-z]+)_(?P<business_date>\\d{8})_(?P<time>\\d+)\\.csv'
    business_date_format: "%Y%m%d"
    logical_file: "{branch}/{business_date}"
    columns:
      - name: item
"""
FIRST, SECOND = "shop/leeds_20210826_9.csv", "shop/leeds_20210826_10.csv"
LOGICAL = "leeds/2021-08-26"


class Nowhere(Origin):
    """An origin that is never read."""

    def open(self, key: str) -> io.RawIOBase:
        raise AssertionError("a verdict reads nothing")

    def fingerprint(self, key: str) -> str | None:
        raise AssertionError("a verdict reads nothing")


@pytest.fixture(scope="module")
def feed(tmp_path_factory: pytest.TempPathFactory) -> Feed:
    path = tmp_path_factory.mktemp("feeds") / "shop.yml"
    path.write_text(FEED)
    return load_feeds(path).feeds["shop_sales"]


def file(path: str, **changes: Any) -> InboxFile:
    made = InboxFile(path, path, 1, NOW, f"print of {path}", True, Nowhere(), path)
    return dataclasses.replace(made, **changes)


def entry(path: str, sha256: str, **changes: Any) -> NewEntry:
    made = NewEntry(
        file_id=1,
        feed="shop_sales",
        path=path,
        logical_file=LOGICAL,
        branch="leeds",
        business_date=None,
        sha256=sha256,
        size=1,
        status="loaded",
        reason=None,
        modified_at=NOW,
        seen_at=NOW,
        load_id="load",
        row_count=20,
    )
    return dataclasses.replace(made, **changes)


def ledger_of(*entries: NewEntry) -> Ledger:
    ledger = Ledger()
    for one in entries:
        ledger.add(one)
    return ledger


@dataclasses.dataclass(frozen=True)
class ReadyMade(Listing):
    """A listing whose entries are files already."""

    made: list[str] = dataclasses.field(default_factory=list)
    """The paths of those that a load asked for."""

    def file(self, feed: Feed, entry: Any) -> InboxFile:
        assert isinstance(entry, InboxFile)
        self.made.append(entry.path)
        return entry


def chosen(
    feed: Feed, ledger: Ledger, *files: InboxFile, retry: bool | Collection[int] = False
) -> Choice:
    listed: Any = {feed.name: list(files)}
    listing = ReadyMade(None, listed, [], [])
    selection = Selection(ledger, CardTokens(TOKEN_KEY), retry)
    choice = selection.choose([feed], listing, None)
    # Of the known files of a long history nothing more is made.
    assert len(listing.made) == len(choice.candidates)
    return choice


def candidate(feed: Feed, path: str, **changes: Any) -> Candidate:
    (found,) = chosen(feed, Ledger(), file(path, **changes)).candidates
    return found


def test_older_versions_come_first_in_natural_order(feed: Feed) -> None:
    other_day = "shop/leeds_20210825_11.csv"
    choice = chosen(feed, Ledger(), file(SECOND), file(FIRST), file(other_day))
    assert [one.path for one in choice.candidates] == [other_day, FIRST, SECOND]
    assert (choice.total, choice.known, choice.outcomes) == (3, 0, [])


def test_what_is_retried(feed: Feed) -> None:
    ledger = ledger_of(
        entry(FIRST, "a", status="quarantined", file_id=5),
        entry(SECOND, "b", logical_file="other"),
    )
    for path, sha256 in ((FIRST, "a"), (SECOND, "b")):
        ledger._places["shop_sales", path] = (f"print of {path}", sha256)
    files = [file(FIRST), file(SECOND)]
    for retry, paths, known in (
        (False, [], 2),
        (True, [FIRST], 1),
        ([5], [FIRST], 1),
        ([6], [], 2),
    ):
        choice = chosen(feed, ledger, *files, retry=retry)
        assert [one.path for one in choice.candidates] == paths
        assert choice.known == known
    # A file that may have changed since is read, whatever its fingerprint.
    choice = chosen(feed, ledger, file(SECOND, settled=False))
    assert [one.path for one in choice.candidates] == [SECOND]


def test_a_known_path_is_not_searched_for_cards(
    feed: Feed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That took most of a night's load, of which nearly all files are known."""
    with_card = "shop/4111111111111111.csv"
    masked = CardTokens(TOKEN_KEY).mask_path(with_card)
    assert "4111111111111111" not in masked
    ledger = ledger_of(entry(FIRST, "a"), entry(masked, "b", logical_file="other"))
    ledger._places["shop_sales", FIRST] = (f"print of {FIRST}", "a")
    ledger._places["shop_sales", masked] = (f"print of {with_card}", "b")
    searched = []

    def mask_path(self: CardTokens, path: str) -> str:
        searched.append(path)
        return original(self, path)

    original = CardTokens.mask_path
    monkeypatch.setattr(CardTokens, "mask_path", mask_path)
    choice = chosen(feed, ledger, file(FIRST), file(with_card))
    assert (choice.known, choice.candidates) == (2, [])
    assert searched == [with_card]
    (changed,) = chosen(feed, ledger, file(with_card, fingerprint="another")).candidates
    assert changed.path == masked


def test_a_snapshot_that_returns_is_current_again(feed: Feed) -> None:
    ledger = ledger_of(entry(FIRST, "a"), entry(FIRST, "b"))
    # As the next load reads it.
    ledger._seen["shop_sales", FIRST, "a"] = ("superseded", 1)
    selection = Selection(ledger, CardTokens(TOKEN_KEY), False)
    state, other = candidate(feed, FIRST, is_state=True), candidate(feed, FIRST)
    assert selection.came_back(state, "a")
    assert not selection.came_back(state, "b")
    assert not selection.came_back(state, "c")
    assert not selection.came_back(other, "a")
    ledger._places["shop_sales", FIRST] = ("", "b")
    assert selection.came_back(state, "a")
    ledger._places["shop_sales", FIRST] = ("", "a")
    assert not selection.came_back(state, "a")


def test_the_same_content_is_a_duplicate(feed: Feed) -> None:
    ledger = ledger_of(entry(FIRST, "a"), entry(FIRST, "b"))

    def verdict(path: str, sha256: str, **changes: Any) -> Verdict | None:
        return judge_content(ledger, candidate(feed, path, **changes), sha256, None, False)

    found = verdict(SECOND, "b")
    assert found == Verdict("duplicate", f"the same content as {FIRST}, which is loaded")
    found = verdict(SECOND, "a")
    assert found is not None
    assert found.status == "duplicate"
    assert f"an older version that was superseded by {FIRST}" in str(found.reason)
    assert verdict(SECOND, "c") is None
    assert verdict("shop/york_20210826_9.csv", "b") is None
    assert verdict(SECOND, "b", logical_file=LOGICAL) is None
    again = candidate(feed, SECOND, is_state=True)
    assert judge_content(ledger, again, "a", None, True) is None


def test_files_that_are_not_tables_are_quarantined(feed: Feed) -> None:
    misnamed = judge_content(Ledger(), candidate(feed, "shop/x.csv"), "a", "broken", False)
    assert misnamed is not None
    assert misnamed.status == "quarantined"
    assert "the file's name does not have the form" in str(misnamed.reason)
    broken = judge_content(Ledger(), candidate(feed, FIRST), "a", "broken", False)
    assert broken == Verdict("quarantined", "broken")


def test_a_header_may_not_have_too_many_columns(feed: Feed) -> None:
    of = candidate(feed, FIRST)
    most = [f"extra_{number}" for number in range(MOST_EXTRA_COLUMNS)]
    assert judge_header(of, None, most, ()) is None
    assert judge_header(of, None, most[:1], most) is None
    assert judge_header(of, None, most, [*most, "one_more"]) is None
    too_many = judge_header(of, None, ["one_more"], most)
    assert too_many is not None
    assert too_many.status == "quarantined"
    assert "would have 501 columns" in str(too_many.reason)
    assert judge_header(of, "a picture", (), ()) == Verdict("quarantined", "a picture")


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        ({}, None),
        ({"rows": 9}, "less than half of the version that it supersedes: 9 of 20 rows"),
        ({"rows": 10}, None),
        ({"sha256": "twin"}, "the same content as shop/york_20210826_9.csv, which is"),
        ({"sha256": "twin", "rows": 0}, "less than half"),
        ({"remarks": ("cut short",)}, "cut short"),
    ],
)
def test_remarks_on_a_loaded_file(feed: Feed, facts: dict[str, Any], reason: str | None) -> None:
    york = entry("shop/york_20210826_9.csv", "twin", logical_file="york/2021-08-26")
    ledger = ledger_of(entry(FIRST, "a"), york)
    read = dataclasses.replace(Facts("b", 1, rows=20), **facts)
    verdict = judge_rows(ledger, candidate(feed, SECOND), read, [])
    assert verdict.status == "loaded"
    assert (verdict.reason or "").startswith(reason or "")
    assert bool(verdict.reason) == bool(reason)


def test_new_columns_are_named(feed: Feed) -> None:
    ledger = ledger_of(entry(FIRST, "a", row_count=2))
    read = Facts("b", 1, rows=1)
    # Every JSON file brings that one.
    assert judge_rows(ledger, candidate(feed, SECOND), read, ["record"]).reason is None
    verdict = judge_rows(ledger, candidate(feed, SECOND), read, ["record", "till"])
    assert (verdict.reason or "").endswith("from now on: till")
    verdict = judge_rows(ledger, candidate(feed, SECOND), Facts("b", 1, rows=1), ["note", "till"])
    assert verdict == Verdict(
        "loaded",
        "columns that feed shop_sales does not declare are kept in raw.shop_sales from now on:"
        " note, till",
    )


@pytest.mark.parametrize("rows", [3, 20])
def test_a_shrinking_list_is_reported_at_any_size(feed: Feed, rows: int) -> None:
    ledger = ledger_of(entry(FIRST, "a", row_count=rows))
    verdict = judge_rows(ledger, candidate(feed, SECOND), Facts("b", 1, rows=1), [])
    assert verdict == Verdict(
        "loaded",
        f"less than half of the version that it supersedes: 1 of {rows} rows",
    )


def test_only_the_name_makes_a_file_older(feed: Feed) -> None:
    newer = ledger_of(entry(SECOND, "a", file_id=7))
    verdict = judge_rows(newer, candidate(feed, FIRST), Facts("b", 1, rows=30), [])
    assert (verdict.status, verdict.superseded_by) == ("superseded", 7)
    assert f"older than {SECOND} by its name" in str(verdict.reason)
    # Not where the current version is empty, has another kind of name, or has no date.
    for before in (
        entry(SECOND, "a", row_count=0),
        entry("shop/archive.csv", "a"),
        entry(FIRST, "a"),
    ):
        assert (
            judge_rows(ledger_of(before), candidate(feed, FIRST), Facts("b", 1, rows=30), []).status
            == "loaded"
        )


def test_when_rows_are_compared_with_the_current_version(feed: Feed) -> None:
    ledger = ledger_of(entry(FIRST, "a"))
    assert replaced_rows(ledger, candidate(feed, SECOND)) == ledger.current("shop_sales", LOGICAL)
    assert replaced_rows(ledger, candidate(feed, SECOND, is_state=True)) is None
    assert replaced_rows(ledger, candidate(feed, SECOND, logical_file=LOGICAL)) is None
    assert replaced_rows(Ledger(), candidate(feed, SECOND)) is None
    assert replaced_rows(ledger_of(entry(FIRST, "a", row_count=0)), candidate(feed, SECOND)) is None
    assert replaced_rows(ledger_of(entry(SECOND, "a")), candidate(feed, FIRST)) is None


@pytest.mark.parametrize(
    ("shared", "status", "reason"),
    [
        (Shared(20, 20), "loaded", ""),
        (Shared(10, 20), "loaded", ""),
        (Shared(9, 20), "loaded", "has only 9 of its 20 rows"),
        (Shared(0, 20), "quarantined", "none of its 20 rows"),
        (Shared(0, A_FEW_ROWS), "loaded", f"has only 0 of its {A_FEW_ROWS} rows"),
        (Shared(0, A_FEW_ROWS + 1), "quarantined", "none of its 20 rows"),
        # Each row of the day was corrected, or half of them.
        (Shared(0, 20, corrected=10), "loaded", "has only 0 of its 20 rows"),
        (Shared(0, 20, corrected=9), "quarantined", "none of its 20 rows"),
        (None, "loaded", ""),
    ],
)
def test_rows_shared_with_the_current_version(
    feed: Feed, shared: Shared | None, status: str, reason: str
) -> None:
    ledger = ledger_of(entry(FIRST, "a"))
    facts = Facts("b", 1, rows=20)
    verdict = judge_rows(ledger, candidate(feed, SECOND), facts, [], shared)
    assert verdict.status == status
    assert reason in (verdict.reason or "")
    assert bool(verdict.reason) == bool(reason)


def test_a_file_with_too_many_rejects_is_quarantined(feed: Feed) -> None:
    empty, half = Facts("b", 1, too_bad="empty"), Facts("b", 1, rows=1, rejects=1, too_bad="bad")
    table = Nowhere()
    table.without_rows = "the table has no rows"
    for facts, origin, reason in (
        (empty, Nowhere(), "empty"),
        (empty, table, "the table has no rows"),
        (half, table, "bad"),
    ):
        verdict = judge_rows(Ledger(), candidate(feed, FIRST, origin=origin), facts, [])
        assert verdict == Verdict("quarantined", reason)


def test_a_file_with_older_content_is_reported(feed: Feed) -> None:
    ledger = ledger_of(entry(FIRST, "a"), entry(FIRST, "b"))
    message = going_back(ledger, candidate(feed, FIRST), "a")
    assert message is not None
    assert message.startswith(f"{FIRST} holds an older version again")
    assert going_back(ledger, candidate(feed, FIRST), "b") is None
    assert going_back(ledger, candidate(feed, FIRST, is_state=True), "a") is None
    elsewhere = ledger_of(entry(FIRST, "a"), entry(SECOND, "b"))
    assert going_back(elsewhere, candidate(feed, FIRST), "a") is None
