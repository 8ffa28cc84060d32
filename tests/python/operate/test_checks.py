"""The tests as one check: their exit code counts."""

from __future__ import annotations

import pytest

from operate.project.checks import run_tests


@pytest.mark.parametrize(
    ("statement", "failed"), [("pass", []), ("raise SystemExit(1)", ["timeit"])]
)
def test_failed_checks_are_named(statement: str, failed: list[str]) -> None:
    said: list[str] = []
    assert run_tests(said.append, ("timeit", "-n1", "-r1", statement)) == failed
    assert said == ["timeit ..."]
