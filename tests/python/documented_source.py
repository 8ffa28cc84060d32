"""The source of docs/adding-a-source.md: its files, as the page shows them."""

from __future__ import annotations

import re
from pathlib import Path

from nightly import PROJECT

PAGE = PROJECT / "docs" / "adding-a-source.md"
# A path in backticks, and below it the block.
_BLOCK = re.compile(r"^`([\w./]+)`:\n\n```\w+\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LIST = "dbt_project.yml"


def documented_files() -> dict[str, str]:
    """Path in the project -> text; that of dbt_project.yml is one line to be added."""
    return dict(_BLOCK.findall(PAGE.read_text(encoding="utf-8")))


def add_documented_source(project: Path) -> None:
    """Do what the page says, and nothing else."""
    for path, text in documented_files().items():
        target = project / path
        if path == LIST:
            listed = target.read_text(encoding="utf-8")
            target.write_text(
                listed.replace("  source_systems:\n", f"  source_systems:\n{text}"),
                encoding="utf-8",
            )
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        with open(target, "x", encoding="utf-8") as file:
            file.write(text)
