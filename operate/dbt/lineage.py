"""Which raw tables each node of dbt reads: a summary of the manifest, kept beside it.

A night needs it before dbt has read the project.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from base.files import write_private
from operate.dbt.folders import target_folder

LEDGER = "ingest"
"""The dbt source of the loader's own tables. Nearly every node reads the ledger: for its own files.
A node that reads nothing else is about all files."""

_BUILT = ("model", "snapshot", "test")


@dataclass(frozen=True)
class Lineage:
    """What a project version reads, directly or through other nodes.

    `sources`: dbt's name of each source table, but the ledger's, by its schema and name.
    `about_files`: path (fqn) of each node that reads the ledger and no other source.
    `incremental`: the tables that each incremental model reads.
    `views`: the view of each model, by its path, that a build leaves as it is: no view reads the
    end of the ledger, and below these no table is replaced.
    `read_by_views`: the tables that each of these reads.
    `other_views`: paths of the other views, which a build makes again.
    """

    fingerprint: str
    sources: dict[str, str]
    about_files: list[str]
    incremental: dict[str, list[str]]
    views: dict[str, str]
    read_by_views: dict[str, list[str]]
    other_views: list[str]

    def readers(self, tables: Collection[str], standing: Collection[str] = ()) -> list[str]:
        """dbt's arguments that select the nodes that read one of these tables, without those of
        `views` that stand.
        """
        selected = [
            path
            for path in self.views
            if path in self.about_files or set(self.read_by_views[path]) & set(tables)
        ]
        built = {path for path in selected if self.views[path] not in standing}
        left_out = sorted(
            {
                _left_out(path, built.union(self.other_views))
                for path in selected
                if path not in built
            }
        )
        return [
            *("--indirect-selection", "empty", "--select"),
            *(f"source:{self.sources[table]}+" for table in sorted(tables)),
            *(f"fqn:{path}" for path in self.about_files),
            *(("--exclude", *left_out) if left_out else ()),
        ]

    def left_out(self, tables: Collection[str]) -> list[str]:
        """The incremental models that read none of these tables."""
        return [name for name, read in self.incremental.items() if not set(read) & set(tables)]


def _left_out(path: str, built: Collection[str]) -> str:
    """What selects a view, and others around it, but none of the views that are built.

    All views of the largest folder without one of those: dbt takes 20 ms for each path that it is
    given, because it compares it with all nodes.
    """
    names = path.split(".")
    for count in range(1, len(names)):
        folder = ".".join(names[:count])
        if not any(other.startswith(f"{folder}.") for other in built):
            return f"fqn:{folder},config.materialized:view"
    return f"fqn:{path}"


def note_lineage(project: Path, environment: Mapping[str, str], fingerprint: str) -> None:
    """Keep the lineage of the build that has just ended, if it is of another version."""
    if read_lineage(project, environment, fingerprint) is not None:
        return
    target = target_folder(project, environment)
    manifest, results = (_content(target / f"{name}.json") for name in ("manifest", "run_results"))
    # With DBT_WRITE_JSON=false dbt writes none; the one there may be of another version.
    if manifest is None or results is None or _run(manifest) != _run(results):
        return
    lineage = lineage_of(manifest, fingerprint)
    write_private(_file(target), json.dumps(asdict(lineage)))


def read_lineage(project: Path, environment: Mapping[str, str], fingerprint: str) -> Lineage | None:
    """The kept lineage of this project version; None if there is none."""
    kept = _content(_file(target_folder(project, environment)))
    try:
        lineage = Lineage(**kept) if kept is not None else None
    except TypeError:
        return None
    return lineage if lineage is not None and lineage.fingerprint == fingerprint else None


def lineage_of(manifest: Mapping[str, Any], fingerprint: str) -> Lineage:
    """The lineage in a manifest of dbt."""
    nodes, sources = manifest["nodes"], manifest["sources"]
    ledger = {_table(source) for source in sources.values() if source["source_name"] == LEDGER}
    known: dict[str, frozenset[str]] = {
        unique_id: frozenset([_table(source)]) for unique_id, source in sources.items()
    }

    def read_by(unique_id: str) -> frozenset[str]:
        if unique_id not in known:
            inputs = nodes.get(unique_id, {}).get("depends_on", {}).get("nodes", [])
            known[unique_id] = frozenset[str]().union(*map(read_by, inputs))
        return known[unique_id]

    def stored(unique_id: str) -> str:
        node = nodes.get(unique_id, {})
        return str(node["config"]["materialized"]) if node.get("resource_type") == "model" else ""

    @functools.cache
    def is_on_a_table(unique_id: str) -> bool:
        """Whether a view reads a table that is replaced, which drops the view: dbt makes a new
        table and renames it."""
        inputs = nodes[unique_id]["depends_on"]["nodes"]
        return any(
            stored(one) == "table" or (stored(one) == "view" and is_on_a_table(one))
            for one in inputs
        )

    views = [
        (".".join(node["fqn"]), unique_id)
        for unique_id, node in nodes.items()
        if stored(unique_id) == "view"
    ]
    standing = [(path, one) for path, one in views if not is_on_a_table(one)]
    return Lineage(
        fingerprint,
        {
            _table(source): f"{source['source_name']}.{source['name']}"
            for source in sources.values()
            if source["source_name"] != LEDGER
        },
        sorted(
            ".".join(node["fqn"])
            for unique_id, node in nodes.items()
            if node["resource_type"] in _BUILT and read_by(unique_id)
            if read_by(unique_id) <= ledger
        ),
        {
            node["name"]: sorted(read_by(unique_id) - ledger)
            for unique_id, node in nodes.items()
            if stored(unique_id) == "incremental"
        },
        {path: f'"{nodes[one]["schema"]}"."{nodes[one]["alias"]}"' for path, one in standing},
        {path: sorted(read_by(one) - ledger) for path, one in standing},
        sorted(path for path, one in views if is_on_a_table(one)),
    )


def _table(source: Mapping[str, Any]) -> str:
    return f"{source['schema']}.{source['identifier']}"


def _file(target: Path) -> Path:
    return target / "branchline_lineage.json"


def _content(path: Path) -> dict[str, Any] | None:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return content if isinstance(content, dict) else None


def _run(artifact: Mapping[str, Any]) -> object:
    return artifact.get("metadata", {}).get("invocation_id")
