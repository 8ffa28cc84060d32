"""How much of an older version is in a newer one: the count, and the time."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from growth import assert_linear

from ingest.contract.feeds import Feed
from ingest.contract.reading import load_feeds
from ingest.raw.likeness import Likeness, Shared
from ingest.raw.rows import CopyData

Row = Sequence[str]


@pytest.fixture(scope="module")
def feed() -> Feed:
    return load_feeds().feeds["branch_pos_transactions"]


def copies(feed: Feed, rows: Sequence[Row]) -> CopyData:
    """Rows of time, customer, basket and total, as the loader makes them."""
    made = CopyData()
    lines = (
        "\t".join([time, "Leeds", name, basket, total, "CASH", "", "", "", "1", "1", "load"])
        for time, name, basket, total in rows
    )
    made.add(f'copy raw."{feed.table}" (...)', "".join(f"{line}\n" for line in lines).encode())
    return made


def shared(feed: Feed, older: Sequence[Row], newer: Sequence[Row]) -> Shared:
    likeness = Likeness(feed, len(older))
    likeness.take_older(copies(feed, older))
    likeness.add(copies(feed, newer))
    return likeness.shared()


def minutes(count: int, names: Sequence[str], prices: Sequence[str]) -> list[Row]:
    """A receipt a minute; names and prices take turns."""
    return [
        (
            f"26/08/2021 {9 + number // 60:02d}:{number % 60:02d}",
            names[number % len(names)],
            f"Tea - {prices[number % len(prices)]}",
            prices[number % len(prices)],
        )
        for number in range(count)
    ]


def test_corrected_rows_are_recognised(feed: Feed) -> None:
    names = [f"Ann {number}" for number in range(40)]
    before = minutes(40, names, ["1.70", "1.80"])
    assert shared(feed, before, before) == Shared(40, 40, 40)
    assert shared(feed, before, minutes(40, names, ["1.90"])) == Shared(0, 40, 40)
    # Another till's customers at the same minutes.
    others = [f"Bob {number}" for number in range(40)]
    prices = [f"{number}.70" for number in range(40)]
    before = minutes(40, names, prices)
    assert shared(feed, before, minutes(40, others, prices[::-1])) == Shared(0, 40, 0)


@pytest.mark.parametrize("names", [[""], ["Ann", "Bob", "Cas"]])
def test_an_equal_time_alone_is_not_a_correction(feed: Feed, names: list[str]) -> None:
    """Two tills of one branch, without names: the minutes do not identify the till."""
    before = minutes(40, names, ["1.70", "1.80"])
    after = minutes(40, [f"{name}x" for name in names], ["2.45", "2.60"])
    assert shared(feed, before, after) == Shared(0, 40, 0)
    kept = [*after[1:], before[0]]
    assert shared(feed, before, kept) == Shared(1, 40, 0)


def test_rows_with_equal_values_are_sampled(feed: Feed) -> None:
    """A corrected version is recognised even if no column is selective."""
    days = [f"2{number}/08/2021" for number in range(3)]
    names = ["Ann", "Bob"]
    before = [(days[n % 3], names[n % 2], "Tea - 1.70", "1.70") for n in range(600)]
    after = [(days[n % 3], names[n % 2], "Tea - 1.90", "1.90") for n in range(600)]
    assert shared(feed, before, after) == Shared(0, 600, 600)
    other = [(days[n % 3], "Cas", "Tea - 1.90", "1.90") for n in range(600)]
    assert shared(feed, before, other) == Shared(0, 600, 0)


def test_the_work_grows_with_the_rows(feed: Feed) -> None:
    def work(count: int) -> None:
        older = [(f"0{n % 2}:00", f"A{n % 2}", f"Tea{n % 2}", f"1.7{n % 2}") for n in range(count)]
        newer = [(f"0{n % 2}:00", "B", "Cake", "2.70") for n in range(count)]
        assert shared(feed, older, newer) == Shared(0, count, 0)

    assert_linear(work, 400)
