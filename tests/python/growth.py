"""Check on any machine how work grows with the length of a text."""

from __future__ import annotations

import time
from collections.abc import Callable

TIMES = 16
TRIES = 3
"""Number of measurements: the smallest counts, to ignore other load on the machine."""
MEASURABLE_SECONDS = 0.01


def assert_linear(work: Callable[[int], object], size: int) -> None:
    """Compare the time of `work` for a size with that for 16 times as much.

    `size` is doubled until the work takes 10 ms: less would measure the clock and the machine.
    Quadratic work takes 256 times as long. The limit of 64 is four times the linear time and a
    quarter of the quadratic time, and one good try of three is enough.
    """
    while _seconds(work, size) < MEASURABLE_SECONDS:
        size *= 2
    small = min(_seconds(work, size) for _ in range(TRIES))
    took = []
    for _ in range(TRIES):
        took.append(_seconds(work, TIMES * size))
        if took[-1] < 4 * TIMES * small:
            return
    raise AssertionError(f"{min(took):.3f} s for {TIMES} times what takes {small:.4f} s")


def _seconds(work: Callable[[int], object], size: int) -> float:
    began = time.process_time()
    work(size)
    return time.process_time() - began
