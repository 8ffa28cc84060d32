"""Numbers and lists in words."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

MOST_LISTED = 15


def plural(count: int, word: str) -> str:
    """`1 file`, `2 files`, `2 branches`, `2 addresses`, `2 duplicates`."""
    if count == 1:
        return f"1 {word}"
    return f"{count:,} {word}{'es' if word.endswith(('ch', 'ss')) else 's'}"


def money(amount: Decimal) -> str:
    """An amount with thousands separators and its own number of decimals."""
    return f"{amount:,}"


def change(percent: Decimal | None) -> str:
    """A change in percent with its sign."""
    return "" if percent is None else f"{percent:+} %"


def listed(paths: Sequence[str]) -> str:
    """A list of paths; of many, only the first, and the number of the rest."""
    more = len(paths) - MOST_LISTED
    return ", ".join(paths[:MOST_LISTED]) + (f" and {more:,} more" if more > 0 else "")


def as_sentence(text: str) -> str:
    """The text with a capital at its beginning."""
    return text[:1].upper() + text[1:]
