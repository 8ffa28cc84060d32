"""Marts for tests of the reports: empty tables with the columns of the contracts, and rows in them.

Nothing is built, so that a test takes milliseconds. Rows in marts may be of any state, also of one
that no build would give today.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import psycopg2
import throwaway
import yaml
from psycopg2.extensions import connection as Link

from base.link import Connection
from publish.marts import MartReader
from publish.reports import REPORTS
from publish.reports.page import Advice, Figure, Kind, Page, Section
from publish.reports.report import Part

PROJECT = Path(__file__).resolve().parents[2]
MARTS = PROJECT / "models" / "marts"
DEFAULTS: dict[str, dict[str, Any]] = {
    "rpt_daily_sales": {
        "source_system": "tills",
        "company_currency_code": "GBP",
        "is_rate_estimated": False,
        "transactions": 1,
        "returns": 0,
        "items_sold": 1,
        "returned_amount": 0,
        "cash_sales": 0,
        "card_sales": 0,
        "other_sales": 0,
        "new_customers": 0,
        "returning_customers": 0,
    },
    "dim_branches": {
        "source_system": "tills",
        "time_zone": "Europe/London",
        "currency_code": "GBP",
        "country_code": "GB",
        "is_inferred": False,
    },
    "rpt_hourly_sales": {"transactions": 1, "net_sales": 0},
    "rpt_daily_products": {
        "sales_rank": 1,
        "quantity": 1,
        "net_sales": 0,
        "returned_quantity": 0,
        "returned_amount": 0,
    },
    "fct_employee_days": {"currency_code": "GBP"},
    "fct_staffed_days": {
        "staff": 1,
        "worked_hours": 0,
        "net_sales": 0,
        "assigned_net_sales": 0,
        "unpaired_punches": 0,
        "currency_code": "GBP",
    },
}


CONVERTED = {
    "net_amount_company": "net_sales",
    "returned_amount_company": "returned_amount",
    "assigned_net_amount_company": "assigned_net_sales",
    "like_for_like_net_amount_company_on_month": "like_for_like_net_sales_on_month",
    "like_for_like_net_amount_company_on_year": "like_for_like_net_sales_on_year",
    "net_amount_company_month_before": "net_sales_month_before",
    "net_amount_company_year_before": "net_sales_year_before",
}
"""Amounts in the company's currency, which is GBP, and the amounts of which they are worth."""


@cache
def columns_of(mart: str) -> dict[str, str]:
    """Names and types of the columns in a mart's contract."""
    [file] = MARTS.rglob(f"{mart}.yml")
    # The unit tests below it are long, and nothing of them is needed.
    described, _, _ = file.read_text().partition("\nunit_tests:")
    [model] = yaml.load(described, yaml.CSafeLoader)["models"]
    return {column["name"]: column["data_type"] for column in model["columns"]}


def read_by(reports: Sequence[str] = tuple(REPORTS)) -> set[str]:
    """The marts of reports that have a contract in this project."""
    named = {mart for name in reports for mart in (*REPORTS[name].reads, *REPORTS[name].may_read)}
    return {mart for mart in named if list(MARTS.rglob(f"{mart}.yml"))}


class Marts:
    """Tables named as marts, in a database of the tests."""

    def __init__(self, link: Link) -> None:
        self.link = link
        self.names = sorted(read_by())
        with link.cursor() as cursor:
            cursor.execute("create schema marts")
            for mart in self.names:
                columns = ", ".join(f"{name} {kind}" for name, kind in columns_of(mart).items())
                cursor.execute(f"create table marts.{mart} ({columns})")

    def empty(self) -> None:
        """Remove all rows."""
        with self.link.cursor() as cursor:
            cursor.execute(";".join(f"delete from marts.{mart}" for mart in self.names))

    def add(self, mart: str, *rows: dict[str, Any]) -> None:
        """Add rows; a column that is not given has the default of these tests, or null."""
        if not rows:
            return
        names = list(columns_of(mart))
        filled = [_converted({**DEFAULTS.get(mart, {}), **row}, names) for row in rows]
        assert all(set(row) <= set(names) for row in filled), (mart, set(filled[0]) - set(names))
        with self.link.cursor() as cursor:
            marks = f"({', '.join(['%s'] * len(names))})"
            values = b", ".join(
                cursor.mogrify(marks, [row.get(name) for name in names]) for row in filled
            )
            cursor.execute(f"insert into marts.{mart} values ".encode() + values)

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """The rows of a query; marts by their bare names."""
        with self.link.cursor() as cursor:
            cursor.execute(query, values or None)
            return cursor.fetchall() if cursor.description else []

    def reader(self, *, shows_names: bool = True) -> MartReader:
        """A new reader, which knows nothing of an earlier state."""
        return MartReader(self.link, shows_names=shows_names)

    def branch(self, key: str, **columns: Any) -> None:
        """A branch that has traded since long ago, unless the columns say otherwise."""
        self.add(
            "dim_branches",
            {
                "branch_key": key,
                "branch_name": key.capitalize(),
                "first_business_date": date(2020, 1, 1),
                "last_business_date": date(2030, 1, 1),
                **columns,
            },
        )

    def sold(self, key: str, on: date, net_sales: str | Decimal, **columns: Any) -> None:
        """A branch's day. What is not said was paid by card."""
        self.add(
            "rpt_daily_sales",
            {
                "branch_key": key,
                "branch_name": key.capitalize(),
                "currency_code": "GBP",
                "business_date": on,
                "net_sales": net_sales,
                "card_sales": net_sales,
                **columns,
            },
        )

    def read(self, report: str, on: date, *keys: str, shows_names: bool = True) -> dict[str, Page]:
        """The pages of the company and of branches, by key; of all branches where none is named."""
        reader = self.reader(shows_names=shows_names)
        known = {branch.key: branch for branch in reader.all_branches}
        parts = [Part("", "The company")] + [
            Part(key, known[key].name, known[key].place) for key in keys or known
        ]
        pages = REPORTS[report].read(reader, on, parts)
        found = {page.part: page for page in pages}
        assert len(found) == len(pages)
        return found


def _converted(row: dict[str, Any], names: Sequence[str]) -> dict[str, Any]:
    """A row in the company's currency, with its amounts once more where they are not given."""
    if row.get("currency_code", "GBP") != "GBP":
        return row
    same = {name: row[of] for name, of in CONVERTED.items() if name in names and of in row}
    return {**same, **row}


@contextlib.contextmanager
def made_marts(server: Connection) -> Iterator[Marts]:
    """All marts that the reports read, without rows, in a database of their own."""
    with (
        throwaway.database(server) as url,
        contextlib.closing(psycopg2.connect(url, options="-c search_path=marts")) as link,
    ):
        link.autocommit = True
        yield Marts(link)


def days(first: date, last: date) -> list[date]:
    """All days of a range, both ends included."""
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]


def figure(page: Page, key: str) -> Figure:
    """A figure of a page by its key."""
    return {one.key: one for one in page.figures}[key]


def section(page: Page, key: str) -> Section:
    """A section of a page by its key."""
    return {one.key: one for one in page.sections}[key]


def table(page: Page, key: str) -> list[dict[str, Any]]:
    """The rows of a section's table, by the headings of its columns."""
    found = section(page, key).table
    assert found
    names = [column.heading for column in found.columns]
    return [dict(zip(names, row, strict=True)) for row in found.rows]


def before(one: Figure, label: str) -> Any:
    """What a figure is compared with; None where it is not."""
    return {comparison.label: comparison.before for comparison in one.comparisons}.get(label)


def money_without_currency(page: Page) -> list[str]:
    """Amounts on a page of which nobody can say the currency."""
    found = [one.key for one in page.figures if one.kind is Kind.MONEY and not one.currency]
    for one in page.sections:
        if one.chart and one.chart.value_kind is Kind.MONEY and not one.chart.currency:
            found.append(one.key)
        if one.table:
            kinds = [column.kind for column in one.table.columns]
            names = [column.heading for column in one.table.columns]
            amounts = [column for column in one.table.columns if column.kind is Kind.MONEY]
            if amounts and "Currency" not in names:
                found += [column.heading for column in amounts if not column.currency]
            assert len(kinds) == len({*names}) or one.key in (
                "periods",
                "like_for_like",
                "branches",
            )
    return found


def sources(page: Page) -> list[tuple[str, str]]:
    """What an analyst would run to see the rows of each figure, section and advice."""
    parts: Sequence[Figure | Section | Advice] = (
        *page.figures,
        *page.sections,
        *page.odd,
        *page.advice,
    )
    return [(one.source.mart, one.source.where) for one in parts]


def anomaly(key: str, on: date, **columns: Any) -> dict[str, Any]:
    """A day of a branch with sales below its range."""
    return {
        "subject_kind": "branch",
        "subject_key": key,
        "branch_key": key,
        "period": "day",
        "currency_code": "GBP",
        "measure": "sales",
        "kind": "out_of_range",
        "severity": "high",
        "direction": "below",
        "expected_value": "100",
        "lower_limit": "80",
        "upper_limit": "120",
        "actual_value": "12.5",
        "robust_score": "-9",
        "is_for_fraud_review": False,
        "period_start_date": on,
        **columns,
    }
