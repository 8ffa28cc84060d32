"""What an exported file holds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import PurePosixPath


@dataclass(frozen=True)
class Export:
    """One file: columns and rows of a mart.

    `file`: its name; the ending gives the format (`FORMATS`). `columns`: in this order; empty for
    all, in the mart's order.
    `date_column`: only rows that have in it the business date or an earlier day; `days`: no more
    than this number of days, the business date included. `where`: only rows that have this value in
    this column, such as a branch's key.
    `spreadsheet`: of CSV: a file that people open with a double click.
    """

    mart: str
    file: str
    columns: tuple[str, ...] = ()
    date_column: str | None = None
    days: int | None = None
    where: tuple[tuple[str, str], ...] = ()
    spreadsheet: bool = False

    @property
    def ending(self) -> str:
        """The file's ending in lower case, with its dot."""
        return PurePosixPath(self.file).suffix.lower()

    def first_day(self, business_date: date) -> date | None:
        """The first day that the file holds rows of; None where no limit is set."""
        return None if self.days is None else business_date - timedelta(days=self.days - 1)
