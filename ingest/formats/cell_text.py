"""Typed values as text: numbers, and the dates and times that workbooks keep as numbers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Literal, NamedTuple

DAY = 86_400_000
"""In milliseconds."""
SNAP = 20
"""In milliseconds: what is so near to a whole second is that second, unless its format shows
fractions. Fractions of a day are seldom exact: 09:50 is often kept as 09:49:59.99."""

_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_WHOLE = re.compile(r"[+-]?0*([0-9]+)(?:\.0*)?")
_ISO = re.compile(
    r"(?P<date>[0-9]{4}-[0-9]{2}-[0-9]{2})?(?P<gap>[T ])?"
    r"(?:(?P<hour>[0-9]{2}):(?P<minute>[0-9]{2})(?::(?P<second>[0-9]{2}(?:[.,][0-9]+)?))?)?Z?"
)
_PERIOD = re.compile(
    r"(?P<sign>-?)P(?:(?P<days>[0-9]{1,9})D)?(?:T(?:(?P<hours>[0-9]{1,9})H)?"
    r"(?:(?P<minutes>[0-9]{1,9})M)?(?:(?P<seconds>[0-9]{1,9}(?:[.,][0-9]+)?)S)?)?"
)


def number_text(stored: str) -> str | None:
    """A stored number without exponent and needless zeros, such as `44`, `0.1`; None: not one.

    A whole number keeps all its digits. Any other is a float: of the texts that stand for the same
    float, the shortest.
    """
    if stored.isdecimal() and stored.isascii() and (stored[0] != "0" or len(stored) == 1):
        return stored
    stored = stored.strip()
    found = _WHOLE.fullmatch(stored)
    if found is not None:
        digits = found[1]
        return f"-{digits}" if stored[0] == "-" and digits != "0" else digits
    if _NUMBER.fullmatch(stored) is None:
        return None
    return plain_float(repr(float(stored)))


def plain_float(written: str) -> str | None:
    """A float's shortest text without exponent and `.0`; None for infinity and no number."""
    if "n" in written:
        return None
    if "e" in written:
        written = format(Decimal(written), "f")
    if "." in written:
        written = written.rstrip("0").rstrip(".")
    return "0" if written == "-0" else written


class Shape(NamedTuple):
    """What a number format shows a number as, if not as a number.

    `kind` is `either` where it depends on the country; `fractions`: of a second are shown.
    """

    kind: Literal["date", "time", "timestamp", "either", "duration"]
    fractions: bool = False


_BUILT_IN = {
    **dict.fromkeys((14, 15, 16, 17), Shape("date")),
    **dict.fromkeys((18, 19, 20, 21, 45), Shape("time")),
    22: Shape("timestamp"),
    46: Shape("duration"),
    47: Shape("time", fractions=True),
    **dict.fromkeys((*range(27, 37), *range(50, 59)), Shape("either")),
}
_TOKEN = re.compile(
    r'"[^"]*"?|\\.|_.|\*.|\[(?P<bracket>[^\]]*)\]|(?P<noon>am/pm|a/p)|general|standard|(?P<other>.)',
    re.DOTALL,
)
_FRACTIONS = re.compile(r"(s)[.,]0+")
_RUN = re.compile(r"([ydhsmegb])\1*")


def shape_of(number: int, code: str | None) -> Shape | None:
    """What the number format of a workbook shows. None: a number, or text.

    `number`: of a format that each program knows, unless the workbook has a `code` for it.
    """
    if code is None:
        return _BUILT_IN.get(number)
    signs = ""
    elapsed = False
    for token in _TOKEN.finditer(code.lower()):
        if token["bracket"] is not None:
            if re.fullmatch("h+|m+|s+", token["bracket"]):
                elapsed = True
                # Whatever its unit, it is followed by smaller ones.
                signs += "s" if token["bracket"][0] == "s" else "h"
        elif token["noon"]:
            signs += "h"
        elif token["other"] == ";":
            break
        elif token["other"]:
            signs += token["other"]
    signs, fractions = _FRACTIONS.subn(r"\1", signs)
    if any(sign in signs for sign in "0#?@"):
        return None
    units = [found.group() for found in _RUN.finditer(signs)]
    clock = any(unit[0] in "hs" for unit in units)
    day = any(unit[0] in "ydegb" or (unit[0] == "m" and not near) for unit, near in _near(units))
    if elapsed and not day:
        return Shape("duration", fractions > 0)
    if not clock and not day:
        return None
    return Shape("timestamp" if clock and day else "time" if clock else "date", fractions > 0)


def _near(units: list[str]) -> Iterator[tuple[str, bool]]:
    """Each unit, and whether it is behind hours or before seconds, so that `m` means minutes."""
    for place, unit in enumerate(units):
        before = units[place - 1][0] if place else ""
        behind = units[place + 1][0] if place + 1 < len(units) else ""
        yield unit, len(unit) <= 2 and (before == "h" or behind == "s")


def serial_text(stored: str, shape: Shape, *, from_1904: bool = False) -> str | None:
    """A workbook's number as the date or time that its format shows; None: not a number.

    A plain number if it is not a date: negative, or after the year 9999. `from_1904`: the
    workbook counts days from 1904, not from 1900.
    """
    plain = number_text(stored)
    if plain is None:
        return None
    value = float(plain)
    if abs(value) > 1e8:
        return plain
    moment = _rounded(value * DAY, shape.fractions)
    if shape.kind == "duration":
        return clock_text(moment)
    days, rest = divmod(moment, DAY)
    if value < 0 or days > (2_957_003 if from_1904 else 2_958_465):
        return plain
    has_no_date = shape.kind in ("time", "either") or (shape.kind == "timestamp" and not from_1904)
    if value < 1 and has_no_date:
        return clock_text(moment)
    day = _day_from_1904(days) if from_1904 else _day_from_1900(days)
    if rest or shape.kind in ("timestamp", "time"):
        return f"{day} {clock_text(rest)}"
    return day


@lru_cache(maxsize=4096)
def _day_from_1900(days: int) -> str:
    """Day 60 is 29 February 1900, which never was, and day 0 is before the 1st: as Excel shows."""
    if days > 60:
        return (date(1899, 12, 30) + timedelta(days)).isoformat()
    if days == 60:
        return "1900-02-29"
    return (date(1899, 12, 31) + timedelta(days)).isoformat() if days else "1900-01-00"


@lru_cache(maxsize=4096)
def _day_from_1904(days: int) -> str:
    return (date(1904, 1, 1) + timedelta(days)).isoformat()


def _rounded(milliseconds: float, fractions: bool) -> int:
    exact = round(milliseconds)
    if fractions:
        return exact
    second = round(exact / 1000) * 1000
    return second if abs(exact - second) <= SNAP else exact


def clock_text(milliseconds: int) -> str:
    """A time of day or a duration: `09:50:00`, `30:00:00`, `-01:30:00`, `09:50:00.25`."""
    sign = "-" if milliseconds < 0 else ""
    seconds, fraction = divmod(abs(milliseconds), 1000)
    text = f"{sign}{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    return f"{text}.{fraction:03}".rstrip("0") if fraction else text


def iso_text(stored: str) -> str:
    """An ISO date, time or timestamp in the form of all others; any other text unchanged."""
    found = _ISO.fullmatch(stored.strip())
    if found is None or not (found["date"] or found["hour"]):
        return stored
    if found["hour"] is None:
        return found["date"]
    moment = int(found["hour"]) * 3_600_000 + int(found["minute"]) * 60_000
    moment = _rounded(moment + _seconds(found["second"]) * 1000, fractions=False)
    if found["date"] is None:
        return clock_text(moment)
    days, rest = divmod(moment, DAY)
    day = found["date"]
    if days:
        try:
            day = (date.fromisoformat(day) + timedelta(days)).isoformat()
        except (ValueError, OverflowError):
            return stored
    return f"{day} {clock_text(rest)}"


def period_text(stored: str) -> str:
    """An ISO period such as `PT09H50M00S` as `09:50:00`; any other text unchanged."""
    found = _PERIOD.fullmatch(stored.strip())
    if found is None or stored.strip().endswith(("P", "T")):
        return stored
    hours = int(found["days"] or 0) * 24 + int(found["hours"] or 0)
    moment = (hours * 60 + int(found["minutes"] or 0)) * 60_000
    moment = _rounded(moment + _seconds(found["seconds"]) * 1000, fractions=False)
    return clock_text(-moment if found["sign"] else moment)


def _seconds(written: str | None) -> float:
    return float(written.replace(",", ".")) if written else 0.0
