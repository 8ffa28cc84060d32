"""The registered customers, as the company's database has them."""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache
from random import Random

from sample.chance import Weighted, below, generator
from sample.multinational.rows import MOST_KEPT, Row, date_text, uuid
from sample.multinational.stores import COUNTRIES
from sample.people import person

POOL = "multinational"
_COUNTRIES = Weighted([country.weight for country in COUNTRIES])
_COMPANIES = {"GB": "Ltd", "DE": "GmbH", "US": "Inc"}
_STREETS = {"GB": "Mill Lane", "DE": "Lindenallee", "US": "Sycamore Avenue"}
_FIRST_BIRTH, _BIRTHS = date(1938, 1, 1), 365 * 68
_FIRST_JOINED, _JOINS = date(1992, 1, 1), 365 * 30
_ONE_ODD_MAIL_IN = 90
_ONE_ODD_COUNTRY_IN = 300
_ONE_SWAPPED_IN = 20


@lru_cache(maxsize=MOST_KEPT)
def user_uuid(seed: int, number: int) -> str:
    """The customer's number in orders."""
    return uuid(seed, "user", number)


@lru_cache(maxsize=MOST_KEPT)
def names(seed: int, number: int) -> tuple[str, str]:
    """First and last name."""
    first, _, last = person(seed, POOL, number).name.partition(" ")
    return first, last


def user_row(seed: int, number: int, mess: bool) -> Row:
    """The customer's record."""
    rng = generator(seed, "user row", number)
    country = COUNTRIES[_COUNTRIES.draw(rng)]
    first, last = names(seed, number)
    plain = "".join(letter for letter in f"{first}.{last}".lower() if letter.isascii())
    mail = f"{plain.replace(chr(39), '')}{number}@example.com"
    born = _FIRST_BIRTH + timedelta(days=below(rng, _BIRTHS))
    joined = _FIRST_JOINED + timedelta(days=below(rng, _JOINS))
    code = country.code
    if mess and below(rng, _ONE_ODD_MAIL_IN) == 0:
        mail = mail.replace("@", "@@")
    if mess and code == "GB" and below(rng, _ONE_ODD_COUNTRY_IN) == 0:
        code = "GGB"
    if not mess or below(rng, _ONE_SWAPPED_IN):
        # Everybody else joined before being born, as in the company's own list.
        joined = max(joined, born + timedelta(days=366 * 18))
    town = country.towns[below(rng, len(country.towns))][0]
    return {
        "first_name": first,
        "last_name": last,
        "date_of_birth": date_text(rng, born, mess),
        "company": f"{last} {_COMPANIES[country.code]}",
        "email_address": mail,
        "address": f"{1 + below(rng, 300)} {_STREETS[country.code]}\n{town}",
        "country": country.name,
        "country_code": code,
        "phone_number": _phone(rng, country.code),
        "join_date": date_text(rng, joined, mess),
        "user_uuid": user_uuid(seed, number),
    }


def _phone(rng: Random, code: str) -> str:
    """A telephone number in one of the forms of its country, from ranges kept for invented ones."""
    last = f"{below(rng, 1000):03d}"
    if code == "GB":
        return (
            f"+44(0)1632960{last}",
            f"+44(0)1632 960{last}",
            f"+441632960{last}",
            f"(01632) 960{last}",
            f"01632 960 {last}",
        )[below(rng, 5)]
    if code == "DE":
        return (
            f"+49(0)30 23125{last}",
            f"+49(0) 3023125{last}",
            f"(030) 23125{last}",
            f"03023125{last}",
        )[below(rng, 4)]
    local = f"555-0{100 + below(rng, 100)}"
    return (
        f"001-202-{local}",
        f"+1-202-{local}",
        f"(202){local}",
        f"202.{local.replace('-', '.')}x{1 + below(rng, 9999)}",
        f"202-{local}x{1 + below(rng, 99999)}",
    )[below(rng, 5)]
