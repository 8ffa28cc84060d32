"""The corpus as the table in docs/quarantine.md. To renew it:

PYTHONPATH=tests/python .venv/bin/python -m corpus.table
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from corpus.cases import SECTIONS, Case

DOCS = Path(__file__).resolve().parents[3] / "docs" / "quarantine.md"
BEGIN = "<!-- corpus: begin (made by tests/python/corpus/table.py; do not edit) -->"
END = "<!-- corpus: end -->"

_TOLD = {
    "superseded": "superseded by the newer",
    "duplicate": "a duplicate, nothing loaded",
    "quarantined": "quarantined",
    "unclaimed": "left alone and named in the report",
    "postponed": "left for a later load",
}


def table() -> str:
    """All cases, one table per section, as Markdown."""
    lines: list[str] = []
    for section, cases in SECTIONS.items():
        lines += ["", f"### {section}", "", "| case | the file | result |"]
        lines.append("| --- | --- | --- |")
        lines += [
            f"| {case.name} | {_plain(case.what)} | {'; '.join(outcome(case))} |" for case in cases
        ]
    return "\n".join([BEGIN, *lines, "", END])


def outcome(case: Case) -> Iterator[str]:
    """What happens to a case's files, in parts of a sentence."""
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
        yield f"{_number(number, 'row')} refused: `{rules}`"
    for line, reason in case.rejects:
        yield f"line {line} rejected: {_quoted(reason)}"
    for place, file in enumerate(case.files):
        told = f": {_quoted(file.says)}" if file.says else ""
        if file.status != "loaded":
            which = ("the first file ", "the second file ")[place] if len(case.files) > 1 else ""
            yield f"{which}{_TOLD[file.status]}{told}"
        elif file.says:
            yield f"the ledger notes{told[1:]}"
    if case.notes:
        yield case.notes


def renewed(text: str) -> str:
    """The docs page with the table of now between its two marks."""
    before, _, rest = text.partition(BEGIN)
    _, found, after = rest.partition(END)
    if not found:
        raise ValueError(f"{DOCS.name} lacks the two marks of the corpus")
    return before + table() + after


def _number(number: int, word: str) -> str:
    return f"{number} {word}{'s' if number > 1 else ''}"


def _quoted(text: str) -> str:
    return f"\N{LEFT DOUBLE QUOTATION MARK}{_plain(text)}\N{RIGHT DOUBLE QUOTATION MARK}"


def _plain(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    DOCS.write_text(renewed(DOCS.read_text(encoding="utf-8")), encoding="utf-8")
