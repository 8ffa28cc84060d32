"""The corpus: files damaged by branches, spreadsheets and networks, with expected outcomes.

Each case is a separate branch, named after the case: one load and one build process them all.
By default, its file has the four receipts of `writing.day`: six items, 12.50.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from corpus.writing import (
    CARDS,
    HEADER,
    UTF8_MARK,
    Make,
    as_json,
    changed,
    cut,
    day,
    every,
    gzipped,
    letters,
    one_huge_line,
    put_together,
    text,
    with_cells,
    with_extra,
    with_lines,
    written,
    zipped,
)

Status = Literal["loaded", "superseded", "duplicate", "quarantined", "unclaimed", "postponed"]

FEED = "branch_pos_transactions"
DAY_FILE = "branch_pos/{name}_26-08-2021_09-00-00.csv"

FEEDS = """\
feeds:
  corpus_items:
    source: corpus
    table: corpus_items
    description: One line per item of an invoice.
    files: "corpus_items/*.csv"
    header: required
    max_rejected_share: 0
    columns:
      - {name: invoice_number, aliases: [invoice]}
      - {name: item}
      - {name: barcode, aliases: [ean], protect: none}
      - {name: note, required: false}
  corpus_readings:
    source: corpus
    table: corpus_readings
    description: One line per reading.
    files: "corpus_readings/*.csv"
    header: none
    columns:
      - {name: meter}
      - {name: reading}
"""
"""Feeds of the corpus, in addition to those of the project."""


@dataclass(frozen=True)
class File:
    """One file of a case: its path, its content, and its expected row in the ledger.

    `says`: a part of the reason for people; empty if a loaded file has none.
    """

    path: str
    make: Make
    status: Status = "loaded"
    says: str = ""


@dataclass(frozen=True)
class Case:
    """One kind of file, and its expected outcome.

    `receipts`, `items`, `money`: its part of the facts. `flags`: the quality flags of receipts that
    have some. `refused`: the rules broken by each row that is not a sale. `rejects`: (line, a part
    of the reason) of each line that is not a row. `headers`: header lines. `raw`: column -> its
    values in raw, in the order of the lines. `rows`: rows in raw, if the feed is not that of the
    facts. `notes`: additions to the table in the docs.
    """

    name: str
    what: str
    files: tuple[File, ...]
    receipts: int = 4
    items: int = 6
    money: str = "12.50"
    flags: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    rejects: tuple[tuple[int, str], ...] = ()
    headers: int = 0
    raw: dict[str, list[str | None]] = field(default_factory=dict)
    feed: str = FEED
    rows: int | None = None
    notes: str = ""


@dataclass(frozen=True)
class _Facts:
    """The facts of the ordinary day without one of its lines."""

    receipts: int
    items: int
    money: str


_ORDINARY = _Facts(4, 6, "12.50")
_NOTHING = _Facts(0, 0, "0")
_WITHOUT = {1: _Facts(3, 4, "8.25"), 2: _Facts(3, 5, "10.80"), 3: _Facts(3, 4, "7.45"),
            4: _Facts(3, 5, "11.00")}  # fmt: skip


def taken(
    name: str,
    what: str,
    make: Make,
    *,
    says: str = "",
    path: str = DAY_FILE,
    facts: _Facts = _ORDINARY,
    flags: Sequence[str] = (),
    refused: Sequence[str] = (),
    rejects: Sequence[tuple[int, str]] = (),
    headers: int = 0,
    raw: dict[str, list[str | None]] | None = None,
    notes: str = "",
) -> Case:
    """A file that is loaded."""
    return Case(
        name=name,
        what=what,
        files=(File(path, make, "loaded", says),),
        receipts=facts.receipts,
        items=facts.items,
        money=facts.money,
        flags=tuple(flags),
        refused=tuple(refused),
        rejects=tuple(rejects),
        headers=headers,
        raw=raw or {},
        notes=notes,
    )


def set_aside(name: str, what: str, make: Make, says: str, *, path: str = DAY_FILE) -> Case:
    """A file that is quarantined."""
    return Case(name, what, (File(path, make, "quarantined", says),), 0, 0, "0")


def several(
    name: str, what: str, *files: File, facts: _Facts = _ORDINARY, headers: int = 0,
    flags: Sequence[str] = (), refused: Sequence[str] = (),
    raw: dict[str, list[str | None]] | None = None, notes: str = "",
) -> Case:  # fmt: skip
    """A case of several files, in the order in which they were sent."""
    return Case(
        name, what, files, facts.receipts, facts.items, facts.money,
        flags=tuple(flags), refused=tuple(refused), headers=headers, raw=raw or {}, notes=notes,
    )  # fmt: skip


def of_feed(
    name: str,
    what: str,
    feed: str,
    content: str,
    *,
    rows: int = 0,
    says: str = "",
    headers: int = 0,
    raw: dict[str, list[str | None]] | None = None,
) -> Case:
    """A case of one of the corpus's own feeds; without rows, it is quarantined."""
    status: Status = "loaded" if rows else "quarantined"
    file = File(f"{feed}/{{name}}.csv", lambda _: content, status, says)
    return Case(
        name, what, (file,), 0, 0, "0", feed=feed, rows=rows, headers=headers, raw=raw or {}
    )


def at(path: str, make: Make, status: Status = "loaded", says: str = "") -> File:
    """A file of a case of several."""
    return File(path, make, status, says)


ordinary = written()
as_semicolons = written(delimiter=";")
OTHER_NAMES = ["Date and time", "Store", "Client", "Items", "Amount", "Paid by", "Card no."]
EUROPEAN = {
    "basket": lambda cell: cell.replace(".", ","),
    "total": lambda cell: cell.replace(".", ","),
}
SQL = "'); drop table marts.fct_transactions; --"

ENCODINGS = (
    taken("utf-8", "UTF-8, as tills write it", written(customer="Zo\u00eb Ng\u00f4"),
          raw={"customer_name": ["Zo\u00eb Ng\u00f4", "Bo Ek", "Cy Fox", "Di Orr"]}),
    taken("utf-8-bom", "UTF-8 with a byte order mark", written(mark=UTF8_MARK)),
    taken("utf-8-two-boms", "UTF-8 with the byte order mark twice", written(mark=2 * UTF8_MARK),
          raw={"transaction_timestamp": [row[0] for row in day("")]}),
    taken("utf-16-le-bom", "UTF-16LE with a byte order mark",
          written("utf-16-le", mark=b"\xff\xfe", customer="Zo\u00eb"),
          raw={"customer_name": ["Zo\u00eb", "Bo Ek", "Cy Fox", "Di Orr"]}),
    taken("utf-16-be-bom", "UTF-16BE with a byte order mark",
          written("utf-16-be", mark=b"\xfe\xff")),
    taken("utf-16-le", "UTF-16LE without a byte order mark", written("utf-16-le")),
    taken("utf-16-be", "UTF-16BE without a byte order mark", written("utf-16-be")),
    taken("utf-16-crlf-tabs", "what a spreadsheet calls Unicode text: UTF-16, tabs, CRLF",
          written("utf-16", delimiter="\t", end="\r\n", header=HEADER), headers=1),
    taken("utf-16-cut", "UTF-16 cut in the middle of a character",
          cut(written("utf-16"), -1), says="no line end"),
    set_aside("utf-32", "UTF-32, which no program of a branch writes on purpose",
              written("utf-32"), "no line has the 7 columns"),
    taken("windows-1252", "Windows-1252, the older software's encoding",
          written("cp1252", customer="Ren\u00e9e \u20ac Ni\u00f1o"),
          raw={"customer_name": ["Ren\u00e9e \u20ac Ni\u00f1o", "Bo Ek", "Cy Fox", "Di Orr"]}),
    taken("windows-1252-ellipsis", "Windows-1252 with a line ending of other encodings in a name",
          written("cp1252", customer="Ann\u2026"),
          raw={"customer_name": ["Ann\u2026", "Bo Ek", "Cy Fox", "Di Orr"]}),
    taken("two-encodings", "a file joined from two encodings",
          lambda branch: text(day(branch)).encode()
          + text([["26/08/2021 10:00", branch, "Ren\u00e9e", "Tea - 1.50", "1.50", "CASH", ""]])
          .encode("cp1252"),
          facts=_Facts(5, 7, "14.00"),
          raw={"customer_name": ["Ann Lee", "Bo Ek", "Cy Fox", "Di Orr", "Ren\u00e9e"]}),
)  # fmt: skip

LINE_ENDS = (
    taken("crlf", "CRLF line endings", written(end="\r\n")),
    taken("lone-cr", "lone carriage returns as line endings", written(end="\r")),
    taken("mixed-line-ends", "all three line endings in one file",
          lambda branch: text(day(branch)[:1]) + text(day(branch)[1:3], end="\r\n")
          + text(day(branch)[3:], end="\r")),
    taken("cr-cr-lf", "CRLF turned into CR CR LF by a careless transfer", written(end="\r\r\n")),
    taken("no-line-end", "no line ending after the last line", cut(ordinary, -1),
          says="the last line has no line end"),
    taken("one-line", "one line without a line ending",
          lambda branch: text(day(branch)[:1]).rstrip("\n"),
          says="the last line has no line end", facts=_Facts(1, 2, "4.25")),
    taken("blank-lines", "blank lines between the lines and at the end",
          lambda branch: "\n" + text(day(branch), end="\n\n   \n,,,,,,\n")),
    taken("dos-end-of-file", "the end-of-file character of DOS after the last line",
          written(after="\x1a"), says="no line end", rejects=[(5, "1 columns where 7")]),
    taken("cut-short", "cut in the middle of the last line", cut(ordinary, -30),
          says="may be cut short", facts=_WITHOUT[4],
          rejects=[(4, "columns where 7 are expected")]),
    taken("unicode-line-separators", "characters in a name that some programs read as line endings",
          written(customer="Ann\u2028Lee\u0085\x0b\x0c"),
          raw={"customer_name": ["Ann\u2028Lee\u0085\x0b\x0c", "Bo Ek", "Cy Fox", "Di Orr"]}),
)  # fmt: skip

DELIMITERS = (
    taken("semicolons", "semicolons between the columns", as_semicolons),
    taken("tabs", "tabs between the columns", written(delimiter="\t")),
    taken("pipes", "pipes between the columns", written(delimiter="|")),
    taken("sep-line", "a first line that says the delimiter",
          written(delimiter=";", end="\r\n", header=HEADER, before="sep=;\r\n"), headers=2),
    taken("sep-line-tab", "a first line that says the delimiter, a tab",
          written(delimiter="\t", before="sep=\t\n"), headers=1),
    taken("semicolons-decimal-commas", "semicolons, and commas in the prices",
          lambda branch: str(every(**EUROPEAN)(branch)) and text(
              list(csv.reader(str(every(**EUROPEAN)(branch)).splitlines())), ";")),
    taken("all-quoted", "every cell in quotes, CRLF and a byte order mark: a spreadsheet's export",
          written(quoting=csv.QUOTE_ALL, end="\r\n", mark=UTF8_MARK, header=HEADER), headers=1),
    taken("quoted-line-breaks", "a line break inside a quoted name",
          written(customer="Ann\nLee\r\nof Leeds"),
          raw={"customer_name": ["Ann\nLee\r\nof Leeds", "Bo Ek", "Cy Fox", "Di Orr"]}),
    taken("line-break-in-basket", "a basket that continues in the next line, in quotes",
          with_cells(1, basket="Large Latte - 2.45,\nScone - 1.80")),
    taken("doubled-quotes", "quotes inside a cell, doubled as they should be",
          written(customer='Ann "Annie" Lee'),
          raw={"customer_name": ['Ann "Annie" Lee', "Bo Ek", "Cy Fox", "Di Orr"]}),
    taken("stray-quotes", "quotes in the middle of a cell that is not quoted",
          lambda branch: text(day(branch)).replace("Bo Ek", 'Bo "B" Ek'),
          raw={"customer_name": ["Ann Lee", 'Bo "B" Ek', "Cy Fox", "Di Orr"]}),
    taken("backslashed-quotes", "quotes inside a quoted cell behind backslashes",
          lambda branch: text(day(branch)).replace("Bo Ek", '"Bo \\"B\\" Ek"'),
          facts=_WITHOUT[2], rejects=[(2, "broken quotes")]),
    taken("unclosed-quote", "a quote that is never closed",
          lambda branch: text(day(branch)).replace("Bo Ek", '"Bo Ek'),
          facts=_WITHOUT[2], rejects=[(2, "quote")]),
    taken("unclosed-last-quote", "a quote that is never closed in the last line",
          lambda branch: text(day(branch)).replace("Di Orr", '"Di Orr'),
          facts=_WITHOUT[4], rejects=[(4, "unclosed quote")]),
    taken("basket-without-quotes", "one basket of two items not in quotes",
          lambda branch: text(day(branch)).replace('"Large Latte - 2.45, Scone - 1.80"',
                                                   "Large Latte - 2.45, Scone - 1.80"),
          facts=_WITHOUT[1], rejects=[(1, "8 columns where 7 are expected")]),
    taken("trailing-delimiters", "one delimiter too many at the end of every line",
          written(end=",\n")),
    taken("trailing-delimiters-header", "a header and lines with two delimiters too many",
          written(end=",,\n", header=HEADER), headers=1),
    taken("trailing-spaces", "spaces and tabs at the end of every line", written(end=" \t\n")),
    taken("spaces-around", "spaces behind every delimiter",
          lambda branch: "".join(", ".join(text([[cell]]).rstrip("\n") for cell in row) + "\n"
                                 for row in day(branch)),
          notes="the spaces are not part of the values"),
    set_aside("line-in-quotes", "each whole line in quotes, as one cell",
              lambda branch: text([[line] for line in text(day(branch)).splitlines()]),
              "no line has the 7 columns"),
    set_aside("decimal-commas-bare", "decimal commas not in quotes, with commas as delimiters",
              lambda branch: text(day(branch)).replace('"', "").replace(".", ","),
              "no line has the 7 columns"),
)  # fmt: skip

HEADERS = (
    taken("header", "a header line", written(header=HEADER), headers=1),
    taken("header-other-names", "a header line with other known names, in capitals",
          written(header=[name.upper() for name in OTHER_NAMES]), headers=1),
    taken("header-other-order", "the columns in another order, under a header line",
          written(header=OTHER_NAMES, order=[6, 4, 2, 0, 5, 1, 3]), headers=1),
    taken("header-repeated", "the header line again in the middle and at the end",
          lambda branch: text([HEADER, *day(branch)[:2], HEADER, *day(branch)[2:], HEADER]),
          headers=3),
    taken("header-inside", "two files put together, the second with its columns in another order",
          put_together(OTHER_NAMES, [0, 2, 1, 3, 4, 5, 6]), headers=2),
    taken("header-inside-only", "the same, the first without a header line",
          put_together(OTHER_NAMES, [0, 2, 1, 3, 4, 5, 6], first=None), headers=1),
    set_aside("header-inside-unusable", "the same, the second without the total",
              put_together(HEADER, [0, 1, 2, 3, 5, 6]), "below the header in line 4, which lacks"),
    set_aside("header-inside-in-another-language",
              "the same, the second with unknown column names",
              put_together(["Zeit", "Filiale", "Kunde", "Korb", "Summe", "Zahlart", "Karte"],
                           [0, 2, 1, 3, 4, 5, 6]),
              "below the header in line 4, which has names"),
    taken("header-below-a-title", "a title and a blank line above the header line",
          written(header=HEADER, before="Sales of the day\n\n"),
          headers=1, rejects=[(1, "1 columns where 7")]),
    taken("header-in-another-language", "a header line with unknown column names",
          written(header=["Zeit", "Filiale", "Kunde", "Korb", "Summe", "Zahlart", "Karte"]),
          refused=["timestamp_unreadable, basket_unreadable, total_unreadable"],
          notes="the header line is a rejected row"),
    taken("header-ruled", "a line of dashes below the header line, as databases print it",
          lambda branch: text([HEADER, ["---"] * 7, *day(branch)]), headers=1,
          refused=["timestamp_unreadable, basket_unreadable, total_unreadable"]),
    set_aside("header-only", "a header line and nothing else",
              lambda _: text([HEADER]), "a header line and nothing below it"),
    set_aside("header-twice-a-column", "a header line that names a column twice",
              written(header=[*HEADER[:6], "branch"]), "names a column twice (branch)"),
    set_aside("nul-in-the-header", "a header line with a NUL character in a name",
              written(header=["to\0tal" if name == "total" else name for name in HEADER]),
              "lacks the column total"),
    set_aside("column-missing", "a header line that lacks the total",
              written(header=HEADER, order=[0, 1, 2, 3, 5, 6]), "lacks the column total"),
    several("extra-column", "a column that the feed does not declare",
            at(DAY_FILE, with_extra("Loyalty Points", ["10", "", "7", "3"]),
               says="loyalty_points"),
            at("branch_pos/{name}_27-08-2021_09-00-00.csv",
               lambda branch: str(with_extra("Loyalty Points", list("1234"), place=2)(branch))
               .replace("26/08", "27/08")),
            facts=_Facts(8, 12, "25.00"), headers=2,
            raw={"loyalty_points": ["10", None, "7", "3", "1", "2", "3", "4"]},
            notes="kept in raw, as a column of the header's name; reported once"),
    taken("extra-column-odd-name", "an undeclared column with a malicious name",
          with_extra(f'x"{SQL}', ["1", "2", "3", "4"], place=0), headers=1, says="drop"),
    taken("extra-column-own-name", "undeclared columns under names that the loader uses itself",
          lambda branch: text([
              [*HEADER, "card_token", "_file_id", "_line_number"],
              *([*row, "a", "b", "c"] for row in day(branch))]),
          headers=1, says="card_token", notes="the loader's own columns are not affected"),
    taken("extra-column-card", "a card number in an undeclared column",
          with_extra("Second Card", ["", CARDS[2], "", "none"]), headers=1, says="second_card",
          raw={"second_card": [None, f"****{CARDS[2][-4:]}", None, "none"]}),
    taken("extra-column-nameless-late", "a value far down in a column without a name",
          lambda branch: text([[*HEADER, ""], *([*row, ""] for row in day(branch) * 400),
                               [*day(branch)[0], "late"]]),
          headers=1, facts=_Facts(1600, 2400, "5000.00"),
          rejects=[(1602, "column")], notes="no value is dropped"),
    taken("extra-column-nameless", "a column without a name in the header line, with values",
          with_extra("", ["1", "2", "3", "4"]), headers=1, says="column"),
)  # fmt: skip

LINES = (
    taken("ragged-lines", "one line too short and one too long among ten",
          lambda branch: text([*day(branch), *day(branch), ["26/08/2021 10:00", branch],
                               [*day(branch)[0], "more"]]),
          facts=_Facts(8, 12, "25.00"),
          rejects=[(9, "2 columns where 7 are expected"), (10, "8 columns where 7 are expected")]),
    set_aside("mostly-ragged", "more malformed lines than the feed allows",
              with_lines((0, "a,b"), (2, "c,d,e"), (4, "f")), "3 of 7 lines cannot be split"),
    taken("nul-in-a-line", "a NUL character in a name", with_cells(2, customer="Bo\0Ek"),
          facts=_WITHOUT[2], rejects=[(2, "NUL")]),
    taken("nuls-at-the-end", "a block of NUL characters after the last line, as after a crash",
          written(after="\0" * 4096), says="no line end", rejects=[(5, "NUL")]),
    taken("huge-line", "a line of 50 MB", one_huge_line,
          rejects=[(2, "the line is longer than")]),
    taken("comment-line", "a line of comment at the top",
          with_lines((0, "# exported 26/08/2021 21:00")), rejects=[(1, "1 columns where 7")]),
    taken("footer", "a blank line and a count of the rows at the end, as databases print it",
          with_lines((4, "(4 rows affected)"), (4, "")), rejects=[(6, "1 columns where 7")]),
    taken("total-line", "a line with the total at the end", with_lines((4, "TOTAL,,,,12.50")),
          rejects=[(5, "5 columns where 7")]),
    taken("total-row", "a line with the total at the end, with all its columns",
          with_lines((4, "TOTAL,,,,12.50,,")), refused=["timestamp_unreadable, basket_unreadable"]),
    taken("duplicate-lines", "identical lines",
          lambda branch: text([*day(branch), day(branch)[0], day(branch)[0]]),
          facts=_Facts(6, 10, "21.00"), notes="two sales may be equal"),
    taken("cells-missing", "no branch, no customer and no way of payment in a line",
          with_cells(3, branch="", customer=" ", payment=""), flags=["payment_method_unknown"],
          notes="the branch comes from the file's name"),
    taken("empty-basket", "a line without a basket", with_cells(2, basket=""),
          facts=_WITHOUT[2], refused=["basket_unreadable"]),
    taken("empty-total", "a line without a total", with_cells(4, total=""),
          facts=_WITHOUT[4], refused=["total_unreadable"]),
)  # fmt: skip

CARD_NUMBERS = (
    taken("card-as-float", "card numbers that a spreadsheet turned into 5.49E+15",
          every(card=lambda cell: cell and "5.49E+15"), flags=["card_unreadable"] * 2,
          raw={"card_token": [None] * 4, "card_unreadable": [None, "#.##E+##", None, "#.##E+##"]}),
    taken("card-with-gaps", "card numbers in groups of four", lambda branch: text(changed(changed(
          day(branch), 2, card=" ".join(CARDS[4][n:n + 4] for n in (0, 4, 8, 12))),
          4, card="-".join(CARDS[5][n:n + 4] for n in (0, 4, 8, 12)))),
          raw={"card_last4": [None, CARDS[4][-4:], None, CARDS[5][-4:]]}),
    taken("card-with-signs", "card numbers behind an apostrophe, and with decimals",
          lambda branch: text(changed(changed(day(branch), 2, card=f"'{CARDS[6]}"),
                                      4, card=f"{CARDS[7]}.00")),
          raw={"card_last4": [None, CARDS[6][-4:], None, CARDS[7][-4:]]}),
    taken("card-as-formula", 'a card number as a spreadsheet\'s ="..."',
          lambda branch: text(day(branch)).replace(CARDS[0], f'="{CARDS[8]}"'),
          raw={"card_last4": [None, CARDS[8][-4:], None, CARDS[1][-4:]]}),
    taken("card-too-short", "a card number of which only the end is left",
          with_cells(2, card="1234"), flags=["card_unreadable"]),
    taken("card-in-the-name", "card numbers in the customer's column, one with a right check digit",
          lambda branch: text(changed(changed(day(branch), 2, customer=f"Bo {CARDS[10]}"),
                                      4, customer=f"{CARDS[11]}")),
          raw={"customer_name": ["Ann Lee", f"Bo ****{CARDS[10][-4:]}", "Cy Fox",
                                 f"****{CARDS[11][-4:]}"]}),
    taken("card-in-the-basket", "a card number of 19 digits in a product's name",
          with_cells(2, basket=f"Gift for {CARDS[38]} - 1.70")),
    taken("card-as-payment", "a card number where the way of payment belongs",
          with_cells(2, payment=CARDS[12], card=""), flags=["payment_method_unknown"]),
    taken("card-as-total", "a card number where the total belongs", with_cells(2, total=CARDS[14]),
          facts=_WITHOUT[2], refused=["total_unreadable"]),
    taken("card-in-a-refused-line", "card numbers in malformed lines",
          with_lines((4, f"x,{CARDS[16]},{CARDS[36]} and {CARDS[17]}")),
          rejects=[(5, "3 columns where 7")]),
    taken("barcode-in-the-basket", "a barcode in a product's name",
          with_cells(2, basket="Beans 2012345678903 - 1.70")),
    taken("cash-with-card", "a card number beside a payment in cash",
          with_cells(1, card=CARDS[18]), raw={"card_last4": [
              CARDS[18][-4:], CARDS[0][-4:], None, CARDS[1][-4:]]}),
)  # fmt: skip

MONTHS_FIRST = "branch_pos/{name}_05-09-2023_09-00-00.csv"


def _dates(form: str) -> Make:
    """The ordinary day with its dates in another form, made of {d}, {m}, {y} and {t} or {h}."""
    return every(at=lambda cell: form.format(d=26, m="08", y=2021, t=cell[11:], h=cell[12:]))


def _at(*times: str) -> Make:
    """The ordinary day with these times of its receipts."""
    return lambda branch: text(
        [[when, *row[1:]] for when, row in zip(times, day(branch), strict=True)]
    )


TIMES = (
    taken("dates-short", "dates and times without leading zeros: 9/5/2023 9:00",
          every(at=lambda cell: f"9/5/2023 {cell[12:]}"),
          path="branch_pos/{name}_09-05-2023_09-00-00.csv"),
    taken("dates-month-first", "the month first, as the date in the file's name shows: 9/5/2023",
          every(at=lambda cell: f"9/5/2023 {cell[12:]}"), path=MONTHS_FIRST),
    taken("dates-month-first-after-midnight", "the month first, and a receipt of the night after",
          _at("9/5/2023 9:00", "9/5/2023 18:05", "09/05/2023 23:59", "9/6/2023 0:20"),
          path=MONTHS_FIRST, flags=["date_differs_from_file_name"]),
    taken("dates-in-both-orders", "the day first in two lines, the month first in two others",
          _at("05/09/2023 09:00", "05/09/2023 09:01", "09/05/2023 09:01", "09/05/2023 09:05"),
          path=MONTHS_FIRST, facts=_NOTHING, refused=["date_order_unclear"] * 4,
          notes="one program wrote the file, and its order is unclear"),
    taken("dates-in-mixed-order", "the month first in one line among others with the day first",
          _at("05/09/2023 09:00", "05/09/2023 09:01", "09/05/2023 09:01", "05/09/2023 09:05"),
          path=MONTHS_FIRST, facts=_WITHOUT[3], refused=["date_order_unclear"]),
    taken("dates-iso", "dates as 2021-08-26T09:00:30", _dates("{y}-{m}-{d}T{t}:30")),
    taken("dates-with-offset", "moments in UTC or with an offset, as programs write them",
          _at("2021-08-26T08:00:00Z", "2021-08-26T09:01:00.123+01:00", "2021-08-26 10:01:00+0200",
              "2021-08-25T23:30:00Z"), notes="they count in the branch's local time"),
    taken("dates-in-words", "dates with the month's name, and other unambiguous dates",
          _at("26-Aug-2021 09:00", "Aug 26, 2021 9:01 AM", "26/08/2021, 09.01", "20210826 0905")),
    taken("dates-points", "dates as 26.08.2021 09:00:30", _dates("{d}.{m}.{y} {t}:30")),
    taken("dates-am-pm", "the month first and AM behind: 8/26/2021 9:00 AM",
          _dates("8/{d}/{y} {h} AM")),
    taken("dates-two-digit-years", "years of two digits that fit the date in the file's name",
          _dates("{d}/{m}/21 {t}")),
    taken("date-without-time", "a date without its time", with_cells(2, at="26/08/2021"),
          facts=_WITHOUT[2], refused=["time_missing"]),
    taken("date-and-time-apart", "date and time in two columns, as a header names them",
          lambda branch: text([
              ["Card", "Time", "Date", *HEADER[1:6]],
              *([row[6], row[0][11:], row[0][:10], *row[1:6]] for row in day(branch))]),
          headers=1),
    taken("date-as-number", "a date as a spreadsheet counts it: 44434.375",
          with_cells(2, at="44434.375"), facts=_WITHOUT[2], refused=["timestamp_unreadable"]),
    taken("dates-that-are-none", "30 February, 25 o'clock, and words that databases read as dates",
          lambda branch: text([[when, *row[1:]] for when, row in zip(
              ("30/02/2021 09:00", "26/08/2021 25:00", "now", "infinity"), day(branch),
              strict=True)]),
          facts=_NOTHING, refused=["timestamp_unreadable"] * 4),
    taken("dates-out-of-range", "years outside the calendar",
          lambda branch: text(changed(changed(day(branch), 1, at="26/08/1899 09:00"),
                                      3, at="26/08/9999 09:00")),
          facts=_Facts(2, 2, "3.20"), refused=["date_out_of_range"] * 2),
    taken("dates-to-come", "a day after the load of the file",
          every(at=lambda cell: f"26/08/2048{cell[10:]}"),
          path="branch_pos/{name}_26-08-2048_09-00-00.csv", flags=["dated_after_delivery"] * 4),
    taken("midnight-as-24", "midnight as 24:00", with_cells(4, at="26/08/2021 24:00"),
          flags=["date_differs_from_file_name"], notes="it is the first minute of the next day"),
    taken("clocks-go-forward", "an hour that the change to summer time skips",
          every(at=lambda cell: f"28/03/2021 01:{cell[14:]}"),
          path="branch_pos/{name}_28-03-2021_09-00-00.csv"),
    taken("clocks-go-back", "an hour that occurs twice at the end of summer time",
          every(at=lambda cell: f"31/10/2021 01:{cell[14:]}"),
          path="branch_pos/{name}_31-10-2021_09-00-00.csv"),
)  # fmt: skip


def _priced(price: str, total: str) -> Make:
    return with_cells(2, basket=f"Catering - {price}", total=total)


MONEY = (
    taken("decimal-commas", "commas in prices and totals, in quotes", every(**EUROPEAN)),
    taken("currency-signs", "signs before the amounts", _priced("\u00a31.70", "\u00a3 1.70")),
    taken("currency-signs-behind", "symbols after the amounts",
          _priced("1,70\u00a3", "1,70 \u00a3")),
    taken("currency-codes", "codes beside the amounts", _priced("GBP 1.70", "1.70 GBP")),
    taken("currency-of-elsewhere", "the sign of another currency than the branch's",
          _priced("\u20ac1.70", "\u20ac1.70"), facts=_WITHOUT[2],
          refused=["currency_differs_from_branch"]),
    taken("currency-of-elsewhere-in-a-price", "another currency in one price of a basket",
          with_cells(1, basket="Large Latte - 2.45, Scone - 1.80 USD"), facts=_WITHOUT[1],
          refused=["currency_differs_from_branch"]),
    taken("amounts-without-doubt", "a minus behind, a blank between thousands, half an amount",
          lambda branch: text(changed(changed(changed(
              day(branch), 1, basket="Urn - 1 234.50", total="1'234.50"),
              2, basket="Regular Tea - 1.70-", total="(1.70)"),
              4, basket="Tea - .50", total="+0.5")),
          facts=_Facts(4, 5, "1238.35"), flags=["total_not_positive"]),
    taken("cash-rounded", "a cash total rounded to the smallest coin, in a branch that has euros",
          with_cells(1, branch="Dublin Docklands", basket="Large Latte - 2.48, Scone - 1.79"),
          flags=["cash_rounded, branch_differs_from_file_name"],
          notes="the first item carries the difference"),
    taken("thousands", "1,234.50 with both separators, which is unambiguous",
          _priced("1,234.50", "1,234.50"), facts=_Facts(4, 6, "1245.30")),
    taken("thousands-points", "1.234,50 with both separators, which is unambiguous",
          _priced("1.234,50", "1.234,50"), facts=_Facts(4, 6, "1245.30")),
    taken("thousands-in-doubt", "1,234, which is ambiguous", _priced("1,234", "1,234"),
          facts=_WITHOUT[2], refused=["basket_unreadable, total_unreadable"]),
    taken("float-total", "a total summed in floating point",
          with_cells(1, total="4.2500000000000004")),
    taken("basket-differs", "a basket that does not add up to its total",
          with_cells(3, total="5.06"), facts=_WITHOUT[3], refused=["basket_differs_from_total"]),
    taken("negative-total", "a refund: a negative price and total",
          with_cells(2, basket="Regular Tea - -1.70", total="-1.70"),
          facts=_Facts(4, 6, "9.10"), flags=["total_not_positive"]),
    taken("zero-total", "a gift: a total of zero",
          with_cells(2, basket="Regular Tea - 0", total="0.00"),
          facts=_Facts(4, 6, "10.80"), flags=["total_not_positive"]),
    taken("no-amounts", "totals that are not amounts: NaN, 1e2, 170p, four pounds",
          lambda branch: text([[*row[:4], total, *row[5:]] for total, row in zip(
              ("NaN", "1e2", "170p", "four pounds"), day(branch), strict=True)]),
          facts=_NOTHING, refused=["total_unreadable"] * 4),
    taken("huge-total", "a total of more than a thousand million",
          _priced("10000000000", "10000000000"), facts=_WITHOUT[2],
          refused=["basket_unreadable, total_unreadable"]),
    taken("formulas", "formulas instead of values",
          lambda branch: text(changed(changed(day(branch), 2, total="=1+1"),
                                      3, customer="=HYPERLINK(\"http://x\")")),
          facts=_WITHOUT[2], refused=["total_unreadable"],
          notes="formulas are not evaluated"),
    taken("odd-payments", "ways of payment in small letters and unknown ones",
          lambda branch: text(changed(changed(day(branch), 1, payment=" cash "),
                                      3, payment="Voucher")), flags=["payment_method_unknown"]),
)  # fmt: skip

TEXTS = (
    taken("commas-in-names", "a comma in a product's name",
          with_cells(2, basket="Tea, green - 1.70"), facts=_WITHOUT[2],
          refused=["basket_unreadable"], notes="a comma ends an item"),
    taken("hyphens-in-names", "hyphens in product and branch names",
          with_cells(2, basket="Tea - the - green-ish - 1.70")),
    taken("item-without-name", "a price without an item", with_cells(2, basket=" - 1.70"),
          facts=_WITHOUT[2], refused=["basket_unreadable"]),
    taken("items-by-the-thousand", "a basket of 2,000 items",
          with_cells(2, basket=", ".join(["Tea - 1.70"] * 2000), total="3400.00"),
          facts=_Facts(4, 2005, "3410.80")),
    taken("emoji", "emoji, combining characters, and bidirectional characters",
          with_cells(2, customer="\U0001f469\u200d\U0001f373 Ze\u0301 \u202eek\u202c",
                     basket="\u2615 Caf\u00e9 \U0001f370 - 1.70"),
          raw={"customer_name": ["Ann Lee", "\U0001f469\u200d\U0001f373 Ze\u0301 \u202eek\u202c",
                                 "Cy Fox", "Di Orr"]}),
    taken("hard-spaces", "spaces that do not break, in the amounts, dates and names",
          lambda branch: text(changed(day(branch), 2, at="26/08/2021\u00a009:01",
                                      customer="Bo\u00a0Ek\u00a0", basket="Regular Tea -\u00a01.70",
                                      total="\u00a01.70\u202f", payment="CARD\u00a0"))),
    taken("other-digits", "digits of another script",
          with_cells(2, total="\u0661.\u0667\u0660", at="\u0662\u0666/08/2021 09:01"),
          facts=_WITHOUT[2], refused=["timestamp_unreadable, total_unreadable"]),
    taken("long-name", "a customer's name of 100,000 letters",
          with_cells(2, customer=letters(100_000))),
    taken("long-product", "a product's name of 10,000 letters",
          with_cells(2, basket=f"{letters(10_000)} - 1.70")),
    taken("long-branch", "a branch's name of 10,000 letters", with_cells(2, branch=letters(10_000)),
          flags=["branch_differs_from_file_name"]),
    taken("sql-in-values", "SQL in the values", with_cells(
          2, customer=f"Robert{SQL}", basket=f"Tea{SQL} - 1.70", payment="CARD"),
          raw={"customer_name": ["Ann Lee", f"Robert{SQL}", "Cy Fox", "Di Orr"]}),
    taken("sql-in-branch", "SQL in the branch's name", with_cells(2, branch=f"Leeds{SQL}"),
          flags=["branch_differs_from_file_name"]),
    taken("nothing-spelled-out", "NULL, \\N and #N/A in the cells of branch, customer and card",
          lambda branch: text(changed(changed(
              day(branch), 1, branch="NULL", customer="NULL", card="NULL"),
              3, branch="#N/A", customer="\\N", card="#N/A")),
          notes="they are empty cells"),
    taken("letters-of-two-signs", "a branch and a customer with accents as separate characters",
          with_cells(2, branch="letters\u200b-of-two-signs", customer="Zoe\u0301")),
    taken("backslashes", "values that a careless copy would read as NULL or as line endings",
          with_cells(2, customer="\\N", basket="Tea\\n\\t\\. - 1.70", branch=""),
          raw={"customer_name": ["Ann Lee", "\\N", "Cy Fox", "Di Orr"]}),
    taken("jinja", "template code", with_cells(
          2, customer="{{ 1/0 }} {% raw %}", basket="{# Tea #} ${HOME} %s - 1.70")),
)  # fmt: skip

FILE_NAMES = (
    taken("other-branch-in-rows", "a file name that names another branch than its rows",
          lambda branch: text(day(f"{branch} of old")),
          flags=["branch_differs_from_file_name"] * 4),
    taken("other-date-in-rows", "a file name that names another date than its rows",
          written(date="25/08/2021"), flags=["date_differs_from_file_name"] * 4),
    set_aside("no-date-in-name", "a file name without a date", ordinary, "rename the file",
              path="branch_pos/{name}.csv"),
    set_aside("no-such-date-in-name", "a date in the file name that does not exist", ordinary,
              "'31-02-2021' in the file's name is not a date",
              path="branch_pos/{name}_31-02-2021_09-00-00.csv"),
    taken("capitals-in-name", "a file name in capitals, in folders below", ordinary,
          path="branch_pos/2021/O'Brien's (old)/CAPITALS-IN-NAME_26-08-2021_09-00-00.CSV"),
    set_aside("sql-in-file-name", "SQL in the file name", ordinary, "rename the file",
              path=f"branch_pos/{{name}}{SQL}_26-08-2021_09-00-00.csv"),
    set_aside("control-signs-in-file-name", "line endings and terminal codes in the file name",
              ordinary, "rename the file",
              path="branch_pos/{name}\x1b[2J\r\n\t_26-08-2021_09-00-00.csv"),
    set_aside("dots-in-file-name", "a file name that looks like a path upwards", ordinary,
              "rename the file", path="branch_pos/{name}..%2f..%2fup_26-08-2021_09-00-00.csv"),
    several("same-file-twice", "the same file under two names",
            at(DAY_FILE, ordinary),
            at("branch_pos/late/{name}_26-08-2021_09-00-00 (1).csv", ordinary, "duplicate",
               "the same content as")),
    several("corrected-day", "a day that is sent again with a correction",
            at(DAY_FILE, with_cells(1, total="9.99"), "superseded"),
            at("branch_pos/{name}_26-08-2021_19-00-00.csv", ordinary),
            notes="the newer file counts"),
    several("sent-whole-again", "a file cut short, and sent again whole under the same day",
            at(DAY_FILE, cut(ordinary, -40), "superseded", "may be cut short"),
            at("branch_pos/{name}_26-08-2021_09-00-00 (1).csv", ordinary)),
    several("two-tills", "two tills that send the same branch and day", at(DAY_FILE, ordinary),
            at("branch_pos/{name}_26-08-2021_19-00-00.csv",
               every(customer=lambda cell: f"{cell} 2"), "quarantined", "none of its 4 rows"),
            notes="the older file stays current"),
    several("two-tills-named", "two tills that are named in the file names",
            at("branch_pos/{name}_till-1_26-08-2021_09-00-00.csv", ordinary),
            at("branch_pos/{name} Till 2_26-08-2021_09-02-00.csv",
               every(customer=lambda cell: f"{cell} 2")),
            facts=_Facts(8, 12, "25.00")),
    several("copy-of-a-day", "a correction that the desktop named as a copy",
            at(DAY_FILE, with_cells(1, total="9.99"), "superseded"),
            at("branch_pos/Copy of {name}_26-08-2021_19-00-00.csv", ordinary)),
    several("day-repeated", "a day that the file of the next day repeats",
            at(DAY_FILE, ordinary),
            at("branch_pos/{name}_27-08-2021_09-00-00.csv",
               lambda branch: text([*day(branch), *day(branch, "27/08/2021")])),
            facts=_Facts(8, 12, "25.00"), refused=["counted_in_another_file"] * 4),
    several("bad-correction", "a correction that is not a CSV", at(DAY_FILE, ordinary),
            at("branch_pos/{name}_26-08-2021_19-00-00.csv",
               lambda _: b"\x89PNG\r\n\x1a\n" + bytes(99), "quarantined", "a PNG picture"),
            notes="the older file stays current"),
    several("still-being-sent", "a file with the name of an unfinished upload",
            at(DAY_FILE + ".part", ordinary, "postponed",
               "its name says that it is still being written"), facts=_NOTHING),
    several("of-no-feed", "a file of another kind beside the others",
            at("branch_pos/{name}.txt", ordinary, "unclaimed"), facts=_NOTHING),
)  # fmt: skip

NO_CSV = (
    set_aside("empty", "an empty file", lambda _: b"", "the file is empty"),
    set_aside("only-a-mark", "a byte order mark and nothing else", lambda _: UTF8_MARK,
              "the file is empty"),
    set_aside("only-blanks", "blank lines and spaces", lambda _: " \n\r\n\t\n\n",
              "the file is empty"),
    set_aside("only-delimiters", "lines of delimiters, as an empty table leaves them",
              lambda _: ",,,,,,\n" * 9, "the file is empty"),
    set_aside("only-nuls", "NUL characters, as after a crash",
              lambda _: bytes(5000), "binary data"),
    set_aside("png", "a picture (PNG)", lambda _: b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 9,
              "a PNG picture"),
    set_aside("pdf", "a PDF document cut short",
              lambda _: b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n" + bytes(99),
              "the PDF document is cut short"),
    set_aside("xlsx", "a broken workbook (XLSX)",
              zipped({"[Content_Types].xml": lambda _: "x", "xl/workbook.xml": lambda _: "x"}),
              "the workbook is broken"),
    set_aside("docx", "a text document (DOCX)",
              zipped({"[Content_Types].xml": lambda _: "x", "word/document.xml": lambda _: "x"}),
              "not a whole workbook"),
    set_aside("xls", "an old spreadsheet workbook (XLS)",
              lambda _: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(999), "an old Excel"),
    set_aside("html", "a log-in page",
              lambda _: "\n<!DOCTYPE html>\n<html><body>Log in</body></html>\n", "web page"),
    set_aside("json", "an error message of a web service",
              lambda _: '{"error": "unauthorized", "code": 401}\n', "no list of records"),
    set_aside("random-bytes", "random bytes",
              lambda _: bytes((place * place * 7919 >> 7) % 256 for place in range(9000)), ""),
)  # fmt: skip

GZ = DAY_FILE + ".gz"
ZIP = DAY_FILE + ".zip"
ARCHIVES = (
    taken("gzip", "a day compressed with gzip", gzipped(ordinary), path=GZ),
    taken("gzip-two-parts", "two concatenated gzip parts",
          lambda branch: gzipped(lambda b: text(day(b)[:2]))(branch)  # type: ignore[operator]
          + gzipped(lambda b: text(day(b)[2:]))(branch), path=GZ),
    taken("gzip-without-name", "a compressed file whose name does not say so", gzipped(ordinary)),
    taken("zip-without-name", "an archive whose name does not say so",
          zipped({"day.csv": ordinary})),
    taken("zip", "a ZIP archive with the day's CSV in it", zipped({"day.csv": ordinary}), path=ZIP),
    taken("zip-short-name", "a ZIP archive whose name has no .csv before .zip",
          zipped({"day.csv": written("utf-16", delimiter=";", end="\r\n")}),
          path="branch_pos/{name}_26-08-2021_09-00-00.zip"),
    taken("zip-way-up", "a ZIP archive whose member has a path to another folder",
          zipped({"../../../tmp/day.csv": ordinary}), path=ZIP),
    taken("zip-of-a-mac", "a ZIP archive with the hidden files that a Mac adds",
          zipped({"day.csv": ordinary, "__MACOSX/._day.csv": lambda _: b"\0\5\26\7"}), path=ZIP),
    set_aside("gzip-cut", "a gzip archive cut short", cut(gzipped(ordinary), -30), "cut short",
              path=GZ),
    set_aside("gzip-not", "a CSV called .gz", ordinary, "named .gz but is not a gzip", path=GZ),
    set_aside("gzip-empty", "a gzip archive of an empty file", gzipped(lambda _: b""),
              "the file is empty", path=GZ),
    set_aside("zip-cut", "a ZIP archive cut short", cut(zipped({"day.csv": ordinary}), -30),
              "the archive is", path=ZIP),
    set_aside("zip-empty", "a ZIP archive with nothing in it", zipped({}),
              "the archive holds no file", path=ZIP),
    set_aside("zip-of-two", "a ZIP archive with two CSVs in it",
              zipped({"day.csv": ordinary, "other.csv": as_semicolons}), "2 CSV files", path=ZIP),
    set_aside("zip-encrypted", "a ZIP archive with a password",
              zipped({"day.csv": ordinary}, encrypted=True), "password", path=ZIP),
)  # fmt: skip

OTHER_FORMATS = (
    taken("json-lines", "JSON, a record per line, one line of it broken",
          lambda branch: as_json(day(branch)[:2]) + '{"timestamp": "26/08/2\n'
          + as_json(day(branch)[2:]),
          rejects=[(3, "the line is not a JSON record")]),
    set_aside("json-cut", "a JSON document cut short",
              lambda branch: f"[{as_json(day(branch)[:1])}", "ends in the middle"),
    set_aside("json-two-lists", "a JSON document with two lists of records",
              lambda _: '{"sales": [{"total": 1}], "returns": [{"total": 1}]}',
              "several lists of records (sales, returns)"),
)  # fmt: skip

ITEMS, READINGS = "corpus_items", "corpus_readings"
OWN_FEEDS = (
    of_feed("optional-column-missing", "a header without a column that is not required", ITEMS,
            "invoice;item;ean\nR-1;Tea;2012345678901\nR-1;Scone;\n", rows=2, headers=1,
            raw={"note": [None, None]}),
    of_feed("required-header-missing", "no header where the feed requires one", ITEMS,
            "R-1,Tea,2012345678901,\n", says="no header line found"),
    of_feed("required-column-missing", "a header without a required column", ITEMS,
            "invoice,item\nR-1,Tea\n", says="lacks the column barcode"),
    of_feed("barcodes", "long numbers in a column that declares them, and elsewhere", ITEMS,
            f"invoice,item,ean\nR-1,Tea,2012345678901\nR-2,Gift {CARDS[20]},2012345678902\n"
            "R-3,Tea 2012345678903,\n", rows=3, headers=1,
            raw={"barcode": ["2012345678901", "2012345678902", None],
                 "item": ["Tea", f"Gift ****{CARDS[20][-4:]}", "Tea 2012345678903"]}),
    of_feed("no-broken-line-allowed", "a malformed line in a feed that allows none", ITEMS,
            "invoice,item,ean\n" + "R-1,Tea,\n" * 99 + "R-2\n", says="cannot be split"),
    of_feed("header-where-none-may-be", "a header line in a feed without header lines", READINGS,
            "meter,reading\nm1,7\n", rows=2, raw={"meter": ["meter", "m1"]}),
)  # fmt: skip

SECTIONS: dict[str, tuple[Case, ...]] = {
    "Encodings": ENCODINGS,
    "Line endings": LINE_ENDS,
    "Delimiters and quotes": DELIMITERS,
    "Headers and columns": HEADERS,
    "Lines": LINES,
    "Card numbers": CARD_NUMBERS,
    "Dates and times": TIMES,
    "Money": MONEY,
    "Texts": TEXTS,
    "File names and versions": FILE_NAMES,
    "Not a CSV": NO_CSV,
    "Archives": ARCHIVES,
    "Other formats": OTHER_FORMATS,
    "Other feeds": OWN_FEEDS,
}
"""The corpus, by kind of damage."""

CASES: tuple[Case, ...] = tuple(case for cases in SECTIONS.values() for case in cases)
