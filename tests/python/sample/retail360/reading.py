"""A plain reader of the tills' exports that shares no code with the package."""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

from sample.retail360 import source

# The mishaps, once each, in a large enough company; and in any company.
MESS = set(source.MESS)
MESS_OF_ANY_COMPANY: set[str] = set()
FEWEST_BRANCH_DAYS = 1
FEWEST_DAYS = 24

Row = dict[str, str]


def rows_of(file: Path) -> list[Row]:
    """The rows of an export, in whichever of the two encodings it is."""
    data = file.read_bytes()
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        text = data.decode("windows-1255")
    return list(csv.DictReader(io.StringIO(text, newline="")))


class Reading:
    """The sales by store and day as (units, money), and how many rows are no sales."""

    def __init__(self, folder: Path) -> None:
        self.sales: dict[tuple[str, date], list[tuple[int, Decimal]]] = defaultdict(list)
        self.rejected_lines = self.rejected_rows = 0
        for documents in folder.rglob("documents.csv"):
            is_folder = documents.parent != folder
            self._read(documents.parent, documents.parent.name if is_folder else "Main store")

    def _read(self, folder: Path, store: str) -> None:
        documents = {row["document_id"]: row for row in rows_of(folder / "documents.csv")}
        lines: dict[str, list[Row]] = defaultdict(list)
        for row in rows_of(folder / "documentlines.csv"):
            lines[row["document_id"]].append(row)
        settled = {
            row["receipt_id"]
            for row in rows_of(folder / "receiptlines.csv")
            if row["accountnumber_moreinfo"] != "2"
        }
        for number in documents.keys() | lines.keys():
            document, sold = documents.get(number), lines[number]
            if document is None or not sold:
                self.rejected_rows += max(len(sold), 1)
            elif document["documenttype"] != "1" or number not in settled:
                self.rejected_rows += len(sold)
            else:
                total = Decimal(document["generaltotalincludevat"])
                amounts = sum(Decimal(line["totalperline_incvat"]) for line in sold)
                # Cash is rounded to ten agorot.
                assert abs(total - amounts) <= Decimal("0.05")
                assert len(sold) == int(document["lastline"])
                units = sum(self._units(Decimal(line["itemsqty"])) for line in sold)
                day = datetime.strptime(document["recordingdate"], "%Y%m%d").date()
                self.sales[store, day].append((units, total))

    @staticmethod
    def _units(quantity: Decimal) -> int:
        """Units of a line: a weight is one unit."""
        if quantity == int(quantity) and quantity:
            return int(quantity)
        return -1 if quantity < 0 else 1
