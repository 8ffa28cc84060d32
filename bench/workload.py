"""The benchmarks' files and places, which come from the folders of sources below this one.

The module `till_files` of one of them creates the files, `wholesale_files` those with receipts of
many lines, and `raw` compares what was loaded with what was written. The module `company` of
another one serves a company whose data is in several places, `till_company` of another one stores
whose tills are databases, and `hourly_shop` of another one writes what a shop does in a quarter of
an hour.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Protocol

from bench.figures import Section
from bench.truth import Expected, ShopTruth, Truth
from sample.places import Database, Places


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


class PlacesCompany(Protocol):
    """A company in several places: its files in an object store, its tables and its API."""

    def write(self, folder: Path) -> dict[str, Path]: ...
    def places(self) -> Sequence[Places]: ...
    def expected(self) -> Expected: ...


class TillCompany(Protocol):
    """Stores, each with a database, which grow by a day each night."""

    def databases(self) -> Iterable[Database]: ...
    def next_day(self) -> Iterable[tuple[Database, Mapping[str, tuple[str, str]]]]: ...
    def expected(self) -> Expected: ...
    def lines(self) -> int: ...
    def shifts(self) -> Sequence[tuple[str, int]]: ...


class ShopCompany(Protocol):
    """Stores and a web shop, whose systems report in files, day by day or more often."""

    source: str

    def lists(self, inbox: Path) -> int: ...
    def write_days(self, inbox: Path, days: Sequence[int]) -> ShopTruth: ...
    def write_quarter(self, inbox: Path, number: int) -> ShopTruth: ...
    def sessions(self, lines: int) -> int: ...


def _module(name: str) -> ModuleType:
    """The module of that name in the one folder of a source that has it."""
    here = Path(__file__).parent
    (found,) = here.glob(f"*/{name}.py")
    return import_module(f"bench.{found.parent.name}.{name}")


_files = _module("till_files")
_wholesale = _module("wholesale_files")
_raw = _module("raw")

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


def places_company(share: int, days: int) -> PlacesCompany:
    """The company with one in `share` of the full size's rows, and so many days of orders."""
    made: PlacesCompany = _module("company").FullCompany(share, days)
    return made


def till_company(stores: int, days: int, items: int) -> TillCompany:
    """So many stores of so many items, after so many days."""
    made: TillCompany = _module("till_company").TillCompany(stores, days, items)
    return made


def shop_company(orders: int, log_lines: int, ranges: int, days: int) -> ShopCompany:
    """A shop with so many orders and log lines in so many days, and a list of so many IP ranges."""
    made: ShopCompany = _module("hourly_shop").HourlyShop(orders, log_lines, ranges, days)
    return made
