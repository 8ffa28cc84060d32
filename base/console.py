"""The terminal: its width, and tables without frames."""

from __future__ import annotations

import shutil
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

WIDTH = 100


def make_console(stderr: bool = False) -> Console:
    """A console of at most 100 columns, so that a summary reads alike everywhere."""
    columns = shutil.get_terminal_size((WIDTH, 40)).columns
    return Console(width=min(WIDTH, max(60, columns)), stderr=stderr, highlight=False)


def make_table(title: str = "") -> Table:
    """A table without frames; its title stands above it, to the left."""
    return Table(
        title=f"[bold]{title}[/bold]" if title else None,
        title_justify="left",
        title_style="",
        header_style="bold",
        box=None,
        pad_edge=False,
        padding=(0, 2, 0, 0),
    )


def add_columns(table: Table, texts: Sequence[str], numbers: Sequence[str]) -> None:
    """Add columns of texts, which fold, and then of numbers, which stand to the right."""
    for name in texts:
        table.add_column(name, overflow="fold")
    for name in numbers:
        table.add_column(name, justify="right")
