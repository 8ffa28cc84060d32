"""What ingest/__init__.py names can be had, and is imported only when it is asked for."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import ingest


def test_names_are_what_type_checkers_see() -> None:
    tree = ast.parse(Path(ingest.__file__).read_text())
    seen = {
        name.name: node.module
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("ingest.")
        for name in node.names
    }
    assert seen == ingest._HOMES
    for name, module in seen.items():
        assert getattr(ingest, name) is getattr(sys.modules[str(module)], name)


def test_another_name_is_an_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'lode'"):
        _ = ingest.lode


def test_nothing_is_imported_before_it_is_asked_for() -> None:
    code = "import sys, ingest; print(*(name for name in sys.modules if name[:7] == 'ingest.'))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
