"""A page as the body of a mail.

It is made of tables with inline styles, and complete without pictures, because mail programs drop
style sheets and SVG. Mail readers clip a body of more than 100 kB, so a long table shows its first
rows and says how many are left out.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from urllib.parse import urlsplit

from publish.layout import charts, formats
from publish.layout.frame import Frame, MailBody
from publish.layout.palette import LIGHT
from publish.layout.rendering import fill
from publish.layout.view import (
    ItemView,
    PageView,
    TableView,
    document_title,
    table_view,
    view,
)
from publish.reports.page import Chart, ChartKind, Page, Section, isolated

LARGEST = 90_000
"""Bytes of the HTML."""
LONGEST_SUBJECT = 150
MOST_ITEMS = 10
MOST_COLUMNS = 4
MOST_BARS = 12
_ROWS = (15, 6, 2)
_LINE = 72
ODD, ADVICE = "What is out of the ordinary", "What to do"
ATTACHED = "The attached PDF has the charts, and says where each figure comes from."
LINKS = {
    "page": ("The full page, with charts", " shows where each figure comes from."),
    "pdf": ("The full page as a PDF", " shows where each figure comes from."),
    "file": ("The file", " is in the archive."),
}
"""By what the address leads to: the text of the link, and what follows it."""


@dataclass(frozen=True)
class BarView:
    """A bar of a chart: the share of the longest one, in whole percent."""

    label: str
    value: str
    percent: int


@dataclass(frozen=True)
class MailSection:
    """A section of the mail. `more`: what its table or chart leaves out."""

    title: str
    text: str
    bars: tuple[BarView, ...]
    alt: str
    table: TableView | None
    columns: int
    more: str


@dataclass(frozen=True)
class CutTable:
    """The first rows of a table, and how many are left out."""

    table: TableView
    more: str


def mail(page: Page, frame: Frame) -> MailBody:
    """The page as a mail of less than 90 kB."""
    shown = view(page, frame, on_paper=True)
    subject = _subject(page, frame)
    address = frame.address if urlsplit(frame.address).scheme in ("http", "https") else ""
    link, behind_link = LINKS[frame.leads_to]
    attached = ATTACHED if frame.pdf else ""
    attempts = [*((rows, True) for rows in _ROWS), (0, False)]
    for rows, has_sections in attempts:
        sections = [_section(section, rows) for section in page.sections] if has_sections else []
        restated = cut(shown.restated, max(rows, 2))
        short = replace(shown, odd=shown.odd[:MOST_ITEMS], advice=shown.advice[:MOST_ITEMS])
        body = fill(
            "mail.html.j2",
            view=short,
            restated=restated,
            findings=((ODD, short.odd), (ADVICE, short.advice)),
            sections=sections,
            subject=subject,
            address=address,
            link=link,
            behind_link=behind_link,
            attached=attached,
            c=LIGHT,
        )
        if len(body.encode("utf-8")) < LARGEST:
            break
    where = f"{link}: {address}" if address else attached
    text = "\n".join(_text(short, restated, sections, where)) + "\n"
    return MailBody(subject, body, text)


def _subject(page: Page, frame: Frame) -> str:
    is_restated = bool(page.restated) or frame.version > 1
    state = "Incomplete: " if page.missing else "Restated: " if is_restated else ""
    return formats.name(f"{state}{document_title(page)}", LONGEST_SUBJECT)


def cut(table: TableView, rows: int) -> CutTable:
    """The first rows of a table."""
    more = len(table.rows) - rows
    if more <= 0:
        return CutTable(table, "")
    noun = "row" if more == 1 else "rows"
    return CutTable(replace(table, rows=table.rows[:rows]), f"And {more:,} more {noun}.")


def _section(section: Section, rows: int) -> MailSection:
    table: TableView | None = None
    bars: tuple[BarView, ...] = ()
    more = alt = ""
    if section.table:
        shown = cut(table_view(section.table), rows)
        more = shown.more
        table = shown.table if shown.table.rows else None
        if not section.table.rows:
            more = formats.sentence(section.table.when_empty)
        elif len(section.table.columns) > MOST_COLUMNS:
            more = f"{more} The full page has more columns.".strip()
    elif section.chart and charts.is_drawable(section.chart):
        alt = formats.sentence(section.chart.alt)
        if section.chart.kind is ChartKind.BARS:
            bars = _bars(section.chart)
            more = charts_left_out(section.chart)
    else:
        more = "Nothing to show."
    return MailSection(
        title=formats.sentence(section.title),
        text=formats.sentence(section.text),
        bars=bars,
        alt="" if bars else alt,
        table=table,
        columns=MOST_COLUMNS,
        more=more,
    )


def charts_left_out(chart: Chart) -> str:
    """How many bars of a chart the mail leaves out."""
    more = len(chart.labels) - MOST_BARS
    return f"And {more:,} more." if more > 0 else ""


def _bars(chart: Chart) -> tuple[BarView, ...]:
    """The first series of a chart as bars from nought; a negative value has none."""
    values = chart.series[0].values[:MOST_BARS]
    places = formats.decimals(values, chart.value_kind)
    largest = max((value for value in values if value is not None), default=0)
    return tuple(
        BarView(
            formats.name(label),
            formats.shown(value, chart.value_kind, places),
            max(1, round(100 * value / largest)) if value and value > 0 else 0,
        )
        for label, value in zip(chart.labels, values, strict=False)
    )


def _text(
    shown: PageView, restated: CutTable, sections: Sequence[MailSection], where: str
) -> Iterator[str]:
    """The lines of the mail as plain text. `where`: to read more."""
    place = f" ({isolated(shown.place)})" if shown.place else ""
    yield isolated(shown.company)
    yield from _wrapped(f"{shown.title} · {isolated(shown.part)}{place} · {shown.period}")
    yield ""
    yield from _wrapped(shown.headline)
    for notice in shown.notices:
        yield ""
        yield from _wrapped(f"{notice.label} {notice.text}")
    if restated.table.rows:
        yield ""
        yield from _wrapped(f"Restated. {shown.restated_text}")
        yield from _table_lines(restated.table, restated.more)
    if shown.tiles:
        yield ""
    for tile in shown.tiles:
        yield from _wrapped(f"{tile.label}: {tile.value} {tile.unit}".rstrip())
        for comparison in tile.comparisons:
            before = f" ({comparison.before})" if comparison.before else ""
            yield from _wrapped(f"    {comparison.change} {comparison.label}{before}")
    for title, items in ((ODD, shown.odd), (ADVICE, shown.advice)):
        yield from _item_lines(title, items)
    for section in sections:
        yield from _section_lines(section)
    yield ""
    if where:
        yield where
    yield shown.footer


def _item_lines(title: str, items: Sequence[ItemView]) -> Iterator[str]:
    if items:
        yield ""
        yield title.upper()
    for item in items:
        yield from _wrapped(f"- {item.text}")
        if item.reason:
            yield from _wrapped(f"  {item.reason}")


def _section_lines(section: MailSection) -> Iterator[str]:
    yield ""
    yield section.title.upper()
    for sentence in (section.text, section.alt):
        if sentence:
            yield from _wrapped(sentence)
    for bar in section.bars:
        yield f"{_padded(bar.label, 40)} {bar.value:>16}"
    if section.table:
        narrow = replace(section.table, columns=section.table.columns[: section.columns])
        yield from _table_lines(narrow, "")
    if section.more:
        yield section.more


def _table_lines(table: TableView, more: str) -> Iterator[str]:
    headings = tuple(column.heading for column in table.columns)
    lines = [headings, *(row[: len(headings)] for row in table.rows)]
    widths = [min(30, max(map(len, column))) for column in zip_longest(*lines, fillvalue="")]
    for line in lines:
        cells = [
            f"{value:>{width}}" if column.is_number else _padded(value, width)
            for value, width, column in zip(line, widths, table.columns, strict=True)
        ]
        yield "  ".join(cells).rstrip()
    if more:
        yield more


def _padded(text: str, width: int) -> str:
    """A text of this width; written from right to left, it does not move what stands behind it."""
    cut_text = formats.name(text, width)
    return isolated(cut_text) + " " * (width - len(cut_text))


def _wrapped(text: str) -> list[str]:
    indent = " " * (len(text) - len(text.lstrip()))
    return textwrap.wrap(
        text, _LINE, subsequent_indent=indent, break_on_hyphens=False, break_long_words=False
    )
