"""The tables of the till's database: columns with their types, spelled as the till spells them."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sample.retail360.stores import Store

Cell = str | None
Cells = tuple[Cell, ...]

_MONEY, _QUANTITY, _DAY = "numeric(18,2)", "numeric(18,3)", "varchar(8)"
_ITEM = "char(15)"
ITEM_BLANKS = 15


@dataclass(frozen=True)
class Till:
    """A table: its name, and the types of its columns by their names."""

    name: str
    columns: tuple[tuple[str, str], ...]

    @property
    def file_name(self) -> str:
        """The name of its export."""
        return f"{self.name.lower()}.csv"


ITEMS = Till(
    "Items",
    (
        ("Item_ID", _ITEM), ("ItemDesc", "varchar(50)"), ("ItemType", "integer"),
        ("CostPerUnit", _MONEY), ("Price1", _MONEY),
    ),
)  # fmt: skip
ITEM_TYPES = Till("ItemTypes", (("Type_ID", "integer"), ("TypeDesc", "varchar(30)")))
DOCUMENTS = Till(
    "Documents",
    (
        ("Document_ID", "integer"), ("DocumentType", "integer"), ("RecordingDate", _DAY),
        ("ReferenceDate", _DAY), ("ValueDate", _DAY), ("PrintTime", "integer"),
        ("GeneralTotalIncludeVAT", _MONEY), ("Total_NoVAT", _MONEY), ("VAT", _MONEY),
        ("TotalBeforeDiscountAndNoVAT", _MONEY), ("TotalItems", _QUANTITY),
        ("LastLine", "integer"), ("Details", "varchar(50)"), ("IsPrinted", "integer"),
        ("TransmittedToCenter", "integer"), ("S__Sequence", "integer"),
    ),
)  # fmt: skip
DOCUMENT_LINES = Till(
    "DocumentLines",
    (
        ("Document_ID", "integer"), ("Line_ID", "integer"), ("DocumentType", "integer"),
        ("DateSetting", _DAY), ("Item_ID", _ITEM), ("Details", "varchar(50)"),
        ("UnitPriceVATIncluded", _MONEY), ("ItemsQty", _QUANTITY), ("LineDiscount", _MONEY),
        ("TotalPerLine_IncVAT", _MONEY), ("S__Sequence", "integer"),
    ),
)  # fmt: skip
RECEIPT_LINES = Till(
    "ReceiptLines",
    (
        ("Receipt_ID", "integer"), ("PaymentType", "integer"), ("CreditCardType", "varchar(4)"),
        ("AccountNumber_MoreInfo", "varchar(20)"), ("RecordingDate", _DAY),
        ("PaymentDate", _DAY), ("SystemCurrencyAmount", _MONEY), ("NumberOfPayments", "integer"),
        ("FirstPayment_Total", _MONEY), ("OtherPayments_CurrencyRange", _MONEY),
        ("TransmittedToCenter", "integer"), ("S__Sequence", "integer"),
    ),
)  # fmt: skip
CARD_TYPES = Till(
    "CreditCardsTypes", (("CreditCardType", "varchar(4)"), ("CardDesc", "varchar(30)"))
)
INVENTORY = Till(
    "Inventory",
    (
        ("Item_ID", _ITEM), ("Card_ID", "integer"), ("CardsGroup", "integer"),
        ("OpeningInventory", _QUANTITY), ("InventoryBalance", _QUANTITY),
        ("CountedInventory", _QUANTITY),
    ),
)  # fmt: skip
ATTENDANCE = Till(
    "EmployeesAttendance",
    (
        ("StoreID", "integer"), ("Emplyee_ID", "integer"), ("DateSetting", _DAY),
        ("HourTime", "integer"), ("MovementType", "integer"),
        ("AttendanceRecordingType", "integer"), ("Front_Office", "integer"),
        ("Mark", "char(1)"), ("Reserve", "char(1)"), ("Exceeded", "integer"),
        ("TransmittedToBO", "integer"), ("TransmittedToExternalSystems", "integer"),
        ("Update_DateTime", "timestamp(0)"), ("S__Sequence", "integer"),
    ),
)  # fmt: skip
EMPLOYEES = Till(
    "EmployeesSelection_ByEntrance",
    (
        ("EmplyeeNumber", "integer"), ("ShortName", "varchar(15)"), ("LongName", "varchar(25)"),
        ("UpdateDate", _DAY), ("ScheduledExitDate", _DAY), ("ScheduledExitTime", "integer"),
        ("ExitReminderPerformed", "integer"),
    ),
)  # fmt: skip
WORKSTATIONS = Till("WorkStations", (("StationID", "integer"), ("StationName", "varchar(20)")))
"""One of the many tables that nothing reads."""

EXPORTED = (
    ITEMS, ITEM_TYPES, DOCUMENTS, DOCUMENT_LINES, RECEIPT_LINES, CARD_TYPES, INVENTORY,
    ATTENDANCE, EMPLOYEES,
)  # fmt: skip

CARDS = (
    "ישראכרט", "ויזה כאל", "דיינרס", "אמריקן אקספרס", "לאומי קארד", "מאסטרקארד", "מקס",
    "שוברי מתנה", "תו זהב", "אחר",
)  # fmt: skip
STATIONS = ("קופה 1", "קופה 2", "משרד")


def as_csv(table: Till, rows: Iterable[Cells], store: Store) -> bytes:
    """The table as a store exports it: names in lower case, nothing for NULL."""
    columns = [name.lower() for name, _ in table.columns]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(columns)
    blanks = [place for place, (_, kind) in enumerate(table.columns) if kind == _ITEM]
    if store.pads_ids and blanks:
        rows = (_padded(row, blanks) for row in rows)
    writer.writerows(rows)
    return text.getvalue().encode(store.encoding)


def _padded(row: Cells, places: Sequence[int]) -> Cells:
    cells = list(row)
    for place in places:
        cells[place] = f"{cells[place] or '':<{ITEM_BLANKS}}"
    return tuple(cells)


def money(agorot: int) -> str:
    """An amount with two decimals."""
    sign = "-" if agorot < 0 else ""
    return f"{sign}{abs(agorot) // 100}.{abs(agorot) % 100:02d}"


def quantity(thousandths: int) -> str:
    """A quantity with three decimals."""
    sign = "-" if thousandths < 0 else ""
    return f"{sign}{abs(thousandths) // 1000}.{abs(thousandths) % 1000:03d}"
