"""The name of a source is only in files that belong to that source."""

from __future__ import annotations

import subprocess
from pathlib import Path, PurePosixPath

import yaml

PROJECT = Path(__file__).resolve().parents[3]

# Files that may name any source: their list, reference data, documentation, and test data.
OPEN = ("dbt_project.yml", "seeds/", "docs/", "tests/python/")


def sources() -> list[str]:
    """The names of the sources that the project lists."""
    project = yaml.safe_load((PROJECT / "dbt_project.yml").read_text(encoding="utf-8"))
    return list(project["vars"]["source_systems"])


def belongs_to(source: str, path: str) -> bool:
    """Whether a file is the source's own: by its name or the name of a folder."""
    return any(
        source == name or name.startswith((f"{source}.", f"{source}__", f"int_{source}__"))
        for name in (*PurePosixPath(path).parts, PurePosixPath(path).stem)
    )


def places_of(source: str) -> list[str]:
    """Files under version control with the source's name in their text."""
    found = subprocess.run(
        ["git", "grep", "--untracked", "--name-only", "--fixed-strings", source],
        cwd=PROJECT,
        capture_output=True,
        text=True,
    )
    assert found.returncode in (0, 1), found.stderr
    return found.stdout.splitlines()


def test_a_source_is_named_only_in_its_own_files() -> None:
    strangers = [
        f"{path} names {source}"
        for source in sources()
        for path in places_of(source)
        if not path.startswith(OPEN) and not belongs_to(source, path)
    ]
    assert strangers == []


def test_every_source_has_its_own_files() -> None:
    # Otherwise the test above looks for the wrong names.
    for source in sources():
        own = {path for path in places_of(source) if belongs_to(source, path)}
        assert f"ingest/feeds/{source}.yml" in own
        assert any(path.startswith(f"models/staging/{source}/") for path in own)
        assert any(path.startswith(f"models/intermediate/conformed/{source}/") for path in own)
