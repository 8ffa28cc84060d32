"""Two stores whose every outcome is known: through exports and through databases, in two nights.

Both have the same documents, numbers and people; one has no name. The outcomes follow from the
description of the business (docs/sources/retail360.md).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

import psycopg2
import pytest
import throwaway
from nightly import Project, Row, new_project
from till_backups import (
    DEAD,
    GAP,
    HEALTHY,
    HOURS,
    OUT,
    PAY,
    PLENTY,
    RISK,
    SOLD,
    STOCK,
    UNMAPPED,
    TillStore,
)

from base.link import Connection
from operate.project.sample_databases import database_name, restore

STORE = TillStore(date(2025, 7, 10))
TOTAL = Decimal("1925.10") * STORE.copies
WAGE = Decimal("35.00")
VAT_PERCENT = 18
FOLDER, MAIN, HAIFA = "retail360", "Main store", "haifa"
MARTS = (
    "fct_sales", "fct_transactions", "fct_payments", "dim_products", "dim_employees",
    "rpt_daily_sales", "rpt_payment_mix", "rpt_vat", "rpt_product_performance",
    "fct_employee_shifts", "fct_employee_days", "rpt_employee_hours", "rpt_employee_productivity",
    "rpt_attendance_exceptions", "rpt_staffing_by_hour",
    "fct_stock_levels", "rpt_inventory_status", "rpt_stock_count_gaps",
    "rpt_inventory_trend", "rpt_inventory_turnover", "rpt_stockouts", "dim_product_costs",
    "fct_sale_margins", "rpt_product_margins", "rejected_rows",
)  # fmt: skip
OF_STOCK_DAYS = {
    *("fct_stock_levels", "rpt_inventory_trend", "rpt_inventory_turnover", "rpt_stockouts"),
}
"""What knows the stock of former days, which only a warehouse has that had the earlier backup."""
OF_FILES = {
    *("file_id", "newest_file_id", "file_path", "rejected_row_key"),
    *("loaded_at", "valid_from", "valid_to"),
}
"""Columns that name files, or say when they were loaded."""
OF_STORES = {"branch_key", "branch_name", "file_branch"}


def load(project: Project) -> None:
    """Load what is in the inbox, or in the databases of the environment."""
    report = project.load()
    assert {file.status for file in report.files} <= {"loaded"}, report.files


def build(project: Project) -> None:
    """Build the marts, with one wage for everybody."""
    if project.rows("select to_regclass('reference.hourly_wages') is null") == [(True,)]:
        project.dbt("seed", "--select", "hourly_wages")
        project.rows("delete from reference.hourly_wages")
        for folder in ("", f"{HAIFA}/"):
            for person in [person for number in HOURS for person in STORE.people(number)]:
                project.rows(
                    "insert into reference.hourly_wages"
                    " (source_system, employee_id, valid_from, hourly_wage, currency_code)"
                    " values (%s, %s, '2000-01-01', %s, 'ILS')",
                    *(FOLDER, folder + person, WAGE),
                )
    project.dbt(
        "build",
        *("--exclude-resource-type", "test", "unit_test", "--exclude", "hourly_wages"),
        *("--select", *(f"+{mart}" for mart in MARTS)),
    )


@pytest.fixture(scope="module")
def exported(
    postgres_server: Connection, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Project]:
    """The exports of two days of the store in a folder, and of the last day of the other one."""
    with new_project(postgres_server, tmp_path_factory.mktemp("exported")) as project:
        for ago, folders in ((1, (f"{FOLDER}/{HAIFA}",)), (0, (f"{FOLDER}/{HAIFA}", FOLDER))):
            for folder in folders:
                for name, content in STORE.files(ago).items():
                    project.deliver(f"{folder}/{name}", content)
            load(project)
        build(project)
        yield project


@pytest.fixture(scope="module")
def restored(
    postgres_server: Connection, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Project]:
    """The backups of two days of both stores, the later one in place of the earlier one."""
    with new_project(postgres_server, tmp_path_factory.mktemp("restored")) as project:
        try:
            for ago in (1, 0):
                databases = [STORE.database(ago, branch) for branch in (None, HAIFA)]
                environment, _ = restore(postgres_server.url, databases)
                with pytest.MonkeyPatch.context() as patched:
                    for name, value in environment.items():
                        patched.setenv(name, value)
                    load(project)
                build(project)
        finally:
            with closing(psycopg2.connect(postgres_server.url)) as admin:
                admin.autocommit = True
                for branch in (None, HAIFA):
                    name = database_name(STORE.database(branch=branch))
                    throwaway.drop_database(admin.cursor(), name)
        yield project


def main_store(project: Project, columns: str, mart: str, more: str = "") -> list[Row]:
    """What a mart says of the store without a name."""
    return project.rows(
        f"select {columns} from (select marts.*, branches.branch_name as store"
        f" from marts.{mart} as marts"
        " inner join marts.dim_branches as branches using (branch_key)) as found"
        f" where store = %s {more}",
        MAIN,
    )


# The outcomes


def test_nineteen_of_twenty_documents_count(exported: Project) -> None:
    copies = STORE.copies
    columns = "count(*), sum(net_amount), count(*) filter (where is_return)"
    assert main_store(exported, columns, "fct_transactions") == [(19 * copies, TOTAL, copies)]
    assert main_store(exported, "sum(net_amount)", "fct_sales") == [(TOTAL,)]
    columns = "sum(transactions), sum(returns), sum(net_sales), sum(returned_amount)"
    assert main_store(exported, columns, "rpt_daily_sales") == [
        (19 * copies, copies, TOTAL, Decimal("11.80") * copies)
    ]
    rejected = exported.rows(
        "select file_branch, reject_reasons, count(*) from marts.rejected_rows group by 1, 2"
        " order by 1"
    )
    assert rejected == [
        (HAIFA, "document_unsettled", copies),
        (None, "document_unsettled", copies),
    ]


def test_every_day_has_its_sales(exported: Project) -> None:
    expected: dict[date, Decimal] = {}
    for one in STORE.counted:
        day = STORE.date_of(one.ago)
        expected[day] = expected.get(day, Decimal(0)) + one.total
    found = main_store(exported, "business_date, net_sales", "rpt_daily_sales")
    assert dict(found) == expected


def test_each_document_counts_under_one_payment(exported: Project) -> None:
    expected: Counter[str] = Counter()
    for one in STORE.counted:
        expected[one.method] += int(100 * one.total)
    columns = "payment_method, sum(net_sales)"
    found = main_store(exported, columns, "rpt_payment_mix", "group by 1")
    assert {method: int(100 * net) for method, net in found} == expected
    assert main_store(exported, "sum(settled_amount)", "rpt_payment_mix") == [(TOTAL,)]
    assert main_store(exported, "sum(amount)", "fct_payments") == [(TOTAL,)]


def test_value_added_tax_is_taken_out_of_each_receipt(exported: Project) -> None:
    net = sum(
        (one.total / (1 + Decimal(VAT_PERCENT) / 100)).quantize(Decimal("0.01"), ROUND_HALF_UP)
        for one in STORE.counted
    )
    columns = "sum(gross_amount), sum(net_of_vat_amount), sum(vat_amount)"
    for mart in ("fct_transactions", "rpt_vat"):
        assert main_store(exported, columns, mart) == [(TOTAL, net, TOTAL - net)], mart


def test_stock_is_judged(exported: Project) -> None:
    outcomes = {
        HEALTHY: (42, 63, "STEADY", 20, "HEALTHY", 5),
        OUT: (0, 1, "OUT_OF_STOCK", 0, "OUT_OF_STOCK", 1),
        RISK: (15, 90, "FAST", 5, "STOCKOUT_RISK", 2),
        PLENTY: (30, 3, "SLOW", 300, "OVERSTOCK", 4),
        DEAD: (12, 0, "NO_RECENT_SALES", None, "DEAD_STOCK", 3),
        UNMAPPED: (20, 30, "STEADY", 20, "HEALTHY", 5),
    }
    found = main_store(
        exported,
        "product_id, stock_quantity, sold_quantity, velocity_class, days_of_cover, status,"
        " priority",
        "rpt_inventory_status",
    )
    assert {item: tuple(row) for item, *row in found} == {
        item: row for number, row in outcomes.items() for item in STORE.items(number)
    }


def test_an_item_without_a_master_row_stays(exported: Project) -> None:
    found = exported.rows("select product_id from marts.dim_products where is_inferred")
    assert {item for (item,) in found} == set(STORE.items(UNMAPPED))


def test_a_count_that_differs_from_the_balance_is_a_gap(exported: Project) -> None:
    found = main_store(exported, "product_id, gap_quantity", "rpt_stock_count_gaps")
    assert dict(found) == dict.fromkeys(STORE.items(HEALTHY), GAP)


def test_people_have_their_hours_and_their_pay(exported: Project) -> None:
    found = main_store(
        exported,
        "employee_id, sum(worked_hours), sum(pay_amount), sum(manual_shifts),"
        " sum(shifts_over_midnight)",
        "fct_employee_days",
        "group by 1",
    )
    assert {person: tuple(row) for person, *row in found} == {
        person: (hours, PAY[number], int(number == 103), int(number == 103))
        for number, hours in HOURS.items()
        for person in STORE.people(number)
    }
    assert main_store(exported, "count(*)", "rpt_attendance_exceptions") == [(0,)]


def test_shares_of_a_day_are_the_days_sales(exported: Project) -> None:
    shares = dict(
        main_store(exported, "business_date, sum(net_sales)", "fct_employee_days", "group by 1")
    )
    assert len(shares) > 10
    days = dict(main_store(exported, "business_date, net_sales", "rpt_daily_sales"))
    assert shares == {day: days.get(day, 0) for day in shares}


# The ways


def contents(project: Project, mart: str, left_out: set[str], store: str = "") -> Counter[str]:
    """The rows of a mart without some columns; `store`: those of one store."""
    columns = "{" + ",".join(left_out) + "}"
    where = "true"
    if store:
        where = (
            "branch_key = (select branch_key from marts.dim_branches"
            f" where source_system = '{FOLDER}' and branch_name = '{store}')"
        )
    found = project.rows(
        f"select (to_jsonb(lines) - %s::text[])::text from marts.{mart} as lines where {where}",
        columns,
    )
    return Counter(text for (text,) in found)


def columns_of(project: Project, mart: str) -> set[str]:
    found = project.rows(
        "select column_name from information_schema.columns"
        " where table_schema = 'marts' and table_name = %s",
        mart,
    )
    return {name for (name,) in found}


def test_databases_lead_to_the_same_as_exports(exported: Project, restored: Project) -> None:
    assert exported.marts() == restored.marts()
    differing = {
        mart
        for mart in exported.marts()
        if contents(restored, mart, OF_FILES) != contents(exported, mart, OF_FILES)
    }
    # Of the store without a name, the exports are those of the last day only.
    assert differing == OF_STOCK_DAYS
    for mart in differing:
        two_exports, two_backups = (
            contents(way, mart, OF_FILES, HAIFA) for way in (exported, restored)
        )
        assert two_exports == two_backups, mart
    levels = "business_date, count(*)"
    count = len(STOCK) * STORE.copies
    assert dict(main_store(exported, levels, "fct_stock_levels", "group by 1")) == {
        STORE.day: count
    }
    assert dict(main_store(restored, levels, "fct_stock_levels", "group by 1")) == {
        STORE.date_of(1): count,
        STORE.day: count,
    }


def test_a_named_store_has_the_same_outcomes(restored: Project) -> None:
    compared = set()
    for mart in restored.marts():
        names = columns_of(restored, mart)
        if "branch_key" not in names:
            continue
        # Receipts and people are the store's own; products are the chain's.
        own = {name for name in names if name.endswith(("_key", "_id"))} - {"product_key"}
        left_out = (OF_FILES | OF_STORES | own) - {"product_id"}
        one, other = (contents(restored, mart, left_out, store) for store in (MAIN, HAIFA))
        assert one == other, mart
        assert one or mart == "rpt_attendance_exceptions", mart
        compared.add(mart)
    assert len(compared) > 15


def test_the_store_may_be_larger_and_have_other_days() -> None:
    larger = TillStore(date(2027, 1, 31), copies=3)
    assert len(larger.counted) == 3 * 19
    assert sum(one.total for one in larger.counted) == 3 * Decimal("1925.10")
    assert len(SOLD) == 20
    assert len({row["document_id"] for row in larger.rows()["Documents"]}) == 60
    assert len(larger.rows(1)["Documents"]) == 3 * 18
