"""JSON as rows: a list of records, one record per line, or one object of columns."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO

from ingest.cards import mask_text
from ingest.contract.feeds import RECORD, Column, Feed
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
from ingest.ip_addresses import shape_of

VALUE = "value"
"""The key of the value in the record that is made of an entry."""
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
        yield from records.line(number, line, is_whole)
    yield from records.end()


def _from_list(text: JsonText, feed: Feed, records: _Records) -> Iterator[Item]:
    path = feed.layout.records
    if path is not None and feed.entry_pattern is None:
        if not path.partition(".")[0].isdecimal():
            raise UnusableFileError(
                f"the document is a list, and has no {path}, where layout.records of feed"
                f" {feed.name} says that the records are"
            )
        yield from _from_document(text.document(), feed, records)
        return
    # Of a list in one line, or of one that is written over several, none is a list by itself.
    first = text.begun_lines(json_text.LONGEST_RECORD // 4)
    if len(first) == 2 and first[0] != "[" and any(map(_is_whole_list, first)):
        for number, line, is_whole in text.lines():
            yield from records.line(number, line, is_whole, may_be_list=True)
        return
    for number, (value, written) in enumerate(text.values(), 1):
        yield from records.rows(number, value, written)


def _from_object(text: JsonText, feed: Feed, records: _Records) -> Iterator[Item]:
    first, second = text.first_lines()
    if second and (_is_whole(first) or _is_whole(second)):
        for number, line, is_whole in text.lines():
            yield from records.line(number, line, is_whole)
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


def _is_whole_list(line: str) -> bool:
    """Whether a line is a list by itself."""
    try:
        return isinstance(parse(line), list)
    except (ValueError, RecursionError):
        return False


def _from_document(document: Any, feed: Feed, records: _Records) -> Iterator[Item]:
    if feed.entry_pattern is not None:
        yield from records.rows(1, document)
        return
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
        keeps = feed.layout.whole_record
        self._whole = (len(columns) if declared is None else declared) if keeps else None
        """The place of the whole record among the cells; None where it is not kept."""
        self.names = [column.name for column in columns]
        if keeps and declared is None:
            self.names.append(RECORD)
        self._number = 0
        """Of the last item."""
        self._plans: dict[tuple[str, ...], _Plan] = {}
        self._seen: set[int] = set()
        self._first_keys: str | None = None
        self._first_other: str | None = None
        """What the first record is, unless it is an object."""
        self._has_objects = False
        self._constants: list[str] = []

    def line(
        self, number: int, line: str, is_whole: bool, *, may_be_list: bool = False
    ) -> Iterator[Row | Flaw]:
        """The rows of a line of JSON; `is_whole`: it is not too long.

        `may_be_list`: it may be a list of records in place of one.
        """
        reason = ""
        if not is_whole:
            reason = f"the record is longer than {json_text.LONGEST_RECORD:,} characters"
        else:
            try:
                value = parse(line)
            except ValueError as error:
                reason = f"the line is not a JSON record ({error})"
            except RecursionError:
                reason = TOO_DEEP
        if reason:
            yield Flaw(self._next(number), reason, _beginning(line))
        elif may_be_list and isinstance(value, list):
            for record in value:
                yield from self.rows(number, record, line)
        else:
            yield from self.rows(number, value, line)

    def rows(self, number: int, value: Any, written: str | None = None) -> Iterator[Row | Flaw]:
        """The row of a record; or, where the feed says so, one for each entry of an object in it.

        `number`: its line or place; where one has several rows, the numbers behind it are used.
        """
        pattern = self._feed.entry_pattern
        if pattern is None or not isinstance(value, dict):
            yield self.row(self._next(number), value, written)
            return
        try:
            made = _entries(value, pattern, self._feed)
        except FlawedRecordError as flaw:
            yield self._flaw(self._next(number), str(flaw), value, written)
            return
        for record, reason in made:
            if reason:
                yield self._flaw(self._next(number), reason, record)
            else:
                yield self.row(self._next(number), record)

    def row(self, number: int, value: Any, written: str | None = None) -> Row | Flaw:
        """The row of a record; `written`: its text, where it is at hand."""
        try:
            return Row(number, self._cells(value))
        except FlawedRecordError as flaw:
            return self._flaw(number, str(flaw), value, written)

    def _next(self, number: int) -> int:
        """This number, or the next one that is free: each item has a higher one."""
        self._number = max(number, self._number + 1)
        return self._number

    def _flaw(self, number: int, reason: str, value: Any, written: str | None = None) -> Flaw:
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
        if self._whole is None:
            return cells
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
        """Mask a card number or an IP address inside the record."""
        key = plan.keys[place]
        found: Place | None = None if key is None else (record, key)
        if place in self._paths:
            found = _place_at(record, self._paths[place])
        if found is not None:
            container, at = found
            if container[at] is not None:
                text = cell(container[at])
                is_address = self._feed.columns[place].is_address
                container[at] = shape_of(text) if is_address else _DIGIT.sub("#", text)

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


def _entries(
    document: dict[str, Any], pattern: re.Pattern[str], feed: Feed
) -> list[tuple[dict[str, Any], str]]:
    """The records that are made of the entries of an object, each with the reason why it cannot be
    a row, or none.

    The object is at `layout.records`, or else the document itself: then what has another name is
    beside the entries. A record has what is beside them, the groups of the entry's name, and the
    value. Raises FlawedRecordError if no entry has a name of that form.
    """
    place = None if feed.layout.records is None else _place_at(document, feed.layout.records)
    container, key = (None, None) if place is None else place
    found: Any = document if place is None else place[0][place[1]]
    if not isinstance(found, dict):
        raise FlawedRecordError(f"{feed.layout.records} is {_kind_of(found)}, not an object")
    for one in (document, container, found):
        if isinstance(one, Twice):
            raise FlawedRecordError(twice(one.key))
    named = {name: pattern.fullmatch(name) for name in found}
    if not any(named.values()):
        raise FlawedRecordError(
            f"no name in it has the form of layout.entries of feed {feed.name}; the names are:"
            f" {_shown(found) or 'none'}"
        )
    if place is None:
        beside = {name: value for name, value in found.items() if named[name] is None}
    else:
        beside = _without(document, container, key)
    made = []
    for name, value in found.items():
        match = named[name]
        if match is not None:
            groups = {group: text for group, text in match.groupdict().items() if text is not None}
            made.append(({**beside, **groups, VALUE: value}, ""))
        elif place is not None:
            reason = f"the name '{_cut(name)}' does not have the form of layout.entries"
            made.append(({name: value}, reason))
    return made


def _without(value: Any, container: Any, key: Any) -> Any:
    """A copy of a value in which an object or a list has no longer what is at a key."""
    if value is container and isinstance(value, list):
        return [inner for place, inner in enumerate(value) if place != key]
    if value is container:
        return {name: inner for name, inner in value.items() if name != key}
    if isinstance(value, dict) and not isinstance(value, Twice):
        return {name: _without(inner, container, key) for name, inner in value.items()}
    return value


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
