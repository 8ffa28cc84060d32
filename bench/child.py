"""`python -m bench.child TASK ARGUMENTS ANSWER`: one task in a separate process."""

from __future__ import annotations

import contextlib
import json
import sys
import threading
from pathlib import Path

import psutil

from bench import tasks

SAMPLED_EVERY = 0.5
"""Seconds. To find the children, psutil reads all processes of the machine: milliseconds of a core
that is measured."""


class PeakMemory:
    """The peak memory of this process and its children while the block runs, in bytes.

    The sum of the peaks of all processes, whenever each of them was: an upper bound. Children are
    looked at twice a second, so one with a shorter life is missed.
    """

    def __init__(self) -> None:
        self._peaks: dict[int, int] = {}
        self._over = threading.Event()
        self._sampler = threading.Thread(target=self._sample, daemon=True)

    def __enter__(self) -> PeakMemory:
        self._sampler.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._sampler.join()

    @property
    def bytes(self) -> int:
        """Up to now."""
        return sum(self._peaks.values())

    def _sample(self) -> None:
        this = psutil.Process()
        while True:
            over = self._over.wait(SAMPLED_EVERY)
            for process in (this, *this.children(recursive=True)):
                with contextlib.suppress(psutil.Error, OSError):
                    known = self._peaks.get(process.pid, 0)
                    self._peaks[process.pid] = max(known, _peak_of(process))
            if over:
                return


def _peak_of(process: psutil.Process) -> int:
    """The kernel's high-water mark of an address space; without one, what it takes now.

    Not ru_maxrss: across fork and exec it inherits the parent's peak.
    """
    status = Path(f"/proc/{process.pid}/status")
    if status.exists():
        for line in status.read_text().splitlines():
            if line.startswith("VmHWM"):
                return int(line.split()[1]) * 1024
    return int(process.memory_info().rss)


def main() -> None:
    """Run the task and write its result and the peak memory of this process and its children."""
    task, arguments, answer = sys.argv[1:]
    with PeakMemory() as peak:
        result = getattr(tasks, task)(**json.loads(arguments))
    content = {"result": result, "peak_bytes": peak.bytes}
    Path(answer).write_text(json.dumps(content))


if __name__ == "__main__":
    main()
