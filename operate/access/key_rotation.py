"""Putting a new token key into use for every card token that the warehouse holds.

A card number is not there to be hashed anew. The new key is therefore applied to the tokens
themselves, and a card met from now on goes through all keys in turn: the same card, old or new,
gives the same token, which nobody can compute without the newest key.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import psycopg2
from psycopg2.extensions import connection as Link
from psycopg2.extensions import cursor as Cursor

from base.errors import BranchlineError
from base.link import Connection, open_link
from base.settings import Settings
from ingest import CardTokens, loader_lock, transaction
from operate.access.token_key import (
    HOW_TO_MAKE_ONE,
    KEYS_LOCK,
    OLDEST_FIRST,
    VARIABLE,
    append_key,
    describe_misfit,
    fingerprint,
    note_keys,
    noted_keys,
    token_keys,
)
from operate.server.notes import one_run_at_a_time, prepare_notes

TOKENS_AT_A_TIME = 20_000
LOCK_SECONDS = 60


@dataclass(frozen=True)
class Rotation:
    """What a rotation did. `keys` is how many there are now."""

    keys: int
    tokens: int
    rows: int


def rotate_key(settings: Settings, connection: Connection, say: Callable[[str], None]) -> Rotation:
    """Apply the new key to all stored card tokens, and void what dbt has built from them.

    On the embedded warehouse the key is made here and kept beside the others; elsewhere it is the
    last of BRANCHLINE_TOKEN_KEY. All of it happens in one transaction: killed at any moment, the
    warehouse is as before or as after, and the command can be run again. Raises BranchlineError
    if there is no new key, if the old ones do not fit, or if the user may not.
    """
    keys = token_keys(settings)
    with (
        open_link(connection.url) as link,
        one_run_at_a_time(link),
        _keys_alone(link),
        loader_lock(link, LOCK_SECONDS, say),
    ):
        prepare_notes(link)
        try:
            with link.cursor() as cursor:
                noted = noted_keys(cursor)
            keys = _with_a_new_one(settings, keys, noted)
            say("Applying the new key to every card token; nothing else is changed ...")
            with transaction(link), link.cursor() as cursor:
                tokens, rows = _rekey_raw(link, cursor, CardTokens(*keys[len(noted) :]))
                _void_builds(cursor)
                note_keys(cursor, keys)
        except psycopg2.errors.InsufficientPrivilege as error:
            raise BranchlineError(
                "This user may not change the stored card tokens, and none was changed. PostgreSQL"
                f" says: {error.diag.message_primary}",
                "Run it as the warehouse's owner, or as a member of both roles, loader and"
                " transformer.",
            ) from None
    return Rotation(len(keys), tokens, rows)


def _with_a_new_one(settings: Settings, keys: list[bytes], noted: list[str]) -> list[bytes]:
    """The warehouse's keys and at least one new one behind them."""
    if not noted:
        raise BranchlineError(
            "There is nothing to rotate: no file was ever loaded into this warehouse.",
            "The first load takes the keys as they are then.",
        )
    given = [fingerprint(key) for key in keys]
    if given == noted:
        if settings.token_key is None and settings.embedded:
            # On the disk before any token needs it. Stopped after this, the next call uses it.
            return append_key(settings)
        raise BranchlineError(
            f"There is no new key: {VARIABLE} holds the {len(keys)} that this warehouse's card"
            " tokens were made with.",
            f"Make one ({HOW_TO_MAKE_ONE}), and put it behind the old: {VARIABLE}='old,new'."
            f" {OLDEST_FIRST}",
        )
    if given[: len(noted)] != noted:
        misfit = describe_misfit(noted, given)
        assert misfit is not None
        raise misfit
    return keys


@contextlib.contextmanager
def _keys_alone(link: Link) -> Iterator[None]:
    """Hold the keys against every load: one that has read the old ones must not write any more."""
    with link.cursor() as cursor:
        cursor.execute("select pg_try_advisory_lock(hashtext(%s))", (KEYS_LOCK,))
        if cursor.fetchone() != (True,):
            raise BranchlineError(
                "A load is at work on this warehouse.",
                "Wait until it is done, then run this again; nothing was changed.",
            )
        try:
            yield
        finally:
            if not link.closed:
                cursor.execute("select pg_advisory_unlock(hashtext(%s))", (KEYS_LOCK,))


def _rekey_raw(link: Link, cursor: Cursor, newer: CardTokens) -> tuple[int, int]:
    """Replace the tokens in every raw table that has some; how many tokens, in how many rows.

    Python does the hashing, so that no key is in a statement, which the server may log or show.
    """
    cursor.execute(
        "select format('%I.%I', nspname, relname) from pg_attribute"
        " inner join pg_class on attrelid = pg_class.oid"
        " inner join pg_namespace on relnamespace = pg_namespace.oid"
        " where nspname = 'raw' and attname = 'card_token' and relkind = 'r' and not attisdropped"
        " order by 1"
    )
    tokens = rows = 0
    for (table,) in cursor.fetchall():
        cursor.execute(f"lock table {table} in share row exclusive mode")
        cursor.execute(
            "create temporary table rekeyed (older text not null, newer text not null)"
            " on commit drop"
        )
        with link.cursor("branchline_tokens") as stored:
            stored.execute(f"select distinct card_token from {table} where card_token is not null")
            while batch := stored.fetchmany(TOKENS_AT_A_TIME):
                # Hexadecimal digits, both: nothing for COPY to trip over.
                lines = "".join(f"{older}\t{newer.token(older)}\n" for (older,) in batch)
                cursor.copy_expert(
                    "copy pg_temp.rekeyed (older, newer) from stdin", io.StringIO(lines)
                )
                tokens += len(batch)
        cursor.execute("analyze pg_temp.rekeyed")
        cursor.execute(
            f"update {table} set card_token = rekeyed.newer from pg_temp.rekeyed"
            " where card_token = rekeyed.older"
        )
        rows += cursor.rowcount
        cursor.execute("drop table pg_temp.rekeyed")
    return tokens, rows


def _void_builds(cursor: Cursor) -> None:
    """Let every model be built afresh: keys of customers are made from the tokens of their cards.

    Also in the schemas of builds beside production, whose notes stand in `<prefix>_operations`.
    """
    cursor.execute("update operations.builds set project_fingerprint = 'before a new token key'")
    cursor.execute(
        r"""
        select format('%I.%I', nspname, relname) from pg_class
        inner join pg_namespace on relnamespace = pg_namespace.oid
        where relname = 'high_water_marks'
            and (nspname = 'operations' or nspname like '%\_operations')
            and has_table_privilege(pg_class.oid, 'delete')
            and has_schema_privilege(pg_namespace.oid, 'usage')
        """
    )
    for (table,) in cursor.fetchall():
        cursor.execute(f"delete from {table}")
