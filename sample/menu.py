"""The branches' products, their prices per day, and their seasonal demand."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sample.branches import Branch
from sample.chance import digest

HOT = "hot"
ICED = "iced"
EVEN = "even"

# Demand per kind in percent, by month from January.
_SEASONS: dict[str, tuple[int, ...]] = {
    HOT: (150, 145, 125, 105, 85, 65, 55, 60, 90, 115, 140, 155),
    ICED: (25, 30, 45, 75, 110, 150, 180, 170, 110, 65, 35, 25),
    EVEN: (100,) * 12,
}

# Surcharge of expensive places, in the minor unit of the branch's currency.
_SURCHARGES = {"London": 20, "Leinster": 40}

# Prices are revised every thirteen weeks, a quarter of the list each time.
_FIRST_PRICE_ROUND = 28
_PRICE_ROUND_EVERY = 91
_PRICE_STEP = 10


@dataclass(frozen=True)
class Product:
    """A line of the price list. `pence` is the price on the company's first day.

    `everywhere`: false for products that only some branches stock; `from_day` counts from the first
    day.
    """

    name: str
    pence: int
    kind: str
    weight: int
    everywhere: bool = True
    from_day: int = 0


@dataclass(frozen=True)
class Offer:
    """A product as one branch sells it on one day."""

    name: str
    pence: int
    weight: int


def _sizes(base: str, regular: int, large: int, kind: str, weight: int) -> tuple[Product, ...]:
    return (
        Product(f"Regular {base}", regular, kind, weight),
        Product(f"Large {base}", large, kind, weight - 1),
    )


_PRODUCTS: tuple[Product, ...] = (
    *_sizes("Latte", 215, 245, HOT, 9),
    *_sizes("Flat white", 215, 245, HOT, 9),
    *_sizes("Filter coffee", 150, 180, HOT, 10),
    *_sizes("Hot Chocolate", 140, 170, HOT, 6),
    *_sizes("Chai latte", 230, 260, HOT, 6),
    *_sizes("Speciality Tea - English breakfast", 130, 160, EVEN, 7),
    *_sizes("Speciality Tea - Earl Grey", 130, 160, EVEN, 4),
    *_sizes("Flavoured latte - Hazelnut", 255, 285, HOT, 5),
    *_sizes("Flavoured latte - Crème brûlée", 265, 295, HOT, 3),
    *_sizes("Iced americano", 215, 250, ICED, 7),
    *_sizes("Flavoured iced latte - Hazelnut", 275, 325, ICED, 6),
    *_sizes("Flavoured iced latte - Vanilla", 275, 325, ICED, 6),
    *_sizes("Flavoured iced latte - Caramel", 275, 325, ICED, 5),
    Product("Butter croissant", 195, EVEN, 6),
    Product("Blueberry muffin", 225, EVEN, 5),
    Product("Shepherd's pie slice", 395, HOT, 2, everywhere=False),
    Product("Baker's choice - Gluten-free - Almond", 275, EVEN, 2),
    Product("Pain au chocolat", 210, EVEN, 4, everywhere=False),
    Product("Sparkling water 33cl", 120, ICED, 3, everywhere=False),
    Product("Regular Pumpkin spice latte", 285, HOT, 8, from_day=21),
    Product("Large Pumpkin spice latte", 320, HOT, 7, from_day=21),
    Product("Large Cold brew - Nitro", 345, ICED, 6, from_day=150),
)

# The Camden till has a second key for the same drink, in another case and with another price.
_KEYED_TWICE = Product("Regular Flat White", 235, HOT, 4)
KEYED_TWICE_AT = "London Camden"


def _season_percent(kind: str, day: date) -> int:
    """The demand for `kind` on `day`, interpolated between months."""
    months = _SEASONS[kind]
    here, there = months[day.month - 1], months[day.month % 12]
    return here + (there - here) * (day.day - 1) // 31


def _price(position: int, product: Product, branch: Branch, day_number: int) -> int:
    pence = product.pence + _SURCHARGES.get(branch.region, 0)
    rounds = 0
    if day_number >= _FIRST_PRICE_ROUND:
        rounds = 1 + (day_number - _FIRST_PRICE_ROUND) // _PRICE_ROUND_EVERY
    return pence + _PRICE_STEP * sum(1 for held in range(rounds) if (position + held) % 4 == 0)


def offers(branch: Branch, day: date, day_number: int) -> list[Offer]:
    """The price list of `branch` on `day`, which is the company's day `day_number` (from 0)."""
    listed = list(_PRODUCTS)
    if branch.name == KEYED_TWICE_AT:
        listed.append(_KEYED_TWICE)
    return [
        Offer(
            product.name,
            _price(position, product, branch, day_number),
            product.weight * _season_percent(product.kind, day),
        )
        for position, product in enumerate(listed)
        if product.from_day <= day_number
        and (product.everywhere or digest("stocks", branch.slug, product.name)[0] % 3)
    ]
