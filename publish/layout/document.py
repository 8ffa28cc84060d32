"""A page as a PDF: tagged for screen readers (PDF/UA-1), with its fonts in it."""

from __future__ import annotations

import dataclasses
import functools
import json
import math
from datetime import datetime, timezone
from enum import Enum
from typing import Any

import typst

from publish.layout.charts import text_width
from publish.layout.drawing import TEXT_SIZE, Dot, Path, Rect, Text
from publish.layout.frame import Frame
from publish.layout.palette import LIGHT
from publish.layout.rendering import TEMPLATES
from publish.layout.typefaces import FOLDER
from publish.layout.view import Sources, TableView, view
from publish.reports.page import Page, Source, isolated

MOST_EMS = 14
"""How wide a column of names beside others may be."""
_KINDS = {Rect: "rect", Dot: "dot", Text: "text", Path: "path"}


def pdf(page: Page, frame: Frame) -> bytes:
    """The page as a PDF document on A4.

    The bytes are the same on every machine, unless a text has characters of a script that the
    project ships no font for: these need a font of the machine, and PDF/UA cannot be promised.
    """
    data = json.dumps(_data(page, frame), ensure_ascii=False)
    day = page.business_date
    # The time of making is not in the file.
    made_at = datetime(day.year, day.month, day.day, tzinfo=timezone.utc)
    try:
        return _compiled(data, made_at, has_all_fonts=True)
    except typst.TypstError:
        return _compiled(data, made_at, has_all_fonts=False)


def _compiled(data: str, made_at: datetime, *, has_all_fonts: bool) -> bytes:
    document = _compiler(has_all_fonts).compile(
        sys_inputs={"view": data},
        format="pdf",
        pdf_standards=["ua-1"] if has_all_fonts else [],
        timestamp=made_at,
    )
    assert isinstance(document, bytes)
    return document


@functools.cache
def _compiler(has_all_fonts: bool) -> typst.Compiler:
    fonts = typst.Fonts(include_system_fonts=not has_all_fonts, font_paths=[str(FOLDER)])
    return typst.Compiler(input=str(TEMPLATES / "page.typ"), root=str(TEMPLATES), font_paths=fonts)


def _data(page: Page, frame: Frame) -> dict[str, Any]:
    sources = Sources(frame)
    data = _plain(view(page, frame, on_paper=True), sources)
    assert isinstance(data, dict)
    return {
        **data,
        "sources": [_plain(source, sources) for source in sources.listed],
        "colours": dict(LIGHT),
    }


def _plain(value: Any, sources: Sources) -> Any:
    """A value as JSON has it: sources by their numbers, and each text with its own direction."""
    if isinstance(value, Source):
        return sources.number(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {
            field.name: _plain(getattr(value, field.name), sources)
            for field in dataclasses.fields(value)
        }
        kind = _KINDS.get(type(value))
        if isinstance(value, TableView):
            fields["widths"] = _widths(value)
        return {"kind": kind, **fields} if kind else fields
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, tuple | list):
        return [_plain(item, sources) for item in value]
    return isolated(value) if isinstance(value, str) else value


def _widths(table: TableView) -> list[float]:
    """How wide the columns of a table have to be, in ems. A heading wraps between its words, and a
    name where it must.
    """
    columns = zip(*table.rows, strict=True) if table.rows else ((),) * len(table.columns)
    return [
        min(
            MOST_EMS if column.is_name else math.inf,
            max(text_width(text) / TEXT_SIZE for text in (*column.heading.split(), *texts)),
        )
        for column, texts in zip(table.columns, columns, strict=True)
    ]
