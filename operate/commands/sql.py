"""`branchline sql`: look at the warehouse without being able to change it."""

from __future__ import annotations

import csv
import itertools
import sys

import click

from base.errors import BranchlineError
from base.settings import read_settings
from operate.server.connecting import ensure_warehouse
from operate.server.query import Result, as_text, json_lines, read_only_query


@click.command()
@click.argument("query")
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "csv", "json"]),
    default="table",
    show_default=True,
    help="csv and json give every row; table gives the first --limit of them.",
)
@click.option(
    "--limit", type=click.IntRange(min=1), default=500, show_default=True, help="Rows of a table."
)
def sql(query: str, form: str, limit: int) -> None:
    """Run a read-only QUERY on the warehouse ("-": read it from standard input).

    For example: branchline sql "select * from marts.rpt_daily_sales order by business_date desc"
    """
    if query == "-":
        query = sys.stdin.read()
    if not query.strip():
        raise BranchlineError(
            "The query is empty.", 'For example: branchline sql "select * from marts.dim_branches"'
        )
    connection = ensure_warehouse(read_settings(), say=lambda line: click.echo(line, err=True))
    with read_only_query(connection.url, query) as result:
        if form == "csv":
            _write_csv(result)
        elif form == "json":
            for piece in json_lines(result):
                sys.stdout.write(piece)
        else:
            _write_table(result, limit)
    sys.stdout.flush()


def _write_csv(result: Result) -> None:
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow([column.name for column in result.columns])
    for row in result:
        writer.writerow([as_text(value) for value in row])


def _write_records(result: Result, rows: list[tuple[object, ...]]) -> None:
    """A line per value: what is too wide for the terminal is not readable as a table."""
    longest = max(len(column.name) for column in result.columns)
    for number, row in enumerate(rows, start=1):
        click.echo(f"-- row {number}")
        for column, value in zip(result.columns, row, strict=True):
            click.echo(f"{column.name:<{longest}}  {as_text(value)}")


def _write_table(result: Result, limit: int) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in result.columns:
        table.add_column(
            Text(column.name),
            justify="right" if column.kind == "number" else "left",
            overflow="fold",
        )
    rows = list(itertools.islice(result, limit + 1))
    for row in rows[:limit]:
        table.add_row(*(Text(as_text(value)) for value in row))
    console = Console(highlight=False)
    wide = Console(width=10_000, highlight=False)
    if console.is_terminal and wide.measure(table).maximum > console.width:
        _write_records(result, rows[:limit])
    else:
        # Into a pipe or a file, a table is as wide as it needs to be.
        (console if console.is_terminal else wide).print(table, crop=False)
    if len(rows) > limit:
        click.echo(
            f"The first {limit:,} rows; more: --limit N, or all with --format csv.", err=True
        )
    else:
        click.echo(f"{len(rows):,} row{'' if len(rows) == 1 else 's'}", err=True)
