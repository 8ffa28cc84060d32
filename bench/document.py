"""Write the figures of a result file into the docs pages of the benchmarks.

The text between `<!-- bench:NAME -->` and `<!-- /bench:NAME -->` is generated here; the rest of the
pages is written by hand.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.errors import BenchError
from bench.figures import Section, section_from_json
from bench.tables import AIM_HEADERS, aim_cells, filled_columns, markdown

PAGES = ("benchmarks.md", "benchmark-figures.md", "benchmark-sources.md", "benchmark-models.md")
TOGETHER = (1, 2, 3, 4, 5, 6, 7, 8)
APART = {9: "places", 10: "tills", 11: "hours"}
"""Benchmarks that may be measured and written alone, with their regions."""
FULL_BUILD = 5
"""The benchmark with a row per model, which has a separate page."""
REGIONS = ("machine", "aims", "figures", "models", *APART.values())
_REGION = re.compile(r"(<!-- bench:(\w+) -->\n).*?(<!-- /bench:\2 -->)", re.DOTALL)


def write_pages(result: Mapping[str, Any], folder: Path) -> None:
    """Update the figures of the pages in a folder.

    Benchmarks 1 to 8 are written together, the others also alone. Raises BenchError if the result
    is a quick one, lacks a benchmark, or failed a check.
    """
    sections = [section_from_json(content) for content in result["sections"]]
    numbers = [section.number for section in sections if section.number not in APART]
    if not sections or numbers not in ([], [*TOGETHER]):
        raise BenchError("The result does not hold all eight benchmarks; run them without --only.")
    if not result["passed"]:
        raise BenchError("A check of this result failed; its figures belong in no document.")
    if result["quick"]:
        raise BenchError("This is the result of a quick run, whose figures say too little.")
    texts = {page: (folder / page).read_text(encoding="utf-8") for page in PAGES}
    for page, text in filled(texts, regions(result, sections)).items():
        (folder / page).write_text(text, encoding="utf-8")


def filled(texts: Mapping[str, str], made: Mapping[str, str]) -> dict[str, str]:
    """The pages with the marked regions replaced that were made.

    Raises BenchError if the marks are not those of all regions.
    """
    found = [match.group(2) for text in texts.values() for match in _REGION.finditer(text)]
    if sorted(found) != sorted(REGIONS):
        raise BenchError(
            f"The pages mark {', '.join(found) or 'nothing'}; {', '.join(REGIONS)} are needed."
        )

    def region(match: re.Match[str]) -> str:
        name = match.group(2)
        if name not in made:
            return match.group()
        return f"{match.group(1)}{made[name]}\n{match.group(3)}"

    return {page: _REGION.sub(region, text) for page, text in texts.items()}


def regions(result: Mapping[str, Any], sections: Sequence[Section]) -> dict[str, str]:
    """The text of every marked region that the sections fill."""
    made: dict[str, str] = {}
    together = [section for section in sections if section.number in TOGETHER]
    if together:
        builds = [section for section in together if section.number == FULL_BUILD]
        others = [section for section in together if section.number != FULL_BUILD]
        made |= {
            "machine": _machine(result),
            "aims": _aims(together),
            "figures": "\n\n".join(map(_section, others)),
            "models": "\n\n".join(map(_section, builds)),
        }
    for section in sections:
        if section.number in APART:
            parts = (_section(section), _aims([section]), _machine(result))
            made[APART[section.number]] = "\n\n".join(parts)
    return made


def _aims(sections: Sequence[Section]) -> str:
    cells = [aim_cells(section, aim) for section in sections for aim in section.aims]
    return markdown(AIM_HEADERS, cells)


def _machine(result: Mapping[str, Any]) -> str:
    machine, server, commit = result["machine"], result["postgres"], result["commit"]
    settings = [f"`{name} = {text}`" for name, text in server.items() if name != "server_version"]
    packages = [f"{name} {number}" for name, number in machine["packages"].items()]
    changed = " with changes not committed" if commit["changed"] else ""
    lines = [
        f"Measured on {result['started_at'][:10]} by `{result['command']}`, which took"
        f" {result['seconds'] / 60:,.0f} minutes.",
        "",
        f"- machine: {machine['system']}, {machine['processor']}, {machine['cores']} cores,"
        f" {machine['memory_bytes'] / 2**30:,.0f} GiB of memory",
        f"- load of the machine at the start: {machine['load_average_at_start']}",
        f"- PostgreSQL {server['server_version']}, the embedded one, with the settings it has"
        f" here: {', '.join(settings)}",
        f"- Python {machine['python']}; {', '.join(packages)}",
        f"- commit {commit['commit'][:12] or 'unknown'}{changed}",
    ]
    return "\n".join(lines)


def _section(section: Section) -> str:
    headers, cells = filled_columns(section.rows)
    parts = [f"## {section.number}. {section.title}", markdown(headers, cells)]
    if section.notes:
        parts.append("\n".join(f"- {note}" for note in section.notes))
    parts.append(f"{len(section.checks):,} checks of correctness held.")
    return "\n\n".join(parts)
