"""Find all rows of customers in the raw layer, in every feed of their source.

A customer is known by what the rows say (ingest/persons) and by the keys that the models made of
it. What was built tells which rows belong to a key; the contract finds those that are not built
yet.
"""

from __future__ import annotations

import io
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from psycopg2 import sql
from psycopg2.extensions import cursor as Cursor

from base.schemas import RAW
from ingest.contract.feeds import Feed
from ingest.formats.records import SEPARATOR
from ingest.persons.identity import (
    CARD,
    ERASED,
    Identities,
    card_identity,
    label_of,
    new_pseudonym,
    pseudonym_in,
)

Line = tuple[int, int]
"""Ledger id and line number of a row."""
Identity = tuple[str, str]
"""Source, and what names the customer in its rows."""

_PSEUDONYM = re.compile(rf"{ERASED}[0-9a-f]{{32}}")
_ALWAYS = sql.SQL("true")
_NOTHING = "\x1e"
"""In place of a null among the cells of a row."""
_TABLES = """
create temporary table persons (
    person integer primary key, pseudonym text not null
) on commit drop;
create temporary table person_rows (
    feed text not null,
    file_id bigint not null,
    line_number bigint not null,
    person integer,
    label text,
    primary key (file_id, line_number)
) on commit drop;
create temporary table matched (cells text not null, person integer, label text) on commit drop;
create temporary table person_lines (
    person integer not null, file_id bigint not null, line_number bigint not null
) on commit drop;
create temporary table cards (card_token text primary key, pseudonym text not null) on commit drop;
"""


class Built(Protocol):
    """What dbt has built, as far as it tells customers and visitors apart."""

    def keys_of(self, lines: Collection[Line]) -> dict[Line, str]:
        """The customer key of each of these rows, as far as they are built and name a customer."""
        ...

    def lines_of(self, keys: Collection[str]) -> Iterator[tuple[str, Line]]:
        """All rows of these customer keys, each with its key."""
        ...

    def ids_of(self, keys: Collection[str]) -> dict[str, tuple[str, str | None]]:
        """Source and customer number of these keys; the latter is None where there are none."""
        ...

    def addresses_until(self, source: str, days: int) -> Iterator[str]:
        """Tokens of IP addresses whose last request to a web site of the source was more than so
        many days ago."""
        ...

    def last_file_of_requests(self, source: str) -> int:
        """The newest file of which requests to a web site of the source are built."""
        ...


class NothingBuilt:
    """For a warehouse in which dbt has not built anything."""

    def keys_of(self, lines: Collection[Line]) -> dict[Line, str]:
        """Nothing."""
        return {}

    def lines_of(self, keys: Collection[str]) -> Iterator[tuple[str, Line]]:
        """Nothing."""
        return iter(())

    def ids_of(self, keys: Collection[str]) -> dict[str, tuple[str, str | None]]:
        """Nothing."""
        return {}

    def addresses_until(self, source: str, days: int) -> Iterator[str]:
        """Nothing."""
        return iter(())

    def last_file_of_requests(self, source: str) -> int:
        """None."""
        return 0


@dataclass
class Person:
    """A customer who is erased."""

    source: str
    pseudonym: str = field(default_factory=new_pseudonym)
    customer_id: str = ""
    """The pseudonym as the models read it: an e-mail address, where one names the customer."""
    customer_name: str | None = None
    """The pseudonym where the customer is identified by a name."""
    keys: list[str] = field(default_factory=list)
    """The customer keys that were built; more than one only where the models tell people apart
    that the contract does not."""
    rows: int = 0


class Search:
    """Collects the rows of customers in temporary tables of one transaction.

    `persons`: pseudonyms; `person_rows`: their rows; `cards`: the cards in these rows.
    """

    def __init__(
        self,
        cursor: Cursor,
        feeds: Iterable[Feed],
        built: Built,
        tables: Mapping[str, Collection[str]],
    ) -> None:
        """`tables`: the columns of each raw table."""
        self._cursor = cursor
        self._built = built
        self._feeds = [feed for feed in feeds if feed.customer and feed.table in tables]
        self._identities = {feed.name: Identities(feed) for feed in self._feeds}
        self._tables = tables
        self.persons: list[Person] = []
        self._by_key: dict[str, int] = {}
        self.by_identity: dict[Identity, int] = {}
        cursor.execute(_TABLES)

    @property
    def sources(self) -> set[str]:
        """The sources with a feed that says how its rows name their customers."""
        return {feed.source for feed in self._feeds}

    def named(self, source: str, text: str) -> set[Identity]:
        """What a person may mean by the number, address or branch/name of a customer."""
        return {
            (source, identity)
            for feed in self._feeds
            if feed.source == source
            for identity in self._identities[feed.name].named(text)
        }

    def find(self, keys: Collection[str], identities: Collection[Identity]) -> None:
        """Add customers with these keys, or named so, and whoever had one of their cards. Once."""
        new_keys = [key for key in keys if key not in self._by_key]
        self._add_keys(new_keys)
        # Before: who is named by a key and otherwise, too, is one person.
        new = self._identities_in_rows()
        named = {identity for identity in identities if identity not in self.by_identity}
        for identity in sorted(named):
            self._add(Person(source=identity[0]), identity)
        new |= named
        while True:
            self._add_rows_of(new)
            new = self._identities_of_keys() | self._identities_of_cards()
            if not new:
                break
        copy_rows(
            self._cursor,
            "pg_temp.persons",
            ((number, person.pseudonym) for number, person in enumerate(self.persons)),
        )

    def _add(self, person: Person, identity: Identity | None = None) -> int:
        number = len(self.persons)
        self.persons.append(person)
        if identity is not None:
            self._note_identity(identity, number)
        return number

    def _note_identity(self, identity: Identity, number: int) -> None:
        source, named = identity
        person = self.persons[number]
        self.by_identity[identity] = number
        person.source = source
        label = label_of(named)
        of_source = [self._identities[feed.name] for feed in self._feeds if feed.source == source]
        [*_, known] = [one for one in of_source if label in one.first]
        person.customer_id = pseudonym_in(known.first[label], person.pseudonym)
        person.customer_name = person.pseudonym if label in known.names else None

    def _add_keys(self, keys: Sequence[str]) -> None:
        """Add customers by their keys, with all rows that were built of them."""
        for key in keys:
            self._by_key[key] = self._add(Person("", keys=[key]))
        self._add_built_rows(keys)

    def _add_built_rows(self, keys: Sequence[str]) -> None:
        if not keys:
            return
        lines = ((self._by_key[key], *line) for key, line in self._built.lines_of(keys))
        copy_rows(self._cursor, "pg_temp.person_lines", lines)
        self._cursor.execute(
            "insert into pg_temp.person_rows (feed, file_id, line_number, person)"
            " select feed, lines.file_id, line_number, person from pg_temp.person_lines as lines"
            " inner join raw.ingest_files as files on lines.file_id = files.file_id"
            " on conflict do nothing"
        )
        self._cursor.execute("truncate pg_temp.person_lines")

    def _identities_in_rows(self) -> set[Identity]:
        """New identities in the rows found so far."""
        found: set[Identity] = set()
        for feed in self._feeds:
            self._cursor.execute(
                sql.SQL(
                    "select distinct {cells}, found.person from {table} as stored"
                    " inner join pg_temp.person_rows as found"
                    " on stored._file_id = found.file_id"
                    " and stored._line_number = found.line_number"
                    " inner join raw.ingest_files as files on stored._file_id = files.file_id"
                    " where found.feed = %s and found.person is not null"
                ).format(cells=self._cells(feed), table=_raw(feed)),
                (feed.name,),
            )
            for cells, person in self._cursor.fetchall():
                identity = self._identity(feed, cells)
                if (
                    not identity
                    or is_erased(identity)
                    or (feed.source, identity) in self.by_identity
                ):
                    continue
                self._note_identity((feed.source, identity), person)
                found.add((feed.source, identity))
        return found

    def _add_rows_of(self, identities: Collection[Identity]) -> None:
        """Add the rows that name a customer so, built or not."""
        sources = {source for source, _ in identities}
        for feed in self._feeds:
            if feed.source in sources:
                matched = [
                    (cells, self.by_identity[feed.source, identity], label_of(identity))
                    for cells, identity in self._spellings(feed)
                    if identity is not None and (feed.source, identity) in identities
                ]
                self._add_matched(feed, matched)

    def add_unnamed(self, feed: Feed, condition: sql.Composable, values: Sequence[object]) -> None:
        """Add rows that name no customer and fulfil a condition on `stored` and `files`."""
        unnamed = [
            (cells, None, None) for cells, identity in self._spellings(feed) if identity is None
        ]
        self._add_matched(feed, unnamed, condition, values)

    def _spellings(self, feed: Feed) -> Iterator[tuple[str, str | None]]:
        """All combinations of cells that name customers in a feed's rows, with their identities."""
        self._cursor.execute(
            sql.SQL(
                "select distinct {cells} from {table} as stored"
                " inner join raw.ingest_files as files on stored._file_id = files.file_id"
            ).format(cells=self._cells(feed), table=_raw(feed))
        )
        for (cells,) in self._cursor.fetchall():
            yield cells, self._identity(feed, cells)

    def _add_matched(
        self,
        feed: Feed,
        matched: Sequence[tuple[str, int | None, str | None]],
        condition: sql.Composable = _ALWAYS,
        values: Sequence[object] = (),
    ) -> None:
        if not matched:
            return
        copy_rows(self._cursor, "pg_temp.matched", matched)
        self._cursor.execute(
            sql.SQL(
                "insert into pg_temp.person_rows (feed, file_id, line_number, person, label)"
                " select %s, stored._file_id, stored._line_number, matched.person, matched.label"
                " from {table} as stored"
                " inner join raw.ingest_files as files on stored._file_id = files.file_id"
                " inner join pg_temp.matched as matched on {cells} = matched.cells"
                " where {condition} on conflict (file_id, line_number) do update"
                " set label = coalesce(person_rows.label, excluded.label)"
            ).format(table=_raw(feed), cells=self._cells(feed), condition=condition),
            (feed.name, *values),
        )
        self._cursor.execute("truncate pg_temp.matched")

    def _identities_of_keys(self) -> set[Identity]:
        """New identities in the rows of keys that were built of rows found by what they say."""
        without = [number for number, person in enumerate(self.persons) if not person.keys]
        if not without:
            return set()
        self._cursor.execute(
            "select file_id, line_number, person from pg_temp.person_rows where person = any(%s)",
            (without,),
        )
        person_of = {(file_id, line): person for file_id, line, person in self._cursor.fetchall()}
        new: list[str] = []
        for line, key in self._built.keys_of(person_of.keys()).items():
            if key not in self._by_key:
                self._by_key[key] = person_of[line]
                self.persons[person_of[line]].keys.append(key)
                new.append(key)
        self._add_built_rows(new)
        return self._identities_in_rows() if new else set()

    def _identities_of_cards(self) -> set[Identity]:
        """Give the cards in the rows found so far their pseudonyms; return the identities of
        customers who are named by one of them."""
        new: set[Identity] = set()
        for feed in self._feeds:
            if CARD not in self._tables[feed.table]:
                continue
            self._cursor.execute(
                sql.SQL(
                    "select distinct card_token from {table} as stored"
                    " inner join pg_temp.person_rows as found"
                    " on stored._file_id = found.file_id"
                    " and stored._line_number = found.line_number"
                    " where found.feed = %s and found.person is not null"
                    " and card_token is not null and not starts_with(card_token, %s)"
                    " and not exists (select from pg_temp.cards"
                    " where cards.card_token = stored.card_token)"
                ).format(table=_raw(feed)),
                (feed.name, ERASED),
            )
            found = [card for (card,) in self._cursor.fetchall()]
            new |= self._add_cards(found)
        return new

    def _add_cards(self, cards: Sequence[str]) -> set[Identity]:
        sources = {feed.source for feed in self._feeds if self._identities[feed.name].by_card}
        new: set[Identity] = set()
        pseudonyms = []
        for card in cards:
            # A customer who is named by a card has its pseudonym, in each source.
            identities = [(source, card_identity(card)) for source in sorted(sources)]
            known = [identity for identity in identities if identity in self.by_identity]
            pseudonym = new_pseudonym()
            if known:
                pseudonym = self.persons[self.by_identity[known[0]]].pseudonym
            for identity in known:
                self.persons[self.by_identity[identity]].pseudonym = pseudonym
                self._note_identity(identity, self.by_identity[identity])
            for identity in identities:
                if identity not in known:
                    self._add(Person(identity[0], pseudonym), identity)
                    new.add(identity)
            pseudonyms.append((card, pseudonym))
        copy_rows(self._cursor, "pg_temp.cards", pseudonyms)
        return new

    def _cells(self, feed: Feed) -> sql.Composable:
        """The cells of a row of `stored` that may name its customer, and its file's branch."""
        identities = self._identities[feed.name]
        cells: list[sql.Composable] = [
            sql.SQL("coalesce(stored.{}, chr(30))").format(sql.Identifier(name))
            for name in identities.needed
        ]
        if identities.needs_branch:
            cells.append(sql.SQL("coalesce(files.branch, chr(30))"))
        return sql.SQL("concat_ws(chr(31), {})").format(sql.SQL(", ").join(cells))

    def _identity(self, feed: Feed, cells: str) -> str | None:
        """What names the customer; None where nothing does."""
        identities = self._identities[feed.name]
        values = [None if cell == _NOTHING else cell for cell in cells.split(SEPARATOR)]
        branch = values.pop() if identities.needs_branch else None
        if len(values) != len(identities.needed):
            # A cell has the separator in it: nobody is found by such a text.
            return ""
        return identities.of(tuple(values), branch)


def is_erased(identity: str) -> bool:
    """Whether a pseudonym is in an identity, or in a value; a name may begin like one."""
    return _PSEUDONYM.search(identity) is not None


def _raw(feed: Feed) -> sql.Composable:
    return sql.Identifier(RAW, feed.table)


def copy_rows(cursor: Cursor, table: str, rows: Iterable[Sequence[object]]) -> None:
    """Add rows to a table, whose columns are in this order or named behind it.

    By COPY, so that no value is in a statement, which the server may log.
    """
    text = io.StringIO()
    for row in rows:
        text.write("\t".join(map(_written, row)) + "\n")
    text.seek(0)
    cursor.copy_expert(f"copy {table} from stdin", text)


_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def _written(value: object) -> str:
    return "\\N" if value is None else str(value).translate(_ESCAPES)
