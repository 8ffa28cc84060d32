"""Quarantined files on a terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console

from base.console import plain, plain_lines
from base.printing import LONGEST_LINE
from base.words import plural
from ingest import QuarantinedFile


def show_quarantine(console: Console, files: Sequence[QuarantinedFile]) -> None:
    """The quarantined files, each with its reason."""
    for file in files:
        state = ""
        if file.dismissed_at is not None:
            state = f" (dismissed: {file.dismissed_because})"
        elif not file.is_open:
            state = " (resolved since)"
        console.print(
            f"[bold]{file.file_id}[/bold]  {file.seen_at:%Y-%m-%d %H:%M}  {plain(file.path)}"
            f"{plain(state)}",
            soft_wrap=True,
        )
        console.print(f"    {plain(file.reason, LONGEST_LINE)}", soft_wrap=True)
    if not files:
        console.print("Nothing is in quarantine.")


def show_quarantined_file(
    console: Console, file: QuarantinedFile, lines: Sequence[str] | str
) -> None:
    """Everything known about one quarantined file; `lines`: its first lines, or why not."""
    state = "open: fix and resend, retry, or dismiss it"
    if file.dismissed_at is not None:
        state = f"dismissed {file.dismissed_at:%Y-%m-%d %H:%M}: {file.dismissed_because}"
    elif not file.is_open:
        state = "resolved by another file or version"
    for name, value in (
        ("File", file.path),
        ("Feed", file.feed),
        ("Counts as", file.logical_file),
        ("Branch", file.branch or "(not in the name)"),
        ("Business date", file.business_date or "(not in the name)"),
        ("Seen", f"{file.seen_at:%Y-%m-%d %H:%M:%S %Z}"),
        ("Size", f"{file.size:,} bytes, sha256 {file.sha256}"),
        ("Reason", file.reason),
        ("State", state),
    ):
        console.print(f"[bold]{name + ':':15}[/bold]{plain(value, LONGEST_LINE)}", soft_wrap=True)
    if isinstance(lines, str):
        console.print(plain_lines(lines), style="yellow")
        return
    console.print(f"[bold]First {plural(len(lines), 'line')}, card numbers masked:[/bold]")
    for number, line in enumerate(lines, start=1):
        console.print(f"  {number:>2}  {plain(line)}", soft_wrap=True)
