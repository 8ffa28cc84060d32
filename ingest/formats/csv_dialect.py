"""The dialect of one file: delimiter, header, order of columns; or why it is not a CSV."""

from __future__ import annotations

import csv
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from ingest.cards import mask_text
from ingest.contract.feeds import SYSTEM_COLUMNS, TECHNICAL_COLUMNS, Feed, header_key
from ingest.contract.names import NAME_RULE
from ingest.formats.archives import OFFICE_PARTS, ZIP
from ingest.formats.extracted import Row
from ingest.masks import mask_text_of

DELIMITERS = (",", ";", "\t", "|")
NO_DELIMITER = ""
"""Of rows that are extracted from other formats than CSV."""
SAMPLED_LINES = 100
HEADER_WITHIN = 20
MOST_EXTRAS = 100
LONGEST_NAMES_SHOWN = 300

_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG\r\n\x1a\n", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"GIF8", "a GIF picture"),
    (ZIP, "a ZIP archive"),
    (b"PK\x05\x06", "an empty ZIP archive"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"BZh", "a bzip2 archive"),
    (b"\xfd7zXZ\x00", "an xz archive"),
    (b"\x28\xb5\x2f\xfd", "a zstd archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"Rar!\x1a\x07", "a RAR archive"),
    (b"SQLite format 3\x00", "an SQLite database"),
    (b"{\\rtf", "a Word (RTF) document"),
)
_EXPORT_IT = "export the data as a workbook (.xlsx, .ods) or as CSV"
_MARKUP = re.compile(rb"(?:\xef\xbb\xbf)?\s*<(?:!doctype html|html|\?xml)", re.IGNORECASE)
_CONTROL = bytes(byte for byte in range(32) if byte not in b"\t\n\r\f\x1a\x1b") + b"\x7f"
_SEPARATOR_LINE = re.compile(r'"?sep=(.)"?', re.IGNORECASE)


@dataclass(frozen=True)
class Extra:
    """A column in a file's header that the feed does not declare.

    `name`: its name in the raw table; `place`: its position in the line.
    """

    name: str
    place: int


@dataclass(frozen=True)
class Dialect:
    """How to read one file. `width`: columns per line; `places`: declared column -> place in line.

    `header`: the cells of the header line, None if there is none. `places` is None when lines
    hold the declared columns in the declared order and no others, -1 in it stands for a column that
    is absent. `parts`: declared column -> places of the cells that hold it together, where there
    are several. `nameless`: places that the header leaves empty, where no value was seen.
    """

    delimiter: str
    width: int
    header: tuple[str, ...] | None = None
    places: tuple[int, ...] | None = None
    parts: tuple[tuple[int, tuple[int, ...]], ...] = ()
    extras: tuple[Extra, ...] = ()
    nameless: tuple[int, ...] = ()
    separator_line: bool = False

    def reads_like(self, other: Dialect) -> bool:
        """Whether both parse lines in the same way, whatever their headers say."""
        return (self.delimiter, self.width, self.places, self.extras, self.nameless) == (
            *(other.delimiter, other.width, other.places, other.extras, other.nameless),
        )


@dataclass(frozen=True)
class NotReadable:
    """Why a file is quarantined, and what to do about it."""

    reason: str


@dataclass
class _Header:
    cells: tuple[str, ...]
    places: dict[int, int] = field(default_factory=dict)
    """declared column -> place in the line"""
    parts: dict[int, tuple[int, ...]] = field(default_factory=dict)
    """declared column -> places in the line, of a column in several parts"""
    twice: list[str] = field(default_factory=list)
    unknown: dict[int, str] = field(default_factory=dict)
    """place in the line -> what the header says there"""


def recognise_binary(head: bytes, *, wide: bool) -> NotReadable | None:
    """Recognise by its first bytes that a file is not a table. `wide`: it is UTF-16."""
    for magic, kind in _MAGIC:
        if head.startswith(magic):
            if magic == ZIP and any(part in head[:4096] for part in OFFICE_PARTS):
                return NotReadable(
                    "this is an Office document, but not a whole workbook; save it as a workbook"
                    " (.xlsx, .ods) or as CSV (UTF-8), and send that"
                )
            archive = "archive" in kind
            advice = "unpack it and send the file inside" if archive else _EXPORT_IT
            return NotReadable(f"this is {kind}, not a table; {advice}")
    if _MARKUP.match(head):
        return NotReadable(
            "this is a web page or XML, not a table; the download was perhaps a log-in or error"
            " page: fetch the file again"
        )
    # A crash leaves a block of zeros after what was written.
    sample = head[:65536].rstrip(b"\0") or head[:65536]
    if not wide and len(sample.translate(None, _CONTROL)) < 0.9 * len(sample):
        return NotReadable(f"this is binary data, not text; {_EXPORT_IT} (UTF-8)")
    return None


def detect(feed: Feed, lines: Sequence[str]) -> Dialect | NotReadable:
    """Find delimiter and header from the first lines of a file (with or without line ends)."""
    lines = [line for line in lines if line.strip()][:SAMPLED_LINES]
    separator = _SEPARATOR_LINE.fullmatch(lines[0].rstrip("\r\n")) if lines else None
    if separator:
        lines = lines[1:]
    candidates = (separator.group(1),) if separator else DELIMITERS
    best: tuple[tuple[int, int], str, _Header | None, list[list[str]]] | None = None
    for delimiter in candidates:
        records = _split_whole(lines, delimiter)
        if len(records) != len(lines):
            records = [split_line(line, delimiter) for line in lines]
        found = None if feed.header == "none" else _find_header(feed, records)
        header = None if found is None else found[1]
        width = len(header.cells) if header else len(feed.columns)
        fitting = _fitting(records, width)
        if fitting < len(lines):
            fitting = max(fitting, _fitting(_split_whole(lines, delimiter), width))
        # A recognised header outweighs any number of lines.
        score = (len(header.places) if header else 0, fitting)
        if best is None or score > best[0]:
            best = (score, delimiter, header, records)
        if fitting == len(lines) and _is_the_only_one(delimiter, width, lines):
            break
    assert best is not None
    _, delimiter, header, records = best
    tried = (
        (number, split_line(line, candidate))
        for number, line in enumerate(lines[:HEADER_WITHIN])
        for candidate in candidates
    )
    return _dialect(feed, delimiter, header, records, tried, separator_line=separator is not None)


def detect_rows(feed: Feed, rows: Sequence[Row]) -> tuple[Dialect, int | None] | NotReadable:
    """Find the header among the first rows extracted from a file.

    Returns the dialect and the number of the header's row, None where there is none.
    """
    declared = 0 if rows and rows[0].number == 0 else feed.layout.header_row
    rows = [row for row in rows if any(map(str.strip, row.cells))]
    place, header = None, None
    if declared is not None:
        place = next((place for place, row in enumerate(rows) if row.number == declared), None)
        which = f"row {declared}, the header's row by the feed's layout"
        if place is None:
            return NotReadable(
                f"there is no {which}; correct layout.header_row in feed {feed.name}"
            )
        header = _match_header(feed, rows[place].cells)
        if declared > 0 and not _names_enough(feed, header):
            return NotReadable(_named_by(feed, header, f"{which},"))
    elif feed.header != "none":
        # Empty cells fill the rows of a sheet up to the width of the widest.
        found = _find_header(feed, [_without_empty_end(row.cells) for row in rows])
        if found is not None:
            place = found[0]
            header = _match_header(feed, rows[place].cells)
    below = [row.cells for row in rows[0 if place is None else place + 1 :]]
    tried = [(number, row.cells) for number, row in enumerate(rows[:HEADER_WITHIN])]
    dialect = _dialect(feed, NO_DELIMITER, header, below[:SAMPLED_LINES], tried)
    if isinstance(dialect, NotReadable):
        return dialect
    return dialect, None if place is None else rows[place].number


def _dialect(
    feed: Feed,
    delimiter: str,
    header: _Header | None,
    records: Sequence[list[str]],
    tried: Iterable[tuple[int, Sequence[str]]],
    *,
    separator_line: bool = False,
) -> Dialect | NotReadable:
    """The dialect of records; `tried`: (number, cells) of what might have been a header."""
    if header is None:
        if feed.header == "required":
            return _without_header(feed, tried)
        width = _width_without_header(feed, records)
        places = tuple(range(len(feed.columns))) if width > len(feed.columns) else None
        return Dialect(delimiter, width, places=places, separator_line=separator_line)
    for record in records:
        for place, cell in enumerate(record[: len(header.cells)]):
            if cell.strip() and not header.cells[place].strip():
                header.unknown[place] = f"column {place + 1}"
    return _with_header(feed, delimiter, header, separator_line)


def _without_empty_end(cells: list[str]) -> list[str]:
    filled = len(cells)
    while filled and not cells[filled - 1].strip():
        filled -= 1
    return cells[:filled]


def holds_header(feed: Feed, cells: Sequence[str]) -> bool:
    """Whether cells name enough of the feed's columns to be its header."""
    return _read_header(feed, cells) is not None


def inner_header(
    feed: Feed, first: Dialect, cells: Sequence[str], delimiter: str
) -> Dialect | NotReadable | None:
    """The dialect below a line inside a file; None where the line is not a header.

    Some files are concatenated from several, each with its own header. `first`: the dialect at the
    beginning of the file, with the columns that its raw table has. NotReadable: it is a header, but
    the lines below it cannot be read by it.
    """
    if feed.may_name(cells) < min(2, len(feed.columns)):
        return None
    header = _match_header(feed, cells)
    if not _names_enough(feed, header):
        return _half_a_header(feed, first, header)
    missing = [
        column.name
        for place, column in enumerate(feed.columns)
        if column.required and place not in header.places
    ]
    found = None if header.twice or missing else _with_header(feed, delimiter, header, False)
    if isinstance(found, Dialect):
        known = {extra.name for extra in first.extras}
        strange = sorted(extra.name for extra in found.extras if extra.name not in known)
        if not strange:
            return found
        return NotReadable(f"names columns that the first header does not have: {_shown(strange)}")
    if not may_be_header(cells):
        return None
    if header.twice:
        return NotReadable(f"names a column twice ({_shown(header.twice)})")
    return NotReadable(f"lacks the column{'s' if len(missing) > 1 else ''} {', '.join(missing)}")


def _half_a_header(feed: Feed, first: Dialect, header: _Header) -> NotReadable | None:
    """A line of names only, some of them columns that were elsewhere before."""
    wanted = first.places if first.places is not None else tuple(range(len(feed.columns)))
    moved = [owner for owner, place in header.places.items() if wanted[owner] != place]
    if len(moved) < 2 or not may_be_header(header.cells):
        return None
    return NotReadable(
        f"names {len(header.places)} of the {len(feed.columns)} columns of feed {feed.name}, in"
        " another order"
    )


def _is_the_only_one(delimiter: str, width: int, lines: Sequence[str]) -> bool:
    """Whether no other delimiter occurs in a line as often as this one would have to."""
    most, text = width // 2, "".join(lines)
    return width > 2 and not any(
        text.count(other) >= most and any(line.count(other) >= most for line in lines)
        for other in DELIMITERS
        if other != delimiter
    )


def describe_misfit(dialect: Dialect, widths: Counter[int]) -> str:
    """The reason for a file in which no line has the right number of columns."""
    line, seen = "line", ""
    if widths:
        width, _ = widths.most_common(1)[0]
        name = {",": "commas", ";": "semicolons", "\t": "tabs"}.get(
            dialect.delimiter, f"'{dialect.delimiter}'"
        )
        seen = f" (most lines have {width}, separated by {name})"
        if dialect.delimiter == NO_DELIMITER:
            line, seen = "row", f" (most have {width})"
    return (
        f"no {line} has the {dialect.width} columns of the feed{seen}; check that the right file"
        " was sent and how it was exported"
    )


def split_line(line: str, delimiter: str) -> list[str]:
    """The cells of one line; empty where its quotes are broken."""
    try:
        return next(csv.reader((line,), delimiter=delimiter), [])
    except csv.Error:
        return []


def _split_whole(lines: Sequence[str], delimiter: str) -> list[list[str]]:
    """The records of several lines: one may have line breaks inside its quotes."""
    try:
        return list(csv.reader(lines, delimiter=delimiter))
    except csv.Error:
        return []


def _fitting(records: Sequence[list[str]], width: int) -> int:
    """How many records have so many columns, not counting empty ones at the end."""
    return sum(
        len(record) == width or (len(record) > width and not any(record[width:]))
        for record in records
    )


def _width_without_header(feed: Feed, records: Sequence[list[str]]) -> int:
    """The feed's number of columns, or more where most lines end in empty ones."""
    width = len(feed.columns)
    padded = Counter(
        len(record) for record in records if len(record) > width and not any(record[width:])
    )
    if padded:
        widest, count = padded.most_common(1)[0]
        if count > len(records) / 2:
            return widest
    return width


def _find_header(feed: Feed, records: Sequence[list[str]]) -> tuple[int, _Header] | None:
    """The first line that names columns, and its place, if every line above has another width.

    Not below rows: then it is a header inside a file that begins without one.
    """
    widths_above: set[int] = set()
    for number, record in enumerate(records[:HEADER_WITHIN]):
        if len(record) not in widths_above:
            header = _read_header(feed, record)
            if header is not None:
                begins_with_rows = feed.header == "optional" and any(
                    len(above) == len(feed.columns) and not may_be_header(above)
                    for above in records[:number]
                )
                return None if begins_with_rows else (number, header)
            widths_above.add(len(record))
    return None


def _read_header(feed: Feed, cells: Sequence[str]) -> _Header | None:
    header = _match_header(feed, cells)
    return header if _names_enough(feed, header) else None


def _names_enough(feed: Feed, header: _Header) -> bool:
    """Half of the columns: one cell that looks like a name by chance is not a header."""
    columns, cells = len(feed.columns), len(header.cells)
    return len(header.places) >= max(min(2, columns), (min(cells, columns) + 1) // 2)


def _match_header(feed: Feed, cells: Sequence[str]) -> _Header:
    header = _Header(tuple(cells), parts=feed.parts_named(cells))
    header.places.update((owner, places[0]) for owner, places in header.parts.items())
    parts = {place for places in header.parts.values() for place in places}
    for place, (cell, owner) in enumerate(zip(cells, feed.columns_named(cells), strict=True)):
        if place in parts:
            continue
        if owner is None:
            if cell.strip():
                header.unknown[place] = cell.strip()
        elif owner in header.places:
            header.twice.append(cell.strip())
        else:
            header.places[owner] = place
    return header


def _without_header(feed: Feed, tried: Iterable[tuple[int, Sequence[str]]]) -> NotReadable:
    """Why no line is the header that the feed requires, with the closest line."""
    nearest = _nearest_header(feed, tried)
    names = [column.name for column in feed.columns]
    if len(nearest.places) < 2:
        # A line that is not a header may hold personal data, which must not be in a reason.
        known = f"only {len(nearest.places)}" if nearest.places else "none"
        return NotReadable(
            f"no header line found: the first line names {known} of the {len(names)} columns"
            f" {', '.join(names)}; branchline quarantine show prints it; {_name_them(feed)}"
        )
    return NotReadable(_named_by(feed, nearest, "the header is not recognised: it"))


def _named_by(feed: Feed, header: _Header, which: str) -> str:
    """Which columns a header that is not recognised names, and which it does not."""
    names = [column.name for column in feed.columns]
    missing = [name for place, name in enumerate(names) if place not in header.places]
    known = len(header.places) or "none"
    strange = ""
    if may_be_header(header.cells):
        strange = (
            f"; not recognised: {_shown(header.unknown.values()) or 'none'}; the header:"
            f" {_shown(header.cells)}"
        )
    return (
        f"{which} names {known} of the {len(names)} columns of feed {feed.name}; missing:"
        f" {', '.join(missing)}{strange}; {_name_them(feed)}"
    )


def _name_them(feed: Feed) -> str:
    return (
        "export the file with a header line of these names, or add the names it has as aliases to"
        f" feed {feed.name}"
    )


def _nearest_header(feed: Feed, tried: Iterable[tuple[int, Sequence[str]]]) -> _Header:
    """The line that names most columns with any of the delimiters; else the first line."""

    def nearness(found: tuple[int, _Header]) -> tuple[int, int, int]:
        number, header = found
        # Below the first line, one cell that looks like a name is chance.
        named = len(header.places) if number == 0 or len(header.places) > 1 else 0
        return named, -number, len(header.cells)

    found = [(number, _match_header(feed, cells)) for number, cells in tried]
    return max(found, key=nearness)[1] if found else _Header(())


def may_be_header(cells: Sequence[str]) -> bool:
    """Whether cells are names and not values: none is a number, a date or the like."""
    filled = [cell.strip() for cell in cells if cell.strip()]
    return bool(filled) and all(
        any(map(str.isalpha, cell)) and not cell[0].isdigit() for cell in filled
    )


def _shown(cells: Iterable[str]) -> str:
    """Header cells for a message: masked before they are cut, or half a card would remain."""
    text = mask_text(", ".join(cell.strip() for cell in cells))
    if len(text) <= LONGEST_NAMES_SHOWN:
        return text
    return text[:LONGEST_NAMES_SHOWN].rstrip(", ") + " ..."


def _with_header(
    feed: Feed, delimiter: str, header: _Header, separator_line: bool
) -> Dialect | NotReadable:
    if header.twice:
        return NotReadable(
            f"the header names a column twice ({', '.join(header.twice)}); remove or rename one; if"
            " they are parts of one column, such as a date and its time, list them as parts in"
            f" feed {feed.name}"
        )
    missing = [
        column.name
        for place, column in enumerate(feed.columns)
        if column.required and place not in header.places
    ]
    if missing:
        unknown = _shown(header.unknown.values())
        unknown = f"; not recognised: {unknown}" if unknown else ""
        return NotReadable(
            f"the header lacks the column{'s' if len(missing) > 1 else ''} {', '.join(missing)}"
            f"{unknown}; export all columns, or add the header's name as an alias to the feed"
        )
    if len(header.unknown) > MOST_EXTRAS:
        return NotReadable(
            f"the header names {len(header.unknown):,} columns that the feed does not declare;"
            " check that the right file was sent"
        )
    places = tuple(header.places.get(place, -1) for place in range(len(feed.columns)))
    in_order = places == tuple(range(len(feed.columns))) and len(header.cells) == len(places)
    return Dialect(
        delimiter=delimiter,
        width=len(header.cells),
        header=header.cells,
        places=None if in_order else places,
        parts=tuple(header.parts.items()),
        extras=_extras(feed, header.unknown),
        nameless=tuple(
            place
            for place, cell in enumerate(header.cells)
            if not cell.strip() and place not in header.unknown
        ),
        separator_line=separator_line,
    )


def _extras(feed: Feed, unknown: Mapping[int, str]) -> tuple[Extra, ...]:
    """Unique raw column names for the columns that the feed does not declare."""
    taken = {*feed.raw_columns(), *TECHNICAL_COLUMNS, *SYSTEM_COLUMNS}
    extras = []
    for place, cell in unknown.items():
        # Masked: in a file without a header, the cell may be data with card numbers.
        masked = mask_text_of(feed, cell)
        plain = unicodedata.normalize("NFKD", masked).encode("ascii", "ignore").decode()
        stem = header_key(plain)[:50].strip("_")
        if not NAME_RULE.fullmatch(stem) or stem in taken:
            stem = f"extra_{stem}".strip("_")
        name, number = stem, 1
        while name in taken:
            number += 1
            name = f"{stem}_{number}"
        taken.add(name)
        extras.append(Extra(name, place))
    return tuple(extras)
