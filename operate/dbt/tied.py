"""Run a program that ends when whoever has started it ends, however that happened.

`python tied.py PROGRAM ARGUMENTS` with a pipe as standard input, of which the starter holds the
other end: a process that is killed lets go of it. The standard library only: it starts at once.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from types import FrameType

GRACE_SECONDS = 20
"""For taking back what is under way in the database."""


def main(command: list[str]) -> int:
    """Run the command to its end; return its exit code, as a shell has it."""
    children: list[subprocess.Popen[bytes]] = []

    def pass_on(number: int, _: FrameType | None) -> None:
        # Ctrl-C reaches the program by itself: the terminal tells all that run in it.
        if number != signal.SIGINT:
            for one in children:
                one.send_signal(number)

    # Before the program starts: what is handled here has its default there, where a shell that
    # runs this in the background has Ctrl-C ignored.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, pass_on)
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    children.append(child)

    def end_with_the_starter() -> None:
        while os.read(0, 4096):
            pass
        child.send_signal(signal.SIGINT)
        try:
            child.wait(GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            child.kill()

    threading.Thread(target=end_with_the_starter, daemon=True).start()
    code = child.wait()
    return code if code >= 0 else 128 - code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
