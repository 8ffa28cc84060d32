"""Random nights of a till: the stock that is kept and how it is judged, as a plain count has it."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal

import pytest
from nightly import Project, new_project

from base.link import Connection

SEED = 14
NIGHTS = 5
FIRST_DAY = date(2024, 1, 29)
STORES = {"": "Main store", "haifa": "haifa"}
ITEMS = [str(number) for number in range(2001, 2013)]
# The till has no entry for them.
UNLISTED = {"2011", "2012"}
WEIGHED = {"2005", "2011"}
WINDOW = 30
HEADERS = {
    "items": "item_id,itemdesc,itemtype,costperunit,price1",
    "itemtypes": "type_id,typedesc",
    "documents": "document_id,documenttype,recordingdate,printtime,generaltotalincludevat",
    "documentlines": "document_id,line_id,item_id,details,itemsqty,totalperline_incvat",
    "receiptlines": "receipt_id,paymenttype,creditcardtype,accountnumber_moreinfo",
    "inventory": "item_id,card_id,cardsgroup,inventorybalance,countedinventory",
}
MODELS = (
    *("+path:models/marts/stock", "+rpt_product_margins", "+int_stock_counts__out_of_range"),
    *("assert_stock_levels_match_their_lists", "assert_margins_add_up_to_items"),
)


@dataclass(frozen=True)
class Line:
    """An item of a document."""

    store: str
    document: int
    day: date
    item: str
    units: Decimal
    amount: Decimal


@dataclass
class Company:
    """What the made-up stores did, and what their lists said."""

    lines: list[Line] = field(default_factory=list)
    # (store, day) -> item -> (balance, count).
    lists: dict[tuple[str, date], dict[str, tuple[Decimal, Decimal | None]]] = field(
        default_factory=dict
    )
    costs: dict[str, Decimal] = field(default_factory=dict)

    def days(self, store: str) -> list[date]:
        return sorted({line.day for line in self.lines if line.store == store})

    def is_return(self, line: Line) -> bool:
        same = (other for other in self.lines if other.document == line.document)
        return sum((other.amount for other in same), Decimal(0)) < 0

    def sold(self, store: str, item: str, days: set[date]) -> Decimal:
        """Units on receipts that are no returns."""
        return sum(
            (
                line.units
                for line in self.lines
                if (line.store, line.item) == (store, item)
                and line.day in days
                and not self.is_return(line)
            ),
            Decimal(0),
        )

    def stock(self, store: str, day: date) -> dict[str, Decimal]:
        listed = self.lists[store, day].items()
        return {item: balance if count is None else count for item, (balance, count) in listed}


def trade(chance: random.Random, company: Company, first: date, last: date) -> None:
    """Random sales and returns from one day to another; on the last day every store sells."""
    documents = max((line.document for line in company.lines), default=0)
    for number in range((last - first).days + 1):
        day = first + timedelta(number)
        for store in STORES:
            for _ in range(chance.randint(0, 2) or day == last):
                documents += 1
                sign = -1 if chance.random() < 0.1 else 1
                for item in chance.sample(ITEMS, chance.randint(1, 3)):
                    units = Decimal(chance.randint(1, 9))
                    if item in WEIGHED:
                        units += Decimal("0.345")
                    # One line of a sale is taken back on the same receipt.
                    turned = -1 if sign > 0 and chance.random() < 0.05 else 1
                    amount = (units * 5).quantize(Decimal("0.01"), ROUND_HALF_UP)
                    made = sign * turned * units, sign * turned * amount
                    company.lines.append(Line(store, documents, day, item, *made))


def count_stock(chance: random.Random, company: Company, store: str, day: date) -> None:
    """A random list of stock: items come and go, run out, are counted."""
    company.lists[store, day] = {
        item: (
            Decimal(chance.choice([-3, 0, 0, 2, 14, 60, 900])),
            Decimal(chance.randint(0, 40)) if chance.random() < 0.3 else None,
        )
        for item in ITEMS
        if chance.random() < 0.9
    }


def deliver(project: Project, company: Company, store: str, day: date | None) -> None:
    """The state of a store's till: all documents so far, and its stock unless there is no list."""
    folder = f"retail360/{store}" if store else "retail360"

    def write(table: str, lines: list[str]) -> None:
        content = "\n".join([HEADERS[table], *lines]) + "\n"
        project.deliver(f"{folder}/{table}.csv", content)

    mine = [line for line in company.lines if line.store == store]
    totals: dict[tuple[int, date], Decimal] = defaultdict(Decimal)
    for line in mine:
        totals[line.document, line.day] += line.amount
    write("documents", [f"{n},1,{d:%Y%m%d},36000,{total}" for (n, d), total in totals.items()])
    write("receiptlines", [f"{number},1,1,1" for number, _ in totals])
    write(
        "documentlines",
        [
            f"{line.document},{place},{line.item} ,item {line.item},{line.units},{line.amount}"
            for place, line in enumerate(mine)
        ],
    )
    if not store:
        write("itemtypes", ["1,food"])
        write("items", [f"{item} ,Item {item},1,{c},9.90" for item, c in company.costs.items()])
    if day:
        listed = company.lists[store, day].items()
        write("inventory", [f"{i} ,11,3,{b},{'' if c is None else c}" for i, (b, c) in listed])


@pytest.fixture(scope="module")
def built(
    postgres_server: Connection, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Project, Company]]:
    """A warehouse that loaded several nights and was built once, and what happened."""
    chance = random.Random(SEED)
    company = Company()
    listed = [item for item in ITEMS if item not in UNLISTED]
    first = FIRST_DAY
    with new_project(postgres_server, tmp_path_factory.mktemp("stock")) as project:
        for night in range(NIGHTS):
            last = first + timedelta(chance.randint(3, 12))
            trade(chance, company, first, last)
            # Only this list is kept by a build: the snapshot sees it alone.
            company.costs = {item: Decimal(chance.randint(50, 400)) / 100 for item in listed}
            for store in STORES:
                # A night without a list of one store.
                has_list = (night, store) != (2, "haifa")
                if has_list:
                    count_stock(chance, company, store, last)
                deliver(project, company, store, last if has_list else None)
            project.load()
            first = last + timedelta(1)
        without = ("--exclude-resource-type", "unit_test", "--indirect-selection", "cautious")
        project.dbt("build", "--select", *MODELS, *without)
        yield project, company


def test_the_history_of_the_stock_is_that_of_its_lists(built: tuple[Project, Company]) -> None:
    project, company = built
    found = project.rows(
        "select branch_name, levels.business_date, product_id, recorded_quantity,"
        " counted_quantity, stock_quantity"
        " from marts.fct_stock_levels as levels inner join marts.dim_branches using (branch_key)"
    )
    expected = {
        (STORES[store], day, item, balance, count, balance if count is None else count)
        for (store, day), levels in company.lists.items()
        for item, (balance, count) in levels.items()
    }
    assert len(found) == len(expected) > 80
    assert set(found) == expected
    missed = project.rows(
        "select branch_name, business_date, sale_days_without_list from marts.rpt_inventory_trend"
    )
    for branch, day, count in missed:
        [store] = [store for store, name in STORES.items() if name == branch]
        before = [other for at, other in company.lists if at == store and other < day]
        since = max(before, default=None)
        days = [at for at in company.days(store) if since and since < at < day]
        assert count == len(days), (branch, day)
    assert sum(count for *_, count in missed) > 0


def status_of(stock: Decimal, sold: Decimal) -> str:
    """The rules in words: the first that fits."""
    if stock <= 0:
        return "OUT_OF_STOCK"
    if sold <= 0:
        return "DEAD_STOCK"
    cover = stock / (sold / WINDOW)
    return "STOCKOUT_RISK" if cover < 7 else "OVERSTOCK" if cover > 90 else "HEALTHY"


def judged(company: Company, store: str, day: date) -> dict[str, tuple[Decimal, str]]:
    """Item -> units sold before, status; by the days up to the last sale on or before a day."""
    last = max(at for at in company.days(store) if at <= day)
    window = {last - timedelta(number) for number in range(WINDOW)}
    stock = company.stock(store, day)
    sold = {item: company.sold(store, item, window) for item in stock}
    return {item: (sold[item], status_of(stock[item], sold[item])) for item in stock}


def test_each_day_is_judged_as_of_itself(built: tuple[Project, Company]) -> None:
    project, company = built
    statuses = ("OUT_OF_STOCK", "STOCKOUT_RISK", "DEAD_STOCK", "OVERSTOCK", "HEALTHY")
    found = project.rows(
        "select branch_name, business_date, products, out_of_stock_products,"
        " stockout_risk_products, dead_stock_products, overstock_products, healthy_products"
        " from marts.rpt_inventory_trend"
    )
    expected = []
    seen: Counter[str] = Counter()
    for store, day in company.lists:
        counts = Counter(status for _, status in judged(company, store, day).values())
        seen += counts
        numbers = [counts[status] for status in statuses]
        expected.append((STORES[store], day, sum(numbers), *numbers))
    assert sorted(found) == sorted(expected)
    assert set(seen) == set(statuses)


def test_the_latest_lists_have_their_actions(built: tuple[Project, Company]) -> None:
    project, company = built
    found = project.rows(
        "select branch_name, product_id, sold_quantity, status, is_mapped"
        " from marts.rpt_inventory_status"
    )
    expected = []
    for store, name in STORES.items():
        latest = max(day for at, day in company.lists if at == store)
        for item, (sold, status) in judged(company, store, latest).items():
            expected.append((name, item, sold, status, item not in UNLISTED))
    assert sorted(found) == sorted(expected)


def test_stockouts_are_runs_of_lists(built: tuple[Project, Company]) -> None:
    project, company = built
    found = project.rows(
        "select branch_name, product_id, stockouts, days_out_of_stock, longest_run_days,"
        " current_run_days, estimated_lost_quantity from marts.rpt_stockouts"
    )
    expected = []
    for store, name in STORES.items():
        days = sorted(day for at, day in company.lists if at == store)
        levels = [company.stock(store, day) for day in days]
        for item in ITEMS:
            empty = [level.get(item, Decimal(1)) <= 0 for level in levels]
            runs: list[list[date]] = []
            for number, day in enumerate(days):
                if empty[number]:
                    if not (number and empty[number - 1]):
                        runs.append([])
                    runs[-1].append(day)
            if not runs:
                continue
            lost = Decimal(0)
            out = {day for day, is_empty in zip(days, empty, strict=True) if is_empty}
            for run in runs:
                before = {
                    day
                    for day in company.days(store)
                    if run[0] - timedelta(WINDOW) <= day < run[0] and day not in out
                }
                if before:
                    pace = company.sold(store, item, before) / len(before)
                    lost += max(len(run) * pace - company.sold(store, item, set(run)), Decimal(0))
            lengths = [len(run) for run in runs]
            current = lengths[-1] if empty[-1] else 0
            counted = len(runs), sum(lengths), max(lengths), current
            expected.append((name, item, *counted, lost.quantize(Decimal("0.001"), ROUND_HALF_UP)))
    assert sorted(found) == sorted(expected)
    assert any(row[4] > 1 for row in found)
    assert any(row[-1] > 0 for row in found)


def test_costs_and_margins_are_those_of_the_lines(built: tuple[Project, Company]) -> None:
    project, company = built
    cents = Decimal("0.01")
    expected: dict[str, Decimal] = defaultdict(Decimal)
    for line in company.lines:
        if line.item in company.costs:
            cost = line.units * company.costs[line.item]
            expected[line.item] += cost.quantize(cents, ROUND_HALF_UP)
    found = project.rows(
        "select product_id, sum(cost), sum(assumed_cost), sum(costed_sales - cost - margin),"
        " sum(lines_without_cost) from marts.rpt_product_margins group by product_id"
    )
    assert {item: cost for item, cost, *_ in found if item not in UNLISTED} == expected
    for item, cost, assumed, difference, without in found:
        if item in UNLISTED:
            sold = sum(line.item == item for line in company.lines)
            assert (cost, without) == (0, sold)
        else:
            # All sales are from before the first list.
            assert (assumed, difference, without) == (cost, 0, 0)


def test_a_new_count_far_from_the_records_is_an_anomaly(built: tuple[Project, Company]) -> None:
    project, company = built
    expected = set()
    for store, name in STORES.items():
        known: dict[str, Decimal | None] = {}
        for at, day in sorted(company.lists):
            if at != store:
                continue
            for item, (balance, count) in company.lists[store, day].items():
                if count is not None and known.get(item) != count:
                    gap = abs(count - balance)
                    worth = gap * company.costs.get(item, Decimal(1000))
                    if gap > max(Decimal(3), abs(balance) / 10) and worth >= 20:
                        expected.add((name, day, f"{balance:f}", f"{count:f}"))
            known = {item: count for item, (_, count) in company.lists[store, day].items()}
    found = project.rows(
        "select branch_name, counts.business_date, trim_scale(expected_value)::text,"
        " trim_scale(actual_value)::text from intermediate.int_stock_counts__out_of_range as counts"
        " inner join marts.dim_branches using (branch_key)"
    )
    assert set(found) == expected
    assert len(expected) > 5
