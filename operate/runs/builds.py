"""The warehouse's notes on itself: what it was filled from, by which key, and what dbt has built.

They live in schema `operations`, beside the models' own high-water marks.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from pathlib import Path

import psycopg2
from psycopg2.extensions import connection as Link
from psycopg2.extensions import cursor as Cursor

from base.errors import BranchlineError

# What decides, beside the raw layer, what dbt builds.
PROJECT_FILES = ("dbt_project.yml", "packages.yml")
PROJECT_FOLDERS = (
    "models",
    "macros",
    "seeds",
    "snapshots",
    "tests/data",
    "dbt_packages",
)

TABLES = """
create schema if not exists operations;
create table if not exists operations.builds (
    build_id bigint generated always as identity primary key,
    ledger_file_id bigint not null,
    project_fingerprint text not null,
    models integer not null,
    tests integer not null,
    started_at timestamptz not null,
    finished_at timestamptz not null
);
create table if not exists operations.inboxes (
    inbox text primary key,
    is_demo boolean not null,
    first_loaded_at timestamptz not null default current_timestamp
);
create table if not exists operations.token_keys (
    fingerprint text primary key,
    first_used_at timestamptz not null default current_timestamp
);
alter table operations.token_keys add column if not exists key_number integer not null default 1;
create unique index if not exists token_keys_in_order on operations.token_keys (key_number);
"""


@dataclass(frozen=True)
class Build:
    """One successful `dbt build`: how far into the ledger, of which project, when."""

    ledger_file_id: int
    project_fingerprint: str
    models: int
    tests: int
    finished_at: datetime


@dataclass(frozen=True)
class Audit:
    """One run in which every data test read all of history and passed."""

    tests: int
    finished_at: datetime


@contextlib.contextmanager
def open_link(url: str) -> Iterator[Link]:
    """A connection whose every statement is committed by itself, closed at the end.

    What the user may not do becomes a BranchlineError.
    """
    link = psycopg2.connect(url, application_name="branchline")
    link.autocommit = True
    try:
        yield link
    except psycopg2.errors.InsufficientPrivilege as error:
        raise BranchlineError(
            f"The database user {link.info.user} may not do this. PostgreSQL says:"
            f" {error.diag.message_primary}",
            "The warehouse's owner gives a log-in what it needs: branchline warehouse user NAME"
            " --role ...; docs/privacy.md tells what each role may do.",
        ) from None
    finally:
        link.close()


def prepare_notes(link: Link) -> None:
    """Create the tables where they are missing.

    Raises BranchlineError if some are and the user may not make them.
    """
    with link.cursor() as cursor:
        # Even `create table if not exists` wants the right to create.
        if notes_are_complete(cursor):
            return
        try:
            cursor.execute(TABLES)
        except psycopg2.errors.InsufficientPrivilege:
            raise BranchlineError(
                "The warehouse's notes (schema operations) are missing or of an older version, and"
                " this user may not make them.",
                "Let the warehouse's owner run this once: branchline warehouse roles",
            ) from None


def notes_are_complete(cursor: Cursor) -> bool:
    """Whether every table and column of TABLES is there."""
    cursor.execute(
        "select relname::text, attname::text from pg_attribute"
        " inner join pg_class on attrelid = pg_class.oid"
        " inner join pg_namespace on relnamespace = pg_namespace.oid"
        " where nspname = 'operations' and attnum > 0 and not attisdropped"
    )
    found = set(cursor.fetchall())
    tables = set(re.findall(r"create table if not exists operations\.(\w+)", TABLES))
    added = set(
        re.findall(r"alter table operations\.(\w+)\s+add column if not exists (\w+)", TABLES)
    )
    return tables <= {table for table, _ in found} and added <= found


def ledger_mark(link: Link) -> int:
    """The newest file of the ledger, 0 if there is none yet."""
    with link.cursor() as cursor:
        cursor.execute("select to_regclass('raw.ingest_files') is not null")
        if not _only(cursor.fetchone()):
            return 0
        cursor.execute("select coalesce(max(file_id), 0) from raw.ingest_files")
        return int(str(_only(cursor.fetchone())))


def last_build(link: Link) -> Build | None:
    """The last successful build, unless some dbt command has been at the warehouse since.

    Every dbt command that builds models notes the end of the ledger as it begins (macro
    `open_dbt_run`); a note younger than the build says that someone ran dbt by hand, and that the
    models may no longer be what this build made.
    """
    with link.cursor() as cursor:
        cursor.execute("select to_regclass('operations.builds') is not null")
        if not _only(cursor.fetchone()):
            return None
        cursor.execute(
            "select ledger_file_id, project_fingerprint, models, tests, finished_at"
            " from operations.builds order by build_id desc limit 1"
        )
        row = cursor.fetchone()
        if row is None:
            return None
        build = Build(*row)
        cursor.execute("select to_regclass('operations.dbt_runs') is not null")
        if _only(cursor.fetchone()):
            cursor.execute(
                "select coalesce(max(started_at) > %s, false) from operations.dbt_runs as runs"
                # Absent in a warehouse of an older version.
                " where coalesce(to_jsonb(runs) ->> 'command', 'build') <> 'test'",
                (build.finished_at,),
            )
            if _only(cursor.fetchone()):
                return None
        return build


def has_built(link: Link, fingerprint: str) -> bool:
    """Tell whether this version of the project has ever built this warehouse, all tests passed."""
    with link.cursor() as cursor:
        cursor.execute(
            "select exists (select from operations.builds where project_fingerprint = %s)",
            (fingerprint,),
        )
        return bool(_only(cursor.fetchone()))


def last_audit(link: Link) -> Audit | None:
    """The last audit that found nothing wrong, or None if there was none yet."""
    with link.cursor() as cursor:
        cursor.execute("select to_regclass('operations.audits') is not null")
        if not _only(cursor.fetchone()):
            return None
        cursor.execute(
            "select tests, finished_at from operations.audits order by finished_at desc limit 1"
        )
        row = cursor.fetchone()
        return None if row is None else Audit(*row)


def note_build(
    link: Link, mark: int, fingerprint: str, models: int, tests: int, started_at: datetime
) -> None:
    """Write down a build that has just succeeded."""
    with link.cursor() as cursor:
        cursor.execute(
            "insert into operations.builds (ledger_file_id, project_fingerprint, models, tests,"
            " started_at, finished_at) values (%s, %s, %s, %s, %s, clock_timestamp())",
            (mark, fingerprint, models, tests, started_at),
        )


def server_time(link: Link) -> datetime:
    """The warehouse's clock."""
    with link.cursor() as cursor:
        cursor.execute("select clock_timestamp()")
        now = _only(cursor.fetchone())
    assert isinstance(now, datetime)
    return now


def note_inbox(link: Link, inbox: str, is_demo: bool) -> None:
    """Write down that the warehouse is filled from this inbox."""
    with link.cursor() as cursor:
        cursor.execute(
            "insert into operations.inboxes (inbox, is_demo) values (%s, %s)"
            " on conflict (inbox) do nothing",
            (inbox, is_demo),
        )


def check_not_mixed(link: Link, for_demo: bool) -> None:
    """Keep the made-up company and a real one apart.

    Raises BranchlineError if the warehouse holds the one and is to be filled with the other.
    """
    with link.cursor() as cursor:
        cursor.execute("select count(*) filter (where is_demo) from operations.inboxes")
        holds_demo = bool(_only(cursor.fetchone()))
        if for_demo == holds_demo:
            return
        if for_demo:
            if ledger_mark(link) == 0:
                return
            raise BranchlineError(
                "This warehouse holds data already; the made-up company would be mixed with it.",
                "Give the demo a warehouse of its own:"
                " BRANCHLINE_WAREHOUSE_DIR=/tmp/branchline-demo make demo",
            )
        raise BranchlineError(
            "This warehouse holds the made-up company of the demo; your files would be mixed with"
            " it.",
            "Remove the made-up company first: branchline demo --remove",
        )


def project_fingerprint(project: Path) -> str:
    """A sha256 over every file that decides what dbt builds, and dbt's version."""
    content = hashlib.sha256(version("dbt-core").encode())
    paths = [project / name for name in PROJECT_FILES]
    for name in PROJECT_FOLDERS:
        paths += sorted(path for path in (project / name).rglob("*") if path.is_file())
    for path in paths:
        content.update(f"\0{path.relative_to(project).as_posix()}\0".encode())
        content.update(hashlib.sha256(path.read_bytes()).digest())
    return content.hexdigest()


@contextlib.contextmanager
def one_run_at_a_time(link: Link) -> Iterator[None]:
    """Hold the warehouse's lock on builds; two at once would get in each other's way.

    Raises BranchlineError if another run holds it.
    """
    with link.cursor() as cursor:
        cursor.execute("select pg_try_advisory_lock(hashtext('branchline build'))")
        if not _only(cursor.fetchone()):
            raise BranchlineError(
                "Another `branchline run` is building in this warehouse.",
                "Wait until it is done, then run again; nothing is lost meanwhile.",
            )
        try:
            yield
        finally:
            if not link.closed:
                cursor.execute("select pg_advisory_unlock(hashtext('branchline build'))")


def _only(row: tuple[object, ...] | None) -> object:
    return row[0] if row else None
