"""Mask what a feed protects, in texts that are stored or shown beside its columns.

These are malformed lines, messages and names: card numbers of every feed, and IP addresses of a
feed that has a column of them.
"""

from __future__ import annotations

from collections.abc import Sequence

from ingest.cards import mask_lines, mask_text
from ingest.contract.feeds import Feed
from ingest.ip_addresses import mask_addresses


def mask_text_of(feed: Feed, text: str) -> str:
    """A text of the feed, masked."""
    if feed.address_place is not None:
        # First: a card's mask inside a long address would leave the rest of it.
        text = mask_addresses(text)
    return mask_text(text, damaged=feed.has_damaged_cards)


def mask_lines_of(feed: Feed, lines: Sequence[str]) -> list[str]:
    """The lines of one text of the feed, masked; a card may continue in the next line."""
    if feed.address_place is not None:
        lines = [mask_addresses(line) for line in lines]
    return mask_lines(lines, damaged=feed.has_damaged_cards)
