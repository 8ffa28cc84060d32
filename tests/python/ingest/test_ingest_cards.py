"""Card numbers: what counts as one, and that nothing is left of it."""

from __future__ import annotations

import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from base.errors import BranchlineError
from ingest.cards import CardTokens, mask_cell, mask_text, may_hold_card, passes_luhn

KEY = b"0123456789abcdef0123456789abcdef"
DIGITS = "4929123412341234"
VALID = "4111111111111111"


def token(digits: str) -> str:
    return hmac.new(KEY, digits.encode(), hashlib.sha256).hexdigest()


@pytest.mark.parametrize(
    "written",
    [
        "4929123412341234",
        "4929 1234 1234 1234",
        "4929-1234-1234-1234",
        "?4929123412341234",
        "??4929123412341234?",
        "'4929123412341234",
        "4929123412341234.0",
        " 4929123412341234 ",
        "4929\N{NO-BREAK SPACE}1234\N{NO-BREAK SPACE}1234\N{NO-BREAK SPACE}1234",
    ],
)
def test_every_way_to_write_a_card_gives_one_token(written: str) -> None:
    assert CardTokens(KEY).replace(written) == (token(DIGITS), "1234", "")


@pytest.mark.parametrize("digits", ["1" * 12, "2" * 19])
def test_shortest_and_longest_numbers_are_cards(digits: str) -> None:
    assert CardTokens(KEY).replace(digits) == (token(digits), digits[-4:], "")


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("5.49E+15", "#.##E+##"),
        ("549000000000E+4", "############E+#"),
        ("1" * 11, "#" * 11),
        ("1" * 20, "#" * 20),
        ("n/a", "n/a"),
        ("4929123412341234.5", "################.#"),
        ("4929123412341234 exp 12/27", "################ exp ##/##"),
        ("\N{ARABIC-INDIC DIGIT FOUR}" * 16, "#" * 16),
    ],
)
def test_what_is_no_card_number_keeps_its_shape_without_digits(written: str, kept: str) -> None:
    assert CardTokens(KEY).replace(written) == ("", "", kept)


@pytest.mark.parametrize("empty", ["", "   "])
def test_empty_is_no_card(empty: str) -> None:
    assert CardTokens(KEY).replace(empty) == ("", "", "")


def test_a_short_key_is_refused() -> None:
    with pytest.raises(BranchlineError, match="15 bytes"):
        CardTokens(b"x" * 15)


@given(st.text())
def test_no_cell_leaves_twelve_digits_behind(text: str) -> None:
    for part in CardTokens(KEY).replace(text)[1:]:
        assert sum(sign.isdigit() for sign in part) <= 4


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        (f"paid with {VALID} today", "paid with ****1111 today"),
        ("4111 1111 1111 1111", "****1111"),
        ("4111-1111-1111-1111", "****1111"),
        ("4111111111111112", "4111111111111112"),
        ("12345678-1234-1234-1234-123456789012", "12345678-1234-1234-1234-123456789012"),
        ("a1b2" + VALID + "c3d4", "a1b2" + VALID + "c3d4"),
        ("no number", "no number"),
    ],
)
def test_accepted_cells_mask_what_has_a_right_check_digit(text: str, masked: str) -> None:
    assert mask_cell(text, luhn=True) == masked


def test_beside_a_card_column_any_long_number_is_masked() -> None:
    assert mask_cell("to 4111111111111112", luhn=False) == "to ****1112"


@pytest.mark.parametrize(
    "gap",
    [".", "/", "_", ":", ",", "\xa0", "\u202f", "\u2011", "\u200b", "  ", " - ", "\t", "\n"],
)
@pytest.mark.parametrize("groups", [(4, 4, 4, 4), (4, 6, 5), (4, 4, 4, 4, 3), (4, 4, 4, 1)])
def test_the_groups_of_a_card_are_masked_whatever_stands_between(
    gap: str, groups: tuple[int, ...]
) -> None:
    digits = iter("4111111111111111123")
    written = gap.join("".join(next(digits) for _ in range(size)) for size in groups)
    text = f"Ann {written}x"
    assert may_hold_card(text)
    for masked in (mask_cell(text, luhn=False), mask_text(text)):
        assert masked.startswith("Ann ****")
        assert sum(sign.isdigit() for sign in masked) == 4
    name = CardTokens(KEY).mask_path(f"leeds {written.replace('/', '-')}.csv")
    assert "4111" not in name.partition("~")[0].replace("****1111", "")


def test_digits_of_other_scripts_are_digits() -> None:
    wide = "".join(chr(0xFF10 + int(digit)) for digit in VALID)
    assert may_hold_card(f"é {wide}")
    assert mask_cell(f"é {wide}", luhn=True) == "é ****1111"
    assert mask_text(wide) == "****1111"


def test_the_check_number_on_a_cards_back_is_no_part_of_the_card() -> None:
    assert CardTokens(KEY).replace(f"{DIGITS} 123") == (token(DIGITS), "1234", "")
    assert mask_cell(f"{VALID} 123", luhn=True) == "****1111"
    assert mask_text("4111 1111 1111 1111 123") == "****1111"


def test_amounts_dates_and_times_are_no_cards() -> None:
    for text in ("26/08/2021 09:00:00", "2021-08-26 09:00", "1,234.50, 2,345.60", "12 34 56"):
        assert mask_cell(text, luhn=False) == text


def test_a_uuid_is_never_masked() -> None:
    uuid = "12345678-1234-1234-1234-123456789012"
    assert mask_cell(uuid, luhn=False) == uuid
    assert mask_cell(f"order {uuid}.", luhn=False) == f"order {uuid}."


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("1" * 11, "1" * 11),
        ("1" * 12, "****1111"),
        ("x 1234 5678 9012 3456 y", "x ****3456 y"),
        ("1" * 19 + ",2", "****1111,2"),
        ("1234567890123456" * 2, "****3456"),
    ],
)
def test_rejected_text_masks_twelve_digits_and_more(text: str, masked: str) -> None:
    assert mask_text(text) == masked


def test_masking_keeps_paths_apart_and_times_readable() -> None:
    cards = CardTokens(KEY)
    first, second = (
        cards.mask_path("a/4111111111111111.csv"),
        cards.mask_path("a/5111111111111111.csv"),
    )
    assert first != second
    assert "4111111111111111" not in first
    assert "****1111" in first
    assert cards.mask_path("sales_20210825090000.csv") == "sales_20210825090000.csv"


@given(st.text(alphabet="0123456789 -x./_\xa0\uff11", max_size=40))
def test_the_quick_look_never_misses_what_the_mask_would_find(text: str) -> None:
    if mask_cell(text, luhn=False) != text:
        assert may_hold_card(text)


def test_luhn() -> None:
    assert passes_luhn(VALID)
    assert passes_luhn("79927398713")
    assert not passes_luhn("79927398710")
