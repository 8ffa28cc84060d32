"""Helpers for the loader's tests: an inbox, till files, a dump."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg2

from ingest.contract.feeds import FeedContract
from ingest.loading import LoadOptions, load
from operate.server.postgres import programs

TOKEN_KEY = b"a key for tests, never one for shops"

Picture = dict[str, list[tuple[Any, ...]]]

PICTURE = {
    "rows": """
        select
            ingest_files.path,
            ingest_files.status,
            transactions._line_number,
            to_jsonb(transactions) - '{_file_id,_loaded_at,_dlt_load_id}'::text[]
        from raw.branch_pos_transactions as transactions
        inner join raw.ingest_files on transactions._file_id = ingest_files.file_id
        order by 1, 3
    """,
    "rejects": """
        select ingest_files.path, rejects._line_number, rejects.line
        from raw.ingest_rejects as rejects
        inner join raw.ingest_files on rejects._file_id = ingest_files.file_id
        order by 1, 2
    """,
    "ledger": """
        select files.path, files.status, files.row_count, files.rejected_count, newer.path
        from raw.ingest_files as files
        left join raw.ingest_files as newer on files.superseded_by = newer.file_id
        order by 1
    """,
    "orphans": """
        select
            (select count(*) from raw.branch_pos_transactions
            where _file_id not in (select file_id from raw.ingest_files)),
            (select count(*) from raw.ingest_rejects
            where _file_id not in (select file_id from raw.ingest_files))
    """,
}


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
    """Lines as a till writes them: every second one paid by a different card."""
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


def picture(database_url: str) -> Picture:
    """Rows, rejects and ledger, which must be the same whatever happened to the loads."""
    connection = psycopg2.connect(database_url)
    with contextlib.closing(connection), connection.cursor() as cursor:
        found: Picture = {}
        for name, query in PICTURE.items():
            cursor.execute(query)
            found[name] = cursor.fetchall()
    assert found["orphans"] == [(0, 0)]
    return found


def load_in_a_child(
    database_url: str, feeds: FeedContract, state_dir: Path, prepare: Callable[[], None]
) -> int:
    """Load the tables of databases in a forked process, after a preparation in it; its id."""
    child = os.fork()
    if child:
        return child
    status = 1
    try:
        prepare()
        load(
            LoadOptions(
                database_url=database_url,
                inbox=None,
                feeds=feeds,
                token_keys=[TOKEN_KEY],
                state_dir=state_dir,
            )
        )
        status = 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(status)


def dies(owner: Any, name: str, *, before: bool) -> Callable[[], None]:
    """Make the process kill itself at the first call of a function, before or after its work."""

    def prepare() -> None:
        real = getattr(owner, name)

        def last_call(*arguments: Any, **named: Any) -> None:
            if not before:
                real(*arguments, **named)
            os.kill(os.getpid(), signal.SIGKILL)

        setattr(owner, name, last_call)

    return prepare
