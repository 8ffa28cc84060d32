"""A view is replaced only if its definition differs."""

from __future__ import annotations

from nightly import Project

VIEW = "staging.stg_ingest__files"
RUN = ("run", "--select", "stg_ingest__files")


def rule(project: Project) -> tuple[str, ...]:
    """PostgreSQL's stored view, which changes whenever the view is written."""
    [found] = project.rows(
        "select ctid::text, xmin::text, oid::text from pg_rewrite"
        f" where ev_class = '{VIEW}'::regclass"
    )
    return tuple(found)


def definition(project: Project) -> str:
    [(found,)] = project.rows(f"select pg_get_viewdef('{VIEW}'::regclass)")
    return str(found)


def test_a_view_is_replaced_only_if_it_differs(project: Project) -> None:
    project.prepare()
    project.dbt(*RUN)
    made, first = definition(project), rule(project)

    assert "VIEW STANDS" in project.dbt(*RUN)
    assert rule(project) == first
    project.dbt(*RUN, "--full-refresh")
    assert rule(project) != first

    # Replaced by hand, with the same columns.
    project.rows(f"create or replace view {VIEW} as {made.rstrip(';')} where file_id < 0")
    assert definition(project) != made
    assert "VIEW STANDS" not in project.dbt(*RUN)
    assert definition(project) == made

    project.rows(f"drop view {VIEW} cascade")
    assert "VIEW STANDS" not in project.dbt(*RUN)
    assert definition(project) == made

    # Under its name and not the same.
    project.rows(f"drop view {VIEW} cascade")
    project.rows(f"create view {VIEW} as {made}")
    assert "VIEW STANDS" not in project.dbt(*RUN)
    assert "VIEW STANDS" in project.dbt(*RUN)
