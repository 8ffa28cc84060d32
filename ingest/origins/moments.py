"""Times of change as servers write them: compared exactly, and moved back by an overlap."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone

_MOMENT = re.compile(
    r"(?P<day>[0-9]{4}-[0-9]{2}-[0-9]{2})"
    r"(?:(?P<sign>[ Tt])(?P<time>[0-9]{2}:[0-9]{2}(?::[0-9]{2})?)(?:\.(?P<fraction>[0-9]+))?)?"
    r"(?P<zone> ?(?:[Zz]|[+-][0-9]{2}(?::?[0-9]{2})?))?"
)


def in_order(moment: str) -> str | None:
    """A text of a moment that sorts by time, whatever the form; in UTC if it has no offset.

    None where it is not a moment in ISO form.
    """
    found = _MOMENT.fullmatch(moment)
    when = None if found is None else _when(found)
    if found is None or when is None:
        return None
    zone = (found["zone"] or "").strip()
    if len(zone) > 1:
        sign = -1 if zone[0] == "-" else 1
        offset = timedelta(hours=int(zone[1:3]), minutes=int(zone[-2:]) if len(zone) > 3 else 0)
        try:
            when -= sign * offset
        except OverflowError:
            return None
    fraction = (found["fraction"] or "").rstrip("0")
    return f"{when.isoformat()}.{fraction}".rstrip(".")


def before(moment: str, span: timedelta) -> str:
    """The moment so long before one, in the form of that one.

    The fraction of a second is kept as it is: rounded, it might be behind what was not read.
    """
    found = _MOMENT.fullmatch(moment)
    when = None if found is None else _when(found)
    if found is None or when is None:
        return moment
    try:
        when -= span
    except OverflowError:
        return moment
    if found["time"] is None:
        return f"{when.date().isoformat()}{found['zone'] or ''}"
    time = when.time().isoformat()[: len(found["time"])]
    fraction = f".{found['fraction']}" if found["fraction"] else ""
    return f"{when.date().isoformat()}{found['sign']}{time}{fraction}{found['zone'] or ''}"


def present() -> str:
    """The present moment, as `in_order` gives one."""
    return datetime.now(timezone.utc).replace(tzinfo=None).isoformat()


def _when(found: re.Match[str]) -> datetime | None:
    try:
        return datetime.fromisoformat(f"{found['day']} {found['time'] or '00:00'}")
    except ValueError:
        return None
