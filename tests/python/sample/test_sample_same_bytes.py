"""The same arguments give the same bytes, whatever runs them."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

import sample
from sample.company import Company, deliveries, write_company
from sample.errors import SampleError

# Two branches, twelve days, seed 7: without a store, and with the one it has. Three branches long
# enough for something odd. They change only when the made-up company is changed on purpose.
PINNED_TILLS = "ca8521e58e57fe6bad3ce373b8e4aa31cacbd1c1160deb6d4087cf4e6ac5eab3"
PINNED = "eb1f5a8f17b2822f78d90f34923fa6ced8c474a3e9fbd27a5a914d4aa75d29dd"
PINNED_LONG = "b32f2afedeeb77fa77bdb028933baca304599414089d99f78d83219a5a57302b"

_CHILD = """
import hashlib
from sample.company import Company, deliveries
seen = hashlib.sha256()
for delivery in deliveries(Company(branches=2, days=12, seed=7)):
    seen.update(delivery.path.encode() + b"\\0" + delivery.content)
print(seen.hexdigest())
"""


def _digest(company: Company) -> str:
    seen = hashlib.sha256()
    for delivery in deliveries(company):
        seen.update(delivery.path.encode() + b"\0" + delivery.content)
    return seen.hexdigest()


def _folder(root: Path) -> dict[str, bytes]:
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in root.rglob("*")
        if path.is_file()
    }


def test_two_runs_write_the_same_bytes(tmp_path: Path) -> None:
    write_company(tmp_path / "one", branches=2, days=9, seed=3)
    write_company(tmp_path / "two", branches=2, days=9, seed=3)
    assert _folder(tmp_path / "one") == _folder(tmp_path / "two")


def test_the_bytes_are_those_of_every_other_machine() -> None:
    assert _digest(Company(branches=2, days=12, seed=7, stores=0)) == PINNED_TILLS
    assert _digest(Company(branches=2, days=12, seed=7)) == PINNED
    assert _digest(Company(branches=3, days=60, seed=7)) == PINNED_LONG


@pytest.mark.parametrize("hash_seed", ["0", "1", "4242"])
def test_string_hashing_locale_and_clock_zone_play_no_part(hash_seed: str) -> None:
    project = Path(sample.__file__).parent.parent
    environment = {
        **os.environ,
        "PYTHONHASHSEED": hash_seed,
        "PYTHONPATH": str(project),
        "LC_ALL": "C",
        "TZ": "Pacific/Kiritimati",
    }
    child = subprocess.run(
        [sys.executable, "-c", _CHILD],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert child.stdout.strip() == PINNED


def test_another_seed_is_another_company() -> None:
    digests = {_digest(Company(branches=2, days=3, seed=seed)) for seed in range(5)}
    assert len(digests) == 5


def test_another_start_moves_the_days() -> None:
    first = next(deliveries(Company(branches=1, days=1, start=date(2024, 2, 29))))
    assert "_29-02-2024_" in first.path
    assert b"29/02/2024 " in first.content


def test_a_branch_day_does_not_depend_on_how_much_else_is_made() -> None:
    small = {
        delivery.path: delivery.content
        for delivery in deliveries(Company(branches=2, days=7, mess=False, stores=1))
    }
    large = {
        delivery.path: delivery.content
        for delivery in deliveries(Company(branches=4, days=14, mess=False, stores=2))
    }
    # The lists tell of every store, and the days of a file end with the company's last.
    assert len(small) == 14 + 3 + 4
    for path in ("customer.csv", "store.csv", "sales_team.csv"):
        shorter, longer = small.pop(f"sales_desk/{path}"), large[f"sales_desk/{path}"]
        assert set(shorter.splitlines()) < set(longer.splitlines())
    assert small.items() <= large.items()


@pytest.mark.parametrize(("branches", "days"), [(0, 1), (1, 0), (-1, 5)])
def test_a_company_without_sales_is_refused(tmp_path: Path, branches: int, days: int) -> None:
    with pytest.raises(SampleError, match="no sales"):
        write_company(tmp_path / "out", branches=branches, days=days)
    assert not (tmp_path / "out").exists()
