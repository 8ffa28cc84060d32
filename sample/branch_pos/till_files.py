"""The format of a till's files: names, lines, and the same after a spreadsheet saved them.

No header, seven columns, LF, quotes only where a comma requires them; a total has as few decimals
as possible but at least one (`3.2`, `6.0`, `9.85`).
"""

from __future__ import annotations

from datetime import date

from sample.branches import Branch
from sample.csv_text import price_text, quoted
from sample.trade import Receipt

FOLDER = "branch_pos"
SPREADSHEET_HEADER = "timestamp,branch,customer name,basket,total,payment method,card number"


def file_name(branch: Branch, day: date, seconds: int) -> str:
    """`leeds_26-08-2021_09-00-00.csv`; `seconds` count from midnight."""
    hours, rest = divmod(seconds, 3600)
    minutes, left = divmod(rest, 60)
    date_text = f"{day.day:02d}-{day.month:02d}-{day.year:04d}"
    return f"{branch.slug}_{date_text}_{hours:02d}-{minutes:02d}-{left:02d}.csv"


def total_text(pence: int) -> str:
    """A total: one decimal where one is enough."""
    return f"{pence // 100}.{pence % 100 // 10}" if pence % 10 == 0 else price_text(pence)


def basket_text(receipt: Receipt) -> str:
    """The items with their prices, not yet quoted."""
    return ", ".join([f"{name} - {price_text(pence)}" for name, pence in receipt.items])


def line(branch: Branch, day_text: str, receipt: Receipt) -> str:
    """One sale without its line end. `day_text` is the date as `DD/MM/YYYY`."""
    hour, minute = divmod(receipt.minute, 60)
    method = "CARD" if receipt.card_number else "CASH"
    return (
        f"{day_text} {hour:02d}:{minute:02d},{branch.name},{receipt.customer_name},"
        f"{quoted(basket_text(receipt))},{total_text(receipt.total)},{method},{receipt.card_number}"
    )


def lines(branch: Branch, day: date, sold: list[Receipt]) -> list[str]:
    """The day's lines without line ends."""
    day_text = f"{day.day:02d}/{day.month:02d}/{day.year:04d}"
    return [line(branch, day_text, receipt) for receipt in sold]


def _scientific(card_number: str) -> str:
    """`5.49E+15`: only three of sixteen digits are left."""
    if not card_number:
        return ""
    figures, exponent = int(card_number[:3]) + (card_number[3] >= "5"), len(card_number) - 1
    if figures == 1000:
        figures, exponent = 100, exponent + 1
    return f"{figures // 100}.{figures % 100:02d}E+{exponent}"


def spreadsheet_content(branch: Branch, day: date, sold: list[Receipt]) -> bytes:
    """The same day after it was opened and saved in a spreadsheet.

    A byte order mark, a header line, CRLF, days and hours without leading zeros (day first, as
    before), totals without trailing zeros, card numbers destroyed.
    """
    written = [SPREADSHEET_HEADER]
    for receipt in sold:
        hour, minute = divmod(receipt.minute, 60)
        method = "CARD" if receipt.card_number else "CASH"
        written.append(
            f"{day.day}/{day.month}/{day.year} {hour}:{minute:02d},{branch.name},"
            f"{receipt.customer_name},{quoted(basket_text(receipt))},"
            f"{total_text(receipt.total).removesuffix('.0')},{method},"
            f"{_scientific(receipt.card_number)}"
        )
    return "".join([f"{text}\r\n" for text in written]).encode("utf-8-sig")
