"""Card numbers in their own column: replaced by tokens."""

from __future__ import annotations

import hashlib
import re
from binascii import hexlify
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from base.errors import BranchlineError
from ingest.cards.search import (
    Caution,
    find_cards,
    is_printed,
    read_card,
    replaced,
)

if TYPE_CHECKING:
    from hashlib import _Hash as HASH

Card = tuple[str, str, str]
"""(card_token, card_last4, card_unreadable); an empty text means NULL."""

NO_CARD: Card = ("", "", "")
SHORTEST_KEY = 32
_ZERO = ord("0")

_ANY_DIGIT = re.compile(r"\d")
_DIGITS = re.compile(r"\d+")


class CardTokens:
    """Turns the text of a card column into token, last four digits and unreadable text.

    The token is HMAC-SHA-256 of the digits (RFC 2104) with the first key, as lower case hex. Each
    further key, in the order of their use, is applied to the hex of the token before it. So a new
    key can rotate stored tokens without the card numbers.
    """

    def __init__(self, *keys: bytes) -> None:
        """`keys`: the secrets of the HMAC, oldest first, each of at least 32 bytes."""
        for key in keys:
            if len(key) < SHORTEST_KEY:
                raise BranchlineError(
                    f"The token key is {len(key)} bytes long; card numbers need at least"
                    f" {SHORTEST_KEY} bytes.",
                    "Set BRANCHLINE_TOKEN_KEY to a longer secret, and keep it: a different key"
                    " gives other card tokens.",
                )
        if not keys:
            raise ValueError("card tokens need a key")
        self._pads = [_pads(key) for key in keys]

    def replace_all(
        self,
        cells: Iterable[bytes],
        escape: Callable[[str], str],
        read: Callable[[str], str | None] = read_card,
    ) -> list[bytes]:
        """`replace` for all cells of a column, each as three cells of UTF-8 with tabs between.

        `escape` is applied to unreadable texts. Whatever `read` does, a number of 12 to 16 digits
        is a card.
        """
        replace = self.replace

        def replaced_one(cell: bytes) -> bytes:
            token, last4, unreadable = replace(cell.decode("utf-8"), read)
            return f"{token}\t{last4}\t{escape(unreadable)}".encode()

        if len(self._pads) > 1:
            return list(map(replaced_one, cells))
        ((inner, outer),) = self._pads
        copy_inner, copy_outer = inner.copy, outer.copy
        nothing = "\t".join(NO_CARD).encode()
        made: list[bytes] = []
        add = made.append
        for cell in cells:
            if not cell:
                add(nothing)
            elif 12 <= len(cell) <= 16 and cell.isdigit() and cell[0] != _ZERO:
                first, second = copy_inner(), copy_outer()
                first.update(cell)
                second.update(first.digest())
                add(hexlify(second.digest()) + b"\t" + cell[-4:] + b"\t")
            else:
                add(replaced_one(cell))
        return made

    def token(self, digits: str) -> str:
        """The token of a card number, given as its digits alone."""
        text = digits
        for inner, outer in self._pads:
            text = _hmac(inner, outer, text)
        return text

    def replace(self, text: str, read: Callable[[str], str | None] = read_card) -> Card:
        """Return (token, last4, unreadable) of one cell; empty texts where there is nothing.

        `read`: returns the digits of the card in a cell, or None.
        """
        if not text:
            return NO_CARD
        if text.isspace():
            return NO_CARD
        digits = read(text)
        if digits is None:
            return ("", "", _ANY_DIGIT.sub("#", text))
        return (self.token(digits), digits[-4:], "")

    def mask_path(self, path: str) -> str:
        """Mask the numbers in a file's path that could be card numbers.

        Masked paths stay distinct (a short keyed hash follows the mask), because a path can be a
        logical file's name. Dates and times such as 20210825090000 are not masked.
        """
        # A number does not continue in the next folder, but a card number may be split on purpose.
        names = [self._mask_name(name, Caution.REFUSED) for name in path.split("/")]
        return self._mask_name("/".join(names), Caution.CODES)

    def _mask_name(self, name: str, caution: Caution) -> str:
        masks = []
        for one in find_cards(name, caution):
            if one.is_certain or _looks_like_card(name[one.start : one.end]):
                # By the first key only: a path's mask is stable when keys are added.
                mark = _hmac(*self._pads[0], one.digits)[:8]
                masks.append((one, f"****{one.digits[-4:]}~{mark}"))
        return replaced(name, masks)


def _pads(key: bytes) -> tuple[HASH, HASH]:
    """The two hashes of an HMAC, keyed already: copying them halves the work of hmac."""
    block = (key if len(key) <= 64 else hashlib.sha256(key).digest()).ljust(64, b"\0")
    return (
        hashlib.sha256(bytes(byte ^ 0x36 for byte in block)),
        hashlib.sha256(bytes(byte ^ 0x5C for byte in block)),
    )


def _hmac(inner: HASH, outer: HASH, text: str) -> str:
    first = inner.copy()
    first.update(text.encode("ascii"))
    second = outer.copy()
    second.update(first.digest())
    return second.hexdigest()


def _looks_like_card(run: str) -> bool:
    """Whether a part of a file's name is one long number, or has the groups of a card's.

    Other numbers in names are orders and versions.
    """
    groups = _DIGITS.findall(run)
    return len(groups) == 1 or is_printed(groups)
