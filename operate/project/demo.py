"""The demo's inbox and docs page, and its removal."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from psycopg2 import sql

from base.errors import BranchlineError
from base.link import Connection, open_link
from base.schemas import LAYERS, RAW_STAGING
from base.settings import Settings
from operate.access.lowered import lowered
from operate.dbt.docs_page import docs_page, make_docs_page
from operate.dbt.fingerprint import project_fingerprint
from operate.runs.inboxes import demo_folder, ledger_mark
from operate.runs.publishing import archive_folder
from publish.contract.reading import load_publications
from publish.editions.archiving import remove_archive
from publish.editions.record import Record
from publish.reports import REPORTS


@dataclass(frozen=True)
class DemoInbox:
    """The sample company's files; the stamp exists once they are all written."""

    folder: Path
    stamp: Path


def demo_inbox(settings: Settings) -> DemoInbox:
    """The folder of the sample company's files; creates its parent if missing."""
    settings.warehouse_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    return DemoInbox(demo_folder(settings), settings.warehouse_dir / "demo-inbox.written")


def docs_are_current(settings: Settings, connection: Connection) -> bool:
    """Whether the docs page was made from this project and this state of the warehouse."""
    page = docs_page(settings.project)
    stamp = page.with_name("static_index.made_from")
    try:
        return page.exists() and stamp.read_text() == _made_from(settings, connection)
    except FileNotFoundError:
        return False


def make_demo_docs(settings: Settings, connection: Connection) -> Path:
    """Create the docs page and record what it was made from."""
    with lowered(connection) as low:
        page = make_docs_page(settings, low)
    page.with_name("static_index.made_from").write_text(_made_from(settings, connection))
    return page


def _made_from(settings: Settings, connection: Connection) -> str:
    with open_link(connection.url) as link:
        return f"{project_fingerprint(settings.project)} {ledger_mark(link)}\n"


def remove_demo(settings: Settings, connection: Connection) -> None:
    """Remove the sample company from the warehouse, with its files and what was published of it.

    Raises BranchlineError if the warehouse holds anything else.
    """
    with open_link(connection.url) as link, link.cursor() as cursor:
        cursor.execute("select to_regclass('operations.inboxes') is not null")
        noted = cursor.fetchone() == (True,)
        if noted:
            cursor.execute(
                "select count(*), count(*) filter (where is_demo) from operations.inboxes"
            )
            inboxes, demos = cursor.fetchone() or (0, 0)
            if inboxes != demos:
                raise BranchlineError(
                    "This warehouse holds other data than the sample company's; nothing was"
                    " removed.",
                    "Check first: branchline status",
                )
        if not noted or not demos:
            raise BranchlineError(
                "This warehouse does not hold the sample company; nothing was removed.",
                "Check first: branchline status",
            )
        cursor.execute("select to_regclass('operations.editions') is not null")
        if cursor.fetchone() == (True,):
            remove_archive(archive_folder(settings, load_publications(REPORTS)), Record(link))
        names = sql.SQL(", ").join(sql.Identifier(name) for name in (*LAYERS, RAW_STAGING))
        cursor.execute(sql.SQL("drop schema if exists {} cascade").format(names))
    inbox = demo_inbox(settings)
    inbox.stamp.unlink(missing_ok=True)
    shutil.rmtree(inbox.folder, ignore_errors=True)
