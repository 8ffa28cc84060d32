"""What the summary tells of the marts, on a handful of rows in tables of the marts' own columns."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg2
import pytest
import yaml
from psycopg2.extensions import connection as Link
from rich.console import Console

from publish.digest.questions import (
    BEST_SALES_PEOPLE,
    BOUGHT_TOGETHER,
    BRANCHES_AGAINST_LAST_WEEK,
    BRANCHES_AGAINST_LAST_YEAR,
    PARTS,
    RISING_AND_FALLING_PRODUCTS,
    WHAT_IS_ODD,
    Part,
    read_insights,
)
from publish.digest.terminal import show_insight, show_weeks
from publish.digest.totals import read_weeks

MARTS = Path(__file__).resolve().parents[3] / "models" / "marts"
Row = tuple[Any, ...]


@pytest.fixture
def link(database_url: str) -> Iterator[Link]:
    with contextlib.closing(psycopg2.connect(database_url)) as link:
        link.autocommit = True
        with link.cursor() as cursor:
            cursor.execute("create schema marts")
        yield link


def make_mart(link: Link, name: str, *rows: dict[str, Any]) -> None:
    """A table with the columns of the mart's contract, and these rows in it."""
    [described] = MARTS.rglob(f"{name}.yml")
    [mart] = yaml.safe_load(described.read_text())["models"]
    columns = ", ".join(f"{column['name']} {column['data_type']}" for column in mart["columns"])
    with link.cursor() as cursor:
        cursor.execute(f"create table marts.{name} ({columns})")
        for row in rows:
            cursor.execute(
                f"insert into marts.{name} ({', '.join(row)})"
                f" values ({', '.join(['%s'] * len(row))})",
                list(row.values()),
            )


def answer(link: Link, part: Part) -> list[Row]:
    """The rows of one part; none where it is left out."""
    found = read_insights(link, [part])
    return list(found[0].rows) if found else []


def day(branch: str, when: str, sales: str, **more: Any) -> dict[str, Any]:
    return {
        "branch_key": branch,
        "branch_name": branch,
        "source_system": "branch_pos",
        "currency_code": "GBP",
        "transactions": 1,
        "new_customers": 1,
        "returning_customers": 0,
        "net_sales": sales,
        "business_date": when,
        **more,
    }


def test_nothing_is_told_of_marts_that_are_not_there_or_empty(link: Link) -> None:
    assert read_insights(link) == []
    for part in PARTS:
        make_mart(link, part.mart)
    assert read_insights(link) == []


def receipt(customer: str, when: str, **more: Any) -> dict[str, Any]:
    return {
        "branch_key": "Leeds",
        "customer_key": customer,
        "currency_code": "GBP",
        "is_customer_known": True,
        "is_first_purchase": False,
        "business_date": when,
        **more,
    }


def test_a_weeks_customers_are_counted_once_each(link: Link) -> None:
    # Anna, an old customer, comes on three days of a week and to two branches. Bo is new on the
    # Tuesday, comes again, and buys in euros; in the week after, Bo returns.
    first = {"is_first_purchase": True}
    euros = {"branch_key": "Dublin", "currency_code": "EUR"}
    make_mart(
        link,
        "fct_transactions",
        receipt("Anna", "2024-02-26", **first),
        receipt("Anna", "2024-03-04"),
        receipt("Anna", "2024-03-05", branch_key="York"),
        receipt("Anna", "2024-03-10"),
        receipt("Bo", "2024-03-05", **first),
        receipt("Bo", "2024-03-06"),
        receipt("Bo", "2024-03-07", **euros),
        receipt("nobody", "2024-03-07", is_customer_known=False),
        receipt("Bo", "2024-03-11"),
        receipt("Bo", "2024-03-12"),
        # Of euros, too; and a week of unknown customers only.
        receipt("Cleo", "2024-03-07", **euros),
        receipt("nobody", "2024-03-12", **euros, is_customer_known=False),
    )
    make_mart(
        link,
        "rpt_daily_sales",
        # As the days count them: Anna and Bo again on every day.
        *(
            day("Leeds", when, "9", new_customers=new, returning_customers=returning)
            for when, new, returning in (
                ("2024-02-26", 1, 0),
                ("2024-03-04", 0, 1),
                ("2024-03-05", 1, 1),
                ("2024-03-06", 0, 1),
                ("2024-03-10", 0, 1),
                ("2024-03-11", 0, 1),
                ("2024-03-12", 0, 1),
            )
        ),
        day("Dublin", "2024-03-07", "5", currency_code="EUR"),
        day("Dublin", "2024-03-12", "5", currency_code="EUR"),
    )
    told = [
        (str(week.week), week.currency_code, week.new_customers, week.returning_customers)
        for week in read_weeks(link, most=2)
    ]
    assert told == [
        ("2024-03-04", "GBP", 1, 1),
        ("2024-03-11", "GBP", 0, 1),
        ("2024-03-04", "EUR", 1, 1),
        ("2024-03-11", "EUR", 0, 0),
    ]


def test_branches_are_compared_with_the_seven_days_before(link: Link) -> None:
    desk = {"source_system": "sales_desk"}
    make_mart(
        link,
        "rpt_daily_sales",
        # The tills' last day is the 14th: the 8th is in this week, the 7th and the 1st in the one
        # before, and the last of February in none.
        day("Leeds", "2024-02-29", "99"),
        day("Leeds", "2024-03-01", "1"),
        day("Leeds", "2024-03-07", "3"),
        day("Leeds", "2024-03-08", "2"),
        day("Leeds", "2024-03-14", "3"),
        # Was shut on one of the days: they are compared as weeks, not day by day.
        day("York", "2024-03-02", "4"),
        day("York", "2024-03-03", "4"),
        day("York", "2024-03-10", "4"),
        day("Dublin", "2024-03-02", "10", currency_code="EUR"),
        day("Dublin", "2024-03-10", "11", currency_code="EUR"),
        # In the middle of five, so neither among the best nor among the worst.
        day("Camden", "2024-03-02", "100"),
        day("Camden", "2024-03-10", "101"),
        # New, gone, and of nothing before: there is no change to tell.
        day("New", "2024-03-10", "9"),
        day("Gone", "2024-03-02", "9"),
        day("Nought", "2024-03-02", "0"),
        day("Nought", "2024-03-10", "9"),
        # The desk's last day is long ago.
        day("17", "2023-10-01", "50", **desk),
        day("17", "2023-10-10", "45", **desk),
    )
    assert answer(link, BRANCHES_AGAINST_LAST_WEEK) == [
        ("Leeds", Decimal("5.00"), "GBP", Decimal("4.00"), Decimal("25.0")),
        ("Dublin", Decimal("11.00"), "EUR", Decimal("10.00"), Decimal("10.0")),
        ("17", Decimal("45.00"), "GBP", Decimal("50.00"), Decimal("-10.0")),
        ("York", Decimal("4.00"), "GBP", Decimal("8.00"), Decimal("-50.0")),
    ]


def test_a_single_branch_is_told_once(link: Link) -> None:
    make_mart(
        link, "rpt_daily_sales", day("Leeds", "2024-03-01", "4"), day("Leeds", "2024-03-08", "4")
    )
    [row] = answer(link, BRANCHES_AGAINST_LAST_WEEK)
    assert row[-1] == 0


def test_branches_are_compared_with_the_year_before_in_the_latest_month(link: Link) -> None:
    def month(branch: str, when: str, change: str | None, source: str = "pos") -> dict[str, Any]:
        return {
            "branch_key": branch,
            "branch_name": branch,
            "source_system": source,
            "currency_code": "GBP",
            "like_for_like_net_sales_on_year": "6",
            "net_sales_year_before": "5",
            "change_on_year_percent": change,
            "sales_month": when,
        }

    make_mart(
        link,
        "rpt_like_for_like_sales",
        month("Leeds", "2024-02-01", "99"),
        month("Leeds", "2024-03-01", "20"),
        month("York", "2024-03-01", None),
        month("Camden", "2024-03-01", "-3"),
        month("17", "2023-10-01", "20", "desk"),
        month("23", "2023-10-01", "1", "desk"),
        month("31", "2023-10-01", "-8", "desk"),
    )
    told = [(row[0], row[-1]) for row in answer(link, BRANCHES_AGAINST_LAST_YEAR)]
    assert told == [("17", 20), ("Leeds", 20), ("Camden", -3), ("31", -8)]


def test_pairs_go_by_how_much_oftener_than_chance_they_are_bought(link: Link) -> None:
    def pair(first: str, second: str, lift: str) -> dict[str, Any]:
        return {
            "first_product_key": first,
            "second_product_key": second,
            "first_product_name": first,
            "second_product_name": second,
            "transactions_with_both": 7,
            "support_percent": "1.25",
            "lift": lift,
        }

    make_mart(
        link,
        "rpt_basket_pairs",
        pair("Tea", "Bun", "1.2"),
        pair("Tea", "Pie", "3.14"),
        pair("Bun", "Pie", "0.9"),
    )
    assert answer(link, BOUGHT_TOGETHER) == [
        ("Tea", "Pie", 7, Decimal("1.3"), "3.1"),
        ("Tea", "Bun", 7, Decimal("1.3"), "1.2"),
    ]


def test_what_is_odd_is_told_of_the_last_weeks_of_each_source(link: Link) -> None:
    def odd(kind: str, when: str, score: str, **more: Any) -> dict[str, Any]:
        return {
            "subject_kind": kind,
            "subject_key": when,
            "branch_name": "Leeds",
            "source_system": "branch_pos",
            "period": "day",
            "measure": "basket_size",
            "severity": "high",
            "expected_value": "2",
            "actual_value": "1234.5",
            "robust_score": score,
            "is_for_fraud_review": False,
            "period_start_date": when,
            **more,
        }

    make_mart(link, "rpt_daily_sales", day("Leeds", "2024-03-31", "1"))
    make_mart(
        link,
        "fct_sales_anomalies",
        odd("branch", "2024-03-03", "99"),
        odd("branch", "2024-03-04", "-9"),
        odd("employee", "2024-03-05", "4", employee_name="Siya"),
        odd("customer", "2024-03-06", "4.5", is_for_fraud_review=True),
    )
    assert answer(link, WHAT_IS_ODD) == [
        ("a customer, Leeds", "day 2024-03-06", "account woke up", "2.00", "1,234.50", "high"),
        ("Leeds", "day 2024-03-04", "basket size", "2.00", "1,234.50", "high"),
        ("Siya, Leeds", "day 2024-03-05", "basket size", "2.00", "1,234.50", "high"),
    ]


def test_products_rise_and_fall_by_their_share_of_all_sales(link: Link) -> None:
    def sold(product: str, when: str, sales: str, share: str | None, **more: Any) -> dict[str, Any]:
        return {
            "product_key": product,
            "product_name": product,
            "source_system": "branch_pos",
            "currency_code": "GBP",
            "net_sales": sales,
            "company_sales_percent": share,
            "sales_month": when,
            **more,
        }

    euros = {"currency_code": "EUR"}
    make_mart(
        link,
        "rpt_company_products",
        # Two months before: too long ago.
        sold("Tea", "2023-11-01", "900", "99.00"),
        sold("Tea", "2023-12-01", "60", "48.00"),
        sold("Pie", "2023-12-01", "30", "24.00"),
        sold("Bun", "2023-12-01", "10", "8.00"),
        # The desk's share is one of all that the company sold, as the tills' are.
        sold("besan", "2023-12-01", "25", "20.00", source_system="sales_desk"),
        # A month that has just begun: tea sold less, and is more of it.
        sold("Tea", "2024-01-01", "8", "70.04"),
        sold("Bun", "2024-01-01", "1", "8.76"),
        sold("New", "2024-01-01", "1", "8.75"),
        sold("besan", "2024-01-01", "1.42", "12.45", source_system="sales_desk"),
        # Of another currency, whose latest month is another, and all there is of it.
        sold("Tea", "2023-11-01", "7", "100.00", **euros),
        sold("Tea", "2023-12-01", "7", "100.00", **euros),
        # One month only, or one in which no more was sold than taken back: nothing to compare.
        sold("Cod", "2024-01-01", "5", "100.00", currency_code="NOK"),
        sold("Rye", "2023-12-01", "-5", None, currency_code="SEK"),
        sold("Rye", "2024-01-01", "5", "100.00", currency_code="SEK"),
    )
    told = [tuple(str(value) for value in row) for row in answer(link, RISING_AND_FALLING_PRODUCTS)]
    assert told == [
        ("Tea", "2024-01", "8.00", "GBP", "70.0", "22.0"),
        ("New", "2024-01", "1.00", "GBP", "8.8", "8.8"),
        ("Bun", "2024-01", "1.00", "GBP", "8.8", "0.8"),
        ("Tea", "2023-12", "7.00", "EUR", "100.0", "0.0"),
        ("besan", "2024-01", "1.42", "GBP", "12.5", "-7.6"),
        ("Pie", "2024-01", "0.00", "GBP", "0.0", "-24.0"),
    ]


def person(number: int, sales: str, **more: Any) -> dict[str, Any]:
    return {
        "source_system": "sales_desk",
        "store_id": "17",
        "sales_person_id": str(number),
        "full_name": f"Person {number}",
        "sales_month": "2023-10",
        "sales_month_start_date": "2023-10-01",
        "currency_code": "GBP",
        "total_sales": sales,
        "sales_contribution_percentage": "12.34",
        "incentive": "0",
        **more,
    }


def test_the_best_sales_people_are_those_of_the_latest_month(link: Link) -> None:
    make_mart(
        link,
        "sales_team_data_mart",
        person(1, "900", sales_month="2023-09", sales_month_start_date="2023-09-01"),
        person(2, "10"),
        person(3, "30", full_name=None, incentive="0.30"),
        person(4, "20", store_id="23"),
        # A greater figure in a currency of smaller sales.
        person(5, "50", currency_code="EUR"),
        person(6, "5"),
    )
    assert [(row[0], row[1], row[3], row[4]) for row in answer(link, BEST_SALES_PEOPLE)] == [
        ("number 3", "17", 30, "GBP"),
        ("Person 4", "23", 20, "GBP"),
        ("Person 2", "17", 10, "GBP"),
        ("Person 6", "17", 5, "GBP"),
    ]
    first = answer(link, BEST_SALES_PEOPLE)[0]
    assert (first[2], first[5], first[6]) == ("2023-10", Decimal("12.3"), Decimal("0.30"))


def test_each_part_is_a_small_table_in_eighty_columns(link: Link) -> None:
    name = "Stratford-upon-Avon"
    start = date(2024, 3, 1)
    make_mart(
        link,
        "rpt_daily_sales",
        *(
            day(f"{name} {number}", str(start + timedelta(days)), str(123456 + number * days))
            for number in range(9)
            for days in range(31)
        ),
    )
    make_mart(link, "fct_transactions")
    make_mart(link, "sales_team_data_mart", *(person(number, "123456") for number in range(9)))
    out = io.StringIO()
    console = Console(file=out, width=80)
    show_weeks(console, read_weeks(link))
    found = read_insights(link)
    for insight in found:
        show_insight(console, insight)
    lines = out.getvalue().splitlines()
    assert [insight.part for insight in found] == [BRANCHES_AGAINST_LAST_WEEK, BEST_SALES_PEOPLE]
    # A title, the headings and a line for each row: three weeks, four branches, four people.
    assert len(lines) == 2 + 3 + 2 + 4 + 2 + 4, out.getvalue()
    assert all(len(line) <= 80 for line in lines)
    assert any("12.3 %" in line for line in lines)
