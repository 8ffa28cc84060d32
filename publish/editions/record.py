"""The record of what was published, in the warehouse's schema `operations`.

The owner creates the tables (operate/server/notes.py). All statements write names with schemas.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import date
from typing import Any, NamedTuple

from psycopg2.extensions import connection as Link
from psycopg2.extras import execute_values

from base.link import rows
from publish.editions.edition import Edition, EditionFile

TABLES = """\
create table if not exists operations.editions (
    publication text not null,
    part text not null,
    business_date date not null,
    version integer not null,
    content_sha256 text not null,
    page jsonb not null,
    files jsonb not null,
    is_complete boolean not null,
    places_waiting text[] not null default '{}',
    published_at timestamptz not null default current_timestamp,
    primary key (publication, part, business_date, version)
);
create index if not exists editions_by_date
    on operations.editions (business_date, publication);
create index if not exists editions_for_places
    on operations.editions (publication, part, business_date) where places_waiting <> '{}';
create table if not exists operations.publication_dates (
    publication text not null,
    business_date date not null,
    finished_at timestamptz not null default current_timestamp,
    primary key (publication, business_date)
);
create table if not exists operations.published_days (
    mart text not null,
    reader text not null,
    business_date date not null,
    fingerprint text not null,
    primary key (mart, reader, business_date)
);
create table if not exists operations.open_build (
    is_only boolean primary key default true check (is_only),
    started_at timestamptz not null default current_timestamp
);
"""
"""`editions`: every version of every edition. `publication_dates`: dates of which all editions were
published. `published_days`: fingerprints of the days of marts, to find corrected days.
`open_build`: there is a row from the start of a build until it has succeeded."""


class Recorded(NamedTuple):
    """The latest version of an edition, with what the page was about (`page`)."""

    edition: Edition
    page: dict[str, Any]
    places_waiting: tuple[str, ...]


_LATEST = """
select distinct on (publication, part, business_date)
    publication, part, business_date, version, content_sha256, page, files, is_complete,
    places_waiting
from operations.editions
where {condition}
order by publication, part, business_date, version desc
"""
_WAITS = """
(publication, part, business_date) in (
    select publication, part, business_date from operations.editions where places_waiting <> '{}'
)
"""
_WAITING = f"""
select * from ({_LATEST.format(condition=_WAITS)}) as latest where places_waiting <> '{{}}'
order by publication, part, business_date
"""


class Record:
    """What was published. `link`: in autocommit mode, of who may write the record."""

    def __init__(self, link: Link) -> None:
        self.link = link

    def latest(
        self, publication: str | None = None, business_date: date | None = None
    ) -> list[Recorded]:
        """The latest version of each edition, of one publication and date where these are given;
        without them, of everything that was ever published.
        """
        wanted = {"publication": publication, "business_date": business_date}
        given = {column: value for column, value in wanted.items() if value is not None}
        condition = " and ".join(f"{column} = %s" for column in given) or "true"
        found = rows(self.link, _LATEST.format(condition=condition), tuple(given.values()))
        return [_recorded(row) for row in found]

    def latest_of(self, dates: Collection[date]) -> list[Recorded]:
        """The latest version of each edition of these business dates."""
        condition = "business_date = any(%s)"
        found = rows(self.link, _LATEST.format(condition=condition), (sorted(dates),))
        return [_recorded(row) for row in found]

    def dates(self) -> dict[str, set[date]]:
        """The business dates for which each publication has appeared."""
        found: dict[str, set[date]] = {}
        for publication, business_date in rows(
            self.link, "select distinct publication, business_date from operations.editions"
        ):
            found.setdefault(publication, set()).add(business_date)
        return found

    def first_date(self, publication: str) -> date | None:
        """The first business date for which a publication has appeared."""
        found: date | None
        ((found,),) = rows(
            self.link,
            "select min(business_date) from operations.editions where publication = %s",
            (publication,),
        )
        return found

    def has_later(self, edition: Edition) -> bool:
        """Whether this publication has appeared for this part and a later date."""
        ((found,),) = rows(
            self.link,
            "select exists (select from operations.editions"
            " where publication = %s and part = %s and business_date > %s)",
            (edition.publication, edition.part, edition.business_date),
        )
        return bool(found)

    def was_complete(self, edition: Edition) -> bool:
        """Whether any recorded version had all branches' sales."""
        ((found,),) = rows(
            self.link,
            "select coalesce(bool_or(is_complete), false) from operations.editions"
            " where publication = %s and part = %s and business_date = %s",
            (edition.publication, edition.part, edition.business_date),
        )
        return bool(found)

    def finished_dates(self, publication: str, since: date) -> set[date]:
        """The dates since a day for which all editions were published."""
        found = rows(
            self.link,
            "select business_date from operations.publication_dates"
            " where publication = %s and business_date >= %s",
            (publication, since),
        )
        return {day for (day,) in found}

    def finish(self, publication: str, business_date: date) -> None:
        """Note that all editions of a date were published."""
        with self.link.cursor() as cursor:
            cursor.execute(
                "insert into operations.publication_dates (publication, business_date)"
                " values (%s, %s) on conflict do nothing",
                (publication, business_date),
            )

    def add(self, edition: Edition, page: Mapping[str, Any], places: Sequence[str]) -> None:
        """Record a version, in the caller's transaction."""
        with self.link.cursor() as cursor:
            cursor.execute(
                "insert into operations.editions (publication, part, business_date, version,"
                " content_sha256, page, files, is_complete, places_waiting)"
                " values (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
                (
                    edition.publication,
                    edition.part,
                    edition.business_date,
                    edition.version,
                    edition.content_sha256,
                    json.dumps(page, ensure_ascii=False),
                    json.dumps([asdict(file) for file in edition.files], ensure_ascii=False),
                    edition.is_complete,
                    list(places),
                ),
            )

    def change(self, edition: Edition, page: Mapping[str, Any], places: Sequence[str]) -> None:
        """Record what a version is now, in the caller's transaction."""
        with self.link.cursor() as cursor:
            cursor.execute(
                "update operations.editions set content_sha256 = %s, page = %s, files = %s,"
                " is_complete = %s, places_waiting = %s where publication = %s and part = %s"
                " and business_date = %s and version = %s",
                (
                    edition.content_sha256,
                    json.dumps(page, ensure_ascii=False),
                    json.dumps([asdict(file) for file in edition.files], ensure_ascii=False),
                    edition.is_complete,
                    list(places),
                    edition.publication,
                    edition.part,
                    edition.business_date,
                    edition.version,
                ),
            )

    def waiting_for_places(self) -> list[Recorded]:
        """The latest versions with files that a place has not got yet."""
        found = rows(self.link, _WAITING)
        return [_recorded(row) for row in found]

    def has_come(self, edition: Edition, place: str) -> None:
        """Note that a place has the files of an edition, in this version or an earlier one."""
        with self.link.cursor() as cursor:
            cursor.execute(
                "update operations.editions set places_waiting = array_remove(places_waiting, %s)"
                " where publication = %s and part = %s and business_date = %s and version <= %s"
                " and %s = any(places_waiting)",
                (
                    place,
                    edition.publication,
                    edition.part,
                    edition.business_date,
                    edition.version,
                    place,
                ),
            )

    def fingerprints(self, mart: str, reader: str) -> dict[date, str]:
        """The fingerprint of each day of a mart when editions were last compared with it."""
        return dict(
            rows(
                self.link,
                "select business_date, fingerprint from operations.published_days"
                " where mart = %s and reader = %s",
                (mart, reader),
            )
        )

    def set_fingerprints(self, found: Mapping[tuple[str, str], Mapping[date, str]]) -> None:
        """Replace the fingerprints of these marts, by mart and reader, at once."""
        with transaction(self.link), self.link.cursor() as cursor:
            for (mart, reader), days in found.items():
                before = self.fingerprints(mart, reader)
                gone = [day for day in before if day not in days]
                cursor.execute(
                    "delete from operations.published_days"
                    " where mart = %s and reader = %s and business_date = any(%s)",
                    (mart, reader, gone),
                )
                execute_values(
                    cursor,
                    "insert into operations.published_days"
                    " (mart, reader, business_date, fingerprint) values %s"
                    " on conflict (mart, reader, business_date)"
                    " do update set fingerprint = excluded.fingerprint",
                    [
                        (mart, reader, day, value)
                        for day, value in days.items()
                        if before.get(day) != value
                    ],
                )


@contextmanager
def transaction(link: Link) -> Iterator[None]:
    """One transaction of a link that otherwise commits each statement by itself."""
    link.autocommit = False
    try:
        yield
        link.commit()
    finally:
        if not link.closed:
            link.rollback()
            link.autocommit = True


def open_build(link: Link) -> None:
    """Note that a build begins: until it has succeeded, nothing is published."""
    with link.cursor() as cursor:
        cursor.execute("insert into operations.open_build default values on conflict do nothing")


def close_build(link: Link) -> None:
    """Note that the marts are those of a build whose tests have all passed."""
    with link.cursor() as cursor:
        cursor.execute("delete from operations.open_build")


def build_is_open(link: Link) -> bool:
    """Whether the last build has not finished, or a test of it has failed."""
    ((found,),) = rows(link, "select exists (select from operations.open_build)")
    return bool(found)


def _recorded(row: tuple[Any, ...]) -> Recorded:
    publication, part, day, version, sha256, page, files, is_complete, waiting = row
    return Recorded(
        Edition(
            publication,
            part,
            day,
            version,
            sha256,
            tuple(EditionFile(**file) for file in files),
            is_complete,
        ),
        page,
        tuple(waiting),
    )


def parts_of(recorded: Collection[Recorded]) -> dict[str, Recorded]:
    """Editions of one publication and date by their part."""
    return {one.edition.part: one for one in recorded}
