"""The shops and the web shop. `shop_at` returns them in a fixed order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import TypeVar

from sample.chance import below, digest, generator
from sample.multinational.rows import MOST_KEPT, Row, date_text

T = TypeVar("T")

WEB_CODE = "WEB-1388012W"
_LETTERS = "ABCDEFGHKLMNPRSTUVWXYZ"


@dataclass(frozen=True)
class Country:
    """A country, its name, its continent, and towns with latitude and longitude."""

    code: str
    name: str
    continent: str
    weight: int
    towns: tuple[tuple[str, str, str], ...]


COUNTRIES = (
    Country(
        "GB", "United Kingdom", "Europe", 6,
        (
            ("High Wycombe", "51.62907", "-0.74934"), ("Belper", "53.02330", "-1.48119"),
            ("Rutherglen", "55.82885", "-4.21376"), ("Lancing", "50.82882", "-0.32247"),
            ("Bangor", "54.65338", "-5.66895"), ("Lewes", "50.87398", "0.00878"),
        ),
    ),
    Country(
        "DE", "Germany", "Europe", 3,
        (
            ("Landshut", "48.52961", "12.16179"), ("Wandsbek", "53.58334", "10.08305"),
            ("Neustadt", "49.35009", "8.13886"),
        ),
    ),
    Country(
        "US", "United States", "America", 1,
        (("Oviedo", "28.67000", "-81.20812"), ("Chula Vista", "32.64005", "-117.08420")),
    ),
)  # fmt: skip
_TYPES = (("Local", 12), ("Super Store", 5), ("Mall Kiosk", 2), ("Outlet", 2))


@dataclass(frozen=True)
class Shop:
    """One shop; number 0 is the web shop, which counts as a shop in Great Britain."""

    number: int
    code: str
    country: Country
    town: tuple[str, str, str]
    kind: str
    staff: int
    opened: date

    @property
    def is_online(self) -> bool:
        """Whether it sells on the web."""
        return self.number == 0


@lru_cache(maxsize=MOST_KEPT)
def shop_at(number: int) -> Shop:
    """The shop of a number: always the same one."""
    if number == 0:
        british = COUNTRIES[0]
        town = ("N/A", "N/A", "")
        return Shop(0, WEB_CODE, british, town, "Web Portal", 325, date(2010, 6, 12))
    marks = digest("multinational shop", number)
    country = _drawn([(known, known.weight) for known in COUNTRIES], marks[0])
    kind = _drawn(_TYPES, marks[1])
    town = country.towns[marks[2] % len(country.towns)]
    code = f"{town[0][:2].upper()}-{marks[8:12].hex().upper()}"
    opened = date(1995 + marks[3] % 25, 1 + marks[4] % 12, 1 + marks[5] % 28)
    return Shop(number, code, country, town, kind, 8 + marks[6] % 90, opened)


def _drawn(values: Sequence[tuple[T, int]], mark: int) -> T:
    """One of the values, by their weights."""
    place = mark % sum(weight for _, weight in values)
    for value, weight in values:
        place -= weight
        if place < 0:
            return value
    raise AssertionError("the weights have a sum")


def store_row(seed: int, shop: Shop, mess: bool) -> Row:
    """The shop's record as the API gives it.

    As in the company's own system, the field `longitude` holds the latitude, and the reverse.
    """
    rng = generator(seed, "store row", shop.number)
    locality, latitude, longitude = shop.town
    staff, continent = str(shop.staff), shop.country.continent
    address = "N/A"
    if not shop.is_online:
        address = f"{1 + below(rng, 200)} {_LETTERS[below(rng, 22)]}. Market Street\n{locality}"
        if mess and below(rng, 30) == 0:
            letter = _LETTERS[below(rng, 22)]
            place = below(rng, len(staff) + 1)
            staff = staff[:place] + letter + staff[place:]
        if mess and below(rng, 18) == 0:
            continent = f"ee{continent}"
    return {
        "address": address,
        "longitude": latitude,
        "lat": "N/A" if shop.is_online else "",
        "locality": locality,
        "store_code": shop.code,
        "staff_numbers": staff,
        "opening_date": date_text(rng, shop.opened, mess),
        "store_type": shop.kind,
        "latitude": longitude,
        "country_code": shop.country.code,
        "continent": continent,
    }
