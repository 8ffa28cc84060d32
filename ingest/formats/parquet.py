"""Parquet files: every value as the text that a database feed writes (docs/databases.md)."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, BinaryIO, TypeVar
from uuid import UUID

from ingest.cards import mask_text
from ingest.contract.feeds import Feed
from ingest.contract.file_errors import UnusableFileError
from ingest.formats.cell_text import clock_text, plain_float
from ingest.formats.extracted import Item, Row

if TYPE_CHECKING:
    # pyarrow has no types.
    import pyarrow as pa  # type: ignore[import-untyped]

MOST_ROWS = 4096
AIM = 1 << 22
"""Rows that are converted together: at most so many, of about so many bytes."""
LARGEST_LIST = 1 << 23
BUFFER = 1 << 20

_BROKEN = "the Parquet file is broken or cut short; send it again"
_ENCRYPTED = "the Parquet file is encrypted; send it without encryption"
_NO_TEXT = "the Parquet file has a text that is not UTF-8; store it as text, or as bytes"
_UNITS = {"s": 0, "ms": 3, "us": 6, "ns": 9}
_NO_NUMBERS = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}

_BEYOND = "<value out of range: "
"""How Arrow writes a date or time beyond its calendar, with its number and `>` behind."""
_EPOCH = date(1970, 1, 1)
_DAYS_OF_400_YEARS = 146_097

Value = TypeVar("Value")
Texts = list[str | None]


def read_parquet(stream: BinaryIO, feed: Feed) -> Iterator[Item]:
    """The names of the columns as row 0, then the rows from 1.

    `stream`: can seek. Raises UnusableFileError with the reason for which it cannot be read.
    """
    # Importing it takes a third of a second, which a load without such a file need not wait for.
    import pyarrow as pa

    stream.seek(0)
    if stream.read(4) == b"PARE":
        raise UnusableFileError(_ENCRYPTED)
    try:
        yield from _items(stream)
    except (pa.ArrowNotImplementedError, NotImplementedError) as error:
        why = mask_text(str(error))[:100]
        raise UnusableFileError(
            f"the Parquet file has something that cannot be read ({why!r}); write it with common"
            " types and compression"
        ) from None
    except UnicodeError:
        raise UnusableFileError(_NO_TEXT) from None
    except (pa.ArrowException, OSError, IndexError):
        # A damaged list of texts has fewer of them than the rows refer to.
        raise UnusableFileError(_BROKEN) from None


def _items(stream: BinaryIO) -> Iterator[Item]:
    from pyarrow import parquet

    stream.seek(0)
    metadata = parquet.read_metadata(stream)
    if metadata.num_columns == 0:
        raise UnusableFileError("the Parquet file has no columns; check how it was written")
    if metadata.num_rows == 0:
        raise UnusableFileError("the Parquet file has no rows; send it again with its rows")
    _check(stream, metadata)
    stream.seek(0)
    with parquet.ParquetFile(
        stream,
        metadata=metadata,
        read_dictionary=_repeating(metadata),
        buffer_size=BUFFER,
        pre_buffer=False,
    ) as file:
        yield Row(0, list(file.schema_arrow.names))
        numbers = itertools.count(1)
        for batch in file.iter_batches(_rows_of_a_batch(metadata)):
            for cells in zip(*map(_column, batch.columns), strict=True):
                yield Row(next(numbers), list(cells))


def _check(stream: BinaryIO, metadata: pa.parquet.FileMetaData) -> None:
    """Read a row of each group, which raises what is wrong with the description of its columns.

    pyarrow's own object of a column ends the process there.
    """
    from pyarrow import parquet

    stream.seek(0)
    with parquet.ParquetFile(
        stream, metadata=metadata, buffer_size=BUFFER, pre_buffer=False
    ) as file:
        for group in range(metadata.num_row_groups):
            next(file.iter_batches(1, row_groups=[group]), None)


def _repeating(metadata: pa.parquet.FileMetaData) -> list[str]:
    """The columns of texts that are stored once and referred to often: so they are in memory, too.

    Not where a large part may be different texts, all of which would be kept.
    """
    from pyarrow import types

    columns = {
        field.name
        for field in metadata.schema.to_arrow_schema()
        if types.is_string(field.type) or types.is_binary(field.type)
    }
    for group in map(metadata.row_group, range(metadata.num_row_groups)):
        for chunk in map(group.column, range(metadata.num_columns)):
            is_listed = any("DICTIONARY" in encoding for encoding in chunk.encodings)
            if not is_listed or chunk.total_uncompressed_size > LARGEST_LIST:
                columns.discard(chunk.path_in_schema)
    return sorted(columns)


def _rows_of_a_batch(metadata: pa.parquet.FileMetaData) -> int:
    groups = [metadata.row_group(place) for place in range(metadata.num_row_groups)]
    largest: int = max(group.total_byte_size // max(group.num_rows, 1) for group in groups)
    return max(1, min(MOST_ROWS, AIM // max(largest, 1)))


def _column(array: pa.Array) -> list[str]:
    """The cells of a column; nothing is an empty text."""
    return [text or "" for text in _texts(array)]


def _texts(array: pa.Array) -> Texts:
    """The values of an array as text."""
    import pyarrow as pa
    from pyarrow import types

    kind = array.type
    if types.is_dictionary(kind):
        values = _texts(array.dictionary)
        return [None if place is None else values[place] for place in array.indices.to_pylist()]
    if isinstance(kind, pa.UuidType):
        return _each(array.storage.to_pylist(), lambda value: str(UUID(bytes=value)))
    if isinstance(kind, pa.BaseExtensionType):
        return _texts(array.storage)
    if types.is_nested(kind):
        # Nothing as such is an empty cell, nothing in a list is `null`.
        valid = array.is_valid().to_pylist()
        return [text if ok else None for text, ok in zip(_json(array), valid, strict=True)]
    if types.is_boolean(kind):
        return _each(array.to_pylist(), lambda value: "t" if value else "f")
    if types.is_floating(kind):
        if types.is_float16(kind):
            array = array.cast(pa.float32())
        return _each(_cast(array), lambda text: _NO_NUMBERS.get(text) or plain_float(text) or "")
    if types.is_decimal(kind):
        return _each(_cast(array), _decimal)
    if types.is_time(kind):
        digits = _UNITS[kind.unit]
        return _moments(array, lambda value: _duration(value, digits))
    if types.is_timestamp(kind):
        # Seen as without a zone, it is in UTC; the zone itself need not be known here.
        zone = "" if kind.tz is None else "+00"
        digits = _UNITS[kind.unit]
        array = array.view(pa.timestamp(kind.unit))
        return _moments(array, lambda value: _timestamp(value, digits), zone)
    if types.is_duration(kind):
        digits = _UNITS[kind.unit]
        return _each(array.view(pa.int64()).to_pylist(), lambda value: _duration(value, digits))
    if types.is_date(kind):
        of_a_day = 1 if types.is_date32(kind) else 86_400_000
        return _moments(array, lambda value: _day(value // of_a_day))
    if types.is_integer(kind):
        return _cast(array)
    if types.is_string_view(kind) or types.is_binary_view(kind):
        plain = pa.large_string() if types.is_string_view(kind) else pa.large_binary()
        return _texts(array.cast(plain))
    if types.is_null(kind) or types.is_string(kind) or types.is_large_string(kind):
        texts: Texts = array.to_pylist()
        return texts
    if types.is_binary(kind) or types.is_large_binary(kind) or types.is_fixed_size_binary(kind):
        return _each(array.to_pylist(), lambda value: "\\x" + value.hex())
    # As pyarrow says it of what it cannot read; read_parquet quarantines the file with the reason.
    raise NotImplementedError(str(kind))


def _json(array: pa.Array) -> list[str]:
    """The values of an array as JSON."""
    import pyarrow as pa
    from pyarrow import types

    kind = array.type
    valid = array.is_valid().to_pylist()
    if types.is_dictionary(kind):
        return _json(array.dictionary_decode())
    if types.is_struct(kind):
        keys = [json.dumps(field.name, ensure_ascii=False) for field in kind]
        rows = zip(*map(_json, array.flatten()), strict=True) if keys else [()] * len(array)
        found = ["{" + ", ".join(map(_pair, keys, cells)) + "}" for cells in rows]
    elif types.is_map(kind):
        pairs = array.cast(pa.list_(pa.struct([("k", kind.key_type), ("v", kind.item_type)])))
        inner = pairs.flatten()
        keys = [json.dumps(text or "", ensure_ascii=False) for text in _texts(inner.field(0))]
        values = list(map(_pair, keys, _json(inner.field(1))))
        found = _lists(pairs, values, "{", "}")
    elif types.is_nested(kind):
        found = _lists(array, _json(array.flatten()), "[", "]")
    elif types.is_boolean(kind):
        found = ["true" if value else "false" for value in array.to_pylist()]
    else:
        is_number = types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind)
        found = [
            text if is_number and text[-1:].isdigit() else json.dumps(text, ensure_ascii=False)
            for text in (text or "" for text in _texts(array))
        ]
    return [text if ok else "null" for text, ok in zip(found, valid, strict=True)]


def _lists(array: pa.Array, values: list[str], begin: str, end: str) -> list[str]:
    """Values, one list after the other, as the lists of an array."""
    from pyarrow import compute

    rest = iter(values)
    lengths = compute.list_value_length(array).to_pylist()
    return [begin + ", ".join(itertools.islice(rest, length or 0)) + end for length in lengths]


def _pair(key: str, value: str) -> str:
    return f"{key}: {value}"


def _each(values: Sequence[Value | None], write: Callable[[Value], str]) -> Texts:
    return [None if value is None else write(value) for value in values]


def _cast(array: pa.Array) -> Texts:
    """Values as Arrow writes them."""
    import pyarrow as pa

    texts: Texts = array.cast(pa.string()).to_pylist()
    return texts


def _moments(array: pa.Array, write: Callable[[int], str], zone: str = "") -> Texts:
    """Dates or times as Arrow writes them, and by `write` what is beyond its calendar."""

    def one(text: str) -> str:
        is_beyond = text.startswith(_BEYOND)
        return (write(int(text[len(_BEYOND) : -1])) if is_beyond else _without_zeros(text)) + zone

    return _each(_cast(array), one)


def _timestamp(value: int, digits: int) -> str:
    """A timestamp, given in the unit that has so many decimal digits of a second."""
    days, clock = divmod(value, 86_400 * 10**digits)
    return f"{_day(days)} {_duration(clock, digits)}"


def _day(days: int) -> str:
    """A day of the proleptic calendar, of any year, given as days since 1970."""
    cycles, rest = divmod(days, _DAYS_OF_400_YEARS)
    found = _EPOCH + timedelta(days=rest)
    year = found.year + 400 * cycles
    return f"{'-' if year < 0 else ''}{abs(year):04}-{found.month:02}-{found.day:02}"


def _decimal(text: str) -> str:
    return format(Decimal(text), "f") if "E" in text else text


def _without_zeros(text: str) -> str:
    """A time without the zeros at the end of its fraction."""
    return text.rstrip("0").rstrip(".") if "." in text else text


def _duration(value: int, digits: int) -> str:
    """A duration, given in the unit that has so many decimal digits of a second."""
    seconds, fraction = divmod(abs(value), 10**digits)
    sign = "-" if value < 0 else ""
    return _without_zeros(f"{sign}{clock_text(seconds * 1000)}.{fraction:0{digits or 1}}")
