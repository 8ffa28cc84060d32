"""The last good build and the last audit."""

from __future__ import annotations

from datetime import datetime

from psycopg2.extensions import connection as Link

from base.link import only_value
from operate.server.notes import Audit, Build


def last_build(link: Link) -> Build | None:
    """The last successful build, unless another dbt command has changed the warehouse since.

    Every dbt command that builds models records the end of the ledger as it begins (macro
    `open_dbt_run`). A record newer than the build means that someone ran dbt by hand, and that the
    models may differ from this build's.
    """
    with link.cursor() as cursor:
        cursor.execute("select to_regclass('operations.builds') is not null")
        if not only_value(cursor.fetchone()):
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
        if only_value(cursor.fetchone()):
            cursor.execute(
                "select coalesce(max(started_at) > %s, false) from operations.dbt_runs as runs"
                # Missing in a warehouse of an older version.
                " where coalesce(to_jsonb(runs) ->> 'command', 'build') <> 'test'",
                (build.finished_at,),
            )
            if only_value(cursor.fetchone()):
                return None
        return build


def has_built(link: Link, fingerprint: str | None = None) -> bool:
    """Whether this version of the project, or any, has ever built this warehouse with all tests
    passed.
    """
    with link.cursor() as cursor:
        cursor.execute(
            "select exists (select from operations.builds"
            " where project_fingerprint = coalesce(%s, project_fingerprint))",
            (fingerprint,),
        )
        return bool(only_value(cursor.fetchone()))


def last_audit(link: Link) -> Audit | None:
    """The last audit that passed, or None if there was none yet."""
    with link.cursor() as cursor:
        cursor.execute("select to_regclass('operations.audits') is not null")
        if not only_value(cursor.fetchone()):
            return None
        cursor.execute(
            "select tests, finished_at from operations.audits order by finished_at desc limit 1"
        )
        row = cursor.fetchone()
        return None if row is None else Audit(*row)


def note_build(
    link: Link, mark: int, fingerprint: str, models: int, tests: int, started_at: datetime
) -> None:
    """Record a successful build."""
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
        now = only_value(cursor.fetchone())
    assert isinstance(now, datetime)
    return now
