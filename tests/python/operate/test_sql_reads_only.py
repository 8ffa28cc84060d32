"""`branchline sql`: any query, nothing changed, every value exact."""

from __future__ import annotations

import contextlib
import csv
import io
import json
from decimal import Decimal

import psycopg2
import pytest
from throwaway import Branchline

from base.errors import BranchlineError
from operate.server.query import ROWS_AT_A_TIME, json_lines, read_only_query

HARMFUL = [
    "drop table kept",
    "select 1; drop table kept",
    "commit; drop table kept",
    "commit",
    "set transaction read write",
    "with gone as (delete from kept returning answer) select * from gone",
    "delete from kept returning answer",
    "create table more as select 1",
    "select nextval('counter')",
    "select 1'; drop table kept; --",
    "select set_config('transaction_read_only', 'off', false); delete from kept",
]


@pytest.fixture
def kept(database_url: str) -> str:
    with contextlib.closing(psycopg2.connect(database_url)) as link:
        link.cursor().execute("create table kept as select 42 as answer; create sequence counter")
        link.commit()
    return database_url


@pytest.mark.parametrize("query", HARMFUL)
def test_nothing_can_be_changed(kept: str, query: str) -> None:
    with pytest.raises(BranchlineError), read_only_query(kept, query) as result:
        list(result)
    with read_only_query(kept, "select answer from kept") as result:
        assert list(result) == [("42",)]


@pytest.mark.parametrize("form", ["csv", "json", "table"])
def test_the_row_limit_applies_and_is_reported(
    branchline: Branchline, project_env: dict[str, str], form: str
) -> None:
    def ask(limit: str, rows: int) -> tuple[int, str, int]:
        done = branchline(
            *("sql", f"select 'row ' || n as r from generate_series(1, {rows}) as n"),
            *("--format", form),
            environment={**project_env, "BRANCHLINE_ROW_LIMIT": limit},
        )
        return done.returncode, done.stderr, done.stdout.count("row ")

    assert ask("3", 3)[::2] == (0, 3)
    assert ask("", 5)[::2] == (0, 5)
    code, reported, count = ask("3", 4)
    assert (code, count) == (1, 3)
    assert "first 3 rows only" in reported
    assert ask("many", 1)[0] == 1


def test_values_are_exact(database_url: str) -> None:
    query = """
        select
            cast(1.10 as numeric(10, 4)) as amount,
            12345678901234567890.123456789 as big,
            cast(0.1 as double precision) as measured,
            cast('NaN' as numeric) as nothing_known,
            cast('infinity' as date) as never,
            cast('2024-02-29 12:00:00+01' as timestamptz) as sold_at,
            array[1.50, null] as amounts,
            array['a', 'é"'] as names,
            cast('{"b": 1.10}' as jsonb) as document,
            true as is_so,
            null as unknown,
            '100%' || ' of %s' as share
    """
    with read_only_query(database_url, query) as result:
        text = "".join(json_lines(result))
    [row] = json.loads(text, parse_float=Decimal)
    assert row == {
        "amount": Decimal("1.1000"),
        "big": Decimal("12345678901234567890.123456789"),
        "measured": Decimal("0.1"),
        "nothing_known": "NaN",
        "never": "infinity",
        "sold_at": "2024-02-29 11:00:00+00",
        "amounts": [Decimal("1.50"), None],
        "names": ["a", 'é"'],
        "document": {"b": Decimal("1.10")},
        "is_so": True,
        "unknown": None,
        "share": "100% of %s",
    }
    assert '"amount": 1.1000,' in text


@pytest.mark.parametrize("rows", [0, 1, ROWS_AT_A_TIME, ROWS_AT_A_TIME + 1])
def test_every_row_is_returned_once(database_url: str, rows: int) -> None:
    with read_only_query(database_url, f"select * from generate_series(1, {rows}) as n") as result:
        assert [column.name for column in result.columns] == ["n"]
        assert [int(number) for (number,) in result] == list(range(1, rows + 1))


@pytest.mark.parametrize(
    "query",
    ["show server_version", "explain select 1", "values (1)", "select 1;  ", "select 1 -- x"],
)
def test_other_reading_statements_are_allowed(database_url: str, query: str) -> None:
    with read_only_query(database_url, query) as result:
        assert list(result)


def test_an_error_is_shown_at_its_position(database_url: str) -> None:
    with (
        pytest.raises(BranchlineError) as caught,
        read_only_query(database_url, "select 1,\n  x%2 from nowhere where '€' = ''"),
    ):
        pass
    assert 'relation "nowhere" does not exist' in caught.value.message
    assert caught.value.message.endswith("      x%2 from nowhere where '€' = ''\n" + " " * 15 + "^")
    assert caught.value.hint


def test_an_unknown_column_is_answered_with_the_columns_of_the_table(kept: str) -> None:
    with contextlib.closing(psycopg2.connect(kept)) as link:
        link.cursor().execute(
            'create schema marts; create table marts.sales (branch text, "Day" date);'
            " create table marts.prices (product text)"
        )
        link.commit()
    for query, hint in (
        ("select store from marts.sales", 'marts.sales has the columns branch, "Day".'),
        (
            "select s.store from MARTS.Sales as s, marts.prices",
            'marts.prices has the columns product. marts.sales has the columns branch, "Day".',
        ),
    ):
        with pytest.raises(BranchlineError) as caught, read_only_query(kept, query):
            pass
        assert "does not exist" in caught.value.message
        assert caught.value.hint == hint


def test_the_three_formats(branchline: Branchline, project_env: dict[str, str]) -> None:
    query = (
        "-- A comment is no option.\n"
        "select 'Caffè, \"x\"' as name, 1.50 as price union all select null, -2 order by 2 desc"
    )
    found = branchline("sql", query, "--format", "csv", environment=project_env)
    assert found.returncode == 0, found.stderr
    rows = list(csv.reader(io.StringIO(found.stdout)))
    assert rows == [["name", "price"], ['Caffè, "x"', "1.50"], ["", "-2"]]
    found = branchline("sql", "-", "--format", "json", environment=project_env, stdin=query)
    assert found.stdout == (
        '[\n {"name": "Caffè, \\"x\\"", "price": 1.50},\n {"name": null, "price": -2}\n]\n'
    )
    found = branchline("sql", query, "--limit", "1", environment=project_env)
    assert "Caffè" in found.stdout
    assert "-2" not in found.stdout
    assert "first 1 rows" in found.stderr


def test_an_error_is_reported_without_a_traceback(
    branchline: Branchline, project_env: dict[str, str]
) -> None:
    found = branchline("sql", "selec 1", environment=project_env)
    assert found.returncode == 1
    assert found.stdout == ""
    assert "syntax error" in found.stderr
    assert "Traceback" not in found.stderr
