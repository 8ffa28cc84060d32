"""The sources of the company, and their base class.

A source is a folder of this package with a module `source` whose `SOURCE` is a class below
`Source`. The folder's name is the source's name and its folder in the inbox. Nothing else names a
source, so a new one is a new folder.
"""

from __future__ import annotations

import pkgutil
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from importlib import import_module
from pathlib import Path
from typing import ClassVar

from sample.errors import SampleError
from sample.oddities import Oddity
from sample.places import Places
from sample.truth import FileTruth, Mess

# A Monday. Sixty days from here the clocks go back and iced drinks give way to hot ones.
DEFAULT_START = date(2025, 9, 1)


@dataclass(frozen=True)
class Company:
    """The input of the sample. Nothing else affects its bytes.

    `mess`: with errors in the files; `odd`: with anomalies in the trade. `sources`: the names of
    the sources that send files; None for all.
    """

    branches: int = 8
    days: int = 60
    seed: int = 1
    start: date = DEFAULT_START
    mess: bool = True
    odd: bool = True
    sources: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        if self.branches < 1 or self.days < 1:
            raise SampleError(
                f"A company of {self.branches} branches and {self.days} days has no sales.",
                "Choose at least 1 branch and 1 day.",
            )


@dataclass(frozen=True)
class Delivery:
    """One file as it arrives, with the truth about it and its errors."""

    path: str
    content: bytes
    truth: FileTruth
    mess: tuple[Mess, ...] = ()


class Source(ABC):
    """One system of a company: creates its files and lists, day by day, in order.

    Days are numbers from the company's first day (0).
    """

    # The last file may arrive so many days after the company's last day.
    days_after: ClassVar[int] = 0
    # Whether a file contains everything since the company's first day.
    grows: ClassVar[bool] = False

    def __init__(self, company: Company) -> None:
        self.company = company

    @classmethod
    def beside(cls, branches: int) -> str:
        """The source's part of a company of so many branches, as `4 stores`; may be empty."""
        return ""

    @abstractmethod
    def on(self, number: int) -> Iterator[Delivery]:
        """The files that arrive on a day; `number` may be up to `days_after` past the last one.

        The truth of each names its logical file, which its versions share.
        """

    @abstractmethod
    def to_come(self) -> int:
        """How many files there will be in all."""

    def places(self) -> Places:
        """The databases and APIs that hold the source's rows at the end of the company's days."""
        return Places()

    def oddities(self) -> tuple[Oddity, ...]:
        """The intended anomalies of the source."""
        return ()


def source_names() -> tuple[str, ...]:
    """The names of all sources, in the order in which they deliver on a day."""
    here = str(Path(__file__).parent)
    return tuple(sorted(found.name for found in pkgutil.iter_modules([here]) if found.ispkg))


def source_class(name: str) -> type[Source]:
    """The class of a source. Raises SampleError for an unknown name."""
    if name not in source_names():
        raise SampleError(
            f"The sample has no source {name!r}.", f"Choose from {', '.join(source_names())}."
        )
    found: type[Source] = import_module(f"{__package__}.{name}.source").SOURCE
    return found


def sources_of(company: Company) -> list[Source]:
    """The sources of a company. Raises SampleError for an unknown one."""
    names = source_names() if company.sources is None else company.sources
    return [source_class(name)(company) for name in names]
