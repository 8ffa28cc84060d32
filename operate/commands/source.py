"""`branchline source`: sources that the company adds."""

from __future__ import annotations

from pathlib import Path

import click

from base.printing import say
from base.settings import read_settings
from base.words import plural
from operate.project.new_source import PAGE, plan_source, write_source


@click.group()
def source() -> None:
    """Add a source of sales."""


@source.command()
@click.argument("name")
@click.option(
    "--from",
    "sample",
    required=True,
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="A file of the source: CSV, workbook, Parquet, JSON or PDF table, with names of columns.",
)
@click.option(
    "--grain",
    type=click.Choice(["receipt", "line"]),
    help="What a line of the file is: a receipt, or a line of one. Default: line if the"
    " receipt numbers repeat.",
)
@click.option(
    "--receipt-number",
    metavar="COLUMN",
    help="The column with the number of the receipt, if its name does not say so.",
)
@click.option("--dry-run", is_flag=True, help="Print what would be written, and write nothing.")
def new(
    name: str, sample: Path, grain: str | None, receipt_number: str | None, dry_run: bool
) -> None:
    """Generate the first version of a source from a sample file.

    It writes the feed, the models with tests, a docs page, and the entry in dbt_project.yml.
    Nothing is ever overwritten. docs/adding-a-source.md says what to do next.
    """
    project = read_settings().project
    planned = plan_source(project, name, sample, grain, receipt_number)
    if not dry_run:
        write_source(project, planned)
    done = "would be written" if dry_run else "written"
    receipt = (
        "each line of the file is a receipt"
        if planned.number is None
        else f"lines of a branch and day with the same '{planned.number}' are one receipt"
    )
    say(f"{plural(len(planned.files), 'file')} {done}; {receipt}:")
    for path in planned.files:
        say(f"  {path}")
    say(f"and '{name}' {'would be ' if dry_run else 'is '}listed in dbt_project.yml.")
    say("To decide:")
    for decision in planned.decisions:
        say(f"  {decision}")
    say(f"  The rest is on the page {PAGE.format(name=name)}.")
