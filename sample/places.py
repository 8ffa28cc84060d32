"""Where a source's data is before anybody exports it: databases, APIs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

Tables = Mapping[str, Sequence[Mapping[str, str]]]
"""Table -> rows; an empty text is NULL."""


@dataclass(frozen=True)
class Table:
    """A table: names and types of its columns, and its rows as texts; None is NULL."""

    columns: Sequence[tuple[str, str]]
    rows: Iterable[Sequence[str | None]]


@dataclass(frozen=True)
class Database:
    """A database of its own, by the name of its connection; `branch`: the store that it is of.

    A connection whose one database is of no certain store has None.
    """

    connection: str
    branch: str | None
    tables: Mapping[str, Table]


@dataclass(frozen=True)
class Api:
    """A REST API. `answer` returns the JSON text for a path below its root; None: no such path."""

    connection: str
    key_header: str
    answer: Callable[[str], str | None]


@dataclass(frozen=True)
class Places:
    """What stands in databases and APIs instead of files, by the names of the connections."""

    tables: Mapping[str, Tables] = field(default_factory=dict)
    """By connection: in a database that all of them share."""
    databases: tuple[Database, ...] = ()
    apis: tuple[Api, ...] = ()
    instead_of: frozenset[str] = frozenset()
    """Paths of the inbox that hold the same rows."""
