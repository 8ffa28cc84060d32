"""Which header cells name a declared column, and the messages for unrecognised ones."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ingest.contract.feeds import Feed, FeedContract
from ingest.formats.csv_dialect import LONGEST_NAMES_SHOWN, Dialect, NotReadable, detect

CARD = "4929123412341234"
FEED = """\
feeds:
  shop_sales:
    source: shop
    table: shop_sales
    description: Lines of invoices.
    files: "shop/*.csv"
    header: required
    columns:
      - {name: invoice_no, aliases: [bill]}
      - {name: stock_code}
      - {name: description}
      - {name: quantity}
      - {name: invoice_date}
      - {name: unit_price}
      - {name: customer_id}
      - {name: country, required: false}
"""
NAMES = "invoice_no,stock_code,description,quantity,invoice_date,unit_price,customer_id,country"


@pytest.fixture
def feed(feed_file: Callable[[str], FeedContract]) -> Feed:
    return feed_file(FEED).feeds["shop_sales"]


def read(feed: Feed, header: str, line: str = "") -> Dialect:
    found = detect(feed, [f"{header}\n", f"{line or header.lower() + 'x'}\n"])
    assert isinstance(found, Dialect), found
    return found


def refused(feed: Feed, *lines: str) -> str:
    found = detect(feed, [f"{line}\n" for line in lines])
    assert isinstance(found, NotReadable), found
    return found.reason


@pytest.mark.parametrize(
    "header",
    [
        "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country",
        "invoiceNo,stockCode,description,quantity,invoiceDate,unitPrice,customerId,country",
        "INVOICENO,STOCKCODE,DESCRIPTION,QUANTITY,INVOICEDATE,UNITPRICE,CUSTOMERID,COUNTRY",
        "Invoice No.,Stock-Code,Description,Quantity,Invoice Date,Unit Price,Customer ID,Country",
        "Bill,stockcode,DESCRIPTION,Quantity,invoiceDATE,Unit_price,customerID,Country",
        NAMES,
    ],
)
def test_names_match_however_their_words_are_joined(feed: Feed, header: str) -> None:
    found = read(feed, header)
    assert (found.places, found.extras) == (None, ())


def test_an_exact_name_precedes_one_written_as_one_word(feed: Feed) -> None:
    found = read(feed, f"CustomerID,{NAMES}")
    assert found.places == (1, 2, 3, 4, 5, 6, 7, 8)
    assert [(extra.name, extra.place) for extra in found.extras] == [("customerid", 0)]
    assert "names a column twice (CUSTOMERID)" in refused(
        feed, NAMES.replace("customer_id", "CustomerID,CUSTOMERID")
    )


def test_an_unrecognised_header_is_shown_with_its_names(feed: Feed) -> None:
    reason = refused(feed, "InvoiceNo,Artikel,Text,Quantity,Datum,Preis,Kunde,Country", "1,A,b")
    assert reason == (
        "the header is not recognised: it names 3 of the 8 columns of feed shop_sales; missing:"
        " stock_code, description, invoice_date, unit_price, customer_id; not recognised: Artikel,"
        " Text, Datum, Preis, Kunde; the header: InvoiceNo, Artikel, Text, Quantity, Datum, Preis,"
        " Kunde, Country; export the file with a header line of these names, or add the names"
        " it has as aliases to feed shop_sales"
    )


def test_the_header_is_found_below_a_title_and_by_any_delimiter(feed: Feed) -> None:
    reason = refused(feed, "Sales, all", "Quantity;Country;c;d;e;f;g;h", "1;2;3;4;5;6;7;8")
    assert "names 2 of the 8 columns" in reason
    assert "the header: Quantity, Country, c, d, e, f, g, h;" in reason


@pytest.mark.parametrize(
    "lines",
    [
        ("Ann,Lee,Leeds", "Bo,Ek,York"),
        ("Ann,Lee,Country", "Bo,Ek,York"),
        ("17,Ann Lee,Tea", "18,Bo Ek,Quantity"),
        ("Ann;Lee;Leeds;;", "Bo;Ek;York;;"),
    ],
)
def test_a_list_of_names_is_not_repeated_in_the_reason(feed: Feed, lines: tuple[str, str]) -> None:
    """A line that is not a header may hold personal data, which must not be in the ledger."""
    reason = refused(feed, *lines)
    assert reason.startswith("no header line found: the first line names ")
    assert "branchline quarantine show" in reason
    assert not any(name in reason for name in ("Ann", "Lee", "Leeds", "Bo", "York", "Tea"))


def test_a_line_without_names_is_only_counted(feed: Feed) -> None:
    reason = refused(feed, "Beleg;Artikel;Menge", "1;2;3")
    assert reason.startswith("no header line found: the first line names none of the 8 columns")
    reason = refused(feed, "Beleg;Quantity;Menge", "1;2;3")
    assert reason.startswith("no header line found: the first line names only 1 of the 8 columns")
    assert "no header line found" in refused(feed, "sep=;")


def test_a_header_in_a_message_is_masked_before_it_is_cut(feed: Feed) -> None:
    for place in range(LONGEST_NAMES_SHOWN - 40, LONGEST_NAMES_SHOWN + 5):
        reason = refused(feed, f"Quantity,Country,{'x' * place} {CARD},a,b,c,d", "1,2")
        assert CARD[:12] not in reason
        assert "Quantity, Country, xxx" in reason
        assert len(reason) < 3 * LONGEST_NAMES_SHOWN + 200


PARTS = """\
feeds:
  shop_sales:
    source: shop
    table: shop_sales
    description: Receipts.
    files: "shop/*.csv"
    columns:
      - {name: sold_at, aliases: [date, time], parts: [[date, day], [time, clock]]}
      - {name: total}
      - {name: note, required: false}
"""


@pytest.mark.parametrize(
    ("header", "places", "parts", "extras"),
    [
        ("Date,Time,Total", (0, 2, -1), ((0, (0, 1)),), []),
        ("Total,Clock,Day", (2, 0, -1), ((0, (2, 1)),), []),
        ("Date,Total,Note,clock", (0, 1, 2), ((0, (0, 3)),), []),
        # One of them alone is the whole column, and a part of nothing is a separate column.
        ("Date,Total,Note", None, (), []),
        ("Sold at,Total,Clock", (0, 1, -1), (), ["clock"]),
    ],
)
def test_a_column_may_be_written_in_parts(
    feed_file: Callable[[str], FeedContract],
    header: str,
    places: tuple[int, ...] | None,
    parts: tuple[object, ...],
    extras: list[str],
) -> None:
    found = read(feed_file(PARTS).feeds["shop_sales"], header)
    assert (found.places, found.parts) == (places, parts)
    assert [extra.name for extra in found.extras] == extras


@pytest.mark.parametrize("header", ["Sold at,Time,Total", "Date,Day,Time,Total", "Total,Time,Time"])
def test_duplicate_or_redundant_parts_are_refused(
    feed_file: Callable[[str], FeedContract], header: str
) -> None:
    reason = refused(feed_file(PARTS).feeds["shop_sales"], header, "1,2,3,4")
    assert "names a column twice" in reason
    assert "list them as parts in feed shop_sales" in reason
