"""The body of a mail: small, of tables only, complete without pictures, and the same as text."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal
from html.parser import HTMLParser

import pytest
from report_pages import (
    FRAME,
    HEBREW,
    HOSTILE,
    LONG,
    PAGES,
    SALES,
    bars_chart,
    branch_page,
    company_page,
)

from publish.layout import MailBody, mail
from publish.layout.mail import LARGEST
from publish.reports.page import Advice, Page, Section

BODIES = {name: mail(page, FRAME) for name, page in PAGES.items()}
every_body = pytest.mark.parametrize("name", BODIES)


class Parsed(HTMLParser):
    """The elements and the text of a mail."""

    def __init__(self, body: MailBody) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(body.html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.texts).split())


def plain(text: str) -> str:
    """A text as one line, without the marks round Hebrew names."""
    return " ".join(re.sub("[\u2068\u2069]", "", text).split())


@every_body
def test_a_mail_is_small_and_made_of_tables_with_inline_styles(name: str) -> None:
    body = BODIES[name]
    assert len(body.html.encode("utf-8")) < LARGEST
    elements = Parsed(body).elements
    # Mail programs drop these, or show them as an attachment.
    assert not {tag for tag, _ in elements} & {"img", "svg", "style", "link", "script", "form"}
    for tag, attributes in elements:
        assert "class" not in attributes
        assert not any(attribute.startswith("on") for attribute in attributes)
        if tag == "a":
            assert attributes["href"] == FRAME.address
        if tag == "th":
            assert attributes["scope"] in ("row", "col")
    assert "url(" not in body.html
    assert elements[0] == ("html", {"lang": "en", "dir": "ltr"})


@every_body
def test_both_bodies_have_the_headline_the_figures_and_the_notices(name: str) -> None:
    page, body = PAGES[name], BODIES[name]
    for text in (plain(Parsed(body).text), plain(body.text)):
        assert plain(page.headline) in text
        for figure in page.figures:
            assert figure.label in text
        assert ("have not come" in text) == bool(page.missing)
        assert ("Restated." in text) == bool(page.restated)
        assert ("names of people" in text) == page.shows_names
        for item in page.odd:
            assert plain(item.text) in text
        for section in page.sections:
            assert section.title.casefold() in text.casefold()
    assert "6,214.50 GBP +8.2 % on last week (5,743.53)" in plain(Parsed(BODIES["one_branch"]).text)


@every_body
def test_a_subject_is_one_line_that_names_the_page(name: str) -> None:
    page, body = PAGES[name], BODIES[name]
    assert body.subject.isprintable()
    assert len(body.subject) <= 150
    assert page.title in body.subject
    assert body.subject.startswith("Incomplete: ") == bool(page.missing)


def test_a_chart_without_a_table_is_shown_in_words_or_bars() -> None:
    sections = (
        Section("bars", "Branches", SALES, "", bars_chart(HOSTILE, with_returns=True)),
        *branch_page().sections[:1],
    )
    body = mail(replace(branch_page(), sections=sections), FRAME)
    for text in (Parsed(body).text, body.text):
        assert "\N{MINUS SIGN}412.50" in text
        assert "most at 13:00, 1,080.00 GBP" in text
    assert body.html.count("background:#0f4c81") == len(HOSTILE) - 1


def test_a_large_page_is_cut_and_says_so() -> None:
    names = [f"{number} {LONG[:190]}" for number in range(500)]
    page: Page = company_page(names)
    huge = replace(
        page,
        sections=page.sections * 12,
        odd=tuple(Advice(name * 5, name * 5, SALES) for name in names),
    )
    body = mail(huge, FRAME)
    assert len(body.html.encode("utf-8")) < LARGEST
    assert "481,230.75" in body.html
    assert plain(huge.headline) in plain(body.text)
    assert "And 485 more rows." in mail(page, FRAME).text
    assert "And 485 more rows." in mail(page, FRAME).html


def test_a_mail_without_an_address_points_to_the_attached_file() -> None:
    for address in ("", "javascript:alert(1)", "file:///etc/passwd"):
        body = mail(branch_page(), replace(FRAME, address=address))
        assert "The attached PDF has the charts" in body.html
        assert "The attached PDF has the charts" in body.text
        assert "<a " not in body.html


def test_a_mail_says_nothing_of_a_file_that_is_not_there() -> None:
    without_pdf = replace(FRAME, pdf="")
    body = mail(branch_page(), replace(without_pdf, address=""))
    for text in (body.html, body.text):
        assert "PDF" not in text
        assert "full page" not in text.lower()
    body = mail(branch_page(), replace(without_pdf, leads_to="file"))
    for text in (body.html, body.text):
        assert FRAME.address in text
        assert "The file" in text
        assert "The full page, with" not in text


def test_columns_of_the_text_stay_below_one_another_in_any_script() -> None:
    text = mail(PAGES["productivity"], FRAME).text
    lines = [line for line in text.splitlines() if "38.5" in line or "37.5" in line]
    assert len(lines) == 2
    first, second = (re.sub("[\u2068\u2069]", "", line) for line in lines)
    assert HEBREW in second
    assert first.index("38.5") == second.index("37.5")


def test_a_change_for_the_worse_has_the_colour_of_it() -> None:
    page = branch_page()
    returns = [figure for figure in page.figures if figure.more_is_better is False]
    assert returns[0].comparisons[0].percent == Decimal("12.5")
    html = mail(replace(page, figures=tuple(returns)), FRAME).html
    assert "#a3261d" in html
    assert "#1b6740" not in html
