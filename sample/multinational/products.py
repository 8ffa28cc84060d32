"""The goods of all shops, as the object store has them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from sample.chance import below, digest, generator
from sample.csv_text import price_text
from sample.multinational.rows import MOST_KEPT, Row, date_text, no_card, uuid

_CATEGORIES = (
    "toys-and-games", "sports-and-leisure", "pets", "homeware", "health-and-beauty",
    "food-and-drink", "diy",
)  # fmt: skip
_MATERIALS = ("Wooden", "Soft", "Folding", "Bright", "Classic", "Garden", "Travel", "Little")
_THINGS = (
    "Train Set", "Ball", "Dog Bed", "Bread Bin", "Soap Bar", "Tea Tin", "Hand Drill", "Kite",
    "Puzzle", "Blanket", "Lamp", "Racket",
)  # fmt: skip


@dataclass(frozen=True)
class Goods:
    """One product. `pence` is its price."""

    number: int
    code: str
    pence: int


@lru_cache(maxsize=MOST_KEPT)
def goods_at(number: int) -> Goods:
    """The product of a number: always the same one."""
    marks = digest("multinational goods", number)
    code = f"{'ABCRS'[marks[0] % 5]}{marks[1] % 10}-{1000000 + number}{'abcfhjlvwy'[marks[2] % 10]}"
    if marks[3] % 7 == 0:
        code = code.lower()
    return Goods(number, code, 199 + 50 * (int.from_bytes(marks[4:6], "big") % 120))


def product_row(seed: int, goods: Goods, mess: bool) -> Row:
    """The product's line in the list."""
    rng = generator(seed, "product row", goods.number)
    material = _MATERIALS[goods.number % len(_MATERIALS)]
    thing = _THINGS[goods.number // len(_MATERIALS) % len(_THINGS)]
    grams = 40 + below(rng, 4000)
    weights = [
        f"{grams / 1000:.3f}kg",
        f"{grams}g",
        f"{grams}ml",
        f"{1 + grams // 30}oz",
        f"{2 + below(rng, 12)} x {10 * (1 + below(rng, 30))}g",
        f"{grams}g .",
    ]
    shape = below(rng, 24)
    weight = weights[shape if mess and shape < len(weights) else shape % 2]
    added = date(2000 + below(rng, 22), 1 + below(rng, 12), 1 + below(rng, 28))
    ean = no_card("".join(str(below(rng, 10)) for _ in range(10 + below(rng, 8))))
    return {
        "product_name": f"{material} {thing} {goods.number:04d}",
        "product_price": f"£{price_text(goods.pence)}",
        "weight": weight,
        "category": _CATEGORIES[goods.number % len(_CATEGORIES)],
        "EAN": ean,
        "date_added": date_text(rng, added, mess),
        "uuid": uuid(seed, "product", goods.number),
        "removed": "Removed" if below(rng, 17) == 0 else "Still_avaliable",
        "product_code": goods.code,
    }
