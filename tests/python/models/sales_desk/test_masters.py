"""The lists of the sales desk change in place; their history is kept by day."""

from __future__ import annotations

import csv
import io
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
import throwaway
from nightly import Project, Row

Table = list[dict[str, str]]
Masters = dict[str, Table]

MADE_UP: dict[str, str] = {
    "customer": """customer_id,first_name,last_name,address,pincode,phone_number,joining_date
1,Asha,Rao,Pune,411012,+91-7000000001,2021-12-12
2,Bela,Sen,Pune,411003,+91-7000000002,2022-12-08
""",
    "store": """id,address,store_pincode,store_manager_name,store_opening_date,reviews
571,Pune,411002,Chand,2020-01-15,Friendly.
""",
    "product": """id,name,current_price,old_price,created_date,updated_date,expiry_date
1,quaker oats,212,190,2019-10-27,NULL,2025-07-15
2,sugar,50,35,2020-02-27,NULL,2024-10-18
3,maida,20.50,8,2019-10-23,NULL,2025-03-17
""",
    "sales_team": """id,first_name,last_name,manager_id,is_manager,address,pincode,joining_date
1,Dev,Nair,3,N,Pune,411022,2023-06-30
2,Esha,Pal,3,N,Pune,411037,2023-02-07
3,Farid,Khan,2,N,Pune,411015,2021-05-27
""",
}

BEGINNING, END = date(2000, 1, 1), date(2050, 1, 1)
FIRST_DAY, NEXT_DAY, THIRD_DAY = date(2024, 3, 4), date(2024, 3, 5), date(2024, 3, 8)

HISTORIES = ("+dim_product_prices", "+dim_employee_managers", "+dim_customer_versions")
MODELS = (
    *HISTORIES,
    "+dim_products",
    "+dim_employees",
    "+rpt_price_changes",
    "+fct_sales",
)

PRICES = "select product_name, list_price, valid_from, valid_to from marts.dim_product_prices"
MANAGERS = "select employee_id, manager_id, valid_from, valid_to from marts.dim_employee_managers"
ADDRESSES = "select customer_id, address, valid_from, valid_to from marts.dim_customer_versions"

# Every list has lines that break a rule: some are rejected, others count without a value.
BROKEN: dict[str, str] = {
    "customer": """customer_id,first_name,last_name,address,pincode,phone_number,joining_date
1,Asha,Rao,Pune,411012,+91-7000000001,11.12.2021
,Bela,Sen,Pune,411003,+91-7000000002,2022-12-08
""",
    "store": """id,address,store_pincode,store_manager_name,store_opening_date,reviews
571,Pune,411002,Chand,2020-01-15,Friendly.
571,Pune,411003,Devi,2020-01-16,Clean.
""",
    "product": """id,name,current_price,old_price,created_date,updated_date,expiry_date
1,quaker oats,5O,190,2019-10-27,NULL,2025-07-15
2,sugar,-40,35,2020-02-27,NULL,2024-10-18
3,,20.50,8,2019-10-23,NULL,2025-03-17
4,ghee,99,98,2019-10-23,NULL,2025-03-17
""",
    "sales_team": """id,first_name,last_name,manager_id,is_manager,address,pincode,joining_date
1,Dev,Nair,7,N,Pune,411022,2023-06-30
2,Esha,Pal,2,N,Pune,411037,2023-02-07
3,Farid,Khan,2,N,Pune,411015,2021-05-27
""",
}
REFUSED = """
    select file_path, line_number, refused_at_step, reject_reasons, line_text
    from marts.rejected_rows order by 1, 2
"""
OF_CUSTOMERS: list[Row] = [
    ("sales_desk/customer.csv", 2, "field", "date_unreadable", "1 | Asha | Rao | 11.12.2021"),
    ("sales_desk/customer.csv", 3, "check", "id_missing", "Bela | Sen | 2022-12-08"),
]
OF_THE_OTHERS: list[Row] = [
    (
        *("sales_desk/product.csv", 2, "field", "price_unreadable"),
        "1 | quaker oats | 5O | 190 | 2019-10-27 | 2025-07-15",
    ),
    (
        *("sales_desk/product.csv", 3, "field", "price_negative"),
        "2 | sugar | -40 | 35 | 2020-02-27 | 2024-10-18",
    ),
    (
        *("sales_desk/product.csv", 4, "check", "name_missing"),
        "3 | 20.50 | 8 | 2019-10-23 | 2025-03-17",
    ),
    ("sales_desk/sales_team.csv", 2, "field", "manager_unknown", "1 | Dev | Nair | 7 | 2023-06-30"),
    ("sales_desk/sales_team.csv", 3, "field", "manager_unknown", "2 | Esha | Pal | 2 | 2023-02-07"),
    ("sales_desk/store.csv", 2, "check", "id_doubled", "571 | Pune | 2020-01-15"),
]

# A sale joined with the price and the manager as of its day.
SALES_OF_THEIR_DAY = """
    select sales.business_date, sales.product_name, prices.list_price, managers.manager_id
    from marts.fct_sales as sales
    left join marts.dim_product_prices as prices
        on sales.product_key = prices.product_key
        and sales.business_date >= prices.valid_from and sales.business_date < prices.valid_to
    left join marts.dim_employee_managers as managers
        on sales.employee_key = managers.employee_key
        and sales.business_date >= managers.valid_from and sales.business_date < managers.valid_to
"""


def read(text: str) -> Table:
    return list(csv.DictReader(io.StringIO(text)))


def written(table: Table) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(table[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(table)
    return text.getvalue()


@pytest.fixture(params=["made up", "real"])
def masters(request: pytest.FixtureRequest) -> Masters:
    """The four lists: a few made-up lines, or the real ones if available."""
    if request.param == "made up":
        return {name: read(text) for name, text in MADE_UP.items()}
    desk = throwaway.real_files() / "sales_desk"
    return {name: read((desk / f"{name}.csv").read_text("utf-8-sig")) for name in MADE_UP}


def deliver(project: Project, masters: Masters) -> None:
    for name, table in masters.items():
        project.deliver(f"sales_desk/{name}.csv", written(table))


def sell(project: Project, product: str, days: list[date], customer: str, person: str) -> None:
    """A file with one sale a day of one product: as many units as the day's number, at 7.00."""
    lines = "".join(
        f"{customer},571,{product},{day},{person},7,{day.day},{7 * day.day}\n" for day in days
    )
    header = (
        "customer_id,store_id,product_name,sales_date,sales_person_id,price,quantity,total_cost"
    )
    project.deliver(f"sales_desk/sales/{product}.csv".replace(" ", "_"), f"{header}\n{lines}")


def load_on(project: Project, day: date) -> None:
    """Load as if it were 21:30 of a day."""
    [(before,)] = project.rows("select coalesce(max(file_id), 0) from raw.ingest_files")
    project.load()
    tables = project.rows(
        "select table_name from information_schema.columns"
        " where table_schema = 'raw' and column_name = '_loaded_at'"
    )
    evening = f"{day} 21:30:00+00"
    for (table,) in tables:
        project.rows(f"update raw.{table} set _loaded_at = %s where _file_id > %s", evening, before)
    project.rows(
        "update raw.ingest_files set loaded_at = %s where file_id > %s and loaded_at is not null",
        evening,
        before,
    )


def build(project: Project, *words: str, models: tuple[str, ...] = MODELS) -> None:
    project.dbt(
        "build",
        *("--exclude", "test_type:unit"),
        *("--indirect-selection", "cautious"),
        *("--select", *models),
        *words,
    )


def kept(project: Project) -> dict[str, set[Row]]:
    """The whole history: the snapshots, and the marts built from them."""
    tables = [
        f"snapshots.snap_sales_desk__{name}" for name in ("customers", "products", "employees")
    ]
    tables += [f"marts.dim_{name}" for name in ("product_prices", "employee_managers")]
    tables += ["marts.dim_customer_versions", "marts.rpt_price_changes"]
    return {table: set(project.rows(f"table {table}")) for table in tables}


def test_history_keeps_old_and_new_versions(project: Project, masters: Masters) -> None:
    products, team, customers = masters["product"], masters["sales_team"], masters["customer"]
    changed, gone, person, customer = products[0], products[-1], team[0], customers[0]
    days = [date(2024, 3, day) for day in (3, 4, 5, 6, 7, 8)]
    sell(project, changed["name"], days, customer["customer_id"], person["id"])
    sell(project, gone["name"], days[::2], customer["customer_id"], person["id"])
    project.prepare()
    deliver(project, masters)
    load_on(project, FIRST_DAY)
    build(project)

    first_prices = set(project.rows(PRICES))
    first_managers = set(project.rows(MANAGERS))
    first_addresses = set(project.rows(ADDRESSES))
    assert first_prices == {
        (row["name"], Decimal(row["current_price"]), BEGINNING, END) for row in products
    }
    assert first_managers == {(row["id"], row["manager_id"], BEGINNING, END) for row in team}
    assert len(first_addresses) == len(customers)

    # A day later: a price, a manager and an address have changed, and a product is delisted.
    old_price, old_manager = Decimal(changed["current_price"]), person["manager_id"]
    new_price = old_price + 10
    new_manager = next(row["id"] for row in team if row["id"] != old_manager)
    later: dict[str, Any] = {
        **masters,
        "product": [{**changed, "current_price": str(new_price)}, *products[1:-1]],
        "sales_team": [{**person, "manager_id": new_manager}, *team[1:]],
        "customer": [{**customer, "address": "Nagpur"}, *customers[1:]],
    }
    deliver(project, later)
    load_on(project, NEXT_DAY)
    build(project)

    name, left = changed["name"], Decimal(gone["current_price"])
    assert set(project.rows(PRICES)) - first_prices == {
        (name, old_price, BEGINNING, NEXT_DAY),
        (name, new_price, NEXT_DAY, END),
        (gone["name"], left, BEGINNING, NEXT_DAY),
    }
    assert len(first_prices - set(project.rows(PRICES))) == 2
    assert set(project.rows(MANAGERS)) - first_managers == {
        (person["id"], old_manager, BEGINNING, NEXT_DAY),
        (person["id"], new_manager, NEXT_DAY, END),
    }
    assert set(project.rows(ADDRESSES)) - first_addresses == {
        (customer["customer_id"], customer["address"], BEGINNING, NEXT_DAY),
        (customer["customer_id"], "Nagpur", NEXT_DAY, END),
    }

    # Each sale is joined with the price and the manager as of its own day.
    expected = {(day, name, new_price if day >= NEXT_DAY else old_price) for day in days}
    expected |= {(day, gone["name"], None if day >= NEXT_DAY else left) for day in days[::2]}
    found = project.rows(SALES_OF_THEIR_DAY)
    assert len(found) == len(expected)
    assert {row[:3] for row in found} == expected
    assert {(row[0], row[3]) for row in found} == {
        (day, new_manager if day >= NEXT_DAY else old_manager) for day in days
    }

    # Units of two days before and of the day since: sales with future dates count, but not in
    # comparisons.
    assert project.rows(
        "select old_price, new_price, days_before, days_after, units_before, units_after,"
        " net_sales_before, net_sales_after, changed_on from marts.rpt_price_changes"
    ) == [(old_price, new_price, 2, 1, 7, 5, 49, 35, NEXT_DAY)]
    now = "select list_price, is_inferred from marts.dim_products where product_name = %s"
    assert project.rows(now, name) == [(new_price, False)]
    assert project.rows(now, gone["name"]) == [(None, True)]
    assert project.rows(
        "select manager_id from marts.dim_employees where employee_id = %s", person["id"]
    ) == [(new_manager,)]

    # The same content creates no version, nor does a full refresh at another hour.
    was = kept(project)
    build(project, "--full-refresh")
    assert kept(project) == was

    # The lists return to their first content: a price that returns is a separate period.
    for table, rows in masters.items():
        project.deliver(f"sales_desk/{table}.csv", written(rows))
    load_on(project, THIRD_DAY)
    build(project, models=HISTORIES)
    assert set(project.rows(f"{PRICES} where product_name = %s", name)) == {
        (name, old_price, BEGINNING, NEXT_DAY),
        (name, new_price, NEXT_DAY, THIRD_DAY),
        (name, old_price, THIRD_DAY, END),
    }
    assert set(project.rows(f"{PRICES} where product_name = %s", gone["name"])) == {
        (gone["name"], left, BEGINNING, NEXT_DAY),
        (gone["name"], left, THIRD_DAY, END),
    }


def test_errors_in_a_list_are_reported_until_it_is_fixed(project: Project) -> None:
    models = ("+rejected_rows", "+dim_products", "+dim_employees", "+dim_product_prices")

    def found() -> tuple[list[Row], dict[str, set[Row]]]:
        tables = ("marts.dim_products", "marts.dim_employees", "marts.dim_product_prices")
        return project.rows(REFUSED), {name: set(project.rows(f"table {name}")) for name in tables}

    project.prepare()
    for name, text in BROKEN.items():
        project.deliver(f"sales_desk/{name}.csv", text)
    load_on(project, FIRST_DAY)
    build(project, models=models)
    assert project.rows(REFUSED) == [*OF_CUSTOMERS, *OF_THE_OTHERS]
    prices = "select product_name, list_price from marts.dim_products order by 1"
    assert project.rows(prices) == [
        ("ghee", Decimal(99)),
        ("quaker oats", None),
        ("sugar", None),
    ]
    assert project.rows("select product_name, list_price from marts.dim_product_prices") == [
        ("ghee", Decimal(99))
    ]
    managers = "select employee_id, manager_id from marts.dim_employees order by 1"
    assert project.rows(managers) == [("1", "7"), ("2", "2"), ("3", "2")]

    # The next night brings a correct list of customers; the other lists are unchanged.
    project.deliver("sales_desk/customer.csv", MADE_UP["customer"])
    load_on(project, NEXT_DAY)
    build(project, models=models)
    was = found()
    assert was[0] == OF_THE_OTHERS
    build(project, "--full-refresh", models=models)
    assert found() == was

    # And then the others. The list of customers returns to its first content.
    deliver(project, {name: read(text) for name, text in MADE_UP.items()})
    project.deliver("sales_desk/customer.csv", BROKEN["customer"])
    load_on(project, THIRD_DAY)
    build(project, models=models)
    was = found()
    assert was[0] == OF_CUSTOMERS
    build(project, "--full-refresh", models=models)
    assert found() == was
