"""Erase what is personal of customers in the raw layer, without changing what any row counts for.

What names a customer becomes a pseudonym, the same in all rows of the customer and for no other;
so do cards. All other personal columns of these rows become null. The list of the erased
(raw.ingest_erased) makes later loads do the same with later rows.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import psycopg2
from psycopg2 import sql

from base.errors import BranchlineError
from base.schemas import RAW
from base.words import listed
from ingest.cards import mask_text
from ingest.contract.feeds import CARD_COLUMNS, RECORD_ID, TECHNICAL_COLUMNS, Feed, FeedContract
from ingest.formats.records import SEPARATOR
from ingest.persons.identity import (
    CARD,
    Identities,
    erased_key,
    key_identity,
    pseudonym_in,
    reject_identity,
)
from ingest.persons.tombstones import (
    ERASED_LAST4,
    ERASED_TEXT,
    card_tombstone,
    customer_tombstone,
)
from ingest.raw.migrations import is_ready
from ingest.raw.session import locked, transaction
from ingest.review.addresses import expire_addresses
from ingest.review.customers import Built, Identity, Person, Search, copy_rows, is_erased

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection
    from psycopg2.extensions import cursor as Cursor

ERASED_LINE = "[erased]"
"""In place of a malformed line, or of a reason, that has something personal in it."""
SHORTEST_WORD = 4
"""A shorter text may be in any line without meaning the person."""
CUSTOMERS_AT_ONCE = 20_000
_LAST4, _UNREADABLE = CARD_COLUMNS[1:]


@dataclass(frozen=True)
class Request:
    """A customer to be erased: a number, e-mail address or branch/name of a source, or a key."""

    source: str | None
    text: str

    def __str__(self) -> str:
        return self.text if self.source is None else f"{self.source} {self.text}"


@dataclass(frozen=True)
class Retention:
    """What is to be erased by age. `days` by source; `expired`: keys of customers."""

    days: Mapping[str, int]
    expired: Sequence[str]


@dataclass
class Erasure:
    """What an erasure has changed in raw, or would change."""

    persons: list[Person] = field(default_factory=list)
    cards: int = 0
    addresses: int = 0
    rejected_lines: int = 0
    rows: dict[str, int] = field(default_factory=dict)
    """Rows by raw table."""
    columns: dict[str, list[str]] = field(default_factory=dict)
    """The erased columns by raw table."""
    erased_before: list[Request] = field(default_factory=list)

    @property
    def customers(self) -> int:
        """How many customers had rows."""
        return sum(person.rows > 0 for person in self.persons)

    @property
    def is_empty(self) -> bool:
        """Whether there was nothing to erase."""
        return not (self.rows or self.rejected_lines)

    def count(self, table: str, rows: int) -> None:
        """Add changed rows of a table."""
        if rows:
            self.rows[table] = self.rows.get(table, 0) + rows

    def add(self, other: Erasure) -> None:
        """Add what another transaction has changed."""
        self.persons += other.persons
        self.cards += other.cards
        self.addresses += other.addresses
        self.rejected_lines += other.rejected_lines
        for table, rows in other.rows.items():
            self.count(table, rows)
        self.columns |= other.columns
        self.erased_before += other.erased_before


class _DryRunError(Exception):
    """Undoes a transaction whose outcome was only to be shown."""


def erase_customers(
    database_url: str,
    feeds: FeedContract,
    token_keys: Sequence[bytes],
    requested: Sequence[Request] | Retention,
    built: Built,
    because: str,
    tell_waiting: Callable[[str], None],
    *,
    dry_run: bool = False,
    lock_timeout: float = 60,
    permitted: Callable[[], None] = lambda: None,
) -> Erasure:
    """Erase customers in raw, all or none of them; or all that is too old.

    `built`: what dbt has built; what is to be changed there is then in raw.ingest_erasing, until
    `note_finished`. `permitted` is called under the loader's lock; an exception ends it. A
    retention commits after every 20,000 customers, and can be continued. Customers who were erased
    before are skipped. Raises BranchlineError for a customer without any row, and for a reason that
    repeats what is to be erased.
    """
    erasure = Erasure()
    with locked(database_url, lock_timeout, tell_waiting) as session:
        connection = session.connection
        if not is_ready(connection):
            raise BranchlineError(
                "Nothing was ever loaded into this warehouse.", "There is nothing to erase."
            )
        permitted()
        work = _Work(connection, feeds, token_keys, built, mask_text(because))
        if isinstance(requested, Retention):
            # Without customers, there may still be old rows that name none.
            for first in range(0, max(len(requested.expired), 1), CUSTOMERS_AT_ONCE):
                keys = requested.expired[first : first + CUSTOMERS_AT_ONCE]
                is_last = first + CUSTOMERS_AT_ONCE >= len(requested.expired)
                days = requested.days if is_last else {}
                with work.transaction(erasure, dry_run=dry_run) as part:
                    work.erase_old(part, keys, days)
        else:
            with work.transaction(erasure, dry_run=dry_run) as part:
                work.erase_requested(part, requested)
        if not dry_run:
            _vacuum(connection, erasure.rows)
    return erasure


def is_unfinished(connection: Connection) -> bool:
    """Whether an erasure has changed raw, and not yet what dbt has built."""
    with connection.cursor() as cursor:
        cursor.execute("select to_regclass('raw.ingest_erasures') is not null")
        if cursor.fetchone() != (True,):
            return False
        cursor.execute("select exists (select from raw.ingest_erasures where finished_at is null)")
        return cursor.fetchone() == (True,)


def note_finished(connection: Connection, rows: Mapping[str, int], because: str) -> None:
    """Record that what dbt has built is changed, too, and forget what was to be changed.

    `rows`: how many were changed in each of its tables. `because`: the reason of a retention that
    has changed nothing in raw, and is not in the ledger yet.
    """
    with transaction(connection), connection.cursor() as cursor:
        cursor.execute(
            "update raw.ingest_erasures set finished_at = clock_timestamp(),"
            " row_counts = row_counts || %s where finished_at is null",
            (json.dumps(dict(rows)),),
        )
        if rows and not cursor.rowcount:
            cursor.execute(
                "insert into raw.ingest_erasures (reason, is_retention, row_counts, finished_at)"
                " values (%s, true, %s, clock_timestamp())",
                (mask_text(because), json.dumps(dict(rows))),
            )
        cursor.execute("delete from raw.ingest_erasing")
        cursor.execute("delete from raw.ingest_erasing_lines")
    _vacuum(connection, ["ingest_erasing", "ingest_erasing_lines"])


class _Work:
    """The transactions of one erasure; each method is given the part of it to be filled."""

    def __init__(
        self,
        connection: Connection,
        feeds: FeedContract,
        token_keys: Sequence[bytes],
        built: Built,
        because: str,
    ) -> None:
        self._connection = connection
        self._keys = list(token_keys)
        self._built = built
        self._because = because
        with connection.cursor() as cursor:
            cursor.execute(
                "select table_name::text, column_name::text from information_schema.columns"
                " where table_schema = %s order by table_name, ordinal_position",
                (RAW,),
            )
            self._tables: dict[str, list[str]] = {}
            for table, column in cursor.fetchall():
                self._tables.setdefault(table, []).append(column)
        # Rows of a source that is switched off are there as well.
        every = (*feeds, *feeds.switched_off.values())
        self._feeds = [feed for feed in every if feed.table in self._tables]
        for feed in self._feeds:
            missing = set(feed.raw_columns()) - set(self._tables[feed.table])
            if missing:
                raise BranchlineError(
                    f"The raw table {feed.table} lacks what feed {feed.name} declares:"
                    f" {listed(sorted(missing))}. Nothing was erased.",
                    "The next load adds it: branchline load",
                )
        self._cursor: Cursor = connection.cursor()

    @contextmanager
    def transaction(self, total: Erasure, *, dry_run: bool) -> Iterator[Erasure]:
        """One transaction, whose part is added to `total`; a dry run undoes it at its end."""
        part = Erasure()
        with (
            suppress(_DryRunError),
            transaction(self._connection),
            self._connection.cursor() as self._cursor,
        ):
            yield part
            if dry_run:
                raise _DryRunError
        total.add(part)

    def erase_requested(self, part: Erasure, requests: Sequence[Request]) -> None:
        """Erase these customers."""
        search = Search(self._cursor, self._feeds, self._built, self._tables)
        keys = {request.text for request in requests if request.source is None}
        erased = self._erased_keys(keys)
        identities = {request: self._named(search, request) for request in requests}
        search.find(sorted(keys - erased), set().union(*identities.values()))
        self._count_rows(part, search)
        missing = []
        for request in requests:
            if request.source is None:
                is_found = any(request.text in one.keys and one.rows for one in search.persons)
                former = {(source, key_identity(request.text)) for source in search.sources}
                is_erased_key = request.text in erased or self._is_listed(former)
            else:
                numbers = [search.by_identity[identity] for identity in identities[request]]
                is_found = any(search.persons[number].rows for number in numbers)
                is_erased_key = self._is_listed(identities[request])
            if not is_found and is_erased_key:
                part.erased_before.append(request)
            elif not is_found:
                missing.append(str(request))
        if missing:
            raise BranchlineError(
                f"Found no row of customer {listed(missing)}; nothing was erased.",
                "Name a customer by source and number, e-mail address or branch/name, or by"
                " --customer-key: the marts have customer_id and customer_key in dim_customers.",
            )
        if not part.customers:
            return
        values = _Values(self._values_of(search))
        if values.are_in(self._because):
            raise BranchlineError(
                "The reason repeats what is to be erased; nothing was erased.",
                "The ledger keeps the reason: write one without the person's data.",
            )
        self._change(part, search)
        self._erase_texts(part, {person.source for person in search.persons}, values)
        self._note_counts(part, is_retention=False)

    def erase_old(self, part: Erasure, keys: Sequence[str], days: Mapping[str, int]) -> None:
        """Erase these expired customers; with `days`, also what is too old and names nobody."""
        search = Search(self._cursor, self._feeds, self._built, self._tables)
        search.find(sorted(set(keys) - self._erased_keys(keys)), ())
        for feed in self._feeds:
            if feed.source in days:
                self._add_old_rows(search, feed, days[feed.source])
        self._count_rows(part, search)
        self._change(part, search)
        for source, number in days.items():
            self._erase_old_rejects(part, source, number)
            self._expire_addresses(part, source, number)
        if not part.is_empty:
            self._note_counts(part, is_retention=True)

    # Whom it is about

    def _named(self, search: Search, request: Request) -> set[Identity]:
        """What a request may mean. Raises BranchlineError if the source has no such customers."""
        if request.source is None:
            return set()
        if request.source not in search.sources:
            raise BranchlineError(
                f"No feed of source {request.source} says how its rows name their customers.",
                f"Sources whose feeds do: {listed(sorted(search.sources))}.",
            )
        found = search.named(request.source, request.text)
        if not found:
            raise BranchlineError(
                f"'{request.text}' names no customer of source {request.source}.",
                "Where customers are known by their names within a branch, write branch/name.",
            )
        return found

    def _erased_keys(self, keys: Collection[str]) -> set[str]:
        """Those of these customer keys that stand for erased customers."""
        self._cursor.execute(
            "select customer_key from raw.ingest_erased where customer_key = any(%s)",
            (list(keys),),
        )
        return {key for (key,) in self._cursor.fetchall()}

    def _is_listed(self, identities: Collection[Identity]) -> bool:
        """Whether a customer who is named so is in the list of the erased."""
        tokens = [
            customer_tombstone(self._keys[:count], *identity, later=self._keys[count:])
            for identity in identities
            for count in range(1, len(self._keys) + 1)
        ]
        self._cursor.execute(
            "select exists (select from raw.ingest_erased where token = any(%s))", (tokens,)
        )
        return self._cursor.fetchone() == (True,)

    def _count_rows(self, part: Erasure, search: Search) -> None:
        self._cursor.execute("analyze pg_temp.person_rows")
        self._cursor.execute(
            "select person, count(*) from pg_temp.person_rows where person is not null group by 1"
        )
        for person, count in self._cursor.fetchall():
            search.persons[person].rows = count
        part.persons += search.persons

    def _add_old_rows(self, search: Search, feed: Feed, days: int) -> None:
        """Add rows that name no customer, so many days after they were loaded; and those of a feed
        without customers, so many days after a newer version has superseded them."""
        personal = _personal(feed)
        if not personal:
            return
        columns = [sql.SQL("stored.{}").format(sql.Identifier(name)) for name in personal]
        condition = sql.SQL(
            "files.{} < current_timestamp - %s * interval '1 day' and coalesce({}) is not null"
        ).format(
            sql.Identifier("loaded_at" if feed.customer else "superseded_at"),
            sql.SQL(", ").join(columns),
        )
        if feed.customer:
            search.add_unnamed(feed, condition, (days,))
            return
        self._cursor.execute(
            sql.SQL(
                "insert into pg_temp.person_rows (feed, file_id, line_number)"
                " select %s, stored._file_id, stored._line_number from {} as stored"
                " inner join raw.ingest_files as files on stored._file_id = files.file_id"
                " where {}"
            ).format(sql.Identifier(RAW, feed.table), condition),
            (feed.name, days),
        )

    def _feeds_of(self, sources: Collection[str]) -> list[str]:
        return [feed.name for feed in self._feeds if feed.source in sources]

    # What is changed

    def _change(self, part: Erasure, search: Search) -> None:
        """Change raw, and note what is to be changed in what dbt has built."""
        self._cursor.execute("select count(*) from pg_temp.cards")
        (part.cards,) = self._cursor.fetchone() or (0,)
        self._note_renames(search)
        self._cursor.execute(
            "insert into raw.ingest_erasing_lines (file_id, line_number, is_of_customer)"
            " select file_id, line_number, true from pg_temp.person_rows"
        )
        for feed in self._feeds:
            self._change_rows(part, feed)
        for table, columns in self._tables.items():
            if CARD in columns:
                self._change_cards(part, table, columns)
        if not part.is_empty:
            self._note_tombstones(search)

    def _note_tombstones(self, search: Search) -> None:
        """Add the customers and cards to the list of the erased."""
        number = self._open()
        count = len(self._keys)
        rows: list[tuple[object, ...]] = [
            (
                customer_tombstone(self._keys, source, identity),
                source,
                count,
                search.persons[person].pseudonym,
                erased_key(source, search.persons[person].pseudonym),
                number,
            )
            for (source, identity), person in search.by_identity.items()
            if search.persons[person].rows or identity.startswith(CARD)
        ]
        # By which a request is recognized that was made before.
        rows += [
            (
                customer_tombstone(self._keys, person.source, key_identity(key)),
                *(person.source, count, person.pseudonym),
                erased_key(person.source, person.pseudonym),
                number,
            )
            for person in search.persons
            for key in person.keys
        ]
        self._cursor.execute("select card_token, pseudonym from pg_temp.cards")
        rows += [
            (card_tombstone(self._keys, card), None, count, pseudonym, None, number)
            for card, pseudonym in self._cursor.fetchall()
        ]
        self._add_tombstones(rows)

    def _add_tombstones(self, rows: Iterable[Sequence[object]]) -> None:
        self._cursor.execute(
            "create temporary table if not exists tombstones (like raw.ingest_erased)"
            " on commit drop; truncate pg_temp.tombstones"
        )
        copy_rows(self._cursor, "pg_temp.tombstones", rows)
        self._cursor.execute(
            "insert into raw.ingest_erased select distinct on (token) * from pg_temp.tombstones"
            " on conflict (token) do update"
            " set pseudonym = excluded.pseudonym, customer_key = excluded.customer_key"
        )

    def _note_renames(self, search: Search) -> None:
        """Note by which keys and cards rows of what dbt has built are found, and what they become:
        a customer's key, number and name."""
        persons = {key: one for one in search.persons if one.rows for key in one.keys}
        ids = self._built.ids_of(persons.keys())
        rows: list[tuple[object, ...]] = []
        for key, person in persons.items():
            source, old_id = ids.get(key, (person.source, None))
            new_key = erased_key(source, person.pseudonym)
            new_id = person.customer_id or person.pseudonym
            rows.append((key, new_key, source, old_id, new_id, person.customer_name))
        self._cursor.execute("select card_token, pseudonym from pg_temp.cards")
        rows += [(*card, None, None, None, None) for card in self._cursor.fetchall()]
        copy_rows(self._cursor, "raw.ingest_erasing", rows)

    def _change_rows(self, part: Erasure, feed: Feed) -> None:
        """Change the rows of a feed that were found."""
        changes = self._changes(feed)
        if not changes:
            return
        self._cursor.execute(
            sql.SQL(
                "update {table} as stored set {changes} from pg_temp.person_rows as found"
                " left join pg_temp.persons as persons on found.person = persons.person"
                " where found.feed = %s and stored._file_id = found.file_id"
                " and stored._line_number = found.line_number"
            ).format(table=sql.Identifier(RAW, feed.table), changes=_assigned(changes)),
            (feed.name,),
        )
        if self._cursor.rowcount:
            part.count(feed.table, self._cursor.rowcount)
            part.columns[feed.table] = [*changes]

    def _changes(self, feed: Feed) -> dict[str, sql.Composable]:
        """The new values of a customer's row: of its personal columns, of those that the feed does
        not declare, and of the key that was made of such columns."""
        named: dict[str, list[str]] = {}
        for label, column in Identities(feed).first.items():
            named.setdefault(column.name, []).append(label)
        changes: dict[str, sql.Composable] = {}
        for column in feed.columns:
            if column.is_card:
                changes[_LAST4] = _if_there_is_one(_LAST4, sql.Literal(ERASED_LAST4))
                changes[_UNREADABLE] = _if_there_is_one(_UNREADABLE, sql.Literal(ERASED_TEXT))
            elif column.name in named:
                changes[column.name] = sql.SQL(
                    "case when found.label = any({labels}) then persons.pseudonym || {rest} end"
                ).format(
                    labels=sql.Literal(named[column.name]),
                    rest=sql.Literal(pseudonym_in(column, "")),
                )
            elif column.personal or column.is_address:
                changes |= {name: sql.SQL("null") for name in column.raw_columns()}
        if not changes:
            return {}
        changes |= {name: sql.SQL("null") for name in self._undeclared(feed)}
        if changes.keys() & set(feed.key):
            parts = [
                changes.get(name) or sql.SQL("stored.{}").format(sql.Identifier(name))
                for name in feed.key
            ]
            separator = sql.SQL(f", chr({ord(SEPARATOR)}), ")
            changes[RECORD_ID] = sql.SQL("nullif(concat({}), '')").format(separator.join(parts))
        return changes

    def _undeclared(self, feed: Feed) -> list[str]:
        """Columns that files have brought: they may hold anything."""
        known = {*feed.raw_columns(), *TECHNICAL_COLUMNS}
        return [name for name in self._tables[feed.table] if name not in known]

    def _change_cards(self, part: Erasure, table: str, columns: Collection[str]) -> None:
        """Give cards their pseudonyms wherever they are; in a list of cards, erase what it says."""
        changes: dict[str, sql.Composable] = {CARD: sql.SQL("cards.pseudonym")}
        if _LAST4 in columns:
            changes[_LAST4] = _if_there_is_one(_LAST4, sql.Literal(ERASED_LAST4))
        for feed in self._feeds:
            if feed.table == table and not feed.customer:
                changes = {**self._changes(feed), **changes}
        update = sql.SQL(
            "update {table} as stored set {changes} from pg_temp.cards as cards"
            " where stored.card_token = cards.card_token"
        ).format(table=sql.Identifier(RAW, table), changes=_assigned(changes))
        if "_file_id" not in columns:
            self._cursor.execute(update)
            part.count(table, self._cursor.rowcount)
            return
        self._cursor.execute(
            sql.SQL(
                "with changed as ({update} returning stored._file_id, stored._line_number),"
                " noted as (insert into raw.ingest_erasing_lines"
                " (file_id, line_number, is_of_customer)"
                " select _file_id, _line_number, false from changed)"
                " select count(*) from changed where not exists ("
                "select from pg_temp.person_rows where file_id = _file_id"
                " and line_number = _line_number)"
            ).format(update=update)
        )
        (others,) = self._cursor.fetchone() or (0,)
        part.count(table, others)
        if others:
            part.columns.setdefault(table, [*changes])

    # Texts that may repeat what is erased

    def _values_of(self, search: Search) -> Iterator[tuple[str, str, bool]]:
        """Column and text of what the customers' rows say, and whether others have the same."""
        for feed in self._feeds:
            if not feed.customer:
                continue
            for name in _personal(feed):
                self._cursor.execute(
                    sql.SQL(
                        "with own as ("
                        "select distinct stored.{column} as value from {table} as stored"
                        " inner join pg_temp.person_rows as found"
                        " on stored._file_id = found.file_id"
                        " and stored._line_number = found.line_number"
                        " where found.feed = %s and stored.{column} is not null)"
                        " select value, exists (select from {table} as stored"
                        " where stored.{column} = value and not exists ("
                        "select from pg_temp.person_rows as found"
                        " where stored._file_id = found.file_id"
                        " and stored._line_number = found.line_number)) from own"
                    ).format(column=sql.Identifier(name), table=sql.Identifier(RAW, feed.table)),
                    (feed.name,),
                )
                for value, is_shared in self._cursor.fetchall():
                    if not is_erased(value):
                        yield name, value, is_shared

    def _erase_texts(self, part: Erasure, sources: Collection[str], values: _Values) -> None:
        """Erase malformed lines, and reasons in the ledger, that repeat what is erased."""
        feeds = self._feeds_of(sources)
        self._cursor.execute(
            "select _file_id, _line_number, coalesce(line, ''), coalesce(reason, '')"
            " from raw.ingest_rejects where feed = any(%s)"
            " and (line is distinct from %s or reason is distinct from %s)",
            (feeds, ERASED_LINE, ERASED_LINE),
        )
        lines = [
            (file_id, number, values.are_in(reason) or not values.are_in(line))
            for file_id, number, line, reason in self._cursor.fetchall()
            if values.are_in(f"{line} {reason}")
        ]
        self._begin_rejects()
        copy_rows(self._cursor, "pg_temp.rejected_lines", lines)
        self._erase_rejects(part)
        for column in ("reason", "dismissed_because"):
            name = sql.Identifier(column)
            self._cursor.execute(
                sql.SQL(
                    "select file_id, {name} from raw.ingest_files"
                    " where feed = any(%s) and {name} is not null"
                ).format(name=name),
                (feeds,),
            )
            files = [file_id for file_id, text in self._cursor.fetchall() if values.are_in(text)]
            self._cursor.execute(
                sql.SQL("update raw.ingest_files set {name} = %s where file_id = any(%s)").format(
                    name=name
                ),
                (ERASED_LINE, files),
            )

    def _erase_old_rejects(self, part: Erasure, source: str, days: int) -> None:
        """Erase malformed lines so many days after they were loaded; also a reason that repeats a
        word of its line."""
        self._begin_rejects()
        self._cursor.execute(
            "insert into pg_temp.rejected_lines"
            " select _file_id, _line_number, exists ("
            "select from regexp_split_to_table(lower(line), '[^[:alnum:]]+') as word"
            " where length(word) >= %s and strpos(lower(reason), word) > 0)"
            " from raw.ingest_rejects where feed = any(%s) and line <> %s"
            " and _loaded_at < current_timestamp - %s * interval '1 day'",
            (SHORTEST_WORD, self._feeds_of({source}), ERASED_LINE, days),
        )
        self._erase_rejects(part)

    def _begin_rejects(self) -> None:
        self._cursor.execute(
            "create temporary table if not exists rejected_lines"
            " (file_id bigint, line_number bigint, is_reason_erased boolean) on commit drop;"
            " truncate pg_temp.rejected_lines"
        )

    def _erase_rejects(self, part: Erasure) -> None:
        """Erase these malformed lines, and their reasons as far as noted."""
        self._note_rejects()
        self._cursor.execute(
            "update raw.ingest_rejects set line = %s,"
            " reason = case when is_reason_erased then %s else reason end"
            " from pg_temp.rejected_lines"
            " where _file_id = file_id and _line_number = line_number",
            (ERASED_LINE, ERASED_LINE),
        )
        part.rejected_lines += self._cursor.rowcount
        self._cursor.execute(
            "insert into raw.ingest_erasing_lines (file_id, line_number, is_of_customer)"
            " select file_id, line_number, true from pg_temp.rejected_lines"
        )

    def _note_rejects(self) -> None:
        """Add malformed lines of watermarked tables to the list of the erased: all rows of such a
        table are compared with those loaded now and then."""
        for feed in self._feeds:
            if feed.connected is None or feed.connected.watermark is None:
                continue
            self._cursor.execute(
                "select coalesce(reason, ''), coalesce(line, '') from raw.ingest_rejects"
                " inner join pg_temp.rejected_lines"
                " on _file_id = file_id and _line_number = line_number"
                " where feed = %s and line is distinct from %s",
                (feed.name, ERASED_LINE),
            )
            identities = [reject_identity(feed.name, *row) for row in self._cursor.fetchall()]
            if identities:
                number, count = self._open(), len(self._keys)
                self._add_tombstones(
                    (
                        customer_tombstone(self._keys, feed.source, identity),
                        *(feed.source, count, ERASED_LINE, None, number),
                    )
                    for identity in identities
                )

    def _expire_addresses(self, part: Erasure, source: str, days: int) -> None:
        done = expire_addresses(self._cursor, self._feeds, self._built, source, days)
        part.addresses += done.addresses
        for table, changed in done.rows.items():
            part.count(table, sum(changed.values()))
            if changed:
                part.columns[table] = [*part.columns.get(table, ()), *changed]

    # The ledger

    def _open(self) -> int:
        """The number of this erasure in the ledger, which it gets when it is first needed. One
        that was killed is continued."""
        self._cursor.execute(
            "select max(erasure_id) from raw.ingest_erasures where finished_at is null"
        )
        (number,) = self._cursor.fetchone() or (None,)
        if number is None:
            self._cursor.execute(
                "insert into raw.ingest_erasures (reason, is_retention) values (%s, false)"
                " returning erasure_id",
                (self._because,),
            )
            (number,) = self._cursor.fetchone() or (0,)
        return int(number)

    def _note_counts(self, part: Erasure, *, is_retention: bool) -> None:
        number = self._open()
        self._cursor.execute(
            "select row_counts from raw.ingest_erasures where erasure_id = %s", (number,)
        )
        (counts,) = self._cursor.fetchone() or ({},)
        for table, rows in part.rows.items():
            name = f"{RAW}.{table}"
            counts[name] = counts.get(name, 0) + rows
        self._cursor.execute(
            "update raw.ingest_erasures set is_retention = %s, customers = customers + %s,"
            " cards = cards + %s, raw_rows = raw_rows + %s, rejected_lines = rejected_lines + %s,"
            " row_counts = %s where erasure_id = %s",
            (
                is_retention,
                part.customers,
                part.cards,
                sum(part.rows.values()),
                part.rejected_lines,
                json.dumps(counts),
                number,
            ),
        )


class _Values:
    """What must not remain in any text: a value that only the erased have, or two of any."""

    def __init__(self, values: Iterator[tuple[str, str, bool]]) -> None:
        """Column and text of each value, and whether others have the same."""
        self._own: list[tuple[frozenset[str], str]] = []
        self._shared: dict[str, list[tuple[frozenset[str], str]]] = {}
        for column, text, is_shared in values:
            found = (_words(text), _digits(text))
            if sum(map(len, found[0])) < SHORTEST_WORD:
                continue
            if not is_shared:
                self._own.append(found)
            self._shared.setdefault(column, []).append(found)

    def are_in(self, text: str) -> bool:
        """Whether the text repeats them, in any capitals, spacing and order of words."""
        words, digits = _words(text), _digits(text)

        def is_there(value: tuple[frozenset[str], str]) -> bool:
            return value[0] <= words or (len(value[1]) > MOST_CODE_DIGITS and value[1] in digits)

        if any(map(is_there, self._own)):
            return True
        return sum(any(map(is_there, values)) for values in self._shared.values()) > 1


MOST_CODE_DIGITS = 6
"""A number with more digits is a telephone number, or as good as one."""


def _words(text: str) -> frozenset[str]:
    return frozenset(re.findall(r"[^\W_]+", text.lower()))


def _digits(text: str) -> str:
    return "".join(re.findall(r"\d", text))


def _personal(feed: Feed) -> list[str]:
    """The raw columns of a feed that hold personal data, without tokens."""
    return [column.name for column in feed.columns if column.personal and not column.is_replaced]


def _if_there_is_one(column: str, value: sql.Composable) -> sql.Composable:
    return sql.SQL("case when stored.{} is not null then {} end").format(
        sql.Identifier(column), value
    )


def _assigned(changes: Mapping[str, sql.Composable]) -> sql.Composable:
    return sql.SQL(", ").join(
        sql.SQL("{} = {}").format(sql.Identifier(name), value) for name, value in changes.items()
    )


def _vacuum(connection: Connection, tables: Collection[str]) -> None:
    """Remove the former rows, and statistics about their values, from raw tables.

    If this fails, autovacuum does it later.
    """
    with suppress(psycopg2.Error), connection.cursor() as cursor:
        for table in tables:
            cursor.execute(sql.SQL("vacuum (analyze) {}").format(sql.Identifier(RAW, table)))
