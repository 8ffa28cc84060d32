"""A company may have any of the sources: each of them builds alone, and so do all together."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from nightly import Project
from project_copy import another_version

from base.source_systems import listed_sources
from ingest.contract.reading import load_feeds

DELIVERIES: dict[str, dict[str, str]] = {
    "branch_pos": {
        "branch_pos/leeds_10-01-2024_09-00-00.csv": """\
10/01/2024 09:00,Leeds,Ann Lee,Latte - 2.00,2.00,CASH,
10/01/2024 09:05,Leeds,Bo Ek,"Latte - 2.00, Scone - 1.50",3.50,CARD,4929000000000004
10/01/2024 09:10,Leeds,Cy Fox,Latte - 2.00,9.99,CASH,
"""
    },
    "sales_desk": {
        "sales_desk/sales/pune.csv": """\
customer_id,store_id,product_name,sales_date,sales_person_id,price,quantity,total_cost
1,571,oats,2024-01-10,1,10.50,2,21.00
2,571,ghee,2024-01-10,1,99,1,99.00
2,571,ghee,2024-01-11,1,99,1,ten
""",
        "sales_desk/customer.csv": """\
customer_id,first_name,last_name,address,pincode,phone_number,joining_date
1,Asha,Rao,Pune,411012,+91-7000000001,2021-12-12
""",
        "sales_desk/store.csv": """\
id,address,store_pincode,store_manager_name,store_opening_date,reviews
571,Pune,411002,Chand,2020-01-15,Friendly.
""",
        "sales_desk/product.csv": """\
id,name,current_price,old_price,created_date,updated_date,expiry_date
1,oats,10.50,9,2019-10-27,NULL,2025-07-15
""",
        "sales_desk/sales_team.csv": """\
id,first_name,last_name,manager_id,is_manager,address,pincode,joining_date
1,Dev,Nair,3,N,Pune,411022,2023-06-30
""",
    },
}
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


def column(project: Project, query: str) -> set[str]:
    return {str(value) for (value,) in project.rows(query)}


@pytest.mark.parametrize("names", [*([name] for name in SOURCES), SOURCES], ids="-".join)
def test_the_listed_sources_build_and_others_cost_nothing(
    project: Project, names: list[str]
) -> None:
    version = with_sources(project.folder / "version", names)
    project.feeds = load_feeds(sources=listed_sources(version))
    for files in DELIVERIES.values():
        for path, content in files.items():
            project.deliver(path, content)
    report = project.load()
    others = set(SOURCES) - set(names)
    assert set(report.switched_off) == others
    project.dbt("build", "--project-dir", str(version), "--exclude-resource-type", "unit_test")

    sold = column(project, "select distinct source_system from marts.fct_sales")
    assert sold == set(names)
    listed = column(project, "select distinct source_system from marts.dim_branches")
    assert listed == set(names)
    # Of each source one line was made up to be refused.
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


def test_a_company_without_a_source_parses(project: Project) -> None:
    version = with_sources(project.folder / "version", [])
    project.dbt("parse", "--project-dir", str(version))
