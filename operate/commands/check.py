"""`branchline check`: what `make test` runs."""

from __future__ import annotations

import click

from base.printing import say
from operate.project.checks import run_checks, run_tests, style_checks


@click.command()
@click.option("--lint-only", is_flag=True, help="Skip the tests.")
@click.option("--only", metavar="NAME", help="Run only this check of style or types.")
def check(lint_only: bool, only: str | None) -> int:
    """Check the project itself: style, types, SQL, then all tests.

    Needed databases are created for this and removed; the user's warehouse is never touched.
    """
    checks = [one for one in style_checks() if only in (None, one.name)]
    if not checks:
        names = ", ".join(one.name for one in style_checks())
        raise click.UsageError(f"There is no check '{only}'; there are: {names}.")
    failed = run_checks(checks, say)
    left_out = ""
    if not (lint_only or only):
        if failed:
            left_out = "; the tests were not run"
        else:
            failed = run_tests(say)
    if failed:
        say(f"Failed: {', '.join(failed)}{left_out}.", err=True)
    return 1 if failed else 0
