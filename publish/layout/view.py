"""A page as the texts and drawings that the templates place: no template formats a value."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from base.words import MOST_LISTED, plural
from publish.layout import charts, formats
from publish.layout.drawing import Drawing
from publish.layout.frame import Frame
from publish.reports.page import (
    Advice,
    Chart,
    ChartKind,
    Column,
    Comparison,
    Figure,
    Kind,
    Page,
    Section,
    Source,
    Table,
    Value,
    isolated,
)

HALF_WIDTH, FULL_WIDTH, PHONE_WIDTH = 520, 880, 350
MOST_COLUMNS_BESIDE = 5
LONG_HEADLINE = 110
MOST_LABELS_IN_HALF = 32
COMPANY = "Whole company"
NOT_COME = "This page is published again when they have come."
NO_FIGURE_CHANGED = (
    "A correction changed this after it was published, but neither its key figures nor what they"
    " are compared with; this is version"
)


@dataclass(frozen=True)
class ColumnView:
    """A column: its heading, and how its values are aligned."""

    heading: str
    is_number: bool
    is_name: bool


@dataclass(frozen=True)
class TableView:
    """A table of texts; the first of a row names it."""

    columns: tuple[ColumnView, ...]
    rows: tuple[tuple[str, ...], ...]
    when_empty: str = ""


@dataclass(frozen=True)
class ComparisonView:
    """A comparison. `mood`: good, bad or nothing; `direction`: up, down or nothing."""

    label: str
    change: str
    before: str
    mood: str
    direction: int


@dataclass(frozen=True)
class TileView:
    """A figure at the top of the page."""

    label: str
    value: str
    unit: str
    source: Source
    comparisons: tuple[ComparisonView, ...]


@dataclass(frozen=True)
class ItemView:
    """An item of a list: what is odd, or what to do."""

    text: str
    reason: str
    source: Source


@dataclass(frozen=True)
class ChartView:
    """A chart drawn for one width. `size`: the class that shows or hides it."""

    size: str
    drawing: Drawing


@dataclass(frozen=True)
class SectionView:
    """A section. `is_wide`: as wide as the page; `is_pair`: its table stands beside its chart."""

    title: str
    text: str
    source: Source
    alt: str
    charts: tuple[ChartView, ...]
    chart_note: str
    chart_table: TableView | None
    table: TableView | None
    is_wide: bool
    is_pair: bool


@dataclass(frozen=True)
class NoticeView:
    """A sentence above the figures."""

    label: str
    text: str


@dataclass(frozen=True)
class LinkView:
    """A link of the page's head."""

    text: str
    href: str


@dataclass(frozen=True)
class PageView:
    """Everything a template shows of a page."""

    company: str
    title: str
    part: str
    place: str
    period: str
    headline: str
    is_long: bool
    document_title: str
    notices: tuple[NoticeView, ...]
    restated: TableView
    restated_text: str
    tiles: tuple[TileView, ...]
    odd: tuple[ItemView, ...]
    advice: tuple[ItemView, ...]
    sections: tuple[SectionView, ...]
    links: tuple[LinkView, ...]
    footer: str


@dataclass(frozen=True)
class SourceView:
    """A source in the list at the end."""

    mart: str
    sql: str
    docs: str


@dataclass
class Sources:
    """The sources of a page, numbered as they are cited."""

    frame: Frame
    _numbers: dict[Source, int] = field(default_factory=dict)

    def number(self, source: Source) -> int:
        """The number of a source; equal sources have one."""
        return self._numbers.setdefault(source, len(self._numbers) + 1)

    @property
    def listed(self) -> list[SourceView]:
        """All that were cited, in the order of their numbers."""
        return [
            SourceView(
                formats.name(source.mart),
                sql(source),
                self.frame.mart_docs.get(source.mart, ""),
            )
            for source in self._numbers
        ]


def sql(source: Source) -> str:
    """The query that shows a source's rows."""
    where = f" where {formats.line(source.where)}" if source.where else ""
    return f"select * from {formats.name(source.mart)}{where}"


def view(page: Page, frame: Frame, *, on_paper: bool) -> PageView:
    """What the templates show of a page. `on_paper`: charts for the one width of a sheet."""
    title = formats.sentence(page.title)
    part = formats.name(page.part_name, formats.LONGEST_TEXT) or COMPANY
    period = formats.sentence(page.period) or formats.full_date(page.business_date)
    audience = formats.name(frame.audience)
    return PageView(
        company=formats.name(frame.company, formats.LONGEST_TEXT),
        title=title,
        part=part,
        place=formats.name(page.part_place),
        period=period,
        headline=formats.sentence(page.headline),
        is_long=len(page.headline) > LONG_HEADLINE,
        document_title=document_title(page),
        notices=tuple(_notices(page, frame)),
        restated=_restated(page),
        restated_text=(
            "A correction changed these figures after the page was published; this is version"
            f" {frame.version}."
        ),
        tiles=tuple(_tile(figure) for figure in page.figures),
        odd=tuple(_item(item) for item in page.odd),
        advice=tuple(_item(item) for item in page.advice),
        sections=tuple(_sections(page.sections, on_paper)),
        links=tuple(_links(frame)),
        footer=" · ".join(
            text
            for text in (
                formats.name(frame.company),
                f"{title} for {audience}" if audience else title,
                f"business date {page.business_date.isoformat()}",
                f"version {frame.version}",
            )
            if text
        ),
    )


def document_title(page: Page) -> str:
    """The page's title on one line: report, branch, period."""
    part = formats.name(page.part_name) or COMPANY
    period = formats.sentence(page.period) or formats.full_date(page.business_date)
    return f"{formats.sentence(page.title)}, {part}, {period}"


def _notices(page: Page, frame: Frame) -> list[NoticeView]:
    notices = []
    if frame.state:
        notices.append(NoticeView("Note.", formats.sentence(frame.state)))
    if page.missing:
        names = [formats.name(name) for name in page.missing[:MOST_LISTED]]
        more = len(page.missing) - len(names)
        listed = ", ".join(map(isolated, names)) + (f" and {more:,} more" if more else "")
        notices.append(
            NoticeView(
                "Incomplete.",
                f"The sales of {plural(len(page.missing), 'branch')} have not come: {listed}."
                f" {NOT_COME}",
            )
        )
    if frame.version > 1 and not page.restated:
        notices.append(NoticeView("Restated.", f"{NO_FIGURE_CHANGED} {frame.version}."))
    if page.shows_names:
        audience = formats.name(frame.audience)
        meant = f" It is meant for {audience} only." if audience else ""
        notices.append(NoticeView("Confidential.", f"This page shows names of people.{meant}"))
    return notices


def _restated(page: Page) -> TableView:
    return TableView(
        (
            ColumnView("Figure", is_number=False, is_name=True),
            ColumnView("Before", is_number=True, is_name=False),
            ColumnView("After", is_number=True, is_name=False),
        ),
        tuple(
            (
                formats.name(change.label),
                formats.with_unit(change.before, change.kind, change.currency),
                formats.with_unit(change.after, change.kind, change.currency),
            )
            for change in page.restated
        ),
    )


def _tile(figure: Figure) -> TileView:
    text = formats.with_unit(figure.value, figure.kind, figure.currency)
    value = formats.shown(figure.value, figure.kind)
    return TileView(
        label=formats.sentence(figure.label),
        value=value,
        unit=text[len(value) :].strip(),
        source=figure.source,
        comparisons=tuple(_comparison(item, figure) for item in figure.comparisons),
    )


def _comparison(item: Comparison, figure: Figure) -> ComparisonView:
    change = "" if item.percent is None else formats.shown(item.percent, Kind.CHANGE)
    direction = 0 if item.percent is None else _sign(item.percent)
    mood = ""
    if direction and figure.more_is_better is not None:
        mood = "good" if (direction > 0) == figure.more_is_better else "bad"
    before = "" if item.before is None else formats.shown(item.before, figure.kind)
    return ComparisonView(
        label=formats.sentence(item.label),
        change=change or formats.DASH,
        before=before,
        mood=mood,
        direction=direction,
    )


def _sign(percent: Decimal) -> int:
    rounded = round(percent, 1)
    return (rounded > 0) - (rounded < 0)


def _item(item: Advice) -> ItemView:
    return ItemView(formats.sentence(item.text), formats.sentence(item.reason), item.source)


def _links(frame: Frame) -> list[LinkView]:
    links = (
        ("All reports", frame.index),
        ("PDF", frame.pdf),
        ("Documentation", frame.docs),
        ("Lineage", frame.lineage),
    )
    return [LinkView(text, href) for text, href in links if href]


def _sections(sections: Sequence[Section], on_paper: bool) -> list[SectionView]:
    """The sections, two narrow ones beside each other; one that is left alone becomes wide."""
    views = []
    is_second = False
    for place, section in enumerate(sections):
        if _needs_width(section):
            is_second, is_wide = False, True
        elif is_second:
            is_second, is_wide = False, False
        else:
            is_second = place + 1 < len(sections) and not _needs_width(sections[place + 1])
            # A short table alone is easier to read in half of the width.
            is_wide = not is_second and section.chart is not None
        views.append(_section(section, is_wide, on_paper))
    return views


def _needs_width(section: Section) -> bool:
    if section.table and (section.chart or len(section.table.columns) > MOST_COLUMNS_BESIDE):
        return True
    return section.chart is not None and len(section.chart.labels) > MOST_LABELS_IN_HALF


def _section(section: Section, is_wide: bool, on_paper: bool) -> SectionView:
    chart = section.chart if section.chart and charts.is_drawable(section.chart) else None
    table = table_view(section.table) if section.table else None
    is_pair = bool(chart and table and table.rows and len(table.columns) <= MOST_COLUMNS_BESIDE)
    drawn: list[ChartView] = []
    note = ""
    if chart:
        is_full = is_wide and not is_pair
        if on_paper:
            width = FULL_WIDTH if is_full else PHONE_WIDTH
            drawn = [ChartView("sheet", charts.draw(chart, width, is_low=True))]
        else:
            drawn = [
                ChartView("broad", charts.draw(chart, FULL_WIDTH if is_full else HALF_WIDTH)),
                ChartView("narrow", charts.draw(chart, PHONE_WIDTH)),
            ]
        note = chart_note(chart)
    return SectionView(
        title=formats.sentence(section.title),
        text=formats.sentence(section.text),
        source=section.source,
        alt=formats.sentence(section.chart.alt) if section.chart else "",
        charts=tuple(drawn),
        chart_note=note,
        chart_table=chart_table(chart) if chart and not section.table else None,
        table=table,
        is_wide=is_wide,
        is_pair=is_pair,
    )


def chart_note(chart: Chart) -> str:
    """What the chart leaves out, if anything."""
    if chart.kind is ChartKind.BARS and len(chart.labels) > charts.MOST_BARS:
        return f"The first {charts.MOST_BARS} of {len(chart.labels):,}."
    return ""


def chart_table(chart: Chart) -> TableView:
    """The figures of a chart as a table."""
    columns = (
        Column("Of", Kind.TEXT),
        *(Column(series.name, chart.value_kind, chart.currency) for series in chart.series),
    )
    rows = tuple(
        (label, *(series.values[place] for series in chart.series))
        for place, label in enumerate(chart.labels)
    )
    return table_view(Table(columns, rows))


def table_view(table: Table) -> TableView:
    """A table as texts, with the decimal points of a column below one another."""
    columns = tuple(
        ColumnView(
            heading(column),
            is_number=column.kind in formats.NUMERIC,
            is_name=column.kind is Kind.TEXT,
        )
        for column in table.columns
    )
    shown = [
        _column([row[place] for row in table.rows], column.kind)
        for place, column in enumerate(table.columns)
    ]
    return TableView(columns, tuple(zip(*shown, strict=True)), formats.sentence(table.when_empty))


def heading(column: Column) -> str:
    """A column's heading with its currency."""
    text = formats.name(column.heading)
    return f"{text} ({formats.name(column.currency)})" if column.currency else text


def _column(values: Sequence[Value], kind: Kind) -> list[str]:
    places = formats.decimals(values, kind)
    return [formats.shown(value, kind, places) for value in values]
