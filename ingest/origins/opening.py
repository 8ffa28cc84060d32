"""An inbox by its address. What reads S3 and SFTP is imported when it is needed."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

from base.errors import BranchlineError
from ingest.cards import mask_text
from ingest.origins.folder import FolderOrigin
from ingest.origins.origin import ListedOrigin


def refuse_secrets(inbox: str) -> None:
    """Raise BranchlineError when an address holds a password.

    A command's arguments are seen by everyone on the machine, and addresses land in logs.
    """
    scheme, separator, rest = inbox.partition("://")
    user, at, _ = rest.partition("/")[0].rpartition("@")
    if separator and at and (":" in user or scheme != "sftp"):
        raise BranchlineError(
            f"The address of the inbox ({scheme}://...) holds a password or a key.",
            "Leave out what stands before the @, and put it into environment variables"
            " (SOURCES__FILESYSTEM__CREDENTIALS__...) or into .dlt/secrets.toml.",
        )


LINKS_VARIABLE = "BRANCHLINE_INBOX_LINKS"


def linked_folders() -> list[str]:
    """The folders outside of an inbox that its links may lead to, as the user has set them."""
    named = os.environ.get(LINKS_VARIABLE, "").split(os.pathsep)
    return [folder.strip() for folder in named if folder.strip()]


def open_origin(inbox: str) -> ListedOrigin:
    """The origin of an inbox: a folder, file://, s3:// or sftp://. Raises BranchlineError."""
    refuse_secrets(inbox)
    scheme, separator, _ = inbox.partition("://")
    scheme = scheme.lower()
    if not separator or scheme == "file":
        folder = Path(url2pathname(urlsplit(inbox).path)) if separator else Path(inbox)
        linked = [Path(named).expanduser() for named in linked_folders()]
        return FolderOrigin(folder.expanduser(), linked)
    if scheme in ("s3", "s3a"):
        from ingest.origins.s3 import S3Origin  # takes a second to import

        return S3Origin(inbox)
    if scheme == "sftp":
        from ingest.origins.sftp import SftpOrigin  # likewise

        return SftpOrigin(inbox, linked_folders())
    raise BranchlineError(
        f"The inbox {mask_text(inbox)} is at an address of a kind that cannot be read.",
        "An inbox is a folder, s3://bucket/folder or sftp://host/folder.",
    )
