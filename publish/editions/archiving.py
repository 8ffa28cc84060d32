"""What surrounds the editions: manifests, the index page, the docs, and copies in other places."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Collection, Iterator, Mapping
from datetime import date
from pathlib import Path

from base.errors import BranchlineError
from base.files import write_atomically
from publish.archive import ArchiveFrame, EditionRow, Link, day, index, part
from publish.contract.publications import Publications
from publish.editions.files import (
    BRANCHES,
    DOCS,
    INDEX,
    MESSAGE,
    PAGE,
    PDF,
    remove_left,
    slug,
    write_file,
)
from publish.editions.pages import in_words, lineage_of
from publish.editions.record import Record, Recorded
from publish.exports import Entry, write_manifest
from publish.exports.manifest import NAME as MANIFEST
from publish.places import Place

DATES_WITH_HEADLINES = 31
"""The index lists so many dates with their headlines, and a branch's page no older ones."""


def prepare_archive(archive: Path) -> None:
    """Create the folder of the archive. Only its owner can read it, because pages may hold names;
    whoever may read them gets the right from the owner. Raises OSError.
    """
    archive.mkdir(mode=0o700, parents=True, exist_ok=True)


def copy_docs(archive: Path, docs: Path) -> bool:
    """Copy the dbt docs, which pages link to, if there are any. Returns whether the archive has
    them. Raises OSError.
    """
    target = archive / DOCS
    if docs.is_file() and not (target.is_file() and _is_same(docs, target)):
        write_atomically(target, docs.read_bytes())
    return target.is_file()


def _is_same(one: Path, other: Path) -> bool:
    return one.stat().st_size == other.stat().st_size and one.read_bytes() == other.read_bytes()


def write_manifests(archive: Path, record: Record, dates: Collection[date]) -> None:
    """Write the manifest of each date. Raises OSError."""
    for one in sorted(dates):
        if (archive / str(one)).is_dir():
            write_manifest(archive / str(one), one, _entries(record.latest(None, one)))
    remove_left(archive, dates)


def write_index(
    archive: Path, record: Record, publications: Publications, dates: Collection[date], state: str
) -> None:
    """Write the index pages: of the archive, of these dates, and of each branch.

    `state`: what to say above all. Raises OSError.
    """
    docs = DOCS if (archive / DOCS).is_file() else ""
    frame = ArchiveFrame(
        company=publications.company,
        docs=docs,
        lineage=lineage_of(docs),
        state=state,
    )
    published = record.dates()
    known = sorted({one for found in published.values() for one in found}, reverse=True)
    # The branches' pages of a day stay listed when a week or a month ends on a later one.
    latest = {publication: max(found) for publication, found in published.items()}
    listed = set(known[:DATES_WITH_HEADLINES])
    recorded = record.latest_of({*listed, *latest.values(), *dates})
    rows = [(one, _row(one)) for one in recorded]
    parts: dict[str, list[EditionRow]] = {}
    for one, row in rows:
        if row.part and row.business_date in listed:
            parts.setdefault(_part_page(one), []).append(row)
    pages = {
        INDEX: index(
            [
                row
                for _, row in rows
                if row.business_date == latest[row.publication]
                or (not row.part and row.business_date in listed)
            ],
            frame,
            known,
            [
                Link(_name_of(found[-1]), path)
                for path, found in sorted(parts.items(), key=lambda one: _name_of(one[1][-1]))
            ],
        )
    }
    for business_date in dates:
        of_day = [row for _, row in rows if row.business_date == business_date]
        if of_day:
            pages[f"{business_date}/{INDEX}"] = day(of_day, frame)
    pages |= {path: part(found, frame) for path, found in parts.items()}
    for path, text in pages.items():
        write_file(archive, path, text.encode())


def _part_page(one: Recorded) -> str:
    return f"{BRANCHES}/{slug(one.edition.part, one.page['part_name'])}/{INDEX}"


def _name_of(row: EditionRow) -> str:
    return row.part_name


def copy_to_places(archive: Path, record: Record, places: Mapping[str, Place]) -> list[str]:
    """Put the files of new editions to their places, then a manifest of each date; returns what
    failed, and waits for the next run.

    An edition waits until its date's manifest is there, so that a killed run is repeated.
    """
    waiting: dict[tuple[str, date], list[Recorded]] = {}
    for one in record.waiting_for_places():
        for name in one.places_waiting:
            if name in places:
                waiting.setdefault((name, one.edition.business_date), []).append(one)
    failed: dict[str, str] = {}
    for (name, business_date), new in waiting.items():
        if name in failed:
            continue
        try:
            for one in new:
                for file in one.edition.files:
                    places[name].put(archive / file.path, file.path)
            _put_manifest(record, name, places[name], business_date, new)
        except BranchlineError as error:
            failed[name] = error.message
        else:
            for one in new:
                record.has_come(one.edition, name)
    for place in places.values():
        place.close()
    return list(failed.values())


def remove_archive(archive: Path, record: Record) -> None:
    """Delete everything that was published from the archive, and nothing else. Raises OSError."""
    files = {archive / INDEX, archive / DOCS}
    for one in record.latest():
        folder = archive / one.page["folder"]
        files |= {archive / file.path for file in one.edition.files}
        files |= {folder / MESSAGE, archive / _part_page(one)}
        files |= {archive / str(one.edition.business_date) / name for name in (INDEX, MANIFEST)}
    for path in files:
        path.unlink(missing_ok=True)
    folders = {
        parent for path in files for parent in path.parents if parent.is_relative_to(archive)
    }
    # Those below before those above.
    for folder in sorted(folders, key=lambda path: -len(path.parts)):
        with contextlib.suppress(OSError):
            folder.rmdir()


def _put_manifest(
    record: Record, name: str, place: Place, business_date: date, new: Collection[Recorded]
) -> None:
    """Put the manifest of the files that a place has of a date."""
    come = [
        one
        for one in record.latest(None, business_date)
        if name in one.page["to"] and (name not in one.places_waiting or one in new)
    ]
    with tempfile.TemporaryDirectory(prefix="branchline-") as folder:
        manifest = write_manifest(Path(folder), business_date, _entries(come))
        place.put(manifest, f"{business_date}/{manifest.name}")


def _entries(recorded: Collection[Recorded]) -> list[Entry]:
    return [
        Entry(
            file.path.partition("/")[2],
            file.rows,
            file.sha256,
            one.edition.publication,
            one.edition.version,
            one.edition.part,
        )
        for one in recorded
        for file in one.edition.files
    ]


def _row(one: Recorded) -> EditionRow:
    page = one.page
    return EditionRow(
        publication=one.edition.publication,
        title=page["title"],
        audiences=tuple(in_words(name) for name in page["audiences"]),
        business_date=one.edition.business_date,
        links=tuple(_links(one)),
        part=one.edition.part,
        part_name=page["part_name"],
        part_place=page["part_place"],
        headline="" if page["file"] else page["headline"],
        note=page["headline"] if page["file"] else "",
        version=one.edition.version,
        is_complete=one.edition.is_complete,
        shows_names=page["shows_names"],
    )


def _links(one: Recorded) -> Iterator[Link]:
    """The files that people read, the page first."""
    texts = {PAGE: "Page", PDF: "PDF"}
    if one.page["file"]:
        texts = {one.page["file"]: one.page["file"]}
    paths = {file.path.rpartition("/")[2]: file.path for file in one.edition.files}
    for name, text in texts.items():
        if name in paths:
            yield Link(text, paths[name])
