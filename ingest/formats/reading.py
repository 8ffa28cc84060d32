"""Read one file: from its bytes to batches of records, and whether to quarantine it."""

from __future__ import annotations

import io
import itertools
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import IO

from base.printing import printable
from ingest.contract.feeds import Feed
from ingest.formats.csv_dialect import (
    SAMPLED_LINES,
    Dialect,
    NotReadable,
    describe_misfit,
    detect,
    detect_rows,
    inner_header,
    recognise_binary,
)
from ingest.formats.csv_records import RecordReader
from ingest.formats.extracted import SIGNATURE, Flaw, Item, Row, from_text
from ingest.formats.records import Batch, Tally
from ingest.formats.row_records import RowReader
from ingest.formats.text import Block, TextReader
from ingest.masks import mask_text_of

MOST_BLANKS = 1 << 20
ENOUGH_FOR_A_SAMPLE = 1 << 16
"""In characters: the first lines of most files are in there."""
NO_LINE_END = "the last line has no line end: the file may be cut short"
EMPTY = "the file is empty; send it again with its lines"


class FileReader:
    """Reads one file of a feed once, as a stream in bounded memory.

    `refused` says at once why a file is not a table at all; `too_bad`, after all batches are read,
    why the whole file is quarantined.
    """

    def __init__(self, feed: Feed, stream: IO[bytes], sha256: str | None = None) -> None:
        """`sha256`: the hash of the whole file, where it is known."""
        self._feed = feed
        self._text = TextReader(stream, sha256, feed.fallback_encoding)
        self._blocks: Iterator[Block] = iter(())
        self._dialect: Dialect | None = None
        self._records: RecordReader | RowReader | None = None
        self.refused = self._begin()

    @property
    def dialect(self) -> Dialect:
        """The dialect at the beginning of the file; a header inside it may change it."""
        assert self._dialect is not None, "a refused file has none"
        return self._dialect

    @property
    def tally(self) -> Tally:
        """Counts of the records read so far."""
        return Tally() if self._records is None else self._records.tally

    @property
    def has_lines(self) -> bool:
        """Whether there was any line, good or bad, below the header."""
        return bool(self.tally.rows or self.tally.rejects)

    def __iter__(self) -> Iterator[Batch]:
        return iter(()) if self._records is None else iter(self._records)

    def finish(self) -> tuple[str, int]:
        """Read the rest, and return the sha256 and the size of the whole file."""
        self._text.drain()
        return self._text.sha256, self._text.size

    def _begin(self) -> str | None:
        reader = self._text
        if reader.head.startswith(SIGNATURE):
            return self._begin_rows(from_text(itertools.islice(reader.lines_of_bytes(), 1, None)))
        binary = recognise_binary(reader.head, wide=reader.encoding.startswith("utf-16"))
        if binary is not None:
            return binary.reason
        blocks = iter(reader)
        first = next(blocks, None)
        while first is not None and not first.overlong and not first.text.strip():
            following = next(blocks, None)
            if following is None:
                return EMPTY
            if following.overlong or len(first.text) > MOST_BLANKS:
                return "the file begins with a megabyte of blank space; remove it"
            first = replace(following, text=first.text + following.text, encoded=None)
        if first is None:
            return EMPTY
        # A last line without a line end is a separate block, and may end the first block's record.
        begun = [first, *itertools.islice(blocks, 1)]
        text = "".join(block.text for block in begun if not block.overlong)
        dialect = detect(self._feed, _first_lines(text, 4 * SAMPLED_LINES))
        if isinstance(dialect, NotReadable):
            return self._shown(dialect.reason)
        self._dialect = dialect
        find = None if self._feed.header == "none" else partial(inner_header, self._feed, dialect)
        self._records = RecordReader(itertools.chain(begun, blocks), dialect, find)
        return None

    def _begin_rows(self, items: Iterator[Item]) -> str | None:
        """Begin with rows that were extracted from a file."""
        begun: list[Item] = []
        rows: list[Row] = []
        enough = SAMPLED_LINES + (self._feed.layout.header_row or 0)
        for item in items:
            begun.append(item)
            if isinstance(item, Row):
                rows.append(item)
                if len(rows) >= enough:
                    break
        if not any(any(row.cells) for row in rows):
            flaw = next((item for item in begun if isinstance(item, Flaw)), None)
            return EMPTY if flaw is None else self._none_can_be_read(flaw.reason)
        found = detect_rows(self._feed, rows)
        if isinstance(found, NotReadable):
            return self._shown(found.reason)
        self._dialect, header = found
        find = None
        if self._feed.header != "none" and header != 0:
            find = partial(inner_header, self._feed, self._dialect)
        self._records = RowReader(itertools.chain(begun, items), self._dialect, header, find)
        return None

    def too_bad(self) -> str | None:
        """Why the whole file is quarantined; None where it is not."""
        feed, tally = self._feed, self.tally
        rows = self._records if isinstance(self._records, RowReader) else None
        line = "line" if rows is None else rows.line
        if not self.has_lines:
            if tally.headers and rows is not None:
                return "there is no row in the file; send it with its rows"
            if tally.headers:
                return "the file holds a header line and nothing below it; send it with its lines"
            return EMPTY
        if not tally.rows and not tally.set_aside:
            if rows is not None and not tally.widths:
                return self._none_can_be_read(rows.first_reject)
            return describe_misfit(self.dialect, tally.widths)
        records = tally.rows + tally.rejects
        # One broken line, often the last, says little about a short file; unless none is allowed.
        allowed = feed.max_rejected_share * records
        if tally.rejects > (max(allowed, 1) if allowed else 0):
            if tally.set_aside:
                return (
                    f"{tally.rejects:,} of {records:,} {line}s cannot be read, those"
                    f" {tally.set_aside}, among them; export the file again, or send each of its"
                    " parts separately"
                )
            if rows is not None:
                reason = (
                    f"{tally.rejects:,} of {records:,} rows cannot be read, more than the"
                    f" {feed.max_rejected_share:.0%} that feed {feed.name} allows; the first one:"
                    f" {rows.first_reject}; fix the export and send the file again"
                )
                return self._shown(reason)
            return (
                f"{tally.rejects:,} of {records:,} lines cannot be split into the feed's"
                f" {self.dialect.width} columns, more than the {feed.max_rejected_share:.0%} that"
                f" feed {feed.name} allows; fix the export and send the file again"
            )
        return None

    def remarks(self) -> list[str]:
        """Remarks on a file that is loaded all the same."""
        if isinstance(self._records, RowReader):
            return [self._shown(remark) for remark in self._records.remarks]
        return [] if self._text.ends_with_line_end else [NO_LINE_END]

    def _none_can_be_read(self, reason: str) -> str:
        return self._shown(f"no row can be read; the first one: {reason}")

    def _shown(self, text: str) -> str:
        return printable(mask_text_of(self._feed, text))


def _first_lines(text: str, count: int) -> list[str]:
    """The first lines of a text, with their line ends."""
    for part in (text[:ENOUGH_FOR_A_SAMPLE], text):
        lines = list(itertools.islice(io.StringIO(part, newline=""), count + 1))
        if len(lines) > count:
            # The one behind them may be cut.
            break
    return lines[:count]
