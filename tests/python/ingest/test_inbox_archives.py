"""Compressed files: unpacked as a stream, or refused with a reason."""

from __future__ import annotations

import contextlib
import gzip
import io
import random
import struct
import time
import tracemalloc
import zipfile
from collections.abc import Callable

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from ingest_helpers import till_file

from ingest.contract.file_errors import UnusableFileError
from ingest.formats import archives
from ingest.formats.archives import unpacked

TEXT = till_file(200).encode()


class Stored(io.BytesIO, io.RawIOBase):  # type: ignore[misc]
    """Stored bytes as a store's stream."""


def read(packed: bytes, path: str, chunk: int = 1 << 20) -> bytes:
    raw = Stored(packed)
    with unpacked(raw, path, len(packed)) as stream:
        parts = list(iter(lambda: stream.read(chunk), b""))
    assert raw.closed
    return b"".join(parts)


def reason(packed: bytes, path: str) -> str:
    with pytest.raises(UnusableFileError) as caught:
        read(packed, path)
    return str(caught.value)


def zipped(files: dict[str, bytes] | None = None, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", method) as archive:
        for name, content in ({"till.csv": TEXT} if files is None else files).items():
            archive.writestr(name, content)
    return made.getvalue()


def test_an_uncompressed_file_is_read_unchanged() -> None:
    for text in (TEXT, b"", b"x", b"\x1f\x8b", b"PK", b"PK\3\4"[:3]):
        assert read(text, "x.csv") == text


@pytest.mark.parametrize("name", ["x.csv", "x", "x.json", "x.gz", "x.zip"])
def test_the_first_bytes_show_an_archive_whatever_its_name(name: str) -> None:
    assert read(gzip.compress(TEXT), name) == TEXT
    assert read(zipped(), name) == TEXT
    assert "cut short" in reason(gzip.compress(TEXT)[:-9], name)
    assert "cut short" in reason(zipped()[:-9], name)
    assert "holds 2 CSV files" in reason(zipped({"a.csv": TEXT, "b.csv": TEXT}), name)


def test_an_office_document_is_not_unpacked() -> None:
    document = zipped({"[Content_Types].xml": b"x", "word/document.xml": b"x"})
    assert read(document, "x.csv") == document


@pytest.mark.parametrize("chunk", [1, 100, 1 << 20])
@pytest.mark.parametrize(
    "pack",
    [
        gzip.compress,
        lambda text: gzip.compress(text, 0),
        lambda text: gzip.compress(text[:777]) + gzip.compress(b"") + gzip.compress(text[777:]),
        lambda text: gzip.compress(text) + b"\0" * 1000,
    ],
)
def test_gzip(pack: Callable[[bytes], bytes], chunk: int) -> None:
    assert read(pack(TEXT), "branch_pos/x.CSV.GZ", chunk) == TEXT


def test_zeros_after_and_between_members() -> None:
    packed = gzip.compress(b"a") + b"\0" * 300_000 + gzip.compress(b"b") + b"\0" * 300_000
    assert read(packed, "x.gz") == b"ab"


@pytest.mark.parametrize("chunk", [1, 100, 1 << 20])
@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED])
def test_zip(method: int, chunk: int) -> None:
    assert read(zipped(method=method), "x.Zip", chunk) == TEXT


def test_a_zip_of_a_mac_and_one_with_a_folder() -> None:
    clutter = {"__MACOSX/._till.csv": b"x", ".DS_Store": b"x", "a/": b"", "a/.DS_Store": b"x"}
    assert read(zipped({**clutter, "a/till.csv": TEXT}), "x.zip") == TEXT


def test_a_note_beside_the_file_does_not_matter() -> None:
    assert read(zipped({"till.csv": TEXT, "read me.pdf": b"x"}), "x.zip") == TEXT
    assert read(zipped({"till.csv": TEXT, "readme.txt": b"x"}), "x.zip") == TEXT
    assert read(zipped({"till.txt": TEXT}), "x.zip") == TEXT
    assert read(zipped({"till.json": TEXT, "read me": b"x"}), "x.zip") == TEXT


def test_the_only_file_is_read_whatever_its_name() -> None:
    assert read(zipped({"EXPORT": TEXT, "__MACOSX/._EXPORT": b"x"}), "x.zip") == TEXT
    assert read(zipped({"till.dat": TEXT}), "x.csv.zip") == TEXT


@pytest.mark.parametrize(
    ("files", "word"),
    [
        ({}, "holds no file"),
        ({"a/": b""}, "holds no file"),
        ({"a.csv": b"1", "b.CSV": b"2"}, r"2 CSV files \(a.csv, b.CSV\); send each separately"),
        ({f"{n}.csv": b"1" for n in range(9)}, "9 CSV files .* and 6 more"),
        ({"a.json": b"1", "b.xlsx": b"2"}, r"2 files \(a.json, b.xlsx\); send each separately"),
        ({"a.png": b"1", "b.png": b"2"}, "no table, but a.png, b.png; send it with one inside"),
        ({"4929123412341234.png": b"1", "b": b"2"}, r"\*\*\*\*1234"),
        ({"a\x1b[31m\n.png": b"1", "b": b"2"}, r"a\\x1b\[31m\\n.png"),
    ],
)
def test_zips_without_exactly_one_file(files: dict[str, bytes], word: str) -> None:
    with pytest.raises(UnusableFileError, match=word):
        read(zipped(files), "x.zip")


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_other_compressions_are_refused(method: int) -> None:
    assert "ordinary .zip" in reason(zipped(method=method), "x.zip")


def test_compressions_unknown_to_python() -> None:
    packed = zipped()
    for mark, place in ((b"PK\3\4", 8), (b"PK\1\2", 10)):
        at = packed.index(mark) + place
        packed = packed[:at] + struct.pack("<H", 9) + packed[at + 2 :]  # Deflate64
    assert "ordinary .zip" in reason(packed, "x.zip")


def test_an_encrypted_zip() -> None:
    packed = zipped()
    for mark, place in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        at = packed.index(mark) + place
        packed = packed[:at] + bytes([packed[at] | 1]) + packed[at + 1 :]
    assert "password" in reason(packed, "x.zip")


def test_files_that_are_not_archives() -> None:
    assert "is not a gzip archive" in reason(TEXT, "x.csv.gz")
    assert "is not a zip archive" in reason(TEXT, "x.zip")
    assert "empty" in reason(b"", "x.gz")
    assert "empty" in reason(b"", "x.zip")
    assert "empty" in reason(b"\0" * 10, "x.gz") or "not a gzip" in reason(b"\0" * 10, "x.gz")
    assert "broken" in reason(gzip.compress(TEXT) + b"and more", "x.gz")


@pytest.mark.parametrize("pack", [gzip.compress, lambda text: zipped({"till.csv": text})])
def test_cut_short_at_any_place(pack: Callable[[bytes], bytes]) -> None:
    packed = pack(till_file(12).encode())
    path = "x.gz" if packed.startswith(b"\x1f") else "x.zip"
    for length in range(len(packed)):
        assert "send the file again" in reason(packed[:length], path) or length < 4


@settings(max_examples=150, deadline=None)
@given(data=st.data(), kind=st.sampled_from(["gz", "zip"]))
def test_damage_is_found(data: st.DataObject, kind: str) -> None:
    """A file with a few bytes changed unpacks to its original content, or not at all."""
    text = till_file(5).encode()
    packed = bytearray(gzip.compress(text, mtime=0) if kind == "gz" else zipped({"t.csv": text}))
    for _ in range(data.draw(st.integers(1, 3))):
        packed[data.draw(st.integers(0, len(packed) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(UnusableFileError):
        assert read(bytes(packed), f"x.{kind}") == text


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=300), st.sampled_from(["x.gz", "x.zip"]))
@example(b"PK\5\6" + b"\0" * 18, "x.zip")
@example(b"PK\5\6" + b"\xff" * 18, "x.zip")
@example(b"PK\3\4" * 10 + b"PK\5\6" + b"\0" * 6 + b"\1\0\1\0" + b"\x2e\0\0\0" * 2, "x.zip")
@example(b"\x1f\x8b\x08\x1f" + b"\0" * 40, "x.gz")
def test_anything_named_an_archive(packed: bytes, path: str) -> None:
    with contextlib.suppress(UnusableFileError):
        read(packed, path)


def bomb(size: int) -> bytes:
    """A gzip file of zeros, with one member repeated."""
    member = gzip.compress(bytes(1 << 24), mtime=0)
    return member * (size // (1 << 24) + 1)


@pytest.mark.parametrize("kind", ["gz", "zip"])
def test_a_bomb_is_detected_early_in_bounded_memory(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archives, "BOMBS", ((1 << 26, 200),))
    packed = bomb(1 << 28) if kind == "gz" else zipped({"a.csv": bytes(1 << 27)})
    given_out = 0

    def unpack() -> None:
        nonlocal given_out
        with unpacked(Stored(packed), f"x.{kind}", len(packed)) as stream:
            while chunk := stream.read(1 << 20):
                given_out += len(chunk)

    began = time.monotonic()
    tracemalloc.start()
    try:
        with pytest.raises(UnusableFileError, match="200 times its size"):
            unpack()
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert given_out <= 1 << 26
    assert peak < (8 << 20)
    assert time.monotonic() - began < 5


def test_a_zip_yields_no_more_than_its_stated_size() -> None:
    packed = zipped({"a.csv": bytes(1 << 24)})
    reported = struct.pack("<L", 1 << 24)
    packed = packed.replace(reported, struct.pack("<L", 1000))
    assert "broken" in reason(packed, "x.zip")


def test_a_large_but_honest_file_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "BOMBS", ((10_000, 200),))
    assert read(gzip.compress(TEXT), "x.gz") == TEXT
    assert read(zipped(), "x.zip") == TEXT


def packed_as(kind: str, text: bytes) -> bytes:
    return gzip.compress(text, 9) if kind == "gz" else zipped({"till.csv": text})


@pytest.mark.parametrize("kind", ["gz", "zip"])
@pytest.mark.parametrize(
    "text",
    [
        b",,,,,,1\n" * (2 << 20),
        b",,,,,,1\r\n" * (1 << 20),
        b",,,,,,1\r" * (1 << 20),
        b"\n" * (2 << 20),
        ",,,,,,1\n".encode("utf-16") * (1 << 20),
        bytes(4 << 20),
        b" " * (4 << 20),
    ],
)
def test_a_small_bomb_is_one_too(kind: str, text: bytes) -> None:
    """Rows cost more than their text: a few kilobytes must not become a hundred megabytes."""
    assert "times its size" in reason(packed_as(kind, text), f"x.{kind}")


@pytest.mark.parametrize("kind", ["gz", "zip"])
def test_padding_does_not_hide_a_bomb(kind: str) -> None:
    """As many incompressible bytes, after the lines or before them."""
    lines = b",,,,,,1\n" * (4 << 20)
    padding = random.Random(1).randbytes(len(gzip.compress(lines, 9)))
    for text in (lines + padding, padding + lines):
        assert "times its size" in reason(packed_as(kind, text), f"x.{kind}")


def test_a_zips_stated_compressed_size_is_not_trusted() -> None:
    """Its directory states the size of the packed bytes, which may be wrong."""
    packed = packed_as("zip", b",,,,,,1\n" * (2 << 20))
    size = zipfile.ZipFile(io.BytesIO(packed)).infolist()[0].compress_size
    packed = packed.replace(struct.pack("<L", size), struct.pack("<L", 1 << 30))
    assert reason(packed, "x.zip")


ALIKE = b"07/09/2025 09:00,Leeds,Ann,Tea - 1.70,1.70,CASH,\n"


@pytest.mark.parametrize("kind", ["gz", "zip"])
@pytest.mark.parametrize(
    "text",
    [
        # A shop that sells one thing: a year, with times; and sixty thousand identical lines.
        b"".join(
            ALIKE.replace(b"09:00", b"%02d:%02d" % (9 + minute // 60 % 9, minute % 60)) * 3
            for minute in range(100_000)
        ),
        ALIKE * 60_000,
        b"Tea,0,0,0,0\n" * 30_000,
        b",,,,,,1\n" * 10_000,
    ],
)
def test_a_repetitive_export_is_not_a_bomb(kind: str, text: bytes) -> None:
    assert read(packed_as(kind, text), f"x.{kind}") == text


def test_a_huge_directory_is_not_read() -> None:
    packed = zipped()
    end = packed.rindex(b"PK\5\6")
    packed = packed[: end + 12] + struct.pack("<L", 1 << 30) + packed[end + 16 :]
    assert "too many files" in reason(packed, "x.zip")


def test_zip64() -> None:
    made = io.BytesIO()
    with (
        zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("till.csv", "w", force_zip64=True) as member,
    ):
        member.write(TEXT)
    assert read(made.getvalue(), "x.zip") == TEXT


def test_an_unfinished_gzip_header_is_cut_short() -> None:
    packed = gzip.compress(TEXT)
    endless = packed[:3] + b"\x08" + packed[4:10] + b"n" * 5_000_000
    began = time.monotonic()
    assert "cut short" in reason(endless, "x.gz")
    assert time.monotonic() - began < 2
