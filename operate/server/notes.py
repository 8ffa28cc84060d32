"""The warehouse's own metadata: the tables in schema `operations`, and the build lock.

The models' own high-water marks are in the same schema.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import psycopg2
from psycopg2.extensions import connection as Link
from psycopg2.extensions import cursor as Cursor

from base.errors import BranchlineError
from base.locks import COLUMNS, Lock
from publish.editions.record import TABLES as RECORD
from publish.messages.outbox import TABLES as OUTBOX

TABLES = f"""
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
create table if not exists operations.readings (
    feed text primary key,
    read_at timestamptz,
    failed_at timestamptz,
    reason text
);
create table if not exists operations.token_keys (
    fingerprint text primary key,
    first_used_at timestamptz not null default current_timestamp
);
alter table operations.token_keys add column if not exists key_number integer not null default 1;
create unique index if not exists token_keys_in_order on operations.token_keys (key_number);
create table if not exists operations.locks {COLUMNS};
{RECORD}{OUTBOX}"""
OWN_TABLES = tuple(re.findall(r"create table if not exists operations\.(\w+)", TABLES))

BUILD_LOCK = Lock("operations", "locks", "build")


@dataclass(frozen=True)
class Build:
    """One successful `dbt build`: its last ledger id, project and time."""

    ledger_file_id: int
    project_fingerprint: str
    models: int
    tests: int
    finished_at: datetime


@dataclass(frozen=True)
class Audit:
    """One run in which every data test passed on all of history."""

    tests: int
    finished_at: datetime


def prepare_notes(link: Link) -> None:
    """Create missing tables.

    Raises BranchlineError if the user may not create them.
    """
    with link.cursor() as cursor:
        # Even `create table if not exists` needs the right to create.
        if notes_are_complete(cursor):
            return
        try:
            cursor.execute(TABLES)
        except psycopg2.errors.InsufficientPrivilege:
            raise BranchlineError(
                "The warehouse's metadata (schema operations) is missing or of an older version,"
                " and this user may not create it.",
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
    tables = set(OWN_TABLES)
    added = set(
        re.findall(r"alter table operations\.(\w+)\s+add column if not exists (\w+)", TABLES)
    )
    return tables <= {table for table, _ in found} and added <= found


@contextlib.contextmanager
def one_run_at_a_time(link: Link) -> Iterator[None]:
    """Hold the warehouse's build lock; two builds at once would interfere.

    Raises BranchlineError if another run holds it.
    """
    prepare_notes(link)
    if not BUILD_LOCK.take(link):
        raise BranchlineError(
            "Another `branchline run` or `branchline publish` is working in this warehouse.",
            "Wait until it is done, then run again; nothing is lost.",
        )
    try:
        yield
    finally:
        BUILD_LOCK.give_back(link)
