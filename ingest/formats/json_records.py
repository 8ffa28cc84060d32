"""JSON as rows: a list of records, one record per line, or one object of columns."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO

from ingest.cards import mask_text
from ingest.contract.feeds import Column, Feed
from ingest.contract.file_errors import UnusableFileError
from ingest.formats import json_text
from ingest.formats.extracted import Flaw, Item, Remark, Row
from ingest.formats.json_text import (
    TOO_DEEP,
    Constant,
    FlawedRecordError,
    JsonText,
    Number,
    Twice,
    cell,
    compact,
    holds_nul,
    parse,
    twice,
)

RECORD = "record"
"""The raw column of the whole record."""
KEPT_OF_A_FLAW = 2000
LONGEST_KEYS_SHOWN = 300
MOST_PLANS = 10_000
_DIGIT = re.compile(r"\d")
_NOWHERE = object()

Place = tuple[dict[str, Any] | list[Any], Any]
"""An object or a list, and the key or the index in it."""


def read_json(stream: BinaryIO, feed: Feed) -> Iterator[Item]:
    """The records of a document, each a row.

    Lists and lines are read piece by piece, an object as a whole. Raises UnusableFileError.
    """
    text = JsonText(stream, feed.fallback_encoding)
    records = _Records(feed)
    yield Row(0, records.names)
    if text.first() == "[":
        yield from _from_list(text, feed, records)
    else:
        yield from _from_object(text, feed, records)
    yield from records.end()


def read_json_lines(stream: BinaryIO, feed: Feed) -> Iterator[Item]:
    """The records of a text that has one per line, whatever they are.

    A document with one line may be read in other ways, too.
    """
    records = _Records(feed)
    yield Row(0, records.names)
    for number, line, is_whole in JsonText(stream, feed.fallback_encoding).lines():
        yield records.line(number, line, is_whole)
    yield from records.end()


def _from_list(text: JsonText, feed: Feed, records: _Records) -> Iterator[Item]:
    path = feed.layout.records
    if path is None:
        for number, (value, written) in enumerate(text.values(), 1):
            yield records.row(number, value, written)
    elif path.partition(".")[0].isdecimal():
        yield from _from_document(text.document(), feed, records)
    else:
        raise UnusableFileError(
            f"the document is a list, and has no {path}, where layout.records of feed {feed.name}"
            " says that the records are"
        )


def _from_object(text: JsonText, feed: Feed, records: _Records) -> Iterator[Item]:
    first, second = text.first_lines()
    if second and (_is_whole(first) or _is_whole(second)):
        for number, line, is_whole in text.lines():
            yield records.line(number, line, is_whole)
    else:
        yield from _from_document(text.document(), feed, records)


def _is_whole(line: str) -> bool:
    """Whether a line is an object by itself."""
    if not line.startswith("{"):
        return False
    try:
        parse(line)
    except ValueError:
        return False
    except RecursionError:
        # Of a document it would be the whole.
        return line.endswith("}")
    return True


def _from_document(document: Any, feed: Feed, records: _Records) -> Iterator[Item]:
    found = _find(document, feed, records)
    if isinstance(found, dict):
        yield from _from_columns(found, records)
        return
    for number, value in enumerate(found, 1):
        yield records.row(number, value)


def _find(document: Any, feed: Feed, records: _Records) -> list[Any] | dict[str, Any]:
    """The list of records in a document, or its object of columns."""
    path = feed.layout.records
    if isinstance(document, Twice):
        raise UnusableFileError(mask_text(twice(document.key)))
    place = None if path is None else _place_at(document, path)
    if place is not None:
        container, key = place
        value = container[key]
        if isinstance(value, list):
            return value
        if isinstance(value, dict) and records.are_columns(value):
            return value
        raise UnusableFileError(f"{path} is {_kind_of(value)}, not a list of records")
    if path is None and records.are_columns(document):
        columns: dict[str, Any] = document
        return columns
    if records.is_record(document):
        return [document]
    if path is not None:
        raise UnusableFileError(
            f"there is no {path} in the document, where layout.records of feed {feed.name} says"
            f" that the records are; its keys are: {_shown(document)}"
        )
    return _only_list(document, feed)


def _only_list(document: dict[str, Any], feed: Feed) -> list[Any]:
    """The only list of objects on the highest level that has any."""
    level = {"": document}
    empty: dict[str, list[Any]] = {}
    while level:
        below = {
            f"{path}.{key}".lstrip("."): value
            for path, found in level.items()
            for key, value in found.items()
        }
        lists = {path: value for path, value in below.items() if isinstance(value, list)}
        filled = {path: found for path, found in lists.items() if found and _is_object(found[0])}
        if len(filled) == 1:
            return filled.popitem()[1]
        if filled:
            raise UnusableFileError(
                f"the document has several lists of records ({_shown(filled)}); say in"
                f" layout.records of feed {feed.name} which one is meant"
            )
        empty |= {path: found for path, found in lists.items() if not found}
        level = {path: value for path, value in below.items() if _is_object(value)}
    if len(empty) == 1:
        return empty.popitem()[1]
    raise UnusableFileError(
        f"the document has no list of records; its keys are: {_shown(document) or 'none'}; if the"
        f" records are inside a list, say where (layout.records of feed {feed.name})"
    )


def _is_object(value: Any) -> bool:
    return isinstance(value, dict)


def _from_columns(document: dict[str, Any], records: _Records) -> Iterator[Item]:
    """The rows of an object of columns: {column: {row: value}}, or {column: [value]}."""
    columns = {name: item for name, item in document.items() if isinstance(item, (dict, list))}
    others = document.keys() - columns.keys()
    empty = [name for name in document if name in others and document[name] is None]
    unread = [name for name in document if name in others and document[name] is not None]
    if unread:
        yield Remark(f"not loaded, because they are not columns: {_cut(', '.join(unread))}")
    lengths = ", ".join(f"{name} {len(column):,}" for name, column in columns.items())
    if all(isinstance(column, list) for column in columns.values()):
        if len(set(map(len, columns.values()))) > 1:
            raise UnusableFileError(
                "the columns have different lengths, so nobody knows which values belong together:"
                f" {_cut(lengths)}; export it again"
            )
        rows = zip(*columns.values(), strict=True)
        for number, values in enumerate(rows, 1):
            yield records.row(number, dict(zip(columns, values, strict=True)))
        return
    if not all(isinstance(column, dict) for column in columns.values()):
        raise UnusableFileError(
            "the document is an object of columns, but some of its columns are lists and some"
            " objects; export it again"
        )
    for column in columns.values():
        if isinstance(column, Twice):
            raise UnusableFileError(mask_text(twice(column.key)))
    order = dict.fromkeys(key for column in columns.values() for key in column)
    if any(len(column) < len(order) for column in columns.values()):
        yield Remark(
            f"the columns do not have the same rows: {_cut(lengths)}; what is missing is empty"
        )
    for number, key in enumerate(order, 1):
        row = {name: column[key] for name, column in columns.items() if key in column}
        yield records.row(number, {**row, **dict.fromkeys(empty)})


@dataclass(frozen=True)
class _Plan:
    """Where the columns are in records with certain keys."""

    keys: list[str | None]
    """Declared column -> the key that holds it."""
    parts: dict[int, list[str]]
    """Declared column -> the keys that hold it together."""
    named: frozenset[int]
    """The columns that are somewhere."""
    flaw: str = ""


class _Records:
    """Makes rows of the records of one file."""

    def __init__(self, feed: Feed) -> None:
        self._feed = feed
        columns = feed.columns
        self._paths = {place: column.path for place, column in enumerate(columns) if column.path}
        self._protected = [
            place for place, column in enumerate(columns) if column.protect not in (None, "none")
        ]
        (declared,) = feed.columns_named([RECORD])
        self._whole = len(columns) if declared is None else declared
        """The place of the whole record among the cells."""
        self.names = [column.name for column in columns]
        if declared is None:
            self.names.append(RECORD)
        self._plans: dict[tuple[str, ...], _Plan] = {}
        self._seen: set[int] = set()
        self._first_keys: str | None = None
        self._first_other: str | None = None
        """What the first record is, unless it is an object."""
        self._has_objects = False
        self._constants: list[str] = []

    def line(self, number: int, line: str, is_whole: bool) -> Row | Flaw:
        """The row of a line of JSON; `is_whole`: it is not too long."""
        if not is_whole:
            return Flaw(
                number,
                f"the record is longer than {json_text.LONGEST_RECORD:,} characters",
                _beginning(line),
            )
        try:
            value = parse(line)
        except ValueError as error:
            return Flaw(number, f"the line is not a JSON record ({error})", _beginning(line))
        except RecursionError:
            return Flaw(number, TOO_DEEP, _beginning(line))
        return self.row(number, value, line)

    def row(self, number: int, value: Any, written: str | None = None) -> Row | Flaw:
        """The row of a record; `written`: its text, where it is at hand."""
        try:
            return Row(number, self._cells(value))
        except FlawedRecordError as flaw:
            reason = str(flaw)
        if written is None:
            try:
                written = compact(value, [])
            except FlawedRecordError:
                written = ""
        return Flaw(number, reason, _beginning(written))

    def end(self) -> Iterator[Remark]:
        """Remarks on the file. Raises UnusableFileError if a required column is nowhere."""
        if self._first_other is not None and not self._has_objects:
            raise UnusableFileError(
                "this is JSON whose records are not objects: the first one is"
                f" {self._first_other}; export each record as an object that names its columns"
            )
        missing = [
            column.name
            for place, column in enumerate(self._feed.columns)
            if column.required and place not in self._seen and place != self._whole
        ]
        if missing and self._first_keys is not None:
            raise UnusableFileError(
                f"no record has the key of the column{'s' if len(missing) > 1 else ''}"
                f" {', '.join(missing)}; in the first record the keys are: {self._first_keys}; add"
                f" the key as an alias to feed {self._feed.name}, or its path"
            )
        count = len(self._constants)
        if count:
            yield Remark(
                f"{count:,} value{'s' if count > 1 else ''} NaN or Infinity, which JSON does not"
                f" have, {'are' if count > 1 else 'is'} kept as text"
            )

    def is_record(self, value: dict[str, Any]) -> bool:
        """Whether an object has two of the columns: one may be chance."""
        found = len(self._plan(value).named | self._at_paths(value).keys())
        return found >= min(2, len(self._feed.columns))

    def are_columns(self, value: dict[str, Any]) -> bool:
        """Whether an object has columns, and not a record's values.

        It has if everything in it is a list, or an object with some of the keys of the others; or,
        whatever else is in it, if the feed's columns are objects with the numbers of rows.
        """
        if not self.is_record(value):
            return False
        found = [item for item in value.values() if isinstance(item, (dict, list))]
        if len(found) == len(value):
            keys = [key for item in found for key in item if isinstance(item, dict)]
            of_objects = len(found) > 1 and all(isinstance(item, dict) for item in found)
            return not (of_objects and keys and len(set(keys)) == len(keys))
        plan = self._plan(value)
        declared = {*filter(None, plan.keys), *itertools.chain(*plan.parts.values())}
        numbered = [value[name] for name in declared if value[name] is not None]
        return bool(numbered) and all(
            isinstance(item, dict) and item and all(map(str.isdecimal, item)) for item in numbered
        )

    def _cells(self, record: Any) -> list[str]:
        if not isinstance(record, dict):
            self._first_other = self._first_other or _kind_of(record)
            raise FlawedRecordError(f"{_kind_of(record)} where a record was expected")
        self._has_objects = True
        if isinstance(record, Twice):
            raise FlawedRecordError(twice(record.key))
        plan = self._plan(record)
        if plan.flaw:
            raise FlawedRecordError(plan.flaw)
        cells = ["" if key is None else cell(record[key]) for key in plan.keys]
        for place, keys in plan.parts.items():
            cells[place] = " ".join(filter(None, (cell(record[key]).strip() for key in keys)))
        named = plan.named
        if self._paths:
            found = self._at_paths(record)
            named = named | found.keys()
            for place, (container, key) in found.items():
                cells[place] = cell(container[key])
        if not named:
            raise FlawedRecordError("the record has none of the feed's columns")
        if self._first_keys is None:
            self._first_keys = _shown(record)
        self._seen |= named
        for place in self._protected:
            self._hide(record, plan, place)
        whole = compact(record, self._constants)
        if holds_nul(whole):
            raise FlawedRecordError("the record holds a NUL character")
        if self._whole == len(cells):
            cells.append(whole)
        elif self._whole not in named:
            cells[self._whole] = whole
        return cells

    def _hide(self, record: dict[str, Any], plan: _Plan, place: int) -> None:
        """Replace the digits of a card number inside the record."""
        key = plan.keys[place]
        found: Place | None = None if key is None else (record, key)
        if place in self._paths:
            found = _place_at(record, self._paths[place])
        if found is not None:
            container, at = found
            if container[at] is not None:
                container[at] = _DIGIT.sub("#", cell(container[at]))

    def _at_paths(self, record: dict[str, Any]) -> dict[int, Place]:
        found = ((place, _place_at(record, path)) for place, path in self._paths.items())
        return {place: at for place, at in found if at is not None}

    def _plan(self, record: dict[str, Any]) -> _Plan:
        keys = tuple(record)
        plan = self._plans.get(keys)
        if plan is None:
            if len(self._plans) >= MOST_PLANS:
                self._plans.clear()
            plan = self._plans[keys] = self._new_plan(keys)
        return plan

    def _new_plan(self, keys: Sequence[str]) -> _Plan:
        columns: Sequence[Column] = self._feed.columns
        found: list[str | None] = [None] * len(columns)
        parts = {
            owner: [keys[place] for place in places]
            for owner, places in self._feed.parts_named(keys).items()
        }
        used = {key for names in parts.values() for key in names}
        for key, owner in zip(keys, self._feed.columns_named(keys), strict=True):
            if owner is None or owner in self._paths or key in used:
                continue
            before = found[owner]
            if before is not None or owner in parts:
                named = f"{before or ', '.join(parts[owner])}, {key}"
                flaw = f"two keys name the column {columns[owner].name}: {named}"
                return _Plan(found, parts, frozenset(), flaw)
            found[owner] = key
        owners = frozenset(owner for owner, key in enumerate(found) if key is not None)
        return _Plan(found, parts, owners | parts.keys())


def _place_at(value: Any, path: str) -> Place | None:
    """Where a path leads in a value; a key may itself have dots."""
    if isinstance(value, dict) and path in value:
        return value, path
    *way, last = path.split(".")
    for part in way:
        value = _below(value, part)
    if isinstance(value, list) and last.isdecimal() and int(last) < len(value):
        return value, int(last)
    return (value, last) if isinstance(value, dict) and last in value else None


def _below(value: Any, part: str) -> Any:
    if isinstance(value, dict):
        return value.get(part, _NOWHERE)
    if isinstance(value, list) and part.isdecimal() and int(part) < len(value):
        return value[int(part)]
    return _NOWHERE


def _kind_of(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, (Number, Constant)):
        return "a number"
    return {dict: "an object", list: "a list", bool: "true or false"}.get(type(value), "a text")


def _shown(keys: dict[str, Any]) -> str:
    return _cut(", ".join(keys))


def _cut(text: str) -> str:
    """Masked before it is cut, or half of a card number would remain."""
    text = mask_text(text)
    if len(text) <= LONGEST_KEYS_SHOWN:
        return text
    return text[:LONGEST_KEYS_SHOWN].rstrip(", ") + " ..."


def _beginning(text: str) -> str:
    """What is kept of a flawed record; a number cut in two would not be masked later."""
    return text if len(text) <= KEPT_OF_A_FLAW else text[:KEPT_OF_A_FLAW].rstrip("0123456789 -")
