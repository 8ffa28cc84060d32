"""How the sentences of a page write dates, money, changes and names."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from base.printing import shown
from publish.reports.page import isolated

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
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
LONGEST_NAME, LONGEST_NAMED = 100, 60
"""In a cell, and within a sentence."""
NEARLY_NOTHING = Decimal("0.5")
"""A change up to this many percent counts as none in a sentence."""


def weekday(day: date) -> str:
    """`Monday`, in whatever language the machine speaks."""
    return WEEKDAYS[day.weekday()]


def on_day(day: date) -> str:
    """`Monday 4 March 2024`."""
    return f"{weekday(day)} {day.day} {MONTHS[day.month - 1]} {day.year}"


def short_day(day: date) -> str:
    """`4 Mar`."""
    return f"{day.day} {MONTHS[day.month - 1][:3]}"


def of_month(day: date) -> str:
    """`March 2024`, of any of its days."""
    return f"{MONTHS[day.month - 1]} {day.year}"


def days_of(first: date, last: date) -> str:
    """`26 February to 3 March 2024`; years and months only where they differ."""
    begin = str(first.day)
    if (first.year, first.month) != (last.year, last.month):
        begin += f" {MONTHS[first.month - 1]}"
    if first.year != last.year:
        begin += f" {first.year}"
    return f"{begin} to {last.day} {MONTHS[last.month - 1]} {last.year}"


def hour(number: int) -> str:
    """`09:00`; 24 is the end of the day."""
    return f"{number:02}:00"


def money(amount: Decimal, currency: str) -> str:
    """`1,234.50 GBP`."""
    return f"{amount:,.2f} {currency}"


def signed_money(amount: Decimal, currency: str) -> str:
    """`+1,234.50 GBP`."""
    return f"{amount:+,.2f} {currency}"


def number(value: Decimal | int) -> str:
    """A quantity without needless decimals: `1,234`, `2.5`."""
    text = f"{value:,}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def percent(value: Decimal) -> str:
    """`12.3 %`, without a sign."""
    return f"{abs(value):,} %"


def more_or_less(change: Decimal) -> str:
    """`12.3 % more than`, `5.0 % less than`, `about as much as`."""
    if abs(change) <= NEARLY_NOTHING:
        return "about as much as"
    return f"{percent(change)} {'more' if change > 0 else 'less'} than"


def up_or_down(change: Decimal) -> str:
    """`up 12.3 %`, `down 5.0 %`, `unchanged`."""
    if abs(change) <= NEARLY_NOTHING:
        return "unchanged"
    return f"{'up' if change > 0 else 'down'} {percent(change)}"


def listed(names: Sequence[str], most: int = 5) -> str:
    """`A, B and C`; of many the first, and how many more."""
    if len(names) > most:
        return f"{', '.join(names[:most])} and {len(names) - most:,} more"
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"


def cleaned(name: str) -> str:
    """A name from a file without control and invisible characters, and not longer than a line."""
    return shown(name, LONGEST_NAME)


def named(name: str) -> str:
    """A cleaned name within a sentence. One that is written from right to left is isolated, so that
    it does not reorder the figures beside it.
    """
    return isolated(shown(name, LONGEST_NAMED))


def called(branch_name: str) -> str:
    """A branch within a sentence; many sources name a branch by a number only."""
    return f"Branch {branch_name}" if branch_name.isdigit() else named(branch_name)


def gone_or_going(gone: int, going: int) -> str:
    """`2 products that sell are out of stock and 1 is running out`."""
    said = []
    if gone:
        said.append(
            f"{gone:,} product{'s that sell are' if gone > 1 else ' that sells is'} out of stock"
        )
    if going:
        what = "" if gone else f" product{'s that sell' if going > 1 else ' that sells'}"
        said.append(f"{going:,}{what} {'are' if going > 1 else 'is'} running out")
    return " and ".join(said)


def sentences(*parts: str) -> str:
    """Parts that are not empty, one after another."""
    return " ".join(part for part in parts if part)
