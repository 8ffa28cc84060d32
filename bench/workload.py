"""The source whose files are made and measured. No other module of the benchmarks names it."""

from __future__ import annotations

from bench.branch_pos.raw import check_raw
from bench.branch_pos.till_files import (
    COLUMNS,
    Tills,
    Truth,
    large_blocks,
    large_file_path,
    make_inbox,
    write,
)

__all__ = [
    "COLUMNS",
    "Tills",
    "Truth",
    "check_raw",
    "large_blocks",
    "large_file_path",
    "make_inbox",
    "write",
]
