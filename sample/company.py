"""The sample company's files: delivered one by one, or written into a folder at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

from sample.errors import SampleError
from sample.output import OutputFolder
from sample.places import Places
from sample.sources import (
    DEFAULT_START,
    Company,
    Delivery,
    Source,
    source_class,
    source_names,
    sources_of,
)
from sample.truth import Books, Mess, Summary

__all__ = [
    "DEFAULT_START",
    "Company",
    "Delivery",
    "deliveries",
    "described",
    "places",
    "write_company",
    "write_deliveries",
]

# Called after each file with the number of files done and the total.
Progress = Callable[[int, int], None]


def described(branches: int) -> str:
    """The company's size in words: `8 branches, an unlisted pop-up and 4 stores`."""
    beside = [source_class(name).beside(branches) for name in source_names()]
    own = f"{branches} branch{'' if branches == 1 else 'es'}"
    *parts, last = [own, *[words for words in beside if words]]
    return f"{', '.join(parts)} and {last}" if parts else last


def _open(company: Company) -> list[Source]:
    """The company's sources. Raises SampleError if their last file is past the last date."""
    sources = sources_of(company)
    if company.days > (date.max - company.start).days - _days_after(sources):
        raise SampleError(
            f"{company.days} days from {company.start} is past the end of the calendar.",
            "Choose fewer days or an earlier start.",
        )
    return sources


def _days_after(sources: list[Source]) -> int:
    return max((source.days_after for source in sources), default=0)


def _delivered(company: Company, sources: list[Source]) -> Iterator[Delivery]:
    for number in range(company.days + _days_after(sources)):
        for source in sources:
            yield from source.on(number)


def deliveries(company: Company) -> Iterator[Delivery]:
    """Every file in order of arrival.

    The last ones arrive some days after the company's last day (`Source.days_after`).
    Raises SampleError for an impossible company.
    """
    return _delivered(company, _open(company))


def places(company: Company) -> list[Places]:
    """The databases and APIs of the company's sources. Raises SampleError."""
    return [source.places() for source in _open(company)]


def write_deliveries(
    *,
    branches: int = 8,
    days: int = 60,
    seed: int = 1,
    start: date | None = None,
    mess: bool = True,
    odd: bool = True,
    sources: tuple[str, ...] | None = None,
) -> Iterator[tuple[date, str, bytes]]:
    """The same files for tests that deliver day by day: (delivery day, path, content).

    Ordered by delivery day; paths are relative to the inbox, with forward slashes. The caller
    writes them; a path that comes again replaces the earlier file.
    Raises SampleError for a company without branches or days.
    """
    company = Company(branches, days, seed, start or DEFAULT_START, mess, odd, sources)
    return (
        (delivery.truth.delivered_on, delivery.path, delivery.content)
        for delivery in deliveries(company)
    )


def write_company(
    out: Path,
    *,
    branches: int = 8,
    days: int = 60,
    seed: int = 1,
    start: date | None = None,
    mess: bool = True,
    odd: bool = True,
    sources: tuple[str, ...] | None = None,
    progress: Progress | None = None,
    until: date | None = None,
) -> Summary:
    """Write the company's files below `out` and return a summary.

    The same arguments give the same bytes on any machine. With `until`, only files delivered by the
    end of that day are written, and the summary's truth is as of that day. Of several files with
    one path, the last one is kept. A folder from an earlier call is updated; one with other content
    is not touched.

    Raises SampleError if `out` cannot be used or the company would have no sales.
    """
    company = Company(branches, days, seed, start or DEFAULT_START, mess, odd, sources)
    opened = _open(company)
    to_come = sum(source.to_come() for source in opened)
    folder = OutputFolder(out, source_names())
    books, size = Books(), 0
    notes: list[Mess] = []
    for done, delivery in enumerate(_delivered(company, opened), start=1):
        if until is not None and delivery.truth.delivered_on > until:
            break
        gone = delivery.truth.overwritten_on
        if gone is None or (until is not None and gone > until):
            folder.write(delivery.path, delivery.content)
            size += len(delivery.content)
        books.enter(delivery.truth)
        notes.extend(delivery.mess)
        if progress is not None:
            progress(done, to_come)
    folder.finish()
    return Summary(
        out,
        company.start,
        branches,
        days,
        seed,
        tuple(books.files),
        size,
        tuple(notes),
        books.expected(),
        tuple(odd for source in opened for odd in source.oddities()),
    )
