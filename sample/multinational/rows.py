"""What the tables of all five places have in common: rows of text, and the noise between them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from random import Random

from sample.chance import below, digest, generator
from sample.people import luhn_digit

Row = dict[str, str]
"""One record: column -> text."""

MOST_KEPT = 4096
"""Customers, cards, goods and shops that are kept: those who come often are not computed again."""

NULL_NOISE, RANDOM_NOISE = "null", "random"
_ONE_NULL_IN, _ONE_RANDOM_IN = 400, 500
_CAPITALS_AND_DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
_ODD_DATE_IN = 60


def uuid(*parts: object) -> str:
    """A UUID that depends only on the text of `parts`."""
    text = digest("uuid", *parts).hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:32]}"


def noise_of(count: int, mess: bool) -> dict[str, int]:
    """How many noise rows of each kind stand in a table of so many real rows."""
    if not mess:
        return {NULL_NOISE: 0, RANDOM_NOISE: 0}
    return {
        NULL_NOISE: max(1, count // _ONE_NULL_IN),
        RANDOM_NOISE: max(1, count // _ONE_RANDOM_IN),
    }


def with_noise(
    seed: int, table: str, rows: Sequence[Row], mess: bool, nothing: str = "NULL"
) -> Iterator[Row]:
    """The rows, with noise rows among them: all fields `nothing`, or capitals and digits.

    The places depend on the number of rows only. The first row is never noise.
    """
    kinds = [kind for kind, count in noise_of(len(rows), mess).items() for _ in range(count)]
    rng = generator(seed, "noise", table)
    places: dict[int, list[str]] = {}
    for kind in kinds:
        places.setdefault(1 + below(rng, max(len(rows) - 1, 1)), []).append(kind)
    columns = list(rows[0]) if rows else []
    longer = True
    for number, row in enumerate(rows):
        for kind in places.get(number, ()):
            if kind == NULL_NOISE:
                yield dict.fromkeys(columns, nothing)
            else:
                noise = {column: _random_text(rng, 10) for column in columns}
                if longer and columns:
                    noise[columns[0]], longer = _random_text(rng, 11), False
                yield noise
        yield row
    for kind in places.get(len(rows), ()):
        yield dict.fromkeys(columns, nothing if kind == NULL_NOISE else _random_text(rng, 10))


def _random_text(rng: Random, length: int) -> str:
    return "".join(
        _CAPITALS_AND_DIGITS[below(rng, len(_CAPITALS_AND_DIGITS))] for _ in range(length)
    )


def no_card(digits: str) -> str:
    """The number, with another last digit if it could be the number of a card."""
    right = luhn_digit(digits[:-1])
    return digits if int(digits[-1]) != right else f"{digits[:-1]}{(right + 1) % 10}"


def date_text(rng: Random, day: date, mess: bool) -> str:
    """A date as the lists write it: nearly always ISO, now and then in another form."""
    if not mess or below(rng, _ODD_DATE_IN):
        return day.isoformat()
    month = _MONTHS[day.month - 1]
    return (
        f"{day.year}/{day.month:02d}/{day.day:02d}",
        f"{month} {day.year} {day.day:02d}",
        f"{day.year} {month} {day.day:02d}",
    )[below(rng, 3)]


_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip
