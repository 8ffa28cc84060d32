"""Each rule of dbt-bouncer.yml finds its violation."""

from __future__ import annotations

import copy
import csv
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import throwaway
import yaml
from nightly import PROJECT, dbt

# On 3.10 dbt-bouncer is not installed, and its rules are not checked.
pytestmark = pytest.mark.skipif(sys.version_info < (3, 11), reason="dbt-bouncer needs Python 3.11")

Node = dict[str, Any]

INGEST = Path("staging/ingest")
"""The staging folder of the loader's own tables; it belongs to no source."""

RULES: list[Node] = yaml.safe_load((PROJECT / "dbt-bouncer.yml").read_text())["manifest_checks"]


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> Node:
    """dbt's manifest of the project; parsing needs no database."""
    folder = tmp_path_factory.mktemp("manifest")
    env = throwaway.environment(
        f"postgresql://nobody@127.0.0.1:1/{throwaway.DATABASE.format(0)}", folder
    )
    dbt(env, folder, "parse")
    found: Node = json.loads((folder / "target" / "manifest.json").read_text())
    return found


def failures(manifest: Node, folder: Path) -> dict[str, list[str]]:
    """dbt-bouncer's findings: messages by the index of the rule in dbt-bouncer.yml."""
    (folder / "target").mkdir()
    (folder / "target" / "manifest.json").write_text(json.dumps(manifest))
    results = folder / "results.json"
    done = subprocess.run(
        [
            str(Path(sys.executable).parent / "dbt-bouncer"),
            "run",
            *("--config-file", str(PROJECT / "dbt-bouncer.yml")),
            *("--output-format", "json", "--output-file", str(results)),
        ],
        cwd=PROJECT,
        env={**os.environ, "DBT_PROJECT_DIR": str(folder), "NO_COLOR": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert results.exists(), done.stdout
    found: dict[str, list[str]] = {}
    for result in json.loads(results.read_text()):
        if result["outcome"] != "success":
            name, number = result["check_run_id"].split(":")[:2]
            found.setdefault(f"{number} {name}", []).append(result["failure_message"])
    assert done.returncode == (1 if found else 0), done.stdout
    return found


class Broken:
    """A copy of a manifest with violations; each is in a copy of a valid node."""

    def __init__(self, manifest: Node) -> None:
        self.manifest = copy.deepcopy(manifest)
        self.copies = 0

    def first(self, folder: str, fits: Callable[[Node], bool] = lambda _: True) -> Node:
        """The first matching model in a folder."""
        return next(
            node
            for _, node in sorted(self.manifest["nodes"].items())
            if node["resource_type"] == "model"
            and node["original_file_path"].startswith(f"models/{folder}/")
            and fits(node)
        )

    def model(
        self, like: Node, name: str | None = None, folder: str | None = None, **changes: Any
    ) -> Node:
        """A copy of a model, under another name and optionally in another folder."""
        self.copies += 1
        made = copy.deepcopy(like)
        made |= {"name": name or f"{like['name']}_{'x' * self.copies}", **changes}
        made["unique_id"] = f"model.branchline.{made['name']}"
        path = Path(folder or Path(like["original_file_path"]).parent) / f"{made['name']}.sql"
        made["original_file_path"] = str(path)
        made["path"] = str(path.relative_to("models"))
        if "patch_path" not in changes:
            made["patch_path"] = f"branchline://{path.with_suffix('.yml')}"
        made["depends_on"] = copy.deepcopy(changes.get("depends_on", like["depends_on"]))
        self.manifest["nodes"][made["unique_id"]] = made
        self.manifest["parent_map"][made["unique_id"]] = made["depends_on"]["nodes"]
        self.manifest["child_map"][made["unique_id"]] = []
        return made

    def reading(self, like: Node, *reads: str, **changes: Any) -> Node:
        """A copy of a model that reads this."""
        return self.model(like, depends_on={"macros": [], "nodes": list(reads)}, **changes)


def break_every_rule(manifest: Node) -> Node:
    """A manifest with at least one violation of each rule."""
    broken = Broken(manifest)
    nodes = broken.manifest["nodes"]
    staging = broken.first("staging")
    other_staging = broken.first(
        "staging",
        lambda node: Path(node["path"]).parent not in (Path(staging["path"]).parent, INGEST),
    )
    conformed = broken.first("intermediate/conformed")
    customers = broken.first("intermediate/customers")
    mart = broken.first("marts/sales", lambda node: node["name"].startswith("fct_"))
    sources, exposures = broken.manifest["sources"], broken.manifest["exposures"]
    source = next(iter(sources.values()))
    exposure = next(
        e for e in exposures.values() if e["original_file_path"].endswith("_sales__exposures.yml")
    )
    seed, *_ = [node for node in nodes.values() if node["resource_type"] == "seed"]
    snapshot, *_ = [node for node in nodes.values() if node["resource_type"] == "snapshot"]
    semantic_model = next(iter(broken.manifest["semantic_models"].values()))

    # Folders and names.
    broken.model(staging, folder="models/elsewhere")
    broken.model(customers, folder="models/intermediate/elsewhere")
    broken.model(mart, folder="models/marts/elsewhere")
    broken.model(staging, name="orders")
    broken.model(conformed, name="int_orders")
    broken.model(mart, name="sold_orders", patch_path="branchline://models/elsewhere.yml")
    # Layers.
    broken.reading(staging, customers["unique_id"])
    broken.reading(staging, source["unique_id"], other_staging["depends_on"]["nodes"][0])
    broken.reading(mart, source["unique_id"])
    broken.reading(mart)
    broken.reading(customers, mart["unique_id"])
    broken.reading(
        broken.first(
            "intermediate/conformed",
            lambda node: Path(node["path"]).parent.name != Path(other_staging["path"]).parent.name,
        ),
        other_staging["unique_id"],
    )
    broken.model(mart, raw_code="select * from raw.orders")
    # Marts.
    loose = broken.model(mart, access="protected", group=None, constraints=[])
    loose["contract"] = {"enforced": False, "alias_types": True}
    loose["config"] |= {"contract": loose["contract"], "access": "protected", "group": None}
    stored = broken.model(
        broken.first("intermediate", lambda node: node["config"]["materialized"] == "incremental"),
        constraints=[],
    )
    for column in [*loose["columns"].values(), *stored["columns"].values()]:
        column["constraints"] = []
    broken.model(stored, constraints=[{"type": "primary_key", "columns": ["customer_name"]}])
    named = copy.deepcopy(next(iter(stored["columns"].values())))
    broken.model(stored, config={**stored["config"], "indexes": [{"columns": ["customer_name"]}]})
    for made in list(nodes.values())[-2:]:
        made["columns"]["customer_name"] = {**named, "name": "customer_name", "data_type": "text"}
    broken.model(customers, access="public")
    semantic_model["depends_on"]["nodes"] = [loose["unique_id"]]
    # Descriptions.
    broken.model(mart, description="Orders.")
    broken.model(mart, columns={})
    undescribed = broken.model(mart)
    next(iter(undescribed["columns"].values()))["description"] = " "
    for node in (seed, snapshot, source):
        node["description"] = ""
    source["source_description"] = ""
    # Tests.
    snapshot["name"] = "orders"
    snapshot["config"]["unique_key"] = None
    orphan = {**source, "name": "orders", "unique_id": f"{source['unique_id']}_orders"}
    orphan |= {"freshness": None, "config": {**source["config"], "meta": {}}, "meta": {}}
    sources[orphan["unique_id"]] = orphan
    # What people query.
    broken.model(broken.first("marts/sales", lambda node: node["name"].startswith("rpt_")))
    exposure["description"] = ""
    exposure["owner"] = {"name": "Somebody", "email": None}
    views = [customers["unique_id"]]
    for _ in range(4):
        view = broken.reading(customers, views[-1], access="protected")
        view["config"]["materialized"] = "view"
        views.append(view["unique_id"])
    broken.reading(mart, views[-1])
    exposure["depends_on"]["nodes"] = [views[-1]]
    broken.model(mart, name="rpt_orders")
    # Personal data.
    for name in ("customer_name", "address", "customer_key"):
        like = next(iter(mart["columns"].values()))
        bare = {**like, "name": name, "meta": {}, "config": {**like["config"], "meta": {}}}
        broken.model(mart, columns={name: bare})
    return broken.manifest


def test_the_stored_rows_of_a_unit_test_need_no_table(manifest: Node) -> None:
    """A first build runs unit tests before the table exists whose columns dbt would look up."""
    of_this = [
        (test["name"], given["format"])
        for test in manifest["unit_tests"].values()
        for given in test["given"]
        if given["input"] == "this"
    ]
    assert of_this
    assert [name for name, form in of_this if form != "sql"] == []


def test_the_project_keeps_every_rule(manifest: Node, tmp_path: Path) -> None:
    assert failures(manifest, tmp_path) == {}


def test_every_rule_finds_its_violation(manifest: Node, tmp_path: Path) -> None:
    found = failures(break_every_rule(manifest), tmp_path)
    wanted = {f"{number} {rule['name']}" for number, rule in enumerate(RULES)}
    assert wanted - set(found) == set()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"freshness": None}, "neither `freshness` nor a reason"),
        ({"meta": {"no_freshness": "It never comes late."}}, "and a reason for none"),
    ],
)
def test_a_table_has_either_freshness_or_a_reason(
    manifest: Node, tmp_path: Path, change: Node, said: str
) -> None:
    changed = copy.deepcopy(manifest)
    source = next(s for s in changed["sources"].values() if s["freshness"]["warn_after"]["count"])
    source |= change
    source["config"] |= change
    ((message,),) = failures(changed, tmp_path).values()
    assert said in message


def test_every_exception_of_the_evaluator_has_a_reason_and_exists(
    manifest: Node,
) -> None:
    resources = [*manifest["nodes"].values(), *manifest["sources"].values()]
    names = {
        f"{node['source_name']}.{node['name']}" if "source_name" in node else node["name"]
        for node in resources
        if node["resource_type"] != "test"
    }
    with (PROJECT / "seeds" / "dbt_project_evaluator_exceptions.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert rows
    for row in rows:
        assert list(row) == ["fct_name", "column_name", "id_to_exclude", "comment"]
        assert row["comment"].strip(), row
        # As in SQL's `like`; an underscore also matches itself.
        pattern = re.escape(row["id_to_exclude"]).replace("%", ".*")
        assert [name for name in names if re.fullmatch(pattern, name)], row
