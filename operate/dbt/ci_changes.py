"""Changes of a pull request that dbt's own `state:modified` does not see.

dbt compares the text of a model and of the macros that it names. It does not compare the variables
of dbt_project.yml, and it does not know which models depend on a macro that dbt itself calls: an
incremental strategy, a materialization, a hook. Pure functions over two manifests.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

Manifest = Mapping[str, Any]

BUILT = ("model", "seed", "snapshot")
"""Resources that become a relation."""

_STRATEGY = re.compile(r"^get_incremental_(\w+)_sql$")


@dataclass(frozen=True)
class Unseen:
    """Nodes to build although dbt sees no change in them, with the reasons."""

    nodes: frozenset[str]
    reason: str


def unseen_changes(
    before: Manifest,
    now: Manifest,
    variables_before: Mapping[str, Any] | None,
    variables_now: Mapping[str, Any],
) -> list[Unseen]:
    """What must be built besides `state:modified+`.

    `variables_before`: None if unknown; then they are not compared.
    """
    found = []
    macros = _changed_macros(before, now)
    everything, by_strategy = _called_by_dbt(now, macros & set(now["macros"]))
    # A removed macro is still in the manifest before.
    everything |= _called_by_dbt(before, macros - set(now["macros"]))[0]
    if not everything:
        for strategy in sorted(by_strategy):
            reason = f"the incremental strategy {strategy} has changed"
            found.append(Unseen(frozenset(_with_strategy(now, strategy)), reason))
    else:
        names = ", ".join(sorted(name.rpartition(".")[2] for name in everything))
        found.append(
            Unseen(frozenset(_all_nodes(now)), f"a macro that no model names has changed ({names})")
        )
    if variables_before is not None:
        for name in sorted({*variables_before, *variables_now}):
            if variables_before.get(name) != variables_now.get(name):
                found.append(
                    Unseen(
                        frozenset(_reads_variable(now, name)), f"the variable {name} has changed"
                    )
                )
    return [change for change in found if change.nodes]


def and_below(manifest: Manifest, nodes: Iterable[str]) -> set[str]:
    """The nodes with everything that depends on them."""
    return _reach(nodes, manifest["child_map"])


def and_above(manifest: Manifest, nodes: Iterable[str]) -> set[str]:
    """The nodes with everything that they depend on."""
    return _reach(nodes, manifest["parent_map"])


def _reach(nodes: Iterable[str], edges: Mapping[str, Iterable[str]]) -> set[str]:
    reached: set[str] = set()
    waiting = list(nodes)
    while waiting:
        node = waiting.pop()
        if node not in reached:
            reached.add(node)
            waiting.extend(edges.get(node, ()))
    return reached


def _changed_macros(before: Manifest, now: Manifest) -> set[str]:
    """Macros of the project that were added, removed or changed."""
    prefix = f"macro.{now['metadata']['project_name']}."

    def texts(manifest: Manifest) -> dict[str, str]:
        return {
            name: macro["macro_sql"]
            for name, macro in manifest["macros"].items()
            if name.startswith(prefix)
        }

    old, new = texts(before), texts(now)
    return {name for name in old.keys() | new.keys() if old.get(name) != new.get(name)}


def _called_by_dbt(manifest: Manifest, changed: Collection[str]) -> tuple[set[str], set[str]]:
    """The changed macros and their callers that no node names.

    Returns the macros, without incremental strategies, and the names of the strategies.
    """
    callers: dict[str, list[str]] = defaultdict(list)
    for name, macro in manifest["macros"].items():
        for called in macro["depends_on"]["macros"]:
            callers[called].append(name)
    named = {
        macro
        for node in _nodes(manifest).values()
        if node["resource_type"] != "operation"
        for macro in node["depends_on"].get("macros", ())
    }
    roots = {
        name for name in _reach(changed, callers) if name not in named and not callers.get(name)
    }
    strategies = {
        match.group(1) for name in roots if (match := _STRATEGY.match(name.rpartition(".")[2]))
    }
    return {name for name in roots if not _STRATEGY.match(name.rpartition(".")[2])}, strategies


def _with_strategy(manifest: Manifest, strategy: str) -> list[str]:
    return [
        name
        for name, node in manifest["nodes"].items()
        if node.get("config", {}).get("incremental_strategy") == strategy
    ]


def _reads_variable(manifest: Manifest, variable: str) -> list[str]:
    """Nodes that name the variable in text, arguments or configuration, or whose macros do."""
    names = re.compile(rf"""\bvar\(\s*\\?['"]{re.escape(variable)}\\?['"]""")
    macros = {
        name for name, macro in manifest["macros"].items() if names.search(macro["macro_sql"])
    }
    callers: dict[str, list[str]] = defaultdict(list)
    for name, macro in manifest["macros"].items():
        for called in macro["depends_on"]["macros"]:
            callers[called].append(name)
    reading = _reach(macros, callers)
    if _called_by_dbt(manifest, macros)[0]:
        return _all_nodes(manifest)
    return [
        name
        for name, node in _nodes(manifest).items()
        if node["resource_type"] in (*BUILT, "test")
        and (
            names.search(node.get("raw_code") or "")
            or names.search(json.dumps(node.get("test_metadata") or {}))
            or names.search(json.dumps(node.get("unrendered_config") or {}))
            or not reading.isdisjoint(node["depends_on"].get("macros", ()))
        )
    ]


def _all_nodes(manifest: Manifest) -> list[str]:
    return [
        name for name, node in _nodes(manifest).items() if node["resource_type"] in (*BUILT, "test")
    ]


def _nodes(manifest: Manifest) -> dict[str, Any]:
    return {name: {"depends_on": {}, **node} for name, node in manifest["nodes"].items()}
