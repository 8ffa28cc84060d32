"""Keep the secrets of addresses out of every log.

Apprise logs addresses and what servers answer, and the HTTP client the path of each request, which
for a webhook holds its token. Apprise masks passwords, but neither the path of a webhook nor its
headers.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator

APPRISE = "apprise"
TALKATIVE = (APPRISE, "urllib3", "requests", "markdown", "MARKDOWN")


class _Collector(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.said.append(record.getMessage())


@contextlib.contextmanager
def silenced() -> Iterator[list[str]]:
    """Let nothing that Apprise and the HTTP client log reach any handler.

    Yields Apprise's warnings. They may hold a secret: look for known words in them, and never show
    or keep them.
    """
    collector = _Collector()
    names = [name for name in logging.root.manager.loggerDict if name.split(".")[0] in TALKATIVE]
    loggers = [logging.getLogger(name) for name in {*TALKATIVE, *names}]
    before = [(one, one.handlers, one.propagate, one.level) for one in loggers]
    for one in loggers:
        # Without any handler, Python itself would print warnings.
        one.handlers = [collector] if one.name == APPRISE else [logging.NullHandler()]
        one.propagate = False
    logging.getLogger(APPRISE).setLevel(logging.WARNING)
    try:
        yield collector.said
    finally:
        for one, handlers, propagate, level in before:
            one.handlers, one.propagate = handlers, propagate
            one.setLevel(level)
