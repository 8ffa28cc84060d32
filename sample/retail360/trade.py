"""What a store sells, day by day: documents with their lines and the payments that settle them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random

from sample.chance import Weighted, below, digest, generator
from sample.retail360.goods import Goods
from sample.retail360.stores import Store

SALE = 1
OTHER_TYPES = (3, 5, 7)
VOID = 12

CASH, OTHER, CREDIT = 1, 2, 3
COIN = 10
"""Cash is rounded to ten agorot."""

UNSETTLED, UNPAID, OTHER_TYPE = "not settled", "without payment", "other type"
VOIDED, LOST, EMPTY = "voided", "document lost", "lines lost"
_FAULTS_EVERY = 17
_FAULTS = {2: UNSETTLED, 4: UNPAID, 6: OTHER_TYPE, 9: VOIDED, 12: LOST, 14: EMPTY}
"""What is wrong with one document on which day of every 17."""

_OPENS, _CLOSES, _CLOSES_ON_FRIDAY = 8 * 3600, 21 * 3600, 14 * 3600 + 1800
_WEEKDAYS = (96, 92, 98, 112, 128, 55, 104)
"""Trade from Monday to Sunday in percent."""
_BASKETS = Weighted((46, 30, 14, 7, 3))
_PAYMENTS = Weighted((62, 31, 7))
_METHODS = Weighted((40, 2, 58))
_ONE_RETURN_IN = 40
_ONE_DISCOUNT_IN = 30
_ONE_UNLISTED_IN = 180


@dataclass(frozen=True)
class Line:
    """One line. Amounts are in agorot, quantities in thousandths; both are negative in returns."""

    goods: Goods
    price: int
    thousandths: int
    discount: int
    amount: int

    @property
    def units(self) -> int:
        """Units sold; goods that are weighed are one unit, however heavy."""
        if self.goods.is_weighed:
            return -1 if self.thousandths < 0 else 1
        return self.thousandths // 1000


@dataclass(frozen=True)
class Payment:
    """One receipt line. `is_settlement` is false for a line that only notes something."""

    kind: int
    card: int
    amount: int
    instalments: int
    is_settlement: bool
    says_so: bool


@dataclass
class Document:
    """One document of the till, as it was written on its day."""

    number: int
    second: int
    refers_to: date
    lines: list[Line]
    payments: list[Payment] = field(default_factory=list)
    total: int = 0
    fault: str | None = None
    kind: int = SALE

    @property
    def is_return(self) -> bool:
        """Whether it gives money back."""
        return self.total < 0

    @property
    def is_settled(self) -> bool:
        """Whether any of its payments is a settlement."""
        return any(payment.is_settlement for payment in self.payments)

    def kind_after(self, days: int) -> int:
        """Its type so many days later: a voided document is a sale until the next day."""
        return VOID if self.fault == VOIDED and days > 0 else self.kind

    def counts_after(self, days: int) -> bool:
        """Whether it is a sale or a return, so many days later."""
        is_whole = self.fault not in (LOST, EMPTY)
        return self.kind_after(days) == SALE and self.is_settled and is_whole

    @property
    def method(self) -> int:
        """The one kind of payment that it counts as: credit where any is, else the lowest."""
        kinds = {payment.kind for payment in self.payments if payment.is_settlement}
        return CREDIT if CREDIT in kinds else min(kinds)


def documents_on(
    seed: int,
    store: Store,
    goods: tuple[Sequence[Goods], Sequence[Goods]],
    usual: int,
    day: date,
    day_number: int,
    mess: bool,
) -> list[Document]:
    """The documents of a day. Their numbers count from 0.

    `goods`: what is for sale, the most wanted first, and what no list has. `usual`: documents on
    an ordinary day of a store of size 100. `day_number` counts from the first day of the tills.
    """
    if store.rests_on_saturday and day.weekday() == 5:
        return []
    rng = generator(seed, "retail360 till", store.name, day)
    expected = usual * store.size_percent * _WEEKDAYS[day.weekday()] * (86 + below(rng, 29))
    count = max(4, expected // 100**3)
    closes = _CLOSES_ON_FRIDAY if day.weekday() == 4 else _CLOSES
    seconds = sorted(_OPENS + below(rng, closes - _OPENS) for _ in range(count))
    found = [
        _document(rng, number, second, goods, day, day_number, mess)
        for number, second in enumerate(seconds)
    ]
    fault = _FAULTS.get(day_number % _FAULTS_EVERY) if mess else None
    if fault is not None:
        _spoil(next(document for document in found[1:] if not document.is_return), fault)
    return found


def _document(
    rng: Random,
    number: int,
    second: int,
    goods: tuple[Sequence[Goods], Sequence[Goods]],
    day: date,
    day_number: int,
    mess: bool,
) -> Document:
    listed, unlisted = goods
    is_return = number != 1 and day_number > 0 and below(rng, _ONE_RETURN_IN) == 0
    back = 1 + below(rng, min(day_number, 20)) if is_return else 0
    sign = -1 if is_return else 1
    lines = []
    for _ in range(1 if is_return else 1 + _BASKETS.draw(rng)):
        one = listed[int(rng.random() * rng.random() * len(listed))]
        if mess and unlisted and below(rng, _ONE_UNLISTED_IN) == 0:
            one = unlisted[below(rng, len(unlisted))]
        lines.append(_line(rng, one, sign, day_number - back, second))
    document = Document(number, second, day - timedelta(days=back), lines)
    _settle(rng, document)
    return document


def _line(rng: Random, goods: Goods, sign: int, day_number: int, second: int) -> Line:
    price = goods.price_at(day_number, second)
    if goods.is_weighed:
        thousandths = 150 + below(rng, 2350)
        # The till says nowhere what is weighed: a whole number of kilograms would be units.
        thousandths += thousandths % 1000 == 0
    else:
        thousandths = 1000 * (1 + below(rng, 4) if below(rng, 3) == 0 else 1)
    amount = (2 * price * thousandths + 1000) // 2000
    discount = amount // 10 if below(rng, _ONE_DISCOUNT_IN) == 0 else 0
    return Line(goods, price, sign * thousandths, sign * discount, sign * (amount - discount))


def _settle(rng: Random, document: Document) -> None:
    """Give a document its total and its payments, whose settlements add up to the total."""
    document.total = sum(line.amount for line in document.lines)
    count = 1 + _PAYMENTS.draw(rng)
    kind = (CASH, OTHER, CREDIT)[_METHODS.draw(rng)]
    card = 1 + below(rng, 10)
    says_so = below(rng, 33) > 0
    if count == 1:
        if kind == CASH:
            document.total = rounded(document.total)
        instalments = (1, 1, 1, 3, 6)[below(rng, 5)] if kind == CREDIT else 1
        document.payments.append(Payment(kind, card, document.total, instalments, True, says_so))
        return
    # A part in whole shekels in cash, the rest by card; a third line only notes something.
    part = document.total // 200 * 100
    document.payments.append(Payment(CASH, card, part, 1, True, says_so))
    rest = document.total - part
    document.payments.append(Payment(CREDIT, card, rest, 1, True, True))
    if count == 3:
        document.payments.append(Payment(kind, card, document.total, 1, False, True))


def rounded(agorot: int) -> int:
    """An amount in cash: halves of a coin go up, whichever sign the amount has."""
    return (2 * agorot + COIN) // (2 * COIN) * COIN


def _spoil(document: Document, fault: str) -> None:
    document.fault = fault
    if fault == UNSETTLED:
        document.payments = [Payment(CASH, 1, document.total, 1, False, True)]
    elif fault == UNPAID:
        document.payments = []
    elif fault == OTHER_TYPE:
        document.kind = OTHER_TYPES[document.number % len(OTHER_TYPES)]


def weekly_supply(seed: int, store: Store, goods: Goods) -> int:
    """How many units of an item the shelf holds after a delivery."""
    marks = digest(seed, "retail360 supply", store.name, goods.number)
    return 20 + marks[0] % 60
