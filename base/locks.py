"""Locks of the warehouse that only those who work in it can take.

Anyone who may connect to PostgreSQL can take any advisory lock, and any number of them. So a lock
is a row in a table that readers have no rights to. The row names the session that holds the lock:
its process, its user and a mark in its application name. The lock is free once that session has
ended, for whatever reason.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

import psycopg2
from psycopg2 import sql
from psycopg2.extensions import connection as Link
from psycopg2.extensions import cursor as Cursor

COLUMNS = """(
    name text primary key,
    mark text not null default '',
    process_id integer not null default 0,
    user_number oid not null default 0
)"""
"""The columns of a table of locks."""

LONGEST_NAME = 63
"""Bytes that PostgreSQL keeps of an application name."""

# A process id is reused, and anybody can set an application name: but not as another user.
_HELD = """
select process_id, exists (
    select from pg_stat_activity
    where
        pid = process_id
        and usesysid = user_number
        and mark <> ''
        and position(mark in application_name) > 0
)
from {table}
where name = %s
"""


@dataclass(frozen=True)
class Lock:
    """A lock by its name, in an existing table of locks."""

    schema: str
    table: str
    name: str

    def take(self, link: Link) -> bool:
        """Take the lock unless a session holds it; return whether it was taken.

        `link` commits each statement by itself.
        """
        with link.cursor() as cursor:
            self._ask(cursor, "insert into {table} (name) values (%s) on conflict do nothing")
            cursor.execute("begin")
            try:
                # Other sessions wait here for the end of this transaction. Who holds the lock is
                # looked up after that, because a transaction reads pg_stat_activity only once.
                self._ask(cursor, "select from {table} where name = %s for update")
                self._ask(cursor, _HELD)
                _, is_held = cursor.fetchone() or (0, True)
                if not is_held:
                    mark = f"#{secrets.token_hex(4)}"
                    _rename(cursor, lambda name: _with(name, mark))
                    self._ask(
                        cursor,
                        "update {table} set mark = %s, process_id = pg_backend_pid(), user_number ="
                        " (select usesysid from pg_stat_activity where pid = pg_backend_pid())"
                        " where name = %s",
                        mark,
                    )
                cursor.execute("commit")
            except BaseException:
                with suppress(psycopg2.Error):
                    cursor.execute("rollback")
                raise
        return not is_held

    def give_back(self, link: Link) -> None:
        """Release the lock, if this session holds it; a session that has ended has released it."""
        with suppress(psycopg2.Error), link.cursor() as cursor:
            self._ask(
                cursor,
                "select mark from {table} where name = %s and process_id = pg_backend_pid()",
            )
            (mark,) = cursor.fetchone() or ("",)
            if mark:
                _rename(cursor, lambda name: name.replace(f" {mark}", ""))

    def holder(self, link: Link) -> int | None:
        """The server process that holds the lock, if one does."""
        with link.cursor() as cursor:
            self._ask(cursor, _HELD)
            process, is_held = cursor.fetchone() or (0, False)
        return int(process) if is_held else None

    def _ask(self, cursor: Cursor, query: str, *values: str) -> None:
        table = sql.Identifier(self.schema, self.table)
        cursor.execute(sql.SQL(query).format(table=table), (*values, self.name))


def without_marks(application_name: str) -> str:
    """A session's application name, without the marks of the locks that it holds."""
    return re.sub(r" #[0-9a-f]{8}\b", "", application_name)


def _with(name: str, mark: str) -> str:
    marks = re.findall(r" #[0-9a-f]{8}\b", name)
    ending = "".join([*marks, f" {mark}"])
    return without_marks(name)[: LONGEST_NAME - len(ending)] + ending


def _rename(cursor: Cursor, change: Callable[[str], str]) -> None:
    cursor.execute("select current_setting('application_name')")
    (name,) = cursor.fetchone() or ("",)
    cursor.execute("select set_config('application_name', %s, false)", (change(name),))
