"""Of a reading of a watermarked table, the rows that are new or differ from those loaded last."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from ingest.contract.feeds import Feed
from ingest.converting import Conversion, Converted
from ingest.raw.loaded_rows import LoadedRows
from ingest.raw.rows import REJECTS, CopyData


class Compared:
    """A Conversion without the rows that were loaded before, and the lines that were rejected
    before."""

    def __init__(self, conversion: Conversion | Converted, feed: Feed, loaded: LoadedRows) -> None:
        self._conversion = conversion
        self._table = feed.table
        self._loaded = loaded
        self._changes = loaded.changes
        self._kept = CopyData()
        self._rows = 0
        self._rejects = 0
        self.read = 0
        """How many rows the reading has; this and what follows is known once it is finished."""
        self.is_empty = False
        """Whether the reading had no line, good or bad."""

    @property
    def refused(self) -> str | None:
        """As of a Conversion."""
        return self._conversion.refused

    @property
    def extras(self) -> tuple[str, ...]:
        """As of a Conversion."""
        return self._conversion.extras

    def parts(self, size: int) -> Iterator[CopyData]:
        """As of a Conversion: text for COPY whenever more than `size` bytes of it are left."""
        for part in self._conversion.parts(size):
            self._keep(part)
            if self._kept.size > size:
                taken, self._kept = self._kept, CopyData()
                yield taken

    def finish(self) -> Converted:
        """The rest of what is left, and the facts about it."""
        done = self._conversion.finish()
        self._keep(done.copies)
        facts = done.facts
        self.read, self.is_empty = facts.rows, not facts.has_lines
        # The share of malformed lines is that of the reading; of those that are known, nobody has
        # to be warned again.
        too_bad = facts.too_bad if self._rejects or self.is_empty else None
        facts = replace(facts, rows=self._rows, rejects=self._rejects, too_bad=too_bad)
        return Converted(self._kept, facts)

    @property
    def has_nothing_new(self) -> bool:
        """Whether all rows of the reading are as they were loaded. A complete reading without rows
        is not: its table may be about to be filled."""
        is_known = not self._rows and not self._rejects
        return is_known and not (self.is_empty and self._changes.is_complete)

    def gone(self) -> list[tuple[int, int]]:
        """File and line of the rows loaded last that a complete reading does not have."""
        return self._loaded.gone()

    def latest_are_gone(self) -> bool:
        """Whether none of the rows of the last file is in the reading, as it was or newer."""
        return self._loaded.latest_are_gone()

    def skip(self) -> None:
        """As of a Conversion."""
        self._conversion.skip()

    def _keep(self, part: CopyData) -> None:
        self._kept.extend(part.of_table(self._table, self._changed))
        self._kept.extend(part.of_table(REJECTS, self._newly_rejected))

    def _changed(self, columns: Sequence[str], lines: list[bytes]) -> list[bytes]:
        kept = self._loaded.changed(columns, lines)
        self._rows += len(kept)
        return kept

    def _newly_rejected(self, _: Sequence[str], lines: list[bytes]) -> list[bytes]:
        kept = self._loaded.new_rejects(lines)
        self._rejects += len(kept)
        return kept
