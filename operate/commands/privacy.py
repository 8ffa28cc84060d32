"""`branchline privacy ...`: erase personal data."""

from __future__ import annotations

import click

from base.console import make_console
from base.errors import BranchlineError
from base.printing import say, shown
from base.settings import read_settings
from base.words import plural
from ingest import Request
from operate.privacy.erasing import RETENTION, Outcome
from operate.privacy.erasing import erase as erase_all
from operate.server.connecting import ensure_warehouse

MOST_SHOWN = 20
_REACH = (
    "Out of reach, and for you to delete: files at the source and in the inbox, backups, and what"
    " was published, exported or copied. docs/privacy-erasure.md lists all of it."
)


@click.group()
def privacy() -> None:
    """Erase personal data, without changing a figure."""


@privacy.command()
@click.option(
    "--customer",
    "customers",
    nargs=2,
    multiple=True,
    metavar="SOURCE CUSTOMER_ID",
    help="A customer of a source by number or e-mail address, or as 'branch/name'.",
)
@click.option(
    "--customer-key", "keys", multiple=True, metavar="KEY", help="A customer by customer_key."
)
@click.option(
    "--expired",
    is_flag=True,
    help="Everything that is older than retain_personal_days in dbt_project.yml allows.",
)
@click.option("--because", help="The reason; kept in the ledger. Without the person's data.")
@click.option("--dry-run", is_flag=True, help="Show what would be erased, and erase nothing.")
def erase(
    customers: tuple[tuple[str, str], ...],
    keys: tuple[str, ...],
    expired: bool,
    because: str | None,
    dry_run: bool,
) -> None:
    """Erase customers by request, or by age.

    What names a customer becomes a random pseudonym, in raw, snapshots and all that is built;
    other personal data is removed. Sales and counts of customers stay as they are. Rows of the same
    customers that are loaded later are treated the same.
    """
    requests = [Request(*customer) for customer in dict.fromkeys(customers)]
    requests += [Request(None, key) for key in dict.fromkeys(keys)]
    if bool(requests) == expired:
        raise click.UsageError("Give either --customer and --customer-key, or --expired.")
    if because is None and not expired:
        if not dry_run:
            raise click.UsageError("Give a reason: --because TEXT.")
        because = ""
    if because is not None and not because.strip() and not dry_run:
        raise BranchlineError("The reason is empty; nothing was erased.", "Give --because a text.")
    settings = read_settings()
    console = make_console(stderr=True)
    outcome = erase_all(
        settings,
        ensure_warehouse(settings, console.say),
        None if expired else requests,
        RETENTION if because is None else because,
        console.say,
        dry_run=dry_run,
    )
    _show(outcome, dry_run=dry_run)


def _show(outcome: Outcome, *, dry_run: bool) -> None:
    erasure = outcome.erasure
    if outcome.continued:
        say("An erasure that was interrupted is finished.")
    for request in erasure.erased_before:
        say(f"Customer {shown(request)} was erased before; no row says who it was.")
    if erasure.is_empty and not outcome.built:
        if not erasure.erased_before:
            say("There is nothing to erase.")
        return
    be = "would be" if dry_run else "were"
    persons = [person for person in erasure.persons if person.rows]
    addresses = f" and {plural(erasure.addresses, 'IP address')}" if erasure.addresses else ""
    say(
        f"{plural(len(persons), 'customer')} with {plural(erasure.cards, 'card')}{addresses} {be}"
        f" erased: {plural(sum(erasure.rows.values()), 'raw row')},"
        f" {plural(erasure.rejected_lines, 'malformed line')}."
    )
    for person in persons[:MOST_SHOWN]:
        key = ", ".join(person.keys) or "not built yet"
        say(f"    {person.source} {key}: {plural(person.rows, 'row')}")
    if len(persons) > MOST_SHOWN:
        say(f"    and {len(persons) - MOST_SHOWN:,} more")
    for table, count in sorted(erasure.rows.items()):
        columns = ", ".join(erasure.columns.get(table, ()))
        say(f"    raw.{table}: {plural(count, 'row')}{f' ({columns})' if columns else ''}")
    for table, count in sorted(outcome.built.items()):
        say(f"    {table}: {plural(count, 'row')}")
    say(_REACH)
