"""The list of erased customers and cards, and how rows that name them are changed while loading."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import repeat
from typing import TYPE_CHECKING

from ingest.cards import CardTokens
from ingest.contract.feeds import CARD_COLUMNS, Feed
from ingest.persons.identity import (
    CARD,
    ERASED,
    Identities,
    label_of,
    of_source,
    person_token,
    pseudonym_in,
    reject_identity,
)

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

ERASED_LAST4 = "####"
"""In place of a card's last digits: a sale by card stays one."""
ERASED_TEXT = "#"
"""In place of a card number that could not be read."""
_CARD_OF_A_CUSTOMER = "erased card"

_ESCAPED = re.compile(r"\\(.)")
_MEANT = {"t": "\t", "n": "\n", "r": "\r"}

Cells = Sequence[str]
Known = dict[int, dict[str, str]]
"""By the number of token keys at that time: pseudonyms by token."""


@dataclass(frozen=True)
class Tombstones:
    """What a load has to know: pseudonyms of erased customers, by source, and of erased cards.

    Erased malformed lines are among the customers of their source.
    """

    customers: Mapping[str, Known] = field(default_factory=dict)
    cards: Known = field(default_factory=dict)

    @classmethod
    def read(cls, connection: Connection) -> Tombstones:
        """The list of a warehouse; empty in one of an older version."""
        customers: dict[str, Known] = {}
        cards: Known = {}
        with connection.cursor() as cursor:
            cursor.execute("select to_regclass('raw.ingest_erased') is not null")
            if cursor.fetchone() != (True,):
                return cls()
            cursor.execute(
                "select source_system, token_keys, token, pseudonym from raw.ingest_erased"
            )
            for source, keys, token, pseudonym in cursor:
                known = cards if source is None else customers.setdefault(source, {})
                known.setdefault(keys, {})[token] = pseudonym
        return cls(customers, cards)

    def of_feed(self, feed: Feed) -> Tombstones | None:
        """The part that a feed's rows can meet; None where there is none."""
        customers = self.customers.get(feed.source) if feed.customer else None
        cards = self.cards if feed.card_place is not None else {}
        if not customers and not cards:
            return None
        return Tombstones({feed.source: customers} if customers else {}, cards)

    def has_line(self, feed: Feed, token_keys: Sequence[bytes], reason: str, line: str) -> bool:
        """Whether a malformed line of the feed, with this reason, was erased."""
        known = self.customers.get(feed.source, {})
        identity = of_source(feed.source, reject_identity(feed.name, reason, line))
        return any(
            person_token(token_keys[keys - 1 :], identity) in pseudonyms
            for keys, pseudonyms in known.items()
        )

    def __len__(self) -> int:
        known = [*self.customers.values(), self.cards]
        return sum(len(tokens) for part in known for tokens in part.values())


class RowEraser:
    """Changes the rows of one file that name an erased customer or card, before they are written.

    The same rows that an erasure changes in raw get the same values here.
    """

    def __init__(
        self,
        feed: Feed,
        tombstones: Tombstones,
        token_keys: Sequence[bytes],
        branch: str | None,
        read_card: Callable[[str], str | None],
    ) -> None:
        """`tombstones`: those of the feed; `branch`: of the file; `read_card`: gives the digits in
        a cell of the card column."""
        self._source = feed.source
        self._customers = tombstones.customers.get(feed.source, {})
        self._cards = tombstones.cards
        self._keys = tuple(token_keys)
        self._branch = branch
        self._read_card = read_card
        self._tokens_of = {
            keys: CardTokens(*token_keys[:keys]) for keys in {1, *self._customers, *self._cards}
        }
        names = feed.raw_columns()
        self._identities = Identities(feed)
        self._needed = [names.index(name) for name in self._identities.needed]
        self._declared = len(names)
        self._card_places = [names.index(name) for name in CARD_COLUMNS if name in names]
        self._erases_by_card = not feed.customer
        self._columns = {
            label: (names.index(column.name), column)
            for label, column in self._identities.first.items()
            if not column.is_card
        }
        self._personal = [
            names.index(name)
            for column in feed.columns
            if (column.personal or column.is_address) and not column.is_card
            for name in column.raw_columns()
        ]

    def erase(self, columns: list[Cells], card_texts: Cells | None) -> None:
        """Change columns of cells as COPY reads them, in the order of the raw table.

        `card_texts`: the cells of the card column as they were read.
        """
        customers = self._customers_of(columns, card_texts)
        cards = self._cards_of(columns, card_texts)
        rows = [
            (row, customer, card)
            for row, (customer, card) in enumerate(zip(customers, cards, strict=True))
            if customer is not None or card is not None
        ]
        if not rows:
            return
        changed = [list(cells) for cells in columns]
        for row, customer, card in rows:
            named = None
            if customer is not None:
                named = self._columns.get(label_of(customer[0]))
            if customer is not None or self._erases_by_card:
                for place in (*self._personal, *range(self._declared, len(changed))):
                    changed[place][row] = ""
            if customer is not None and named is not None:
                changed[named[0]][row] = pseudonym_in(named[1], customer[1])
            if self._card_places:
                self._erase_card(changed, row, card, card_texts)
        columns[:] = changed

    def _erase_card(
        self, columns: list[list[str]], row: int, card: str | None, card_texts: Cells | None
    ) -> None:
        token, last4, unreadable = self._card_places
        if columns[token][row]:
            assert card_texts is not None, "a token was made from a cell"
            columns[token][row] = card or self._new_card(card_texts[row])
        if columns[last4][row]:
            columns[last4][row] = ERASED_LAST4
        if columns[unreadable][row]:
            columns[unreadable][row] = ERASED_TEXT

    def _new_card(self, text: str) -> str:
        """The pseudonym of a card that an erased customer did not have before."""
        token, _, _ = self._tokens_of[1].replace(text, self._read_card)
        return ERASED + person_token(self._keys[:1], of_source(_CARD_OF_A_CUSTOMER, token))[:32]

    def _customers_of(
        self, columns: list[Cells], card_texts: Cells | None
    ) -> Iterable[tuple[str, str] | None]:
        """What names each row's customer, and the pseudonym; None where that is not an erased
        one."""
        found: list[tuple[str, str] | None] = [None] * len(columns[0])
        for keys, pseudonyms in self._customers.items():
            cells = [self._cells(columns, place, card_texts, keys) for place in self._needed]
            for row, needed in enumerate(zip(*cells, strict=True)):
                identity = self._identities.of(needed, self._branch)
                if identity is not None:
                    token = person_token(self._keys[keys - 1 :], of_source(self._source, identity))
                    if token in pseudonyms:
                        found[row] = identity, pseudonyms[token]
        return found

    def _cells(
        self, columns: list[Cells], place: int, card_texts: Cells | None, keys: int
    ) -> Iterable[str]:
        """A column for the identities; card tokens as they were made with the first keys."""
        if not self._card_places or place != self._card_places[0]:
            return map(_read_by_copy, columns[place])
        assert card_texts is not None, "a feed with tokens has a card column"
        return self._tokens(columns, card_texts, keys)

    def _tokens(self, columns: list[Cells], card_texts: Cells, keys: int) -> Iterable[str]:
        if keys == len(self._keys):
            return columns[self._card_places[0]]
        tokens = self._tokens_of[keys]
        return [tokens.replace(text, self._read_card)[0] for text in card_texts]

    def _cards_of(self, columns: list[Cells], card_texts: Cells | None) -> Iterable[str | None]:
        if card_texts is None or not self._cards:
            return repeat(None, len(columns[0]))
        found: list[str | None] = [None] * len(columns[0])
        for keys, pseudonyms in self._cards.items():
            label = of_source("", CARD)
            for row, card in enumerate(self._tokens(columns, card_texts, keys)):
                if card:
                    token = person_token(self._keys[keys - 1 :], of_source(label, card))
                    found[row] = pseudonyms.get(token) or found[row]
        return found


def card_tombstone(keys: Sequence[bytes], token: str) -> str:
    """The token in the list of a card, from its token in raw, which was made with all keys."""
    return person_token(keys[-1:], of_source(of_source("", CARD), token))


def customer_tombstone(
    keys: Sequence[bytes], source: str, identity: str, later: Sequence[bytes] = ()
) -> str:
    """The token in the list of a customer, from the identity in raw when it was erased.

    `keys`: those of that time; `later`: those that came since.
    """
    return person_token([*keys[-1:], *later], of_source(source, identity))


def _read_by_copy(cell: str) -> str:
    """A cell as it will be stored: COPY reads a backslash and the letter behind it as one."""
    if "\\" not in cell:
        return cell
    return _ESCAPED.sub(lambda found: _MEANT.get(found[1], found[1]), cell)
