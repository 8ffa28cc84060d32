"""A source lists and builds what the contract of its entities says, column by column."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from nightly import PROJECT, Project, new_project

from base.link import Connection
from base.source_systems import listed_sources

CONFORMED = PROJECT / "models" / "intermediate" / "conformed"
COMES_WITH_TRANSACTIONS = {"sale_lines", "raw_claims"}
# Not read by the models of the subjects: transactions and sale lines are built from them.
STEPS = {"receipt_lines"}

Columns = dict[str, str]


@pytest.fixture(scope="module")
def built(
    postgres_server: Connection, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Project]:
    """A project with the conformed models of all sources, without rows."""
    with new_project(postgres_server, tmp_path_factory.mktemp("contract")) as project:
        project.prepare()
        project.dbt("seed")
        project.dbt("run", "--select", "+path:models/intermediate/conformed")
        project.dbt("parse")
        yield project


@pytest.fixture(scope="module")
def contracts(built: Project) -> dict[str, Columns]:
    """Name and type of the columns of each entity, with PostgreSQL's type names."""
    text = (
        "{% set found = {} %}{% for entity in source_contracts() %}"
        "{% do found.update({entity: conformed_columns(entity)}) %}{% endfor %}{{ tojson(found) }}"
    )
    found: dict[str, Columns] = json.loads(compiled(built, text))
    return {
        entity: {name: in_postgres(type_) for name, type_ in columns.items()}
        for entity, columns in found.items()
    }


@pytest.fixture(scope="module")
def manifest(built: Project) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((built.folder / "target" / "manifest.json").read_text())
    return found


def in_postgres(type_: str) -> str:
    return {"timestamp": "timestamp without time zone"}.get(type_, type_.replace(", ", ","))


def compiled(project: Project, text: str, expect: int = 0) -> str:
    """The compiled text, or dbt's error."""
    return project.dbt("--quiet", "compile", "--inline", text, expect=expect)


def models_of(source: str) -> dict[str, Path]:
    """Part of the name after the source -> model in its folder."""
    prefix = f"int_{source}__"
    return {path.stem.removeprefix(prefix): path for path in (CONFORMED / source).rglob("*.sql")}


def columns_of(project: Project, model: str) -> Columns:
    return dict(
        project.rows(
            "select attname::text, format_type(atttypid, atttypmod) from pg_attribute"
            " where attrelid = to_regclass(%s) and attnum > 0 and not attisdropped order by attnum",
            f"intermediate.{model}",
        )
    )


@pytest.mark.parametrize("source", listed_sources())
def test_conformed_models_have_the_columns_of_their_entities(
    built: Project, contracts: dict[str, Columns], source: str
) -> None:
    entities = models_of(source).keys() & contracts.keys()
    assert entities
    for entity in entities:
        found = columns_of(built, f"int_{source}__{entity}")
        if entity in STEPS:  # without texts that were parsed, and with keys that were made of them
            assert len(found.keys() & contracts[entity].keys()) > 20
            found = {name: found.get(name, type_) for name, type_ in contracts[entity].items()}
        assert list(found.items()) == list(contracts[entity].items()), entity


@pytest.mark.parametrize(("source", "listed"), listed_sources().items())
def test_a_source_lists_the_entities_that_it_builds(
    contracts: dict[str, Columns], source: str, listed: list[str]
) -> None:
    made = (models_of(source).keys() & contracts.keys()) - STEPS
    along = COMES_WITH_TRANSACTIONS if "transactions" in listed else set()
    assert len(listed) == len(set(listed))
    assert made == {*listed, *along}


def test_extra_columns_match_the_macros(built: Project, contracts: dict[str, Columns]) -> None:
    text = (
        "{% set found = {} %}{% for entity in source_contracts() %}"
        "{% do found.update({entity: entity_comes_with(entity)}) %}{% endfor %}{{ tojson(found) }}"
    )
    found = json.loads(compiled(built, text))
    assert {entity for entity, with_ in found.items() if with_ != entity} == COMES_WITH_TRANSACTIONS


def test_every_incremental_model_is_built_after_the_branches(manifest: dict[str, Any]) -> None:
    """Its mark covers the reference data that it was built with."""
    incremental = [
        node
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model" and node["config"]["materialized"] == "incremental"
    ]
    assert len(incremental) > 10
    assert [
        node["name"]
        for node in incremental
        if "seed.branchline.branches" not in node["depends_on"]["nodes"]
    ] == []


def test_an_additional_column_is_null_unless_the_source_adds_it(built: Project) -> None:
    call = "conform('products', from='made', adds=['ean'], expressions={'weight_kg': 'kilograms'})"
    said = " ".join(compiled(built, "{{ " + call + " }}").split())
    assert "cast(ean as text) as ean, cast(null as numeric(18, 4)) as unit_cost," in said
    assert "cast(kilograms as numeric(12, 4)) as weight_kg," in said
    assert "cast(null as text) as category," in said
    assert "cast(list_price as numeric(18, 4)) as list_price," in said


@pytest.mark.parametrize(
    ("call", "reported"),
    [
        (
            "conform('products', from='made', lacks=['weight'])",
            "says that it lacks 'weight'. The contract of products has no such column; it may"
            " lack: list_price, former_list_price, listed_on, updated_on, expires_on.",
        ),
        (
            "conform('products', from='made', lacks=['product_name'])",
            "says that it lacks 'product_name'. Every source must have it; it may lack:",
        ),
        (
            "conform('raw_claims', from='made', lacks=['claimed_amount'])",
            "Every source must have it; it may lack: nothing.",
        ),
        (
            "conform('products', from='made', expressions={'weight': '1'})",
            "has an expression for 'weight'. The contract of products has no such column; its"
            " columns: source_system,",
        ),
        (
            "conform('products', from='made', lacks=['category'])",
            "says that it lacks 'category'. A source that does not list it in `adds` lacks it"
            " anyway; it may lack: list_price,",
        ),
        (
            "conform('products', from='made', adds=['colour'])",
            "says that it adds 'colour'. The contract of products has no such column; a source may"
            " add: category, ean, unit_cost, weight_kg, is_available.",
        ),
        (
            "conform('products', from='made', adds=['list_price'])",
            "says that it adds 'list_price'. The contract of products lists it among the columns of"
            " every source; a source may add:",
        ),
        (
            "conform('invoices', from='made')",
            "There is no entity 'invoices' in the contract of a source. Entities: transactions,",
        ),
        ("every_source('invoices')", "There is no entity 'invoices' in the contract of a source."),
    ],
    ids=[
        "lacks-a-column-of-no-contract",
        "lacks-a-required-column",
        "lacks-where-nothing-is-optional",
        "expression-for-a-column-of-no-contract",
        "lacks-an-additional-column",
        "adds-a-column-of-no-contract",
        "adds-a-column-of-every-source",
        "entity-of-no-contract",
        "union-of-no-entity",
    ],
)
def test_contract_violations_do_not_compile(built: Project, call: str, reported: str) -> None:
    said = built.dbt("compile", "--inline", "{{ " + call + " }}", expect=2)
    assert reported in " ".join(said.split())
