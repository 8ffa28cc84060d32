"""Mask card numbers in texts, except their last four digits."""

from __future__ import annotations

from collections.abc import Sequence

from ingest.cards.issuers import SHORTEST
from ingest.cards.known import BREAK, without_known
from ingest.cards.search import Caution, Found, find_cards, readings, replaced

_ASCII = bytes(range(128))
# For the cheap checks before the search. Digits become "0", letters "x"; the rest is dropped,
# except the separator between cells.
_DIGITS_ONLY = bytes(
    0x30 if 0x30 <= byte <= 0x39 else byte if chr(byte) == BREAK else 0x78 for byte in range(256)
)
_NEITHER = bytes(
    byte for byte in range(256) if byte >= 0x80 or not (chr(byte).isalnum() or chr(byte) == BREAK)
)
_ENOUGH_DIGITS = b"0" * SHORTEST


def mask_text(text: str) -> str:
    """Mask every number of 12 or more digits; for rejected lines, reasons and messages."""
    return _masked(text, find_cards(text, Caution.REFUSED))


def mask_lines(lines: Sequence[str]) -> list[str]:
    """`mask_text` for the lines of one text; a card may continue in the next line."""
    text = "\n".join(line.replace("\n", " ") for line in lines)
    across = []
    for one in find_cards(text, Caution.CODES):
        run = text[one.start : one.end]
        # Only the card: other numbers below each other stay in their lines.
        if "\n" in run and sum(map(str.isdigit, run)) == len(one.digits):
            across.append((one, f"****{one.digits[-4:]}" + "\n" * run.count("\n")))
    return [mask_text(line) for line in replaced(text, across).split("\n")] if lines else []


def may_hold_card(text: str) -> bool:
    """Check cheaply whether a text (of many cells, with BREAK between) could hold a card number.

    False is certain; True only means that `mask_cell` must look.
    """
    return any(
        _has_enough_digits(reading) and _has_enough_digits(without_known(reading))
        for reading in readings(text)
    )


def mask_cell(text: str, caution: Caution) -> str:
    """Mask the card numbers inside one cell."""
    if len(text) < SHORTEST:
        return text
    found = find_cards(text, caution)
    if found and caution <= Caution.CELLS and _is_barcode(text):
        # Where both check digits are right, the declaration decides.
        found = [one for one in found if one.is_certain and caution > Caution.CODES]
    return _masked(text, found)


def _has_enough_digits(text: str) -> bool:
    content = text.encode("utf-8", "surrogatepass")
    if not text.isascii():
        others = content.translate(None, _ASCII).decode("utf-8", "surrogatepass")
        if any(sign.isdigit() for sign in set(others)):
            return True
    shape = content.translate(_DIGITS_ONLY, _NEITHER)
    if _ENOUGH_DIGITS in shape:
        return True
    # A letter between groups of digits. Only the first check is fast.
    if b"0000" not in shape or b"0000x0" not in shape:
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
