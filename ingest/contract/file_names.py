"""File names: which belong to a feed, and what they mean."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date
from pathlib import PurePosixPath

from base.placed_yaml import at

_SEPARATORS = re.compile(r"[\s_\-]+")
_DASHES = dict.fromkeys([*range(0x2010, 0x2016), 0x2212], "-")
_COPY = r"(?:copy|kopie|kopia|copie|c[oó]pia)"
# "Copy of x", "Kopie (2) von x", also with underscores.
_COPY_OF = re.compile(
    rf"(?:{_COPY}(?:[ _]?\(\d+\))?[ _](?:of|von|van|de|di)[ _])+(?=.)", re.IGNORECASE
)
# "x - Copy", "x - Kopie (2)", "x copy 2", "x (another copy)".
_A_COPY = re.compile(
    rf"(?<=.)(?:[ _]?-[ _]?{_COPY}(?:[ _]?\(?\d+\)?)?|[ _]{_COPY}(?:[ _]\d+)?"
    rf"|[ _]\((?:[\w]+ )?{_COPY}\))+(?=(?:[ _]?\(\d+\))*(?:\.\w+)*$)",
    re.IGNORECASE,
)
# "x (1)": how a browser names a second file of the same name.
_NUMBERED = re.compile(r"(?<=.)(?:[ _]?\(\d+\))+(?=(?:\.\w+)*$)")


def composed(name: str) -> str:
    """A name with composed letters (NFKC), and every dash a hyphen."""
    return unicodedata.normalize("NFKC", name).translate(_DASHES)


def folded(text: str) -> str:
    """A part of a file name, normalised across operating systems.

    Systems differ in case, in composed and decomposed letters, and in spaces, hyphens and
    underscores between words.
    """
    text = composed(composed(text).casefold())
    return _SEPARATORS.sub("_", text).strip("_.")


def without_copy_marks(name: str, *, numbers: bool) -> str:
    """The name without what desktops add to the name of a copy.

    `numbers`: also without the ` (1)` that browsers add to a second file of the same name.
    """
    name = composed(name)
    while True:
        begun = _COPY_OF.match(name)
        shorter = _A_COPY.sub("", name if begun is None else name[begun.end() :])
        if numbers:
            shorter = _NUMBERED.sub("", shorter)
        if shorter == name:
            return name
        name = shorter


def folded_path(path: str) -> str:
    """A path, normalised across operating systems and without copy marks."""
    *folders, name = path.split("/")
    stem, dot, ending = without_copy_marks(name, numbers=False).rpartition(".")
    if not stem:
        stem, dot, ending = name, "", ""
    parts = [*map(folded, folders), folded(stem) or stem]
    return "/".join(part for part in parts if part) + dot + ending.casefold()


class FileNameError(ValueError):
    """A file name that does not match its feed; the text is the reason people read."""


@dataclass(frozen=True)
class FileIdentity:
    """What a file's name says about the file."""

    logical_file: str
    branch: str | None = None
    business_date: date | None = None
    time: str = ""

    @property
    def age(self) -> tuple[str, tuple[tuple[int, str], ...]]:
        """The sort key of a file's versions: the date and the time in their names."""
        day = self.business_date.isoformat() if self.business_date else ""
        return day, _natural(self.time)


def _natural(text: str) -> tuple[tuple[int, str], ...]:
    """A sort key that puts 9 before 10."""
    parts = re.split(r"([0-9]+)", text)
    return tuple((int(part), "") if part.isdecimal() else (-1, part) for part in parts)


def compile_glob(pattern: str) -> re.Pattern[str]:
    """`**/` any folders, `*` and `?` within one name; the ending after the last dot in any case."""
    if pattern.startswith("/") or ".." in PurePosixPath(pattern).parts or "\\" in pattern:
        raise at("files", "must be relative to the inbox, with forward slashes and no '..'")
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
