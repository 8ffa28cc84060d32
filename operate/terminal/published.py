"""What was published, or would be, on a terminal."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timezone

from rich.console import Console

from base.console import add_columns, make_table, plain
from base.printing import LONGEST_LINE
from base.words import MOST_LISTED, listed, plural
from publish.contract.publications import Publications
from publish.editions.outcome import PublishReport
from publish.editions.planning import Plan, title_of
from publish.messages import OutboxState, targets, variable_of
from publish.reports import REPORTS


def show_published(console: Console, report: PublishReport) -> None:
    """The result of publishing."""
    if report.held_back:
        console.print(f"[bold red]Held back:[/bold red] {plain(report.held_back, LONGEST_LINE)}")
    if report.plan is not None and report.published is not None:
        done = report.published
        parts = [f"{plural(done.new, 'new edition')}"]
        if done.restated:
            parts.append(f"{done.restated:,} restated")
        if done.unchanged:
            parts.append(f"{done.unchanged:,} as they were")
        console.print(f"[bold]Published[/bold] for {report.plan.on}: {', '.join(parts)}.")
        _show_absent(console, report.plan)
    for failed in report.published.failed if report.published is not None else ():
        said = plain(failed, LONGEST_LINE)
        console.print(f"[red]Not published, tried again by the next run:[/red] {said}")
    _show_addresses(console, report)
    if report.unaddressed:
        names = listed([f"{name} ({variable_of(name)})" for name in report.unaddressed])
        console.print(
            f"[dim]Audiences without an address, which get no messages:[/dim] {plain(names)}"
        )
    for failed in report.not_copied:
        console.print(f"[red]Not copied, tried again by the next run:[/red] {plain(failed)}")
    sent = report.delivery
    if sent.sent or sent.delayed or sent.given_up:
        counts = [f"{sent.sent:,} sent"]
        if sent.delayed:
            counts.append(f"{sent.delayed:,} delayed")
        if sent.given_up:
            counts.append(f"[red]{sent.given_up:,} given up[/red]")
        console.print(f"[bold]Messages:[/bold] {', '.join(counts)}.")
    for reason in sent.reasons:
        console.print(f"    {plain(reason, LONGEST_LINE)}")
    console.print(f"Index page: {plain(report.index.as_uri(), LONGEST_LINE)}", soft_wrap=True)


def show_plan(
    console: Console,
    report: PublishReport,
    publications: Publications,
    environ: Mapping[str, str],
) -> None:
    """What would be published."""
    if report.held_back:
        console.print(f"[yellow]Held back:[/yellow] {plain(report.held_back, LONGEST_LINE)}")
    assert report.plan is not None
    console.print(f"[bold]For {report.plan.on}[/bold], nothing was written or sent:")
    counts = recipients_of(report, publications, environ)
    table = make_table()
    add_columns(table, ["Publication", "Date", "For"], ["Editions", "Recipients"])
    for planned in report.plan.planned:
        one = planned.publication
        count = sum(
            counts[audience, part.key]
            for part in planned.parts
            for audience in publications.audiences_of(one, part.key)
            if one.message
        )
        table.add_row(
            plain(one.name),
            str(planned.business_date),
            plain(", ".join(one.audiences)),
            f"{len(planned.parts):,}" if planned.again else "published",
            f"{count:,}" if one.message else "",
        )
    console.print(table)
    for title in dict.fromkeys(
        title_of(planned.publication, REPORTS)
        for planned in report.plan.planned
        if planned.publication.names
    ):
        console.print(f"May hold names: {plain(title)}")
    _show_absent(console, report.plan)
    _show_without_recipient(console, report.plan, counts)
    _show_addresses(console, report)


def recipients_of(
    report: PublishReport, publications: Publications, environ: Mapping[str, str]
) -> dict[tuple[str, str], int]:
    """How many recipients each audience has for the parts that messages are about, by audience and
    the key of the part.
    """
    planned = report.plan.planned if report.plan is not None else ()
    wanted = {
        (audience, part.key): None
        for one in planned
        if one.publication.message
        for part in one.parts
        for audience in publications.audiences_of(one.publication, part.key)
    }
    return {
        (audience, key): len(targets(environ, audience, report.names.get(key, ())))
        for audience, key in wanted
    }


def _show_without_recipient(
    console: Console, plan: Plan, counts: Mapping[tuple[str, str], int]
) -> None:
    """Who would get no message, because there is no address."""
    names = {part.key: part.name for planned in plan.planned for part in planned.parts}
    for audience in dict.fromkeys(audience for audience, _ in counts):
        of = {key: count for (one, key), count in counts.items() if one == audience}
        without = sorted(names[key] for key, count in of.items() if not count)
        if not without:
            continue
        said = f"{variable_of(audience)} has no address"
        if len(without) < len(of):
            said += f" for {listed(without)}"
        console.print(f"[dim]No message:[/dim] {plain(said, LONGEST_LINE)}.", soft_wrap=True)


def _show_absent(console: Console, plan: Plan) -> None:
    for absent in plan.absent:
        console.print(f"[dim]Not published:[/dim] {plain(absent.name)}: {plain(absent.reason)}.")


def _show_addresses(console: Console, report: PublishReport) -> None:
    if report.without_address:
        names = listed([f"BRANCHLINE_PLACE_{name.upper()}" for name in report.without_address])
        console.print(f"[dim]Places without an address, which get nothing:[/dim] {plain(names)}")
    for wrong in report.wrong:
        console.print(f"[yellow]{plain(wrong, LONGEST_LINE)}[/yellow]")


def show_outbox(console: Console, state: OutboxState) -> None:
    """The messages that wait for a server, and those that nobody will get."""
    if state.waiting and state.oldest is not None:
        console.print(
            f"[yellow]Messages that wait:[/yellow] {plural(state.waiting, 'message')}, the oldest"
            f" since {state.oldest.astimezone(timezone.utc):%Y-%m-%d %H:%M} UTC. Try again:"
            " branchline publish --send"
        )
    for one in state.given_up[:MOST_LISTED]:
        console.print(
            f"[red]Message given up:[/red] {plain(one.publication)} of {one.business_date} to"
            f" {plain(one.target)}: {plain(one.reason, LONGEST_LINE)}"
        )
    if len(state.given_up) > MOST_LISTED:
        console.print(f"    and {len(state.given_up) - MOST_LISTED:,} more")
