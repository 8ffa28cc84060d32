"""Progress of long steps: a bar on a terminal, a line every few seconds elsewhere."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from base.console import plain

LINE_EVERY = 5.0

Update = Callable[[int, int, str], None]
"""Called with how many are done, of how many (0: unknown), and what is being done."""


@contextlib.contextmanager
def shown(label: str, console: Console) -> Iterator[Update]:
    """Show the progress of one step while the block runs."""
    label = plain(label)
    if console.is_terminal:
        with _bar(label, console) as on_bar:
            yield on_bar
        return
    console.print(f"{label} ...")
    with _lines(console) as in_lines:
        yield in_lines


@contextlib.contextmanager
def _lines(console: Console) -> Iterator[Update]:
    """Print a line every few seconds, whether or not there is progress."""
    started = time.monotonic()
    state = (0, 0, "")
    over = threading.Event()

    def update(done: int, total: int, note: str) -> None:
        nonlocal state
        state = (done, total, note)

    def print_lines() -> None:
        while not over.wait(LINE_EVERY):
            done, total, note = state
            count = f"{done:,} of {total:,}" if total else f"{done:,} done" if done else ""
            text = "  ".join(filter(None, (count, plain(note))))
            console.print(f"  {time.monotonic() - started:.0f} s: {text}".rstrip(": "))

    printer = threading.Thread(target=print_lines, name="branchline-progress", daemon=True)
    printer.start()
    try:
        yield update
    finally:
        over.set()
        printer.join()


@contextlib.contextmanager
def _bar(label: str, console: Console) -> Iterator[Update]:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=30),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("[dim]{task.fields[note]}"),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task(label, total=None, note="")

        def update(done: int, total: int, note: str) -> None:
            progress.update(task, completed=done, total=total or None, note=plain(note, 40))

        yield update
    console.print(f"{label}: done.")
