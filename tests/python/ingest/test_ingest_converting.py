"""From the bytes of a file to rows: a pure function, independent of the size of the parts."""

from __future__ import annotations

import csv
import hashlib
import io
import multiprocessing
import pickle
import tracemalloc
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from ingest_helpers import TOKEN_KEY

from ingest.cards import CardTokens
from ingest.contract.feeds import Feed, FeedContract
from ingest.contract.reading import load_feeds
from ingest.converting import Conversion, Task, convert
from ingest.loading import LoadOptions
from ingest.raw.rows import CopyData

FEED = """\
feeds:
  shop_sales:
    source: shop
    table: shop_sales
    description: Sales of a shop.
    files: "shop/**/*.csv"
    columns:
      - name: item
      - name: price
        aliases: [amount]
      - name: card
        protect: card_number
"""
CARD = "4929123412341234"
GOOD = f"item,amount,card,note\ntea,1.20,{CARD},x\r\nmilk,0.95,,\nbroken\n".encode()
ROWS = (
    'copy raw."shop_sales" ("item", "price", "card_token", "card_last4", "card_unreadable",'
    ' "note", "_line_number", "_file_id", "_dlt_load_id") from stdin with (format text, null \'\')'
)


@pytest.fixture(scope="module")
def task(tmp_path_factory: pytest.TempPathFactory) -> Task:
    path = tmp_path_factory.mktemp("feeds") / "shop.yml"
    path.write_text(FEED)
    feed: Feed = load_feeds(path).feeds["shop_sales"]
    return Task(feed, (TOKEN_KEY,), 7, "load-1")


def lines(*parts: CopyData) -> dict[str, list[str]]:
    """The COPY lines by statement, in their order."""
    found: dict[str, list[str]] = {}
    for part in parts:
        for statement, text in part:
            assert text.endswith(b"\n")
            found.setdefault(statement, []).extend(text.decode().split("\n")[:-1])
    return found


def test_a_file_becomes_rows_rejects_and_facts(task: Task) -> None:
    made = convert(GOOD, task)
    facts = made.facts
    assert (facts.sha256, facts.size) == (hashlib.sha256(GOOD).hexdigest(), len(GOOD))
    assert (facts.refused, facts.too_bad, facts.remarks) == (None, None, ())
    assert (facts.rows, facts.rejects, facts.extras) == (2, 1, ("note",))
    found = lines(made.copies)
    tea, milk = (line.split("\t") for line in found.pop(ROWS))
    assert tea[:2] + tea[3:] == ["tea", "1.20", CARD[-4:], "", "x", "2", "7", "load-1"]
    assert len(tea[2]) == 64
    assert milk == ["milk", "0.95", "", "", "", "", "3", "7", "load-1"]
    ((reject,),) = found.values()
    assert reject.split("\t")[2:] == ["broken", "4", "7", "load-1"]


CELLS = st.text(alphabet='ab,"; \\\x1f&%<>=0\N{LATIN SMALL LETTER E WITH ACUTE}', max_size=6)


@given(
    st.lists(
        st.tuples(
            st.sampled_from((CARD, f"tea {CARD}", "2024-02-01 10:00:00", "a\tb", "1234567"))
            | CELLS,
            st.sampled_from(("1.20", "2.00", "0")),
            st.sampled_from((CARD, "", " ", "4111 1111 1111 1111", "a\\b", "12", "0" * 16)),
        ),
        min_size=1,
        max_size=9,
    ),
    st.sampled_from((csv.QUOTE_MINIMAL, csv.QUOTE_ALL)),
)
@example([("tea", "1", CARD), ("milk", "1", "\\")], csv.QUOTE_MINIMAL)
@example([("caf\N{LATIN SMALL LETTER E WITH ACUTE}", "1", ""), (CARD, "1", "")], csv.QUOTE_ALL)
def test_lines_copied_as_they_are_give_the_same_rows(
    task: Task, table: list[tuple[str, ...]], quoting: Literal[0, 1]
) -> None:
    target = io.StringIO(newline="")
    csv.writer(target, quoting=quoting, lineterminator="\n").writerows(table)
    content = target.getvalue().encode()
    # Behind a blank line, all of them are split into cells.
    whole, split = (lines(convert(each, task).copies) for each in (content, content + b"\n"))
    assert whole == split
    assert CARD not in str(whole)


@pytest.mark.parametrize("keys", [(TOKEN_KEY,), (TOKEN_KEY, b"n" * 32)])
def test_every_card_of_a_column_becomes_its_token(task: Task, keys: tuple[bytes, ...]) -> None:
    cells = (CARD, "4111 1111 1111 1111", "", "no\\card")
    content = "".join(f"tea,1.20,{cell}\n" for cell in cells).encode()
    (found,) = lines(convert(content, replace(task, token_keys=keys)).copies).values()
    cards = CardTokens(*keys)
    expected = [cards.replace(cell) for cell in cells]
    assert [tuple(line.split("\t")[2:5]) for line in found] == [
        (token, last4, unreadable.replace("\\", "\\\\")) for token, last4, unreadable in expected
    ]


def test_a_file_that_is_not_a_table_is_still_read_to_its_end(task: Task) -> None:
    content = b"SQLite format 3\0" + b"x" * 3_000_000
    made = convert(content, task)
    assert made.facts.refused is not None
    assert "an SQLite database" in made.facts.refused
    assert made.facts.sha256 == hashlib.sha256(content).hexdigest()
    assert lines(made.copies) == {}


def test_facts_known_from_the_header(task: Task) -> None:
    conversion = Conversion(io.BytesIO(GOOD), task)
    assert (conversion.refused, conversion.extras) == (None, ("note",))
    assert Conversion(io.BytesIO(b""), task).refused == convert(b"", task).facts.refused


texts = st.text(st.characters(codec="utf-8"), max_size=12)
cells = st.one_of(texts, st.sampled_from([CARD, "1.20", '"a ""b"""', "a\\b\tc", ""]))
contents = st.one_of(
    st.binary(max_size=200),
    st.lists(st.lists(cells, min_size=1, max_size=5).map(",".join), max_size=12).map(
        lambda rows: "\n".join(["item,price,card,note", *rows]).encode()
    ),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200)
@given(content=contents, size=st.sampled_from([0, 1, 50, 1 << 20]))
@example(content=GOOD, size=0)
def test_the_part_size_does_not_change_the_rows(task: Task, content: bytes, size: int) -> None:
    whole = convert(content, task)
    conversion = Conversion(io.BytesIO(content), task)
    parts = list(conversion.parts(size))
    assert all(part.size > size for part in parts)
    last = conversion.finish()
    assert lines(*parts, last.copies) == lines(whole.copies)
    assert last.facts == whole.facts
    assert whole.facts.sha256 == hashlib.sha256(content).hexdigest()
    assert whole.facts.size == len(content)
    found = lines(whole.copies)
    count = sum(len(rows) for statement, rows in found.items() if "shop_sales" in statement)
    assert count == whole.facts.rows
    assert sum(map(len, found.values())) == whole.facts.rows + whole.facts.rejects
    assert CARD not in "".join(row for rows in found.values() for row in rows)


@given(content=contents)
def test_tasks_and_results_can_be_pickled(task: Task, content: bytes) -> None:
    here = convert(content, task)
    sent = pickle.loads(pickle.dumps(convert(content, pickle.loads(pickle.dumps(task)))))
    assert (lines(sent.copies), sent.facts) == (lines(here.copies), here.facts)


def test_another_process_gives_the_same_result(task: Task) -> None:
    spawned = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=spawned) as pool:
        there = pool.submit(convert, GOOD, task).result()
    here = convert(GOOD, task)
    assert (lines(there.copies), there.facts) == (lines(here.copies), here.facts)


def test_memory_does_not_grow_with_the_file(task: Task, tmp_path: Path) -> None:
    path = tmp_path / "large.csv"
    with path.open("wb") as file:
        file.write(b"item,price,card,note\n")
        file.writelines([b"earl grey with milk,1.20,,a note that is a bit longer\n" * 1000] * 200)

    def peak(stop: int) -> int:
        with path.open("rb") as file:
            stream = io.BytesIO(file.read(stop)) if stop else file
            tracemalloc.start()
            try:
                conversion = Conversion(stream, task)
                for _ in conversion.parts(1 << 20):
                    pass
                assert conversion.finish().facts.rows > 10_000
                return tracemalloc.get_traced_memory()[1]
            finally:
                tracemalloc.stop()

    assert peak(0) < 1.3 * peak(3_000_000)


def test_secrets_are_not_in_the_repr(task: Task, tmp_path: Path) -> None:
    address = "postgresql://till:sesame@localhost/shop"
    feeds = FeedContract(feeds={"shop_sales": task.feed})
    options = LoadOptions(address, "inbox", feeds, task.token_keys, tmp_path)
    for shown in (repr(task), repr(options)):
        assert "sesame" not in shown
        assert TOKEN_KEY.decode() not in shown
