"""The daily sales pages: right to the penny, complete, and the same when they are read again."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest
from mart_tables import (
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
from publish.marts import MartReader
from publish.reports import REPORTS
from publish.reports.figures import Sales, in_pennies
from publish.reports.missing import missing
from publish.reports.page import Page
from publish.reports.report import Part
from publish.reports.selling import decisive_hours, main_reason
from publish.reports.words import cleaned, days_of, gone_or_going, listed, named, number

ON = date(2024, 3, 4)
WEEK = timedelta(days=7)
YEAR = timedelta(days=364)
HEBREW = "חיפה"


@pytest.fixture(scope="module")
def made(postgres_server: Connection) -> Iterator[Marts]:
    with made_marts(postgres_server) as marts:
        yield marts


@pytest.fixture
def marts(made: Marts) -> Marts:
    made.empty()
    return made


# Two currencies, a branch that is closed on Mondays and some other days, and one that has opened.
BRANCHES = {"leeds": "GBP", "york": "GBP", "bath": "GBP", "dublin": "EUR", "cork": "EUR"}
RATE = Decimal("1.17")
"""Euros for a pound."""


def trade(marts: Marts, last: date, seed: int = 1) -> None:
    """A company's sales up to a day, and those of the same days a year before, at random."""
    chance = random.Random(seed)
    for key, currency in BRANCHES.items():
        marts.branch(key, currency_code=currency)
    for on in [
        *days(last - timedelta(days=95), last),
        *days(last - timedelta(days=395), last - YEAR),
    ]:
        for key, currency in BRANCHES.items():
            if key == "cork" and on < last - WEEK:
                continue
            if key == "bath" and (chance.random() < 0.4 or on.weekday() == last.weekday()):
                continue
            day_of_trade(marts, key, currency, on, chance)


def worth(amounts: Iterable[Decimal], currency: str) -> Decimal:
    """The sum of amounts in pounds, each converted to six decimals, as in the facts."""
    rate = RATE if currency == "EUR" else Decimal(1)
    return sum(
        ((one / rate).quantize(Decimal("0.000001"), ROUND_HALF_UP) for one in amounts), Decimal(0)
    )


def day_of_trade(marts: Marts, key: str, currency: str, on: date, chance: random.Random) -> None:
    """Receipts of a day, added up by hour and by product, as the models do."""
    hours: dict[int, list[Decimal]] = {}
    products: dict[str, list[Decimal]] = {}
    for _ in range(chance.randint(1, 9)):
        amount = Decimal(chance.randint(-300, 2000)) / 100
        hours.setdefault(chance.randint(8, 18), []).append(amount)
        products.setdefault(f"Product {chance.randint(1, 14)}", []).append(amount)
    receipts = [amount for of in hours.values() for amount in of]
    cash = sum((amount for amount in receipts if amount > 10), Decimal(0))
    marts.sold(
        key,
        on,
        sum(receipts),
        currency_code=currency,
        transactions=len(receipts),
        returns=sum(amount < 0 for amount in receipts),
        returned_amount=-sum((amount for amount in receipts if amount < 0), Decimal(0)),
        net_amount_company=worth(receipts, currency),
        returned_amount_company=-worth((one for one in receipts if one < 0), currency),
        items_sold=len(receipts),
        cash_sales=cash,
        card_sales=sum(receipts) - cash,
        new_customers=1,
    )
    marts.add(
        "rpt_hourly_sales",
        *(
            {
                "branch_key": key,
                "currency_code": currency,
                "hour_of_day": hour,
                "transactions": len(of),
                "net_sales": sum(of),
                "business_date": on,
            }
            for hour, of in hours.items()
        ),
    )
    ranked = sorted(products.items(), key=lambda one: -sum(one[1]))
    marts.add(
        "rpt_daily_products",
        *(
            {
                "branch_key": key,
                "product_key": name.lower(),
                "product_name": name,
                "currency_code": currency,
                "sales_rank": rank,
                "quantity": len(of),
                "net_sales": sum(of),
                "net_amount_company": worth(of, currency),
                "returned_quantity": sum(amount < 0 for amount in of),
                "returned_amount": -sum((amount for amount in of if amount < 0), Decimal(0)),
                "business_date": on,
            }
            for rank, (name, of) in enumerate(ranked, 1)
        ),
    )


def test_every_figure_is_that_of_the_marts_to_the_penny(marts: Marts) -> None:
    trade(marts, ON)
    pages = marts.read("daily_sales", ON)
    assert set(pages) == {"", *BRANCHES}
    for key in BRANCHES:
        page = pages[key]
        for on, label in ((ON - WEEK, "on last week"), (ON - YEAR, "on last year")):
            truth = marts.rows(
                "select net_sales, transactions from rpt_daily_sales"
                " where branch_key = %s and business_date = %s",
                key,
                on,
            )
            expected = truth[0] if truth else (None, None)
            said = (
                before(figure(page, "net_sales"), label),
                before(figure(page, "transactions"), label),
            )
            assert said == expected, (key, label)
        [now] = marts.rows(
            "select coalesce(sum(net_sales), 0), coalesce(sum(transactions), 0),"
            " round(sum(net_sales + returned_amount) / nullif(sum(transactions - returns), 0), 2),"
            " coalesce(sum(returned_amount), 0)"
            " from rpt_daily_sales where branch_key = %s and business_date = %s",
            key,
            ON,
        )
        shown = ("net_sales", "transactions", "average_transaction_value", "returned_amount")
        assert tuple(figure(page, name).value for name in shown) == now, key
        [(month,)] = marts.rows(
            "select sum(net_sales) from rpt_daily_sales where branch_key = %s"
            " and business_date between '2024-03-01' and %s",
            key,
            ON,
        )
        assert figure(page, "month_net_sales").value == month
        if now[1]:
            paid = [row["Net sales"] for row in table(page, "payments")]
            assert sum(paid) == now[0]
            hours = section(page, "hours").chart
            assert hours
            assert sum(hours.series[0].values) == now[0]
            assert sum(row["Net sales"] for row in table(page, "products")) == sum(
                amount
                for (amount,) in marts.rows(
                    "select net_sales from rpt_daily_products where branch_key = %s"
                    " and business_date = %s and sales_rank <= 10",
                    key,
                    ON,
                )
            )
    company = pages[""]
    rows = table(company, "branches")
    for currency in ("GBP", "EUR"):
        [(net_sales, converted)] = marts.rows(
            "select sum(net_sales), round(sum(net_amount_company), 2)"
            " from rpt_daily_sales where currency_code = %s and business_date = %s",
            currency,
            ON,
        )
        shown_rows = [row for row in rows if row["Currency"] == currency]
        assert sum(row["Net sales"] for row in shown_rows) == net_sales
        # Each branch is rounded by itself.
        pennies = Decimal("0.005") * len(shown_rows)
        assert abs(sum(row["Converted"] for row in shown_rows) - converted) <= pennies
    sums = dict(
        marts.rows(
            "select business_date, round(sum(net_amount_company), 2) from rpt_daily_sales"
            " group by business_date"
        )
    )
    total = figure(company, "net_sales_GBP")
    assert (total.value, total.currency) == (sums[ON], "GBP")
    assert before(total, "on last week") == sums[ON - WEEK]
    assert before(total, "on last year") == sums[ON - YEAR]
    trend = section(company, "days_GBP").chart
    assert trend
    assert trend.series[0].values == tuple(sums[day] for day in days(ON - timedelta(days=27), ON))
    [(month, four_weeks)] = marts.rows(
        "select round(sum(net_amount_company) filter (where business_date >= '2024-03-01'), 2),"
        " round(sum(net_amount_company) filter (where business_date >= %s), 2)"
        " from rpt_daily_sales where business_date <= %s",
        ON - timedelta(days=27),
        ON,
    )
    assert figure(company, "month_net_sales_GBP").value == month
    assert f" brought {four_weeks:,.2f} GBP" in section(company, "days_GBP").text
    [(best,)] = marts.rows(
        "select round(sum(net_amount_company), 2) from rpt_daily_products"
        " where business_date = %s group by product_key order by 1 desc limit 1",
        ON,
    )
    assert table(company, "products_GBP")[0]["Net sales"] == best
    assert figure(company, "transactions").value == sum(row["Receipts"] for row in rows)
    # No branch is lost: also that which was closed.
    assert {row["Branch"] for row in rows} == {key.capitalize() for key in BRANCHES}


def test_the_usual_hours_are_the_mean_of_the_weeks_in_which_the_branch_sold(marts: Marts) -> None:
    marts.branch("leeds")
    for week, sales in ((0, "5"), (1, "10"), (3, "20"), (9, "999")):
        on = ON - week * WEEK
        marts.sold("leeds", on, sales)
        marts.add(
            "rpt_hourly_sales",
            {
                "branch_key": "leeds",
                "hour_of_day": 9,
                "net_sales": sales,
                "transactions": 1,
                "business_date": on,
            },
        )
    chart = section(marts.read("daily_sales", ON)["leeds"], "hours").chart
    assert chart
    assert [(one.name, one.values) for one in chart.series] == [
        ("4 Mar", (Decimal(5),)),
        ("Usual Monday", (Decimal("15.00"),)),
    ]


def all_pages(marts: Marts, on: date) -> dict[str, Page]:
    """All reports' pages of a day, by report and part."""
    return {
        f"{report}/{part}": page
        for report in ("daily_sales", "employee_productivity", "inventory", "business_review")
        for part, page in marts.read(report, on).items()
    }


def test_a_page_read_again_is_the_same_whatever_came_later(marts: Marts) -> None:
    trade(marts, ON)
    earlier = marts.read("daily_sales", ON)
    chance = random.Random(9)
    for on in days(ON + timedelta(days=1), ON + timedelta(days=20)):
        for key, currency in BRANCHES.items():
            day_of_trade(marts, key, currency, on, chance)
    again = marts.read("daily_sales", ON)
    assert {key: page.content() for key, page in again.items()} == {
        key: page.content() for key, page in earlier.items()
    }
    # A correction of a day that the page compares with changes the page of that branch and the
    # company's, and no other.
    marts.rows(
        "update rpt_daily_sales set net_sales = net_sales + 1, card_sales = card_sales + 1,"
        " net_amount_company = net_amount_company + 1"
        " where branch_key = 'york' and business_date = %s",
        ON - WEEK,
    )
    corrected = marts.read("daily_sales", ON)
    assert {key for key in corrected if corrected[key] != earlier[key]} == {"", "york"}


def test_a_branch_is_missing_if_it_sold_on_the_weekday_in_two_of_four_weeks(marts: Marts) -> None:
    weeks = {
        "daily": [1, 2, 3, 4],
        "twice": [1, 4],
        "once": [2],
        "long_ago": [8, 9, 10],
        # Nothing has come for five weeks.
        "outage": [6, 7],
        # Sells every day, but no more on Mondays.
        "rests": [4, 5, 6, 7],
        "came": [0, 1, 2],
        # Every day but on Mondays.
        "closed": [],
    }
    for key, of in weeks.items():
        marts.branch(key)
        for week in of:
            marts.sold(key, ON - week * WEEK, "10.00")
    for on in days(ON - timedelta(days=55), ON):
        if on.weekday() != ON.weekday():
            marts.sold("closed", on, "10.00")
            marts.sold("rests", on, "10.00")
    assert missing(marts.reader(), ON) == ("Daily", "Outage", "Twice")
    pages = marts.read("daily_sales", ON)
    assert pages[""].missing == ("Daily", "Outage", "Twice")
    assert {key for key, page in pages.items() if page.missing} == {"", "daily", "outage", "twice"}
    assert "The sales of Daily, Outage and Twice have not come" in pages[""].headline
    assert "the sales of Monday 4 March 2024 have not come" in pages["daily"].headline
    assert pages["outage"].headline.endswith("It sold on 2 Mondays of its last 4 weeks with sales.")
    assert pages[""].advice[0].text.startswith("Ask Daily, Outage and Twice for the sales of")
    # What has not come is not known; what was closed sold nothing.
    assert figure(pages["daily"], "net_sales").value is None
    assert figure(pages["closed"], "net_sales").value == 0
    assert "Closed sold nothing on Monday 4 March 2024." in pages["closed"].headline
    rows = {
        row["Branch"]: (row["Net sales"], row["Receipts"]) for row in table(pages[""], "branches")
    }
    assert (rows["Daily"], rows["Closed"], rows["Came"]) == ((None, None), (0, 0), (10, 1))
    # Only the branch that has come is compared.
    total = figure(pages[""], "net_sales_GBP")
    assert (total.value, before(total, "on last week")) == (10, 10)


def test_no_branch_is_missing_on_a_holiday_of_its_country(marts: Marts) -> None:
    for key, country in (("leeds", "GB"), ("haifa", "IL"), ("nowhere", None)):
        marts.branch(key, country_code=country)
        for week in range(1, 5):
            marts.sold(key, ON - week * WEEK, "10.00")
    marts.add(
        "dim_country_dates",
        {"country_code": "GB", "date_day": ON, "is_holiday": True, "holiday_name": "Spring day"},
        {"country_code": "IL", "date_day": ON - WEEK, "is_holiday": True, "holiday_name": "Fast"},
    )
    assert missing(marts.reader(), ON) == ("Haifa", "Nowhere")
    pages = marts.read("daily_sales", ON)
    assert pages["leeds"].missing == ()
    assert "Leeds sold nothing on Monday 4 March 2024." in pages["leeds"].headline
    assert "(Spring day)" in pages["leeds"].headline


def test_a_change_is_explained_by_what_made_most_of_it() -> None:
    usual = Sales(Decimal(100), 20, 0, 20, Decimal(0))
    cases = [
        (Sales(Decimal(150), 30, 0, 30, Decimal(0)), "more customers bought, 30 instead of 20"),
        (Sales(Decimal(50), 10, 0, 10, Decimal(0)), "fewer customers bought, 10 instead of 20"),
        (
            Sales(Decimal(160), 20, 0, 20, Decimal(0)),
            "a customer bought for more, 8.00 GBP instead of 5.00 on average",
        ),
        (
            Sales(Decimal(60), 21, 1, 20, Decimal(40)),
            "more was returned, 40.00 GBP instead of 0.00",
        ),
    ]
    for now, reason in cases:
        assert main_reason(now, usual, "GBP") == f"mainly because {reason}"
    assert main_reason(usual, usual, "GBP") == ""
    # Only returns: there is no average to compare.
    assert main_reason(Sales(Decimal(-5), 1, 1, 1, Decimal(5)), usual, "GBP") == ""


def test_an_average_is_rounded_once() -> None:
    shown = in_pennies(Sales(Decimal("10.005"), 2, 1, 2, Decimal("0.005")))
    assert (shown.net_sales, shown.returned_amount) == (Decimal("10.01"), Decimal("0.01"))
    assert shown.average_receipt == Decimal("10.01")


def test_the_hours_that_made_the_difference_are_found() -> None:
    usual = {hour: Decimal(10) for hour in range(8, 18)}
    now = {**usual, 12: Decimal(0), 13: Decimal(1), 16: Decimal(30)}
    lost = decisive_hours(now, usual, is_up=False)
    assert lost
    assert (lost.first, lost.last, lost.difference) == (12, 14, -19)
    gained = decisive_hours(now, usual, is_up=True)
    assert gained
    assert (gained.first, gained.last, gained.difference) == (16, 17, 20)
    assert decisive_hours(usual, usual, is_up=True) is None


def test_weeks_that_the_history_has_in_part_only_are_not_compared(marts: Marts) -> None:
    marts.branch("leeds")
    for on in days(ON - timedelta(days=40), ON):
        marts.sold("leeds", on, "10.00")
    for key in ("leeds", ""):
        page = marts.read("daily_sales", ON)[key]
        trend = next(one for one in page.sections if one.key.startswith("days"))
        assert trend.text == "The 28 days to 4 Mar brought 280.00 GBP."
    for on in days(ON - timedelta(days=60), ON - timedelta(days=41)):
        marts.sold("leeds", on, "5.00")
    for key in ("leeds", ""):
        page = marts.read("daily_sales", ON)[key]
        trend = next(one for one in page.sections if one.key.startswith("days"))
        assert trend.text == (
            "The 28 days to 4 Mar brought 280.00 GBP, 36.6 % more than the 28 days before."
        )


def test_a_branch_that_changed_its_currency_is_not_compared(marts: Marts) -> None:
    marts.branch("leeds")
    for on in days(ON - timedelta(days=60), ON):
        is_new = on > ON - timedelta(days=3)
        worth = {"net_amount_company": "8.00", "returned_amount_company": "0.00"}
        money = {"currency_code": "EUR", **worth} if is_new else {}
        marts.sold("leeds", on, "10.00", **money)
    pages = marts.read("daily_sales", ON)
    assert before(figure(pages["leeds"], "net_sales"), "on last week") is None
    assert figure(pages["leeds"], "net_sales").currency == "EUR"
    assert section(pages["leeds"], "days").text == "The 28 days to 4 Mar brought 30.00 EUR."
    # The company adds up in its own: 25 days of 10.00 and three of 8.00.
    assert section(pages[""], "days_GBP").text == (
        "The 28 days to 4 Mar brought 274.00 GBP, 2.1 % less than the 28 days before."
    )


def test_the_company_says_what_its_sums_leave_out_and_what_is_estimated(marts: Marts) -> None:
    marts.branch("leeds")
    marts.branch("cork", currency_code="EUR")
    marts.branch("oslo", currency_code="NOK")
    for on in (ON, ON - WEEK):
        marts.sold("leeds", on, "100.00", transactions=2)
        # Half a penny each, on receipts that together are rounded once.
        marts.sold(
            "cork",
            on,
            "5.01",
            currency_code="EUR",
            transactions=3,
            returns=1,
            returned_amount="1.00",
            net_amount_company="4.282500",
            returned_amount_company="0.855000",
            is_rate_estimated=True,
        )
        marts.sold("oslo", on, "900.00", currency_code="NOK", transactions=4)
    pages = marts.read("daily_sales", ON)
    page = pages[""]
    assert page.headline == (
        "3 branches sold 104.28 GBP on Monday 4 March 2024, about as much as on the Monday before."
        " Receipts in NOK are in no sum: their exchange rate to GBP is not known."
    )
    shown = {one.key: one.value for one in page.figures}
    assert shown == {
        "net_sales_GBP": Decimal("104.28"),
        "transactions": 9,
        "branches": 3,
        "transactions_without_rate": 4,
        "transactions_at_estimated_rate": 3,
        # 104.2825 and 0.855 on the four receipts that have a rate and are no return.
        "average_transaction_value": Decimal("26.28"),
        "returned_amount": Decimal("0.86"),
        "month_net_sales_GBP": Decimal("104.28"),
    }
    assert [
        (row["Branch"], row["Currency"], row["Net sales"], row["Converted"])
        for row in table(page, "branches")
    ] == [
        ("Leeds", "GBP", Decimal("100.00"), Decimal("100.00")),
        ("Cork", "EUR", Decimal("5.01"), Decimal("4.28")),
        ("Oslo", "NOK", Decimal("900.00"), None),
    ]
    assert "at the first known rate, which is of a later day: Cork (EUR)" in str(
        section(page, "branches").text
    )
    [advice] = page.advice
    assert advice.text == "Add the exchange rate of NOK to GBP"
    assert advice.reason.startswith("4 receipts of Oslo are in no sum of this page.")
    # A branch keeps its own money, with a rate or without.
    assert figure(pages["oslo"], "net_sales").value == 900
    assert figure(pages["oslo"], "net_sales").currency == "NOK"
    for one in pages.values():
        assert money_without_currency(one) == []
        for mart, where in sources(one):
            marts.rows(f"select * from {mart} where {where or 'true'} limit 1")
    # Where nothing can be converted, nothing is added up.
    marts.rows("delete from rpt_daily_sales where currency_code <> 'NOK'")
    page = marts.read("daily_sales", ON)[""]
    assert page.headline == (
        "1 branch sold on Monday 4 March 2024. Receipts in NOK are in no sum: their exchange rate"
        " to GBP is not known."
    )
    assert {one.key for one in page.figures} == {
        "transactions",
        "branches",
        "transactions_without_rate",
    }


def test_one_branch_is_a_company(marts: Marts) -> None:
    marts.branch("leeds")
    marts.sold("leeds", ON, "120.00", transactions=10)
    marts.sold("leeds", ON - WEEK, "100.00", transactions=5)
    pages = marts.read("daily_sales", ON)
    assert pages["leeds"].headline == (
        "Leeds sold 120.00 GBP on Monday 4 March 2024, 20.0 % more than on the Monday before,"
        " mainly because more customers bought, 10 instead of 5."
    )
    assert pages[""].headline == (
        "1 branch sold 120.00 GBP on Monday 4 March 2024, 20.0 % more than on the Monday before,"
        " mainly because more customers bought, 10 instead of 5."
    )
    assert [row["Branch"] for row in table(pages[""], "branches")] == ["Leeds"]


def test_names_are_shown_as_they_are_and_tell_branches_apart(marts: Marts) -> None:
    names = {
        "script": ("<script>alert(1)</script>", "Town", "tills"),
        "hebrew": (HEBREW, None, "tills"),
        "first": ("Leeds", "North", "tills"),
        "second": ("Leeds", "South", "tills"),
        "third": ("Leeds", "South", "desk"),
        "number": ("17", None, "desk"),
        "hidden": ("A\u202eb\x07c", None, "tills"),
        "long": ("x" * 5000, None, "tills"),
    }
    for key, (name, place, source) in names.items():
        marts.branch(key, branch_name=name, locality=place, source_system=source)
        marts.sold(key, ON, "1.00")
    pages = marts.read("daily_sales", ON)
    shown = [row["Branch"] for row in table(pages[""], "branches")]
    assert len(set(shown)) == len(names)
    assert {"<script>alert(1)</script>", HEBREW, "17", "Leeds (North)"} <= set(shown)
    assert {"Leeds (South, tills)", "Leeds (South, desk)"} <= set(shown)
    assert f"\u2068{HEBREW}\u2069 sold 1.00 GBP" in pages["hebrew"].headline
    assert pages["number"].headline.startswith("Branch 17 sold")
    assert pages["script"].part_name == "<script>alert(1)</script>"
    for page in pages.values():
        assert "\u202e" not in page.content()
        assert "\\u0007" not in page.content()
        assert len(page.content()) < 50_000
    assert pages["second"].part_place == "South"


def test_words() -> None:
    assert listed([]) == ""
    assert listed(["A"]) == "A"
    assert listed(["A", "B", "C"]) == "A, B and C"
    assert listed(list("ABCDEFG"), 5) == "A, B, C, D, E and 2 more"
    assert number(Decimal("1234.50")) == "1,234.5"
    assert number(Decimal("100")) == "100"
    assert gone_or_going(1, 2) == "1 product that sells is out of stock and 2 are running out"
    assert gone_or_going(0, 1) == "1 product that sells is running out"
    assert gone_or_going(3, 0) == "3 products that sell are out of stock"
    assert days_of(date(2023, 12, 28), date(2024, 1, 3)) == "28 December 2023 to 3 January 2024"
    assert days_of(date(2024, 2, 26), date(2024, 3, 3)) == "26 February to 3 March 2024"
    assert days_of(date(2024, 3, 4), date(2024, 3, 10)) == "4 to 10 March 2024"
    assert named("Tea") == "Tea"
    assert named(f"Tea {HEBREW}") == f"\u2068Tea {HEBREW}\u2069"
    assert cleaned("a\nb") == "a\ufffdb"


def test_every_amount_has_one_currency(marts: Marts) -> None:
    trade(marts, ON)
    for page in marts.read("daily_sales", ON).values():
        assert money_without_currency(page) == []
    marts.empty()
    marts.branch("leeds")
    marts.sold("leeds", ON, "1.00")
    for page in marts.read("daily_sales", ON).values():
        assert money_without_currency(page) == []


def test_every_source_can_be_run_and_is_complete(marts: Marts) -> None:
    trade(marts, ON)
    marts.branch("o'brien", branch_name="O'Brien")
    marts.sold("o'brien", ON, "3.50")
    pages = marts.read("daily_sales", ON)
    for page in pages.values():
        for mart, where in sources(page):
            marts.rows(f"select * from {mart} where {where or 'true'} limit 1")
    net_sales = figure(pages["o'brien"], "net_sales")
    assert marts.rows(
        f"select sum(net_sales) from {net_sales.source.mart} where {net_sales.source.where}"
    ) == [(net_sales.value,)]


def test_a_branch_falls_behind_if_it_loses_more_than_the_others(marts: Marts) -> None:
    sales = {"leeds": (100, 100), "york": (100, 97), "bath": (40, 30), "new": (10, 5)}
    for key, (then, now) in sales.items():
        marts.branch(key)
        for on in days(ON - timedelta(days=55), ON):
            if key != "new" or on > ON - timedelta(days=30):
                marts.sold(key, on, str(now if on > ON - timedelta(days=28) else then))
    [advice] = marts.read("daily_sales", ON)[""].advice
    assert advice.text == "Look into Bath: it falls behind"
    assert advice.reason == (
        "28 days to 4 Mar: 840.00 GBP after 1,120.00 GBP, down 25.0 % on the 28 days before; all"
        " branches together down 3.6 %."
    )
    # Where all lose as much, nobody falls behind.
    marts.rows("update rpt_daily_sales set net_sales = 30, net_amount_company = 30"
               " where branch_key in ('leeds', 'york')"
               " and business_date > %s", ON - timedelta(days=28))  # fmt: skip
    assert marts.read("daily_sales", ON)[""].advice == ()


def test_targets_are_mentioned_where_they_are_set_only(marts: Marts) -> None:
    marts.branch("leeds")
    marts.branch("york")
    for key in ("leeds", "york"):
        marts.sold(key, ON, "40.00")
    for page in marts.read("daily_sales", ON).values():
        assert "target" not in json.dumps(json.loads(page.content())["figures"])
        assert not any("target" in one.text for one in page.advice)
    if "rpt_sales_against_targets" not in marts.names:
        pytest.skip("the mart of targets is not part of this project yet")
    marts.add(
        "rpt_sales_against_targets",
        {
            "branch_key": "leeds",
            "currency_code": "GBP",
            "target_net_sales": "310.00",
            "net_sales_to_date": "40.00",
            "expected_to_date": "50.00",
            "trading_days": 31,
            "trading_days_gone": 4,
            "sales_month": date(2024, 3, 1),
            "business_date": ON,
        },
    )
    pages = marts.read("daily_sales", ON)
    month = figure(pages["leeds"], "month_net_sales")
    assert before(month, "on target to date") == 50
    assert month.comparisons[-1].percent == -20
    assert [one.text for one in pages["leeds"].advice] == [
        "Sell 10.00 GBP a day to reach the month's target"
    ]
    assert before(figure(pages["york"], "month_net_sales"), "on target to date") is None
    company = figure(pages[""], "target_net_sales_GBP")
    assert (company.value, before(company, "on target to date")) == (40, 50)
    assert "Leeds (10.00 GBP)" in pages[""].advice[-1].reason


def test_stock_of_a_later_day_is_not_shown(marts: Marts) -> None:
    later = ON + timedelta(days=1)
    for key, day, last_sale in (
        ("leeds", ON, ON),
        ("york", later, later),
        # The list is not of a later day, but judged by sales of one.
        ("bath", ON, later),
    ):
        marts.branch(key)
        marts.sold(key, ON, "1.00")
        for product, status, priority in (
            ("Milk", "OUT_OF_STOCK", 1),
            ("Bread", "STOCKOUT_RISK", 2),
        ):
            marts.add(
                "rpt_inventory_status",
                {
                    "branch_key": key,
                    "product_key": product,
                    "product_name": product,
                    "status": status,
                    "priority": priority,
                    "stock_quantity": 0 if priority == 1 else 3,
                    "units_per_day": 2,
                    "days_of_cover": 0 if priority == 1 else "1.5",
                    "reason": "why",
                    "business_date": day,
                    "window_end_date": last_sale,
                },
            )
    pages = marts.read("daily_sales", ON)
    reorder = section(pages["leeds"], "reorder")
    assert reorder.is_latest
    assert [row["Product"] for row in table(pages["leeds"], "reorder")] == ["Milk", "Bread"]
    assert [one.text for one in pages["leeds"].advice if one.is_latest] == [
        "Reorder Milk and Bread"
    ]
    for key in ("york", "bath"):
        assert "reorder" not in {one.key for one in pages[key].sections}
        assert pages[key].advice == ()


def test_what_is_odd_is_said_with_its_range(marts: Marts) -> None:
    for key in ("leeds", "york"):
        marts.branch(key)
        marts.sold(key, ON, "1.00")
    woke = {
        "subject_kind": "customer",
        "kind": "dormant_account",
        "lower_limit": None,
        "actual_value": "900",
        "robust_score": "5",
        "is_for_fraud_review": True,
    }
    counted = {
        "subject_kind": "product",
        "measure": "counted_stock",
        "kind": "stock_gap",
        "product_name": "Milk",
        "expected_value": "30",
        "actual_value": "12",
        "robust_score": "-4",
    }
    marts.add(
        "fct_sales_anomalies",
        anomaly("leeds", ON),
        anomaly("leeds", ON, measure="refund_share", actual_value="0.25", upper_limit="0.1",
                lower_limit="0", direction="above", robust_score="4"),
        anomaly("leeds", ON, **woke),
        anomaly("york", ON, **counted),
        # Of another day, and of a person, who is not named on this page.
        anomaly("leeds", ON, period_start_date=ON - WEEK),
        anomaly("leeds", ON, subject_kind="employee", period="week", employee_name="Ann Lee",
                period_start_date=ON - timedelta(days=6)),
    )  # fmt: skip
    pages = marts.read("daily_sales", ON)
    assert [(one.text, one.reason) for one in pages["leeds"].odd] == [
        (
            "a customer account woke up after a long silence: check it for fraud",
            "It bought for 900.00 GBP, where more than 120.00 GBP is out of range"
            " (Monday 4 March 2024).",
        ),
        (
            "sales below the usual range",
            "12.50 GBP on Monday 4 March 2024; usual for a Monday are 80.00 GBP to 120.00 GBP.",
        ),
        (
            "share of returns above the usual range",
            "25 % on Monday 4 March 2024; usual for a Monday are 0 % to 10 %.",
        ),
    ]
    assert [one.text for one in pages[""].odd][-1] == (
        "York: the count of Milk differs from the records"
    )
    assert all("Ann" not in page.content() for page in pages.values())


def test_days_without_sales_and_with_returns_only_divide_nothing_by_zero(marts: Marts) -> None:
    marts.branch("leeds")
    marts.branch("york")
    marts.branch("never")
    assert "No branch has sales" in marts.read("daily_sales", ON)[""].headline
    marts.sold("leeds", ON - WEEK, "0.00")
    marts.sold("leeds", ON, "-5.00", returns=1, returned_amount="5.00")
    marts.sold("york", ON, "0.00")
    marts.sold("york", ON - YEAR, "-1.00", returns=1, returned_amount="1.00")
    marts.add(
        "fct_staffed_days",
        {"branch_key": "leeds", "business_date": ON, "net_sales": "-5.00"},
    )
    pages = marts.read("daily_sales", ON)
    assert figure(pages["leeds"], "average_transaction_value").value is None
    assert figure(pages["leeds"], "net_sales").comparisons[0].percent is None
    assert pages["leeds"].headline.startswith("Leeds sold -5.00 GBP on Monday 4 March 2024")
    assert figure(pages["never"], "net_sales").value == 0
    assert {row["Branch"] for row in table(pages[""], "branches")} == {"Leeds", "York"}


class Counting(MartReader):
    """A reader that counts its queries."""

    asked = 0

    def rows(self, query: str, parameters: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
        self.asked += 1
        return super().rows(query, parameters)


def test_many_branches_are_read_with_as_many_queries_as_one(marts: Marts) -> None:
    asked = []
    for count in (1, 40):
        marts.empty()
        for place in range(count):
            marts.branch(f"branch {place}")
            marts.sold(f"branch {place}", ON, "1.00")
        reader = Counting(marts.link, shows_names=True)
        parts = [Part("", "All"), *(Part(one.key, one.name) for one in reader.all_branches)]
        for report in REPORTS.values():
            report.read(reader, ON, parts)
        asked.append(reader.asked)
    assert asked[0] == asked[1]
