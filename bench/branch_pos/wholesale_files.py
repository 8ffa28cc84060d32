"""Till files of a wholesaler: receipts of twenty lines on average, some of a thousand.

Like the invoices of a real one, with 25,900 a year and up to 1,108 products each. Deterministic.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from functools import cache
from math import sqrt
from random import Random

from bench.branch_pos.till_files import FIRST_DAY, TillFile
from bench.truth import Truth
from sample.branch_pos.till_files import FOLDER, file_name, total_text
from sample.branches import branch_at
from sample.chance import below, generator
from sample.csv_text import price_text

_SEED = 20101201
_PRODUCTS = 4_000
_CUSTOMERS = 4_000
MOST_LINES = 1_108
# The mean of a Lomax distribution with exponent 2.
_MEAN_MORE = 19


def wholesale_file(number: int, receipts: int, also: Sequence[int] = ()) -> TillFile:
    """The file of day `number` (from 0) with so many receipts.

    `also`: the version sent later, with additional receipts of so many lines each.
    """
    branch = branch_at(0)
    day = FIRST_DAY + timedelta(days=number)
    rng = generator(_SEED, "wholesale", number)
    lengths = [*(_length(rng) for _ in range(receipts)), *also]
    lines, pence = [], 0
    for at, length in enumerate(lengths):
        minute = 7 * 60 + at * 720 // len(lengths)
        items = [_product(rng) for _ in range(length)]
        total = sum(price for _, price in items)
        basket = ", ".join(f"{name} - {price_text(price)}" for name, price in items)
        lines.append(
            f"{day:%d/%m/%Y} {minute // 60:02d}:{minute % 60:02d},{branch.name},"
            f'Customer {below(rng, _CUSTOMERS)},"{basket}",{total_text(total)},CASH,\n'
        )
        pence += total
    content = "".join(lines).encode()
    truth = Truth(1, len(content), len(lengths), sum(lengths), pence)
    opened = (9 if also else 6) * 3600
    return TillFile(f"{FOLDER}/{file_name(branch, day, opened)}", content, truth)


def _length(rng: Random) -> int:
    return min(1 + int(_MEAN_MORE * (1 / sqrt(1 - rng.random()) - 1)), MOST_LINES)


def _product(rng: Random) -> tuple[str, int]:
    """A product and its price in pence; low numbers sell most."""
    share = rng.random()
    number = int(share * share * _PRODUCTS)
    return _name(number), 85 + number % 900


@cache
def _name(number: int) -> str:
    return f"Item {number:04d}"
