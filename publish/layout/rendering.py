"""The templates, and the style sheets with the fonts and colours of a page."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from publish.layout.drawing import svg
from publish.layout.palette import DARK, LIGHT, as_variable, variables
from publish.layout.typefaces import font_faces
from publish.reports.page import isolated

TEMPLATES = Path(__file__).resolve().parent / "templates"


@functools.cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["svg"] = lambda drawing: svg(drawing, as_variable)
    environment.filters["isolated"] = isolated
    return environment


@functools.cache
def sheet(name: str) -> Markup:
    """A style sheet or a script, as it stands in its file."""
    return Markup((TEMPLATES / name).read_text(encoding="utf-8").strip())


def fill(template: str, **values: Any) -> str:
    """A template with its values; every text in them is escaped."""
    return _environment().get_template(template).render(**values)


def screen_styles(*extra: str, text: str) -> Markup:
    """The styles of a page of this text: both colour schemes, and how it is printed."""
    return Markup(
        "\n".join(
            [
                f":root{{color-scheme:light dark;{variables(LIGHT)}}}",
                f"@media screen and (prefers-color-scheme:dark){{:root{{{variables(DARK)}}}}}",
                font_faces(text),
                sheet("page.css"),
                *map(sheet, extra),
                f"@media print{{\n{sheet('print.css')}\n}}",
            ]
        )
    )
