"""The address of an inbox for messages; one that may hold a secret is rejected and not shown."""

from __future__ import annotations

from base.errors import BranchlineError
from base.stores import addresses
from ingest.cards import mask_text

FORMS = "An inbox is a folder, s3://bucket/folder or sftp://host/folder (docs/inboxes.md)."
WHERE_CREDENTIALS_BELONG = (
    "Write s3://bucket/folder or sftp://user@host/folder. Passwords and keys belong in environment"
    " variables (SOURCES__FILESYSTEM__CREDENTIALS__...) or in .dlt/secrets.toml"
    " (docs/inboxes.md). A folder whose name only looks like an address begins with / or ./"
)


def check_address(inbox: str) -> None:
    """Raise BranchlineError, which does not repeat the address, if it may hold a secret or is of an
    unsupported kind."""
    if addresses.may_hold_secret(inbox):
        raise BranchlineError(
            "The address of the inbox may contain a password or a key. It was not used, and"
            " is not shown.",
            WHERE_CREDENTIALS_BELONG,
        )
    if not addresses.is_known(inbox):
        # Not shown either: its parts are unknown.
        raise BranchlineError("The address of the inbox is of an unsupported kind.", FORMS)


def shown_address(address: str) -> str:
    """An address for messages: without its user, and without card numbers."""
    return mask_text(addresses.shown_address(address))
