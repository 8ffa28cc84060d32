"""The benchmarks' files: those of the one source that has a folder below this one.

Its module `till_files` creates them, `wholesale_files` those with receipts of many lines, and `raw`
compares what was loaded with what was written.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Iterator, Sequence
from importlib import import_module
from pathlib import Path
from typing import Protocol

from bench.figures import Section
from bench.truth import Truth


class File(Protocol):
    """One file: its path in the inbox, its bytes, their truth, and the cards in it."""

    @property
    def path(self) -> str: ...
    @property
    def content(self) -> bytes: ...
    @property
    def truth(self) -> Truth: ...
    @property
    def cards(self) -> frozenset[str]: ...


class Files(Protocol):
    """The files of all branches and days, deterministic."""

    def file(self, position: int, number: int, rows: int, *, corrected: bool = False) -> File: ...


(_SOURCE,) = (
    found.name for found in pkgutil.iter_modules([str(Path(__file__).parent)]) if found.ispkg
)
_files = import_module(f"bench.{_SOURCE}.till_files")
_wholesale = import_module(f"bench.{_SOURCE}.wholesale_files")
_raw = import_module(f"bench.{_SOURCE}.raw")

COLUMNS: tuple[str, ...] = _files.COLUMNS


def make_files() -> Files:
    """The maker of the files."""
    made: Files = _files.Tills()
    return made


def wholesale_file(number: int, receipts: int, also: Sequence[int] = ()) -> File:
    """A wholesaler's day; `also`: the version sent later, with more receipts of so many lines."""
    made: File = _wholesale.wholesale_file(number, receipts, also)
    return made


def make_inbox(inbox: Path) -> None:
    """Create the folders for the files."""
    _files.make_inbox(inbox)


def write(inbox: Path, file: File) -> None:
    """Write one file."""
    _files.write(inbox, file)


def large_file_path() -> str:
    """The path of the large file in the inbox."""
    path: str = _files.large_file_path()
    return path


def large_blocks(size: int) -> Iterator[tuple[bytes, Truth, int]]:
    """Blocks of one file of `size` bytes or more, their truth, and the number of new cards."""
    yield from _files.large_blocks(size)


def check_raw(section: Section, url: str, truth: Truth, cards: int | None = None) -> None:
    """Compare what was loaded with what was written."""
    _raw.check_raw(section, url, truth, cards)
