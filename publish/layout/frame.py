"""What surrounds a page: who publishes it, for whom, and what it links to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

LeadsTo = Literal["page", "pdf", "file"]


@dataclass(frozen=True)
class Frame:
    """What surrounds a page.

    Links are relative to the page, so that a copied archive works; one that is empty is left out.

    `audience`: in words, "store managers". `index`: the archive. `pdf`: the same page as a PDF.
    `docs`, `lineage`: the documentation of the models, and their graph. `mart_docs`: the page of
    each mart by its name. `address`: the absolute address for a mail, where there is one;
    `leads_to`: what is there, the page, its PDF, or an exported file. `version`: 1, and one more
    for each restatement. `state`: a sentence shown above everything else, such as that the
    publication is held back.
    """

    company: str
    audience: str = ""
    index: str = ""
    pdf: str = ""
    docs: str = ""
    lineage: str = ""
    mart_docs: Mapping[str, str] = field(default_factory=dict)
    address: str = ""
    leads_to: LeadsTo = "page"
    version: int = 1
    state: str = ""


@dataclass(frozen=True)
class MailBody:
    """A mail: one line for its subject, its HTML, and the same as plain text."""

    subject: str
    html: str
    text: str
