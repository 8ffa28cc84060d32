"""Compressed files: .gz, and .zip with one file inside, unpacked as a stream."""

from __future__ import annotations

import io
import itertools
import re
import struct
import zipfile
import zlib
from pathlib import PurePosixPath
from typing import BinaryIO, cast

from ingest.cards import mask_text
from ingest.contract.feeds import Feed
from ingest.contract.file_errors import UnusableFileError

CHUNK = 1 << 18
HEAD = 4096
ZIP = b"PK\x03\x04"
"""The first bytes of a ZIP archive, which a workbook is, too."""
OFFICE_PARTS = (b"xl/", b"[Content_Types].xml", b"mimetypeapplication/vnd.oasis")
READ_WHOLE = 1 << 23
"""A zip is read from its end. Up to this size it is fetched whole first."""
LARGEST_DIRECTORY = 1 << 24
BOMBS = ((1 << 20, 350), (1 << 26, 200))
"""(size, ratio): what unpacks to more than this size and this multiple of itself is not a CSV file.
gzip compresses lines of more than 32 characters 344 times at best, when all are alike; short lines
and zeros a thousand times. No till writes 64 MiB of identical lines."""
SHORTEST_LINE = 32
"""A line counts as at least so many bytes: in the warehouse even an empty one takes more."""

_PACKED = re.compile(r"\.(gz|zip)$", re.IGNORECASE)
_IN_PLACE_OF_CSV = re.compile(r"\.(?:xlsx|xlsm|xlsb|ods|parquet|json|jsonl|ndjson)$", re.IGNORECASE)
_ENDING = re.compile(r"\.(?=[0-9]{0,3}[A-Za-z])[0-9A-Za-z]{1,4}$")
_LINE_ENDINGS = (".csv", ".txt", ".tsv")
_OTHER_ENDINGS = (
    ".xlsx", ".xlsm", ".xlsb", ".ods", ".pdf", ".parquet", ".json", ".jsonl", ".ndjson",
)  # fmt: skip
_OF_TABLES = {*_LINE_ENDINGS, *_OTHER_ENDINGS, ".tab", ".psv", ".dat", ".xls"}
_WORKBOOK = re.compile(r"xl[/\\]workbook[^/\\]*\.(?:xml|bin)", re.IGNORECASE)
_SHEETS = b"application/vnd.oasis.opendocument.spreadsheet"

_CUT_SHORT = "the archive is cut short; send the file again"
_BROKEN = "the archive is broken; send the file again"
_LOCKED = "the archive is protected by a password; send it without one"
_UNUSUAL = "the archive uses an unsupported compression; pack it as an ordinary .zip or .gz"
_TOO_MANY = "the archive holds too many files; send it with one CSV file inside"
_BOMB = (
    "the archive unpacks to more than {ratio} times its size, which a CSV file never does; send"
    " the file again, and if it is right, unpacked"
)


def unpacked_name(path: str) -> str:
    """The path without .gz or .zip; a path without another extension then gets .csv."""
    packed = _PACKED.search(path)
    if packed is None:
        return path
    stem = path[: packed.start()]
    return stem if _ENDING.search(stem) or name_as_csv(stem) != stem else f"{stem}.csv"


def name_as_csv(name: str) -> str:
    """The name of a workbook, a Parquet or a JSON file as if it were a CSV.

    Branches save the same list as either.
    """
    return _IN_PLACE_OF_CSV.sub(".csv", name)


def name_in(feed: Feed, path: str) -> str:
    """The name by which a feed claims a path."""
    name = unpacked_name(path)
    as_csv = name_as_csv(name)
    return as_csv if not feed.claims(name) and feed.claims(as_csv) else name


def nearly_claims(feed: Feed, name: str) -> bool:
    """Whether a feed would claim a table if its name had the ending of the feed's pattern.

    `name`: without .gz or .zip.
    """
    stem, dot, ending = name.rpartition(".")
    wanted = PurePosixPath(feed.files or "").suffix
    return f"{dot}{ending.lower()}" in _OF_TABLES and feed.claims(stem + wanted)


def unpacked(raw: io.RawIOBase, path: str, size: int) -> BinaryIO:
    """The unpacked bytes of a stored file, which is closed with them.

    `path`: its extension or the first bytes say whether it is packed; `size`: of the stored file.
    This and reading raise UnusableFileError, and whatever reading `raw` raises.
    """
    named = _PACKED.search(path)
    file = io.BufferedReader(raw, CHUNK)
    try:
        kind = _packed_as(file.peek(HEAD)[:HEAD]) or (named and named.group(1).lower())
        if kind is None:
            return file
        # Nothing is used yet: the bytes that were looked at are still to be read.
        packed = cast(io.RawIOBase, file)
        if kind == "gz":
            return io.BufferedReader(_GzipStream(packed, size), CHUNK)
        return io.BufferedReader(_open_zip(packed, unpacked_name(path), size), CHUNK)
    except BaseException:
        file.close()
        raise


def _packed_as(head: bytes) -> str | None:
    """How a file is packed, by its first bytes; None for Office documents, which are ZIPs, too."""
    if head.startswith(b"\x1f\x8b\x08"):
        return "gz"
    if head.startswith(ZIP) and not any(part in head for part in OFFICE_PARTS):
        return "zip"
    return None


_ZIP_ERRORS = (zipfile.BadZipFile, zlib.error, struct.error, ValueError, OSError)


class Allowance:
    """The limit of what an archive of a size may unpack to.

    `refusal`: the reason above it, with a place for the `{ratio}`.
    """

    def __init__(self, packed: int, refusal: str = _BOMB) -> None:
        self._refusal = refusal
        self._most, self._ratio = min((max(size, ratio * packed), ratio) for size, ratio in BOMBS)
        self._bytes = 0
        self._lines = 0

    def check(self, size: int) -> None:
        """Raise UnusableFileError if so many bytes exceed the limit."""
        if size > self._most:
            raise UnusableFileError(self._refusal.format(ratio=self._ratio))

    def take(self, data: bytes) -> bytes:
        """Count unpacked bytes. Raises UnusableFileError above the limit."""
        self._bytes += len(data)
        self._lines += max(data.count(b"\n"), data.count(b"\r"))
        self.check(max(self._bytes, self._lines * SHORTEST_LINE))
        return data


class _GzipStream(io.RawIOBase):
    """The content of a gzip file: all of its members, one after the other."""

    def __init__(self, raw: io.RawIOBase, size: int) -> None:
        self._raw = raw
        self._allowance = Allowance(size)
        self._left = b""
        self._unzip: zlib._Decompress | None = None
        self._members = 0

    def readable(self) -> bool:
        return True

    # RawIOBase takes any buffer; BufferedReader gives a memoryview.
    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        while True:
            if self._unzip is None:
                if not self._next_member():
                    return 0
                continue
            data = self._allowance.take(self._unpack(self._unzip, len(buffer)))
            if data:
                buffer[: len(data)] = data
                return len(data)

    def close(self) -> None:
        self._raw.close()
        super().close()

    def _next_member(self) -> bool:
        """Begin a member; False at the end. Zeros after a member are padding."""
        left = self._left.lstrip(b"\0") if self._members else self._left
        while not left:
            left = self._raw.read(CHUNK) or b""
            if not left:
                break
            if self._members:
                left = left.lstrip(b"\0")
        self._left = left
        if not left:
            if not self._members:
                raise UnusableFileError("the archive is empty; send the file again")
            return False
        if not self._members and not left.startswith(b"\x1f"):
            raise UnusableFileError(
                "the file is named .gz but is not a gzip archive; send it again, or without .gz"
            )
        self._unzip = zlib.decompressobj(wbits=31)
        self._members += 1
        return True

    def _unpack(self, unzip: zlib._Decompress, size: int) -> bytes:
        packed = self._left or self._raw.read(CHUNK) or b""
        self._left = b""
        try:
            data = unzip.decompress(packed, size)
        except zlib.error:
            raise UnusableFileError(_BROKEN) from None
        if unzip.eof:
            self._left, self._unzip = unzip.unused_data, None
        elif unzip.unconsumed_tail:
            self._left = unzip.unconsumed_tail
        elif not packed and not data:
            raise UnusableFileError(_CUT_SHORT)
        return data


class _ZipStream(io.RawIOBase):
    """The content of the one file in a zip."""

    def __init__(
        self,
        raw: io.RawIOBase,
        archive: zipfile.ZipFile,
        member: zipfile.ZipInfo,
        allowance: Allowance,
    ) -> None:
        self._raw = raw
        self._allowance = allowance
        self._archive = archive
        self._content = archive.open(member)

    def readable(self) -> bool:
        return True

    # RawIOBase takes any buffer; BufferedReader gives a memoryview.
    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        try:
            data = self._content.read(min(len(buffer), CHUNK))
        except EOFError:
            raise UnusableFileError(_CUT_SHORT) from None
        except _ZIP_ERRORS:
            raise UnusableFileError(_BROKEN) from None
        self._allowance.take(data)
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        self._content.close()
        self._archive.close()
        self._raw.close()
        super().close()


def _open_zip(raw: io.RawIOBase, name: str, size: int) -> io.RawIOBase:
    file: BinaryIO = io.BufferedReader(raw, CHUNK)
    if size <= READ_WHOLE:
        # One chunk more: the file may have grown since it was listed.
        chunks = (file.read(CHUNK) for _ in range(READ_WHOLE // CHUNK + 1))
        file = io.BytesIO(b"".join(itertools.takewhile(bool, chunks)))
    if not file.read(1):
        raise UnusableFileError("the archive is empty; send the file again")
    check_directory(file)
    try:
        archive = zipfile.ZipFile(file)
        if _has_sheets(archive):
            file.seek(0)
            return cast(io.RawIOBase, file)
        member = _member(archive, name)
        # The size that the archive states may be wrong.
        allowance = Allowance(min(member.compress_size, size))
        allowance.check(member.file_size)
        return _ZipStream(raw, archive, member, allowance)
    except NotImplementedError:
        raise UnusableFileError(_UNUSUAL) from None
    except RuntimeError:
        raise UnusableFileError(_LOCKED) from None
    except _ZIP_ERRORS:
        raise UnusableFileError(_BROKEN) from None


def _member(archive: zipfile.ZipFile, name: str) -> zipfile.ZipInfo:
    """The only file in a zip that may be a table."""
    files = [member for member in archive.infolist() if not _is_clutter(member)]
    if not files:
        raise UnusableFileError("the archive holds no file; send it with one CSV file inside")
    found = files if len(files) == 1 else []
    ending = "." + name.rpartition(".")[2].lower()
    for endings in ((ending,), _LINE_ENDINGS, _OTHER_ENDINGS):
        found = found or [file for file in files if file.filename.lower().endswith(endings)]
    if len(found) != 1:
        held = _names(found or files)
        if found:
            are_lines = found[0].filename.lower().endswith(_LINE_ENDINGS)
            kind = "CSV files" if are_lines else "files"
            text = f"the archive holds {len(found)} {kind} ({held}); send each separately"
        else:
            text = f"the archive holds no table, but {held}; send it with one inside"
        raise UnusableFileError(text)
    member = found[0]
    if member.flag_bits & 0x41:
        raise UnusableFileError(_LOCKED)
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        # The others cannot be unpacked in bounded memory.
        raise UnusableFileError(_UNUSUAL)
    return member


def is_workbook(file: BinaryIO) -> bool:
    """Whether a file that begins like a zip is a workbook, .xlsx or .ods. Leaves it anywhere."""
    try:
        check_directory(file)
        with zipfile.ZipFile(file) as archive:
            return _has_sheets(archive)
    # Broken, locked, or packed in a way that zipfile does not know: its own reader says so.
    except (UnusableFileError, NotImplementedError, RuntimeError, zipfile.BadZipFile):
        return False
    except (zlib.error, struct.error, ValueError):
        return False


def _has_sheets(archive: zipfile.ZipFile) -> bool:
    for member in archive.infolist():
        if _WORKBOOK.fullmatch(member.filename):
            return True
        if member.filename == "mimetype" and member.file_size < 2 * len(_SHEETS):
            return archive.read(member).startswith(_SHEETS)
    return False


def _is_clutter(member: zipfile.ZipInfo) -> bool:
    parts = member.filename.replace("\\", "/").split("/")
    return parts[-1] == "" or "__MACOSX" in parts or parts[-1].startswith(".")


def _names(members: list[zipfile.ZipInfo]) -> str:
    # Masked before it is cut, or half of a card number would remain.
    names = [repr(mask_text(member.filename)[:80])[1:-1] for member in members[:3]]
    more = f" and {len(members) - 3:,} more" if len(members) > 3 else ""
    return ", ".join(names) + more


def check_directory(file: BinaryIO) -> None:
    """Check the directory of a zip: zipfile itself would read one of any size into memory.

    Raises UnusableFileError; afterwards the file is at its beginning.
    """
    size = file.seek(0, io.SEEK_END)
    begin = max(0, size - (1 << 16) - 22)
    file.seek(begin)
    tail = file.read()
    place = tail.rfind(b"PK\5\6")
    if place < 0 or len(tail) - place < 22:
        file.seek(0)
        if file.read(2) == b"PK":
            raise UnusableFileError(_CUT_SHORT)
        raise UnusableFileError("the file is named .zip but is not a zip archive; send it again")
    (directory,) = struct.unpack("<L", tail[place + 12 : place + 16])
    if directory == 0xFFFFFFFF and begin + place >= 76:
        file.seek(begin + place - 76)
        record = file.read(56)
        if record.startswith(b"PK\6\6") and len(record) == 56:
            (directory,) = struct.unpack("<Q", record[40:48])
    if directory > LARGEST_DIRECTORY:
        raise UnusableFileError(_TOO_MANY)
    file.seek(0)
