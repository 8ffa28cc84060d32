"""File names: which belong to a feed, and what they say."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from pathlib import PurePosixPath

from ingest.contract.placed_errors import at


class FileNameError(ValueError):
    """A file name that does not fit its feed; the text is the reason people read."""


@dataclass(frozen=True)
class FileIdentity:
    """What the name of a file says about it."""

    logical_file: str
    branch: str | None = None
    business_date: date | None = None
    time: str = ""


def compile_glob(pattern: str) -> re.Pattern[str]:
    """`**/` any folders, `*` and `?` within one name; the ending after the last dot in any case."""
    if pattern.startswith("/") or ".." in PurePosixPath(pattern).parts or "\\" in pattern:
        raise at("files", "has to be relative to the inbox, with forward slashes and no '..'")
    stem, dot, ending = pattern.rpartition(".")
    if not dot or "/" in ending:
        stem, ending = pattern, ""
    return re.compile(
        _glob_to_regex(stem) + (f"\\.(?i:{_glob_to_regex(ending)})" if ending else "")
    )


def _glob_to_regex(glob: str) -> str:
    made = ""
    for part in re.split(r"(\*\*/|\*\*|\*|\?)", glob):
        made += {"**/": r"(?:.*/)?", "**": r".*", "*": r"[^/]*", "?": r"[^/]"}.get(
            part, re.escape(part)
        )
    return made
