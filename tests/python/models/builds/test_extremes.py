"""Every model builds with any line that can be split into its columns.

Numbers, dates and texts at and beyond the bounds of all types, combined with each other, in the
files of every source; the online shop of docs/adding-a-source.md represents future sources.
"""

from __future__ import annotations

import csv
import io
import random
from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import product
from pathlib import Path

import pytest
from documented_source import add_documented_source
from nightly import Project, new_project
from project_copy import copy_project
from shop_files import HEADER as SHOP_HEADER

from base.link import Connection

DICE = random.Random(20)
NUMBERS = [
    *("0", "-0", "0.00", "1", "-1", "+1", "0.01", "-0.01", "0.005", "0.0001", "-0.0001"),
    *("999999999", "-999999999", "999999999.99", "-999999999.99", "999999999.9999"),
    *("1000000000", "-1000000000", "2147483647", "2147483648", "-2147483648", "99999999999.99"),
    *("9223372036854775807", "-9223372036854775808", "9999999999999999999", "1" + "0" * 400),
    *("0." + "0" * 300 + "1", "1e9", "1E+9", "-1.5E9", "1e18", "1e-9", "1e308", "1e999999"),
    *("NaN", "Infinity", "-Infinity", "inf", "1/0", "0x10", "1_000", "--5", "5-", "(5)", "1,234"),
    *("1,234.50", "1.234,50", "999.999.999,99", "£999999999.99", "-£0.01", "£-0.01", "5 %"),
    *("\u0663", "\uff11\uff12", "1\u00a0000,50", "\u22125", "", " ", "NULL", "null"),
]  # fmt: skip
DAYS = [
    *("0001-01-01", "0000-00-00", "0000-01-01", "1900-01-01", "1969-12-31", "1970-01-01"),
    *("1999-12-31", "2000-01-01", "2023-02-29", "2024-02-29", "2024-12-31", "2036-02-29"),
    *("2049-12-31", "2050-01-01", "9999-12-31", "10000-01-01", "99999-01-01", "294276-12-31"),
    *("infinity", "-infinity", "now", "today", "epoch", "0044-03-15 BC", "20240101", "00000000"),
    *("99999999", "2024-13-01", "2024-00-10", "2024-01-32", "", "NULL", "24-01-01"),
]  # fmt: skip
TIMES = ["00:00", "23:59", "24:00", "23:59:60", "25:61", "02:30", "12:00 PM", ""]


def noise(length: int) -> str:
    """A text that does not compress."""
    return "".join(DICE.choice("abcdefghijklmnopqrstuvwxyz0123456789 ") for _ in range(length))


TEXTS = [
    *("", " ", "NULL", "x", "x" * 5_000, noise(5_000), noise(9_000), "'; drop table x; --", "%s"),
    *("{{ 1 / 0 }}", "a\\b", "\\N", "a|b", "a - b", " - ", "\u202e\u2066abc", "\u200b", "e\u0301"),
    *("\U0001f9c0" * 50, "\ufdfa" * 400, "\x01\x1b[31m", "line\nbreak", '"quoted"', "a,b", "nan"),
]  # fmt: skip


def text_of(rows: Sequence[Sequence[str]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


def anyone(values: Sequence[str]) -> str:
    return DICE.choice(values)


def till_lines() -> list[list[str]]:
    """Receipts of a till."""

    def line(
        at: str = "05/01/2024 09:00", branch: str = "Leeds", name: str = "Ann",
        basket: str = "Tea - 1.70", total: str = "1.70", paid: str = "CASH", card: str = "",
    ) -> list[str]:  # fmt: skip
        return [at, branch, name, basket, total, paid, card]

    lines = [line(basket=f"Tea - {number}", total=number) for number in NUMBERS]
    # Consistent amounts, so that they count: sums beyond a total's bounds that cancel out.
    lines += [
        line(basket="Gold - 999999999, Less - -999999998.99", total="0.01"),
        line(basket=", ".join(["Gold - 99999999.99"] * 9), total="899999999.91"),
        line(basket=", ".join(["Gold - 999999999.99"] * 9), total="8999999999.91"),
        line(basket=", ".join(f"Pin {n} - 0.01" for n in range(6_000)), total="60.00"),
        line(basket=", ".join(["Pin - 0.01"] * 3_000), total="30.00"),
        line(basket=", " * 3_000, total="0.00"),
        line(basket=" - ".join(["a"] * 3_000) + " - 1.00", total="1.00"),
    ]
    for day, time in product(DAYS, TIMES):
        lines.append(line(at=f"{day} {time}".strip()))
        year, _, rest = day.partition("-")
        month, _, number = rest.partition("-")
        if number:
            lines.append(line(at=f"{number}/{month}/{year} {time}".strip()))
    for text in TEXTS:
        lines.append(line(branch=text))
        lines.append(line(name=text))
        lines.append(line(basket=f"{text} - 1.70"))
        lines.append(line(paid=text))
        lines.append(line(card=text))
    return lines


SALES_HEADER = [
    *("customer_id", "store_id", "product_name", "sales_date", "sales_person_id", "price"),
    *("quantity", "total_cost"),
]  # fmt: skip


def desk_lines() -> list[list[str]]:
    """Sales of stores."""

    def line(
        customer: str = "C1", store: str = "601", name: str = "Tea", day: str = "2024-01-12",
        person: str = "7", price: str = "1.00", quantity: str = "1", total: str = "1.00",
    ) -> list[str]:  # fmt: skip
        return [customer, store, name, day, person, price, quantity, total]

    lines = [
        line(price=price, quantity=quantity, total=anyone(NUMBERS))
        for price, quantity in product(NUMBERS, NUMBERS)
    ]
    # Three times the maximum integer in units; almost none a week, a month and a year before.
    lines += [line(quantity="999999999", total="1.00") for _ in range(9)]
    lines += [line(day=day, total="0.01") for day in ("2024-01-05", "2023-12-12", "2023-01-12")]
    # So much on one day by one person that the percentage exceeds any type.
    most = line(total="999999999.99", price="999999999.99", person="8", customer="C8")
    lines += [most] * 12_000
    for weeks in range(1, 9):
        lines += [
            line(day=f"2023-{12 - weeks // 5:02}-{1 + 3 * weeks:02}", person="8", total="0.01")
        ]
    lines += [line(day=day) for day in DAYS]
    for text in TEXTS:
        lines += [line(customer=text), line(store=text), line(name=text), line(person=text)]
    return lines


def shop_lines() -> list[list[str]]:
    """Lines of an online shop's invoices."""

    def line(
        number: str = "1", code: str = "A", name: str = "TEA", quantity: str = "1",
        at: str = "2024-01-12 09:00:00", price: str = "1.00", customer: str = "9.0",
        country: str = "France",
    ) -> list[str]:  # fmt: skip
        return [number, code, name, quantity, at, price, customer, country]

    lines = [
        line(number=str(n), price=price, quantity=quantity)
        for n, (price, quantity) in enumerate(product(NUMBERS, NUMBERS))
    ]
    # One receipt with too many lines, units and money, each with a flag.
    lines += [
        line(number="long", code=f"P{n}", name=f"PIN {n}", quantity="99999", price="9999.99")
        for n in range(6_000)
    ]
    lines += [line(number="long", code=f"M{n}", name="PIN", price="-0.01") for n in range(6_000)]
    lines += [line(number=f"day {n}", at=day) for n, day in enumerate(DAYS)]
    for text in TEXTS:
        lines += [
            line(number=text), line(number="t1", code=text), line(number="t2", name=text),
            line(number="t3", customer=text), line(number="t4", country=text),
        ]  # fmt: skip
    return lines


LISTS = {
    "customer.csv": [
        *("customer_id", "first_name", "last_name", "address", "pincode", "phone_number"),
        "customer_joining_date",
    ],
    "store.csv": [
        *("id", "address", "store_pincode", "store_manager_name", "store_opening_date", "reviews"),
    ],
    "product.csv": [
        *("id", "name", "current_price", "old_price", "created_date", "updated_date"),
        "expiry_date",
    ],
    "sales_team.csv": [
        *("id", "first_name", "last_name", "manager_id", "is_manager", "address", "pincode"),
        "joining_date",
    ],
}


SOLD_WITH = {"customer.csv": "C1", "store.csv": "601", "product.csv": "1", "sales_team.csv": "7"}
"""The entry of each list that the sales refer to."""


def list_lines(columns: Sequence[str], sold_with: str) -> list[list[str]]:
    """Entries of a list, every value in every column, and long texts where sales meet them."""
    lines = [[sold_with, *(noise(9_000) for _ in columns[1:])]]
    for place, values in product(range(len(columns)), (NUMBERS, DAYS, TEXTS)):
        for number, value in enumerate(values):
            entry = [f"{place}-{number}", *["1"] * (len(columns) - 1)]
            entry[place] = value
            lines.append(entry)
    return lines


def add_extreme_rate(copy: Path) -> None:
    """A branch whose money is worth nearly as much as a rate may be."""
    for name, line in (
        ("branches", "branch_pos,Hammerfest,NO,Europe/Oslo,NOK,,"),
        ("exchange_rates", "NOK,GBP,2024-01-01,999999999"),
    ):
        with (copy / "seeds" / f"{name}.csv").open("a", encoding="utf-8") as seed:
            seed.write(f"{line}\n")


def unconverted_lines() -> list[list[str]]:
    """Receipts of that branch: one that can be converted, and one that is too large for it."""
    return [
        ["05/01/2024 09:00", "Hammerfest", "Ann", f"Tea - {price}", price, "CASH", ""]
        for price in ("0.01", "999999999.00")
    ]


def shuffled(lines: list[list[str]]) -> list[list[str]]:
    return DICE.sample(lines, len(lines))


@pytest.fixture(scope="module")
def project(
    postgres_server: Connection, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Project]:
    folder: Path = tmp_path_factory.mktemp("extremes")
    copy = copy_project(folder / "copy")
    add_documented_source(copy)
    add_extreme_rate(copy)
    with new_project(postgres_server, folder / "run", copy) as made:
        made.deliver("branch_pos/leeds_05-01-2024_09-00-00.csv", text_of(shuffled(till_lines())))
        made.deliver("branch_pos/hammerfest_05-01-2024_09-00-00.csv", text_of(unconverted_lines()))
        made.deliver("sales_desk/sales/all.csv", text_of([SALES_HEADER, *shuffled(desk_lines())]))
        for name, columns in LISTS.items():
            made.deliver(
                f"sales_desk/{name}",
                text_of([columns, *shuffled(list_lines(columns, SOLD_WITH[name]))]),
            )
        made.deliver(
            "online_shop/orders_2024-01-12.csv", text_of([SHOP_HEADER, *shuffled(shop_lines())])
        )
        yield made


def test_every_model_builds_with_extreme_values(project: Project) -> None:
    report = project.load()
    assert report.counts()["quarantined"] == 0
    assert report.rows > 25_000
    project.dbt("build", "--exclude", "test_type:unit")
    sold = dict(
        project.rows("select source_system, count(*) from marts.fct_transactions group by 1")
    )
    assert all(sold[source] > 100 for source in ("branch_pos", "sales_desk", "online_shop"))
    # Too large for its type in the company's currency; the other receipt of its day counts.
    assert project.rows(
        "select net_amount, net_amount_company from marts.fct_transactions"
        " where branch_name = 'Hammerfest' order by 1"
    ) == [(Decimal("0.01"), Decimal("9999999.99")), (Decimal("999999999.00"), None)]
    [(units,)] = project.rows("select max(items_sold) from marts.rpt_daily_sales")
    assert units > 2**31
    pairs = "select count(*) from marts.fct_product_pairs"
    [(pair_rows,)] = project.rows(pairs)
    assert pair_rows < 20_000


def test_a_night_loads_extreme_values(project: Project) -> None:
    project.deliver("branch_pos/leeds_06-01-2024_09-00-00.csv", text_of(till_lines()[:200]))
    project.deliver("sales_desk/sales/more.csv", text_of([SALES_HEADER, *desk_lines()[:3_000]]))
    project.deliver(
        "online_shop/orders_2024-01-13.csv", text_of([SHOP_HEADER, *shop_lines()[:3_000]])
    )
    assert project.load().counts()["loaded"] == 3
    project.dbt("run")
