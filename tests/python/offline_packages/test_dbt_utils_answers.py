"""dbt_utils compared with known answers.

`answers/` is a small dbt project that calls every macro and generic test of the offline stand-in
under `offline_packages/`, and `nulls_as_empty/` a package of it; each answer is here, computed
without SQL. The real package can be tested in the same way:
BRANCHLINE_DBT_UTILS=dbt_packages/dbt_utils after a `dbt deps` that reached the package hub.
"""

from __future__ import annotations

import contextlib
import datetime
import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import psycopg2
import pytest
import throwaway

from base.link import Connection

HERE = Path(__file__).resolve().parent
PROJECT = HERE.parents[2]
SCHEMA = "dbt_utils_answers"
NULL = "_dbt_utils_surrogate_key_null_"


@dataclass
class Answers:
    """The results of one `dbt build` of the questions."""

    outcomes: dict[str, tuple[str, int | None]]
    messages: dict[str, str]
    connection: Any

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """The rows of a query; tables of the answers schema need no prefix."""
        with self.connection.cursor() as cursor:
            cursor.execute(query)
            return list(cursor.fetchall())

    def columns(self, table: str) -> list[str]:
        """The column names of a table of the answers schema, or of its stored failures."""
        with self.connection.cursor() as cursor:
            cursor.execute(f"select * from {table} limit 0")
            return [column.name for column in cursor.description]


def package_under_test() -> Path:
    """The package folder named by BRANCHLINE_DBT_UTILS, or else the stand-in."""
    named = os.environ.get("BRANCHLINE_DBT_UTILS")
    return (PROJECT / named).resolve() if named else PROJECT / "offline_packages" / "dbt_utils"


def profile_of(database_url: str) -> dict[str, Any]:
    """A dbt profile (JSON is YAML) that reaches the database of the URL."""
    parts = urlsplit(database_url)
    target = {
        "type": "postgres",
        "host": parts.hostname,
        "port": parts.port,
        "user": unquote(parts.username or ""),
        "password": unquote(parts.password or ""),
        "dbname": parts.path.lstrip("/"),
        "schema": SCHEMA,
        "threads": 2,
    }
    return {"answers": {"target": "answers", "outputs": {"answers": target}}}


def lay_out(project: Path, database_url: str) -> None:
    """The questions as a dbt project that needs no `dbt deps`: it contains its packages."""
    shutil.copytree(HERE / "answers", project)
    shutil.copytree(package_under_test(), project / "dbt_packages" / "dbt_utils")
    shutil.copytree(HERE / "nulls_as_empty", project / "dbt_packages" / "nulls_as_empty")
    profile = json.dumps(profile_of(database_url))
    (project / "profiles.yml").write_text(profile, encoding="utf-8")


@pytest.fixture(scope="module")
def answers(
    postgres_server: Connection, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Answers]:
    """Everything built once: the models, the tests that must pass and those that must fail."""
    folder = tmp_path_factory.mktemp("dbt_utils")
    with throwaway.database(postgres_server) as url:
        lay_out(folder / "answers", url)
        done = subprocess.run(
            [str(Path(sys.executable).parent / "dbt"), "--no-use-colors", "build"],
            cwd=folder / "answers",
            env=throwaway.environment(url, folder),
            capture_output=True,
            text=True,
            check=False,
        )
        # 1 means that some did not pass: the tests below check which.
        assert done.returncode == 1, done.stdout + done.stderr
        results, manifest = (
            json.loads((folder / "target" / name).read_text(encoding="utf-8"))
            for name in ("run_results.json", "manifest.json")
        )
        by_name = {manifest["nodes"][one["unique_id"]]["name"]: one for one in results["results"]}
        with contextlib.closing(psycopg2.connect(url)) as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(f"set search_path to {SCHEMA}")
            yield Answers(
                outcomes={name: (one["status"], one["failures"]) for name, one in by_name.items()},
                messages={name: one["message"] or "" for name, one in by_name.items()},
                connection=connection,
            )


def md5(text: str) -> str:
    return hashlib.md5(text.encode("utf-8")).hexdigest()


SURROGATE_KEYS = {
    "all filled": ("a", "a-7", "a-7-12.50-2024-02-29-true"),
    "second null": ("a", "a-{null}", "a-{null}-{null}-{null}-{null}"),
    "first null": ("{null}", "{null}-7", "{null}-7-0.00-1999-12-31-false"),
    "first empty": ("", "-7", "-7-0.00-1999-12-31-false"),
    "all null": ("{null}", "{null}-{null}", "{null}-{null}-{null}-{null}-{null}"),
    "not ascii": ("Café - £3", "Café - £3--1", "Café - £3--1--0.05-2000-01-01-true"),
}


@pytest.mark.parametrize(
    ("table", "text_of_null"),
    [("surrogate_keys", NULL), ("surrogate_keys_with_nulls_as_empty", "")],
)
def test_surrogate_keys(answers: Answers, table: str, text_of_null: str) -> None:
    found = answers.rows(f"select case_name, key_of_one, key_of_two, key_of_types from {table}")
    assert {row[0]: row[1:] for row in found} == {
        case: tuple(md5(text.format(null=text_of_null)) for text in texts)
        for case, texts in SURROGATE_KEYS.items()
    }


def test_surrogate_keys_as_literals(answers: Answers) -> None:
    """Two keys as literals, so that an error in a helper above cannot hide one in the SQL."""
    found = dict(answers.rows("select case_name, key_of_two from surrogate_keys"))
    assert found["all filled"] == "98ed5c8fe88acbc04408368dd13a2953"
    assert found["second null"] == "6231b1e7ffe3b9d15edc44e40e6f694c"
    assert found["first null"] != found["first empty"]


def test_generate_series(answers: Answers) -> None:
    assert answers.columns("numbers") == ["generated_number"]
    assert answers.rows("select * from numbers") == [(1,), (2,), (3,), (4,), (5,)]


def test_counts_known_while_compiling(answers: Answers) -> None:
    found = answers.rows("select counted, details, answer from counts")
    assert {(counted, details): answer for counted, details, answer in found} == {
        ("powers of two up to", "1"): 1,
        ("powers of two up to", "2"): 1,
        ("powers of two up to", "3"): 2,
        ("powers of two up to", "4"): 2,
        ("powers of two up to", "5"): 3,
        ("powers of two up to", "1024"): 10,
        ("powers of two up to", "1025"): 11,
        ("numbers up to", "1"): 1,
        ("numbers up to", "2"): 2,
        ("numbers up to", "3"): 3,
        ("numbers up to", "8"): 8,
        ("numbers up to", "9"): 9,
        ("numbers up to", "1000"): 1000,
        ("intervals", "2024-02-28 2024-03-01 day"): 2,
        ("intervals", "2023-02-28 2023-03-01 day"): 1,
        ("intervals", "2024-01-31 2024-02-01 month"): 1,
        ("intervals", "2024-03-01 2024-03-01 day"): 0,
        ("intervals", "2024-03-02 2024-03-01 day"): -1,
    }


def days(first: str, count: int, step: int = 1) -> list[str]:
    start = datetime.date.fromisoformat(first)
    return [str(start + datetime.timedelta(days=step * number)) for number in range(count)]


def test_date_spines(answers: Answers) -> None:
    found: dict[str, list[str]] = {}
    for spine, period in answers.rows("select spine, period from spines order by spine, period"):
        assert period.time() == datetime.time()
        found.setdefault(spine, []).append(str(period.date()))
    half_century = found.pop("day 2000-01-01 2050-01-01")
    assert half_century == days("2000-01-01", 18263)
    assert half_century[-1] == "2049-12-31"
    assert found == {
        "day 2024-02-27 2024-03-02": ["2024-02-27", "2024-02-28", "2024-02-29", "2024-03-01"],
        "day 2023-02-27 2023-03-02": ["2023-02-27", "2023-02-28", "2023-03-01"],
        "day 2024-12-31 2025-01-01": ["2024-12-31"],
        "week 2024-02-19 2024-03-11": days("2024-02-19", 3, step=7),
        "month 2024-01-31 2024-04-30": ["2024-01-31", "2024-02-29", "2024-03-31"],
        "month 2023-12-01 2024-02-01": ["2023-12-01", "2024-01-01"],
        "year 2024-02-29 2027-01-01": ["2024-02-29", "2025-02-28", "2026-02-28"],
    }


def test_date_spine_has_one_column_named_after_its_part(answers: Answers) -> None:
    assert answers.columns("spine_of_months") == ["date_month"]
    assert answers.rows(
        "select pg_typeof(date_month)::text, date_month from spine_of_months order by 2"
    ) == [
        ("timestamp without time zone", datetime.datetime(2024, 1, 1)),
        ("timestamp without time zone", datetime.datetime(2024, 2, 1)),
    ]


@pytest.mark.parametrize("model", ["spine_without_a_day", "spine_that_ends_before_it_starts"])
def test_date_spine_without_a_period_is_an_error(answers: Answers, model: str) -> None:
    assert answers.outcomes[model][0] == "error"
    assert "upper bound" in answers.messages[model]


# Each generic test: how many failures it counts (0 is a pass), and, where rows come back, their
# columns and the rows themselves. `None` for the rows: it stores none.
HOLDS: dict[str, Any] = dict.fromkeys(
    (
        "pairs_are_unique",
        "pairs_null_once_is_unique",
        "expression_null_passes",
        "expression_on_a_column_holds",
        "range_holds_at_its_bounds",
        "range_without_bounds",
    ),
    (0, None, None),
)
MEASURES = "measure_id measured other"
FAILS: dict[str, Any] = {
    "pairs_repeat": (2, "branch order", {("a", 1), (None, 1)}),
    "pairs_repeat_quoted": (2, "branch order", {("a", 1), (None, 1)}),
    "expression_is_false": (1, MEASURES, {(2, 10, 5)}),
    "expression_is_false_not_stored": (1, None, None),
    "expression_on_a_column": (2, MEASURES, {(4, -1, 2), (5, 11, 20)}),
    "range_both_bounds": (2, MEASURES, {(4, -1, 2), (5, 11, 20)}),
    "range_exclusive": (4, MEASURES, {(1, 0, 0), (2, 10, 5), (4, -1, 2), (5, 11, 20)}),
    "range_minimum_zero": (1, MEASURES, {(4, -1, 2)}),
    "range_maximum_zero": (2, MEASURES, {(2, 10, 5), (5, 11, 20)}),
    "range_of_an_expression": (1, MEASURES, {(5, 11, 20)}),
}


@pytest.mark.parametrize("name", [*HOLDS, *FAILS])
def test_generic_tests(answers: Answers, name: str) -> None:
    failures, columns, rows = {**HOLDS, **FAILS}[name]
    assert answers.outcomes[name] == ("fail" if failures else "pass", failures)
    if rows is not None:
        table = f"{SCHEMA}_failures.{name}"
        assert answers.columns(table) == columns.split()
        assert Counter(answers.rows(f"select * from {table}")) == Counter(rows)


def test_every_question_has_an_answer(answers: Answers) -> None:
    """A test added to the questions without an answer here would check nothing."""
    asked = {path.stem for path in HERE.glob("*/models/*.sql")}
    assert set(answers.outcomes) - asked == {*HOLDS, *FAILS}
    broken = {"spine_without_a_day", "spine_that_ends_before_it_starts"}
    assert {name for name in asked if answers.outcomes[name][0] != "success"} == broken
