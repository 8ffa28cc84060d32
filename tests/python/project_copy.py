"""A copy of the dbt project to change and build, separate from the one under test."""

from __future__ import annotations

import shutil
from pathlib import Path

from nightly import PARTS, PROJECT


def copy_project(target: Path) -> Path:
    """Copy the parts of the project that dbt and the feeds need; return the copy's folder."""
    for name in ("ingest/feeds", *PARTS):
        shutil.copytree(PROJECT / name, target / name)
    for name in ("dbt_project.yml", "packages.yml", "profiles.example.yml"):
        shutil.copy(PROJECT / name, target)
    return target


def another_version(folder: Path, changes: dict[str, tuple[str, str]]) -> Path:
    """A copy of the dbt project with one text replaced in each of some files."""
    copy_project(folder)
    for name, (present, other) in changes.items():
        text = (folder / name).read_text()
        assert present in text, name
        (folder / name).write_text(text.replace(present, other, 1))
    return folder
