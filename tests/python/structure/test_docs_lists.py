"""Pages that list what the project has list exactly that: marts, variables, decisions."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

PROJECT = Path(__file__).resolve().parents[3]
DOCS = PROJECT / "docs"


def first_cells(page: str, cell: str = r"`(\w+)`") -> list[str]:
    """The names in the first column of a page's tables."""
    return re.findall(rf"^\| {cell} \|", (DOCS / page).read_text(encoding="utf-8"), re.MULTILINE)


def test_the_pages_of_the_marts_list_every_mart_once() -> None:
    marts = sorted(path.stem for path in (PROJECT / "models" / "marts").rglob("*.sql"))
    assert len(marts) > 20
    assert sorted(first_cells("marts.md") + first_cells("run-summary.md")) == marts


def test_the_page_of_the_variables_lists_every_variable_with_its_default() -> None:
    declared = yaml.safe_load((PROJECT / "dbt_project.yml").read_text(encoding="utf-8"))["vars"]
    settings = {name: value for name, value in declared.items() if name != "dbt_project_evaluator"}
    page = (DOCS / "variables.md").read_text(encoding="utf-8")
    listed = dict(re.findall(r"^\| `(\w+)` \| (.*?) \|", page, re.MULTILINE))
    assert listed.keys() == settings.keys()
    single = {name: value for name, value in settings.items() if not isinstance(value, dict)}
    assert {name: yaml.safe_load(listed[name].strip("`")) for name in single} == single


def test_the_index_of_the_decisions_lists_every_decision_once() -> None:
    decisions = sorted(path.name for path in (DOCS / "decisions").glob("0*.md"))
    assert len(decisions) > 20
    assert sorted(first_cells("decisions/README.md", r"\[\d+\]\((\S+)\)")) == decisions
