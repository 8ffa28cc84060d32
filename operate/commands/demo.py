"""`branchline demo`: everything once, with a sample company."""

from __future__ import annotations

import functools
from datetime import date
from pathlib import Path

import click
from rich.console import Console

from base.console import PlainConsole, make_console
from base.link import open_link
from base.settings import Settings, read_settings
from ingest import read_file_counts, read_quarantine
from operate.access.granting import make_roles_if_missing
from operate.access.lowered import lowered
from operate.access.role_names import find_roles
from operate.commands.run import unchanged_line
from operate.dbt.folders import log_folder
from operate.project.demo import demo_inbox, docs_are_current, make_demo_docs, remove_demo
from operate.project.sample_company import described, write_sample
from operate.runs.nightly import RunReport
from operate.runs.nightly import run as run_nightly
from operate.runs.publishing import LATEST, publish
from operate.server.connecting import ensure_warehouse
from operate.terminal.build import show_build
from operate.terminal.load import show_load
from operate.terminal.progress import shown
from operate.terminal.published import show_published
from operate.terminal.status import show_files
from publish.digest.questions import read_insights
from publish.digest.terminal import show_insight, show_rejected, show_totals, show_weeks
from publish.digest.totals import read_rejected_rows, read_totals, read_weeks

# Fourteen months, so that the latest can be compared with the year before.
BRANCHES, DAYS, SEED, START = 8, 425, 1, date(2024, 9, 1)
METRICS_QUESTION = (
    ".venv/bin/mf query --metrics net_sales_company --group-by metric_time__month,branch__region"
    " --order metric_time__month,branch__region --decimals 2"
)


@click.command()
@click.option("--remove", is_flag=True, help="Remove the sample company from the warehouse.")
def demo(remove: bool) -> int:
    """Make up a company, load its files, build and test the models, and show the results."""
    settings = read_settings()
    console = make_console()
    if remove:
        remove_demo(settings, ensure_warehouse(settings, console.say))
        console.print("The sample company was removed; the warehouse is empty.")
        return 0
    inbox = demo_inbox(settings)
    if not inbox.stamp.exists():
        with shown(
            f"Writing the files of {described(BRANCHES)}, {DAYS} days",
            console,
        ) as update:
            write_sample(
                inbox.folder,
                BRANCHES,
                DAYS,
                SEED,
                start=START,
                progress=lambda done, total: update(done, total, "files"),
            )
        inbox.stamp.write_text(f"{BRANCHES} branches, {DAYS} days, seed {SEED}\n")
    connection = ensure_warehouse(settings, console.say)
    if settings.embedded:
        make_roles_if_missing(settings, connection, console.say)
    report = run_nightly(
        settings,
        str(inbox.folder),
        say=console.say,
        show=functools.partial(shown, console=console),
        loaded=functools.partial(show_load, console),
    )
    if report.build is not None:
        show_build(console, report.build, str(log_folder(settings.project)))
        if not report.succeeded:
            return 1
    if not docs_are_current(settings, report.connection):
        console.print("Creating the docs page ...")
        make_demo_docs(settings, report.connection)
    _show_summary(console, report)
    published = _publish(console, settings, report)
    _show_what_next(console, settings, published)
    return 0


def _show_summary(console: Console, report: RunReport) -> None:
    console.rule("[bold]What is in the warehouse[/bold]", align="left")
    with lowered(report.connection) as low, open_link(low.url) as link:
        show_files(console, read_file_counts(link), read_quarantine(link))
        show_rejected(console, read_rejected_rows(link))
        show_totals(console, read_totals(link))
        console.print()
        show_weeks(console, read_weeks(link))
        for insight in read_insights(link):
            console.print()
            show_insight(console, insight)
    if report.build is None:
        console.print(unchanged_line(report))


def _publish(console: PlainConsole, settings: Settings, report: RunReport) -> Path | None:
    """Publish for the last day with sales, where there are roles to read the marts with; returns
    the index page.
    """
    with open_link(report.connection.url) as link:
        if find_roles(link) is None:
            return None
    console.rule("[bold]Published for people who never write SQL[/bold]", align="left")
    published = publish(
        settings,
        say=console.say,
        show=functools.partial(shown, console=console),
        on=LATEST,
    )
    show_published(console, published)
    return published.index


def _show_what_next(console: Console, settings: Settings, index: Path | None) -> None:
    from operate.dbt.docs_page import docs_page

    console.rule("[bold]Where to look next[/bold]", align="left")
    steps = [
        *([("Reports, files and charts", index.as_uri())] if index is not None else []),
        ("Docs and lineage of every model", docs_page(settings.project).as_uri()),
        (
            "Ask something",
            '.venv/bin/branchline sql "select branch_name, weekday_name, hour_of_day'
            ' from marts.rpt_peak_hours where is_peak_hour limit 14"',
        ),
        ("Ask in metrics", METRICS_QUESTION),
        ("What has arrived, what is late", ".venv/bin/branchline status"),
        ("Address for a BI tool", ".venv/bin/branchline warehouse url"),
        ("Remove the sample company", ".venv/bin/branchline demo --remove"),
        ("Your own files", ".venv/bin/branchline run --inbox FOLDER"),
    ]
    for what, how in steps:
        console.print(f"{what + ':':<34}{how}", markup=False, soft_wrap=True)
