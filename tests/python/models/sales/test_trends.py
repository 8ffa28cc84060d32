"""Trends, products and pairs over more than a year, compared with plain Python and a rebuild."""

from __future__ import annotations

import random
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest
from nightly import Project, new_project

from base.link import Connection

# Branch -> region and currency, by seeds/branches.csv; Bath is not listed.
BRANCHES = {
    "Leeds": ("Yorkshire and the Humber", "GBP"),
    "London Camden": ("London", "GBP"),
    "Bath": ("Without region", "GBP"),
    "Dublin Docklands": ("Leinster", "EUR"),
}
EUROS = Decimal("1.155")
"""For a pound: the first rate in seeds/exchange_rates.csv, which holds for all earlier days."""
AVERAGES = {"day": (7, 28), "week": (4, 13), "month": (3, 12)}
PRICES = {"Latte": Decimal("2.00"), "Tea": Decimal("1.50"), "Cake": Decimal("3.10")}

Sales = dict[tuple[str, date], list[tuple[str, ...]]]
"""Branch and day -> the baskets of the receipts."""


def days_between(first: date, last: date, chance: float, dice: random.Random) -> list[date]:
    """The first, the last, and some of the days between."""
    between = [first + timedelta(days=n) for n in range(1, (last - first).days)]
    return [first, *(day for day in between if dice.random() < chance), last]


def history() -> Sales:
    """Sales up to 20 May 2024: two branches throughout, one opened, one closed, one rarely open."""
    dice = random.Random(4)
    end = date(2024, 5, 20)
    opened = {
        "Leeds": days_between(date(2022, 12, 5), end, 0.5, dice),
        "London Camden": days_between(date(2023, 5, 10), end, 0.5, dice),
        "Bath": days_between(date(2022, 12, 20), date(2023, 8, 9), 0.4, dice),
        "Dublin Docklands": days_between(date(2023, 2, 28), end, 0.05, dice),
    }
    return {
        (branch, day): [
            tuple(dice.sample(sorted(PRICES), dice.randint(1, 3)))
            for _ in range(dice.randint(1, 3))
        ]
        for branch, days in opened.items()
        for day in days
    }


def deliver(project: Project, branch: str, name: str, sales: Sales) -> None:
    """One file of a branch with all these days: rows count for their own dates."""
    lines = []
    for (_, day), baskets in sorted(sales.items()):
        for number, products in enumerate(baskets):
            items = ", ".join(f"{product} - {PRICES[product]}" for product in products)
            total = sum(PRICES[product] for product in products)
            time = f"{day:%d/%m/%Y} {9 + number:02}:00"
            lines.append(f'{time},{branch},Ann Lee,"{items}",{total},CASH,\n')
    slug = branch.lower().replace(" ", "-")
    project.deliver(f"branch_pos/{slug}_{name}.csv", "".join(lines))


REPORTS = (
    "+rpt_basket_pairs",
    "+rpt_like_for_like_sales",
    "+rpt_product_performance",
    "+rpt_sales_trends",
)


def night(project: Project) -> None:
    project.load()
    project.dbt("run", "--select", *REPORTS)


def start_of(kind: str, day: date) -> date:
    if kind == "week":
        return day - timedelta(days=day.weekday())
    return day.replace(day=1) if kind == "month" else day


def periods_before(kind: str, start: date, number: int) -> date:
    """The first day of the period so many before this one; after it, if negative."""
    if kind == "month":
        months = 12 * start.year + start.month - 1 - number
        return date(months // 12, months % 12 + 1, 1)
    return start - timedelta(days=number * (7 if kind == "week" else 1))


def year_before(kind: str, day: date, years: int = 1) -> date | None:
    """The day that a day is compared with; 29 February has none."""
    if kind != "month":
        return day - timedelta(days=364 * years)
    try:
        return day.replace(year=day.year - years)
    except ValueError:
        return None


def rounded(value: Decimal, digits: str = "0.01") -> Decimal:
    return value.quantize(Decimal(digits), ROUND_HALF_UP)


def expected_trends(sales: Sales) -> dict[tuple[Any, ...], tuple[Any, ...]]:
    """The expected report, by the simplest implementation of its rules."""
    receipts = {
        key: [sum((PRICES[product] for product in basket), Decimal(0)) for basket in baskets]
        for key, baskets in sales.items()
    }
    of_branches = {key: sum(amounts, Decimal(0)) for key, amounts in receipts.items()}
    # Each receipt is converted by itself, to six decimals; the company is rounded when added up.
    converted = {
        (branch, day): sum((rounded(one / EUROS, "0.000001") for one in amounts), Decimal(0))
        if BRANCHES[branch][1] == "EUR"
        else sum(amounts, Decimal(0))
        for (branch, day), amounts in receipts.items()
    }
    opened = {branch: min(day for name, day in sales if name == branch) for branch, _ in sales}
    closed = {branch: max(day for name, day in sales if name == branch) for branch, _ in sales}
    members: dict[tuple[str, str, str], set[str]] = defaultdict(set)
    for branch in opened:
        region, currency = BRANCHES[branch]
        members["branch", branch, currency].add(branch)
        members["region", region, "GBP"].add(branch)
        members["company", "Company", "GBP"].add(branch)

    found = {}
    for (level, name, currency), branches in members.items():
        net = of_branches if level == "branch" else converted
        keys = sorted((day, branch) for branch, day in sales if branch in branches)
        days = [day for day, _ in keys]

        def within(
            first: date,
            last: date,
            keys: list[tuple[date, str]] = keys,
            days: list[date] = days,
        ) -> list[tuple[str, date]]:
            """The branches and days of the level with a sale in a span."""
            return [(b, d) for d, b in keys[bisect_left(days, first) : bisect_right(days, last)]]

        def total(
            first: date, last: date, within: Any = within, net: dict[Any, Decimal] = net
        ) -> Decimal:
            return sum((net[key] for key in within(first, last)), Decimal(0))

        for kind, lengths in AVERAGES.items():
            first_start = start_of(kind, days[0])
            for start in sorted({start_of(kind, day) for day in days}):
                end = periods_before(kind, start, -1) - timedelta(days=1)
                before = year_before(kind, start)
                assert before is not None
                before_end = periods_before(kind, before, -1) - timedelta(days=1)
                now, then = within(start, end), within(before, before_end)
                averages = [
                    rounded(total(periods_before(kind, start, length - 1), end) / length)
                    if periods_before(kind, start, length - 1) >= first_start
                    else None
                    for length in lengths
                ]
                alike = []
                for branch in branches:
                    comparing = [
                        net[b, d]
                        for b, d in now
                        if b == branch and (like := year_before(kind, d)) and like >= opened[b]
                    ]
                    compared = [
                        net[b, d]
                        for b, d in then
                        if b == branch and (like := year_before(kind, d, -1)) and like <= closed[b]
                    ]
                    if comparing and compared:
                        alike.append((sum(comparing), sum(compared)))
                mine, theirs = (sum((pair[side] for pair in alike), Decimal(0)) for side in (0, 1))
                found[level, name, currency, kind, start] = (
                    end,
                    max(day for _, day in now),
                    len({branch for branch, _ in now}),
                    sum(len(sales[key]) for key in now),
                    rounded(total(start, end)),
                    *averages,
                    rounded(total(date(end.year, 1, 1), end)),
                    sum(len(sales[key]) for key in then) if then else None,
                    rounded(total(before, before_end)) if then else None,
                    len(alike),
                    rounded(mine) if alike else None,
                    rounded(theirs) if alike else None,
                    rounded(100 * (mine - theirs) / theirs, "0.1") if alike else None,
                )
    return found


def shown_trends(project: Project) -> dict[tuple[Any, ...], tuple[Any, ...]]:
    return {
        tuple(row[:5]): tuple(row[5:])
        for row in project.rows(
            "select level, level_name, currency_code, period_kind, period_start_date,"
            " period_end_date, last_business_date, branches, transactions, net_sales,"
            " moving_average_short, moving_average_long, net_sales_year_to_date,"
            " transactions_year_before, net_sales_year_before, like_for_like_branches,"
            " like_for_like_net_sales, like_for_like_net_sales_year_before,"
            " like_for_like_growth_percent from marts.rpt_sales_trends"
        )
    }


def assert_trends(project: Project, sales: Sales) -> None:
    shown, expected = shown_trends(project), expected_trends(sales)
    assert shown.keys() == expected.keys()
    differing = {
        key: (values, expected[key]) for key, values in shown.items() if values != expected[key]
    }
    assert differing == {}


@pytest.fixture(scope="module")
def nights(
    postgres_server: Connection, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Project, Sales]]:
    """A warehouse after a year and four months at once, and then some nights."""
    with new_project(postgres_server, tmp_path_factory.mktemp("nights")) as project:
        sales = history()
        project.prepare()
        project.seed()
        for branch in BRANCHES:
            mine = {key: found for key, found in sales.items() if key[0] == branch}
            deliver(project, branch, "20-05-2024_21-00-00", mine)
        night(project)
        assert_trends(project, sales)

        # A plain night. The branch was also open on the last days of May, on which it had sales a
        # year before.
        new: Sales = {("London Camden", date(2024, 6, 1)): [("Latte", "Tea"), ("Cake",)]}
        deliver(project, "London Camden", "01-06-2024_21-00-00", new)
        sales |= new
        night(project)
        assert_trends(project, sales)

        # A late file from before a branch's first day, and the day after another's latest.
        late: Sales = {("London Camden", date(2023, 4, 27)): [("Cake", "Tea")]}
        deliver(project, "London Camden", "27-04-2023_21-00-00", late)
        last: Sales = {("Leeds", date(2024, 5, 21)): [("Cake",)]}
        deliver(project, "Leeds", "21-05-2024_21-00-00", last)
        sales |= late | last
        night(project)
        assert_trends(project, sales)

        # The receipt was of an earlier day; and a closed branch reopens.
        day = date(2024, 5, 18)
        deliver(project, "Leeds", "21-05-2024_22-00-00", {("Leeds", day): [("Cake",)]})
        del sales["Leeds", date(2024, 5, 21)]
        sales["Leeds", day] = [*sales.get(("Leeds", day), []), ("Cake",)]
        again: Sales = {("Bath", date(2024, 6, 3)): [("Latte", "Cake"), ("Latte",)]}
        deliver(project, "Bath", "03-06-2024_21-00-00", again)
        sales |= again
        night(project)
        yield project, sales


def test_trends_after_nights_match_plain_python(
    nights: tuple[Project, Sales],
) -> None:
    project, sales = nights
    assert_trends(project, sales)
    kinds = {key[3] for key, values in shown_trends(project).items() if values[-1] is not None}
    assert kinds == {"day", "week", "month"}


def test_pairs_match_the_receipts_of_the_last_weeks(nights: tuple[Project, Sales]) -> None:
    project, sales = nights
    today = max(day for _, day in sales)
    since = start_of("week", today) - timedelta(days=7 * 12)
    baskets = [basket for (_, day), found in sales.items() if day >= since for basket in found]
    expected = set()
    for first in PRICES:
        for second in PRICES:
            both = sum({first, second} <= set(basket) for basket in baskets)
            if first < second and both >= 3:
                expected.add((first, second, both, len(baskets)))
    assert expected
    assert {
        (*sorted((first, second)), both, receipts)
        for first, second, both, receipts in project.rows(
            "select first_product_name, second_product_name, transactions_with_both, transactions"
            " from marts.rpt_basket_pairs"
        )
    } == expected


def test_a_rebuild_equals_the_nights(nights: tuple[Project, Sales]) -> None:
    project, _ = nights
    last_years = "select count(*) from marts.rpt_product_performance where net_sales_last_year > 0"
    assert project.rows(last_years) > [(0,)]
    project.keep_marts("before_rebuild")
    project.dbt("run", "--full-refresh", "--select", *REPORTS)
    assert project.differences("before_rebuild") == {}
    # Nights write file by file, and read days and weeks; a rebuild keeps that order.
    assert project.rows(
        "select count(*) from ("
        "select file_id < lag(file_id) over (order by ctid) as is_earlier"
        " from intermediate.int_branch_pos__transactions_checked"
        ") as stored where is_earlier"
    ) == [(0,)]


def test_a_changed_threshold_restates_the_past(nights: tuple[Project, Sales]) -> None:
    project, _ = nights
    classes = "select abc_class, count(*) from marts.rpt_product_performance group by 1"
    assert dict(project.rows(classes))["A"] > 0
    select = ("--select", "rpt_product_performance")
    project.dbt("run", *select, "--vars", "{abc_class_a_percent: 0, abc_class_b_percent: 0}")
    assert dict(project.rows(classes)).keys() == {"C"}
    project.dbt("run", *select)
    assert dict(project.rows(classes))["A"] > 0
