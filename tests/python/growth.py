"""How the work for a text grows with its length, whatever the machine."""

from __future__ import annotations

import time
from collections.abc import Callable

TIMES = 8
TRIES = 3
"""As often is something measured: the least counts, so that nothing else on the machine does."""


def assert_linear(work: Callable[[int], object], size: int) -> None:
    """Hold the time that `work` takes for `size` against that for 8 times as much.

    Work that grows with the square would take up to 64 times as long. Twice as long as it should is
    far enough from chance, the more so as one good try of three is enough.
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
