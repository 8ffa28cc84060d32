"""The sample company's tills: each planted fault is found, and nothing else is rejected."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from nightly import Project, new_project

from base.link import Connection
from sample.company import write_deliveries
from sample.retail360 import trade, world
from sample.retail360.source import SMALL, TILL_DAYS
from sample.retail360.stores import store_at
from sample.retail360.world import StoreWorld

# Two stores, in the six weeks in which the clocks of Israel go forward and a month ends.
BRANCHES, START = 8, date(2025, 3, 2)
ISRAEL = ZoneInfo("Asia/Jerusalem")
METHODS = {trade.CASH: "CASH", trade.OTHER: "OTHER", trade.CREDIT: "CARD"}
REASONS = {
    world.UNSETTLED: "document_unsettled",
    world.WRONG_TYPE: "document_type_not_sale",
    world.LOST_DOCUMENT: "document_missing",
    world.LOST_LINES: "document_without_lines",
}
MARTS = (
    "fct_sales", "fct_transactions", "rpt_payment_mix", "dim_products", "fct_stock_levels",
    "fct_employee_shifts", "rpt_attendance_exceptions", "rejected_rows", "dim_product_costs",
)  # fmt: skip


@pytest.fixture(scope="module")
def stores() -> list[StoreWorld]:
    return [StoreWorld(1, store_at(position), SMALL, START) for position in range(2)]


@pytest.fixture(scope="module")
def project(
    postgres_server: Connection, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Project]:
    """A warehouse with the last exports of two stores."""
    with new_project(postgres_server, tmp_path_factory.mktemp("sample")) as made:
        for _, path, content in write_deliveries(
            branches=BRANCHES, days=TILL_DAYS, start=START, sources=("retail360",)
        ):
            made.deliver(path, content)
        assert made.load().counts()["loaded"] == 18
        made.dbt(
            "build",
            *("--exclude-resource-type", "unit_test", "test"),
            *("--select", *(f"+{mart}" for mart in MARTS)),
        )
        yield made


def test_sales_are_those_that_were_written(project: Project, stores: list[StoreWorld]) -> None:
    found = project.rows(
        "select branch_name, business_date, count(*), sum(items_sold), sum(net_amount)"
        " from marts.fct_transactions group by 1, 2"
    )
    assert {(name, day): tuple(figures) for name, day, *figures in found} == {
        (store.store.name, day): (figures.transactions, figures.items_sold, figures.net_amount)
        for store in stores
        for day, figures in store.sold(TILL_DAYS).items()
    }
    [(lines, net_amount)] = project.rows("select count(*), sum(net_amount) from marts.fct_sales")
    counted = [one for store in stores for _, one in store.counted(TILL_DAYS)]
    assert lines == sum(len(one.lines) for one in counted)
    assert 100 * net_amount == sum(one.total for one in counted)


def test_every_planted_fault_is_rejected_with_its_reason(
    project: Project, stores: list[StoreWorld]
) -> None:
    expected: Counter[tuple[str, str]] = Counter()
    for store in stores:
        for fault, count in store.rejected(TILL_DAYS).items():
            expected[store.store.name, REASONS[fault]] += count
    assert {reason for _, reason in expected} == set(REASONS.values())
    found = project.rows(
        "select split_part(file_path, '/', 2), reject_reasons, count(*)"
        " from marts.rejected_rows group by 1, 2"
    )
    assert {(name, reason): count for name, reason, count in found} == expected


def test_returns_and_payments_are_those_that_were_written(
    project: Project, stores: list[StoreWorld]
) -> None:
    expected: Counter[str] = Counter()
    returns = 0
    for store in stores:
        for _, one in store.counted(TILL_DAYS):
            expected[METHODS[one.method]] += one.total
            returns += one.is_return
    found = project.rows(
        "select payment_method, sum(net_sales) from marts.rpt_payment_mix group by 1"
    )
    assert {method: int(100 * net) for method, net in found} == expected
    assert len(expected) == 3
    assert returns
    assert project.rows("select count(*) from marts.fct_transactions where is_return") == [
        (returns,)
    ]


def test_the_stock_of_the_last_day_is_known(project: Project, stores: list[StoreWorld]) -> None:
    expected = {
        (store.store.name, goods.item_id): Decimal(stock.level).scaleb(-3)
        for store in stores
        for goods, stock in store.stock(TILL_DAYS)
    }
    found = project.rows(
        "select branch_name, product_id, stock_quantity from marts.fct_stock_levels"
        " inner join marts.dim_branches using (branch_key)"
    )
    assert {(name, item): quantity for name, item, quantity in found} == expected
    unlisted = {goods.item_id for store in stores for goods in store.unlisted}
    assert unlisted
    found = project.rows("select product_id from marts.dim_products where is_inferred")
    assert {item for (item,) in found} == unlisted


def test_hours_are_real_hours_and_the_rest_is_reported(
    project: Project, stores: list[StoreWorld]
) -> None:
    expected: dict[tuple[str, datetime], tuple[Decimal, bool]] = {}
    reported: Counter[str] = Counter()
    for store in stores:
        clock = store.attendance(TILL_DAYS)
        for shift, is_by_hand in clock.shifts:
            person = f"{store.store.name}/{shift.employee}"
            seconds = real_seconds(shift.clocked_in, shift.clocked_out)
            hours = (Decimal(seconds) / 3600).quantize(Decimal("0.000001"))
            expected[person, shift.clocked_in] = (hours, is_by_hand)
            reported["shift_too_long"] += seconds > 16 * 3600
            reported["hours_past_last_tier"] += 12 * 3600 < seconds <= 16 * 3600
        reported["in_doubled"] += clock.doubled_ins
        reported["in_without_out"] += clock.ins_without_out
        reported["out_without_in"] += clock.outs_without_in
    found = project.rows(
        "select employee_id, clocked_in_at_local, clocked_hours, is_manual"
        " from marts.fct_employee_shifts"
    )
    assert {(person, moment): tuple(row) for person, moment, *row in found} == expected
    assert all(reported.values())
    found = project.rows(
        "select reason, count(*) from marts.rpt_attendance_exceptions"
        " where reason <> 'wage_missing' group by 1"
    )
    assert dict(found) == reported
    nights = [(moment, hours) for (_, moment), (hours, _) in expected.items() if moment.hour >= 21]
    changed = [hours for moment, hours in nights if moment.date() == date(2025, 3, 27)]
    assert changed
    assert max(changed) < 7.5 < min(hours for moment, hours in nights if hours not in changed)


def real_seconds(begin: datetime, end: datetime) -> int:
    """The time between two moments of the clock on the wall."""
    first, last = (moment.replace(tzinfo=ISRAEL) for moment in (begin, end))
    return int((last - first + (first.utcoffset() - last.utcoffset())) / timedelta(seconds=1))
