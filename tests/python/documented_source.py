"""The example of docs/adding-a-source.md: its files, as docs/example-source*.md show them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from nightly import PROJECT

PAGES = sorted((PROJECT / "docs").glob("example-source*.md"))
LIST_PAGE = PROJECT / "docs" / "example-list.md"
# A path in backticks, followed by the block.
_BLOCK = re.compile(r"^`([\w./]+)`:\n\n```\w+\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LIST = "dbt_project.yml"


def documented_files(pages: Sequence[Path] = PAGES) -> dict[str, str]:
    """Path in the project -> text; for dbt_project.yml one line to add.

    Raises ValueError if the pages show a file twice.
    """
    found = [block for page in pages for block in _BLOCK.findall(page.read_text(encoding="utf-8"))]
    files = dict(found)
    if len(files) != len(found):
        raise ValueError("The pages of the example show a file twice.")
    return files


def add_documented_source(project: Path, pages: Sequence[Path] = PAGES) -> None:
    """Do only what the pages say."""
    for path, text in documented_files(pages).items():
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
