"""Orders are made, changed and deleted by events that come late, twice and in any order.

Each night is compared with what the files say, counted here, and the last one with a full refresh.
"""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal

from nightly import Project
from order_events import MODES, PRODUCTS, Event, Events, deliver, deliver_products, history

from ingest.review.withdrawal import withdraw

BEGIN = datetime(2021, 5, 1, 12)
BUILT = (
    "+rejected_rows",
    "+fct_sales",
    "+rpt_daily_sales",
    "+dim_products",
    "+fct_order_changes",
    "+rpt_order_exceptions",
)
MARTS = (
    "fct_sales",
    "fct_transactions",
    "fct_order_changes",
    "rpt_daily_sales",
    "rpt_order_exceptions",
    "rejected_rows",
)


def some_events(chance: random.Random, count: int) -> Events:
    """Events of few orders, so that many are of one order, and some of one moment."""
    return [
        Event(
            channel=chance.choice(("store", "online")),
            number=chance.randint(1, 12),
            mode=chance.choice((*MODES, "EDIT")),
            at=BEGIN + timedelta(minutes=chance.randint(0, 20)),
            product=chance.choice("1234"),
            day=date(2021, 4, chance.randint(1, 12)),
            units=1,
            price=Decimal(chance.randint(100, 999)) / 100,
            currency=chance.choice(("USD", "CAD", "EUR", "INR")),
        )
        for _ in range(count)
    ]


def expect(project: Project, events: Events, listed: Iterable[str]) -> None:
    """Sales, rejected lines, days and the history of orders are those of the events."""
    orders = history(events)
    sold = [last for *_, last in orders.values() if last.mode != "DELETE"]
    facts = project.rows(
        "select channel, receipts.receipt_number::int, sales.business_date, sales.currency_code,"
        " sales.quantity, sales.unit_price, receipts.net_amount, products.is_inferred"
        " from marts.fct_sales as sales"
        " inner join marts.fct_transactions as receipts using (transaction_id, channel)"
        " inner join marts.dim_products as products using (product_key)"
    )
    assert Counter(facts) == Counter(
        (
            *(*last.order, last.day, last.currency, last.units, last.price),
            *(last.units * last.price, last.product not in listed),
        )
        for last in sold
    )
    days: defaultdict[tuple[str, str, date], Decimal] = defaultdict(Decimal)
    for last in sold:
        days[last.channel, last.currency, last.day] += last.units * last.price
    reported = project.rows(
        "select case when branch_name like 'Web%' then 'online' else 'store' end, currency_code,"
        " business_date, net_sales from marts.rpt_daily_sales where transactions > 0"
    )
    assert {tuple(row[:3]): row[3] for row in reported} == days

    reasons = dict(
        project.rows(
            "select reject_reasons, count(*) from marts.rejected_rows where feed like '%_orders'"
            " group by 1"
        )
    )
    distinct = sum(len(of_order) for of_order in orders.values())
    assert reasons.get("order_repeated", 0) == len(events) - distinct
    assert reasons.get("order_deleted", 0) == len(orders) - len(sold)
    assert reasons.get("order_changed", 0) == distinct - len(orders)
    assert sum(reasons.values()) + len(sold) == len(events)

    kept = project.rows(
        "select channel, order_number::int, change_number, order_mode, net_amount, is_latest,"
        " previous_net_amount from marts.fct_order_changes"
    )
    amounts = {
        order: [event.units * event.price for event in of_order]
        for order, of_order in orders.items()
    }
    assert Counter(kept) == Counter(
        (
            *(*order, place + 1, event.mode, amounts[order][place]),
            *(event is of_order[-1], amounts[order][place - 1] if place else None),
        )
        for order, of_order in orders.items()
        for place, event in enumerate(of_order)
    )
    exceptions = project.rows(
        "select channel, order_number::int, net_amount from marts.rpt_order_exceptions"
    )
    assert Counter(exceptions) == Counter(
        (*last.order, last.units * last.price) for last in sold if last.product not in listed
    )


def build(project: Project) -> None:
    """Build and test the models of `BUILT`."""
    tests = ("--exclude-resource-type", "unit_test", "--indirect-selection", "cautious")
    project.dbt("build", *tests, "--select", *BUILT)


def test_the_last_event_of_an_order_counts_whenever_it_comes(project: Project) -> None:
    chance = random.Random(16)
    come: Events = []
    deliver_products(project, PRODUCTS)
    come += deliver(project, 1, some_events(chance, 40))
    assert not project.load().counts()["quarantined"]
    build(project)
    expect(project, come, PRODUCTS)

    # Late and new ones, and some that came before, written in another way. The list has the
    # missing product now, and another name for one.
    again = chance.sample(come, 8)
    second = deliver(project, 2, some_events(chance, 25))
    spaced = deliver(project, 3, [replace(event, units=1) for event in again], spaced=True)
    listed = {**PRODUCTS, "4": "Toaster", "2": "Water kettle"}
    deliver_products(project, listed)
    assert not project.load().counts()["quarantined"]
    build(project)
    # Files of one load come by path: stores before the web shop.
    for channel in ("store", "online"):
        come += [event for event in second if event.channel == channel]
        come += [event for event in spaced if event.channel == channel]
    expect(project, come, listed)

    before = {mart: project.contents(mart) for mart in MARTS}
    project.dbt("run", "--full-refresh", "--select", *BUILT)
    assert {mart: project.contents(mart) for mart in MARTS} == before

    # Without the second night the orders are what they were, and its products are not known.
    paths = [f"electroniz/store_orders/night_{night}.csv" for night in (2, 3)]
    paths += [f"electroniz/web_orders/night_{night}.jsonl" for night in (2, 3)]
    withdraw(project.url, paths, "sent by mistake", lambda _: None)
    project.dbt("run", "--select", *BUILT)
    expect(project, come[:40], listed)
