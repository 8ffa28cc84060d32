"""The truth about the benchmarks' files, for any source."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from decimal import Decimal
from typing import Any

from sample.csv_text import price_text


@dataclass(frozen=True)
class Truth:
    """The content of some files. Money is in pence."""

    files: int = 0
    bytes: int = 0
    rows: int = 0
    items: int = 0
    pence: int = 0
    card_rows: int = 0
    last_four: int = 0
    """The sum of the last four digits of all cards, as numbers."""

    def __add__(self, other: Truth) -> Truth:
        return self._with(other, 1)

    def __sub__(self, other: Truth) -> Truth:
        return self._with(other, -1)

    def _with(self, other: Truth, sign: int) -> Truth:
        return Truth(
            *(getattr(self, each.name) + sign * getattr(other, each.name) for each in fields(self))
        )

    @property
    def money(self) -> str:
        """The money with two decimals."""
        return price_text(self.pence)


@dataclass(frozen=True)
class Expected:
    """The sales that count, and the rows that do not."""

    source: str
    sales: int
    units: int
    money: Decimal
    rejected: dict[str, int]
    """Name of the file -> rejected rows."""


@dataclass(frozen=True)
class ShopTruth:
    """What counts of a shop's files; a later file adds to it, and may take away.

    Money is in pence by currency, hits are those of people by country.
    """

    files: int = 0
    orders: int = 0
    rejected: int = 0
    pence: dict[str, int] = field(default_factory=dict)
    shipments: int = 0
    scans: int = 0
    """Tracking events, each once."""
    log_lines: int = 0
    bot_hits: int = 0
    hits: dict[str, int] = field(default_factory=dict)

    def __add__(self, other: ShopTruth) -> ShopTruth:
        return ShopTruth(
            **{
                each.name: _sum(getattr(self, each.name), getattr(other, each.name))
                for each in fields(self)
            }
        )


def _sum(one: Any, other: Any) -> Any:
    """The sum of two numbers, or of two mappings key by key."""
    if isinstance(one, dict):
        return {key: one.get(key, 0) + other.get(key, 0) for key in one | other}
    return one + other
