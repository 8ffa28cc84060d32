"""Changes that dbt does not see, with a small manifest; and the reasons to refuse a call."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest

from base.errors import BranchlineError
from operate.dbt.ci_changes import and_above, and_below, unseen_changes
from operate.runs.ci_build import check_prefix, read_state


def node(text: str, *macros: str, **more: Any) -> dict[str, Any]:
    return {
        "resource_type": "model",
        "raw_code": text,
        "config": {},
        "depends_on": {"macros": [f"macro.shop.{name}" for name in macros]},
        **more,
    }


def macro(text: str, *macros: str) -> dict[str, Any]:
    called = [f"macro.shop.{name}" for name in macros]
    return {"macro_sql": text, "depends_on": {"macros": called}}


MANIFEST: dict[str, Any] = {
    "metadata": {"project_name": "shop"},
    "nodes": {
        "model.shop.sales": node("select 1"),
        "model.shop.weeks": node("{{ rounded() }}", "rounded"),
        "model.shop.months": node(
            "{{ var('first_month') }}", config={"incremental_strategy": "replace_months"}
        ),
        "test.shop.months_are_known": node(
            "{{ test_known() }}",
            resource_type="test",
            test_metadata={"kwargs": {"since": "{{ var('first_month') }}"}},
        ),
        "operation.shop.on_run_start": node("{{ open() }}", "open", resource_type="operation"),
        "analysis.shop.look": {"resource_type": "analysis", "depends_on": {}},
    },
    "macros": {
        "macro.shop.rounded": macro("round({{ digits() }})", "digits"),
        "macro.shop.digits": macro("{{ var('digits') }}"),
        "macro.shop.get_incremental_replace_months_sql": macro("delete"),
        "macro.shop.open": macro("insert {{ var('note') }}"),
        "macro.dbt.create_table": macro("create", "made"),
        "macro.shop.made": macro("as"),
        "macro.dbt.own": macro("dbt's"),
    },
    "parent_map": {"model.shop.weeks": ["model.shop.sales"], "model.shop.sales": []},
    "child_map": {"model.shop.sales": ["model.shop.weeks"], "model.shop.weeks": []},
}
VARIABLES = {"first_month": "2020-01", "digits": 2}
EVERYTHING = {name for name in MANIFEST["nodes"] if name.startswith(("model", "test"))}


def found(manifest: dict[str, Any] = MANIFEST, **variables: object) -> list[tuple[set[str], str]]:
    changes = unseen_changes(MANIFEST, manifest, VARIABLES, {**VARIABLES, **variables})
    return [(set(change.nodes), change.reason) for change in changes]


def with_macro(name: str, text: str | None) -> dict[str, Any]:
    changed = copy.deepcopy(MANIFEST)
    if text is None:
        del changed["macros"][name]
    else:
        changed["macros"][name]["macro_sql"] = text
    return changed


def test_the_same_project_has_no_unseen_change() -> None:
    assert found() == []


@pytest.mark.parametrize("name", ["macro.shop.rounded", "macro.shop.digits", "macro.dbt.own"])
def test_macros_that_models_name_are_left_to_dbt(name: str) -> None:
    assert found(with_macro(name, "changed")) == []


def test_a_changed_strategy_affects_its_models() -> None:
    ((nodes, reason),) = found(with_macro("macro.shop.get_incremental_replace_months_sql", "merge"))
    assert nodes == {"model.shop.months"}
    assert reason == "the incremental strategy replace_months has changed"


@pytest.mark.parametrize(
    ("name", "called"), [("macro.shop.open", "open"), ("macro.shop.made", "create_table")]
)
@pytest.mark.parametrize("text", ["changed", None])
def test_a_changed_macro_of_a_hook_or_of_dbt_affects_everything(
    name: str, called: str, text: str | None
) -> None:
    ((nodes, reason),) = found(with_macro(name, text))
    assert nodes == EVERYTHING
    assert reason == f"a macro that no model names has changed ({called})"


def test_a_changed_variable_affects_its_direct_and_indirect_users() -> None:
    assert found(first_month="2021-01") == [
        (
            {"model.shop.months", "test.shop.months_are_known"},
            "the variable first_month has changed",
        )
    ]
    assert found(digits=3) == [({"model.shop.weeks"}, "the variable digits has changed")]
    assert found(note="short") == [(EVERYTHING, "the variable note has changed")]
    assert found(of_no_model=1) == []


def test_unknown_variables_are_not_compared() -> None:
    assert unseen_changes(MANIFEST, MANIFEST, None, VARIABLES) == []


def test_upstream_and_downstream() -> None:
    assert and_below(MANIFEST, ["model.shop.sales"]) == {"model.shop.sales", "model.shop.weeks"}
    assert and_above(MANIFEST, ["model.shop.weeks"]) == {"model.shop.sales", "model.shop.weeks"}


@pytest.mark.parametrize("prefix", ["", "7", "Pr_7", "pr-7", "pr_7;drop", "raw", "marts", "p" * 41])
def test_invalid_prefixes_are_refused(prefix: str) -> None:
    with pytest.raises(BranchlineError, match="prefix"):
        check_prefix(prefix)


def test_a_folder_without_a_state_is_reported(tmp_path: Path) -> None:
    with pytest.raises(BranchlineError, match=r"no .*manifest\.json"):
        read_state(tmp_path)
    (tmp_path / "manifest.json").write_text("{}")
    with pytest.raises(BranchlineError, match="not a manifest"):
        read_state(tmp_path)
