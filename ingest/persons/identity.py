"""What names the customer of a row, in one spelling, and its keyed token."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from ingest.contract.feeds import Column, CustomerRule, Feed
from ingest.formats.records import SEPARATOR

ERASED = "erased-"
"""What every pseudonym begins with; 32 hexadecimal digits follow."""
CARD = "card_token"
"""The raw column by which a card names a customer."""
NO_ADDRESS = "@erased.invalid"
"""Behind a pseudonym that stands for an e-mail address; nobody can have such a domain."""
KEPT_SPELLINGS = 200_000
"""Rows of one customer mostly follow one another, or come back soon."""

_SPACES = "\x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))
_UNSEEN = "\xad\u034f\u061c\u180e\u2060\ufeff" + "".join(
    map(chr, (*range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2061, 0x206A)))
)
_PLAIN = str.maketrans(
    {
        **dict.fromkeys(_SPACES, " "),
        **dict.fromkeys(_UNSEEN, ""),
        "\u2010": "-",
        "\u2011": "-",
        "\u2019": "'",
    }
)
_HYPHENS = str.maketrans(dict.fromkeys("-\u2010\u2011\u2012\u2013\u2014\u2015\u2212", " "))
# As the macro `identifier` restores numbers that a spreadsheet or a program has changed.
_CHANGED_NUMBER = re.compile(r'="([^"]+)"|\'([+0-9][^\'a-z]*)|([0-9]+)(?:[.]0+|,0{1,2}|,0{4,})')
_SCIENTIFIC = re.compile(r"([0-9])[.,]([0-9]+)[eE][+]?([0-9]{1,2})")
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
# As the macro `email_address`.
_ADDRESS = re.compile(r'(?:mailto:)?([^\s@<>,;:"]+) *@+ *([^\s@<>,;:"]+[.][^\s@<>,;:".]+)')
_NOTHING = {"null", "none", "undefined", "n/a", "#n/a", "na", "nan", "nil", "\\n", "-", "--", "?"}
"""Usual spellings of an empty cell; the macro `cleaned` knows all."""


def new_pseudonym() -> str:
    """A pseudonym that has nothing to do with the person."""
    return f"{ERASED}{secrets.token_hex(16)}"


def erased_key(source: str, pseudonym: str) -> str:
    """The customer key of an erased customer, as the macro `customer_key` makes it."""
    return hashlib.md5(f"{source}-{pseudonym.removeprefix(ERASED)}".encode()).hexdigest()


def pseudonym_in(column: Column, pseudonym: str) -> str:
    """The pseudonym as a value of a column."""
    return f"{pseudonym}{NO_ADDRESS}" if column.personal == "email" else pseudonym


def _plain(text: str) -> str:
    return text if text.isascii() else unicodedata.normalize("NFC", text.translate(_PLAIN))


def normal_name(text: str) -> str:
    """A name in the one spelling of all that the models take for the same: in any capitals and
    spacing."""
    return " ".join(_plain(text).replace("_", " ").split()).lower()


def normal_number(text: str) -> str:
    """The same for a number or code, as the macro `identifier` reads it: capitals count, but for
    those of a UUID."""
    plain = _plain(text).strip(" \t\n\r")
    if plain.lower() in _NOTHING:
        return ""
    changed = _CHANGED_NUMBER.fullmatch(plain)
    if changed is not None:
        return next(group for group in changed.groups() if group is not None)
    scientific = _SCIENTIFIC.fullmatch(plain)
    if scientific is not None:
        first, decimals, exponent = scientific.groups()
        digits, places = decimals.rstrip("0"), int(exponent)
        if len(decimals) >= places >= len(digits):
            return first + digits.ljust(places, "0")
    return plain.lower() if _UUID.fullmatch(plain) else plain


def normal_branch(text: str) -> str:
    """The same for a branch; in the name of a file hyphens stand for spaces."""
    return normal_name(text.translate(_HYPHENS))


def normal_address(text: str) -> str:
    """The same for an e-mail address; empty where it is none."""
    found = _ADDRESS.fullmatch(_plain(text).lower().strip(" \t\n\r<>"))
    return f"{found[1]}@{found[2]}" if found is not None else ""


def person_token(keys: Sequence[bytes], text: str) -> str:
    """The keyed token of a text: HMAC-SHA-256 with the first key, then of that with the next one.

    As with card tokens, so that a new key can be applied to stored tokens.
    """
    for key in keys:
        text = hmac.digest(key, text.encode("utf-8", "surrogatepass"), "sha256").hex()
    return text


def of_source(source: str, identity: str) -> str:
    """What the token of a customer is made of. Equal numbers of two sources are two customers."""
    return f"{source}{SEPARATOR}{identity}"


@dataclass(frozen=True)
class _Rule:
    """A rule of the contract with the places of its columns among the needed ones."""

    label: str
    first: Column
    """The column that gets the pseudonym; the others become null."""
    is_name: bool
    parts: tuple[tuple[int, Callable[[str], str]], ...]
    within: int | None
    where: tuple[tuple[int, str], ...]


class Identities:
    """Finds what names the customer of each row of a feed.

    An identity is a text: the names of the identifying columns, and their values in one spelling.
    So feeds of one source that name the same customers use the same names of columns.
    """

    def __init__(self, feed: Feed) -> None:
        columns = {column.name: column for column in feed.columns}
        needed: dict[str, int] = {}

        def place_of(name: str) -> int:
            return needed.setdefault(CARD if columns[name].is_card else name, len(needed))

        def rule_of(rule: CustomerRule) -> _Rule:
            is_name = (
                rule.within is not None
                or len(rule.columns) > 1
                or columns[rule.columns[0]].personal == "name"
            )

            def spelled(name: str) -> Callable[[str], str]:
                if columns[name].personal == "email":
                    return normal_address
                return normal_name if is_name else normal_number

            return _Rule(
                "+".join(CARD if columns[name].is_card else name for name in rule.columns),
                columns[rule.columns[0]],
                is_name,
                tuple((place_of(name), spelled(name)) for name in rule.columns),
                place_of(rule.within) if rule.within is not None else None,
                tuple((place_of(name), normal_name(text)) for name, text in rule.where.items()),
            )

        self._rules = [rule_of(rule) for rule in feed.customer]
        self.needed = tuple(needed)
        """The raw columns to be given to `of`, in this order."""
        self.needs_branch = any(rule.within is not None for rule in self._rules)
        self.by_card = any(rule.label == CARD for rule in self._rules)
        self.names = frozenset(rule.label for rule in self._rules if rule.is_name)
        """The labels of identities that are names (`label_of`)."""
        self.first = {rule.label: rule.first for rule in self._rules}
        """By label: the column that gets the pseudonym, or that of the cards."""
        rules = self._rules

        @lru_cache(KEPT_SPELLINGS)
        def of(cells: tuple[str | None, ...], branch: str | None = None) -> str | None:
            return _identity_of(rules, cells, branch)

        # Without a reference to this object: a load collects no garbage, and would keep the cache
        # of each file.
        self.of = of
        """The identity in the needed cells of a row (None or empty: nothing); None if it names no
        customer. The second argument is the branch of the row's file."""

    def named(self, text: str) -> set[str]:
        """The identities that a person may mean by a text: a number, an address, branch/name.

        Cards are not among them, because nobody may have to write a card number.
        """
        found = set()
        for rule in self._rules:
            if rule.label == CARD:
                continue
            branch, slash, name = text.partition("/")
            given = name if rule.within is not None else text
            if len(rule.parts) > 1 or (rule.within is not None and not slash):
                continue
            value = rule.parts[0][1](given)
            values = [value, normal_branch(branch)] if rule.within is not None else [value]
            if value:
                found.add(SEPARATOR.join((rule.label, *values)))
        return found


def _identity_of(
    rules: Sequence[_Rule], cells: tuple[str | None, ...], branch: str | None
) -> str | None:
    for rule in rules:
        if any(normal_name(cells[place] or "") != text for place, text in rule.where):
            continue
        values = [spelled(cells[place] or "") for place, spelled in rule.parts]
        if not all(values):
            continue
        if rule.within is not None:
            values.append(normal_branch(cells[rule.within] or branch or ""))
        return SEPARATOR.join((rule.label, *values))
    return None


def label_of(identity: str) -> str:
    """The names of the columns that an identity is of."""
    return identity.partition(SEPARATOR)[0]


def card_identity(token: str) -> str:
    """The identity of a customer who is named by a card."""
    return f"{CARD}{SEPARATOR}{token}"


def reject_identity(feed: str, reason: str, line: str) -> str:
    """The identity by which an erased malformed line is recognized; no row has it."""
    return SEPARATOR.join(("rejected line", feed, reason, line))


def key_identity(key: str) -> str:
    """The identity by which a request for a customer key is recognized; no row has it."""
    return f"customer_key{SEPARATOR}{key}"
