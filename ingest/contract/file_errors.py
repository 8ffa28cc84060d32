"""What can be wrong with one file, whatever the origin and the format."""

from __future__ import annotations


class UnreadableFileError(Exception):
    """A file that is listed but cannot be read; the text is for people, cards masked.

    `temporary`: trying again later may help.
    """

    def __init__(self, message: str, *, temporary: bool = False) -> None:
        super().__init__(message)
        self.temporary = temporary


class UnusableFileError(Exception):
    """An archive that can be read but not unpacked; the text is the reason, cards masked."""
