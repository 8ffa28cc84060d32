"""The colours of pages, charts, PDFs and mails, in a light and a dark scheme.

Texts have a contrast of at least 4.5 to 1 on every background they stand on, marks of charts at
least 3 to 1 (WCAG 2.2, level AA); a test computes both.
"""

from __future__ import annotations

from collections.abc import Mapping

LIGHT: Mapping[str, str] = {
    "paper": "#ffffff",
    "panel": "#f5f3ee",
    "line": "#d9d5ca",
    "ink": "#1a1e23",
    "quiet": "#55595f",
    "link": "#0a4c86",
    "good": "#1b6740",
    "bad": "#a3261d",
    "notice": "#fdf4df",
    "notice-line": "#b7791f",
    "series-1": "#0f4c81",
    "series-2": "#8b8f94",
    "series-3": "#b4531d",
    "series-4": "#2f7d5b",
}
DARK: Mapping[str, str] = {
    "paper": "#15181c",
    "panel": "#1e2227",
    "line": "#3a4048",
    "ink": "#eceef1",
    "quiet": "#adb4bd",
    "link": "#8fc3f7",
    "good": "#7ed3a4",
    "bad": "#ff9f96",
    "notice": "#2d2613",
    "notice-line": "#c9962f",
    "series-1": "#6cb0f2",
    "series-2": "#868e98",
    "series-3": "#ee9f6f",
    "series-4": "#6ac49b",
}
SERIES = ("series-1", "series-2", "series-3", "series-4")

TEXTS_ON = {
    "paper": ("ink", "quiet", "link", "good", "bad"),
    "panel": ("ink", "quiet", "link", "good", "bad"),
    "notice": ("ink", "quiet", "link"),
}
"""Which texts stand on which background."""
MARKS_ON = {"paper": (*SERIES, "quiet"), "notice": ("notice-line",)}
"""Which marks of charts, and lines with a meaning, stand on which background."""


def variables(scheme: Mapping[str, str]) -> str:
    """The colours as CSS variables."""
    return "".join(f"--{name}:{colour};" for name, colour in scheme.items())


def as_variable(name: str) -> str:
    """A colour by its CSS variable, which follows the reader's scheme."""
    return f"var(--{name})"
