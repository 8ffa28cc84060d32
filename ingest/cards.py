"""Card numbers: replaced in their own column, masked everywhere else.

Nothing in this module writes, logs or raises a text that still holds a card number.
"""

from __future__ import annotations

import hashlib
import re
import string
from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING

from base.errors import BranchlineError

if TYPE_CHECKING:
    from hashlib import _Hash as HASH

Card = tuple[str, str, str]
"""(card_token, card_last4, card_unreadable); an empty text stands for NULL."""

NO_CARD: Card = ("", "", "")
SHORTEST_KEY = 32

# Spreadsheets append ".0", people put "?" or "'" around; "5.49E+15" fits nothing of this because
# of the digits after the E, and its lost digits cannot be had back.
_CARD_CELL = re.compile(r"[^0-9]*([0-9]{12,19})(?:\.0+)?[^0-9]*")
_GAPS = re.compile(r"[\s\-\u2010-\u2015]+")
_ANY_DIGIT = re.compile(r"\d")

# Rejected lines and messages: whatever might be a card number, checksum or not.
_LOOSE_RUN = re.compile(r"\d(?:[ \-]?\d){11,}")
# Digits in the groups that are printed on cards, whatever stands between them: 4-4-4-4, also with a
# fifth group, and 4-6-5.
_GROUPED = re.compile(
    r"(?<!\d)(?:"
    r"\d{4}(?:[\W_]{1,3}\d{4}){2}[\W_]{1,3}\d{1,4}(?:[\W_]{1,3}\d{3})?"
    r"|\d{4}[\W_]{1,3}\d{6}[\W_]{1,3}\d{4,5}"
    r")(?!\d)"
)
_GROUPED_IN_NAME = re.compile(_GROUPED.pattern.replace(r"[\W_]", r"(?:[^\w/]|_)"))
# Accepted cells: 13 to 19 digits that stand by themselves, and are not the decimals of a number. A
# run with more than single gaps in it, or a longer one, is no card number.
_CELL_RUN = re.compile(r"(?<!\d)(?<!\d\.)\d(?:[ \-]?\d){12,18}(?!\d)")
_DECIMAL_COMMA = re.compile(r"\s*[+\-]?[0-9]{1,9},[0-9]+\s*")
_WORD_SIGNS = frozenset(string.ascii_letters + string.digits + "-")
_LONGEST_WORD = 128
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_HEX_DIGEST = re.compile(r"(?=[0-9]*[a-fA-F])[0-9a-fA-F]{20,}")
_NAME_RUN = re.compile(r"[0-9]{12,19}")

# For the cheap looks before the regexes, from cheap to less cheap. Digits become "0", the rest "x".
_DIGITS_ONLY = bytes(0x30 if 0x30 <= byte <= 0x39 else 0x78 for byte in range(256))
_THIRTEEN_DIGITS = b"0" * 13
_ASCII = bytes(range(128))
# What may stand between groups: all but letters, digits and the sign between two cells; each byte
# of a sign that is not ASCII counts as such.
_BETWEEN_GROUPS = bytes(
    byte for byte in range(256) if byte >= 0x80 or (byte != 0x1F and not chr(byte).isalnum())
)
_GROUPS_ONLY = bytes(0x2D if byte in _BETWEEN_GROUPS else _DIGITS_ONLY[byte] for byte in range(256))
_MAYBE_GROUPED = re.compile(rb"0000-{1,9}(?:0000-{1,9}0000-{1,9}0|000000-{1,9}0000)")
# A card number, and behind a gap the check number on the card's back.
_CARD_AND_CHECK = re.compile(r"([0-9]{13,16})[\s\-\u2010-\u2015]+[0-9]{3}")


class CardTokens:
    """Turns the text of a card column into token, last four digits and what was unreadable.

    The token is HMAC-SHA-256 of the digits (RFC 2104) with the first key, as lower case hex. Each
    further key, in the order in which they were put into use, is applied to the hex of the token
    before it. So a new key replaces tokens that are stored already, without the card numbers.
    """

    def __init__(self, *keys: bytes) -> None:
        """`keys`: the secrets of the HMAC, oldest first, each of at least 32 bytes."""
        for key in keys:
            if len(key) < SHORTEST_KEY:
                raise BranchlineError(
                    f"The token key is {len(key)} bytes long; card numbers need at least"
                    f" {SHORTEST_KEY} bytes.",
                    "Set BRANCHLINE_TOKEN_KEY to a longer secret, and keep it: another key gives"
                    " other card tokens.",
                )
        if not keys:
            raise ValueError("card tokens need a key")
        self._pads = [_pads(key) for key in keys]

    def replace_all(self, cells: Iterable[str]) -> list[Card]:
        """`replace` for the cells of a column, quickly."""
        if len(self._pads) > 1:
            return list(map(self.replace, cells))
        ((inner, outer),) = self._pads
        copy_inner, copy_outer, replace = inner.copy, outer.copy, self.replace
        made: list[Card] = []
        add = made.append
        for cell in cells:
            if not cell:
                add(NO_CARD)
            elif 12 <= len(cell) <= 19 and cell.isdigit() and cell.isascii():
                first, second = copy_inner(), copy_outer()
                first.update(cell.encode())
                second.update(first.digest())
                add((second.hexdigest(), cell[-4:], ""))
            else:
                add(replace(cell))
        return made

    def token(self, digits: str) -> str:
        """The token of a card number, given as its digits alone."""
        text = digits
        for inner, outer in self._pads:
            text = _hmac(inner, outer, text)
        return text

    def replace(self, text: str) -> Card:
        """Return (token, last4, unreadable) of one cell; empty texts where there is nothing."""
        if not text:
            return NO_CARD
        if 12 <= len(text) <= 19 and text.isdigit() and text.isascii():
            digits = text
        else:
            if text.isspace():
                return NO_CARD
            checked = _CARD_AND_CHECK.fullmatch(text)
            found = checked or _CARD_CELL.fullmatch(_GAPS.sub("", text))
            if found is None:
                return ("", "", _ANY_DIGIT.sub("#", text))
            digits = found.group(1)
        return (self.token(digits), digits[-4:], "")

    def mask_path(self, path: str) -> str:
        """Mask digit runs in a file's path that could be card numbers.

        The masked path still tells two files apart (a short keyed hash follows the mask), because
        a path can be a logical file's name. Times such as 20210825090000 are left alone.
        """

        def mask(run: re.Match[str]) -> str:
            digits = _digits(run.group())
            if _is_time(digits):
                return run.group()
            # By the first key only: a path's mask has to stay what it is when keys are added.
            mark = _hmac(*self._pads[0], digits)[:8]
            return f"****{digits[-4:]}~{mark}"

        return _GROUPED_IN_NAME.sub(mask, _NAME_RUN.sub(mask, path))


def _pads(key: bytes) -> tuple[HASH, HASH]:
    """The two hashes of an HMAC with the key taken in: copying them is half the work of hmac."""
    block = (key if len(key) <= 64 else hashlib.sha256(key).digest()).ljust(64, b"\0")
    return (
        hashlib.sha256(bytes(byte ^ 0x36 for byte in block)),
        hashlib.sha256(bytes(byte ^ 0x5C for byte in block)),
    )


def _hmac(inner: HASH, outer: HASH, text: str) -> str:
    first = inner.copy()
    first.update(text.encode("ascii"))
    second = outer.copy()
    second.update(first.digest())
    return second.hexdigest()


def passes_luhn(digits: str) -> bool:
    """Tell whether the check digit of a run of ASCII digits is right."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        number = int(digit)
        if place % 2:
            number = number * 2 - 9 if number > 4 else number * 2
        total += number
    return total % 10 == 0


def mask_text(text: str) -> str:
    """Mask every run of 12 or more digits; for rejected lines, reasons and messages."""
    text = _LOOSE_RUN.sub(lambda run: _mask(run.group()), text)
    return _GROUPED.sub(lambda run: _mask(run.group()), text)


def may_hold_card(text: str) -> bool:
    """Tell, cheaply, whether a text (of many cells) could hold a card number.

    A False is certain; a True only means that `mask_cell` has to look.
    """
    content = text.encode("utf-8")
    if not text.isascii() and _ANY_DIGIT.search(content.translate(None, _ASCII).decode()):
        return True
    if _THIRTEEN_DIGITS not in content.translate(_DIGITS_ONLY, _BETWEEN_GROUPS):
        return False
    return (
        _THIRTEEN_DIGITS in content.translate(_DIGITS_ONLY, b" -")
        or _MAYBE_GROUPED.search(content.translate(_GROUPS_ONLY)) is not None
    )


def mask_cell(text: str, *, luhn: bool) -> str:
    """Mask card numbers inside one cell: 13 to 19 digits, single spaces or dashes between, or in
    the groups of a card with anything between.

    `luhn`: mask only runs with a right check digit. UUIDs and hex digests are never masked.
    """
    if len(text) < 13 or _DECIMAL_COMMA.fullmatch(text):
        return text

    def mask(run: re.Match[str]) -> str:
        found = run.group()
        if _is_part_of_identifier(text, run.start(), run.end()):
            return found
        digits = _digits(found)
        if luhn and not (passes_luhn(digits) or passes_luhn(_without_check(found))):
            return found
        return _mask(found)

    return _GROUPED.sub(mask, _CELL_RUN.sub(mask, text))


def _mask(run: str) -> str:
    """What stands in the place of a card number: its last four digits, never the check number's."""
    return "****" + _without_check(run)[-4:]


def _without_check(run: str) -> str:
    """The digits of a run without the three of the check number that follows some cards."""
    checked = _CARD_AND_CHECK.fullmatch(run)
    if checked is not None:
        return checked.group(1)
    digits = _digits(run)
    if len(digits) in (18, 19) and not run[-4].isdigit() and not passes_luhn(digits):
        return digits[:-3]
    return digits


def _digits(text: str) -> str:
    """The digits of a text alone, those of other scripts as 0 to 9."""
    return "".join(str(int(sign)) for sign in text if sign.isdecimal())


def _is_part_of_identifier(text: str, start: int, end: int) -> bool:
    first, last = start, end
    while first > max(0, start - _LONGEST_WORD) and text[first - 1] in _WORD_SIGNS:
        first -= 1
    while last < min(len(text), end + _LONGEST_WORD) and text[last] in _WORD_SIGNS:
        last += 1
    word = text[first:last]
    return bool(_UUID.fullmatch(word) or _HEX_DIGEST.fullmatch(word))


def _is_time(digits: str) -> bool:
    if len(digits) not in (12, 14, 17) or digits[:2] not in ("19", "20"):
        return False
    try:
        datetime.strptime(digits[:12], "%Y%m%d%H%M")
    except ValueError:
        return False
    return True
