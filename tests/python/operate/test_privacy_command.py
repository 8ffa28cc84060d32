"""`branchline privacy erase`: what it asks for, and what it says."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from click.testing import CliRunner

from base.errors import BranchlineError
from ingest import Erasure, Request
from ingest.review.customers import Person
from operate.commands import privacy
from operate.privacy import erasing
from operate.privacy.erasing import Outcome


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """The calls of an erasure that changes nothing; two rows of a customer are found."""
    calls: list[tuple[Any, ...]] = []

    def erase(
        _: object,
        __: object,
        requests: Sequence[Request] | None,
        because: str,
        ___: object,
        *,
        dry_run: bool,
    ) -> Outcome:
        calls.append((requests, because, dry_run))
        erasure = Erasure(
            persons=[Person("desk", keys=["k" * 32], rows=2), Person("tills")],
            cards=1,
            addresses=2,
            rejected_lines=1,
            rows={"desk_sales": 2},
            columns={"desk_sales": ["customer_id"]},
        )
        return Outcome(erasure, {"marts.dim_customers": 1})

    monkeypatch.setattr(privacy, "erase_all", erase)
    monkeypatch.setattr(privacy, "ensure_warehouse", lambda *_: None)
    return calls


def call(*words: str) -> tuple[int, str]:
    done = CliRunner().invoke(privacy.privacy, ["erase", *words])
    return done.exit_code, done.output


def test_requests_and_reason_are_passed_on(asked: list[tuple[Any, ...]]) -> None:
    code, said = call("--customer", "desk", "7", "--customer-key", "ab", "--because", "a letter")
    assert code == 0
    assert asked == [([Request("desk", "7"), Request(None, "ab")], "a letter", False)]
    erased = "1 customer with 1 card and 2 IP addresses were erased: 2 raw rows, 1 malformed line."
    assert erased in said
    assert f"desk {'k' * 32}: 2 rows" in said
    assert "raw.desk_sales: 2 rows (customer_id)" in said
    assert "marts.dim_customers: 1 row" in said
    assert "backups" in said
    # A number may be personal.
    assert "desk 7" not in said

    assert call("--expired", "--dry-run") == (0, said.replace("were", "would be"))
    assert asked[1:] == [(None, erasing.RETENTION, True)]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "--expired"),
        (("--expired", "--customer", "desk", "7"), "--expired"),
        (("--customer", "desk", "7"), "--because TEXT"),
    ],
)
def test_a_call_that_says_too_little_is_refused(
    asked: list[tuple[Any, ...]], words: Sequence[str], said: str
) -> None:
    code, output = call(*words)
    assert (code, asked) == (2, [])
    assert said in output


def test_an_empty_reason_is_refused(asked: list[tuple[Any, ...]]) -> None:
    with pytest.raises(BranchlineError, match="reason is empty"):
        CliRunner().invoke(
            privacy.privacy,
            ["erase", "--customer", "desk", "7", "--because", " "],
            catch_exceptions=False,
        )
    assert asked == []
