"""Records: no line is lost, none swallows another, line numbers are physical."""

from __future__ import annotations

import csv
import io
import tracemalloc
from typing import Literal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ingest.formats.csv_dialect import Dialect
from ingest.formats.csv_records import RecordReader, plain_lines
from ingest.formats.records import Tally
from ingest.formats.text import BLOCK, LONGEST_LINE, TextReader


class Result:
    """The whole result of one file."""

    def __init__(self, content: str | bytes, width: int = 3, header: tuple[str, ...] | None = None):
        data = content.encode("utf-8") if isinstance(content, str) else content
        self.text = TextReader(io.BytesIO(data))
        records = RecordReader(self.text, Dialect(",", width, header))
        batches = list(records)
        self.tally: Tally = records.tally
        self.rows = [
            (number, list(row))
            for batch in batches
            for number, row in zip(batch.line_numbers, batch.rows, strict=True)
        ]
        self.rejects = [
            (reject.line_number, reject.reason) for batch in batches for reject in batch.rejects
        ]
        self.lines = [reject.line for batch in batches for reject in batch.rejects]


def test_rows_have_their_physical_line_number() -> None:
    result = Result('a,b,c\n\n"x\ny",2,3\nd,e,f\n')
    assert result.rows == [
        (1, ["a", "b", "c"]),
        (3, ["x\ny", "2", "3"]),
        (5, ["d", "e", "f"]),
    ]
    assert result.tally.blanks == 1


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends(end: str) -> None:
    result = Result(f'a,b,c{end}"x{end}y",2,3{end}')
    assert result.rows == [(1, ["a", "b", "c"]), (2, [f"x{end}y", "2", "3"])]
    assert result.text.ends_with_line_end


def test_ragged_lines_are_rejected_with_their_number() -> None:
    result = Result('a,b,c\na,b\n"1\n2",3\na,b,c,d\na,b,c')
    # The record over lines 3 and 4 has two columns: line 3 is rejected, line 4 is read by itself.
    assert result.rejects == [
        (2, "2 columns where 3 are expected"),
        (3, "2 columns where 3 are expected"),
        (4, "2 columns where 3 are expected"),
        (5, "4 columns where 3 are expected"),
    ]
    assert [number for number, _ in result.rows] == [1, 6]
    assert not result.text.ends_with_line_end


def test_an_unclosed_quote_costs_one_line() -> None:
    lines = [f"a{place},b,c" for place in range(250)]
    lines[7] = 'a7,"b,c'
    result = Result("\n".join(lines) + "\n")
    assert result.rejects == [(8, "unclosed quote: no end within 100 lines")]
    assert len(result.rows) == 249
    assert [number for number, _ in result.rows] == [n for n in range(1, 251) if n != 8]


def test_an_unclosed_quote_near_the_end_costs_one_line() -> None:
    result = Result('a,b,c\na,"b,c\na,b,c\na,b,c')
    assert result.rejects == [(2, "unclosed quote")]
    assert [number for number, _ in result.rows] == [1, 3, 4]


def test_a_quote_closed_by_a_later_lines_quote_costs_one_line() -> None:
    result = Result('a,"b,c\na,"b, b",c\na,b,c\n')
    assert [number for number, _ in result.rejects] == [1]
    assert result.rows == [(2, ["a", "b, b", "c"]), (3, ["a", "b", "c"])]


def test_a_record_may_span_a_hundred_lines_and_no_more() -> None:
    fits = 'a,"' + "\n" * 99 + '",c\n'
    assert [number for number, _ in Result(fits + "d,e,f\n").rows] == [1, 101]
    too_long = 'a,"x' + "\nx" * 100 + '",c\n'
    result = Result(too_long + "d,e,f\n")
    assert result.rejects[0] == (1, "unclosed quote: no end within 100 lines")
    assert result.rows == [(102, ["d", "e", "f"])]


def test_a_nul_rejects_its_line_only() -> None:
    result = Result('a,b,c\na,\0,c\n"x\n\0",b,c\na,b,c\n')
    assert result.rejects[0] == (2, "the line holds a NUL character")
    assert (4, "the line holds a NUL character") in result.rejects
    assert [number for number, _ in result.rows] == [1, 5]


def test_blank_and_empty_records_are_counted_not_rejected() -> None:
    result = Result("\n  \n,,\r\na,b,c\n\t\n")
    assert result.rows == [(4, ["a", "b", "c"])]
    assert result.rejects == []
    assert result.tally.blanks == 4


def test_header_lines_that_look_like_rows() -> None:
    result = Result("a,b,c\na,\0,c\n")
    assert result.rejects == [(2, "the line holds a NUL character")]
    result = Result("a,b,c\n,,\n")
    assert (result.tally.rows, result.tally.blanks) == (1, 1)


def test_headers_are_counted_anywhere() -> None:
    result = Result("x,y,z\na,b,c\nx,y,z\nd,e,f\n", header=("x", "y", "z"))
    assert [number for number, _ in result.rows] == [2, 4]
    assert result.tally.headers == 2


def test_a_line_above_a_megabyte_is_rejected_and_the_next_is_read() -> None:
    long = "x" * (5 * LONGEST_LINE)
    for content in (f"a,b,c\n{long}\nd,e,f\n", f"a,b,c\r\n{long}\r\nd,e,f\r\n"):
        result = Result(content)
        assert result.rejects == [(2, "the line is longer than 1,048,576 characters")]
        assert [number for number, _ in result.rows] == [1, 3]
        assert max(map(len, result.lines)) <= 2000
    result = Result(f"a,b,c\n{long}".encode("utf-16"))
    assert [number for number, _ in result.rejects] == [2]
    assert not result.text.ends_with_line_end


def test_a_line_end_across_blocks_is_one_line_end() -> None:
    assert Result("x" + "\r\n" * BLOCK).tally.blanks == BLOCK - 1
    result = Result("x" * (6 * BLOCK - 1) + "\r\nd,e,f\n")
    assert result.rows == [(2, ["d", "e", "f"])]


def test_records_across_blocks_keep_their_lines() -> None:
    part = '"x\ny",b,c\n' * 500 + "a,\0,c\n"
    result = Result(part * 200)
    assert [number for number, _ in result.rejects] == [1001 * (n + 1) for n in range(200)]
    numbers = [number for number, _ in result.rows]
    assert numbers == [1001 * n + 2 * m + 1 for n in range(200) for m in range(500)]


def test_a_long_line_just_below_a_megabyte_is_read() -> None:
    result = Result("a,b," + "x" * (LONGEST_LINE - 5) + "\nd,e,f\n")
    assert [number for number, _ in result.rows] == [1, 2]


def test_a_truncated_line_never_ends_in_half_a_card() -> None:
    result = Result("x" * 1992 + "4929123412341234" + "y" * 5 * LONGEST_LINE)
    assert result.lines[0].endswith("x")


def test_memory_stays_bounded() -> None:
    line = ("x" * 299 + ",") * 3 + "x\n"

    class Endless(io.RawIOBase):
        """Forty megabytes of lines that are never all in memory."""

        left = 40 << 20

        def read(self, size: int = -1) -> bytes:
            size = min(size, self.left) // len(line) * len(line)
            self.left -= size or self.left
            return line.encode() * (size // len(line))

    tracemalloc.start()
    try:
        records = RecordReader(TextReader(Endless()), Dialect(",", 4))
        rows = sum(len(batch.rows) for batch in records)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert rows > 40_000
    assert peak < 4 << 20


CELLS = st.text(
    alphabet=st.sampled_from('ab"\n\r,;\t 0\N{LATIN SMALL LETTER E WITH ACUTE}\\'), max_size=6
)


@given(st.lists(st.lists(CELLS, min_size=1, max_size=4), max_size=12), st.booleans())
@example([['"'], ["a", "b", '"\n']], True)
def test_no_record_is_ever_lost(table: list[list[str]], quoted: bool) -> None:
    """For any lines, each physical line is in exactly one place."""
    if quoted:
        target = io.StringIO(newline="")
        csv.writer(target).writerows(table)
        content = target.getvalue()
    else:
        content = "\n".join(",".join(row) for row in table)
    result = Result(content)
    physical = list(io.StringIO(content, newline=""))
    spans = dict(result.rows)
    covered = 0
    for number, row in spans.items():
        # A row covers the lines from its number up to the next record.
        covered += 1 + sum(
            max(len(list(io.StringIO(cell + "|", newline=""))) - 1, 0) for cell in row
        )
        assert 1 <= number <= len(physical)
    tally = result.tally
    assert covered + tally.rejects + tally.blanks == len(physical)
    assert len(spans) == tally.rows
    assert len({number for number, _ in result.rejects} | set(spans)) == tally.rejects + tally.rows


@given(st.text(alphabet='ab,"\n\r; \t\x1f', max_size=30), st.integers(1, 4), st.sampled_from(",\t"))
@example('a,"b,b"\n"a","b"\n', 2, ",")
@example('"a"\n"b"', 1, ",")
@example(',"a",\n,,\n', 3, ",")
@example('"a"x\n', 1, ",")
@example('x"a"\n', 1, ",")
@example('"a\tb"\tc\n', 2, "\t")
def test_fast_splitting_equals_the_csv_module(text: str, width: int, delimiter: str) -> None:
    lines = plain_lines(text.encode(), delimiter, width)
    if lines is not None:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
        assert [line.decode().split("\t") for line in lines] == rows
        assert len(rows) == len(list(io.StringIO(text, newline="")))
        assert all(len(row) == width and any(row) for row in rows)


PLAIN = st.text(alphabet=st.sampled_from("ab,; \N{LATIN SMALL LETTER E WITH ACUTE}"), max_size=4)


@given(
    st.lists(st.tuples(st.just("x"), PLAIN, PLAIN, PLAIN), min_size=1, max_size=9),
    st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    st.sampled_from(["\n", "\r\n"]),
)
def test_plain_files_are_split_fast(
    table: list[tuple[str, ...]], quoting: Literal[0, 1], line_end: str
) -> None:
    target = io.StringIO(newline="")
    csv.writer(target, quoting=quoting, lineterminator=line_end).writerows(table)
    if '""' not in target.getvalue():
        lines = plain_lines(target.getvalue().encode(), ",", 4)
        assert lines is not None
        assert [tuple(line.decode().split("\t")) for line in lines] == table
