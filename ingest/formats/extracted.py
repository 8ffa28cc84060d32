"""Rows extracted from files that are not CSV: workbooks, PDF tables, JSON, Parquet.

A reader of such a format is a function `(stream, feed) -> Iterator[Item]`. Its items pass on as one
text, a JSON array per line, which takes the place of the file's bytes: equal rows have equal text,
and so the same sha256, whatever else in the file differs (a workbook contains the time at which it
was saved).
"""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterable, Iterator
from typing import NamedTuple

SIGNATURE = b"\x02extracted rows\n"
"""The first line of the text. A text file never begins with this control character."""


class Row(NamedTuple):
    """A row, or a header line, of the table. An empty cell is an empty text."""

    number: int
    """What people call it: the row of a sheet, the line or the place of a JSON record, from 1. Each
    item has a higher one than those before it. 0 is a header that the format itself has."""
    cells: list[str]


class Flaw(NamedTuple):
    """Something that is not a row, to be rejected like a malformed line."""

    number: int
    reason: str
    text: str
    """What there is instead, as far as it can be read."""


class Remark(NamedTuple):
    """A remark on the file, which is loaded all the same, without its full stop."""

    text: str


Item = Row | Flaw | Remark


def _as_code(error: UnicodeError) -> tuple[str | bytes, int]:
    """Half of a surrogate pair as its code, `\\ud800`, which is text like any other."""
    assert isinstance(error, UnicodeEncodeError)
    found = error.object[error.start : error.end]
    return "".join(f"\\\\u{ord(sign):04x}" for sign in found).encode(), error.end


codecs.register_error("branchline_as_code", _as_code)


_written = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def as_text(items: Iterable[Item]) -> Iterator[bytes]:
    """The lines of the text, the signature first."""
    yield SIGNATURE
    for item in items:
        yield _written(item).encode("utf-8", "branchline_as_code") + b"\n"


def from_text(lines: Iterable[bytes]) -> Iterator[Item]:
    """The items again, from the lines below the signature."""
    for line in lines:
        found = json.loads(line)
        if len(found) == 1:
            yield Remark(*found)
        elif len(found) == 3:
            yield Flaw(*found)
        else:
            yield Row(*found)
