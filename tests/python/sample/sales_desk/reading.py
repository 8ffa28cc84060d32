"""A plain reader of the stores' files that shares no code with the package."""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from datetime import date
from decimal import Decimal
from pathlib import Path

from sample.sales_desk import desk

# The mishaps, once each, in a large enough company; and in any company.
MESS = set(desk.MESS)
MESS_OF_ANY_COMPANY: set[str] = set()
FEWEST_BRANCH_DAYS = 1
FEWEST_DAYS = 7


class Reading:
    """The sales by store and day as (units, money), and how many lines and rows are invalid."""

    def __init__(self, folder: Path) -> None:
        self.sales: dict[tuple[str, date], list[tuple[int, Decimal]]] = defaultdict(list)
        self.rejected_lines = self.rejected_rows = 0
        for path in (folder / "sales").rglob("*.csv"):
            self._read(path.read_text(encoding="utf-8"))

    def _read(self, text: str) -> None:
        for row in csv.DictReader(io.StringIO(text, newline="")):
            if "sales_person_id" not in row:
                return
            if not row["quantity"].isdecimal():
                self.rejected_rows += 1
                continue
            quantity, total = int(row["quantity"]), Decimal(row["total_cost"])
            assert quantity * Decimal(row["price"]) == total
            day = date.fromisoformat(row["sales_date"])
            self.sales[row["store_id"], day].append((quantity, total))
