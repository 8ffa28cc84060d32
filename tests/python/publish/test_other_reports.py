"""Employees, inventory and the business review: right, complete, and the same when read again."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
import yaml
from mart_tables import (
    PROJECT,
    Marts,
    anomaly,
    before,
    days,
    figure,
    made_marts,
    money_without_currency,
    section,
    sources,
    table,
)

from base.link import Connection
from publish.reports import REPORTS
from publish.reports.employee_productivity import stretches
from publish.reports.month_reading import end_of, months_before, months_of
from publish.reports.page import Page
from publish.reports.staff_reading import last_ended_month

ON = date(2024, 3, 10)
WEEK = timedelta(days=7)
DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def made(postgres_server: Connection) -> Iterator[Marts]:
    with made_marts(postgres_server) as marts:
        yield marts


@pytest.fixture
def marts(made: Marts) -> Marts:
    made.empty()
    return made


def worked(
    marts: Marts, key: str, on: date, people: dict[str, str], sales: str, **columns: Any
) -> None:
    """A day of a branch: the hours of its people, and its sales shared by them."""
    hours = sum((Decimal(of) for of in people.values()), Decimal(0))
    shares = {
        name: (Decimal(sales) * Decimal(of) / hours).quantize(Decimal("0.01"))
        for name, of in people.items()
        if hours
    }
    assigned = sum(shares.values(), Decimal(0))
    marts.add(
        "fct_staffed_days",
        {
            "branch_key": key,
            "business_date": on,
            "staff": len(people),
            "worked_hours": hours,
            "net_sales": sales,
            "assigned_net_sales": assigned,
            **columns,
        },
    )
    marts.add(
        "fct_employee_days",
        *(
            {
                "branch_key": key,
                "employee_key": name.lower(),
                "employee_id": str(len(name)),
                "business_date": on,
                "shifts": 1,
                "worked_hours": of,
                "unpaid_hours": 0,
                "net_sales": shares[name],
            }
            for name, of in people.items()
        ),
    )


def staffed_company(marts: Marts, last: date) -> None:
    """Two branches with a time clock, one without; five weeks up to a day."""
    chance = random.Random(3)
    for key in ("leeds", "york", "desk"):
        marts.branch(key)
    marts.add(
        "dim_employees",
        *({"employee_key": name.lower(), "full_name": name} for name in ("Ann", "Bobby", "Cyd")),
    )
    for on in days(last - timedelta(days=34), last):
        for key in ("leeds", "york"):
            people = {
                name: f"{chance.randint(1, 900) / 100}"
                for name in ("Ann", "Bobby", "Cyd")
                if chance.random() < 0.8
            }
            people = people or {"Ann": "8"}
            worked(marts, key, on, people, f"{chance.randint(0, 99999) / 100}")
            marts.sold(key, on, "1.00")


def test_hours_and_sales_of_people_are_those_of_the_marts(marts: Marts) -> None:
    staffed_company(marts, ON)
    pages = marts.read("employee_productivity", ON)
    # The branch without a time clock has no page.
    assert set(pages) == {"", "leeds", "york"}
    for key in ("leeds", "york"):
        page = pages[key]
        assert page.shows_names
        [(hours, per_hour, sales, hours_before)] = marts.rows(
            "select round(sum(worked_hours) filter (where business_date > %s), 2),"
            " round(sum(assigned_net_sales) filter (where business_date > %s)"
            " / sum(worked_hours) filter (where business_date > %s), 2),"
            " sum(net_sales) filter (where business_date > %s),"
            " round(sum(worked_hours) filter (where business_date <= %s), 2)"
            " from fct_staffed_days where branch_key = %s and business_date > %s",
            *[ON - WEEK] * 5,
            key,
            ON - 2 * WEEK,
        )
        assert figure(page, "worked_hours").value == hours
        assert before(figure(page, "worked_hours"), "on the 7 days before") == hours_before
        assert figure(page, "net_sales_per_hour").value == per_hour
        assert figure(page, "net_sales").value == sales
        people = {row["Name"]: row for row in table(page, "people")}
        truth = marts.rows(
            "select full_name, sum(worked_hours), sum(net_sales),"
            " round(sum(net_sales) / sum(worked_hours), 2)"
            " from fct_employee_days join dim_employees using (employee_key)"
            " where branch_key = %s and business_date > %s group by full_name",
            key,
            ON - WEEK,
        )
        assert {
            (name, row["Hours in 7 days"], row["Share of sales"], row["Sales per hour"])
            for name, row in people.items()
        } == set(truth)
        assert figure(page, "people").value == len(people) == 3
    company = pages[""]
    assert not company.shows_names
    assert not any(name in company.content() for name in ("Ann", "Bobby", "Cyd"))
    assert (
        sum(row["Hours"] for row in table(company, "branches"))
        == figure(company, "worked_hours").value
    )


def test_a_branch_that_changed_its_currency_shows_the_days_in_the_new_one(marts: Marts) -> None:
    for key in ("leeds", "york"):
        marts.branch(key, currency_code="EUR")
    marts.add("dim_employees", {"employee_key": "ann", "full_name": "Ann"})
    for on in days(ON - timedelta(days=13), ON):
        worked(
            marts,
            "york",
            on,
            {"Bo": "10"},
            "20.00",
            currency_code="EUR",
            assigned_net_amount_company="16.005",
        )
        worked(marts, "leeds", on, {"Ann": "8"}, "800.00", currency_code="GBP")
        marts.sold("leeds", on, "800.00")
    new = "business_date > %s and branch_key = 'leeds'"
    for mart in ("fct_staffed_days", "fct_employee_days"):
        marts.rows(f"update {mart} set currency_code = 'EUR' where {new}", ON - 2 * DAY)
    pages = marts.read("employee_productivity", ON)
    # Two days of 800 EUR, and none in the week before.
    assert figure(pages["leeds"], "net_sales").value == 1600
    assert figure(pages["leeds"], "net_sales").currency == "EUR"
    assert before(figure(pages["leeds"], "net_sales"), "on the 7 days before") is None
    [ann] = table(pages["leeds"], "people")
    assert (ann["Hours in 7 days"], ann["Share of sales"]) == (16, 1600)
    # All in the company's currency: 1,600 and 7 times 16.005 in 16 and 70 hours.
    per_hour = figure(pages[""], "net_sales_per_hour_GBP")
    assert per_hour.value == Decimal("19.91")
    # Before the change, all was in the old currency, whatever the branch has now.
    earlier = marts.read("employee_productivity", ON - 2 * DAY)
    assert figure(earlier["leeds"], "net_sales").value == 5600
    assert figure(earlier["leeds"], "net_sales").currency == "GBP"
    # 5,600 and 112.035 in 126 hours.
    assert figure(earlier[""], "net_sales_per_hour_GBP").value == Decimal("45.33")


def test_names_are_on_no_page_of_a_reader_that_may_not_see_them(marts: Marts) -> None:
    staffed_company(marts, ON)
    marts.add(
        "rpt_attendance_exceptions",
        {
            "branch_key": "leeds",
            "employee_id": "3",
            "full_name": "Ann",
            "reason": "in_without_out",
            "is_open": False,
            "business_date": ON,
        },
    )
    for page in marts.read("employee_productivity", ON, shows_names=False).values():
        assert not page.shows_names
        assert "Ann" not in page.content()


def test_what_to_correct_and_whom_to_plan(marts: Marts) -> None:
    marts.branch("leeds")
    worked(marts, "leeds", ON, {"Ann": "8"}, "100.00")
    worked(marts, "leeds", ON - DAY, {}, "40.00", unpaired_punches=2)
    marts.add("dim_employees", {"employee_key": "ann", "full_name": "Ann"})
    marts.add(
        "rpt_attendance_exceptions",
        *(
            {
                "branch_key": "leeds",
                "employee_id": "3",
                "full_name": "Ann",
                "reason": reason,
                "unpaid_hours": hours,
                "is_open": reason == "out_without_in",
                "business_date": on,
                "exception_key": reason,
            }
            for reason, hours, on in (
                ("shift_too_long", "17.25", ON),
                ("out_without_in", None, ON),
                ("in_without_out", None, ON - WEEK),
            )
        ),
    )
    marts.add(
        "rpt_staffing_by_hour",
        *(
            {
                "branch_key": "leeds",
                "weekday_name": weekday,
                "weekday_number": number,
                "hour_of_day": hour,
                "verdict": verdict,
                "average_staff": staff,
                "staff_at_branch_pace": needed,
                "average_transactions": "4",
            }
            for weekday, number, hour, verdict, staff, needed in (
                ("Monday", 1, 9, "too_many", "3", "1"),
                ("Monday", 1, 10, "too_many", "3", "2"),
                ("Monday", 1, 12, "too_few", "1", "2"),
                ("Friday", 5, 9, "too_many", "2", "1.5"),
                ("Friday", 5, 10, "right", "2", "2"),
            )
        ),
    )
    person = {"subject_kind": "employee", "period": "week", "employee_name": "Ann"}
    for monday in (ON - 6 * DAY, ON - 13 * DAY, ON - 5 * DAY):
        marts.add("fct_sales_anomalies", anomaly("leeds", monday, **person))
    page = marts.read("employee_productivity", ON)["leeds"]
    # Of the week that ended on the day; not of the one before, or one that has not ended.
    assert [(one.text, one.reason) for one in page.odd] == [
        (
            "sales of Ann below the usual range",
            "12.50 GBP in the week to Sunday 10 March 2024; usual are 80.00 GBP to 120.00 GBP.",
        )
    ]
    assert figure(page, "unassigned_net_sales").value == 40
    assert [row["What is wrong"] for row in table(page, "exceptions")] == [
        "left, and had not punched in (may still be at work)",
        "shift too long to be true",
    ]
    assert [(one.text, one.is_latest) for one in page.advice] == [
        ("Correct 1 entry of the time clock before people are paid", False),
        ("Check who was at work on the days without punches", False),
        ("Plan more people on Mondays from 12:00 to 13:00", True),
        ("Plan fewer people on Mondays from 09:00 to 11:00", True),
    ]
    assert page.advice[0].reason.startswith("17.3 hours")
    assert page.advice[3].reason == (
        "3 on duty on average, 1.5 would do for 4 receipts an hour. The same:"
        " Fridays 09:00 to 10:00."
    )
    # The verdicts are of the latest state: not shown once a later day is in them.
    marts.add(
        "fct_staffed_hours", {"branch_key": "leeds", "business_date": ON + DAY, "hour_of_day": 9}
    )
    later = marts.read("employee_productivity", ON)["leeds"]
    assert [one.text for one in later.advice] == [one.text for one in page.advice[:2]]


def test_stretches_end_with_the_day_and_the_verdict() -> None:
    def hour(number: int, weekday: int, verdict: str) -> dict[str, Any]:
        return {
            "weekday_number": weekday,
            "weekday_name": str(weekday),
            "hour_of_day": number,
            "verdict": verdict,
            "average_staff": Decimal(2),
            "staff_at_branch_pace": None,
            "average_transactions": Decimal(1),
        }

    rows = [hour(22, 1, "a"), hour(23, 1, "a"), hour(0, 2, "a"), hour(1, 2, "b"), hour(3, 2, "b")]
    assert [(one.weekday, one.hours) for one in stretches(rows)] == [
        ("1", "22:00 to 24:00"),
        ("2", "00:00 to 01:00"),
        ("2", "01:00 to 02:00"),
        ("2", "03:00 to 04:00"),
    ]


def test_sales_people_have_a_page_when_their_month_has_ended(marts: Marts) -> None:
    marts.branch("desk")
    marts.add(
        "sales_team_data_mart",
        *(
            {
                "branch_key": "desk",
                "employee_key": number,
                "sales_person_id": number,
                "full_name": name,
                "currency_code": "INR",
                "total_sales": sales,
                "total_transactions": 2,
                "returned_amount": 0,
                "sales_month_start_date": month,
            }
            for number, name, sales, month in (
                ("1", "Dev", "30.50", date(2024, 2, 1)),
                ("2", "Dev", "20.00", date(2024, 2, 1)),
                ("3", None, "99.00", date(2024, 2, 1)),
                ("1", "Dev", "1.00", date(2024, 3, 1)),
            )
        ),
    )
    assert marts.read("employee_productivity", ON) == {}
    page = marts.read("employee_productivity", date(2024, 2, 29))["desk"]
    assert page.headline == "Branch desk" or page.headline.startswith("Desk: 3 sales people sold")
    assert figure(page, "total_sales").value == Decimal("149.50")
    assert [row["Name"] for row in table(page, "sales_people")] == [
        "Number 3",
        "Dev (1)",
        "Dev (2)",
    ]


def listed(marts: Marts, key: str, on: date, **counts: int) -> None:
    """A branch's list of stock."""
    statuses = ("out_of_stock", "stockout_risk", "dead_stock", "overstock", "healthy")
    products = {f"{status}_products": counts.get(status, 0) for status in statuses}
    marts.add(
        "rpt_inventory_trend",
        {
            "branch_key": key,
            "business_date": on,
            "products": sum(products.values()),
            **products,
            "sale_days_without_list": counts.get("without", 0),
            "is_latest": True,
        },
    )


def in_stock(
    key: str, product: str, status: str, on: date, value: str | None, **columns: Any
) -> dict[str, Any]:
    priorities = {"OUT_OF_STOCK": 1, "STOCKOUT_RISK": 2, "DEAD_STOCK": 3, "OVERSTOCK": 4}
    return {
        "branch_key": key,
        "product_key": product,
        "product_name": product,
        "currency_code": "GBP",
        "status": status,
        "priority": priorities.get(status, 5),
        "stock_quantity": 4,
        "units_per_day": 2,
        "days_of_cover": 2,
        "reason": "4 in stock last 2 days at 2 a day: fewer than 7",
        "stock_value": value,
        "business_date": on,
        "window_end_date": on,
        **columns,
    }


def test_stock_is_that_of_each_branchs_last_list(marts: Marts) -> None:
    for key in ("leeds", "york", "old"):
        marts.branch(key)
    listed(marts, "leeds", ON - DAY, out_of_stock=3, healthy=7, without=2)
    listed(marts, "leeds", ON - DAY - WEEK, out_of_stock=5, healthy=5)
    listed(marts, "york", ON - 5 * DAY, out_of_stock=1, stockout_risk=2, dead_stock=4)
    listed(marts, "york", ON + DAY, out_of_stock=99)
    listed(marts, "old", ON - 40 * DAY, out_of_stock=50)
    marts.add(
        "rpt_inventory_status",
        in_stock("leeds", "Milk", "OUT_OF_STOCK", ON - DAY, "0.00", days_of_cover=0),
        in_stock("leeds", "Bread", "STOCKOUT_RISK", ON - DAY, "4.10"),
        in_stock("leeds", "Sold never", "OUT_OF_STOCK", ON - DAY, None, units_per_day=0),
        in_stock("leeds", "Candles", "DEAD_STOCK", ON - DAY, "70.20", units_per_day=0),
        in_stock("leeds", "Rope", "DEAD_STOCK", ON - DAY, None, units_per_day=0),
        # The state of a later day.
        in_stock("york", "Tea", "OUT_OF_STOCK", ON + DAY, "0.00"),
    )
    marts.add(
        "rpt_stockouts",
        {
            "branch_key": "leeds",
            "product_key": "Milk",
            "product_name": "Milk",
            "currency_code": "GBP",
            "current_run_days": 3,
            "days_out_of_stock": 5,
            "estimated_lost_sales": "12.34",
            "is_out_of_stock": True,
            "last_out_of_stock_date": ON - DAY,
        },
    )
    pages = marts.read("inventory", ON)
    assert set(pages) == {"", "leeds", "york"}
    page = pages[""]
    assert page.headline == (
        "4 of 17 products are out of stock on Sunday 10 March 2024 (23.5 %), after 5 a week before."
        " 2 more are running out. Most are missing in Leeds (30 % of its products)."
    )
    counted = {one.key: one.value for one in page.figures}
    assert (counted["products"], counted["dead_stock_products"]) == (17, 4)
    rows = {row["Branch"]: row for row in table(page, "branches")}
    assert rows["Leeds"]["A week before"] == 5
    assert "York" in section(page, "branches").text
    assert [row["Product"] for row in table(page, "reorder")] == ["Milk", "Bread"]
    values = {row["Status"]: row["Value at cost"] for row in table(page, "value")}
    assert values == {
        "Out of stock": Decimal("0.00"),
        "Running out": Decimal("4.10"),
        "Not sold for long": Decimal("70.20"),
    }
    assert "2 products have no known cost" in section(page, "value").text
    assert table(page, "stockouts")[0]["Lost sales, estimate"] == Decimal("12.34")
    assert [row["Product"] for row in table(page, "idle")] == ["Candles"]
    assert [one.text for one in page.advice] == [
        "Reorder first: Milk in Leeds and Bread in Leeds",
        "Mark down what nobody buys: 70.20 GBP at cost",
        "Ask for the lists of stock that did not come",
    ]
    latest = {one.key for one in page.sections if one.is_latest}
    assert latest == {"reorder", "value", "stockouts", "idle"}
    assert {one.key for one in pages["york"].sections}.isdisjoint(latest)


def sold_month(marts: Marts, key: str, month: date, net_sales: str, **columns: Any) -> None:
    """A branch's month, all on its second day."""
    marts.sold(key, month.replace(day=2), net_sales, **columns)


def test_a_month_is_compared_with_the_one_before_and_the_year_before(marts: Marts) -> None:
    months = months_of(date(2022, 11, 1), date(2024, 4, 1))
    for key, region in (("leeds", "North"), ("york", "North"), ("bath", "South")):
        marts.branch(key, region=region, first_business_date=date(2022, 11, 2))
        for place, month in enumerate(months):
            sales = f"{100 + place * 10 + len(key)}.25"
            sold_month(marts, key, month, sales, transactions=10, cash_sales="1.00")
    pages = marts.read("business_review", date(2024, 4, 15))
    assert set(pages) == {""}
    page = pages[""]
    assert (page.business_date, page.period) == (date(2024, 3, 31), "March 2024")

    def total(first: str, last: str) -> Decimal:
        [(found,)] = marts.rows(
            "select sum(net_sales) from rpt_daily_sales where business_date between %s and %s",
            first,
            last,
        )
        return Decimal(found)

    march = figure(page, "net_sales_GBP")
    assert march.value == total("2024-03-01", "2024-03-31")
    assert before(march, "on the month before") == total("2024-02-01", "2024-02-29")
    assert before(march, "on the year before") == total("2023-03-01", "2023-03-31")
    year = figure(page, "year_net_sales_GBP")
    assert year.value == total("2024-01-01", "2024-03-31")
    assert before(year, "on the year before") == total("2023-01-01", "2023-03-31")
    assert before(year, "on the month before") is None
    rows = {row["Period"]: row for row in table(page, "periods")}
    assert list(rows) == ["March 2024", "Quarter 1 of 2024", "2024 to date"]
    quarter = rows["Quarter 1 of 2024"]
    assert quarter["Net sales"] == total("2024-01-01", "2024-03-31")
    assert quarter["Period before"] == total("2023-10-01", "2023-12-31")
    branches = table(page, "branches")
    assert sum(row["Net sales"] for row in branches) == march.value
    regions = {row["Region"]: row["Net sales"] for row in table(page, "regions")}
    assert sum(regions.values()) == march.value
    assert set(regions) == {"North", "South"}
    chart = section(page, "months_GBP").chart
    assert chart
    assert chart.series[0].values[-1] == march.value
    assert len(chart.labels) == 13
    assert "% more than in March 2023" in page.headline
    # April is not yet the last month that has ended.
    assert "April" not in page.content()
    assert marts.read("business_review", date(2024, 4, 30))[""].period == "April 2024"


def test_a_year_that_the_history_has_in_part_only_is_not_compared(marts: Marts) -> None:
    marts.branch("leeds", first_business_date=date(2023, 2, 20))
    sold_month(marts, "leeds", date(2024, 1, 1), "60.00")
    sold_month(marts, "leeds", date(2024, 2, 1), "50.00")
    marts.sold("leeds", date(2023, 2, 20), "9.00")
    page = marts.read("business_review", date(2024, 2, 29))[""]
    sales = figure(page, "net_sales_GBP")
    assert before(sales, "on the month before") == 60
    assert before(sales, "on the year before") is None
    assert before(figure(page, "year_net_sales_GBP"), "on the year before") is None
    assert page.headline.startswith(
        "In February 2024 the company sold 50.00 GBP, 16.7 % less than in January 2024"
    )


def test_months() -> None:
    assert last_ended_month(date(2024, 2, 29)) == date(2024, 2, 1)
    assert last_ended_month(date(2024, 2, 28)) == date(2024, 1, 1)
    assert last_ended_month(date(2024, 1, 5)) == date(2023, 12, 1)
    assert months_before(date(2024, 1, 1), 1) == date(2023, 12, 1)
    assert months_before(date(2024, 1, 1), -12) == date(2025, 1, 1)
    assert end_of(date(2024, 2, 1)) == date(2024, 2, 29)


def test_what_the_board_should_do(marts: Marts) -> None:
    month, year = date(2024, 3, 1), date(2023, 3, 1)
    sales = {
        "leeds": ("1000.00", "1000.00"),
        "york": ("1000.00", "990.00"),
        "bath": ("500.00", "900.00"),
    }
    for key, (now, then) in sales.items():
        marts.branch(key, first_business_date=date(2023, 1, 1))
        sold_month(marts, key, year, then, transactions=100)
        sold_month(marts, key, month, now, transactions=100, returns=5, returned_amount="50.00")
    marts.add(
        "rpt_company_products",
        {
            "product_key": "tea",
            "product_name": "Tea",
            "currency_code": "GBP",
            "abc_class": "A",
            "sales_rank": 1,
            "branches": 3,
            "quantity": 5,
            "net_sales": "100.00",
            "net_sales_change": "0",
            "net_sales_last_year": "300.00",
            "net_sales_change_on_last_year": "-200.00",
            "net_sales_change_on_last_year_percent": "-66.7",
            "sales_month": month,
        },
    )
    marts.add(
        "rpt_product_margins",
        *(
            {
                "product_key": product,
                "branch_key": "leeds",
                "product_name": product.capitalize(),
                "currency_code": "GBP",
                "costed_sales": sold,
                "cost": cost,
                "assumed_cost": "0",
                "margin": margin,
                "lines_without_cost": 0,
                "sales_month": month,
            }
            for product, sold, cost, margin in (
                ("tea", "100.00", "40.00", "60.00"),
                ("cups", "10.00", "14.00", "-4.00"),
            )
        ),
    )
    marts.add(
        "rpt_customer_cohorts",
        *(
            {
                "source_system": "tills",
                "currency_code": "GBP",
                "months_since_first": since,
                "customers": customers,
                "net_sales": sold,
                "cohort_month": months_before(month, since),
            }
            for since, customers, sold in ((0, 7, "70.00"), (1, 2, "20.00"), (12, 3, "30.50"))
        ),
    )
    marts.add("fct_sales_anomalies", anomaly("york", date(2024, 3, 20)))
    page = marts.read("business_review", date(2024, 3, 31))[""]
    assert [one.text for one in page.advice] == [
        "Decide about Bath: it falls behind",
        "Find out why more goods come back",
        "Look at Tea: it sells much less than a year ago",
        "Check prices and costs of what was sold below cost",
    ]
    assert page.advice[0].reason == (
        "500.00 GBP after 900.00 GBP in March 2023, down 44.4 %; all branches that sold in both"
        " months down 13.5 %."
    )
    assert page.advice[3].reason == "Cups (-4.00 GBP)."
    [margin] = table(page, "margin")
    assert (margin["Margin"], margin["Margin, of sales"]) == (Decimal("56.00"), Decimal("50.9"))
    assert [
        (row["Customers"], row["March 2024"], row["What they bought"])
        for row in table(page, "customers")
    ] == [("New", 7, Decimal("70.00")), ("Returning", 5, Decimal("50.50"))]
    assert [one.text for one in page.odd] == ["York: sales below the usual range"]
    assert money_without_currency(page) == []


def test_the_board_sees_all_branches_in_the_companys_currency(marts: Marts) -> None:
    month, past = date(2024, 3, 1), date(2023, 3, 1)
    for key, currency, region in (
        ("leeds", "GBP", "North"),
        ("cork", "EUR", "West"),
        ("oslo", "NOK", "North"),
    ):
        marts.branch(
            key, currency_code=currency, region=region, first_business_date=date(2023, 1, 1)
        )
    for of in (past, month):
        sold_month(marts, "leeds", of, "100.00", transactions=2, cash_sales="100.00")
        # In the year before a euro was worth more.
        worth = {"net_amount_company": "4.282500" if of == month else "4.500000"}
        sold_month(
            marts,
            "cork",
            of,
            "5.01",
            currency_code="EUR",
            transactions=3,
            returned_amount_company="0",
            is_rate_estimated=of == month,
            **worth,
        )
        sold_month(marts, "oslo", of, "900.00", currency_code="NOK", transactions=4)
    same = {"sales_month": month, "like_for_like_net_sales_on_year": "5.01"}
    marts.add(
        "rpt_like_for_like_sales",
        {
            **same,
            "currency_code": "EUR",
            "net_sales_year_before": "5.01",
            "like_for_like_net_amount_company_on_year": "4.282500",
            "net_amount_company_year_before": "4.500000",
        },
        {**same, "currency_code": "NOK", "net_sales_year_before": "10.02"},
    )
    marts.add(
        "rpt_customer_cohorts",
        *(
            {
                "source_system": "tills",
                "currency_code": currency,
                "months_since_first": since,
                "customers": customers,
                "net_sales": sold,
                "cohort_month": months_before(month, since),
            }
            for currency, since, customers, sold in (
                ("GBP", 0, 0, "0.00"),
                ("NOK", 0, 4, "900.00"),
                ("GBP", 1, 2, "100.00"),
            )
        ),
    )
    page = marts.read("business_review", date(2024, 3, 31))[""]
    assert page.headline.startswith(
        "In March 2024 the company sold 104.28 GBP, about as much as in March 2023"
    )
    assert "Receipts in NOK are in no sum" in page.headline
    sales = figure(page, "net_sales_GBP")
    assert (sales.value, before(sales, "on the year before")) == (
        Decimal("104.28"),
        Decimal("104.50"),
    )
    assert figure(page, "transactions").value == 9
    assert figure(page, "transactions_without_rate").value == 4
    assert figure(page, "transactions_at_estimated_rate").value == 3
    assert [
        (row["Branch"], row["Currency"], row["Net sales"], row["Converted"], row["Share"])
        for row in table(page, "branches")
    ] == [
        ("Leeds", "GBP", Decimal("100.00"), Decimal("100.00"), Decimal("95.9")),
        ("Cork", "EUR", Decimal("5.01"), Decimal("4.28"), Decimal("4.1")),
        ("Oslo", "NOK", Decimal("900.00"), None, None),
    ]
    assert {row["Region"]: row["Net sales"] for row in table(page, "regions")} == {
        "North": Decimal("100.00"),
        "West": Decimal("4.28"),
    }
    # What the exchange rate did is in the growth of all branches, and in that of no single one.
    assert [
        (row["Branches in"], row["On the year before"]) for row in table(page, "like_for_like")
    ] == [("All, in GBP", Decimal("-4.8")), ("EUR", Decimal("0.0")), ("NOK", Decimal("-50.0"))]
    # Nobody knows what the purchases of the new customers are worth: that is not nothing.
    assert [
        (row["Customers"], row["March 2024"], row["What they bought"])
        for row in table(page, "customers")
    ] == [("New", 4, None), ("Returning", 2, Decimal("100.00"))]
    # Cash is in the money in which it was paid.
    assert {row["Currency"] for row in table(page, "payments")} == {"GBP", "EUR", "NOK"}
    assert page.advice[0].text == "Add the exchange rate of NOK to GBP"
    assert money_without_currency(page) == []


def fill(marts: Marts, first: date, last: date, seed: int) -> None:
    """Rows of all day-grained marts and of ended months, for some days."""
    chance = random.Random(seed)
    for on in days(first, last):
        for key in ("leeds", "york"):
            marts.sold(key, on, f"{chance.randint(0, 9999) / 100}", transactions=3)
            worked(marts, key, on, {"Ann": "7.5"}, f"{chance.randint(0, 9999) / 100}")
            listed(marts, key, on, out_of_stock=chance.randint(0, 9), healthy=9)
            marts.add(
                "fct_staffed_hours",
                {
                    "branch_key": key,
                    "business_date": on,
                    "hour_of_day": 9,
                    "staff_hours": 1,
                    "transactions": chance.randint(0, 5),
                    "net_sales": 3,
                },
            )
            marts.add("fct_sales_anomalies", anomaly(key, on))
            if (on + DAY).day == 1:
                marts.add(
                    "rpt_inventory_turnover",
                    {
                        "branch_key": key,
                        "product_key": "p",
                        "currency_code": "GBP",
                        "cost_of_goods_sold": chance.randint(0, 99),
                        "average_stock_value": chance.randint(0, 99),
                        "stock_month": on.replace(day=1),
                    },
                )


@pytest.mark.parametrize("report", ["employee_productivity", "inventory", "business_review"])
def test_a_page_read_again_is_the_same_whatever_came_later(marts: Marts, report: str) -> None:
    on = date(2024, 3, 31)
    for key in ("leeds", "york"):
        marts.branch(key)
    fill(marts, date(2024, 1, 28), on, seed=5)
    earlier = marts.read(report, on)
    assert earlier
    fill(marts, on + DAY, date(2024, 5, 1), seed=6)
    again = marts.read(report, on)
    assert {key: page.content() for key, page in again.items()} == {
        key: page.content() for key, page in earlier.items()
    }
    for page in earlier.values():
        assert money_without_currency(page) == []
        for mart, where in sources(page):
            marts.rows(f"select * from {mart} where {where or 'true'} limit 1")


def test_nothing_to_show_is_no_error(marts: Marts) -> None:
    for report in REPORTS:
        for page in marts.read(report, ON).values():
            assert page.headline
    marts.branch("leeds")
    marts.branch("york", currency_code="EUR")
    for key in ("leeds", "york"):
        marts.sold(key, ON, "0.00", currency_code="EUR" if key == "york" else "GBP")
        listed(marts, key, ON)
        worked(marts, key, ON, {}, "0.00", currency_code="EUR" if key == "york" else "GBP")
    marts.add("rpt_inventory_turnover", {"branch_key": "leeds", "stock_month": date(2024, 2, 1)})
    pages: list[Page] = []
    for report in REPORTS:
        pages += marts.read(report, ON).values()
    assert {page.report for page in pages} == set(REPORTS)
    for page in pages:
        assert money_without_currency(page) == []


READ = re.compile(r"\b(?:from|join) ((?:rpt|fct|dim)_\w+|\w+_data_mart)")


def test_a_report_declares_the_marts_that_it_reads_and_so_do_the_exposures() -> None:
    modules = (PROJECT / "publish" / "reports").glob("*.py")
    read = {mart for path in modules for mart in READ.findall(path.read_text())}
    declared = {name: {*one.reads, *one.may_read} for name, one in REPORTS.items()}
    assert read <= set.union(*declared.values())
    assert len(read) > 15
    file = PROJECT / "models" / "marts" / "sales" / "_published__exposures.yml"
    exposed = {
        one["name"].removesuffix("_page"): {
            name.removeprefix("ref('").removesuffix("')") for name in one["depends_on"]
        }
        for one in yaml.safe_load(file.read_text())["exposures"]
    }
    assert exposed == declared
