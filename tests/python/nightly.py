"""A project under test: its own database and folders, loaded and built as a user would."""

from __future__ import annotations

import contextlib
import gc
import io
import os
import shutil
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any
from unittest.mock import patch

import psycopg2
import throwaway
from dbt.cli import requires
from dbt.cli.main import dbtRunner
from dbt.contracts.graph.manifest import Manifest
from dbt.parser.manifest import parse_manifest
from kept_sessions import kept_sessions
from quick_dbt import for_connection, hasten

from base.link import Connection
from ingest.contract.reading import load_feeds
from ingest.loading import LoadOptions, load, prepare_raw
from ingest.report import LoadReport

PROJECT = Path(__file__).resolve().parents[2]
PARTS = ("dbt_packages", "macros", "models", "seeds", "snapshots", "tests/data")
"""The folders of the project that dbt reads."""

Row = tuple[Any, ...]


def dbt(
    env: dict[str, str], folder: Path, *words: str, expect: int = 0, home: Path = PROJECT
) -> str:
    """Run dbt in the project folder with the project's own profiles; its output.

    In this process, which has imported dbt already, and with dbt's earlier parse result, whichever
    database that was for: a new process would take seconds for the same. `env` is the whole
    environment of dbt. Only `parse` writes the manifest, which takes half a second. `home` is the
    folder of the dbt project.
    Fails the test on another exit code than the one expected.
    """
    profiles = folder / "profiles"
    profiles.mkdir(exist_ok=True)
    shutil.copy(home / "profiles.example.yml", profiles / "profiles.yml")
    options = dict(pairwise(words))
    target = Path(options.get("--target-path", env["DBT_TARGET_PATH"]))
    project = options.get("--project-dir", str(home))
    decide = options.get("--target"), options.get("--vars")
    seen = {**throwaway.for_dbt(env), "DBT_PROFILES_DIR": str(profiles)}
    database = seen["PGDATABASE"].encode()
    assert len(database) == len(_ANY_DATABASE), database
    parsed = target / "partial_parse.msgpack"
    always = ["--no-use-colors", "--log-level-file", "none"]
    if words[0] != "parse":
        always.append("--no-write-json")
    said = io.StringIO()
    # dbt would read the same manifest again, and the old one would be garbage to collect.
    same = (*seen.items(), *decide, *_files(Path(project)))
    manifest = _LATEST.get(same) if words[0] != "parse" else None
    # For a copy that was never parsed, dbt reuses what is unchanged from the project itself.
    kept = _PARSED.get((project, *decide), _PARSED.get((str(PROJECT), *decide)))
    if manifest is None and kept is not None:
        target.mkdir(parents=True, exist_ok=True)
        parsed.write_bytes(kept.replace(_ANY_DATABASE, database))
    with (
        _environment(seen, home),
        contextlib.redirect_stdout(said),
        kept_sessions(),
        _no_gc(),
        patch.object(requires, "parse_manifest", lambda *given: _parse(same, *given)),
    ):
        done = dbtRunner(manifest=manifest).invoke([*always, *words])
    if manifest is None and parsed.exists():
        result = parsed.read_bytes()
        _PARSED[(project, *decide)] = result.replace(database, _ANY_DATABASE)
        # A command that is tested may call dbt, in another process.
        parsed.write_bytes(for_connection(result))
    # The exit codes of the command line.
    code = 0 if done.success else 1 if done.exception is None else 2
    assert code == expect, said.getvalue()[-6000:] + str(done.exception or "")
    return said.getvalue()


_PARSED: dict[tuple[str | None, ...], bytes] = {}
"""dbt's parse results, keyed by what they depend on: the folder of the project, `--target` and
`--vars`; and on the name of the database, which is replaced in them."""
_LATEST: dict[tuple[Any, ...], Manifest] = {}
"""The manifest of the latest command."""
_ANY_DATABASE = throwaway.DATABASE.format(0).replace("0", "_").encode()


def _parse(same: tuple[Any, ...], *given: Any) -> Manifest:
    """Read the project as dbt does, and keep the manifest until another one is read."""
    _LATEST.clear()
    manifest = parse_manifest(*given)
    _LATEST[same] = manifest
    return manifest


def _files(project: Path) -> tuple[tuple[str, int, int], ...]:
    """The files of a dbt project, with their sizes and when they were changed."""
    found = [project / "dbt_project.yml"]
    for name in PARTS:
        found += (
            Path(folder, file) for folder, _, files in os.walk(project / name) for file in files
        )
    states = [(str(path), path.stat()) for path in found]
    return tuple(sorted((path, state.st_size, state.st_mtime_ns) for path, state in states))


hasten()
gc.set_threshold(100_000, 20, 100)


@contextlib.contextmanager
def _no_gc() -> Iterator[None]:
    """dbt creates millions of objects, and collecting garbage takes a tenth of its time."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


@contextlib.contextmanager
def _environment(env: dict[str, str], home: Path) -> Iterator[None]:
    """Run the block in the project's folder with another environment."""
    before, folder = dict(os.environ), Path.cwd()
    try:
        os.environ.clear()
        os.environ.update(env)
        os.chdir(home)
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
        os.chdir(folder)


class Project:
    """One database with an inbox, and the two steps of a nightly run: load and build."""

    def __init__(self, url: str, folder: Path, home: Path = PROJECT) -> None:
        self.url = url
        self.home = home
        self.folder = folder
        self.inbox = folder / "inbox"
        (self.inbox / "branch_pos").mkdir(parents=True, exist_ok=True)
        self.env = throwaway.environment(url, folder)
        self.feeds = load_feeds(home / "ingest" / "feeds")
        self.state = folder / "state"

    def deliver(self, path: str, content: bytes | str) -> None:
        """Put a file into the inbox."""
        target = self.inbox / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content.encode() if isinstance(content, str) else content)

    def load(self) -> LoadReport:
        """Load the inbox."""
        return load(
            LoadOptions(
                database_url=self.url,
                inbox=str(self.inbox),
                feeds=self.feeds,
                token_keys=[throwaway.TOKEN_KEY.encode()],
                state_dir=self.state,
            )
        )

    def prepare(self) -> None:
        """Create the empty raw tables."""
        prepare_raw(self.url, self.feeds, self.state)

    def dbt(self, *words: str, expect: int = 0) -> str:
        """Run dbt on this project's database."""
        return dbt(self.env, self.folder, *words, expect=expect, home=self.home)

    def seed(self) -> None:
        """Build what `dbt run` reads but does not build: the seeds and the snapshots."""
        self.dbt(
            "build",
            *("--select", "resource_type:seed", "+resource_type:snapshot"),
            *("--exclude-resource-type", "test", "unit_test"),
        )

    def rows(self, query: str, *values: object) -> list[Row]:
        """The rows of a query."""
        with contextlib.closing(psycopg2.connect(self.url)) as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(query, values or None)
                return list(cursor.fetchall()) if cursor.description else []

    def marts(self) -> list[str]:
        """Names of the tables and views in schema marts."""
        found = self.rows(
            "select table_name from information_schema.tables"
            " where table_schema = 'marts' order by 1"
        )
        return [name for (name,) in found]

    def contents(self, mart: str) -> list[Row]:
        """The rows of a mart as texts, in order, to compare with another warehouse.

        Without file ids, which depend on the order of arrival.
        """
        return self.rows(
            "select (to_jsonb(lines) - '{file_id,newest_file_id}'::text[])::text"
            f" from marts.{mart} as lines order by 1"
        )

    def keep_marts(self, schema: str) -> None:
        """Copy every mart as it is now into another schema, to compare with later."""
        self.rows(f"create schema {schema}")
        for name in self.marts():
            self.rows(f"create table {schema}.{name} as select * from marts.{name}")

    def differences(self, schema: str) -> dict[str, list[Row]]:
        """Rows of any mart that only the kept copy or only the present one has, as multisets."""
        found: dict[str, list[Row]] = {}
        for name in self.marts():
            kept, now = f"table {schema}.{name}", f"table marts.{name}"
            differing = self.rows(
                f"select 'kept', * from ({kept} except all {now}) as gone"
                f" union all select 'now', * from ({now} except all {kept}) as come limit 10"
            )
            if differing:
                found[name] = differing
        return found


@contextlib.contextmanager
def new_project(server: Connection, folder: Path, home: Path = PROJECT) -> Iterator[Project]:
    """A project on a fresh database of the tests' server; `home` is its folder, or a copy of it."""
    with throwaway.database(server) as url:
        yield Project(url, folder, home)
