"""The times of changes in a watermarked table: which rows a load reads again."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import mssql

from ingest.origins.database_values import value_of

_MOMENT = re.compile(
    r"(?P<day>[0-9]{4}-[0-9]{2}-[0-9]{2})"
    r"(?: (?P<time>[0-9]{2}:[0-9]{2}:[0-9]{2})(?P<fraction>\.[0-9]+)?)?"
    r"(?P<zone> ?[+-][0-9]{2}(?::[0-9]{2}){0,2})?"
)


def can_be_watermark(column: sa.Column[Any]) -> bool:
    """Whether the column has dates or times."""
    return isinstance(column.type, (sa.Date, sa.DateTime))


def has_offsets(column: sa.Column[Any]) -> bool:
    """Whether each of its values has an offset of its own, so that their texts are not in order."""
    return isinstance(column.type, mssql.DATETIMEOFFSET)


def before(watermark: str, overlap: timedelta) -> str | None:
    """The moment so long before a watermark, in the form that the database gave it.

    The fraction of a second is kept as it is: rounded, it might be behind rows that were not read.
    None where it is not such a moment, as `infinity`.
    """
    found = _MOMENT.fullmatch(watermark)
    if found is None:
        return None
    try:
        then = datetime.fromisoformat(f"{found['day']} {found['time'] or '00:00:00'}") - overlap
    except (ValueError, OverflowError):
        return None
    text = then.date().isoformat() if found["time"] is None else then.isoformat(" ")
    return f"{text}{found['fraction'] or ''}{found['zone'] or ''}"


def until_now(column: sa.Column[Any]) -> sa.ColumnElement[bool]:
    """The condition of rows whose time of change is not in the future.

    A wrong time in the future must not become the watermark: rows with right times would not be
    read until then.
    """
    # Of whole minutes, because smalldatetime would round to the next.
    now = f"{_now():%Y-%m-%d %H:%M}:00"
    has_zone = getattr(column.type, "timezone", False) or has_offsets(column)
    return column <= value_of(column, f"{now}+00:00" if has_zone else now)


def changed_since(column: sa.Column[Any], moment: str) -> sa.ColumnElement[bool]:
    """The condition of rows that were changed at a moment or later, or at an unknown time."""
    condition = column >= value_of(column, moment)
    return sa.or_(condition, column.is_(None)) if column.nullable else condition


def _now() -> datetime:
    return datetime.now(timezone.utc)
