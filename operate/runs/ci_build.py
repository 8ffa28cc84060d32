"""The build of a pull request: its changes, in separate schemas beside those of main.

Unchanged models are read from main's schemas (dbt's `--defer`). These must be complete, and their
high-water marks are copied into the build's own metadata, because models and tests read the marks
of the models that they read.
"""

from __future__ import annotations

import contextlib
import json
import re
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from psycopg2 import sql
from psycopg2.extensions import connection as Link

from base.errors import BranchlineError
from base.link import Connection, open_link
from base.locks import Lock
from base.settings import Settings
from operate.access.lowered import lowered
from operate.dbt.build import BuildProgress, BuildResult, run_dbt
from operate.dbt.ci_changes import BUILT, Manifest, and_above, and_below, unseen_changes
from operate.dbt.folders import target_folder
from operate.dbt.packages import install_packages
from operate.dbt.process import dbt_environment, quiet_dbt
from operate.dbt.profile import prepare_profile
from operate.server.connecting import ensure_warehouse
from operate.server.notes import prepare_notes
from operate.terminal.progress import Update

Show = Callable[[str], AbstractContextManager[Update]]

TARGET = "ci"
# The comment on each schema, by which a later call recognises its own.
COMMENT = "Made by `branchline ci --schema {prefix}`, which removes it again."
HOW_TO_MAKE_STATE = (
    "A state is a folder with the manifest.json that dbt writes to target/ and the"
    " dbt_project.yml of main; docs/ci.md shows how to create one."
)
# PostgreSQL cuts names to 63 bytes; the longest layer is `dbt_test__audit`.
_PREFIX = re.compile(r"[a-z][a-z0-9_]{0,39}")
# `raw_staging` is the loader's.
_TAKEN = ("raw", "marts")


@dataclass(frozen=True)
class State:
    """The state of main: its manifest, and its variables if its dbt_project.yml is there."""

    manifest: Manifest
    variables: Mapping[str, Any] | None

    @property
    def prefix(self) -> str:
        """The prefix of the layers in which main was built; empty in production."""
        for node in self.manifest["nodes"].values():
            layer = node["config"].get("schema")
            if node["resource_type"] in BUILT and layer:
                return str(node["schema"]).removesuffix(layer)
        return ""


@dataclass
class CiReport:
    """The result of a build of changes; without a `build` if nothing has changed.

    `relations`: names of the models, seeds and snapshots that were built, in alphabetical order.
    `reasons`: why more of them than dbt's own comparison selects. `kept`: remaining schemas.
    """

    relations: list[str] = field(default_factory=list)
    tests: int = 0
    reasons: list[str] = field(default_factory=list)
    build: BuildResult | None = None
    kept: list[str] = field(default_factory=list)


def build_changes(
    settings: Settings,
    folder: Path,
    prefix: str,
    *,
    keep: bool,
    say: Callable[[str], None],
    show: Show,
    found: Callable[[CiReport], None],
) -> CiReport:
    """Build and test what differs from the state of main in `folder`, and everything downstream.

    The schemas are `<prefix>_staging`, `<prefix>_marts` and so on; they are dropped when
    this returns or raises, unless `keep` is set. `found` is called before the build with what it
    will build. Raises BranchlineError when the work cannot begin.
    """
    check_prefix(prefix)
    state = read_state(folder)
    if state.variables is None:
        say(f"{folder} has no dbt_project.yml: changed variables are not detected.")
    install_packages(settings.project, say)
    prepare_profile(settings.project, say)
    with lowered(ensure_warehouse(settings, say)) as connection:
        return _build_changes(
            settings, connection, state, prefix, keep=keep, show=show, found=found
        )


def _build_changes(
    settings: Settings,
    connection: Connection,
    state: State,
    prefix: str,
    *,
    keep: bool,
    show: Show,
    found: Callable[[CiReport], None],
) -> CiReport:
    environment = {
        **dbt_environment(settings, connection),
        "BRANCHLINE_CI_SCHEMA": prefix,
        # A separate folder: the state may be in target/ itself.
        "DBT_TARGET_PATH": str(target_folder(settings.project) / "ci"),
    }
    with (
        open_link(connection.url) as link,
        _alone(link, prefix),
        tempfile.TemporaryDirectory(prefix="branchline-state-") as moved,
    ):
        _write_state(state, Path(moved), connection.database)
        with show("Comparing the project with main"):
            seen = _modified(settings.project, environment, moved)
        now = _read_manifest(target_folder(settings.project, environment) / "manifest.json")
        unseen = unseen_changes(
            state.manifest, now, state.variables, _variables(settings.project / "dbt_project.yml")
        )
        more = {node for change in unseen for node in change.nodes}
        chosen = {
            node
            for node in seen | and_below(now, more)
            if node.split(".")[0] in (*BUILT, "test", "unit_test")
        }
        report = CiReport(
            relations=sorted(
                now["nodes"][node]["name"] for node in chosen if node.split(".")[0] in BUILT
            ),
            tests=sum(1 for node in chosen if node.split(".")[0] in ("test", "unit_test")),
            reasons=[change.reason for change in unseen],
        )
        if not chosen:
            return report
        found(report)
        _check_main(link, state, now, chosen)
        schemas = _schemas(now, prefix)
        with _schemas_made(link, prefix, schemas, keep):
            _copy_marks(link, state, now, chosen, prefix)
            with show("Building and testing what has changed") as update:

                def follow(step: BuildProgress) -> None:
                    update(step.done, 0, step.note)

                report.build = run_dbt(
                    [
                        "build",
                        *("--target", TARGET, "--state", moved, "--defer"),
                        *_selection(now, chosen, more),
                    ],
                    project=settings.project,
                    environment=environment,
                    progress=follow,
                )
        report.kept = schemas if keep else []
    return report


def drop_changes(settings: Settings, prefix: str, say: Callable[[str], None]) -> list[str]:
    """Drop the schemas that a build with this prefix left, and return their names."""
    check_prefix(prefix)
    with (
        lowered(ensure_warehouse(settings, say)) as connection,
        open_link(connection.url) as link,
        _alone(link, prefix),
    ):
        schemas = _left_behind(link, prefix)
        _drop(link, schemas)
    return schemas


def check_prefix(prefix: str) -> None:
    """Raise BranchlineError if this is not a valid prefix for a build's schemas."""
    if not _PREFIX.fullmatch(prefix) or prefix in _TAKEN:
        raise BranchlineError(
            f"'{prefix}' is not a valid prefix for a build's schemas.",
            "It must begin with a lowercase letter, and have at most 40 lowercase letters, digits"
            f" and underscores; {' and '.join(_TAKEN)} are taken. An example: pr_17",
        )


def read_state(folder: Path) -> State:
    """Read the state of main. Raises BranchlineError if the folder has none."""
    path = folder / "dbt_project.yml"
    return State(
        _read_manifest(folder / "manifest.json"), _variables(path) if path.exists() else None
    )


def _read_manifest(path: Path) -> Manifest:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        _ = found["metadata"]["project_name"], found["nodes"], found["macros"], found["sources"]
    except FileNotFoundError:
        raise BranchlineError(f"There is no {path}.", HOW_TO_MAKE_STATE) from None
    except (OSError, ValueError, KeyError, TypeError):
        raise BranchlineError(f"{path} is not a manifest of dbt's.", HOW_TO_MAKE_STATE) from None
    assert isinstance(found, dict)
    return found


def _variables(project_file: Path) -> Mapping[str, Any]:
    try:
        found = yaml.safe_load(project_file.read_text(encoding="utf-8"))["vars"]
    except KeyError:
        return {}
    except (OSError, yaml.YAMLError, TypeError):
        raise BranchlineError(f"{project_file} cannot be read.", HOW_TO_MAKE_STATE) from None
    assert isinstance(found, dict)
    return found


def _write_state(state: State, folder: Path, database: str) -> None:
    """The manifest of main as if main had been built in this database, for dbt."""
    manifest = {**state.manifest}
    for kind in ("nodes", "sources"):
        manifest[kind] = {
            name: _in_database(entry, database) for name, entry in manifest[kind].items()
        }
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")


def _in_database(entry: Mapping[str, Any], database: str) -> dict[str, Any]:
    moved = {**entry, "database": database}
    if moved.get("relation_name"):
        moved["relation_name"] = moved["relation_name"].replace(
            f'"{entry["database"]}".', f'"{database}".', 1
        )
    return moved


def _modified(project: Path, environment: Mapping[str, str], state: str) -> set[str]:
    """The ids of what dbt finds changed and of everything downstream."""
    done = quiet_dbt(
        [
            *("ls", "--target", TARGET),
            *("--select", "state:modified+", "--state", state),
            *("--output", "json", "--output-keys", "unique_id"),
        ],
        project,
        environment,
    )
    if done.returncode != 0:
        raise BranchlineError(
            f"dbt could not compare the project with main. It says:\n{done.stdout.strip()[-2000:]}"
        )
    return {
        json.loads(line)["unique_id"] for line in done.stdout.splitlines() if line.startswith("{")
    }


def _selection(now: Manifest, chosen: set[str], more: set[str]) -> list[str]:
    """dbt's arguments that select `chosen`; empty for the whole project."""
    if chosen >= {name for name, node in now["nodes"].items() if node["resource_type"] in BUILT}:
        return []
    return [
        *("--select", "state:modified+"),
        *(f"{name}+" for name in sorted({now["nodes"][node]["name"] for node in more})),
    ]


def _schemas(now: Manifest, prefix: str) -> list[str]:
    """Every schema that the build may write to."""
    found = {node["schema"] for node in now["nodes"].values()} | {f"{prefix}_operations"}
    ours = sorted(schema for schema in found if schema.startswith(f"{prefix}_"))
    others = {
        node["schema"]
        for node in now["nodes"].values()
        if node["resource_type"] in BUILT and node["schema"] not in ours
    }
    if others:
        raise BranchlineError(
            f"dbt would build into {', '.join(sorted(others))}, without the prefix {prefix}.",
            "Check the target `ci` of profiles.yml and macros/generate_schema_name.sql.",
        )
    return ours


def _check_main(link: Link, state: State, now: Manifest, chosen: set[str]) -> None:
    """Raise BranchlineError unless the needed relations of main exist and are complete."""
    read = [node for node in and_above(now, chosen) - chosen if node.split(".")[0] in BUILT]
    wanted = [
        (known["schema"], known["alias"])
        for node in read
        if (known := state.manifest["nodes"].get(node))
        and known["config"]["materialized"] != "ephemeral"
    ]
    with link.cursor() as cursor:
        cursor.execute(
            "select nspname::text, relname::text from pg_class"
            " inner join pg_namespace on relnamespace = pg_namespace.oid"
        )
        missing = sorted(set(wanted) - set(cursor.fetchall()))
    if missing:
        raise BranchlineError(
            f"{len(missing)} relations of main that are needed are not in this database, such as"
            f" {'.'.join(missing[0])}.",
            "Build main here first: branchline run, in a checkout of main.",
        )
    marks = _marks(link, state)
    incremental = [
        now["nodes"][node]["name"]
        for node in read
        if now["nodes"][node]["config"]["materialized"] == "incremental"
    ]
    with link.cursor() as cursor:
        cursor.execute("select coalesce(max(file_id), 0) from raw.ingest_files")
        (end,) = cursor.fetchone() or (0,)
    behind = sorted(name for name in incremental if marks.get(name, -1) < end)
    if behind:
        raise BranchlineError(
            f"Main's models do not include all loaded files yet, such as {behind[0]}: a build now"
            " would not match them.",
            "Build main first: branchline run, in a checkout of main.",
        )


def _marks(link: Link, state: State) -> dict[str, int]:
    """Main's high-water marks by model; empty where it has none."""
    schema = f"{state.prefix}operations"
    with link.cursor() as cursor:
        cursor.execute("select to_regclass(%s) is not null", (f"{schema}.high_water_marks",))
        if cursor.fetchone() != (True,):
            return {}
        cursor.execute(
            sql.SQL("select model, file_id from {}").format(
                sql.Identifier(schema, "high_water_marks")
            )
        )
        return dict(cursor.fetchall())


def _copy_marks(link: Link, state: State, now: Manifest, chosen: set[str], prefix: str) -> None:
    """Copy the high-water marks of only those models that the build reads from main.

    A model without a mark is fully refreshed; so are all that are built here.
    """
    if not _marks(link, state):
        return
    names = sorted(now["nodes"][node]["name"] for node in chosen if node.split(".")[0] in BUILT)
    values = {
        "own": sql.Identifier(f"{prefix}_operations", "high_water_marks"),
        "main": sql.Identifier(f"{state.prefix}operations", "high_water_marks"),
    }
    with link.cursor() as cursor:
        cursor.execute(sql.SQL("create table {own} (like {main} including all)").format(**values))
        cursor.execute(
            sql.SQL("insert into {own} select * from {main} where model <> all (%s)").format(
                **values
            ),
            (names,),
        )


@contextlib.contextmanager
def _schemas_made(link: Link, prefix: str, schemas: list[str], keep: bool) -> Iterator[None]:
    """Create the schemas, with a comment by which they are recognised; always drop them.

    The schemas of a killed build are dropped first. Raises BranchlineError if a schema with that
    name was not created by a build.
    """
    left = _left_behind(link, prefix)
    with link.cursor() as cursor:
        cursor.execute(
            "select nspname::text from pg_namespace"
            " where nspname = any (%s) and nspname <> all (%s) order by 1",
            (schemas, left),
        )
        others = [name for (name,) in cursor.fetchall()]
    if others:
        raise BranchlineError(
            f"The schema {others[0]} exists already, and `branchline ci` did not create it.",
            "Choose another prefix: --schema NAME",
        )
    _drop(link, left)
    finished = False
    try:
        with link.cursor() as cursor:
            for name in schemas:
                # One statement and so one transaction: the schema is never without the comment.
                cursor.execute(
                    sql.SQL("create schema {name}; comment on schema {name} is {comment}").format(
                        name=sql.Identifier(name),
                        comment=sql.Literal(COMMENT.format(prefix=prefix)),
                    )
                )
        yield
        finished = True
    finally:
        if not (keep and finished):
            _drop(link, _left_behind(link, prefix))


def _left_behind(link: Link, prefix: str) -> list[str]:
    """Schemas that a build with exactly this prefix has created, for any layers."""
    with link.cursor() as cursor:
        cursor.execute(
            "select nspname::text from pg_namespace where starts_with(nspname, %s)"
            " and obj_description(oid, 'pg_namespace') = %s order by 1",
            (f"{prefix}_", COMMENT.format(prefix=prefix)),
        )
        return [name for (name,) in cursor.fetchall()]


def _drop(link: Link, schemas: list[str]) -> None:
    with link.cursor() as cursor:
        for name in schemas:
            cursor.execute(sql.SQL("drop schema if exists {} cascade").format(sql.Identifier(name)))


@contextlib.contextmanager
def _alone(link: Link, prefix: str) -> Iterator[None]:
    """Hold the lock on this prefix; it is released when the connection ends.

    Raises BranchlineError if another build holds it.
    """
    prepare_notes(link)
    lock = Lock("operations", "locks", f"ci {prefix}")
    if not lock.take(link):
        raise BranchlineError(
            f"Another `branchline ci` is building with the prefix {prefix}.",
            "Wait until it is done, or choose another prefix: --schema NAME",
        )
    try:
        yield
    finally:
        lock.give_back(link)
