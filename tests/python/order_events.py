"""Made-up events of orders of a chain with stores and a web shop, as the files have them."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal

from nightly import Project

ORDERS_HEADER = (
    "order_number,customer_id,product_id,order_date,units,sale_price,currency,order_mode,updated_at"
)
PRODUCTS = {"1": "Watch", "2": "Kettle", "3": "Microwave"}
MODES = ("NEW", "EDIT", "DELETE")
LISTED_AT = datetime(2021, 5, 1, 12)


@dataclass(frozen=True)
class Event:
    """What a line says of an order; product 4 is in no list of products at first."""

    channel: str
    number: int
    mode: str
    at: datetime
    product: str
    day: date
    units: int
    price: Decimal
    currency: str

    @property
    def order(self) -> tuple[str, int]:
        """The order that it is of."""
        return self.channel, self.number

    def as_line(self, spaced: bool) -> str:
        """The line of a file of the stores, plain or written in another way."""
        blank = " " if spaced else ""
        cells = (
            f"{self.number}{blank}",
            "7",
            f"{blank}{self.product}",
            f"{self.day:%m/%d/%Y}",
            self.units,
            f"{blank}{self.price}",
            "EURO" if spaced and self.currency == "EUR" else self.currency,
            self.mode.lower() if spaced else self.mode,
            f"{self.at:%Y-%m-%d %H:%M:%S.%f}" if spaced else f"{self.at:%Y-%m-%d %H:%M:%S}",
        )
        return ",".join(str(cell) for cell in cells)

    def as_json(self, spaced: bool) -> str:
        """The line of a file of the web shop."""
        name = PRODUCTS.get(self.product, "Toaster")
        data = {
            "customer_name": "Di Ray",
            "address": "4 Park Lane",
            "city": "Leeds",
            "postalcode": "LS2 2BB",
            "country": "UK",
            "phone": "0113 4960759",
            "email": "DI@example.com" if spaced else "di@example.com",
            "product_name": name.upper() if spaced else name.lower(),
            "order_date": f"{self.day:%d/%m/%Y}",
            "currency": self.currency,
            "order_mode": self.mode,
            "sale_price": str(self.price),
            "order_number": str(self.number),
        }
        event = {
            "id": "1",
            "eventType": "recordInserted",
            "subject": "ecomm/customers",
            "eventTime": f"{self.at:%Y-%m-%dT%H:%M:%SZ}",
            "data": data,
            "dataVersion": "1.0",
        }
        return json.dumps([event], separators=(",\t ", " :  ") if spaced else None)


# Events in the order in which they came.
Events = list[Event]


def deliver(project: Project, night: int, events: Events, spaced: bool = False) -> Events:
    """Write the events into a file for each channel; in the order in which they are loaded."""
    online = [event for event in events if event.channel == "online"]
    store = [
        replace(event, units=1 + event.number % 4) for event in events if event.channel == "store"
    ]
    lines = [ORDERS_HEADER, *(event.as_line(spaced) for event in store)]
    project.deliver(f"electroniz/store_orders/night_{night}.csv", "\n".join(lines) + "\n")
    text = "\n".join(event.as_json(spaced) for event in online) + "\n"
    project.deliver(f"electroniz/web_orders/night_{night}.jsonl", text)
    return store + online


def deliver_products(project: Project, products: dict[str, str]) -> None:
    """Write the list of products, with a later time where it differs from `PRODUCTS`."""
    changed = {code for code, name in products.items() if PRODUCTS.get(code) != name}
    lines = [
        f"{code},{name},Home,{LISTED_AT + timedelta(hours=code in changed):%Y-%m-%d %H:%M:%S}"
        for code, name in products.items()
    ]
    header = "product_code,product_name,product_category ,updated_at"
    project.deliver("electroniz/products.csv", "\n".join([header, *lines]) + "\n")


def history(events: Events) -> dict[tuple[str, int], Events]:
    """Distinct events of each order, in the order in which they count."""
    found: dict[tuple[str, int], Events] = {}
    for event in dict.fromkeys(events):
        found.setdefault(event.order, []).append(event)
    for of_order in found.values():  # Sorting keeps the order of arrival of equals.
        of_order.sort(key=lambda event: (event.at, MODES.index(event.mode)))
    return found
