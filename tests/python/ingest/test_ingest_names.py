"""The names of ingest/__init__.py exist, and are imported on first use."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import ingest


def test_lazy_names_match_the_type_checkers_names() -> None:
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


def test_an_unknown_name_is_an_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'lode'"):
        _ = ingest.lode


def test_modules_are_imported_on_first_use() -> None:
    code = "import sys, ingest; print(*(name for name in sys.modules if name[:7] == 'ingest.'))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
