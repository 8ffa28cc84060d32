"""The first rows of a file of which no feed is declared yet, read as the loader would."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from base.errors import BranchlineError
from ingest.contract.feeds import Feed, FeedContract
from ingest.contract.file_errors import UnreadableFileError, UnusableFileError
from ingest.formats.archives import name_as_csv, unpacked, unpacked_name
from ingest.formats.csv_dialect import recognise_binary
from ingest.formats.extracted import SIGNATURE, Row, from_text
from ingest.formats.extraction import Extraction
from ingest.formats.json_text import cell, parse
from ingest.formats.kinds import HEAD, JSON, recognise
from ingest.formats.text import TextReader

HEADER_WITHIN = 50
"""Rows; a header further below is not looked for."""
ENVELOPE = ("count", "items", "sum", "total")
"""Names that are also in the object around a list of records."""


@dataclass(frozen=True)
class FirstRows:
    """A header, and as many cells in each row. `has_paths`: a name with dots is a path in JSON."""

    header: tuple[str, ...]
    rows: list[list[str]]
    has_paths: bool


def claimed_name(name: str) -> str:
    """The name by which a feed claims a file: without .gz or .zip, a workbook as if it were CSV."""
    return name_as_csv(unpacked_name(name))


def first_rows(path: Path, names: Iterable[str], most: int) -> FirstRows | str:
    """The first `most` rows of a workbook, a PDF table, a Parquet or JSON file; the text of a CSV.

    `names`: how columns may be called, in lower-case letters; by them headers, sheets and tables
    are recognised. Raises BranchlineError with the reason if nothing can be read.
    """
    try:
        with _opened(path) as stream:
            is_json = recognise(stream.read(HEAD)) is JSON
        feed = _feed(name for name in names if not is_json or name not in ENVELOPE)
        with Extraction(feed).opened(path, lambda: _opened(path)) as stream:
            text = TextReader(stream)
            if not text.head.startswith(SIGNATURE):
                binary = recognise_binary(text.head, wide=text.encoding.startswith("utf-16"))
                if binary is not None:
                    raise UnusableFileError(binary.reason)
                return "".join(block.text for block in text)
            lines = itertools.islice(text.lines_of_bytes(), 1, most + HEADER_WITHIN)
            rows = [item for item in from_text(lines) if isinstance(item, Row)]
    except OSError as error:
        raise BranchlineError(f"{path} cannot be read: {error.strerror}.") from None
    except (UnreadableFileError, UnusableFileError) as error:
        raise BranchlineError(
            f"{path} cannot be read: {error}.",
            "Put the rows of one table, below a header with usual names, into a file of their own.",
        ) from None
    if is_json:
        return _of_records([parse(row.cells[-1]) for row in rows if row.number][:most])
    return _below_header(rows, feed, most)


def _opened(path: Path) -> BinaryIO:
    return unpacked(open(path, "rb", buffering=0), path.name, path.stat().st_size)


def _feed(names: Iterable[str]) -> Feed:
    """A feed that may have any of these columns, and needs none."""
    columns = [{"name": name, "required": False} for name in names]
    sample = {"source": "sample", "table": "sample_rows", "description": "", "files": "*"}
    (feed,) = FeedContract.model_validate({"feeds": {"sample": {**sample, "columns": columns}}})
    return feed


def _below_header(rows: Sequence[Row], feed: Feed, most: int) -> FirstRows:
    """The rows below the one that names the most columns, without columns that are empty."""
    head = max(rows[:HEADER_WITHIN], key=lambda row: feed.may_name(row.cells), default=Row(0, []))
    below = [row.cells for row in rows if row.number > head.number and row.cells != head.cells]
    below = [cells for cells in below if len(cells) == len(head.cells) and any(cells)][:most]
    kept = [
        place
        for place, name in enumerate(head.cells)
        if name.strip() or any(cells[place] for cells in below)
    ]
    header = tuple(head.cells[place] for place in kept)
    return FirstRows(header, [[cells[place] for place in kept] for cells in below], False)


def _of_records(records: Sequence[dict[str, Any]]) -> FirstRows:
    flat = [dict(_leaves(record)) for record in records]
    header = tuple(dict.fromkeys(name for record in flat for name in record))
    return FirstRows(header, [[record.get(name, "") for name in header] for record in flat], True)


def _leaves(record: dict[str, Any], above: str = "") -> Iterator[tuple[str, str]]:
    """The values of a record and of the objects in it, by their paths."""
    for key, value in record.items():
        if isinstance(value, dict) and value:
            yield from _leaves(value, f"{above}{key}.")
        else:
            yield f"{above}{key}", cell(value)
