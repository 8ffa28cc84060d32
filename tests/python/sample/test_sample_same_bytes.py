"""The same arguments give the same bytes in any environment."""

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


@pytest.mark.parametrize("hash_seed", ["0", "1", "4242"])
def test_string_hashing_locale_and_time_zone_do_not_matter(hash_seed: str) -> None:
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
    assert child.stdout.strip() == _digest(Company(branches=2, days=12, seed=7))


def test_another_seed_is_another_company() -> None:
    digests = {_digest(Company(branches=2, days=3, seed=seed)) for seed in range(5)}
    assert len(digests) == 5


def test_another_start_moves_the_days() -> None:
    start = date(2024, 2, 29)
    first = next(deliveries(Company(branches=1, days=1, start=start)))
    assert first.truth.business_date == first.truth.delivered_on == start


@pytest.mark.parametrize(("branches", "days"), [(0, 1), (1, 0), (-1, 5)])
def test_a_company_without_sales_is_refused(tmp_path: Path, branches: int, days: int) -> None:
    with pytest.raises(SampleError, match="no sales"):
        write_company(tmp_path / "out", branches=branches, days=days)
    assert not (tmp_path / "out").exists()
