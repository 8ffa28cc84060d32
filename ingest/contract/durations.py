"""Spans of time in the feed contract, as people write them: `10 minutes`, `1 hour`, `7 days`."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated, Any

from pydantic import BeforeValidator

_FORM = re.compile(r"\s*([0-9]{1,6})\s*(minute|hour|day)s?\s*", re.IGNORECASE)


def _duration(value: Any) -> timedelta:
    found = _FORM.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise ValueError("must be a number of minutes, hours or days, such as 10 minutes or 7 days")
    return timedelta(**{f"{found[2].lower()}s": int(found[1])})


Duration = Annotated[timedelta, BeforeValidator(_duration)]
"""A whole number of minutes, hours or days."""
