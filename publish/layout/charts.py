"""Charts as drawings: bars, columns and lines, whose axes all begin at nought.

A chart is drawn for a width in pixels at which its texts are read, so a page holds it once for a
screen and once for a phone. Drawn here because libraries are too slow for hundreds of charts a
night, or cannot follow the reader's colours
(docs/decisions/0031-pages-are-drawn-by-templates.md).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from publish.layout import formats
from publish.layout.drawing import TEXT_SIZE, Anchor, Canvas, Drawing
from publish.layout.palette import SERIES
from publish.reports.page import Chart, ChartKind, Kind

HIGH, LOW = 230, 175
MOST_BARS = 30
"""A chart of more bars shows the first."""
LONGEST_LABEL = 60
_LEGEND = 26
_MOST_STEPS = 5
_NARROW = frozenset("iljtfrI.,:;'|!()[]/ \N{NO-BREAK SPACE}")
_WIDE = frozenset("mwMW@%&")


def is_drawable(chart: Chart) -> bool:
    """Whether the chart has a value to draw."""
    return any(number is not None for number in _all_numbers(chart))


def _unrounded(numbers: Sequence[float]) -> Scale:
    """The axis from nought that ends with the largest of these numbers."""
    low, high = min(0.0, *numbers, 0.0), max(0.0, *numbers, 0.0)
    return Scale(low, high if low < high else 1.0, max(high - low, 1.0))


def draw(chart: Chart, width: int, *, is_low: bool = False) -> Drawing:
    """The chart as a drawing of this width. `is_low`: for a sheet of paper, which has less room."""
    canvas = Canvas()
    top = _legend(canvas, chart, width) if len(chart.series) > 1 else 0
    if chart.kind is ChartKind.BARS:
        height = _bars(canvas, chart, width, top, is_low)
    else:
        height = _upright(canvas, chart, width, top, LOW if is_low else HIGH)
    return Drawing(width, math.ceil(height), formats.sentence(chart.alt), tuple(canvas.shapes))


def text_width(text: str) -> float:
    """About how wide a text is, rather too wide than too narrow."""
    return sum(_sign_width(sign) for sign in text) * TEXT_SIZE


def _sign_width(sign: str) -> float:
    if sign in _NARROW:
        return 0.34
    if sign in _WIDE:
        return 0.93
    if sign.isupper():
        return 0.7
    return 0.59 if ord(sign) < 0x2E80 else 1.05


def fitting(text: str, room: float) -> str:
    """A text cut to the room it has."""
    if text_width(text) <= room:
        return text
    cut = text
    while cut and text_width(cut) + 0.9 * TEXT_SIZE > room:
        cut = cut[:-1]
    return f"{cut.rstrip()}{formats.ELLIPSIS}"


@dataclass(frozen=True)
class Scale:
    """An axis from nought to the largest value, and to the smallest if it is negative."""

    low: float
    high: float
    step: float

    def ticks(self) -> list[float]:
        """The values at which the axis has a line."""
        count = math.floor((self.high - self.low) / self.step + 1e-6)
        return [self.low + self.step * number for number in range(count + 1)]

    def share(self, value: float) -> float:
        """Where a value is on the axis: 0 at its beginning, 1 at its end."""
        return (value - self.low) / (self.high - self.low)


def scale(numbers: Sequence[float], least_step: float = 0.0) -> Scale:
    """The axis of these numbers, with round ticks; nought is always one of them."""
    low, high = min(0.0, *numbers, 0.0), max(0.0, *numbers, 0.0)
    if low == high:
        return Scale(0.0, 1.0, 2.0)
    rough = max((high - low) / _MOST_STEPS, least_step)
    power = 10.0 ** math.floor(math.log10(rough))
    factors = (1, 2, 5, 10) if least_step else (1, 2, 2.5, 5, 10)
    step = next(factor * power for factor in factors if factor * power >= rough * 0.999)
    return Scale(math.floor(low / step) * step, math.ceil(high / step) * step, step)


def _legend(canvas: Canvas, chart: Chart, width: int) -> float:
    """The names of the series, in a line each where they do not fit in one; how high they are."""
    names = [formats.name(series.name, LONGEST_LABEL) for series in chart.series]
    x, y = 0.0, 12.0
    for number, full in enumerate(names):
        text = fitting(full, width - 24)
        if x and x + 18 + text_width(text) > width:
            x, y = 0.0, y + 18
        colour = _colour(number)
        if chart.kind is ChartKind.LINE:
            canvas.path([(x, y - 4), (x + 12, y - 4)], colour, is_dashed=number > 0)
        else:
            canvas.rect(x, y - 10, 12, 12, colour)
        canvas.text(x + 18, y, text, "quiet")
        x += 18 + text_width(text) + 18
    return y + _LEGEND - 12


def _upright(canvas: Canvas, chart: Chart, width: int, top: float, height: int) -> float:
    """Columns or lines over their labels; the height of the drawing."""
    # Half of a receipt is no tick.
    least_step = 1.0 if chart.value_kind is Kind.NUMBER else 0.0
    numbers = [number for number in _all_numbers(chart) if number is not None]
    axis = scale(numbers, least_step)
    ticks = axis.ticks()
    texts = [formats.compact(tick) for tick in ticks]
    unit = _unit(chart)
    if unit:
        canvas.text(0, top + 11, unit, "quiet")
        top += 18
    left = max(map(text_width, texts)) + 8
    # Room for half of a label above the uppermost line, and of the last one beside the axis.
    first, last = top + 8, top + height - 24
    for tick, text in zip(ticks, texts, strict=True):
        y = _between(last, first, axis.share(tick))
        canvas.line(left, y, width, y, "quiet" if tick == 0 else "line")
        canvas.text(left - 8, y + 4, text, "quiet", Anchor.END)
    band = (width - left) / len(chart.labels)
    if chart.kind is ChartKind.COLUMNS:
        _columns(canvas, chart, axis, left, band, first, last)
    else:
        _lines(canvas, chart, axis, left, band, first, last)
    _labels_below(canvas, chart, left, band, last + 17, width)
    return top + height


def _columns(
    canvas: Canvas,
    chart: Chart,
    axis: Scale,
    left: float,
    band: float,
    first: float,
    last: float,
) -> None:
    zero = _between(last, first, axis.share(0))
    thickness = min(band * 0.76, 96) / len(chart.series)
    for number, series in enumerate(chart.series):
        for place, value in enumerate(_numbers(series.values)):
            if value:
                y = _between(last, first, axis.share(value))
                middle = left + band * (place + 0.5)
                x = middle + thickness * (number - len(chart.series) / 2)
                gap = min(1.0, thickness * 0.1)
                height = abs(y - zero)
                canvas.rect(x, min(y, zero), thickness - gap, height, _colour(number))


def _lines(
    canvas: Canvas,
    chart: Chart,
    axis: Scale,
    left: float,
    band: float,
    first: float,
    last: float,
) -> None:
    # The first series is drawn last, above the others.
    for number, series in reversed(list(enumerate(chart.series))):
        points = [
            None
            if value is None
            else (left + band * (place + 0.5), _between(last, first, axis.share(value)))
            for place, value in enumerate(_numbers(series.values))
        ]
        for stretch in _stretches(points):
            if len(stretch) > 1:
                canvas.path(stretch, _colour(number), is_dashed=number > 0)
            else:
                canvas.dot(*stretch[0], _colour(number))
        shown = [point for point in points if point is not None]
        if shown and number == 0:
            canvas.dot(*shown[-1], _colour(number))


def _stretches(
    points: Sequence[tuple[float, float] | None],
) -> Iterator[list[tuple[float, float]]]:
    """The points between gaps."""
    stretch: list[tuple[float, float]] = []
    for point in [*points, None]:
        if point is not None:
            stretch.append(point)
        elif stretch:
            yield stretch
            stretch = []


def _labels_below(
    canvas: Canvas, chart: Chart, left: float, band: float, y: float, width: int
) -> None:
    """As many labels as have room, at equal distances."""
    longest = 90 if band < 90 else band
    labels = [fitting(formats.name(label, LONGEST_LABEL), longest) for label in chart.labels]
    apart = max(1, math.ceil((max(map(text_width, labels)) + 10) / band))
    end = 0.0
    for place in range(0, len(labels), apart):
        half = text_width(labels[place]) / 2
        middle = left + band * (place + 0.5)
        x = min(max(middle, half), width - half)
        # The last one is moved to the left, where it may have no room.
        if x - half >= end:
            canvas.text(x, y, labels[place], "quiet", Anchor.MIDDLE)
            end = x + half + 6


def _bars(canvas: Canvas, chart: Chart, width: int, top: float, is_low: bool) -> float:
    """Lying bars, each with its label before and its value behind it; the drawing's height."""
    labels = [formats.name(label, LONGEST_LABEL) for label in chart.labels[:MOST_BARS]]
    rows = [_numbers(series.values[:MOST_BARS]) for series in chart.series]
    # Its values stand beside the bars, so this axis needs no round end.
    axis = _unrounded([number for row in rows for number in row if number is not None])
    texts = _value_texts(chart)
    unit = _unit(chart)
    room = min(max(map(text_width, labels)), width * 0.34)
    beside = max(text_width(text) for row in texts for text in row) + 8
    # A negative bar has its value on its other side.
    left = room + 10 + (beside if axis.low < 0 else 0)
    right = max(left + 40, width - beside)
    thickness = 16 if len(rows) == 1 else 12
    pitch = thickness * len(rows) + (10 if len(rows) == 1 else 12)
    if is_low:
        thickness = 13 if len(rows) == 1 else 11
        pitch = thickness * len(rows) + 6
    zero = _between(left, right, axis.share(0))
    if unit:
        canvas.text(zero, top + 11, unit, "quiet")
        top += 18
    for place, label in enumerate(labels):
        y = top + pitch * place + 4
        middle = y + thickness * len(rows) / 2 + 4
        canvas.text(room, middle, fitting(label, room + 1), "ink", Anchor.END)
        for number, row in enumerate(rows):
            value = row[place]
            if value is None:
                continue
            end = _between(left, right, axis.share(value))
            at = y + thickness * number
            canvas.rect(min(zero, end), at, abs(end - zero), thickness - 1, _colour(number))
            text, baseline = texts[number][place], at + thickness / 2 + 3.5
            colour = "ink" if number == 0 else "quiet"
            if value < 0:
                canvas.text(end - 5, baseline, text, colour, Anchor.END)
            else:
                canvas.text(end + 5, baseline, text, colour)
    bottom = top + pitch * len(labels) + 2
    canvas.line(zero, top, zero, bottom, "quiet")
    return bottom + 2


def _value_texts(chart: Chart) -> list[list[str]]:
    """The values beside the bars, all with the same number of decimals."""
    values = [value for series in chart.series for value in series.values[:MOST_BARS]]
    places = formats.decimals(values, chart.value_kind)
    if chart.value_kind is Kind.MONEY and max((abs(n) for n in _numbers(values) if n), default=0):
        largest = max(abs(number) for number in _numbers(values) if number is not None)
        # Pence beside thousands say nothing that the eye can compare; tables have them.
        places = 0 if largest >= 1000 else places
    return [
        [formats.shown(value, chart.value_kind, places) for value in series.values[:MOST_BARS]]
        for series in chart.series
    ]


def _unit(chart: Chart) -> str:
    if chart.value_kind is Kind.MONEY:
        return formats.name(chart.currency, 20)
    if chart.value_kind is Kind.HOURS:
        return "Hours"
    return "%" if chart.value_kind in (Kind.PERCENT, Kind.CHANGE) else ""


def _colour(number: int) -> str:
    return SERIES[number % len(SERIES)]


def _between(start: float, end: float, share: float) -> float:
    return start + (end - start) * share


def _numbers(values: Sequence[Decimal | int | None]) -> list[float | None]:
    return [
        float(value) if value is not None and math.isfinite(value) else None for value in values
    ]


def _all_numbers(chart: Chart) -> list[float | None]:
    return [number for series in chart.series for number in _numbers(series.values)]
