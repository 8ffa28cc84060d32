"""The address of an inbox for messages; one that may hold a secret is rejected and not shown.

Everyone on the machine can see a command's arguments, and output ends up in logs.
"""

from __future__ import annotations

import re
from urllib.parse import unquote

from base.errors import BranchlineError
from ingest.cards import mask_text

KINDS = ("s3", "s3a", "sftp", "file")
FORMS = "An inbox is a folder, s3://bucket/folder or sftp://host/folder (docs/inboxes.md)."
WHERE_CREDENTIALS_BELONG = (
    "Write s3://bucket/folder or sftp://user@host/folder. Passwords and keys belong in environment"
    " variables (SOURCES__FILESYSTEM__CREDENTIALS__...) or in .dlt/secrets.toml"
    " (docs/inboxes.md). A folder whose name only looks like an address begins with / or ./"
)

# Clearly a folder of this machine.
_PATH = re.compile(r"/(?!/)|\.|~|[A-Za-z]:[\\/]")
# ?secret=... ;password=... #token=..., also without an address.
_PARAMETER = re.compile(
    r"[?;#&][^/=?;#&]*=|(?:^|\s)\W?(?:pass|pwd|secret|token|key|cred|sig)\w*\s*=", re.IGNORECASE
)


def check_address(inbox: str) -> None:
    """Raise BranchlineError, which does not repeat the address, if it may hold a secret or is of an
    unsupported kind."""
    if _may_hold_secret(inbox):
        raise BranchlineError(
            "The address of the inbox may contain a password or a key. It was not used, and"
            " is not shown.",
            WHERE_CREDENTIALS_BELONG,
        )
    if not _is_known(inbox):
        # Not shown either: its parts are unknown.
        raise BranchlineError("The address of the inbox is of an unsupported kind.", FORMS)


def shown_address(address: str) -> str:
    """An address for messages: without its user, and without card numbers."""
    if _may_hold_secret(address) or not _is_known(address):
        return "an address that is not shown"
    scheme, separator, rest = address.partition("://")
    if separator and not _PATH.match(address):
        server, slash, folder = rest.partition("/")
        address = f"{scheme}://{server.rpartition('@')[2]}{slash}{folder}"
    return mask_text(address)


def without_secret(url: str) -> str | None:
    """The address of a server, such as a store's; None if it may contain a secret."""
    return None if _may_hold_secret(url) else url


def _may_hold_secret(address: str) -> bool:
    """Whether an address may contain a user with a password, a key, a query or a parameter.

    A / or @ in a password misleads every parser, so the whole text is searched.
    """
    if _PATH.match(address) and "://" not in address:
        return False
    text = unquote(address)
    scheme, separator, rest = text.partition("://")
    if not separator:
        rest = text
    elif "?" in address or ("@" in rest.partition("/")[0] and scheme.lower() != "sftp"):
        return True
    # In [::1] a colon does not separate a user from a password.
    named = re.sub(r"^\[[0-9A-Fa-f:.%]*\]", "", rest)
    return 0 <= named.find(":") < named.rfind("@") or _PARAMETER.search(rest) is not None


def _is_known(address: str) -> bool:
    scheme, separator, _ = address.partition("://")
    return not separator or scheme.lower() in KINDS
