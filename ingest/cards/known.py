"""Long numbers that are known not to be cards; they are removed before the search.

Their digits are never part of a card number, and no number continues across them.
"""

from __future__ import annotations

import re

from ingest.cards.issuers import is_issued

BREAK = "\0"
"""Replaces what was removed, and separates cells; no cell can contain it."""

TIMES_TEN = r" ?(?:[eEdD]|[xX*\xd7\xb7] ?10 ?(?:\^|\*\*)) ?\+?"
"""Matches between a number and its exponent."""

# Dates and times.
_YEAR, _MONTH, _DAY = r"(?:19|20)\d\d", r"(?:0[1-9]|1[0-2])", r"(?:0[1-9]|[12]\d|3[01])"
_SHORT_MONTH, _SHORT_DAY = r"(?:0?[1-9]|1[0-2])", r"(?:0?[1-9]|[12]\d|3[01])"
_TIME = r"\d{1,2}[:.\-]\d\d(?:[:.\-]\d\d(?:[.,]\d{1,9})?)?(?!\d)"
_ZONE = r"(?: ?(?:Z|[+\-]\d\d:?\d\d))?"
_COMPACT_DATE = f"(?:{_YEAR}{_MONTH}{_DAY}|{_DAY}{_MONTH}{_YEAR}|{_MONTH}{_DAY}{_YEAR})"
_COMPACT_TIME = r"(?:[01]\d|2[0-3])[0-5]\d(?:[0-5]\d(?:[.,]\d{1,9})?)?"
_DATES = (
    rf"(?<!\d){_YEAR}([-/.]){_SHORT_MONTH}\1{_SHORT_DAY}(?!\d)(?:(?:[T_]|,? ){_TIME}{_ZONE})?",
    rf"(?<!\d){_SHORT_DAY}([-/.]){_SHORT_DAY}\2{_YEAR}(?!\d)(?:(?:[T_]|,? ){_TIME})?",
    r"(?<![\d:])(?:[01]?\d|2[0-3]):[0-5]\d:[0-5]\d(?:[.,]\d{1,9})?(?![\d:])",
    rf"(?<!\d){_COMPACT_DATE}(?:T|[ _\-]{{0,2}}){_COMPACT_TIME}{_ZONE}(?!\d)",
    rf"(?<!\d){_COMPACT_DATE}[ _\-/,;]{{1,3}}{_COMPACT_DATE}(?!\d)",
    rf"(?<!\d){_YEAR}{_MONTH}{_DAY}(?:[01]\d|2[0-3])(?:[0-5]\d){{2}}(?:\d{{3}}|\d{{6}})(?!\d)",
)

# Amounts, also with floating point errors: 4.950000000000001.
_AFTER_BLANK = r"(?<!\d[ '\xa0\u202f])"
_BEGINS = r"(?<![\d.])(?:(?<!,)|(?<=\d{4},))"
_NOISE = r"\d{0,4}(?:0{5,}|9{5,})\d{0,8}"
_NO_EXPONENT = rf"(?!{TIMES_TEN}\d)"
_AMOUNTS = (
    rf"(?<![\d.,]){_AFTER_BLANK}\d{{1,3}}(?:,\d{{3}}){{0,2}}[.,]\d\d?(?!\d|[.,]\d)",
    rf"{_BEGINS}\d{{1,9}}\.{_NOISE}(?!\d|\.\d){_NO_EXPONENT}",
    rf"(?<![\d.,])\d{{1,9}},{_NOISE}(?!\d|[.,]\d){_NO_EXPONENT}",
)

_ADDRESSES = (r"(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?![\d.]|[,' ]\d{3}(?!\d))",)

# Masks of file names, UUIDs, hashes, IBANs (ISO 13616) of their country's length.
_IBANS = {
    15: "NO", 16: "BE", 18: "DK FI FK FO GL NL SD", 19: "MK SI", 20: "AT BA EE KZ LT LU MN XK",
    21: "CH HR LI LV", 22: "BG BH CR DE GB GE IE ME RS VA", 23: "AE GI IL IQ OM SO TL",
    24: "AD CZ ES MD PK RO SA SE SK TN VG", 25: "LY PT ST", 26: "IS TR",
    27: "BI DJ FR GR IT MC MR SM", 28: "AL AZ BY CY DO GT HU LB NI PL SV", 29: "BR EG PS QA UA",
    30: "JO KW MU YE", 31: "MT SC", 32: "LC", 33: "RU",
}  # fmt: skip
_IBAN = "|".join(
    rf"(?:{countries.replace(' ', '|')})\d\d(?: ?[0-9A-Z]){{{length - 4}}}"
    for length, countries in _IBANS.items()
)
_UUID = r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
_HASH = r"(?=\d*[a-fA-F])[0-9a-fA-F]{32}(?:[0-9a-fA-F]{8}|[0-9a-fA-F]{32}(?:[0-9a-fA-F]{64})?)?"
_MASK = r"\*{4}\d{4}~[0-9a-f]{8}(?![0-9A-Za-z])"

# The common prefix of all alternatives comes first, so that a text without a match fails fast.
_IDENTIFIER = (
    rf"{_MASK}|(?<![0-9A-Za-z])(?=[0-9A-Za-z])(?:{_UUID}|(?P<hash>{_HASH})"
    rf"|(?=[A-Z]{{2}}\d\d)(?P<iban>{_IBAN}))(?![0-9A-Za-z])"
)
_NUMBER = rf"(?<!\d)(?=\d)(?:{'|'.join((*_DATES, *_ADDRESSES, *_AMOUNTS))})"
_IDENTIFIERS = re.compile(_IDENTIFIER)
_KNOWN = re.compile(f"{_NUMBER}|{_IDENTIFIER}")
_STRIPE = re.compile(r"(\d{12,19})[dD]\d{4}")

# Numbers with decimals, such as coordinates; with a decimal comma only if it is the whole text.
_DECIMAL = r"(?:\d{1,3}\.\d{3,}|\d{4,7}\.\d{6,})"
_DECIMALS = re.compile(
    rf"{_BEGINS}{_AFTER_BLANK}{_DECIMAL}(?:[ ,;/|]{{1,3}}[+\-]?{_DECIMAL})*(?!\d|\.\d)"
    r"|\A\s*[+\-]?\d{1,7},\d+\s*\Z"
)
_ONE_DECIMAL = re.compile(r"(\d+)[.,](\d+)")


def without_identifiers(text: str) -> str:
    """The text without identifiers, which may contain any digits; ASCII only."""
    return _IDENTIFIERS.sub(_broken_if_right, text)


def without_known(text: str) -> str:
    """The text without identifiers, dates with times, IP addresses and amounts; ASCII only."""
    return _KNOWN.sub(_broken_if_right, text)


def without_decimals(text: str) -> str:
    """The text without numbers that have decimals, unless these are a card's."""
    return _DECIMALS.sub(_broken_unless_card, text)


def without_telephones(text: str, longest: int) -> str:
    """The text without international telephone numbers (ITU-T E.164) of so many digits or fewer."""
    if "+" not in text and "00" not in text:
        return text
    return _TELEPHONES[longest].sub(_broken, text)


# One or several; the first does not begin inside another number, and after each comes no further
# digit, or another telephone number.
_PART = r"[\s\-./()]{1,3}"
_BETWEEN = r"[\s,;/|&\-]{1,4}"
_LONE = r"(?<!\d)(?<!\d\W)(?<!\d\W\W)(?<!\d\W\W\W)(?<!\d\W\W\W\W)"


def _telephones(longest: int) -> re.Pattern[str]:
    digits = rf"[1-9](?:(?:{_PART})?\d){{6,{longest - 1}}}"
    digits += rf"(?:(?!(?:{_PART})?\d)|(?={_BETWEEN}(?:\+|00))|(?=\s*[/,;|]\s*[0(]))"
    plus, zeros = rf"(?<![\w+])\+{digits}", rf"00 ?{digits}"
    return re.compile(rf"(?:{plus}|{_LONE}{zeros})(?:{_BETWEEN}(?:{plus}|{zeros}))*")


_TELEPHONES = {longest: _telephones(longest) for longest in (13, 15)}


def _broken(run: re.Match[str]) -> str:
    return BREAK * (run.end() - run.start())


def _broken_if_right(run: re.Match[str]) -> str:
    """Remove what is known, except what only looks like an IBAN or a hash."""
    if run.lastgroup is not None:
        if run["iban"] is not None:
            compact = run["iban"].replace(" ", "")
            digits = "".join(str(int(sign, 36)) for sign in compact[4:] + compact[:4])
            if int(digits) % 97 != 1:
                return run.group()
        elif (stripe := _STRIPE.match(run["hash"])) and is_issued(stripe.group(1)):
            return run.group()
    return BREAK * (run.end() - run.start())


def _broken_unless_card(run: re.Match[str]) -> str:
    """Remove numbers with decimals, except those whose decimals, or all digits, are a card."""
    for whole, decimals in _ONE_DECIMAL.findall(run.group()):
        if is_issued(decimals) or (len(whole) > 5 and is_issued(whole + decimals)):
            return run.group()
    return _broken(run)
