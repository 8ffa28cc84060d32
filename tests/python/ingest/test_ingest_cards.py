"""Card numbers: what counts as one, and that nothing of it remains."""

from __future__ import annotations

import csv
import hashlib
import hmac
import re
import unicodedata
from collections import Counter
from datetime import datetime

import pytest
import throwaway
from growth import assert_linear
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from base.errors import BranchlineError
from ingest.cards import (
    CardTokens,
    Caution,
    lines_may_hold_card,
    mask_cell,
    mask_lines,
    mask_text,
    may_hold_card,
)
from ingest.cards.issuers import passes_luhn

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
        "4.929123412341234E+15",
        "4929123412341234E0",
        "4,929,123,412,341,234",
        "4929.1234.1234.1234",
        "49291234  12341234",
        "4929123412341234 12/27",
        "CARD 4929123412341234 exp 12/27",
        "4929&nbsp;1234&nbsp;1234&nbsp;1234",
        "4929%201234%201234%201234",
        "4929<br/>1234<br/>1234<br/>1234",
        "4929 --- 1234 --- 1234 --- 1234",
        ";4929123412341234=27121010000012345678?",
        "%B4929123412341234^DOE/ANN^27121010000000000?",
        "4929123412341234 123",
        "\N{FULLWIDTH DIGIT FOUR}929123412341234",
        "4\N{ZERO WIDTH SPACE}929123412341234",
        "4929\N{NO-BREAK SPACE}1234\N{NO-BREAK SPACE}1234\N{NO-BREAK SPACE}1234",
    ],
)
def test_all_forms_of_a_card_give_one_token(written: str) -> None:
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
        ("4.92912341234123E+15", "#.##############E+##"),
        ("4111111111111111 5500000000000004", "################ ################"),
    ],
)
def test_text_that_is_not_a_card_is_kept_without_digits(written: str, kept: str) -> None:
    assert CardTokens(KEY).replace(written) == ("", "", kept)


@pytest.mark.parametrize("empty", ["", "   "])
def test_an_empty_cell_is_not_a_card(empty: str) -> None:
    assert CardTokens(KEY).replace(empty) == ("", "", "")


def test_a_short_key_is_refused() -> None:
    with pytest.raises(BranchlineError, match="15 bytes"):
        CardTokens(b"x" * 15)


@given(st.text())
def test_no_cell_leaves_twelve_digits_behind(text: str) -> None:
    for part in CardTokens(KEY).replace(text)[1:]:
        assert sum(sign.isdigit() for sign in part) <= 4


@pytest.mark.parametrize("behind", [" 123", "123", " 1234", "1234", "/123", "0225", " CVV 123"])
@pytest.mark.parametrize("card", [VALID, "378282246310005", "30569309025904", "6771798021000008"])
def test_text_attached_to_a_card_does_not_change_its_token(card: str, behind: str) -> None:
    wanted = (token(card), card[-4:], "")
    assert CardTokens(KEY).replace(card + behind) == wanted
    assert CardTokens(KEY).replace("0000" + card) == wanted
    assert mask_cell(card + behind, Caution.CELLS) == f"****{card[-4:]}"


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        (f"paid with {VALID} today", "paid with ****1111 today"),
        ("4111 1111 1111 1111", "****1111"),
        ("4111-1111-1111-1111", "****1111"),
        ("4111111111111112", "4111111111111112"),
        ("1234567812345670", "****5670"),
        ("12345678-1234-1234-1234-123456789012", "12345678-1234-1234-1234-123456789012"),
        ("a1b2" + VALID + "c3d4", "a1b****1111c3d4"),
        ("no number", "no number"),
        (f"Flat 4 {VALID}", "Flat 4 ****1111"),
        (f"{VALID} 12/25", "****1111 12/25"),
        (f"Tea {VALID}1225 - 1.70", "Tea ****1111 - 1.70"),
        (f"{VALID} 5500000000000004", "****1111 ****0004"),
        (f";{VALID}=25121010000012345678?", "****1111"),
        (f"x %B{VALID}^DOE/ANN^25121010000000000? y", "x ****1111 y"),
        # Rounded, but enough digits are left.
        ("4.11111111111111E+15", "****1110"),
    ],
)
def test_accepted_cells_mask_numbers_with_a_right_check_digit(text: str, masked: str) -> None:
    assert mask_cell(text, Caution.CELLS) == masked


@pytest.mark.parametrize(
    "number",
    ["4111111111111112", "4111.1111.1111.1112", "4,111,111,111,111,112", "41 11 11 11 11 11 11 12"],
)
def test_beside_a_card_column_any_long_number_is_masked(number: str) -> None:
    assert mask_cell(number, Caution.CELLS) == number
    assert mask_cell(f"to {number}", Caution.BESIDE_CARDS) == "to ****1112"


def test_a_number_that_is_too_long_for_a_card_is_masked_beside_a_card_column() -> None:
    assert mask_cell("4111111111111112" * 2, Caution.BESIDE_CARDS) == "****1112"


@pytest.mark.parametrize(
    "code",
    [
        "7425710935115",  # a barcode
        "4006381333931",  # a barcode that begins as a Visa card
        "+44 (0)161 496 0702",
        "+49 (0) 3995 267177",
        "1234567812345671",
    ],
)
def test_in_a_column_of_codes_only_certain_cards_are_masked(code: str) -> None:
    assert mask_cell(code, Caution.CODES) == code
    assert mask_cell(f"{code} or {VALID}", Caution.CODES).endswith(" or ****1111")


# Numbers that issuers and payment providers publish for tests.
PUBLISHED = [
    VALID,
    "4000000000000002",
    "4222222222222",
    "5105105105105100",
    "2223003122003222",
    "378282246310005",
    "30569309025904",
    "36227206271667",
    "6011111111111117",
    "3530111333300000",
    "6205500000000000004",
    "6759649826438453",
    "2200000000000004",
]


@st.composite
def cards(draw: st.DrawFn) -> str:
    """A number that an issuer could issue."""
    prefix, length = draw(
        st.sampled_from(
            [
                *[("4", 16), ("4", 19), ("51", 16), ("2223", 16), ("2720", 16), ("34", 15)],
                *[("37", 15), ("305", 14), ("36", 14), ("3530", 16), ("6011", 16), ("62", 19)],
                *[("6759", 16), ("65", 16), ("2200", 16), ("5018", 16), ("9792", 16)],
            ]
        )
    )
    rest = draw(st.text("0123456789", min_size=length - len(prefix) - 1, max_size=length))
    body = (prefix + rest)[: length - 1]
    return next(body + digit for digit in "0123456789" if passes_luhn(body + digit))


BETWEEN = [
    *[" ", "  ", " " * 9, "\t", "\N{NO-BREAK SPACE}", "\N{NARROW NO-BREAK SPACE}", "\N{EM SPACE}"],
    *["-", "\N{EN DASH}", " - ", "\N{NON-BREAKING HYPHEN}", ".", ",", "'", "/", ":", "_", ", "],
    *["\N{ZERO WIDTH SPACE}", "\N{WORD JOINER}", "\N{SOFT HYPHEN}", "\u202e", "\n"],
    *[" --- ", " ------ ", ".....", "***", "\x0c", "\x85", "\u2028"],
    # Escapes of other programs.
    *["&nbsp;", "&#32;", "&#xA0;", "&amp;nbsp;", " &nbsp; ", "<br>", "<br />\n", "</td><td>"],
    *["%20", "%2D", "%C2%A0", "%2520", "+", "\\n", "\\t", "\\u00a0", "\\r\\n", "=20"],
]
LETTERS = ["x", "X", "\xe9", "e\u0301", "\N{CYRILLIC SMALL LETTER HA}", "\N{HANGUL FILLER}"]


def grouped(digits: str, sizes: list[int], between: str) -> str:
    groups, place = [], 0
    for size in sizes:
        groups.append(digits[place : place + size])
        place += size
    return between.join([*filter(None, groups), *filter(None, [digits[place:]])])


def by_thousands(digits: str, between: str) -> str:
    first = len(digits) % 3
    return grouped(digits, [first, *[3] * (len(digits) // 3)], between)


@st.composite
def dressed(draw: st.DrawFn, card: str) -> str:
    """A card number in a form that people or machines write."""
    between = draw(st.sampled_from([*BETWEEN, "\x1f", *LETTERS]))
    sizes = draw(st.sampled_from([[4] * 5, [4, 6, 5], [8, 8], [5] * 4, [3] * 7, [6, 13], [2] * 10]))
    if between in LETTERS:
        sizes = draw(st.sampled_from([[4] * 5, [4, 6, 5], [8, 8]]))
    if draw(st.booleans()):
        return grouped(card, sizes, between)
    return draw(
        st.sampled_from(
            [
                card,
                by_thousands(card, draw(st.sampled_from([",", ".", "'", " ", "\u202f"]))),
                f"{card[0]}.{card[1:]}E+{len(card) - 1}",
                f"{card[0]},{card[1:]}e{len(card) - 1}",
                f"{card[0]}.{card[1:]}E+0{len(card) - 1}",
                f"{card[0]}.{card[1:]} E+{len(card) - 1}",
                f"{card[0]}.{card[1:]}D+{len(card) - 1}",
                f"{card[0]}.{card[1:]}x10^{len(card) - 1}",
                f"{card[0]}.{card[1:]} \xd7 10^{len(card) - 1}",
                f"{card[0]}.{card[1:]}*10**{len(card) - 1}",
                f"1.{card}",
                f"0000{card}",
                f"{card}.00",
                f"1225{card}",
                f"{card}1225",
                f"123{card}",
                f"{card}123",
                f"12/25 {card}",
                f"{card} 12/25 123",
                f"{VALID}{card}",
                f"{card} {VALID}",
                f"PAN{card}EXP1225",
                f"abc{card}",
                f";{card}=25121010000012345678?",
                f"{card}D25121010000012345678",
                f"%B{card}^DOE/ANN^25121010000000000?",
                "".join(chr(0xFF10 + int(digit)) for digit in card),
                "\N{ZERO WIDTH SPACE}".join(card),
                " ".join(card),
            ]
        )
    )


NOISE = re.compile(r"[.,]\d{0,4}(?:0{5}|9{5})\d*")
"""A card whose digits look like the floating point error of an amount is taken for that."""


def digits_left(text: str) -> str:
    """What somebody could read as one number when ignoring everything else."""
    return "".join(str(unicodedata.digit(sign)) for sign in text if sign.isdigit())


def on_one_line(text: str) -> bytes:
    """A cell between others, without what separates cells and lines there."""
    cell = text.replace("\t", " ").replace("\n", " ").encode("utf-8", "surrogatepass")
    return b"2024\t%b\t7\n" % cell


@settings(max_examples=400)
@given(st.data(), st.one_of(st.sampled_from(PUBLISHED), cards()))
def test_a_card_in_any_form_is_masked(data: st.DataObject, card: str) -> None:
    around = st.text(st.characters(exclude_categories=["Nd", "No", "Nl"], exclude_characters="+"))
    written = data.draw(dressed(card))
    assume(not NOISE.search(written) or written.count(".") + written.count(",") > 1)
    text = data.draw(around) + written + data.draw(around)
    assert may_hold_card(text)
    assert lines_may_hold_card(on_one_line(text))
    for caution in Caution:
        assert card not in digits_left(mask_cell(text, caution))
    assert card not in digits_left(mask_text(text))
    path = CardTokens(KEY).mask_path(text)
    assert card not in digits_left(re.sub("~[0-9a-f]{8}", "", path))
    assert CardTokens(KEY).mask_path(path) == path


@settings(max_examples=300)
@given(st.data(), cards())
def test_every_form_of_a_card_gives_its_token(data: st.DataObject, card: str) -> None:
    # With a gap before the last three digits, they could be the check number.
    assume(len(card) < 19 or not passes_luhn(card[:16]))
    between = data.draw(st.sampled_from(BETWEEN))
    written = data.draw(
        st.sampled_from(
            [
                card,
                f"{card}.0",
                f"0000{card}",
                f"{card} 12/25",
                f"CARD {card} EXP 12/25",
                f"{card[0]}.{card[1:]}E+{len(card) - 1}",
                f"{card[0]}.{card[1:]} E+0{len(card) - 1}",
                f"{card[0]}.{card[1:]} x 10^{len(card) - 1}",
                f";{card}=25121010000012345678?",
                by_thousands(card, ","),
                grouped(card, [4] * 5, between),
                grouped(card, [8, 8], between),
                "".join(chr(0xFF10 + int(digit)) for digit in card),
            ]
        )
    )
    assert CardTokens(KEY).replace(written) == (token(card), card[-4:], "")


@pytest.mark.parametrize(
    "gap",
    [".", "/", "_", ":", ",", "\xa0", "\u202f", "\u2011", "\u200b", "  ", " - ", "\t", "\n"],
)
@pytest.mark.parametrize("groups", [(4, 4, 4, 4), (4, 6, 5), (4, 4, 4, 4, 3), (4, 4, 4, 1)])
def test_the_groups_of_a_card_are_masked_with_any_separator(
    gap: str, groups: tuple[int, ...]
) -> None:
    digits = iter("4111111111111111123")
    written = gap.join("".join(next(digits) for _ in range(size)) for size in groups)
    text = f"Ann {written}x"
    assert may_hold_card(text)
    for masked in (mask_cell(text, Caution.BESIDE_CARDS), mask_text(text)):
        assert masked.startswith("Ann ****")
        assert sum(sign.isdigit() for sign in masked) == 4
    name = CardTokens(KEY).mask_path(f"leeds {written.replace('/', '-')}.csv")
    assert "4111" not in name.partition("~")[0].replace("****1111", "")


def test_cards_of_all_kinds_in_one_text_are_masked_each() -> None:
    text = "4.111111111111111E+15, 4111&nbsp;1111&nbsp;1111&nbsp;1111 x %41 5105105105105100"
    text += f" ;{VALID}=2512? y"
    masked = "****1111, ****1111 x %41 ****5100 ****1111 y"
    for caution in Caution:
        assert mask_cell(text, caution) == masked
        assert mask_cell(f"{text} {text}", caution) == f"{masked} {masked}"


def test_a_card_after_an_apparent_escape_is_masked() -> None:
    """Two digits after a percent sign may be an escape, or the card's first digits."""
    for card in (VALID, "2223003122003222", "5105105105105100"):
        for before in ("50%", "%B", "&#", "\\x", "\\", "=", "%20"):
            for caution in Caution:
                assert card not in digits_left(mask_cell(f"{before}{card}", caution))


def test_a_card_split_over_two_lines_is_masked() -> None:
    lines = ["note: 4111 1111", "1111 1111", "", "y 4111-1111-", "  1111-1111 z", "12345678", "12"]
    assert mask_lines(lines) == ["note: ****1111", "", "", "y ****1111", " z", "12345678", "12"]
    for text in ([], [""], ["x", ""], ["a\nb"], [f"x {VALID}", VALID]):
        assert mask_lines(text) == [mask_text(line).replace("\n", " ") for line in text]
    # Lines with numbers of eight digits below each other are unchanged.
    numbers = [str(number) for number in range(10_000_000, 10_002_000)]
    assert mask_lines(numbers) == numbers


def test_digits_of_other_scripts_are_digits() -> None:
    wide = "".join(chr(0xFF10 + int(digit)) for digit in VALID)
    assert may_hold_card(f"é {wide}")
    assert lines_may_hold_card(f"é {wide}".encode())
    # The quick check looks for them only behind other first bytes than these letters have.
    assert not any(chr(number).isdigit() for number in range(0xC0, 0x640))
    assert mask_cell(f"é {wide}", Caution.CELLS) == "é ****1111"
    assert mask_text(wide) == "****1111"


PHONES = [
    *[
        "+49 30 1234567",
        "+49 (0)171 1234567",
        "+91-9688349260",
        "+1 415 835 6647",
        "+4930 12345678",
    ],
    *["+33 1 38 60 46 38", "+44 (0)161/4960702", "+1 (415) 555-0199", "0049 30 20640849"],
    *["00919791694748", "00 44 7911 123456", "+12125550199"],
]


@pytest.mark.parametrize(
    "between", [" / ", ", ", "; ", " | ", "/", ",", ";", " ", " or ", "\n", " - "]
)
def test_telephone_numbers_are_not_cards(between: str) -> None:
    for first in PHONES:
        for second in PHONES:
            text = f"{first}{between}{second}"
            for caution in (Caution.CODES, Caution.CELLS, Caution.BESIDE_CARDS):
                assert mask_cell(text, caution) == text
            # A card beside it is still recognised.
            masked = mask_cell(f"{text}{between}{VALID}", caution)
            assert VALID not in digits_left(masked)


@given(st.text("0123456789", min_size=9, max_size=9), st.text("0123456789", min_size=9, max_size=9))
def test_two_telephone_numbers_are_not_a_card(first: str, second: str) -> None:
    for text in (
        f"+49 30 {first[:7]} / +49 171 {second[:7]}",
        f"+49 30 {first[:7]} / 0171 {second[:7]}",
        f"+91-9{first}, +91-9{second}",
        f"0{first}, 0{second}",
        f"98{first[1:]} / 98{second[1:]}",
        f"98{first[1:]}/98{second[1:]}",
        f"4{first[:2]}-{first[2:5]}-{first[5:]}, 5{second[:2]}-{second[2:5]}-{second[5:]}",
    ):
        assert mask_cell(text, Caution.CODES) == text


def test_a_list_of_items_with_several_groups_is_not_a_card() -> None:
    for text in (
        "1664 - 4, 1664 - 4, 1664 - 4, 1664 - 4",
        "4711 - 4711, 4711 - 4711",
        "4711-12,4711-12,4711-12",
    ):
        for caution in (Caution.CODES, Caution.CELLS, Caution.BESIDE_CARDS):
            assert mask_cell(text, caution) == text


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["1664", "4711", "501", "7", "12", "100", "2022", "555", "5110"]),
            st.sampled_from(["4.5", "3", "10", "12.5", "120", "1200", "2.50", "0.5", "4,5"]),
        ),
        min_size=2,
        max_size=8,
    ),
    st.sampled_from([", ", "; ", " | ", ",", ";"]),
    st.sampled_from([" - ", ": ", " x ", " = "]),
)
def test_a_basket_of_numbered_products_is_not_a_card(
    items: list[tuple[str, str]], ends: str, between: str
) -> None:
    text = ends.join(f"{name}{between}{price}" for name, price in items)
    for caution in (Caution.CODES, Caution.CELLS, Caution.BESIDE_CARDS):
        assert mask_cell(text, caution) == text


def test_a_card_after_a_plus_is_masked() -> None:
    for written in (f"+{VALID}", "+4111 1111 1111 1111", "+4111 / 1111 / 1111 / 1111"):
        for caution in Caution:
            assert VALID not in digits_left(mask_cell(written, caution))


@pytest.mark.parametrize(
    "text",
    [
        *["DE89370400440532013000", "DE89 3704 0044 0532 0130 00", "GB29 NWBK 6016 1331 9268 19"],
        *["FR14 2004 1010 0505 0001 3M02 606", "IBAN: NL91ABNA0417164300.", "NO93 8601 1117 947"],
        *["96635947193564fdafe471f66a4c2123c235cab8", "409971b5fbf6c77f432149326852e3f9"],
        *["411111111111111111111111111111aa", "2e" + "4111111111111111e1" + "f" * 20],
        "4111111111111111ABCDEFABCDEF0123456789ABCDEF0123456789ABCDEF0123",
    ],
)
def test_identifiers_with_other_check_digits_are_not_cards(text: str) -> None:
    for caution in Caution:
        assert mask_cell(text, caution) == text
        assert mask_cell(f"x {text}, y", caution) == f"x {text}, y"


def test_ibans_need_a_country_and_right_check_digits() -> None:
    for text in ("DE88370400440532013000", "XY89370400440532013000", "DE894111111111111111"):
        assert mask_cell(text, Caution.BESIDE_CARDS) != text


def test_the_check_number_is_not_part_of_the_card() -> None:
    assert CardTokens(KEY).replace(f"{DIGITS} 123") == (token(DIGITS), "1234", "")
    assert mask_cell(f"{VALID} 123", Caution.CELLS) == "****1111"
    assert mask_text("4111 1111 1111 1111 123") == "****1111"


@pytest.mark.parametrize(
    "text",
    [
        *["4.950000000000001", "4,950000000000001", "-27.689999999999998", "0.30000000000000004"],
        *["4.4399999999999995", "6446.119999999999", "28.820000000006985", "123456789.12000000"],
        *["Total 61.199999999999996 EUR", "4.95, 6.300000000000001", "61.199999999999996;5.0"],
    ],
)
def test_an_amount_with_a_floating_point_error_is_not_a_card(text: str) -> None:
    for caution in Caution:
        assert mask_cell(text, caution) == text
    assert mask_text(text) == text


@settings(max_examples=300)
@given(
    st.lists(st.integers(-(10**7), 10**7), min_size=2, max_size=6),
    st.sampled_from([1, 0.9, 1.05, 1.18, 1.19, 1.2, 3, 7]),
    st.sampled_from(".,"),
)
def test_a_sum_of_amounts_is_not_a_card(cents: list[int], times: float, point: str) -> None:
    text = f"{sum(one / 100 for one in cents) * times!r}".replace(".", point)
    assume("e" not in text)
    for caution in Caution:
        assert mask_cell(text, caution) == text


@pytest.mark.parametrize(
    "text",
    [
        *["8.403361344537815", "97.57142857142857", "1234.567890123457", "8,403361344537815"],
        *["52.520006, 13.404954", "48.31199809079732,10.29873605085254", "-3.02456 126.09193"],
    ],
)
def test_a_decimal_number_is_not_a_card(text: str) -> None:
    for caution in (Caution.CODES, Caution.CELLS, Caution.BESIDE_CARDS):
        assert mask_cell(text, caution) == text


def test_decimals_that_form_a_card_are_masked() -> None:
    for caution in Caution:
        assert mask_cell(f"x 1.{VALID}", caution) == "x 1.****1111"
        assert mask_cell("41111111.11111111", caution) == "****1111"


@pytest.mark.parametrize(
    "behind",
    [
        *["|12|2025|123", "|12|25|123", ",12/25,123", " 12/25 123", ";1225;123", " 1225 123"],
        *[" 12/2025 1234", "/12/25/123", " 12-25-123", "\t12/25\t123", " 2025-12 123"],
        *[" exp 12/25 cvv 123", " EXP:12/25, CVC2: 123", "&exp=1225&cvv=123", " (cvc: 123)"],
        *["&exp_month=12&exp_year=2025&cvv=123", "&cvv=123&exp=1225", " CVV2 123", " CID 1234"],
        *[
            " Pr\xfcfnummer 123",
            " Pruefnummer: 123",
            " Pru\u0308fziffer 123",
            " Kartenpr\xfcfnummer 123",
        ],
        *[
            " g\xfcltig bis 12/25, Sicherheitscode 123",
            " security code 123",
            " Card Security Code 123",
        ],
        *[" cryptogramme 123", " code de s\xe9curit\xe9 : 123", " c\xf3digo de seguridad 123"],
        *[
            ", Ann Lee, 12/25, 123",
            ", Ann Lee, CVV 123",
            " check number 123",
            " verification value 123",
        ],
        *[
            '","exp":"12/25","cvv":"123',
            "</pan><cvv>123",
            " valid thru 12/25 code 123",
            "|123|12/25",
        ],
    ],
)
def test_the_check_number_near_a_card_is_masked(behind: str) -> None:
    for written in (VALID, "4111 1111 1111 1111"):
        masked = mask_text(f"x {written}{behind}")
        assert masked.startswith("x ****1111")
        assert "123" not in masked
        for caution in Caution:
            masked = mask_cell(f"x {written}{behind}", caution)
            assert masked.startswith("x ****1111")
            assert "123" not in masked


@pytest.mark.parametrize("before", ["CVV 123 ", "cvv=123&card=", "CVC2: 123, card "])
def test_the_check_number_before_a_card_is_masked(before: str) -> None:
    for caution in Caution:
        assert "123" not in mask_cell(f"{before}{VALID}", caution)


@pytest.mark.parametrize(
    "behind",
    [
        *[" 12/25", " exp 12/2025", ", 12 items", " - 1.70", " 25/12/2021 09:00:30", ", Flat 123"],
        *[", 123.50", " Tea 123", ";1225;12345", " 12/25, 12.50", "&exp=1225&total=12", ", cvv"],
    ],
)
def test_text_that_is_not_a_check_number_is_unchanged(behind: str) -> None:
    assert mask_cell(f"{VALID}{behind}", Caution.CELLS) == f"****1111{behind}"


def test_amounts_dates_and_times_are_not_cards() -> None:
    for text in ("26/08/2021 09:00:00", "2021-08-26 09:00", "1,234.50, 2,345.60", "12 34 56"):
        assert mask_cell(text, Caution.BESIDE_CARDS) == text


@pytest.mark.parametrize("day", ["20210826", "26082021", "08262021"])
@pytest.mark.parametrize(
    "time",
    [
        *["090030", " 090030", "  090030", "T090030", "_090030", "-090030", "_0900", "T090030Z"],
        *["T090030.123Z", " 090030,123456", "T090030+0200", "T090030+02:00", " 090030 +0200"],
        *["-20210827", "_20210827", " - 27082021", "/20210827", "T090030/20210827T090030"],
    ],
)
def test_a_compact_date_with_a_time_is_not_a_card(day: str, time: str) -> None:
    for text in (f"{day}{time}", f"x {day}{time}, y"):
        assert mask_text(text) == text
        for caution in Caution:
            assert mask_cell(text, caution) == text
    path = f"x/{day}{time.replace('/', '_')}.csv"
    assert CardTokens(KEY).mask_path(path) == path


@given(
    st.datetimes(datetime(1900, 1, 1), datetime(2099, 12, 31)),
    st.sampled_from(["%Y%m%d", "%d%m%Y", "%m%d%Y"]),
    st.sampled_from(" T_-"),
)
def test_a_compact_date_is_not_a_card(moment: datetime, day: str, between: str) -> None:
    text = f"{moment:{day}}{between}{moment:%H%M%S}"
    for caution in Caution:
        assert mask_cell(text, caution) == text


def test_digits_that_are_not_a_date_are_masked() -> None:
    for text in ("20211326 090030", "20210826 250030", "20210826 09003011", "41111111 111111"):
        assert mask_text(text) != text


def test_a_uuid_is_never_masked() -> None:
    uuid = "12345678-1234-1234-1234-123456789012"
    assert mask_cell(uuid, Caution.BESIDE_CARDS) == uuid
    assert mask_cell(f"order {uuid}.", Caution.BESIDE_CARDS) == f"order {uuid}."


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


def test_masked_paths_stay_distinct_with_readable_times() -> None:
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
def test_the_quick_check_never_misses_a_card(text: str) -> None:
    if mask_cell(text, Caution.BESIDE_CARDS) != text:
        assert may_hold_card(text)
        assert lines_may_hold_card(on_one_line(text))


def test_numbers_in_neighbouring_cells_are_not_one_number() -> None:
    assert not lines_may_hold_card(b"01/02/2024 07:00\t1234567\t1.50\n01/02/2024 07:01\t12345678\n")


@pytest.mark.parametrize(
    ("repeated", "size"),
    [
        *[(one, 40_000) for one in (f";{VALID}=25121? ", "4.111111111111111E15 x ")],
        *[(one, 4_000) for one in ("4", "1 ", "12-", "4444x", "1, 2 - 3.4 ", "1.1.", "1.234, ")],
        *[(one, 4_000) for one in ("1E5 ", "^A", "a1", "1" + " " * 99, f"{VALID}" + " " * 99)],
        *[(one, 4_000) for one in ("1" + "-" * 99, "<b>1</b>", "1&amp;", "%25", "\\n1", "</")],
        *[(one, 4_000) for one in ("+49 30 1234567 / ", "0049 30 123 ", "DE89 3704 ", "1,234,")],
    ],
)
def test_the_work_grows_with_the_length(repeated: str, size: int) -> None:
    def mask(size: int) -> str:
        return mask_cell(repeated * (size // len(repeated)), Caution.BESIDE_CARDS)

    assert_linear(mask, size)


def test_luhn() -> None:
    assert passes_luhn(VALID)
    assert passes_luhn("79927398713")
    assert not passes_luhn("79927398710")


def test_no_false_positives_in_real_files() -> None:
    """Telephone numbers, barcodes, orders, dates; without columns of card numbers."""
    masked: Counter[tuple[str, Caution]] = Counter()
    cells = 0
    for path in throwaway.real_files().rglob("*.csv"):
        with path.open(newline="", encoding="utf-8") as file:
            header, *rows = csv.reader(file)
        for name, values in zip(header, zip(*rows, strict=False), strict=False):
            if name == "credit_card":
                assert all("****" in mask_cell(value, Caution.CODES) for value in values)
            elif not any(value[:1].isdigit() and len(value) == 16 for value in values):
                cells += len(values)
                for caution in (Caution.CODES, Caution.CELLS):
                    found = sum(mask_cell(value, caution) != value for value in values)
                    masked[name, caution] += found
    assert cells > 1000
    # Undeclared barcodes: a few begin like a Visa card and have its check digit, too.
    assert set(+masked) <= {("EAN", Caution.CELLS)}
    assert masked["EAN", Caution.CELLS] <= 3
