"""A copy of the dbt project to change and to build, beside the one under test."""

from __future__ import annotations

import shutil
from pathlib import Path

from nightly import PROJECT


def another_version(folder: Path, changes: dict[str, tuple[str, str]]) -> Path:
    """A copy of the dbt project, with one text in each of some files replaced by another."""
    folder.mkdir()
    for name in ("models", "macros", "seeds", "snapshots", "tests/data", "dbt_packages"):
        shutil.copytree(PROJECT / name, folder / name)
    for name in ("dbt_project.yml", "packages.yml"):
        shutil.copy(PROJECT / name, folder / name)
    for name, (present, other) in changes.items():
        text = (folder / name).read_text()
        assert present in text, name
        (folder / name).write_text(text.replace(present, other, 1))
    return folder
