"""Publish: make the editions of a plan, read corrected ones again, and keep record and archive.

One edition is published in three steps: its files are written, each atomically; its version and its
messages are recorded in one transaction; then its files are put to the other places, and its
messages sent. A run that is killed anywhere is continued by the next one, which makes equal bytes
of what was not recorded.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

from base.errors import BranchlineError
from publish.contract.publications import Publication, Publications
from publish.editions.edition import Edition, EditionFile
from publish.editions.files import CONTENT, MESSAGE, are_there, folder_of, sha256_of, write_file
from publish.editions.pages import (
    Making,
    content_of,
    kept_as_published,
    made_pages,
    stored_message,
)
from publish.editions.planning import Plan, Planned, Readers, role_of, title_of
from publish.editions.record import Record, Recorded, parts_of, transaction
from publish.editions.restating import Fingerprints, find_corrections
from publish.exports import Export, write_export
from publish.marts import MartReader
from publish.messages import own_names, targets
from publish.messages import plan as plan_messages
from publish.reports.missing import missing
from publish.reports.page import Page
from publish.reports.report import Part, Report
from publish.reports.stored import (
    figures_of,
    plain_restatements,
    restatements,
    stored_restatements,
)
from publish.reports.trading import labels

Progress = Callable[[int, int, str], None]


@dataclass(frozen=True)
class Publishing:
    """What a run publishes with.

    `archive`: its folder. `archive_url`: where people reach it, "" if nowhere. `has_docs`: whether
    it has the dbt docs. `places`: the names of those that have an address. `environ`: has the
    addresses of the audiences.
    """

    publications: Publications
    reports: Mapping[str, Report]
    readers: Readers
    record: Record
    archive: Path
    archive_url: str
    has_docs: bool
    places: Collection[str]
    environ: Mapping[str, str]
    progress: Progress = lambda done, total, note: None


@dataclass
class Published:
    """What a run has published: how many editions are new, restated, or as they were.

    `failed`: what could not be made, in sentences; `unfinished`: its publications and dates, which
    the next run tries again. `dates`: the business dates of which files were made or checked.
    `finished`, `fingerprints`: what to note at the end (`settle`).
    """

    new: int = 0
    restated: int = 0
    unchanged: int = 0
    messages: int = 0
    failed: list[str] = field(default_factory=list)
    unfinished: set[tuple[str, date]] = field(default_factory=set)
    dates: set[date] = field(default_factory=set)
    finished: list[tuple[str, date]] = field(default_factory=list)
    fingerprints: Fingerprints = field(default_factory=dict)


def publish_editions(work: Publishing, plan: Plan, *, restate: bool) -> Published:
    """Make the editions of a plan; with `restate`, then those that corrections concern.

    An export that cannot be written is reported, and the others are made. Raises BranchlineError if
    a mart cannot be read, and OSError if the file of a report cannot be written.
    """
    done = Published()
    for planned in plan.planned:
        name, day = planned.publication.name, planned.business_date
        if planned.again or not _are_there(work, name, day):
            _publish(work, planned, done)
            if (name, day) not in done.unfinished:
                done.finished.append((name, day))
        done.dates.add(day)
    if restate:
        _restate(work, plan, done)
    return done


def _are_there(work: Publishing, publication: str, day: date) -> bool:
    """Whether the archive still has all files of a date."""
    recorded = work.record.latest(publication, day)
    return all(are_there(work.archive, one.edition.files) for one in recorded)


def _restate(work: Publishing, plan: Plan, done: Published) -> None:
    """Read the editions again that corrections of past days concern."""
    read = {(one.publication.name, one.business_date) for one in plan.planned if one.again}
    published = work.record.dates()
    found = find_corrections(work.publications, work.reports, work.readers, work.record, published)
    for name, dates in found.dates.items():
        publication = work.publications.publications[name]
        for day in dates:
            if (name, day) in read:
                continue
            parts = _present_parts(work, publication, work.record.latest(name, day))
            _publish(work, Planned(publication, day, parts), done)
            done.dates.add(day)
    found_again = {(name, day) for name, dates in found.dates.items() for day in dates}
    if not found_again & done.unfinished:
        # Else the next run has to find them once more.
        done.fingerprints = found.fingerprints


def settle(record: Record, done: Published) -> None:
    """Note that a run is complete, with the manifests and index pages of its dates: only then are
    they not made again by the next one.
    """
    for publication, business_date in done.finished:
        record.finish(publication, business_date)
    record.set_fingerprints(done.fingerprints)


def _present_parts(
    work: Publishing, publication: Publication, recorded: Iterable[Recorded]
) -> tuple[Part, ...]:
    """The parts of recorded editions, with the names that branches have now."""
    reader = work.readers[role_of(publication)]
    known = {branch.key: branch for branch in reader.all_branches}
    parts = []
    for one in recorded:
        key = one.edition.part
        if key in known:
            parts.append(Part(key, known[key].name, known[key].place))
        else:
            parts.append(Part(key, one.page["part_name"], one.page["part_place"]))
    return tuple(parts)


def _publish(work: Publishing, planned: Planned, done: Published) -> None:
    """Make all editions of one publication and date."""
    name = planned.publication.name
    recorded = parts_of(work.record.latest(name, planned.business_date))
    title = title_of(planned.publication, work.reports)
    total = len(planned.parts)
    work.progress(0, total, f"{title}, {planned.business_date}")
    make = _reports if planned.publication.report is not None else _exports
    for count, _ in enumerate(make(work, planned, recorded, done), start=1):
        work.progress(count, total, f"{title}, {planned.business_date}")


def _reports(
    work: Publishing, planned: Planned, recorded: Mapping[str, Recorded], done: Published
) -> Iterator[None]:
    publication, day = planned.publication, planned.business_date
    report = work.reports[publication.report or ""]
    pages = report.read(work.readers[role_of(publication)], day, planned.parts)
    title = title_of(publication, work.reports)
    makings = []
    for page in pages:
        page = page if publication.title is None else replace(page, title=title)
        before = recorded.get(page.part)
        making = _making(work, publication, report, page, before)
        if making is None:
            done.unchanged += 1
            yield
        else:
            makings.append(making)
    for making, files in made_pages(makings):
        written = [
            write_file(work.archive, f"{making.folder}/{name}", content)
            for name, content in files.items()
        ]
        edition = Edition(
            publication.name,
            making.page.part,
            day,
            making.version,
            sha256_of(content_of(making.page)),
            tuple(file for file in written if not file.path.endswith(f"/{MESSAGE}")),
            not making.page.missing,
        )
        _record(work, publication, edition, making, recorded.get(making.page.part), done)
        yield


def _making(
    work: Publishing,
    publication: Publication,
    report: Report,
    page: Page,
    before: Recorded | None,
) -> Making | None:
    """What to make of a page; None if it was published with this content and its files exist."""
    version = 1
    folder = folder_of(page.business_date, publication.name, page.part, page.part_name)
    if before is not None:
        recorded = before.edition
        folder = before.page["folder"]
        page = kept_as_published(page, work.archive / folder)
        if recorded.content_sha256 == sha256_of(content_of(page)) or bool(report.latest):
            # Other words, such as those of a later version of the project, restate nothing.
            version = recorded.version
            page = replace(page, restated=stored_restatements(before.page["restated"]))
            has_these_words = bool(report.latest) or _has_content(recorded, page)
            if has_these_words and are_there(work.archive, recorded.files):
                return None
        else:
            version = recorded.version + 1
            page = replace(page, restated=restatements(before.page["figures"], page))
    return Making(
        page,
        version,
        folder,
        work.publications.company,
        tuple(work.publications.audiences_of(publication, page.part)),
        tuple(publication.formats),
        work.archive_url,
        work.has_docs,
    )


def _has_content(edition: Edition, page: Page) -> bool:
    """Whether an edition was published with the content of this page, word by word."""
    sha256 = sha256_of(page.content())
    return any(
        file.sha256 == sha256 and file.path.endswith(f"/{CONTENT}") for file in edition.files
    )


def _exports(
    work: Publishing, planned: Planned, recorded: Mapping[str, Recorded], done: Published
) -> Iterator[None]:
    publication, day = planned.publication, planned.business_date
    reader = work.readers[role_of(publication)]
    lacking = missing(reader, day)
    named = labels(reader.all_branches)
    of_branches = any(part.key for part in planned.parts)
    concerned = _branches_of(reader, publication.export or "", day) if of_branches else set()
    for part in planned.parts:
        before = recorded.get(part.key)
        if part.key == "" or part.key in concerned or before is not None:
            absent = tuple(name for name in lacking if part.key in ("", _key_of(name, named)))
            _export(work, Planned(publication, day, (part,)), before, absent, done)
        yield


def _key_of(name: str, named: Mapping[str, str]) -> str:
    return next((key for key, label in named.items() if label == name), "")


def _export(
    work: Publishing,
    planned: Planned,
    before: Recorded | None,
    absent: tuple[str, ...],
    done: Published,
) -> None:
    """Write the file of one part. `absent`: the branches whose sales of the day have not come."""
    publication, day, (part,) = planned.publication, planned.business_date, planned.parts
    mart = publication.export or ""
    reader = work.readers[role_of(publication)]
    folder = folder_of(day, publication.name, part.key, part.name)
    if before is not None:
        folder = before.page["folder"]
    export = Export(
        mart,
        publication.file or "",
        tuple(publication.columns or ()),
        reader.date_column(mart),
        publication.days,
        (("branch_key", part.key),) if part.key else (),
        publication.spreadsheet,
    )
    path = f"{folder}/{export.file}" if part.key else f"{day}/{export.file}"
    try:
        written = write_export(reader, export, day, work.archive / path)
    except BranchlineError as error:
        # One mart that its format cannot hold keeps nothing else from being published.
        _note_failure(publication, day, error, done)
        return
    version = 1
    if before is not None:
        version = before.edition.version + (before.edition.content_sha256 != written.sha256)
    making = Making(
        export_page(work, publication, reader, part, day, written.rows, absent),
        version,
        folder,
        work.publications.company,
        tuple(work.publications.audiences_of(publication, part.key)),
        (),
        work.archive_url,
        work.has_docs,
        path,
    )
    if publication.message:
        write_file(work.archive, f"{folder}/{MESSAGE}", stored_message(making))
    file = EditionFile(path, written.sha256, written.size, written.rows)
    edition = Edition(publication.name, part.key, day, version, written.sha256, (file,), not absent)
    _record(work, publication, edition, making, before, done)


def _note_failure(
    publication: Publication, day: date, error: BranchlineError, done: Published
) -> None:
    done.unfinished.add((publication.name, day))
    # All parts and dates often fail for one reason.
    said = " ".join((f"{publication.name}: {error.message}", *error.hint.splitlines())).strip()
    if said not in done.failed:
        done.failed.append(said)


def _branches_of(reader: MartReader, mart: str, day: date) -> set[str]:
    """The keys of branches that a mart has any rows of, up to a day."""
    column = reader.date_column(mart)
    condition = "true" if column is None else f'"{column}" <= %(day)s'
    found = reader.rows(f'select distinct branch_key from "{mart}" where {condition}', {"day": day})
    return {row["branch_key"] for row in found}


def export_page(
    work: Publishing,
    publication: Publication,
    reader: MartReader,
    part: Part,
    day: date,
    rows: int,
    absent: tuple[str, ...],
) -> Page:
    """A page about an exported file, for its message and for the index."""
    of = f" of {part.name}" if part.key else ""
    return Page(
        report=publication.name,
        title=title_of(publication, work.reports),
        part=part.key,
        part_name=part.name,
        part_place=part.place,
        business_date=day,
        period=f"up to {day}",
        headline=f"{publication.file}{of} has {rows:,} rows.",
        figures=(),
        sections=(),
        missing=absent,
        shows_names=reader.shows_names,
    )


def _record(
    work: Publishing,
    publication: Publication,
    edition: Edition,
    making: Making,
    before: Recorded | None,
    done: Published,
) -> None:
    """Record a version with its messages. One that is recorded already is only changed: its words,
    its files, or whether it is complete.
    """
    is_known = before is not None and edition.version == before.edition.version
    if is_known:
        done.unchanged += 1
    elif edition.version == 1:
        done.new += 1
    else:
        done.restated += 1
    if before is not None and edition == before.edition:
        return
    if edition.is_complete and before is not None:
        edition = replace(edition, completes=not work.record.was_complete(edition))
    places = to = [place for place in publication.to if place in work.places]
    if before is not None and edition.files == before.edition.files:
        places, to = list(before.places_waiting), before.page["to"]
    page = {**_page_record(publication, making), "to": to}
    with transaction(work.record.link):
        if is_known:
            work.record.change(edition, page, places)
        else:
            work.record.add(edition, page, places)
        done.messages += _plan_messages(work, publication, edition, is_new=before is None)


def _page_record(publication: Publication, making: Making) -> dict[str, Any]:
    """What the record keeps of a page: for the index, and to restate it."""
    page = making.page
    return {
        "folder": making.folder,
        "title": page.title,
        "every": publication.every,
        "audiences": list(making.audiences),
        "file": publication.file or "",
        "part_name": page.part_name,
        "part_place": page.part_place,
        "period": page.period,
        "headline": page.headline,
        "figures": figures_of(page),
        "missing": list(page.missing),
        "restated": plain_restatements(page.restated),
        "shows_names": page.shows_names,
    }


def _plan_messages(
    work: Publishing, publication: Publication, edition: Edition, *, is_new: bool
) -> int:
    """Put the messages of a new version into the outbox: of the first version of the newest date,
    and of the first that no branch is missing from any more.
    """
    if not publication.message:
        return 0
    is_first = is_new and not work.record.has_later(edition)
    if not (is_first or edition.completes):
        return 0
    names = _names(work, publication, edition.part)
    return sum(
        plan_messages(
            work.record.link, edition, audience, names, targets(work.environ, audience, names)
        )
        for audience in work.publications.audiences_of(publication, edition.part)
    )


def _names(work: Publishing, publication: Publication, part: str) -> tuple[str, ...]:
    """The names of a part in the addresses of an audience; none for the company."""
    branches = work.readers[role_of(publication)].all_branches
    return own_names({branch.key: branch.names for branch in branches}).get(part, ())
