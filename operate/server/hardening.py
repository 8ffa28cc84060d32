"""Revoke default rights of PostgreSQL that the embedded warehouse does not need.

This needs the superuser, so on the user's own server an administrator must do it: docs/security.md
has the statements.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing

from psycopg2 import sql
from psycopg2.extensions import cursor as Cursor

from base.link import ROLE, connect

VERSION = 2
"""The version of these steps: a warehouse hardened by an older one is hardened again."""

# Functions that write, or use up a shared resource, without any right; nobody here needs them.
# Large objects are outside of schemas. Advisory locks fill one table of the server. A message for
# logical decoding goes to the WAL, at any length; a notification to a queue on disk; an exported
# snapshot is a file. Transaction ids are limited.
_FUNCTIONS = r"""
select format('function %s', pg_proc.oid::regprocedure)
from pg_proc
where
    pronamespace = 'pg_catalog'::regnamespace
    and proname ~ '^(lo_.*|loread|lowrite|pg_(try_)?advisory_.*|pg_logical_emit_message|pg_notify'
        '|pg_export_snapshot|pg_current_xact_id|txid_current)$'
    and has_function_privilege('public', pg_proc.oid, 'execute')
order by 1
"""
_DATABASES = """
select datname from pg_database
where
    datname in ('postgres', 'template1')
    and (has_database_privilege('public', oid, 'connect')
        or has_database_privilege('public', oid, 'temporary'))
"""
# To grant the working log-ins what is revoked from the public, to end a reader that blocks a build,
# and to limit a reader's temporary files.
_OWNERS_RIGHTS = (
    "grant pg_use_reserved_connections to {} with admin option",
    "grant pg_signal_backend to {}",
    "grant set on parameter temp_file_limit to {}",
)


def close_to_public(url_of: Callable[[str], str]) -> None:
    """Revoke from the public what nobody needs, in every database of the server.

    `url_of`: the superuser's URL of a database. Idempotent. Raises psycopg2's errors.
    """
    owner = sql.Identifier(ROLE)
    with closing(connect(url_of("postgres"))) as link:
        link.autocommit = True
        with link.cursor() as cursor:
            for name in _all(cursor, _DATABASES):
                cursor.execute(
                    sql.SQL("revoke all on database {} from public").format(sql.Identifier(name))
                )
            for statement in _OWNERS_RIGHTS:
                cursor.execute(sql.SQL(statement).format(owner))
            # Any session can write to the log (raise log, debug_print_plan).
            cursor.execute("alter role all set log_min_messages = 'fatal'")
            databases = _all(cursor, "select datname from pg_database where datallowconn")
    for name in databases:
        with closing(connect(url_of(name))) as link, link.cursor() as cursor:
            for function in _all(cursor, _FUNCTIONS):
                # Its name and arguments as quoted by the server.
                cursor.execute(f"revoke execute on {function} from public")
                cursor.execute(
                    sql.SQL(f"grant execute on {function} to {{}} with grant option").format(owner)
                )
            link.commit()


def _all(cursor: Cursor, query: str) -> list[str]:
    cursor.execute(query)
    return [value for (value,) in cursor.fetchall()]
