"""The warehouse's metadata: when a build may be skipped, and what may not be mixed."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from psycopg2.extensions import connection as Link

from base.errors import BranchlineError
from base.link import open_link
from operate.dbt.fingerprint import project_fingerprint
from operate.runs.builds import has_built, last_build, note_build, server_time
from operate.runs.inboxes import check_not_mixed, ledger_mark, note_inbox
from operate.server.notes import one_run_at_a_time, prepare_notes

DBT_RUNS = """
create table operations.dbt_runs (
    invocation_id text primary key, started_at timestamptz not null default clock_timestamp()
)
"""


@pytest.fixture
def link(database_url: str) -> Iterator[Link]:
    with open_link(database_url) as found:
        yield found


@contextlib.contextmanager
def ledger(link: Link) -> Iterator[None]:
    with link.cursor() as cursor:
        cursor.execute("create schema raw")
        cursor.execute("create table raw.ingest_files as select 7 as file_id")
        yield


def test_an_empty_warehouse_has_no_build_and_no_mark(link: Link) -> None:
    assert last_build(link) is None
    assert ledger_mark(link) == 0
    prepare_notes(link)
    prepare_notes(link)
    assert last_build(link) is None
    assert not has_built(link)
    with ledger(link):
        assert ledger_mark(link) == 7


def test_the_last_build_is_valid_until_dbt_runs_again(link: Link) -> None:
    prepare_notes(link)
    with link.cursor() as cursor:
        cursor.execute(DBT_RUNS)
        cursor.execute("insert into operations.dbt_runs values ('first')")
        note_build(link, 7, "abc", 23, 280, server_time(link))
        found = last_build(link)
        assert found is not None
        assert (found.ledger_file_id, found.project_fingerprint) == (7, "abc")
        assert (found.models, found.tests) == (23, 280)
        cursor.execute("insert into operations.dbt_runs values ('by hand')")
    assert last_build(link) is None
    # That a run reports old rows as rejected again is known from this.
    assert has_built(link)


def test_the_fingerprint_follows_every_file_that_dbt_builds_from(tmp_path: Path) -> None:
    for name in ("dbt_project.yml", "packages.yml", "models/a/b.sql", "seeds/c.csv"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    seen = {project_fingerprint(tmp_path)}
    assert project_fingerprint(tmp_path) in seen
    for name in ("dbt_project.yml", "models/a/b.sql", "seeds/c.csv", "macros/new.sql"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("changed")
        seen.add(project_fingerprint(tmp_path))
    (tmp_path / "models" / "a" / "b.sql").rename(tmp_path / "models" / "b.sql")
    seen.add(project_fingerprint(tmp_path))
    assert len(seen) == 6
    (tmp_path / "README.md").write_text("words")
    assert project_fingerprint(tmp_path) in seen


def test_two_runs_do_not_build_at_once(link: Link, database_url: str) -> None:
    with open_link(database_url) as other:
        with (
            one_run_at_a_time(link),
            pytest.raises(BranchlineError, match="Another `branchline run`"),
            one_run_at_a_time(other),
        ):
            pass
        with one_run_at_a_time(other):
            pass


def test_the_made_up_company_and_a_real_one_are_not_mixed(link: Link) -> None:
    prepare_notes(link)
    check_not_mixed(link, for_demo=True)
    check_not_mixed(link, for_demo=False)
    note_inbox(link, "/home/anna/inbox", is_demo=False)
    with ledger(link):
        check_not_mixed(link, for_demo=False)
        with pytest.raises(BranchlineError, match="holds data already"):
            check_not_mixed(link, for_demo=True)
        note_inbox(link, "/demo", is_demo=True)
        check_not_mixed(link, for_demo=True)
        with pytest.raises(BranchlineError, match="holds the sample company") as caught:
            check_not_mixed(link, for_demo=False)
    assert "branchline demo --remove" in caught.value.hint
