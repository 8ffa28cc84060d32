"""Unit tests of dbt find faults and say where; their materialization is ours (unit_tests.sql)."""

from __future__ import annotations

import shutil
from pathlib import Path

from nightly import PROJECT, dbt
from throwaway import database, environment

from base.link import Connection

PROJECT_FILE = "name: branchline\nversion: '1.0'\nprofile: branchline\n"
INPUT = """
select
    cast(null as varchar(3)) as code, cast(null as text) as name, cast(1 as numeric(9, 2)) as paid,
    cast(null as date) as day, cast(null as text[]) as tags, 1 as "Mixed"
"""
TESTED = """
with given as (select * from {{ ref('given') }})
select
    code, {{ one_token("upper(" ~ one_token('name') ~ ")") }} as name, paid, day, tags, "Mixed"
from given
-- A comment in the last line.
"""
UNIT_TESTS = """
unit_tests:
  - name: it_passes
    model: tested
    given:
      - input: ref('given')
        rows:
          - {code: abc, name: "O'Neil \\\\", paid: 1.01, day: 2024-02-29, tags: "{a,b}", mixed: 2}
          - {Mixed: null}
    expect:
      rows:
        - {code: abc, name: "O'NEIL \\\\", paid: 1.01, day: 2024-02-29, tags: "{a,b}", Mixed: 2}
        - {code: null, name: null, paid: null, day: null, tags: null, mixed: null}
  - name: it_passes_without_rows
    model: tested
    given: [{input: ref('given'), rows: []}]
    expect: {rows: []}
  - name: it_passes_with_sql
    model: tested
    given: [{input: ref('given'), rows: [{name: ann}]}]
    expect:
      format: sql
      rows: >-
        select null as code, 'ANN' as name, null::numeric as paid, null::date as day,
        null::text[] as tags, null::int as "Mixed"
  - name: it_finds_a_wrong_value
    model: tested
    given: [{input: ref('given'), rows: [{name: ann}]}]
    expect: {rows: [{name: Ann}]}
  - name: it_does_not_cut_a_text
    model: tested
    given: [{input: ref('given'), rows: [{code: abc}]}]
    expect: {rows: [{code: abcd}]}
  - name: it_names_an_unknown_column
    model: tested
    given: [{input: ref('given'), rows: [{nmae: ann}]}]
    expect: {rows: [{name: ANN}]}
"""


def test_unit_tests_find_faults(postgres_server: Connection, tmp_path: Path) -> None:
    home = tmp_path / "project"
    (home / "models").mkdir(parents=True)
    (home / "macros").mkdir()
    shutil.copy(PROJECT / "profiles.example.yml", home)
    for macro in ("overrides/unit_tests.sql", "sql/dialect/one_token.sql"):
        shutil.copy(PROJECT / "macros" / macro, home / "macros")
    (home / "dbt_project.yml").write_text(PROJECT_FILE)
    (home / "models" / "given.sql").write_text(INPUT)
    (home / "models" / "tested.sql").write_text(TESTED)
    (home / "models" / "tested.yml").write_text(UNIT_TESTS)
    with database(postgres_server) as url:
        env = environment(url, tmp_path)
        dbt(env, tmp_path, "run", home=home)
        said = dbt(env, tmp_path, "test", home=home, expect=1)
    for line in said.splitlines():
        assert ("it_passes" in line) <= ("FAIL" not in line and "ERROR" not in line), said
    assert "PASS=3 WARN=0 ERROR=3" in said
    assert "ANN" in said
    assert "abcd" in said
    assert "Invalid column name: 'nmae' in unit test fixture for 'given'" in said
    compiled = (tmp_path / "target").rglob("it_passes.sql")
    assert any("$one_token$upper(name)$one_token$" in path.read_text() for path in compiled)
