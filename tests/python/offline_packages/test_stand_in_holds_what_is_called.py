"""The offline stand-in of dbt_utils has exactly what the project calls."""

from __future__ import annotations

import re
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[3]
STAND_IN = PROJECT / "offline_packages" / "dbt_utils"
CALLING_FOLDERS = ("models", "macros", "seeds", "snapshots", "analyses", "tests/data")

DEFINITION = re.compile(r"\{%-?\s*(macro|test)\s+(\w+)\s*\(")
CALL = re.compile(r"\bdbt_utils\.(\w+)")
DISPATCH = re.compile(r"adapter\.dispatch\(\s*'(\w+)'\s*,\s*'dbt_utils'")
COMMENT = re.compile(r"\{#.*?#\}", re.DOTALL)


def definitions(folder: Path) -> dict[str, str]:
    """Every macro of the package's folder by the name dbt knows it by, with its text."""
    found: dict[str, str] = {}
    for file in sorted((folder / "macros").rglob("*.sql")):
        text = COMMENT.sub("", file.read_text(encoding="utf-8"))
        starts = list(DEFINITION.finditer(text))
        ends = [start.start() for start in starts[1:]] + [len(text)]
        for start, end in zip(starts, ends, strict=True):
            kind, name = start.groups()
            found[f"test_{name}" if kind == "test" else name] = text[start.start() : end]
    return found


def calls(project: Path) -> dict[str, set[str]]:
    """Every name called as `dbt_utils.<name>` in the project's dbt files, with its callers."""
    found: dict[str, set[str]] = {}
    files = [project / "dbt_project.yml"]
    for folder in CALLING_FOLDERS:
        files += (file for file in (project / folder).rglob("*") if file.is_file())
    for file in files:
        # A name in a Markdown file is a mention and not a call.
        if file.suffix in {".sql", ".yml", ".yaml"}:
            text = COMMENT.sub("", file.read_text(encoding="utf-8"))
            for name in CALL.findall(text):
                found.setdefault(name, set()).add(file.relative_to(project).as_posix())
    return found


def reached(names: set[str], defined: dict[str, str]) -> set[str]:
    """The macros with these names, and all that they call in turn."""
    open_names = {one for name in names for one in (name, f"test_{name}") if one in defined}
    seen: set[str] = set()
    while open_names:
        name = open_names.pop()
        seen.add(name)
        called = set(CALL.findall(defined[name]))
        called |= {f"default__{one}" for one in DISPATCH.findall(defined[name])}
        open_names |= (called & set(defined)) - seen
    return seen


def test_every_call_is_provided() -> None:
    defined = definitions(STAND_IN)
    missing = {
        name: sorted(callers)
        for name, callers in calls(PROJECT).items()
        if name not in defined and f"test_{name}" not in defined
    }
    assert not missing, f"add these to {STAND_IN.relative_to(PROJECT)}, with answers: {missing}"


def test_the_stand_in_has_no_unused_macros() -> None:
    defined = definitions(STAND_IN)
    unused = set(defined) - reached(set(calls(PROJECT)), defined)
    assert not unused, f"remove these, and the questions about them: {sorted(unused)}"


def test_the_macros_are_found_as_dbt_finds_them(tmp_path: Path) -> None:
    """Checks the helpers of the two tests above with a known package and project."""
    macros = tmp_path / "package" / "macros"
    macros.mkdir(parents=True)
    (macros / "a.sql").write_text(
        "{# {% macro remarked() %} #}{%- macro used(x) -%}"
        "{{ adapter.dispatch('used', 'dbt_utils')(x) }}{% endmacro %}"
        "{% macro default__used(x) %}{{ dbt_utils.inner() }}{% endmacro %}"
        "{% macro inner() %}{% endmacro %}{% macro idle() %}{% endmacro %}"
        "{% test checked(model) %}{% endtest %}",
        encoding="utf-8",
    )
    defined = definitions(tmp_path / "package")
    assert set(defined) == {"used", "default__used", "inner", "idle", "test_checked"}

    models = tmp_path / "models" / "deeper"
    models.mkdir(parents=True)
    (models / "m.sql").write_text("{{ dbt_utils.used(1) }} {# dbt_utils.idle() #}", "utf-8")
    (models / "m.yml").write_text("- dbt_utils.checked\n- dbt_utils.absent\n", "utf-8")
    (tmp_path / "dbt_project.yml").write_text("name: x\n", "utf-8")
    called = calls(tmp_path)
    assert called == {
        "used": {"models/deeper/m.sql"},
        "checked": {"models/deeper/m.yml"},
        "absent": {"models/deeper/m.yml"},
    }
    assert reached(set(called), defined) == set(defined) - {"idle"}
