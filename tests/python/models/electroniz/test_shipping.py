"""Shipments whose events come late, twice and in any order, and orders that wait for them.

Each night is compared with what the files say, counted here, and the last one with a full refresh.
"""

from __future__ import annotations

import json
import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

from nightly import Project

SEED = 16
WINDOW = 30
FIRST_DAY = date(2021, 5, 1)
PRODUCTS = {"1": "Watch", "2": "Kettle", "3": "Microwave"}
PLACES = ("Phoenix", "New York")
ARIZONA = timezone(timedelta(hours=-7))
# The carrier's words for a status, by carrier; of others the status itself.
WORDS = {
    ("UPS", "exception"): ("X", "Held in warehouse"),
    ("DHL", "delivered"): ("OK", "Signed for"),
    ("Purolator", "returned"): ("Undeliverable", "Returned to the sender"),
}
WAITING_TEST = "assert_waiting_orders_hold_the_reserved_stock"
WAY = ("label_created", "picked_up", "in_transit", "out_for_delivery", "exception")
MOVING = WAY[1:]
ORDERS_HEADER = (
    "order_number,customer_id,product_id,order_date,units,sale_price,currency,order_mode,updated_at"
)
SHIPMENTS_HEADER = (
    "shipment_number,channel,order_number,carrier,origin,origin_country,destination_country,"
    "promised_on,shipping_cost,currency,event_time,event_code,event_status,event_place,updated_at"
)


@dataclass(eq=False)
class Order:
    """An order, as it is when its last event has come."""

    channel: str
    number: int
    product: str
    units: int
    day: date
    deleted_on: date | None = None
    shipments: list[Shipment] = field(default_factory=list)

    @property
    def key(self) -> tuple[str, int]:
        return self.channel, self.number

    @property
    def known(self) -> list[Shipment]:
        """Its shipments of which something was reported."""
        return [shipment for shipment in self.shipments if shipment.come]

    @property
    def left_on(self) -> date | None:
        if not self.known:
            return self.day if self.channel == "store" else None
        days = [shipment.shipped_on for shipment in self.known]
        return None if None in days else max(day for day in days if day)

    def is_waiting(self, today: date) -> bool:
        return not (self.deleted_on or self.left_on) and self.day > today - timedelta(WINDOW)


@dataclass(eq=False)
class Shipment:
    """A shipment: its events, those of them that have come, and how often."""

    number: str
    order: Order
    carrier: str
    origin: str
    promise: date | None
    cost: int
    events: list[tuple[str, datetime]]
    come: Counter[tuple[str, datetime]] = field(default_factory=Counter)
    nights: set[int] = field(default_factory=set)

    @property
    def promised_on(self) -> date | None:
        """The first promise: the one of the second night is later."""
        return promise_of(self, min(self.nights))

    def times(self, *statuses: str) -> list[datetime]:
        return sorted(at for status, at in self.come if status in statuses)

    @property
    def deliveries(self) -> list[datetime]:
        returned = self.times("returned")
        return [at for at in self.times("delivered") if not returned or at < returned[0]]

    @property
    def status(self) -> str:
        if self.times("returned"):
            return "returned"
        if self.deliveries:
            return "delivered"
        return max(self.come, key=lambda one: (one[0] != WAY[0], one[1], WAY.index(one[0])))[0]

    @property
    def delivered_on(self) -> date | None:
        if not self.deliveries:
            return None
        moved = [at for at in self.times(*MOVING) if at <= self.deliveries[-1]]
        return min(at for at in self.deliveries if not moved or at >= moved[-1]).date()

    @property
    def shipped_on(self) -> date | None:
        times = self.times("picked_up", "in_transit", "out_for_delivery", "delivered", "returned")
        return times[0].date() if times else None

    @property
    def first_on(self) -> date:
        return min(at for _, at in self.come).date()

    @property
    def paid(self) -> Decimal:
        """The cost that was stated last."""
        return Decimal(self.cost + max(self.nights))

    @property
    def is_open(self) -> bool:
        return self.status not in ("delivered", "returned")


def promise_of(shipment: Shipment, night: int) -> date | None:
    return shipment.promise + timedelta(2 * night - 2) if shipment.promise else None


@dataclass
class Chain:
    """What was ordered, shipped and in stock so far."""

    orders: list[Order] = field(default_factory=list)
    # Day -> place -> product -> units.
    lists: dict[date, dict[str, dict[str, int]]] = field(default_factory=dict)
    changed: list[date] = field(default_factory=list)
    # From which day on a Canadian dollar is worth how many pounds.
    rates: dict[date, Decimal] = field(default_factory=dict)

    @property
    def shipments(self) -> list[Shipment]:
        return [shipment for order in self.orders for shipment in order.known]

    def rate_on(self, day: date) -> Decimal:
        """The last one by then; before the first one that counts."""
        return self.rates[max((one for one in self.rates if one <= day), default=min(self.rates))]

    @property
    def today(self) -> date:
        events = [at.date() for shipment in self.shipments for _, at in shipment.come]
        return max(*events, *self.changed)


def some_orders(chance: random.Random, chain: Chain, count: int, first: date) -> list[Order]:
    """New orders of few products, most of them with a shipment or two."""
    made = []
    for number in range(len(chain.orders) + 1, len(chain.orders) + count + 1):
        channel = chance.choice(("store", "online", "online"))
        order = Order(
            channel=channel,
            number=number,
            product=chance.choice("1233" if channel == "online" else "1234"),
            units=chance.randint(1, 4) if channel == "store" else 1,
            day=first + timedelta(chance.randint(0, 9)),
        )
        for part in range(chance.choice((0, 1, 1, 1, 2))):
            begin = datetime(order.day.year, order.day.month, order.day.day, 8, tzinfo=ARIZONA)
            statuses = chance.sample((*MOVING, "delivered", "delivered"), chance.randint(0, 5))
            if chance.random() < 0.1:
                statuses.append("returned")
            events = {
                (status, begin + timedelta(hours=chance.randint(1, 150)))
                for status in ("label_created", *statuses)
            }
            order.shipments.append(
                Shipment(
                    number=f"{number}-{part}",
                    order=order,
                    carrier=chance.choice(("DHL", "Purolator", "UPS")),
                    origin=chance.choice((*PLACES, "Austin")),
                    promise=order.day + timedelta(chance.randint(1, 5)) if part == 0 else None,
                    cost=chance.randint(5, 30),
                    events=sorted(events),
                )
            )
        made.append(order)
    return made


def as_line(
    chance: random.Random, shipment: Shipment, event: tuple[str, datetime], night: int
) -> str:
    """An event as a carrier writes it: in one of several spellings."""
    status, at = event
    code, text = WORDS.get((shipment.carrier, status), ("", status))
    if not code and chance.random() < 0.5:
        text = text.replace("_", chance.choice((" ", "  "))).title()
    cells = (
        shipment.number,
        "web" if shipment.order.channel == "online" else "store",
        shipment.order.number,
        chance.choice((shipment.carrier, shipment.carrier.lower())),
        shipment.origin.replace("Phoenix", chance.choice(("Phoenix", "ARIZONA", "phoenix"))),
        "US",
        "CA",
        promise_of(shipment, night) or "",
        shipment.cost + night,
        "CAD",
        at.isoformat(),
        code,
        text,
        chance.choice(("Louisville", "LOUISVILLE KY", "")),
        f"2021-06-{night:02} 00:00:00",
    )
    return ",".join(f'"{cell}"' for cell in cells)


def report(chance: random.Random, shipments: Iterable[Shipment], night: int) -> str:
    """Some of the events, in any order, some of them twice: a file of shipments."""
    lines = []
    for shipment in shipments:
        for event in shipment.events:
            for _ in range(chance.choice((0, 1, 1, 2))):
                lines.append(as_line(chance, shipment, event, night))
                shipment.come[event] += 1
                shipment.nights.add(night)
    chance.shuffle(lines)
    return "\n".join([SHIPMENTS_HEADER, *lines]) + "\n"


def store_line(order: Order, mode: str, at: datetime) -> str:
    return (
        f"{order.number},7,{order.product},{order.day:%m/%d/%Y},{order.units},10.00,CAD,{mode},"
        f"{at:%Y-%m-%d %H:%M:%S}"
    )


def web_line(order: Order, mode: str, at: datetime) -> str:
    data = {
        "customer_name": "Di Ray",
        "address": "4 Park Lane",
        "city": "Leeds",
        "postalcode": "LS2 2BB",
        "country": "UK",
        "phone": "0113 4960759",
        "email": "di@example.com",
        "product_name": PRODUCTS[order.product].lower(),
        "order_date": f"{order.day:%d/%m/%Y}",
        "currency": "CAD",
        "order_mode": mode,
        "sale_price": "10.00",
        "order_number": str(order.number),
    }
    return json.dumps([{"id": "1", "eventTime": f"{at:%Y-%m-%dT%H:%M:%SZ}", "data": data}])


def deliver_orders(
    project: Project, chain: Chain, night: int, events: list[tuple[Order, str, date]]
) -> None:
    lines: defaultdict[str, list[str]] = defaultdict(list)
    for order, mode, day in events:
        at = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
        write = store_line if order.channel == "store" else web_line
        lines[order.channel].append(write(order, mode, at))
        chain.changed.append(day)
    text = "\n".join([ORDERS_HEADER, *lines["store"]]) + "\n"
    project.deliver(f"electroniz/store_orders/night_{night}.csv", text)
    project.deliver(f"electroniz/web_orders/night_{night}.jsonl", "\n".join(lines["online"]) + "\n")


def deliver_stock(
    project: Project, chain: Chain, day: date, stock: dict[str, dict[str, int]]
) -> None:
    """A list of all places; the first one names none."""
    places = list(stock) != ["Warehouse"]
    lines = [f"inventory_date,product,inventory{',city' if places else ''}"]
    for place, levels in stock.items():
        for product, units in levels.items():
            lines.append(f"{day},{PRODUCTS[product]},{units}" + (f',"{place}"' if places else ""))
    lines.append(f"{day},Phones,34" + (',"Phoenix"' if places else ""))
    project.deliver(f"electroniz/inventory/{day}.csv", "\n".join(lines) + "\n")
    chain.lists[day] = stock


def deliver_rates(project: Project, chain: Chain, day: date, cad: str, gbp: str) -> None:
    rates = f'{{"CAD": {cad}, "GBP": {gbp}}}'
    project.deliver(
        f"electroniz/rates/{day}.json",
        f'{{"base_code": "USD", "time_last_update_utc": "{day} 00:00:00",'
        f' "conversion_rates": {rates}}}',
    )
    chain.rates[day] = Decimal(gbp) / Decimal(cad)


def deliver_night(project: Project, chance: random.Random, chain: Chain, night: int) -> None:
    """New orders, late events and repeated ones of the old, cancellations, a list of stock."""
    first = FIRST_DAY + timedelta(14 * (night - 1))
    new = some_orders(chance, chain, 25, first)
    events = [(order, "NEW", order.day) for order in new]
    for order in chance.sample([*chain.orders, *new], 9):
        if not order.deleted_on:
            order.deleted_on = order.day + timedelta(chance.randint(0, 4))
            events.append((order, "DELETE", order.deleted_on))
    chain.orders += new
    deliver_orders(project, chain, night, events)
    shipments = [shipment for order in chain.orders for shipment in order.shipments]
    text = report(chance, shipments, night)
    project.deliver(f"electroniz/shipments/night_{night}.csv", text)
    units = chance.sample(range(8), 6)
    stock = {place: dict(zip("123", units[i::2], strict=True)) for i, place in enumerate(PLACES)}
    if night == 1:
        deliver_rates(project, chain, FIRST_DAY, "1.5", "0.75")
        deliver_stock(project, chain, first, {"Warehouse": {"1": 9, "2": 1, "3": 0}})
    if night == 2:
        # Late, too: costs of the first night are converted at another rate.
        deliver_rates(project, chain, FIRST_DAY + timedelta(3), "1.25", "0.8")
        del stock["New York"]["2"]
        # Late: between the lists that are known.
        late = {place: {p: max(u - 2, 0) for p, u in of.items()} for place, of in stock.items()}
        deliver_stock(project, chain, FIRST_DAY + timedelta(8), late)
    deliver_stock(project, chain, first + timedelta(5), stock)
    project.deliver(
        "electroniz/products.csv",
        "product_code,product_name,product_category ,updated_at\n"
        + "".join(f"{code},{name},Home,2021-05-01 00:00:00\n" for code, name in PRODUCTS.items()),
    )
    project.load()


def expect_shipments(project: Project, chain: Chain) -> None:
    found = project.rows(
        "select shipment_number, status, events::int, exceptions::int, shipping_cost,"
        " shipping_cost_company, days_late, shipped_on, delivered_on from marts.fct_shipments"
    )
    assert Counter(found) == Counter(
        (
            *(shipment.number, shipment.status, len(shipment.come)),
            len(shipment.times("exception")),
            shipment.paid,
            shipment.paid * chain.rate_on(shipment.first_on),
            (shipment.delivered_on - shipment.promised_on).days
            if shipment.delivered_on and shipment.promised_on
            else None,
            *(shipment.shipped_on, shipment.delivered_on),
        )
        for shipment in chain.shipments
    )
    events = project.rows(
        "select shipment_number, event_status, event_at, reports::int"
        " from marts.fct_shipment_events"
    )
    assert Counter(events) == Counter(
        (shipment.number, *event, times)
        for shipment in chain.shipments
        for event, times in shipment.come.items()
    )


def expect_performance(project: Project, chain: Chain) -> None:
    weeks: defaultdict[tuple[str, date], Counter[str]] = defaultdict(Counter)
    orders: defaultdict[tuple[str, date], set[tuple[str, int]]] = defaultdict(set)
    for shipment in chain.shipments:
        day = shipment.promised_on or shipment.shipped_on or shipment.first_on
        row = shipment.carrier, day - timedelta(day.weekday())
        orders[row].add(shipment.order.key)
        weeks[row]["shipments"] += 1
        weeks[row]["cost"] += int(shipment.paid)
        if promised := shipment.promised_on:
            if done := shipment.delivered_on:
                weeks[row]["on time" if done <= promised else "late"] += 1
            elif shipment.status == "returned" or promised < chain.today:
                weeks[row]["not delivered"] += 1
    found = project.rows(
        "select carrier, due_week, shipments::int, orders::int, on_time_shipments::int,"
        " late_shipments::int, (missed_shipments + overdue_shipments)::int, due_shipments::int,"
        " shipping_cost, cost_per_order from marts.rpt_delivery_performance"
    )
    names = ("on time", "late", "not delivered")
    assert Counter(found) == Counter(
        (
            *(*row, counts["shipments"], len(orders[row])),
            *(counts[name] for name in names),
            sum(counts[name] for name in names),
            Decimal(counts["cost"]),
            round(Decimal(counts["cost"]) / len(orders[row]) + Decimal("0.000001"), 2),
        )
        for row, counts in weeks.items()
    )


def expect_stock(project: Project, chain: Chain) -> dict[str, int]:
    """Stock of each product that has not left yet."""
    day = max(chain.lists)
    levels = chain.lists[day]
    left: Counter[str] = Counter()
    rows: defaultdict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for place, of_place in levels.items():
        for product, units in of_place.items():
            rows[product, place]["on hand"] = units
    for order in chain.orders:
        holders = [place for place in levels if order.product in levels[place]]
        origins = {shipment.origin for shipment in order.known}
        place = max(holders, key=lambda one: levels[one][order.product], default="unknown")
        if origins and min(origins) in holders:
            place = min(origins)
        if order.is_waiting(chain.today):
            rows[order.product, place]["reserved"] += order.units
        elif not order.deleted_on and holders and order.left_on and order.left_on > day:
            rows[order.product, place]["left"] += order.units
    found = project.rows(
        "select product_id, branch_name, on_hand_quantity::int, left_since_quantity::int,"
        " reserved_quantity::int, available_quantity::int"
        " from marts.rpt_stock_availability"
    )
    assert Counter(found) == Counter(
        (
            *row,
            of["on hand"],
            of["left"],
            of["reserved"],
            of["on hand"] - of["left"] - of["reserved"],
        )
        for row, of in rows.items()
    )
    for (product, place), of in rows.items():
        if place != "unknown":
            left[product] += of["on hand"] - of["left"]
    return dict(left)


def expect_risks(project: Project, chain: Chain, stock: dict[str, int]) -> None:
    wanted: Counter[str] = Counter()
    risks = {}
    for order in sorted(chain.orders, key=lambda one: (one.day, one.number)):
        reasons = []
        waits = order.is_waiting(chain.today)
        pending = [shipment for shipment in order.known if shipment.is_open]
        stopped = [shipment for shipment in pending if shipment.status == "exception"]
        if order.deleted_on or not (waits or pending):
            continue
        shown = min(
            stopped or pending,
            key=lambda one: one.promised_on or date.max,
            default=None,
        )
        if stopped:
            reasons.append("shipment_exception")
        promises = [one.promised_on for one in stopped or pending if one.promised_on]
        if shown and promises and min(promises) < chain.today:
            reasons.append("promise_passed")
        if waits:
            wanted[order.product] += order.units
            if order.product not in stock:
                reasons.append("stock_unknown")
            elif wanted[order.product] > max(stock[order.product], 0):
                reasons.append("stock_short")
        if reasons:
            risks[order.key] = ", ".join(reasons)
    found = project.rows(
        "select channel, order_number::int, risk_reasons from marts.rpt_orders_at_risk"
        " order by position"
    )
    assert {(channel, number): reasons for channel, number, reasons in found} == risks
    assert [row[:2] for row in found] == list(risks)


def expect_cancellations(project: Project, chain: Chain) -> None:
    expected = []
    for order in chain.orders:
        if not (day := order.deleted_on):
            continue
        since = day - timedelta(WINDOW)
        listed = max((one for one in chain.lists if since < one <= day), default=None)
        available = None
        if listed:
            levels = chain.lists[listed].values()
            claims = sum(
                other.units
                for other in chain.orders
                if other.product == order.product
                and since < other.day <= day
                and (other.deleted_on is None or other.deleted_on > day)
                and (other.left_on is None or other.left_on > listed)
            )
            available = sum(of.get(order.product, 0) for of in levels) - claims
        before = order.left_on is None or order.left_on > day
        short = before and available is not None and available < order.units
        expected.append((*order.key, day, available, before, short))
    found = project.rows(
        "select channel, order_number::int, cancelled_on, available_quantity::int,"
        " is_before_shipment, is_for_lack_of_stock from marts.fct_order_cancellations"
    )
    assert Counter(found) == Counter(expected)


def expect(project: Project, chain: Chain) -> None:
    expect_shipments(project, chain)
    expect_performance(project, chain)
    expect_risks(project, chain, expect_stock(project, chain))
    expect_cancellations(project, chain)


def scans_of_orders(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The nodes of a plan that read a table with a row for each order or each day of a product."""
    if plan.get("Relation Name") in ("int_orders__fulfilled", "int_product_days__ordered"):
        yield plan
    for part in plan.get("Plans", ()):
        yield from scans_of_orders(part)


def expect_indexes(project: Project) -> None:
    """What is computed whole in each run finds its orders by an index, and reads no table of all.

    The tables of a test are read whole because they are small, so that it is forbidden here.
    """
    for name in ("rpt_stock_availability", "rpt_orders_at_risk", WAITING_TEST):
        [path] = (Path(project.env["DBT_TARGET_PATH"]) / "compiled").rglob(f"{name}.sql")
        [(plans,)] = project.rows(
            f"set enable_seqscan = off; explain (format json) {path.read_text()}"
        )
        scans = list(scans_of_orders(plans[0]["Plan"]))
        assert scans
        # A scan of a bitmap has the condition in the node below it.
        assert [scan for scan in scans if not {"Index Cond", "Recheck Cond"} & set(scan)] == []


def build(project: Project, *words: str, only: str = "") -> None:
    """Build what the reports need; of models only those stored as `only` says, if it does."""
    kinds = [f",config.materialized:{kind}" for kind in only.split()] or [""]
    project.dbt(
        "build",
        *("--indirect-selection", "cautious", "--exclude-resource-type", "unit_test"),
        "--select",
        *(f"+path:models/marts/shipping{kind}" for kind in kinds),
        *words,
    )


def test_shipments_and_stock_are_what_the_files_say_in_whatever_order_they_come(
    project: Project,
) -> None:
    chance = random.Random(SEED)
    chain = Chain()
    deliver_night(project, chance, chain, 1)
    build(project, "+int_list_lines__refused", "--exclude", "resource_type:test")
    expect(project, chain)
    deliver_night(project, chance, chain, 2)
    # Views are what they were.
    build(project, "path:tests/data/shipping", only="incremental table")
    expect(project, chain)
    expect_indexes(project)
    assert project.rows(
        "select count(distinct is_for_lack_of_stock), count(distinct is_before_shipment)"
        " from marts.fct_order_cancellations"
    ) == [(2, 2)]
    # A category in place of a product, in every list.
    refused = project.rows(
        "select reject_reasons, count(*)::int from intermediate.int_list_lines__refused group by 1"
    )
    assert refused == [("product_unmapped", len(chain.lists))]

    marts = ("fct_shipments", "fct_shipment_events", "fct_order_cancellations")
    marts += ("rpt_delivery_performance", "rpt_orders_at_risk", "rpt_stock_availability")
    before = {mart: project.contents(mart) for mart in marts}
    assert all(before.values())
    build(project, "--full-refresh", "--exclude", "resource_type:test")
    assert {mart: project.contents(mart) for mart in marts} == before
