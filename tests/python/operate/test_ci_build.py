"""`branchline ci`: what it builds, what it does not change, and that its schemas are dropped.

Main is built once; each test changes a copy of the project and calls the command in it.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from nightly import PROJECT, Project, new_project

from base.errors import BranchlineError
from base.link import Connection, open_link
from operate.dbt.ci_changes import and_below
from operate.project.sample_company import write_sample
from operate.runs.ci_build import COMMENT, State, _alone, _check_main, _schemas_made, read_state
from operate.server.notes import prepare_notes

LEFT_OUT = shutil.ignore_patterns(
    ".git", ".venv", ".warehouse", ".*_cache", ".hypothesis", "target", "logs", "inbox",
    "profiles.yml", "__pycache__", "*.egg-info",
)  # fmt: skip


class Main:
    """Main as built, and a copy of the project that tests may change."""

    def __init__(self, built: Project, copy: Path, state: Path) -> None:
        self.built = built
        self.copy = copy
        self.state = state
        self.manifest: dict[str, Any] = json.loads((state / "manifest.json").read_text())
        self.env = {
            **built.env,
            "PATH": os.environ["PATH"],
            # Each test reuses the previous test's parse result.
            "DBT_TARGET_PATH": str(copy / "target"),
        }

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "operate.cli", "ci", *arguments]

    def ci(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run `branchline ci` in the copy of the project, with its own Python code."""
        return subprocess.run(
            self.command(*arguments),
            cwd=self.copy,
            env=self.env,
            capture_output=True,
            text=True,
            timeout=1800,
        )

    def compare(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return self.ci("--state", str(self.state), "--schema", "pr_7", *arguments)

    @contextlib.contextmanager
    def changed(self, path: str, old: str, new: str) -> Iterator[None]:
        """A file of the copy with `old` replaced by `new`, or created if `old` is empty."""
        file = self.copy / path
        before = file.read_text() if file.exists() else None
        assert before is None or old in before
        file.write_text(new if before is None else before.replace(old, new, 1))
        try:
            yield
        finally:
            if before is None:
                file.unlink()
            else:
                file.write_text(before)

    def find(self, name: str) -> tuple[str, dict[str, Any]]:
        """A model or seed by its name: its id and its node."""
        for node_id, node in self.manifest["nodes"].items():
            if node["name"] == name and node["resource_type"] in ("model", "seed"):
                return node_id, node
        raise AssertionError(name)

    def below(self, *node_ids: str) -> set[str]:
        """The names of these nodes and of all models and snapshots downstream."""
        return {
            self.manifest["nodes"][node_id]["name"]
            for node_id in and_below(self.manifest, node_ids)
            if node_id.split(".")[0] in ("model", "seed", "snapshot")
        }

    def compiled(self, name: str) -> str:
        """The SQL that a model was built with."""
        results = json.loads((self.copy / "target" / "ci" / "run_results.json").read_text())
        for result in results["results"]:
            if result["unique_id"] == self.find(name)[0]:
                return str(result["compiled_code"])
        raise AssertionError(name)

    def schemas(self) -> set[str]:
        found = self.built.rows("select nspname::text from pg_namespace where nspname ~ '^pr_'")
        return {name for (name,) in found}

    def relations(self) -> set[str]:
        """The relations in the build's schemas, without its metadata."""
        found = self.built.rows(
            "select relname::text from pg_class where relkind in ('r', 'v')"
            " and relnamespace::regnamespace::text ~ '^pr_7_'"
            " and relnamespace::regnamespace::text <> 'pr_7_operations'"
        )
        return {name for (name,) in found}


@pytest.fixture(scope="module")
def main(postgres_server: Connection, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Main]:
    folder = tmp_path_factory.mktemp("main")
    with new_project(postgres_server, folder) as built:
        write_sample(built.inbox, branches=2, days=30, seed=1)
        built.load()
        built.dbt("build", "--exclude-resource-type", "test", "unit_test")
        built.dbt("parse")
        with open_link(built.url) as link:
            # As `branchline run` does for main.
            prepare_notes(link)
        state = folder / "state-of-main"
        state.mkdir()
        manifest = Path(built.env["DBT_TARGET_PATH"]) / "manifest.json"
        # As if main had been built elsewhere: comparing and reading do not depend on it.
        database = built.url.rpartition("/")[2]
        (state / "manifest.json").write_text(
            manifest.read_text().replace(f'"{database}"', '"elsewhere"')
            .replace(f'\\"{database}\\"', '\\"elsewhere\\"')
        )  # fmt: skip
        shutil.copy(PROJECT / "dbt_project.yml", state)
        copy = folder / "copy"
        shutil.copytree(PROJECT, copy, ignore=LEFT_OUT)
        yield Main(built, copy, state)


@pytest.fixture(autouse=True)
def nothing_of_main_changes(main: Main) -> Iterator[None]:
    """Main's relations and marks are unchanged afterwards."""
    query = (
        "select relname::text, relfilenode, oid from pg_class where relkind in ('r', 'v')"
        " and relnamespace::regnamespace::text !~ '^pr_|^pg_|^information_schema'"
        " and relname <> 'dbt_runs' order by 1, 2, 3"
    )
    marks = "select * from operations.high_water_marks order by 1"
    before = main.built.rows(query), main.built.rows(marks)
    yield
    assert (main.built.rows(query), main.built.rows(marks)) == before
    assert main.schemas() == set()


def test_without_differences_nothing_is_built(main: Main) -> None:
    done = main.compare()
    assert (done.returncode, done.stderr) == (0, "")
    assert "Nothing that dbt builds or tests differs from main." in done.stdout
    assert not (main.copy / "target" / "ci" / "run_results.json").exists()


def test_only_a_changed_mart_and_its_downstream_are_built(main: Main) -> None:
    node_id, node = main.find("rpt_daily_sales")
    expected = main.below(node_id)
    assert len(expected) > 1
    with main.changed(node["original_file_path"], "select", "select /* changed */"):
        done = main.compare("--keep")
    assert done.returncode == 0, done.stdout + done.stderr
    assert main.relations() == expected
    for name in expected:
        where = main.find(name)[1]["schema"]
        rows = f"select (select count(*) from {where}.{name}), count(*) from pr_7_{where}.{name}"
        ((of_main, own),) = main.built.rows(rows)
        assert (name, own) == (name, of_main)
    # Built models are read from the build's schemas, others from main's.
    for name in expected - {node["name"]}:
        text = main.compiled(name)
        for parent_id in main.find(name)[1]["depends_on"]["nodes"]:
            parent = main.manifest["nodes"].get(parent_id)
            if parent is not None:
                of_main = f'"{parent["schema"]}"."{parent["name"]}"'
                own = f'"pr_7_{parent["schema"]}"."{parent["name"]}"'
                assert (of_main if parent["name"] in expected else own) not in text, name
        assert '"pr_7_' in text
    # Kept schemas are dropped by the next call, or by hand.
    assert main.ci("--drop", "--schema", "pr_7").returncode == 0


def test_users_of_a_changed_macro_or_seed_are_built_with_mains_marks(main: Main) -> None:
    """rejected_rows and its tests need the marks of models that are read from main."""
    macros = main.manifest["macros"]
    # Directly, or through another macro.
    changed = ["macro.branchline.abc_class"]
    for name in changed:
        changed += [
            user
            for user, macro in macros.items()
            if name in macro["depends_on"]["macros"] and user not in changed
        ]
    users = [
        node_id
        for node_id, node in main.manifest["nodes"].items()
        if not {*changed}.isdisjoint(node["depends_on"].get("macros", ()))
    ]
    assert users
    seed_id, seed = main.find("sales_incentives")
    mart_id, mart = main.find("rejected_rows")
    macro = macros["macro.branchline.abc_class"]["original_file_path"]
    with (
        main.changed(macro, "case", "case /* changed */"),
        main.changed(seed["original_file_path"], "0", "00"),
        main.changed(mart["original_file_path"], "select", "select /* changed */"),
    ):
        done = main.compare("--keep")
    assert done.returncode == 0, done.stdout + done.stderr
    assert main.relations() == main.below(*users, seed_id, mart_id)
    assert main.built.rows("table pr_7_marts.rejected_rows except table marts.rejected_rows") == []
    counts = (
        "select (select count(*) from marts.rejected_rows), count(*) from pr_7_marts.rejected_rows"
    )
    ((of_main, own),) = main.built.rows(counts)
    assert own == of_main > 0
    assert main.ci("--drop", "--schema", "pr_7").returncode == 0


def test_a_failing_test_fails_the_build_and_drops_only_its_schemas(main: Main) -> None:
    others = ("pr_70_marts", "pr_7_2_marts", "pr_8_marts")
    for name in others:
        main.built.rows(f"create schema {name}")
    # A schema of another call of the command.
    main.built.rows(
        "comment on schema pr_7_2_marts is"
        " 'Made by `branchline ci --schema pr_7_2`, which removes it again.'"
    )
    try:
        with main.changed(
            "tests/data/assert_nothing.sql", "", "select * from {{ ref('dim_dates') }} limit 1\n"
        ):
            done = main.compare()
        assert done.returncode == 1
        assert "assert_nothing" in done.stdout
        assert main.schemas() == set(others)
    finally:
        for name in others:
            main.built.rows(f"drop schema {name}")


def test_only_schemas_of_earlier_calls_are_dropped(
    main: Main,
) -> None:
    main.built.rows("create schema pr_7_marts")
    try:
        with (
            open_link(main.built.url) as link,
            pytest.raises(BranchlineError, match="pr_7_marts exists already"),
            _schemas_made(link, "pr_7", ["pr_7_marts", "pr_7_staging"], keep=False),
        ):
            pass
        assert main.schemas() == {"pr_7_marts"}
        comment = COMMENT.format(prefix="pr_7")
        main.built.rows(f"comment on schema pr_7_marts is '{comment}'")
        main.built.rows("create table pr_7_marts.from_a_killed_build (number integer)")
        with (
            open_link(main.built.url) as link,
            _schemas_made(link, "pr_7", ["pr_7_staging"], keep=False),
        ):
            assert main.schemas() == {"pr_7_staging"}
    finally:
        main.built.rows("drop schema if exists pr_7_marts cascade")


def test_two_builds_with_one_prefix_exclude_each_other(main: Main) -> None:
    with (
        open_link(main.built.url) as first,
        open_link(main.built.url) as second,
        _alone(first, "pr_7"),
    ):
        with _alone(second, "pr_8"):
            pass
        with pytest.raises(BranchlineError, match="Another"), _alone(second, "pr_7"):
            pass


def test_a_build_that_is_cancelled_drops_its_schemas(main: Main) -> None:
    slow = "select 1 from {{ ref('dim_dates') }}, pg_sleep(600)\n"
    with main.changed("tests/data/assert_slowly.sql", "", slow):
        process = subprocess.Popen(
            main.command("--state", str(main.state), "--schema", "pr_7"),
            cwd=main.copy,
            env=main.env,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        sleeping = "select 1 from pg_stat_activity where query ~ 'from .*pg_sleep.600' and pid <> pg_backend_pid()"  # noqa: E501
        deadline = time.monotonic() + 900
        while not main.built.rows(sleeping):
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < deadline
            time.sleep(0.2)
        assert main.schemas()
        children = psutil.Process(process.pid).children(recursive=True)
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=600)
    assert (process.returncode, said.strip()) == (130, "Stopped.")
    assert psutil.wait_procs(children, timeout=120)[1] == []


def test_main_must_be_built_and_current(main: Main) -> None:
    state = read_state(main.state)
    chosen = and_below(main.manifest, [main.find("rpt_daily_sales")[0]])
    with open_link(main.built.url) as link:
        _check_main(link, state, main.manifest, chosen)
        main.built.rows("update operations.high_water_marks set file_id = file_id - 1")
        with pytest.raises(BranchlineError, match="do not include all loaded files"):
            _check_main(link, state, main.manifest, chosen)
        main.built.rows("update operations.high_water_marks set file_id = file_id + 1")
        main.built.rows("alter table marts.fct_transactions rename to gone")
        try:
            with pytest.raises(BranchlineError, match=r"1 .* such as marts\.fct_transactions"):
                _check_main(link, state, main.manifest, chosen)
        finally:
            main.built.rows("alter table marts.gone rename to fct_transactions")


def test_main_may_have_been_built_with_a_prefix_too(main: Main) -> None:
    assert State(main.manifest, None).prefix == ""
    nodes = {
        node_id: {**node, "schema": f"pr_1_{node['schema']}"}
        for node_id, node in main.manifest["nodes"].items()
    }
    assert State({**main.manifest, "nodes": nodes}, None).prefix == "pr_1_"
