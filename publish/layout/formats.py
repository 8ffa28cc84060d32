"""Values as the texts that people read. Numbers are written as in English, dates with words."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from base.printing import printable
from publish.reports.page import END_OF_ISOLATE, ISOLATE, Kind, Value

DASH = "\N{EN DASH}"
MINUS = "\N{MINUS SIGN}"
SPACE = "\N{NO-BREAK SPACE}"
ELLIPSIS = "\N{HORIZONTAL ELLIPSIS}"
_BEFORE_PERCENT = re.compile(r"(?<=\d) (?=%)")
LONGEST_NAME = 80
"""Characters of a name in a table or a list; a name of 200 characters would fill a screen."""
LONGEST_TEXT = 2000

NUMERIC = frozenset({Kind.NUMBER, Kind.QUANTITY, Kind.MONEY, Kind.HOURS, Kind.PERCENT, Kind.CHANGE})
_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_FEWEST_DECIMALS = {Kind.MONEY: 2, Kind.PERCENT: 1, Kind.CHANGE: 1}
_MOST_DECIMALS = {Kind.NUMBER: 3, Kind.QUANTITY: 2, Kind.HOURS: 2, Kind.PERCENT: 1, Kind.CHANGE: 1}


def name(value: object, longest: int = LONGEST_NAME) -> str:
    """A name on one line, without control or invisible characters; of a long one the beginning."""
    text = " ".join(printable(str(value)).split())
    return text if len(text) <= longest else f"{text[: longest - 1].rstrip()}{ELLIPSIS}"


def sentence(value: object) -> str:
    """A text of the page as one line, in which a number stays with its percent sign."""
    return _BEFORE_PERCENT.sub(SPACE, line(value))


def line(value: object) -> str:
    """A text without control or invisible characters but those round names."""
    text = " ".join(printable(str(value), kept=ISOLATE + END_OF_ISOLATE).split())
    return text if len(text) <= LONGEST_TEXT else f"{text[: LONGEST_TEXT - 1].rstrip()}{ELLIPSIS}"


def full_date(value: date) -> str:
    """`Tuesday, 24 August 2021`."""
    return f"{_WEEKDAYS[value.weekday()]}, {value.day} {_MONTHS[value.month - 1]} {value.year}"


def short_date(value: date) -> str:
    """`24 Aug 2021`."""
    return f"{value.day} {_MONTHS[value.month - 1][:3]} {value.year}"


def month(value: date) -> str:
    """`August 2021`."""
    return f"{_MONTHS[value.month - 1]} {value.year}"


def decimals(values: Iterable[Value], kind: Kind) -> int:
    """How many decimals a column of values needs, so that its points stand below one another."""
    most = max((_decimals(value, kind) for value in values), default=0)
    return max(most, _FEWEST_DECIMALS.get(kind, 0))


def _decimals(value: Value, kind: Kind) -> int:
    if not isinstance(value, Decimal) or not value.is_finite():
        return 0
    exponent = value.normalize().as_tuple().exponent
    assert isinstance(exponent, int)
    return min(max(0, -exponent), _MOST_DECIMALS.get(kind, 4))


def shown(value: Value, kind: Kind, places: int | None = None) -> str:
    """A value as text, without its currency. `places`: the decimals of its column.

    A percentage has its sign of percent, and a change its plus or minus.
    """
    if value is None:
        return DASH
    if isinstance(value, date):
        return short_date(value)
    if isinstance(value, str):
        return name(value)
    if isinstance(value, Decimal) and not value.is_finite():
        return DASH
    if places is None:
        places = decimals([value], kind)
    rounded = round(Decimal(value), places)
    sign = MINUS if rounded < 0 else "+" if rounded > 0 and kind is Kind.CHANGE else ""
    unit = f"{SPACE}%" if kind in (Kind.PERCENT, Kind.CHANGE) else ""
    return f"{sign}{abs(rounded):,.{places}f}{unit}"


def with_unit(value: Value, kind: Kind, currency: str = "") -> str:
    """A value that stands alone: `1,234.50 GBP`, `7.5 hours`."""
    text = shown(value, kind)
    if text == DASH:
        return text
    if kind is Kind.MONEY and currency:
        return f"{text}{SPACE}{name(currency)}"
    if kind is Kind.HOURS:
        return f"{text}{SPACE}{'hour' if text == '1' else 'hours'}"
    return text


def compact(value: float) -> str:
    """A round number on an axis: `500`, `20k`, `1.5M`."""
    size = abs(value)
    for least, unit in ((1e9, "bn"), (1e6, "M"), (1e4, "k")):
        if size >= least:
            divisor = 1e3 if unit == "k" else least
            return f"{_trimmed(value / divisor)}{unit}"
    return _trimmed(value)


def _trimmed(value: float) -> str:
    text = f"{abs(value):,.3f}".rstrip("0").rstrip(".")
    return f"{MINUS}{text}" if value < 0 and text != "0" else text
