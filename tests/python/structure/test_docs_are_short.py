"""Pages are short, and every page is in the index."""

from __future__ import annotations

import re
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[3]
DOCS = PROJECT / "docs"
MOST_WORDS = 2000


def test_no_page_is_too_long() -> None:
    words = {page: len(page.read_text(encoding="utf-8").split()) for page in DOCS.rglob("*.md")}
    assert len(words) > 10
    long = {page.name: count for page, count in words.items() if count > MOST_WORDS}
    assert not long


def test_the_readme_is_shorter_than_150_lines() -> None:
    assert len((PROJECT / "README.md").read_text(encoding="utf-8").splitlines()) < 150


def test_the_index_of_the_docs_has_every_page() -> None:
    index = (DOCS / "README.md").read_text(encoding="utf-8")
    linked = {DOCS / target for target in re.findall(r"\]\(([\w./-]+)\)", index)}
    pages = set(DOCS.glob("*.md")) | set((DOCS / "sources").glob("*.md"))
    assert pages - linked - {DOCS / "README.md"} == set()
