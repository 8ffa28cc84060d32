"""Which publications appear for a date, and which do not exist in this warehouse."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from base.errors import BranchlineError
from publish.contract.publications import Publication, Publications
from publish.editions.periods import CATCH_UP_DAYS, Calendar, days_to_catch_up
from publish.editions.record import Record
from publish.marts import MartReader
from publish.reports.report import Part, Report

Readers = Mapping[str, MartReader]
"""By role: `analyst`, and `pii_reader` where something that may hold names is published."""


@dataclass(frozen=True)
class Planned:
    """All editions of one publication for one business date.

    `again`: they are read again even if they were all published.
    """

    publication: Publication
    business_date: date
    parts: tuple[Part, ...]
    again: bool = True


@dataclass(frozen=True)
class Absent:
    """A publication that does not exist in this warehouse, and why."""

    name: str
    reason: str


@dataclass(frozen=True)
class Plan:
    """What is published for a date, the newest dates first; and what does not exist."""

    on: date
    planned: tuple[Planned, ...]
    absent: tuple[Absent, ...]


def role_of(publication: Publication) -> str:
    """The role that a publication is read with."""
    return "pii_reader" if publication.names else "analyst"


def title_of(publication: Publication, reports: Mapping[str, Report]) -> str:
    """What people call it: its own title, its report's, or its file."""
    if publication.title is not None:
        return publication.title
    if publication.report is not None:
        return reports[publication.report].title
    return publication.file or publication.name


def plan_editions(
    publications: Publications,
    reports: Mapping[str, Report],
    readers: Readers,
    record: Record,
    on: date,
    *,
    only: str | None = None,
    last_ended: date | None = None,
    catch_up: bool = False,
) -> Plan:
    """What is published for a business date.

    `only`: one publication, for the period that the date lies in if that has ended on `last_ended`.
    `catch_up`: also the days before on which nothing was published.
    Raises BranchlineError for an unknown publication, or for columns that a mart does not have.
    """
    if only is not None and only not in publications.publications:
        raise BranchlineError(
            f"'{only}' is not a publication.",
            f"publish/publications.yml lists: {', '.join(publications.publications)}",
        )
    calendar = Calendar(readers["analyst"])
    newest = newest_day(readers["analyst"], last_ended or on)
    published = record.dates()
    planned: list[Planned] = []
    absent: list[Absent] = []
    for name, publication in publications.publications.items():
        if only is not None and name != only:
            continue
        reader = readers[role_of(publication)]
        reason = why_absent(publication, reports, reader)
        if reason is not None:
            absent.append(Absent(name, reason))
            continue
        _check_columns(publications, publication, reader)
        ends = calendar.last_end(publication.every, on)
        if only is not None and last_ended is not None:
            _, end = calendar.period_of(publication.every, on)
            ends = end if end <= last_ended else ends
        finished = record.finished_dates(name, ends - timedelta(CATCH_UP_DAYS))
        # A page of a day is read again on that day: a late file may have come since.
        again = only is not None or publication.every == "day" or ends not in finished
        mart = publication.export
        has_dates = mart is None or reader.date_column(mart) is not None
        if not has_dates:
            is_newest = ends >= calendar.last_end(publication.every, newest)
            if not is_newest or ends < max(published.get(name, [ends])):
                absent.append(Absent(name, f"{mart} holds the latest state, not that of {ends}"))
                continue
            # Not over the state of the period's end.
            again = again and (ends >= newest or ends not in finished)
        planned.append(_planned(publications, publication, reader, ends, again))
        if catch_up and has_dates and publication.every == "day":
            for day in days_to_catch_up(on, record.first_date(name), finished):
                planned.append(_planned(publications, publication, reader, day, True))
    planned.sort(key=lambda one: -one.business_date.toordinal())
    return Plan(on, tuple(planned), tuple(absent))


def why_absent(
    publication: Publication, reports: Mapping[str, Report], reader: MartReader
) -> str | None:
    """Why a publication does not exist in this warehouse; None if it does."""
    if publication.report is not None:
        marts = reports[publication.report].reads
    else:
        marts = (publication.export or "",)
    for mart in marts:
        if not reader.has(mart):
            return f"the mart {mart} does not exist"
        if not reader.rows(f'select 1 as found from "{mart}" limit 1'):
            return f"the mart {mart} has no rows: its sources are switched off, or sent nothing yet"
    return None


def newest_day(reader: MartReader, last_ended: date) -> date:
    """The last day with sales that has ended: what holds the latest state is of that day."""
    found = [one.last_business_date for one in reader.all_branches if one.last_business_date]
    return min(max(found, default=last_ended), last_ended)


def branch_parts(reader: MartReader, on: date) -> tuple[Part, ...]:
    """The parts of a publication that has one for each branch."""
    return tuple(Part(branch.key, branch.name, branch.place) for branch in reader.branches(on))


def _planned(
    publications: Publications,
    publication: Publication,
    reader: MartReader,
    business_date: date,
    again: bool,
) -> Planned:
    of_branches, of_company = publications.parts_of(publication)
    company = (Part("", publications.company),) if of_company else ()
    branches = branch_parts(reader, business_date) if of_branches else ()
    return Planned(publication, business_date, (*company, *branches), again)


def _check_columns(
    publications: Publications, publication: Publication, reader: MartReader
) -> None:
    """Raise BranchlineError for an export that needs columns that its mart does not have."""
    mart = publication.export
    if mart is None:
        return
    known = [column.name for column in reader.columns(mart)]
    key = f"publications.{publication.name}"
    for place, column in enumerate(publication.columns or []):
        if column not in known:
            raise publications.wrong(
                f"{key}.columns.{place}",
                f"'{column}' is not a column of {mart}; it has {', '.join(known)}",
            )
    if publication.days is not None and reader.date_column(mart) is None:
        raise publications.wrong(
            f"{key}.days", f"{mart} has no date in its key; it holds the latest state"
        )
    of_branches, _ = publications.parts_of(publication)
    if of_branches and "branch_key" not in known:
        raise publications.wrong(
            f"{key}.for",
            f"{mart} has no branch_key, so branches cannot get their own rows of it; choose an"
            " audience of the company",
        )
