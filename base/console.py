"""The terminal: its width, and tables without frames."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Sequence
from typing import Any

from rich.console import Console, ConsoleOptions, RenderableType
from rich.markup import escape
from rich.segment import Segment
from rich.table import Table

from base.printing import LONGEST_SHOWN, printable, shown, shown_lines

WIDTH = 100


class PlainConsole(Console):
    """A console that never sends the terminal a control or invisible character.

    This holds for everything printed, also where `plain` was forgotten. Only rich's own styles and
    cursor movements pass.
    """

    def __init__(self, **settings: Any) -> None:
        # `:tea:` in a product's name is not an emoji.
        super().__init__(highlight=False, emoji=False, **settings)

    def render(
        self, renderable: RenderableType, options: ConsoleOptions | None = None
    ) -> Iterable[Segment]:
        for segment in super().render(renderable, options):
            if segment.control:
                yield segment
            else:
                yield Segment(printable(segment.text, kept="\n"), segment.style)

    def say(self, text: object) -> None:
        """Print a text as it is, without markup."""
        self.print(shown_lines(text), markup=False)


def make_console(stderr: bool = False) -> PlainConsole:
    """A console of at most 100 columns, so that a summary looks the same everywhere."""
    columns = shutil.get_terminal_size((WIDTH, 40)).columns
    return PlainConsole(width=min(WIDTH, max(60, columns)), stderr=stderr)


def plain(value: object, longest: int = LONGEST_SHOWN) -> str:
    """An external value made safe to print in a console: one line, no markup."""
    return escape(shown(value, longest))


def plain_lines(value: object) -> str:
    """`plain` for a text of several lines."""
    return escape(shown_lines(value))


def make_table(title: str = "") -> Table:
    """A table without frames; its title is plain text, above it, left-aligned."""
    return Table(
        title=f"[bold]{plain(title)}[/bold]" if title else None,
        title_justify="left",
        title_style="",
        header_style="bold",
        box=None,
        pad_edge=False,
        padding=(0, 2, 0, 0),
    )


def add_columns(table: Table, texts: Sequence[str], numbers: Sequence[str]) -> None:
    """Add text columns, which wrap, then number columns, which are right-aligned."""
    for name in texts:
        table.add_column(name, overflow="fold")
    for name in numbers:
        table.add_column(name, justify="right")
