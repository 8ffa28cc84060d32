"""The formats other than CSV: how the first bytes of a file show them, and what reads them."""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable, Iterator
from typing import BinaryIO, NamedTuple

from ingest.contract.feeds import Feed
from ingest.contract.file_errors import UnusableFileError
from ingest.formats.extracted import Item
from ingest.formats.json_text import is_list
from ingest.formats.text import guess_encoding

Reader = Callable[[BinaryIO, Feed], Iterator[Item]]
"""Extracts the items of a file; the feed has the layout."""


class Kind(NamedTuple):
    """A format and its reader, which is imported on first use: its library may take a second.

    `streams`: the reader reads from the beginning to the end and does not seek.
    """

    name: str
    module: str
    function: str
    streams: bool = False

    def reader(self) -> Reader:
        """Import the reader. Raises UnusableFileError if its library is not installed."""
        try:
            found: Reader = getattr(importlib.import_module(self.module), self.function)
        except ModuleNotFoundError as error:
            raise UnusableFileError(
                f"this is {self.name}, which cannot be read here: the Python module"
                f" {error.name} is not installed"
            ) from None
        return found


WORKBOOK = Kind("a workbook", "ingest.formats.workbooks", "read_workbook")
PARQUET = Kind("a Parquet file", "ingest.formats.parquet", "read_parquet")
PDF = Kind("a PDF document", "ingest.formats.pdf_tables", "read_pdf")
JSON = Kind("a JSON document", "ingest.formats.json_records", "read_json", streams=True)
JSON_LINES = Kind("JSON lines", "ingest.formats.json_records", "read_json_lines", streams=True)
"""One record per line, also where there is only one: an origin that writes such lines says so."""

HEAD = 4096
ENOUGH = 64
"""A shorter beginning may not show the format."""
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
"""An old Excel or Word file, or a workbook with a password: the reader of workbooks tells."""

_BLANK = b" \t\r\n\f"
_MARKS = b"\xef\xbb\xbf"
# A list of records, of lists or of texts, or an object with a key: a CSV may begin with a bracket,
# as in `[Sales]`, or a brace, as in `{3F2504E0-...}`.
_JSON = re.compile(r'\s*(?:\[\s*[\[{\]"]|\{\s*(?:\}|"(?:[^"\\]|\\.)*"\s*:))')
# A list of other values, unless it is the first cell of a CSV, as in `[1],2`.
_JSON_VALUES = re.compile(r"\s*\[\s*(?:-?[0-9]|true\b|false\b|null\b|NaN\b|-?Infinity\b)")
_MAY_BE_JSON = b"[{ \t\r\n\xef\xff\xfe\0"


def recognise(head: bytes) -> Kind | None:
    """The format that the first bytes of a file show, but for workbooks in a ZIP; else None."""
    if head[:4] in (b"PAR1", b"PARE") and min(head[4:ENOUGH], default=9) < 9:
        # A CSV may begin with PAR1 or PARENT, but has no control characters.
        return PARQUET
    if head.startswith(OLE):
        return WORKBOOK
    if head[:1] in b"% \t\r\n\f\xef" and head.lstrip(_MARKS).lstrip(_BLANK).startswith(b"%PDF-"):
        return PDF
    if head[:1] in _MAY_BE_JSON:
        encoding, mark = guess_encoding(head)
        text = head[mark:].decode(encoding, "replace")
        if _JSON.match(text) or (_JSON_VALUES.match(text) and is_list(text)):
            return JSON
    return None
