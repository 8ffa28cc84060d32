"""Who looks at the web shop: the access log, and the ranges of IP addresses by country.

All addresses are reserved for documentation, or private: nobody has them.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from ipaddress import ip_address
from random import Random

from sample.chance import Weighted, below, digest, generator
from sample.electroniz.lists import FOLDER

_DAY = 24 * 3600
_BROWSERS = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64)",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X)",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)",
)
_CRAWLER = "Mozilla/5.0 (compatible; ExampleBot/2.1; +https://example.com/bot)"
_PROBE = "kube-probe/1.29"
_PROGRAM = "curl/8.5.0"
_PAGES = ("/", "/products/{product}", "/products/{product}", "/basket?from=page", "/search?q=tv")
_STATUSES = Weighted((90, 6, 4))
_STATUS = (200, 304, 404)
_VISITS = Weighted((3, 4, 3, 2, 1))
"""Two to six pages."""
_NETWORKS = Weighted((42, 22, 17, 15, 2, 2))
_UNDATED_IN, _UNDATED_ON = 7, 5

RANGES = (
    ("10.0.0.0", "10.255.255.255", "-", "-"),
    ("192.0.2.0", "192.0.2.255", "US", "United States of America"),
    ("198.51.100.0", "198.51.100.255", "CA", "Canada"),
    ("203.0.113.0", "203.0.113.199", "GB", "United Kingdom of Great Britain and Northern Ireland"),
    ("203.0.113.200", "203.0.113.255", "DE", "Germany"),
    ("233.252.0.0", "233.252.0.255", "IN", "India"),
)
OVERLAPPING = ("203.0.113.40", "203.0.113.60", "FR", "France")
"""A range that begins in another one."""


@dataclass(frozen=True)
class Request:
    """A line of the log; `second` is that of the day, in UTC, None where the line has no time."""

    second: int | None
    address: str
    path: str
    status: int
    agent: str

    def line(self, day: date) -> str:
        """The line as JSON."""
        time = "this morning"
        if self.second is not None:
            minutes, seconds = divmod(self.second, 60)
            clock = f"{minutes // 60:02d}:{minutes % 60:02d}:{seconds:02d}"
            time = f"{day.day:02d}/{day.month:02d}/{day.year}:{clock}"
        return json.dumps(
            {
                "time": time,
                "remote_ip": self.address,
                "request": f"GET {self.path} HTTP/1.1",
                "response": self.status,
                "agent": self.agent,
            }
        )


def ip_ranges(mess: bool) -> str:
    """The list of ranges: quoted, without a header."""
    rows = sorted((*RANGES, OVERLAPPING) if mess else RANGES, key=lambda row: ip_address(row[0]))
    return "".join(
        f'"{int(ip_address(first))}","{int(ip_address(last))}","{code}","{name}"\n'
        for first, last, code, name in rows
    )


def is_one_undated(number: int) -> bool:
    """Whether one request of a day has no time."""
    return number % _UNDATED_IN == _UNDATED_ON


def requests_on(
    seed: int, sessions: int, products: int, day: date, number: int, mess: bool
) -> list[Request]:
    """The requests of a day by its number, in order: of people, a crawler, a probe, a program."""
    rng = generator(seed, FOLDER, "log", day)
    found: list[Request] = []
    for _ in range(sessions):
        found += _session(rng, seed, products, below(rng, 12 * sessions))
    for hour in range(24):
        found.append(Request(hour * 3600, "10.0.0.7", "/healthz", 200, _PROBE))
    for place in range(max(2, sessions // 4)):
        page = f"/products/{1 + place % products}"
        found.append(Request(below(rng, _DAY), "192.0.2.200", page, 200, _CRAWLER))
    found.append(Request(below(rng, _DAY), "198.51.100.200", "/products.json", 200, _PROGRAM))
    found.sort(key=lambda request: request.second or 0)
    if mess and is_one_undated(number):
        found.append(Request(None, "192.0.2.9", "/", 200, _BROWSERS[0]))
    return found


def _session(rng: Random, seed: int, products: int, visitor: int) -> list[Request]:
    """The pages that a visitor looks at, at most three minutes each."""
    marks = digest(seed, FOLDER, "visitor", visitor)
    address, agent = _address(marks, visitor), _BROWSERS[marks[0] % len(_BROWSERS)]
    pages = 2 + _VISITS.draw(rng)
    second = below(rng, _DAY - 180 * pages)
    found = []
    for _ in range(pages):
        path = _PAGES[below(rng, len(_PAGES))].format(product=1 + below(rng, products))
        found.append(Request(second, address, path, _STATUS[_STATUSES.draw(rng)], agent))
        second += 10 + below(rng, 170)
    return found


def _address(marks: bytes, visitor: int) -> str:
    """The visitor's address: in one of four networks, in a private one, or of IPv6."""
    host = 1 + visitor % 199
    place = _NETWORKS.draw(Random(int.from_bytes(marks[8:16], "big")))
    return (
        f"192.0.2.{host}",
        f"198.51.100.{host}",
        f"203.0.113.{host}",
        f"233.252.0.{host}",
        f"10.1.0.{host}",
        f"2001:db8:7::{host:x}",
    )[place]
