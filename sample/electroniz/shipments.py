"""The tracking events of shipments, as three carriers report them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random

from sample.chance import below, generator
from sample.csv_text import price_text
from sample.electroniz.lists import COUNTRIES, FOLDER, STORES, WEB_SHOP, contact
from sample.electroniz.orders import WEB, Order

SHIPMENT_COLUMNS = (
    "shipment_number", "channel", "order_number", "carrier", "service", "origin", "origin_country",
    "destination_country", "promised_on", "shipping_cost", "currency", "event_time",
    "event_code", "event_status", "event_place", "updated_at",
)  # fmt: skip
MOST_DAYS = 10
"""An event is reported at most so many days after the day of the order."""
PLACES = ("Phoenix", "New York")

LABEL, PICKED_UP, IN_TRANSIT = "label_created", "picked_up", "in_transit"
EXCEPTION, OUT, DELIVERED = "exception", "out_for_delivery", "delivered"
RETURNED = "returned"
UNKNOWN = "unknown"
"""What a carrier reports that nobody knows the meaning of."""

CODES = {
    "UPS": {
        LABEL: ("MP", "Order processed: ready for UPS"),
        PICKED_UP: ("P", "Pickup scan"),
        IN_TRANSIT: ("I", "Departed from facility"),
        EXCEPTION: ("X", "The receiver was not available"),
        OUT: ("OT", "Out for Delivery"),
        DELIVERED: ("D", "Delivered"),
        RETURNED: ("RS", "Returned to shipper"),
        UNKNOWN: ("ZZ", "Warehouse note"),
    },
    "DHL": {
        LABEL: ("pre-transit", "Shipment information received"),
        PICKED_UP: ("PU", "Shipment picked up"),
        IN_TRANSIT: ("DF", "Departed facility"),
        EXCEPTION: ("OH", "On hold"),
        OUT: ("WC", "With delivery courier"),
        DELIVERED: ("OK", "Shipment delivered"),
        RETURNED: ("RT", "Returned to consignor"),
        UNKNOWN: ("ZZ", "Warehouse note"),
    },
    "Purolator": {
        LABEL: ("Other", "Shipper created a label"),
        PICKED_UP: ("ProofOfPickUp", "Picked up by Purolator"),
        IN_TRANSIT: ("Other", "Arrived at sort facility"),
        EXCEPTION: ("Undeliverable", "Customer not available"),
        OUT: ("OnDelivery", "On vehicle for delivery"),
        DELIVERED: ("Delivery", "Shipment delivered"),
        RETURNED: ("Undeliverable", "Returned to sender"),
        UNKNOWN: ("ZZ", "Warehouse note"),
    },
}
"""By carrier: the code and the words of what it reports."""
CARRIERS = tuple(CODES)
_NOT_SHIPPED_IN, _STORE_SHIPS_IN = 8, 3
_REPORTED_AFTER = timedelta(minutes=20)


@dataclass(frozen=True)
class Scan:
    """A tracking event: when it happened (UTC), and the number of the day it is reported on."""

    status: str
    at: datetime
    sent_on: int
    is_repeat: bool = False


@dataclass(frozen=True)
class Shipment:
    """The goods of one order on their way."""

    order: Order
    number: str
    carrier: str
    origin: str
    promised_on: date
    cost: int
    currency: str
    scans: tuple[Scan, ...]


def shipment_of(seed: int, order: Order, number: int, mess: bool) -> Shipment | None:
    """The shipment of an order of the day `number`; None where nothing is shipped.

    Something of the first order of the web shop on each day is always reported on that day.
    """
    rng = generator(seed, FOLDER, "shipment", order.channel, order.number)
    is_sure = order.channel == WEB and order.place == 0
    stays = below(rng, _NOT_SHIPPED_IN) == 0
    if order.channel != WEB:
        stays = below(rng, _STORE_SHIPS_IN) > 0
    if (stays or order.is_deleted) and not is_sure:
        return None
    carrier = CARRIERS[below(rng, len(CARRIERS))]
    serial = 2 * order.number + (order.channel == WEB)
    return Shipment(
        order,
        {
            "UPS": f"1Z999AA{100_000_000 + serial}",
            "DHL": f"{4_000_000_000 + serial}",
            "Purolator": f"32{9_000_000_000 + serial}",
        }[carrier],
        carrier,
        PLACES[below(rng, len(PLACES))],
        order.day + timedelta(days=3 + below(rng, 2)),
        500 + below(rng, 2500),
        "CAD" if carrier == "Purolator" else "USD",
        tuple(_scans(rng, order, number, mess)),
    )


def _scans(rng: Random, order: Order, number: int, mess: bool) -> list[Scan]:
    begin = min(event.at for event in order.events)
    midnight = datetime(order.day.year, order.day.month, order.day.day) - timedelta(days=number)

    def scan(status: str, minutes: int, later: int = 0, is_repeat: bool = False) -> Scan:
        at = begin + timedelta(minutes=minutes)
        day = (at + _REPORTED_AFTER - midnight).days
        return Scan(status, at, day + later, is_repeat)

    slow = 24 * 60 * below(rng, 4)
    fault, late, again, odd = below(rng, 30), below(rng, 10), below(rng, 8), below(rng, 40)
    on_the_way = 20 * 60 + below(rng, 300)
    delivered = 54 * 60 + slow + below(rng, 300)
    found = [scan(LABEL, 30), scan(PICKED_UP, 6 * 60)]
    if not mess:
        late = again = odd = fault = 9
    # Delivered, and only then in transit: the scan is reported a day later.
    on_time = scan(DELIVERED, delivered).sent_on - scan(IN_TRANSIT, on_the_way).sent_on
    found.append(scan(IN_TRANSIT, on_the_way, on_time + 1 if late == 0 else 0))
    if fault < 4:
        found.append(scan(EXCEPTION, 30 * 60))
        if fault == 0:
            return found
    if odd == 0:
        found.append(scan(UNKNOWN, 31 * 60))
    found.append(scan(OUT, delivered - 4 * 60))
    if fault == 4:
        return [*found, scan(RETURNED, delivered)]
    found.append(scan(DELIVERED, delivered))
    if again == 0:
        found.append(scan(DELIVERED, delivered, 1, is_repeat=True))
    return found


def shipment_row(seed: int, shipment: Shipment, scan: Scan) -> tuple[str, ...]:
    """The row of a tracking event."""
    order = shipment.order
    one = contact(seed, WEB_SHOP if order.channel == WEB else STORES, order.customer)
    code, words = CODES[shipment.carrier][scan.status]
    # The clock of Phoenix never changes.
    local = (scan.at - timedelta(hours=7)).isoformat() + "-07:00"
    near_the_end = scan.status in (OUT, DELIVERED, RETURNED)
    place = one.city if near_the_end else shipment.origin
    return (
        shipment.number,
        order.channel,
        str(order.number),
        shipment.carrier.lower() if scan.is_repeat else shipment.carrier,
        "Express" if order.number % 4 == 0 else "Ground",
        shipment.origin,
        COUNTRIES[0].code,
        one.country.code,
        shipment.promised_on.isoformat(),
        price_text(shipment.cost),
        shipment.currency,
        f"{scan.at.isoformat()}Z" if scan.is_repeat else local,
        code,
        words,
        place.upper() if scan.is_repeat else place,
        (scan.at + _REPORTED_AFTER).isoformat(" "),
    )
