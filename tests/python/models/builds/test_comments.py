"""Descriptions are comments in the database, and are written when they change."""

from __future__ import annotations

from nightly import Project
from project_copy import another_version

VIEW, TABLE = "staging.stg_ingest__files", "marts.dim_dates"
RUN = ("run", "--select", "stg_ingest__files", "dim_dates")
CHANGED = {
    "models/marts/company/dim_dates.yml": ("One row per", "As of now. One row per"),
    "models/staging/ingest/stg_ingest__files.yml": (
        "      - name: feed\n        description: ",
        "      - name: feed\n        description: Since today. ",
    ),
}


def comments(project: Project, relation: str) -> dict[str, str]:
    """The comments on a relation, under an empty name, and on its columns."""
    found = project.rows(
        "select coalesce(attname::text, ''), description from pg_description"
        " left join pg_attribute on objoid = attrelid and objsubid = attnum and objsubid > 0"
        f" where classoid = 'pg_class'::regclass and objoid = '{relation}'::regclass"
    )
    return dict(found)


def written(project: Project, relation: str) -> set[str]:
    """The transactions that wrote the comments on a relation."""
    found = project.rows(
        "select distinct xmin::text from pg_description"
        f" where classoid = 'pg_class'::regclass and objoid = '{relation}'::regclass"
    )
    return {writer for (writer,) in found}


def test_a_comment_is_written_when_it_changes(project: Project) -> None:
    project.prepare()
    project.dbt(*RUN)
    before = {relation: comments(project, relation) for relation in (VIEW, TABLE)}
    for relation, found in before.items():
        schema, name = relation.split(".")
        columns = project.rows(
            "select column_name::text from information_schema.columns"
            " where table_schema = %s and table_name = %s",
            *(schema, name),
        )
        assert found.keys() == {"", *(column for (column,) in columns)}
        assert all(found.values())
    of_the_view = written(project, VIEW)

    project.dbt(*RUN)
    assert {relation: comments(project, relation) for relation in (VIEW, TABLE)} == before
    assert written(project, VIEW) == of_the_view

    version = another_version(project.folder / "version", CHANGED)
    project.dbt(*RUN, "--project-dir", str(version))
    now = {relation: comments(project, relation) for relation in (VIEW, TABLE)}
    assert now[TABLE] == {**before[TABLE], "": f"As of now. {before[TABLE]['']}"}
    assert now[VIEW] == {**before[VIEW], "feed": f"Since today. {before[VIEW]['feed']}"}
    assert written(project, VIEW) > of_the_view
