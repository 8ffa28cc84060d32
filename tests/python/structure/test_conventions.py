"""The rules of the house that dbt itself does not check, read from its manifest."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import throwaway
from nightly import dbt

Node = dict[str, Any]

PERSONAL = {
    "customer_name",
    "last_customer_name",
    "employee_name",
    "first_name",
    "last_name",
    "full_name",
    "manager_name",
    "phone_number",
    "card_token",
    "card_last4",
    "last_card_last4",
    "line_text",
}
# Of a store they are no personal data.
PERSONAL_OF_PEOPLE = {"address", "postal_code"}


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> Node:
    """dbt's manifest of the project; parsing asks no database."""
    folder = tmp_path_factory.mktemp("manifest")
    env = throwaway.environment("postgresql://nobody@127.0.0.1:1/none", folder)
    dbt(env, folder, "parse")
    found: Node = json.loads((folder / "target" / "manifest.json").read_text())
    return found


@pytest.fixture(scope="module")
def models(manifest: Node) -> list[Node]:
    return [
        node
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model" and node["package_name"] == "branchline"
    ]


def layer(model: Node) -> str:
    return Path(model["path"]).parts[0]


def test_every_description_says_the_grain_first(models: list[Node]) -> None:
    assert [m["name"] for m in models if not m["description"].startswith("One row per ")] == []


def test_every_column_is_described(models: list[Node]) -> None:
    bare = [
        f"{model['name']}.{name}"
        for model in models
        for name, column in model["columns"].items()
        if not column["description"].strip()
    ]
    assert bare == []
    assert [model["name"] for model in models if not model["columns"]] == []


def test_every_mart_has_a_contract_and_a_primary_key(models: list[Node]) -> None:
    for model in models:
        if layer(model) != "marts":
            continue
        assert model["config"]["contract"]["enforced"], model["name"]
        constraints = [c["type"] for c in model["constraints"]] + [
            constraint["type"]
            for column in model["columns"].values()
            for constraint in column["constraints"]
        ]
        assert constraints.count("primary_key") == 1, model["name"]


def test_every_mart_tells_the_questions_it_answers(models: list[Node]) -> None:
    marts = [model for model in models if layer(model) == "marts"]
    assert [m["name"] for m in marts if "Questions:" not in m["description"]] == []


def test_only_staging_reads_raw_and_each_model_only_one_table_there(models: list[Node]) -> None:
    for model in models:
        sources = [name for name in model["depends_on"]["nodes"] if name.startswith("source.")]
        assert len(sources) == (1 if layer(model) == "staging" else 0), model["name"]


def test_marts_are_read_by_marts_only(models: list[Node]) -> None:
    layers = {model["unique_id"]: layer(model) for model in models}
    for model in models:
        read = {layers.get(name) for name in model["depends_on"]["nodes"]}
        assert layer(model) == "marts" or "marts" not in read, model["name"]


def test_personal_data_is_marked_wherever_it_stands(models: list[Node]) -> None:
    unmarked = [
        f"{model['name']}.{name}"
        for model in models
        for name, column in model["columns"].items()
        if (name in PERSONAL or (name in PERSONAL_OF_PEOPLE and "stores" not in model["name"]))
        and not column["config"]["meta"].get("contains_pii")
    ]
    assert unmarked == []


def test_a_customers_key_is_a_token_to_analysts(models: list[Node]) -> None:
    # A hash of names without a secret in it can be found by hashing all names there are.
    ways = {
        model["name"]: column["config"]["meta"].get("masked_by")
        for model in models
        if layer(model) == "marts"
        for name, column in model["columns"].items()
        if name.endswith("customer_key")
    }
    assert ways
    assert set(ways.values()) == {"token"}, ways


def test_every_model_beyond_staging_has_a_unit_test(manifest: Node, models: list[Node]) -> None:
    tested = {
        name for test in manifest["unit_tests"].values() for name in test["depends_on"]["nodes"]
    }
    untested = [
        model["name"]
        for model in models
        if layer(model) != "staging" and model["unique_id"] not in tested
    ]
    assert untested == []


def test_every_report_has_readers_and_a_line_back_to_raw(
    manifest: Node, models: list[Node]
) -> None:
    read = {
        name
        for exposure in manifest["exposures"].values()
        for name in exposure["depends_on"]["nodes"]
    }
    for model in models:
        if not model["name"].startswith("rpt_"):
            continue
        assert model["unique_id"] in read, model["name"]
        above, seen = list(model["depends_on"]["nodes"]), set()
        while above:
            name = above.pop()
            if name not in seen:
                seen.add(name)
                above.extend(manifest["parent_map"].get(name, []))
        assert "source.branchline.branch_pos.branch_pos_transactions" in seen, model["name"]
