"""Pages as HTML and PDF: equal bytes, nothing from outside, no name that is markup."""

from __future__ import annotations

import base64
import hashlib
import os
import re
import subprocess
import sys
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pypdfium2
import pytest
from report_pages import (
    FRAME,
    HEBREW,
    HOSTILE,
    HUNDRED,
    LONG,
    PAGES,
    branch_page,
    company_page,
    editions,
)

from publish.archive import ArchiveFrame, Link, day, index, part
from publish.layout import html, pdf
from publish.layout.view import Sources, view
from publish.reports.page import Page

PROJECT = Path(__file__).resolve().parents[3]
LARGEST_PAGE = 500_000
ARCHIVE = ArchiveFrame("Our Company & <b>Sons</b>", "docs/index.html", "docs/index.html#!/graph")
DATES = [one.business_date for one in editions((), 40)]
INDEXES = {
    "index": index(editions(HUNDRED, 2), ARCHIVE, DATES, [Link(HEBREW, "branches/x/index.html")]),
    "index_hostile": index(editions(HOSTILE, 3), replace(ARCHIVE, state="Held back.")),
    "index_empty": index([], ARCHIVE),
    "day": day(editions(HOSTILE, 1), ARCHIVE),
    "part": part([row for row in editions(HOSTILE, 5) if row.part], ARCHIVE),
}
DOCUMENTS = {**{name: html(page, FRAME) for name, page in PAGES.items()}, **INDEXES}
every_document = pytest.mark.parametrize("name", DOCUMENTS)


class Parsed(HTMLParser):
    """The elements and texts of a document."""

    def __init__(self, document: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.open: list[str] = []
        self.scripts = ""
        self.feed(document)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        while self.open and self.open.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] == "script":
            self.scripts += data
        elif not self.open or self.open[-1] != "style":
            self.texts.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.texts).split())

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


@every_document
def test_a_document_asks_for_nothing_and_is_not_large(name: str) -> None:
    document = DOCUMENTS[name]
    assert len(document.encode("utf-8")) < LARGEST_PAGE
    parsed = Parsed(document)
    names = {tag for tag, _ in parsed.elements}
    assert not names & {
        "img",
        "iframe",
        "object",
        "embed",
        "video",
        "audio",
        "base",
        "image",
        "use",
    }
    for tag, attributes in parsed.elements:
        assert not any(attribute.startswith("on") for attribute in attributes)
        assert "src" not in attributes
        assert "style" not in attributes
        if tag == "link":
            assert attributes["href"] == "data:,"
        elif "href" in attributes:
            assert not re.match(r"\w+:|//", attributes["href"] or "")
    assert re.findall(r"url\(([^)]{0,20})", document) == ['"data:font/woff2;bas'] * document.count(
        "@font-face"
    )
    assert "@import" not in document


@every_document
def test_a_document_forbids_scripts_but_its_own(name: str) -> None:
    parsed = Parsed(DOCUMENTS[name])
    (policy,) = (
        attributes["content"] or ""
        for attributes in parsed.all("meta")
        if attributes.get("http-equiv") == "Content-Security-Policy"
    )
    assert "default-src 'none'" in policy
    if name not in INDEXES:
        assert "script-src" not in policy
        assert not parsed.all("script")
    else:
        assert len(parsed.all("script")) == 1
        digest = hashlib.sha256(parsed.scripts.encode("utf-8")).digest()
        assert f"'sha256-{base64.b64encode(digest).decode('ascii')}'" in policy


@every_document
def test_a_document_has_landmarks_and_headings(name: str) -> None:
    parsed = Parsed(DOCUMENTS[name])
    assert parsed.all("html")[0]["lang"] == "en"
    for tag in ("header", "main", "footer", "h1", "title"):
        assert len(parsed.all(tag)) == 1, tag
    for graphic in parsed.all("svg"):
        assert graphic.get("aria-hidden") == "true" or len(graphic.get("aria-label") or "") > 5
    for heading in parsed.all("th"):
        assert heading["scope"] in ("row", "col")
    anchors = [attributes["id"] for _, attributes in parsed.elements if "id" in attributes]
    assert len(set(anchors)) == len(anchors)
    for link in parsed.all("a"):
        target = link["href"] or ""
        assert not target.startswith("#") or target[1:] in anchors


@pytest.mark.parametrize("name", [name for name in PAGES if "hostile" in name])
def test_a_name_is_shown_as_it_is_and_in_its_own_direction(name: str) -> None:
    page = PAGES[name]
    parsed = Parsed(DOCUMENTS[name])
    expected = [page.part_name] if page.part_name else HOSTILE
    for text in expected:
        assert " ".join(text.split())[:70] in parsed.text
    # Every name in a table or a title is isolated from what is beside it.
    document = DOCUMENTS[name]
    for found in re.finditer(re.escape(HEBREW), document):
        before = document[: found.start()]
        attribute = before.rfind("<") > before.rfind(">")
        assert attribute or before.endswith(("<bdi>", "\u2068", "<title>Daily sales, ")), before[
            -60:
        ]


def test_every_figure_links_to_its_source() -> None:
    page = PAGES["one_branch"]
    parsed = Parsed(DOCUMENTS["one_branch"])
    cited = [link for link in parsed.all("a") if link.get("class") == "source"]
    items = [*page.figures, *page.odd, *page.advice, *page.sections]
    assert len(cited) == len(items)
    sources = Sources(FRAME)
    assert [link["href"] for link in cited] == [
        f"#source-{sources.number(item.source)}" for item in items
    ]
    for source in sources.listed:
        assert source.sql in parsed.text
    assert "select * from rpt_daily_sales where branch_key = 'shops|Leeds'" in parsed.text


def test_notices_say_what_is_missing_restated_and_confidential() -> None:
    text = Parsed(DOCUMENTS["company_of_100"]).text
    assert "Incomplete. The sales of 2 branches have not come: Leeds 1, York 1." in text
    assert "Restated." in text
    assert "Net sales 481,100.75 GBP 481,230.75 GBP" in text
    assert "meant for store managers only" in Parsed(DOCUMENTS["productivity"]).text
    held = html(PAGES["one_branch"], replace(FRAME, state="Figures did not reconcile."))
    assert "Note. Figures did not reconcile." in Parsed(held).text
    assert "Incomplete" not in Parsed(DOCUMENTS["one_branch"]).text


def test_a_page_without_links_has_none() -> None:
    bare = html(branch_page(), replace(FRAME, index="", pdf="", docs="", lineage="", mart_docs={}))
    targets = {link["href"] or "" for link in Parsed(bare).all("a")}
    assert all(target.startswith("#") for target in targets)
    assert not Parsed(bare).all("nav")


def test_sections_are_beside_each_other_and_none_is_alone() -> None:
    wide = [
        section.is_wide for section in view(PAGES["one_branch"], FRAME, on_paper=False).sections
    ]
    assert wide == [False, False, True]
    one = replace(PAGES["one_branch"], sections=PAGES["one_branch"].sections[:1])
    assert [section.is_wide for section in view(one, FRAME, on_paper=False).sections] == [True]


def pdf_text(document: bytes) -> str:
    """The text of a PDF's pages."""
    with pypdfium2.PdfDocument(document) as opened:
        pages = [page.get_textpage().get_text_bounded() for page in opened]
    return " ".join(" ".join(pages).split())


def test_a_branch_has_one_sheet_and_a_table_goes_on_below_its_headings() -> None:
    with pypdfium2.PdfDocument(pdf(PAGES["one_branch"], FRAME)) as document:
        assert len(document) == 1
    text = pdf_text(pdf(PAGES["company_of_100"], FRAME))
    assert all(name in text for name in HUNDRED)
    assert text.count("Net sales (GBP)") >= 2


def test_a_pdf_is_tagged_titled_and_without_the_time_of_making() -> None:
    document = pdf(PAGES["one_branch"], FRAME)
    assert b"pdfuaid" in document
    assert b"/MarkInfo" in document
    with pypdfium2.PdfDocument(document) as opened:
        about = opened.get_metadata_dict()
    assert about["Title"] == "Daily sales, Leeds, Tuesday, 24 August 2021"
    assert about["CreationDate"] == about["ModDate"] == ""
    for part_of_file in (b"/JavaScript", b"/URI", b"/Launch", b"/EmbeddedFile"):
        assert part_of_file not in document


@pytest.mark.parametrize("name", ["hostile_company", "nothing_sold", "productivity"])
def test_a_pdf_shows_what_the_page_shows(name: str) -> None:
    page = PAGES[name]
    text = pdf_text(pdf(page, FRAME))
    for shown in view(page, FRAME, on_paper=True).tiles:
        assert shown.label in text
        assert shown.value.replace("\N{NO-BREAK SPACE}", " ") in text.replace("\xa0", " ")
    if name == "hostile_company":
        for shown_name in ("<script>alert('x')</script>", "=cmd|' /C calc'!A0", "Żółw & Łódź"):
            assert shown_name in text
        # In the order of reading, which a search in the document needs.
        assert "חיפה" in text


def test_a_script_without_a_font_of_ours_does_not_stop_a_pdf() -> None:
    page = branch_page("東京 \N{GRINNING FACE}\N{RIGHT-TO-LEFT OVERRIDE}\x00")
    assert pdf(page, FRAME).startswith(b"%PDF")
    assert "\x00" not in html(page, FRAME)
    assert "\N{RIGHT-TO-LEFT OVERRIDE}" not in html(page, FRAME)


def test_names_of_any_length_keep_a_page_small() -> None:
    long = [f"{number} {LONG[:200]}" for number in range(300)]
    assert len(html(company_page(long), FRAME).encode("utf-8")) < LARGEST_PAGE


PRINT_SUMS = """
import hashlib, sys
sys.path[:0] = sys.argv[1:]
from report_pages import first_page, FRAME, PAGES
from publish.layout import html, mail, pdf
for name in ("one_branch", "hostile_company"):
    body = mail(PAGES[name], FRAME)
    for part in (html(PAGES[name], FRAME), body.subject, body.html, body.text):
        print(hashlib.sha256(part.encode()).hexdigest())
    print(hashlib.sha256(pdf(PAGES[name], FRAME)).hexdigest())
print(hashlib.sha256(first_page().encode()).hexdigest())
"""


def sums(seed: str, zone: str) -> list[str]:
    """The digests of documents made in a process of its own."""
    here = str(PROJECT / "tests" / "python")
    made = subprocess.run(
        [sys.executable, "-c", PRINT_SUMS, here, str(PROJECT)],
        env={**os.environ, "PYTHONHASHSEED": seed, "TZ": zone, "LC_ALL": "C"},
        capture_output=True,
        text=True,
        check=True,
    )
    return made.stdout.split()


def test_equal_pages_are_equal_bytes_in_every_process() -> None:
    first = sums("1", "Asia/Tokyo")
    assert len(first) == 11
    assert first == sums("2", "America/Lima")
    assert first[0] == hashlib.sha256(DOCUMENTS["one_branch"].encode()).hexdigest()


def test_another_figure_is_another_page() -> None:
    page: Page = PAGES["one_branch"]
    other = replace(page, figures=page.figures[1:])
    assert html(page, FRAME) != html(other, FRAME)
    assert pdf(page, FRAME) != pdf(other, FRAME)
