"""The trade looks like a café company's, and memory does not grow with its length."""

from __future__ import annotations

import ast
import tracemalloc
from collections import Counter, defaultdict
from datetime import date, timedelta
from pathlib import Path

import sample
from sample.branches import Branch, branch_at
from sample.company import DEFAULT_START, write_company
from sample.menu import KEYED_TWICE_AT, offers
from sample.sources import source_class, source_names
from sample.trade import Receipt, receipts
from sample.truth import Summary

CAMDEN, LEEDS = branch_at(0), branch_at(1)


def _trade(branch: Branch, start: date, days: int, first: int = 0) -> dict[date, list[Receipt]]:
    return {
        start + timedelta(days=number): receipts(1, branch, start + timedelta(days=number), number)
        for number in range(first, first + days)
    }


def test_the_company_sells_several_thousand_times_a_week(company: Summary) -> None:
    a_week = company.expected.total.transactions * 7 / company.days
    assert 5_000 < a_week < 8_000


def test_offices_close_at_weekends_and_shops_do_not() -> None:
    for branch, busy in ((CAMDEN, False), (LEEDS, True)):
        by_weekday: Counter[int] = Counter()
        for day, sold in _trade(branch, DEFAULT_START, 56).items():
            by_weekday[day.weekday()] += len(sold)
        assert (by_weekday[5] > by_weekday[2]) is busy


def test_mornings_peak_and_evenings_fade() -> None:
    hours = Counter(
        receipt.minute // 60
        for day, sold in _trade(CAMDEN, DEFAULT_START, 56).items()
        if day.weekday() < 5
        for receipt in sold
    )
    assert hours.most_common(1)[0][0] == 8
    assert hours[12] > hours[11] > hours[18]
    assert min(hours) == 7
    assert max(hours) == 18


def test_iced_drinks_sell_in_summer_and_hot_ones_in_winter() -> None:
    def iced_share(month: int) -> float:
        names = [
            name
            for sold in _trade(LEEDS, date(2025, month, 1), 14).values()
            for receipt in sold
            for name, _ in receipt.items
        ]
        return sum("ced " in name for name in names) / len(names)

    assert iced_share(7) > 3 * iced_share(1)


def test_the_company_grows() -> None:
    def sales(first: int) -> int:
        # The same weeks of the year, so that only growth differs.
        return sum(
            len(receipts(1, CAMDEN, date(2025, 3, 3) + timedelta(days=day), first + day))
            for day in range(28)
        )

    assert sales(730) > sales(0) * 1.05


def test_customers_return_with_the_same_card_and_some_to_other_branches() -> None:
    days: dict[str, set[date]] = defaultdict(set)
    places: dict[str, set[str]] = defaultdict(set)
    cash_days: dict[str, set[date]] = defaultdict(set)
    for branch in (CAMDEN, LEEDS):
        for day, sold in _trade(branch, DEFAULT_START, 28).items():
            for receipt in sold:
                if receipt.card_number:
                    days[receipt.card_number].add(day)
                    places[receipt.card_number].add(branch.name)
                elif branch is LEEDS:
                    cash_days[receipt.customer_name].add(day)
    returning = sum(len(seen) > 1 for seen in days.values())
    assert 0.1 < returning / len(days) < 0.6
    assert sum(len(seen) > 1 for seen in places.values()) > 25
    assert sum(len(seen) > 1 for seen in cash_days.values()) > 20


def test_prices_rise_on_a_day_and_a_product_appears() -> None:
    prices = [
        {offer.name: offer.pence for offer in offers(LEEDS, DEFAULT_START, number)}
        for number in range(60)
    ]
    assert prices[0] == prices[20]
    assert set(prices[21]) - set(prices[20]) == {
        "Regular Pumpkin spice latte",
        "Large Pumpkin spice latte",
    }
    raised = [name for name in prices[27] if prices[28][name] > prices[27][name]]
    assert 5 < len(raised) < len(prices[27])
    assert all(prices[28][name] >= prices[27][name] for name in prices[27])


def test_one_branch_has_two_products_that_differ_only_in_case() -> None:
    at_camden = {offer.name: offer.pence for offer in offers(CAMDEN, DEFAULT_START, 0)}
    assert CAMDEN.name == KEYED_TWICE_AT
    assert at_camden["Regular Flat white"] != at_camden["Regular Flat White"]


def _peak(out: Path, days: int) -> int:
    sources = tuple(name for name in source_names() if not source_class(name).grows)
    tracemalloc.start()
    try:
        write_company(out / str(days), branches=3, days=days, sources=sources)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_memory_does_not_grow_with_the_company(tmp_path: Path) -> None:
    _peak(tmp_path, 2)  # imports and caches are not counted
    short, long = _peak(tmp_path, 10), _peak(tmp_path, 50)
    # Only a record per file is kept: 120 more files, but not their 2 MB of content.
    assert long - short < 400_000
    assert long < 1_500_000


def test_the_package_imports_nothing_from_the_project() -> None:
    parts = {"base", "bench", "ingest", "operate", "publish"}
    for module in sorted(Path(sample.__file__).parent.rglob("*.py")):
        tree = ast.parse(module.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                assert node.level == 0
                names = [node.module or ""]
            for name in names:
                assert name.split(".")[0] not in parts, module.name
