"""The sample's output folder: either empty, or filled by the sample before."""

from __future__ import annotations

import os
from collections.abc import Collection
from pathlib import Path, PurePosixPath

from sample.errors import SampleError

MARKER = ".branchline-sample"
_ABOUT = "# The files named here were written by the sample company; it may write them again."


class OutputFolder:
    """Writes files below `root` and keeps a list of them in the marker file.

    The list distinguishes our own files from others: a file is listed before it is written, so the
    next run also knows the files of a killed one. `folders` are those below `root` that the sample
    may have written to.
    """

    def __init__(self, root: Path, folders: Collection[str]) -> None:
        """Raises SampleError if `root` is not a folder, or has a file that is not ours."""
        self._root = root
        self._folders = folders
        self._marker = root / MARKER
        self._written: set[str] = set()
        if root.exists() and not root.is_dir():
            raise SampleError(f"{root} is a file, not a folder.", "Choose a new or empty folder.")
        self._listed = self._read_marker()
        self._refuse_foreign_files()
        try:
            root.mkdir(parents=True, exist_ok=True)
            if not self._marker.exists():
                self._marker.write_text(f"{_ABOUT}\n", encoding="utf-8", newline="\n")
        except OSError as error:
            raise self._cannot_write(self._marker, error) from error

    def write(self, path: str, data: bytes) -> None:
        """Write `data` to `path` (relative, forward slashes); an equal file is not touched."""
        target = self._root / path
        try:
            if path not in self._listed:
                with self._marker.open("a", encoding="utf-8", newline="\n") as listing:
                    listing.write(f"{path}\n")
                self._listed.add(path)
            self._written.add(path)
            target.parent.mkdir(parents=True, exist_ok=True)
            if not (target.is_file() and target.read_bytes() == data):
                target.write_bytes(data)
        except OSError as error:
            raise self._cannot_write(target, error) from error

    def finish(self) -> None:
        """Delete the files of an earlier, different sample, and update the list."""
        try:
            for path in sorted(self._listed - self._written):
                (self._root / path).unlink(missing_ok=True)
            text = "".join(f"{path}\n" for path in [_ABOUT, *sorted(self._written)])
            self._marker.write_text(text, encoding="utf-8", newline="\n")
        except OSError as error:
            raise self._cannot_write(self._root, error) from error

    def _read_marker(self) -> set[str]:
        if not self._marker.is_file():
            return set()
        listed = {
            entry
            for entry in self._marker.read_text(encoding="utf-8").splitlines()
            if entry and not entry.startswith("#")
        }
        for entry in sorted(listed):
            parts = PurePosixPath(entry).parts
            # The list decides what is deleted, so it must not reach outside our own folder.
            if parts[0] not in self._folders or ".." in parts:
                raise SampleError(
                    f"{self._marker} was changed by hand: it names {entry}.",
                    "Choose a new or empty folder.",
                )
        return listed

    def _refuse_foreign_files(self) -> None:
        for folder, _, names in os.walk(self._root):
            for name in sorted(names):
                path = (Path(folder) / name).relative_to(self._root).as_posix()
                if path != MARKER and path not in self._listed:
                    raise SampleError(
                        f"{self._root} holds files that the sample did not write, such as {path}.",
                        "Choose a new or empty folder, so that made-up sales are never mixed with "
                        "real ones.",
                    )

    @staticmethod
    def _cannot_write(target: Path, error: OSError) -> SampleError:
        return SampleError(
            f"{target} cannot be written: {error.strerror or error}.",
            "Check the folder's permissions and the free space, or choose another folder.",
        )
