"""Encodings and line ends: the same text from any encoding."""

from __future__ import annotations

import hashlib
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.formats.text import BLOCK, TextReader


def read(data: bytes) -> str:
    return "".join(block.text for block in TextReader(io.BytesIO(data)))


TEXT = "Zo\u00eb,Caf\u00e9 \u20ac 3\nJos\u00e9,Tea\n"


@pytest.mark.parametrize(
    "encoding",
    ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"],
)
def test_every_encoding_gives_the_same_text(encoding: str) -> None:
    assert read(TEXT.encode(encoding)) == TEXT


def test_utf_16_big_endian_with_a_mark() -> None:
    assert read(b"\xfe\xff" + TEXT.encode("utf-16-be")) == TEXT


def test_one_odd_line_does_not_affect_others() -> None:
    data = "Zo\u00eb\n".encode() + "Zo\u00eb\n".encode("cp1252") + "Jos\u00e9".encode()[:-1]
    assert read(data) == "Zo\u00eb\nZo\u00eb\nJos\u00c3"


def test_bytes_undefined_in_windows_1252_are_kept() -> None:
    assert read(b"a\x81\xe9\n") == "a\x81\u00e9\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
@pytest.mark.parametrize("shift", range(4))
def test_line_ends_across_blocks_stay_whole(encoding: str, shift: int) -> None:
    text = "x" * shift + ("y" * 61 + "\r\n") * (BLOCK // 20)
    blocks = list(TextReader(io.BytesIO(text.encode(encoding))))
    assert len(blocks) > 2
    assert all(block.text.endswith("\r\n") for block in blocks)
    assert "".join(block.text for block in blocks) == text


@given(st.binary(max_size=200))
def test_any_bytes_can_be_read_and_are_hashed(data: bytes) -> None:
    reader = TextReader(io.BytesIO(data))
    for block in reader:
        block.text.encode("utf-8")
    assert reader.sha256 == hashlib.sha256(data).hexdigest()
    assert reader.size == len(data)
