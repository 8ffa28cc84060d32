"""MANIFEST.json: which files of a business date are complete, and how to check them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

from base.files import replacing

NAME = "MANIFEST.json"


@dataclass(frozen=True)
class Entry:
    """A file of the manifest. `file`: its path below the manifest's folder, with `/`.

    `rows`: of an export, without its header; None for a page. `version`: of its edition, from 1.
    `part`: the key of its branch; "" for the company.
    """

    file: str
    rows: int | None
    sha256: str
    publication: str
    version: int
    part: str = ""


def write_manifest(folder: Path, business_date: date, entries: Iterable[Entry]) -> Path:
    """Write the manifest of all files of a business date into their folder, atomically.

    The same entries give the same bytes. Raises OSError.
    """
    content = {
        "business_date": business_date.isoformat(),
        "files": [asdict(entry) for entry in sorted(entries, key=lambda entry: entry.file)],
    }
    path = folder / NAME
    with replacing(path) as new:
        new.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return path
