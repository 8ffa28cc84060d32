"""The chain's files: their forms, their faults, and what becomes of orders and shipments."""

from __future__ import annotations

import csv
import io
import json
import re
from collections import Counter, defaultdict
from datetime import date
from ipaddress import IPv4Address, IPv6Network, ip_address, ip_network

import pytest

from ingest.contract.reading import load_feeds
from sample.electroniz.lists import CUSTOMER_COLUMNS, STORES, WEB_SHOP, contact
from sample.electroniz.orders import DELETE, EDIT, NEW, STORE, WEB, Sizes
from sample.electroniz.shipments import DELIVERED, IN_TRANSIT, SHIPMENT_COLUMNS
from sample.electroniz.source import sizes_of
from sample.electroniz.world import World
from sample.people import luhn_digit

START, DAYS = date(2025, 9, 1), 28
SIZES = Sizes(customers=60, store_orders=12, web_orders=8, sessions=30)
RESERVED = ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "233.252.0.0/24", "10.0.0.0/8")

Rows = list[dict[str, str]]


def rows_of(content: bytes) -> Rows:
    return list(csv.DictReader(io.StringIO(content.decode(), newline="")))


@pytest.fixture(scope="module")
def world() -> World:
    return World(1, SIZES, START)


def test_orders_of_both_channels_have_the_same_numbers_and_are_changed_and_deleted(
    world: World,
) -> None:
    events: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    first_seen: dict[tuple[str, str], str] = {}
    early = 0
    for number in range(DAYS):
        for row in rows_of(world.store_orders(number)):
            key = STORE, row["order_number"].strip()
            early += row["order_mode"] == NEW and EDIT in events[key]
            first_seen.setdefault(key, row["order_mode"])
            events[key][row["order_mode"]] += 1
        for line in world.web_orders(number).decode().splitlines():
            if world.breaks_line(number) and not line.endswith("]"):
                continue
            (event,) = json.loads(line)
            data = event["data"]
            first_seen.setdefault((WEB, data["order_number"]), data["order_mode"])
            events[WEB, data["order_number"]][data["order_mode"]] += 1
    numbers = {channel: {n for c, n in events if c == channel} for channel in (STORE, WEB)}
    assert numbers[WEB] & numbers[STORE]
    modes = Counter(mode for seen in events.values() for mode in seen.elements())
    assert modes[NEW] > 10 * modes[DELETE] > 0
    assert modes[EDIT] > modes[DELETE]
    # The first sight of an order may be a change; and a change may come before what it changes.
    assert EDIT in first_seen.values()
    assert early
    assert any(seen[NEW] > 1 for seen in events.values())


def test_stock_changes_its_columns_and_has_a_category(world: World) -> None:
    headers = [world.inventory(number).decode().splitlines()[0] for number in range(6)]
    base = "inventory_date,product,inventory"
    assert headers == [base] * 2 + [f"{base},warehouse"] * 2 + [f"{base},city"] * 2
    for number in (1, 3, 5):
        rows = rows_of(world.inventory(number))
        assert len(rows) == 11
        assert [row["product"] for row in rows].count("Phones") == 1
    states, cities = rows_of(world.inventory(3)), rows_of(world.inventory(5))
    named = {row["product"]: row["warehouse"].replace("Arizona", "Phoenix") for row in states}
    assert named == {row["product"]: row["city"] for row in cities}


def test_rates_come_in_two_shapes_and_not_every_day(world: World) -> None:
    assert list(json.loads(world.single_rate())) == ["USD_CAD"]
    dated = [number for number in range(DAYS) if world.has_rates(number)]
    assert dated == [0, 7, 14, 21]
    answers = [json.loads(world.rates(number)) for number in dated]
    assert {answer["base_code"] for answer in answers} == {"USD"}
    assert answers[0]["time_last_update_utc"] == "2025-09-01 00:00:01"
    assert set(answers[0]["conversion_rates"]) == {"USD", "CAD", "EUR", "GBP", "INR"}
    assert answers[0]["conversion_rates"] != answers[1]["conversion_rates"]


def test_every_address_is_reserved(world: World) -> None:
    networks = [ip_network(network) for network in RESERVED]
    seen: set[str] = set()
    for number in range(DAYS):
        seen |= {request.address for request in world.requests(number)}
    kinds = set()
    for text in seen:
        address = ip_address(text)
        if isinstance(address, IPv4Address):
            assert any(address in network for network in networks), text
        else:
            assert address in IPv6Network("2001:db8::/32")
        kinds.add(address.version)
    assert kinds == {4, 6}
    for line in world.ip_ranges().decode().splitlines():
        first, last, *_ = next(csv.reader([line]))
        bounds = ip_address(int(first)), ip_address(int(last))
        assert any(all(bound in network for bound in bounds) for network in networks)


def test_hits_reach_the_limit_of_the_budget_in_several_countries() -> None:
    world = World(1, sizes_of(8), START)
    hits = Counter(
        request.address.rpartition(".")[0]
        for number in range(DAYS)
        for request in world.requests(number)
        if request.agent.startswith("Mozilla/5.0 (") and "Bot" not in request.agent
    )
    assert sum(count > 1000 for count in hits.values()) >= 2


def test_nobody_has_the_cards_telephones_or_mails(world: World) -> None:
    rows = rows_of(world.customers(0))
    assert tuple(rows[0]) == CUSTOMER_COLUMNS
    assert len(rows) == SIZES.customers
    for row in rows:
        card = row["credit_card"]
        assert len(card) == 16
        assert luhn_digit(card[:-1]) != int(card[-1])
        assert re.search(r"555-01\d\d$|^01632 960\d{3}$|^\+91 55500000\d\d$", row["phone"])
        assert re.search(r"@example\.(com|org|net)$", row["email"], re.IGNORECASE)
    mails = Counter(row["email"] for row in rows)
    assert [count for count in mails.values() if count > 1] == [2]
    assert {row["country"] for row in rows} == {
        "United States", "Canada", "United Kingdom", "India"
    }  # fmt: skip


def test_customers_change_whole_and_are_never_those_of_the_web_shop(world: World) -> None:
    changed = rows_of(world.customers(3))
    assert [row["customer_id"] for row in changed] == ["61", "62", "1"]
    before = rows_of(world.customers(0))[0]
    after = changed[-1]
    different = {name for name in before if before[name] != after[name]}
    assert different == {"customer_name", "updated_at"}
    assert contact(1, STORES, 1) != contact(1, WEB_SHOP, 1)


def test_shipments_are_reported_late_twice_and_in_another_order(world: World) -> None:
    reported: dict[str, list[tuple[str, int]]] = defaultdict(list)
    unknown = 0
    for number in range(DAYS):
        rows = rows_of(world.shipments(number))
        assert rows
        unknown += sum(row["event_code"] == "ZZ" for row in rows)
        for shipment, scan in world.scans(number):
            reported[shipment.number].append((scan.status, number))
    late = [
        shipment
        for shipment, scans in reported.items()
        if {DELIVERED, IN_TRANSIT} <= dict(scans).keys()
        and dict(scans)[IN_TRANSIT] > min(day for status, day in scans if status == DELIVERED)
    ]
    again = [
        shipment
        for shipment, scans in reported.items()
        if sum(status == DELIVERED for status, _ in scans) > 1
    ]
    assert late
    assert again
    assert unknown
    carriers = {row["carrier"] for row in rows_of(world.shipments(DAYS - 1))}
    assert {"UPS", "DHL", "Purolator"} <= carriers


def test_shipments_send_declared_columns_only() -> None:
    feed = load_feeds().feeds["electroniz_shipments"]
    assert set(SHIPMENT_COLUMNS) <= {column.name for column in feed.columns}


def test_without_mess_nothing_is_changed_or_doubled() -> None:
    world = World(1, SIZES, START, mess=False)
    for number in range(DAYS):
        for channel in (STORE, WEB):
            assert {event.mode for _, event in world.events(channel, number)} == {NEW}
            assert world.changes(channel, number)[1] == 0
        assert world.undated(number) == world.unknown_scans(number) == 0
        assert not world.changes_customers(number)
        assert not world.breaks_line(number)
        assert b"Phones" not in world.inventory(number)
    assert world.unlisted(DAYS) == 0


def test_a_file_does_not_depend_on_the_files_before_it(world: World) -> None:
    for number in (0, 3, 19):
        fresh = World(1, SIZES, START)
        assert fresh.shipments(number) == world.shipments(number)
        assert fresh.web_orders(number) == world.web_orders(number)
        assert fresh.store_orders(number) == world.store_orders(number)
        assert fresh.access_log(number) == world.access_log(number)
