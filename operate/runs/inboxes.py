"""The warehouse's inboxes, and the end of the ledger."""

from __future__ import annotations

import hashlib
from pathlib import Path

from psycopg2.extensions import connection as Link

from base.errors import BranchlineError
from base.link import only_value
from base.settings import Settings

LONGEST_NOTED = 400
"""In characters of up to four bytes; an index key holds about 2,700 bytes."""


def ledger_mark(link: Link) -> int:
    """The newest file of the ledger, 0 if there is none yet."""
    with link.cursor() as cursor:
        cursor.execute("select to_regclass('raw.ingest_files') is not null")
        if not only_value(cursor.fetchone()):
            return 0
        cursor.execute("select coalesce(max(file_id), 0) from raw.ingest_files")
        return int(str(only_value(cursor.fetchone())))


def note_inbox(link: Link, inbox: str, is_demo: bool) -> None:
    """Record that the warehouse is loaded from this inbox."""
    with link.cursor() as cursor:
        cursor.execute(
            "insert into operations.inboxes (inbox, is_demo) values (%s, %s)"
            " on conflict (inbox) do nothing",
            (_short(inbox), is_demo),
        )


def _short(inbox: str) -> str:
    """The inbox as recorded: an index key cannot hold every long path, nor any bytes."""
    written = inbox.encode("utf-8", "backslashreplace")
    if len(inbox) <= LONGEST_NOTED:
        return written.decode("utf-8")
    begins = written[:LONGEST_NOTED].decode("utf-8", "ignore")
    return f"{begins}...{hashlib.sha256(written).hexdigest()}"


def check_not_mixed(link: Link, for_demo: bool) -> None:
    """Keep the sample company and a real one apart.

    Raises BranchlineError if the warehouse holds the one and the other is to be loaded.
    """
    with link.cursor() as cursor:
        cursor.execute("select count(*) filter (where is_demo) from operations.inboxes")
        holds_demo = bool(only_value(cursor.fetchone()))
        if for_demo == holds_demo:
            return
        if for_demo:
            if ledger_mark(link) == 0:
                return
            raise BranchlineError(
                "This warehouse holds data already; the sample company would be mixed with it.",
                "Give the demo a separate warehouse:"
                " BRANCHLINE_WAREHOUSE_DIR=/tmp/branchline-demo make demo",
            )
        raise BranchlineError(
            "This warehouse holds the sample company of the demo; your files would be mixed with"
            " it.",
            "Remove the sample company first: branchline demo --remove",
        )


def demo_folder(settings: Settings) -> Path:
    """The inbox for the demo's sample company."""
    return settings.warehouse_dir / "demo-inbox"
