"""The corpus as the tables of docs/damaged-*.md. To update them:

PYTHONPATH=tests/python .venv/bin/python -m corpus.table
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from corpus.cases import SECTIONS, Case

DOCS = Path(__file__).resolve().parents[3] / "docs"
# The sections of each page, in their order.
PAGES = {
    "damaged-files.md": ("File names and versions", "Not a CSV", "Archives",
                         "Other formats", "Other feeds"),
    "damaged-layout.md": (
        "Encodings", "Line endings", "Delimiters and quotes", "Headers and columns", "Lines",
    ),
    "damaged-values.md": ("Card numbers", "Dates and times", "Money", "Texts"),
}  # fmt: skip
BEGIN = "<!-- corpus: begin (made by tests/python/corpus/table.py; do not edit) -->"
END = "<!-- corpus: end -->"

_RESULTS = {
    "superseded": "superseded by the newer",
    "duplicate": "a duplicate, nothing loaded",
    "quarantined": "quarantined",
    "unclaimed": "not read; the report names it",
    "postponed": "postponed to a later load",
}


def tables(page: str) -> str:
    """The cases of a page, one table per section, as Markdown."""
    lines: list[str] = []
    for section in PAGES[page]:
        cases = SECTIONS[section]
        lines += ["", f"## {section}", "", "| case | the file | result |"]
        lines.append("| --- | --- | --- |")
        lines += [
            f"| {case.name} | {_plain(case.what)} | {'; '.join(outcome(case))} |" for case in cases
        ]
    return "\n".join([BEGIN, *lines, "", END])


def outcome(case: Case) -> Iterator[str]:
    """The outcome of a case's files, in parts of a sentence."""
    loaded = [file for file in case.files if file.status == "loaded"]
    if loaded and case.rows is not None:
        yield f"loaded, {case.rows} rows"
    elif loaded and (case.refused or case.rejects or case.flags):
        yield f"loaded, {case.receipts} receipts count"
    elif loaded:
        yield "loaded, every receipt counts"
    for flag, number in sorted(Counter(case.flags).items()):
        yield f"{_number(number, 'receipt')} flagged `{flag}`"
    for rules, number in sorted(Counter(case.refused).items()):
        yield f"{_number(number, 'row')} rejected: `{rules}`"
    for line, reason in case.rejects:
        yield f"line {line} malformed: {_quoted(reason)}"
    for place, file in enumerate(case.files):
        reason = f": {_quoted(file.says)}" if file.says else ""
        if file.status != "loaded":
            which = ("the first file ", "the second file ")[place] if len(case.files) > 1 else ""
            yield f"{which}{_RESULTS[file.status]}{reason}"
        elif file.says:
            yield f"warning{reason}"
    if case.notes:
        yield case.notes


def renewed(page: str, text: str) -> str:
    """A docs page with its current tables between its two marks."""
    before, _, rest = text.partition(BEGIN)
    _, found, after = rest.partition(END)
    if not found:
        raise ValueError(f"{page} lacks the two marks of the corpus")
    return before + tables(page) + after


def _number(number: int, word: str) -> str:
    return f"{number} {word}{'s' if number > 1 else ''}"


def _quoted(text: str) -> str:
    return f"\N{LEFT DOUBLE QUOTATION MARK}{_plain(text)}\N{RIGHT DOUBLE QUOTATION MARK}"


def _plain(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    for name in PAGES:
        path = DOCS / name
        path.write_text(renewed(name, path.read_text(encoding="utf-8")), encoding="utf-8")
