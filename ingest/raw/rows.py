"""Make COPY text for a raw table: arrange columns, replace cards and IP addresses, escape."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from ingest.cards import (
    BREAK,
    CardTokens,
    Caution,
    lines_may_hold_card,
    mask_cell,
    may_hold_card,
    may_hold_damaged_card,
    read_card,
    read_damaged_card,
)
from ingest.contract.feeds import RECORD_ID, Feed
from ingest.formats.csv_dialect import Dialect
from ingest.formats.records import SEPARATOR, TAB, Batch, Reject
from ingest.ip_addresses import AddressTokens, mask_addresses, may_hold_address
from ingest.masks import mask_lines_of, mask_text_of
from ingest.persons.tombstones import RowEraser

LONGEST_REJECTED_LINE = 1000
REJECTS = "ingest_rejects"
"""The raw table of lines that could not be read."""

OWN_COLUMNS = (RECORD_ID, "_line_number", "_file_id", "_dlt_load_id")
"""The loader's own columns at the end of a row of a feed with a key."""
_REJECT_COLUMNS = (
    "feed", "reason", "line", "_line_number", "_file_id", "_dlt_load_id",
)  # fmt: skip
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})

MOST_KEPT_NUMBERS = 1 << 16
_NUMBERS: list[bytes] = []
"""The text of each number from 0 on, as far as needed until now."""

Cells = Sequence[str]


class CopyData:
    """COPY text by statement: what one or many files add to the raw tables."""

    def __init__(self) -> None:
        self.size = 0
        self._texts: dict[str, list[bytes]] = {}

    def add(self, statement: str, text: bytes) -> None:
        """Add whole lines for the statement."""
        if text:
            self._texts.setdefault(statement, []).append(text)
            self.size += len(text)

    def extend(self, other: CopyData) -> None:
        """Add the text of another one."""
        for statement, texts in other._texts.items():
            self._texts.setdefault(statement, []).extend(texts)
        self.size += other.size

    def rows_of(self, table: str) -> Iterator[bytes]:
        """The lines for a raw table, without their ends."""
        for statement, texts in self._texts.items():
            if statement.startswith(_copy_into(table)):
                for text in texts:
                    yield from text.split(b"\n")[:-1]

    def of_table(
        self, table: str, keep: Callable[[Sequence[str], list[bytes]], list[bytes]]
    ) -> CopyData:
        """Only what is for this table, and of that only the lines that `keep` returns. It is called
        with the names of the columns and lines without their ends."""
        made = CopyData()
        for statement, texts in self._texts.items():
            if statement.startswith(_copy_into(table)):
                columns = _columns_of(statement)
                for text in texts:
                    kept = keep(columns, text.split(b"\n")[:-1])
                    made.add(statement, b"".join([line + b"\n" for line in kept]))
        return made

    def parts(self) -> Iterator[tuple[str, Sequence[bytes]]]:
        """The statements, each with its text in parts."""
        yield from self._texts.items()

    def __iter__(self) -> Iterator[tuple[str, bytes]]:
        for statement, texts in self._texts.items():
            yield statement, b"".join(texts)


class RowRenderer:
    """Makes COPY text of one file's batches, for its raw table and for the rejects.

    The text format, in which empty means NULL. `_loaded_at` is not in it: its default is the time
    of the transaction, which is faster than parsing the same text in every row.
    """

    def __init__(
        self,
        feed: Feed,
        dialect: Dialect,
        cards: CardTokens,
        file_id: int,
        load_id: str,
        eraser: RowEraser | None = None,
    ) -> None:
        """`eraser`: changes the rows of erased customers, where the feed may have any."""
        self._eraser = eraser
        self.dialect = dialect
        self._feed = feed
        self._cards = cards
        self._ending = f"\t{file_id}\t{load_id}\n".encode()
        self._take = _taker(feed, dialect)
        self._card_place = feed.card_place
        self._address_place = feed.address_place
        self._addresses = AddressTokens(cards.token)
        self._damaged = feed.has_damaged_cards
        self._read_card = read_damaged_card if self._damaged else read_card
        self._may_hold_card = may_hold_damaged_card if self._damaged else may_hold_card
        # In a feed with a card column, a long number elsewhere is a misplaced card number;
        # real ones may not even pass the check digit.
        usual = Caution.CELLS if feed.card_place is None else Caution.BESIDE_CARDS
        self._cautions = [
            Caution.CODES if column.protect == "none" else usual for column in feed.columns
        ]
        self._cautions += [usual] * len(dialect.extras)
        # In a feed with a column of addresses, one elsewhere is masked, as a card is.
        has_addresses = feed.address_place is not None
        self._hides_addresses = [
            has_addresses and column.protect != "none" for column in feed.columns
        ] + [has_addresses] * len(dialect.extras)
        extras = tuple(extra.name for extra in dialect.extras)
        self._key_places = feed.key_places
        # Lines of just the columns of the raw table, the card in the last one if there is any, need
        # not be split into cells.
        self._copies_lines = (
            dialect.places is None
            and not self._damaged
            and eraser is None
            and not has_addresses
            and not (dialect.parts or dialect.extras or self._key_places)
            and self._card_place in (None, dialect.width - 1)
        )
        own = OWN_COLUMNS if self._key_places else OWN_COLUMNS[1:]
        self._rows = _copy_statement(feed.table, (*feed.raw_columns(), *extras, *own))
        self._rejects = _copy_statement(REJECTS, _REJECT_COLUMNS)

    def render(self, batch: Batch, into: CopyData) -> None:
        """Add the text of one batch."""
        if batch.line_numbers:
            into.add(self._rows, self._from_lines(batch) or self._from_columns(batch))
        if batch.rejects:
            rejected = [reject.line for reject in batch.rejects]
            masked = mask_lines_of(self._feed, rejected)
            into.add(self._rejects, b"".join(map(self._reject_line, batch.rejects, masked)))

    def _from_lines(self, batch: Batch) -> bytes | None:
        """The text of a batch whose lines can be copied as they are, but for the card; else None.

        The same as `_from_columns` returns, in half the time.
        """
        lines: Sequence[bytes] | None = batch.lines
        if lines is None or not self._copies_lines:
            return None
        cards = None
        if self._card_place is not None:
            lines, _, cards = zip(*[line.rpartition(TAB) for line in lines], strict=True)
        joined = b"\n".join(lines)
        if b"\\" in joined or lines_may_hold_card(joined):
            # Probably in the other lines of the file, too.
            self._copies_lines = False
            return None
        columns = [lines]
        if cards is not None:
            columns.append(self._cards.replace_all(cards, _escape))
        columns.append(_as_texts(batch.line_numbers))
        return self._joined(columns)

    def _joined(self, columns: Sequence[Sequence[bytes]]) -> bytes:
        """Columns as lines with the constant cells at their end."""
        every = 2 * len(columns)
        parts = [TAB] * (every * len(columns[0]))
        for number, cells in enumerate(columns):
            parts[2 * number :: every] = cells
        parts[every - 1 :: every] = [self._ending] * len(columns[0])
        return b"".join(parts)

    def _from_columns(self, batch: Batch) -> bytes:
        columns = self._take(batch.columns)
        self._mask_and_escape(columns)
        numbers = None if self._card_place is None else columns[self._card_place]
        self._replace(columns)
        if self._eraser is not None:
            self._eraser.erase(columns, numbers)
        if self._key_places:
            parts = [columns[place] for place in self._key_places]
            columns.append(list(map(SEPARATOR.join, zip(*parts, strict=True))))
        columns.append(list(map(str, batch.line_numbers)))
        lines = map("\t".join, zip(*columns, strict=True))
        ending = self._ending.decode()
        return (ending.join(lines) + ending).encode("utf-8")

    def _replace(self, columns: list[Cells]) -> None:
        """Replace cards and IP addresses: a column of them becomes the columns of raw."""
        made: dict[int, Sequence[Cells]] = {}
        if self._card_place is not None:
            texts = [cell.encode() for cell in columns[self._card_place]]
            cards = self._cards.replace_all(texts, _escape, self._read_card)
            cells = TAB.join(cards).decode().split("\t")
            made[self._card_place] = cells[0::3], cells[1::3], cells[2::3]
        if self._address_place is not None:
            addresses = self._addresses.replace_all(columns[self._address_place])
            tokens, networks, unreadable = zip(*addresses, strict=True)
            made[self._address_place] = tokens, networks, list(map(_escape, unreadable))
        for place in sorted(made, reverse=True):
            columns[place : place + 1] = made[place]

    def _mask_and_escape(self, columns: list[Cells]) -> None:
        """Mask cards and IP addresses in other columns, and escape what COPY would misread.

        Checks a whole column at once: there is hardly ever anything to do.
        """
        for place, cells in enumerate(columns):
            if place in (self._card_place, self._address_place):
                continue
            joined = BREAK.join(cells)
            if self._hides_addresses[place] and may_hold_address(joined):
                # First: a card's mask inside a long address would leave the rest of it.
                cells = columns[place] = list(map(mask_addresses, cells))
            if self._may_hold_card(joined):
                caution, damaged = self._cautions[place], self._damaged
                cells = [mask_cell(cell, caution, damaged=damaged) for cell in cells]
                columns[place] = cells
            if any(sign in joined for sign in "\\\t\n\r"):
                columns[place] = list(map(_escape, cells))

    def _reject_line(self, reject: Reject, masked: str) -> bytes:
        # Masked before it is cut, or the first half of a card number would remain.
        line = masked[:LONGEST_REJECTED_LINE]
        cells = (
            self._feed.name,
            mask_text_of(self._feed, reject.reason),
            line.replace("\0", "\N{REPLACEMENT CHARACTER}"),
            str(reject.line_number),
        )
        return "\t".join(map(_escape, cells)).encode("utf-8") + self._ending


def _escape(cell: str) -> str:
    return cell.translate(_ESCAPES)


def _as_texts(numbers: Sequence[int]) -> list[bytes]:
    """Line numbers as text; nearly all are small, and those are kept."""
    if not isinstance(numbers, range) or numbers[-1] > MOST_KEPT_NUMBERS:
        return [b"%d" % number for number in numbers]
    _NUMBERS.extend(b"%d" % number for number in range(len(_NUMBERS), numbers[-1] + 1))
    return _NUMBERS[numbers[0] : numbers[-1] + 1]


def _copy_statement(table: str, columns: Sequence[str]) -> str:
    names = ", ".join(f'"{name}"' for name in columns)
    return f"{_copy_into(table)}({names}) from stdin with (format text, null '')"


def _columns_of(statement: str) -> tuple[str, ...]:
    """The columns of a `_copy_statement`."""
    names = statement.partition("(")[2].partition(")")[0]
    return tuple(name.strip('"') for name in names.split(", "))


def _copy_into(table: str) -> str:
    return f'copy raw."{table}" '


def _taker(feed: Feed, dialect: Dialect) -> Callable[[Sequence[Cells]], list[Cells]]:
    """The column mapping of a line: the declared columns in their order, then the extra ones."""
    wanted = dialect.places if dialect.places is not None else tuple(range(len(feed.columns)))
    wanted = (*wanted, *(extra.place for extra in dialect.extras))
    parts = dict(dialect.parts)

    def taken(columns: Sequence[Cells]) -> list[Cells]:
        return [
            _together(columns, parts[number])
            if number in parts
            else (columns[place] if place >= 0 else ("",) * len(columns[0]))
            for number, place in enumerate(wanted)
        ]

    return taken


def _together(columns: Sequence[Cells], places: Sequence[int]) -> Cells:
    """The cells of several columns joined by spaces, without empty ones."""
    cells = zip(*(columns[place] for place in places), strict=True)
    return [" ".join(filter(None, map(str.strip, parts))) for parts in cells]
