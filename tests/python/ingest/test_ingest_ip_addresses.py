"""IP addresses: a token and a network in their own column, masked everywhere else."""

from __future__ import annotations

import hashlib
import hmac
import io
import json
import re
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from ingest_helpers import TOKEN_KEY

from ingest.cards import CardTokens
from ingest.contract.feeds import Feed
from ingest.contract.reading import load_feeds
from ingest.converting import Converted, Task, convert
from ingest.formats.extracted import as_text
from ingest.formats.json_records import read_json
from ingest.ip_addresses import AddressTokens, mask_addresses, may_hold_address
from ingest.masks import mask_lines_of, mask_text_of

FEED = """\
feeds:
  site_log:
    source: site
    table: site_log
    description: Requests.
    files: "site/*"
    max_rejected_share: 0.9
    columns:
      - {name: time}
      - {name: remote_ip, protect: ip_address}
      - {name: request}
      - {name: agent, protect: none, required: false}
"""
ADDRESSES = AddressTokens(CardTokens(TOKEN_KEY).token)


def token(address: str) -> str:
    return hmac.new(TOKEN_KEY, address.encode(), hashlib.sha256).hexdigest()


@pytest.fixture(scope="module")
def feed(tmp_path_factory: pytest.TempPathFactory) -> Feed:
    path = tmp_path_factory.mktemp("feeds") / "site.yml"
    path.write_text(FEED)
    return load_feeds(path).feeds["site_log"]


def converted(feed: Feed, content: str | bytes) -> Converted:
    content = content.encode() if isinstance(content, str) else content
    return convert(content, Task(feed, (TOKEN_KEY,), 7, "load-1"))


def text_of(made: Converted) -> str:
    return b"".join(part for _, part in made.copies).decode()


@pytest.mark.parametrize(
    ("written", "address", "network"),
    [
        ("192.0.2.5", "192.0.2.5", "192.0.2.0/24"),
        ("0.0.0.0", "0.0.0.0", "0.0.0.0/24"),
        ("255.255.255.255", "255.255.255.255", "255.255.255.0/24"),
        (" 192.0.2.5\t", "192.0.2.5", "192.0.2.0/24"),
        ("192.0.2.5:50123", "192.0.2.5", "192.0.2.0/24"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2:3:4:5:6", "2001:db8:1::/48"),
        ("2001:DB8:0001::6", "2001:db8:1::6", "2001:db8:1::/48"),
        ("[2001:db8:1::6]:443", "2001:db8:1::6", "2001:db8:1::/48"),
        ("[2001:db8:1::6]", "2001:db8:1::6", "2001:db8:1::/48"),
        ("fe80::1%eth0", "fe80::1", "fe80::/48"),
        ("::1", "::1", "::/48"),
        # An IPv4 address inside: mapped, and 6to4, whose prefix of 48 bits would have all of it.
        ("::ffff:192.0.2.5", "192.0.2.5", "192.0.2.0/24"),
        ("2002:c000:0205::1", "192.0.2.5", "192.0.2.0/24"),
    ],
)
def test_an_address_becomes_a_token_and_a_network(written: str, address: str, network: str) -> None:
    assert ADDRESSES.replace(written) == (token(address), network, "")


@pytest.mark.parametrize(
    ("written", "shape"),
    [
        ("not-an-address", "xxx-xx-xxxxxxx"),
        ("-", "-"),
        ("192.0.2", "###.#.#"),
        ("192.0.2.256", "###.#.#.###"),
        ("192.0.2.05", "###.#.#.##"),
        ("192.0.2.5, 198.51.100.7", "###.#.#.#, ###.##.###.#"),
        ("host-192-0-2-5.example.net", "xxxx-###-#-#-#.xxxxxxx.xxx"),
        ("2001:db8::1::2", "####:xx#::#::#"),
        ("\N{ARABIC-INDIC DIGIT ONE}92.0.2.5", "###.#.#.#"),
        ("1234567890", "##########"),
        ("x" * 100, "x" * 64),
        ("", ""),
        ("  ", ""),
    ],
)
def test_anything_else_keeps_its_shape_only(written: str, shape: str) -> None:
    assert ADDRESSES.replace(written) == ("", "", shape)


@given(st.ip_addresses())
def test_equal_addresses_have_one_token_in_every_spelling(address: IPv4Address) -> None:
    made, network, _ = ADDRESSES.replace(str(address))
    assert ADDRESSES.replace(address.exploded.upper()) == (made, network, "")
    assert [made] == [one for one, _, _ in ADDRESSES.replace_all([str(address)])]
    if address.version == 4:
        assert address in ip_network(network)
        assert ADDRESSES.replace(f"::ffff:{address}")[0] == made


@given(
    st.one_of(
        st.ip_addresses(v=4),
        # One that is written in full has eight groups, another one two colons.
        st.ip_addresses(v=6),
        st.ip_addresses(v=6).map(lambda one: one.exploded),
    ),
    st.sampled_from(["", " ", '"', "ip=", "(", "a/", ";", "[", "from:", "|"]),
    st.sampled_from(["", " ", '"', "&b=2", ")", "/b", ";", "]", ".", "|"]),
)
def test_no_address_is_left_in_a_masked_text(
    address: IPv4Address | IPv6Address | str, before: str, behind: str
) -> None:
    assume(str(address) != "::")
    text = f"{before}{address}{behind}"
    masked = mask_addresses(text)
    assert may_hold_address(text)
    assert len(masked) == len(text)
    assert re.search(r"\d", masked.removesuffix("&b=2")) is None
    assert masked == mask_addresses(masked)


@pytest.mark.parametrize(
    "text",
    [
        "18/05/2021:08:00:00",
        "2021-05-18T08:00:00.123+00:00",
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/90.0.4430.212",
        "GET /products/1?size=1.2.3 HTTP/1.1",
        "std::vector, 3:2, 10:30",
        "1.2.3.4.5",
        "v10.20.30",
    ],
)
def test_times_and_versions_are_no_addresses(text: str) -> None:
    assert mask_addresses(text) == text
    assert not may_hold_address(text)


def test_the_columns_of_raw_have_no_address(feed: Feed) -> None:
    assert feed.raw_columns() == (
        *("time", "ip_token", "ip_network", "ip_unreadable"),
        *("request", "agent"),
    )
    made = converted(
        feed,
        "time,remote_ip,request,agent\n"
        "18/05/2021:08:00:00,192.0.2.5,GET /?from=192.0.2.6 HTTP/1.1,YaBrowser/21.3.3.230\n"
        "18/05/2021:08:00:01,unknown\\t,GET / HTTP/1.1,\n"
        # The columns were moved: an address is where it should not be.
        "192.0.2.7,,2001:db8::7,\n"
        "18/05/2021:08:00:02,192.0.2.8\n"
        '18/05/2021:08:00:03,2001:0db8:1234:5678:9012:3456:7890:1234,"GET /,x\n',
    )
    assert (made.facts.rows, made.facts.rejects) == (3, 2)
    lines = [line.split("\t") for line in text_of(made).splitlines()]
    assert lines[0][:6] == [
        "18/05/2021:08:00:00",
        token("192.0.2.5"),
        "192.0.2.0/24",
        "",
        "GET /?from=###.#.#.# HTTP/1.1",
        "YaBrowser/21.3.3.230",
    ]
    assert lines[1][1:4] == ["", "", "xxxxxxx\\\\x"]
    assert lines[2][:5] == ["###.#.#.#", "", "", "", "####:xx#::#"]
    rejected = [line[2] for line in lines if line[0] == "site_log"]
    assert rejected == [
        "18/05/2021:08:00:02,###.#.#.#",
        '18/05/2021:08:00:03,####:#xx#:####:####:####:####:####:####,"GET /,x',
    ]


def test_the_record_of_a_json_line_has_no_address(feed: Feed) -> None:
    records = [
        {"time": "t", "remote_ip": "192.0.2.5", "request": "GET /", "via": {"for": "192.0.2.6"}},
        {"time": "t", "remote_ip": "2001:db8::5", "request": None},
        {"time": "t", "remote_ip": 5, "request": "x"},
    ]
    broken = '{"time": "t", "remote_ip": "192.0.2.7", "req'
    text = "\n".join([*map(json.dumps, records), broken])
    items = as_text(read_json(io.BytesIO(text.encode()), feed))
    made = converted(feed, b"".join(items))
    assert (made.facts.rows, made.facts.rejects) == (3, 1)
    text = text_of(made)
    assert '"remote_ip":"###.#.#.#"' in text
    assert '"for":"###.#.#.#"' in text
    assert '"remote_ip":"####:xx#::#"' in text
    assert '"remote_ip": "###.#.#.#", "req' in text
    assert f"\t{token('2001:db8::5')}\t2001:db8::/48\t\t" in text
    assert re.search(r"192\.0\.2\.[1-9]|db8::5", text) is None


def test_messages_about_a_file_have_no_address(feed: Feed) -> None:
    facts = converted(feed, "time,request,agent,address 192.0.2.5\n1,2,3,4\n").facts
    assert "###.#.#.#" in str(facts.refused)
    assert mask_text_of(feed, "from 192.0.2.5, card 4929123412341234") == (
        "from ###.#.#.#, card ****1234"
    )
    assert mask_lines_of(feed, ["192.0.2.5", "2001:db8::1"]) == ["###.#.#.#", "####:xx#::#"]


def test_a_feed_without_addresses_keeps_them(tmp_path: Path) -> None:
    path = tmp_path / "site.yml"
    path.write_text(FEED.replace(", protect: ip_address", ""))
    plain = load_feeds(path).feeds["site_log"]
    made = converted(plain, "time,remote_ip,request\nt,192.0.2.5,GET /\nt,192.0.2.6\n")
    assert "t\t192.0.2.5\tGET /" in text_of(made)
    assert "t,192.0.2.6" in text_of(made)


def test_no_two_addresses_of_a_network_have_one_token() -> None:
    texts = [str(address) for address in ip_network("192.0.2.0/24")]
    made = ADDRESSES.replace_all(texts * 2)
    assert len({one for one, _, _ in made}) == 256
    assert {network for _, network, _ in made} == {"192.0.2.0/24"}
    assert made[:256] == made[256:]


def test_the_memory_of_addresses_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ingest.ip_addresses.MOST_REMEMBERED", 3)
    addresses = AddressTokens(CardTokens(TOKEN_KEY).token)
    texts = [str(ip_address(number)) for number in (1, 2, 3, 4, 5, 1)]
    assert addresses.replace_all(texts) == [addresses.replace(text) for text in texts]
    assert len(addresses._known) <= 3
