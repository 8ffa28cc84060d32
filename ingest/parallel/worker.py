"""The program of a worker process: it converts files until the pipe is closed.

A request is a list of (content, Task), an answer a list of Converted or exceptions, both pickled.
"""

from __future__ import annotations

import gc
import os
import pickle
import signal
import sys
from collections.abc import Sequence
from typing import BinaryIO

from ingest.contract.file_errors import InternalError, UnreadableFileError
from ingest.converting import Converted, Task, convert

Job = tuple[bytes, Task]
Answer = list["Converted | Exception"]


def serve(requests: BinaryIO, answers: BinaryIO) -> None:
    """Answer requests until there are no more."""
    while True:
        try:
            jobs: list[Job] = pickle.load(requests)
        except EOFError:
            return
        pickle.dump(convert_all(jobs), answers, pickle.HIGHEST_PROTOCOL)
        answers.flush()


def convert_all(jobs: Sequence[Job]) -> Answer:
    """Convert files; one that cannot be converted does not affect the others."""
    return [_convert(*job) for job in jobs]


def _convert(content: bytes, task: Task) -> Converted | Exception:
    try:
        return convert(content, task)
    except (UnreadableFileError, MemoryError) as error:
        return error
    except Exception as error:
        return InternalError.caused_by(error)


def main() -> None:
    """Serve standard input and output; nothing else may be written to them."""
    # Ctrl-C reaches the whole process group; the loader then ends its workers.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # As in the loader: millions of cells are created without cycles.
    gc.disable()
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    try:
        serve(sys.stdin.buffer, answers)
    except BrokenPipeError:
        # The loader is gone. Closing the file normally would raise this again.
        os._exit(1)


if __name__ == "__main__":
    main()
