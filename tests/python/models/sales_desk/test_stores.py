"""The list of stores, and special cases of their sales."""

from __future__ import annotations

import re

import throwaway
from nightly import Project

SALES = "customer_id,store_id,product_name,sales_date,sales_person_id,price,quantity,total_cost\n"
STORES = "id,address,store_pincode,store_manager_name,store_opening_date,reviews\n"
REGIONS = "select distinct level_name from marts.rpt_sales_trends where level = 'region' order by 1"


def night(project: Project, *arguments: str) -> None:
    """Load, and build and test the trends with everything upstream."""
    project.load()
    project.dbt(
        "build",
        *("--select", "+rpt_sales_trends", "+rpt_like_for_like_sales"),
        *("--indirect-selection", "cautious", "--exclude-resource-type", "unit_test"),
        *arguments,
    )


def test_a_stores_region_applies_to_all_its_days(project: Project) -> None:
    project.deliver("sales_desk/sales/a.csv", SALES + "1,888,tea,2020-03-02,1,5.00,1,5.00\n")
    project.deliver("sales_desk/sales/b.csv", SALES + "1,889,tea,2020-02-02,1,5.00,1,5.00\n")
    night(project)
    assert project.rows(REGIONS) == [("Without region",)]

    # Listed after the first day was built, and nothing is sold that night.
    listed = STORES + "888,Hull,1,Ann Lee,2020-01-01,\n889,Hull,1,Bo Ek,2020-01-01,\n"
    project.deliver("sales_desk/store.csv", listed)
    night(project)
    assert project.rows(REGIONS) == [("Hull",)]

    # One moves, and sells.
    project.deliver("sales_desk/store.csv", listed.replace("889,Hull", "889,Leeds"))
    project.deliver("sales_desk/sales/c.csv", SALES + "1,888,tea,2020-03-03,1,7.00,1,7.00\n")
    night(project)
    assert project.rows(REGIONS) == [("Hull",), ("Leeds",)]
    [(sold,)] = project.rows(
        "select sum(net_sales) from marts.rpt_sales_trends"
        " where level_name = 'Hull' and period_kind = 'day'"
    )
    assert sold == 12
    project.keep_marts("by_nights")
    night(project, "--full-refresh")
    assert project.differences("by_nights") == {}


def test_a_day_with_more_returns_than_sales(project: Project) -> None:
    project.deliver(
        "sales_desk/sales/a.csv",
        SALES + "1,888,tea,2020-03-02,1,5.00,2,10.00\n1,888,tea,2020-03-03,1,5.00,-2,-10.00\n",
    )
    night(project)
    assert project.rows(
        "select items_sold, net_sales from marts.rpt_daily_sales order by business_date"
    ) == [(2, 10), (-2, -10)]


def test_status_shows_which_store_is_behind(
    project: Project, branchline: throwaway.Branchline
) -> None:
    project.deliver(
        "sales_desk/sales/a.csv",
        SALES
        + "1,888,tea,2020-03-02,1,5.00,1,5.00\n"
        + "1,889,tea,2020-02-29,1,5.00,1,5.00\n"
        # A typing error makes no store late.
        + "1,890,tea,2049-03-02,1,5.00,1,5.00\n",
    )
    project.load()
    reported = branchline("status", environment=project.env).stdout
    assert "as built" not in reported
    project.dbt(
        *("build", "--select", "+rpt_digest__last_sales"),
        *("--exclude-resource-type", "test", "unit_test"),
    )
    reported = branchline("status", environment=project.env).stdout
    stores = reported.partition("sales_desk, as built")[2]
    assert re.search(r"888 .*2020-03-02 +(?!.* d)", stores)
    assert re.search(r"889 .*2020-02-29 .*2 d", stores)
    assert re.search(r"890 .*2049-03-02 +(?!.* d)", stores)
    assert "Behind the latest branch: 889 (2 d)" in stores
