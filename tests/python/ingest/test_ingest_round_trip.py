"""Any table of texts, written as CSV in any dialect, survives a round trip."""

from __future__ import annotations

import gzip
import io
import itertools
import re
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from unittest import mock

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from ingest_helpers import TOKEN_KEY, Inbox

from ingest.cards import CardTokens
from ingest.cards.issuers import passes_luhn
from ingest.contract.feeds import FeedContract
from ingest.formats import csv_records as records_module
from ingest.formats import text as text_module
from ingest.formats.csv_dialect import Dialect
from ingest.formats.csv_records import RecordReader
from ingest.formats.text import TextReader
from ingest.report import LoadReport

Load = Callable[..., LoadReport]
Query = Callable[..., list[tuple[Any, ...]]]

NAMES = ("first_text", "second_text", "third_text")
ALIASES = ("Eins", "zwei (2)", "TROIS")
FEED = """\
feeds:
  headed_texts:
    source: headed
    table: headed_texts
    description: Texts under a header.
    files: headed/*.csv
    header: required
    columns: &columns
      - {name: first_text, aliases: [eins], protect: none}
      - {name: second_text, aliases: [zwei_2], protect: none}
      - {name: third_text, aliases: [trois], protect: none}
  bare_texts:
    source: bare
    table: bare_texts
    description: Texts without a header.
    files: bare/*.csv
    header: none
    columns: *columns
"""

SIGNS = st.one_of(
    st.characters(exclude_characters="\0", exclude_categories=["Cs"]),
    st.sampled_from("\",;|\t\n\r\\'NnrtxX .0123456789\u00e9\ufeff\u2028\u0085\x0b\x0c\x1a"),
)
CELLS = st.text(SIGNS, max_size=12) | st.sampled_from(
    ["\\N", "\\.", "NULL", '"', '""', "\r\n", "="]
)
ROWS = st.lists(st.tuples(CELLS, CELLS, CELLS).filter(any), min_size=1, max_size=12)

FEW = settings(
    deadline=None,
    # Each example is a load: shrinking a failing one would take minutes.
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@dataclass(frozen=True)
class Style:
    """The format of a file."""

    encoding: str
    end: str
    delimiter: str
    quote_all: bool
    header: tuple[str, ...] | None
    order: tuple[int, ...]
    packed: str
    last_end: bool

    def write(self, rows: Sequence[Sequence[str]]) -> bytes:
        """The table as the bytes of a file."""
        lines = [] if self.header is None else [self.header]
        text = "".join(
            self.delimiter.join(self._cell(row[place]) for place in self.order) + self.end
            for row in (*lines, *rows)
        )
        content = (text if self.last_end else text.removesuffix(self.end)).encode(self.encoding)
        if self.packed == ".gz":
            return gzip.compress(content, mtime=0)
        if self.packed == ".zip":
            target = io.BytesIO()
            with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
                archive.writestr(zipfile.ZipInfo("texts.csv"), content)
            return target.getvalue()
        return content

    def _cell(self, cell: str) -> str:
        if self.quote_all or any(sign in cell for sign in f'"\r\n{self.delimiter}'):
            return '"' + cell.replace('"', '""') + '"'
        return cell


@st.composite
def styles(draw: Callable[..., Any]) -> Style:
    """Every dialect that branches' software and spreadsheets write."""
    header = draw(st.sampled_from([NAMES, ALIASES, None]))
    order = (0, 1, 2) if header is None else tuple(draw(st.permutations(range(3))))
    return Style(
        encoding=draw(
            st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-be", "utf-16-le", "cp1252"])
        ),
        end=draw(st.sampled_from(["\n", "\r\n", "\r"])),
        delimiter=draw(st.sampled_from([",", ";", "\t", "|"])),
        quote_all=draw(st.booleans()),
        header=header,
        order=order,
        packed=draw(st.sampled_from(["", ".gz", ".zip"])),
        last_end=draw(st.booleans()),
    )


def plain_enough(style: Style, rows: list[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """The rows without what is ambiguous in a file of this style."""
    drop: dict[int, str | None] = {}
    if style.encoding in ("utf-16-be", "utf-16-le"):
        # Without a mark, only the zeros of western letters identify the encoding.
        rows = [tuple(cell.encode("ascii", "replace").decode() for cell in row) for row in rows]
    if style.encoding == "cp1252":
        # Only where the bytes could not be UTF-8 by chance, as those of real names cannot.
        rows = [
            tuple(cell.encode("ascii", "replace").decode() + "\u00e9" for cell in row)
            for row in rows
        ]
    signs = "".join(itertools.chain.from_iterable(rows))
    if sum(sign < " " and sign not in "\t\n\r" for sign in signs) > len(signs) // 30:
        # Mostly control characters: that is binary data.
        drop |= dict.fromkeys([*range(9), 11, 12, *range(14, 32), 127])
    if style.header is None:
        # The delimiter is unknown, and a mark at the start belongs to the encoding.
        drop |= {ord(sign): None for sign in ",;|\t\ufeff" if sign != style.delimiter}
    rows = [tuple(cell.translate(drop) for cell in row) for row in rows]
    return [row for row in rows if any(row)] or [("x\u00e9", "y\u00e9", "z\u00e9")]


@settings(FEW, max_examples=25)
@given(files=st.lists(st.tuples(styles(), ROWS), min_size=1, max_size=8))
def test_a_table_survives_a_round_trip(
    inbox: Inbox,
    run_load: Load,
    query: Query,
    feed_file: Callable[[str], FeedContract],
    files: list[tuple[Style, list[tuple[str, str, str]]]],
) -> None:
    expected: dict[str, list[tuple[Any, ...]]] = {}
    for old in inbox.folder.glob("*/*"):
        old.unlink()
    for place, (style, rows) in enumerate(files):
        written = plain_enough(style, rows)
        feed = "bare" if style.header is None else "headed"
        path = f"{feed}/{place}.csv{style.packed}"
        inbox.drop(path, style.write(written))
        line = 1 if style.header is None else 2
        expected[path] = []
        for row in written:
            expected[path].append((line, *(cell or None for cell in row)))
            line += len(re.findall("\r\n|\r|\n", style.delimiter.join(row)))
            line += 1
    query("drop schema if exists raw cascade")
    report = run_load(feeds=feed_file(FEED))
    assert {file.path: file.status for file in report.files} == dict.fromkeys(expected, "loaded")
    assert report.rejected == 0
    found: dict[str, list[tuple[Any, ...]]] = {}
    for path, *row in query(
        "select path, _line_number, first_text, second_text, third_text"
        " from (table raw.headed_texts union all table raw.bare_texts) as texts"
        " inner join raw.ingest_files on _file_id = file_id order by path, _line_number"
    ):
        found.setdefault(path, []).append(tuple(row))
    assert found == expected


# --- columns whose numbers are masked

CARD_FEED = """\
feeds:
  card_texts:
    source: card
    table: card_texts
    description: Texts, a card number and a barcode.
    files: card/*.csv
    header: required
    columns:
      - {name: note}
      - {name: barcode, protect: none}
      - {name: card_number, protect: card_number}
"""
# Fewer than 12 digits in a row: nothing that could be masked.
NOTES = st.lists(st.text("abc \u00e9,;\"'", min_size=1, max_size=5), max_size=3).map("7".join)
# A number longer than most cards may have a check number attached.
DIGITS = st.text("123456789", min_size=12, max_size=16)
# No issuer's prefix begins with one of these.
CODES = st.text("01", min_size=12, max_size=20)


@settings(FEW, max_examples=15)
@given(
    rows=st.lists(st.tuples(NOTES, CODES, DIGITS), min_size=1, max_size=15),
    style=styles(),
    gap=st.sampled_from(["", " ", "-"]),
)
def test_cards_become_tokens_and_barcodes_are_unchanged(
    inbox: Inbox,
    run_load: Load,
    query: Query,
    feed_file: Callable[[str], FeedContract],
    rows: list[tuple[str, str, str]],
    style: Style,
    gap: str,
) -> None:
    cards = CardTokens(TOKEN_KEY)
    header = ("note", "barcode", "card_number")
    written = [
        (f"{note}x\u00e9", code, gap.join(card[place : place + 4] for place in range(0, 19, 4)))
        for note, code, card in rows
    ]
    written = [(note, code, card.rstrip(" -")) for note, code, card in written]
    style = Style(
        "utf-8", style.end, style.delimiter, style.quote_all, header, style.order, "", True
    )
    inbox.drop("card/texts.csv", style.write(written))
    query("drop schema if exists raw cascade")
    run_load(feeds=feed_file(CARD_FEED))
    assert query(
        "select note, barcode, card_token, card_last4, card_unreadable from raw.card_texts"
        " order by _line_number"
    ) == [(f"{note}x\u00e9", code, cards.token(card), card[-4:], None) for note, code, card in rows]


@settings(FEW, max_examples=15)
@given(numbers=st.lists(st.tuples(DIGITS, CODES), min_size=1, max_size=15))
def test_possible_cards_are_masked_except_in_protected_columns(
    inbox: Inbox,
    run_load: Load,
    query: Query,
    feed_file: Callable[[str], FeedContract],
    numbers: list[tuple[str, str]],
) -> None:
    lines = [f"to {number} and,{code},\n" for number, code in numbers]
    inbox.drop("card/texts.csv", "note,barcode,card_number\n" + "".join(lines))
    query("drop schema if exists raw cascade")
    run_load(feeds=feed_file(CARD_FEED))
    held = query("select note, barcode from raw.card_texts order by _line_number")
    for (number, code), (note, barcode) in zip(numbers, held, strict=True):
        assert barcode == code
        if len(number) > 12 and passes_luhn(number):
            assert note == f"to ****{number[-4:]} and"
        else:
            assert note in (f"to {number} and", f"to ****{number[-4:]} and")


# --- blocks

SIGN = st.sampled_from(
    'ab"\n\r,;\t 0\0\N{LATIN SMALL LETTER E WITH ACUTE}\N{MUSICAL SYMBOL G CLEF}\\'
)
LINES = st.lists(SIGN | st.just(","), max_size=150).map("".join) | st.lists(
    st.sampled_from(
        ["a,b,c", '"a\nb",,', "\u00e9" * 12 + ",,", "x" * 30, "x" * 150, "a,b", '"', ""]
    ),
    max_size=9,
).map("\r\n".join)


def read(
    content: bytes, block: int, longest: int
) -> tuple[list[tuple[int, list[str]]], list[tuple[int, str]], str, bool]:
    """Rows and rejects by line, the hash, and whether it ends in a line end."""
    with (
        mock.patch.object(text_module, "BLOCK", block),
        mock.patch.object(text_module, "LONGEST_CARRIED", 4 * longest),
        mock.patch.object(records_module, "LONGEST_LINE", longest),
    ):
        reader = TextReader(io.BytesIO(content))
        batches = list(RecordReader(reader, Dialect(",", 3)))
        reader.drain()
    rows = [
        found for batch in batches for found in zip(batch.line_numbers, batch.rows, strict=True)
    ]
    rejects = [(reject.line_number, reject.reason) for batch in batches for reject in batch.rejects]
    return rows, rejects, reader.sha256, reader.ends_with_line_end


@settings(max_examples=150, deadline=None)
@given(
    text=LINES,
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-be", "cp1252"]),
    block=st.integers(8, 40),
    longest=st.sampled_from([20, 1 << 20]),
)
def test_the_block_size_does_not_matter(text: str, encoding: str, block: int, longest: int) -> None:
    content = text.encode(encoding, "replace")
    # The encoding is detected in the first block, which is never that small.
    guessed = text_module.guess_encoding(content[:4096])
    with mock.patch.object(text_module, "guess_encoding", return_value=guessed):
        assert read(content, block, longest) == read(content, 1 << 18, longest)
