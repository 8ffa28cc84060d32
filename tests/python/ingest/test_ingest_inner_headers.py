"""A header inside a file: lines below it are read by it or rejected, never by another header."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest

from ingest.contract.feeds import Feed, FeedContract
from ingest.formats.reading import FileReader

NAMES = "timestamp,branch,customer,basket,total,payment,card"
OTHER = "timestamp,customer,branch,basket,total,payment,card"
FEED = """\
feeds:
  shop_receipts:
    source: shop
    table: shop_receipts
    description: Receipts of shops.
    files: "shop/*.csv"
    header: {header}
    max_rejected_share: 0.9
    columns:
      - {{name: sold_at, aliases: [timestamp, date]}}
      - {{name: branch, aliases: [store]}}
      - {{name: customer}}
      - {{name: basket, aliases: [items]}}
      - {{name: total, aliases: [amount]}}
      - {{name: payment}}
      - {{name: card, protect: card_number, required: false}}
  shop_people:
    source: shop
    table: shop_people
    description: People, without a digit anywhere.
    files: "people/*.csv"
    max_rejected_share: 0.9
    columns:
      - {{name: first_name}}
      - {{name: last_name}}
      - {{name: role, aliases: [job]}}
"""


@pytest.fixture
def feeds(feed_file: Callable[[str], FeedContract]) -> FeedContract:
    return feed_file(FEED.format(header="optional"))


class Read:
    """The result of a file: its rows by the feed's own columns, and the rejected lines."""

    def __init__(self, feed: Feed, *lines: str, end: str = "\n") -> None:
        content = "".join(line + end for line in lines).encode()
        reader = FileReader(feed, io.BytesIO(content))
        self.refused = reader.refused
        self.rows: list[tuple[int, dict[str, str]]] = []
        self.rejects: list[tuple[int, str]] = []
        for batch in reader:
            places = batch.dialect.places or tuple(range(len(feed.columns)))
            for number, row in zip(batch.line_numbers, batch.rows, strict=True):
                named = zip(feed.columns, places, strict=False)
                self.rows.append((number, {c.name: row[p] for c, p in named if p >= 0}))
            self.rejects += [(reject.line_number, reject.reason) for reject in batch.rejects]
        self.tally = reader.tally
        self.too_bad = None if self.refused else reader.too_bad()
        if not self.refused:
            assert self.tally.physical == len(lines)

    def column(self, name: str) -> list[str]:
        return [row[name] for _, row in self.rows]


def ours(minute: int, customer: str = "Ann Bee") -> str:
    return f"10/05/2023 09:{minute:02d},Joined Town,{customer},Tea - 1.00,1.00,CASH,"


def theirs(minute: int, customer: str = "Ida Jay") -> str:
    return f"10/05/2023 09:{minute:02d},{customer},Joined Town,Tea - 1.00,1.00,CASH,"


# The header of the second part of a file, and a line of that part.
SECOND_PARTS = {
    "another order": (OTHER, theirs(3)),
    "in capitals": (OTHER.upper(), theirs(3)),
    "in quotes": ('"' + OTHER.replace(",", '","') + '"', theirs(3)),
    "behind a byte order mark": (f"\ufeff{OTHER}", theirs(3)),
    "blanks behind the commas": (OTHER.replace(",", ", "), theirs(3).replace(",", ", ")),
    "other names": ("Date,Customer,Store,Items,Amount,Payment,Card", theirs(3)),
    "one column less": (OTHER.removesuffix(",card"), theirs(3).removesuffix(",")),
    "a column without a name": (f",{OTHER}", f",{theirs(3)}"),
    "another delimiter": (OTHER.replace(",", ";"), theirs(3).replace(",", ";")),
    "tabs": (OTHER.replace(",", "\t"), theirs(3).replace(",", "\t")),
    "a basket of two": (OTHER, theirs(3).replace("Tea - 1.00", '"Tea - 0.50, Bun - 0.50"')),
    "the same order": (NAMES, ours(3, "Ida Jay")),
    "the same order in capitals": (NAMES.upper(), ours(3, "Ida Jay")),
}


@pytest.mark.parametrize(
    ("first", "part"),
    [
        (first, part)
        for part in SECOND_PARTS
        for first in (NAMES, OTHER, None)
        # A file without a header at the top is read by the delimiter of the one inside.
        if first is not None or part not in ("another delimiter", "tabs")
    ],
)
def test_lines_below_a_second_header_use_it(
    feeds: FeedContract, first: str | None, part: str
) -> None:
    header, line = SECOND_PARTS[part]
    begin = [ours(1), ours(2)] if first != OTHER else [theirs(1, "Ann Bee"), theirs(2, "Ann Bee")]
    lines = [*([first] if first else []), *begin, header, line, line]
    read = Read(feeds.feeds["shop_receipts"], *lines)
    assert read.rejects == []
    assert [value.strip() for value in read.column("branch")] == ["Joined Town"] * 4
    customers = [value.strip() for value in read.column("customer")]
    assert customers == ["Ann Bee", "Ann Bee", "Ida Jay", "Ida Jay"]
    above = len(lines) - 5
    assert [number - above for number, _ in read.rows] == [1, 2, 4, 5]
    assert read.tally.headers == 1 + bool(first)
    assert read.too_bad is None


def test_a_third_header_goes_back_to_the_first(feeds: FeedContract) -> None:
    lines = [NAMES, ours(1), OTHER, theirs(2), theirs(3), NAMES, ours(4), ours(5)]
    read = Read(feeds.feeds["shop_receipts"], *lines, end="\r\n")
    assert read.column("branch") == ["Joined Town"] * 5
    assert (read.tally.headers, read.rejects) == (3, [])


def test_a_header_deep_in_a_long_file_is_found(feeds: FeedContract) -> None:
    many = [ours(n % 60, f"C{n}") for n in range(9000)]
    more = [theirs(n % 60, f"D{n}") for n in range(9000)]
    read = Read(feeds.feeds["shop_receipts"], *many, OTHER, *more)
    assert set(read.column("branch")) == {"Joined Town"}
    customers = [f"{letter}{number}" for letter in "CD" for number in range(9000)]
    assert read.column("customer") == customers
    assert [number for number, _ in read.rows] == [*range(1, 9001), *range(9002, 18002)]


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        ("timestamp,customer,branch,basket,payment,card", "lacks the column total"),
        (f"{OTHER},total", "names a column twice (total)"),
        (f"{OTHER},Loyalty", "names columns that the first header does not have: loyalty"),
        ("Zeit,customer,branch,Korb,Summe,Art,Karte", "names 2 of the 7 columns of feed"),
    ],
)
def test_lines_below_an_unusable_second_header_are_rejected(
    feeds: FeedContract, header: str, reason: str
) -> None:
    lines = [NAMES, ours(1), header, theirs(2), '"Ida, Jay",x', "", NAMES, ours(3)]
    read = Read(feeds.feeds["shop_receipts"], *lines)
    assert [number for number, _ in read.rows] == [2, 8]
    assert [number for number, _ in read.rejects] == [4, 5]
    for _, why in read.rejects:
        assert why.startswith(f"below the header in line 3, which {reason}")
    assert (read.tally.headers, read.tally.blanks) == (3, 1)


# Headers with unknown names, or with one or two known ones at their own place.
UNKNOWN = (
    "Zeit,Kunde,Filiale,Warenkorb,Betrag,Zahlungsart,Kartennummer",
    "Wann,Customer,Wo,Was,Total,Wie,Karte",
    '"Wann","Kunde","Filiale","Was, genau","Summe","Wie","Karte"',
)


@pytest.mark.parametrize("first", [NAMES, None])
@pytest.mark.parametrize("header", UNKNOWN)
@pytest.mark.parametrize("rows_above", [1, 9000])
def test_lines_below_a_header_with_unknown_names_are_rejected(
    feeds: FeedContract, first: str | None, header: str, rows_above: int
) -> None:
    above = [*([first] if first else []), *(ours(n % 60) for n in range(rows_above))]
    lines = [*above, header, theirs(2), "soon,Ida,Here,Tea,much,CASH,none", NAMES, ours(3)]
    read = Read(feeds.feeds["shop_receipts"], *lines)
    assert set(read.column("branch")) == {"Joined Town"}
    assert len(read.rows) == rows_above + 1
    place = len(above) + 1
    assert [number for number, _ in read.rejects] == [place, place + 1, place + 2]
    # A presumed header is kept.
    assert read.rejects[0][1].startswith(
        "taken for a header with names that the feed does not know"
    )
    assert read.rejects[1][1].startswith(f"below the header in line {place:,}, which has names")


def test_lines_below_it_are_read_by_the_next_header(feeds: FeedContract) -> None:
    read = Read(feeds.feeds["shop_receipts"], ours(1), UNKNOWN[0], theirs(2), OTHER, theirs(3))
    assert [number for number, _ in read.rows] == [1, 5]
    assert read.column("customer") == ["Ann Bee", "Ida Jay"]


@pytest.mark.parametrize(
    "line",
    [
        # It does not fill every column, or it is not words.
        "soon,Joined Town,Ann Bee,Tea,much,CASH,",
        "----,----,----,----,----,----,----",
        # A header does not name two columns alike.
        "NULL,NULL,NULL,NULL,NULL,NULL,NULL",
        # A line of values has a digit somewhere.
        "soon,Joined Town,Ann Bee,Tea,1.00,CASH,none",
    ],
)
def test_a_line_of_words_is_not_always_a_header(feeds: FeedContract, line: str) -> None:
    read = Read(feeds.feeds["shop_receipts"], NAMES, ours(1), line, ours(3))
    assert (len(read.rows), read.rejects) == (3, [])
    # Below it, words are nothing new.
    read = Read(feeds.feeds["shop_receipts"], "soon,Joined Town,,,,,", ours(1), UNKNOWN[0], ours(3))
    assert (len(read.rows), read.rejects) == (4, [])


def test_a_list_may_have_lines_of_words_among_others(feeds: FeedContract) -> None:
    lines = ["Ann,Bee,Room 12", "Abe,Job,Cook", "Ida,Jay,Room 13"]
    read = Read(feeds.feeds["shop_people"], *lines)
    assert (len(read.rows), read.rejects) == (3, [])


def test_a_file_with_mostly_rejected_lines_is_quarantined(feeds: FeedContract) -> None:
    feed = feeds.feeds["shop_receipts"].model_copy(update={"max_rejected_share": 0.2})
    read = Read(feed, NAMES, ours(1), "timestamp,customer,branch,basket,payment", *[theirs(2)] * 3)
    assert read.too_bad is not None
    assert "3 of 4 lines cannot be read, those below the header in line 3, which" in read.too_bad


@pytest.mark.parametrize(
    "line",
    [
        # Column names that may also be values.
        "10/05/2023 09:02,Joined Town,Total,Basket - 1.00,1.00,Card,",
        "soon,Joined Town,Customer,Card,much,CASH,",
        ",Joined Town,Customer,,,,",
        "Total,,,,8.00,,",
    ],
)
def test_a_line_of_values_is_not_a_header(feeds: FeedContract, line: str) -> None:
    read = Read(feeds.feeds["shop_receipts"], NAMES, ours(1), line, ours(3))
    assert [number for number, _ in read.rows] == [2, 3, 4]
    assert read.column("branch")[2] == "Joined Town"


def test_a_list_of_words_may_also_be_concatenated(feeds: FeedContract) -> None:
    feed = feeds.feeds["shop_people"]
    lines = ["Ann,Bee,Cook", "Abe,Job,Cook", "role,last_name,first_name", "Cook,Jay,Ida"]
    read = Read(feed, *lines)
    assert read.column("first_name") == ["Ann", "Abe", "Ida"]
    assert read.column("role") == ["Cook"] * 3


def test_a_feed_without_headers_has_none_inside(
    feed_file: Callable[[str], FeedContract],
) -> None:
    feed = feed_file(FEED.format(header="none")).feeds["shop_receipts"]
    read = Read(feed, ours(1), OTHER, theirs(2))
    assert len(read.rows) == 3
