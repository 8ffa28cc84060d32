"""The company's stores, their sales teams and customers, and the office's lists of them.

The sales desk is a second system beside the tills. `store_at` returns the stores in a fixed order
without a seed, as `branch_at` does for branches. Everything about a day is computed from the day's
number, so there is no state between days.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from sample.branches import Branch, branch_at
from sample.chance import digest
from sample.csv_text import content, price_text, quoted
from sample.people import Person, person

FOLDER = "sales_desk"
FIRST_STORE = 601

# The first change of prices and of a manager, in days from the company's first, and how often then.
PRICE_ROUND_FIRST, PRICE_ROUND_EVERY = 21, 91
MANAGER_ROUND_FIRST, MANAGER_ROUND_EVERY = 35, 112
# The list of customers is sent again every four weeks, with those who joined since.
CUSTOMER_LIST_EVERY = 28

_FIRST_CUSTOMERS = 70
_JOINS_EVERY = 4  # days


@dataclass(frozen=True)
class Store:
    """One store of the sales desk, identified by its number."""

    position: int
    region: str
    opened: date
    size_percent: int
    is_closed_on_sundays: bool

    @property
    def number(self) -> str:
        """The store's name in sales and lists."""
        return str(FIRST_STORE + self.position)

    @property
    def people(self) -> int:
        """The size of the sales team: three or four, with the manager."""
        return 3 + self.position % 2


@dataclass(frozen=True)
class Product:
    """A line of the price list. `pence` is the price on the company's first day."""

    number: int
    name: str
    pence: int
    weight: int


_GOODS = (
    ("Espresso beans 1 kg", 1450, 9), ("Filter coffee ground 500 g", 795, 10),
    ("Decaf beans 500 g", 925, 4), ("English breakfast tea 80 bags", 425, 8),
    ("Earl Grey loose leaf 250 g", 675, 5), ("Drinking chocolate 750 g", 850, 5),
    ("Oat drink barista 6 x 1 l", 1150, 7), ("Hazelnut syrup 70 cl", 745, 4),
    ("Vanilla syrup 70 cl", 745, 5), ("Paper cups 8 oz x 50", 495, 6),
    ("Paper filters no. 4 x 100", 350, 6), ("Shortbread tin 400 g", 895, 4),
    ("Cafetière 8 cup", 2495, 2), ("Milk jug 60 cl", 1295, 2),
    ("Travel mug, blue", 1595, 3), ("Descaler 1 l", 650, 3),
)  # fmt: skip
GOODS: tuple[Product, ...] = tuple(
    Product(place, *goods) for place, goods in enumerate(_GOODS, start=1)
)


def stores_of(branches: int) -> int:
    """The number of stores of a company: one for every two branches, rounded up."""
    return (branches + 1) // 2


def store_at(position: int) -> Store:
    """The store at `position` (from 0). It is in the region of a branch."""
    marks = digest("store", position)
    # One country: the branch that is abroad has no store.
    neighbour: Branch = branch_at(position if position < 3 else position + 1)
    return Store(
        position,
        neighbour.region,
        date(2016 + marks[0] % 8, 1 + marks[1] % 12, 1 + marks[2] % 28),
        80 + marks[3] % 61,
        position % 2 == 1,
    )


def reference_lines(stores: int) -> list[str]:
    """The first stores as lines of the reference list, without a header."""
    return [
        f"{FOLDER},{store.number},GB,Europe/London,GBP,{store.region},{store.opened.isoformat()}"
        for store in map(store_at, range(stores))
    ]


def price_on(product: Product, day_number: int) -> int:
    """The list price on a day, in pence."""
    return _price_after(product, _rounds_until(day_number))


def _rounds_until(day_number: int) -> int:
    if day_number < PRICE_ROUND_FIRST:
        return 0
    return 1 + (day_number - PRICE_ROUND_FIRST) // PRICE_ROUND_EVERY


def _price_after(product: Product, rounds: int) -> int:
    # Each round takes every third product up by 8 %, to the next five pence.
    pence = product.pence
    for turn in range(rounds):
        if product.number % 3 == turn % 3:
            pence = -(-pence * 108 // 500) * 5
    return pence


def _postcode(*parts: object) -> str:
    # QX is not a real postcode area.
    marks = digest("postcode", *parts)
    letters = f"{'ABDEFGH'[marks[2] % 7]}{'JLNPQRS'[marks[3] % 7]}"
    return f"QX{1 + marks[0] % 20} {1 + marks[1] % 9}{letters}"


def employee_id(store: Store, place: int) -> str:
    """The number of the person at `place` (from 0) of a store's team."""
    return str(store.position * 10 + place + 1)


def employee(seed: int, store: Store, place: int) -> Person:
    """The person with that number."""
    return person(seed, f"team {store.number}", place)


def manager_place(store: Store, day_number: int) -> int:
    """The team member who manages the store on a day. Each round changes one store of four."""
    if day_number < MANAGER_ROUND_FIRST:
        return 0
    rounds = 1 + (day_number - MANAGER_ROUND_FIRST) // MANAGER_ROUND_EVERY
    changes = (rounds + 3 - store.position % 4) // 4
    return changes % store.people


def customers_of(day_number: int) -> int:
    """How many customers a store has had up to a day."""
    return _FIRST_CUSTOMERS + day_number // _JOINS_EVERY


def customer_id(store: Store, number: int) -> str:
    """The number of a store's customer: the store's own and four digits."""
    return f"{store.number}{number + 1:04d}"


def is_listed(store: Store, number: int) -> bool:
    """Whether the office lists the customer: every fifth is only in the sales."""
    return number % 5 != 3


def _split_name(full_name: str) -> tuple[str, str]:
    first, _, last = full_name.partition(" ")
    return first, last


def customers_csv(seed: int, stores: int, start: date, day_number: int) -> bytes:
    """The list of customers as of a day."""
    lines = ["customer_id,first_name,last_name,address,pincode,phone_number,customer_joining_date"]
    for store in map(store_at, range(stores)):
        for number in range(customers_of(day_number)):
            if not is_listed(store, number):
                continue
            first, last = _split_name(person(seed, f"desk {store.number}", number).name)
            marks = digest(seed, "address", store.number, number)
            joined = start + timedelta(
                days=(number - _FIRST_CUSTOMERS + 1) * _JOINS_EVERY
                if number >= _FIRST_CUSTOMERS
                else -1 - int.from_bytes(marks[:2], "big") % 700
            )
            # A range of numbers reserved for fiction.
            phone = f"+44-7700900{int.from_bytes(marks[2:4], 'big') % 1000:03d}"
            lines.append(
                f"{customer_id(store, number)},{first},{last},{1 + marks[4]} High Street,"
                f"{_postcode(seed, store.number, number)},{phone},{joined.isoformat()}"
            )
    return content(lines)


def stores_csv(seed: int, stores: int, day_number: int) -> bytes:
    """The list of stores as of a day."""
    lines = ["id,address,store_pincode,store_manager_name,store_opening_date,reviews"]
    for store in map(store_at, range(stores)):
        manager = employee(seed, store, manager_place(store, day_number)).name
        lines.append(
            f"{store.number},{store.region},{_postcode('store', store.number)},{manager},"
            f"{store.opened.isoformat()},Friendly and quick."
        )
    return content(lines)


def products_csv(start: date, day_number: int) -> bytes:
    """The price list as of a day."""
    lines = ["id,name,current_price,old_price,created_date,updated_date,expiry_date"]
    for goods in GOODS:
        rounds = _rounds_until(day_number)
        current = _price_after(goods, rounds)
        earlier = [turn for turn in range(rounds) if goods.number % 3 == turn % 3]
        old = updated = "NULL"
        if earlier:
            old = price_text(_price_after(goods, earlier[-1]))
            days = PRICE_ROUND_FIRST + earlier[-1] * PRICE_ROUND_EVERY
            updated = (start + timedelta(days=days)).isoformat()
        lines.append(
            f"{goods.number},{quoted(goods.name)},{price_text(current)},{old},2021-04-06,{updated},NULL"
        )
    return content(lines)


def sales_team_csv(seed: int, stores: int, day_number: int) -> bytes:
    """The list of the sales team as of a day."""
    lines = ["id,first_name,last_name,manager_id,is_manager,address,pincode,joining_date"]
    for store in map(store_at, range(stores)):
        manages = manager_place(store, day_number)
        for place in range(store.people):
            first, last = _split_name(employee(seed, store, place).name)
            manager = "NULL" if place == manages else employee_id(store, manages)
            joined = store.opened + timedelta(days=17 * place)
            lines.append(
                f"{employee_id(store, place)},{first},{last},{manager},"
                f"{'Y' if place == manages else 'N'},{store.region},"
                f"{_postcode('team', store.number, place)},{joined.isoformat()}"
            )
    return content(lines)


def masters_on(
    seed: int, stores: int, start: date, day_number: int
) -> list[tuple[str, bytes, int | None]]:
    """The lists that the office sends on a day, always under the same names.

    Each as (path, content, number of the day when the next one replaces it): all four on the first
    day, later only changed ones.
    """

    def due(first: int, every: int) -> int | None:
        """The day of the next round after this day; None if this is not a day of the round."""
        if day_number == 0:
            return first
        if day_number >= first and (day_number - first) % every == 0:
            return day_number + every
        return None

    sent: list[tuple[str, bytes, int | None]] = []
    if (after := due(CUSTOMER_LIST_EVERY, CUSTOMER_LIST_EVERY)) is not None:
        listed = customers_csv(seed, stores, start, day_number)
        sent.append((f"{FOLDER}/customer.csv", listed, after))
    if (after := due(MANAGER_ROUND_FIRST, MANAGER_ROUND_EVERY)) is not None:
        sent.append((f"{FOLDER}/store.csv", stores_csv(seed, stores, day_number), after))
    if (after := due(PRICE_ROUND_FIRST, PRICE_ROUND_EVERY)) is not None:
        sent.append((f"{FOLDER}/product.csv", products_csv(start, day_number), after))
    if (after := due(MANAGER_ROUND_FIRST, MANAGER_ROUND_EVERY)) is not None:
        sent.append((f"{FOLDER}/sales_team.csv", sales_team_csv(seed, stores, day_number), after))
    return sent
