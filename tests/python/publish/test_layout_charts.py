"""Charts: axes begin at nought, bars are as long as their values, names stay inside."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from report_pages import HOSTILE, bars_chart, days_chart, hours_chart

from publish.layout import charts
from publish.layout.drawing import Anchor, Drawing, Path, Rect, Text
from publish.reports.page import Chart, ChartKind, Kind, Series

AMOUNTS = st.decimals(-(10**9), 10**9, places=2)
WIDTHS = st.sampled_from((350, 520, 880))


def chart_of(kind: ChartKind, values: Sequence[Decimal | int | None]) -> Chart:
    labels = tuple(f"Label {number}" for number in range(len(values)))
    return Chart(kind, labels, (Series("Sales", tuple(values)),), Kind.MONEY, "Sales.", "GBP")


def bars_of(drawing: Drawing) -> list[Rect]:
    return [shape for shape in drawing.shapes if isinstance(shape, Rect)]


def line_at_nought(drawing: Drawing) -> float:
    """Where the one dark thin line is: its x if it stands, its y if it lies."""
    (line,) = (
        shape
        for shape in drawing.shapes
        if isinstance(shape, Path) and shape.is_thin and shape.colour == "quiet"
    )
    (x1, y1), (x2, _) = line.points
    return x1 if x1 == x2 else y1


@given(st.lists(st.floats(-1e12, 1e12), max_size=20))
def test_nought_is_on_every_axis_and_all_values_are(numbers: list[float]) -> None:
    axis = charts.scale(numbers)
    ticks = axis.ticks()
    assert 0.0 in ticks
    assert len(ticks) <= 9
    assert all(-1e-9 <= axis.share(number) <= 1 + 1e-9 for number in [0.0, *numbers])


@given(st.lists(AMOUNTS, min_size=1, max_size=30), WIDTHS)
def test_columns_begin_at_nought_and_are_as_high_as_their_values(
    values: list[Decimal], width: int
) -> None:
    drawing = charts.draw(chart_of(ChartKind.COLUMNS, values), width)
    nought = line_at_nought(drawing)
    drawn = bars_of(drawing)
    assert len(drawn) == sum(value != 0 for value in values)
    largest = max(map(abs, values))
    heights = dict(zip([value for value in values if value], drawn, strict=True))
    for value, bar in heights.items():
        begins = bar.y if value < 0 else bar.y + bar.height
        assert begins == pytest.approx(nought, abs=0.11)
        share = bar.height / max(one.height for one in drawn)
        assert share == pytest.approx(float(abs(value) / largest), abs=0.01)


@given(st.lists(AMOUNTS, min_size=1, max_size=30), WIDTHS)
def test_bars_begin_at_nought_and_are_as_long_as_their_values(
    values: list[Decimal], width: int
) -> None:
    drawing = charts.draw(chart_of(ChartKind.BARS, values), width)
    nought = line_at_nought(drawing)
    longest = max(bar.width for bar in bars_of(drawing))
    for value, bar in zip(values, bars_of(drawing), strict=True):
        begins = bar.x + bar.width if value < 0 else bar.x
        assert begins == pytest.approx(nought, abs=0.11)
        if any(values):
            share = float(abs(value) / max(map(abs, values)))
            assert bar.width / longest == pytest.approx(share, abs=0.02)


def test_a_line_begins_its_axis_at_nought_and_has_gaps() -> None:
    chart = chart_of(ChartKind.LINE, [Decimal(1_000_000), 1_000_001, None, 1_000_002])
    drawing = charts.draw(chart, 520)
    texts = [shape.text for shape in drawing.shapes if isinstance(shape, Text)]
    assert "0" in texts
    lines = [shape for shape in drawing.shapes if isinstance(shape, Path) and not shape.is_thin]
    assert [len(line.points) for line in lines] == [2]
    # A millionth more is not to be seen.
    assert len({y for line in lines for _, y in line.points}) == 1


@pytest.mark.parametrize("width", [350, 520, 880])
@pytest.mark.parametrize(
    "chart",
    [bars_chart(HOSTILE), bars_chart(HOSTILE, with_returns=True), hours_chart(), days_chart()],
)
def test_all_that_is_drawn_is_inside(chart: Chart, width: int) -> None:
    drawing = charts.draw(chart, width)
    for shape in drawing.shapes:
        if isinstance(shape, Rect):
            assert shape.x >= 0
            assert shape.x + shape.width <= width + 0.1
            assert shape.width >= 0
            assert shape.height >= 0
        elif isinstance(shape, Text):
            wide = charts.text_width(shape.text)
            before = {Anchor.START: 0.0, Anchor.MIDDLE: wide / 2, Anchor.END: wide}[shape.anchor]
            assert shape.x - before >= -1
            assert shape.x - before + wide <= width + 1
            assert 0 < shape.y <= drawing.height


@pytest.mark.parametrize("width", [350, 520, 880])
@pytest.mark.parametrize("chart", [hours_chart(), days_chart()])
def test_labels_below_do_not_overlap(chart: Chart, width: int) -> None:
    drawing = charts.draw(chart, width)
    lowest = [
        shape
        for shape in drawing.shapes
        if isinstance(shape, Text) and shape.anchor is Anchor.MIDDLE
    ]
    assert len(lowest) >= 4
    for one, other in pairwise(lowest):
        apart = (charts.text_width(one.text) + charts.text_width(other.text)) / 2
        assert other.x - one.x >= apart


def test_of_many_bars_the_first_are_drawn() -> None:
    many = bars_chart([f"Branch {number}" for number in range(100)])
    assert len(bars_of(charts.draw(many, 880))) == charts.MOST_BARS


def test_a_count_has_no_half_on_its_axis() -> None:
    chart = replace(chart_of(ChartKind.COLUMNS, [1, 2, 0]), value_kind=Kind.NUMBER)
    texts = {shape.text for shape in charts.draw(chart, 520).shapes if isinstance(shape, Text)}
    assert {"0", "1", "2"} < texts
    assert not any("." in text for text in texts)


def test_a_chart_without_values_is_not_drawn() -> None:
    assert not charts.is_drawable(chart_of(ChartKind.LINE, [None, None]))
    assert not charts.is_drawable(chart_of(ChartKind.BARS, []))
    assert not charts.is_drawable(chart_of(ChartKind.BARS, [Decimal("NaN")]))
    nothing_sold = charts.draw(chart_of(ChartKind.COLUMNS, [0, Decimal(0)]), 520)
    assert bars_of(nothing_sold) == []
    assert math.isfinite(line_at_nought(nothing_sold))
