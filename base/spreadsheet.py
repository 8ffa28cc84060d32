"""Texts on their way into a spreadsheet, which takes some of them for formulas."""

from __future__ import annotations

import re

# The second four are what the first are called on a keyboard with wide letters.
_SIGNS = (
    "=+@-"
    "\N{FULLWIDTH EQUALS SIGN}\N{FULLWIDTH PLUS SIGN}\N{FULLWIDTH COMMERCIAL AT}"
    "\N{FULLWIDTH HYPHEN-MINUS}"
)
_SKIPPED = '" \N{NO-BREAK SPACE}\N{ZERO WIDTH NO-BREAK SPACE}\N{ZERO WIDTH SPACE}'
_FORMULA = f"[{_SKIPPED}]*[{re.escape(_SIGNS)}]"
_BEGINS = re.compile(rf"[\t\r\n]|{_FORMULA}")
# Where another spreadsheet parts cells and lines: at semicolons in half of Europe. It then takes no
# notice of the quotes round a cell, which do not stand at the beginning of what it takes for one.
_PARTED = re.compile(rf"(?<=[;\t\r\n])(?={_FORMULA})")


def without_formula(text: str) -> str:
    """A text in which no spreadsheet works anything out: an apostrophe stands before a formula, at
    the beginning and behind what a spreadsheet may part cells at.

    For cells that are text. A number is not one: `-1.70` in a column of amounts stays.
    """
    marked = _PARTED.sub("'", text)
    return f"'{marked}" if _BEGINS.match(text) else marked
