"""A company may have any of the sources: each builds alone, and all build together."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from erasures import Request, dump, erase, personal_values, same_totals, totals
from nightly import PROJECT, Project
from project_copy import another_version

from base.source_systems import listed_sources
from ingest.contract.reading import load_feeds

MODELS = Path(__file__).resolve().parents[1]
SOURCES = list(listed_sources())


def with_sources(folder: Path, names: list[str]) -> Path:
    """A copy of the project that lists these sources only."""
    project = another_version(folder, {})
    file = project / "dbt_project.yml"
    content = yaml.safe_load(file.read_text())
    entities = content["vars"]["source_systems"]
    content["vars"]["source_systems"] = {name: entities[name] for name in names}
    file.write_text(yaml.safe_dump(content, sort_keys=False))
    return project


def deliver_a_little(project: Project, source: str) -> None:
    """A few files of every feed of a source, with one line to be rejected."""
    inbox = MODELS / source / "small_inbox"
    files = [path for path in inbox.rglob("*") if path.is_file()]
    assert files, f"{source} has no files in {inbox}"
    for path in files:
        project.deliver(path.relative_to(inbox).as_posix(), path.read_bytes())


def column(project: Project, query: str) -> set[str]:
    return {str(value) for (value,) in project.rows(query)}


@pytest.mark.parametrize("names", [*([name] for name in SOURCES), SOURCES], ids="-".join)
def test_only_listed_sources_are_built(project: Project, names: list[str]) -> None:
    others = set(SOURCES) - set(names)
    version = with_sources(project.folder / "version", names) if others else PROJECT
    project.feeds = load_feeds(sources=listed_sources(version))
    for source in SOURCES:
        deliver_a_little(project, source)
    report = project.load()
    assert set(report.switched_off) == others
    project.dbt("build", "--project-dir", str(version), "--exclude-resource-type", "unit_test")

    sold = column(project, "select distinct source_system from marts.fct_sales")
    assert sold == set(names)
    listed = column(project, "select distinct source_system from marts.dim_branches")
    assert listed == set(names)
    refused = column(project, "select distinct feed from marts.rejected_rows")
    assert {project.feeds.feeds[feed].source for feed in refused} == set(names)
    relations = column(
        project,
        "select nspname || '.' || relname from pg_class"
        " inner join pg_namespace on relnamespace = pg_namespace.oid where relkind in ('r', 'v')",
    )
    for source in SOURCES:
        own = {name for name in relations if source in name}
        assert bool(own) == (source in names), own
    if not others:
        the_example_queries_of_the_marts_run(project)
        all_customers_can_be_erased(project)


def the_example_queries_of_the_marts_run(project: Project) -> None:
    """Each query of docs/store-queries.md answers its question, with what is unknown at the end."""
    page = (PROJECT / "docs" / "store-queries.md").read_text(encoding="utf-8")
    [block] = re.findall(r"^```sql\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    queries = block.strip().split("\n\n")
    assert len(set(re.findall(r"from marts\.(rpt_\w+)", block))) == len(queries) == 11
    for query in queries:
        assert query.startswith("-- "), query
        found = project.rows(query)
        assert found, query
        is_unknown = ["unknown" in row for row in found]
        if "rpt_stores" in query or "rpt_staff" in query:
            assert is_unknown == sorted(is_unknown), query


def all_customers_can_be_erased(project: Project) -> None:
    """Nothing that a source says of its customers is left, and every figure is what it was."""
    values, before = personal_values(project), totals(project)
    text = dump(project)
    assert len(values) > 20
    assert [value for value in values if value not in text] == []
    keys = column(project, "select customer_key from intermediate.int_customers__last_seen")
    done = erase(project, [Request(None, key) for key in sorted(keys)])
    assert done.erasure.customers >= len(keys)
    text = dump(project)
    assert [value for value in values if value in text] == []
    same_totals(before, totals(project))
    assert not keys & column(project, "select customer_key from marts.dim_customers")


def test_a_company_without_a_source_parses(project: Project) -> None:
    version = with_sources(project.folder / "version", [])
    project.dbt("parse", "--project-dir", str(version))
