"""Import dbt, wait for what it has to do, and do it as dbt's own program would.

`python waiting.py PROGRAM PIPE`: the arguments and the environment arrive as JSON through this
open file. If it closes without them, there is nothing to do.
"""

from __future__ import annotations

import gc
import os
import signal
import sys


def main(program: str, pipe: int) -> int:
    """Run the dbt command that arrives; return its exit code."""
    # The folder of dbt's program, in place of this file's: its modules would hide others.
    here, folder = os.path.dirname(os.path.realpath(__file__)), os.path.dirname(program)
    sys.path = [folder if os.path.realpath(path) == here else path for path in sys.path]
    # Nothing is half done yet: end at once.
    signal.signal(signal.SIGINT, signal.SIG_DFL)

    # What is imported stays; looking for garbage in it would take a tenth of the time.
    gc.disable()
    # dbt imports the adapter only when it has read the profile.
    import dbt.adapters.postgres  # noqa: F401
    from dbt.cli.main import cli

    gc.freeze()
    gc.enable()
    with open(pipe, encoding="ascii") as given:
        text = given.read()
    if not text:
        return 0
    # In the format of operate.dbt.early.
    import json

    command = json.loads(text)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.environ.clear()
    os.environ.update(command["environment"])
    sys.argv = [program, *command["arguments"]]
    code: int = cli()
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2])))
