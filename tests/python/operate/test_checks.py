"""The tests and the benchmarks beside them: what counts, what is shown, what is stopped."""

from __future__ import annotations

import time

import pytest

from operate.project.checks import run_tests

RIGHT = ("timeit", "-n1", "-r1", "pass")
WRONG = ("timeit", "-n1", "-r1", "raise SystemExit('a penny is missing')")
LONG = ("timeit", "-n1", "-r1", "import time; time.sleep(600)")
BENCHMARKS = " ".join(WRONG)


@pytest.mark.parametrize(
    ("tests", "benchmarks", "failed"),
    [
        pytest.param(RIGHT, RIGHT, [], id="both pass"),
        pytest.param(WRONG, RIGHT, ["timeit"], id="the tests fail"),
        pytest.param(RIGHT, WRONG, [BENCHMARKS], id="the benchmarks fail"),
        pytest.param(WRONG, WRONG, ["timeit"], id="both fail"),
    ],
)
def test_what_fails_is_named(
    tests: tuple[str, ...], benchmarks: tuple[str, ...], failed: list[str]
) -> None:
    said: list[str] = []
    assert run_tests(said.append, tests, benchmarks) == failed
    # The tests have shown what they say as it came.
    assert ("a penny is missing" in "".join(said[1:])) == (failed == [BENCHMARKS])


def test_with_tests_that_fail_the_benchmarks_are_stopped() -> None:
    began = time.monotonic()
    assert run_tests(lambda _: None, WRONG, LONG) == ["timeit"]
    assert time.monotonic() - began < 60
