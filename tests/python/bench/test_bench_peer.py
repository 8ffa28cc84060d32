"""The peer's script: its results and its limits; wrong totals are found."""

from __future__ import annotations

import csv
import shutil
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from bench.duckdb_peer import (
    Reported,
    build_tables,
    check_tables,
    check_the_same,
    read_as_text,
    reported,
    rows_read,
)
from bench.figures import Section
from bench.truth import Truth
from bench.workload import make_files, make_inbox, write

BRANCHES, DAYS, RECEIPTS = 3, 6, 80


@dataclass
class Day:
    receipts: int = 0
    items: int = 0
    money: Decimal = Decimal(0)
    new_customers: int = 0


@dataclass
class Counted:
    """The files, read line by line by an independent reader."""

    days: dict[tuple[str, date], Day] = field(default_factory=dict)
    products: set[str] = field(default_factory=set)
    first: dict[str, tuple[datetime, tuple[str, date]]] = field(default_factory=dict)

    def read(self, path: Path) -> None:
        with path.open(encoding="utf-8", newline="") as lines:
            for stamp, branch, name, basket, total, method, card in csv.reader(lines):
                at = datetime.strptime(stamp, "%d/%m/%Y %H:%M")
                day = self.days.setdefault((branch, at.date()), Day())
                items = [item.rpartition(" - ")[0] for item in basket.split(", ")]
                day.receipts += 1
                day.items += len(items)
                day.money += Decimal(total)
                self.products.update(items)
                customer = card if method == "CARD" else f"{branch}/{name}"
                if customer not in self.first or at < self.first[customer][0]:
                    self.first[customer] = (at, (branch, at.date()))

    def reported(self) -> Reported:
        for _, day in self.first.values():
            self.days[day].new_customers += 1
        return Reported(
            frozenset(
                (branch, at, day.receipts, day.items, day.money, day.new_customers)
                for (branch, at), day in self.days.items()
            ),
            frozenset(self.products),
            len(self.first),
        )


@dataclass(frozen=True)
class Built:
    inbox: Path
    database: Path
    truth: Truth


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """A few days of a few branches, and the script's tables of them."""
    place = tmp_path_factory.mktemp("peer")
    inbox, truth, tills = place / "inbox", Truth(), make_files()
    make_inbox(inbox)
    for position in range(BRANCHES):
        for number in range(DAYS):
            file = tills.file(position, number, RECEIPTS)
            write(inbox, file)
            truth += file.truth
    build_tables(inbox, place / "peer.duckdb")
    return Built(inbox, place / "peer.duckdb", truth)


@pytest.fixture
def another(built: Built, tmp_path: Path) -> Built:
    """A second copy, to be damaged."""
    shutil.copytree(built.inbox, tmp_path / "inbox")
    shutil.copy(built.database, tmp_path / "peer.duckdb")
    return Built(tmp_path / "inbox", tmp_path / "peer.duckdb", built.truth)


def wrong(section: Section) -> set[str]:
    return {check.what.partition(": ")[2] for check in section.checks if not check.ok}


def test_the_scripts_tables_match_the_files(built: Built) -> None:
    section, counted = Section(5, "build"), Counted()
    for path in built.inbox.rglob("*.csv"):
        counted.read(path)
    expected, found = counted.reported(), reported(built.database)
    assert found == expected
    assert 0 < sum(new for *_, new in found.days) == found.customers < built.truth.rows
    check_tables(section, built.database, built.truth)
    check_the_same(section, expected, found)
    assert len(section.checks) == 16
    assert wrong(section) == set()


@pytest.mark.parametrize(
    ("damage", "found"),
    [
        (
            "update receipts set net_amount = net_amount + 0.01 where receipt_id = 7",
            {"money of receipts"},
        ),
        (
            # One receipt of a customer with others.
            "delete from receipts where receipt_id = (select max(receipt_id) from receipts"
            " where receipt_id not in (select receipt_id from first_visits))",
            {"receipts", "money of receipts"},
        ),
        ("update lines set net_amount = 0 where receipt_id = 7", {"money of items"}),
        (
            "delete from lines where receipt_id = 7 and line_number = 1",
            {"items", "money of items"},
        ),
        (
            "delete from daily_sales where business_date = '2024-01-02'",
            {"branch days", "receipts of days", "items of days", "money of days"},
        ),
        (
            "delete from products where product = (select min(product) from products)",
            {"items of products", "money of products"},
        ),
        (
            "delete from first_visits where customer = (select min(customer) from first_visits)",
            {"first visits", "customers with a first visit"},
        ),
        ("insert into first_visits from first_visits limit 1", {"first visits"}),
    ],
)
def test_a_wrong_total_is_found(another: Built, damage: str, found: set[str]) -> None:
    with duckdb.connect(str(another.database)) as link:
        link.execute(damage)
    section = Section(5, "build")
    check_tables(section, another.database, another.truth)
    assert wrong(section) == found


def test_differences_from_the_marts_are_found(built: Built) -> None:
    ours = reported(built.database)
    first, second, *others = sorted(ours.days)
    penny = Decimal("0.01")
    moved = [(*first[:4], first[4] - penny, first[5]), (*second[:4], second[4] + penny, second[5])]
    for peer, found in (
        (replace(ours, days=frozenset([*moved, *others])), {"days unlike the marts'"}),
        (replace(ours, products=ours.products | {""}), {"products", "products unlike ours"}),
        (replace(ours, customers=ours.customers - 1), {"customers"}),
    ):
        section = Section(5, "build")
        check_the_same(section, ours, peer)
        assert wrong(section) == found


def test_read_csv_keeps_every_line_and_every_digit(built: Built, tmp_path: Path) -> None:
    database = tmp_path / "read.duckdb"
    read_as_text(built.inbox, database)
    assert rows_read(database) == built.truth.rows
    with duckdb.connect(str(database), read_only=True) as link:
        found = link.execute(
            "select count(card_number), sum(cast(right(card_number, 4) as integer)),"
            " min(length(card_number)), sum(cast(total as decimal(18, 2))) from transactions"
        ).fetchone()
    truth = built.truth
    assert found == (truth.card_rows, truth.last_four, 16, Decimal(truth.money))


# The script's limits, as stated in the notes of benchmark 5 and docs/benchmarks.md.


@pytest.mark.parametrize(
    "line", ["torn off", "01/01/2024 09:00,London Camden,Ann Lee", "today,,,Tea - 1.70,1.70,CASH,"]
)
def test_the_script_stops_at_a_malformed_line(another: Built, line: str) -> None:
    with next(another.inbox.rglob("*.csv")).open("a") as file:
        file.write(f"{line}\n")
    with pytest.raises(duckdb.Error, match="CSV Error on Line: 81"):
        build_tables(another.inbox, another.database.with_name("again.duckdb"))


def test_the_script_counts_a_corrected_file_twice(another: Built) -> None:
    corrected = make_files().file(0, 0, RECEIPTS, corrected=True)
    write(another.inbox, corrected)
    database = another.database.with_name("again.duckdb")
    build_tables(another.inbox, database)
    [(rows,)] = duckdb.connect(str(database)).execute("select count(*) from receipts").fetchall()
    assert rows == another.truth.rows + corrected.truth.rows
