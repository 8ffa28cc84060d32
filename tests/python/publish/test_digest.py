"""The digest's output: Python selects columns of the digest's models and formats them.

The models' results are tested beside them (models/marts/digest).
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator
from dataclasses import fields, replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg2
import pytest
import yaml
from psycopg2.extensions import connection as Link
from rich.console import Console

from base.errors import BranchlineError
from publish.digest.questions import (
    BEST_SALES_PEOPLE,
    BRANCHES_AGAINST_LAST_WEEK,
    LAST_DAY,
    PARTS,
    RISING_AND_FALLING_PRODUCTS,
    STOCK_AND_STAFF,
    WHAT_IS_ODD,
    Part,
    read_insights,
)
from publish.digest.terminal import show_insight, show_totals, show_weeks
from publish.digest.totals import (
    DoubtfulOfFile,
    LastSale,
    RefusedOfFile,
    RejectedRows,
    Totals,
    UnlistedBranch,
    WeekOfSales,
    read_doubtful,
    read_last_sales,
    read_refused,
    read_weeks,
)

DIGEST = Path(__file__).resolve().parents[3] / "models" / "marts" / "digest"
TOTALS = {
    "sales_totals": Totals,
    "unlisted_branches": UnlistedBranch,
    "last_sales": LastSale,
    "weeks": WeekOfSales,
    "refused_files": RefusedOfFile,
    "doubtful_files": DoubtfulOfFile,
    "refused_reasons": RejectedRows,
}


@pytest.fixture
def link(database_url: str) -> Iterator[Link]:
    with contextlib.closing(psycopg2.connect(database_url)) as link:
        link.autocommit = True
        with link.cursor() as cursor:
            cursor.execute("create schema marts")
        yield link


def columns_of(question: str) -> dict[str, str]:
    """Names and types of the columns in the contract of a question's model."""
    described = (DIGEST / f"rpt_digest__{question}.yml").read_text()
    [model] = yaml.safe_load(described)["models"]
    return {column["name"]: column["data_type"] for column in model["columns"]}


def make_answer(link: Link, question: str, *rows: dict[str, Any]) -> None:
    """A table with the columns of the model's contract, and these rows, the last one first."""
    columns = ", ".join(f"{name} {kind}" for name, kind in columns_of(question).items())
    with link.cursor() as cursor:
        cursor.execute(f"create table marts.rpt_digest__{question} ({columns})")
        for position, values in reversed([*enumerate(rows, start=1)]):
            row = {"position": position, **values}
            cursor.execute(
                f"insert into marts.rpt_digest__{question} ({', '.join(row)})"
                f" values ({', '.join(['%s'] * len(row))})",
                list(row.values()),
            )


def shown(link: Link, part: Part, width: int = 100) -> list[list[str]]:
    """The lines of one part below its title, split at two spaces and more."""
    out = io.StringIO()
    [insight] = read_insights(link, [part])
    show_insight(Console(file=out, width=width), insight)
    lines = out.getvalue().splitlines()[1:]
    return [[cell.strip() for cell in line.split("  ") if cell.strip()] for line in lines]


def test_every_digest_model_is_shown_and_has_the_shown_columns() -> None:
    shown = {part.question: {column.name for column in part.columns} for part in PARTS}
    shown |= {question: {field.name for field in fields(kind)} for question, kind in TOTALS.items()}
    models = {path.stem.removeprefix("rpt_digest__") for path in DIGEST.glob("*.sql")}
    assert set(shown) == models
    for question, names in shown.items():
        assert names <= set(columns_of(question)), question


def test_missing_or_empty_models_are_not_shown(link: Link) -> None:
    assert read_insights(link) == []
    assert read_last_sales(link, ["desk"]) == []
    for question in sorted({part.question for part in PARTS}):
        make_answer(link, question)
    assert read_insights(link) == []


def test_a_part_shows_the_first_rows_that_its_condition_selects(link: Link) -> None:
    branch = {"currency_code": "ILS", "net_sales": "5", "business_date": "2024-03-08"}
    stock = {"out_of_stock_products": 2, "median_days_of_cover": "25.8"}
    make_answer(
        link,
        "day_summary",
        *({**branch, "branch_name": f"Branch {number}"} for number in range(1, 11)),
        {**branch, **stock, "branch_name": "The eleventh"},
        {**branch, "staff_hours": "7.50", "branch_name": "The twelfth"},
    )
    assert [row[0] for row in shown(link, LAST_DAY)[1:]] == [f"Branch {n}" for n in range(1, 11)]
    assert shown(link, STOCK_AND_STAFF)[1:] == [
        ["The eleventh", "2", "25.8"],
        ["The twelfth", "7.50"],
    ]


def test_a_missing_model_is_reported_with_the_command_to_build_it(link: Link) -> None:
    with pytest.raises(BranchlineError, match=r"marts\.rpt_digest__weeks is missing") as error:
        read_weeks(link)
    assert "dbt build --select rpt_digest__weeks" in error.value.hint


def test_rows_are_shown_in_the_order_of_their_model(link: Link) -> None:
    branch = {
        "currency_code": "GBP",
        "net_sales": "1234.50",
        "net_sales_week_before": "4",
        "net_sales_change_percent": "25",
    }
    make_answer(
        link,
        "branches_on_week",
        {**branch, "branch_name": "York"},
        # Ranks between the best and the worst are missing.
        {**branch, "branch_name": "Leeds", "net_sales_change_percent": "-3", "position": 7},
    )
    assert shown(link, BRANCHES_AGAINST_LAST_WEEK)[1:] == [
        ["York", "1,234.50", "GBP", "4.00", "+25.0 %"],
        ["Leeds", "1,234.50", "GBP", "4.00", "-3.0 %"],
    ]


def test_formats_of_months_figures_and_points(link: Link) -> None:
    make_answer(
        link,
        "product_shares",
        {
            "product_name": "Tea",
            "currency_code": "GBP",
            "net_sales": "8",
            "company_sales_percent": "70",
            "company_sales_percent_change": "22",
            "sales_month": "2024-01-01",
        },
    )
    assert shown(link, RISING_AND_FALLING_PRODUCTS)[1:] == [
        ["Tea", "2024-01", "8.00", "GBP", "70.0 %", "+22.0 points"]
    ]
    make_answer(
        link,
        "anomalies",
        {
            "subject": "Leeds [new]",
            "period": "day 2024-03-04",
            "what_is_odd": "basket size",
            "severity": "high",
            "expected_value": "2",
            "actual_value": "1234.5",
        },
    )
    assert shown(link, WHAT_IS_ODD)[1:] == [
        ["Leeds [new]", "day 2024-03-04", "basket size", "2.00", "1,234.50", "high"]
    ]


def test_only_the_requested_files_and_branches_are_read(link: Link) -> None:
    file = {"file_path": "may.csv", "file_rows": 3, "refused_rows": 2, "counted_reasons": "x: 2"}
    make_answer(
        link,
        "refused_files",
        {**file, "file_id": 7, "newest_file_id": 7, "refused_rows": 9},
        {**file, "file_id": 9, "newest_file_id": 9},
        # A new file has the row that counts instead of its own.
        {**file, "file_id": 6, "newest_file_id": 8, "file_path": "june.csv", "refused_rows": 1},
    )
    assert read_refused(link, 7) == [
        RefusedOfFile("may.csv", 3, 2, "x: 2"),
        RefusedOfFile("june.csv", 3, 1, "x: 2"),
    ]
    make_answer(
        link,
        "doubtful_files",
        {"file_id": 7, "file_path": "may.csv", "doubtful_receipts": 2},
        {"file_id": 8, "file_path": "june.csv", "doubtful_receipts": 3},
    )
    assert read_doubtful(link, 7) == [DoubtfulOfFile("june.csv", 3)]
    last = {"branch_name": "Leeds", "last_business_date": "2024-03-01", "days_late": 4}
    make_answer(
        link,
        "last_sales",
        {**last, "source_system": "desk"},
        {**last, "source_system": "shop"},
        {**last, "source_system": "tills"},
    )
    assert read_last_sales(link, ["tills", "desk"]) == [
        LastSale("desk", "Leeds", date(2024, 3, 1), 4),
        LastSale("tills", "Leeds", date(2024, 3, 1), 4),
    ]


def test_a_user_who_may_not_read_the_marts_gets_no_last_sales(link: Link) -> None:
    make_answer(
        link,
        "last_sales",
        {
            "source_system": "desk",
            "branch_name": "17",
            "last_business_date": "2024-03-01",
            "days_late": 0,
        },
    )
    assert len(read_last_sales(link, ["desk"])) == 1
    with link.cursor() as cursor:
        cursor.execute("revoke usage on schema marts from current_user")
    assert read_last_sales(link, ["desk"]) == []


def test_each_part_is_a_small_table_in_eighty_columns(link: Link) -> None:
    make_answer(
        link,
        "branches_on_week",
        *(
            {
                "branch_name": f"Stratford-upon-Avon {number}",
                "currency_code": "GBP",
                "net_sales": "123456",
                "net_sales_week_before": "123456",
                "net_sales_change_percent": "0",
            }
            for number in range(4)
        ),
    )
    make_answer(
        link,
        "weeks",
        *(
            {
                "currency_code": "GBP",
                "days": 7,
                "transactions": 123456,
                "net_sales": "1234567",
                "new_customers": 1234,
                "returning_customers": 1234,
                "sales_week": f"2024-03-0{day}",
            }
            for day in range(1, 4)
        ),
    )
    make_answer(
        link,
        "best_sales_people",
        *(
            {
                "store_id": "17",
                "full_name": f"Person {number}",
                "sales_month": "2023-10",
                "currency_code": "GBP",
                "total_sales": "123456",
                "sales_contribution_percentage": "12.3",
                "incentive": "0",
            }
            for number in range(4)
        ),
    )
    out = io.StringIO()
    console = Console(file=out, width=80)
    weeks = read_weeks(link)
    assert weeks[0] == WeekOfSales(
        date(2024, 3, 1), "GBP", 7, 123456, Decimal(1234567), 1234, 1234, None
    )
    show_weeks(console, weeks)
    found = read_insights(link)
    for insight in found:
        show_insight(console, insight)
    lines = out.getvalue().splitlines()
    assert [insight.part for insight in found] == [BRANCHES_AGAINST_LAST_WEEK, BEST_SALES_PEOPLE]
    # A title, the headings and a line for each row: three weeks, four branches, four people.
    assert len(lines) == 2 + 3 + 2 + 4 + 2 + 4, out.getvalue()
    assert all(len(line) <= 80 for line in lines)
    assert any("12.3 %" in line for line in lines)


COMPANY = Totals(
    level="company",
    currency_code="GBP",
    branches=4,
    transactions=1237,
    returns=1,
    transactions_without_rate=0,
    transactions_at_estimated_rate=0,
    items_sold=5678,
    net_sales=Decimal("9.50"),
    net_sales_company=Decimal("9.50"),
    returned_amount=Decimal("3.25"),
    first_business_date=date(2024, 3, 1),
    last_business_date=date(2024, 3, 9),
)


def totals_said(*totals: Totals) -> list[str]:
    out = io.StringIO()
    show_totals(Console(file=out, width=200), totals)
    return out.getvalue().splitlines()


def test_totals_name_returns_where_there_are_any() -> None:
    assert totals_said(COMPANY) == [
        "Sales: 9.50 GBP in 1,237 transactions of 5,678 items (1 return of 3.25), 4 branches,"
        " 2024-03-01 to 2024-03-09."
    ]
    assert totals_said(replace(COMPANY, returns=0, returned_amount=Decimal(0))) == [
        "Sales: 9.50 GBP in 1,237 transactions of 5,678 items, 4 branches,"
        " 2024-03-01 to 2024-03-09."
    ]


def test_totals_are_the_companys_and_say_which_rates_are_missing_or_estimated() -> None:
    own = replace(COMPANY, level="currency", branches=2, transactions=1000, net_sales=Decimal(5))
    euros = replace(
        own,
        currency_code="EUR",
        transactions=230,
        transactions_at_estimated_rate=1200,
        net_sales=Decimal("5.63"),
        net_sales_company=Decimal("4.50"),
    )
    crowns = replace(
        euros,
        currency_code="NOK",
        branches=1,
        transactions=7,
        transactions_without_rate=7,
        transactions_at_estimated_rate=0,
        net_sales=Decimal(900),
        net_sales_company=None,
    )
    company = replace(
        COMPANY, returns=0, transactions_without_rate=7, transactions_at_estimated_rate=1200
    )
    assert totals_said(company, own, euros, crowns) == [
        "Sales: 9.50 GBP in 1,237 transactions of 5,678 items, 4 branches,"
        " 2024-03-01 to 2024-03-09.",
        "    5 GBP in 1,000 transactions, 2 branches",
        "    5.63 EUR (4.50 GBP) in 230 transactions, 2 branches",
        "    900 NOK (? GBP) in 7 transactions, 1 branch",
        "Without an exchange rate to GBP, and in no total: 7 transactions in NOK. Add rates to"
        " seeds/exchange_rates.csv.",
        "Estimated, at the first known exchange rate: 1,200 earlier transactions in EUR",
    ]


def test_a_warehouse_without_sales_says_so() -> None:
    assert totals_said() == ["The warehouse has no sales yet."]
