"""A folder of this machine, such as a mounted file share."""

from __future__ import annotations

import errno
import shutil
from collections.abc import Sequence
from pathlib import Path

from base.files import replacing
from base.stores.faults import Fault
from publish.places.place import Place, is_equal

_CAUSES = {
    errno.EACCES: ("this user may not write there", "change its permissions"),
    errno.EPERM: ("this user may not write there", "change its permissions"),
    errno.ENOSPC: ("its disk is full", "free space on it"),
    errno.EDQUOT: ("its disk is full for this user", "free space on it"),
    errno.EROFS: ("it is mounted read-only", "mount it for writing"),
}


class _NoFolderError(Exception):
    """The folder of the place itself does not exist."""


class FolderPlace(Place):
    """A folder. It has to exist: a share that is not mounted must not become a local folder."""

    def __init__(self, name: str, folder: Path) -> None:
        super().__init__(name, str(folder))
        self._folder = folder

    def _holds(self, local: Path, parts: Sequence[str]) -> bool:
        if not self._folder.is_dir():
            raise _NoFolderError
        path = self._folder.joinpath(*parts)
        if not path.is_file() or path.stat().st_size != local.stat().st_size:
            return False
        with local.open("rb") as one, path.open("rb") as other:
            return is_equal(one, other)

    def _write(self, local: Path, parts: Sequence[str]) -> None:
        with replacing(self._folder.joinpath(*parts)) as new:
            shutil.copyfile(local, new)

    def _fault(self, error: Exception) -> Fault:
        if isinstance(error, _NoFolderError):
            return Fault("the folder does not exist", "create it, or mount its file share")
        if isinstance(error, OSError) and error.errno in _CAUSES:
            return Fault(*_CAUSES[error.errno])
        reason = error.strerror if isinstance(error, OSError) else None
        return Fault(f"the file system reports: {reason or type(error).__name__}")
