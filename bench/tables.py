"""Format results: numbers as text, tables for the terminal and for a document."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from bench.figures import MEGABYTE, Aim, Row, Section


def time_text(seconds: float | None) -> str:
    """A time with about three figures."""
    if seconds is None:
        return ""
    if seconds < 0.0995:
        return f"{1000 * seconds:.1f} ms"
    if seconds < 9.995:
        return f"{seconds:.2f} s"
    return f"{seconds:.1f} s" if seconds < 99.95 else f"{seconds:,.0f} s"


def _time(row: Row) -> str:
    return time_text(row.seconds) + (" (scaled)" if row.scaled else "")


def _spread(row: Row) -> str:
    if row.times < 2 or row.fastest is None or row.slowest is None:
        return ""
    return f"{time_text(row.fastest)} - {time_text(row.slowest)}"


def _rate(row: Row) -> str:
    return "" if row.rows_per_second is None else f"{row.rows_per_second:,.0f}"


def _bytes_rate(row: Row) -> str:
    return "" if row.bytes_per_second is None else f"{row.bytes_per_second / MEGABYTE:,.1f}"


def _size(row: Row) -> str:
    size = row.peak_bytes if row.disk_bytes is None else row.disk_bytes
    return "" if size is None else f"{size / MEGABYTE:,.0f}"


def _ratio(row: Row) -> str:
    return "" if row.ratio is None else f"{row.ratio:,.2f}x"


COLUMNS: tuple[tuple[str, Callable[[Row], str]], ...] = (
    ("case", lambda row: row.case),
    ("median", _time),
    ("fastest - slowest", _spread),
    ("95th percentile", lambda row: time_text(row.p95)),
    ("first, cold", lambda row: time_text(row.cold)),
    ("whole process", lambda row: time_text(row.process_seconds)),
    ("rows", lambda row: "" if row.rows is None else f"{row.rows:,}"),
    ("rows/s", _rate),
    ("MB/s", _bytes_rate),
    ("MB", _size),
    ("ratio", _ratio),
    ("note", lambda row: row.note),
)
"""`MB` is peak memory, or disk where the case says so."""


def filled_columns(rows: Sequence[Row]) -> tuple[list[str], list[list[str]]]:
    """Headers and cells of the columns that are not empty in all rows."""
    columns = [
        (name, cells)
        for name, cell in COLUMNS
        for cells in [[cell(row) for row in rows]]
        if any(cells)
    ]
    return [name for name, _ in columns], [
        [cells[place] for _, cells in columns] for place in range(len(rows))
    ]


def aim_text(value: float, unit: str) -> str:
    """A figure of an aim with its unit."""
    digits = 0 if value >= 100 else 1 if value >= 10 else 2
    gap = "" if unit == "x" else " "
    return f"{value:,.{digits}f}{gap}{unit}"


def aim_cells(section: Section, aim: Aim) -> list[str]:
    """Benchmark, name, value, aim, must, verdict."""
    sign = ">= " if aim.least else "<= "
    must = "" if aim.must is None else sign + aim_text(aim.must, aim.unit)
    verdict = {"met": "met", "missed": "aim missed", "failed": "must missed"}[aim.verdict]
    if aim.off_by:
        verdict += f" by {100 * aim.off_by:.0f} %"
    return [
        str(section.number),
        aim.name,
        aim_text(aim.value, aim.unit),
        sign + aim_text(aim.aim, aim.unit),
        must,
        verdict,
    ]


WORDS = ("note", "figure", "verdict")
"""The columns, besides the first, with words and not figures."""
AIM_HEADERS = ("benchmark", "figure", "value", "aim", "must", "verdict")


def show(console: Console, sections: Sequence[Section]) -> None:
    """Print a table for each benchmark, then one with all the aims, then what was wrong."""
    for section in sections:
        headers, cells = filled_columns(section.rows)
        _print_table(console, f"{section.number}. {section.title}", headers, cells)
        for note in section.notes:
            console.print(escape(note), style="dim")
        console.print()
    aims = [aim_cells(section, aim) for section in sections for aim in section.aims]
    _print_table(console, "Aims", AIM_HEADERS, aims)
    for section in sections:
        for check in section.checks:
            if not check.ok:
                console.print(
                    f"[bold red]Wrong[/bold red] in {section.number}: {escape(check.what)}:"
                    f" expected {escape(check.expected)}, found {escape(check.found)}"
                )


def _print_table(
    console: Console, title: str, headers: Sequence[str], rows: Sequence[Sequence[str]]
) -> None:
    console.print(escape(title), style="bold")
    table = Table(pad_edge=False)
    for place, name in enumerate(headers):
        words = place == 0 or name in WORDS
        # Notes get the rest of the line; names and figures are not wrapped.
        table.add_column(
            name,
            justify="left" if words else "right",
            no_wrap=name not in ("note", "figure"),
            min_width=40 if name == "note" else None,
        )
    for row in rows:
        table.add_row(*map(escape, row))
    console.print(table)


def markdown(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table; words are left-aligned, figures right-aligned."""
    marks = ["---"] + ["---" if name in WORDS else "---:" for name in headers[1:]]
    lines = [headers, marks, *([cell.replace("|", "\\|") for cell in row] for row in rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
