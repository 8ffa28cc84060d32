"""Where the files of editions lie below the archive, and writing them."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Collection, Iterator
from datetime import date
from pathlib import Path, PurePosixPath

from base.files import write_atomically
from publish.editions.edition import EditionFile

INDEX, DOCS = "index.html", "docs/index.html"
BRANCHES = "branches"
"""The folder of the index pages of branches."""
PAGE, PDF, CONTENT, MESSAGE = "index.html", "report.pdf", "page.json", "mail.json"
LONGEST_NAME = 40
READ_AT_ONCE = 1 << 20
COMPANY = "company"


def folder_of(business_date: date, publication: str, part: str, part_name: str) -> str:
    """The folder of an edition below the archive, `/` between its parts."""
    return f"{business_date}/{publication}/{slug(part, part_name)}"


def slug(part: str, name: str) -> str:
    """A part as the name of a folder: readable where its letters are Latin, and unique."""
    if not part:
        return COMPANY
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    readable = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:LONGEST_NAME].strip("-")
    unique = hashlib.sha256(part.encode()).hexdigest()[:8]
    return f"{readable}-{unique}" if readable else unique


def sha256_of(content: bytes | str) -> str:
    """The SHA-256 of a file's content, or of a text in UTF-8."""
    data = content.encode() if isinstance(content, str) else content
    return hashlib.sha256(data).hexdigest()


def write_file(archive: Path, path: str, content: bytes, rows: int | None = None) -> EditionFile:
    """Write one file of an edition atomically, unless it is there with this content.

    Raises OSError.
    """
    target = archive / PurePosixPath(path)
    if not (target.is_file() and target.read_bytes() == content):
        write_atomically(target, content)
    return EditionFile(path, sha256_of(content), len(content), rows)


def are_there(archive: Path, files: Collection[EditionFile]) -> bool:
    """Whether all files of an edition are in the archive, with their recorded content."""
    return all(_is_there(archive / file.path, file) for file in files)


def _is_there(path: Path, file: EditionFile) -> bool:
    digest = hashlib.sha256()
    try:
        if path.stat().st_size != file.size:
            return False
        with path.open("rb") as found:
            while part := found.read(READ_AT_ONCE):
                digest.update(part)
    except OSError:
        return False
    return digest.hexdigest() == file.sha256


def remove_left(archive: Path, dates: Collection[date]) -> None:
    """Remove what killed runs have left unfinished in the folders of these dates."""
    for folder in [archive, *(archive / str(day) for day in dates)]:
        for left in _left_in(folder, deep=folder != archive):
            left.unlink(missing_ok=True)


def _left_in(folder: Path, *, deep: bool) -> Iterator[Path]:
    pattern = ".*.new"
    yield from folder.rglob(pattern) if deep else folder.glob(pattern)
