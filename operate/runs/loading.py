"""Load an inbox with Branchline's own settings."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

from base.errors import BranchlineError
from base.link import Connection, open_link
from base.settings import PROJECT, Settings
from base.source_systems import listed_sources
from base.words import listed
from ingest import (
    Connections,
    FeedContract,
    LoadEvent,
    LoadOptions,
    LoadReport,
    Progress,
    check_address,
    load,
    load_feeds,
    prepare_raw,
    shown_address,
    unset_variables,
)
from operate.access.ours import check_ours
from operate.access.token_key import check_token_keys, token_keys
from operate.runs.inboxes import check_not_mixed, demo_folder, note_inbox
from operate.server.notes import prepare_notes
from operate.server.readings import note_readings

SETTLE_SECONDS = 2.0
"""How long recently changed files are watched before they are read."""


CONNECTIONS_ONLY = "(databases)"
"""The recorded inbox of a load without one."""


def load_inbox(
    settings: Settings,
    connection: Connection,
    inbox: str,
    *,
    only: Sequence[str] = (),
    dry_run: bool = False,
    retry_quarantined: bool | Collection[int] = False,
    compare_all: bool = False,
    progress: Progress | None = None,
) -> LoadReport:
    """Load an inbox into the raw layer of the warehouse and report the outcome of each file.

    Also loads from configured databases and APIs. Nothing is mixed with the demo's sample company.
    Raises BranchlineError when the whole load fails.
    """
    check_address(inbox)
    feeds = load_feeds(sources=listed_sources())
    is_demo = "://" not in inbox and Path(inbox).resolve() == demo_folder(settings).resolve()
    there_is_none = _is_not_needed(inbox, feeds, only)
    if not there_is_none and _is_the_missing_default(inbox):
        _check_something_to_read(inbox, feeds, only)

    with open_link(connection.url) as link:
        keys = token_keys(settings, link)
        if not dry_run:
            check_ours(link)
            prepare_notes(link)
            check_not_mixed(link, for_demo=is_demo)

        def follow(event: LoadEvent) -> None:
            if event.kind == "listed" and event.total and not dry_run:
                note_inbox(link, CONNECTIONS_ONLY if there_is_none else inbox, is_demo)
            if progress is not None:
                progress(event)

        options = LoadOptions(
            database_url=connection.url,
            inbox=None if there_is_none else inbox,
            feeds=feeds,
            token_keys=keys,
            state_dir=state_folder(settings),
            only=only,
            dry_run=dry_run,
            retry_quarantined=retry_quarantined,
            settle_seconds=SETTLE_SECONDS,
            connections=not is_demo,
            compare_all=compare_all,
            permitted=lambda: check_token_keys(link, keys),
        )
        report = load(options, follow)
        if not dry_run:
            note_readings(link, report.readings())
    # Files of a switched-off source are only reported.
    if report.unclaimed and not (report.files or report.unchanged or report.switched_off):
        folders = ", ".join(sorted({feed.folder for feed in feeds if feed.files}))
        raise BranchlineError(
            f"None of the {len(report.unclaimed):,} files in {shown_address(inbox)} belongs to a"
            " feed.",
            "\n".join(report.hints())
            or f"An inbox has a folder per source ({folders}): give the folder above them, or"
            " declare the feed in ingest/feeds.",
        )
    return report


def _is_not_needed(inbox: str, feeds: FeedContract, only: Sequence[str]) -> bool:
    """Whether to load without an inbox: none is set, none exists, and a connection is.

    A configured inbox must exist: a missing mount does not mean a day without files.
    """
    return _is_the_missing_default(inbox) and Connections().any_of(feeds.chosen(list(only)))


def _is_the_missing_default(inbox: str) -> bool:
    return inbox == str(PROJECT / "inbox") and not Path(inbox).exists()


def _check_something_to_read(inbox: str, feeds: FeedContract, only: Sequence[str]) -> None:
    """Raises BranchlineError that names what is missing of the chosen feeds' places."""
    unset = unset_variables(feeds.chosen(list(only)))
    if unset:
        raise BranchlineError(
            f"There is nothing to load from: the inbox {shown_address(inbox)} does not exist, and"
            f" the environment does not have {listed(unset)}.",
            "Create the folder, set another one with --inbox or BRANCHLINE_INBOX, or set the"
            " address of a database or an API.",
        )


def make_raw_tables(settings: Settings, connection: Connection) -> None:
    """Create the raw layer's tables if missing, so that dbt can build on them."""
    with open_link(connection.url) as link:
        check_ours(link)
    prepare_raw(connection.url, load_feeds(sources=listed_sources()), state_folder(settings))


def state_folder(settings: Settings) -> Path:
    """The folder for the loader's working files; created if missing."""
    settings.warehouse_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    return settings.warehouse_dir
