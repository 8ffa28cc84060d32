"""Chance that falls the same way on every machine and every Python.

Only `Random.random()` after an integer seed is promised never to change its sequence, so every
draw is made from it; choice, shuffle, gauss and the like carry no such promise, and those that
take logarithms differ between mathematics libraries.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from hashlib import sha256
from itertools import accumulate
from random import Random


def digest(*parts: object) -> bytes:
    """32 bytes that depend on nothing but the text of `parts`."""
    return sha256("|".join(str(part) for part in parts).encode("utf-8")).digest()


def generator(*parts: object) -> Random:
    """A generator of its own for `parts`: a branch's day needs no other day to have been drawn."""
    return Random(int.from_bytes(digest(*parts)[:8], "big"))


def below(rng: Random, count: int) -> int:
    """A whole number from 0 to `count` - 1, each as likely."""
    return int(rng.random() * count)


class Weighted:
    """Draws positions in proportion to whole-number weights."""

    def __init__(self, weights: Sequence[int]) -> None:
        self._sums = list(accumulate(weights))

    def draw(self, rng: Random) -> int:
        """A position in the weights; one with weight 0 never comes."""
        return bisect_right(self._sums, below(rng, self._sums[-1]))
