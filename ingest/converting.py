"""Convert the bytes of one file to rows ready for COPY, and facts about the file.

No database and no state: the output depends only on the input, and both can be sent between
processes.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO

from ingest.cards import CardTokens, read_card, read_damaged_card
from ingest.contract.feeds import Feed
from ingest.formats.csv_dialect import Dialect
from ingest.formats.reading import FileReader
from ingest.persons import Tombstones
from ingest.persons.tombstones import RowEraser
from ingest.raw.rows import CopyData, RowRenderer


@dataclass(frozen=True)
class Task:
    """How to convert a file. `file_id` and `load_id` are put into every row."""

    feed: Feed
    token_keys: tuple[bytes, ...] = field(repr=False)
    """The secrets of the card tokens, oldest first."""
    file_id: int
    load_id: str
    sha256: str | None = None
    """The hash of the whole file, where it is known."""
    branch: str | None = None
    """The branch of the file, as its name says."""
    tombstones: Tombstones | None = field(default=None, repr=False)
    """The erased customers and cards that the feed may have; None where there are none."""


@dataclass(frozen=True)
class Facts:
    """What is known of a file after reading it to its end."""

    sha256: str
    size: int
    refused: str | None = None
    """Why the file is not a table of the feed; then nothing was converted."""
    extras: tuple[str, ...] = ()
    """Raw columns that its header names and the feed does not declare."""
    rows: int = 0
    rejects: int = 0
    too_bad: str | None = None
    """Why the whole file is quarantined, although it could be read."""
    remarks: tuple[str, ...] = ()
    """Remarks on a file that is loaded all the same."""

    @property
    def has_lines(self) -> bool:
        """Whether there was any line, good or bad, below the header."""
        return bool(self.rows or self.rejects)


@dataclass(frozen=True)
class Converted:
    """The rows and rejects of a file, or the last of them, and its facts.

    One that holds all of them can be used as a Conversion.
    """

    copies: CopyData
    facts: Facts

    @property
    def refused(self) -> str | None:
        """As in Facts."""
        return self.facts.refused

    @property
    def extras(self) -> tuple[str, ...]:
        """As in Facts."""
        return self.facts.extras

    def parts(self, size: int) -> Iterator[CopyData]:
        """Nothing: everything comes at the end."""
        return iter(())

    def finish(self) -> Converted:
        """Return everything."""
        return self

    def skip(self) -> None:
        """Do nothing: the file has been read."""


def convert(content: bytes, task: Task) -> Converted:
    """Convert a file that is held in memory."""
    return Conversion(io.BytesIO(content), task).finish()


class Conversion:
    """Converts a stream in bounded memory.

    `refused` and `extras`, as in Facts, are known from the beginning.
    """

    def __init__(self, stream: IO[bytes], task: Task) -> None:
        self._reader = FileReader(task.feed, stream, task.sha256)
        self._batches = iter(self._reader)
        self._copies = CopyData()
        self._task = task
        self._renderer: RowRenderer | None = None
        self.refused = self._reader.refused
        self.extras: tuple[str, ...] = ()
        if self.refused is None:
            dialect = self._reader.dialect
            self.extras = tuple(extra.name for extra in dialect.extras)
            self._renderer = self._renderer_for(dialect)

    def parts(self, size: int) -> Iterator[CopyData]:
        """Text for COPY whenever there is more than `size` bytes of it; `finish` has the rest."""
        for _ in self._render():
            if self._copies.size > size:
                yield self._take()

    def finish(self) -> Converted:
        """Convert the rest, and return the facts about the whole file."""
        for _ in self._render():
            pass
        reader = self._reader
        sha256, size = reader.finish()
        if self.refused is not None:
            return Converted(self._copies, Facts(sha256, size, self.refused))
        facts = Facts(
            sha256=sha256,
            size=size,
            extras=self.extras,
            rows=reader.tally.rows,
            rejects=reader.tally.rejects,
            too_bad=reader.too_bad(),
            remarks=tuple(reader.remarks()),
        )
        return Converted(self._copies, facts)

    def skip(self) -> None:
        """Read to the end without converting."""
        self._reader.finish()

    def _take(self) -> CopyData:
        # Keep no reference to the yielded text: it is as large as the next one.
        taken, self._copies = self._copies, CopyData()
        return taken

    def _render(self) -> Iterator[None]:
        renderer = self._renderer
        if renderer is not None:
            for batch in self._batches:
                if batch.dialect is not renderer.dialect:
                    renderer = self._renderer = self._renderer_for(batch.dialect)
                renderer.render(batch, self._copies)
                yield

    def _renderer_for(self, dialect: Dialect) -> RowRenderer:
        task = self._task
        cards = CardTokens(*task.token_keys)
        eraser = None
        if task.tombstones is not None:
            eraser = RowEraser(
                task.feed,
                task.tombstones,
                task.token_keys,
                task.branch,
                read_damaged_card if task.feed.has_damaged_cards else read_card,
            )
        return RowRenderer(task.feed, dialect, cards, task.file_id, task.load_id, eraser)
