"""Find the editions that a correction of a past day concerns.

The days of each mart that an edition was made from have a fingerprint, which is compared with the
one of the run before.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

from publish.contract.publications import Publication, Publications
from publish.editions.planning import Readers, role_of, why_absent
from publish.editions.record import Record
from publish.marts import MartReader
from publish.reports.report import Report

RESTATED_DAYS = 35
"""Days are compared back to the oldest one that an edition of so many days before a publication's
newest edition shows: a correction of an older day restates nothing.
"""
MartOfReader = tuple[str, str]
"""A mart, and the role that reads it: an analyst reads it masked."""
Fingerprints = dict[MartOfReader, dict[date, str]]
"""The fingerprint of each day."""


@dataclass
class Corrections:
    """`dates`: for each publication the business dates to read again. `fingerprints`: to record
    when that is done.
    """

    dates: dict[str, list[date]] = field(default_factory=dict)
    fingerprints: Fingerprints = field(default_factory=dict)


def find_corrections(
    publications: Publications,
    reports: Mapping[str, Report],
    readers: Readers,
    record: Record,
    published: Mapping[str, Collection[date]],
) -> Corrections:
    """The editions to read again. `published`: the recorded business dates of each publication."""
    found = Corrections()
    changed: dict[MartOfReader, list[date]] = {}
    wanted: dict[MartOfReader, date] = {}
    reads: dict[str, list[MartOfReader]] = {}
    looks_back: dict[str, timedelta] = {}
    since: dict[str, date] = {}
    for name, publication in publications.publications.items():
        dates = published.get(name)
        role = role_of(publication)
        if not dates or role not in readers:
            continue
        reader = readers[role]
        if why_absent(publication, reports, reader) is not None:
            continue
        days, marts = _restated_by(publication, reports, reader)
        looks_back[name] = timedelta(days)
        reads[name] = [(mart, role) for mart in marts]
        first = max(min(dates), max(dates) - timedelta(RESTATED_DAYS))
        since[name] = first - looks_back[name]
        for read in reads[name]:
            wanted[read] = min(since[name], wanted.get(read, since[name]))
    for (mart, role), first in wanted.items():
        before = record.fingerprints(mart, role)
        now = _fingerprints(readers[role], mart, first)
        found.fingerprints[mart, role] = now
        changed[mart, role] = sorted(
            day for day in {*before, *now} if day >= first and before.get(day) != now.get(day)
        )
    for name, read_by in reads.items():
        corrected = sorted({day for read in read_by for day in changed[read] if day >= since[name]})
        again = [
            day
            for day in sorted(published[name])
            if _any_within(corrected, day - looks_back[name], day)
        ]
        if again:
            found.dates[name] = again
    return found


def _restated_by(
    publication: Publication, reports: Mapping[str, Report], reader: MartReader
) -> tuple[int, list[str]]:
    """How many days an edition looks back, and the marts whose corrections restate it.

    The next file of an export of all days holds every correction, so it is not restated.
    """
    if publication.export is not None:
        if publication.days is None:
            return 0, []
        return publication.days - 1, [publication.export]
    report = reports[publication.report or ""]
    if report.latest:
        return 0, []
    named = {*report.reads, *report.may_read} - {*report.not_compared}
    marts = [mart for mart in sorted(named) if reader.has(mart)]
    return report.looks_back, [mart for mart in marts if reader.date_column(mart) is not None]


def _fingerprints(reader: MartReader, mart: str, since: date) -> dict[date, str]:
    """A hash over the rows of each day, in any order; without columns that say which rows are the
    latest, because these change without any correction.
    """
    day = reader.date_column(mart)
    names = [one.name for one in reader.columns(mart) if not one.name.startswith("is_latest")]
    columns = ", ".join(f'"{name}"' for name in names)
    found = reader.rows(
        f"select \"{day}\" as day, count(*) || ' ' ||"
        f" sum(cast(hashtextextended(cast(row({columns}) as text), 0) as numeric)) as fingerprint"
        f' from "{mart}" where "{day}" >= %(since)s group by "{day}"',
        {"since": since},
    )
    return {row["day"]: row["fingerprint"] for row in found}


def _any_within(days: list[date], first: date, last: date) -> bool:
    place = bisect_left(days, first)
    return place < len(days) and days[place] <= last
