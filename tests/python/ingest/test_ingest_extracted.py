"""Extracted rows are read by the rules of CSV lines: headers, widths, rejects, remarks."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from ingest_helpers import TOKEN_KEY

from ingest.contract.feeds import Feed, FeedContract
from ingest.converting import Task, convert
from ingest.formats.extracted import SIGNATURE, Flaw, Item, Remark, Row, as_text, from_text
from ingest.formats.reading import EMPTY, FileReader

FEED = """\
feeds:
  shop_sales:
    source: shop
    table: shop_sales
    description: Sales of a shop.
    files: "shop/*"
    header: HEADER
    layout: LAYOUT
    max_rejected_share: 0.9
    columns:
      - {name: item, aliases: [article]}
      - {name: price, aliases: [amount]}
      - {name: sold_at, parts: [[day], [time]]}
      - {name: note, required: false}
"""
NAMES = ["item", "price", "sold_at", "note"]

MakeFeed = Callable[..., Feed]


@pytest.fixture
def feed(feed_file: Callable[[str], FeedContract]) -> MakeFeed:
    def make(header: str = "optional", layout: str = "{}") -> Feed:
        text = FEED.replace("HEADER", header).replace("LAYOUT", layout)
        return feed_file(text).feeds["shop_sales"]

    return make


def content(*items: Item) -> bytes:
    return b"".join(as_text(items))


class Read:
    """What becomes of items: rows by their columns, rejects, and the verdict."""

    def __init__(self, feed: Feed, *items: Item) -> None:
        text = content(*items)
        reader = FileReader(feed, io.BytesIO(text))
        self.refused = reader.refused
        self.rows: list[tuple[int, dict[str, str]]] = []
        self.rejects: list[tuple[int, str, str]] = []
        for batch in reader:
            dialect = batch.dialect
            places: Sequence[int] = dialect.places or range(len(feed.columns))
            parts = dict(dialect.parts)
            for number, row in zip(batch.line_numbers, batch.rows, strict=True):
                cells = {
                    column.name: " ".join(row[part] for part in parts.get(owner, (place,)))
                    for owner, (column, place) in enumerate(zip(feed.columns, places, strict=True))
                    if place >= 0
                }
                cells |= {extra.name: row[extra.place] for extra in dialect.extras}
                self.rows.append((number, cells))
            self.rejects += [(one.line_number, one.reason, one.line) for one in batch.rejects]
        self.tally = reader.tally
        self.too_bad = None if self.refused else reader.too_bad()
        self.remarks = reader.remarks()
        assert reader.finish() == (hashlib.sha256(text).hexdigest(), len(text))


def numbered(*rows: list[str], begin: int = 1) -> list[Row]:
    return [Row(number, cells) for number, cells in enumerate(rows, begin)]


TEA, MILK = ["tea", "1.20", "2021-08-26", ""], ["milk", "0.95", "2021-08-27", "x"]
AS_READ = [
    {"item": "tea", "price": "1.20", "sold_at": "2021-08-26", "note": ""},
    {"item": "milk", "price": "0.95", "sold_at": "2021-08-27", "note": "x"},
]


@pytest.mark.parametrize("header", ["optional", "required"])
def test_a_header_and_rows(feed: MakeFeed, header: str) -> None:
    read = Read(feed(header), *numbered(NAMES, TEA, MILK))
    assert read.rows == [(2, AS_READ[0]), (3, AS_READ[1])]
    assert (read.rejects, read.remarks, read.too_bad) == ([], [], None)
    assert (read.tally.rows, read.tally.headers) == (2, 1)


@pytest.mark.parametrize("header", ["optional", "none"])
def test_rows_without_a_header(feed: MakeFeed, header: str) -> None:
    read = Read(feed(header), *numbered(TEA, MILK))
    assert read.rows == [(1, AS_READ[0]), (2, AS_READ[1])]


def test_a_required_header_that_is_missing(feed: MakeFeed) -> None:
    read = Read(feed("required"), *numbered(TEA, MILK))
    assert "no header line found" in (read.refused or "")


def test_a_missing_required_column_and_one_that_is_named_twice(feed: MakeFeed) -> None:
    read = Read(feed(), *numbered(["item", "sold_at", "note"], ["tea", "2021", ""]))
    assert "lacks the column price" in (read.refused or "")
    read = Read(feed(), *numbered(["item", "article", "price", "sold_at"], ["a", "b", "1", "2"]))
    assert "names a column twice (article)" in (read.refused or "")


def test_title_rows_above_the_header_are_rejected_whatever_their_width(feed: MakeFeed) -> None:
    above = [["Sales of August", "", "", ""], ["", "", "", ""], ["Leeds"]]
    read = Read(feed(), *numbered(*above, NAMES, TEA, MILK))
    assert [number for number, _ in read.rows] == [5, 6]
    assert read.rejects == [
        (1, "above the row with the names of the columns", "Sales of August,,,"),
        (3, "above the row with the names of the columns", "Leeds"),
    ]
    assert (read.tally.blanks, read.tally.headers, read.tally.physical) == (1, 1, 6)


def test_order_aliases_parts_and_undeclared_columns(feed: MakeFeed) -> None:
    names = ["Time", "Loyalty Points", "Amount", "Article", "Day"]
    read = Read(feed(), *numbered(names, ["09:00", "7", "1.20", "tea", "26/08"]))
    expected = {"item": "tea", "price": "1.20", "sold_at": "26/08 09:00", "loyalty_points": "7"}
    assert read.rows == [(2, expected)]


def test_a_header_that_is_repeated_on_each_page(feed: MakeFeed) -> None:
    read = Read(feed(), *numbered(NAMES, TEA, NAMES, MILK, ["Item", "PRICE", "Sold at", "note"]))
    assert read.rows == [(2, AS_READ[0]), (4, AS_READ[1])]
    assert (read.rejects, read.tally.headers) == ([], 3)


def test_a_header_with_another_order_further_down(feed: MakeFeed) -> None:
    other = ["price", "item", "sold_at", "note"]
    read = Read(feed(), *numbered(NAMES, TEA, other, ["0.95", "milk", "2021-08-27", "x"]))
    assert read.rows == [(2, AS_READ[0]), (4, AS_READ[1])]


def test_rows_below_a_header_that_cannot_be_used_are_rejected(feed: MakeFeed) -> None:
    twice = ["item", "article", "price", "sold_at"]
    read = Read(feed(), *numbered(NAMES, TEA, twice, ["a", "b", "1", "2"], NAMES, MILK))
    assert [number for number, _ in read.rows] == [2, 6]
    assert [(number, reason[:24]) for number, reason, _ in read.rejects] == [
        (4, "below the header in row ")
    ]


def test_a_header_with_unknown_names_further_down(feed: MakeFeed) -> None:
    words = ["Artikel", "Preis", "Datum", "Notiz"]
    read = Read(feed(), *numbered(NAMES, TEA, words, MILK))
    assert [number for number, _ in read.rows] == [2]
    assert "every row above has digits" in read.rejects[0][1]
    assert len(read.rejects) == 2


def test_rows_of_another_width(feed: MakeFeed) -> None:
    rows = [["tea"], [*TEA, "", ""], [*TEA, "", "more"], [], ["", "", "", ""]]
    read = Read(feed(), *numbered(NAMES, *rows))
    assert read.rows == [(3, AS_READ[0])]
    assert read.rejects == [
        (2, "1 columns where 4 are expected", "tea"),
        (4, "6 columns where 4 are expected", "tea,1.20,2021-08-26,,,more"),
    ]
    assert read.tally.blanks == 2
    assert read.too_bad is None


def test_a_column_without_a_name(feed: MakeFeed) -> None:
    # With a value among the first rows it is an undeclared column ...
    names = [*NAMES, ""]
    read = Read(feed(), *numbered(names, [*TEA, "7"]))
    assert read.rows == [(2, AS_READ[0] | {"column_5": "7"})]
    # ... and further down nobody knows what the value is.
    rows = [[*TEA, ""]] * 150
    read = Read(feed(), *numbered(names, *rows, [*TEA, "7"]))
    assert len(read.rows) == 150
    assert read.rejects[0][:2] == (152, "a value in column 5, which the header does not name")


def test_flaws_are_rejected_and_remarks_reported(feed: MakeFeed) -> None:
    items: list[Item] = [
        Flaw(1, "the page cannot be read", ""),
        Row(2, NAMES),
        Remark("hidden rows are read"),
        Row(3, TEA),
        Flaw(4, "two cells in one place", "milk 0.95"),
        Row(9, MILK),
        Remark("page 3 is empty"),
    ]
    read = Read(feed(), *items)
    assert [number for number, _ in read.rows] == [3, 9]
    assert read.rejects == [
        (1, "the page cannot be read", ""),
        (4, "two cells in one place", "milk 0.95"),
    ]
    assert read.remarks == ["hidden rows are read", "page 3 is empty"]


def test_a_row_with_what_no_table_can_hold(feed: MakeFeed) -> None:
    nul, long = ["t\0ea", *TEA[1:]], ["t" * (1 << 20), *TEA[1:]]
    read = Read(feed(), *numbered(NAMES, nul, long, TEA))
    assert [number for number, _ in read.rows] == [4]
    assert [reason for _, reason, _ in read.rejects] == [
        "the row holds a NUL character",
        "the row is longer than 1,048,576 characters",
    ]


def test_half_a_character_is_kept_as_its_code(feed: MakeFeed) -> None:
    (row,) = list(
        from_text(io.BytesIO(content(Row(1, ["a\ud800b", "\U0001f600"]))).readlines()[1:])
    )
    assert row == Row(1, ["a\\ud800b", "\U0001f600"])


@pytest.mark.parametrize(
    ("items", "reason"),
    [
        ([], EMPTY),
        ([Remark("two sheets")], EMPTY),
        (numbered(["", ""], [""]), EMPTY),
        (numbered(NAMES), "there is no row in the file"),
        ([Row(0, NAMES)], "there is no row in the file"),
        ([Flaw(1, "page 1 cannot be read", "")], "page 1 cannot be read"),
        (numbered(["a", "b"], ["1", "2"]), "no row has the 4 columns of the feed (most have 2)"),
    ],
)
def test_files_without_rows(feed: MakeFeed, items: list[Item], reason: str) -> None:
    read = Read(feed(), *items)
    assert reason in (read.refused or read.too_bad or "")
    assert read.rows == []


def test_too_many_rejects_quarantine_the_file(feed: MakeFeed) -> None:
    strict = feed().model_copy(update={"max_rejected_share": 0.2})
    strict._name = "shop_sales"
    rows: list[Item] = [*numbered(NAMES, TEA), *(Flaw(n, "?", "") for n in range(3, 6))]
    assert "3 of 4 rows cannot be read" in (Read(strict, *rows).too_bad or "")


def test_number_zero_is_the_formats_own_header(feed: MakeFeed) -> None:
    """JSON and Parquet name their columns themselves, whatever the feed says of CSV files."""
    for header in ("optional", "required", "none"):
        read = Read(feed(header), Row(0, [*NAMES, "record"]), Row(1, [*NAMES, "{}"]))
        assert [number for number, _ in read.rows] == [1], header
        assert read.rows[0][1]["record"] == "{}"
        # What looks like a header further down is a record.
        assert read.rows[0][1]["item"] == "item"


def test_a_declared_header_row(feed: MakeFeed) -> None:
    title = ["item", "price", "sold_at", "note"]  # looks like a header, and is none
    rows = numbered(title, ["", "", "", ""], ["Price", "Item", "Sold at", ""], TEA)
    read = Read(feed(layout="{header_row: 3}"), *rows)
    assert read.rows[0][1]["price"] == "tea"
    assert [number for number, *_ in read.rejects] == [1]
    read = Read(feed(layout="{header_row: 4}"), *rows)
    assert "row 4, the header's row by the feed's layout, names none of" in (read.refused or "")
    read = Read(feed(layout="{header_row: 40}"), *rows)
    assert "there is no row 40, the header's row by the feed's layout" in (read.refused or "")


def test_extracted_text_is_converted_like_a_csv(feed: MakeFeed) -> None:
    card = "4111111111111111"
    items: list[Item] = [*numbered(NAMES, [*TEA[:3], f"paid by {card}"], MILK), Remark("a note")]
    text = content(*items, Flaw(7, f"odd: {card}", card))
    task = Task(feed(), (TOKEN_KEY,), 7, "load-1", hashlib.sha256(text).hexdigest())
    made = convert(text, task)
    assert (made.facts.rows, made.facts.rejects, made.facts.remarks) == (2, 1, ("a note",))
    copied = b"".join(part for _, part in made.copies).decode()
    assert card not in copied
    assert "tea\t1.20\t2021-08-26\tpaid by ****1111\t2\t7\tload-1\n" in copied
    assert "odd: ****1111\t****1111\t7\t7\tload-1\n" in copied


def test_many_rows_keep_their_numbers(feed: MakeFeed) -> None:
    rows = [[f"item {number}", "1", "2021", ""] for number in range(25_000)]
    read = Read(feed(), *numbered(NAMES, *rows))
    assert [number for number, _ in read.rows] == list(range(2, 25_002))
    assert read.rows[-1][1]["item"] == "item 24999"


def test_the_text_begins_with_its_signature() -> None:
    items: list[Any] = [Row(1, ["a", "\n\u2028", '"']), Flaw(2, "why", "what"), Remark("so")]
    lines = content(*items).splitlines(keepends=True)
    assert lines[0] == SIGNATURE
    assert list(from_text(lines[1:])) == items
