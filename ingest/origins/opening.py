"""Open an inbox by its address. The modules for S3 and SFTP are imported on first use."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

from ingest.origins.folder import FolderOrigin
from ingest.origins.inbox_address import check_address
from ingest.origins.origin import ListedOrigin

LINKS_VARIABLE = "BRANCHLINE_INBOX_LINKS"


def linked_folders() -> list[str]:
    """The folders outside of an inbox that its links may lead to, as set by the user."""
    named = os.environ.get(LINKS_VARIABLE, "").split(os.pathsep)
    return [folder.strip() for folder in named if folder.strip()]


def open_origin(inbox: str) -> ListedOrigin:
    """The origin of an inbox: a folder, file://, s3:// or sftp://. Raises BranchlineError."""
    check_address(inbox)
    scheme, separator, _ = inbox.partition("://")
    scheme = scheme.lower()
    if not separator or scheme == "file":
        folder = Path(url2pathname(urlsplit(inbox).path)) if separator else Path(inbox)
        linked = [Path(named).expanduser() for named in linked_folders()]
        return FolderOrigin(folder.expanduser(), linked)
    if scheme in ("s3", "s3a"):
        from ingest.origins.s3 import S3Origin  # takes a second to import

        return S3Origin(inbox)
    from ingest.origins.sftp import SftpOrigin  # likewise

    return SftpOrigin(inbox, linked_folders())
