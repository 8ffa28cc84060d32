"""What a report is to those who publish it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from publish.marts import MartReader
from publish.reports.page import Page


@dataclass(frozen=True)
class Part:
    """What one page is about: a branch (`key`: its branch_key), or the company (`key` is "").

    `place` tells two branches of one name apart.
    """

    key: str
    name: str
    place: str = ""


Read = Callable[[MartReader, date, Sequence[Part]], list[Page]]
"""The pages of a business date, in the order of the parts: one for each part that the report
concerns, also where the day had no sale. The business date is the last day of the period that the
report is for: a day, a week or a month."""


@dataclass(frozen=True)
class Report:
    """A report that publications.yml may name.

    `read` reads rows of periods that have ended on the business date or before, apart from sections
    that are marked as latest state.
    `reads`: the marts without which it cannot be published. `may_read`: marts that it uses if they
    exist.
    `latest`: those of `reads` that hold the latest state and give the headline or figures. A later
    run cannot read it again as it was, so such a report keeps its pages as first published.
    `not_compared`: marts whose changes restate nothing: those that grow each night, and those that
    are sums of the same receipts as another one, which is smaller.
    `looks_back`: how many days before its business date the oldest row may be that it shows, so
    that a correction of that row restates the page.
    """

    name: str
    title: str
    read: Read
    reads: tuple[str, ...]
    looks_back: int
    may_read: tuple[str, ...] = ()
    latest: tuple[str, ...] = ()
    not_compared: tuple[str, ...] = ()
