"""The visitors of the benchmarks' web shop: their addresses, and the ranges of all countries.

A visitor is a number; each has a network of 256 addresses alone, all over the internet's numbers.
Nothing of it is kept after the benchmark.
"""

from __future__ import annotations

from collections.abc import Iterator

VISITORS = 200_000
NETWORKS = 1 << 24
UNKNOWN = "ZZ"
_STRIDE = 7919
_FIRST_NETWORK, _NETWORK_STEP = 1 << 16, 83
_PRIVATE = (10 << 16, 11 << 16)
_COUNTRIES = (
    ("US", "United States of America"), ("CA", "Canada"), ("IN", "India"), ("DE", "Germany"),
    ("GB", "United Kingdom of Great Britain and Northern Ireland"), ("FR", "France"),
    ("BR", "Brazil"), ("JP", "Japan"), ("AU", "Australia"), ("MX", "Mexico"), ("IT", "Italy"),
    ("ES", "Spain"), ("SE", "Sweden"), ("NL", "Netherlands (Kingdom of the)"), ("PL", "Poland"),
    ("KE", "Kenya"), ("ZA", "South Africa"), ("AR", "Argentina"), ("SG", "Singapore"),
    ("NZ", "New Zealand"), ("IE", "Ireland"), ("PT", "Portugal"), ("CH", "Switzerland"),
)  # fmt: skip


class Addresses:
    """So many ranges, with gaps between them, and who visits from them."""

    def __init__(self, ranges: int) -> None:
        # Of a hundred places five are a gap, and two have two ranges.
        self._places = ranges * 100 // 97

    def lines(self) -> Iterator[str]:
        """The lines of the list of ranges, from the first address on."""
        for place in range(self._places):
            first = place * NETWORKS // self._places
            end = (place + 1) * NETWORKS // self._places
            if place % 20 == 19:
                continue
            low = first * 256
            if place % 50 == 7:
                # A quarter of the first network is in another country.
                code, name = self._country(place + 1)
                yield f'"{low}","{low + 63}","{code}","{name}"\n'
                low += 64
            code, name = self._country(place)
            yield f'"{low}","{end * 256 - 1}","{code}","{name}"\n'

    def _country(self, place: int) -> tuple[str, str]:
        first = place * NETWORKS // self._places
        if _PRIVATE[0] <= first < _PRIVATE[1]:
            return "-", "-"
        return _COUNTRIES[place * 7 % len(_COUNTRIES)]

    def country_of(self, network: int) -> str:
        """The country with most of the addresses of a network."""
        place = ((network + 1) * self._places - 1) // NETWORKS
        code, _ = self._country(place)
        return UNKNOWN if place % 20 == 19 or code == "-" else code

    @staticmethod
    def visitor(session: int) -> int:
        """The visitor of a session; the next ones are others, for a long time."""
        return session * _STRIDE % VISITORS

    def is_bot(self, session: int) -> bool:
        """Whether no person visits: one visitor in ten."""
        return self.visitor(session) % 10 == 9

    def of_session(self, session: int) -> tuple[str, str]:
        """The visitor's address and its country."""
        visitor = self.visitor(session)
        network = _FIRST_NETWORK + visitor * _NETWORK_STEP
        host = 1 + visitor % 250
        address = f"{network >> 16}.{network >> 8 & 255}.{network & 255}.{host}"
        return address, self.country_of(network)
