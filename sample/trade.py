"""One branch's receipts on one day.

Each day has a separate generator, so any day can be created without the days before it and there is
no state between days.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from random import Random

from sample.branches import OFFICE, SHOPPING, Branch
from sample.chance import Weighted, below, digest, generator
from sample.menu import Offer, offers
from sample.people import Person, person

_RECEIPTS_A_DAY = 118
_FEWEST_RECEIPTS = 14

# Trade by weekday from Monday, in percent.
_WEEKDAYS = {
    OFFICE: (104, 112, 114, 110, 98, 42, 26),
    SHOPPING: (80, 84, 88, 92, 104, 150, 112),
}
# Public holidays (month, day) and the remaining trade in percent.
_HOLIDAYS = {(1, 1): 35, (12, 25): 15, (12, 26): 45}

# (opening hour, weight of each hour from then on); the rush before work is only on
# weekdays.
_HOURS = {
    (OFFICE, False): (7, (14, 24, 17, 9, 7, 12, 13, 7, 6, 5, 3, 1)),
    (OFFICE, True): (8, (5, 9, 11, 11, 12, 10, 8, 6, 3)),
    (SHOPPING, False): (8, (9, 12, 12, 10, 13, 12, 9, 9, 7, 5, 3, 2)),
    (SHOPPING, True): (9, (8, 13, 15, 15, 14, 13, 12, 10, 6, 3)),
}

# One to six things on a receipt.
_BASKET_SIZES = Weighted((25, 25, 20, 15, 10, 5))

# Out of 1,000 receipts: kinds of customers.
_REGULARS = 560
_TRAVELLERS = 40
_TRAVELLER_POOL = 240

_OUT_OF_HABIT = 0.04  # a card customer who pays cash this once
_USUALS = 24  # regulars' usuals are among the first on the price list, which never leave it
_ALIKE = 0.0006  # the same again, in the same minute: two lines alike to the letter


@dataclass(frozen=True)
class Receipt:
    """One sale. `minute` counts from midnight, local time; prices and the total are in pence."""

    minute: int
    customer_name: str
    items: tuple[tuple[str, int], ...]
    card_number: str

    @property
    def total(self) -> int:
        """The sum of the items' prices, in pence."""
        return sum(pence for _, pence in self.items)


def _hours(branch: Branch, day: date) -> tuple[int, tuple[int, ...]]:
    return _HOURS[branch.kind, day.weekday() >= 5]


def till_opened(seed: int, branch: Branch, day: date) -> int:
    """The till's opening time in seconds from midnight: up to a quarter of an hour early."""
    rng = generator(seed, "till", branch.slug, day)
    return _hours(branch, day)[0] * 3600 - below(rng, 900)


def _how_many(rng: Random, branch: Branch, day: date, day_number: int, percent: int) -> int:
    growth_a_year = 4 + digest("growth", branch.slug)[0] % 11  # percent
    expected = (
        _RECEIPTS_A_DAY
        * branch.size_percent
        * _WEEKDAYS[branch.kind][day.weekday()]
        * _HOLIDAYS.get((day.month, day.day), 100)
        * (36_500 + growth_a_year * day_number)
        * percent
    )
    wobble = 86 + below(rng, 29)
    return max(_FEWEST_RECEIPTS, expected * wobble // (100**5 * 36_500))


def _customer(
    rng: Random, seed: int, branch: Branch, day: date, day_number: int, number: int
) -> Person:
    """Someone known here, someone known everywhere, or a stranger."""
    lot = below(rng, 1000)
    if lot < _REGULARS:
        # New regulars join all the time, old ones leave, and some come far more often.
        oldest = branch.size_percent * day_number // 400
        pool = 3 * branch.size_percent + branch.size_percent * day_number // 150
        share = rng.random()
        return person(seed, branch.slug, oldest + int(share * share * pool))
    if lot < _REGULARS + _TRAVELLERS:
        return person(seed, "everywhere", below(rng, _TRAVELLER_POOL))
    return person(seed, f"{branch.slug} {day}", number)


def _basket(
    rng: Random, customer: Person, on_offer: list[Offer], choice: Weighted
) -> tuple[tuple[str, int], ...]:
    picks = [choice.draw(rng) for _ in range(1 + _BASKET_SIZES.draw(rng))]
    if rng.random() < 0.35:
        picks[0] = customer.usual % _USUALS
    return tuple((on_offer[pick].name, on_offer[pick].pence) for pick in picks)


def receipts(
    seed: int, branch: Branch, day: date, day_number: int, percent: int = 100
) -> list[Receipt]:
    """The day's receipts in the order of the till.

    `day_number` counts from the company's first day (0) and determines growth, prices and the
    current regulars. `percent`: of the ordinary trade.
    """
    rng = generator(seed, "day", branch.slug, day)
    on_offer = offers(branch, day, day_number)
    choice = Weighted([offer.weight for offer in on_offer])
    opening_hour, busyness = _hours(branch, day)
    hours = Weighted(busyness)
    minutes = sorted(
        (opening_hour + hours.draw(rng)) * 60 + below(rng, 60)
        for _ in range(_how_many(rng, branch, day, day_number, percent))
    )
    sold: list[Receipt] = []
    for number, minute in enumerate(minutes):
        if sold and rng.random() < _ALIKE:
            sold.append(sold[-1])
            continue
        customer = _customer(rng, seed, branch, day, day_number, number)
        by_card = customer.pays_by_card and rng.random() >= _OUT_OF_HABIT
        sold.append(
            Receipt(
                minute,
                customer.name,
                _basket(rng, customer, on_offer, choice),
                customer.card_number if by_card else "",
            )
        )
    return sold
