"""The benchmarks' files: deterministic, and matching their truth."""

from __future__ import annotations

import csv
import io
from decimal import Decimal
from hashlib import sha256

from bench.branch_pos.till_files import FIRST_DAY, Tills, large_blocks
from bench.branch_pos.wholesale_files import MOST_LINES, wholesale_file
from bench.truth import Truth
from ingest.contract.reading import load_feeds
from sample.people import luhn_digit


def counted(content: bytes) -> Truth:
    """The truth of a file, by an independent reader."""
    truth = Truth(files=1, bytes=len(content))
    for _, _, name, basket, total, method, card in csv.reader(io.StringIO(content.decode())):
        items = basket.split(", ")
        prices = [Decimal(item.rpartition(" - ")[2]) for item in items]
        assert name
        assert sum(prices) == Decimal(total)
        assert 1 <= len(items) <= 5
        assert (method == "CARD") == bool(card)
        if card:
            assert len(card) == 16
            assert luhn_digit(card[:-1]) != int(card[-1])
        truth += Truth(
            rows=1,
            items=len(items),
            pence=int(Decimal(total) * 100),
            card_rows=bool(card),
            last_four=int(card[-4:] or 0),
        )
    return truth


def test_a_file_does_not_depend_on_earlier_files() -> None:
    tills = Tills()
    for position in (0, 3, 9):
        for number in (0, 1, 100):
            tills.file(position, number, 70)
    fresh = Tills().file(3, 100, 70)
    assert tills.file(3, 100, 70) == fresh
    # Pinned, so that results of different days can be compared.
    assert sha256(fresh.content).hexdigest()[:16] == "4e8b8ee11325b638"


def test_a_file_matches_its_truth() -> None:
    tills = Tills()
    for position, number in ((0, 0), (1, 45), (40, 719)):
        for corrected in (False, True):
            file = tills.file(position, number, 300, corrected=corrected)
            assert counted(file.content) == file.truth
            assert file.truth.rows == 300


def test_half_of_the_receipts_are_paid_by_returning_cards() -> None:
    tills = Tills()
    truth, cards = Truth(), set()
    for number in range(20):
        file = tills.file(2, number, 200)
        truth += file.truth
        cards |= file.cards
    assert 0.45 < truth.card_rows / truth.rows < 0.55
    assert len(cards) < 0.9 * truth.card_rows
    assert 2.2 < truth.items / truth.rows < 2.6


def test_a_corrected_file_is_a_version_of_the_same_day() -> None:
    feed = load_feeds().chosen(["branch_pos_transactions"])[0]
    first, second = (Tills().file(3, 7, 70, corrected=corrected) for corrected in (False, True))
    assert first.path != second.path
    assert first.content != second.content
    assert feed.claims(first.path)
    assert feed.identify(first.path).logical_file == feed.identify(second.path).logical_file
    assert feed.identify(first.path).business_date == FIRST_DAY.replace(day=8)


def test_the_blocks_of_a_large_file_match_their_truth_and_repeat_no_card() -> None:
    contents, cards, distinct = [], set(), 0
    for content, truth, new_cards in large_blocks(1_000_000, block_rows=3_000):
        assert counted(content) == truth + Truth(files=1)
        contents.append(content)
        distinct += new_cards
        cards |= {line.rpartition(b",")[2] for line in content.splitlines()} - {b""}
    assert len(contents) == 3
    assert sum(map(len, contents)) >= 1_000_000
    assert len(cards) == distinct


def test_truths_can_be_added_and_subtracted() -> None:
    one, other = Tills().file(0, 0, 5).truth, Tills().file(1, 0, 9).truth
    assert (one + other).rows == 14
    assert (one + other) - other == one
    assert (one + other).money == f"{(one.pence + other.pence) / 100:.2f}"


def test_a_wholesalers_receipts_are_long_and_match_their_truth() -> None:
    file = wholesale_file(3, 400)
    assert wholesale_file(3, 400) == file
    receipts = list(csv.reader(io.StringIO(file.content.decode())))
    lengths = [len(basket.split(", ")) for _, _, _, basket, *_ in receipts]
    assert (len(lengths), sum(lengths)) == (file.truth.rows, file.truth.items)
    assert sum(Decimal(total) for *_, total, _, _ in receipts) == Decimal(file.truth.money)
    assert 14 < sum(lengths) / len(lengths) < 30
    assert 100 < max(lengths) <= MOST_LINES
    # Pinned, so that results of different days can be compared.
    assert sha256(file.content).hexdigest()[:16] == "83bb53856affa198"


def test_a_wholesalers_corrected_day_has_a_longer_receipt() -> None:
    first, second = wholesale_file(3, 40), wholesale_file(3, 40, also=[6000])
    assert second.truth.rows == first.truth.rows + 1
    assert second.truth.items == first.truth.items + 6000
    feed = load_feeds().chosen(["branch_pos_transactions"])[0]
    assert feed.identify(first.path).logical_file == feed.identify(second.path).logical_file
