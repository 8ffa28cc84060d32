"""How results look on a terminal. No query and no decision here."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from datetime import datetime, timezone
from decimal import Decimal
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from ingest.report import FileOutcome, LoadReport
from ingest.review.quarantine import QuarantinedFile
from ingest.review.status import BranchStatus
from operate.dbt.build import BuildResult, NodeFailure
from operate.runs.builds import Audit
from publish.digest.questions import Insight, Kind
from publish.digest.totals import (
    FileCounts,
    LastSale,
    RefusedOfFile,
    RejectedRows,
    Totals,
    UnlistedBranch,
    WeekOfSales,
)

WIDTH = 100
MOST_LISTED = 15
MOST_QUARANTINED = 3
MOST_REASONS = 4
# An audit is a weekly run; this leaves a day for one that was late.
AUDIT_DAYS = 8


def make_console(stderr: bool = False) -> Console:
    """A console of at most 100 columns, so that a summary reads alike everywhere."""
    columns = shutil.get_terminal_size((WIDTH, 40)).columns
    return Console(width=min(WIDTH, max(60, columns)), stderr=stderr, highlight=False)


def plural(count: int, word: str) -> str:
    """`1 file`, `2 files`, `2 branches`, `2 duplicates`."""
    if count == 1:
        return f"1 {word}"
    return f"{count:,} {word}{'es' if word.endswith('ch') else 's'}"


def money(amount: Decimal) -> str:
    """An amount with separators and as many decimals as it has."""
    return f"{amount:,}"


def change(percent: Decimal | None) -> str:
    """A change in percent with its sign."""
    return "" if percent is None else f"{percent:+} %"


def show_load(console: Console, report: LoadReport) -> None:
    """What a load found and what became of it, the troubled files by name."""
    counts = report.counts()
    if report.files:
        console.print(_load_line(report))
    elif counts["unchanged"]:
        known = plural(counts["unchanged"], "file")
        console.print(f"[bold]Nothing new to load:[/bold] {known} known.")
    if report.rejected:
        console.print(
            f"[yellow]{plural(report.rejected, 'line')} could not be split into columns;"
            f" raw.ingest_rejects {'would hold' if report.dry_run else 'holds'} them with file,"
            " line and reason.[/yellow]"
        )
    _show_outcomes(console, "Worth a look", "yellow", report.remarked)
    _show_outcomes(console, "Failed, nothing written", "red", report.failed)
    _show_outcomes(console, "Quarantined", "yellow", report.quarantined)
    _show_outcomes(console, "Postponed", "yellow", report.with_status("postponed"))
    if report.unclaimed:
        console.print(
            f"[yellow]{plural(len(report.unclaimed), 'file')} of the inbox belonging to no feed:"
            f"[/yellow] {escape(_listed(report.unclaimed))}"
        )
    for message in report.messages:
        console.print(escape(message), style="yellow")


def _load_line(report: LoadReport) -> str:
    counts = report.counts()
    told = [f"{plural(counts['loaded'], 'file')} with {plural(report.rows, 'row')}"]
    if counts["superseded"]:
        told.append(f"{counts['superseded']:,} of them in place of an older version")
    told += [
        f"{plural(counts[status], word)}{ending}"
        for status, word, ending in (
            ("duplicate", "duplicate", ""),
            ("postponed", "file", " postponed"),
            ("quarantined", "file", " quarantined"),
            ("failed", "file", " failed"),
        )
        if counts[status]
    ]
    if counts["unchanged"]:
        told.append(f"{counts['unchanged']:,} known already")
    title = "Dry run, nothing written:" if report.dry_run else "Loaded:"
    return f"[bold]{title}[/bold] {'; '.join(told)}."


def _show_outcomes(
    console: Console, title: str, style: str, outcomes: Sequence[FileOutcome]
) -> None:
    for outcome in outcomes[:MOST_LISTED]:
        console.print(f"[{style}]{title}:[/{style}] {escape(outcome.path)}")
        told = [f"{plural(outcome.rejected, 'line')} rejected"] if outcome.rejected else []
        told += [outcome.reason] if outcome.reason else []
        console.print(f"    {escape('; '.join(told))}")
    if len(outcomes) > MOST_LISTED:
        console.print(f"    and {len(outcomes) - MOST_LISTED:,} more")


def _listed(paths: Sequence[str]) -> str:
    more = len(paths) - MOST_LISTED
    return ", ".join(paths[:MOST_LISTED]) + (f" and {more:,} more" if more > 0 else "")


def show_build(console: Console, build: BuildResult, log_folder: str) -> None:
    """What dbt built and tested; failing nodes with their messages."""
    figures = (
        f"{plural(build.models, 'model')} and seeds, {plural(build.tests, 'test')},"
        f" {build.seconds:.0f} s"
    )
    if build.succeeded:
        warned = f"; {plural(len(build.warnings), 'warning')}" if build.warnings else ""
        console.print(f"[bold]Built:[/bold] {figures}; all passed{warned}.")
    elif build.messages:
        console.print("[bold red]The build failed before the first model:[/bold red]")
    else:
        skipped = f"; {build.skipped:,} skipped after them" if build.skipped else ""
        console.print(
            f"[bold red]The build failed:[/bold red] {figures},"
            f" {plural(len(build.failures), 'failure')}{skipped}."
        )
    for failure in build.failures[:MOST_LISTED]:
        _show_node(console, failure, "red")
    for warning in build.warnings[:MOST_LISTED]:
        _show_node(console, warning, "yellow")
    for message in build.messages:
        console.print(escape(message))
    if not build.succeeded:
        if any(
            "schemas on this incremental model are out of sync" in f.message for f in build.failures
        ):
            console.print(
                "The columns of a model have changed: `branchline run --full-refresh` builds its"
                " past anew."
            )
        console.print(f"dbt's whole log: {escape(log_folder)}/dbt.log")


def show_audit(console: Console, audit: Audit | None) -> None:
    """When the data tests last read all of history: a nightly run reads what was touched."""
    how = "branchline run --audit"
    if audit is None:
        console.print(f"[bold]Audit:[/bold] none has been completed yet; run one: {how}")
        return
    when = audit.finished_at.astimezone()
    days = (datetime.now(timezone.utc) - audit.finished_at).days
    told = f"all of history passed {plural(audit.tests, 'test')} on {when:%Y-%m-%d %H:%M}"
    if days > AUDIT_DAYS:
        console.print(f"[bold yellow]Audit:[/bold yellow] {told}, {days} days ago: {how}")
    else:
        console.print(f"[bold]Audit:[/bold] {told}.")


def _show_node(console: Console, node: NodeFailure, style: str) -> None:
    console.print(f"[{style}]{node.kind} {escape(node.name)}: {node.status}[/{style}]")
    for line in node.message.splitlines():
        console.print(f"    {escape(line)}", soft_wrap=True)


def show_totals(console: Console, totals: Sequence[Totals]) -> None:
    """One line per currency."""
    for total in totals:
        console.print(
            f"[bold]Sales:[/bold] {money(total.net_sales)} {total.currency_code} in"
            f" {total.transactions:,} transactions of {total.items_sold:,} items,"
            f" {plural(total.branches, 'branch')}, {total.first_date} to {total.last_date}."
        )
    if not totals:
        console.print("There are no sales in the warehouse yet.")


def show_unlisted_branches(console: Console, branches: Sequence[UnlistedBranch]) -> None:
    """Of which branches the money is taken for the company's own, because nobody said otherwise."""
    if not branches:
        return
    taken = f"{branches[0].currency_code}, {branches[0].time_zone}"
    console.print(
        "[yellow]Not in seeds/branches.csv, so taken to have the company's own currency and time"
        f" zone ({taken}):[/yellow]"
        f" {escape(_listed([branch.name for branch in branches]))}"
    )


def show_weeks(console: Console, weeks: Sequence[WeekOfSales]) -> None:
    """The company's sales by week."""
    table = _headed(
        console, "Sales by week, each customer once", "rpt_daily_sales, fct_transactions"
    )
    _columns(table, ["Week from"], ["Days", "Receipts", "Net sales"])
    _columns(table, [""], ["Change", "New customers", "Returning"])
    for week in weeks:
        table.add_row(
            str(week.week),
            str(week.days),
            f"{week.transactions:,}",
            money(week.net_sales),
            week.currency_code,
            change(week.change_percent),
            f"{week.new_customers:,}",
            f"{week.returning_customers:,}",
        )
    console.print(table)


def show_insight(console: Console, insight: Insight) -> None:
    """One part of the summary as a table."""
    part = insight.part
    table = _headed(console, part.title, part.mart)
    for heading, kind in part.columns:
        if kind is Kind.TEXT:
            table.add_column(heading, overflow="fold")
        else:
            table.add_column(heading, justify="right")
    for row in insight.rows:
        kinds = (kind for _, kind in part.columns)
        table.add_row(*(_cell(value, kind) for value, kind in zip(row, kinds, strict=True)))
    console.print(table)


def _cell(value: Any, kind: Kind) -> str:
    if value is None:
        return ""
    if kind is Kind.TEXT:
        return escape(str(value))
    if kind is Kind.NUMBER:
        return f"{value:,}"
    if kind is Kind.SHARE:
        return f"{value} %"
    if kind is Kind.CHANGE:
        return change(value)
    if kind is Kind.POINTS:
        return f"{value:+} points"
    return money(value)


def show_files(
    console: Console, counts: FileCounts, quarantined: Sequence[QuarantinedFile]
) -> None:
    """How many files count, and which wait for somebody."""
    told = [
        f"{count:,} {word}"
        for count, word in (
            (counts.superseded, "replaced by newer ones"),
            (counts.duplicate, "that came twice"),
            (counts.quarantined, "quarantined"),
        )
        if count
    ]
    console.print(
        f"[bold]Files:[/bold] {counts.loaded:,} that count, with {plural(counts.rows, 'row')}"
        + (f"; {', '.join(told)}" if told else "")
        + "."
    )
    for file in quarantined[:MOST_QUARANTINED]:
        console.print(f"[yellow]Quarantined:[/yellow] {escape(file.path)}")
        console.print(f"    {escape(file.reason)}")
    if len(quarantined) > MOST_QUARANTINED:
        more = len(quarantined) - MOST_QUARANTINED
        console.print(f"    and {more:,} more: branchline quarantine list")


def show_rejected(console: Console, rejected: Sequence[RejectedRows]) -> None:
    """How many rows were refused, and why."""
    if not rejected:
        return
    reasons = ", ".join(f"{group.reasons} ({group.rows:,})" for group in rejected[:MOST_REASONS])
    if len(rejected) > MOST_REASONS:
        reasons += f" and {len(rejected) - MOST_REASONS:,} more reasons"
    rows = sum(group.rows for group in rejected)
    console.print(
        f"[bold]Refused:[/bold] {plural(rows, 'row')}, each with its file and line in"
        f" marts.rejected_rows: {escape(reasons)}."
    )


def show_refused(console: Console, files: Sequence[RefusedOfFile]) -> None:
    """The files of which the models have refused rows, and why."""
    if not files:
        return
    rows = sum(file.refused for file in files)
    console.print(
        f"[yellow]{plural(rows, 'row')} of what is new {'does' if rows == 1 else 'do'} not count,"
        " or not with all that it says; marts.rejected_rows holds each with file, line and"
        " reason:[/yellow]"
    )
    for file in files[:MOST_LISTED]:
        told = f"{file.refused:,} of {plural(file.rows, 'row')} ({file.reasons})"
        console.print(f"    {escape(file.path)}: {escape(told)}")
    if len(files) > MOST_LISTED:
        console.print(f"    and {plural(len(files) - MOST_LISTED, 'more file')}")


def show_status(
    console: Console,
    branches: Sequence[BranchStatus],
    last_sales: Sequence[LastSale],
    quarantined: Sequence[QuarantinedFile],
) -> None:
    """How each feed and branch stands."""
    if not branches:
        console.print("Nothing has been loaded yet. Begin with: branchline run --inbox FOLDER")
        return
    for feed in dict.fromkeys(branch.feed for branch in branches):
        table = _table(feed)
        _columns(table, ["Branch", "Last date"], ["Late", "Loaded", "Superseded", "Duplicate"])
        _columns(table, [], ["Quarantined", "Rows", "Rejected"])
        for branch in branches:
            if branch.feed == feed:
                table.add_row(*_status_cells(branch))
        console.print(table)
    for source in dict.fromkeys(sale.source_system for sale in last_sales):
        table = _table(f"{source}, as built")
        _columns(table, ["Branch", "Last sale"], ["Late"])
        for sale in last_sales:
            if sale.source_system == source:
                table.add_row(
                    escape(sale.branch), str(sale.last_business_date), _late(sale.days_late)
                )
        console.print(table)
    known: list[BranchStatus | LastSale] = [*branches, *last_sales]
    late = [branch for branch in known if branch.days_late]
    if late:
        named = ", ".join(f"{branch.branch} ({branch.days_late} d)" for branch in late)
        console.print(f"[yellow]Behind the latest branch:[/yellow] {escape(named)}")
    for file in quarantined[:MOST_LISTED]:
        console.print(f"[yellow]Quarantined ({file.file_id}):[/yellow] {escape(file.path)}")
        console.print(f"    {escape(file.reason)}")
    if quarantined:
        more = len(quarantined) - MOST_LISTED
        console.print(
            (f"And {more:,} more. " if more > 0 else "")
            + "What to do with them: branchline quarantine --help"
        )


def show_quarantine(console: Console, files: Sequence[QuarantinedFile]) -> None:
    """The files in quarantine, one after the other, the reason below each."""
    for file in files:
        state = ""
        if file.dismissed_at is not None:
            state = f" (dismissed: {file.dismissed_because})"
        elif not file.is_open:
            state = " (put right since)"
        console.print(
            f"[bold]{file.file_id}[/bold]  {file.seen_at:%Y-%m-%d %H:%M}  {escape(file.path)}"
            f"{escape(state)}",
            soft_wrap=True,
        )
        console.print(f"    {escape(file.reason)}", soft_wrap=True)
    if not files:
        console.print("Nothing is in quarantine.")


def show_quarantined_file(
    console: Console, file: QuarantinedFile, lines: Sequence[str] | str
) -> None:
    """All that is known of one file in quarantine; `lines`: its first ones, or why not."""
    state = "waits for somebody to put it right"
    if file.dismissed_at is not None:
        state = f"dismissed {file.dismissed_at:%Y-%m-%d %H:%M}: {file.dismissed_because}"
    elif not file.is_open:
        state = "put right since, by another file or version"
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
        console.print(f"[bold]{name + ':':15}[/bold]{escape(str(value))}", soft_wrap=True)
    if isinstance(lines, str):
        console.print(escape(lines), style="yellow")
        return
    console.print(f"[bold]First {plural(len(lines), 'line')}, card numbers masked:[/bold]")
    for number, line in enumerate(lines, start=1):
        console.print(f"  {number:>2}  {escape(line)}", soft_wrap=True)


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
        escape(branch.branch or "(not in the name)"),
        str(branch.last_business_date or ""),
        _late(branch.days_late),
        *(f"{number:,}" for number in numbers),
    ]


def _late(days: int | None) -> str:
    return f"[yellow]{days} d[/yellow]" if days else ""


def _headed(console: Console, title: str, mart: str) -> Table:
    """A table below its title: rich would fold the title to the width of the table."""
    console.print(f"[bold]{escape(title)}[/bold]  [dim]marts.{mart}[/dim]")
    return _table()


def _table(title: str = "") -> Table:
    return Table(
        title=f"[bold]{title}[/bold]" if title else None,
        title_justify="left",
        title_style="",
        header_style="bold",
        box=None,
        pad_edge=False,
        padding=(0, 2, 0, 0),
    )


def _columns(table: Table, texts: Sequence[str], numbers: Sequence[str]) -> None:
    for name in texts:
        table.add_column(name, overflow="fold")
    for name in numbers:
        table.add_column(name, justify="right")
