"""The thin loader: copies files and tables into the raw schema and never interprets them.

Start at `load`; the feeds are declared in `ingest/feeds/`. The names that the rest of the project
may use are listed here and imported on first use, because some imports take a second.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ingest.cards import SHORTEST_KEY as SHORTEST_KEY
    from ingest.cards import CardTokens as CardTokens
    from ingest.contract.feeds import FeedContract as FeedContract
    from ingest.contract.feeds import header_key as header_key
    from ingest.contract.feeds import joined_key as joined_key
    from ingest.contract.feeds import unlisted as unlisted
    from ingest.contract.reading import load_feeds as load_feeds
    from ingest.formats.first_rows import FirstRows as FirstRows
    from ingest.formats.first_rows import claimed_name as claimed_name
    from ingest.formats.first_rows import first_rows as first_rows
    from ingest.loading import LoadOptions as LoadOptions
    from ingest.loading import load as load
    from ingest.loading import prepare_raw as prepare_raw
    from ingest.origins.addresses import Connections as Connections
    from ingest.origins.addresses import is_read_now as is_read_now
    from ingest.origins.addresses import unset_variables as unset_variables
    from ingest.origins.inbox_address import check_address as check_address
    from ingest.origins.inbox_address import shown_address as shown_address
    from ingest.raw.session import loader_lock as loader_lock
    from ingest.raw.session import transaction as transaction
    from ingest.report import FileOutcome as FileOutcome
    from ingest.report import LoadEvent as LoadEvent
    from ingest.report import LoadReport as LoadReport
    from ingest.report import Progress as Progress
    from ingest.review.quarantine import QuarantinedFile as QuarantinedFile
    from ingest.review.quarantine import dismiss as dismiss
    from ingest.review.quarantine import first_lines as first_lines
    from ingest.review.quarantine import read_quarantine as read_quarantine
    from ingest.review.status import BranchStatus as BranchStatus
    from ingest.review.status import ConnectionStatus as ConnectionStatus
    from ingest.review.status import FileCounts as FileCounts
    from ingest.review.status import read_connections as read_connections
    from ingest.review.status import read_file_counts as read_file_counts
    from ingest.review.status import read_status as read_status
    from ingest.review.withdrawal import erase as erase
    from ingest.review.withdrawal import same_content as same_content
    from ingest.review.withdrawal import withdraw as withdraw

_HOMES = {
    "BranchStatus": "ingest.review.status",
    "CardTokens": "ingest.cards",
    "ConnectionStatus": "ingest.review.status",
    "Connections": "ingest.origins.addresses",
    "FeedContract": "ingest.contract.feeds",
    "FileCounts": "ingest.review.status",
    "FileOutcome": "ingest.report",
    "FirstRows": "ingest.formats.first_rows",
    "LoadEvent": "ingest.report",
    "LoadOptions": "ingest.loading",
    "LoadReport": "ingest.report",
    "Progress": "ingest.report",
    "QuarantinedFile": "ingest.review.quarantine",
    "SHORTEST_KEY": "ingest.cards",
    "check_address": "ingest.origins.inbox_address",
    "claimed_name": "ingest.formats.first_rows",
    "dismiss": "ingest.review.quarantine",
    "erase": "ingest.review.withdrawal",
    "first_lines": "ingest.review.quarantine",
    "first_rows": "ingest.formats.first_rows",
    "header_key": "ingest.contract.feeds",
    "is_read_now": "ingest.origins.addresses",
    "joined_key": "ingest.contract.feeds",
    "load": "ingest.loading",
    "load_feeds": "ingest.contract.reading",
    "loader_lock": "ingest.raw.session",
    "prepare_raw": "ingest.loading",
    "read_connections": "ingest.review.status",
    "read_file_counts": "ingest.review.status",
    "read_quarantine": "ingest.review.quarantine",
    "read_status": "ingest.review.status",
    "same_content": "ingest.review.withdrawal",
    "shown_address": "ingest.origins.inbox_address",
    "transaction": "ingest.raw.session",
    "unlisted": "ingest.contract.feeds",
    "unset_variables": "ingest.origins.addresses",
    "withdraw": "ingest.review.withdrawal",
}
"""Name -> the module that defines it."""


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'ingest' has no attribute '{name}'")
    found = getattr(import_module(_HOMES[name]), name)
    globals()[name] = found
    return found
