"""Mask card numbers in texts, except their last four digits."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ingest.cards.issuers import SHORTEST
from ingest.cards.known import BREAK, without_decimals, without_known
from ingest.cards.search import (
    MAY_ESCAPE,
    SHORTEST_DAMAGED,
    Caution,
    Found,
    find_cards,
    readings,
    replaced,
)

_ASCII = bytes(range(128))
# For the cheap checks before the search. Digits become "0", letters "x", what may be the first byte
# of a digit of another script "?"; the rest is dropped, except the separators between cells.
_OTHER = b"?"
_OTHER_DIGITS = (0xC2, *range(0xD9, 0xF5))
"""Without those of U+00C0 to U+063F, of which none is a digit."""


def _shapes(breaks: bytes) -> tuple[bytes, bytes]:
    """The two tables for bytes.translate with these separators between cells."""
    table, dropped = bytearray(b"x" * 256), bytearray()
    for byte in range(256):
        if byte in breaks:
            table[byte] = byte
        elif byte in _OTHER_DIGITS:
            table[byte] = _OTHER[0]
        elif byte >= 0x80 or not chr(byte).isalnum():
            dropped.append(byte)
        elif chr(byte).isdigit():
            table[byte] = b"0"[0]
    return bytes(table), bytes(dropped)


_OF_CELLS = _shapes(BREAK.encode())
_OF_LINES = _shapes(b"\t\n")
_ENOUGH_DIGITS = b"0" * SHORTEST
# In one run, or in groups of four as a column of damaged cards may have it.
_RUN = re.compile(rf"\d{{{SHORTEST_DAMAGED},}}|(?<!\d)\d{{4}}[ \-]\d{{4}}[ \-]\d{{1,4}}(?!\d)")
_ESCAPES = tuple((begins.encode(), ends.encode()) for begins, ends in MAY_ESCAPE)


def mask_text(text: str, *, damaged: bool = False) -> str:
    """Mask every number of 12 or more digits; for rejected lines, reasons and messages.

    `damaged`: cards may have lost digits, so of 9 or more.
    """
    masked = _masked(text, find_cards(text, Caution.REFUSED))
    return _without_runs(masked, without_known(masked)) if damaged else masked


def mask_lines(lines: Sequence[str], *, damaged: bool = False) -> list[str]:
    """`mask_text` for the lines of one text; a card may continue in the next line."""
    text = "\n".join(line.replace("\n", " ") for line in lines)
    across = []
    for one in find_cards(text, Caution.CODES):
        run = text[one.start : one.end]
        # Only the card: other numbers below each other stay in their lines.
        if "\n" in run and sum(map(str.isdigit, run)) == len(one.digits):
            across.append((one, f"****{one.digits[-4:]}" + "\n" * run.count("\n")))
    if not lines:
        return []
    return [mask_text(line, damaged=damaged) for line in replaced(text, across).split("\n")]


def may_hold_card(text: str) -> bool:
    """Check cheaply whether a text (of many cells, with BREAK between) could hold a card number.

    False is certain; True only means that `mask_cell` must look.
    """
    return any(
        _has_enough_digits(_encoded(reading), _OF_CELLS)
        and _has_enough_digits(_encoded(without_known(reading)), _OF_CELLS)
        for reading in readings(text)
    )


def lines_may_hold_card(lines: bytes) -> bool:
    """The same for UTF-8 lines of cells with tabs between; quicker, and certain of fewer texts."""
    return _has_enough_digits(lines, _OF_LINES) or any(
        begins in lines and ends in lines for begins, ends in _ESCAPES
    )


def may_hold_damaged_card(text: str) -> bool:
    """The same for cards that may have lost digits."""
    return _RUN.search(text) is not None or may_hold_card(text)


def mask_cell(text: str, caution: Caution, *, damaged: bool = False) -> str:
    """Mask the card numbers inside one cell.

    `damaged`: also numbers of 9 or more digits, unless it is a column of long numbers of another
    kind.
    """
    if damaged and caution > Caution.CODES:
        masked = mask_cell(text, caution)
        return _without_runs(masked, without_decimals(without_known(masked)))
    if len(text) < SHORTEST:
        return text
    found = find_cards(text, caution)
    if found and caution <= Caution.CELLS and _is_barcode(text):
        # Where both check digits are right, the declaration decides.
        found = [one for one in found if one.is_certain and caution > Caution.CODES]
    return _masked(text, found)


def _without_runs(text: str, searched: str) -> str:
    """The text with each long number masked that `searched`, of equal length, has, too."""
    found = [
        Found(run.start(), run.end(), re.sub("[ -]", "", run.group()))
        for run in _RUN.finditer(searched)
    ]
    return _masked(text, found)


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _has_enough_digits(content: bytes, shapes: tuple[bytes, bytes]) -> bool:
    shape = content.translate(*shapes)
    if _OTHER in shape:
        others = content.translate(None, _ASCII).decode("utf-8", "surrogatepass")
        if any(sign.isdigit() for sign in set(others)):
            return True
        shape = shape.replace(_OTHER, b"")
    # rfind fails sooner than find in a text of few different signs.
    if shape.rfind(_ENOUGH_DIGITS) >= 0:
        return True
    # A letter between groups of digits. Only the first check is fast.
    if b"0000" not in shape or shape.rfind(b"0000x0") < 0:
        return False
    return _ENOUGH_DIGITS in shape.replace(b"0000x0", b"00000").replace(b"0000x0", b"00000")


def _is_barcode(text: str) -> bool:
    """Whether a text is a GTIN of 13 digits: its check digit is of another kind (GS1)."""
    digits = text.strip()
    if len(digits) != 13 or not (digits.isascii() and digits.isdigit()):
        return False
    weighted = sum(int(sign) * (3 if place % 2 else 1) for place, sign in enumerate(digits[::-1]))
    return weighted % 10 == 0


def _masked(text: str, found: list[Found]) -> str:
    return replaced(text, [(one, f"****{one.digits[-4:]}") for one in found])
