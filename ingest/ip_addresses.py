"""IP addresses: replaced by a token and a network in their own column, masked everywhere else.

Nothing in this module writes, logs or raises a text that still holds an address.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

ReplacedAddress = tuple[str, str, str]
"""(ip_token, ip_network, ip_unreadable); an empty text means NULL."""

NO_ADDRESS: ReplacedAddress = ("", "", "")
PREFIX_OF_IPV6 = 48
LONGEST_SHAPE = 64
MOST_REMEMBERED = 1 << 16

# An address with a port, as proxies write it: 192.0.2.5:443, [2001:db8::1]:443, [2001:db8::1].
_WITH_PORT = re.compile(r"\[([^\[\]]+)\](?::\d{1,5})?|(\d{1,3}(?:\.\d{1,3}){3}):\d{1,5}")
_DIGIT = re.compile(r"\d")
_LETTER = re.compile(r"[^\W\d_]")
_HEX_LETTER = re.compile(r"[A-Fa-f]")
_HEX_DIGIT = re.compile(r"[0-9A-Fa-f]")
_IPV4 = re.compile(r"(?<!\d)(?<!\d\.)\d{1,3}(?:\.\d{1,3}){3}(?!\.?\d)")
# Also a part of one, in a line that was cut.
_GROUPS = re.compile(r"(?<![0-9A-Za-z])[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,7}(?![0-9A-Za-z])")
_MOST_GROUPS_OF_A_TIME = 4


class AddressTokens:
    """Turns the text of a column of IP addresses into token, network and unreadable text.

    Equal addresses have equal tokens, however they are written. The network is the address without
    its last 8 bits (IPv4) or its last 80 (IPv6).
    """

    def __init__(self, token: Callable[[str], str]) -> None:
        """`token`: returns the keyed hash of a text of ASCII characters (CardTokens.token)."""
        self._token = token
        self._known: dict[str, ReplacedAddress] = {}

    def replace_all(self, cells: Iterable[str]) -> list[ReplacedAddress]:
        """`replace` for all cells of a column. Most addresses occur in it many times."""
        known = self._known
        made = []
        for cell in cells:
            found = known.get(cell)
            if found is None:
                if len(known) >= MOST_REMEMBERED:
                    known.clear()
                found = known[cell] = self.replace(cell)
            made.append(found)
        return made

    def replace(self, text: str) -> ReplacedAddress:
        """Return (token, network, unreadable) of one cell; empty texts where there is nothing."""
        if not text or text.isspace():
            return NO_ADDRESS
        address = read_address(text)
        if address is None:
            return ("", "", shape_of(text)[:LONGEST_SHAPE])
        return (self._token(str(address)), network_of(address), "")


def read_address(text: str) -> IPv4Address | IPv6Address | None:
    """The only address in a cell, without port and zone; None for any other text.

    An IPv4 address inside an IPv6 one (::ffff:192.0.2.5, and 6to4, whose prefix has all of it) is
    the IPv4 address.
    """
    plain = text.strip()
    with_port = _WITH_PORT.fullmatch(plain)
    if with_port is not None:
        plain = with_port[1] or with_port[2]
    if ":" in plain:
        plain = plain.partition("%")[0]
    try:
        address = ip_address(plain)
    except ValueError:
        return None
    if isinstance(address, IPv6Address):
        return address.ipv4_mapped or address.sixtofour or address
    return address


def network_of(address: IPv4Address | IPv6Address) -> str:
    """The network that is kept of an address: 192.0.2.0/24, 2001:db8:1::/48."""
    if isinstance(address, IPv4Address):
        return f"{str(address).rpartition('.')[0]}.0/24"
    return str(IPv6Network((address, PREFIX_OF_IPV6), strict=False))


def shape_of(text: str) -> str:
    """The text with # for every digit and x for every letter."""
    return _LETTER.sub("x", _DIGIT.sub("#", text))


def may_hold_address(text: str) -> bool:
    """Whether `mask_addresses` would change a text."""
    return _IPV4.search(text) is not None or any(map(_is_ipv6, _GROUPS.finditer(text)))


def mask_addresses(text: str) -> str:
    """Mask every IP address in a text; also four short numbers with dots that are none."""
    return _GROUPS.sub(_masked_if_ipv6, _IPV4.sub(_masked, text))


def _masked(run: re.Match[str]) -> str:
    return shape_of(run.group())


def _masked_if_ipv6(run: re.Match[str]) -> str:
    return shape_of(run.group()) if _is_ipv6(run) else run.group()


def _is_ipv6(run: re.Match[str]) -> bool:
    """Whether groups between colons are (a part of) an address, and not a date and time."""
    text = run.group()
    if "::" in text:
        return _HEX_DIGIT.search(text) is not None
    if _HEX_LETTER.search(text) is not None:
        return True
    return text.count(":") >= _MOST_GROUPS_OF_A_TIME
