"""A page as HTML: one file without script, which asks for nothing from anywhere."""

from __future__ import annotations

from publish.layout.frame import Frame
from publish.layout.rendering import fill, screen_styles
from publish.layout.view import Sources, view
from publish.reports.page import Page

POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; font-src data:; img-src data:;"
    " base-uri 'none'; form-action 'none'"
)
"""What a browser allows the page: its own styles and fonts, no script and no request."""


def html(page: Page, frame: Frame) -> str:
    """The page as a self-contained HTML document."""
    text = page.content() + frame.company + frame.audience + frame.state
    return fill(
        "page.html.j2",
        view=view(page, frame, on_paper=False),
        sources=Sources(frame),
        css=screen_styles(text=text),
        policy=POLICY,
        on_paper=False,
    )
