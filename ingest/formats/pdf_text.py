"""The words of a PDF's pages, and where they stand.

PDFium is a C library and not thread-safe: every call is made under one lock, and whatever it gives
out is closed again.
"""

from __future__ import annotations

import ctypes
import math
import threading
import unicodedata
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from statistics import median
from typing import Any, BinaryIO, NamedTuple

from ingest.contract.file_errors import UnusableFileError
from ingest.formats.pdf_streams import damaged_objects

MOST_BYTES = 1 << 28
MOST_PAGES = 20_000
MOST_CHARACTERS = 200_000
"""Of one page; a page of small print has some 10,000."""
UNKNOWN_CHARACTER = "\N{REPLACEMENT CHARACTER}"
_TAIL = 1024
"""The mark at the end of a document is in its last bytes (ISO 32000-1, annex H.3.4.4)."""
_LOCK = threading.Lock()
_PASSWORD_ERROR = 4
_LINE_END_HYPHENS = (0x02, 0xFFFE)
"""PDFium's own signs for a hyphen at the end of a line."""
_LIGATURES = range(0xFB00, 0xFB07)
_ASKEW = 4
"""In place of the number of quarter turns."""
_BIG = 2.2
"""Times the usual size: titles and watermarks."""


class Word(NamedTuple):
    """A run of characters without a gap, in points of a page that is turned upright."""

    text: str
    left: float
    right: float
    base: float
    """Its baseline; higher up is greater."""
    size: float
    """Of the font."""
    before: str
    """The blanks that the document has before it; empty where only a distance is there."""
    blank: float
    """Their width."""


@dataclass
class PageText:
    """What can be read on a page."""

    words: list[Word] = field(default_factory=list)
    aside: list[str] = field(default_factory=list)
    """Texts in another direction, or in far larger letters, than the page's."""
    unknown: int = 0
    """How many characters have no meaning: the font does not say which they are."""
    fault: str | None = None
    """Why the page, or all of it, cannot be read."""


def read_pages(content: bytes) -> Iterator[PageText]:
    """The pages of a document in their order; raises UnusableFileError where there is none."""
    with _LOCK:
        document = _opened(content)
    try:
        with _LOCK:
            count = len(document)
        if count == 0:
            raise UnusableFileError("the PDF document has no pages; send it again")
        if count > MOST_PAGES:
            raise UnusableFileError(
                f"the PDF document has {count:,} pages, the limit is {MOST_PAGES:,}; send it in"
                " parts"
            )
        for number in range(count):
            with _LOCK:
                page = _page_text(document, number)
            yield page
    finally:
        with _LOCK:
            document.close()


def whole_document(stream: BinaryIO) -> tuple[bytes, list[int]]:
    """The bytes of a document that ends as it should, and the numbers of its damaged objects.

    Raises UnusableFileError for one that is cut short, or larger than any table.
    """
    content = stream.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise UnusableFileError(
            f"the PDF document has more than {MOST_BYTES:,} bytes; send it in parts"
        )
    if b"%%EOF" not in content[-(1 << 16) :].rstrip(b"\0\t\n\f\r ")[-_TAIL:]:
        raise UnusableFileError(
            "the PDF document is cut short: the mark at its end (%%EOF) is missing; send it again"
        )
    return content, damaged_objects(content)


def _opened(content: bytes) -> Any:
    # Not at the top: a run without a PDF does not load the library.
    # pypdfium2 has no types.
    import pypdfium2  # type: ignore[import-untyped]

    try:
        return pypdfium2.PdfDocument(content)
    except pypdfium2.PdfiumError as error:
        if getattr(error, "err_code", None) == _PASSWORD_ERROR:
            raise UnusableFileError(
                "the PDF document is protected by a password; save it without one and send it again"
            ) from None
        raise UnusableFileError(
            "the PDF document is damaged, or has no pages, and cannot be opened; export it again"
        ) from None


def _page_text(document: Any, number: int) -> PageText:
    import pypdfium2

    try:
        page = document[number]
    except pypdfium2.PdfiumError:
        return PageText(fault="cannot be read: it is damaged")
    try:
        try:
            text = page.get_textpage()
        except pypdfium2.PdfiumError:
            return PageText(fault="cannot be read: its text is damaged")
        try:
            return _Characters(text).page()
        finally:
            text.close()
    finally:
        page.close()


class _Run:
    """The characters of a word, as they are found."""

    def __init__(self, quarter: int, base: float, size: float, before: str, blank: float) -> None:
        self.signs: list[str] = []
        self.quarter = quarter
        self.base = base
        self.size = size
        self.before = before
        self.blank = blank
        self.left = math.inf
        self.right = -math.inf

    def word(self) -> Word:
        text = "".join(self.signs)
        if not text.isprintable() and any("\ud800" <= sign <= "\udfff" for sign in text):
            # Both halves of a character beyond U+FFFF come one by one.
            text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        return Word(text, self.left, self.right, self.base, self.size, self.before, self.blank)


class _Characters:
    """Puts the characters of a page together to words."""

    def __init__(self, text: Any) -> None:
        # pypdfium2 has no types.
        import pypdfium2.raw as pdfium  # type: ignore[import-untyped]

        self._pdfium: Any = pdfium
        self._raw: Any = text.raw
        self._count: int = text.count_chars()
        self._matrix = pdfium.FS_MATRIX()
        self._x, self._y = ctypes.c_double(), ctypes.c_double()
        self.unknown = 0

    def page(self) -> PageText:
        """The words of the page, those in its usual direction and size apart from the others."""
        if self._count > MOST_CHARACTERS:
            return PageText(
                fault=f"has {self._count:,} characters, the limit is {MOST_CHARACTERS:,}"
            )
        runs = self._runs()
        if not runs:
            return PageText(fault="has no text: it is empty, damaged, or a picture (a scan)")
        letters = sum(len(run.signs) for run in runs)
        if 2 * self.unknown > letters:
            return PageText(
                fault="cannot be read: its fonts do not say which characters they draw; export the"
                " document with another program"
            )
        usual, _ = Counter(run.quarter for run in runs).most_common(1)[0]
        size = median(run.size for run in runs)
        words, aside = [], []
        for run in runs:
            if run.quarter == usual and run.size <= _BIG * size:
                words.append(run.word())
            else:
                aside.append(run)
        return PageText(words, _texts(aside), self.unknown)

    def _runs(self) -> list[_Run]:
        pdfium, raw = self._pdfium, self._raw
        unicode_of, box_of = pdfium.FPDFText_GetUnicode, pdfium.FPDFText_GetCharBox
        is_unknown = pdfium.FPDFText_HasUnicodeMapError
        x0, x1, y0, y1 = (ctypes.c_double() for _ in range(4))
        boxes = [ctypes.byref(side) for side in (x0, x1, y0, y1)]
        runs: list[_Run] = []
        run: _Run | None = None
        before, blank = "", 0.0
        for place in range(self._count):
            code = unicode_of(raw, place)
            sign = chr(code) if code < 0x110000 else UNKNOWN_CHARACTER
            if sign.isspace():
                run = None
                if not pdfium.FPDFText_IsGenerated(raw, place):
                    before += sign
                    if box_of(raw, place, *boxes):
                        # Of a blank, only the way to the next character has an extent.
                        blank += max(x1.value - x0.value, y1.value - y0.value)
                continue
            if code in _LINE_END_HYPHENS and pdfium.FPDFText_IsHyphen(raw, place) == 1:
                sign = "-"
            elif code in _LIGATURES:
                sign = unicodedata.normalize("NFKC", sign)
            elif is_unknown(raw, place) == 1 or _is_nothing(code):
                sign = UNKNOWN_CHARACTER
                self.unknown += 1
            has_box = box_of(raw, place, *boxes)
            if run is not None and has_box and run.quarter != _ASKEW:
                left, right, bottom, top = _turned(
                    run.quarter, x0.value, x1.value, y0.value, y1.value
                )
                gap = left - run.right
                if (
                    not -0.6 * run.size < gap < 0.3 * run.size
                    or top < run.base - 0.4 * run.size
                    or bottom > run.base + run.size
                ):
                    run = None
            if run is None:
                run = self._begun(place, before, blank)
                before, blank = "", 0.0
                runs.append(run)
                if has_box:
                    left, right, bottom, top = _turned(
                        run.quarter, x0.value, x1.value, y0.value, y1.value
                    )
                else:
                    left = right = self._origin(run.quarter)[0]
            elif not has_box:
                left = right = run.right
            run.signs.append(sign)
            if left < run.left:
                run.left = left
            if right > run.right:
                run.right = right
        return runs

    def _begun(self, place: int, before: str, blank: float) -> _Run:
        """The run that begins with this character."""
        pdfium, raw, matrix = self._pdfium, self._raw, self._matrix
        pdfium.FPDFText_GetMatrix(raw, place, ctypes.byref(matrix))
        pdfium.FPDFText_GetCharOrigin(raw, place, ctypes.byref(self._x), ctypes.byref(self._y))
        size = pdfium.FPDFText_GetFontSize(raw, place) * math.hypot(matrix.c, matrix.d)
        turns = math.atan2(matrix.b, matrix.a) / (math.pi / 2)
        # Text that is askew is in no direction of a table.
        quarter = round(turns) % 4 if abs(turns - round(turns)) < 0.06 else _ASKEW
        return _Run(quarter, self._origin(quarter)[1], abs(size) or 1.0, before, blank)

    def _origin(self, quarter: int) -> tuple[float, float]:
        x, y = self._x.value, self._y.value
        left, _, base, _ = _turned(quarter, x, x, y, y)
        return left, base


def _turned(
    quarter: int, x0: float, x1: float, y0: float, y1: float
) -> tuple[float, float, float, float]:
    """Left, right, bottom and top as they are with the text turned upright."""
    if quarter == 1:
        return y0, y1, -x1, -x0
    if quarter == 2:
        return -x1, -x0, -y1, -y0
    if quarter == 3:
        return -y1, -y0, x0, x1
    return x0, x1, y0, y1


def _is_nothing(code: int) -> bool:
    return code < 0x20 or 0x7F <= code < 0xA0 or code in (0xFFFD, 0xFFFE, 0xFFFF)


def _texts(runs: list[_Run]) -> list[str]:
    """Runs of the same direction and size, one after the other, as texts."""
    texts: list[str] = []
    last: _Run | None = None
    for run in runs:
        alike = last is not None and (run.quarter, run.size) == (last.quarter, last.size)
        if alike:
            texts[-1] += f" {run.word().text}"
        else:
            texts.append(run.word().text)
        last = run
    return texts
