"""The warehouse's files, feeds, branches and connections on a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timezone

from rich.console import Console

from base.console import add_columns, make_table, plain
from base.printing import LONGEST_LINE
from base.words import MOST_LISTED, plural
from ingest import (
    BranchStatus,
    ConnectionStatus,
    FileCounts,
    QuarantinedFile,
    WatermarkStatus,
)
from operate.server.readings import Reading
from publish.digest.totals import LastSale

MOST_QUARANTINED = 3


def show_files(
    console: Console, counts: FileCounts, quarantined: Sequence[QuarantinedFile]
) -> None:
    """The number of current files, and the quarantined ones."""
    other = [
        f"{count:,} {word}"
        for count, word in (
            (counts.superseded, "superseded by newer ones"),
            (counts.duplicate, "duplicates"),
            (counts.quarantined, "quarantined"),
        )
        if count
    ]
    console.print(
        f"[bold]Files:[/bold] {counts.loaded:,} current, with {plural(counts.rows, 'row')}"
        + (f"; {', '.join(other)}" if other else "")
        + "."
    )
    for file in quarantined[:MOST_QUARANTINED]:
        console.print(f"[yellow]Quarantined:[/yellow] {plain(file.path)}")
        console.print(f"    {plain(file.reason, LONGEST_LINE)}")
    if len(quarantined) > MOST_QUARANTINED:
        more = len(quarantined) - MOST_QUARANTINED
        console.print(f"    and {more:,} more: branchline quarantine list")


def show_status(
    console: Console,
    branches: Sequence[BranchStatus],
    last_sales: Sequence[LastSale],
    quarantined: Sequence[QuarantinedFile],
) -> None:
    """The status of each feed and branch."""
    if not branches:
        console.print(
            "Nothing has been loaded from the sources that source_systems lists."
            " Start with: branchline run --inbox FOLDER"
        )
        return
    for feed in dict.fromkeys(branch.feed for branch in branches):
        table = make_table(feed)
        add_columns(table, ["Branch", "Last date"], ["Late", "Loaded", "Superseded", "Duplicate"])
        add_columns(table, [], ["Quarantined", "Rows", "Rejected"])
        for branch in branches:
            if branch.feed == feed:
                table.add_row(*_status_cells(branch))
        console.print(table)
    for source in dict.fromkeys(sale.source_system for sale in last_sales):
        table = make_table(f"{source}, as built")
        add_columns(table, ["Branch", "Last sale"], ["Late"])
        for sale in last_sales:
            if sale.source_system == source:
                table.add_row(
                    plain(sale.branch_name), str(sale.last_business_date), _late(sale.days_late)
                )
        console.print(table)
    known: list[tuple[str | None, int | None]] = [
        (branch.branch, branch.days_late) for branch in branches
    ]
    known += [(sale.branch_name, sale.days_late) for sale in last_sales]
    late = [f"{branch} ({days} d)" for branch, days in known if days]
    if late:
        named = ", ".join(late)
        console.print(f"[yellow]Behind the latest branch:[/yellow] {plain(named, LONGEST_LINE)}")
    for file in quarantined[:MOST_LISTED]:
        console.print(f"[yellow]Quarantined ({file.file_id}):[/yellow] {plain(file.path)}")
        console.print(f"    {plain(file.reason, LONGEST_LINE)}")
    if quarantined:
        more = len(quarantined) - MOST_LISTED
        console.print(
            (f"And {more:,} more. " if more > 0 else "")
            + "What to do with them: branchline quarantine --help"
        )


def show_connections(
    console: Console,
    connections: Sequence[ConnectionStatus],
    readings: Mapping[str, Reading],
    watermarks: Mapping[str, WatermarkStatus],
) -> None:
    """Each database and API: its address, when it was read and what failed. Of a watermarked table
    also up to where, and when it was compared as a whole."""
    if not connections:
        return
    console.print("[bold]databases and APIs[/bold]")
    for one in connections:
        known = [readings[name] for name in one.readings if name in readings]
        read_at = max((found.read_at for found in known if found.read_at), default=None)
        not_read = plain(one.not_read or "", LONGEST_LINE)
        parts = [
            f"[yellow]not read: {not_read}[/yellow]" if not_read else "",
            f"last read {_moment(read_at)}" if read_at else "",
            "" if read_at or one.not_read else "never read yet",
            f"last new content {_moment(one.delivered_at)}" if one.delivered_at else "",
        ]
        kind = f"{one.kind} of {one.branch}" if one.branch else one.kind
        shown = f"{plain(one.connection)} ({plain(kind)})"
        console.print(f"{shown}: {'; '.join(filter(None, parts))}")
        for name in one.readings:
            found = readings.get(name)
            if name in watermarks:
                console.print(f"    {plain(name)}: {_how_far(watermarks[name], found)}")
            if one.not_read:
                continue
            if found is not None and found.failed_at is not None:
                console.print(f"[red]    {plain(name)} failed {_moment(found.failed_at)}:[/red]")
                console.print(f"    {plain(found.reason or '', LONGEST_LINE)}")


def _how_far(table: WatermarkStatus, reading: Reading | None) -> str:
    read_at = None if reading is None else reading.read_at
    parts = [
        f"last read {_moment(read_at)}" if read_at else "",
        f"up to {plain(table.watermark)}" if table.watermark else "no row has a time of change",
        f"compared as a whole {_moment(table.compared_at)}"
        if table.compared_at
        else "[yellow]the next load compares it as a whole[/yellow]",
        f"[yellow]{plural(table.gone, 'row')} not in the table any more[/yellow]"
        if table.gone
        else "",
    ]
    return "; ".join(filter(None, parts))


def _moment(at: datetime) -> str:
    return f"{at.astimezone(timezone.utc):%Y-%m-%d %H:%M} UTC"


def _status_cells(branch: BranchStatus) -> list[str]:
    numbers = (
        branch.files_loaded,
        branch.files_superseded,
        branch.files_duplicate,
        branch.files_quarantined,
        branch.rows,
        branch.rejected,
    )
    return [
        plain(branch.branch or "(not in the name)"),
        str(branch.last_business_date or ""),
        _late(branch.days_late),
        *(f"{number:,}" for number in numbers),
    ]


def _late(days: int | None) -> str:
    return f"[yellow]{days} d[/yellow]" if days else ""
