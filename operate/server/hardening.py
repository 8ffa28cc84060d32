"""What PostgreSQL lets everybody do by default, and the embedded warehouse does not.

It needs the superuser, so that on a server of the user's own an administrator has to decide it:
docs/security.md has the statements.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing

from psycopg2 import sql
from psycopg2.extensions import cursor as Cursor

from base.link import ROLE, connect

VERSION = 2
"""Of what is done here: what an older version has closed is closed again."""

# What writes, or fills what all share, and asks for no right; nobody here needs it. Large objects
# belong to no schema. Advisory locks take room in one table of the server's. A message for logical
# decoding is written to the journal, at any length; a notification, to a queue on the disk; an
# exported snapshot is a file. Numbers of transactions run out.
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
# To give to the log-ins that work here what the public has no more, to end a reader that holds up a
# build, and to limit what a reader writes to the disk while it sorts.
_OWNERS_RIGHTS = (
    "grant pg_use_reserved_connections to {} with admin option",
    "grant pg_signal_backend to {}",
    "grant set on parameter temp_file_limit to {}",
)


def close_to_public(url_of: Callable[[str], str]) -> None:
    """Take from the public what nobody needs, in every database of the server.

    `url_of`: the superuser's URL of a database. What is right already is left alone. Raises
    psycopg2's errors.
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
            # Everybody can have his own session write to the log (raise log, debug_print_plan).
            cursor.execute("alter role all set log_min_messages = 'fatal'")
            databases = _all(cursor, "select datname from pg_database where datallowconn")
    for name in databases:
        with closing(connect(url_of(name))) as link, link.cursor() as cursor:
            for function in _all(cursor, _FUNCTIONS):
                # Its name and arguments as the server writes them.
                cursor.execute(f"revoke execute on {function} from public")
                cursor.execute(
                    sql.SQL(f"grant execute on {function} to {{}} with grant option").format(owner)
                )
            link.commit()


def _all(cursor: Cursor, query: str) -> list[str]:
    cursor.execute(query)
    return [value for (value,) in cursor.fetchall()]
