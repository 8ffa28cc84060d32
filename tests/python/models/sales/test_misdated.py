"""A receipt with a date years off changes no comparison."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from decimal import Decimal

import pytest
from nightly import Project, Row, new_project

from base.link import Connection

OPENED, CLOSED = date(2020, 8, 15), date(2021, 8, 31)
# Branch -> dates of the receipts that a till with a wrong clock wrote on one day.
WRONG = {
    "Fine": [],
    "Back": ["01/01/2000"],
    "Ahead": ["05/05/2036"],
    "Outside": ["01/01/1970", "31/12/2099", "01/01/0001", "31/12/9999"],
    "Year Back": ["03/08/2019"],
    "Year Ahead": ["03/08/2022"],
    "Turned": ["2020-03-03", "2021-12-08"],
    "Two Weeks": [f"{day:02}/01/2000" for day in range(1, 15)],
    "Open Days": ["03/10/2020", "14/06/2021"],
}
NAMED_TOO = "Misnamed"
LEAP = "Leap"
EARLY = "Early"
REPORTS = (
    "+rpt_like_for_like_sales",
    "+rpt_sales_trends",
    "+rpt_basket_pairs",
    "+rpt_digest__last_sales",
    "+rpt_digest__sales_totals",
    "+int_employee_weeks__out_of_range",
)


def days(first: date, last: date) -> list[date]:
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]


def deliver(project: Project, branch: str, named: date, dates: Iterable[str]) -> None:
    """A file of the branch with a receipt of 10.00 on each of the dates."""
    lines = [f'{day} 09:00,{branch},Ann,"Tea - 4.00, Pie - 6.00",10,CASH,\n' for day in dates]
    slug = branch.lower().replace(" ", "_")
    project.deliver(f"branch_pos/{slug}_{named:%d-%m-%Y}_09-00-00.csv", "".join(lines))


def deliver_days(project: Project, branch: str, first: date, last: date) -> None:
    deliver(project, branch, last, [f"{day:%d/%m/%Y}" for day in days(first, last)])


def desk(dates: Iterable[str]) -> str:
    header = (
        "customer_id,store_id,product_name,sales_date,sales_person_id,price,quantity,total_cost"
    )
    return "\n".join([header, *(f"C1,601,Tea,{day},7,10,1,10" for day in dates)]) + "\n"


def night(project: Project) -> None:
    project.load()
    project.dbt("run", "--select", *REPORTS)


@pytest.fixture(scope="module")
def nights(
    postgres_server: Connection, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Project]:
    """Two summers of branches that all sell the same; then the wrong dates come."""
    with new_project(postgres_server, tmp_path_factory.mktemp("nights")) as project:
        project.prepare()
        project.seed()
        good = [*days(OPENED, date(2020, 9, 5)), *days(date(2021, 7, 25), CLOSED)]
        for branch in [*WRONG, NAMED_TOO, EARLY]:
            deliver_days(project, branch, OPENED, date(2020, 9, 5))
            deliver_days(project, branch, date(2021, 7, 25), CLOSED)
        for year in (2023, 2024, 2025):
            deliver_days(project, LEAP, date(year, 1, 1), date(year, 3, 31))
        # Far too early for a branch that opened in 2020, as long as there are so few of them.
        deliver_days(project, EARLY, date(2019, 6, 1), date(2019, 6, 6))
        project.deliver("sales_desk/sales/all.csv", desk(map(str, good)))
        night(project)
        project.keep_marts("before")
        for branch, dates in WRONG.items():
            deliver(project, branch, date(2021, 8, 3), dates)
        deliver(project, NAMED_TOO, date(2000, 1, 1), ["01/01/2000"])
        wrong = ["2000-01-01", "2036-01-01", "2021-03-08", "2021-12-08", "1970-01-01", "9999-12-31"]
        project.deliver("sales_desk/sales/wrong.csv", desk(wrong))
        night(project)
        yield project


def shown(project: Project, query: str) -> dict[str, set[Row]]:
    """Branch -> the other columns of the rows."""
    found: dict[str, set[Row]] = {}
    for branch, *values in project.rows(query):
        found.setdefault(branch, set()).add(tuple(values))
    return found


def assert_all_read_as_fine(project: Project, query: str) -> None:
    found = shown(project, query)
    for branch in [*WRONG, NAMED_TOO]:
        assert found[branch] == found["Fine"] != set(), branch


def test_wrong_dates_do_not_move_opening_or_latest_day(nights: Project) -> None:
    assert_all_read_as_fine(
        nights,
        "select branch_name, first_business_date, last_business_date from marts.dim_branches",
    )
    [(first, last)] = nights.rows(
        "select first_business_date, last_business_date from marts.dim_branches"
        " where branch_name = '601'"
    )
    assert (first, last) == (OPENED, CLOSED)
    assert_all_read_as_fine(
        nights, "select branch_name, days_late from marts.rpt_digest__last_sales"
    )
    sources = "select source_system, first_date, as_of_date from intermediate.int_sources__as_of"
    assert nights.rows(f"{sources} order by 1") == [
        ("branch_pos", OPENED, date(2025, 3, 31)),
        ("sales_desk", OPENED, CLOSED),
    ]
    totals = "select first_business_date, last_business_date from marts.rpt_digest__sales_totals"
    assert nights.rows(totals) == [(OPENED, date(2025, 3, 31))]


def test_wrong_dates_do_not_change_compared_months(nights: Project) -> None:
    query = (
        "select branch_name, sales_month, like_for_like_net_sales_on_month, net_sales_month_before,"
        " like_for_like_net_sales_on_year, net_sales_year_before, change_on_year_percent"
        " from marts.rpt_like_for_like_sales"
        " where coalesce(like_for_like_net_sales_on_month, like_for_like_net_sales_on_year) > 0"
    )
    plain = f"{query} and branch_name <> 'Open Days'"
    found = shown(nights, plain)
    assert (date(2021, 8, 1), *map(Decimal, ("310", "70", "170", "170", "0"))) in found["Fine"]
    for branch in [*WRONG, NAMED_TOO, "601"]:
        if branch != "Open Days":
            assert found[branch] == found["Fine"], branch
    # The sales are not lost.
    sold = shown(
        nights, "select branch_name, sum(transactions) from marts.rpt_daily_sales group by 1"
    )
    [(fine,)] = sold["Fine"]
    assert {branch: next(iter(sold[branch]))[0] - fine for branch in WRONG} == {
        **{branch: len(dates) for branch, dates in WRONG.items()},
        "Outside": 0,
    }


def test_wrong_dates_do_not_change_trends(nights: Project) -> None:
    query = (
        "select level_name, period_kind, period_start_date, moving_average_short,"
        " moving_average_long, like_for_like_net_sales, like_for_like_net_sales_year_before"
        " from marts.rpt_sales_trends where level = 'branch'"
        " and period_start_date between '2021-07-26' and '2021-08-31'"
    )
    found = shown(nights, query)
    for branch in [*WRONG, NAMED_TOO]:
        if branch != "Open Days":
            assert found[branch] == found["Fine"] != set(), branch


def test_no_months_are_created_for_the_year_2036(nights: Project) -> None:
    running = (
        "select branch_name, sales_month from marts.rpt_like_for_like_sales where is_running_month"
    )
    assert nights.rows(running) == []


def test_pairs_use_the_latest_credible_weeks(nights: Project) -> None:
    pairs = "select transactions_with_both, window_end_date from marts.rpt_basket_pairs"
    # From Monday 6 January on.
    assert nights.rows(pairs) == [(26 + 28 + 31, date(2025, 3, 31))]


def test_a_day_without_a_counterpart_is_not_compared(nights: Project) -> None:
    found = nights.rows(
        "select sales_month, like_for_like_net_sales_on_year, net_sales_year_before,"
        " like_for_like_net_sales_on_month, net_sales_month_before"
        " from marts.rpt_like_for_like_sales"
        f" where branch_name = '{LEAP}' and extract(month from sales_month) = 2 order by 1"
    )
    amounts = {month.year: tuple(values) for month, *values in found}
    assert amounts == {
        2023: (None, None, 280, 280),
        # 29 February has no counterpart in 2023 or 2025.
        2024: (280, 280, 290, 290),
        2025: (280, 280, 280, 280),
    }
    trends = nights.rows(
        "select like_for_like_net_sales, like_for_like_net_sales_year_before"
        " from marts.rpt_sales_trends where level = 'branch' and period_kind = 'month'"
        f" and level_name = '{LEAP}' and period_start_date >= '2024-02-01'"
        " and extract(month from period_start_date) = 2"
    )
    assert trends == [(280, 280), (280, 280)]


def test_nights_that_change_credible_dates_equal_a_rebuild(nights: Project) -> None:
    opened = f"select first_business_date from marts.dim_branches where branch_name = '{EARLY}'"
    assert nights.rows(opened) == [(OPENED,)]
    # With a seventh day, the branch counts as open in 2019.
    deliver_days(nights, EARLY, date(2019, 6, 7), date(2019, 6, 8))
    night(nights)
    assert nights.rows(opened) == [(date(2019, 6, 1),)]
    nights.keep_marts("nightly")
    nights.dbt("run", "--full-refresh", "--select", *REPORTS)
    assert nights.differences("nightly") == {}
