"""Recognise a card number: by its issuer's prefix, that issuer's lengths, and the check digit."""

from __future__ import annotations

SHORTEST, LONGEST = 13, 19

# Issuers' prefixes, as ranges of the first four digits, and the lengths they issue. The most
# frequent length is first: it is preferred where several fit.
_ISSUERS: tuple[tuple[int, int, tuple[int, ...]], ...] = (
    (2200, 2204, (16, 19, 18, 17)),  # Mir
    (2221, 2720, (16,)),  # Mastercard
    (3000, 3059, (14, 16, 19)),  # Diners Club
    (3095, 3095, (14, 16, 19)),
    (3400, 3499, (15,)),  # American Express
    (3528, 3589, (16, 19, 18, 17)),  # JCB
    (3600, 3699, (14, 16, 19)),  # Diners Club
    (3700, 3799, (15,)),  # American Express
    (3800, 3999, (14, 16, 19)),  # Diners Club
    (4000, 4999, (16, 19, 13)),  # Visa
    (5000, 5099, (16, 19, 18)),  # Maestro, Verve, RuPay
    (5100, 5599, (16,)),  # Mastercard
    (5600, 5899, (16, 19, 18)),  # Maestro
    (6000, 6999, (16, 19, 18, 17)),  # Discover, UnionPay, RuPay, Maestro
    (8100, 8299, (16, 19, 18, 17)),  # UnionPay, RuPay
    (9792, 9792, (16,)),  # Troy
)
LENGTHS: list[tuple[int, ...]] = [()] * 10_000
"""The lengths of the cards that begin with these four digits."""
for _first, _last, _lengths in _ISSUERS:
    LENGTHS[_first : _last + 1] = [_lengths] * (_last + 1 - _first)

_DOUBLED = bytes.maketrans(b"0123456789", bytes((0, 2, 4, 6, 8, 1, 3, 5, 7, 9)))


def passes_luhn(digits: str) -> bool:
    """Whether the check digit of a run of ASCII digits is right (ISO/IEC 7812-1, annex B)."""
    signs = digits.encode("ascii")
    single, double = signs[::-2], signs[-2::-2].translate(_DOUBLED)
    return (sum(single) - 48 * len(single) + sum(double)) % 10 == 0


def is_issued(digits: str) -> bool:
    """Whether prefix, length and check digit are those of a card."""
    return len(digits) in LENGTHS[int(digits[:4] or 0)] and passes_luhn(digits)
