"""The stores of the sales desk: their people, customers, lists, files and anomalies."""

from __future__ import annotations

import csv
import hashlib
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

from sample.company import Company, deliveries, write_company, write_deliveries
from sample.oddities import FEWEST_DAYS, Oddity
from sample.sales_desk import desk, oddities
from sample.sales_desk.stores import (
    MANAGER_ROUND_FIRST,
    PRICE_ROUND_FIRST,
    reference_lines,
    store_at,
    stores_of,
)
from sample.sources import DEFAULT_START
from sample.truth import CURRENT, REFUSED, REPEAT, SUPERSEDED, FileTruth, Summary

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
    assert stores_of(branches) == stores


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


def test_every_valid_file_has_the_columns_and_one_store_sends_more(
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


def test_customers_return_and_prefer_a_product_and_a_seller(sales: list[dict[str, str]]) -> None:
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


def test_the_file_without_a_column_has_the_others(company: Summary) -> None:
    (trouble,) = [trouble for trouble in company.mess if trouble.kind == desk.LACKS_COLUMN]
    lacking = _rows((company.out / trouble.path).read_bytes())
    sound = _rows((company.out / f"{trouble.path.removesuffix('.csv')} complete.csv").read_bytes())
    for row in sound:
        del row["sales_person_id"]
    assert lacking == sound != []


def _odd(company: Summary, kind: str) -> Oddity:
    (found,) = [odd for odd in company.oddities if odd.kind == kind]
    return found


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


def test_the_dormant_customer_returns(company: Summary, sales: list[dict[str, str]]) -> None:
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


def test_a_young_company_has_no_oddities() -> None:
    days = FEWEST_DAYS - 1
    assert oddities.plan(4, days, DEFAULT_START) == oddities.NOTHING_ODD


@pytest.mark.parametrize("start", [date(2024, 2, 29) + timedelta(days=days) for days in range(7)])
def test_the_busy_week_is_a_calendar_week_within_the_company(start: date) -> None:
    planned = oddities.plan(1, 61, start)
    assert planned.busy is not None
    first = planned.busy[2]
    assert (start + timedelta(days=first)).weekday() == 0
    assert 61 - 14 <= first <= 61 - 7


def test_store_numbers_differ_from_real_ones() -> None:
    numbers = [store_at(position).number for position in range(100)]
    assert len(set(numbers)) == 100
    assert min(map(int, numbers)) == 601


def _of_the_desk(company: Summary) -> list[FileTruth]:
    return [truth for truth in company.files if truth.path.startswith("sales_desk/")]


def test_the_mess_costs_what_it_states(company: Summary) -> None:
    files = _of_the_desk(company)
    # A quantity in words.
    assert sum(truth.rejected_rows for truth in files) == 1
    outcomes = Counter(truth.outcome for truth in files)
    # A store's file was corrected; one list of customers, goods, stores and people each replaced
    # the first, that of customers twice. One file lacks a column.
    assert (outcomes[SUPERSEDED], outcomes[REPEAT], outcomes[REFUSED]) == (1 + 5, 0, 1)


def test_without_mess_there_are_a_stores_files_and_four_lists(tmp_path: Path) -> None:
    summary = write_company(tmp_path, branches=2, days=4, mess=False, sources=("sales_desk",))
    # The store's sales up to Wednesday and on Thursday, and the four lists.
    assert [truth.outcome for truth in summary.files] == [CURRENT] * (2 + 4)


def test_completed_and_corrected_files_come_later(company: Summary) -> None:
    lacking, again = (
        next(trouble.path for trouble in company.mess if trouble.kind == kind)
        for kind in (desk.LACKS_COLUMN, desk.SENT_AGAIN)
    )
    days_late = {
        truth.path: (truth.delivered_on - truth.business_date).days
        for truth in _of_the_desk(company)
    }
    assert {path: days for path, days in days_late.items() if days} == {
        again: 2,
        f"{lacking.removesuffix('.csv')} complete.csv": 1,
    }


def test_the_lists_have_every_store_and_grow_with_the_company() -> None:
    def made(branches: int, days: int) -> dict[str, bytes]:
        company = Company(branches, days, mess=False, sources=("sales_desk",))
        return {delivery.path: delivery.content for delivery in deliveries(company)}

    small, large = made(2, 7), made(4, 14)
    assert len(small) == 3 + 4
    for path in ("customer.csv", "store.csv", "sales_team.csv"):
        shorter, longer = small.pop(f"sales_desk/{path}"), large[f"sales_desk/{path}"]
        assert set(shorter.splitlines()) < set(longer.splitlines())
    # The days of a file end with the company's last; a week ends with a file in either.
    assert small.items() <= large.items()


def test_the_desk_has_the_same_trade_without_oddities() -> None:
    def made(odd: bool) -> dict[str, bytes]:
        company = Company(2, 60, mess=False, odd=odd, sources=("sales_desk",))
        return {delivery.path: delivery.content for delivery in deliveries(company)}

    odd, quiet = made(True), made(False)
    assert odd.keys() == quiet.keys()
    differing = {path for path in odd if odd[path] != quiet[path]}
    assert differing
    assert all(path.startswith("sales_desk/sales/601/") for path in differing)


def test_the_stores_of_the_demo_are_in_the_reference_list() -> None:
    seed = Path(__file__).parents[4] / "seeds" / "branches.csv"
    kept = seed.read_text(encoding="utf-8").splitlines()
    assert [line for line in kept if line.startswith("sales_desk,")] == reference_lines(4)


# Seed 7: two branches and so one store, twelve days; three branches, long enough for anomalies.
# They change only when the sample company is changed on purpose.
@pytest.mark.parametrize(
    ("branches", "days", "pinned"),
    [
        (2, 12, "e7b953e2da8f7341d99dd1e1087034f730808b9157f36214c3d71e49758275ed"),
        (3, 60, "d0abadfa27b6a48032d13f29664aeb02a3e49c43abaecb8cc583c180fc3cc588"),
    ],
)
def test_the_bytes_are_the_same_on_every_machine(branches: int, days: int, pinned: str) -> None:
    seen = hashlib.sha256()
    for delivery in deliveries(Company(branches, days, seed=7, sources=("sales_desk",))):
        seen.update(delivery.path.encode() + b"\0" + delivery.content)
    assert seen.hexdigest() == pinned
