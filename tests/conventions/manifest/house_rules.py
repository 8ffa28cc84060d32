"""The project's own rules for dbt-bouncer; dbt-bouncer.yml says where each applies.

A check is named after the resource it checks: dbt-bouncer calls it once for each of them.
"""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import Any

from dbt_bouncer.check_framework import check, fail

PERSONAL_META = "contains_pii"
# A model that consists only of such a call is generated; the test of the contract checks its rows.
GENERATED = re.compile(r"\s*\{\{\s*every_[a-z]+\([^{}]*\)\s*\}\}\s*")


def _meta(node: Any) -> dict[str, Any]:
    """The meta of a node or a column; empty if it has none."""
    config = getattr(node, "config", None)
    return dict(getattr(config, "meta", None) or getattr(node, "meta", None) or {})


def _constraint_types(holder: Any) -> list[str]:
    """The types of constraint that a model or a column declares."""
    return [str(getattr(c.type, "value", c.type)) for c in holder.constraints or []]


@check(code="BL001")
def check_model_has_group(model: Any) -> None:
    """Models must be in a group, so that they have an owner."""
    if not (model.group or getattr(model.config, "group", None)):
        fail(f"`{model.name}` is in no group: give its folder one in dbt_project.yml.")


@check(code="BL002")
def check_model_has_one_primary_key(model: Any) -> None:
    """Models must declare one primary key, for the model or for one of its columns."""
    declared = _constraint_types(model)
    for column in model.columns.values():
        declared += _constraint_types(column)
    if declared.count("primary_key") != 1:
        fail(f"`{model.name}` declares {declared.count('primary_key')} primary keys, not one.")


@check(code="BL003")
def check_model_lists_its_columns(model: Any) -> None:
    """Models must list their columns; another check requires their descriptions."""
    if not model.columns:
        fail(f"`{model.name}` lists no column in its YAML file.")


@check(code="BL004")
def check_model_is_named_after_its_source(model: Any, *, prefix: str) -> None:
    """Models in a folder of one source must be named `<prefix>_<folder>__<entity>`.

    Parameters:
        prefix: The prefix of the name, such as `stg`.
    """
    source = PurePosixPath(model.original_file_path).parent.name
    if not re.fullmatch(f"{prefix}_{source}__[a-z_]+", model.name):
        fail(f"`{model.name}` is in the folder of {source}: name it {prefix}_{source}__...")


@check(code="BL005")
def check_model_reads_its_own_source_only(model: Any, ctx: Any, *, shared: list[str]) -> None:
    """Models in a folder of one source must not read a folder of another source.

    Parameters:
        shared: Folders of models that every source may read, such as `models/staging/ingest`.
    """
    source = PurePosixPath(model.original_file_path).parent.name
    for name in model.depends_on.nodes or []:
        read = ctx.models_by_unique_id.get(name)
        if read is None:
            continue
        folder = PurePosixPath(read.original_file_path).parent
        if str(folder) not in shared and folder.name != source:
            fail(f"`{model.name}` reads `{read.name}`, which is not a model of {source}.")


@check(code="BL006")
def check_model_marks_personal_data(
    model: Any, *, column_name_pattern: str, not_in_models: str = "$^"
) -> None:
    """Columns whose name says that they hold personal data must be marked `contains_pii`.

    Parameters:
        column_name_pattern: Regexp for the whole name of such a column.
        not_in_models: Regexp for models in which these columns are not personal.
    """
    if re.search(not_in_models, model.name):
        return
    unmarked = [
        name
        for name, column in model.columns.items()
        if re.fullmatch(column_name_pattern, name) and not _meta(column).get(PERSONAL_META)
    ]
    if unmarked:
        fail(f"`{model.name}` does not mark {unmarked} as personal data (meta: contains_pii).")


@check(code="BL007")
def check_model_masks_columns(model: Any, *, column_name_pattern: str, masked_by: str) -> None:
    """Columns with such a name must be masked in this way.

    Parameters:
        column_name_pattern: Regexp for the whole name of such a column.
        masked_by: The value of the column's meta `masked_by`.
    """
    unmasked = [
        name
        for name, column in model.columns.items()
        if re.fullmatch(column_name_pattern, name) and _meta(column).get("masked_by") != masked_by
    ]
    if unmasked:
        fail(f"`{model.name}` does not mask {unmasked} (meta: masked_by: {masked_by}).")


@check(code="BL010")
def check_model_keys_are_short(model: Any, *, column_name_pattern: str) -> None:
    """Texts in keys and indexes must be short, because an index entry is limited in size.

    A text from a file may be as long as a line; one such row would fail every later run.

    Parameters:
        column_name_pattern: Regexp for the whole name of a short text: a hash, a code.
    """
    texts = {
        name: column
        for name, column in model.columns.items()
        if str(column.data_type or "text").lower() in ("text", "varchar")
    }
    keyed = [name for constraint in model.constraints or [] for name in constraint.columns or []]
    keyed += [
        name
        for name, column in texts.items()
        if {"primary_key", "unique"} & set(_constraint_types(column))
    ]
    for index in getattr(model.config, "indexes", None) or []:
        keyed += dict(index)["columns"]
    long = sorted(
        {name for name in keyed if name in texts and not re.fullmatch(column_name_pattern, name)}
    )
    if long:
        fail(f"`{model.name}` has {long} in a key or an index: take a hash of it (short_key).")


@check(code="BL009")
def check_model_with_logic_has_unit_test(model: Any, ctx: Any) -> None:
    """Models must have a unit test, unless a macro generates their whole text."""
    if GENERATED.fullmatch(model.raw_code or ""):
        return
    tested = {
        name
        for unit_test in ctx.manifest_obj.manifest.unit_tests.values()
        for name in unit_test.depends_on.nodes or []
    }
    if model.unique_id not in tested:
        fail(f"`{model.name}` has no unit test.")


@check(code="BL008")
def check_source_has_freshness_or_a_reason(source: Any) -> None:
    """Source tables must declare freshness, or the reason for none (`meta: no_freshness`)."""
    freshness = source.freshness
    bounds = [freshness.warn_after, freshness.error_after] if freshness else []
    is_bounded = any(bound and bound.count for bound in bounds)
    reason = str(_meta(source).get("no_freshness") or "").strip()
    name = f"{source.source_name}.{source.name}"
    if not is_bounded and not reason:
        fail(f"`{name}` has neither `freshness` nor a reason for none (`meta: no_freshness`).")
    if is_bounded and reason:
        fail(f"`{name}` has `freshness`, and a reason for none (`meta: no_freshness`).")
