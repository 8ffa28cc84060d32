"""The files for the benchmarks: like the tills' own, deterministic.

Names, price list, cards and line format are those of the sample company (`sample`). But baskets
are drawn from a rendered pool, which makes a line about ten times cheaper. Card numbers always fail
the Luhn check that every issued card passes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache
from pathlib import Path

from bench.truth import Truth
from sample.branch_pos.till_files import FOLDER, file_name, total_text
from sample.branches import Branch, branch_at
from sample.chance import Weighted, below, generator
from sample.csv_text import price_text, quoted
from sample.menu import offers
from sample.people import Person, luhn_digit, person

# In the order of a file.
COLUMNS = (
    "transaction_timestamp",
    "branch",
    "customer_name",
    "basket",
    "total",
    "payment_method",
    "card_number",
)
FIRST_DAY = date(2024, 1, 1)
_SEED = 20240101
_MENU_DAYS = 91
_BASKETS = 3_000
# One to five items, 2.4 on average.
_BASKET_SIZES = Weighted((30, 28, 22, 12, 8))
_REGULARS = 0.75
# Seven in ten people have a card (`sample.people`); with this, half of the receipts are by card.
_CASH_ALL_THE_SAME = 0.305


@dataclass(frozen=True)
class TillFile:
    """One file: its path in the inbox, its bytes, what it holds, and the cards in it."""

    path: str
    content: bytes
    truth: Truth
    cards: frozenset[str] = field(default=frozenset(), repr=False)


@dataclass(frozen=True)
class _Basket:
    """The fields basket and total as written in a line."""

    text: str
    items: int
    pence: int


@dataclass(frozen=True)
class _Sale:
    line: str
    items: int
    pence: int
    card: str


@cache
def _baskets(menu: int) -> tuple[_Basket, ...]:
    """The baskets of one season: every price list is valid for a quarter."""
    day = FIRST_DAY + timedelta(days=menu * _MENU_DAYS)
    on_offer = offers(branch_at(1), day, menu * _MENU_DAYS)
    choice = Weighted([offer.weight for offer in on_offer])
    rng = generator(_SEED, "baskets", menu)
    made = []
    for _ in range(_BASKETS):
        picked = [on_offer[choice.draw(rng)] for _ in range(1 + _BASKET_SIZES.draw(rng))]
        pence = sum(offer.pence for offer in picked)
        text = quoted(", ".join(f"{offer.name} - {price_text(offer.pence)}" for offer in picked))
        made.append(_Basket(f"{text},{total_text(pence)}", len(picked), pence))
    return tuple(made)


@cache
def _branch(position: int) -> Branch:
    return branch_at(position)


@cache
def _minutes() -> tuple[str, ...]:
    """The minutes of a trading day, from seven to seven."""
    return tuple(f"{minute // 60:02d}:{minute % 60:02d}" for minute in range(7 * 60, 19 * 60))


class Tills:
    """Creates till files. Regulars are cached; everything else is computed each time."""

    def __init__(self) -> None:
        self._regulars: dict[tuple[int, int], Person] = {}

    def file(self, position: int, number: int, rows: int, *, corrected: bool = False) -> TillFile:
        """The file of branch `position` on day `number` (both from 0) with so many `rows`.

        `corrected`: the version sent later, with one receipt removed and one entered twice.
        """
        branch = _branch(position)
        day = FIRST_DAY + timedelta(days=number)
        sales = self._sales(position, branch, number, day, rows)
        if corrected:
            sales = [*sales[1:], sales[-1]]
        content = "".join([sale.line for sale in sales]).encode()
        cards = [sale.card for sale in sales if sale.card]
        truth = Truth(
            files=1,
            bytes=len(content),
            rows=len(sales),
            items=sum([sale.items for sale in sales]),
            pence=sum([sale.pence for sale in sales]),
            card_rows=len(cards),
            last_four=sum([int(card[-4:]) for card in cards]),
        )
        opened = (9 if corrected else 6) * 3600 + 50 * 60 + number % 600
        return TillFile(
            f"{FOLDER}/{file_name(branch, day, opened)}", content, truth, frozenset(cards)
        )

    def _sales(
        self, position: int, branch: Branch, number: int, day: date, rows: int
    ) -> list[_Sale]:
        rng = generator(_SEED, "day", position, number)
        draw = rng.random
        baskets, minutes = _baskets(number // _MENU_DAYS), _minutes()
        many, long = len(baskets), len(minutes)
        # Customers come and go; regulars come most often.
        oldest, pool = number // 3, max(200, 6 * rows) + number
        before = f"{day.day:02d}/{day.month:02d}/{day.year:04d} "
        sales = []
        for at, minute in enumerate(sorted([int(draw() * long) for _ in range(rows)])):
            if draw() < _REGULARS:
                share = draw()
                customer = self._regular(position, oldest + int(share * share * pool))
            else:
                customer = person(_SEED, f"{position} {number}", at)
            basket = baskets[int(draw() * many)]
            card = customer.card_number if customer.pays_by_card else ""
            if draw() < _CASH_ALL_THE_SAME:
                card = ""
            sales.append(
                _Sale(
                    f"{before}{minutes[minute]},{branch.name},{customer.name},{basket.text},"
                    f"{'CARD' if card else 'CASH'},{card}\n",
                    basket.items,
                    basket.pence,
                    card,
                )
            )
        return sales

    def _regular(self, position: int, number: int) -> Person:
        key = (position, number)
        known = self._regulars.get(key)
        if known is None:
            known = self._regulars[key] = person(_SEED, f"regular {position}", number)
        return known


def write(inbox: Path, file: TillFile) -> None:
    """Write a file into the inbox; the folder of its source must exist."""
    (inbox / file.path).write_bytes(file.content)


def make_inbox(inbox: Path) -> None:
    """Create an empty inbox with the tills' folder."""
    (inbox / FOLDER).mkdir(parents=True, exist_ok=True)


# -- the large file --------------------------------------------------------------------------------

BLOCK_ROWS = 40_000
_PREFIX = "100000"


def large_blocks(size: int, block_rows: int = BLOCK_ROWS) -> Iterator[tuple[bytes, Truth, int]]:
    """The content of one file of at least `size` bytes: (bytes, their truth, new cards).

    One block of lines repeatedly, but with new card numbers each time, so that the memory of a
    reader that caches every card would grow.
    """
    rng = generator(_SEED, "large")
    baskets, minutes = _baskets(0), _minutes()
    branch = _branch(0)
    lines, cards = [], []
    truth = Truth()
    for number in range(block_rows):
        basket = baskets[below(rng, len(baskets))]
        name = person(_SEED, "large", number % 5_000).name
        card = ""
        if rng.random() < 0.5:
            digits = f"{_PREFIX}{below(rng, 10**9):09d}"
            card = f"{digits}{(luhn_digit(digits) + 1 + below(rng, 9)) % 10}"
            cards.append(card)
        stamp = f"01/01/2024 {minutes[number * len(minutes) // block_rows]}"
        method = "CARD" if card else "CASH"
        lines.append(f"{stamp},{branch.name},{name},{basket.text},{method},{card}\n")
        truth += Truth(0, 0, 1, basket.items, basket.pence)
    block = "".join(lines).encode()
    last_four = sum(int(card[-4:]) for card in cards)
    truth += Truth(bytes=len(block), card_rows=len(cards), last_four=last_four)
    distinct = len(set(cards))
    # A prefix with the same weight in the checksum as the first one leaves all cards invalid.
    weight = luhn_digit(_PREFIX + "0" * 9)
    prefixes = (
        prefix
        for prefix in (str(number) for number in range(int(_PREFIX), 10 ** len(_PREFIX)))
        if luhn_digit(prefix + "0" * 9) == weight
    )
    written = 0
    for prefix in prefixes:
        if written >= size:
            return
        yield block.replace(f",{_PREFIX}".encode(), f",{prefix}".encode()), truth, distinct
        written += len(block)


def large_file_path() -> str:
    """The path of the large file in its inbox."""
    return f"{FOLDER}/{file_name(_branch(0), FIRST_DAY, 7 * 3600)}"
