"""What can be wrong with one file, whatever the origin and the format."""

from __future__ import annotations

import traceback
from pathlib import Path


class UnreadableFileError(Exception):
    """A listed file that cannot be read; the text is for people, cards masked.

    `temporary`: trying again later may help.
    """

    def __init__(self, message: str, *, temporary: bool = False) -> None:
        super().__init__(message)
        self.temporary = temporary


class UnusableFileError(Exception):
    """A file that can be read but not unpacked, or in which no rows can be found.

    The text is the reason, cards masked.
    """


class InternalError(Exception):
    """A bug in Branchline that one file triggered.

    `kind`: the type of the exception; `place`: the module and line that raised it. Its text is
    left out: it may hold data of the file.
    """

    def __init__(self, kind: str, place: str) -> None:
        super().__init__(kind, place)
        self.kind = kind
        self.place = place

    @classmethod
    def caused_by(cls, error: BaseException) -> InternalError:
        """Describe an unexpected exception."""
        where = traceback.extract_tb(error.__traceback__)[-1]
        return cls(type(error).__name__, f"{Path(where.filename).name}, line {where.lineno}")
