"""Rotate the token key: apply a new key to every token of a card or an IP address.

Neither is stored, so they cannot be hashed again. The new key is therefore applied to the
stored tokens, and a new card goes through all keys in turn: the same card, old or new, gives the
same token, which nobody can compute without the newest key.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass

import psycopg2
from psycopg2 import sql
from psycopg2.extensions import connection as Link
from psycopg2.extensions import cursor as Cursor

from base.errors import BranchlineError
from base.link import Connection, open_link
from base.schemas import RAW
from base.settings import Settings
from ingest import CardTokens, is_unfinished, loader_lock, transaction
from operate.access.lowered import lowered
from operate.access.ours import check_ours
from operate.access.token_key import (
    HOW_TO_MAKE_ONE,
    OLDEST_FIRST,
    VARIABLE,
    append_key,
    describe_misfit,
    fingerprint,
    note_keys,
    noted_keys,
    token_keys,
)
from operate.server.notes import one_run_at_a_time

TOKENS_AT_A_TIME = 20_000
TOKEN_COLUMNS = ["card_token", "ip_token"]
LOCK_SECONDS = 60


@dataclass(frozen=True)
class Rotation:
    """The result of a rotation. `keys`: how many there are now."""

    keys: int
    tokens: int
    rows: int


def rotate_key(settings: Settings, connection: Connection, say: Callable[[str], None]) -> Rotation:
    """Apply the new key to all stored tokens, and force a rebuild of what dbt built from them.

    For the embedded warehouse the key is created here and stored with the others; elsewhere it is
    the last of BRANCHLINE_TOKEN_KEY. Everything is one transaction, and the command is idempotent.
    Raises BranchlineError if there is no new key, if the old ones do not match, or without the
    permission.
    """
    with open_link(connection.url) as link:
        check_ours(link)
        with (
            one_run_at_a_time(link),
            loader_lock(link, LOCK_SECONDS, say),
            lowered(connection) as low,
        ):
            return _rotate(settings, link, low, say)


def _rotate(
    settings: Settings, link: Link, low: Connection, say: Callable[[str], None]
) -> Rotation:
    if is_unfinished(link):
        raise BranchlineError(
            "An erasure was interrupted, and what dbt has built still has former card tokens."
            " Nothing was changed.",
            "Finish it first: branchline run, or branchline privacy erase",
        )
    keys = token_keys(settings, link)
    with link.cursor() as cursor:
        noted = noted_keys(cursor)
    keys = _with_a_new_one(settings, keys, noted)
    say("Applying the new key to every stored token; nothing else is changed ...")
    # Before, so that no killed rotation leaves models with old tokens; and after, for what was
    # built by hand in between.
    _void_builds(low)
    try:
        with transaction(link), link.cursor() as cursor:
            tokens, rows = _rekey_raw(link, cursor, CardTokens(*keys[len(noted) :]))
            cursor.execute("select to_regclass('raw.ingest_erased') is not null")
            if cursor.fetchone() == (True,):
                # The list of the erased is of such tokens, too.
                erased = sql.Identifier(RAW, "ingest_erased")
                _rekey(link, cursor, CardTokens(*keys[len(noted) :]), erased, "token")
            cursor.execute(
                "update operations.builds set project_fingerprint = 'before a new token key'"
            )
            note_keys(cursor, keys)
    except psycopg2.errors.InsufficientPrivilege as error:
        raise BranchlineError(
            "This user may not change the stored tokens; none was changed. PostgreSQL"
            f" says: {error.diag.message_primary}",
            "Run it as the warehouse's owner, or as a member of both roles, loader and"
            " transformer.",
        ) from None
    _void_builds(low)
    return Rotation(len(keys), tokens, rows)


def _with_a_new_one(settings: Settings, keys: list[bytes], noted: list[str]) -> list[bytes]:
    """The warehouse's keys, followed by at least one new one."""
    if not noted:
        raise BranchlineError(
            "There is nothing to rotate: no file was ever loaded into this warehouse.",
            "The first load uses the current keys.",
        )
    given = [fingerprint(key) for key in keys]
    if given == noted:
        if settings.token_key is None and settings.embedded:
            # On disk before any token needs it. If interrupted after this, the next call uses it.
            return append_key(settings)
        raise BranchlineError(
            f"There is no new key: {VARIABLE} has only the {len(keys)} with which this warehouse's"
            " card tokens were made.",
            f"Make one ({HOW_TO_MAKE_ONE}), and append it: {VARIABLE}='old,new'. {OLDEST_FIRST}",
        )
    if given[: len(noted)] != noted:
        misfit = describe_misfit(noted, given)
        assert misfit is not None
        raise misfit
    return keys


def _rekey_raw(link: Link, cursor: Cursor, newer: CardTokens) -> tuple[int, int]:
    """Replace the tokens in every raw table; return how many, and in how many rows."""
    cursor.execute(
        "select relname::text, attname::text from pg_attribute"
        " inner join pg_class on attrelid = pg_class.oid"
        " inner join pg_namespace on relnamespace = pg_namespace.oid"
        " where nspname = 'raw' and attname = any(%s) and relkind = 'r' and not attisdropped"
        " order by 1, 2",
        (TOKEN_COLUMNS,),
    )
    tokens = rows = 0
    for name, column in cursor.fetchall():
        replaced, changed = _rekey(link, cursor, newer, sql.Identifier(RAW, name), column)
        tokens += replaced
        rows += changed
    return tokens, rows


def _rekey(
    link: Link, cursor: Cursor, newer: CardTokens, table: sql.Identifier, column: str
) -> tuple[int, int]:
    """Replace the tokens in a column; return how many, and in how many rows.

    Python does the hashing, so that no key is in a statement, which the server may log. What is no
    token stays, such as the pseudonym of an erased card.
    """
    tokens = 0
    named = sql.Identifier(column)
    cursor.execute(sql.SQL("lock table {} in share row exclusive mode").format(table))
    cursor.execute(
        "create temporary table rekeyed (older text not null, newer text not null) on commit drop"
    )
    with link.cursor("branchline_tokens") as stored:
        stored.execute(
            sql.SQL(
                "select distinct {column} from {table} where {column} ~ '^[0-9a-f]{{64}}$'"
            ).format(column=named, table=table)
        )
        while batch := stored.fetchmany(TOKENS_AT_A_TIME):
            # Both are hexadecimal digits: COPY needs no escaping.
            lines = "".join(f"{older}\t{newer.token(older)}\n" for (older,) in batch)
            cursor.copy_expert("copy pg_temp.rekeyed (older, newer) from stdin", io.StringIO(lines))
            tokens += len(batch)
    cursor.execute("analyze pg_temp.rekeyed")
    cursor.execute(
        sql.SQL(
            "update {table} as stored set {column} = rekeyed.newer from pg_temp.rekeyed"
            " where stored.{column} = rekeyed.older"
        ).format(column=named, table=table)
    )
    rows = cursor.rowcount
    cursor.execute("drop table pg_temp.rekeyed")
    return tokens, rows


def _void_builds(low: Connection) -> None:
    """Force a full refresh of every model: keys of customers and visitors are made from tokens.

    Also in the schemas of builds beside production, whose metadata is in `<prefix>_operations`.
    dbt owns them, so this needs the rights of those who build.
    """
    with open_link(low.url) as link, link.cursor() as cursor:
        cursor.execute(
            r"""
            select nspname::text from pg_class
            inner join pg_namespace on relnamespace = pg_namespace.oid
            where relname = 'high_water_marks'
                and (nspname = 'operations' or nspname like '%\_operations')
                and has_table_privilege(pg_class.oid, 'delete')
                and has_schema_privilege(pg_namespace.oid, 'usage')
            """
        )
        for (schema,) in cursor.fetchall():
            table = sql.Identifier(schema, "high_water_marks")
            cursor.execute(sql.SQL("delete from {}").format(table))
