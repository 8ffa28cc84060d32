"""What the stores sell: the items of the price list, with their prices and costs by day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from sample.chance import digest

MOST_KEPT = 4096

TYPES = (
    "ירקות", "פירות", "מוצרי חלב", "גבינות", "לחם ומאפים", "בשר טרי", "עופות", "דגים", "קפואים",
    "שימורים", "קטניות", "אורז ופסטה", "קמח ואפייה", "שמנים", "רטבים", "תבלינים", "חטיפים",
    "ממתקים", "משקאות קלים", "מים", "קפה ותה", "משקאות חריפים", "ניקיון", "טואלטיקה", "תינוקות",
    "חד פעמי", "שונות",
)  # fmt: skip
_NAMES = (
    "עגבניות", "תפוחים", "חלב טרי", "גבינה צהובה", "לחם מלא", "בשר טחון", "חזה עוף", "דג סלמון",
    "אפונה קפואה", "טונה בשמן", "עדשים", "אורז בסמטי", "קמח לבן", "שמן זית", "רוטב עגבניות",
    "פפריקה", "במבה", "שוקולד", "מיץ תפוזים", "מים מינרליים", "קפה שחור", "בירה לבנה", "סבון כלים",
    "שמפו", "חיתולים", "צלחות", "שקית נשיאה",
)  # fmt: skip
_SIZES = ("קטן", "בינוני", "גדול", '1 ק"ג', "500 גרם", "1 ליטר", "מארז 4")
_WEIGHED_TYPES = 8
"""Items of the first types are sold by weight, one in two of them."""

NORMAL, RUN_DOWN, PLENTY, UNSOLD = "normal", "run down", "plenty", "unsold"
NOON = 12 * 3600
_FIRST_CHANGE, _CHANGES = 7, 28


@dataclass(frozen=True)
class Goods:
    """One item. Amounts are in agorot: the price with VAT, the cost without.

    `supply`: what becomes of its stock. `changes_on`: the number of the day at whose noon it gets
    another price and cost.
    """

    number: int
    item_id: str
    name: str
    kind: int
    price: int
    cost: int | None
    is_weighed: bool
    has_name: bool
    supply: str
    changes_on: int | None

    def price_at(self, day_number: int, second: int) -> int:
        """The price at a time of a day; days are counted from the first day of the tills."""
        return self.price + (30 + self.price // 200 * 10) * self._is_changed(day_number, second)

    def cost_at(self, day_number: int, second: int) -> int | None:
        """The cost at that time."""
        if self.cost is None:
            return None
        return self.cost + self.cost // 20 * self._is_changed(day_number, second)

    def _is_changed(self, day_number: int, second: int) -> bool:
        return self.changes_on is not None and (day_number, second) >= (self.changes_on, NOON)

    @property
    def is_sold(self) -> bool:
        """Whether the store sells it: it has a price, and somebody wants it."""
        return self.price > 0 and self.supply != UNSOLD


@lru_cache(maxsize=MOST_KEPT)
def goods_at(number: int) -> Goods:
    """The item of a number: always the same one."""
    marks = digest("retail360 goods", number)
    kind = number % len(TYPES)
    price = 290 + 100 * (int.from_bytes(marks[0:2], "big") % 60)
    # Costs are without VAT: 50 to 74 percent of the price, before the VAT of any year.
    cost = price * (50 + marks[2] % 25) // 118
    lot = marks[3] % 20
    supply = RUN_DOWN if lot < 2 else PLENTY if lot < 4 else UNSOLD if lot < 6 else NORMAL
    is_free = number % 20 == 19
    return Goods(
        number,
        str(1001 + number * 3),
        f"{_NAMES[kind]} {_SIZES[number // len(TYPES) % len(_SIZES)]} {number:04d}",
        kind + 1,
        0 if is_free else price,
        None if number % 50 == 17 else cost,
        kind < _WEIGHED_TYPES and number // len(TYPES) % 2 == 0,
        number % 60 != 23,
        supply,
        _FIRST_CHANGE + marks[5] % _CHANGES if number % 12 == 5 else None,
    )


def vat_percent(day: date) -> int:
    """The rate of value-added tax that the tills apply."""
    return 18 if day >= date(2025, 1, 1) else 17
