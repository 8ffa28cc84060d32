"""`branchline run`: the nightly job in one command."""

from __future__ import annotations

import functools

import click

from base.console import PlainConsole, make_console
from base.link import open_link
from base.settings import Settings, read_settings
from operate.access.lowered import lowered
from operate.commands.options import (
    QUARANTINED,
    fail_on_quarantine_option,
    inbox_option,
    retry_quarantined_option,
)
from operate.dbt.folders import log_folder
from operate.runs.nightly import RunReport
from operate.runs.nightly import run as run_nightly
from operate.terminal.build import show_audit, show_build
from operate.terminal.load import show_load
from operate.terminal.progress import shown
from publish.digest.terminal import (
    show_doubtful,
    show_refused,
    show_totals,
    show_unlisted_branches,
)
from publish.digest.totals import (
    read_doubtful,
    read_refused,
    read_totals,
    read_unlisted_branches,
)


@click.command()
@inbox_option
@click.option("--full-refresh", is_flag=True, help="Rebuild every model from scratch.")
@click.option(
    "--audit",
    is_flag=True,
    help="Run the data tests on all of history, not only on changes: once a week.",
)
@fail_on_quarantine_option
@retry_quarantined_option
@click.option(
    "--publish",
    "publishes",
    is_flag=True,
    help="Then publish what is due, as `branchline publish` does.",
)
def run(
    inbox: str | None,
    full_refresh: bool,
    audit: bool,
    fail_on_quarantine: bool,
    retry_quarantined: bool,
    publishes: bool,
) -> int:
    """Load new files of an inbox, then build and test the models.

    With nothing new since the last build it ends in seconds and changes no number.
    """
    settings = read_settings()
    console = make_console()
    report = run_nightly(
        settings,
        inbox or settings.inbox,
        say=console.say,
        show=functools.partial(shown, console=console),
        full_refresh=full_refresh,
        audit=audit,
        retry_quarantined=retry_quarantined,
        loaded=functools.partial(show_load, console),
    )
    log = str(log_folder(settings.project))
    if report.build is not None:
        show_build(console, report.build, log)
    else:
        console.print(unchanged_line(report))
    if report.build is None or report.build.succeeded:
        with lowered(report.connection) as low, open_link(low.url) as link:
            if report.build is not None:
                after, again = report.built_before, report.judges_again
                show_refused(console, read_refused(link, after), judged_again=again)
                show_doubtful(console, read_doubtful(link, after), judged_again=again)
            show_totals(console, read_totals(link))
            if report.build is not None:
                show_unlisted_branches(console, read_unlisted_branches(link))
        show_audit(console, report.last_audit)
    is_published = not publishes or _publish(settings, console)
    if not (report.succeeded and is_published):
        return 1
    return QUARANTINED if fail_on_quarantine and report.load.quarantined else 0


def _publish(settings: Settings, console: PlainConsole) -> bool:
    """Publish what is due; after a failed build only messages that wait are sent."""
    from operate.runs.publishing import publish
    from operate.terminal.published import show_published

    published = publish(settings, say=console.say, show=functools.partial(shown, console=console))
    show_published(console, published)
    return published.succeeded


def unchanged_line(report: RunReport) -> str:
    """The message when there was nothing to build."""
    assert report.unchanged_since is not None
    when = report.unchanged_since.finished_at.astimezone()
    return (
        f"[bold]Nothing new[/bold] since the build of {when:%Y-%m-%d %H:%M:%S}; every number is as"
        " it was."
    )
