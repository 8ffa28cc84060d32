"""Card numbers that lost digits on their way: `protect: damaged_card_number`."""

from __future__ import annotations

import hashlib
import hmac
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ingest_helpers import TOKEN_KEY

from ingest.cards import (
    CardTokens,
    Caution,
    mask_cell,
    mask_lines,
    mask_text,
    may_hold_damaged_card,
    read_damaged_card,
)
from ingest.contract.feeds import Feed
from ingest.contract.reading import load_feeds
from ingest.converting import Task, convert

FEED = """\
feeds:
  depot_cards:
    source: depot
    table: depot_cards
    description: Cards.
    files: "depot/*"
    max_rejected_share: 0.9
    columns:
      - {name: card_number, protect: PROTECT}
      - {name: expiry, required: false}
      - {name: note, required: false}
      - {name: barcode, protect: none, required: false}
"""


def token(digits: str) -> str:
    return hmac.new(TOKEN_KEY, digits.encode(), hashlib.sha256).hexdigest()


def replaced(written: str) -> tuple[str, ...]:
    (cell,) = CardTokens(TOKEN_KEY).replace_all([written.encode()], str, read_damaged_card)
    return tuple(cell.decode().split("\t"))


def feed_with(protect: str, folder: Path) -> Feed:
    path = folder / "depot.yml"
    path.write_text(FEED.replace("PROTECT", protect))
    return load_feeds(path).feeds["depot_cards"]


@pytest.fixture(scope="module")
def feed(tmp_path_factory: pytest.TempPathFactory) -> Feed:
    return feed_with("damaged_card_number", tmp_path_factory.mktemp("feeds"))


@pytest.mark.parametrize(
    ("written", "digits"),
    [
        # Neither length nor check digit decides.
        ("300607732", "300607732"),
        ("4000000000000000006", "4000000000000000006"),
        ("4929123412341234", "4929123412341234"),
        ("4111111111111111123", "4111111111111111123"),
        ("502067329974", "502067329974"),
        ("4971858637664480", "4971858637664480"),
        # Marks and zeros in front.
        ("?4971858637664481", "4971858637664481"),
        ("????3554954842403828", "3554954842403828"),
        ("0300607732961", "300607732961"),
        ("?000300607732961", "300607732961"),
        ("000012345678", "12345678"),
        # As databases, workbooks and people write numbers.
        (" 4971858637664480 ", "4971858637664480"),
        ("'4971858637664480", "4971858637664480"),
        ("300607732.0", "300607732"),
        ("4971858637664480.00", "4971858637664480"),
        ("4.46961506023930e+18", "4469615060239300000"),
        ("4.971858637664480E+15", "4971858637664480"),
        ("4971 8586 3766 4480", "4971858637664480"),
        ("4971-8586-3766-4480", "4971858637664480"),
        ("5020 6732 9", "502067329"),
        ("4971858637664480 12/27", "4971858637664480"),
        ("\N{FULLWIDTH DIGIT FOUR}971858637664480", "4971858637664480"),
    ],
)
def test_any_run_of_nine_to_nineteen_digits_is_a_card(written: str, digits: str) -> None:
    assert replaced(written) == (token(digits), digits[-4:], "")


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("30060773", "########"),
        ("1" * 20, "#" * 20),
        ("0000000000000", "#############"),
        ("BU9U947ZGV", "BU#U###ZGV"),
        ("JRPRLPIWM4A", "JRPRLPIWM#A"),
        ("123456789A", "#########A"),
        ("NULL", "NULL"),
        ("????", "????"),
        ("4.97186E+15", "#.#####E+##"),
        ("300607732.5", "#########.#"),
        ("300607732 300607733", "######### #########"),
        ("2015-11-25", "####-##-##"),
        ("", ""),
        ("  ", ""),
    ],
)
def test_what_is_not_a_number_of_a_card_is_unreadable(written: str, kept: str) -> None:
    assert replaced(written) == ("", "", kept)


@given(st.integers(10**8, 10**19 - 1), st.integers(0, 4), st.integers(0, 3))
def test_a_card_has_one_token_in_every_place(number: int, marks: int, zeros: int) -> None:
    digits = str(number)
    written = "?" * marks + ("0" * zeros if len(digits) + zeros <= 19 else "") + digits
    assert replaced(written) == (token(digits), digits[-4:], "")
    assert replaced(written.lstrip("?0")) == (token(digits), digits[-4:], "")


@given(st.from_regex(r"[1-9][0-9]{11,15}", fullmatch=True))
def test_usual_numbers_have_the_token_that_they_have_elsewhere(digits: str) -> None:
    cards = CardTokens(TOKEN_KEY)
    assert cards.replace_all([digits.encode()], str) == cards.replace_all(
        [digits.encode()], str, read_damaged_card
    )


def test_a_feed_has_the_same_three_columns(feed: Feed) -> None:
    assert feed.raw_columns()[:3] == ("card_token", "card_last4", "card_unreadable")
    assert feed.card_place == 0
    assert feed.has_damaged_cards


def test_other_columns_and_malformed_lines_hold_no_such_number(feed: Feed) -> None:
    content = (
        b"card_number,expiry,note,barcode\n"
        b"?4971858637664481,04/24,,\n"
        b"300607732,09/26,moved from 300607733 on 2015-11-25,5012345678900\n"
        b"BU9U947ZGV,NB71VBAHJE,WJVMUO4QX6,JRPRLPIWM4A\n"
        b"300607734,09/26,one,two,three\n"
        b'300607735 "?300607736",x\n'
        b"2015-11-25,9d9d9d9d-0000-4000-8000-123456789012,three,four,five\n"
    )
    made = convert(content, Task(feed, (TOKEN_KEY,), 7, "load-1"))
    assert (made.facts.rows, made.facts.rejects) == (3, 3)
    text = b"".join(part for _, part in made.copies).decode()
    assert all(f"30060773{last}" not in text for last in range(2, 7))
    assert "4971858637664481" not in text
    cells = [line.split("\t") for line in text.splitlines()]
    assert cells[0][:3] == [token("4971858637664481"), "4481", ""]
    assert cells[1][:6] == [
        token("300607732"),
        "7732",
        "",
        "09/26",
        "moved from ****7733 on 2015-11-25",
        "5012345678900",
    ]
    assert cells[2][:6] == ["", "", "BU#U###ZGV", "NB71VBAHJE", "WJVMUO4QX6", "JRPRLPIWM4A"]
    rejected = [line for line in cells if line[0] == "depot_cards"]
    assert [line[2] for line in rejected] == [
        "****7734,09/26,one,two,three",
        '****7736",x',
        "2015-11-25,9d9d9d9d-0000-4000-8000-123456789012,three,four,five",
    ]


@pytest.mark.parametrize(
    ("content", "shown"),
    [
        (b"expiry,note,card 300607732\n1,2,3\n", "card ****7732"),
        (b"card_number,expiry,card 300607732 y\n1,2,3\n", "card_7732_y"),
    ],
)
def test_no_name_in_a_header_shows_a_number(feed: Feed, content: bytes, shown: str) -> None:
    facts = convert(content, Task(feed, (TOKEN_KEY,), 7, "load-1")).facts
    assert shown in f"{facts.refused} {facts.extras}"


def test_feeds_of_whole_numbers_stay_as_they_are(tmp_path: Path) -> None:
    feed = feed_with("card_number", tmp_path)
    assert not feed.has_damaged_cards
    content = b"card_number,expiry,note,barcode\n300607732,09/26,300607733,1\n300607734,,,,,\n"
    made = convert(content, Task(feed, (TOKEN_KEY,), 7, "load-1"))
    text = b"".join(part for _, part in made.copies).decode()
    assert "\t#########\t09/26\t300607733\t" in text
    assert "300607734,,,,," in text


def test_masks_of_short_numbers() -> None:
    assert mask_text("x 300607732 y", damaged=True) == "x ****7732 y"
    assert mask_text("x 30060773 y", damaged=True) == "x 30060773 y"
    assert mask_text("card300607732x", damaged=True) == "card****7732x"
    assert mask_text("x 300607732 y") == "x 300607732 y"
    assert mask_lines(["300607732", "4111111111111111"], damaged=True) == ["****7732", "****1111"]
    assert mask_lines([], damaged=True) == []
    # In groups of four, which the column itself reads as a card.
    assert mask_text("x 5020 6732 9 y", damaged=True) == "x ****7329 y"
    assert mask_lines(["5020-6732-99"], damaged=True) == ["****3299"]
    assert mask_cell("moved from 5020 6732 997", Caution.BESIDE_CARDS, damaged=True) == (
        "moved from ****2997"
    )
    assert mask_cell("5020 6732 9971", Caution.BESIDE_CARDS, damaged=True) == "****9971"
    assert may_hold_damaged_card("5020-6732-9")
    for other in ("5020 6732", "50206 732 99", "502 067 329", "2015-11-25", "5020 6732 9"):
        assert mask_text(other) == other
    for other in ("5020 6732", "50206 732 99", "502 067 329", "2015-11-25"):
        assert mask_text(other, damaged=True) == other
    cell = "at 20210826090030, 51.123456789, 300607732"
    masked = "at 20210826090030, 51.123456789, ****7732"
    assert mask_cell(cell, Caution.BESIDE_CARDS, damaged=True) == masked
    assert mask_cell("300607732", Caution.CODES, damaged=True) == "300607732"
