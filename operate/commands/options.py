"""Options that `load` and `run` share."""

from __future__ import annotations

import os

import click

from ingest import check_address

QUARANTINED = 3
"""Exit code of `--fail-on-quarantine`."""


def _without_secrets(_: click.Context, __: click.Parameter, inbox: str | None) -> str | None:
    # Before it is shown or stored.
    check_address(inbox or os.environ.get("BRANCHLINE_INBOX", ""))
    return inbox


inbox_option = click.option(
    "--inbox",
    callback=_without_secrets,
    help="Folder with one folder per source, or s3://bucket/folder, or sftp://host/folder."
    " Default: BRANCHLINE_INBOX, or ./inbox of the project.",
)
fail_on_quarantine_option = click.option(
    "--fail-on-quarantine",
    is_flag=True,
    help=f"End with exit code {QUARANTINED} if a file was quarantined.",
)
retry_quarantined_option = click.option(
    "--retry-quarantined",
    is_flag=True,
    help="Retry quarantined files, for example after a change in ingest/feeds.",
)
