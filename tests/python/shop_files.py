"""Made-up daily files of an online shop, and their totals, computed without the project."""

from __future__ import annotations

import csv
import io
import random
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

HEADER = [
    *("InvoiceNo", "StockCode", "Description", "Quantity"),
    *("InvoiceDate", "UnitPrice", "CustomerID", "Country"),
]
FIRST_DAY = date(2010, 12, 1)
PRODUCTS = [
    ("85123A", "WHITE HANGING HEART T-LIGHT HOLDER", "2.55"),
    ("71053", "WHITE METAL LANTERN", "3.39"),
    ("84029E", "RED WOOLLY HOTTIE WHITE HEART.", "3.39"),
    ("22752", "SET 7 BABUSHKA NESTING BOXES", "7.65"),
    ("21730", "GLASS STAR FROSTED T-LIGHT HOLDER", "4.25"),
    ("22633", "HAND WARMER, UNION JACK", "1.85"),
    ("22960", "JAM MAKING SET, WITH JARS, PRINTED", "4.25"),
    ("84879", "ASSORTED COLOUR BIRD ORNAMENT", "1.69"),
    ("15056BL", 'EDWARDIAN PARASOL "BLACK"', "5.95"),
    ("22086", "PAPER CHAIN KIT 50'S CHRISTMAS - RED", "2.95"),
    ("PADS", "PADS TO MATCH ALL CUSHIONS", "0.001"),
]
RENAMED = ("22423", "REGENCY CAKESTAND 3 TIER", "REGENCY CAKE STAND, THREE TIERS", "12.75")
"""A code with two descriptions: the second one from January on."""
COUNTRIES = ["United Kingdom"] * 8 + ["France", "Germany", "EIRE"]

Line = list[str]


def path_of(day: date) -> str:
    """The path of a day's file in the inbox."""
    return f"online_shop/orders_{day.isoformat()}.csv"


def days(lines_wanted: int, seed: int = 1, receipts_a_day: int = 14) -> Iterable[tuple[date, str]]:
    """Day by day the file's text, until there are so many lines."""
    chance = random.Random(seed)
    invoice, day, written = 536365, FIRST_DAY, 0
    while written < lines_wanted:
        if day.weekday() != 5:
            lines, invoice = _day(day, invoice, chance, receipts_a_day)
            written += len(lines)
            yield day, text_of(lines)
        day += timedelta(days=1)


def text_of(lines: list[Line]) -> str:
    """The lines as a CSV."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows([HEADER, *lines])
    return text.getvalue()


def _day(day: date, invoice: int, chance: random.Random, receipts: int) -> tuple[list[Line], int]:
    lines: list[Line] = []
    for number in range(receipts + chance.randint(-3, 3)):
        at = datetime(
            day.year, day.month, day.day, 8 + number * 10 // (receipts + 4), chance.randrange(59)
        )
        customer = "" if chance.random() < 0.25 else f"{chance.randint(12346, 12420)}.0"
        country = chance.choice(COUNTRIES)
        cancelled = chance.random() < 0.08
        name = ("C" if cancelled else "") + str(invoice)
        invoice += 1
        count = chance.randint(1, 2 if cancelled else 14)
        for place in range(count):
            code, words, price = chance.choice(PRODUCTS)
            if chance.random() < 0.08:
                code, price = RENAMED[0], RENAMED[3]
                words = RENAMED[1 if day.year == 2010 else 2]
            quantity = chance.choice([1, 1, 2, 3, 6, 12, 24])
            # The lines of a receipt may be a minute apart.
            minute = timedelta(minutes=int(place > count // 2 and chance.random() < 0.2))
            lines.append(
                [name, code, words, str(-quantity if cancelled else quantity),
                 str(at + minute), price, customer, country]
            )  # fmt: skip
        if not cancelled and chance.random() < 0.1:
            lines.append([name, "POST", "POSTAGE", "1", str(at), "18.0", customer, country])
        if chance.random() < 0.05:
            # A discount: the units of this receipt may sum to zero.
            lines.append([name, "D", "Discount", "-1", str(at), "1.75", customer, country])
    at = datetime(day.year, day.month, day.day, 18, 3)
    shipped = "United Kingdom"
    # Written-off stock: no description, no price, no customer.
    lines.append([str(invoice), "22139", "", "-17", str(at), "0.0", "", shipped])
    # One unit sold and one taken back on the same receipt.
    lines.append(
        [str(invoice + 1), "71053", PRODUCTS[1][1], "1", str(at), "3.39", "12347.0", shipped]
    )
    lines.append(
        [str(invoice + 1), "21730", PRODUCTS[4][1], "-1", str(at), "4.25", "12347.0", shipped]
    )
    if day.day % 9 == 0:
        lines.append(
            [f"A{invoice}", "B", "Adjust bad debt", "1", str(at), "-11062.06", "", shipped]
        )
    if day.day % 7 == 0:
        # Invalid lines: each is rejected, and its receipt's other lines count.
        lines.append(
            [str(invoice + 1), "22633", PRODUCTS[5][1], "0", str(at), "1.85", "12347.0", shipped]
        )
        lines.append(
            [str(invoice + 1), "22633", PRODUCTS[5][1], "a few", str(at), "1.85", "", shipped]
        )
        lines.append(["", "22633", PRODUCTS[5][1], "2", str(at), "1.85", "", shipped])
        lines.append([str(invoice + 1), "22633", PRODUCTS[5][1], "2", "soon", "1.85", "", shipped])
    return lines, invoice + 2


@dataclass
class Truth:
    """The totals of files."""

    daily: dict[date, tuple[int, int, Decimal]] = field(default_factory=dict)
    """business date -> receipts, units, sales"""
    products: dict[str, tuple[int, Decimal]] = field(default_factory=dict)
    """product code -> units, sales"""
    names: dict[str, str] = field(default_factory=dict)
    customers: dict[str, tuple[int, Decimal]] = field(default_factory=dict)
    """customer number -> receipts, amount"""
    countries: dict[str, tuple[int, Decimal]] = field(default_factory=dict)
    receipts: dict[str, Decimal] = field(default_factory=dict)
    """receipt number -> amount"""
    rejected: dict[str, tuple[int, Decimal]] = field(default_factory=dict)
    """reasons -> lines, claimed amount"""
    lines: int = 0

    @property
    def sales(self) -> Decimal:
        """The total sales."""
        return sum((amount for _, _, amount in self.daily.values()), Decimal(0))


def truth_of(texts: Iterable[str]) -> Truth:
    """The totals of the current files, by the rules of docs/example-source.md."""
    truth = Truth()
    daily: dict[date, list[Decimal]] = defaultdict(lambda: [Decimal(0)] * 3)
    products: dict[str, list[Decimal]] = defaultdict(lambda: [Decimal(0)] * 2)
    customers: dict[str, list[Decimal]] = defaultdict(lambda: [Decimal(0)] * 2)
    countries: dict[str, list[Decimal]] = defaultdict(lambda: [Decimal(0)] * 2)
    rejected: dict[str, list[Decimal]] = defaultdict(lambda: [Decimal(0)] * 2)
    seen_names: dict[str, set[tuple[tuple[int, int], str]]] = defaultdict(set)
    for text in texts:
        receipts: dict[str, list[tuple[datetime, str, str]]] = defaultdict(list)
        for row in csv.DictReader(io.StringIO(text)):
            truth.lines += 1
            reasons = []
            if not row["InvoiceNo"]:
                reasons.append("receipt_number_missing")
            try:
                at = datetime.strptime(row["InvoiceDate"], "%Y-%m-%d %H:%M:%S")
            except ValueError:
                reasons.append("timestamp_unreadable")
            if not row["Description"]:
                reasons.append("product_missing")
            quantity = int(row["Quantity"]) if row["Quantity"].lstrip("-").isdigit() else None
            if not quantity:
                reasons.append("quantity_unreadable")
            amount = Decimal(0)
            if quantity is None:
                reasons.append("total_unreadable")
            else:
                exact = quantity * Decimal(row["UnitPrice"])
                amount = exact.quantize(Decimal("0.01"), ROUND_HALF_UP)
            if reasons:
                _add(rejected, ", ".join(reasons), 1, amount)
                continue
            assert quantity is not None
            day = at.date()
            customer = row["CustomerID"].split(".")[0]
            receipts[row["InvoiceNo"]].append((at, customer, row["Country"]))
            truth.receipts[row["InvoiceNo"]] = (
                truth.receipts.get(row["InvoiceNo"], Decimal(0)) + amount
            )
            _add(daily, day, 0, quantity, amount)
            _add(products, row["StockCode"], quantity, amount)
            seen_names[row["StockCode"]].add(((day.year, day.month), row["Description"]))
            _add(countries, row["Country"], 0, amount)
            if customer:
                _add(customers, customer, 0, amount)
        for receipt in receipts.values():
            at, customer, country = receipt[0]
            daily[at.date()][0] += 1
            countries[country][0] += 1
            if customer:
                customers[customer][0] += 1
    truth.daily = {day: (int(n), int(u), a) for day, (n, u, a) in daily.items()}
    truth.products = {code: (int(u), a) for code, (u, a) in products.items()}
    truth.customers = {customer: (int(n), a) for customer, (n, a) in customers.items()}
    truth.countries = {country: (int(n), a) for country, (n, a) in countries.items()}
    truth.rejected = {reasons: (int(n), a) for reasons, (n, a) in rejected.items()}
    truth.names = {code: max(names)[1] for code, names in seen_names.items()}
    return truth


def _add(sums: dict, key: object, *values: Decimal | int) -> None:  # type: ignore[type-arg]
    for place, value in enumerate(values):
        sums[key][place] += value
