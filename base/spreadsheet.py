"""Protect texts for a spreadsheet, which takes some of them for formulas."""

from __future__ import annotations

import re

# The second four are the full-width forms of the first.
_SIGNS = (
    "=+@-"
    "\N{FULLWIDTH EQUALS SIGN}\N{FULLWIDTH PLUS SIGN}\N{FULLWIDTH COMMERCIAL AT}"
    "\N{FULLWIDTH HYPHEN-MINUS}"
)
_SKIPPED = '" \N{NO-BREAK SPACE}\N{ZERO WIDTH NO-BREAK SPACE}\N{ZERO WIDTH SPACE}'
_FORMULA = f"[{_SKIPPED}]*[{re.escape(_SIGNS)}]"
_BEGINS = re.compile(rf"[\t\r\n]|{_FORMULA}")
# Where another spreadsheet separates cells and lines: at semicolons in half of Europe. It then
# ignores the quotes round a cell, because they are not at the beginning of what it takes for one.
_SEPARATED = re.compile(rf"(?<=[;\t\r\n])(?={_FORMULA})")


def without_formula(text: str) -> str:
    """A text that no spreadsheet evaluates: every formula gets an apostrophe before it, at the
    beginning and after every character that may separate cells.

    For text cells only. A number is not one: `-1.70` in a column of amounts is unchanged.
    """
    marked = _SEPARATED.sub("'", text)
    return f"'{marked}" if _BEGINS.match(text) else marked
