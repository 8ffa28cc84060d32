"""The sources that this company has, as `source_systems` in dbt_project.yml lists them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from base.errors import BranchlineError
from base.settings import PROJECT
from base.yaml_text import parse_yaml

PROJECT_FILE = "dbt_project.yml"
_EXAMPLE = "vars:\n  source_systems:\n    my_source: [transactions]"


def listed_sources(project: Path = PROJECT) -> dict[str, list[str]]:
    """The entities of each listed source, by its name; unlisted sources are switched off.

    Raises BranchlineError where the entry is missing or malformed.
    """
    file = project / PROJECT_FILE
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BranchlineError(
            f"{file} cannot be read: {error}.", "It is the dbt project file; restore it."
        ) from None
    _, content = parse_yaml(text, str(file), "Correct the line.")
    variables = content.get("vars") if isinstance(content, dict) else None
    if not isinstance(variables, dict) or "source_systems" not in variables:
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


def _are_names(entities: Any) -> bool:
    # A source without entities is loaded, but no model reads it yet.
    return isinstance(entities, list) and all(isinstance(entity, str) for entity in entities)


def _malformed(file: Path, problem: str) -> BranchlineError:
    return BranchlineError(
        f"{file}: {problem}.",
        "List there the sources of the company and the entities of each (no source at all"
        f" is {{}}):\n{_EXAMPLE}",
    )
