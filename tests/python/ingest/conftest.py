"""Fixtures: an inbox to fill, a load to run, and queries on the raw layer."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import mariadb
import psycopg2
import pytest
from throwaway import drop_database

from ingest.contract.feeds import FeedContract
from ingest.contract.reading import load_feeds
from ingest.loading import LoadOptions, load
from ingest.origins import remote
from ingest.parallel import prefetching
from ingest.report import LoadReport

# Tests are imported by file, so their helpers need the folder in the path.
sys.path.insert(0, str(Path(__file__).parent))

from ingest_helpers import TOKEN_KEY, Inbox  # the path above comes first
from source_databases import VARIABLE, Source, on_mariadb, on_postgresql


@pytest.fixture
def second_database(database_url: str) -> Iterator[str]:
    """A second database, to compare with."""
    name = database_url.rpartition("/")[2].partition("?")[0]
    admin = psycopg2.connect(database_url)
    admin.autocommit = True
    admin.cursor().execute(f"create database {name}_again")
    yield database_url.replace(name, f"{name}_again")
    drop_database(admin.cursor(), f"{name}_again")
    admin.close()


@pytest.fixture(scope="session")
def maria_server() -> Iterator[mariadb.MariaServer]:
    reason = mariadb.why_not()
    if reason is not None:
        # MariaDB is not a Python package: who does not have it still runs the other tests.
        pytest.skip(reason)
    with mariadb.mariadb_server() as server:
        yield server


@pytest.fixture(params=["postgresql", "mariadb"])
def kind(request: pytest.FixtureRequest) -> str:
    """The kind of the database that is read."""
    return str(request.param)


@pytest.fixture
def source(
    kind: str,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> Iterator[Source]:
    """The database of the connection `desk`."""
    from inbox_places import clean_environment  # it brings servers that take a second to import

    clean_environment(monkeypatch, tmp_path)
    if kind == "mariadb":
        opened = on_mariadb(request.getfixturevalue("maria_server"))
    else:
        opened = on_postgresql(request.getfixturevalue("postgres_server"))
    with opened as made:
        monkeypatch.setenv(VARIABLE, made.url)
        monkeypatch.setattr(remote, "PATIENCE", 0.5)
        yield made


@pytest.fixture
def several_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two workers, although there is little to do, on a machine of any size."""
    monkeypatch.setattr(prefetching, "WORTH_STARTING", 0)
    monkeypatch.setattr(prefetching, "JOB_BYTES", 1)
    monkeypatch.setattr(prefetching, "usable_cores", lambda: 2)


@pytest.fixture
def inbox(tmp_path: Path) -> Inbox:
    return Inbox(tmp_path / "inbox")


@pytest.fixture
def state_dir(tmp_path: Path) -> Path:
    return tmp_path / "state"


@pytest.fixture
def run_load(database_url: str, inbox: Inbox, state_dir: Path) -> Callable[..., LoadReport]:
    def run(**changes: Any) -> LoadReport:
        arguments: dict[str, Any] = {
            "database_url": database_url,
            "inbox": str(inbox.folder),
            "feeds": changes.get("feeds") or load_feeds(),
            "token_keys": [TOKEN_KEY],
            "state_dir": state_dir,
        }
        progress = changes.pop("progress", None)
        return load(LoadOptions(**{**arguments, **changes}), progress)

    return run


@pytest.fixture
def query(database_url: str) -> Iterator[Callable[..., list[tuple[Any, ...]]]]:
    connection = psycopg2.connect(database_url)
    connection.autocommit = True

    def ask(sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        with connection.cursor() as cursor:
            cursor.execute(sql, values or None)
            return cursor.fetchall() if cursor.description else []

    yield ask
    connection.close()


@pytest.fixture
def feed_file(tmp_path: Path) -> Callable[[str], FeedContract]:
    """Write a feed file and read it."""

    def make(text: str) -> FeedContract:
        path = tmp_path / "feeds.yml"
        path.write_text(text, encoding="utf-8")
        return load_feeds(path)

    return make
