"""Stores of one company: folders of the inbox, and databases that a backup replaces each night."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import mariadb
import psycopg2
import pytest
import throwaway
from inbox_places import clean_environment
from ingest_helpers import Inbox
from servers import closed_port

from base.errors import BranchlineError
from base.link import Connection
from ingest.cards import CardTokens
from ingest.contract.connections import DatabaseTable
from ingest.contract.feeds import FeedContract
from ingest.contract.reading import FEEDS_FOLDER, load_feeds
from ingest.origins import database, remote
from ingest.origins.addresses import database_places, is_read_now
from ingest.report import LoadReport
from ingest.review.quarantine import first_lines, read_quarantine
from ingest.review.withdrawal import withdraw

Load = Callable[..., LoadReport]
Query = Callable[..., list[tuple[Any, ...]]]
MakeFeeds = Callable[[str], FeedContract]
Rows = Sequence[tuple[int, str, int | None]]
"""Documents: number, total, place in the order of writing, if it has one."""

ITEMS = r"""
  till_items:
    source: till
    table: till_items
    description: The items of a store.
    files: "till/**/items.csv"
    file_name: '(?:(?P<branch>[^/]+)/)?items\.csv'
    file_name_example: haifa/items.csv
    encoding: windows-1255
    snapshot: true
    database: {connection: till, branches: true, table: items, key: [item_id, itemdesc]}
    header: required
    columns:
      - name: item_id
      - name: itemdesc
"""
DOCUMENTS = r"""
  till_documents:
    source: till
    table: till_documents
    description: The documents of a store.
    files: "till/**/documents.csv"
    file_name: '(?:(?P<branch>[^/]+)/)?documents\.csv'
    file_name_example: haifa/documents.csv
    snapshot: true
    database:
      connection: till
      branches: true
      table: documents
      key: [s__sequence]
      cursor: s__sequence
      read_again: 3
      only_declared: true
    columns:
      - name: document_id
      - name: total
      - name: s__sequence
        required: false
"""
FEEDS = f"feeds:{ITEMS}{DOCUMENTS}"
VARIABLE = "BRANCHLINE_SOURCE_TILL_URL"
BRANCHES = "BRANCHLINE_SOURCE_TILL_BRANCHES"

CURRENT_ITEMS = """
    select files.branch, items.item_id, items.itemdesc from raw.till_items as items
    inner join raw.ingest_files as files on items._file_id = files.file_id
    where files.status = 'loaded' order by 1, 2
"""
CURRENT_DOCUMENTS = """
    select documents.document_id::int, documents.total, documents.s__sequence::int
    from raw.till_documents as documents
    inner join raw.ingest_files as files on documents._file_id = files.file_id
    where files.status = 'loaded' and files.branch is not distinct from %s order by 3
"""


class Store:
    """The database of a store's till, which a backup replaces."""

    def __init__(self, url: str, link: Any, replace: Callable[[], Any] | None = None) -> None:
        self.url = url
        self._link = link
        self._replace = replace

    def do(self, *statements: str) -> None:
        with self._link.cursor() as cursor:
            for statement in statements:
                cursor.execute(
                    statement.replace('"', "`") if self._quotes_by_backtick else statement
                )

    @property
    def _quotes_by_backtick(self) -> bool:
        return self.url.startswith("mysql")

    def restore(self, documents: Rows, items: Sequence[tuple[str, str]] = (("7", "milk"),)) -> None:
        """Drop the database, and create it again from a backup with these rows."""
        if self._replace is not None:
            self._link.close()
            self._link = self._replace()
        self.do(
            'create table "Items" ("Item_ID" varchar(20), "ItemDesc" varchar(50))',
            'create table "Documents" ("Document_ID" integer, "Total" varchar(20),'
            ' "Clerk" varchar(20), "S__Sequence" bigint)',
        )
        with self._link.cursor() as cursor:
            quote = "`" if self._quotes_by_backtick else '"'
            cursor.executemany(f"insert into {quote}Items{quote} values (%s, %s)", list(items))
            cursor.executemany(
                f"insert into {quote}Documents{quote} values (%s, %s, 'Dana', %s)", list(documents)
            )

    def close(self) -> None:
        self._link.close()


@pytest.fixture(params=["postgresql", "mariadb"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def new_store(
    kind: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[Callable[[], Store]]:
    """Make empty databases, on one server, in an environment without any connection."""
    clean_environment(monkeypatch, tmp_path)
    monkeypatch.setattr(remote, "PATIENCE", 0.3)
    with contextlib.ExitStack() as stack:

        def of_postgresql() -> Store:
            server: Connection = request.getfixturevalue("postgres_server")
            url = stack.enter_context(throwaway.database(server))
            name = url.rpartition("/")[2]

            def opened() -> Any:
                link = psycopg2.connect(url)
                link.autocommit = True
                return link

            def replaced() -> Any:
                admin = psycopg2.connect(server.url)
                admin.autocommit = True
                with contextlib.closing(admin), admin.cursor() as cursor:
                    # Refused if the loader still had a connection.
                    cursor.execute(f"drop database {name}")
                    cursor.execute(f"create database {name} strategy file_copy")
                return opened()

            return Store(url, opened(), replaced)

        def of_mariadb() -> Store:
            server: mariadb.MariaServer = request.getfixturevalue("maria_server")
            name = stack.enter_context(server.database())

            def replaced() -> Any:
                with contextlib.closing(server.connect()) as admin, admin.cursor() as cursor:
                    cursor.execute(f"drop database {name}")
                    cursor.execute(f"create database {name} character set utf8mb4")
                return server.connect(name)

            return Store(server.url(name), server.connect(name), replaced)

        def make() -> Store:
            store = of_mariadb() if kind == "mariadb" else of_postgresql()
            stack.callback(store.close)
            return store

        yield make


@pytest.fixture
def feeds(feed_file: MakeFeeds) -> FeedContract:
    return feed_file(FEEDS)


@pytest.fixture
def read(run_load: Load, feeds: FeedContract) -> Load:
    """Load the tables, without any inbox."""

    def run(*only: str, **changes: Any) -> LoadReport:
        return run_load(**{"inbox": None, "feeds": feeds, "only": only, **changes})

    return run


def documents(*numbers: int) -> list[tuple[int, str, int]]:
    """Documents as the till writes them: their numbers grow with the order of writing."""
    return [(1000 + number, f"{number}.50", number) for number in numbers]


def reported(report: LoadReport) -> dict[str, str]:
    return {file.path: file.status for file in report.files}


def reason(report: LoadReport) -> str:
    (file,) = [file for file in report.files if file.status in ("failed", "quarantined")]
    assert file.reason is not None
    return file.reason


# --- folders


def test_a_folder_is_a_store(
    inbox: Inbox, run_load: Load, query: Query, feeds: FeedContract
) -> None:
    inbox.drop("till/items.csv", "item_id,itemdesc\n1,one\n")
    inbox.drop("till/Haifa North/items.csv", "item_id,itemdesc\n2,two\n")
    inbox.drop("till/jaffa/items.csv", "item_id,itemdesc\n1,one\n")
    inbox.drop("till/jaffa/old/items.csv", "item_id,itemdesc\n3,three\n")
    report = run_load(feeds=feeds)
    assert reason(report) == (
        "the file's folders below till/ and its name do not have the form that feed till_items"
        " expects (like haifa/items.csv); move the file and it will be loaded"
    )
    # Lists of two stores may be equal.
    assert report.remarked == []
    everything = [(None, "1", "one"), ("haifa_north", "2", "two"), ("jaffa", "1", "one")]
    assert sorted(query(CURRENT_ITEMS), key=str) == sorted(everything, key=str)
    # The spelling of the folder makes no difference, and stores have logical files of their own.
    inbox.drop("till/haifa-north/items.csv", "item_id,itemdesc\n4,four\n")
    (again,) = run_load(feeds=feeds).files
    assert (again.branch, again.supersedes) == ("haifa_north", "till/Haifa North/items.csv")
    everything[1] = ("haifa_north", "4", "four")
    assert sorted(query(CURRENT_ITEMS), key=str) == sorted(everything, key=str)


@pytest.mark.parametrize(
    ("branch", "path"),
    [(None, "till/items.csv"), ("haifa", "till/haifa/items.csv")],
)
def test_the_only_file_of_a_store(branch: str | None, path: str, feeds: FeedContract) -> None:
    feed = feeds.feeds["till_items"]
    assert feed.only_file(branch) == path
    assert feed.identify(path).branch == branch
    other = feed.model_copy(update={"files": "till/**/*.csv"})
    assert other.only_file(branch) is None


def test_a_slash_among_characters_says_nothing_of_folders(feed_file: MakeFeeds) -> None:
    text = FEEDS.replace(r"(?:(?P<branch>[^/]+)/)?items", r"(?P<branch>[^/]+)_items", 1)
    text = text.replace("file_name_example: haifa/items.csv", "file_name_example: a_items.csv")
    feed = feed_file(text.replace("till/**/items.csv", "till/**/*_items.csv")).feeds["till_items"]
    assert feed.identify("till/2024/Haifa_items.csv").branch == "haifa"


HEBREW = "item_id,itemdesc\n1,חלב 3%\n2,\u05dc\u05d7\u05dd \u20aa\n"


@pytest.mark.parametrize("encoding", ["windows-1255", "utf-8", "utf-8-sig", "utf-16"])
def test_files_are_read_in_the_encoding_of_the_feed_unless_they_are_unicode(
    encoding: str, inbox: Inbox, run_load: Load, query: Query, feeds: FeedContract
) -> None:
    inbox.drop("till/items.csv", HEBREW.encode(encoding))
    assert run_load(feeds=feeds).rows == 2
    names = [name for _, _, name in query(CURRENT_ITEMS)]
    assert names == ["חלב 3%", "\u05dc\u05d7\u05dd \u20aa"]


def test_quarantined_files_are_shown_in_the_encoding_of_the_feed(
    inbox: Inbox, run_load: Load, query: Query, feeds: FeedContract, database_url: str
) -> None:
    inbox.drop("till/items.csv", HEBREW.replace("item_id", "x").encode("windows-1255"))
    run_load(feeds=feeds)
    with contextlib.closing(psycopg2.connect(database_url)) as link:
        (file,) = read_quarantine(link)
    lines = first_lines(file, str(inbox.folder), feeds, CardTokens(b"k" * 32))
    assert lines[1] == "1,חלב 3%"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "shift_jis", "hebrew", "rot13", "none"])
def test_an_encoding_has_one_byte_per_character(encoding: str, feed_file: MakeFeeds) -> None:
    text = FEEDS.replace("encoding: windows-1255", f"encoding: '{encoding}'")
    if encoding == "hebrew":  # another name of ISO-8859-8
        assert feed_file(text).feeds["till_items"].fallback_encoding == "hebrew"
        return
    with pytest.raises(BranchlineError, match="not an encoding with one byte per character"):
        feed_file(text)


# --- the settings of several databases


def places(monkeypatch: pytest.MonkeyPatch, **variables: str) -> list[tuple[str | None, bool, str]]:
    """The databases of the connection `till`: branch, whether it is read, why not."""
    for name, value in variables.items():
        monkeypatch.setenv(f"BRANCHLINE_SOURCE_TILL_{name}", value)
    spec = DatabaseTable(connection="till", table="items", branches=True)
    return [(one.branch, one.fault is None, one.fault or "") for one in database_places(spec)]


HAIFA, JAFFA = "mysql://u:secret@db:3306/haifa", "mysql://u:secret@db:3306/jaffa"


def test_a_connection_may_have_a_database_and_those_of_branches(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    clean_environment(monkeypatch, tmp_path)
    assert places(monkeypatch) == []
    assert places(monkeypatch, URL=HAIFA) == [(None, True, "")]
    found = places(monkeypatch, BRANCHES=" Jaffa-North , ", URL_JAFFA_NORTH=JAFFA)
    assert found == [(None, True, ""), ("jaffa_north", True, "")]


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"BRANCHES": ","}, {None: f"{BRANCHES} names no branch"}),
        ({"BRANCHES": "haifa, חיפה", "URL_HAIFA": HAIFA},
         {"haifa": "", None: f"'חיפה' in {BRANCHES} cannot be a branch"}),
        ({"BRANCHES": "haifa,jaffa", "URL_HAIFA": HAIFA},
         {"haifa": "", "jaffa": f"{VARIABLE}_JAFFA is not set, but {BRANCHES} names"}),
        ({"BRANCHES": "Haifa,HAIFA", "URL_HAIFA": HAIFA},
         {"haifa": f"{BRANCHES} names the branch haifa twice"}),
        ({"BRANCHES": "haifa,jaffa", "URL_HAIFA": HAIFA, "URL_JAFFA": HAIFA},
         dict.fromkeys(("haifa", "jaffa"), f"{VARIABLE}_HAIFA, {VARIABLE}_JAFFA name the same")),
        ({"BRANCHES": "haifa", "URL_HAIFA": HAIFA, "URL": "mariadb://u:other@DB/haifa"},
         dict.fromkeys((None, "haifa"), f"{VARIABLE}, {VARIABLE}_HAIFA name the same database")),
    ],
)  # fmt: skip
def test_wrong_settings_of_branches(
    variables: dict[str, str], expected: dict[str | None, str], monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:  # fmt: skip
    clean_environment(monkeypatch, tmp_path)
    found = {branch: fault for branch, _, fault in places(monkeypatch, **variables)}
    assert found.keys() == expected.keys()
    for branch, fault in expected.items():
        assert found[branch].startswith(fault)
        assert bool(fault) == bool(found[branch])
        assert "secret" not in found[branch]


@pytest.mark.parametrize(
    ("was", "now", "expected"),
    [
        ("branches: true, table: items", "table: items",
         "database.branches: must be as in feed 'till_items', which reads the same connection"),
        ("table: items,", "table: items, read_again: 2,", "database.read_again: needs a cursor"),
        ("read_again: 3", "read_again: 0", "database.read_again: Input should be greater than"),
        ("table: items,", "table: items, cursor_required: false,",
         "database.cursor_required: needs a cursor"),
    ],
)  # fmt: skip
def test_errors_in_the_feed_file(was: str, now: str, expected: str, feed_file: MakeFeeds) -> None:
    assert was in FEEDS
    with pytest.raises(BranchlineError) as caught:
        feed_file(FEEDS.replace(was, now, 1))
    assert expected in caught.value.message


# --- a database for each store


def test_each_store_has_a_database_and_one_is_away(
    new_store: Callable[[], Store], read: Load, query: Query, monkeypatch: pytest.MonkeyPatch
) -> None:
    haifa, jaffa = new_store(), new_store()
    haifa.restore(documents(1, 2))
    jaffa.restore(documents(1), [("7", "bread"), ("8", "חלב")])
    monkeypatch.setenv(BRANCHES, "Haifa, Jaffa North")
    monkeypatch.setenv(f"{VARIABLE}_HAIFA", haifa.url)
    # The other store cannot be reached.
    away = f"mysql://u:p@127.0.0.1:{closed_port()}/jaffa"
    monkeypatch.setenv(f"{VARIABLE}_JAFFA_NORTH", away)
    report = read()
    assert reported(report) == {
        "database/till/haifa/items.csv": "loaded",
        "database/till/haifa/documents/by-s__sequence/first.csv": "loaded",
        "database/till/jaffa_north/items.csv": "failed",
        "database/till/jaffa_north/documents.csv": "failed",
    }
    for file in report.failed:
        assert file.branch == "jaffa_north"
        assert "the database till (jaffa_north) does not answer" in (file.reason or "")
        assert f"{VARIABLE}_JAFFA_NORTH" in (file.reason or "")
    readings = report.readings()
    assert {name: bool(fault) for name, fault in readings.items()} == {
        "till_items/haifa": False,
        "till_items/jaffa_north": True,
        "till_documents/haifa": False,
        "till_documents/jaffa_north": True,
    }
    monkeypatch.setenv(f"{VARIABLE}_JAFFA_NORTH", jaffa.url)
    report = read()
    assert (report.failed, report.messages, report.unchanged) == ([], [], 2)
    assert query(CURRENT_ITEMS) == [
        ("haifa", "7", "milk"), ("jaffa_north", "7", "bread"), ("jaffa_north", "8", "חלב")
    ]  # fmt: skip
    assert query(CURRENT_DOCUMENTS, ("haifa",)) == documents(1, 2)
    assert query(CURRENT_DOCUMENTS, ("jaffa_north",)) == documents(1)


@pytest.mark.parametrize("kind", ["postgresql"])
def test_a_branch_that_is_no_longer_listed(
    new_store: Callable[[], Store], read: Load, query: Query, feeds: FeedContract,
    monkeypatch: pytest.MonkeyPatch, database_url: str,
) -> None:  # fmt: skip
    haifa, jaffa = new_store(), new_store()
    haifa.restore(documents(3))
    jaffa.restore(documents(3))
    monkeypatch.setenv(BRANCHES, "haifa,jaffa")
    monkeypatch.setenv(f"{VARIABLE}_HAIFA", haifa.url)
    monkeypatch.setenv(f"{VARIABLE}_JAFFA", jaffa.url)
    # Equal lists of items are usual; equal documents are those of one store, read twice.
    (copy,) = read().remarked
    assert (copy.feed, copy.branch) == ("till_documents", "jaffa")
    assert "the same content as database/till/haifa/documents/by-s__sequence/first.csv" in (
        copy.reason or ""
    )
    paths = ["database/till/jaffa/"]

    def take_back() -> int:
        done = withdraw(
            database_url, paths, "closed", lambda _: None,
            is_read=lambda path: is_read_now(feeds, path),
        )  # fmt: skip
        return sum(file.rows for file in done)

    with pytest.raises(BranchlineError, match="is read from a table of a database"):
        take_back()
    monkeypatch.setenv(BRANCHES, "haifa")
    not_listed, no_longer = read().messages
    assert not_listed == (
        f"Not read, because {BRANCHES} does not name the branch: the database in {VARIABLE}_JAFFA."
    )
    assert no_longer.startswith(
        f"Rows of the database till (jaffa) stay as they were loaded, because {BRANCHES} does not"
    )
    assert no_longer.endswith("branchline withdraw database/till/jaffa/")
    assert query(CURRENT_DOCUMENTS, ("jaffa",)) == documents(3)

    assert take_back() == 2
    assert query(CURRENT_DOCUMENTS, ("jaffa",)) == []
    monkeypatch.delenv(f"{VARIABLE}_JAFFA")
    assert read().messages == []
    # It is back, with the same rows.
    monkeypatch.setenv(BRANCHES, "haifa,jaffa")
    monkeypatch.setenv(f"{VARIABLE}_JAFFA", jaffa.url)
    assert read().rows == 2
    assert query(CURRENT_DOCUMENTS, ("jaffa",)) == documents(3)
    assert read().files == []


# --- names in any case


def test_names_are_found_in_any_case_and_only_declared_columns_are_read(
    new_store: Callable[[], Store], read: Load, query: Query, monkeypatch: pytest.MonkeyPatch,
    feed_file: MakeFeeds,
) -> None:  # fmt: skip
    store = new_store()
    store.restore(documents(1), [("007 ", "milk")])
    monkeypatch.setenv(VARIABLE, store.url)
    report = read()
    assert (report.rows, report.remarked, report.failed) == (2, [], [])
    assert query(CURRENT_ITEMS) == [(None, "007 ", "milk")]
    columns = "select column_name from information_schema.columns where table_name = %s"
    assert ("clerk",) not in query(columns, ("till_documents",))
    # Without the setting, a column that is not declared is kept.
    every = feed_file(FEEDS.replace("      only_declared: true\n", ""))
    report = read(feeds=every)
    assert [file.path for file in report.remarked] == [
        "database/till/documents/by-s__sequence/first.csv"
    ]
    assert query("select clerk from raw.till_documents where clerk is not null") == [("Dana",)]


@pytest.mark.parametrize("kind", ["postgresql"])
def test_names_that_differ_only_in_case_are_refused(
    new_store: Callable[[], Store], read: Load, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = new_store()
    monkeypatch.setenv(VARIABLE, store.url)
    store.do('create table "Items" ("Item_ID" text, item_id text, itemdesc text)')
    assert reason(read("till_items")) == (
        "the table items of till has the columns Item_ID, item_id, which differ only in letter"
        " case or blanks; read a view that has one of them"
    )
    store.do('create table "ITEMS" (item_id text, itemdesc text)')
    assert reason(read("till_items")) == (
        "the database till has the tables ITEMS, Items, which differ only in letter case; write"
        " the name of one of them exactly in the feed (database, table)"
    )
    # A name that is exactly right is not in doubt.
    store.do("create table items (item_id text, itemdesc text)", "insert into items values (1, 2)")
    assert read("till_items").rows == 1


# --- portions that are read again


def test_the_last_portions_are_read_again(
    new_store: Callable[[], Store], read: Load, query: Query, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = new_store()
    monkeypatch.setenv(VARIABLE, store.url)
    nights = [documents(1, 2), documents(3), documents(4, 5), documents(6), documents(7)]
    sold: list[tuple[int, str, int]] = []
    for night in nights:
        sold += night
        store.restore(sold)
        assert read("till_documents").rows == len(night)
    asked: list[int] = []
    real = database.SourceDatabase._read

    def counted(self: Any, reading: Any) -> Any:
        asked.append(len(reading.portions))
        return real(self, reading)

    monkeypatch.setattr(database.SourceDatabase, "_read", counted)
    # Yesterday's backup came again.
    store.restore(sold)
    report = read("till_documents")
    assert (report.files, report.unchanged) == ([], 3)
    assert asked == [3], "three portions are one query"

    # One document of each of the last three portions changed, and one of an older portion.
    changed = [(number, "9.99" if place in (2, 4, 6, 7) else total, place)
               for number, total, place in sold]  # fmt: skip
    store.restore([*changed, *documents(8)])
    report = read("till_documents")
    assert sorted(file.path.rpartition("/")[2] for file in report.files) == [
        "after-3.csv", "after-5.csv", "after-6.csv", "after-7.csv"
    ]  # fmt: skip
    assert [place for _, total, place in query(CURRENT_DOCUMENTS, (None,)) if total == "9.99"] == [
        4, 6, 7
    ]  # fmt: skip
    assert asked == [3, 4]


@pytest.mark.parametrize("kind", ["postgresql"])
@pytest.mark.parametrize(
    ("rows", "sizes"), [(3, [3]), (10, [7, 3]), (14, [6, 6, 2]), (25, [8, 8, 8, 1])]
)
def test_of_a_long_history_only_its_end_is_read_again(
    new_store: Callable[[], Store],
    read: Load,
    monkeypatch: pytest.MonkeyPatch,
    rows: int,
    sizes: list[int],
) -> None:
    monkeypatch.setattr(database, "ROWS_OF_A_PORTION", 10)
    monkeypatch.setattr(database, "ROWS_OF_THE_LAST_PORTION", 3)
    monkeypatch.setattr(database, "MOST_ROWS_READ_AGAIN", 5)
    store = new_store()
    monkeypatch.setenv(VARIABLE, store.url)

    def night(last: int) -> LoadReport:
        store.restore(documents(*range(1, last + 1)))
        return read("till_documents")

    assert [file.rows for file in night(rows).files] == sizes
    # The last portion of the history, and those of the nights after it, up to three in all.
    for number, again in enumerate((1, 2, 3, 3)):
        report = night(rows + 4 * (number + 1))
        assert [file.rows for file in report.files] == [4]
        assert report.unchanged == again


@pytest.mark.parametrize("kind", ["postgresql"])
def test_rows_that_are_deleted_from_a_portion(
    new_store: Callable[[], Store], read: Load, query: Query, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = new_store()
    monkeypatch.setenv(VARIABLE, store.url)
    for end in (3, 5, 7):
        store.restore(documents(*range(1, end)))
        read("till_documents")
    # All rows of the portion in the middle are gone, and one of the first.
    store.restore(documents(1, 5, 6))
    report = read("till_documents")
    assert {file.path.rpartition("/")[2]: (file.status, file.rows) for file in report.files} == {
        "first.csv": ("loaded", 1),
        "after-2.csv": ("loaded", 0),
    }
    assert query(CURRENT_DOCUMENTS, (None,)) == documents(1, 5, 6)
    assert read("till_documents").files == []
    # Where no later row shows that the table is newer, it may be an older backup: the rows stay.
    store.restore(documents(1))
    assert reason(read("till_documents")) == database.NO_ROWS
    assert query(CURRENT_DOCUMENTS, (None,)) == documents(1, 5, 6)
    store.restore(documents(1, 3, 5, 6, 7))
    read("till_documents")
    assert query(CURRENT_DOCUMENTS, (None,)) == documents(1, 3, 5, 6, 7)
    assert query("select status from raw.ingest_files where status = 'quarantined'") == [
        ("quarantined",)
    ]
    assert read("till_documents").still_quarantined == 0


@pytest.mark.parametrize("kind", ["postgresql"])
def test_a_portion_that_failed_is_not_skipped_for_good(
    new_store: Callable[[], Store], read: Load, query: Query, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "ROWS_OF_A_PORTION", 2)
    store = new_store()
    monkeypatch.setenv(VARIABLE, store.url)
    store.restore(documents(*range(1, 12)))
    real = database.SourceDatabase._read

    def broken(self: Any, reading: Any) -> Any:
        if any(bounds.after in (None, "4", "8") for bounds in reading.portions):
            raise database.UnreadableFileError("a value cannot be converted")
        return real(self, reading)

    with monkeypatch.context() as fault:
        fault.setattr(database.SourceDatabase, "_read", broken)
        report = read("till_documents")
    assert [file.rows for file in report.files if file.status == "loaded"] == [2, 2, 1]
    assert query(CURRENT_DOCUMENTS, (None,)) == documents(3, 4, 7, 8, 11)
    assert read("till_documents").rows == 6
    assert query(CURRENT_DOCUMENTS, (None,)) == documents(*range(1, 12))
    assert read("till_documents").files == []


@pytest.mark.parametrize("kind", ["postgresql"])
def test_nights_of_a_till_that_changes_its_last_documents(
    new_store: Callable[[], Store], read: Load, query: Query, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After each night, the current rows are those of the table: nothing lost, nothing twice."""
    store = new_store()
    monkeypatch.setenv(VARIABLE, store.url)
    chance = random.Random(20240131)
    nights: list[list[tuple[int, str, int]]] = []
    place = 0
    for night in range(7):
        # The portions of the last three nights with new documents are read again.
        for old in nights[-3:]:
            spot = chance.randrange(len(old))
            if chance.random() < 0.5:
                old[spot] = (old[spot][0], "0.00", old[spot][2])
            elif len(old) > 1 and chance.random() < 0.5:
                del old[spot]
        new = []
        for _ in range(chance.randrange(5)):
            place += chance.randrange(1, 4)
            new.append((1000 + place, f"{chance.randrange(99)}.00", place))
        nights += [new] if new else []
        rows = [row for those in nights for row in those]
        store.restore(rows)
        assert read("till_documents").failed == [], night
        assert query(CURRENT_DOCUMENTS, (None,)) == rows, night
    assert len(nights) > 4


# --- rows without a cursor, and tables without one


def without_place(*numbers: int) -> list[tuple[int, str, int | None]]:
    """Documents that the till has not given a place in the order of writing."""
    return [(1000 + number, f"{number}.50", None) for number in numbers]


def loaded(report: LoadReport) -> dict[str, int]:
    """The rows of the versions that a load wrote, by the names of their portions."""
    assert {file.status for file in report.files} <= {"loaded"}
    return {file.path.rpartition("/")[2]: file.rows for file in report.files}


def test_rows_whose_cursor_is_null_are_a_portion(
    new_store: Callable[[], Store], read: Load, query: Query, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = new_store()
    monkeypatch.setenv(VARIABLE, store.url)

    def current() -> list[tuple[Any, ...]]:
        return sorted(query(CURRENT_DOCUMENTS, (None,)), key=str)

    # The cursor is the key: two of these are equal in all columns, and both count.
    rows: Rows = [*documents(1, 2), *without_place(7, 8, 8)]
    store.restore(rows)
    assert loaded(read("till_documents")) == {"first.csv": 2, "without.csv": 3}
    assert current() == sorted(rows, key=str)
    # The same backup, written in another order.
    store.restore(rows[::-1])
    report = read("till_documents")
    assert (report.files, report.unchanged) == ([], 2)

    # One has got its place, one has changed.
    rows = [*documents(1, 2), (1007, "7.50", 3), *without_place(8), (1008, "9.00", None)]
    store.restore(rows)
    assert loaded(read("till_documents")) == {"after-2.csv": 1, "without.csv": 2}
    assert current() == sorted(rows, key=str)
    # All have got theirs.
    rows = [*documents(1, 2), (1007, "7.50", 3), (1008, "8.50", 4), (1008, "9.00", 5)]
    store.restore(rows)
    assert loaded(read("till_documents")) == {"after-3.csv": 2, "without.csv": 0}
    assert current() == rows
    report = read("till_documents")
    assert (report.files, report.unchanged) == ([], 3)


@pytest.mark.parametrize("kind", ["postgresql"])
def test_rows_without_a_cursor_stay_if_the_whole_table_is_empty(
    new_store: Callable[[], Store], read: Load, query: Query, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = new_store()
    monkeypatch.setenv(VARIABLE, store.url)
    store.restore(without_place(1))
    assert loaded(read("till_documents")) == {"without.csv": 1}
    store.restore([])
    assert reason(read("till_documents")) == database.NO_ROWS
    assert query(CURRENT_DOCUMENTS, (None,)) == without_place(1)
    # They were deleted if there are others.
    store.restore(documents(2))
    assert loaded(read("till_documents")) == {"first.csv": 1, "without.csv": 0}
    # They came back, as they were.
    store.restore([*documents(2), *without_place(1)])
    assert loaded(read("till_documents")) == {"without.csv": 1}


OPTIONAL = FEEDS.replace("read_again: 3", "read_again: 3\n      cursor_required: false")
ALTER = 'alter table "Documents"'
ADD, DROP = f'{ALTER} add "S__Sequence"', f'{ALTER} drop "S__Sequence"'


def test_a_table_that_lacks_the_cursor_is_read_whole(
    new_store: Callable[[], Store], read: Load, query: Query, feed_file: MakeFeeds,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    store = new_store()
    monkeypatch.setenv(VARIABLE, store.url)
    rows = without_place(3, 1, 1)
    store.restore(rows)
    store.do(DROP)
    assert "lacks the column s__sequence" in reason(read("till_documents"))
    optional = feed_file(OPTIONAL)

    def read_whole() -> str:
        (file,) = read("till_documents", feeds=optional).files
        assert (file.path, file.status, file.rows) == ("database/till/documents.csv", "loaded", 3)
        assert read("till_documents", feeds=optional).files == []
        return file.reason or ""

    assert read_whole() == (
        "the table lacks the cursor s__sequence, so the whole table is read by each load"
    )
    assert sorted(query(CURRENT_DOCUMENTS, (None,))) == sorted(rows)
    store.do(f"{ADD} varchar(9) default 'x'")
    assert "cannot be a cursor" in read_whole()
    # A cursor that comes later does not load its rows a second time.
    store.do(DROP, f"{ADD} bigint default 7")
    assert "as before it had the cursor s__sequence; to read new rows only" in read_whole()


@pytest.mark.parametrize("kind", ["postgresql"])
def test_a_table_that_loses_its_cursor_is_refused(
    new_store: Callable[[], Store], read: Load, query: Query, feed_file: MakeFeeds,
    monkeypatch: pytest.MonkeyPatch, database_url: str,
) -> None:  # fmt: skip
    store, optional = new_store(), feed_file(OPTIONAL)
    monkeypatch.setenv(BRANCHES, "haifa")
    monkeypatch.setenv(f"{VARIABLE}_HAIFA", store.url)
    store.restore([*documents(1, 2), *without_place(3)])
    read("till_documents", feeds=optional)
    store.do(DROP)
    found = reason(read("till_documents", feeds=optional))
    assert "the table documents of till (haifa) lacks a column s__sequence" in found
    folder = "database/till/haifa/documents/"
    assert f"while {BRANCHES} does not name haifa: branchline withdraw {folder}; then" in found
    assert query("select count(*) from raw.till_documents") == [(3,)]
    # What it says to do has the rows counted once.
    monkeypatch.delenv(BRANCHES)
    withdraw(
        database_url, [folder], "read as a whole", lambda _: None,
        is_read=lambda path: is_read_now(optional, path),
    )  # fmt: skip
    monkeypatch.setenv(BRANCHES, "haifa")
    assert loaded(read("till_documents", feeds=optional)) == {"documents.csv": 3}
    assert [row[0] for row in sorted(query(CURRENT_DOCUMENTS, ("haifa",)))] == [1001, 1002, 1003]


# --- files and a database of one store


@pytest.mark.parametrize("kind", ["postgresql"])
def test_a_store_is_read_from_files_or_from_its_database(
    new_store: Callable[[], Store], run_load: Load, inbox: Inbox, query: Query,
    feeds: FeedContract, monkeypatch: pytest.MonkeyPatch, database_url: str,
) -> None:  # fmt: skip
    store = new_store()
    store.restore(documents(1, 2), [("7", "milk")])
    inbox.drop("till/haifa/items.csv", "item_id,itemdesc\n7,milk\n8,bread\n")
    inbox.drop("till/haifa/documents.csv", "document_id,total\n1001,1.50\n")
    monkeypatch.setenv(BRANCHES, "haifa")
    monkeypatch.setenv(f"{VARIABLE}_HAIFA", store.url)
    # The file has all documents, as the table has: one of them counts.
    report = run_load(feeds=feeds)
    assert "the rows of the table were loaded from till/haifa/documents.csv" in reason(report)
    assert query("select count(*) from raw.till_documents") == [(1,)]
    # A table without a cursor and its file have one place: the last change counts.
    assert query(CURRENT_ITEMS) == [("haifa", "7", "milk")]
    assert "would count twice" in reason(run_load(feeds=feeds))

    withdraw(database_url, ["till/haifa/documents.csv"], "the database has them", lambda _: None)
    assert run_load(feeds=feeds, retry_quarantined=True).rows == 2
    assert query(CURRENT_DOCUMENTS, ("haifa",)) == documents(1, 2)
    inbox.drop("till/haifa/documents.csv", "document_id,total\n1001,1.50\n1002,2.50\n1003,4\n")
    report = run_load(feeds=feeds)
    assert reason(report).endswith(
        f"remove {VARIABLE}_HAIFA and withdraw what was read: branchline withdraw"
        " database/till/haifa/documents/, then branchline quarantine retry"
    )
    assert query(CURRENT_DOCUMENTS, ("haifa",)) == documents(1, 2)


# --- the project's own feeds


def test_the_projects_feeds_of_stores_load_the_required_columns(
    inbox: Inbox, run_load: Load, query: Query
) -> None:
    found = [
        (path, load_feeds(path))
        for path in sorted(FEEDS_FOLDER.glob("*.yml"))
        if any(feed.database and feed.database.branches for feed in load_feeds(path))
    ]
    assert found
    for path, contract in found:
        for feed in contract:
            assert feed.database is not None
            assert {feed.only_file(), feed.only_file("haifa")} == {
                f"{path.stem}/{feed.database.table}.csv",
                f"{path.stem}/haifa/{feed.database.table}.csv",
            }
            names = [column.name.title() for column in feed.columns if column.required]
            lines = [",".join(names), ",".join("1" for _ in names)]
            inbox.drop(f"{path.stem}/Haifa/{feed.database.table}.csv", "\n".join(lines) + "\n")
        report = run_load(feeds=contract)
        assert [(file.status, file.branch) for file in report.files] == [
            ("loaded", "haifa") for _ in contract
        ]
        assert report.remarked == []
        for feed in contract:
            assert query(f"select count(*) from raw.{feed.table}") == [(1,)]
