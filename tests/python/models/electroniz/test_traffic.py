"""Access logs and ranges come in any order; requests, sessions and countries are of all files.

Each night is compared with what the files say, counted here, and the last one with a full refresh.
"""

from __future__ import annotations

import json
import random
import subprocess
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta, timezone
from ipaddress import ip_network

from nightly import Project

from operate.server.postgres import programs

BEGIN = datetime(2021, 5, 18, 21, tzinfo=timezone.utc)
PAUSE = timedelta(minutes=30)
WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64)"
PEOPLE = (WINDOWS, "Mozilla/5.0 (iPhone; CPU iPhone OS 14_4 like Mac OS X)")
BOTS = ("curl/7.68.0", "Mozilla/5.0 (compatible; Googlebot/2.1)", "-")
PATHS = ("/", "/products/1", "/products/2/", "/basket?card=no", "/products/")
ADDRESSES = (
    *("192.0.2.1", "192.0.2.2", "198.51.100.7", "198.51.100.200", "203.0.113.9"),
    *("10.0.0.1", "2001:db8:1::7", "unknown"),
)
FIRST_RANGES = {"192.0.2.0/24": "US", "198.51.100.0/24": "CA", "0.0.0.0/8": "-"}
FIRST_RANGES |= {"203.0.114.0/24": "IN"}
# Two thirds of a network, and then some, are now elsewhere.
LAST_RANGES = {"198.51.100.0/26": "IN", "198.51.100.64/26": "GB", "198.51.100.128/25": "GB"}
LAST_RANGES |= {"192.0.2.0/24": "US", "203.0.113.0/24": "DE"}
MARTS = ("fct_page_requests", "fct_web_sessions")


@dataclass(frozen=True)
class Request:
    """A line of a log."""

    at: datetime
    address: str
    agent: str
    path: str
    status: int

    @property
    def is_bot(self) -> bool:
        return self.agent in BOTS

    @property
    def is_view(self) -> bool:
        is_product = self.path.startswith("/products/") and self.path != "/products/"
        return not self.is_bot and is_product and self.status in (200, 304)

    def as_json(self) -> str:
        return json.dumps(
            {
                "time": f"{self.at:%d/%m/%Y:%H:%M:%S}",
                "remote_ip": self.address,
                "request": f"GET {self.path} HTTP/1.1",
                "response": self.status,
                "agent": self.agent,
            }
        )


# One session over midnight, of which the last request comes in a later file.
SPANNING = tuple(
    Request(BEGIN + timedelta(minutes=minute), "203.0.114.1", PEOPLE[0], "/", 200)
    for minute in (170, 195, 225)
)

# In the order of a file.
Requests = list[Request]


def some_requests(chance: random.Random, count: int) -> Requests:
    """Requests of few visitors around midnight, so that many are near to one another."""
    return [
        Request(
            at=BEGIN + timedelta(seconds=chance.randint(0, 6 * 3600)),
            address=chance.choice(ADDRESSES),
            agent=chance.choice((*PEOPLE, *PEOPLE, *BOTS)),
            path=chance.choice(PATHS),
            status=chance.choice((200, 200, 304, 404)),
        )
        for _ in range(count)
    ]


def deliver(project: Project, name: str, requests: Requests) -> None:
    text = "".join(f"{request.as_json()}\n" for request in requests)
    project.deliver(f"electroniz/access_log/{name}.jsonl", text)


def deliver_ranges(project: Project, ranges: Mapping[str, str]) -> None:
    networks = {ip_network(network): code for network, code in ranges.items()}
    project.deliver(
        "electroniz/ip_ranges.csv",
        "".join(
            f'"{int(network[0])}","{int(network[-1])}","{code}","Name of {code}"\n'
            for network, code in networks.items()
        ),
    )


def country(address: str, ranges: Mapping[str, str]) -> str:
    """The country that has most of the addresses beside this one."""
    if "." not in address:
        return "ZZ"
    beside = ip_network(f"{address}/24", strict=False)
    sizes: Counter[str] = Counter()
    for network, code in ranges.items():
        part = ip_network(network)
        if part.overlaps(beside):
            sizes[code] += min(part.num_addresses, beside.num_addresses)
    found = sizes.most_common(1)[0][0] if sizes else "-"
    return "ZZ" if found == "-" else found


def sessions_of(requests: Requests) -> list[Requests]:
    visitors: defaultdict[tuple[str, str], Requests] = defaultdict(list)
    for request in requests:
        if not request.is_bot and request.address != "unknown":
            visitors[request.address, request.agent].append(request)
    found: list[Requests] = []
    for of_visitor in visitors.values():
        of_visitor.sort(key=lambda request: request.at)
        for place, request in enumerate(of_visitor):
            if place == 0 or request.at - of_visitor[place - 1].at > PAUSE:
                found.append([])
            found[-1].append(request)
    return found


def expect(project: Project, requests: Requests, ranges: Mapping[str, str]) -> None:
    """Requests, sessions and days are those of the lines."""
    found = project.rows(
        "select requested_at, country_code, path, agent, status, is_bot, is_product_view"
        " from marts.fct_page_requests"
    )
    assert Counter(found) == Counter(
        (
            *(request.at, country(request.address, ranges), request.path.partition("?")[0]),
            *(None if request.agent == "-" else request.agent, request.status),
            *(request.is_bot, request.is_view),
        )
        for request in requests
    )
    sessions = sessions_of(requests)
    found = project.rows(
        "select began_at, ended_at, session_date, country_code, hits, product_views"
        " from marts.fct_web_sessions"
    )
    assert Counter(found) == Counter(
        (
            *(first.at, session[-1].at, first.at.date(), country(first.address, ranges)),
            *(len(session), sum(request.is_view for request in session)),
        )
        for session in sessions
        for first in session[:1]
    )
    days: defaultdict[tuple[str, date], list[int]] = defaultdict(lambda: [0] * 4)
    for request in requests:
        day = days[country(request.address, ranges), request.at.date()]
        day[request.is_bot] += 1
        day[3] += request.is_view
    for first, *_ in sessions:
        days[country(first.address, ranges), first.at.date()][2] += 1
    counted = project.rows(
        "select country_code, traffic_date, hits, bot_hits, sessions, product_views"
        " from intermediate.int_web_days__counted"
    )
    assert {row[:2]: list(row[2:]) for row in counted} == days


def build(project: Project, *words: str) -> None:
    project.load()
    project.dbt(
        "build",
        *("--exclude-resource-type", "unit_test"),
        *("--indirect-selection", "cautious"),
        *("--select", "+fct_page_requests", "+fct_web_sessions", "+int_web_days__counted"),
        *words,
    )


def test_sessions_and_countries_are_those_of_all_files(project: Project) -> None:
    chance = random.Random(5)
    first = [*some_requests(chance, 90), SPANNING[0], SPANNING[1]]
    second = [*some_requests(chance, 60), SPANNING[2]]
    # Before any list of ranges.
    deliver(project, "first", first)
    build(project)
    expect(project, first, {})
    assert [request.at.day for request in SPANNING] == [18, 19, 19]

    # Of the same hours, so that most belong to sessions of the first file, or join two of them.
    deliver(project, "second", second)
    deliver_ranges(project, FIRST_RANGES)
    build(project)
    expect(project, first + second, FIRST_RANGES)
    [spanning] = project.rows("select hits from marts.fct_web_sessions where country_code = 'IN'")
    assert spanning == (3,)

    # A corrected file, without some lines and with a line that is another one; and other ranges.
    corrected = [replace(first[0], at=BEGIN - timedelta(hours=30)), *first[30:]]
    deliver(project, "first", corrected)
    deliver_ranges(project, LAST_RANGES)
    build(project)
    expect(project, corrected + second, LAST_RANGES)

    before = {mart: project.contents(mart) for mart in MARTS}
    build(project, "--full-refresh")
    assert {mart: project.contents(mart) for mart in MARTS} == before
    expect(project, corrected + second, LAST_RANGES)

    dump = subprocess.run(
        [str(programs() / "pg_dump"), project.url], check=True, capture_output=True, text=True
    ).stdout
    assert "192.0.2.0/24" in dump
    addresses = {*ADDRESSES, SPANNING[0].address} - {"unknown"}
    assert [address for address in addresses if address in dump] == []
