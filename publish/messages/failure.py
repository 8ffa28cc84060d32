"""Why a message was not sent, in words of our own: a server's answer may repeat a secret."""

from __future__ import annotations


class NotSent(Exception):
    """A message was not accepted, or nobody knows whether it was.

    `reason`: a sentence part without any secret. `is_server_down`: the next message to the same
    server would fail as well, so that it need not be tried now. `is_tried`: whether a
    server was asked at all.
    """

    def __init__(self, reason: str, *, is_server_down: bool = False, is_tried: bool = True) -> None:
        super().__init__(reason)
        self.reason = reason
        self.is_server_down = is_server_down
        self.is_tried = is_tried
