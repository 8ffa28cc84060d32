"""Import dbt, read the project, wait for a command, and run it as dbt's own program would.

`python waiting.py PROGRAM PIPE PARSE`: PARSE are the arguments of `dbt parse`; the command arrives
as JSON through the open file PIPE (operate.dbt.early). If it closes before, there is nothing to do.
"""

from __future__ import annotations

import gc
import json
import os
import signal
import sys
from collections.abc import Callable
from typing import Any


def main(program: str, pipe: int, parse: list[str]) -> int:
    """Run the dbt command that arrives; return its exit code."""
    # The folder of dbt's program, in place of this file's: its modules would hide others.
    here, folder = os.path.dirname(os.path.realpath(__file__)), os.path.dirname(program)
    sys.path = [folder if os.path.realpath(path) == here else path for path in sys.path]
    # Nothing is half done yet: end at once.
    signal.signal(signal.SIGINT, signal.SIG_DFL)

    # What is imported and read stays; looking for garbage in it would take a tenth of the time.
    gc.disable()
    from dbt.artifacts.schemas.run import RunExecutionResult
    from dbt.cli.main import dbtRunner

    # The project. If it cannot be read, the command says why.
    manifest = _silently(lambda: dbtRunner().invoke(parse).result)
    gc.freeze()
    gc.enable()

    with open(pipe, encoding="ascii") as given:
        text = given.read()
    if not text:
        return 0
    command = json.loads(text)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    # A manifest that is written has to be the command's own: it has the id of the invocation.
    stands = command["results"] is not None
    runner = dbtRunner((manifest or None) if stands else None, callbacks=[_write_progress])
    done = runner.invoke(["--log-level", "none", *command["arguments"]])
    if stands and isinstance(done.result, RunExecutionResult):
        done.result.write(command["results"])
    if done.success:
        return 0
    return 1 if done.exception is None else 2


def _write_progress(event: Any) -> None:
    """Write what a reader of dbt's JSON log looks for, and nothing else.

    dbt writes its own lines as JSON before it looks at their level: a tenth of a night's CPU.
    """
    info, data = event.info, event.data
    content: dict[str, Any] = {}
    if "index" in data.DESCRIPTOR.fields_by_name:
        content = {"index": data.index, "node_info": {"node_name": data.node_info.node_name}}
    if content or info.level == "error":
        line = {"info": {"name": info.name, "level": info.level, "msg": info.msg}, "data": content}
        sys.stdout.write(f"{json.dumps(line)}\n")
        sys.stdout.flush()


def _silently(done: Callable[[], Any]) -> Any:
    # The open files themselves: dbt's loggers hold the objects of Python.
    kept = {number: os.dup(number) for number in (1, 2)}
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for number in kept:
        os.dup2(nowhere, number)
    try:
        return done()
    finally:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        for number, before in kept.items():
            os.dup2(before, number)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2]), sys.argv[3:]))
