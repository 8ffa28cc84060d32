"""Late, corrected and newly listed things restate the other rows that they affect."""

from __future__ import annotations

from decimal import Decimal

from nightly import Project


def receipt(time: str, customer: str, price: str, card: str = "") -> str:
    """One line of a branch file, of one item."""
    day_and_time = f"{time},Leeds,{customer},Latte - {price},{Decimal(price)}"
    return f"{day_and_time},{'CARD' if card else 'CASH'},{card}\n"


def first_purchases(project: Project) -> list[tuple[str, str]]:
    return project.rows(
        "select to_char(business_date, 'MM-DD'), customer_name from marts.fct_transactions"
        " join marts.dim_customers using (customer_key) where is_first_purchase order by 1, 2"
    )


LOOKED_AT = ("+rpt_daily_sales", "+rpt_product_performance", "+dim_customers", "+dim_branches")


def new_customers(project: Project) -> dict[str, tuple[int, int]]:
    rows = project.rows(
        "select to_char(business_date, 'MM-DD'), new_customers, returning_customers"
        " from marts.rpt_daily_sales order by 1"
    )
    return {day: (new, returning) for day, new, returning in rows}


def test_late_and_corrected_files_move_a_first_purchase(
    project: Project,
) -> None:
    def night(name: str, lines: str) -> None:
        project.deliver(f"branch_pos/leeds_{name}.csv", lines)
        project.load()
        project.dbt("run", "--select", *LOOKED_AT)

    project.prepare()
    project.seed()

    night("10-01-2024_09-00-00", receipt("10/01/2024 09:00", "Ann Lee", "2.00"))
    assert first_purchases(project) == [("01-10", "Ann Lee")]
    night("12-01-2024_09-00-00", receipt("12/01/2024 09:00", "Ann Lee", "2.00"))
    assert new_customers(project) == {"01-10": (1, 0), "01-12": (0, 1)}

    # A late day brings an older receipt: the day that had the first purchase must be updated.
    late = receipt("05/01/2024 09:00", "Ann  LEE", "2.00")
    night("05-01-2024_09-00-00", late + receipt("05/01/2024 09:05", "Bo Ek", "3.00"))
    assert new_customers(project) == {"01-05": (2, 0), "01-10": (0, 1), "01-12": (0, 1)}

    # Its numbers are compared with those of the same day a week later.
    last_week = "select net_sales_last_week from marts.rpt_daily_sales where business_date = %s"
    assert project.rows(last_week, "2024-01-12") == [(Decimal("5.00"),)]

    # The late day is corrected: that receipt was somebody else's.
    night("05-01-2024_10-00-00", receipt("05/01/2024 09:05", "Bo Ek", "3.00"))
    assert first_purchases(project) == [("01-05", "Bo Ek"), ("01-10", "Ann Lee")]
    assert new_customers(project) == {"01-05": (1, 0), "01-10": (1, 0), "01-12": (0, 1)}

    # All rows of a corrected file belong to another day: the file's own day becomes empty.
    night("10-01-2024_10-00-00", receipt("11/01/2024 09:00", "Ann Lee", "2.00"))
    assert new_customers(project) == {"01-05": (1, 0), "01-11": (1, 0), "01-12": (0, 1)}

    # A day of the month before comes late: this month's products are compared to it.
    night("30-12-2023_09-00-00", receipt("30/12/2023 09:00", "Cy Fox", "9.00"))
    months = "select net_sales, net_sales_last_month from marts.rpt_product_performance order by 1"
    assert project.rows(months) == [
        (Decimal("7.00"), Decimal("9.00")),
        (Decimal("9.00"), None),
    ]

    # An interrupted refresh loses earlier first purchases: their readers are fully refreshed after
    # it.
    project.deliver(
        "branch_pos/leeds_28-12-2023_09-00-00.csv", receipt("28/12/2023 09:00", "Ann Lee", "2.00")
    )
    project.load()
    project.dbt("run", "--full-refresh", "--select", "+int_customers__first_purchases")
    project.dbt("run", "--select", *LOOKED_AT)
    firsts = [("01-05", "Bo Ek"), ("12-28", "Ann Lee"), ("12-30", "Cy Fox")]
    assert first_purchases(project) == firsts

    project.keep_marts("nightly")
    project.dbt("run", "--full-refresh", "--select", *LOOKED_AT)
    assert project.differences("nightly") == {}


def test_a_newly_listed_branch_restates_the_past(project: Project) -> None:
    """Time zone, currency and spelling of an inferred branch are assumed until it is listed."""
    line = "10/07/2024 12:00,pop up rome,Ann Lee,Latte - 2.00,2.0,CASH,\n"
    project.deliver("branch_pos/pop_up_rome_10-07-2024_09-00-00.csv", line)
    project.load()
    project.seed()
    project.dbt("run", "--select", *LOOKED_AT)
    query = (
        "select branch_name, currency_code, is_inferred, sold_at at time zone 'UTC'"
        " from marts.fct_transactions"
        " join marts.dim_branches using (branch_key, branch_name, currency_code)"
    )
    [(name, currency, inferred, sold_at)] = project.rows(query)
    assert (name, currency, inferred, sold_at.hour) == ("pop up rome", "GBP", True, 11)

    project.rows(
        "insert into reference.branches"
        " (source_system, branch_name, country_code, time_zone, currency_code)"
        " values ('branch_pos', 'Pop Up Rome', 'IT', 'Europe/Rome', 'EUR')"
    )
    project.dbt("run", "--select", *LOOKED_AT)
    [(name, currency, inferred, sold_at)] = project.rows(query)
    assert (name, currency, inferred, sold_at.hour) == ("Pop Up Rome", "EUR", False, 10)
    assert project.rows("select branch_name, net_sales from marts.rpt_daily_sales") == [
        ("Pop Up Rome", Decimal("2.00"))
    ]
