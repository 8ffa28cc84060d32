"""Lists of the tills over several nights: what a night keeps is what a full refresh gives."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from nightly import Project, Row

from ingest.review.withdrawal import withdraw

HEADERS = {
    "documents": "document_id,documenttype,recordingdate,printtime,generaltotalincludevat",
    "inventory": "item_id,card_id,cardsgroup,inventorybalance,countedinventory",
    "employeesattendance": "emplyee_id,datesetting,hourtime,movementtype,s__sequence",
    "items": "item_id,itemdesc,itemtype,costperunit,price1",
    "itemtypes": "type_id,typedesc",
    "employeesselection_byentrance": "emplyeenumber,longname",
}
HISTORIES = ("+int_stock_levels__unioned", "+int_punches__unioned")
LISTS = (
    "+int_retail360__refused_list_lines",
    "+int_retail360__branches",
    "+snap_retail360__products",
    "+snap_retail360__employees",
)
STOCK = """
    select branch_name, business_date, product_id, stock_quantity
    from intermediate.int_stock_levels__unioned where is_current
"""
PUNCHES = """
    select branch_name, employee_id, movement, is_manual, punched_at_local
    from intermediate.int_punches__unioned where is_current order by 1, 2, punched_at
"""
EVERYTHING = (
    "select * from intermediate.int_stock_levels__unioned order by file_id, line_number",
    "select * from intermediate.int_punches__unioned order by file_id, line_number",
)
# Of one business day: item -> units.
Stock = Mapping[str, str]
MONDAY, TUESDAY = date(2024, 3, 4), date(2024, 3, 5)


def deliver(project: Project, table: str, *lines: str, store: str | None = None) -> None:
    folder = f"retail360/{store}" if store else "retail360"
    project.deliver(f"{folder}/{table}.csv", "\n".join([HEADERS[table], *lines]) + "\n")


def deliver_stock(project: Project, day: date, stock: Stock, store: str | None = None) -> None:
    """The documents up to a day, and the list of stock of that night."""
    days = [f"{n},1,{day:%Y%m}{n:02},36000,9.90" for n in range(1, day.day + 1)]
    # An order for later, of another type.
    deliver(project, "documents", *days, f"99,12,{day:%Y%m}28,36000,50", store=store)
    lines = [f"{item} ,11,3,{units}," for item, units in stock.items()]
    # What other places hold.
    lines += [
        f"{item} ,{card},{group},999," for item in stock for card, group in ((12, 3), (11, 1))
    ]
    deliver(project, "inventory", *lines, store=store)


def build(project: Project, *words: str) -> None:
    without = ("--exclude-resource-type", "test", "unit_test")
    project.dbt("build", *words, *without)


def rows_of(store: str, day: date, stock: Stock) -> set[Row]:
    return {(store, day, item, Decimal(units)) for item, units in stock.items()}


def test_nights_keep_the_history_of_stock_and_clocks(project: Project) -> None:
    haifa, main = {"milk": "10.000", "tea": "3.250"}, {"milk": "7.000"}
    deliver_stock(project, MONDAY, main)
    deliver_stock(project, MONDAY, haifa, "haifa")
    punch = "101,20240304,28800,1,1"
    deliver(project, "employeesattendance", punch, "101,20240304,61200,2,2", store="haifa")
    deliver(project, "employeesattendance", punch, "102,20240304,5,7,2")
    project.load()
    build(project, "--select", *HISTORIES)
    expected = rows_of("Main store", MONDAY, main) | rows_of("haifa", MONDAY, haifa)
    assert set(project.rows(STOCK)) == expected
    assert [row[:4] for row in project.rows(PUNCHES)] == [
        ("Main store", "101", "in", False),
        ("haifa", "haifa/101", "in", False),
        ("haifa", "haifa/101", "out", False),
    ]

    # A new day in one store. Its list is sent twice; and an out is corrected by hand.
    early = {"milk": "8.000", "tea": "3.000", "cake": "-1.000"}
    deliver_stock(project, TUESDAY, early, "haifa")
    deliver(project, "employeesattendance", punch, "101,20240304,64800,92,2", store="haifa")
    project.load()
    late = {**early, "milk": "6.000"}
    deliver_stock(project, TUESDAY, late, "haifa")
    project.load()
    build(project, "--select", *HISTORIES)
    assert set(project.rows(STOCK)) == expected | rows_of("haifa", TUESDAY, late)
    [out] = [row for row in project.rows(PUNCHES) if row[2] == "out"]
    assert (out[3], f"{out[4]:%H:%M}") == (True, "18:00")

    # It is wrong, and withdrawn: the list before it is the last of its day again.
    withdraw(project.url, ["retail360/haifa/inventory.csv"], "wrong", lambda _: None)
    build(project, "--select", *HISTORIES)
    assert set(project.rows(STOCK)) == expected | rows_of("haifa", TUESDAY, early)
    changed = """
        select distinct business_date, is_current from intermediate.int_stock_levels__unioned
        where change_id = (select max(file_id) from raw.ingest_files) order by 2
    """
    assert project.rows(changed) == [(TUESDAY, False), (TUESDAY, True)]

    kept = [project.rows(query) for query in EVERYTHING]
    build(project, "--full-refresh", "--select", *HISTORIES)
    assert [project.rows(query) for query in EVERYTHING] == kept


def test_items_are_the_chains_and_people_the_stores(project: Project) -> None:
    deliver(project, "itemtypes", "1,חלב", store="haifa")
    deliver(project, "items", "2001 ,חלב טרי,1,4.20,6.90", "2002,,1,0,0", store="haifa")
    deliver(project, "items", "2001,Milk,1,5.00,7.10", "2003,Tea,1,1,x", store="jaffa")
    people = "employeesselection_byentrance"
    deliver(project, people, "101,דנה כהן", store="haifa")
    deliver(project, people, "101,Yael", ",Nobody", store="jaffa")
    project.load()
    build(project, "--select", *LISTS)
    prices = """
        select product_id, product_name, list_price, unit_cost
        from snapshots.snap_retail360__products where dbt_valid_to is null order by 1
    """
    assert project.rows(prices) == [
        ("2001", "חלב טרי", Decimal("6.90"), Decimal("4.20")),
        ("2002", "2002", None, None),
        ("2003", "Tea", None, Decimal("1")),
    ]
    names = "select employee_id, full_name from snapshots.snap_retail360__employees order by 1"
    assert project.rows(names) == [("haifa/101", "דנה כהן"), ("jaffa/101", "Yael")]

    # Only the other store's list changes: nothing alternates.
    deliver(project, "items", "2001,Milk,1,5.50,7.90", "2003,Tea,1,1,2.50", store="jaffa")
    project.load()
    build(project, "--select", *LISTS)
    versions = "select product_id, count(*) from snapshots.snap_retail360__products group by 1"
    assert dict(project.rows(versions)) == {"2001": 1, "2002": 1, "2003": 2}
    refused = """
        select files.path, lines.line_number, lines.reject_reasons, lines.is_counted
        from intermediate.int_retail360__refused_list_lines as lines
        inner join raw.ingest_files as files using (file_id) order by 1, 2
    """
    assert project.rows(refused) == [
        (f"retail360/jaffa/{people}.csv", 3, "id_missing", False),
        ("retail360/jaffa/items.csv", 3, "price_unreadable", True),
    ]
    stores = "select branch_name, country_code from intermediate.int_retail360__branches order by 1"
    assert project.rows(stores) == [("haifa", "IL"), ("jaffa", "IL")]
