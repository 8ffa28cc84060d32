"""The list of payment cards, which the company has as a PDF document only."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import date, timedelta
from functools import lru_cache

from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas

from sample.chance import below, digest, generator
from sample.multinational.rows import MOST_KEPT, Row, date_text, no_card
from sample.people import luhn_digit, person

ROWS_OF_A_PAGE = 55
KEPT_DIGITS = 15
COLUMNS = ("card_number", "expiry_date", "card_provider", "date_payment_confirmed")
_X = (40, 190, 275, 430)
_TOP, _LINE = 800, 13.4
_FIRST_CONFIRMED, _CONFIRMED = date(1995, 1, 1), 365 * 27
_PROVIDERS = (
    ("American Express", 15), ("Diners Club / Carte Blanche", 14), ("Discover", 16),
    ("JCB 15 digit", 15), ("JCB 16 digit", 16), ("Maestro", 12), ("Mastercard", 16),
    ("VISA 13 digit", 13), ("VISA 16 digit", 16), ("VISA 19 digit", 19),
)  # fmt: skip


@lru_cache(maxsize=MOST_KEPT)
def card_number(seed: int, number: int) -> str:
    """The digits of a card: the company's systems kept 15 of them, and dropped leading zeros."""
    marks = digest(seed, "multinational card", number)
    _, length = _PROVIDERS[marks[0] % len(_PROVIDERS)]
    digits = f"{person(seed, 'multinational', number).card_number}{marks[1:4].hex()}"
    digits = "".join(sign if sign.isdigit() else "7" for sign in digits)[:length]
    if marks[4] % 25 == 0:
        digits = digits[2:]
    if len(digits) <= KEPT_DIGITS:
        return no_card(digits)
    lost = "0" * (len(digits) - KEPT_DIGITS)
    kept = digits[: KEPT_DIGITS - 1]
    return next(
        f"{kept}{last}{lost}"
        for last in (digits[KEPT_DIGITS - 1], str(10 - int(digits[KEPT_DIGITS - 1]) - 1))
        if luhn_digit(f"{kept}{last}{lost}"[:-1]) != 0
    )


def card_row(seed: int, number: int, mess: bool) -> Row:
    """The line of a card in the document."""
    rng = generator(seed, "card row", number)
    provider, _ = _PROVIDERS[digest(seed, "multinational card", number)[0] % len(_PROVIDERS)]
    confirmed = _FIRST_CONFIRMED + timedelta(days=below(rng, _CONFIRMED))
    marks = "?" * (1 + below(rng, 4)) if mess and below(rng, 150) == 0 else ""
    return {
        "card_number": marks + card_number(seed, number),
        "expiry_date": f"{1 + below(rng, 12):02d}/{23 + below(rng, 10):02d}",
        "card_provider": provider,
        "date_payment_confirmed": date_text(rng, confirmed, mess),
    }


def document(rows: Sequence[Row]) -> bytes:
    """The PDF document: a header and up to 55 rows on each page. Equal rows give equal bytes."""
    buffer = io.BytesIO()
    # Without compression: its bytes differ between versions of zlib.
    canvas = Canvas(buffer, pagesize=A4, pageCompression=0, invariant=1)
    for first in range(0, len(rows), ROWS_OF_A_PAGE):
        texts = canvas.beginText()
        texts.setFont("Helvetica", 9)
        page = [COLUMNS, *(tuple(row.values()) for row in rows[first : first + ROWS_OF_A_PAGE])]
        for number, cells in enumerate(page):
            for x, cell in zip(_X, cells, strict=True):
                texts.setTextOrigin(x, _TOP - number * _LINE)
                texts.textOut(cell)
        canvas.drawText(texts)
        canvas.showPage()
    canvas.save()
    return buffer.getvalue()
