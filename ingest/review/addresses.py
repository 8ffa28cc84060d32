"""Erase IP addresses by age: each gets a pseudonym for its token, in all rows of its source.

One address is one before and after, so that whoever is counted by it stays one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from psycopg2 import sql
from psycopg2.extensions import cursor as Cursor

from base.schemas import RAW
from ingest.contract.feeds import ADDRESS_COLUMNS, Feed
from ingest.persons import ERASED
from ingest.review.customers import Built, copy_rows

_TOKEN, _, _SHAPE = ADDRESS_COLUMNS
_NAMES = {"token": sql.Identifier(_TOKEN), "shape": sql.Identifier(_SHAPE)}
_TABLE = f"""
create temporary table if not exists addresses (
    token text primary key,
    pseudonym text not null default '{ERASED}' || replace(cast(gen_random_uuid() as text), '-', '')
) on commit drop;
truncate pg_temp.addresses
"""


@dataclass
class ExpiredAddresses:
    """What has expired of the addresses of a source."""

    addresses: int = 0
    rows: dict[str, dict[str, int]] = field(default_factory=dict)
    """Changed rows by raw table and column."""


def expire_addresses(
    cursor: Cursor, feeds: Iterable[Feed], built: Built, source: str, days: int
) -> ExpiredAddresses:
    """Give the addresses of a source other tokens, so many days after they were last seen; a text
    that is not an address is erased so many days after it was loaded.

    What has to change in what dbt has built is noted in raw.ingest_erasing.
    """
    done = ExpiredAddresses()
    logs = [feed for feed in feeds if feed.source == source and feed.address_place is not None]
    if not logs:
        return done
    _find(cursor, logs, built, source, days)
    for feed in logs:
        changed = {_TOKEN: _replace_tokens(cursor, feed), _SHAPE: _erase_shapes(cursor, feed, days)}
        done.rows[feed.table] = {column: rows for column, rows in changed.items() if rows}
    cursor.execute(
        "insert into raw.ingest_erasing (old_value, new_value, source_system)"
        " select token, pseudonym, %s from pg_temp.addresses",
        (source,),
    )
    done.addresses = cursor.rowcount
    return done


def _find(cursor: Cursor, feeds: Sequence[Feed], built: Built, source: str, days: int) -> None:
    """Fill pg_temp.addresses with tokens that were last seen so many days ago, and what they
    become: by the last request, as the models read it, and at the latest by the last load."""
    cursor.execute(_TABLE)
    tokens = ((token,) for token in built.addresses_until(source, days))
    copy_rows(cursor, "pg_temp.addresses (token)", tokens)
    cursor.execute("analyze pg_temp.addresses")
    newest = built.last_file_of_requests(source)
    for feed in feeds:
        # When the requests were that are not built yet, no model says.
        cursor.execute(
            sql.SQL(
                "delete from pg_temp.addresses as addresses using {table} as stored"
                " where stored._file_id > %s and stored.{token} = addresses.token"
            ).format(table=_raw(feed), **_NAMES),
            (newest,),
        )
    loaded = sql.SQL(" union all ").join(
        sql.SQL(
            "select stored.{token} as token, max(files.loaded_at) as loaded_at"
            " from {table} as stored"
            " inner join raw.ingest_files as files on stored._file_id = files.file_id"
            " where not starts_with(stored.{token}, {erased}) group by stored.{token}"
        ).format(table=_raw(feed), erased=sql.Literal(ERASED), **_NAMES)
        for feed in feeds
    )
    cursor.execute(
        sql.SQL(
            "insert into pg_temp.addresses (token) select token from ({loaded}) as seen"
            " group by token having max(loaded_at) < current_timestamp - %s * interval '1 day'"
            " on conflict do nothing"
        ).format(loaded=loaded),
        (days,),
    )
    cursor.execute("analyze pg_temp.addresses")


def _replace_tokens(cursor: Cursor, feed: Feed) -> int:
    cursor.execute(
        sql.SQL(
            "update {table} as stored set {token} = addresses.pseudonym"
            " from pg_temp.addresses as addresses where stored.{token} = addresses.token"
        ).format(table=_raw(feed), **_NAMES)
    )
    return cursor.rowcount


def _erase_shapes(cursor: Cursor, feed: Feed, days: int) -> int:
    cursor.execute(
        sql.SQL(
            "update {table} as stored set {shape} = null from raw.ingest_files as files"
            " where stored._file_id = files.file_id and stored.{shape} is not null"
            " and files.loaded_at < current_timestamp - %s * interval '1 day'"
        ).format(table=_raw(feed), **_NAMES),
        (days,),
    )
    return cursor.rowcount


def _raw(feed: Feed) -> sql.Identifier:
    return sql.Identifier(RAW, feed.table)
