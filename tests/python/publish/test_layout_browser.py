"""Pages in a real browser: wide and narrow, light and dark, with and without scripts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timezone
from email.headerregistry import Address
from pathlib import Path

import chromium
import pytest
from axe_playwright_python.sync_playwright import Axe
from message_servers import mail_server
from playwright.sync_api import Browser, BrowserContext
from playwright.sync_api import Page as Tab
from report_pages import FRAME, HEBREW, HOSTILE, HUNDRED, PAGES, editions

from publish.archive import ArchiveFrame, Link, index
from publish.layout import html, mail, pdf
from publish.messages.content import Message
from publish.messages.mail import Mailbox, MailServer, Post, compose

REASON = chromium.why_not()
pytestmark = pytest.mark.skipif(REASON is not None, reason=REASON or "")
LOOKED_AT = ("one_branch", "company_of_100", "nothing_sold", "hostile_company", "productivity")
BRANCHES = HUNDRED[:20]
ARCHIVE = ArchiveFrame("Our Company", "docs/index.html", state="Held back.")
DOCUMENTS = {
    **{name: html(PAGES[name], FRAME) for name in LOOKED_AT},
    "mail": mail(PAGES["hostile_company"], FRAME).html,
    "index": index(
        editions(BRANCHES, 2, ("Daily sales", "Employee productivity")),
        ARCHIVE,
        [row.business_date for row in editions((), 40)],
        [Link(name, "branches/x/index.html") for name in BRANCHES],
    ),
    "index_hostile": index(editions(HOSTILE, 2), ARCHIVE),
}


@dataclass
class Shown:
    """A document in the browser: what it asked for, and what it complained about."""

    tab: Tab
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)


class Viewer:
    """The browser; of each colour scheme it has one profile, which makes the tests quick."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._profiles: dict[tuple[str, bool], BrowserContext] = {}

    def show(self, path: Path, width: int, scheme: str = "light", scripts: bool = True) -> Shown:
        """Open a document in a new tab, without a network."""
        profile = self._profiles.get((scheme, scripts)) or self._browser.new_context(
            color_scheme="dark" if scheme == "dark" else "light",
            java_script_enabled=scripts,
            offline=True,
        )
        self._profiles[scheme, scripts] = profile
        shown = Shown(profile.new_page())
        shown.tab.set_viewport_size({"width": width, "height": 900})
        shown.tab.on("request", lambda request: shown.requests.append(request.url))
        shown.tab.on("console", lambda message: shown.complaints.append(message.text))
        shown.tab.on("pageerror", lambda error: shown.complaints.append(str(error)))
        shown.tab.on("dialog", lambda dialog: shown.complaints.append(dialog.message))
        shown.tab.goto(path.as_uri())
        return shown


@pytest.fixture(scope="module")
def viewer() -> Iterator[Viewer]:
    """The browser of these tests."""
    with chromium.chromium() as opened:
        yield Viewer(opened)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The documents as files, as from a share."""
    folder = tmp_path_factory.mktemp("documents")
    paths = {name: folder / f"{name}.html" for name in DOCUMENTS}
    for name, path in paths.items():
        path.write_text(DOCUMENTS[name], encoding="utf-8")
    return paths


@pytest.mark.parametrize(
    ("name", "width", "scheme"),
    [
        ("one_branch", 1440, "light"),
        ("one_branch", 390, "dark"),
        ("hostile_company", 1440, "dark"),
        ("productivity", 390, "light"),
        ("nothing_sold", 390, "dark"),
        ("mail", 390, "light"),
        ("index", 1440, "dark"),
        ("index_hostile", 390, "light"),
    ],
)
def test_a_document_fits_complains_about_nothing_and_is_accessible(
    viewer: Viewer, files: dict[str, Path], name: str, width: int, scheme: str
) -> None:
    shown = viewer.show(files[name], width, scheme)
    outside = [url for url in shown.requests if not url.startswith("data:")]
    assert outside == [files[name].as_uri()]
    assert shown.tab.evaluate("document.documentElement.scrollWidth") <= width
    # Axe looks at what is shown, in the colours in which it is shown.
    found = Axe().run(shown.tab).response["violations"]
    assert [(one["id"], one["nodes"][0]["html"][:200]) for one in found] == []
    assert shown.complaints == []
    shown.tab.close()


def test_a_mail_as_it_arrived_is_readable_and_has_its_pdf(viewer: Viewer, tmp_path: Path) -> None:
    body, printed = mail(PAGES["one_branch"], FRAME), pdf(PAGES["one_branch"], FRAME)
    message = Message(body.subject, "", body.text, body.html, pdf=printed, pdf_name="report.pdf")
    with mail_server() as server, Post() as post:
        smtp = MailServer("127.0.0.1", server.port, "insecure", "", "", True, 10)
        sender, recipient = (
            Address(addr_spec=f"{name}@example.org") for name in ("reports", "anna")
        )
        box = Mailbox(smtp, sender, recipient)
        post.send(box, compose(box, message, "1", datetime(2024, 3, 6, tzinfo=timezone.utc)))
        got = server.to("anna@example.org")
    part = got.get_body(("html",))
    assert part is not None
    arrived = tmp_path / "mail.html"
    arrived.write_text(part.get_content(), encoding="utf-8")
    for width in (390, 1440):
        shown = viewer.show(arrived, width, scripts=False)
        assert shown.requests == [arrived.as_uri()]
        assert shown.tab.evaluate("document.documentElement.scrollWidth") <= width
        text = shown.tab.inner_text("body").replace("\N{NO-BREAK SPACE}", " ")
        assert PAGES["one_branch"].headline in text
        assert "\N{REPLACEMENT CHARACTER}" not in text
        shown.tab.close()
    (attached,) = got.iter_attachments()
    assert attached.get_content() == printed
    assert printed.startswith(b"%PDF-")


@pytest.mark.parametrize("name", ["company_of_100", "hostile_company", "productivity", "index"])
def test_no_width_makes_a_page_overflow(viewer: Viewer, files: dict[str, Path], name: str) -> None:
    shown = viewer.show(files[name], 320)
    for width in (320, 390, 761, 1000, 1440):
        shown.tab.set_viewport_size({"width": width, "height": 900})
        assert shown.tab.evaluate("document.documentElement.scrollWidth") <= width
    shown.tab.close()


def test_a_dark_screen_gets_dark_charts_and_a_printer_light_ones(
    viewer: Viewer, files: dict[str, Path]
) -> None:
    shown = viewer.show(files["one_branch"], 1440, "dark")
    colours = """() => Array.from(
        document.querySelectorAll(".broad rect, .broad text"),
        one => getComputedStyle(one).fill)"""
    dark = shown.tab.evaluate(colours)
    shown.tab.emulate_media(media="print")
    light = shown.tab.evaluate(colours)
    assert "rgb(108, 176, 242)" in dark
    assert "rgb(15, 76, 129)" in light
    assert not set(dark) & set(light)
    shown.tab.close()


def test_a_phone_gets_charts_with_texts_of_their_full_size(
    viewer: Viewer, files: dict[str, Path]
) -> None:
    shown = viewer.show(files["one_branch"], 390)
    sizes = shown.tab.evaluate(
        """() => Array.from(document.querySelectorAll(".chart svg text"))
            .filter(one => one.getBoundingClientRect().width > 0)
            .map(one => 12 * one.getScreenCTM().a)"""
    )
    assert len(sizes) > 20
    assert min(sizes) > 11.5
    shown.tab.close()


def test_a_hebrew_name_is_written_from_right_to_left(
    viewer: Viewer, files: dict[str, Path]
) -> None:
    shown = viewer.show(files["hostile_company"], 1440)
    # Where the first and the last letter of the name, and its number, stand on the screen.
    places = shown.tab.evaluate(
        """name => {
            const found = [];
            const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
            while (walker.nextNode()) {
                const node = walker.currentNode, at = node.data.indexOf(name);
                if (at < 0) continue;
                const left = place => {
                    const range = document.createRange();
                    range.setStart(node, at + place);
                    range.setEnd(node, at + place + 1);
                    return range.getBoundingClientRect().left;
                };
                const y = place => {
                    const range = document.createRange();
                    range.setStart(node, at + place);
                    range.setEnd(node, at + place + 1);
                    return Math.round(range.getBoundingClientRect().top);
                };
                const last = name.length - 1, number = name.indexOf("1");
                if (y(0) !== y(last) || left(0) === 0) continue;
                found.push([left(last), left(number), left(number + 1), left(0)]);
            }
            return found;
        }""",
        HEBREW,
    )
    assert len(places) >= 3
    for end, one, two, beginning in places:
        assert end < one < two < beginning
    shown.tab.close()


def shown_names(tab: Tab) -> list[str]:
    """The links to branches that the index shows."""
    return tab.locator(".branches li:visible > a bdi").all_inner_texts()


def test_the_index_is_searched_without_a_network(viewer: Viewer, files: dict[str, Path]) -> None:
    shown = viewer.show(files["index"], 1440)
    tab = shown.tab
    assert tab.locator("output").inner_text() == "86 reports"
    assert shown_names(tab) == []
    tab.get_by_label("Search").fill("LEEDS")
    assert set(shown_names(tab)) == {"Leeds 1", "Leeds 2"}
    assert tab.locator("output").inner_text() == "8 reports"
    tab.get_by_label("Report").select_option("Employee productivity")
    assert tab.locator("output").inner_text() == "4 reports"
    tab.get_by_label("For").select_option("board")
    assert tab.get_by_text("No report has all of this.").is_visible()
    tab.get_by_label("Search").fill("")
    assert tab.locator("output").inner_text() == "2 reports"
    assert tab.locator(".story:visible").count() == 2
    assert not tab.get_by_text("No report has all of this.").is_visible()
    tab.get_by_label("Report").select_option("")
    tab.get_by_label("For").select_option("")
    assert tab.locator("output").inner_text() == "86 reports"
    assert shown.complaints == []
    tab.close()


def test_a_search_ignores_accents_and_finds_hebrew_and_markup(
    viewer: Viewer, files: dict[str, Path]
) -> None:
    shown = viewer.show(files["index_hostile"], 390)
    for words, name in (("Łodz", "Żółw & Łódź"), (HEBREW[:7], HEBREW), ("<script>", "<script>")):
        shown.tab.get_by_label("Search").fill(words)
        found = shown_names(shown.tab)
        assert len(found) == 2
        assert all(one.startswith(name) for one in found)
    assert shown.complaints == []
    shown.tab.close()


def test_without_scripts_everything_can_be_read(viewer: Viewer, files: dict[str, Path]) -> None:
    shown = viewer.show(files["index"], 1440, scripts=False)
    assert not shown.tab.locator(".find").is_visible()
    assert shown.tab.locator(".story:visible").count() == 6
    shown.tab.locator("summary").first.click()
    assert len(shown_names(shown.tab)) == 20
    page = viewer.show(files["one_branch"], 1440, scripts=False)
    page.tab.locator("summary").first.click()
    assert page.tab.get_by_role("cell", name="1,080.00").first.is_visible()
    page.tab.locator("a.source").first.click()
    assert page.tab.locator("li:target code").inner_text().startswith("select * from")
    for one in (shown, page):
        one.tab.close()
