"""`python -m sample`: write the sample company's files into a folder."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from sample.company import write_company
from sample.errors import SampleError


@click.command()
@click.option(
    "--out",
    required=True,
    type=click.Path(path_type=Path),
    help="Folder to write to: new, empty, or filled by an earlier run.",
)
@click.option("--branches", default=8, show_default=True, type=click.IntRange(min=1))
@click.option("--days", default=60, show_default=True, type=click.IntRange(min=1))
@click.option("--seed", default=1, show_default=True, type=int)
def main(out: Path, branches: int, days: int, seed: int) -> None:
    """Write the nightly files of a sample company, with the usual mess."""
    try:
        with click.progressbar(length=1, label="Writing", file=sys.stderr) as bar:

            def show(done: int, to_come: int) -> None:
                bar.length = to_come
                bar.update(done - bar.pos)

            summary = write_company(out, branches=branches, days=days, seed=seed, progress=show)
    except SampleError as error:
        click.echo(f"{error.message}\n{error.hint}", err=True)
        sys.exit(1)
    total = summary.expected.total
    click.echo(f"{len(summary.files):,} files, {summary.bytes_written:,} bytes in {out}")
    click.echo(f"{total.transactions:,} sales of {total.items_sold:,} items that must count")
    for trouble in summary.mess:
        click.echo(f"  {trouble.kind}: {trouble.path}\n    {trouble.sentence}")
    for odd in summary.oddities:
        click.echo(f"  {odd.kind}\n    {odd.sentence}")


if __name__ == "__main__":
    main(prog_name="python -m sample")
