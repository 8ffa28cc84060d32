"""Texts on their way into a spreadsheet, which takes some of them for formulas."""

from __future__ import annotations

# The second four are what the first are called on a keyboard with wide letters.
_BEGINS_FORMULA = frozenset("=+-@\N{FULLWIDTH EQUALS SIGN}\N{FULLWIDTH PLUS SIGN}"
                            "\N{FULLWIDTH HYPHEN-MINUS}\N{FULLWIDTH COMMERCIAL AT}")  # fmt: skip
_SKIPPED = " \N{NO-BREAK SPACE}\N{ZERO WIDTH NO-BREAK SPACE}\N{ZERO WIDTH SPACE}"


def without_formula(text: str) -> str:
    """A text that no spreadsheet works out: behind an apostrophe, where it would be a formula.

    For cells that are text. A number is not one: `-1.70` in a column of amounts stays.
    """
    begins = text[:1] in ("\t", "\r", "\n") or text.lstrip(_SKIPPED)[:1] in _BEGINS_FORMULA
    return f"'{text}" if text and begins else text
