"""The anomalies in the tills' trade, and that the same arguments give the same bytes."""

from __future__ import annotations

import hashlib
import statistics
from datetime import date, timedelta

import pytest

from sample.branch_pos import oddities
from sample.company import Company, deliveries
from sample.oddities import FEWEST_DAYS, Oddity
from sample.sources import DEFAULT_START
from sample.truth import Summary


def _odd(company: Summary, kind: str) -> Oddity:
    (found,) = [odd for odd in company.oddities if odd.kind == kind]
    return found


def test_anomalous_days_differ_from_the_same_weekday(company: Summary) -> None:
    for kind, low, high in ((oddities.COLLAPSE, 0.1, 0.3), (oddities.SURGE, 2.0, 3.2)):
        odd = _odd(company, kind)
        past = [
            company.expected.by_branch_day[odd.branch_name, day].net_pence
            for week in range(1, 7)
            if (odd.branch_name, day := odd.day - timedelta(days=7 * week))
            in company.expected.by_branch_day
        ]
        assert len(past) >= 5
        today = company.expected.by_branch_day[odd.branch_name, odd.day].net_pence
        assert low < today / statistics.median(past) < high, kind


def _made(company: Company) -> dict[str, bytes]:
    return {delivery.path: delivery.content for delivery in deliveries(company)}


def test_tills_have_the_same_trade_without_oddities() -> None:
    odd = _made(Company(2, 60, mess=False, sources=("branch_pos",)))
    quiet = _made(Company(2, 60, mess=False, odd=False, sources=("branch_pos",)))
    assert odd.keys() == quiet.keys()
    assert sum(odd[path] != quiet[path] for path in odd) == 2


def test_young_tills_have_no_oddities() -> None:
    planned = oddities.plan(8, FEWEST_DAYS - 1, DEFAULT_START, set())
    assert planned == oddities.NOTHING_ODD


def test_a_branch_day_does_not_depend_on_the_rest_of_the_company() -> None:
    small = _made(Company(2, 7, mess=False, sources=("branch_pos",)))
    large = _made(Company(4, 14, mess=False))
    assert len(small) == 14
    assert small.items() <= large.items()


def test_another_start_moves_the_days() -> None:
    only = Company(1, 1, start=date(2024, 2, 29), sources=("branch_pos",))
    first = next(deliveries(only))
    assert "_29-02-2024_" in first.path
    assert b"29/02/2024 " in first.content


# Seed 7: two branches and twelve days; three branches, long enough for anomalies. They change
# only when the sample company is changed on purpose.
@pytest.mark.parametrize(
    ("branches", "days", "pinned"),
    [
        (2, 12, "ca8521e58e57fe6bad3ce373b8e4aa31cacbd1c1160deb6d4087cf4e6ac5eab3"),
        (3, 60, "4b4e3479dea5c4cff6b2462da5a76caba39ade45e163dda40678009d2ca8b8a3"),
    ],
)
def test_the_bytes_are_the_same_on_every_machine(branches: int, days: int, pinned: str) -> None:
    seen = hashlib.sha256()
    for delivery in deliveries(Company(branches, days, seed=7, sources=("branch_pos",))):
        seen.update(delivery.path.encode() + b"\0" + delivery.content)
    assert seen.hexdigest() == pinned
