"""Parquet: every value with its exact type; nothing is neutralised, no spreadsheet opens it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice
from pathlib import Path

import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]

from base.errors import BranchlineError
from publish.exports.export import Export
from publish.exports.rows import Column, Kind, Row

ROWS_OF_A_GROUP = 1 << 15
MOST_DIGITS = 76
"""Of a decimal."""


def write(path: Path, columns: Sequence[Column], rows: Iterable[Row], export: Export) -> int:
    """Write a Parquet file; return its number of rows.

    Raises BranchlineError for a value that Parquet cannot hold, such as the date infinity.
    """
    schema = pa.schema([(column.name, _type(column)) for column in columns])
    count = 0
    left = iter(rows)
    with pq.ParquetWriter(path, schema, compression="snappy") as writer:
        while group := list(islice(left, ROWS_OF_A_GROUP)):
            values = [
                _cast(column, texts, export)
                for column, texts in zip(columns, zip(*group, strict=True), strict=True)
            ]
            writer.write_table(pa.Table.from_arrays(values, schema=schema))
            count += len(group)
    return count


def _type(column: Column) -> pa.DataType:
    if column.kind is Kind.DECIMAL:
        if column.precision is None or column.precision > MOST_DIGITS:
            return pa.string()
        build = pa.decimal128 if column.precision <= 38 else pa.decimal256
        return build(column.precision, column.scale or 0)
    if column.kind is Kind.INTEGER:
        return {16: pa.int16(), 32: pa.int32()}.get(column.bits, pa.int64())
    return {
        Kind.BOOLEAN: pa.bool_(),
        Kind.DATE: pa.date32(),
        Kind.FLOAT: pa.float64(),
        Kind.TIME: pa.time64("us"),
        Kind.TIMESTAMP: pa.timestamp("us"),
        Kind.INSTANT: pa.timestamp("us", tz="UTC"),
    }.get(column.kind, pa.string())


def _cast(column: Column, texts: Sequence[str | None], export: Export) -> pa.Array:
    if column.kind is Kind.TIME:
        # Arrow reads a time only as a part of a timestamp.
        texts = [text if text is None else f"1970-01-01 {text}" for text in texts]
    found = pa.array(texts, pa.string())
    try:
        if column.kind in (Kind.TIME, Kind.INSTANT):
            found = found.cast(pa.timestamp("us"))
        return found.cast(_type(column))
    except pa.ArrowInvalid as error:
        raise BranchlineError(
            f"A value in {column.name} of {export.mart} cannot be written to {export.file}:"
            f" {str(error).splitlines()[0]}",
            "Leave the column out (columns), or let the name of the file end in .csv.",
        ) from None
