"""Random numbers that are the same on every machine and every Python.

Python guarantees an unchanged sequence only for `Random.random()` with an integer seed, so every
draw uses it. choice, shuffle, gauss and the like have no such guarantee, and those with logarithms
differ between mathematics libraries.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from hashlib import sha256
from itertools import accumulate
from random import Random


def digest(*parts: object) -> bytes:
    """32 bytes that depend only on the text of `parts`."""
    return sha256("|".join(str(part) for part in parts).encode("utf-8")).digest()


def generator(*parts: object) -> Random:
    """A separate generator for `parts`: a branch's day does not depend on other days."""
    return Random(int.from_bytes(digest(*parts)[:8], "big"))


def below(rng: Random, count: int) -> int:
    """A uniformly distributed integer from 0 to `count` - 1."""
    return int(rng.random() * count)


class Weighted:
    """Draws positions with integer weights."""

    def __init__(self, weights: Sequence[int]) -> None:
        self._sums = list(accumulate(weights))

    def draw(self, rng: Random) -> int:
        """A position in the weights; never one with weight 0."""
        return bisect_right(self._sums, below(rng, self._sums[-1]))
