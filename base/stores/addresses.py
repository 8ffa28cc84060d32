"""Addresses of folders and stores; one that may hold a secret is found, so that it is not shown.

Everyone on the machine can see a command's arguments, and output ends up in logs.
"""

from __future__ import annotations

import re
from urllib.parse import unquote

KINDS = ("s3", "s3a", "sftp", "file")

# Clearly a folder of this machine.
_PATH = re.compile(r"/(?!/)|\.|~|[A-Za-z]:[\\/]")
# ?secret=... ;password=... #token=..., also without an address.
_PARAMETER = re.compile(
    r"[?;#&][^/=?;#&]*=|(?:^|\s)\W?(?:pass|pwd|secret|token|key|cred|sig)\w*\s*=", re.IGNORECASE
)


def shown_address(address: str) -> str:
    """An address for messages: without its user, and not at all if it may hold a secret."""
    if may_hold_secret(address) or not is_known(address):
        return "an address that is not shown"
    scheme, separator, rest = address.partition("://")
    if separator and not _PATH.match(address):
        server, slash, folder = rest.partition("/")
        return f"{scheme}://{server.rpartition('@')[2]}{slash}{folder}"
    return address


def without_secret(url: str) -> str | None:
    """The address of a server, such as a store's; None if it may contain a secret."""
    return None if may_hold_secret(url) else url


def may_hold_secret(address: str) -> bool:
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


def is_known(address: str) -> bool:
    """Whether an address is of a kind that can be opened; a text without `://` is a folder."""
    scheme, separator, _ = address.partition("://")
    return not separator or scheme.lower() in KINDS
