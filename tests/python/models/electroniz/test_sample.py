"""The sample chain: what is planted in its files is found, and nothing else is rejected."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date

import pytest
from nightly import Project, new_project

from base.link import Connection
from sample.company import write_deliveries
from sample.electroniz.orders import DELETE, STORE, WEB
from sample.electroniz.shipments import UNKNOWN
from sample.electroniz.source import SHOWN_DAYS, sizes_of
from sample.electroniz.traffic import RANGES
from sample.electroniz.world import World
from sample.sources import DEFAULT_START
from sample.truth import NO_SALES, Figures

BRANCHES = 3
MARTS = (
    "fct_transactions", "rejected_rows", "rpt_order_exceptions", "fct_shipments",
    "fct_shipment_events", "fct_page_requests", "rpt_stock_availability",
)  # fmt: skip


@pytest.fixture(scope="module")
def world() -> World:
    return World(1, sizes_of(BRANCHES), DEFAULT_START)


@pytest.fixture(scope="module")
def project(
    postgres_server: Connection, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Project]:
    """A warehouse with all files of the chain."""
    with new_project(postgres_server, tmp_path_factory.mktemp("sample")) as made:
        files = 0
        for _, path, content in write_deliveries(
            branches=BRANCHES, days=SHOWN_DAYS, sources=("electroniz",)
        ):
            made.deliver(path, content)
            files += 1
        assert made.load().counts()["loaded"] == files
        made.seed()
        made.dbt("run", "--select", *(f"+{mart}" for mart in MARTS))
        yield made


def test_sales_are_those_that_were_written(project: Project, world: World) -> None:
    expected: dict[tuple[str, date], Figures] = {}
    for channel in (STORE, WEB):
        for number in range(SHOWN_DAYS):
            for key, figures in world.changes(channel, number)[0].items():
                expected[key] = expected.get(key, NO_SALES) + figures
    found = project.rows(
        "select branch_name, business_date, count(*)::int, sum(items_sold)::int,"
        " (100 * sum(net_amount))::int from marts.fct_transactions group by 1, 2"
    )
    assert {(name, day): Figures(*figures) for name, day, *figures in found} == {
        key: figures for key, figures in expected.items() if figures != NO_SALES
    }
    # Each has the rate of its week.
    assert project.rows(
        "select count(*) from marts.fct_transactions"
        " where net_amount_company is null or is_rate_estimated"
    ) == [(0,)]
    unlisted = [
        order.number
        for number in range(SHOWN_DAYS)
        for order in world.orders(STORE, number)
        if order.is_unlisted and order.standing(SHOWN_DAYS - 1).branch
    ]
    found = project.rows("select order_number::int from marts.rpt_order_exceptions order by 1")
    assert [number for (number,) in found] == unlisted


def test_every_planted_fault_is_rejected_with_its_reason(project: Project, world: World) -> None:
    expected: Counter[str] = Counter()
    last = SHOWN_DAYS - 1
    for number in range(SHOWN_DAYS):
        expected["product_unmapped"] += 1
        expected["timestamp_unreadable"] += world.undated(number)
        expected["event_status_unknown"] += world.unknown_scans(number)
        for order in (*world.orders(STORE, number), *world.orders(WEB, number)):
            sent = order.sent_by(last)
            repeats = sum(event.is_repeat for event in sent)
            is_deleted = any(event.mode == DELETE for event in sent)
            expected["order_repeated"] += repeats
            expected["order_deleted"] += is_deleted
            expected["order_changed"] += max(0, len(sent) - repeats - 1)
    expected["range_overlaps"] += 1
    assert all(expected.values())
    found = project.rows(
        "select reject_reasons, count(*)::int from marts.rejected_rows"
        " where refused_at_step = 'check' group by 1"
    )
    assert dict(found) == expected
    assert project.rows(
        "select feed, count(*)::int from marts.rejected_rows"
        " where refused_at_step <> 'check' group by 1"
    ) == [("electroniz_web_orders", 1)]


def test_shipments_are_those_that_were_reported(project: Project, world: World) -> None:
    events: Counter[tuple[str, str]] = Counter()
    shipments = set()
    for number in range(SHOWN_DAYS):
        for shipment, scan in world.scans(number):
            if scan.status != UNKNOWN:
                shipments.add(shipment.number)
                events[shipment.number, scan.status] += 1
    found = project.rows(
        "select shipment_number, event_status, reports::int from marts.fct_shipment_events"
    )
    assert {(number, status): reports for number, status, reports in found} == events
    found = project.rows("select shipment_number from marts.fct_shipments")
    assert {number for (number,) in found} == shipments


def test_hits_are_counted_by_country(project: Project, world: World) -> None:
    codes = {
        first.rpartition(".")[0]: code for first, _, code, _ in RANGES if code not in ("DE", "-")
    }
    expected: Counter[str] = Counter()
    for number in range(SHOWN_DAYS):
        for request in world.requests(number):
            is_person = request.agent.startswith("Mozilla/5.0 (") and "Bot" not in request.agent
            if is_person and request.second is not None:
                network = request.address.rpartition(".")[0]
                expected[codes.get(network, "ZZ")] += 1
    assert set(expected) == {"US", "CA", "GB", "IN", "ZZ"}
    found = project.rows(
        "select country_code, count(*)::int from marts.fct_page_requests"
        " where not is_bot group by 1"
    )
    assert dict(found) == expected


def test_stock_of_the_last_day_is_known(project: Project, world: World) -> None:
    found = project.rows(
        "select product_name, branch_name, on_hand_quantity::int"
        " from marts.rpt_stock_availability where branch_name <> 'unknown'"
    )
    assert set(found) >= set(world.stock(SHOWN_DAYS - 1))
