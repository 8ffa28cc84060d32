"""Make the files of pages: HTML, PDF, the content as JSON, and the message."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any

from publish import layout
from publish.editions.files import CONTENT, DOCS, INDEX, MESSAGE, PAGE, PDF
from publish.layout.frame import Frame, LeadsTo
from publish.messages import Message
from publish.reports.page import Advice, Chart, Page, Source
from publish.reports.stored import stored_section

Files = dict[str, bytes]
"""Name -> content of the files of one edition."""


@dataclass(frozen=True)
class Making:
    """A page to lay out. `folder`: where its files go, below the archive.

    `audiences`: by their names in the contract. `archive_url`: where people reach the archive.
    `file`: of an export, the path of its file below the archive.
    """

    page: Page
    version: int
    folder: str
    company: str
    audiences: tuple[str, ...]
    formats: tuple[str, ...]
    archive_url: str
    has_docs: bool
    file: str = ""


def content_of(page: Page) -> str:
    """What makes two versions differ: figures, charts, tables, missing branches, and what findings
    are about. Not their words, what was restated, nor the latest state.
    """
    no_words = Source("")
    return replace(
        page,
        title="",
        part_name="",
        part_place="",
        period="",
        headline="",
        figures=tuple(
            replace(
                one,
                label="",
                source=no_words,
                comparisons=tuple(replace(other, label="") for other in one.comparisons),
            )
            for one in page.figures
        ),
        sections=tuple(
            replace(
                one,
                title="",
                text="",
                source=no_words,
                chart=one.chart and _without_words(one.chart),
                table=one.table and replace(one.table, when_empty=""),
            )
            for one in page.sections
            if not one.is_latest
        ),
        odd=_subjects(page.odd),
        advice=_subjects(page.advice),
        restated=(),
    ).content()


def _without_words(chart: Chart) -> Chart:
    return replace(chart, alt="", series=tuple(replace(one, name="") for one in chart.series))


def _subjects(found: Sequence[Advice]) -> tuple[Advice, ...]:
    return tuple(replace(one, text="", reason="") for one in found if not one.is_latest)


def kept_as_published(page: Page, folder: Path) -> Page:
    """A page that was read again, with the latest state as first published in this folder.

    Where its content is not there any more, the latest state is that of now.
    """
    try:
        before = json.loads((folder / CONTENT).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return page
    sections = [one for one in page.sections if not one.is_latest]
    for place, one in enumerate(before["sections"]):
        if one["is_latest"]:
            sections.insert(place, stored_section(one))
    return replace(
        page,
        sections=tuple(sections),
        odd=_kept_advice(page.odd, before["odd"]),
        advice=_kept_advice(page.advice, before["advice"]),
    )


def _kept_advice(now: Sequence[Advice], before: Sequence[Mapping[str, Any]]) -> tuple[Advice, ...]:
    kept = [
        Advice(one["text"], one["reason"], Source(**one["source"]), is_latest=True)
        for one in before
        if one["is_latest"]
    ]
    return (*(one for one in now if not one.is_latest), *kept)


def frame_of(making: Making) -> Frame:
    """What surrounds the page. Links are relative to its folder."""
    up = "/".join([".."] * len(PurePosixPath(making.folder).parts))
    docs = f"{up}/{DOCS}" if making.has_docs else ""
    marts = {source.mart for source in _sources(making.page)}
    leads_to, path = _read_at(making)
    return Frame(
        company=making.company,
        audience=" and ".join(map(in_words, making.audiences)),
        index=f"{up}/{INDEX}",
        pdf=PDF if "pdf" in making.formats else "",
        docs=docs,
        lineage=lineage_of(docs),
        mart_docs={mart: f"{docs}#!/model/model.branchline.{mart}" for mart in sorted(marts)}
        if docs
        else {},
        address=f"{making.archive_url.rstrip('/')}/{path}" if making.archive_url else "",
        leads_to=leads_to,
        version=making.version,
    )


def _read_at(making: Making) -> tuple[LeadsTo, str]:
    """What people open: the page, else the PDF; of an export its file. And its path."""
    if making.file:
        return "file", making.file
    if "html" in making.formats:
        return "page", f"{making.folder}/{PAGE}"
    return "pdf", f"{making.folder}/{PDF}"


def in_words(audience: str) -> str:
    """The name of an audience for people."""
    return audience.replace("_", " ")


def lineage_of(docs: str) -> str:
    """The link to the graph of all models in the dbt docs; "" without docs."""
    return f"{docs}#!/overview?g_v=1" if docs else ""


def files_of(making: Making) -> Files:
    """All files of an edition of a report. They depend on nothing but the page and its frame."""
    page, frame = making.page, frame_of(making)
    found = {CONTENT: page.content().encode(), MESSAGE: stored_message(making)}
    if "pdf" in making.formats:
        found[PDF] = layout.pdf(page, frame)
    if "html" in making.formats:
        found[PAGE] = layout.html(page, frame).encode()
    return found


def stored_message(making: Making) -> bytes:
    """What the messages about a page say, as `read_message` reads it when they are sent."""
    page, frame = making.page, frame_of(making)
    body = layout.mail(page, frame)
    name = f"{page.report}-{PurePosixPath(making.folder).name}-{page.business_date}.pdf"
    said = {
        "subject": body.subject,
        "headline": page.headline,
        "text": body.text,
        "html": body.html,
        "link": frame.address,
        "pdf_name": name if "pdf" in making.formats else "",
    }
    return (json.dumps(said, ensure_ascii=False, indent=1) + "\n").encode()


def read_message(folder: Path) -> Message:
    """The message about the edition in a folder. Raises OSError if its files are not there."""
    said = json.loads((folder / MESSAGE).read_text(encoding="utf-8"))
    return Message(**said, pdf=(folder / PDF).read_bytes() if said["pdf_name"] else b"")


def _sources(page: Page) -> Iterator[Source]:
    yield from (one.source for one in page.figures)
    yield from (one.source for one in page.sections)
    yield from (one.source for one in (*page.odd, *page.advice))


def made_pages(
    makings: Sequence[Making], make: Callable[[Making], Files] = files_of
) -> Iterator[tuple[Making, Files]]:
    """Each page with its files, in the given order."""
    for making in makings:
        yield making, make(making)
