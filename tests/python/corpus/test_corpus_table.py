"""docs/quarantine.md shows the corpus as it is."""

from __future__ import annotations

from corpus.table import DOCS, renewed


def test_the_table_in_the_docs_is_that_of_the_corpus() -> None:
    text = DOCS.read_text(encoding="utf-8")
    assert text == renewed(text), (
        "renew it: PYTHONPATH=tests/python .venv/bin/python -m corpus.table"
    )
