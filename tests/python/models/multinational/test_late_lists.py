"""Orders have no time and no price of their own: every night they are what the lists say by then.

Each night is compared with what the files say, counted here, and the last ones with a full refresh.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from decimal import Decimal

from nightly import Project

from ingest.review.withdrawal import withdraw

ORDERS_HEADER = (
    "level_0,index,date_uuid,first_name,last_name,user_uuid,card_number,store_code,product_code,"
    "product_quantity,1"
)
EVENTS_HEADER = "timestamp,month,year,day,time_period,date_uuid"
PRODUCTS_HEADER = (
    "index,product_name,product_price,weight,category,EAN,date_added,uuid,removed,product_code"
)
STORES_HEADER = (
    "index,address,longitude,lat,locality,store_code,staff_numbers,opening_date,store_type,latitude,"
    "country_code,continent"
)
# Number of the order: event, store, product, units.
Orders = dict[int, tuple[str, str, str, int]]
# Event: month and day. Product: its price.
Events = Mapping[str, tuple[int, int]]
Prices = Mapping[str, str]
# Store: its country.
Countries = Mapping[str, str]

ORDERS: Orders = {
    number: (f"e{number}", f"ST-{number % 2}", f"p{number % 3}", number + 1) for number in range(12)
}
EVENTS = {f"e{number}": (1 + number % 2, 1 + number % 5) for number in range(12)}
PRICES = {"p0": "1.10", "p1": "2.20", "p2": "3.30"}
RATES = {"GB": Decimal(20), "DE": Decimal(19)}
SALES = """
    select
        sales.business_date, receipts.branch_name, sales.product_id, sales.quantity,
        sales.unit_price, receipts.net_amount
    from marts.fct_sales as sales
    inner join marts.fct_transactions as receipts using (transaction_id)
"""


def deliver(project: Project, name: str, header: str, lines: list[str]) -> None:
    text = "\n".join([header, *lines]) + "\n"
    project.deliver(f"multinational/{name}.csv", text)


def deliver_orders(project: Project, orders: Orders) -> None:
    deliver(
        project,
        "orders",
        ORDERS_HEADER,
        [
            f"{number},{number},{event},,,u{number % 4},,{store},{product},{units},"
            for number, (event, store, product, units) in orders.items()
        ],
    )


def deliver_events(project: Project, events: Events) -> None:
    lines = [f"10:00:00,{month},2020,{day},Morning,{e}" for e, (month, day) in events.items()]
    deliver(project, "date_details", EVENTS_HEADER, lines)


def deliver_prices(project: Project, prices: Prices) -> None:
    lines = [
        f"{n},Name of {product},£{price},1kg,toys,{n}23,2020-01-01,x{n},Removed,{product}"
        for n, (product, price) in enumerate(prices.items())
    ]
    deliver(project, "products", PRODUCTS_HEADER, lines)


def deliver_stores(project: Project, countries: Countries) -> None:
    lines = [
        f"{n},1 High Street,1.0,,Town,{store},10,2010-06-12,Local,50.0,{country},Europe"
        for n, (store, country) in enumerate(countries.items())
    ]
    deliver(project, "stores", STORES_HEADER, lines)


def expect(
    project: Project, orders: Orders, events: Events, prices: Prices, countries: Countries
) -> None:
    """The facts and the days are those of the files; everything else is rejected."""
    sold = {
        number: (f"2020-{month:02}-{day:02}", store, product, units, Decimal(prices[product]))
        for number, (event, store, product, units) in orders.items()
        if event in events and product in prices
        for month, day in [events[event]]
    }
    found = project.rows(SALES)
    assert Counter((str(row[0]), *row[1:5]) for row in found) == Counter(sold.values())
    assert all(units * price == amount for *_, units, price, amount in found)
    days: Counter[tuple[str, str]] = Counter()
    for day, store, _, units, price in sold.values():
        days[day, store] += units * price  # type: ignore[assignment]
    daily = project.rows(
        "select business_date, branch_name, net_sales from marts.rpt_daily_sales"
        " where transactions > 0"
    )
    assert {(str(day), store): money for day, store, money in daily} == days
    taxed = "select distinct branch_name, vat_rate_percent from marts.fct_transactions"
    of_country = {store: RATES.get(countries.get(store, "")) for _, store in days}
    assert set(project.rows(taxed)) == set(of_country.items())
    rejected = project.rows(
        "select line_number - 2, reject_reasons from marts.rejected_rows"
        " where feed = 'multinational_orders' order by 1"
    )
    assert [number for number, _ in rejected] == sorted(set(orders) - set(sold))
    for number, reasons in rejected:
        event, _, product, _ = orders[number]
        assert ("date_event_unlisted" in reasons) == (event not in events), reasons
        assert ("product_unlisted" in reasons) == (product not in prices), reasons


def changed(project: Project) -> set[int]:
    """The orders that the newest file has changed: their lines, counted from 0."""
    [(newest,)] = project.rows("select max(file_id) from raw.ingest_files")
    found = project.rows(
        "select line_number - 2 from intermediate.int_multinational__transactions"
        " where change_id = %s",
        newest,
    )
    return {number for (number,) in found}


def build(project: Project, *words: str) -> None:
    """Build the facts and the reports of their days."""
    project.dbt(
        "build",
        *("--exclude-resource-type", "unit_test"),
        *("--indirect-selection", "cautious"),
        *("--select", "+rejected_rows", "+fct_sales", "+rpt_daily_sales", "+rpt_vat"),
        *words,
    )


def night(project: Project, expected: int = 1) -> None:
    assert project.load().counts()["loaded"] == expected
    build(project)


def test_orders_follow_their_lists_whenever_these_arrive(project: Project) -> None:
    events: dict[str, tuple[int, int]] = dict(EVENTS)
    prices = dict(PRICES)
    orders = dict(ORDERS)
    countries: dict[str, str] = {}
    deliver_orders(project, orders)
    night(project)
    expect(project, orders, {}, {}, countries)

    # The lists are late, and do not have everything.
    countries |= {"ST-0": "GB", "ST-1": "DE"}
    deliver_stores(project, countries)
    del events["e3"], prices["p2"]
    deliver_events(project, events)
    deliver_prices(project, prices)
    night(project, 3)
    expect(project, orders, events, prices, countries)

    # A product becomes dearer and another one is new; the events are the same in another order.
    prices |= {"p1": "2.50", "p2": "3.30"}
    deliver_events(project, dict(reversed(events.items())))
    project.load()
    deliver_prices(project, prices)
    night(project)
    expect(project, orders, events, prices, countries)
    assert changed(project) == {n for n, order in orders.items() if order[2] in ("p1", "p2")}

    # Everything in one night: an order moves to another day and a missing event comes; a product
    # leaves the list, which undoes no sale, and one is cheaper; two orders are corrected, and one
    # is gone; a store moves to another country, whose VAT its former sales have, too.
    events |= {"e0": (6, 30), "e3": (2, 4)}
    deliver_events(project, {name: events[name] for name in ("e0", "e3", "e5")})
    prices["p1"] = "2.00"
    deliver_prices(project, {name: prices[name] for name in ("p1", "p2")})
    orders[1] = ("e1", "ST-0", "p1", 9)
    orders[2] = ("e2", "ST-2", "p0", 2)
    del orders[11]
    countries["ST-0"] = "DE"
    deliver_stores(project, countries)
    deliver_orders(project, orders)
    night(project, 4)
    expect(project, orders, events, prices, countries)

    # A wrong list is withdrawn: what only it said is not known.
    withdraw(project.url, ["multinational/products.csv"], "wrong prices", lambda _: None)
    build(project)
    left = {"p0": prices["p0"]}
    expect(project, orders, events, left, countries)

    marts = ("fct_sales", "fct_transactions", "rpt_daily_sales", "rpt_vat", "rejected_rows")
    before = {mart: project.contents(mart) for mart in marts}
    build(project, "--full-refresh")
    assert {mart: project.contents(mart) for mart in marts} == before

    # And comes again.
    deliver_prices(project, prices)
    night(project)
    expect(project, orders, events, prices, countries)
