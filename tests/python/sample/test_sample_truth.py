"""The summary's truth matches an independent reading of the files.

Each source's folder beside this file has its own reader, `reading.py`, which shares no code with
the package.
"""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest

from sample.company import write_company, write_deliveries
from sample.sources import source_names
from sample.truth import CURRENT, REFUSED, REPEAT, SUPERSEDED, Summary


def _reader(source: str) -> ModuleType:
    spec = spec_from_file_location(
        f"reading_{source}", Path(__file__).parent / source / "reading.py"
    )
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


READERS = {source: _reader(source) for source in source_names()}
ALL_MESS = {kind for reader in READERS.values() for kind in reader.MESS}


def _assert_truth(summary: Summary) -> None:
    readings = [reader.Reading(summary.out / source) for source, reader in READERS.items()]
    found = {
        key: (len(sales), sum(items for items, _ in sales), sum(money for _, money in sales))
        for reading in readings
        for key, sales in reading.sales.items()
    }
    promised = {
        key: (figures.transactions, figures.items_sold, figures.net_amount)
        for key, figures in summary.expected.by_branch_day.items()
    }
    assert found == promised
    rejected_lines = sum(reading.rejected_lines for reading in readings)
    rejected_rows = sum(reading.rejected_rows for reading in readings)
    assert rejected_lines == summary.expected.rejected_lines
    assert rejected_rows == summary.expected.rejected_rows
    for branch, figures in summary.expected.by_branch.items():
        days = [days for (name, _), days in found.items() if name == branch]
        assert figures.transactions == sum(transactions for transactions, _, _ in days)
        assert figures.items_sold == sum(items for _, items, _ in days)
        assert figures.net_amount == sum(money for _, _, money in days)
    total = summary.expected.total
    assert total.transactions == sum(transactions for transactions, _, _ in found.values())
    assert total.net_amount == sum(money for _, _, money in found.values())


def test_the_default_company_matches_its_truth(company: Summary) -> None:
    _assert_truth(company)
    assert company.expected.rejected_lines > 0
    assert company.expected.rejected_rows > 0


@pytest.mark.parametrize("seed", [1, 2, 3, 11])
@pytest.mark.parametrize(("branches", "days"), [(1, 1), (1, 2), (1, 7), (3, 3), (10, 2)])
def test_small_companies_match_their_truth(
    tmp_path: Path, branches: int, days: int, seed: int
) -> None:
    summary = write_company(tmp_path, branches=branches, days=days, seed=seed)
    _assert_truth(summary)
    kinds = {trouble.kind for trouble in summary.mess}
    assert kinds <= ALL_MESS
    for reader in READERS.values():
        assert kinds >= reader.MESS_OF_ANY_COMPANY
        if branches * days >= reader.FEWEST_BRANCH_DAYS and days >= reader.FEWEST_DAYS:
            assert kinds >= reader.MESS


def test_each_source_alone_matches_its_truth(tmp_path: Path) -> None:
    for source in READERS:
        summary = write_company(tmp_path / source, branches=2, days=8, sources=(source,))
        _assert_truth(summary)
        assert {path.name for path in (tmp_path / source).iterdir() if path.is_dir()} == {source}


def test_without_mess_every_file_counts(tmp_path: Path) -> None:
    summary = write_company(tmp_path, branches=2, days=4, mess=False)
    _assert_truth(summary)
    assert summary.mess == ()
    count = len(summary.files)
    assert summary.expected.outcomes == {CURRENT: count, SUPERSEDED: 0, REPEAT: 0, REFUSED: 0}
    assert summary.expected.rejected_lines == summary.expected.rejected_rows == 0


def test_each_mishap_happens_once_with_its_place(company: Summary) -> None:
    assert Counter(trouble.kind for trouble in company.mess) == Counter(ALL_MESS)
    for trouble in company.mess:
        assert (company.out / trouble.path).is_file()
        assert trouble.sentence.endswith(".")


def test_deliveries_come_in_order_and_make_the_same_folder(company: Summary) -> None:
    delivered = list(write_deliveries())
    assert [day for day, _, _ in delivered] == sorted(day for day, _, _ in delivered)
    assert [(day, path) for day, path, _ in delivered] == [
        (truth.delivered_on, truth.path) for truth in company.files
    ]
    # A later file under the same path replaces the earlier one.
    last = {path: data for _, path, data in delivered}
    for path, data in last.items():
        assert (company.out / path).read_bytes() == data, path
    overwritten = [truth for truth in company.files if truth.overwritten_on]
    assert len(last) == len(delivered) - len(overwritten)
    for truth in overwritten:
        assert truth.outcome == SUPERSEDED
        later = [other.delivered_on for other in company.files if other.path == truth.path]
        assert truth.overwritten_on in later


def test_until_ends_the_deliveries(tmp_path: Path) -> None:
    whole = write_company(tmp_path / "whole", branches=2, days=12)
    superseded = [truth for truth in whole.files if truth.outcome == SUPERSEDED]
    newer = [
        truth
        for truth in whole.files
        if truth.outcome == CURRENT
        and truth.logical_file in {older.logical_file for older in superseded}
    ]
    day_before = min(truth.delivered_on for truth in newer) - timedelta(days=1)
    early = write_company(tmp_path / "early", branches=2, days=12, until=day_before)
    _assert_truth(early)
    assert early.expected.outcomes[SUPERSEDED] == 0
    assert {truth.path for truth in early.files} == {
        truth.path for truth in whole.files if truth.delivered_on <= day_before
    }
    # The next call continues from there.
    later = write_company(tmp_path / "early", branches=2, days=12)
    assert later.expected == whole.expected
    _assert_truth(later)
