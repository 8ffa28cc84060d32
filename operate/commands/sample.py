"""`branchline sample`: the sample company's files."""

from __future__ import annotations

from pathlib import Path

import click

from base.console import make_console, plain
from base.words import plural
from operate.project.sample_company import write_sample
from operate.terminal.progress import shown


@click.command()
@click.option(
    "--out",
    required=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder to write to: new, empty, or filled by an earlier call.",
)
@click.option("--branches", default=8, show_default=True, type=click.IntRange(min=1))
@click.option("--days", default=60, show_default=True, type=click.IntRange(min=1))
@click.option("--seed", default=1, show_default=True, type=int)
def sample(out: Path, branches: int, days: int, seed: int) -> None:
    """Write the nightly files of a sample company, with the usual mess.

    For every two branches there is a store of the sales desk. With eight weeks or more there are
    anomalies: a branch's day, a sales person's week, a customer.

    The same arguments give the same bytes on every machine.
    """
    console = make_console()
    with shown(f"Writing the sample company to {out}", console) as update:
        made = write_sample(
            out, branches, days, seed, progress=lambda done, total: update(done, total, "files")
        )
    console.print(
        f"{plural(made.files, 'file')}, {made.bytes_written / 1_000_000:,.1f} MB in {plain(out)}."
    )
    for line in made.mess + made.oddities:
        console.say(f"  {line}")
    console.say(f"Load and build it: branchline run --inbox {out}")
