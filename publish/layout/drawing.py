"""A drawing of rectangles, lines and texts in pixels, and how it is written as SVG."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum

from markupsafe import Markup, escape

from publish.reports.page import isolated

TEXT_SIZE = 12
Paint = Callable[[str], str]
"""From the name of a colour to what the SVG writes for it."""
Point = tuple[float, float]


class Anchor(Enum):
    """Which part of a text is at its place."""

    START = "start"
    MIDDLE = "middle"
    END = "end"


@dataclass(frozen=True)
class Rect:
    """A filled rectangle."""

    x: float
    y: float
    width: float
    height: float
    colour: str


@dataclass(frozen=True)
class Path:
    """A line through points. A `thin` one is a line of an axis."""

    points: tuple[Point, ...]
    colour: str
    is_thin: bool = False
    is_dashed: bool = False


@dataclass(frozen=True)
class Dot:
    """A filled circle."""

    x: float
    y: float
    colour: str


@dataclass(frozen=True)
class Text:
    """A line of text on its baseline."""

    x: float
    y: float
    text: str
    colour: str
    anchor: Anchor


Shape = Rect | Path | Dot | Text


@dataclass(frozen=True)
class Drawing:
    """A drawing. `alt`: what it shows, for who cannot see it."""

    width: int
    height: int
    alt: str
    shapes: tuple[Shape, ...]


@dataclass
class Canvas:
    """Where shapes are put, one above the other."""

    shapes: list[Shape] = field(default_factory=list)

    def rect(self, x: float, y: float, width: float, height: float, colour: str) -> None:
        """Draw a filled rectangle."""
        self.shapes.append(Rect(_tenth(x), _tenth(y), _tenth(width), _tenth(height), colour))

    def line(self, x1: float, y1: float, x2: float, y2: float, colour: str) -> None:
        """Draw a thin line."""
        points = ((_tenth(x1), _tenth(y1)), (_tenth(x2), _tenth(y2)))
        self.shapes.append(Path(points, colour, is_thin=True))

    def path(self, points: list[Point], colour: str, is_dashed: bool) -> None:
        """Draw a line through points."""
        rounded = tuple((_tenth(x), _tenth(y)) for x, y in points)
        self.shapes.append(Path(rounded, colour, is_dashed=is_dashed))

    def dot(self, x: float, y: float, colour: str) -> None:
        """Draw a small circle."""
        self.shapes.append(Dot(_tenth(x), _tenth(y), colour))

    def text(
        self, x: float, y: float, text: str, colour: str, anchor: Anchor = Anchor.START
    ) -> None:
        """Write a text on its baseline."""
        self.shapes.append(Text(_tenth(x), _tenth(y), text, colour, anchor))


def svg(drawing: Drawing, paint: Paint) -> Markup:
    """The drawing as an SVG element, whose texts have the font of the page around it."""
    return Markup(
        '<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{}" viewBox="0 0 {} {}"'
        ' width="{}" height="{}" font-size="{}">{}</svg>'
    ).format(
        drawing.alt,
        drawing.width,
        drawing.height,
        drawing.width,
        drawing.height,
        TEXT_SIZE,
        Markup("".join(_element(shape, paint(shape.colour)) for shape in drawing.shapes)),
    )


def _element(shape: Shape, colour: str) -> str:
    if isinstance(shape, Rect):
        return (
            f'<rect x="{_n(shape.x)}" y="{_n(shape.y)}" width="{_n(shape.width)}"'
            f' height="{_n(shape.height)}" fill="{colour}"/>'
        )
    if isinstance(shape, Dot):
        return f'<circle cx="{_n(shape.x)}" cy="{_n(shape.y)}" r="3" fill="{colour}"/>'
    if isinstance(shape, Text):
        anchor = "" if shape.anchor is Anchor.START else f' text-anchor="{shape.anchor.value}"'
        return (
            f'<text x="{_n(shape.x)}" y="{_n(shape.y)}" fill="{colour}"{anchor}>'
            f"{escape(isolated(shape.text))}</text>"
        )
    steps = "L".join(f"{_n(x)} {_n(y)}" for x, y in shape.points)
    width = "" if shape.is_thin else ' stroke-width="2" stroke-linejoin="round"'
    dashes = ' stroke-dasharray="5 4"' if shape.is_dashed else ""
    return f'<path d="M{steps}" fill="none" stroke="{colour}"{width}{dashes}/>'


def _tenth(value: float) -> float:
    """A coordinate that is always written the same way; 0.0 rather than -0.0."""
    return round(value, 1) + 0.0


def _n(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
