"""Reads the five places' files as anybody would: with csv, json and the text of the PDF."""

from __future__ import annotations

import csv
import io
import json
import re
from collections import defaultdict
from datetime import date
from decimal import Decimal
from pathlib import Path

import pypdfium2

MESS_OF_ANY_COMPANY = {
    f"noise in {name}"
    for name in (
        "users.csv", "stores.csv", "products.csv", "card_details.pdf", "date_details.json"
    )
}  # fmt: skip
MESS = {*MESS_OF_ANY_COMPANY, "orders without price or date"}
FEWEST_BRANCH_DAYS, FEWEST_DAYS = 200, 20

_NOISE = re.compile(r"NULL|[A-Z0-9]{10,11}|")


def _rows(file: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(file.read_text("utf-8"), newline="")))


def _is_noise(row: dict[str, str], index: str | None = None) -> bool:
    return all(_NOISE.fullmatch(text) for name, text in row.items() if name != index)


def pdf_lines(file: Path) -> list[str]:
    """The lines of all pages, headers included."""
    document = pypdfium2.PdfDocument(file)
    return [
        line
        for page in document
        for line in page.get_textpage().get_text_range().splitlines()
        if line.strip()
    ]


class Reading:
    """Sales by shop and day, and the rows that cannot count."""

    def __init__(self, folder: Path) -> None:
        self.sales: dict[tuple[str, date], list[tuple[int, Decimal]]] = defaultdict(list)
        self.rejected_lines = self.rejected_rows = 0
        if (folder / "users.csv").exists():
            self._read(folder)

    def _read(self, folder: Path) -> None:
        users, stores = _rows(folder / "users.csv"), _rows(folder / "stores.csv")
        products = _rows(folder / "products.csv")
        dates = folder / "date_details.json"
        columns = json.loads(dates.read_text("utf-8")) if dates.exists() else {"date_uuid": {}}
        events = [
            {name: columns[name][number] for name in columns} for number in columns["date_uuid"]
        ]
        cards = [line for line in pdf_lines(folder / "card_details.pdf") if "card_" not in line]
        self.rejected_rows = sum(not re.search(r"\b\d\d/\d\d\b", line) for line in cards)
        self.rejected_rows += sum(_is_noise(row, "index") for row in users + stores)
        self.rejected_rows += sum(_is_noise(row, "Unnamed: 0") for row in products)
        self.rejected_rows += sum(_is_noise(row) for row in events)
        prices = {
            row["product_code"]: Decimal(row["product_price"].removeprefix("£"))
            for row in products
            if row["product_price"].startswith("£")
        }
        days = {
            row["date_uuid"]: date(int(row["year"]), int(row["month"]), int(row["day"]))
            for row in events
            if row["year"].isdigit()
        }
        orders = folder / "orders.csv"
        for row in _rows(orders) if orders.exists() else []:
            price, day = prices.get(row["product_code"]), days.get(row["date_uuid"])
            if price is None or day is None:
                self.rejected_rows += 1
                continue
            quantity = int(row["product_quantity"])
            self.sales[row["store_code"], day].append((quantity, quantity * price))
