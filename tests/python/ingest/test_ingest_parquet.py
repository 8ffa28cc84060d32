"""Parquet files: every type as the text that a database feed writes."""

from __future__ import annotations

import contextlib
import io
import subprocess
import sys
import tracemalloc
import uuid
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet

from ingest.contract.feeds import Feed
from ingest.contract.file_errors import UnusableFileError
from ingest.formats.extracted import Item, Row
from ingest.formats.parquet import read_parquet

FEED = Feed.model_validate(
    {
        "source": "sales",
        "table": "sales_lines",
        "description": "Lines.",
        "files": "sales/*",
        "columns": [{"name": "branch"}],
    }
)


def stored(table: pa.Table, **said: Any) -> bytes:
    made = io.BytesIO()
    parquet.write_table(table, made, **said)
    return made.getvalue()


def read(content: bytes) -> list[Item]:
    return list(read_parquet(io.BytesIO(content), FEED))


def texts(values: list[Any], kind: pa.DataType | None = None) -> list[str]:
    """The texts of one column."""
    content = stored(pa.table({"a": pa.array(values, kind)}))
    header, *rows = [item for item in read(content) if isinstance(item, Row)]
    assert header == Row(0, ["a"])
    return [row.cells[0] for row in rows]


def reason(content: bytes) -> str:
    with pytest.raises(UnusableFileError) as caught:
        read(content)
    return str(caught.value)


def test_rows_are_counted_from_1_below_the_names_of_the_columns() -> None:
    table = pa.table({"branch": ["b1", None, ""], "Amount (£)": [1, 2, None]})
    assert read(stored(table)) == [
        Row(0, ["branch", "Amount (£)"]),
        Row(1, ["b1", "1"]),
        Row(2, ["", "2"]),
        Row(3, ["", ""]),
    ]


@pytest.mark.parametrize(
    ("kind", "values", "expected"),
    [
        (pa.int64(), [-12, 2**63 - 1, None], ["-12", "9223372036854775807", ""]),
        (pa.uint64(), [2**64 - 1], ["18446744073709551615"]),
        (pa.int8(), [0, -128], ["0", "-128"]),
        (pa.bool_(), [True, False, None], ["t", "f", ""]),
        (
            pa.float64(),
            [0.1, 44.0, 1e20, 4111111111111111.0, 1e-7, -0.0, float("nan"), -float("inf")],
            ["0.1", "44", "1" + "0" * 20, "4111111111111111", "0.0000001", "0", "NaN", "-Infinity"],
        ),
        (pa.float32(), [0.1, 16777216.0, 1e20], ["0.1", "16777216", "1" + "0" * 20]),
        (
            pa.decimal128(12, 2),
            [Decimal("212.10"), Decimal("0.00"), Decimal("-0.01"), None],
            ["212.10", "0.00", "-0.01", ""],
        ),
        (pa.decimal128(15, 10), [Decimal("0.0000000001")], ["0.0000000001"]),
        (pa.decimal256(60, 1), [Decimal("1" * 50 + ".5")], ["1" * 50 + ".5"]),
        (pa.string(), ["007", "two\nlines", " x ", "✓𝄞"], ["007", "two\nlines", " x ", "✓𝄞"]),
        (pa.large_string(), ["x"], ["x"]),
        (pa.string_view(), ["x", None, "✓"], ["x", "", "✓"]),
        (pa.binary_view(), [b"\x00\xff", None], ["\\x00ff", ""]),
        (pa.list_(pa.string_view()), [["x", None]], ['["x", null]']),
        (pa.binary(), [b"\x00\xff", b""], ["\\x00ff", "\\x"]),
        (pa.binary(2), [b"\x00\xff"], ["\\x00ff"]),
        (pa.date32(), [date(2023, 1, 5), date(1, 1, 1)], ["2023-01-05", "0001-01-01"]),
        (pa.date64(), [date(2023, 1, 5)], ["2023-01-05"]),
        (pa.time32("ms"), [time(9, 0, 1), time(9, 0, 1, 500_000)], ["09:00:01", "09:00:01.5"]),
        (pa.time64("us"), [time(9, 0, 1, 1)], ["09:00:01.000001"]),
        (
            pa.timestamp("us"),
            [datetime(2023, 1, 5, 9), datetime(2023, 1, 5, 9, 0, 0, 250_000), None],
            ["2023-01-05 09:00:00", "2023-01-05 09:00:00.25", ""],
        ),
        (pa.timestamp("ns"), [1], ["1970-01-01 00:00:00.000000001"]),
        (
            pa.timestamp("ms", "Europe/London"),
            [datetime(2023, 7, 5, 7, tzinfo=timezone.utc)],
            ["2023-07-05 07:00:00+00"],
        ),
        (
            pa.timestamp("ms", "No/Such_Place"),
            [datetime(2023, 7, 5, 7, tzinfo=timezone.utc)],
            ["2023-07-05 07:00:00+00"],
        ),
        (
            pa.duration("us"),
            [timedelta(hours=30, minutes=5), -timedelta(minutes=90), timedelta(milliseconds=1)],
            ["30:05:00", "-01:30:00", "00:00:00.001"],
        ),
        (pa.null(), [None, None], ["", ""]),
        (pa.list_(pa.int32()), [[1, None, 3], [], None], ["[1, null, 3]", "[]", ""]),
        (
            pa.struct([("a", pa.decimal128(5, 2)), ("b", pa.string()), ("c", pa.date32())]),
            [{"a": Decimal("1.10"), "b": 'say "✓"', "c": date(2023, 1, 5)}],
            ['{"a": 1.10, "b": "say \\"✓\\"", "c": "2023-01-05"}'],
        ),
        (
            pa.list_(pa.struct([("at", pa.timestamp("us", "UTC")), ("ok", pa.bool_())])),
            [[{"at": datetime(2023, 1, 5, tzinfo=timezone.utc), "ok": True}]],
            ['[{"at": "2023-01-05 00:00:00+00", "ok": true}]'],
        ),
        (
            pa.map_(pa.string(), pa.float64()),
            [[("x", 0.1), ("y", float("nan"))]],
            ['{"x": 0.1, "y": "NaN"}'],
        ),
        (pa.map_(pa.int32(), pa.binary()), [[(1, b"\xff")]], ['{"1": "\\\\xff"}']),
        (pa.dictionary(pa.int8(), pa.string()), ["a", None, "a"], ["a", "", "a"]),
        (pa.dictionary(pa.int32(), pa.int64()), [5, None, 5], ["5", "", "5"]),
        (pa.list_(pa.list_(pa.string())), [[["a"], None]], ['[["a"], null]']),
    ],
    ids=str,
)
def test_each_type_as_a_database_writes_it(
    kind: pa.DataType, values: list[Any], expected: list[str]
) -> None:
    assert texts(values, kind) == expected


@pytest.mark.parametrize(
    ("kind", "values", "expected"),
    [
        (
            pa.timestamp("us"),
            [2**63 - 1, -(2**63), 253_402_300_800_000_000, 2**62],
            [
                "294247-01-10 04:00:54.775807",
                "-290308-12-21 19:59:05.224192",
                "10000-01-01 00:00:00",
                "148108-07-06 14:00:27.387904",
            ],
        ),
        (pa.timestamp("ms", "UTC"), [10**15], ["33658-09-27 01:46:40+00"]),
        (pa.timestamp("s"), [10**12], ["33658-09-27 01:46:40"]),
        (
            pa.date32(),
            [2**31 - 1, -(2**31), 11_248_737, -800_000],
            ["5881580-07-11", "-5877641-06-23", "32767-12-31", "-0221-09-04"],
        ),
        (pa.date64(), [86_400_000 * 11_248_738], ["32768-01-01"]),
        (pa.time32("s"), [86_400, -5], ["24:00:00", "-00:00:05"]),
        (pa.time64("us"), [90_000_000_001], ["25:00:00.000001"]),
    ],
    ids=str,
)
def test_dates_and_times_beyond_the_calendar_are_exact(
    kind: pa.DataType, values: list[int], expected: list[str]
) -> None:
    stored_as = pa.int64() if kind.bit_width == 64 else pa.int32()
    assert texts(pa.array(values, stored_as).view(kind)) == expected


def test_identifiers_of_16_bytes() -> None:
    known = uuid.UUID("00112233-4455-6677-8899-aabbccddeeff")
    assert texts([known.bytes], pa.uuid()) == [str(known)]


def test_equal_rows_give_equal_items_however_stored() -> None:
    table = pa.table({"a": [f"b{place % 7}" for place in range(5000)], "b": range(5000)})
    plain = read(stored(table, use_dictionary=False, compression="none"))
    assert read(stored(table, row_group_size=700, compression="zstd")) == plain
    assert read(stored(table.take(list(range(5000))), data_page_version="2.0")) == plain
    assert [item.number for item in plain if isinstance(item, Row)] == list(range(5001))


def test_a_large_row_group_is_streamed() -> None:
    made = (f"{place:06} " * 100 for place in range(40_000))
    content = stored(pa.table({"a": pa.array(made)}), row_group_size=40_000, use_dictionary=False)
    before, most = pa.total_allocated_bytes(), 0
    for item in read_parquet(io.BytesIO(content), FEED):
        if isinstance(item, Row) and item.number % 1000 == 0:
            most = max(most, pa.total_allocated_bytes() - before)
    assert 0 < most < 16 << 20


def test_a_long_text_that_is_repeated_takes_its_memory_once() -> None:
    column = pa.DictionaryArray.from_arrays(pa.array([0] * 5000, pa.int32()), ["x" * 500_000])
    content = stored(pa.table({"a": column}))
    tracemalloc.start()
    before = pa.total_allocated_bytes()
    count, most = 0, 0
    for _ in read_parquet(io.BytesIO(content), FEED):
        count += 1
        most = max(most, pa.total_allocated_bytes() - before)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert count == 5001
    assert peak + most < 32 << 20


def test_broken_files() -> None:
    good = stored(pa.table({"a": [f"text {place}" for place in range(500)]}), compression="none")
    for broken in (good[:-20], good[: len(good) // 2], b"PAR1" + b"?" * 20 + b"PAR1", b"PAR1"):
        assert "the Parquet file is broken or cut short; send it again" in reason(broken)
    for place in range(0, len(good), 97):
        damaged = bytearray(good)
        damaged[place] ^= 0x55
        with contextlib.suppress(UnusableFileError):
            read(bytes(damaged))


def test_a_damaged_list_of_texts_is_a_broken_file() -> None:
    """Places in it that there are not."""
    good = stored(pa.table({"a": ["x", "y", None, "x"] * 125}), compression="none")
    footer = int.from_bytes(good[-8:-4], "little") + 8
    for place in range(4, len(good) - footer):
        for bit in (0x02, 0x55):
            damaged = bytearray(good)
            damaged[place] ^= bit
            with contextlib.suppress(UnusableFileError):
                read(bytes(damaged))


def test_no_damage_of_the_description_ends_the_process(tmp_path: Path) -> None:
    """pyarrow may end it: every bit is tried in a process of its own."""
    table = pa.table({"a": ["x", None], "b": pa.array([1, 2], pa.int8())})
    path = tmp_path / "a.parquet"
    path.write_bytes(stored(table, compression="none", store_schema=False))
    command = [sys.executable, __file__, str(path)]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stderr
    read_all, refused = map(int, found.stdout.split())
    assert read_all > 100
    assert refused > 100


def read_with_each_bit_of_the_footer_flipped(content: bytes) -> tuple[int, int]:
    """How often it is read all the same, and how often refused."""
    footer = int.from_bytes(content[-8:-4], "little") + 8
    refused = 0
    for place in range(len(content) - footer, len(content)):
        for bit in range(8):
            damaged = bytearray(content)
            damaged[place] ^= 1 << bit
            try:
                read(bytes(damaged))
            except UnusableFileError:
                refused += 1
    return 8 * footer - refused, refused


def test_files_without_anything() -> None:
    assert "has no rows" in reason(stored(pa.table({"a": pa.array([], pa.int64())})))
    assert "has no columns" in reason(stored(pa.table({})))


def test_an_encrypted_file() -> None:
    assert "encrypted" in reason(b"PARE" + b"\0" * 100 + b"PARE")


def test_names_that_occur_twice_are_left_to_the_loader() -> None:
    table = pa.table([pa.array([1]), pa.array([2])], names=["a", "a"])
    assert read(stored(table)) == [Row(0, ["a", "a"]), Row(1, ["1", "2"])]


if __name__ == "__main__":
    print(*read_with_each_bit_of_the_footer_flipped(Path(sys.argv[1]).read_bytes()))
