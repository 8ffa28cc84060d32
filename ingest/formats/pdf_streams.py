"""Whether the compressed parts of a PDF document are whole.

PDFium reads a damaged stream up to the damage and says nothing: the rest of the page would be lost
unseen. It also unpacks whatever a stream unpacks to.
"""

from __future__ import annotations

import base64
import re
import zlib
from collections.abc import Iterator

from ingest.contract.file_errors import UnusableFileError

MOST_UNPACKED = 1 << 26
"""Bytes of one stream; the text of a page has some 10,000."""
MOST_UNPACKED_IN_ALL = 1 << 31
_AT_ONCE = 1 << 20
_DICTIONARY = 2000
"""The bytes before a stream in which its object and its filters are named."""
_OBJECT = re.compile(rb"(\d{1,10})\s+\d{1,5}\s+obj\b")
_FILTERS = re.compile(rb"/Filter\s*(?:\[([^\]]*)\]|(/\w+))")
_NOT_TEXT = (b"/Image", b"/Length1", b"/Length2", b"/FontFile", b"/Type1C", b"/CIDFontType0C")


def damaged_objects(content: bytes) -> list[int]:
    """The numbers of the objects whose streams cannot be unpacked to their end.

    Without pictures and fonts, and nothing for an encrypted document. Raises UnusableFileError
    where a stream unpacks to more than any page needs.
    """
    if b"/Encrypt" in content:
        return []
    damaged: list[int] = []
    unpacked = 0
    for number, stream in _compressed(content):
        size = 0
        try:
            for part in _unpacked(stream):
                size += part
                if size > MOST_UNPACKED or unpacked + size > MOST_UNPACKED_IN_ALL:
                    raise UnusableFileError(
                        f"the PDF document unpacks to more than {max(size, unpacked + size):,}"
                        f" bytes (object {number}), which no table needs; export it again"
                    )
        except (zlib.error, ValueError):
            damaged.append(number)
        unpacked += size
    return damaged


def _compressed(content: bytes) -> Iterator[tuple[int, bytes]]:
    """The compressed streams, as zlib wrote them."""
    place = content.find(b"stream")
    while place >= 0:
        begin = place + len(b"stream")
        end = content.find(b"endstream", begin)
        if end < 0:
            return
        before = content[max(0, place - _DICTIONARY) : place]
        named = list(_OBJECT.finditer(before))
        place = content.find(b"stream", end + len(b"endstream"))
        if not named:
            continue
        dictionary = before[named[-1].end() :]
        filters = _FILTERS.search(dictionary)
        if filters is None or any(sign in dictionary for sign in _NOT_TEXT):
            continue
        names = re.findall(rb"/(\w+)", filters.group(1) or filters.group(2))
        stream = content[begin:end].removeprefix(b"\r").removeprefix(b"\n")
        number = int(named[-1].group(1))
        if names == [b"FlateDecode"]:
            yield number, stream
        elif names == [b"ASCII85Decode", b"FlateDecode"]:
            try:
                yield number, base64.a85decode(stream.strip().removesuffix(b"~>"))
            except ValueError:
                yield number, b"damaged"


def _unpacked(stream: bytes) -> Iterator[int]:
    """The sizes of the parts of an unpacked stream."""
    unpacker = zlib.decompressobj()
    # Some programs leave out the checksum at the end, which is no damage.
    without_checksum = zlib.decompressobj(-zlib.MAX_WBITS)
    rest = stream
    while rest and not unpacker.eof:
        yield len(unpacker.decompress(rest, _AT_ONCE))
        rest = unpacker.unconsumed_tail
    if not unpacker.eof:
        rest = stream[2:]
        while rest and not without_checksum.eof:
            without_checksum.decompress(rest, _AT_ONCE)
            rest = without_checksum.unconsumed_tail
        if not without_checksum.eof:
            raise zlib.error("incomplete")
