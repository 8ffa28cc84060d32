"""The digest on a terminal. No queries and no logic here."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from rich.console import Console
from rich.table import Table

from base.console import add_columns, make_table, plain
from base.printing import LONGEST_LINE
from base.words import MOST_LISTED, change, listed, money, plural
from publish.digest.questions import Insight, Kind
from publish.digest.totals import (
    DoubtfulOfFile,
    RefusedOfFile,
    RejectedRows,
    Totals,
    UnlistedBranch,
    WeekOfSales,
)

MOST_REASONS = 4
# These are left-aligned.
LEFT = (Kind.TEXT, Kind.MONTH, Kind.FIGURE)


def show_totals(console: Console, totals: Sequence[Totals]) -> None:
    """The company's total; beneath it its currencies, where it sells in others than its own."""
    if not totals:
        console.print("The warehouse has no sales yet.")
        return
    company, *currencies = totals
    returned = (
        f" ({plural(company.returns, 'return')} of {_amount(company.returned_amount)})"
        if company.returns
        else ""
    )
    console.print(
        f"[bold]Sales:[/bold] {_amount(company.net_sales)} {plain(company.currency_code)} in"
        f" {company.transactions:,} transactions of {company.items_sold:,} items{returned},"
        f" {plural(company.branches, 'branch')},"
        f" {company.first_business_date} to {company.last_business_date}."
    )
    for one in currencies:
        is_own = one.currency_code == company.currency_code
        worth = f" ({_amount(one.net_sales_company)} {plain(company.currency_code)})"
        console.print(
            f"    {_amount(one.net_sales)} {plain(one.currency_code)}{'' if is_own else worth} in"
            f" {one.transactions:,} transactions, {plural(one.branches, 'branch')}"
        )
    _show_rates(console, company, currencies)


def _show_rates(console: Console, company: Totals, currencies: Sequence[Totals]) -> None:
    """What of the company's total is missing or estimated for want of an exchange rate."""
    if company.transactions_without_rate:
        codes = [one.currency_code for one in currencies if one.transactions_without_rate]
        console.print(
            f"[yellow]Without an exchange rate to {plain(company.currency_code)}, and in no total:"
            f"[/yellow] {plural(company.transactions_without_rate, 'transaction')} in"
            f" {plain(listed(codes), LONGEST_LINE)}. Add rates to seeds/exchange_rates.csv."
        )
    if company.transactions_at_estimated_rate:
        codes = [one.currency_code for one in currencies if one.transactions_at_estimated_rate]
        console.print(
            "[yellow]Estimated, at the first known exchange rate:[/yellow]"
            f" {plural(company.transactions_at_estimated_rate, 'earlier transaction')} in"
            f" {plain(listed(codes), LONGEST_LINE)}"
        )


def _amount(amount: Decimal | None) -> str:
    return "?" if amount is None else money(amount)


def show_unlisted_branches(console: Console, branches: Sequence[UnlistedBranch]) -> None:
    """The branches for which the company's default currency and time zone are assumed."""
    if not branches:
        return
    taken = f"{branches[0].currency_code}, {branches[0].time_zone}"
    console.print(
        "[yellow]Not in seeds/branches.csv, so assumed to have the company's currency and time"
        f" zone ({plain(taken)}):[/yellow]"
        f" {plain(listed([branch.branch_name for branch in branches]), LONGEST_LINE)}"
    )


def show_weeks(console: Console, weeks: Sequence[WeekOfSales]) -> None:
    """The company's sales by week."""
    table = _headed(
        console, "Sales by week, each customer once", "rpt_daily_sales, fct_transactions"
    )
    add_columns(table, ["Week from"], ["Days", "Receipts", "Net sales"])
    add_columns(table, [""], ["Change", "New customers", "Returning"])
    for week in weeks:
        table.add_row(
            str(week.sales_week),
            str(week.days),
            f"{week.transactions:,}",
            _amount(week.net_sales),
            plain(week.currency_code),
            change(week.net_sales_change_percent),
            f"{week.new_customers:,}",
            f"{week.returning_customers:,}",
        )
    console.print(table)


def show_insight(console: Console, insight: Insight) -> None:
    """One part of the summary as a table."""
    part = insight.part
    table = _headed(console, part.title, part.mart)
    for column in part.columns:
        if column.kind in LEFT:
            table.add_column(column.heading, overflow="fold")
        else:
            table.add_column(column.heading, justify="right")
    for row in insight.rows:
        cells = zip(row, part.columns, strict=True)
        table.add_row(*(_cell(value, column.kind) for value, column in cells))
    console.print(table)


def _cell(value: Any, kind: Kind) -> str:
    if value is None:
        return ""
    if kind is Kind.TEXT:
        return plain(value)
    if kind is Kind.MONTH:
        return f"{value:%Y-%m}"
    if kind is Kind.NUMBER:
        return f"{value:,}"
    if kind is Kind.SHARE:
        return f"{value} %"
    if kind is Kind.CHANGE:
        return change(value)
    if kind is Kind.POINTS:
        return f"{value:+} points"
    return money(value)


def show_rejected(console: Console, rejected: Sequence[RejectedRows]) -> None:
    """How many rows were rejected, and why."""
    if not rejected:
        return
    reasons = ", ".join(
        f"{group.reject_reasons} ({group.refused_rows:,})" for group in rejected[:MOST_REASONS]
    )
    if len(rejected) > MOST_REASONS:
        reasons += f" and {len(rejected) - MOST_REASONS:,} more reasons"
    rows = sum(group.refused_rows for group in rejected)
    console.print(
        f"[bold]Rejected:[/bold] {plural(rows, 'row')}, each with its file and line in"
        f" marts.rejected_rows: {plain(reasons, LONGEST_LINE)}."
    )


ALL_AGAIN = "All files were judged again, because dbt has run since the last run that succeeded:"


def show_refused(
    console: Console, files: Sequence[RefusedOfFile], *, judged_again: bool = False
) -> None:
    """The files with rows that the models rejected, and why. `judged_again`: old rows, too."""
    if not files:
        return
    rows = sum(file.refused_rows for file in files)
    counted = plural(rows, "row" if judged_again else "new row")
    console.print(
        f"[yellow]{f'{ALL_AGAIN} ' if judged_again else ''}{counted}"
        f" {'is' if rows == 1 else 'are'} rejected as a whole or"
        " in part; marts.rejected_rows holds each with file, line and"
        " reason:[/yellow]"
    )
    for file in files[:MOST_LISTED]:
        counted = f"{file.refused_rows:,} of {plural(file.file_rows, 'row')}"
        text = f"{counted} ({file.counted_reasons})"
        console.print(f"    {plain(file.file_path)}: {plain(text, LONGEST_LINE)}")
    if len(files) > MOST_LISTED:
        console.print(f"    and {plural(len(files) - MOST_LISTED, 'more file')}")


def show_doubtful(
    console: Console, files: Sequence[DoubtfulOfFile], *, judged_again: bool = False
) -> None:
    """The files with receipts that may be counted twice. `judged_again`: old receipts, too."""
    if not files:
        return
    receipts = sum(file.doubtful_receipts for file in files)
    counted = plural(receipts, "receipt" if judged_again else "new receipt")
    console.print(
        f"[yellow]{counted} may be counted twice: another file has"
        " receipts like them (quality flag also_in_another_file). Declare key or covers in the"
        " feed, or withdraw the file:[/yellow]"
    )
    for file in files[:MOST_LISTED]:
        text = plural(file.doubtful_receipts, "receipt")
        console.print(f"    {plain(file.file_path)}: {text}")
    if len(files) > MOST_LISTED:
        console.print(f"    and {plural(len(files) - MOST_LISTED, 'more file')}")


def _headed(console: Console, title: str, mart: str) -> Table:
    """A table below its title: rich would wrap the title to the width of the table."""
    console.print(f"[bold]{plain(title)}[/bold]  [dim]marts.{mart}[/dim]")
    return make_table()
