"""What dbt_project.yml says of the sources: which ones the company has, and how long it keeps
personal data of their customers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from base.errors import BranchlineError
from base.settings import PROJECT
from base.yaml_text import parse_yaml

PROJECT_FILE = "dbt_project.yml"
_SOURCES = "vars:\n  source_systems:\n    my_source: [transactions]"
_DAYS = "vars:\n  retain_personal_days:\n    my_source: 1095"


def listed_sources(project: Path = PROJECT) -> dict[str, list[str]]:
    """The entities of each listed source, by its name; unlisted sources are switched off.

    Raises BranchlineError where the entry is missing or malformed.
    """
    file = project / PROJECT_FILE
    variables = _variables(file)
    if "source_systems" not in variables:
        raise _malformed(file, "source_systems is missing")
    sources = variables["source_systems"]
    if not isinstance(sources, dict):
        raise _malformed(file, "source_systems does not hold one entry per source")
    for name, entities in sources.items():
        if not isinstance(name, str):
            raise _malformed(file, f"'{name}' in source_systems is not the name of a source")
        if not _are_names(entities):
            raise _malformed(file, f"source {name} in source_systems has no list of entities")
    return sources


def retained_days(project: Path = PROJECT) -> dict[str, int]:
    """How many days personal data of a source's customers is kept, by source; empty where nothing
    is declared.

    Raises BranchlineError where the entry is malformed, or about a source that is not listed.
    """
    file = project / PROJECT_FILE
    days = _variables(file).get("retain_personal_days") or {}
    sources = listed_sources(project)
    if not isinstance(days, dict):
        raise _malformed_days(file, "is not a mapping from sources to days")
    for name, number in days.items():
        if name not in sources:
            raise _malformed_days(file, f"names '{name}', which source_systems does not list")
        if not isinstance(number, int) or isinstance(number, bool) or number < 1:
            raise _malformed_days(file, f"has no whole number of days for {name}")
    return days


def _variables(file: Path) -> dict[str, Any]:
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BranchlineError(
            f"{file} cannot be read: {error}.", "It is the dbt project file; restore it."
        ) from None
    _, content = parse_yaml(text, str(file), "Correct the line.")
    variables = content.get("vars") if isinstance(content, dict) else None
    return variables if isinstance(variables, dict) else {}


def _are_names(entities: Any) -> bool:
    # A source without entities is loaded, but no model reads it yet.
    return isinstance(entities, list) and all(isinstance(entity, str) for entity in entities)


def _malformed(file: Path, problem: str) -> BranchlineError:
    return BranchlineError(
        f"{file}: {problem}.",
        "List there the sources of the company and the entities of each (no source at all"
        f" is {{}}):\n{_SOURCES}",
    )


def _malformed_days(file: Path, problem: str) -> BranchlineError:
    return BranchlineError(
        f"{file}: retain_personal_days {problem}.",
        f"Write for how many days to keep personal data, by source ({{}}: forever):\n{_DAYS}",
    )
