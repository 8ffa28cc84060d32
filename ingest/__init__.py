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
    from ingest.review.customers import Built as Built
    from ingest.review.customers import Line as Line
    from ingest.review.customers import NothingBuilt as NothingBuilt
    from ingest.review.erasure import Erasure as Erasure
    from ingest.review.erasure import Request as Request
    from ingest.review.erasure import Retention as Retention
    from ingest.review.erasure import erase_customers as erase_customers
    from ingest.review.erasure import is_unfinished as is_unfinished
    from ingest.review.erasure import note_finished as note_finished
    from ingest.review.quarantine import QuarantinedFile as QuarantinedFile
    from ingest.review.quarantine import dismiss as dismiss
    from ingest.review.quarantine import first_lines as first_lines
    from ingest.review.quarantine import read_quarantine as read_quarantine
    from ingest.review.status import BranchStatus as BranchStatus
    from ingest.review.status import ConnectionStatus as ConnectionStatus
    from ingest.review.status import FileCounts as FileCounts
    from ingest.review.status import WatermarkStatus as WatermarkStatus
    from ingest.review.status import read_connections as read_connections
    from ingest.review.status import read_file_counts as read_file_counts
    from ingest.review.status import read_status as read_status
    from ingest.review.status import read_watermarks as read_watermarks
    from ingest.review.withdrawal import erase as erase
    from ingest.review.withdrawal import same_content as same_content
    from ingest.review.withdrawal import withdraw as withdraw

_HOMES = {
    "BranchStatus": "ingest.review.status",
    "Built": "ingest.review.customers",
    "CardTokens": "ingest.cards",
    "ConnectionStatus": "ingest.review.status",
    "Connections": "ingest.origins.addresses",
    "Erasure": "ingest.review.erasure",
    "FeedContract": "ingest.contract.feeds",
    "FileCounts": "ingest.review.status",
    "FileOutcome": "ingest.report",
    "FirstRows": "ingest.formats.first_rows",
    "Line": "ingest.review.customers",
    "LoadEvent": "ingest.report",
    "LoadOptions": "ingest.loading",
    "LoadReport": "ingest.report",
    "NothingBuilt": "ingest.review.customers",
    "Progress": "ingest.report",
    "QuarantinedFile": "ingest.review.quarantine",
    "Request": "ingest.review.erasure",
    "Retention": "ingest.review.erasure",
    "SHORTEST_KEY": "ingest.cards",
    "WatermarkStatus": "ingest.review.status",
    "check_address": "ingest.origins.inbox_address",
    "claimed_name": "ingest.formats.first_rows",
    "dismiss": "ingest.review.quarantine",
    "erase": "ingest.review.withdrawal",
    "erase_customers": "ingest.review.erasure",
    "first_lines": "ingest.review.quarantine",
    "first_rows": "ingest.formats.first_rows",
    "header_key": "ingest.contract.feeds",
    "is_read_now": "ingest.origins.addresses",
    "is_unfinished": "ingest.review.erasure",
    "joined_key": "ingest.contract.feeds",
    "load": "ingest.loading",
    "load_feeds": "ingest.contract.reading",
    "loader_lock": "ingest.raw.session",
    "note_finished": "ingest.review.erasure",
    "prepare_raw": "ingest.loading",
    "read_connections": "ingest.review.status",
    "read_file_counts": "ingest.review.status",
    "read_quarantine": "ingest.review.quarantine",
    "read_status": "ingest.review.status",
    "read_watermarks": "ingest.review.status",
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
