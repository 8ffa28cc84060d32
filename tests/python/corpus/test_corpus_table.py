"""docs/damaged-*.md show the corpus as it is."""

from __future__ import annotations

import pytest
from corpus.cases import SECTIONS
from corpus.table import DOCS, PAGES, renewed


@pytest.mark.parametrize("page", PAGES)
def test_the_tables_in_the_docs_match_the_corpus(page: str) -> None:
    text = (DOCS / page).read_text(encoding="utf-8")
    assert text == renewed(page, text), (
        "renew it: PYTHONPATH=tests/python .venv/bin/python -m corpus.table"
    )


def test_every_section_of_the_corpus_is_on_one_page() -> None:
    shown = [section for sections in PAGES.values() for section in sections]
    assert sorted(shown) == sorted(SECTIONS)
