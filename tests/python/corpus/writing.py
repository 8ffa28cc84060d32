"""Create the corpus's files: one ordinary day of a branch, and ways to write it."""

from __future__ import annotations

import csv
import gzip
import io
import json
import random
import string
import zipfile
from collections.abc import Callable, Iterator, Sequence

Content = bytes | str | Iterator[bytes]
"""The content of a file; text is written as UTF-8, and an iterator is written piece by piece."""

Make = Callable[[str], Content]
"""Creates a file's content for a branch."""

NAMES = ("at", "branch", "customer", "basket", "total", "payment", "card")
HEADER = [
    "timestamp",
    "branch",
    "customer_name",
    "basket",
    "total",
    "payment_method",
    "card_number",
]

UTF8_MARK = b"\xef\xbb\xbf"


def _card(place: int, *, length: int = 16) -> str:
    """A number that no card has: no issuer begins with 999. Every second one passes the check."""
    digits = str(9_990_000_000_000_000_000 + place * 104_729_000_729)[: length - 1]
    doubled = (int(digit) * (2 - at % 2) for at, digit in enumerate(reversed(digits)))
    check = -sum(number // 10 + number % 10 for number in doubled) % 10
    return f"{digits}{(check + place % 2) % 10}"


CARDS = [_card(place, length=19 if place in (38, 39) else 16) for place in range(40)]
"""The cards of the corpus: those at even places have a right check digit."""
CARDS[36] = _card(36, length=13)


def letters(number: int) -> str:
    """So many incompressible letters: compressible texts fit into any index."""
    return "".join(random.Random(number).choices(string.ascii_letters, k=number))


def day(branch: str, date: str = "26/08/2021") -> list[list[str]]:
    """Four receipts with six items, 12.50 in all: the basis of most cases."""
    return [
        [
            f"{date} 09:00", branch, "Ann Lee",
            "Large Latte - 2.45, Scone - 1.80", "4.25", "CASH", "",
        ],
        [f"{date} 09:01", branch, "Bo Ek", "Regular Tea - 1.70", "1.70", "CARD", CARDS[0]],
        [
            f"{date} 09:01", branch, "Cy Fox",
            "Large Flavoured iced latte - Hazelnut - 3.25, Scone - 1.80", "5.05", "CASH", "",
        ],
        [f"{date} 09:05", branch, "Di Orr", "Filter Coffee - 1.50", "1.50", "CARD", CARDS[1]],
    ]  # fmt: skip


def text(
    rows: Sequence[Sequence[str]],
    delimiter: str = ",",
    end: str = "\n",
    quoting: int = csv.QUOTE_MINIMAL,
) -> str:
    """The rows as CSV."""
    made = io.StringIO(newline="")
    csv.writer(
        made,
        delimiter=delimiter,
        lineterminator=end,
        quoting=quoting,  # type: ignore[arg-type]
    ).writerows(rows)
    return made.getvalue()


def as_json(rows: Sequence[Sequence[str]]) -> str:
    """The rows as JSON lines."""
    records = (dict(zip(HEADER, row, strict=True)) for row in rows)
    return "".join(f"{json.dumps(record)}\n" for record in records)


def put_together(
    second: Sequence[str], order: Sequence[int], first: Sequence[str] | None = tuple(HEADER)
) -> Make:
    """The ordinary day as two concatenated files, each with its own header."""

    def make(branch: str) -> str:
        rows = day(branch)
        below = [[row[place] for place in order] for row in ([*second], *rows[2:])]
        return text([*([list(first)] if first else []), *rows[:2], *below])

    return make


def changed(rows: list[list[str]], line: int, **cells: str) -> list[list[str]]:
    """The rows with some cells of one line (from 1) replaced, named as in NAMES."""
    made = [list(row) for row in rows]
    for name, cell in cells.items():
        made[line - 1][NAMES.index(name)] = cell
    return made


def with_cells(line: int, **cells: str) -> Make:
    """The ordinary day with some cells of one line replaced."""
    return lambda branch: text(changed(day(branch), line, **cells))


def every(**cells: Callable[[str], str]) -> Make:
    """The ordinary day with the cells of some columns rewritten in every line."""

    def make(branch: str) -> str:
        rows = day(branch)
        for row in rows:
            for name, rewrite in cells.items():
                row[NAMES.index(name)] = rewrite(row[NAMES.index(name)])
        return text(rows)

    return make


def with_lines(*edits: tuple[int, str]) -> Make:
    """The ordinary day with inserted lines: (place from 0, line without its end), last first."""

    def make(branch: str) -> str:
        lines = text(day(branch)).splitlines()
        for place, line in edits:
            lines.insert(place, line)
        return "\n".join(lines) + "\n"

    return make


def written(
    encoding: str = "utf-8",
    *,
    mark: bytes = b"",
    header: Sequence[str] | None = None,
    order: Sequence[int] = range(7),
    delimiter: str = ",",
    end: str = "\n",
    quoting: int = csv.QUOTE_MINIMAL,
    before: str = "",
    after: str = "",
    date: str = "26/08/2021",
    customer: str = "Ann Lee",
) -> Make:
    """The ordinary day as somebody's software writes it; `customer` names the first one."""

    def make(branch: str) -> bytes:
        rows = changed(day(branch, date), 1, customer=customer)
        if header is not None:
            rows.insert(0, list(header))
        arranged = [[row[place] for place in order] for row in rows]
        return mark + (before + text(arranged, delimiter, end, quoting) + after).encode(encoding)

    return make


def with_extra(name: str, cells: Sequence[str], place: int = 7) -> Make:
    """The ordinary day under a header with one more column, as the eighth or elsewhere."""

    def make(branch: str) -> str:
        rows = [list(HEADER), *day(branch)]
        for row, cell in zip(rows, (name, *cells), strict=True):
            row.insert(place, cell)
        return text(rows)

    return make


def gzipped(make: Make) -> Make:
    """Another maker's content, compressed."""
    return lambda branch: gzip.compress(as_bytes(make(branch)), mtime=0)


def zipped(members: dict[str, Make], *, encrypted: bool = False) -> Make:
    """An archive of files; `encrypted` sets the flag of each in the archive's directory."""

    def make(branch: str) -> bytes:
        target = io.BytesIO()
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, member in members.items():
                archive.writestr(name, as_bytes(member(branch)))
        packed = bytearray(target.getvalue())
        if encrypted:
            for signature, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
                packed[packed.index(signature) + flags] |= 1
        return bytes(packed)

    return make


def cut(make: Make, length: int) -> Make:
    """The first bytes of another maker's content, or with a negative `length` all but the last."""
    return lambda branch: as_bytes(make(branch))[:length]


def as_bytes(content: Content) -> bytes:
    """A file's content in one piece."""
    if isinstance(content, str):
        return content.encode("utf-8")
    return content if isinstance(content, bytes) else b"".join(content)


def one_huge_line(branch: str) -> Iterator[bytes]:
    """The ordinary day with a line of 50 MB in it, a megabyte at a time."""
    first, *rest = text(day(branch)).splitlines(keepends=True)
    yield first.encode()
    for _ in range(50):
        yield b"x" * (1 << 20)
    yield ("\n" + "".join(rest)).encode()
