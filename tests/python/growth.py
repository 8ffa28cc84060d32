"""Check on any machine how work grows with the length of a text."""

from __future__ import annotations

import time
from collections.abc import Callable

TIMES = 8
TRIES = 3
"""Number of measurements: the smallest counts, to ignore other load on the machine."""


def assert_linear(work: Callable[[int], object], size: int) -> None:
    """Compare the time of `work` for `size` with that for 8 times as much.

    Quadratic work would take up to 64 times as long. Twice the linear time is far enough from
    chance, because one good try of three is enough.
    """
    small = max(min(_seconds(work, size) for _ in range(TRIES)), 1e-4)
    took = []
    for _ in range(TRIES):
        took.append(_seconds(work, TIMES * size))
        if took[-1] < 2 * TIMES * small:
            return
    raise AssertionError(f"{min(took):.3f} s for {TIMES} times what takes {small:.4f} s")


def _seconds(work: Callable[[int], object], size: int) -> float:
    began = time.process_time()
    work(size)
    return time.process_time() - began
