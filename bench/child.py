"""`python -m bench.child TASK ARGUMENTS ANSWER`: one task in a separate process."""

from __future__ import annotations

import json
import resource
import sys
from pathlib import Path

from bench import tasks


def peak_bytes() -> int:
    """The peak memory of this process, plus the largest peak of one child.

    The process's own figure is the kernel's high-water mark of its address space. ru_maxrss alone
    is wrong: across fork and exec it inherits the parent's peak.
    """
    unit = 1 if sys.platform == "darwin" else 1024
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
    status = Path("/proc/self/status")
    if status.exists():
        marks = [line for line in status.read_text().splitlines() if line.startswith("VmHWM")]
        own = int(marks[0].split()[1]) * 1024
    return own + resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * unit


def main() -> None:
    """Run the task and write its result and this process's peak memory."""
    task, arguments, answer = sys.argv[1:]
    result = getattr(tasks, task)(**json.loads(arguments))
    content = {"result": result, "peak_bytes": peak_bytes()}
    Path(answer).write_text(json.dumps(content))


if __name__ == "__main__":
    main()
