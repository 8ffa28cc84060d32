"""Open a place by its address. The modules for S3 and SFTP are imported on first use."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

from base.settings import PROJECT
from base.stores.addresses import is_known, may_hold_secret, shown_address
from publish.places.place import Place, PlaceError

_FORMS = (
    "Write s3://bucket/folder, sftp://user@host/folder, or a folder. Passwords and keys belong in"
    " {credentials}... or in .dlt/secrets.toml (docs/exports.md). A folder whose name only looks"
    " like an address begins with / or ./"
)


def variable_of(name: str) -> str:
    """The environment variable with the address of a place."""
    return f"BRANCHLINE_PLACE_{name.upper()}"


def open_place(name: str, address: str) -> Place:
    """The place of this name at an address: a folder, file://, s3:// or sftp://.

    Nothing is asked of a server before the first file. dlt looks for the credentials under
    `destination.<name>.credentials`, so that those of an inbox reach no other server.

    Raises BranchlineError, which does not show the address if it may hold a secret.
    """
    sections = ("destination", name)
    hint = _FORMS.format(credentials="__".join([*sections, "credentials__"]).upper())
    if may_hold_secret(address):
        raise PlaceError(
            f"The address of the place {name} ({variable_of(name)}) may contain a password or a"
            " key. It was not used, and is not shown.",
            hint,
        )
    if not is_known(address):
        # Not shown either: its parts are unknown.
        raise PlaceError(
            f"The address of the place {name} ({variable_of(name)}) is of an unsupported kind.",
            hint,
        )
    scheme, separator, _ = address.partition("://")
    scheme = scheme.lower()
    if not separator or scheme == "file":
        from publish.places.folder import FolderPlace

        folder = Path(url2pathname(urlsplit(address).path)) if separator else Path(address)
        return FolderPlace(name, PROJECT / folder.expanduser())
    if scheme in ("s3", "s3a"):
        from publish.places.s3 import S3Place  # takes a second to import

        return S3Place(name, address, shown_address(address), sections)
    from publish.places.sftp import SftpPlace  # likewise

    return SftpPlace(name, address, shown_address(address), sections)
