"""Reuse database sessions between dbt's models, as a connection pooler does.

dbt opens a session for every model and every test, and PostgreSQL starts a process for each, which
reads the catalog again: a quarter of the build time of an almost empty warehouse.
"""

from __future__ import annotations

import contextlib
import threading
from collections import defaultdict
from collections.abc import Iterator
from typing import Any
from unittest.mock import patch

import psycopg2
from psycopg2.extensions import connection as Session

_idle: defaultdict[str, list[_Kept]] = defaultdict(list)
_lock = threading.Lock()


class _Kept(Session):
    """A session that is reset instead of closed, and cached by its connection options."""

    opened_with: str

    def close(self) -> None:
        try:
            self.rollback()
            self.autocommit = True
            # Locks, temporary tables, settings and roles: as if it had just been opened.
            self.cursor().execute("discard all")
            self.autocommit = False
        except psycopg2.Error:
            super().close()
        else:
            with _lock:
                _idle[self.opened_with].append(self)

    def end(self) -> None:
        super().close()


def _connect(**options: Any) -> Session:
    opened_with = repr(sorted(options.items()))
    with _lock:
        if _idle[opened_with]:
            return _idle[opened_with].pop()
    session = psycopg2.connect(connection_factory=_Kept, **options)
    session.opened_with = opened_with
    return session


class _Psycopg2:
    """The psycopg2 module, except for `connect`."""

    connect = staticmethod(_connect)

    def __getattr__(self, name: str) -> Any:
        return getattr(psycopg2, name)


@contextlib.contextmanager
def kept_sessions() -> Iterator[None]:
    """In this block dbt uses few sessions; they are closed at its end."""
    try:
        with patch("dbt.adapters.postgres.connections.psycopg2", _Psycopg2()):
            yield
    finally:
        for sessions in _idle.values():
            for session in sessions:
                session.end()
        _idle.clear()
