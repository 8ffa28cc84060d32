"""The one error that this package raises for a foreseeable fault."""

from __future__ import annotations


class SampleError(Exception):
    """An error that the user can fix.

    `message` says what was wrong and where, `hint` what to do next.
    """

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(f"{message} {hint}")
        self.message = message
        self.hint = hint
