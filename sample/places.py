"""Where a source's data is before anybody exports it: databases, APIs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

Tables = Mapping[str, Sequence[Mapping[str, str]]]
"""Table -> rows; an empty text is NULL."""


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
    """By connection."""
    apis: tuple[Api, ...] = ()
    instead_of: frozenset[str] = frozenset()
    """Paths of the inbox that hold the same rows."""
