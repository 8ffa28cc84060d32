"""Write an export: one query, one file, whole or not at all."""

from __future__ import annotations

import hashlib
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from importlib import import_module
from pathlib import Path

from base.errors import BranchlineError
from base.files import replacing
from publish.exports.export import Export
from publish.exports.rows import Reader, file_columns, file_rows

FORMATS = {
    ".csv": "publish.exports.csv_file",
    ".parquet": "publish.exports.parquet_file",
    ".xlsx": "publish.exports.xlsx_file",
}
"""The ending of a file's name -> the module that writes it, imported on first use."""


@dataclass(frozen=True)
class Written:
    """A file that was written. `rows`: without the header."""

    rows: int
    sha256: str
    size: int


def write_export(reader: Reader, export: Export, business_date: date, to: Path) -> Written:
    """Write the file of an export for a business date; `to` names the file.

    The same rows give the same bytes, whatever their order in the warehouse. Rows are streamed: the
    memory does not depend on their number. The file is as it was until the new one is complete.

    Raises BranchlineError if the mart lacks a column, if the format cannot hold a value, and if the
    file cannot be written.
    """
    if export.ending not in FORMATS:
        raise BranchlineError(
            f"The export {export.file} is of an unknown format.",
            f"Let the name of the file end in one of {', '.join(sorted(FORMATS))}.",
        )
    write = import_module(FORMATS[export.ending]).write
    columns = file_columns(reader, export)
    try:
        with (
            replacing(to) as new,
            closing(file_rows(reader, export, columns, business_date)) as found,
        ):
            rows = write(new, columns, found, export)
            size, digest = _size_and_sha256(new)
    except OSError as error:
        raise BranchlineError(
            f"The export {export.file} cannot be written to {to}:"
            f" {error.strerror or type(error).__name__}.",
            "Check the folder's permissions and the free disk space, then run this again.",
        ) from None
    return Written(rows, digest, size)


def _size_and_sha256(path: Path) -> tuple[int, str]:
    digest, size = hashlib.sha256(), 0
    with path.open("rb") as file:
        while part := file.read(1 << 20):
            digest.update(part)
            size += len(part)
    return size, digest.hexdigest()
