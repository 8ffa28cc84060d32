"""The one error that Branchline shows to people."""

from __future__ import annotations


class BranchlineError(Exception):
    """An error to show to the user, in plain words.

    `message` says what was wrong and where (feed, file, line); `hint` says what to do next.
    Neither ever holds a password or a card number.
    """

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}\n{self.hint}" if self.hint else self.message
