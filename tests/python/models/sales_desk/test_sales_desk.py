"""The sales desk: its files become receipts, items, customers and sales people, to the penny."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from decimal import Decimal

import pytest
import throwaway
from nightly import Project, new_project

from base.link import Connection

HEADER = "customer_id,store_id,product_name,sales_date,sales_person_id,price,quantity,total_cost"

# Two stores; the second writes more columns, in another order. Customer 9 is in no list.
PUNE = f"""{HEADER}
1,571,oats,2023-12-30,1,10.50,2,21.00
1,571,oats,2023-12-30,1,10.50,2,21.00
9,571,sugar,2023-12-31,2,5,3,15
9,571,sugar,2024-01-02,1,5,4,20
2,571,maida,2024-01-02,2,7.25,-1,-7.25
,571,maida,2024-01-03,2,7.25,4,29.99
"""
NAGPUR = """Store ID;Sales Date;Customer;Item;Payment Mode;Price;Qty;Total;Sales Person ID;Till
572;2024-01-02;1;oats;cash;11;1;11,00;1;A
572;2024-01-02;3;oats;UPI;11;1;11,00;;B
"""
# Each line breaks a rule, and the last breaks two.
BAD = f"""{HEADER}
1,,oats,2024-01-02,1,10,1,10.01
1,571,oats,02/01/2024,1,10,1,10.02
1,571,oats,1999-12-31,1,10,1,10.04
1,571,NULL,2024-01-02,1,10,1,10.08
1,571,oats,2024-01-02,1,10,1.5,10.16
1,571,oats,2024-01-02,1,10,0,0
1,571,oats,2024-01-02,1,dear,1,10.32
1,571,oats,2024-01-02,1,10,1,much
1,571,,2024-01-02,1,10,1,
1,571,oats,2024-01-02,1,10,1
1,571,oats,2024-01-02,1,100,1,100
"""
REASONS = {
    "branch_missing": (1, Decimal("10.01")),
    "date_order_unclear": (1, Decimal("10.02")),
    "date_out_of_range": (1, Decimal("10.04")),
    "product_missing": (1, Decimal("10.08")),
    "quantity_unreadable": (2, Decimal("10.16")),
    "unit_price_unreadable": (1, Decimal("10.32")),
    "total_unreadable": (1, None),
    "product_missing, total_unreadable": (1, None),
    "7 columns where 8 are expected": (1, None),
}
CUSTOMERS = """customer_id,first_name,last_name,address,pincode,phone_number,customer_joining_date
1,Asha,Rao,Pune,411012,+91-7000000001,2021-12-12
2,Bela,Sen,Pune,411003,+91-7000000002,NULL
3,Bina,Das,Pune,411003,+91-7000000003,2022-01-01
4,Chitra,Iyer,Pune,411003,+91-7000000004,2022-12-08
"""
STORES = """id,address,store_pincode,store_manager_name,store_opening_date,reviews
571,Pune,411002,Chand,2020-01-15,Friendly.
"""
PRODUCTS = """id,name,current_price,old_price,created_date,updated_date,expiry_date
1,oats,10.50,9,2019-10-27,NULL,2025-07-15
2,ghee,99,98,2019-10-27,NULL,2025-07-15
"""
TEAM = """id,first_name,last_name,manager_id,is_manager,address,pincode,joining_date
1,Dev,Nair,3,N,Pune,411022,2023-06-30
"""

RECEIPTS = (
    "select branch_name, count(*), sum(net_amount) from marts.fct_transactions"
    " where source_system = 'sales_desk' group by 1"
)


@pytest.fixture(scope="module")
def desk(
    postgres_server: Connection, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Project]:
    """A warehouse that loaded a store's files one night, a correction and the rest the next."""
    with new_project(postgres_server, tmp_path_factory.mktemp("desk")) as project:
        project.deliver("sales_desk/sales/pune.csv", PUNE.replace("21.00\n", "20.00\n", 1))
        project.deliver("sales_desk/sales/2024/bad.csv", BAD)
        project.deliver("sales_desk/customer.csv", CUSTOMERS.replace("Bela,Sen", "Bela,Roy"))
        project.deliver("sales_desk/product.csv", PRODUCTS)
        project.load()
        project.dbt("build", "--exclude", "test_type:unit")
        assert project.rows(RECEIPTS) == [("571", 7, Decimal("198.74"))]

        project.deliver("sales_desk/sales/pune.csv", PUNE)
        project.deliver("sales_desk/sales/nagpur.csv", NAGPUR)
        project.deliver(
            "sales_desk/sales/short.csv", PUNE.replace(",total_cost", "").replace(",2\n", "\n")
        )
        project.deliver("sales_desk/customer.csv", CUSTOMERS)
        project.deliver("sales_desk/store.csv", STORES)
        project.deliver("sales_desk/sales_team.csv", TEAM)
        report = project.load()
        assert report.counts()["quarantined"] == 1
        project.dbt("build", "--exclude", "test_type:unit")
        yield project


def test_a_corrected_file_counts_and_one_without_a_column_does_not(desk: Project) -> None:
    found = {branch: (receipts, money) for branch, receipts, money in desk.rows(RECEIPTS)}
    assert found == {"571": (7, Decimal("199.74")), "572": (2, Decimal("22.00"))}
    files = "select path, status, reason from raw.ingest_files where status <> 'loaded' order by 1"
    [(first, superseded, _), (short, quarantined, reason)] = sorted(
        row for row in desk.rows(files) if "sales/" in row[0]
    )
    assert (first, superseded) == ("sales_desk/sales/pune.csv", "superseded")
    assert (short, quarantined) == ("sales_desk/sales/short.csv", "quarantined")
    assert "lacks the column total_cost" in reason


def test_two_equal_lines_are_two_sales(desk: Project) -> None:
    alike = desk.rows(
        "select count(*), count(distinct transaction_id), sum(quantity), sum(net_amount)"
        " from marts.fct_sales where product_name = 'oats' and business_date = '2023-12-30'"
    )
    assert alike == [(2, 2, 4, Decimal("42.00"))]
    assert desk.rows("select count(*), sum(net_amount) from marts.fct_sales") == [
        (9, Decimal("221.74"))
    ]


def test_doubtful_rows_are_flagged_and_count(desk: Project) -> None:
    flags = "select quality_flags, count(*), sum(net_amount) from marts.fct_transactions group by 1"
    assert set(desk.rows(flags)) == {
        (None, 6, Decimal("188.00")),
        ("total_not_positive", 1, Decimal("-7.25")),
        ("customer_missing, total_differs_from_price", 1, Decimal("29.99")),
        ("employee_missing, payment_method_unknown", 1, Decimal("11.00")),
    }
    ways = "select payment_method, count(*) from marts.fct_transactions group by 1"
    assert dict(desk.rows(ways)) == {"CASH": 1, "OTHER": 8}
    assert desk.rows("select till from raw.sales_desk_sales where till is not null order by 1") == [
        ("A",),
        ("B",),
    ]


def test_rejected_rows_are_listed_with_rule_and_claimed_amount(desk: Project) -> None:
    listed = desk.rows(
        "select reject_reasons, count(*), sum(claimed_amount) from marts.rejected_rows"
        " where feed = 'sales_desk_sales' and file_path = 'sales_desk/sales/2024/bad.csv'"
        " group by 1"
    )
    found = {reason: (rows, money) for reason, rows, money in listed}
    assert found == REASONS
    # The manager of the only sales person is on no list.
    others = (
        "select file_path, line_number, refused_at_step, reject_reasons, claimed_amount"
        " from marts.rejected_rows where file_path <> 'sales_desk/sales/2024/bad.csv'"
    )
    assert desk.rows(others) == [("sales_desk/sales_team.csv", 2, "field", "manager_unknown", None)]


def test_customers_from_the_list_and_from_sales(desk: Project) -> None:
    known = desk.rows(
        "select customer_id, customer_name, purchases, is_inferred from marts.dim_customers"
        " where identified_by = 'number' order by 1"
    )
    assert known == [
        ("1", "Asha Rao", 4, False),
        ("2", "Bela Sen", 1, False),
        ("3", "Bina Das", 1, False),
        ("4", "Chitra Iyer", 0, False),
        ("9", None, 2, True),
    ]
    unknown = (
        "select net_amount from marts.fct_transactions join marts.dim_customers"
        " using (source_system, customer_key) where identified_by = 'unknown'"
    )
    assert desk.rows(unknown) == [(Decimal("29.99"),)]


def test_stores_products_and_people_are_listed_or_inferred(desk: Project) -> None:
    stores = (
        "select branch_name, region, opening_date::text, is_inferred from marts.dim_branches"
        " where source_system = 'sales_desk' and branch_name in ('571', '572') order by 1"
    )
    assert desk.rows(stores) == [("571", "Pune", "2020-01-15", False), ("572", None, None, True)]
    products = (
        "select product_name, list_price, is_inferred from marts.dim_products"
        " where source_system = 'sales_desk' order by 1"
    )
    assert desk.rows(products) == [
        ("ghee", Decimal(99), False),
        ("maida", None, True),
        ("oats", Decimal("10.50"), False),
        ("sugar", None, True),
    ]
    people = "select employee_id, full_name, is_inferred from marts.dim_employees order by 1"
    assert desk.rows(people) == [("1", "Dev Nair", False), ("2", None, True)]


def test_the_sales_team_is_ranked_by_store_and_month(desk: Project) -> None:
    team = desk.rows(
        "select store_id, sales_person_id, sales_month, total_sales, top_performance_rank,"
        " incentive, month_over_month_variance, year_to_date_sales from marts.sales_team_data_mart"
        " order by 1, 3, 5"
    )
    money = Decimal
    assert team == [
        ("571", "1", "2023-12", money("42.00"), 1, money("0.42"), None, money("42.00")),
        ("571", "2", "2023-12", money("15.00"), 2, money("0.00"), None, money("15.00")),
        ("571", "1", "2024-01", money("120.00"), 1, money("1.20"), money("78.00"), money("120.00")),
        ("571", "2", "2024-01", money("22.74"), 2, money("0.00"), money("7.74"), money("22.74")),
        ("572", "1", "2024-01", money("11.00"), 1, money("0.11"), None, money("11.00")),
    ]


def test_sales_without_a_time_are_in_no_hour(desk: Project) -> None:
    assert desk.rows("select count(*) from marts.rpt_peak_hours") == [(0,)]
    daily = "select branch_name, sum(net_sales) from marts.rpt_daily_sales group by 1 order by 1"
    assert desk.rows(daily) == [("571", Decimal("199.74")), ("572", Decimal("22.00"))]


def test_all_at_once_gives_the_same_rows(desk: Project) -> None:
    desk.keep_marts("night_by_night")
    desk.dbt("run", "--full-refresh")
    assert desk.differences("night_by_night") == {}


def test_the_real_files(project: Project) -> None:
    folder = throwaway.real_files()
    for source in ("branch_pos", "sales_desk"):
        shutil.copytree(folder / source, project.inbox / source, dirs_exist_ok=True)
    project.load()
    project.dbt("build", "--exclude", "test_type:unit")
    by_source = (
        "select source_system, count(*), sum(net_amount) from marts.fct_transactions"
        " group by 1 order by 1"
    )
    [(_, tills, till_money), desk_figures] = project.rows(by_source)
    assert desk_figures == ("sales_desk", 3000, Decimal("3043871.00"))
    assert (tills, till_money) == (1950, Decimal("11967.95"))
    team = (
        "select count(*), count(*) filter (where top_performance_rank = 1), sum(incentive),"
        " sum(total_sales) from marts.sales_team_data_mart"
    )
    assert project.rows(team) == [(492, 165, Decimal("15875.05"), Decimal("3043871.00"))]
    buyers = (
        "select count(*), count(*) filter (where is_inferred), sum(purchases),"
        " sum(purchases) filter (where is_inferred) from marts.dim_customers"
        " where identified_by = 'number' and purchases > 0"
    )
    [(customers, _, purchases, without_master)] = project.rows(buyers)
    assert (customers, purchases, without_master) == (99, 3000, 1497)
    assert project.rows("select count(*) from marts.rejected_rows") == [(0,)]
    # Five stores for 32 months, one or two sales a day of 10 to 6,000: few anomalies.
    [(odd,)] = project.rows("select count(*) from marts.fct_sales_anomalies")
    assert odd <= 5 * 5 * 32 / 12
