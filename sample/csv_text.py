"""How the company's systems write amounts and texts into a CSV file."""

from __future__ import annotations


def price_text(pence: int) -> str:
    """A price: always two decimals."""
    return f"{pence // 100}.{pence % 100:02d}"


def quoted(text: str) -> str:
    """`text` as a CSV field; our names have no quotation marks."""
    return f'"{text}"' if "," in text else text


def content(lines: list[str]) -> bytes:
    """A file with `lines`, each ended by LF."""
    return "".join([f"{line}\n" for line in lines]).encode("utf-8")
