"""Read and check publications.yml: every error names its file and line."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path

from pydantic import ValidationError

from base.errors import BranchlineError
from base.placed_yaml import PlacedYaml, Problem, broken, described, place_of
from publish.contract.publications import ENTRIES, WHAT_NOW, Publications

FILE = Path(__file__).parent.parent / "publications.yml"


def load_publications(reports: Collection[str], path: Path = FILE) -> Publications:
    """Read the file. `reports`: the names of the reports that the project has.

    Raises BranchlineError with file, line, publication and key of every problem.
    """
    found = PlacedYaml.read(path, "file of publications", ENTRIES)
    if not isinstance(found.content, dict):
        raise BranchlineError(
            f"{path.name}: the file must hold 'company:', 'audiences:' and 'publications:'.",
            f"Fix {path}; docs/publications.md has every key.",
        )
    if found.problems:
        raise broken(found.problems, WHAT_NOW)
    try:
        publications = Publications.model_validate(found.content)
    except ValidationError as error:
        problems = [described(one, found.lines, ENTRIES) for one in error.errors()]
        raise broken(problems, WHAT_NOW) from None
    publications._lines = found.lines
    unknown = list(_unknown_reports(publications, found, reports))
    if unknown:
        raise broken(unknown, WHAT_NOW)
    return publications


def _unknown_reports(
    publications: Publications, found: PlacedYaml, reports: Collection[str]
) -> Iterator[Problem]:
    for name, one in publications.publications.items():
        if one.report is not None and one.report not in reports:
            key = f"publications.{name}.report"
            known = ", ".join(sorted(reports))
            message = f"'{one.report}' is not a report; use {known}"
            yield found.lines[key], f"{place_of(key, ENTRIES)}: {message}"
