"""The stores of the sales desk: their people, customers, lists and files, and what is odd there."""

from __future__ import annotations

import csv
import io
import statistics
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest

from sample import oddities
from sample.company import DEFAULT_START, Company, deliveries, write_company, write_deliveries
from sample.sales_desk import desk
from sample.sales_desk.stores import MANAGER_ROUND_FIRST, PRICE_ROUND_FIRST, store_at, stores_of
from sample.truth import Summary

HEADER = "customer_id,store_id,product_name,sales_date,sales_person_id,price,quantity,total_cost"


def _rows(data: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(data.decode("utf-8"), newline="")))


def _sales(company: Summary) -> Iterator[dict[str, str]]:
    for truth in company.files:
        if truth.outcome == "current" and "/sales/" in truth.path:
            yield from _rows((company.out / truth.path).read_bytes())


@pytest.fixture(scope="module")
def sales(company: Summary) -> list[dict[str, str]]:
    """All lines of the stores that count."""
    return list(_sales(company))


@cache
def _lists() -> list[tuple[date, str, bytes]]:
    return [
        (day, path, data)
        for day, path, data in write_deliveries()
        if path.startswith("sales_desk/") and path.count("/") == 1
    ]


def _versions(name: str) -> list[tuple[date, list[dict[str, str]]]]:
    return [(day, _rows(data)) for day, path, data in _lists() if path == f"sales_desk/{name}"]


@pytest.mark.parametrize(("branches", "stores"), [(1, 1), (2, 1), (3, 2), (8, 4), (100, 50)])
def test_there_is_a_store_for_every_two_branches(branches: int, stores: int) -> None:
    assert stores_of(branches) == stores == Company(branches).number_of_stores


def test_a_company_may_do_without_stores(tmp_path: Path) -> None:
    summary = write_company(tmp_path, branches=2, days=3, stores=0)
    assert not (tmp_path / "sales_desk").exists()
    assert summary.stores == 0


def test_each_store_has_three_or_four_sellers_and_sends_several_files_a_week(
    company: Summary, sales: list[dict[str, str]]
) -> None:
    sellers: dict[str, set[str]] = defaultdict(set)
    for row in sales:
        sellers[row["store_id"]].add(row["sales_person_id"])
    assert {store: len(people) for store, people in sellers.items()} == {
        "601": 3,
        "602": 4,
        "603": 3,
        "604": 4,
    }
    files = Counter(
        truth.branch_name for truth in company.files if truth.path.startswith("sales_desk/sales/")
    )
    weeks = company.days / 7
    assert all(2.5 < count / weeks < 4 for count in files.values()), files


def test_every_sound_file_begins_with_the_columns_and_one_store_sends_more(
    company: Summary,
) -> None:
    spoilt = {trouble.path for trouble in company.mess}
    headers = {
        (truth.branch_name, (company.out / truth.path).read_text("utf-8").split("\n", 1)[0])
        for truth in company.files
        if "/sales/" in truth.path and truth.path not in spoilt
    }
    assert headers == {
        ("601", HEADER),
        ("602", f"{HEADER},payment_mode,promotion"),
        ("603", HEADER),
        ("604", HEADER),
    }


def test_customers_return_and_keep_to_a_product_and_a_seller(sales: list[dict[str, str]]) -> None:
    bought: dict[str, list[dict[str, str]]] = defaultdict(list)
    for row in sales:
        bought[row["customer_id"]].append(row)
    frequent = [rows for rows in bought.values() if len(rows) >= 10]
    assert len(frequent) > 100
    for column in ("product_name", "sales_person_id"):
        shares = [
            Counter(row[column] for row in rows).most_common(1)[0][1] / len(rows)
            for rows in frequent
        ]
        assert statistics.mean(shares) > 0.5, column


def test_a_fifth_of_the_customers_is_in_no_list(sales: list[dict[str, str]]) -> None:
    listed = {row["customer_id"] for row in _versions("customer.csv")[-1][1]}
    seen = {row["customer_id"] for row in sales}
    assert 0.1 < len(seen - listed) / len(seen) < 0.3
    assert len(seen & listed) > 200


def test_a_sale_has_the_list_price_of_its_day(sales: list[dict[str, str]]) -> None:
    (first, before), (later, after) = _versions("product.csv")
    assert later == first + timedelta(days=PRICE_ROUND_FIRST)
    old = {row["name"]: row["current_price"] for row in before}
    new = {row["name"]: row["current_price"] for row in after}
    raised = {name for name in old if Decimal(new[name]) > Decimal(old[name])}
    assert 3 < len(raised) < len(old)
    for row in after:
        if row["name"] in raised:
            assert row["old_price"] == old[row["name"]]
            assert row["updated_date"] == later.isoformat()
        else:
            assert (row["old_price"], row["updated_date"]) == ("NULL", "NULL")
    for row in sales:
        prices = new if row["sales_date"] >= later.isoformat() else old
        assert row["price"] == prices[row["product_name"]], row


def test_one_store_changes_its_manager() -> None:
    (first, before), (later, after) = _versions("sales_team.csv")
    assert later == first + timedelta(days=MANAGER_ROUND_FIRST)
    changed = [
        (was["id"], was["is_manager"], now["is_manager"], was["manager_id"], now["manager_id"])
        for was, now in zip(before, after, strict=True)
        if was != now
    ]
    assert changed == [
        ("1", "Y", "N", "NULL", "2"),
        ("2", "N", "Y", "1", "NULL"),
        ("3", "N", "N", "1", "2"),
    ]
    names = {row["id"]: f"{row['first_name']} {row['last_name']}" for row in after}
    (_, stores_before), (_, stores_after) = _versions("store.csv")
    assert stores_before[0]["store_manager_name"] == names["1"]
    assert stores_after[0]["store_manager_name"] == names["2"]
    assert stores_before[1:] == stores_after[1:]


def test_the_list_of_customers_only_grows() -> None:
    lists = [rows for _, rows in _versions("customer.csv")]
    assert len(lists) == 3
    for earlier, later in pairwise(lists):
        kept = {row["customer_id"]: row for row in later}
        assert len(later) > len(earlier)
        assert all(kept[row["customer_id"]] == row for row in earlier)


def test_every_other_store_rests_on_sundays(sales: list[dict[str, str]]) -> None:
    sundays = {
        row["store_id"] for row in sales if date.fromisoformat(row["sales_date"]).weekday() == 6
    }
    assert sundays == {"601", "603"}


def test_the_file_that_lacks_a_column_says_all_else(company: Summary) -> None:
    (trouble,) = [trouble for trouble in company.mess if trouble.kind == desk.LACKS_COLUMN]
    lacking = _rows((company.out / trouble.path).read_bytes())
    sound = _rows((company.out / f"{trouble.path.removesuffix('.csv')} complete.csv").read_bytes())
    for row in sound:
        del row["sales_person_id"]
    assert lacking == sound != []


def _odd(company: Summary, kind: str) -> oddities.Oddity:
    (found,) = [odd for odd in company.oddities if odd.kind == kind]
    return found


def test_the_odd_days_are_odd_against_the_same_weekday(company: Summary) -> None:
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


def test_the_busy_person_is_busy_for_one_week(
    company: Summary, sales: list[dict[str, str]]
) -> None:
    odd = _odd(company, oddities.BUSY_PERSON)
    weeks: Counter[date] = Counter()
    for row in sales:
        if row["sales_person_id"] == odd.subject:
            day = date.fromisoformat(row["sales_date"])
            weeks[day - timedelta(days=day.weekday())] += 1
    busy = weeks.pop(odd.day)
    assert odd.day.weekday() == 0
    assert busy > 2 * max(weeks.values())


def test_the_dormant_customer_wakes_up(company: Summary, sales: list[dict[str, str]]) -> None:
    odd = _odd(company, oddities.DORMANT)
    spent: Counter[date] = Counter()
    for row in sales:
        if row["customer_id"] == odd.subject:
            spent[date.fromisoformat(row["sales_date"])] += int(Decimal(row["total_cost"]) * 100)
    *before, last = sorted(spent)
    assert last == odd.day
    assert len(before) == 3
    assert (last - before[-1]).days >= 40
    assert spent[last] > 5 * max(spent[day] for day in before)
    assert odd.subject in {row["customer_id"] for row in _versions("customer.csv")[0][1]}


def test_a_quiet_company_has_the_same_trade_without_mess_or_oddities() -> None:
    odd = {d.path: d for d in deliveries(Company(branches=2, days=60, mess=False))}
    quiet = {d.path: d for d in deliveries(Company(branches=2, days=60, mess=False, odd=False))}
    assert odd.keys() == quiet.keys()
    differing = {path for path in odd if odd[path].content != quiet[path].content}
    tills = {path for path in differing if path.startswith("branch_pos/")}
    assert len(tills) == 2
    assert differing > tills
    assert all(path.startswith("sales_desk/sales/601/") for path in differing - tills)


def test_a_young_company_has_nothing_odd() -> None:
    days = oddities.FEWEST_DAYS - 1
    assert oddities.plan(8, 4, days, DEFAULT_START, set()) == oddities.NOTHING_ODD


@pytest.mark.parametrize("start", [date(2024, 2, 29) + timedelta(days=days) for days in range(7)])
def test_the_busy_week_is_a_calendar_week_within_the_company(start: date) -> None:
    planned = oddities.plan(2, 1, 61, start, set())
    assert planned.busy is not None
    first = planned.busy[2]
    assert (start + timedelta(days=first)).weekday() == 0
    assert 61 - 14 <= first <= 61 - 7


def test_store_numbers_never_meet_real_ones() -> None:
    numbers = [store_at(position).number for position in range(100)]
    assert len(set(numbers)) == 100
    assert min(map(int, numbers)) == 601
