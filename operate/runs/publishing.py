"""Publish from the warehouse: with its lock, its roles, and what its builds say."""

from __future__ import annotations

import contextlib
import functools
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from datetime import date, datetime, timezone
from pathlib import Path

from psycopg2.extensions import connection as Link

from base.errors import BranchlineError
from base.link import Connection, open_link
from base.settings import Settings
from base.words import listed
from operate.access.lowered import lowered, reading
from operate.access.ours import check_ours
from operate.dbt.docs_page import docs_page
from operate.runs.builds import has_built, last_build
from operate.server.connecting import ensure_warehouse
from operate.server.notes import one_run_at_a_time, prepare_notes
from operate.terminal.progress import Update
from publish.contract.publications import Publications
from publish.contract.reading import load_publications
from publish.editions.archiving import (
    copy_docs,
    copy_to_places,
    prepare_archive,
    write_index,
    write_manifests,
)
from publish.editions.files import INDEX
from publish.editions.outcome import PublishReport
from publish.editions.pages import read_message
from publish.editions.periods import last_ended_day
from publish.editions.planning import newest_day, plan_editions
from publish.editions.publishing import Published, Publishing, publish_editions, settle
from publish.editions.record import Record, build_is_open
from publish.marts import MartReader, open_marts
from publish.messages import (
    Delivery,
    Message,
    Waiting,
    deliver,
    has_addresses,
    own_names,
    problems,
    without_files,
)
from publish.places import Place, open_place, variable_of
from publish.reports import REPORTS

Show = Callable[[str], AbstractContextManager[Update]]
LATEST = "latest"


def archive_folder(settings: Settings, publications: Publications) -> Path:
    """The folder of the archive: BRANCHLINE_ARCHIVE, or as the contract says, below the project."""
    if settings.archive is not None:
        return settings.archive
    return (settings.project / Path(publications.archive).expanduser()).absolute()


def publish(
    settings: Settings,
    *,
    say: Callable[[str], None],
    show: Show,
    on: date | str | None = None,
    only: str | None = None,
    dry_run: bool = False,
    environ: Mapping[str, str] | None = None,
    now: datetime | None = None,
) -> PublishReport:
    """Publish what is due for a business date, then send the messages that are due.

    `on`: the business date, or "latest" for the last one that the marts have; default: the last day
    that has ended for all branches. `only`: one publication. `dry_run`: only plan.
    Raises BranchlineError for a wrong contract, date or publication, and if the warehouse has no
    roles; OSError becomes one, too.
    """
    environ = os.environ if environ is None else environ
    publications = load_publications(REPORTS)
    archive = archive_folder(settings, publications)
    report = PublishReport(archive / INDEX)
    places = _places(publications, environ, report)
    connection = ensure_warehouse(settings, say)
    with open_link(connection.url) as link:
        check_ours(link)
        prepare_notes(link)
        with lowered(connection) as low, open_link(low.url) as low_link:
            record = Record(low_link)
            with one_run_at_a_time(link), _plain_errors(archive):
                report.held_back = _held_back(low_link)
                if not dry_run:
                    prepare_archive(archive)
                if dry_run or not report.held_back:
                    with _readers(connection, publications, only) as readers:
                        _publish(
                            settings,
                            publications,
                            readers,
                            record,
                            report,
                            on=on,
                            only=only,
                            dry_run=dry_run,
                            environ=environ,
                            now=now or datetime.now(timezone.utc),
                            show=show,
                        )
                if not dry_run:
                    done = report.published or Published()
                    write_manifests(archive, record, done.dates)
                    write_index(archive, record, publications, done.dates, report.held_back)
                    settle(record, done)
            if not dry_run:
                _send(low_link, archive, places, environ, report, show)
    return report


def send_waiting(
    settings: Settings,
    *,
    say: Callable[[str], None],
    show: Show,
    environ: Mapping[str, str] | None = None,
) -> PublishReport:
    """Only send the messages that are due, and copy the files that a place has not got yet."""
    environ = os.environ if environ is None else environ
    publications = load_publications(REPORTS)
    archive = archive_folder(settings, publications)
    report = PublishReport(archive / INDEX)
    places = _places(publications, environ, report)
    connection = ensure_warehouse(settings, say)
    with open_link(connection.url) as link:
        check_ours(link)
        prepare_notes(link)
    with lowered(connection) as low, open_link(low.url) as low_link:
        _send(low_link, archive, places, environ, report, show)
    return report


def _send(
    link: Link,
    archive: Path,
    places: Mapping[str, Place],
    environ: Mapping[str, str],
    report: PublishReport,
    show: Show,
) -> None:
    report.not_copied += copy_to_places(archive, Record(link), places)
    with show("Sending messages"):
        report.delivery = send_messages(link, archive, environ)


def send_messages(link: Link, archive: Path, environ: Mapping[str, str]) -> Delivery:
    """Send the messages that are due; those of a server that is down wait."""
    record = Record(link)

    @functools.cache
    def folders(publication: str, business_date: date) -> dict[str, Path]:
        found = record.latest(publication, business_date)
        return {one.edition.part: archive / one.page["folder"] for one in found}

    def load(row: Waiting) -> Message:
        return read_message(folders(row.publication, row.business_date)[row.part])

    return deliver(link, environ, load)


def _publish(
    settings: Settings,
    publications: Publications,
    readers: Mapping[str, MartReader],
    record: Record,
    report: PublishReport,
    *,
    on: date | str | None,
    only: str | None,
    dry_run: bool,
    environ: Mapping[str, str],
    now: datetime,
    show: Show,
) -> None:
    """Plan and publish, with the readers of one snapshot."""
    archive = report.index.parent
    branches = readers["analyst"].all_branches
    names = [name for branch in branches for name in branch.names]
    report.names = own_names({branch.key: branch.names for branch in branches})
    for audience, one in publications.audiences.items():
        report.wrong += problems(environ, audience, names if one.of == "branch" else None)
    last_ended = last_ended_day({branch.time_zone for branch in branches}, now)
    day = business_date(readers["analyst"], on, last_ended)
    report.plan = plan_editions(
        publications,
        REPORTS,
        readers,
        record,
        day,
        only=only,
        last_ended=day if on == LATEST else last_ended,
        catch_up=on is None and only is None,
    )
    _note_unreached(report, environ, settings.archive_url)
    if dry_run:
        return
    with show("Publishing") as update:
        work = Publishing(
            publications,
            REPORTS,
            readers,
            record,
            archive,
            settings.archive_url,
            copy_docs(archive, docs_page(settings.project)),
            set(publications.places) - set(report.without_address),
            environ,
            update,
        )
        report.published = publish_editions(work, report.plan, restate=only is None)


def _note_unreached(report: PublishReport, environ: Mapping[str, str], archive_url: str) -> None:
    """Report the audiences and recipients that get no message, or one without the page."""
    planned = report.plan.planned if report.plan else ()
    audiences = list(
        dict.fromkeys(
            name for one in planned if one.publication.message for name in one.publication.audiences
        )
    )
    report.unaddressed = [name for name in audiences if not has_addresses(environ, name)]
    found = dict.fromkeys(one for name in audiences for one in without_files(environ, name))
    if found and not archive_url:
        report.wrong.append(
            f"{listed(list(found))} can only get a link, and BRANCHLINE_ARCHIVE_URL is not set, so"
            " messages to them are a headline without its page."
        )


def business_date(reader: MartReader, on: date | str | None, last_ended: date) -> date:
    """The date to publish for. Raises BranchlineError for a day that has not ended everywhere."""
    if on is None:
        return last_ended
    if on == LATEST:
        return newest_day(reader, last_ended)
    assert isinstance(on, date)
    if on > last_ended:
        raise BranchlineError(
            f"{on} has not ended yet in the time zones of all branches; the last day that has is"
            f" {last_ended}.",
            "Publish for that day or an earlier one: branchline publish --date DATE",
        )
    return on


def _held_back(link: Link) -> str:
    """Why nothing may be published from the marts as they are; "" if it may."""
    if build_is_open(link):
        return (
            "The last build did not finish, or one of its tests failed, so its figures are not"
            " published. What was published before stays."
        )
    if last_build(link) is None:
        if not has_built(link):
            return (
                "No build of this warehouse has succeeded yet, so it is not known whether all"
                " figures reconcile."
            )
        return (
            "dbt was run since the last `branchline run`, so it is not known whether all figures"
            " reconcile. What was published before stays."
        )
    return ""


@contextlib.contextmanager
def _readers(
    connection: Connection, publications: Publications, only: str | None
) -> Iterator[Mapping[str, MartReader]]:
    """The marts as analysts read them, and if needed as those who may see names do."""
    purposes = ["analyst"]
    if any(one.names for name, one in publications.publications.items() if only in (None, name)):
        purposes.append("pii_reader")
    with (
        reading(connection, purposes) as (low, roles),
        open_marts(low.url, roles) as readers,
    ):
        yield readers


def _places(
    publications: Publications, environ: Mapping[str, str], report: PublishReport
) -> dict[str, Place]:
    """The places that can be used. Those without an address, and with wrong settings, go into the
    report; their files wait.
    """
    found = {}
    for name in publications.places:
        address = environ.get(variable_of(name), "").strip()
        if not address:
            report.without_address.append(name)
            continue
        try:
            found[name] = open_place(name, address)
        except BranchlineError as error:
            report.not_copied.append(str(error))
    return found


@contextlib.contextmanager
def _plain_errors(archive: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise BranchlineError(
            f"The archive {archive} cannot be written: {error.strerror or type(error).__name__}.",
            "Check its folder and the free disk space, then run this again.",
        ) from None
