"""`branchline sql`: look at the warehouse without being able to change it."""

from __future__ import annotations

import csv
import itertools
import sys

import click

from base.errors import BranchlineError
from base.printing import printable, say, shown, shown_json, shown_lines
from base.settings import read_settings
from base.spreadsheet import without_formula
from operate.access.lowered import lowered
from operate.server.connecting import ensure_warehouse
from operate.server.query import Result, as_text, json_lines, read_only_query


# A query may begin with a comment (--), which click would take for an option.
@click.command(context_settings={"ignore_unknown_options": True})
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
@click.option(
    "--no-formulas",
    is_flag=True,
    help="csv: put ' before a text that a spreadsheet would evaluate, such as =1+1.",
)
@click.option(
    "--exact",
    is_flag=True,
    help="csv: keep control and invisible characters, for a file that no terminal shows. json"
    " always has them, as escapes.",
)
def sql(query: str, form: str, limit: int, no_formulas: bool, exact: bool) -> None:
    """Run a read-only QUERY on the warehouse ("-": read it from standard input).

    For example: branchline sql "select * from marts.rpt_daily_sales order by business_date desc"
    """
    if (no_formulas or exact) and form != "csv":
        raise click.UsageError("--no-formulas and --exact go with --format csv alone.")
    if query == "-":
        query = sys.stdin.read()
    if not query.strip():
        raise BranchlineError(
            "The query is empty.", 'For example: branchline sql "select * from marts.dim_branches"'
        )
    settings = read_settings()
    connection = ensure_warehouse(settings, say=lambda line: say(line, err=True))
    with (
        lowered(connection) as low,
        read_only_query(low.url, query, settings.row_limit) as result,
    ):
        if form == "csv":
            _write_csv(result, no_formulas, exact)
        elif form == "json":
            for piece in json_lines(result):
                sys.stdout.write(shown_json(piece))
        else:
            _write_table(result, limit)
    sys.stdout.flush()
    if result.was_cut:
        raise BranchlineError(
            f"These are the first {settings.row_limit:,} rows only: BRANCHLINE_ROW_LIMIT allows no"
            " more through.",
            "Query fewer rows: sums, fewer days. Or have the limit raised.",
        )


def _write_csv(result: Result, no_formulas: bool, exact: bool) -> None:
    def cell(text: str, kind: str) -> str:
        # First, because a tab at the beginning also marks a formula.
        if no_formulas and kind not in ("number", "boolean"):
            text = without_formula(text)
        return text if exact else printable(text, kept="\n\t")

    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow([cell(column.name, "text") for column in result.columns])
    kinds = [column.kind for column in result.columns]
    for row in result:
        writer.writerow(
            [cell(as_text(value), kind) for value, kind in zip(row, kinds, strict=True)]
        )


def _write_records(result: Result, rows: list[tuple[object, ...]]) -> None:
    """One line per value: a table too wide for the terminal is not readable."""
    names = [shown(column.name) for column in result.columns]
    longest = max(map(len, names))
    for number, row in enumerate(rows, start=1):
        say(f"-- row {number}")
        for name, value in zip(names, row, strict=True):
            say(f"{name:<{longest}}  {shown(as_text(value))}")


def _write_table(result: Result, limit: int) -> None:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    from base.console import PlainConsole

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in result.columns:
        table.add_column(
            Text(shown(column.name)),
            justify="right" if column.kind == "number" else "left",
            overflow="fold",
        )
    rows = list(itertools.islice(result, limit + 1))
    for row in rows[:limit]:
        table.add_row(*(Text(shown_lines(as_text(value))) for value in row))
    console = PlainConsole()
    wide = PlainConsole(width=10_000)
    if console.is_terminal and wide.measure(table).maximum > console.width:
        _write_records(result, rows[:limit])
    else:
        # Into a pipe or a file, a table is as wide as it needs to be.
        (console if console.is_terminal else wide).print(table, crop=False)
    if len(rows) > limit:
        say(f"The first {limit:,} rows; more: --limit N, or all with --format csv.", err=True)
    else:
        say(f"{len(rows):,} row{'' if len(rows) == 1 else 's'}", err=True)
