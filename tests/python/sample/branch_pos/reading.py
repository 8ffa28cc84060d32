"""A plain reader of the tills' files that shares no code with the package."""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path

from sample.branch_pos import mess

# The mishaps, once each, in a large enough company; and in any company.
MESS = {
    mess.BROKEN,
    mess.TWICE,
    mess.NOT_CSV,
    mess.UNBALANCED,
    mess.UNREADABLE_DATE,
    mess.CORRECTED,
    mess.LATE,
    mess.CUT,
    mess.SPREADSHEET,
    mess.EMPTY,
    mess.POP_UP_DAY,
}
MESS_OF_ANY_COMPANY = {mess.BROKEN, mess.TWICE, mess.NOT_CSV, mess.POP_UP_DAY}
FEWEST_BRANCH_DAYS = 10
FEWEST_DAYS = 1


class Reading:
    """The sales by branch and day as (items, money), and how many lines and rows are invalid."""

    def __init__(self, folder: Path) -> None:
        self.sales: dict[tuple[str, date], list[tuple[int, Decimal]]] = defaultdict(list)
        self.rejected_lines = self.rejected_rows = 0
        newest: dict[tuple[str, str], bytes] = {}
        for path in sorted(folder.rglob("*.csv"), key=lambda path: path.name):
            slug, day, _ = path.stem.rsplit("_", 2)
            data = path.read_bytes()
            if data and not data.startswith(b"\x89PNG"):
                newest[slug, day] = data
        for data in newest.values():
            self._read(data.decode("utf-8-sig"))

    def _read(self, text: str) -> None:
        for row in csv.reader(io.StringIO(text, newline="")):
            if len(row) != 7:
                self.rejected_lines += 1
            elif row[0] != "timestamp":
                self._sell(row)

    def _sell(self, row: list[str]) -> None:
        try:
            moment = datetime.strptime(row[0], "%d/%m/%Y %H:%M")
            prices = [Decimal(item.rpartition(" - ")[2]) for item in row[3].split(", ")]
            sound = sum(prices) == Decimal(row[4])
        except (ValueError, InvalidOperation):
            sound = False
        if sound:
            self.sales[row[1], moment.date()].append((len(prices), sum(prices, Decimal(0))))
        else:
            self.rejected_rows += 1
