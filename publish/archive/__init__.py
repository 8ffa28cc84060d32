"""The archive of what was published: its index pages, and a server on loopback to read it."""

from __future__ import annotations

from publish.archive.index import ArchiveFrame, EditionRow, Link, day, index, part
from publish.archive.server import make_server, serve

__all__ = [
    "ArchiveFrame",
    "EditionRow",
    "Link",
    "day",
    "index",
    "make_server",
    "part",
    "serve",
]
