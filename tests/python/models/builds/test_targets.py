"""Where dbt builds: in production's schemas or prefixed ones, and not without raw."""

from __future__ import annotations

import shutil

from nightly import Project

from ingest.contract.reading import FEEDS_FOLDER, load_feeds

STAFF = """
  hr_staff:
    source: hr
    table: hr_staff
    description: One line per person.
    files: "hr/**/*.csv"
    header: required
    max_rejected_share: 0.5
    columns:
      - {name: name, description: Name.}
      - {name: role, description: Role.}
"""


def schemas(project: Project) -> set[str]:
    found = project.rows(
        "select nspname from pg_namespace where nspname !~ '^pg_|^information_schema$|^public$'"
    )
    return {name for (name,) in found}


def test_dbt_says_what_to_do_before_the_first_load(project: Project) -> None:
    said = project.dbt("run", "--select", "dim_dates", expect=2)
    assert "branchline load" in said
    assert "raw layer does not exist yet" in said


def test_a_private_build_is_prefixed_and_needs_no_branch_file(
    project: Project,
) -> None:
    """The only file belongs to a feed that no model reads yet."""
    feeds = project.folder / "feeds"
    shutil.copytree(FEEDS_FOLDER, feeds)
    (feeds / "hr.yml").write_text(f"feeds:{STAFF}")
    project.feeds = load_feeds(feeds)
    project.deliver("hr/staff.csv", "name,role\nAnn,Barista\nBo,Manager,what\n")
    project.load()
    assert project.rows("select name, role from raw.hr_staff") == [("Ann", "Barista")]
    project.env["BRANCHLINE_CI_SCHEMA"] = "pr_7"
    project.dbt("build", "--target", "ci", "--exclude", "test_type:unit")
    layers = ("staging", "intermediate", "snapshots", "marts", "reference", "operations")
    assert schemas(project) == {"raw", *(f"pr_7_{layer}" for layer in layers)}
    assert project.rows("select count(*) from pr_7_marts.fct_transactions") == [(0,)]
    assert project.rows("select feed, line_number from pr_7_marts.rejected_rows") == [
        ("hr_staff", 3)
    ]
