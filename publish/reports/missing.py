"""Which branches' sales of a day have not come.

No file says that it is the last one of a day. So a branch is missing on a day on which it sold
nothing, and which is not a public holiday of its country, although it sold on the same weekday in
at least two of its last four weeks with sales. Weeks without any sale do not count, so that a
branch stays missing while nothing comes from it, up to `LOOKED_AT` weeks.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, timedelta

from publish.marts import MartReader
from publish.reports.trading import WEEK, Trading, labels, read_holidays, read_trading
from publish.reports.words import called, listed

WEEKS, AT_LEAST = 4, 2
LOOKED_AT = 8
"""The last weeks with sales are looked for in so many weeks before the day."""
MOST_NAMED = 3


def read_missing(reader: MartReader, on: date, trading: Trading | None = None) -> dict[str, int]:
    """The keys of missing branches, each with the number of weeks in which it sold.

    `trading`: the days of the weeks before, if they have been read already.
    """
    if trading is None:
        trading = read_trading(reader, [(on - LOOKED_AT * WEEK, on)])
    holidays = read_holidays(reader, [on])
    closed = {one.key for one in reader.all_branches if holidays.of(one, on) is not None}
    return missing_keys(trading, on, closed)


def missing_keys(trading: Trading, on: date, closed: Collection[str] = ()) -> dict[str, int]:
    """The keys of missing branches, as `read_missing`. `closed`: have a public holiday."""
    # Each week begins with the weekday in question, the latest week first.
    weeks = [on - week * WEEK for week in range(1, LOOKED_AT + 1)]
    sold = {first: trading.branches(first, first + timedelta(days=6)) for first in weeks}
    found = {}
    for key in sorted(set[str]().union(*sold.values()) - {*closed}):
        if trading.day(key, on) is None:
            last = [first for first in weeks if key in sold[first]][:WEEKS]
            count = sum(trading.day(key, first) is not None for first in last)
            if count >= AT_LEAST:
                found[key] = count
    return found


def missing(reader: MartReader, on: date) -> tuple[str, ...]:
    """The names of branches whose sales of the day have not come, as on the company's page."""
    if not reader.has("rpt_daily_sales"):
        return ()
    return names(reader, read_missing(reader, on))


def names(reader: MartReader, keys: dict[str, int]) -> tuple[str, ...]:
    """The labels of branches, in their order."""
    found = labels(reader.all_branches)
    return tuple(sorted(found.get(key, key) for key in keys))


def have_not_come(labels_of_missing: Sequence[str]) -> str:
    """The missing branches in a sentence of a headline; the page names all of them beside it."""
    count = len(labels_of_missing)
    if not count:
        return ""
    if count > MOST_NAMED:
        return f"The sales of {count:,} branches have not come."
    return f"The sales of {listed([called(label) for label in labels_of_missing])} have not come."
