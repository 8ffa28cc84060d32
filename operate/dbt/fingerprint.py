"""One fingerprint of the project files that determine what dbt builds."""

from __future__ import annotations

import hashlib
from importlib.metadata import version
from pathlib import Path

# What determines, besides the raw layer, what dbt builds.
PROJECT_FILES = ("dbt_project.yml", "packages.yml")
PROJECT_FOLDERS = (
    "models",
    "macros",
    "seeds",
    "snapshots",
    "tests/data",
    "dbt_packages",
)


def project_fingerprint(project: Path) -> str:
    """A sha256 of every file that determines what dbt builds, and of dbt's version."""
    content = hashlib.sha256(version("dbt-core").encode())
    paths = [project / name for name in PROJECT_FILES]
    for name in PROJECT_FOLDERS:
        paths += sorted(path for path in (project / name).rglob("*") if path.is_file())
    for path in paths:
        content.update(f"\0{path.relative_to(project).as_posix()}\0".encode())
        content.update(hashlib.sha256(path.read_bytes()).digest())
    return content.hexdigest()
