"""What is read of a table: which columns, in which order, and in which portions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from ingest.contract.connections import DatabaseTable
from ingest.contract.feeds import Feed
from ingest.origins.inbox import Bounds
from ingest.raw.ledger import Portion


@dataclass(frozen=True)
class Reading:
    """A query of a table, for one file, or for several portions each of which follows the other.

    `order`: the columns that the rows are sorted by, a cursor first, and that identify a row;
    `portions`: none where the whole table is read, or with `without_cursor` the rows whose cursor
    is null.
    """

    table: sa.Table
    columns: tuple[sa.Column[Any], ...]
    order: tuple[sa.Column[Any], ...]
    cursor: sa.Column[Any] | None
    portions: tuple[Bounds, ...] = ()
    without_cursor: bool = False
    by_all: bool = False
    """The order may not identify a row, because the key has a cursor that is missing: rows that are
    equal in it are sorted by all columns."""
    condition: sa.ColumnElement[bool] | None = None
    """Which rows are read; None for all."""
    remark: str | None = None


@dataclass(frozen=True)
class Part:
    """A portion that is to be read. `rows`: how many it had when it was loaded, or has if it is
    new; None where that is not known.

    `may_be_empty`: the table has rows behind it, so that one without rows has lost them.
    """

    path: str
    bounds: Bounds
    rows: int | None = None
    may_be_empty: bool = False


def column_named(table: sa.Table, name: str) -> sa.Column[Any] | None:
    """The column of this name, in any letter case, and with or without blanks at its end."""
    exact = table.c.get(name)
    if exact is not None:
        return exact
    wanted = _plain(name)
    return next((column for column in table.c if _plain(column.name) == wanted), None)


def _plain(name: str) -> str:
    return name.strip().casefold()


def lacking_columns(table: sa.Table, spec: DatabaseTable) -> list[str]:
    """The columns of the key, and the cursor, that the table has to have and does not have."""
    named = dict.fromkeys((*spec.key, *([spec.marked_by] if spec.marked_by else [])))
    optional = None if spec.cursor is None or spec.cursor_required else spec.cursor.casefold()
    return [
        name for name in named if name.casefold() != optional and column_named(table, name) is None
    ]


def alike_columns(table: sa.Table, feed: Feed, spec: DatabaseTable) -> list[str]:
    """The first columns that would be read and differ only in letter case, or in blanks around
    their names; empty if there are none."""
    names = [column.name for column in table.c]
    read = {_plain(name) for name in (*spec.key, spec.marked_by or "")}
    read |= {
        _plain(name)
        for name, owner in zip(names, feed.columns_named(names), strict=True)
        if owner is not None
    }
    alike = defaultdict[str, list[str]](list)
    for name in names:
        alike[_plain(name)].append(name)
    return next((same for key, same in alike.items() if len(same) > 1 and key in read), [])


def columns_to_read(
    table: sa.Table, feed: Feed, spec: DatabaseTable, order: Sequence[sa.Column[Any]]
) -> tuple[sa.Column[Any], ...]:
    """All columns of the table, or those that the feed declares and those of the order."""
    if not spec.only_declared:
        return tuple(table.c)
    names = [column.name for column in table.c]
    parts = {place for places in feed.parts_named(names).values() for place in places}
    return tuple(
        column
        for place, (column, owner) in enumerate(
            zip(table.c, feed.columns_named(names), strict=True)
        )
        if owner is not None or place in parts or any(column is other for other in order)
    )


def lacking_raw_columns(columns: Sequence[sa.Column[Any]], feed: Feed) -> frozenset[str]:
    """The declared columns of the raw table that none of the columns that are read fills."""
    names = [column.name for column in columns]
    filled = {*feed.columns_named(names), *feed.parts_named(names)}
    return frozenset(
        raw_name
        for place, column in enumerate(feed.columns)
        if place not in filled
        for raw_name in column.raw_columns()
    )


def heads(portions: Iterable[Portion]) -> list[str]:
    """The values behind which a portion begins and before which none ends: a portion is missing
    there."""
    known = list(portions)
    ends = {portion.up_to for portion in known}
    return [one.after for one in known if one.after is not None and one.after not in ends]


def chained(
    portions: Iterable[Portion], missing_before: Sequence[str]
) -> list[tuple[Bounds, Portion | None]]:
    """The portions in the order of their values, and None for a missing one.

    `missing_before`: the `heads` of the portions in the same order. A portion is missing if it
    could not be read when those behind it were.
    """
    following = {portion.after: portion for portion in portions}
    begins = list(missing_before)
    made: list[tuple[Bounds, Portion | None]] = []
    end: str | None = None
    while following:
        portion = following.pop(end, None)
        if portion is None:
            if not begins:
                break
            begin = begins.pop(0)
            made.append((Bounds(end, begin), None))
            end = begin
        else:
            made.append((Bounds(portion.after, portion.up_to), portion))
            end = portion.up_to
    return made


def read_together(parts: Iterable[Part], most_rows: int) -> list[list[Part]]:
    """The portions in groups that one query reads: neighbours with few rows.

    A query for each of them would cost more than their rows.
    """
    groups: list[list[Part]] = []
    size = 0
    for part in parts:
        before = groups[-1][-1] if groups else None
        if (
            before is not None
            and before.bounds.up_to == part.bounds.after
            and before.rows is not None
            and part.rows is not None
            and size + part.rows <= most_rows
        ):
            groups[-1].append(part)
            size += part.rows
        else:
            groups.append([part])
            size = part.rows or 0
    return groups
