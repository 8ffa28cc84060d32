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


# Texts that a spreadsheet shows differently from how they are written, because it takes them for
# something else. A whole number of up to 15 digits stays as it is.
_WHOLE = re.compile(r"0|[1-9][0-9]{0,14}")
_IN_NUMBERS = (
    r"\s$%()+,./:'"
    "\N{RIGHT SINGLE QUOTATION MARK}\N{EURO SIGN}\N{POUND SIGN}\N{YEN SIGN}\N{NEW SHEQEL SIGN}"
    "-"
)
_MONTH = (
    "jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?"
    "|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?"
)
_TAKEN = re.compile(
    "|".join(
        (
            rf"(?=\D*\d)[\d{_IN_NUMBERS}]+",  # 007, 1.50, 12-3, 1/2, 10:30, (5), 5 %
            r"\s*[\d.,]+\s?e[+-]?\d+\s*",  # 1E5
            rf"(?=\D*\d)[\d\s./,-]*(?:{_MONTH})[\d\s./,-]*",  # MAR1, 1-sep, 5 March 2024
            r"\s*\d{1,2}(?::\d\d){0,2}(?:\s*[ap]m|\s+[ap])\s*",  # 5 PM
            r"\s*\d{4}-\d\d-\d\dt[\d:.,+-]+z?\s*",  # 2026-09-30T10:00Z
            r"\s*(?:true|false)\s*",
            r"\s*#(?:n/a|div/0!|name\?|null!|num!|ref!|value!)\s*",
        )
    ),
    re.IGNORECASE,
)


def kept_as_text(text: str) -> str:
    """A text that a spreadsheet neither evaluates nor takes for a number, a date or a time.

    An apostrophe is put before such a text, except where it is a whole number that the spreadsheet
    shows as it is written. Names of months are known in English only.
    """
    safe = without_formula(text)
    if safe.startswith("'") or _WHOLE.fullmatch(text) or not _TAKEN.fullmatch(text):
        return safe
    return f"'{safe}"
