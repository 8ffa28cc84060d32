"""Amounts in the company's currency: rates that are missing, late, corrected, and exact."""

from __future__ import annotations

import random
from decimal import Decimal
from fractions import Fraction

from nightly import Project, Row

# What a rate changes, and all that it is computed from.
RATED = ("fct_transactions", "fct_sales", "fct_payments", "fct_order_changes", "rpt_daily_sales")
ALL = ("+dim_exchange_rates", *(f"+{name}" for name in RATED))
# What adds these up, in the company's currency.
SUMS = (
    *("int_branch_days__measured", "int_product_days__sold", "int_product_months__sold"),
    *("int_customer_months__sold", "int_customers__valued", "int_customers__rfm_scored"),
    *("rpt_sales_trends", "rpt_company_products", "customers_data_mart"),
)
ALL_SUMS = tuple(f"+{name}" for name in SUMS)
AFTER_A_RATE = (
    *("int_exchange_rates__dated", "int_exchange_rates__ranges"),
    *("int_branch_days__changed", "dim_exchange_rates"),
    *RATED,
)
WRITTEN = (
    *("intermediate.int_exchange_rates__ranges", "intermediate.int_branch_days__changed"),
    *("intermediate.int_customer_months__sold", "intermediate.int_customers__valued"),
    *(f"marts.{name}" for name in RATED),
)
"""Incremental models that a rate changes."""
TESTS = (
    "assert_amounts_are_converted_at_the_rate_of_their_day",
    "assert_every_currency_of_sales_has_a_rate",
    "assert_no_sale_is_converted_at_a_stale_rate",
    "assert_items_match_their_receipt",
)
NEW_RATES = """
{"base_code": "USD", "time_last_update_utc": "2024-01-08 00:00:01",
 "conversion_rates": {"USD": 1, "INR": 100, "ZAR": 18}}
"""


def deliver(project: Project, branch: str, day: int, *prices: str) -> None:
    """A branch's file of a day in January 2024, with one receipt for each price."""
    lines = [
        f"{day:02}/01/2024 09:{minute:02},{branch},Ann Lee,Latte - {price},{price},CASH,\n"
        for minute, price in enumerate(prices)
    ]
    name = branch.lower().replace(" ", "_")
    project.deliver(f"branch_pos/{name}_{day:02}-01-2024_09-00-00.csv", "".join(lines))


def order(project: Project, mode: str, price: str, hour: int) -> None:
    """A file with one event of an order in a store, of the 8th, in rupees."""
    header = "order_number,customer_id,product_id,order_date,units,sale_price,currency,order_mode"
    line = f"1,7,3,01/08/2024,1,{price},INR,{mode},2024-01-08 {hour:02}:00:00"
    project.deliver(f"electroniz/store_orders/{mode}.csv", f"{header},updated_at\n{line}\n")


def set_rates(project: Project, *rates: tuple[str, str, int, str]) -> None:
    """The whole list of the company's own rates: from, to, day of January 2024, rate."""
    project.rows("delete from reference.exchange_rates")
    for one, other, day, rate in rates:
        project.rows(
            "insert into reference.exchange_rates"
            " (from_currency_code, to_currency_code, rate_date, rate) values (%s, %s, %s, %s)",
            *(one, other, f"2024-01-{day:02}", rate),
        )


def amounts(project: Project) -> dict[tuple[str, int], str]:
    """Branch and day -> what its receipts are worth in pounds; ~ for an estimate, ? for no rate."""
    found = project.rows(
        "select branch_name, cast(extract(day from business_date) as integer),"
        " string_agg(coalesce(net_amount_company::text, '?')"
        " || case when is_rate_estimated then '~' else '' end, ' ' order by sold_at)"
        " from marts.fct_transactions group by 1, 2"
    )
    return {(branch, day): text for branch, day, text in found}


def events(project: Project) -> list[tuple[str, Decimal | None]]:
    """What the events of the order are worth in pounds, in their order."""
    return project.rows(
        "select order_mode, net_amount_company from marts.fct_order_changes order by change_number"
    )


def changed_by_rates(project: Project, since: int) -> set[tuple[str, int]]:
    """Branches and days whose rate has changed after a file of the ledger."""
    found = project.rows(
        "select distinct branch_name, cast(extract(day from business_date) as integer)"
        " from intermediate.int_branch_days__changed"
        " join marts.fct_transactions using (branch_key, business_date) where rate_change_id > %s",
        since,
    )
    return set(found)


def row_versions(project: Project) -> dict[str, list[Row]]:
    """Where PostgreSQL has the rows of each table: a row written again has another place."""
    return {
        table: project.rows(f"select xmin::text, ctid::text from {table} order by 1, 2")
        for table in WRITTEN
    }


def newest_file(project: Project) -> int:
    return int(project.rows("select max(file_id) from raw.ingest_files")[0][0])


def test_late_and_corrected_rates_restate_exactly_the_days_they_change(project: Project) -> None:
    project.prepare()
    project.seed()
    project.rows(
        "insert into reference.branches"
        " (source_system, branch_name, country_code, time_zone, currency_code) values"
        " ('branch_pos', 'Pune', 'IN', 'Asia/Kolkata', 'INR')"
    )
    set_rates(project, ("GBP", "EUR", 6, "1.25"))
    for day in (5, 6, 8):
        deliver(project, "Dublin Docklands", day, "3.00")
        deliver(project, "Pune", day, "717.67", "1.00")
        deliver(project, "Leeds", day, "3.00")
    order(project, "NEW", "80.00", 9)
    order(project, "EDIT", "100.00", 10)
    project.load()
    project.dbt("run", "--select", *ALL, *ALL_SUMS)
    rupees, euros, pounds = "? ?", "2.400000", "3.000000"
    expected = {
        **{("Pune", day): rupees for day in (5, 6, 8)},
        **{("Leeds", day): pounds for day in (5, 6, 8)},
        ("Dublin Docklands", 5): f"{euros}~",
        ("Dublin Docklands", 6): euros,
        ("Dublin Docklands", 8): euros,
        ("Stores INR", 8): "?",
    }
    assert amounts(project) == expected
    assert events(project) == [("NEW", None), ("EDIT", None)]
    said = project.dbt("test", "--select", *TESTS)
    assert "WARN 1 assert_every_currency_of_sales_has_a_rate" in said
    assert "PASS=6 WARN=1 ERROR=0" in said
    # It has read everything: an audit with a warning is one.
    warned = "select count(*) from operations.test_marks where test like %s"
    assert project.rows(warned, f"%.{TESTS[1]}") == [(1,)]

    # Rupees go through dollars, and the euro has a late rate of the 7th. No file has come.
    built = newest_file(project)
    dollars = (("USD", "INR", 5, "80"), ("GBP", "USD", 5, "1.25"))
    set_rates(project, ("GBP", "EUR", 6, "1.25"), ("GBP", "EUR", 7, "1.2"), *dollars)
    project.dbt("run", "--select", *AFTER_A_RATE)
    # 717.67 / 80 / 1.25
    expected.update({("Pune", day): "7.176700 0.010000" for day in (5, 6, 8)})
    expected[("Stores INR", 8)] = "1.000000"
    expected[("Dublin Docklands", 8)] = "2.500000"
    assert amounts(project) == expected
    assert events(project) == [("NEW", Decimal("0.8")), ("EDIT", Decimal(1))]
    changed = {("Dublin Docklands", 8), ("Stores INR", 8), ("Pune", 5), ("Pune", 6), ("Pune", 8)}
    assert changed_by_rates(project, built - 1) == changed
    # Once for each change: another build without a file writes nothing.
    before = row_versions(project)
    project.dbt("run", "--select", *AFTER_A_RATE)
    assert row_versions(project) == before

    # Files come, one of them with a newer rate of the rupee. The euro's of the 6th is corrected:
    # not the 8th, which has another one.
    project.deliver("electroniz/rates/latest.json", NEW_RATES)
    deliver(project, "Leeds", 9, "3.00")
    deliver(project, "Dublin Docklands", 20, "3.00")
    project.load()
    set_rates(project, ("GBP", "EUR", 6, "1.5"), ("GBP", "EUR", 7, "1.2"), *dollars)
    project.dbt("run", "--select", *ALL, *ALL_SUMS)
    expected.update({("Dublin Docklands", 5): "2.000000~", ("Dublin Docklands", 6): "2.000000"})
    # 717.67 / 100 / 1.25, of the old rate between dollars and pounds.
    expected.update({("Pune", 8): "5.741360 0.008000", ("Stores INR", 8): "0.800000"})
    expected.update({("Dublin Docklands", 20): "2.500000", ("Leeds", 9): pounds})
    assert amounts(project) == expected
    assert events(project) == [("NEW", Decimal("0.64")), ("EDIT", Decimal("0.8"))]
    # The new day is not one that has changed.
    corrected = {("Dublin Docklands", 5), ("Dublin Docklands", 6), ("Pune", 8), ("Stores INR", 8)}
    assert changed_by_rates(project, built) == corrected
    # Nor are the receipts of customers added up again.
    before = row_versions(project)
    project.dbt("run", "--select", "int_customer_months__sold", "int_customers__valued")
    assert row_versions(project) == before
    said = project.dbt("test", "--select", *TESTS)
    assert "WARN 1 assert_no_sale_is_converted_at_a_stale_rate" in said
    assert "PASS=6 WARN=1 ERROR=0" in said

    project.keep_marts("nightly")
    project.dbt("run", "--full-refresh", "--select", *AFTER_A_RATE, *SUMS)
    assert project.differences("nightly") == {}


def test_an_amount_is_rounded_once_and_exactly(project: Project) -> None:
    """Against fractions, in random cases and next to halves of a millionth."""
    chance = random.Random(34)
    cases: list[tuple[Decimal, Decimal, Decimal]] = []
    for _ in range(1500):
        amount = Decimal(chance.randrange(-(10 ** chance.randint(1, 9)), 10**9)).scaleb(-2)
        units = Decimal(chance.randrange(1, 10 ** chance.randint(1, 14))).scaleb(-10)
        per = Decimal(chance.randrange(1, 10 ** chance.randint(1, 14))).scaleb(-10)
        cases.append((amount, units, per))
    half = Decimal("0.0000005")
    for per in (Decimal(3), Decimal("1.25"), Decimal("79.9999999999"), Decimal(20000)):
        for steps in range(-2, 3):
            units = half * per * (2 * chance.randrange(1, 10**6) + 1)
            near = units + steps * Decimal("1e-20")
            cases += [(Decimal(1), near, per), (Decimal(-1), near, per)]
    written = ", ".join(f"({amount:f}, {units:f}, {per:f})" for amount, units, per in cases)
    convert = project.dbt("--quiet", "compile", "--inline", "{{ company_amount('amount') }}")
    found = project.rows(
        f"select {convert} from (values {written}) as given (amount, company_units, currency_units)"
    )
    assert [amount for (amount,) in found] == [rounded(*case) for case in cases]


def rounded(amount: Decimal, units: Decimal, per: Decimal) -> Decimal | None:
    """The amount times one number, divided by the other, rounded half away from zero."""
    exact = Fraction(amount) * Fraction(units) / Fraction(per)
    if abs(exact) >= 99999999999999:
        return None
    millionths = abs(exact) * 10**6
    whole = (2 * millionths.numerator + millionths.denominator) // (2 * millionths.denominator)
    return Decimal(whole if exact >= 0 else -whole).scaleb(-6)
