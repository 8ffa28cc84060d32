"""A load on a terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console

from base.console import plain, plain_lines
from base.printing import LONGEST_LINE
from base.words import MOST_LISTED, listed, plural
from ingest import FileOutcome, LoadReport, unlisted


def show_load(console: Console, report: LoadReport) -> None:
    """The outcomes of a load; problem files by name."""
    counts = report.counts()
    if report.files:
        console.print(_load_line(report))
    elif counts["unchanged"]:
        known = plural(counts["unchanged"], "file")
        console.print(f"[bold]Nothing new to load:[/bold] {known} known{_set_aside(report)}.")
    if report.rejected:
        console.print(
            f"[yellow]{plural(report.rejected, 'line')} could not be split into columns;"
            f" raw.ingest_rejects {'would hold' if report.dry_run else 'holds'} them with file,"
            " line and reason.[/yellow]"
        )
    _show_outcomes(console, "Worth a look", "yellow", report.remarked)
    _show_outcomes(console, "Older than the current version", "yellow", report.with_status("older"))
    _show_outcomes(console, "Failed, nothing written", "red", report.failed)
    _show_outcomes(console, "Quarantined", "yellow", report.quarantined)
    _show_outcomes(console, "Postponed", "yellow", report.with_status("postponed"))
    if report.unclaimed:
        console.print(
            f"[yellow]{plural(len(report.unclaimed), 'file')} in the inbox without a feed:"
            f"[/yellow] {plain(listed(report.unclaimed), LONGEST_LINE)}"
        )
    for source, paths in sorted(report.switched_off.items()):
        console.print(
            f"[yellow]{plural(len(paths), 'file')} in the inbox not read, because"
            f" {plain(unlisted(source))}:[/yellow] {plain(listed(paths), LONGEST_LINE)}"
        )
    for message in (*report.hints(), *report.messages):
        console.print(plain_lines(message), style="yellow")


def _load_line(report: LoadReport) -> str:
    counts = report.counts()
    parts = [f"{plural(counts['loaded'], 'file')} with {plural(report.rows, 'row')}"]
    if counts["superseded"]:
        parts.append(f"{counts['superseded']:,} of them superseding an older version")
    parts += [
        f"{plural(counts[status], word)}{ending}"
        for status, word, ending in (
            ("older", "file", " older than the current version"),
            ("duplicate", "duplicate", ""),
            ("postponed", "file", " postponed"),
            ("quarantined", "file", " quarantined"),
            ("failed", "file", " failed"),
        )
        if counts[status]
    ]
    if counts["unchanged"]:
        parts.append(f"{counts['unchanged']:,} known already{_set_aside(report)}")
    title = "Dry run, nothing written:" if report.dry_run else "Loaded:"
    return f"[bold]{title}[/bold] {'; '.join(parts)}."


def _set_aside(report: LoadReport) -> str:
    """How many of the known files are in quarantine, and how to list them."""
    count = report.still_quarantined
    if not count:
        return ""
    if report.unchanged == 1:
        text = " and in quarantine"
    elif count == report.unchanged:
        text = ", all of them in quarantine"
    else:
        text = f", {count:,} of them in quarantine"
    return f"{text}: branchline quarantine list"


def _show_outcomes(
    console: Console, title: str, style: str, outcomes: Sequence[FileOutcome]
) -> None:
    for outcome in outcomes[:MOST_LISTED]:
        console.print(f"[{style}]{title}:[/{style}] {plain(outcome.path)}")
        parts = [f"{plural(outcome.rejected, 'line')} rejected"] if outcome.rejected else []
        parts += [outcome.reason] if outcome.reason else []
        console.print(f"    {plain('; '.join(parts), LONGEST_LINE)}")
    if len(outcomes) > MOST_LISTED:
        console.print(f"    and {len(outcomes) - MOST_LISTED:,} more")
