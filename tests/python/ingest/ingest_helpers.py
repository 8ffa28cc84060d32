"""What the tests of the loader are made of: an inbox, files as tills write them, a dump."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

from operate.postgres import programs

TOKEN_KEY = b"a key for tests, never one for shops"


class Inbox:
    """A folder that tests drop files into."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()

    def drop(self, path: str, content: str | bytes, modified: float | None = None) -> Path:
        """Write a file; a path without a folder goes to branch_pos/."""
        file = self.folder / (path if "/" in path else f"branch_pos/{path}")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)
        if modified is not None:
            os.utime(file, (modified, modified))
        return file


def till_lines(number: int = 10, *, day: str = "26/08/2021", branch: str = "Leeds") -> list[str]:
    """Lines as a till writes them: every second one paid by a card of its own."""
    made = []
    for place in range(number):
        minute = f"{9 + place // 60:02d}:{place % 60:02d}"
        card = f"{4_929_000_000_000_000 + place * 7_919:d}" if place % 2 else ""
        basket = f'"Regular Latte - 2.15, Large Tea No {place} - 1.80"'
        method = "CARD" if card else "CASH"
        made.append(f"{day} {minute},{branch},Ann Customer {place},{basket},3.95,{method},{card}")
    return made


def till_file(number: int = 10, **changes: Any) -> str:
    """A whole file of `till_lines`."""
    return "\n".join(till_lines(number, **changes)) + "\n"


def dump(database_url: str) -> str:
    """Everything in the database as text."""
    command = [str(programs() / "pg_dump"), database_url]
    made = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60)
    return made.stdout
