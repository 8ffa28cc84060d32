"""What a report's page shows, free of any layout: figures, charts and tables with their sources.

The four reports read the marts and return pages; the layouts (HTML, PDF, mail, message) show them.
A page is a value: the same marts give the same page, and `Page.content()` its canonical form.
"""

from __future__ import annotations

import dataclasses
import json
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import Enum
from typing import Any

ISOLATE = "\N{FIRST STRONG ISOLATE}"
END_OF_ISOLATE = "\N{POP DIRECTIONAL ISOLATE}"


def isolated(name: str) -> str:
    """A name to put in a sentence: written from right to left, it leaves the order of the words and
    numbers beside it as it is. Names in cells, labels and `part_name` are written without.
    """
    if any(unicodedata.bidirectional(sign) in ("R", "AL", "AN") for sign in name):
        return f"{ISOLATE}{name}{END_OF_ISOLATE}"
    return name


class Kind(Enum):
    """The kind of a value, which decides its format and alignment."""

    TEXT = "text"
    CODE = "code"
    DATE = "date"
    NUMBER = "number"
    QUANTITY = "quantity"
    MONEY = "money"
    HOURS = "hours"
    PERCENT = "percent"
    CHANGE = "change"


Value = str | date | int | Decimal | None
"""None is shown as a dash: not known, or not applicable. Money and shares are decimals."""


@dataclass(frozen=True)
class Source:
    """Where figures come from: a mart, and the condition on its columns that selects them.

    `where`: SQL that an analyst can run as it stands: `select * from <mart> where <where>`.
    """

    mart: str
    where: str = ""


@dataclass(frozen=True)
class Comparison:
    """A figure's change against another period or a target.

    `label`: "on last week". `percent`: None where there is nothing to compare with (no zero is
    divided by). `before`: the figure compared with.
    """

    label: str
    percent: Decimal | None
    before: Value = None


@dataclass(frozen=True)
class Figure:
    """One large figure at the top of a page. `key` names it in the record of the page."""

    key: str
    label: str
    value: Value
    kind: Kind
    source: Source
    currency: str = ""
    comparisons: tuple[Comparison, ...] = ()
    more_is_better: bool | None = True


@dataclass(frozen=True)
class Column:
    """A column of a table. `currency`: of a column of money, where it is one for all rows."""

    heading: str
    kind: Kind
    currency: str = ""


@dataclass(frozen=True)
class Table:
    """A table. The first column names the row."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[Value, ...], ...]
    when_empty: str = "Nothing to show."


class ChartKind(Enum):
    """`BARS`: one bar per label. `COLUMNS`: the same upright, for time and hours. `LINE`: values
    over time. All axes of bars and columns begin at nought.
    """

    BARS = "bars"
    COLUMNS = "columns"
    LINE = "line"


@dataclass(frozen=True)
class Series:
    """The values of one colour, in the order of the chart's labels; None leaves a gap."""

    name: str
    values: tuple[Decimal | int | None, ...]


@dataclass(frozen=True)
class Chart:
    """A chart. `alt`: what it shows, in one sentence with its figures, for who cannot see it."""

    kind: ChartKind
    labels: tuple[str, ...]
    series: tuple[Series, ...]
    value_kind: Kind
    alt: str
    currency: str = ""


@dataclass(frozen=True)
class Section:
    """A part of a page. `text`: what the figures say, in one or two sentences.

    `is_latest`: it shows the latest state (a list of stock), which no later run can show again; a
    restated page keeps the section as first published.
    """

    key: str
    title: str
    source: Source
    text: str = ""
    chart: Chart | None = None
    table: Table | None = None
    is_latest: bool = False


@dataclass(frozen=True)
class Advice:
    """What to do, most urgent first. `reason`: the figures that say so.

    `is_latest`: it comes from the latest state, as in a section.
    """

    text: str
    reason: str
    source: Source
    is_latest: bool = False


@dataclass(frozen=True)
class Restatement:
    """What a correction changed on a page that was published before."""

    label: str
    before: Value
    after: Value
    kind: Kind
    currency: str = ""


@dataclass(frozen=True)
class Page:
    """One edition of a report.

    `part`: the branch it is about, as in `branch_key`, or "" for the company. `part_name`: for
    people; `part_place` tells two branches of one name apart (the source, or the place).
    `business_date`: the last day it shows; nothing on it is of a later day. `missing`: the names of
    branches whose sales of that day have not come. `shows_names`: it names people, so it is only
    for whom the contract lists. `odd`: what is out of the ordinary, from fct_sales_anomalies.
    """

    report: str
    title: str
    part: str
    part_name: str
    part_place: str
    business_date: date
    period: str
    headline: str
    figures: tuple[Figure, ...]
    sections: tuple[Section, ...]
    odd: tuple[Advice, ...] = ()
    advice: tuple[Advice, ...] = ()
    missing: tuple[str, ...] = ()
    restated: tuple[Restatement, ...] = ()
    shows_names: bool = False

    def content(self) -> str:
        """The page as canonical JSON: equal pages give equal texts, and different ones not."""
        return json.dumps(_plain(self), ensure_ascii=False, sort_keys=True, indent=1) + "\n"


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {
            field.name: _plain(getattr(value, field.name)) for field in dataclasses.fields(value)
        }
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_plain(item) for item in value]
    return value
