"""How customers and visitors are known in what dbt has built.

It is read with the rights of those who build.
"""

from __future__ import annotations

import io
from collections.abc import Collection, Iterator, Mapping

from psycopg2 import sql
from psycopg2.extensions import connection as Link
from psycopg2.extensions import cursor as Cursor

from base.link import rows
from ingest import Line

LINES = "intermediate.int_customers__lines"
LAST_SEEN = "intermediate.int_customers__last_seen"
REQUESTS = "intermediate.int_page_requests__unioned"
FETCHED_AT_ONCE = 50_000


def has_built_customers(link: Link) -> bool:
    """Whether dbt has built the models by which customers are known."""
    return rows(link, "select to_regclass(%s) is not null", (LAST_SEEN,)) == [(True,)]


class BuiltCustomers:
    """The customers that dbt has built, by key and by row of raw, and the addresses of visitors."""

    def __init__(self, link: Link) -> None:
        self._link = link

    def keys_of(self, lines: Collection[Line]) -> dict[Line, str]:
        """The customer key of each of these rows, as far as they are built and name a customer."""
        if not lines:
            return {}
        with self._link.cursor() as cursor:
            _fill(cursor, "wanted_lines", "file_id bigint, line_number bigint", lines)
            cursor.execute(
                f"select file_id, line_number, customer_key from {LINES}"
                " inner join pg_temp.wanted_lines using (file_id, line_number)"
            )
            return {(file_id, number): key for file_id, number, key in cursor.fetchall()}

    def lines_of(self, keys: Collection[str]) -> Iterator[tuple[str, Line]]:
        """All rows of these customer keys, each with its key."""
        if not keys:
            return
        with self._link.cursor() as cursor:
            self._ask(cursor, "customer_key, file_id, line_number", keys)
            while found := cursor.fetchmany(FETCHED_AT_ONCE):
                for key, file_id, number in found:
                    yield key, (file_id, number)

    def ids_of(self, keys: Collection[str]) -> dict[str, tuple[str, str | None]]:
        """Source and customer number of these keys; the latter is None where there are none."""
        if not keys:
            return {}
        with self._link.cursor() as cursor:
            self._ask(cursor, "distinct customer_key, source_system, customer_id", keys)
            return {key: (source, number) for key, source, number in cursor.fetchall()}

    def addresses_until(self, source: str, days: int) -> Iterator[str]:
        """Tokens of IP addresses whose last request to a web site of the source was more than so
        many days ago, and which are not erased yet."""
        if not self._has_requests():
            return
        with self._link.cursor() as cursor:
            cursor.execute(
                f"select ip_token from {REQUESTS}"
                " where source_system = %s and not starts_with(ip_token, 'erased-')"
                " group by ip_token having max(requested_on) < current_date - %s",
                (source, days),
            )
            while found := cursor.fetchmany(FETCHED_AT_ONCE):
                for (token,) in found:
                    yield token

    def last_file_of_requests(self, source: str) -> int:
        """The newest file of which requests to a web site of the source are built."""
        if not self._has_requests():
            return 0
        [(newest,)] = rows(
            self._link,
            f"select coalesce(max(file_id), 0) from {REQUESTS} where source_system = %s",
            (source,),
        )
        return int(newest)

    def _has_requests(self) -> bool:
        return rows(self._link, "select to_regclass(%s) is not null", (REQUESTS,)) == [(True,)]

    def expired(self, days: Mapping[str, int]) -> list[str]:
        """The keys of customers who were last seen longer ago than their source's days, and are not
        erased yet."""
        found: list[str] = []
        for source, number in days.items():
            found += (
                key
                for (key,) in rows(
                    self._link,
                    f"select customer_key from {LAST_SEEN} as seen"
                    " where source_system = %s and last_seen_on < current_date - %s"
                    " and not exists (select from raw.ingest_erased as erased"
                    " where erased.customer_key = seen.customer_key) order by customer_key",
                    (source, number),
                )
            )
        return found

    def counts(self, keys: Collection[str]) -> dict[str, int]:
        """How many rows of these keys each table has that dbt has built."""
        tables = rows(
            self._link,
            "select nspname::text, relname::text from pg_attribute"
            " inner join pg_class on attrelid = pg_class.oid"
            " inner join pg_namespace on relnamespace = pg_namespace.oid"
            " where nspname in ('intermediate', 'marts') and relkind = 'r'"
            " and attname = 'customer_key' and not attisdropped order by 1, 2",
        )
        counts = {}
        with self._link.cursor() as cursor:
            _fill(cursor, "wanted_keys", "customer_key text", [(key,) for key in keys])
            for schema, table in tables:
                cursor.execute(
                    sql.SQL(
                        "select count(*) from {} inner join pg_temp.wanted_keys"
                        " using (customer_key)"
                    ).format(sql.Identifier(schema, table))
                )
                (count,) = cursor.fetchone() or (0,)
                if count:
                    counts[f"{schema}.{table}"] = int(count)
        return counts

    @staticmethod
    def _ask(cursor: Cursor, columns: str, keys: Collection[str]) -> None:
        """Select columns of the rows of these keys."""
        # A list finds an index through the views; of many keys a table is quicker.
        if len(keys) <= FEW:
            cursor.execute(
                f"select {columns} from {LINES} where customer_key = any(%s)", (list(keys),)
            )
            return
        _fill(cursor, "wanted_keys", "customer_key text", [(key,) for key in keys])
        cursor.execute(
            f"select {columns} from {LINES} inner join pg_temp.wanted_keys using (customer_key)"
        )


FEW = 1000


def _fill(cursor: Cursor, table: str, columns: str, values: Collection[tuple[object, ...]]) -> None:
    """Create a temporary table anew, with these rows of numbers and hashes."""
    cursor.execute(f"drop table if exists pg_temp.{table}")
    cursor.execute(f"create temporary table {table} ({columns})")
    lines = "".join("\t".join(map(str, row)) + "\n" for row in values)
    cursor.copy_expert(f"copy pg_temp.{table} from stdin", io.StringIO(lines))
    cursor.execute(f"analyze pg_temp.{table}")
