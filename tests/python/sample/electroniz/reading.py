"""Reads the chain's files as anybody would, with csv and json, and compares their events."""

from __future__ import annotations

import csv
import io
import json
from collections import defaultdict
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

from sample.electroniz import source

# The mishaps, once each, in a large enough company; and in any company.
MESS = set(source.MESS)
MESS_OF_ANY_COMPANY = set(source.OF_ANY_COMPANY)
FEWEST_BRANCH_DAYS, FEWEST_DAYS = 200, 28

Row = dict[str, str]


class Event(NamedTuple):
    """A line about an order, without blanks."""

    branch: str
    day: date
    mode: str
    at: datetime
    units: int
    price: Decimal


def rows_of(file: Path, columns: list[str] | None = None) -> list[Row]:
    """The rows of a CSV, with the names of its header or those given."""
    text = io.StringIO(file.read_text("utf-8"), newline="")
    return list(csv.DictReader(text, columns))


def _lines(folder: Path) -> list[str]:
    return [line for file in sorted(folder.glob("*.jsonl")) for line in file.open()]


class Reading:
    """Sales by branch and day, and the rows that cannot count."""

    def __init__(self, folder: Path) -> None:
        self.sales: dict[tuple[str, date], list[tuple[int, Decimal]]] = defaultdict(list)
        self.rejected_lines = self.rejected_rows = 0
        orders: dict[tuple[str, str], list[Event]] = defaultdict(list)
        for file in sorted(folder.glob("store_orders/*.csv")):
            for row in rows_of(file):
                orders["store", row["order_number"].strip()].append(self._store_event(row))
        for line in _lines(folder / "web_orders"):
            try:
                (event,) = json.loads(line)
            except json.JSONDecodeError:
                self.rejected_lines += 1
                continue
            orders["web", event["data"]["order_number"]].append(self._web_event(event))
        for events in orders.values():
            last = max(events, key=lambda event: event.at)
            self.rejected_rows += len(events)
            if last.mode != "DELETE":
                self.rejected_rows -= 1
                self.sales[last.branch, last.day].append((last.units, last.units * last.price))
        for file in folder.glob("inventory/*.csv"):
            self.rejected_rows += sum(row["product"] == "Phones" for row in rows_of(file))
        for line in _lines(folder / "access_log"):
            self.rejected_rows += json.loads(line)["time"][0].isalpha()
        for file in folder.glob("shipments/*.csv"):
            self.rejected_rows += sum(row["event_code"] == "ZZ" for row in rows_of(file))
        if (folder / "ip_ranges.csv").exists():
            self._read_ranges(folder / "ip_ranges.csv")

    def _read_ranges(self, file: Path) -> None:
        reached = -1
        for row in rows_of(file, ["first", "last", "code", "name"]):
            self.rejected_rows += int(row["first"]) <= reached
            reached = max(reached, int(row["last"]))

    @staticmethod
    def _store_event(row: Row) -> Event:
        month, day, year = row["order_date"].split("/")
        return Event(
            f"Stores {row['currency'].replace('EURO', 'EUR')}",
            date(int(year), int(month), int(day)),
            row["order_mode"],
            datetime.fromisoformat(row["updated_at"]),
            int(row["units"]),
            Decimal(row["sale_price"]),
        )

    @staticmethod
    def _web_event(event: dict[str, str | Row]) -> Event:
        data, at = event["data"], event["eventTime"]
        assert isinstance(data, dict)
        assert isinstance(at, str)
        day, month, year = data["order_date"].split("/")
        return Event(
            f"Web shop {data['currency']}",
            date(int(year), int(month), int(day)),
            data["order_mode"],
            datetime.fromisoformat(at.removesuffix("Z")),
            1,
            Decimal(data["sale_price"]),
        )
