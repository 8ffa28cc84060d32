"""Run a program that ends when its starter ends, for whatever reason.

`python tied.py PROGRAM ARGUMENTS` with a pipe from the starter as standard input: it closes when
the starter is killed. Standard library only, for a fast start.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from types import FrameType

GRACE_SECONDS = 20
"""Seconds for rolling back in the database."""


def main(command: list[str]) -> int:
    """Run the command to its end; return its exit code as a shell does."""
    children: list[subprocess.Popen[bytes]] = []

    def pass_on(number: int, _: FrameType | None) -> None:
        # Ctrl-C reaches the program by itself: the terminal signals all its processes.
        if number != signal.SIGINT:
            for one in children:
                one.send_signal(number)

    # Before the program starts: signals handled here have their default action there, even if
    # a shell that runs this in the background ignores Ctrl-C.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, pass_on)
    # Other files that the starter has passed on are for the program.
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL, close_fds=False)
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
