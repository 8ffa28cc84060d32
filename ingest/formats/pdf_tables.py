"""Rows of a table in a PDF document, which has no table: only words and where they stand.

Words are grouped by distance. Those of one baseline are a line, those with a usual blank between
them a piece. A header, which names the feed's columns, says where the columns are; what stands
below a column's name, or beside it and below no other, belongs to the column. Lines that are closer
to each other than the rows are the lines of one row, whose cells wrap.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import BinaryIO

from ingest.contract.feeds import Feed
from ingest.contract.file_errors import UnusableFileError
from ingest.formats.extracted import Flaw, Item, Remark, Row
from ingest.formats.pdf_text import UNKNOWN_CHARACTER, PageText, Word, read_pages, whole_document
from ingest.masks import mask_text_of

# Distances, in sizes of the font.
SAME_LINE = 0.3
ONE_BLANK = 0.45
"""The widest gap between words of one cell where the document has no blank there."""
BESIDE_A_BLANK = 0.4
"""The widest space around a blank that the document has, as of narrow letters in wide places."""
CLOSER_THAN_LINES = 0.9
"""Lines of different cells that are each centred in the same row."""
NO_PADDING = 1.35
"""Rows that are no further apart than the lines of a text."""

# Shares of the distance between rows.
WITHIN_A_ROW = 0.88
FAR_WITHIN_A_ROW = 0.7
"""The same for lines further apart than those of most texts."""
BEYOND_THE_TABLE = 1.6

MOST_TITLES = 5
MOST_OUTSIDE = 200
SHOWN = 5
LONGEST_SHOWN = 80
_PAGE_NUMBER = re.compile(
    r"\W*(?:(?:page|seite|pagina|página|strona|side|sida|sivu|p\.?|s\.?)\W*)?\d{1,5}"
    r"(?:\s*(?:/|of|von|de|di|van|sur|av|z|-)\s*\d{1,5})?\W*",
    re.IGNORECASE,
)
_JOINED = re.compile(r"\w[-/_]\Z")

Span = tuple[float, float]
Cells = list[list[Word]]


class Piece:
    """Words with no more than a blank between them."""

    def __init__(self, words: list[Word]) -> None:
        self.words = words
        self.left = words[0].left
        self.right = max(word.right for word in words)

    @property
    def text(self) -> str:
        """The words as they stand."""
        return text_of(self.words)


class Line:
    """The pieces on one baseline, from left to right."""

    def __init__(self, words: list[Word]) -> None:
        words.sort(key=lambda word: word.left)
        self.base = words[0].base
        self.size = max(word.size for word in words)
        self.pieces: list[Piece] = []
        together: list[Word] = []
        for word in words:
            if together:
                last = together[-1]
                gap = word.left - last.right
                size = max(word.size, last.size)
                widest = word.blank + BESIDE_A_BLANK * size if word.blank else ONE_BLANK * size
                if gap > widest:
                    self.pieces.append(Piece(together))
                    together = []
            together.append(word)
        self.pieces.append(Piece(together))

    @property
    def text(self) -> str:
        """All of it."""
        return "  ".join(piece.text for piece in self.pieces)


@dataclass(frozen=True)
class Layout:
    """The columns of a table: where each is, and the header's cells if there is a header."""

    spans: list[Span]
    header: tuple[str, ...] | None = None
    seeds: list[Span] = field(default_factory=list)
    """Where the names of the columns are."""

    @property
    def width(self) -> int:
        """The number of columns."""
        return len(self.spans)


@dataclass(frozen=True)
class Header:
    """Lines that name columns of the feed."""

    first: int
    behind: int
    """The place of the line below."""
    cells: tuple[str, ...]
    spans: list[Span]
    twice: str | None = None
    """A name that occurs twice: of tables side by side."""


@dataclass
class Group:
    """Lines that are one row; without cells, a line that does not fit the columns."""

    lines: list[Line]
    cells: list[str] | None
    is_partial: bool


@dataclass
class Outside:
    """A text outside the table, and where it was found."""

    text: str
    page: int
    pages: int = 1
    is_known: bool = False
    """A title or a page number."""


def read_pdf(stream: BinaryIO, feed: Feed) -> Iterator[Item]:
    """The rows of the only table of a PDF document, which may continue on any number of pages.

    A row's number is its place among all rows, headers and flaws of the document. Raises
    UnusableFileError where the document cannot be opened or has no table.
    """
    content, damaged = whole_document(stream)
    tables = _Tables(feed)
    for number, page in enumerate(read_pages(content), start=1):
        yield from tables.page(number, page)
    yield from tables.end(damaged)


def lines_of(words: Iterable[Word]) -> list[Line]:
    """Words grouped to lines, from the top."""
    groups: list[list[Word]] = []
    for word in sorted(words, key=lambda word: -word.base):
        first = groups[-1][0] if groups else None
        if first is not None and first.base - word.base <= SAME_LINE * min(first.size, word.size):
            groups[-1].append(word)
        else:
            groups.append([word])
    return [Line(group) for group in groups]


def text_of(words: Sequence[Word]) -> str:
    """Words with the blanks that are between them, or one where only a distance is."""
    if len(words) == 1:
        return words[0].text
    return words[0].text + "".join((word.before or " ") + word.text for word in words[1:])


class _Tables:
    """Reads page after page, and remembers the columns of those before."""

    def __init__(self, feed: Feed) -> None:
        self._feed = feed
        self._number = 0
        self._page = 0
        self._layouts: list[Layout] = []
        """The latest last."""
        self._pitch: float | None = None
        """The usual distance between rows."""
        self._rows = 0
        self._wrapped: list[int] = []
        """Page of the first row with cells of several lines, and how many there are."""
        self._unknown: list[int] = []
        """Pages with characters that have no meaning."""
        self._outside: dict[str, Outside] = {}
        self._faults: list[str] = []
        self._read = 0
        self._sample = ""
        self._side_by_side_because = ""

    def page(self, number: int, page: PageText) -> Iterator[Item]:
        """The items of one page."""
        self._page = number
        if page.fault is not None:
            self._faults.append(page.fault)
            yield self._flaw(page.fault, "")
            return
        self._read += 1
        if page.unknown:
            self._unknown.append(number)
        for text in page.aside:
            yield from self._set_outside(text, is_known=False)
        lines = lines_of(page.words)
        headers = self._headers(lines)
        if not headers:
            yield from self._without_header(lines)
            return
        yield from self._above(lines[: headers[0].first], headers[0], lines)
        ends = [*(header.first for header in headers[1:]), len(lines)]
        for header, end in zip(headers, ends, strict=True):
            below = lines[header.behind : end]
            if header.twice is not None:
                yield from self._side_by_side(header, lines[header.first : end])
                continue
            layout = with_columns(header, below)
            self._remember(layout)
            yield self._row(list(layout.header or ()))
            yield from self._body(below, layout, lines[header.behind - 1])

    def end(self, damaged: Sequence[int]) -> Iterator[Item]:
        """What is known only after the last page. `damaged`: numbers of objects."""
        if not self._rows and not self._layouts:
            raise UnusableFileError(self._no_table())
        for number in damaged:
            self._number += 1
            yield Flaw(
                self._number,
                f"object {number} of the document is damaged: rows of its page may be missing, or"
                " have other characters; export it again",
                "",
            )
        shown = []
        for one in self._outside.values():
            if one.is_known or one.pages > 1:
                where = f"page {one.page}" if one.pages == 1 else f"{one.pages:,} pages"
                shown.append(f"'{self._short(one.text)}' ({where})")
            else:
                self._page = one.page
                yield self._flaw("has a text outside the table", one.text)
        if shown:
            more = f" and {len(shown) - SHOWN} more" if len(shown) > SHOWN else ""
            yield Remark(
                f"texts outside the table are not loaded: {', '.join(shown[:SHOWN])}{more}"
            )
        if self._wrapped:
            page, count = self._wrapped
            yield Remark(
                f"{count:,} rows have cells of several lines, which were joined; the first is on"
                f" page {page}"
            )
        if self._unknown:
            yield Remark(
                f"characters that the fonts do not explain, on {len(self._unknown):,} pages, the"
                f" first of them page {self._unknown[0]}, were replaced by {UNKNOWN_CHARACTER}"
            )

    def _no_table(self) -> str:
        if not self._read:
            if all("no text" in fault for fault in self._faults):
                return (
                    "the PDF document has no text on any page, as a scan has; send the table as"
                    " text, or as CSV or a workbook"
                )
            return f"no page of the PDF document can be read; the first {self._faults[0]}"
        if self._side_by_side_because:
            return f"the PDF document {self._side_by_side_because}"
        begins = self._short(self._sample)
        return (
            f"the PDF document has no table with the columns of feed {self._feed.name}; it begins"
            f" '{begins}'; if it is the right document, add the names in its header to the aliases"
            " of the feed's columns"
        )

    def _short(self, text: str) -> str:
        """A text for a message: masked before it is cut, or half a card would remain."""
        text = " ".join(text.split())
        masked = mask_text_of(self._feed, text)
        return masked if len(masked) <= LONGEST_SHOWN else f"{masked[: LONGEST_SHOWN - 1]}…"

    def _row(self, cells: list[str]) -> Row:
        self._number += 1
        return Row(self._number, cells)

    def _flaw(self, what: str, text: str) -> Flaw:
        self._number += 1
        return Flaw(self._number, f"page {self._page} {what}", text)

    def _remember(self, layout: Layout) -> None:
        for place, other in enumerate(self._layouts):
            if other.header == layout.header and _is_aligned(layout.spans, other.spans):
                # A page of few rows knows less of how wide a column is.
                spans = [
                    (min(left, before), max(right, behind))
                    for (left, right), (before, behind) in zip(
                        layout.spans, other.spans, strict=True
                    )
                ]
                if _are_apart(spans):
                    layout = Layout(spans, layout.header, layout.seeds)
                del self._layouts[place]
                break
        self._layouts.append(layout)
        del self._layouts[:-8]

    # Headers.

    def _headers(self, lines: list[Line]) -> list[Header]:
        found: list[Header] = []
        place = 0
        while place < len(lines):
            header = self._header(lines, place)
            if header is not None:
                found.append(header)
            place = place + 1 if header is None else header.behind
        return found

    def _header(self, lines: list[Line], place: int) -> Header | None:
        """The header that begins with a line; its cells may have up to three lines."""
        best: tuple[int, Header] | None = None
        line = lines[place]
        if sum(piece.text[:1].isdigit() for piece in line.pieces) * 2 > len(line.pieces):
            return None
        for height in (1, 2, 3):
            part = lines[place : place + height]
            if len(part) < height:
                break
            if height > 1:
                if part[-2].base - part[-1].base > 2 * part[-1].size:
                    break
                if not any(map(str.isalpha, part[-1].text)):
                    break
            cells, spans = self._header_cells(part)
            owners = self._feed.columns_named(cells)
            named = [owner for owner in owners if owner is not None]
            distinct = len(set(named))
            enough = distinct >= 2 or (len(self._feed.columns) == 1 == len(cells) == distinct)
            if not enough or 2 * len(named) < len(cells):
                continue
            if best is not None and distinct <= best[0]:
                continue
            twice = next((cells[i] for i, one in enumerate(owners) if one in owners[:i]
                          and one is not None), None)  # fmt: skip
            best = distinct, Header(place, place + height, tuple(cells), spans, twice)
            if height == 1 and len(named) == len(cells):
                break
        return None if best is None else best[1]

    def _header_cells(self, lines: list[Line]) -> tuple[list[str], list[Span]]:
        """The cells of a header of one or several lines."""
        columns: list[tuple[float, float, list[list[Word]]]] = []
        for words in (
            words for line in lines for piece in line.pieces for words in self._names(piece)
        ):
            left, right = words[0].left, max(word.right for word in words)
            hit = [
                place
                for place, (before, behind, _) in enumerate(columns)
                if left < behind and right > before
            ]
            if len(hit) == 1:
                before, behind, parts = columns[hit[0]]
                columns[hit[0]] = min(left, before), max(right, behind), [*parts, words]
            else:
                columns.append((left, right, [words]))
        columns.sort(key=lambda column: column[:2])
        cells = [joined(text_of(words) for words in parts) for _, _, parts in columns]
        return cells, [(left, right) for left, right, _ in columns]

    def _names(self, piece: Piece) -> Iterator[list[Word]]:
        """A piece of a header, divided where it consists of several columns' names."""
        words = piece.words
        if len(words) == 1 or self._feed.columns_named([piece.text])[0] is not None:
            yield words
            return
        parts: list[list[Word]] = []
        start = 0
        while start < len(words):
            for end in range(len(words), start, -1):
                if self._feed.columns_named([text_of(words[start:end])])[0] is not None:
                    parts.append(words[start:end])
                    start = end
                    break
            else:
                yield words
                return
        yield from parts

    def _side_by_side(self, header: Header, lines: list[Line]) -> Iterator[Item]:
        twice = self._short(header.twice or "")
        reason = (
            f"has tables side by side: '{twice}' is the name of two columns;"
            " send each table as a document of its own"
        )
        self._side_by_side_because = reason
        for line in lines:
            yield self._flaw(reason, line.text)

    def _above(self, above: list[Line], header: Header, lines: list[Line]) -> Iterator[Item]:
        """The lines above the first header of a page: the end of a table, or titles."""
        if not above:
            return
        layout = self._fitting(above)
        if layout is not None and any(len(line.pieces) > layout.width / 2 for line in above):
            yield from self._on_with(layout)
            yield from self._body(above, layout, None)
            return
        for line in above:
            yield from self._set_outside(line.text, is_known=len(above) <= MOST_TITLES)

    # Pages without a header.

    def _without_header(self, lines: list[Line]) -> Iterator[Item]:
        layout = self._fitting(lines) or self._in_order(lines)
        if layout is None:
            text = "\n".join(line.text for line in lines)
            self._sample = self._sample or lines[0].text
            if _is_table_like(lines) and self._layouts:
                yield self._flaw(
                    "has no header, and its columns are not where those of the table are", text
                )
            else:
                yield self._flaw("has no table of this feed", text)
            return
        yield from self._on_with(layout)
        yield from self._body(lines, layout, None)

    def _on_with(self, layout: Layout) -> Iterator[Item]:
        """Repeat the header of an earlier layout if another one is in force."""
        latest = self._layouts[-1] if self._layouts else layout
        self._remember(layout)
        if latest.header != layout.header and layout.header is not None:
            yield self._row(list(layout.header))

    def _fitting(self, lines: list[Line]) -> Layout | None:
        """The latest known layout whose columns are where those of the lines are."""
        for layout in reversed(self._layouts):
            fits = of = 0
            extents: dict[int, Span] = {}
            for line in lines:
                if len(line.pieces) * 2 < layout.width:
                    continue
                of += 1
                cells = placed(line, layout)
                if cells is None:
                    continue
                filled = [place for place, words in enumerate(cells) if words]
                fits += 1
                for place in filled:
                    left, right = cells[place][0].left, cells[place][-1].right
                    before, behind = extents.get(place, (left, right))
                    extents[place] = min(left, before), max(right, behind)
            if of and fits >= 0.8 * of and _are_like(extents, layout.spans, lines[0].size):
                return layout
        return None

    def _in_order(self, lines: list[Line]) -> Layout | None:
        """A layout of lines with as many pieces as the table has columns, one after the other."""
        latest = self._layouts[-1] if self._layouts else None
        width = latest.width if latest is not None else len(self._feed.columns)
        spans = _whole(lines, width)
        return Layout(spans, latest.header if latest is not None else None) if spans else None

    # Rows.

    def _body(self, lines: list[Line], layout: Layout, header: Line | None) -> Iterator[Item]:
        """The rows among lines of one layout, and what else is between and behind them."""
        if not lines:
            return
        groups = self._groups(lines, layout)
        first, behind = self._extent(groups, header)
        for place, group in enumerate(groups):
            text = "\n".join(line.text for line in group.lines)
            if not first <= place < behind:
                yield from self._set_outside(text, is_known=False)
            elif group.cells is None:
                yield self._flaw("has a line that does not stand in the table's columns", text)
            else:
                self._rows += 1
                if len(group.lines) > 1:
                    self._wrapped = self._wrapped or [self._page, 0]
                    self._wrapped[1] += 1
                yield self._row(group.cells)

    def _groups(self, lines: list[Line], layout: Layout) -> list[Group]:
        """Lines put together to rows."""
        placing = [placed(line, layout) for line in lines]
        partial = [cells is None or _is_partial(cells) for cells in placing]
        gaps = [above.base - below.base for above, below in itertools.pairwise(lines)]
        pitch = self._pitch_of(gaps, placing, partial)
        groups: list[Group] = []
        parts: list[Cells] = []
        for place, line in enumerate(lines):
            cells = placing[place]
            if cells is None:
                groups.append(Group([line], None, is_partial=True))
                parts = []
                continue
            if parts and self._continues(gaps[place - 1], pitch, parts, cells, line, layout,
                                         any(partial[place - 1 : place + 1])):  # fmt: skip
                parts.append(cells)
                last = groups[-1]
                last.lines.append(line)
                last.is_partial = last.is_partial and partial[place]
                last.cells = [joined(text_of(part[column]) for part in parts if part[column])
                              for column in range(layout.width)]  # fmt: skip
                continue
            parts = [cells]
            texts = [text_of(words) if words else "" for words in cells]
            groups.append(Group([line], texts, is_partial=partial[place]))
        return groups

    def _pitch_of(
        self, gaps: list[float], placing: list[Cells | None], partial: list[bool]
    ) -> float | None:
        """The distance between rows: the widest gap between two lines that each fill a row."""
        widest: list[float] = []
        last: int | None = None
        for place, is_partial in enumerate(partial):
            if is_partial:
                if placing[place] is None:
                    last = None
                continue
            if last is not None:
                widest.append(max(gaps[last:place]))
            last = place
        if len(widest) >= 2 or (widest and self._pitch is None):
            self._pitch = median(widest)
        return self._pitch

    def _continues(
        self,
        gap: float,
        pitch: float | None,
        parts: list[Cells],
        cells: Cells,
        line: Line,
        layout: Layout,
        is_partial: bool,
    ) -> bool:
        """Whether a line continues the row whose lines so far are `parts`."""
        if not is_partial:
            return False
        most = max((sum(map(bool, part)) for part in parts if part[0]), default=0)
        if cells[0] and min(most, sum(map(bool, cells))) > 1:
            # Both begin like a row. Where the first cell wraps, one of its lines stands alone.
            return False
        if gap < CLOSER_THAN_LINES * line.size:
            return True
        above = parts[-1]
        if pitch is None:
            return gap < NO_PADDING * line.size and not cells[0]
        if gap < (WITHIN_A_ROW if gap < NO_PADDING * line.size else FAR_WITHIN_A_ROW) * pitch:
            return gap < 2 * line.size
        if gap > 1.1 * pitch or pitch > NO_PADDING * line.size or cells[0]:
            return False
        # Rows as close as lines: only a word that had no room above continues a row.
        filled = [place for place, words in enumerate(cells) if words]
        return all(
            above[place]
            and (above[place][-1].right - above[place][0].left)
            + 0.25 * line.size
            + (cells[place][0].right - cells[place][0].left)
            > layout.spans[place][1] - layout.spans[place][0]
            for place in filled
        )

    def _extent(self, groups: list[Group], header: Line | None) -> tuple[int, int]:
        """The first group of the table and the one behind its last."""
        far = BEYOND_THE_TABLE * (self._pitch or 1.6 * groups[0].lines[0].size)
        bases = [(group.lines[0].base, group.lines[-1].base) for group in groups]
        behind = len(groups)
        for place in range(len(groups) - 1, -1, -1):
            group = groups[place]
            if not group.is_partial:
                break
            above = bases[place - 1][1] if place else (header.base if header else None)
            is_far = above is not None and above - bases[place][0] > far
            is_last = place == behind - 1
            text = group.lines[0].text
            is_number = is_last and len(group.lines) == 1 and _PAGE_NUMBER.fullmatch(text)
            if is_far or (is_last and (group.cells is None or is_number)):
                behind = place
        first = 0
        if header is None:
            for place, group in enumerate(groups[:behind]):
                if not group.is_partial:
                    break
                below = bases[place + 1][0] if place + 1 < behind else None
                is_far = below is not None and bases[place][1] - below > far
                if is_far or (place == first and group.cells is None):
                    first = place + 1
        return first, behind

    def _set_outside(self, text: str, *, is_known: bool) -> Iterator[Item]:
        """Keep a text outside the table until it is known whether it occurs on other pages."""
        self._sample = self._sample or text
        key = re.sub(r"\d+", "#", text)
        known = self._outside.get(key)
        if known is not None:
            known.pages += 1
            known.is_known = known.is_known or is_known
        elif len(self._outside) >= MOST_OUTSIDE:
            yield self._flaw("has a text outside the table", text)
        else:
            is_known = is_known or _PAGE_NUMBER.fullmatch(text) is not None
            self._outside[key] = Outside(text, self._page, is_known=is_known)


def with_columns(header: Header, lines: list[Line]) -> Layout:
    """The columns of a header, as wide as what stands in them; and columns without a name."""
    in_order = _whole(lines, len(header.spans))
    if in_order and all(
        place in hit
        for place, (left, right) in enumerate(in_order)
        if (hit := _hit(left, right, header.spans))
    ):
        return Layout(in_order, header.cells)
    seeds = header.spans
    spans = list(seeds)
    used = [False] * len(seeds)
    orphans: list[tuple[Piece, Line]] = []
    for line in lines:
        if len(line.pieces) == 1 and len(seeds) > 2:
            continue
        for piece in line.pieces:
            hit = _hit(piece.left, piece.right, seeds)
            if len(hit) == 1:
                used[hit[0]] = True
                left, right = spans[hit[0]]
                spans[hit[0]] = min(left, piece.left), max(right, piece.right)
            elif not hit:
                orphans.append((piece, line))
    named = list(header.cells)
    clusters: list[tuple[float, float, list[Line]]] = []
    for piece, line in sorted(orphans, key=lambda one: one[0].left):
        if len(_hit(piece.left, piece.right, spans)) == 1:
            continue
        if clusters and piece.left < clusters[-1][1]:
            left, right, at = clusters[-1]
            clusters[-1] = left, max(right, piece.right), [*at, line]
        else:
            clusters.append((piece.left, piece.right, [line]))
    nameless: list[Span] = []
    grown = list(spans)
    for left, right, at in clusters:
        near = sorted(range(len(seeds)), key=lambda place: _distance(spans[place], (left, right)))
        beside = [
            place
            for place in range(len(seeds))
            if not used[place]
            and not any(
                used[other] and _between(spans[other], spans[place], (left, right))
                for other in range(len(seeds))
            )
        ]
        owner = min(beside, key=near.index) if beside else near[0]
        whole = [line for line in at if 2 * len(line.pieces) >= len(seeds)]
        if not beside and any(_fills(line, spans[owner]) for line in whole):
            nameless.append((left, right))
            continue
        if whole:
            used[owner] = True
            before, behind = grown[owner]
            grown[owner] = min(before, left), max(behind, right)
    columns = sorted(
        [
            *((span, name, seed) for span, name, seed in zip(grown, named, seeds, strict=True)),
            *((span, "", span) for span in nameless),
        ],
        key=lambda column: column[2],
    )
    return Layout(
        [span for span, _, _ in columns],
        tuple(name for _, name, _ in columns),
        [seed for _, _, seed in columns],
    )


def placed(line: Line, layout: Layout) -> Cells | None:
    """The words of a line by column; None where one stands in two columns."""
    spans = layout.spans
    cells: Cells = [[] for _ in spans]
    for piece in line.pieces:
        hit = _hit(piece.left, piece.right, spans)
        if len(hit) == 1:
            cells[hit[0]] += piece.words
            continue
        if not hit:
            middle = (piece.left, piece.right)
            nearest = min(range(len(spans)), key=lambda place: _distance(spans[place], middle))
            if _distance(spans[nearest], middle) > 3 * line.size:
                return None
            cells[nearest] += piece.words
            continue
        parts: dict[int, list[Word]] = {}
        owner = hit[0]
        for word in piece.words:
            found = _owner(word, layout)
            if found is None and _hit(word.left, word.right, spans):
                return None
            owner = owner if found is None else found
            parts.setdefault(owner, []).append(word)
        if not _stand_in(parts, spans, line.size / 2):
            return None
        for place, words in parts.items():
            cells[place] += words
    return cells


def _whole(lines: list[Line], width: int) -> list[Span]:
    """Where the columns are if most lines fill each of them with one piece; else nothing."""
    whole = [line for line in lines if len(line.pieces) == width]
    if width < 2 or 2 * len(whole) < len(lines):
        return []
    spans = [
        (
            min((line.pieces[place].left for line in whole), default=0.0),
            max((line.pieces[place].right for line in whole), default=0.0),
        )
        for place in range(width)
    ]
    return spans if whole and _are_apart(spans) else []


def joined(texts: Iterable[str]) -> str:
    """The lines of a cell as one: with a blank between, but for a hyphen at a line's end."""
    text = ""
    for part in texts:
        between = "" if not text or _JOINED.search(text) else " "
        text += between + part
    return text


def _owner(word: Word, layout: Layout) -> int | None:
    """The column of a word."""
    spans = layout.spans
    hit = _hit(word.left, word.right, spans)
    if len(hit) < 2:
        return hit[0] if hit else None
    named = [place for place in _hit(word.left, word.right, layout.seeds) if place in hit]
    if len(named) == 1:
        return named[0]
    width = max(word.right - word.left, 0.01)
    for place in hit:
        left, right = spans[place]
        if (min(word.right, right) - max(word.left, left)) / width > 0.8:
            return place
    return None


def _stand_in(parts: dict[int, list[Word]], spans: Sequence[Span], near: float) -> bool:
    """Whether the parts of a piece are cells: a text across columns meets their edges by chance."""
    aligned = 0
    for place, words in parts.items():
        left, right = words[0].left, words[-1].right
        before, behind = spans[place]
        at_edge = abs(left - before) <= near or abs(right - behind) <= near
        if not at_edge and (left < before or right > behind):
            return False
        aligned += at_edge or abs(left + right - before - behind) <= near
    return 2 * aligned > len(parts)


def _hit(left: float, right: float, spans: Sequence[Span]) -> list[int]:
    """The columns that something overlaps."""
    return [
        place for place, (before, behind) in enumerate(spans) if left < behind and right > before
    ]


def _distance(one: Span, other: Span) -> float:
    return max(one[0] - other[1], other[0] - one[1], 0.0)


def _between(one: Span, first: Span, other: Span) -> bool:
    """Whether a column is between two others."""
    low, high = sorted((first, other))
    return low[0] < one[0] < high[0]


def _fills(line: Line, span: Span) -> bool:
    return any(piece.left < span[1] and piece.right > span[0] for piece in line.pieces)


def _is_partial(cells: Cells) -> bool:
    """Whether so few cells are filled that a line may be only part of a row."""
    filled = sum(map(bool, cells))
    return filled < len(cells) and (2 * filled <= len(cells) or not cells[0])


def _are_apart(spans: Sequence[Span]) -> bool:
    return all(one[1] <= other[0] for one, other in itertools.pairwise(spans))


def _is_aligned(spans: Sequence[Span], others: Sequence[Span]) -> bool:
    return len(spans) == len(others) and _are_like(dict(enumerate(spans)), others, 8)


def _are_like(extents: dict[int, Span], spans: Sequence[Span], size: float) -> bool:
    """Whether most columns begin, end or are centred at the same place."""
    near = 0
    for place, (left, right) in extents.items():
        before, behind = spans[place]
        middle = abs(left + right - before - behind) / 2
        near += min(abs(left - before), abs(right - behind), middle) <= size / 2
    return bool(extents) and 2 * near >= len(extents)


def _is_table_like(lines: list[Line]) -> bool:
    return sum(len(line.pieces) > 1 for line in lines) * 2 > len(lines)
