"""Migrations of the loader's own tables in schema raw: ledger and rejects."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg2

from base.errors import BranchlineError
from ingest.raw.naming import rename
from ingest.raw.session import transaction

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection
    from psycopg2.extensions import cursor as Cursor

    from ingest.contract.feeds import FeedContract


# The database also enforces the ledger's status values and one current version per logical file: a
# bug in the loader must fail there and not count sales twice.
_LEDGER_AND_REJECTS = """
create table raw.ingest_files (
    file_id bigint generated always as identity primary key,
    feed text not null,
    path text not null,
    logical_file text not null,
    branch text,
    business_date date,
    sha256 text not null,
    bytes bigint not null,
    row_count bigint not null,
    rejected_count bigint not null,
    status text not null check (status in ('loaded', 'superseded', 'duplicate', 'quarantined')),
    reason text,
    superseded_by bigint references raw.ingest_files (file_id) deferrable initially deferred,
    file_modified_at timestamptz,
    seen_at timestamptz not null,
    loaded_at timestamptz,
    superseded_at timestamptz,
    load_id text not null,
    check ((status = 'superseded') = (superseded_by is not null))
);
-- By md5, because an index takes no text as long as a path may be.
create unique index ingest_files_one_row_per_content
on raw.ingest_files (feed, md5(path), sha256);
create unique index ingest_files_one_current_version
on raw.ingest_files (feed, md5(logical_file)) where status = 'loaded';
create table raw.ingest_rejects (
    _file_id bigint not null,
    _line_number bigint not null,
    feed text,
    reason text,
    line text,
    _loaded_at timestamptz,
    _dlt_load_id text,
    primary key (_file_id, _line_number)
);
"""

# The fingerprints by which files are known without being read, and dismissals of quarantined files.
_PATHS_AND_DISMISSALS = """
create table raw.ingest_paths (
    feed text not null,
    path text not null,
    fingerprint text not null,
    sha256 text not null,
    seen_at timestamptz not null default current_timestamp
);
create unique index ingest_paths_one_row_per_path on raw.ingest_paths (feed, md5(path));
alter table raw.ingest_files
add column dismissed_at timestamptz,
add column dismissed_because text,
add check (dismissed_at is null or status = 'quarantined');
alter table raw.ingest_rejects alter column _loaded_at set default current_timestamp;
"""

# A table of a database may return to an earlier content: then the ledger has one more row of that
# content, and those before it are superseded. Current and quarantined content is still unique.
_TABLES_OF_DATABASES = """
drop index raw.ingest_files_one_row_per_content;
create unique index ingest_files_one_row_per_content
on raw.ingest_files (feed, md5(path), sha256) where status <> 'superseded';
alter table raw.ingest_files add column cursor_after text, add column cursor_upto text;
"""

# The rows of a version may be erased. It keeps its row in the ledger, and another one says when and
# why; each build looks up the newest of these.
_ERASURES = """
alter table raw.ingest_files
drop constraint ingest_files_status_check,
add constraint ingest_files_status_check
check (status in ('loaded', 'superseded', 'duplicate', 'quarantined', 'erasure')),
add column erased_by bigint references raw.ingest_files (file_id) deferrable initially deferred;
create index ingest_files_erasures on raw.ingest_files (file_id) where status = 'erasure';
"""

# How models deduplicate rows across files, as the feeds declare it: what a file covers, and the
# columns from which `_record_id` of the raw table was filled.
_WHAT_COUNTS_ONCE = """
alter table raw.ingest_files add column covers text;
create table raw.ingest_keys (feed text primary key, key_columns text not null);
"""

# How far watermarked tables were read is in the ledger rows of their files. A full comparison that
# finds nothing has no file; a row of raw that the table does not have any more is kept and listed.
_WATERMARKS = """
create index ingest_files_read_up_to on raw.ingest_files (feed, file_id)
where cursor_upto is not null;
create table raw.ingest_comparisons (
    feed text not null,
    folder text not null,
    compared_at timestamptz not null,
    watermark text not null,
    row_count bigint not null,
    changed_count bigint not null,
    gone_count bigint not null,
    load_id text not null,
    primary key (feed, folder)
);
create table raw.ingest_gone_rows (
    feed text not null,
    _file_id bigint not null,
    _line_number bigint not null,
    noticed_at timestamptz not null default current_timestamp,
    primary key (_file_id, _line_number)
);
"""

# Erasures of persons, the pseudonyms that stand for them (in which no person can be found without
# the token keys), and what an unfinished erasure still has to change in what dbt built.
_ERASED_PERSONS = """
create table raw.ingest_erasures (
    erasure_id bigint generated always as identity primary key,
    requested_by text not null default session_user,
    reason text not null,
    is_retention boolean not null,
    customers bigint not null default 0,
    cards bigint not null default 0,
    raw_rows bigint not null default 0,
    rejected_lines bigint not null default 0,
    row_counts jsonb not null default '{}',
    started_at timestamptz not null default current_timestamp,
    finished_at timestamptz
);
create table raw.ingest_erased (
    token text primary key,
    source_system text,
    token_keys integer not null,
    pseudonym text not null,
    customer_key text,
    erasure_id bigint not null references raw.ingest_erasures (erasure_id)
);
create index ingest_erased_customers on raw.ingest_erased (customer_key);
create table raw.ingest_erasing (
    old_value text not null,
    new_value text not null,
    source_system text,
    old_id text,
    new_id text,
    new_name text
);
create table raw.ingest_erasing_lines (
    file_id bigint not null,
    line_number bigint not null,
    is_of_customer boolean not null
);
"""

# The steps of the migration: a warehouse of an older version gets those that it lacks.
_STEPS = (
    _LEDGER_AND_REJECTS,
    _PATHS_AND_DISMISSALS,
    _TABLES_OF_DATABASES,
    _ERASURES,
    _WHAT_COUNTS_ONCE,
    _WATERMARKS,
    _ERASED_PERSONS,
)
_NAMES_ARE_FOLDED_SINCE = 5
"""Since this version hyphens, Unicode forms and copy marks do not make another logical file."""


def upgrade(connection: Connection, feeds: FeedContract) -> tuple[bool, list[str]]:
    """Migrate the loader's own tables to this version; raises BranchlineError for a newer one.

    Returns whether there was an older one, and messages about what changed.
    """
    messages: list[str] = []
    with transaction(connection), connection.cursor() as cursor:
        done = _version(cursor)
        _check_not_newer(done)
        for version, step in enumerate(_STEPS[done:], start=done + 1):
            try:
                cursor.execute(step)
            except psycopg2.errors.InsufficientPrivilege:
                raise BranchlineError(
                    "The raw layer lacks what this copy of Branchline needs, and this user may not"
                    " add it.",
                    "Let the warehouse's owner run this once: branchline warehouse roles",
                ) from None
            cursor.execute("insert into raw.ingest_versions (version) values (%s)", (version,))
        if 0 < done < _NAMES_ARE_FOLDED_SINCE:
            messages += rename(cursor, feeds)
    return 0 < done < len(_STEPS), messages


def is_ready(connection: Connection) -> bool:
    """Whether the database has the loader's tables, of this version; False before the first load.

    Raises BranchlineError for tables of another version.
    """
    with connection.cursor() as cursor:
        cursor.execute("select to_regclass('raw.ingest_files') is null")
        if cursor.fetchone() == (True,):
            return False
        cursor.execute("select to_regclass('raw.ingest_versions') is null")
        version = 1
        if cursor.fetchone() == (False,):
            cursor.execute("select coalesce(max(version), 1) from raw.ingest_versions")
            (version,) = cursor.fetchone() or (1,)
    if version < len(_STEPS):
        raise BranchlineError(
            f"The raw layer of this warehouse has version {version}, which is older than this copy"
            " of Branchline.",
            "`branchline load` (or `branchline run`) upgrades it; nothing is lost.",
        )
    _check_not_newer(version)
    return True


def _check_not_newer(version: int) -> None:
    if version > len(_STEPS):
        raise BranchlineError(
            f"The raw layer of this warehouse has version {version}; this copy of Branchline"
            f" supports versions up to {len(_STEPS)}.",
            "A newer copy has upgraded it: update this one (git pull, then make setup).",
        )


def _version(cursor: Cursor) -> int:
    """How many steps the database has; the first version did not record them."""
    cursor.execute(
        "select to_regclass('raw.ingest_versions') is null,"
        " to_regclass('raw.ingest_files') is not null"
    )
    uncounted, has_ledger = cursor.fetchone() or (True, False)
    if uncounted:
        cursor.execute(
            "create table raw.ingest_versions ("
            " version integer primary key,"
            " taken_at timestamptz not null default current_timestamp)"
        )
        if has_ledger:
            cursor.execute("insert into raw.ingest_versions (version) values (1)")
    cursor.execute("select coalesce(max(version), 0) from raw.ingest_versions")
    (version,) = cursor.fetchone() or (0,)
    return int(version)
