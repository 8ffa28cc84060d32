"""How the company's systems write amounts, texts and tables into a CSV file."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence


def price_text(pence: int) -> str:
    """A price: always two decimals."""
    return f"{pence // 100}.{pence % 100:02d}"


def quoted(text: str) -> str:
    """`text` as a CSV field; our names have no quotation marks."""
    return f'"{text}"' if "," in text else text


def content(lines: list[str]) -> bytes:
    """A file with `lines`, each ended by LF."""
    return "".join([f"{line}\n" for line in lines]).encode("utf-8")


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    """A file with a header, quoted where it must be."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return text.getvalue().encode("utf-8")
