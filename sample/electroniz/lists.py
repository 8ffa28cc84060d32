"""The lists of the chain: its products, and the customers of its stores and its web shop."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from sample.chance import Weighted, below, generator
from sample.people import person

FOLDER = "electroniz"

PRODUCTS = (
    ("Watch", "Wearables"), ("Vaccum", "HomeAppliance"), ("Airconditioner", "HomeAppliance"),
    ("Microwave", "HomeAppliance"), ("DVD", "HomeEntertainment"), ("TV", "HomeEntertainment"),
    ("Keyboard", "Computers"), ("Mice", "Computers"), ("Monitor", "Computers"),
    ("Mobile", "Phones"),
)  # fmt: skip
"""Names and categories; the codes are the places from 1 on. The system spells one of them so."""
UNLISTED_PRODUCTS = (13, 20)

PRODUCT_COLUMNS = ("product_code", "product_name", "product_category ", "updated_at")
"""The name of one column ends in a blank."""
CUSTOMER_COLUMNS = (
    "customer_id", "customer_name", "address", "city", "postalcode", "country", "phone", "email",
    "credit_card", "updated_at",
)  # fmt: skip

STORES, WEB_SHOP = "stores", "web shop"
"""Whose customers: a customer of the one is none of the other."""
SHARED_MAIL = {5: 2}
"""A customer of the stores, and another one who has the same e-mail address."""
WEB_MAIL = {7: 3}
"""A customer of the web shop, and one of the stores who has the same address."""
_MAILS = ("example.com", "example.org", "example.net")
_STREETS = ("High Street", "Mill Lane", "Station Road", "Park Avenue", "Ring Road")


@dataclass(frozen=True)
class Country:
    """A country: its code, its name in the list and in the web shop, and towns with their codes."""

    code: str
    name: str
    web_name: str
    towns: tuple[tuple[str, str], ...]


COUNTRIES = (
    Country("US", "United States", "USA", (("Mesa", "85201"), ("Duluth", "55802"))),
    Country("CA", "Canada", "Canada", (("Regina", "S4P 1A1"), ("Moncton", "E1C 1A1"))),
    Country("GB", "United Kingdom", "UK", (("Bangor", "BT20 1AA"), ("Lewes", "BN7 1AA"))),
    Country("IN", "India", "India", (("Pune", "411001"), ("Kochi", "682001"))),
)
_COUNTRIES = Weighted((5, 2, 2, 1))


@dataclass(frozen=True)
class Contact:
    """Who a customer is, and how the customer is reached."""

    name: str
    address: str
    city: str
    postal_code: str
    country: Country
    phone: str
    email: str
    card_number: str


@lru_cache(maxsize=1024)
def contact(seed: int, whose: str, number: int) -> Contact:
    """The customer of a number: always the same one. Nobody has the telephone numbers."""
    rng = generator(seed, FOLDER, "contact", whose, number)
    someone = person(seed, f"{FOLDER} {whose}", number)
    country = COUNTRIES[_COUNTRIES.draw(rng)]
    city, postal_code = country.towns[below(rng, len(country.towns))]
    address = f"{1 + below(rng, 300)} {_STREETS[below(rng, len(_STREETS))]}"
    if below(rng, 3) == 0:
        address = f"P.O. Box {1 + below(rng, 900)}, {address}"
    last = below(rng, 100)
    phone = {
        "US": f"1-528-555-01{last:02d}",
        "CA": f"1 (416) 555-01{last:02d}",
        "GB": f"01632 9600{last:02d}",
        "IN": f"+91 55500000{last:02d}",
    }[country.code]
    letters = "".join(sign for sign in someone.name if sign.isascii() and sign not in "' ")
    mail = f"{letters}.{number}@{_MAILS[below(rng, len(_MAILS))]}"
    return Contact(
        someone.name,
        address,
        city,
        postal_code,
        country,
        phone,
        mail if below(rng, 2) else mail.lower(),
        someone.card_number,
    )


def product_rows(updated_at: str) -> list[tuple[str, ...]]:
    """The list of products."""
    return [
        (str(code), name, category, updated_at)
        for code, (name, category) in enumerate(PRODUCTS, start=1)
    ]


def customer_row(
    seed: int, number: int, updated_at: str, mess: bool, renamed: bool = False
) -> tuple[str, ...]:
    """The row of a customer of the stores; `renamed`: with another last name than before."""
    one = contact(seed, STORES, number)
    mail = contact(seed, STORES, SHARED_MAIL.get(number, number) if mess else number).email
    return (
        str(number),
        f"{one.name}-Lund" if renamed else one.name,
        one.address,
        one.city,
        one.postal_code,
        one.country.name,
        one.phone,
        mail,
        one.card_number,
        updated_at,
    )
