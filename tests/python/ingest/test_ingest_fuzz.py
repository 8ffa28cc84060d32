"""For any bytes: reading ends soon, with plain messages, and accounts for every line.

`BRANCHLINE_FUZZ_SECONDS=300 pytest tests/python/ingest/test_ingest_fuzz.py` runs for five
minutes, with different bytes each time; BRANCHLINE_FUZZ_SEED repeats a run with its printed seed.
"""

from __future__ import annotations

import gzip
import io
import os
import random
import signal
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from corpus.cases import CASES
from corpus.writing import CARDS, as_bytes
from ingest_helpers import TOKEN_KEY, Inbox

from ingest.cards import CardTokens
from ingest.contract.feeds import Feed
from ingest.contract.reading import load_feeds
from ingest.formats.reading import FileReader
from ingest.formats.text import TextReader
from ingest.raw.rows import CopyData, RowRenderer
from ingest.report import LoadReport

SECONDS = float(os.environ.get("BRANCHLINE_FUZZ_SECONDS", "0"))
SEED = int(os.environ.get("BRANCHLINE_FUZZ_SEED", time.time_ns() % 10**9 if SECONDS else 1))
ROUNDS_OF_READING = 1500
ROUNDS_OF_LOADING = 3
FILES_OF_A_LOAD = 60
SLOW = 8.0

VALID = [
    as_bytes(file.make(case.name))
    for case in CASES
    for file in case.files
    if case.name != "huge-line"
]
PIECES = [
    b'"', b'""', b'","', b"\n", b"\r", b"\r\n", b"\0", b",", b";", b"\t", b"|", b"\\", b"\\N\t",
    b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff", b"\xe2\x80\xa8", b"\xc3", b"\x80", b"\x1a",
    b"sep=;\n",
    b"timestamp,branch,customer,basket,total,payment,card\n", b" ", b"-", b"0" * 13, b"=1+1",
    b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"PK\x03\x04", b"\x1f\x8b",
    *(card.encode() for card in CARDS[:4]),
]  # fmt: skip

FEED_TEXT = """\
feeds:
  fuzz_lines:
    source: fuzz
    table: fuzz_lines
    description: Lines of any kind.
    files: "fuzz/*.csv"
    max_rejected_share: 0.99
    columns:
      - {name: transaction_timestamp, aliases: [timestamp]}
      - {name: branch}
      - {name: customer_name, aliases: [customer]}
      - {name: basket}
      - {name: total}
      - {name: payment_method, aliases: [payment], protect: none}
      - {name: card_number, aliases: [card], protect: card_number}
"""


@pytest.fixture(scope="module")
def feed(tmp_path_factory: pytest.TempPathFactory) -> Feed:
    path = tmp_path_factory.mktemp("feeds") / "feeds.yml"
    path.write_text(FEED_TEXT, encoding="utf-8")
    return load_feeds(path).chosen([])[0]


@contextmanager
def in_time(seconds: float = SLOW) -> Iterator[None]:
    """Fail if the block does not end in time."""

    def stop(*_: object) -> None:
        raise TimeoutError(f"not done within {seconds:g} seconds")

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def rounds(least: int) -> Iterator[tuple[int, random.Random]]:
    """Seeds with their generators: a fixed number, or as many as there is time for."""
    end = time.monotonic() + SECONDS / 2
    number = 0
    while number < least if not SECONDS else time.monotonic() < end:
        yield SEED + number, random.Random(SEED + number)
        number += 1


def mutated(chance: random.Random) -> bytes:
    """Random bytes, or a mutated file of the corpus."""
    if chance.random() < 0.05:
        return chance.randbytes(chance.choice((1, 3, 60, 5000)))
    content = bytearray(chance.choice(VALID)[:20_000])
    for _ in range(chance.choice((0, 1, 1, 2, 5, 20))):
        start = chance.randrange(len(content) + 1)
        end = min(len(content), start + chance.choice((1, 2, 10, 200, 5000)))
        kind = chance.randrange(6)
        if kind == 0:
            del content[start:end]
        elif kind == 1:
            content[start:start] = content[start:end] * chance.choice((1, 2, 30))
        elif kind == 2 and start < len(content):
            content[start] ^= 1 << chance.randrange(8)
        elif kind == 3:
            other = chance.choice(VALID)[:20_000]
            place = chance.randrange(len(other) + 1)
            content[start:end] = other[place : place + chance.choice((5, 100, 5000))]
        elif kind == 4:
            content[start:start] = chance.choice(PIECES) * chance.choice((1, 1, 1, 3, 150))
        else:
            del content[start:]
    return bytes(content)


def read(feed: Feed, content: bytes) -> FileReader:
    """Read and render a file as a load does; check that each line is accounted for."""
    reader = FileReader(feed, io.BytesIO(content))
    copied = CopyData()
    if reader.refused is not None:
        assert reader.refused.strip()
        return reader
    renderer = RowRenderer(feed, reader.dialect, CardTokens(TOKEN_KEY), 1, "load")
    counted: list[int] = []
    for batch in reader:
        counted += [reject.line_number for reject in batch.rejects]
        for number, row in zip(batch.line_numbers, batch.rows, strict=True):
            breaks = sum(len(list(io.StringIO(f"{cell}.", newline=""))) - 1 for cell in row)
            counted += range(number, number + 1 + breaks)
        renderer.render(batch, copied)
    lines: list[str] = []
    for block in TextReader(io.BytesIO(content)):
        lines += [block.text] if block.overlong else io.StringIO(block.text, newline="")
    tally = reader.tally
    taken = set(counted)
    assert len(counted) == len(taken)
    assert taken <= set(range(1, len(lines) + 1))
    assert len(counted) + tally.blanks + tally.headers == len(lines)
    empty = str.maketrans("", "", '"' + reader.dialect.delimiter)
    left = [line for number, line in enumerate(lines, 1) if number not in taken]
    assert sum(bool(line.translate(empty).strip()) for line in left) <= tally.headers
    sent = b"".join(text for _, text in copied)
    assert sent.count(b"\n") == tally.rows + tally.rejects
    assert b"\0" not in sent
    sent.decode("utf-8")
    return reader


def test_reading_loses_no_line_of_anything(feed: Feed) -> None:
    kinds = {"refused": 0, "read": 0}
    for seed, chance in rounds(ROUNDS_OF_READING):
        content = mutated(chance)
        try:
            with in_time():
                reader = read(feed, content)
        except Exception as error:
            raise AssertionError(f"seed {seed}: {content[:2000]!r}") from error
        kinds["read" if reader.refused is None else "refused"] += 1
    assert min(kinds.values()) > 50


LONG = 200_000
PATHOLOGICAL = {
    "letters before a number": b"a" * LONG + b" " + CARDS[0].encode() + b" x",
    "digits with gaps": b"1 " * (LONG // 2),
    "digits with dashes": b"7-7 " * (LONG // 4),
    "cards only": (CARDS[0].encode() + b" x ") * (LONG // 20),
    "digits only": b"1" * LONG,
    "hexadecimal": b"0a" * (LONG // 2),
    "dashes only": b"-" * LONG,
    "spaces only": b" " * LONG,
    "quotes only": b'"' * LONG,
    "delimiters only": b"," * LONG,
    "open quotes": b'"a\n' * 10_000,
    "open quotes in long lines": (b'a,"' + b"x" * 9000 + b"\n") * 200,
    "an open quote in each hundred lines": (b'a,"\n' + b"b\n" * 120) * 200,
    "quotes opened and closed": b'a,"b\nc",d,e,f,g,h\n' * 10_000,
    "line ends only": b"\r" * LONG,
    "NULs and line ends": b"\0\n" * 20_000,
    "a header of many names": b"timestamp,branch,customer,basket,total," + b"x," * (LONG // 2),
    "many short lines": b"x\n" * 20_000,
}


@pytest.mark.parametrize("kind", PATHOLOGICAL)
def test_no_line_is_slow_to_read(feed: Feed, kind: str) -> None:
    piece = PATHOLOGICAL[kind]
    line = b"26/08/2021 09:00,Leeds,Ann,Tea - 1.70,1.70,CASH,\n"
    quoted = b'26/08/2021 09:00,Leeds,"' + piece.replace(b'"', b"'") + b'",Tea,1,CASH,\n'
    with in_time():
        read(feed, line + piece + b"\n" + line)
        read(feed, line + quoted + line)
        read(feed, piece)


def packed(chance: random.Random, content: bytes) -> tuple[str, bytes]:
    """A file as sent: plain or in an archive, possibly mutated."""
    kind = chance.choice(("", "", "", ".gz", ".zip"))
    if kind == ".gz":
        content = gzip.compress(content, mtime=0)
    elif kind == ".zip":
        target = io.BytesIO()
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
            for place in range(chance.choice((1, 1, 1, 1, 2))):
                archive.writestr(f"{place}.csv", content)
        content = target.getvalue()
    if kind and chance.random() < 0.5:
        damaged = bytearray(content)
        for _ in range(chance.choice((1, 1, 4))):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        content = bytes(damaged[: chance.choice((len(damaged), chance.randrange(len(damaged))))])
    return f".csv{kind}", content


def test_loading_anything_gives_an_outcome_for_each_file(
    inbox: Inbox,
    run_load: Callable[..., LoadReport],
    query: Callable[..., list[tuple[Any, ...]]],
    tmp_path: Path,
) -> None:
    path = tmp_path / "feeds.yml"
    path.write_text(FEED_TEXT, encoding="utf-8")
    feeds = load_feeds(path)
    for seed, chance in rounds(ROUNDS_OF_LOADING):
        for old in inbox.folder.glob("fuzz/*"):
            old.unlink()
        for place in range(FILES_OF_A_LOAD):
            ending, content = packed(chance, mutated(chance))
            inbox.drop(f"fuzz/{seed}-{place}{ending}", content, modified=1_600_000_000)
        with in_time(60):
            report = run_load(feeds=feeds)
        reported = {outcome.path: outcome.status for outcome in report.files}
        assert len(reported) == FILES_OF_A_LOAD, seed
        assert set(reported.values()) <= {"loaded", "duplicate", "quarantined"}, (
            seed,
            report.failed,
        )
        assert run_load(feeds=feeds).files == [], seed
    assert query(
        "select count(*) from raw.ingest_files where status = 'quarantined' and reason is null"
    ) == [(0,)]
    assert query("select sum(row_count), sum(rejected_count) from raw.ingest_files") == query(
        "select (select count(*) from raw.fuzz_lines), (select count(*) from raw.ingest_rejects)"
    )
