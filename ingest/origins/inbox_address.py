"""The address of an inbox as messages show it; one that may hold a secret is refused and not shown.

A command's arguments are seen by everyone on the machine, and what is printed lands in logs.
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

# What nobody takes for anything but a folder of this machine.
_PATH = re.compile(r"/(?!/)|\.|~|[A-Za-z]:[\\/]")
# ?secret=... ;password=... #token=..., also where no address begins.
_PARAMETER = re.compile(
    r"[?;#&][^/=?;#&]*=|(?:^|\s)\W?(?:pass|pwd|secret|token|key|cred|sig)\w*\s*=", re.IGNORECASE
)


def check_address(inbox: str) -> None:
    """Raise BranchlineError, which does not repeat it, for an address that may hold a secret, or
    of a kind that cannot be read."""
    if _may_hold_secret(inbox):
        raise BranchlineError(
            "The address of the inbox holds what may be a password or a key. It was not used, and"
            " is not shown.",
            WHERE_CREDENTIALS_BELONG,
        )
    if not _is_known(inbox):
        # Not shown either: nobody knows what stands where in it.
        raise BranchlineError("The inbox is at an address of a kind that cannot be read.", FORMS)


def shown_address(address: str) -> str:
    """An address as every message shows it: without its user, and without card numbers."""
    if _may_hold_secret(address) or not _is_known(address):
        return "an address that is not shown"
    scheme, separator, rest = address.partition("://")
    if separator and not _PATH.match(address):
        server, slash, folder = rest.partition("/")
        address = f"{scheme}://{server.rpartition('@')[2]}{slash}{folder}"
    return mask_text(address)


def without_secret(url: str) -> str | None:
    """The address of a server, such as a store's; None where something in it may be a secret."""
    return None if _may_hold_secret(url) else url


def _may_hold_secret(address: str) -> bool:
    """Whether a user with a password, a key, a query or a parameter may stand in an address.

    A / or @ in a password misleads every parser, so that it is looked for in all of the text.
    """
    if _PATH.match(address) and "://" not in address:
        return False
    text = unquote(address)
    scheme, separator, rest = text.partition("://")
    if not separator:
        rest = text
    elif "?" in address or ("@" in rest.partition("/")[0] and scheme.lower() != "sftp"):
        return True
    # In [::1] a colon parts no user from a password.
    named = re.sub(r"^\[[0-9A-Fa-f:.%]*\]", "", rest)
    return 0 <= named.find(":") < named.rfind("@") or _PARAMETER.search(rest) is not None


def _is_known(address: str) -> bool:
    scheme, separator, _ = address.partition("://")
    return not separator or scheme.lower() in KINDS
